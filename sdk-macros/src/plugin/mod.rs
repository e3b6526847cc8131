//! `#[plugin]`, `#[command]` and the hooks: parse (attributes and functions into a model) → check
//! (the item as a whole) → expand.

mod attributes;
mod check;
mod expand;
pub mod model;
mod parse;
mod place;

use proc_macro2::TokenStream;
use syn::{Item, ItemFn};

use crate::mistakes::Mistakes;
use crate::options::wrong_item;
use crate::tokens::emit;
use expand::is_resolved;
use place::Place;

/// `#[plugin]`
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut parsed = match syn::parse2::<Item>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            mistakes.add(error);
            return emit(item, None, &mistakes);
        }
    };
    let generated = match &mut parsed {
        Item::Struct(item) => {
            let plugin = parse::plugin_struct(arguments, item, &mut mistakes);
            check::plugin_struct(&plugin, &mut mistakes);
            Some(expand::plugin_struct(&plugin, mistakes.is_empty()))
        }
        Item::Impl(item) => {
            let plugin = parse::plugin_impl(arguments, item, &mut mistakes);
            check::plugin_impl(&plugin, &mut mistakes);
            Some(expand::plugin_impl(&plugin, mistakes.is_empty()))
        }
        Item::Enum(item) => {
            mistakes.at(
                &item.enum_token,
                "a plugin is a struct: wrap this enum in one",
            );
            Some(expand::plugin_enum(item))
        }
        Item::Fn(item) => {
            mistakes.at(
                &item.sig.fn_token,
                "#[plugin] belongs on the plugin's struct and on its impl block: put #[command] on a free function",
            );
            None
        }
        _ => {
            mistakes.add(wrong_item(
                &item,
                "#[plugin] belongs on the plugin's struct and on its impl block",
            ));
            None
        }
    };
    emit(parsed, generated, &mistakes)
}

/// `#[command]` on a free function.
pub fn free_command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_resolved(&arguments) {
        return TokenStream::new();
    }
    let mut mistakes = Mistakes::default();
    let Ok(mut item) = syn::parse2::<ItemFn>(item.clone()) else {
        mistakes.add(wrong_item(
            &item,
            "#[command] belongs on a function: on a method in a #[plugin] impl block, or on a free function",
        ));
        return emit(item, None, &mistakes);
    };
    let place = place::of(&item.sig);
    let command = parse::free_command(arguments, &mut item, &mut mistakes);
    if let Some(place) = place {
        let message = match place {
            Place::Impl => {
                "a command in an impl block needs its plugin: put #[plugin] on the impl block around it"
            }
            Place::Trait => {
                "a trait has no commands: put #[command] on a function in the plugin's own impl block, which has #[plugin]"
            }
        };
        // The author learns of any other mistakes once this one is fixed.
        mistakes = Mistakes::default();
        mistakes.at(&item.sig.fn_token, message);
        return emit(item, None, &mistakes);
    }
    if command.call.receiver.is_some() {
        // An impl block has no place for the items that a free command needs.
        return emit(item, None, &mistakes);
    }
    check::command(&command, &mut mistakes);
    let generated = expand::free_command(&item.vis, &command, mistakes.is_empty());
    emit(item, Some(generated), &mistakes)
}

/// Expands any attribute of a function that a macro generates in a `#[plugin]` impl block.
pub fn made_by_a_macro(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let message = "#[plugin] expands before the macro that makes this function: let the macro make the whole block, `#[plugin] impl … { … }`, or write the function out";
    match syn::parse2::<ItemFn>(item.clone()) {
        // All functions of one repetition share the `fn` token, so the compiler reports this once.
        Ok(function) => mistakes.at(&function.sig.fn_token, message),
        Err(_) => mistakes.add(wrong_item(&item, message)),
    }
    emit(item, None, &mistakes)
}

/// Expands the attribute of a hook outside a `#[plugin]` impl block.
pub fn stray_hook(name: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_resolved(&arguments) {
        return TokenStream::new();
    }
    let mut mistakes = Mistakes::default();
    mistakes.add(wrong_item(
        &item,
        &format!(
            "#[{name}] belongs on a method in a #[plugin] impl block: put #[plugin] on the impl block"
        ),
    ));
    emit(item, None, &mistakes)
}
