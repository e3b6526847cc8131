//! Mistakes in an item, collected so that the compiler reports all of them at once.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found in an item so far.
#[derive(Default)]
pub struct Mistakes(Option<syn::Error>);

/// A position to report a mistake at: a span, or all tokens of a piece of syntax.
pub trait Position {
    fn error(self, message: impl Display) -> syn::Error;
}

impl Position for Span {
    fn error(self, message: impl Display) -> syn::Error {
        syn::Error::new(self, message)
    }
}

impl<T: ToTokens> Position for &T {
    fn error(self, message: impl Display) -> syn::Error {
        syn::Error::new_spanned(self, message)
    }
}

impl Mistakes {
    /// Notes a mistake. The message says what to write instead, in lower case and without a full
    /// stop.
    pub fn at(&mut self, position: impl Position, message: impl Display) {
        self.add(position.error(message));
    }

    /// Notes the same mistake at each position.
    pub fn at_each<P: Position>(
        &mut self,
        positions: impl IntoIterator<Item = P>,
        message: impl Display,
    ) {
        for position in positions {
            self.at(position, &message);
        }
    }

    /// Notes a mistake that the parser reported.
    pub fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(mistakes) => mistakes.combine(error),
            none => *none = Some(error),
        }
    }

    /// Returns the value of a result, or notes its error.
    pub fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Returns the number of mistakes.
    pub fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns one `compile_error!` for each mistake.
    pub fn report(&self) -> TokenStream {
        let report = self.0.as_ref().map(syn::Error::to_compile_error);
        report.unwrap_or_default()
    }
}
