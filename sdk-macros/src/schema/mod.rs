//! `#[derive(Schema)]`: a description of the type in JSON, as serde's attributes make it.

mod case;
pub mod check;
pub mod expand;
pub mod model;
pub mod options;
mod parse;
mod serde;
#[cfg(test)]
mod tests;
mod types;

use proc_macro2::TokenStream;

use crate::mistakes::Mistakes;

pub fn derive(item: TokenStream) -> TokenStream {
    let item: syn::DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let described = parse::item(&item, &mut mistakes);
    check::item(&described, &mut mistakes);
    if !mistakes.none() {
        return expand::stand_in(&item, &described.sdk, &mistakes);
    }
    expand::item(&described)
}
