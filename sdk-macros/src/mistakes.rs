//! Mistakes, collected so that all of an item are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

#[derive(Default)]
pub struct Mistakes(Option<syn::Error>);

impl Mistakes {
    /// Notes a mistake at `at`. The message says what to write instead, in lower case and without a full stop.
    pub fn at(&mut self, at: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(at, message));
    }

    pub fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(mistakes) => mistakes.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, or a mistake noted.
    pub fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(error);
                None
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    pub fn none(&self) -> bool {
        self.0.is_none()
    }

    /// One `compile_error!` for each mistake.
    pub fn report(&self) -> TokenStream {
        self.0
            .as_ref()
            .map(syn::Error::to_compile_error)
            .unwrap_or_default()
    }
}
