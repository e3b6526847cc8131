//! The block around a function, which the compiler does not show to a macro. Read from the source
//! file, so that the error for a command outside a `#[plugin]` block can name the right fix.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, ImplItemFn, ItemFn, Signature, TraitItemFn};

/// A block that is neither a module nor a function body.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Impl,
    Trait,
}

/// The blocks around the commands of a file, by signature.
type Found = HashMap<String, Option<Place>>;

/// The files read so far.
static FILES: Mutex<Option<HashMap<PathBuf, Found>>> = Mutex::new(None);

/// Returns the kind of block around a command; `None` outside impl blocks and traits, and in a file
/// that cannot be read.
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
                // Two commands with one signature are indistinguishable.
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

/// Returns the key of a signature: its text, without the attributes of its arguments.
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
