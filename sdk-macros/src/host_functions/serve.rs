//! The table of functions that hosts link: each reads its arguments from the guest, calls the
//! implementation, and writes the result.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Type;

use super::crossing::{
    Crossing, How, convention, crossings, returned, returned_span, returned_type, sdk,
};
use super::model::{HostFunction, HostTrait};
use crate::documentation::Description;
use crate::tokens::{local, option, placed};

/// Returns the table entry of a function.
pub fn entry(host: &HostTrait, function: &HostFunction, when: TokenStream) -> TokenStream {
    let sdk = sdk();
    let HostFunction {
        ident,
        import,
        cfgs,
        permission,
        docs,
        ..
    } = function;
    let module = &host.import_module;
    let parameters = crossings(function);
    let parameters = parameters.iter().map(Crossing::parameter);
    let permission = option(permission.as_ref());
    let (ty, convention) = (returned_type(function), convention(function));
    let new = placed(quote!(#sdk::HostFunction::new), returned_span(function));
    let documented = Description::of(docs).map(|text| quote!(.documented(#text)));
    quote! {
        #(#cfgs)*
        #new::<#convention, #ty>(
            #module,
            #import,
            &[#(#parameters),*],
            #permission,
            #sdk::Serve::#when(Self::#ident),
        )
        #documented
    }
}

/// The variables of a function in the table: the implementation, the memory, the numbers, the call.
fn variables() -> [Ident; 4] {
    ["implementation", "memory", "slots", "call"].map(local)
}

/// Returns code that reads each argument of a call: its value, or its address if the host may
/// change it.
fn reads(crossings: &[Crossing<'_>], detached: bool) -> impl Iterator<Item = TokenStream> {
    let sdk = sdk();
    let [_, memory, _, call] = variables();
    crossings.iter().enumerate().map(move |(nth, crossing)| {
        let (variable, name, ty) = (crossing.variable(nth), crossing.name(), crossing.ty);
        let (convention, as_trait) = (&crossing.convention, &crossing.as_trait);
        let read = match crossing.how {
            How::Lent | How::JsonByValue => {
                quote!(#call.lent::<#convention, #ty>(&*#memory, #name)?)
            }
            How::Passed => quote!(#call.passed::<#ty>(&*#memory, #name)?),
            How::LentMut => return quote!(let #variable = #call.place::<#ty>(#name);),
        };
        let read = match crossing.how {
            _ if !detached => read,
            How::Passed => quote!(<#ty as #sdk::Passed<'_>>::detach(#read)),
            _ => quote!(#as_trait::detach(#read)),
        };
        quote!(#[allow(unused_mut)] let mut #variable = #read;)
    })
}

/// Returns the arguments of the implementation.
fn given<'a>(crossings: &'a [Crossing<'_>]) -> impl Iterator<Item = TokenStream> + 'a {
    let sdk = sdk();
    crossings.iter().enumerate().map(move |(nth, crossing)| {
        let (variable, as_trait) = (crossing.variable(nth), &crossing.as_trait);
        match crossing.how {
            How::Lent => quote!(#as_trait::lend(&#variable)),
            How::Passed => {
                let ty = crossing.ty;
                quote!(<#ty as #sdk::Passed<'_>>::give(&mut #variable))
            }
            How::LentMut | How::JsonByValue => variable.to_token_stream(),
        }
    })
}

/// The arguments that the host may change, in order.
struct InPlace {
    /// The variables of their addresses.
    places: Vec<Ident>,
    /// The variables of their bytes.
    bytes: Vec<Ident>,
    /// Their types, and whether the host only writes to them.
    types: Vec<(Type, bool)>,
}

impl InPlace {
    fn of(crossings: &[Crossing<'_>]) -> Self {
        let mut found = InPlace {
            places: Vec::new(),
            bytes: Vec::new(),
            types: Vec::new(),
        };
        let all = crossings.iter().enumerate();
        for (nth, crossing) in all.filter(|(_, crossing)| crossing.how == How::LentMut) {
            found.places.push(crossing.variable(nth));
            found.bytes.push(local(&format!("bytes_{nth}")));
            found
                .types
                .push((crossing.ty.clone(), crossing.argument.out));
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns code that turns each address into the reference that the implementation takes.
    fn lends(&self, lend: TokenStream) -> impl Iterator<Item = TokenStream> {
        let all = self.places.iter().zip(&self.bytes).zip(&self.types);
        all.map(move |((place, bytes), (ty, out))| {
            quote!(let #place = #lend::<#ty>(#bytes, #place, #out)?;)
        })
    }
}

/// Returns the function that reads the arguments, calls the implementation, and answers.
pub fn serve(host: &HostTrait, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let trait_ = &host.ident;
    let HostFunction {
        ident,
        cfgs,
        allowed,
        ..
    } = function;
    let crossings = crossings(function);
    let in_place = InPlace::of(&crossings);
    let [implementation, memory, slots, call] = variables();
    // Arguments that the host changes are borrowed exclusively, and may overlap those that it
    // reads.
    let reads = reads(&crossings, !in_place.is_empty());
    let lent_mut = (!in_place.is_empty()).then(|| {
        let InPlace { places, bytes, .. } = &in_place;
        let lends = in_place.lends(quote!(#sdk::lend_mut));
        quote! {
            let [#(#bytes),*] = #sdk::disjoint(#memory, [#(#places),*])?;
            #(#lends)*
        }
    });
    let given = given(&crossings);
    let returned = returned(function);
    quote! {
        #(#cfgs)* #(#allowed)*
        fn #ident(
            #implementation: &mut (dyn ::core::any::Any + ::core::marker::Send),
            #memory: &mut [::core::primitive::u8],
            #slots: &[::core::primitive::u64],
        ) -> ::core::result::Result<#sdk::Answer, #sdk::CallError> {
            #[allow(unused_mut)]
            let mut #call = #sdk::Call::new(#slots);
            #(#reads)*
            #lent_mut
            let #implementation = #sdk::implementation::<__T>(#implementation)?;
            #returned::answer(#trait_::#ident(#implementation, #(#given),*), &mut #call)
        }
    }
}

/// Like [`serve`], for an async implementation. It takes copies, so that nothing borrows the
/// guest's memory while it waits.
pub fn async_serve(host: &HostTrait, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let trait_ = &host.async_ident;
    let HostFunction {
        ident,
        cfgs,
        allowed,
        ..
    } = function;
    let crossings = crossings(function);
    let in_place = InPlace::of(&crossings);
    let [implementation, memory, slots, call] = variables();
    let reads = reads(&crossings, true);
    let InPlace { places, bytes, .. } = &in_place;
    let copies = (!in_place.is_empty())
        .then(|| quote!(let [#(mut #bytes),*] = #sdk::changed(#memory, [#(#places),*])?;));
    let lends = in_place
        .lends(quote!(#sdk::lend_changed))
        .zip(bytes)
        .map(|(lend, bytes)| quote!(let #bytes = &mut #bytes; #lend));
    let json = |crossing: &Crossing<'_>| {
        let ty = crossing.argument.json.then_some(crossing.ty)?;
        Some(quote!(<#ty as #sdk::CrossesThreads<__T>>))
    };
    let carries = crossings.iter().enumerate().filter_map(|(nth, crossing)| {
        let (carried, variable) = (json(crossing)?, crossing.variable(nth));
        Some(quote!(let #variable = #carried::carry(#variable);))
    });
    let given = given(&crossings).zip(&crossings).enumerate();
    let given = given.map(|(nth, (given, crossing))| {
        let variable = crossing.variable(nth);
        match (json(crossing), crossing.how) {
            (Some(carried), How::Lent) => quote!(#carried::lend(&#variable)),
            (Some(carried), _) => quote!(#carried::give(#variable)),
            (None, _) => given,
        }
    });
    let returned = returned(function);
    let (output, changed) = (local("output"), local("changed"));
    quote! {
        #(#cfgs)* #(#allowed)*
        fn #ident<'__a>(
            #implementation: &'__a mut (dyn ::core::any::Any + ::core::marker::Send),
            #memory: &mut [::core::primitive::u8],
            #slots: &'__a [::core::primitive::u64],
        ) -> ::core::result::Result<#sdk::Serving<'__a>, #sdk::CallError> {
            #[allow(unused_mut)]
            let mut #call = #sdk::Call::new(#slots);
            #(#reads)*
            #(#carries)*
            #copies
            let #implementation = #sdk::implementation::<__T>(#implementation)?;
            ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                let #output = {
                    #(#lends)*
                    #trait_::#ident(#implementation, #(#given),*).await
                };
                let #changed = ::std::vec![#(#bytes),*];
                ::core::result::Result::Ok(#sdk::Served {
                    answer: #returned::answer(#output, &mut #call)?,
                    changed: #changed,
                })
            }))
        }
    }
}
