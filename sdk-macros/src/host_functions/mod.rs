//! `#[host_functions]` on a trait: parse → model → expand, as for plugins.

mod crossing;
mod expand;
mod guest;
mod model;
mod parse;
mod serve;

use proc_macro2::TokenStream;
use syn::{ItemTrait, parse_quote};

use crate::mistakes::Mistakes;
use crate::options::wrong_item;
use crate::tokens::emit;

/// `#[host_functions]`
pub fn host_functions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Ok(mut item) = syn::parse2::<ItemTrait>(item.clone()) else {
        mistakes.add(wrong_item(
            &item,
            "#[host_functions] belongs on a trait that declares the host's functions",
        ));
        return emit(item, None, &mistakes);
    };
    let host = parse::host_trait(arguments, &mut item, &mut mistakes);
    let generated = expand::host_trait(&host, mistakes.is_empty());
    // A guest only calls the functions, and an async host implements the async trait.
    item.attrs.push(parse_quote!(#[allow(dead_code)]));
    emit(item, Some(generated), &mistakes)
}
