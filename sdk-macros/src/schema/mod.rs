//! `#[derive(Schema)]`: a description of the JSON form that serde's attributes give a type.

pub mod annotations;
mod case;
pub mod check;
mod expand;
pub mod model;
pub mod options;
mod parse;
pub mod serde;
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
    if !mistakes.is_empty() {
        return expand::stand_in(&item, &described.sdk, &mistakes);
    }
    expand::item(&described)
}
