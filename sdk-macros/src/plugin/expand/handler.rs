//! Handlers: read the arguments, call the author's function, write the result.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::plugin::model::{Argument, Call, Codec, Default, MAX_ARGUMENTS};
use crate::sdk_path::{sdk, sdk_at};
use crate::tokens::{local, local_at, ours};

/// The variables of a handler.
pub fn variables() -> [Ident; 3] {
    ["plugin", "arguments", "frame"].map(local)
}

/// Returns a handler: a method of the plugin, or a function without a plugin.
pub fn handler(name: &Ident, is_method: bool, body: &TokenStream) -> TokenStream {
    let sdk = sdk();
    let [plugin, arguments, frame] = variables();
    let plugin = is_method.then(|| quote!(#plugin: &mut Self,));
    quote! {
        fn #name(
            #plugin
            #arguments: &mut [::core::primitive::u8],
            #frame: &mut #sdk::CallFrame<'_>
        ) -> ::core::result::Result<(), #sdk::Error> {
            #body
        }
    }
}

/// Returns the body of a handler. `path` leads to the author's function; `members` names all
/// members that the arguments can have, if the function need not take each.
pub fn handler_body(
    call: &Call,
    codec: Codec,
    path: &TokenStream,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let [plugin, arguments, frame] = variables();
    let arena = quote!(#frame.arena);
    let function = ours(&call.ident);
    let receiver = call.receiver.as_ref().map(|_| quote!(#plugin,));
    let codec = match codec {
        Codec::Json => quote!(#sdk::Json),
        Codec::Binary => quote!(#sdk::Binary),
        Codec::Raw => return raw_body(call, path),
    };
    let held: Vec<Held> = call
        .arguments
        .iter()
        .enumerate()
        .map(|(nth, argument)| Held::of(argument, nth))
        .collect();
    let lent = held.iter().map(|held| &held.lent);
    let read = match (call.arguments.first(), held.first()) {
        (Some(argument), Some(held)) if argument.options.flatten.is_some() => {
            let slot = &held.slot;
            let whole = held.whole(&codec, &arguments, &arena, &quote!("the arguments"));
            quote!(let mut #slot = #whole?;)
        }
        _ => named_arguments(call, &held, &codec, &arena, members),
    };
    let span = call.output_span();
    let settled = settle(span, &quote!(#path #function(#receiver #(#lent),*)));
    let (at, value) = (sdk_at(span), local_at("value", span));
    let answer = quote_spanned!(span=> #at::CommandResult::answer::<#codec>);
    quote! {
        #read
        let #value = #settled;
        #answer(#value, #frame.output)
    }
}

fn named_arguments(
    call: &Call,
    held: &[Held],
    codec: &TokenStream,
    arena: &TokenStream,
    members: Option<&[&str]>,
) -> TokenStream {
    let sdk = sdk();
    let [_, bytes, _] = variables();
    let (index, source) = (local("index"), local("source"));
    let mut names: Vec<&str> = call
        .arguments
        .iter()
        .map(|argument| argument.name.as_str())
        .collect();
    let ignored: Vec<&str> = members
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|member| !names.contains(member))
        .collect();
    let reads: Vec<TokenStream> = held
        .iter()
        .map(|held| {
            let Held { slot, span, .. } = held;
            let (at, read) = (sdk_at(*span), held.function("read"));
            // The parentheses end where the author's type does, as paths do.
            let mut given = Group::new(Delimiter::Parenthesis, quote!(#source, &mut #slot, #read));
            given.set_span(held.end);
            quote_spanned!(*span=> (&#at::Via::slot(&#slot)).read_into_slot #given)
        })
        .chain(ignored.iter().map(|_| quote!(#sdk::ignore(#source))))
        .collect();
    names.extend(ignored);
    let slots = held.iter().map(|held| {
        let (slot, empty) = (&held.slot, held.function("empty_slot"));
        let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
        nothing.set_span(held.end);
        quote_spanned!(held.span=> let mut #slot = #empty #nothing;)
    });
    let numbers = 0usize..;
    let dispatch = match reads.split_last() {
        None => quote!(::core::result::Result::Ok(())),
        Some((last, [])) => last.clone(),
        Some((last, others)) => quote! {
            match #index {
                #(#numbers => #others,)*
                _ => #last,
            }
        },
    };
    let (nths, required): (Vec<usize>, Vec<&Held>) = (call.arguments.iter().zip(held).enumerate())
        .filter(|(_, (argument, _))| matches!(argument.options.default, Default::None))
        .map(|(nth, (_, held))| (nth, held))
        .unzip();
    // More are refused, and still expanded.
    let bits: u64 = (nths.into_iter().filter(|nth| *nth < MAX_ARGUMENTS))
        .map(|nth| 1 << nth)
        .sum();
    // One place for all of them, because handlers are most of a plugin's code.
    let required = required.first().map(|first| {
        let slots = required.iter().map(|held| &held.slot);
        let given = required.iter().map(|Held { slot, span, .. }| {
            quote_spanned!(*span=> ::core::option::Option::Some(mut #slot))
        });
        // An invalid type is an error here, too, which the compiler shows once for each place.
        quote_spanned! {first.span=>
            let (#(#given,)*) = (#(#slots,)*) else {
                return ::core::result::Result::Err(#sdk::unread());
            };
        }
    });
    let defaulted = call.arguments.iter().zip(held).map(|(argument, held)| {
        let slot = &held.slot;
        let value = match &argument.options.default {
            Default::None => return quote!(),
            Default::OfType(option) => {
                let default = quote_spanned!(*option=> ::core::default::Default::default());
                quote!(#slot.unwrap_or_else(|| #default))
            }
            Default::Expr(default) if held.is_slice => {
                quote!(#slot.unwrap_or_else(|| ::core::convert::From::from(#default)))
            }
            Default::Expr(default) => quote!(#slot.unwrap_or_else(|| #default)),
        };
        quote!(let mut #slot = #value;)
    });
    quote! {
        #(#slots)*
        {
            use #sdk::{ReadAny as _, ReadDirectly as _};
            <#codec as #sdk::Codec>::arguments(
                &#sdk::EncodedArguments {
                    bytes: &*#bytes,
                    arena: &#arena,
                    names: &[#(#names),*],
                    required: #bits,
                },
                &mut |#index, #source| #dispatch,
            )?;
        }
        #required
        #(#defaulted)*
    }
}

fn raw_body(call: &Call, path: &TokenStream) -> TokenStream {
    let [plugin, arguments, frame] = variables();
    let function = ours(&call.ident);
    let receiver = call.receiver.as_ref().map(|_| quote!(#plugin,));
    let argument = call.arguments.first().map(|Argument { ty, .. }| {
        let at = sdk_at(ty.span());
        let from_bytes = quote_spanned!(ty.span()=> <#ty as #at::RawArgument<'_>>::from_bytes);
        quote!(#from_bytes(#arguments)?)
    });
    let span = call.output_span();
    let settled = settle(span, &quote!(#path #function(#receiver #argument)));
    let (at, value) = (sdk_at(span), local_at("value", span));
    let answer = quote_spanned!(span=> #at::RawResult::answer);
    quote! {
        let #value = #settled;
        #answer(#value, #frame);
        ::core::result::Result::Ok(())
    }
}

/// Returns the value of a call. If the call returns a `Result`, the handler passes its error on.
fn settle(span: Span, call: &TokenStream) -> TokenStream {
    settle_by(span, call, &quote!(settle_returned), &TokenStream::new())
}

/// Like [`settle`], with one of the methods that separate success from failure, which takes the
/// returned value and `more`.
pub fn settle_by(
    span: Span,
    call: &TokenStream,
    method: &TokenStream,
    more: &TokenStream,
) -> TokenStream {
    let sdk = sdk();
    let (value, returned) = (local("value"), local("returned"));
    let (at, error) = (sdk_at(span), local_at("error", span));
    let into_error = quote_spanned!(span=> #at::CommandError::into_error);
    quote! {
        {
            use #sdk::{
                SettleCoded as _, SettleHolder as _, SettleOther as _, SettlePlain as _,
                SettleStd as _,
            };
            let #returned = #call;
            match (&&&&&#sdk::Returned::like(&#returned)).#method(#returned #more) {
                ::core::result::Result::Ok(#value) => #value,
                ::core::result::Result::Err(#error) => {
                    return ::core::result::Result::Err(#into_error(#error));
                }
            }
        }
    }
}

/// An argument that has been read and not yet passed.
pub struct Held {
    /// The variable that holds it: an `Option` until all arguments are read.
    pub slot: Ident,
    /// Its type, as the trait that reads it.
    as_argument: TokenStream,
    /// The expression that the function takes.
    pub lent: TokenStream,
    is_slice: bool,
    /// The start of the type.
    span: Span,
    /// The end of the type.
    end: Span,
}

impl Held {
    pub fn of(argument: &Argument, nth: usize) -> Self {
        let ty = match &argument.ty {
            Type::Reference(reference) => &*reference.elem,
            ty => ty,
        };
        let span = ty.span();
        let end = ty.to_token_stream().into_iter().last();
        let end = end.map_or(span, |token| token.span());
        let sdk = sdk_at(span);
        let slot = local_at(&format!("argument_{nth}"), span);
        let (trait_, lent) = match &argument.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                let lend_mut = quote_spanned!(span=> <#ty as #sdk::ReferentMut<'_>>::lend_mut);
                ("ReferentMut", quote_spanned!(span=> #lend_mut(&mut #slot)))
            }
            Type::Reference(_) => {
                let lend = quote_spanned!(span=> <#ty as #sdk::Referent<'_>>::lend);
                ("Referent", quote_spanned!(span=> #lend(&#slot)))
            }
            _ => ("Argument", slot.to_token_stream()),
        };
        let trait_ = Ident::new(trait_, span);
        let as_argument = quote_spanned!(span=> <#ty as #sdk::#trait_<'_>>);
        Held {
            as_argument,
            lent,
            is_slice: matches!((&argument.ty, ty), (Type::Reference(_), Type::Slice(_))),
            slot,
            span,
            end,
        }
    }

    /// Returns a function of the trait that reads the argument. Its path begins and ends where the
    /// author's type does, so that a compiler error underlines that type.
    fn function(&self, name: &str) -> TokenStream {
        let Held {
            as_argument,
            span,
            end,
            ..
        } = self;
        let name = Ident::new(name, *end);
        quote_spanned!(*span=> #as_argument::#name)
    }

    /// Returns the `Result` of reading the argument from all of `bytes`.
    pub fn whole(
        &self,
        codec: &TokenStream,
        bytes: &Ident,
        arena: &impl ToTokens,
        what: &TokenStream,
    ) -> TokenStream {
        let whole = self.function("whole");
        quote!(#whole::<#codec>(&*#bytes, &#arena, #what))
    }
}
