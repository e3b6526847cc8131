//! Host functions in a module that has no prelude, in a function's body, behind `cfg`, and in a
//! crate without unsafe code.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(dead_code)]

type Bytes = [::core::primitive::u8];

/// Functions of all kinds.
#[::plugin_sdk::host_functions(module = "m", prefix = "p_", permission = "kv")]
pub trait Text {
    /// An alias.
    fn reverse(text: &mut Bytes);
    /// A name that is a keyword, and arguments with the names of variables in the expansion.
    #[host(name = "match")]
    fn r#match(
        memory: &::core::primitive::str,
        slots: ::core::primitive::u32,
        call: ::core::primitive::u32,
    ) -> ::core::primitive::bool;
    /// Does not exist.
    #[cfg(any())]
    fn absent(what: Nowhere);
    /// Old.
    #[deprecated]
    fn old();
    /// A result.
    fn lookup(
        key: &::core::primitive::str,
    ) -> ::plugin_sdk::Result<::core::option::Option<::std::string::String>>;
}

struct Host;

impl Text for Host {
    fn reverse(&mut self, text: &mut Bytes) {
        text.reverse();
    }

    fn r#match(
        &mut self,
        _: &::core::primitive::str,
        slots: ::core::primitive::u32,
        call: ::core::primitive::u32,
    ) -> ::core::primitive::bool {
        slots == call
    }

    fn old(&mut self) {}

    fn lookup(
        &mut self,
        _: &::core::primitive::str,
    ) -> ::plugin_sdk::Result<::core::option::Option<::std::string::String>> {
        ::core::result::Result::Ok(::core::option::Option::None)
    }
}

#[::core::prelude::v1::test]
fn functions_are_called_by_their_names() {
    let _host = text::install(Host);
    let mut bytes = [1, 2];
    text::reverse(&mut bytes);
    ::std::assert_eq!(bytes, [2, 1]);
    ::std::assert!(text::r#match("", 1, 1));
    ::std::assert_eq!(text::provide(Host).functions().len(), 4);

    #[::plugin_sdk::host_functions(module = "m")]
    trait Local {
        fn one() -> ::core::primitive::u32;
    }
    impl Local for Host {
        fn one(&mut self) -> ::core::primitive::u32 {
            1
        }
    }
    let _host = local::install(Host);
    ::std::assert_eq!(local::one(), 1);
}
