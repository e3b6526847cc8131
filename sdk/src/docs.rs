//! Pages of the project's documentation, for authors of plugins and of hosts.

/// Adds a page as an empty module. Definitions of links come before the page's own, which refer to
/// files of the repository, and so take precedence.
macro_rules! pages {
    ($($name:ident $file:literal $($link:literal)*;)+) => {
        $(
            $(#[doc = $link])*
            #[doc = ""]
            #[doc = include_str!(concat!("../docs/", $file))]
            pub mod $name {}
        )+
    };
}

pages! {
    abi "abi.md" "[Guests in other languages]: crate::docs::languages";
    allocators "allocators.md";
    building "building.md";
    languages "languages.md" "[the ABI]: crate::docs::abi";
    cis "hosts/cis.md";
    component "hosts/component.md";
    extism "hosts/extism.md";
    musicfox "hosts/musicfox.md" "[`examples/audio-filter`]: #";
    neomind "hosts/neomind.md" "[NeoTalk]: crate::docs::neotalk";
    neotalk "hosts/neotalk.md" "[NeoMind]: crate::docs::neomind";
    toolfs "hosts/toolfs.md" "[`examples/rag`]: #";
    typst "hosts/typst.md" "[for Extism]: crate::docs::extism";
    wasi_http "hosts/wasi-http.md" "[component]: crate::docs::component" "[Deploying]: #";
}
