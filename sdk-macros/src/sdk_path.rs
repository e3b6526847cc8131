//! Where an expansion finds the SDK.
//!
//! Every expansion imports what it needs of the SDK once, under a name of its own. So the path stands in one place, which an author replaces by `crate = "…"`
//! where the SDK is called otherwise, and where it leads nowhere the compiler says so once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{LitStr, Path};

use crate::attributes::{given_once, same};
use crate::mistakes::Mistakes;

/// The path that leads to the SDK.
#[derive(Clone, Default)]
pub struct SdkPath(Option<Path>);

impl SdkPath {
    /// Reads `crate = "path"` or `crate = path`, if this is the option.
    pub fn read(
        &mut self,
        meta: &ParseNestedMeta<'_>,
        mistakes: &mut Mistakes,
    ) -> syn::Result<bool> {
        if !meta.path.is_ident("crate") {
            return Ok(false);
        }
        given_once(meta, self.0.is_some(), mistakes);
        let value = meta.value()?;
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

    /// Whether the author has said where the SDK is.
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Whether an attribute's path is the SDK's path and a name in it, or in its prelude.
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

    /// The import that an expansion begins with.
    pub fn import(&self) -> TokenStream {
        let path = match &self.0 {
            Some(path) => path.to_token_stream(),
            None => quote!(::plugin_sdk),
        };
        let name = format_ident!("{NAME}");
        quote!(use #path::__private as #name;)
    }

    /// Items, and what they need of the SDK.
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

const NAME: &str = "__plugin_sdk";

/// What an expansion calls the SDK.
pub fn sdk() -> TokenStream {
    sdk_at(Span::call_site())
}

/// For code that a type of the author's may not be fit for.
pub fn sdk_at(span: Span) -> TokenStream {
    Ident::new(NAME, span).into_token_stream()
}
