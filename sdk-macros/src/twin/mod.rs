//! `#[plugin_sdk_harness::test]`: one body as two tests, natively and in WebAssembly.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;
use syn::ItemFn;

use crate::mistakes::Mistakes;
use crate::options::wrong_item;
use crate::tokens::emit;

pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Ok(mut function) = syn::parse2::<ItemFn>(item.clone()) else {
        mistakes.add(wrong_item(
            &item,
            "a twin test is a function: `fn name(plugin: &mut Plugin) { … }`",
        ));
        return emit(item, None, &mistakes);
    };
    let twin = parse::twin(arguments, &mut function, &mut mistakes);
    let tests = mistakes.is_empty().then(|| expand::tests(&twin));
    emit(expand::body(&function), tests, &mistakes)
}
