//! The functions that guests call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::crossing::{
    Crossing, How, convention, crossings, output, parameters, returned, returned_span,
    returned_type, sdk,
};
use super::model::{HostFunction, HostTrait};
use crate::syntax::plain_name;
use crate::tokens::{local, placed};

/// Returns the function that a guest calls.
pub fn guest(host: &HostTrait, position: usize, function: &HostFunction) -> TokenStream {
    let HostFunction {
        ident,
        docs,
        cfgs,
        allowed,
        ..
    } = function;
    let (parameters, output) = (parameters(function), output(function));
    let guest = imported(host, position, function);
    let (entered, native) = (entered(host, function), native(host, function));
    quote! {
        #(#docs)* #(#cfgs)* #(#allowed)*
        #[allow(unused_variables, clippy::too_many_arguments)]
        #[inline]
        pub fn #ident(#(#parameters),*) #output {
            #[cfg(target_arch = "wasm32")]
            { #guest }
            #[cfg(not(target_arch = "wasm32"))]
            {
                #entered
                #native
            }
        }
    }
}

fn native(host: &HostTrait, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let (trait_, ident) = (&host.ident, &function.ident);
    let convention = convention(function);
    let path = format!("{}::{}", host.functions_type, plain_name(ident));
    let names = function.arguments.iter().map(|argument| &argument.ident);
    let implementation = local("host");
    // All tokens have the span of the result type, which must satisfy the bounds.
    let call = placed(
        quote!(#sdk::call::<dyn #trait_, #convention, _>),
        returned_span(function),
    );
    let cleared = function.arguments.iter().filter(|argument| argument.out);
    let cleared = cleared.map(|argument| {
        let crossing = Crossing::of(argument);
        let (as_trait, name) = (&crossing.as_trait, &argument.ident);
        quote!(#as_trait::clear(&mut *#name);)
    });
    quote! {
        #(#cleared)*
        #call(#path, |#implementation| {
            #trait_::#ident(#implementation, #(#names),*)
        })
    }
}

/// Returns the types of an import's parameters.
fn import_types(function: &HostFunction) -> Vec<TokenStream> {
    let returned = returned(function);
    let arguments = crossings(function).into_iter().flat_map(|crossing| {
        let as_trait = crossing.as_trait;
        [quote!(#as_trait::First), quote!(#as_trait::Second)]
    });
    arguments
        .chain([quote!(#returned::Room), quote!(#returned::Size)])
        .collect()
}

/// Returns the declaration of an import.
fn declared(host: &HostTrait, function: &HostFunction, name: &Ident) -> TokenStream {
    let (module, import) = (&host.import_module, &function.import);
    let (types, returned) = (import_types(function), returned(function));
    quote! {
        #[allow(improper_ctypes, clashing_extern_declarations)]
        #[link(wasm_import_module = #module)]
        unsafe extern "C" {
            #[link_name = #import]
            safe fn #name(#(_: #types),*) -> #returned::Wire;
        }
    }
}

/// Returns the table of all imports of a host that identifies them by position. Nothing else refers
/// to the imports.
///
/// The linker numbers imports in the order in which it meets them. If guest functions called them
/// directly, that order would depend on compilation and linking, and unused imports would be
/// missing. A table has a fixed order and keeps all its entries. So all calls use the table, and
/// its content is hidden from the compiler, which would call the imports directly otherwise.
/// `docs/hosts/musicfox.md` has the details.
pub fn positions(host: &HostTrait) -> TokenStream {
    let names: Vec<Ident> = (0..host.functions.len())
        .map(|nth| format_ident!("__import_{nth}"))
        .collect();
    let declarations = host
        .functions
        .iter()
        .zip(&names)
        .map(|(function, name)| declared(host, function, name));
    let types = host.functions.iter().map(|function| {
        let (types, returned) = (import_types(function), returned(function));
        quote!(extern "C" fn(#(#types),*) -> #returned::Wire)
    });
    let table = quote!((#(#types,)*));
    quote! {
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(improper_ctypes_definitions, clippy::type_complexity)]
        #[inline]
        fn __imports() -> &'static #table {
            #(#declarations)*
            #[used]
            static IMPORTS: #table = (#(#names,)*);
            &IMPORTS
        }
    }
}

/// Returns code that calls the import.
fn imported(host: &HostTrait, position: usize, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let import = format_ident!("__import");
    let import = match host.positional {
        true => {
            let position = syn::Index::from(position);
            quote!(let #import = #sdk::opaque(&Self::__imports().#position);)
        }
        false => declared(host, function, &import),
    };
    let call = lowered(function, |numbers| quote!(__import(#(#numbers),*)));
    quote!(#import #call)
}

/// Returns code that calls the host of a native plugin, if one runs on this thread.
fn entered(host: &HostTrait, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let (module, import) = (&host.import_module, &function.import);
    let parameters = crossings(function);
    let parameters = parameters.iter().map(Crossing::parameter);
    let (ty, convention) = (returned_type(function), convention(function));
    let new = placed(quote!(#sdk::entered::Import::new), returned_span(function));
    let call = lowered(function, |numbers| {
        let sent = numbers.iter().map(|number| {
            let of = quote_spanned!(number.span()=> Sent::of(#number));
            quote!(#sdk::entered::#of)
        });
        quote! {
            // SAFETY: the addresses are those of arguments that live until the function returns.
            unsafe { #sdk::entered::call(&IMPORT, &[#(#sent),*]) }
        }
    });
    quote! {
        if #sdk::entered::is_entered() {
            static IMPORT: #sdk::entered::Import =
                #new::<#convention, #ty>(#module, #import, &[#(#parameters),*]);
            return { #call };
        }
    }
}

/// Returns code that lowers the arguments, passes the numbers to the host with `call`, and lifts
/// its result.
fn lowered(function: &HostFunction, call: impl FnOnce(&[Ident]) -> TokenStream) -> TokenStream {
    let returned = returned(function);
    let crossings = crossings(function);
    let (error, ready) = (local("error"), local("ready"));
    let held = crossings.iter().enumerate().map(|(nth, crossing)| {
        let (variable, as_trait) = (crossing.variable(nth), &crossing.as_trait);
        let name = &crossing.argument.ident;
        let value = match crossing.how {
            How::Lent => quote!(#name),
            How::JsonByValue => quote!(&#name),
            How::Passed | How::LentMut => return quote!(let #variable = #name;),
        };
        quote! {
            let #variable = match #as_trait::hold(#value) {
                ::core::result::Result::Ok(#ready) => #ready,
                ::core::result::Result::Err(#error) => return #returned::failed(#error),
            };
        }
    });
    let lowered = crossings.iter().enumerate().map(|(nth, crossing)| {
        let (variable, as_trait) = (crossing.variable(nth), &crossing.as_trait);
        let (first, second) = numbers(nth, crossing);
        let value = match crossing.how {
            How::LentMut => quote!(&mut *#variable),
            _ => quote!(&#variable),
        };
        quote!(let (#first, #second) = #as_trait::lower(#value);)
    });
    let passed = crossings.iter().enumerate().flat_map(|(nth, crossing)| {
        let (first, second) = numbers(nth, crossing);
        [first, second]
    });
    let span = returned_span(function);
    let (room, size) = (located("room", span), located("size", span));
    let passed: Vec<_> = passed.chain([room.clone(), size.clone()]).collect();
    let call = call(&passed);
    quote! {
        #(#held)*
        #(#lowered)*
        #returned::receive(|#room, #size| #call)
    }
}

/// Returns the variables of an argument's numbers. The compiler reports a type that has no numbers
/// at that type.
fn numbers(nth: usize, crossing: &Crossing<'_>) -> (Ident, Ident) {
    let span = crossing.ty.span();
    (
        located(&format!("first_{nth}"), span),
        located(&format!("second_{nth}"), span),
    )
}

/// Returns a variable like [`local`], at `span`.
fn located(name: &str, span: Span) -> Ident {
    let mut variable = local(name);
    variable.set_span(variable.span().located_at(span));
    variable
}
