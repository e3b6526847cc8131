//! Where a function stands, which the compiler does not tell a macro: looked up in the source, so that one mistake is told well.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, ImplItemFn, ItemFn, Signature, TraitItemFn};

/// A place that is no module and no function's body.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Impl,
    Trait,
}

/// The commands of a file that stand in impl blocks and traits, by their signatures.
type Found = HashMap<String, Option<Place>>;

/// Files that have been looked at.
static FILES: Mutex<Option<HashMap<PathBuf, Found>>> = Mutex::new(None);

/// The impl block or the trait that a command stands in; `None` if it stands in neither, or in a file that cannot be read.
pub fn of(signature: &Signature) -> Option<Place> {
    if !proc_macro::is_available() {
        return None;
    }
    let file = proc_macro::Span::call_site().local_file()?;
    let mut files = FILES.lock().ok()?;
    let found = files
        .get_or_insert_default()
        .entry(file)
        .or_insert_with_key(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let mut commands = Commands::default();
            if let Ok(mut file) = syn::parse_file(&text) {
                commands.visit_file_mut(&mut file);
            }
            commands.0
        });
    found.get(&key(signature)).copied().flatten()
}

#[derive(Default)]
struct Commands(Found);

impl Commands {
    fn note(&mut self, attributes: &[Attribute], signature: &Signature, place: Option<Place>) {
        let is_command = |attribute: &Attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|last| last.ident == "command")
        };
        if attributes.iter().any(is_command) {
            let noted = self.0.entry(key(signature)).or_insert(place);
            if *noted != place {
                // Of two that look alike, none is known.
                *noted = None;
            }
        }
    }
}

impl VisitMut for Commands {
    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        self.note(&function.attrs, &function.sig, Some(Place::Impl));
        visit_mut::visit_impl_item_fn_mut(self, function);
    }

    fn visit_trait_item_fn_mut(&mut self, function: &mut TraitItemFn) {
        self.note(&function.attrs, &function.sig, Some(Place::Trait));
        visit_mut::visit_trait_item_fn_mut(self, function);
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        self.note(&function.attrs, &function.sig, None);
        visit_mut::visit_item_fn_mut(self, function);
    }
}

/// What a signature is known by: its words, without the attributes of its arguments.
fn key(signature: &Signature) -> String {
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.clear(),
            FnArg::Typed(input) => input.attrs.clear(),
        }
    }
    let text = signature.to_token_stream().to_string();
    text.split_whitespace().collect()
}
