//! From the model to code: functions for guests, and a table of them for hosts.
//!
//! The functions hang on a type that has no values: a module would not see what is declared in a function's body, as in a documentation test.
//!
//! What is generated asks traits how each type crosses (`sdk/src/imports/argument.rs`, `returned.rs`); the number of parameters of an import is theirs to say as
//! well, a second one without a size being none.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemTrait, Type};

use super::model::{Convention, HostArgument, HostFunction, HostTrait, Passing, Short};
use super::parse;
use crate::attributes::plain_name;
use crate::documentation::Description;
use crate::expand::{emit, local, placed};
use crate::mistakes::Mistakes;
use crate::sdk_path;

/// `#[host_functions]`
pub fn host_functions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let mut item: ItemTrait = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(_) => {
            mistakes.add(crate::parse::wrong_item(
                &item,
                "#[host_functions] belongs on a trait that declares the host's functions",
            ));
            return emit(item, None, &mistakes);
        }
    };
    let host = parse::host_trait(arguments, &mut item, &mut mistakes);
    let generated = generated(&host, mistakes.none());
    emit(item, Some(generated), &mistakes)
}

fn sdk() -> TokenStream {
    let sdk = sdk_path::sdk();
    quote!(#sdk::host)
}

fn generated(host: &HostTrait, sound: bool) -> TokenStream {
    if !sound {
        return stand_in(host);
    }
    let HostTrait {
        ident,
        vis,
        functions_type,
        functions,
        ..
    } = host;
    let sdk = sdk();
    let each = || functions.iter();
    let guest = each()
        .enumerate()
        .map(|(position, function)| guest(host, position, function));
    let positions = host.positional.then(|| positions(host));
    let entries = each().map(|function| entry(host, function, quote!(Now)));
    let serves = each().map(|function| serve(host, function));
    let async_entries = each().map(|function| entry(host, function, quote!(Later)));
    let async_serves = each().map(|function| async_serve(host, function));
    let async_trait = async_trait(host);
    let async_ident = &host.async_ident;
    let implementation = local("implementation");
    let bounds = async_bounds(host);
    let shared = host.supertraits.is_empty().then(|| shared(host));
    let import = host.sdk.import();
    let for_guests = host.sdk.around(quote! {
        impl #functions_type {
            #(#guest)*
            #positions
        }
    });
    let about =
        format!("The functions of [`{ident}`]: for guests to call, and for hosts to provide.");
    let cfgs = &host.cfgs;
    quote! {
        #(#cfgs)*
        #[doc = #about]
        #[allow(non_camel_case_types)]
        #vis enum #functions_type {}

        #(#cfgs)*
        #for_guests

        #(#cfgs)*
        #async_trait

        #(#cfgs)*
        #[cfg(not(target_arch = "wasm32"))]
        #[allow(clippy::all, clippy::pedantic, unused_qualifications)]
        const _: () = {
            #import

            impl #functions_type {
                /// An implementation, ready to be linked by a host.
                pub fn provide<__T: #ident + ::core::marker::Send + 'static>(
                    #implementation: __T,
                ) -> #sdk::HostFunctions {
                    #sdk::HostFunctions::new(#implementation, __Table::<__T>::__FUNCTIONS)
                }

                /// An implementation whose functions are asynchronous, ready to be linked by a host that is so too.
                #[allow(private_bounds)]
                pub fn provide_async<__T: #async_ident + 'static>(#implementation: __T) -> #sdk::HostFunctions
                #bounds
                {
                    #sdk::HostFunctions::new(#implementation, __AsyncTable::<__T>::__FUNCTIONS)
                }

                /// Makes native calls on this thread go to an implementation, for as long as the returned value lives.
                pub fn install<__T: #ident + 'static>(#implementation: __T) -> #sdk::Installed<__T> {
                    #sdk::install::<__T, dyn #ident>(#implementation, |#implementation| #implementation)
                }
            }

            struct __Table<__T>(::core::marker::PhantomData<__T>);

            impl<__T: #ident + ::core::marker::Send + 'static> __Table<__T> {
                const __FUNCTIONS: &'static [#sdk::HostFunction] = &[#(#entries),*];

                #(#serves)*
            }

            struct __AsyncTable<__T>(::core::marker::PhantomData<__T>);

            impl<__T: #async_ident + 'static> __AsyncTable<__T>
            #bounds
            {
                const __FUNCTIONS: &'static [#sdk::HostFunction] = &[#(#async_entries),*];

                #(#async_serves)*
            }

            #shared
        };
    }
}

/// What stands in for all of this beside a trait with mistakes: enough that whoever uses it does not complain of what is missing.
fn stand_in(host: &HostTrait) -> TokenStream {
    let sdk = sdk();
    let (vis, functions_type) = (&host.vis, &host.functions_type);
    let named = |name: &str| {
        let mut functions = host.functions.iter();
        functions.any(|function| plain_name(&function.ident) == name)
    };
    let guest = host.functions.iter().map(|function| {
        let HostFunction { ident, cfgs, .. } = function;
        let (parameters, output) = (parameters(function), output(function));
        quote! {
            #(#cfgs)*
            pub fn #ident(#(#parameters),*) #output {
                loop {}
            }
        }
    });
    let provide = ["provide", "provide_async"].map(|name| {
        let ident = format_ident!("{name}");
        let provide = quote! {
            pub fn #ident<__T>(_: __T) -> #sdk::HostFunctions {
                loop {}
            }
        };
        (!named(name)).then_some(provide)
    });
    let install = (!named("install")).then(|| {
        quote! {
            pub fn install<__T>(_: __T) -> #sdk::Installed<__T> {
                loop {}
            }
        }
    });
    let functions = host.sdk.around(quote! {
        #[allow(unused_variables, dead_code, missing_docs)]
        impl #functions_type {
            #(#guest)*
            #(#provide)*
            #install
        }
    });
    let cfgs = &host.cfgs;
    quote! {
        #(#cfgs)*
        #[allow(non_camel_case_types)]
        #vis enum #functions_type {}

        #(#cfgs)*
        #functions
    }
}

/// What hosts implement whose functions are futures. A host is native.
fn async_trait(host: &HostTrait) -> TokenStream {
    let HostTrait {
        ident,
        vis,
        functions_type,
        async_ident,
        supertraits,
        ..
    } = host;
    let functions = host.functions.iter().map(|function| {
        let HostFunction {
            ident: name,
            docs,
            cfgs,
            allowed,
            ..
        } = function;
        let (parameters, output) = (parameters(function), returned_type(function));
        quote! {
            #(#docs)* #(#cfgs)* #(#allowed)*
            #[allow(clippy::too_many_arguments)]
            fn #name(&mut self, #(#parameters),*) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
        }
    });
    let about = format!(
        "[`{ident}`] for hosts whose functions are `async fn`s: implement this, and link it with `{functions_type}::provide_async`."
    );
    quote! {
        #[doc = #about]
        #[cfg(not(target_arch = "wasm32"))]
        #[allow(dead_code)]
        #vis trait #async_ident: #(#supertraits +)* ::core::marker::Send {
            #(#functions)*
        }
    }
}

/// What the values must be that a future holds, asked for only where there is such an implementation. What crosses otherwise than as JSON is so anyway.
fn async_bounds(host: &HostTrait) -> TokenStream {
    let sdk = sdk();
    let functions = host.functions.iter();
    // A bound cannot be under `cfg`, and its type may be.
    let functions = functions.filter(|function| function.cfgs.is_empty());
    let arguments = functions.flat_map(|function| &function.arguments);
    let bounds = arguments.filter(|argument| argument.json).map(|argument| {
        let ty = Crossing::of(argument).ty;
        let bound = placed(quote!(#sdk::CrossesThreads<__T>), ty.span());
        quote!(#ty: #bound)
    });
    quote!(where #(#bounds),*)
}

/// A value that several plugins, or a test beside a plugin, have in common.
fn shared(host: &HostTrait) -> TokenStream {
    let ident = &host.ident;
    let shared = local("shared");
    let functions = host.functions.iter().map(|function| {
        let HostFunction {
            ident: name,
            cfgs,
            allowed,
            ..
        } = function;
        let (parameters, output) = (parameters(function), output(function));
        let names = function.arguments.iter().map(|argument| &argument.ident);
        // The trait may have a `lock` of its own.
        quote! {
            #(#cfgs)* #(#allowed)*
            fn #name(&mut self, #(#parameters),*) #output {
                let mut #shared = ::std::sync::Mutex::lock(&**self)
                    .unwrap_or_else(::std::sync::PoisonError::into_inner);
                #ident::#name(&mut *#shared, #(#names),*)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl<__T: #ident + ?::core::marker::Sized> #ident for ::std::sync::Arc<::std::sync::Mutex<__T>> {
            #(#functions)*
        }
    }
}

fn parameters(function: &HostFunction) -> impl Iterator<Item = TokenStream> {
    function
        .arguments
        .iter()
        .map(|HostArgument { ident, ty, .. }| quote!(#ident: #ty))
}

fn output(function: &HostFunction) -> Option<TokenStream> {
    function.output.as_ref().map(|ty| quote!(-> #ty))
}

/// What a guest calls.
fn guest(host: &HostTrait, position: usize, function: &HostFunction) -> TokenStream {
    let HostFunction {
        ident,
        docs,
        cfgs,
        allowed,
        ..
    } = function;
    let (parameters, output) = (parameters(function), output(function));
    let (guest, native) = (imported(host, position, function), native(host, function));
    quote! {
        #(#docs)* #(#cfgs)* #(#allowed)*
        #[allow(unused_variables, clippy::too_many_arguments)]
        #[inline]
        pub fn #ident(#(#parameters),*) #output {
            #[cfg(target_arch = "wasm32")]
            { #guest }
            #[cfg(not(target_arch = "wasm32"))]
            { #native }
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
    // To its last token where the result's type is, as that is what it asks something of.
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

fn returned_span(function: &HostFunction) -> proc_macro2::Span {
    let output = function.output.as_ref();
    output.map_or_else(|| function.ident.span(), Spanned::span)
}

fn returned_type(function: &HostFunction) -> TokenStream {
    match &function.output {
        Some(ty) => ty.to_token_stream(),
        None => quote!(()),
    }
}

/// `<Type as Returned<Convention>>`
fn returned(function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let (ty, convention) = (returned_type(function), convention(function));
    let span = returned_span(function);
    let as_returned = placed(quote!(as #sdk::Returned), span);
    quote_spanned!(span=> <#ty #as_returned<#convention>>)
}

fn convention(function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    match function.convention {
        Convention::Plain => quote!(#sdk::Plain),
        Convention::Json => quote!(#sdk::AsJson),
        Convention::Status { ok } => quote!(#sdk::Status<#ok>),
        Convention::Buffer {
            initial,
            max,
            short,
            absent,
        } => {
            let short = match short {
                Short::Needed => quote!(NEEDED),
                Short::Negated => quote!(NEGATED),
                Short::Truncated => quote!(TRUNCATED),
            };
            quote!(#sdk::Buffer<#initial, #max, { #sdk::#short }, #absent>)
        }
        Convention::InOut {
            initial,
            max,
            short,
            absent,
        } => quote!(#sdk::InOut<#initial, #max, #short, #absent>),
    }
}

/// The trait that says how an argument crosses, for the type that it speaks of.
struct Crossing<'a> {
    argument: &'a HostArgument,
    ty: &'a Type,
    /// `<Type as Trait>`
    as_trait: TokenStream,
    /// `Trait`'s parameter, if it says how it is encoded.
    convention: TokenStream,
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Lent,
    LentMut,
    Passed,
    /// By value, but read as what is lent.
    JsonByValue,
}

impl<'a> Crossing<'a> {
    fn of(argument: &'a HostArgument) -> Self {
        let (ty, how) = match &argument.passing {
            Passing::Lent(ty) => (ty, How::Lent),
            Passing::LentMut(ty) => (ty, How::LentMut),
            Passing::Passed(ty) if argument.json => (ty, How::JsonByValue),
            Passing::Passed(ty) => (ty, How::Passed),
        };
        let span = ty.span();
        let sdk = sdk();
        let convention = match argument.json {
            true => quote!(#sdk::AsJson),
            false => quote!(#sdk::Plain),
        };
        let trait_ = match how {
            How::Lent | How::JsonByValue => quote!(as #sdk::Lent<#convention>),
            How::LentMut => quote!(as #sdk::LentMut),
            How::Passed => quote!(as #sdk::Crosses),
        };
        let trait_ = placed(trait_, span);
        Crossing {
            as_trait: quote_spanned!(span=> <#ty #trait_>),
            argument,
            ty,
            convention,
            how,
        }
    }

    fn name(&self) -> String {
        plain_name(&self.argument.ident)
    }

    /// A variable of its own.
    fn variable(&self, nth: usize) -> Ident {
        local(&format!("argument_{nth}"))
    }

    /// An entry of the description.
    fn parameter(&self) -> TokenStream {
        let sdk = sdk();
        let Crossing { ty, convention, .. } = self;
        let name = self.name();
        match self.how {
            How::Lent | How::JsonByValue => {
                quote!(#sdk::Parameter::lent::<#convention, #ty>(#name))
            }
            How::LentMut => quote!(#sdk::Parameter::lent_mut::<#ty>(#name)),
            How::Passed => quote!(#sdk::Parameter::passed::<#ty>(#name)),
        }
    }
}

fn crossings(function: &HostFunction) -> Vec<Crossing<'_>> {
    function.arguments.iter().map(Crossing::of).collect()
}

/// The types of an import's parameters.
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

/// An import's declaration.
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

/// The one place that refers to the imports of a host that goes by their position: a table of all of them.
///
/// The linker numbers imports as it meets them. Where functions of the guest's call them, that is the order in which those happen to be compiled and joined, and what
/// nobody calls is left out; a table's order is its own, and nothing in it is left out. So all calls go by the table, and what it holds is hidden from the compiler,
/// which would call the imports themselves otherwise. `docs/hosts/musicfox.md` has what was found out about this.
fn positions(host: &HostTrait) -> TokenStream {
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

/// Lowers the arguments, calls the import, lifts its result.
fn imported(host: &HostTrait, position: usize, function: &HostFunction) -> TokenStream {
    let sdk = sdk();
    let returned = returned(function);
    let crossings = crossings(function);
    let import = format_ident!("__import");
    let import = match host.positional {
        true => {
            let position = syn::Index::from(position);
            quote!(let #import = #sdk::opaque(&Self::__imports().#position);)
        }
        false => declared(host, function, &import),
    };
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
        let (first, second) = numbers(nth);
        let value = match crossing.how {
            How::LentMut => quote!(&mut *#variable),
            _ => quote!(&#variable),
        };
        quote!(let (#first, #second) = #as_trait::lower(#value);)
    });
    let passed = (0..crossings.len()).map(|nth| {
        let (first, second) = numbers(nth);
        quote!(#first, #second,)
    });
    let (room, size) = (local("room"), local("size"));
    quote! {
        #import
        #(#held)*
        #(#lowered)*
        #returned::receive(|#room, #size| __import(#(#passed)* #room, #size))
    }
}

fn numbers(nth: usize) -> (Ident, Ident) {
    (
        local(&format!("first_{nth}")),
        local(&format!("second_{nth}")),
    )
}

/// What a host must know of a function.
fn entry(host: &HostTrait, function: &HostFunction, when: TokenStream) -> TokenStream {
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
    let permission = match permission {
        Some(permission) => quote!(::core::option::Option::Some(#permission)),
        None => quote!(::core::option::Option::None),
    };
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

/// Variables of what is generated for a host.
struct Names {
    implementation: Ident,
    memory: Ident,
    slots: Ident,
    call: Ident,
}

impl Names {
    fn new() -> Self {
        Names {
            implementation: local("implementation"),
            memory: local("memory"),
            slots: local("slots"),
            call: local("call"),
        }
    }
}

/// Takes each argument off the call: what it was read as, or where it lies if the host may change it.
fn reads<'a>(
    crossings: &'a [Crossing<'_>],
    names: &'a Names,
    detached: bool,
) -> impl Iterator<Item = TokenStream> {
    let sdk = sdk();
    let Names { memory, call, .. } = names;
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

/// What the implementation is given.
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

/// The arguments that the host may change.
struct InPlace {
    /// Where each lies.
    places: Vec<Ident>,
    /// Its bytes.
    bytes: Vec<Ident>,
    /// Its type, and whether it is only written.
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

    /// Makes of each place the reference that the implementation is given.
    fn lends(&self, lend: TokenStream) -> impl Iterator<Item = TokenStream> {
        let all = self.places.iter().zip(&self.bytes).zip(&self.types);
        all.map(move |((place, bytes), (ty, out))| {
            quote!(let #place = #lend::<#ty>(#bytes, #place, #out)?;)
        })
    }
}

/// Reads the arguments, calls the implementation, answers.
fn serve(host: &HostTrait, function: &HostFunction) -> TokenStream {
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
    let names = Names::new();
    // What the host changes is borrowed exclusively, and may overlap what it reads.
    let reads = reads(&crossings, &names, !in_place.is_empty());
    let lent_mut = (!in_place.is_empty()).then(|| {
        let InPlace { places, bytes, .. } = &in_place;
        let memory = &names.memory;
        let lends = in_place.lends(quote!(#sdk::lend_mut));
        quote! {
            let [#(#bytes),*] = #sdk::disjoint(#memory, [#(#places),*])?;
            #(#lends)*
        }
    });
    let given = given(&crossings);
    let returned = returned(function);
    let Names {
        implementation,
        memory,
        slots,
        call,
    } = &names;
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

/// The same for an implementation that may have to be waited for: it gets copies, and the guest's memory is nobody's meanwhile.
fn async_serve(host: &HostTrait, function: &HostFunction) -> TokenStream {
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
    let names = Names::new();
    let reads = reads(&crossings, &names, true);
    let InPlace { places, bytes, .. } = &in_place;
    let copies = (!in_place.is_empty()).then(|| {
        let memory = &names.memory;
        quote!(let [#(mut #bytes),*] = #sdk::changed(#memory, [#(#places),*])?;)
    });
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
    let Names {
        implementation,
        memory,
        slots,
        call,
    } = &names;
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
