//! The path that leads an expansion to the SDK.
//!
//! Every expansion imports the SDK once, under a name of its own. So an author can replace the path
//! by `crate = "…"` where the SDK has another name, and the compiler reports a wrong path only
//! once.

use std::fs;
use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, LitStr, Path};

use crate::mistakes::Mistakes;
use crate::options::{self, Entry};
use crate::syntax::same;

/// The path that leads to the SDK; empty for the usual one.
#[derive(Clone, Default)]
pub struct SdkPath(Option<Path>);

impl SdkPath {
    /// Reads `crate = "path"` or `crate = path`. Returns `false` for any other option.
    pub fn read(&mut self, option: &mut Entry<'_>) -> syn::Result<bool> {
        if !option.meta.path.is_ident("crate") {
            return Ok(false);
        }
        option.once(self.is_given());
        let value = option.meta.value()?;
        self.0 = Some(if value.peek(LitStr) {
            let literal: LitStr = value.parse()?;
            literal.parse_with(Path::parse_mod_style).map_err(|_| {
                syn::Error::new(
                    literal.span(),
                    "expected the path of the SDK: `crate = \"sdk\"` or `crate = \"kit::plugin_sdk\"`",
                )
            })?
        } else {
            value.call(Path::parse_mod_style)?
        });
        Ok(true)
    }

    /// Reads attributes whose only option is `crate = "…"`, such as `#[host_scalar(crate = "…")]`.
    pub fn of(attributes: &[Attribute], name: &str, mistakes: &mut Mistakes) -> SdkPath {
        let mut sdk = SdkPath::default();
        options::read_named(attributes, name, mistakes, |option| {
            match sdk.read(option)? {
                true => Ok(()),
                false => option.unknown(format!(
                    "unknown option in #[{name}]: the only option is `crate = \"…\"`"
                )),
            }
        });
        sdk
    }

    /// Returns whether the author gave a path.
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether an attribute's path is the author's path of the SDK and a name in it, or in
    /// its prelude.
    pub fn leads_to(&self, attribute: &Path) -> bool {
        let Some(own) = &self.0 else {
            return false;
        };
        let mut prefix = attribute.clone();
        prefix.segments.pop();
        let last = prefix.segments.last();
        if last.is_some_and(|last| last.ident == "prelude") {
            prefix.segments.pop();
        }
        prefix.segments.pop_punct();
        same(&prefix, own)
    }

    /// Returns the import that an expansion begins with.
    pub fn import(&self) -> TokenStream {
        let name = format_ident!("{NAME}");
        let Some(path) = &self.0 else {
            let advice = advice().map(|advice| quote!(::core::compile_error!(#advice);));
            return quote!(#advice use ::plugin_sdk::__private as #name;);
        };
        quote!(use #path::__private as #name;)
    }

    /// Returns items in a nameless constant that imports the SDK.
    pub fn around(&self, items: TokenStream) -> TokenStream {
        let import = self.import();
        quote! {
            #[allow(unused_qualifications)]
            const _: () = {
                #import
                #items
            };
        }
    }
}

/// Returns advice for a crate without a dependency under the SDK's usual name: the compiler's own
/// error only says that the crate is missing.
fn advice() -> Option<String> {
    // The tests of these macros have no crate to read.
    if !proc_macro::is_available() {
        return None;
    }
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let read = |file: &str| fs::read_to_string(package.join(file)).unwrap_or_default();
    let renames = |file: &str| read(file).contains("as plugin_sdk");
    if ["src/lib.rs", "src/main.rs"].into_iter().any(renames) {
        return None;
    }
    let path = path_in(&read("Cargo.toml"))?;
    Some(format!(
        "this crate has no dependency called `plugin-sdk`: name the SDK's path, by `crate = \"{path}\"` in the \
         attribute's parentheses, or by `#[schema(crate = \"{path}\")]` and the like at a derive"
    ))
}

/// Returns the path of an SDK that a `Cargo.toml` renames, or an example path for an SDK that
/// another crate re-exports; `None` if the SDK has its usual name, or the file is empty.
fn path_in(manifest: &str) -> Option<String> {
    const NAMES: [&str; 2] = ["plugin-sdk", "plugin_sdk"];
    let mut table = "";
    let mut renamed = None;
    for line in manifest.lines().map(str::trim_start) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end().trim_end_matches(']');
            let last = table.rsplit('.').next().unwrap_or(table).trim_matches('"');
            if NAMES.contains(&last) {
                return None;
            }
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim();
        let name = key.split('.').next().unwrap_or(key).trim_matches('"');
        let is_sdk = |value: &str| value.contains("\"plugin-sdk\"");
        if NAMES.contains(&name) || key == "name" && is_sdk(value) {
            return None;
        }
        let of_package = value.split_once("package").map_or("", |(_, after)| after);
        if key == "package" && is_sdk(value) {
            renamed = table.rsplit('.').next().map(|name| name.trim_matches('"'));
        } else if is_sdk(of_package) {
            renamed = Some(name);
        }
    }
    match (renamed, manifest.is_empty()) {
        (_, true) => None,
        (Some(name), _) => Some(name.replace('-', "_")),
        (None, _) => Some("kit::plugin_sdk".to_owned()),
    }
}

const NAME: &str = "__plugin_sdk";

/// Returns the name under which an expansion imports the SDK.
pub fn sdk() -> TokenStream {
    sdk_at(Span::call_site())
}

/// Returns the same name at `span`, for code that an author's type may not satisfy.
pub fn sdk_at(span: Span) -> TokenStream {
    Ident::new(NAME, span).into_token_stream()
}

#[cfg(test)]
mod tests {
    use super::path_in;

    #[test]
    fn an_sdk_under_another_name_is_found_in_the_manifest() {
        for (manifest, path) in [
            (
                "[dependencies]\nsdk = { package = \"plugin-sdk\", path = \"..\" }",
                "sdk",
            ),
            (
                "[dependencies.my-sdk]\nversion = \"1\"\npackage = \"plugin-sdk\"",
                "my_sdk",
            ),
            (
                "[dependencies]\nplugin-sdk-harness = \"1\"\nkit = \"1\"",
                "kit::plugin_sdk",
            ),
        ] {
            assert_eq!(path_in(manifest).as_deref(), Some(path), "{manifest}");
        }
        for manifest in [
            "[dependencies]\nplugin-sdk = \"1\"",
            "[dependencies]\nplugin-sdk.workspace = true",
            "[dependencies]\n\"plugin-sdk\" = { path = \"..\" }",
            "[target.'cfg(unix)'.dependencies.plugin-sdk]\nversion = \"1\"",
            "[package]\nname = \"plugin-sdk\"",
            "",
        ] {
            assert_eq!(path_in(manifest), None, "{manifest}");
        }
    }
}
