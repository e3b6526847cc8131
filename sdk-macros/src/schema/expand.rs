//! From the model to an implementation of `Schema`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{DeriveInput, GenericParam, Type, parse_quote};

use super::annotations::{annotated, annotations, fitting};
use super::model::{Body, Enum, Field, Fields, Item, Names, Opaque, Representation, Variant};
use super::types::{self, Used, WrittenOut};
use crate::json;
use crate::mistakes::Mistakes;
use crate::sdk_path::SdkPath;
use crate::syntax::same;
use crate::tokens::option;

/// Returns the mistakes and a placeholder for the implementation, which keeps the compiler from
/// reporting a missing one as well.
pub fn stand_in(item: &DeriveInput, sdk: &SdkPath, mistakes: &Mistakes) -> TokenStream {
    let report = mistakes.report();
    let ident = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let stand_in = sdk.around(quote! {
        #[automatically_derived]
        impl #generics __plugin_sdk::Schema for #ident #arguments #bounds {
            const SCHEMA: &'static __plugin_sdk::schema::Node = &__plugin_sdk::schema::Node::Any;
            const NAME: __plugin_sdk::schema::Name = __plugin_sdk::schema::Name::of("", "", &[]);
        }
    });
    quote!(#report #stand_in)
}

pub fn item(item: &Item) -> TokenStream {
    let expansion = Expansion::new(item);
    let bounded = expansion.generics();
    let (generics, _, bounds) = bounded.split_for_impl();
    let (_, arguments, _) = item.generics.split_for_impl();
    let Item { ident, allowed, .. } = item;
    let constants = match expansion.alias_of() {
        Some(ty) => expansion.same_as(&ty),
        None => expansion.own(),
    };
    item.sdk.around(quote! {
        #[automatically_derived]
        #(#allowed)*
        impl #generics __plugin_sdk::Schema for #ident #arguments #bounds {
            #constants
        }
    })
}

struct Expansion<'a> {
    item: &'a Item,
    /// The item has type or const parameters.
    generic: bool,
}

impl<'a> Expansion<'a> {
    fn new(item: &'a Item) -> Self {
        let mut parameters = item.generics.params.iter();
        Expansion {
            item,
            generic: parameters.any(|parameter| !matches!(parameter, GenericParam::Lifetime(_))),
        }
    }

    /// Returns the types that the description names.
    fn described(&self) -> Vec<Type> {
        let item = self.item;
        if let Some(with) = &item.with {
            return vec![with.clone()];
        }
        if item.by_number.is_some() {
            return Vec::new();
        }
        let converted = item.from.iter().chain(&item.into).cloned();
        if item.from.is_some() && item.into.is_some() {
            return converted.collect();
        }
        let own = |fields: &Fields| -> Vec<Type> {
            let fields = fields.iter().filter(|field| !field.is_unknown());
            fields.map(|field| field.described().clone()).collect()
        };
        let body: Vec<Type> = match &item.body {
            Body::Nothing => Vec::new(),
            Body::Struct { fields, .. } => own(fields),
            Body::Enum(of) => {
                let variants = of.variants.iter();
                let types = variants.flat_map(|variant| match &variant.with {
                    Some(with) => vec![with.clone()],
                    None if variant.opaque.read && variant.opaque.written => Vec::new(),
                    None => own(&variant.fields),
                });
                types.collect()
            }
        };
        converted.chain(body).collect()
    }

    fn used(&self) -> Used {
        let mut used = Used::of(&self.item.generics);
        for ty in self.described() {
            used.note(&ty);
        }
        used
    }

    /// Returns the item's generics, with their bounds.
    fn generics(&self) -> syn::Generics {
        let mut generics = self.item.generics.clone();
        for parameter in generics.type_params_mut() {
            parameter.default = None;
        }
        for parameter in &mut generics.params {
            if let GenericParam::Const(parameter) = parameter {
                parameter.default = None;
            }
        }
        let used = self.used();
        let bounds = &mut generics.make_where_clause().predicates;
        match &self.item.bound {
            Some(predicates) => bounds.extend(predicates.iter().cloned()),
            None => {
                for parameter in used.parameters() {
                    bounds.push(parse_quote!(#parameter: __plugin_sdk::Schema));
                }
                for ty in &used.associated {
                    bounds.push(parse_quote!(#ty: __plugin_sdk::Schema));
                }
            }
        }
        generics
    }

    /// Returns the type whose description the item shares.
    fn alias_of(&self) -> Option<Type> {
        let item = self.item;
        if !item.annotations.is_empty() {
            return None;
        }
        if let Some(with) = &item.with {
            return Some(with.clone());
        }
        if !item.transparent {
            return None;
        }
        let field = self.transparent_field()?;
        let plain = field.annotations.is_empty()
            && !field.opaque.read
            && !field.opaque.written
            && !types::mentions(field.described(), &item.ident);
        plain.then(|| field.described().clone())
    }

    /// Returns the field whose form a transparent struct has.
    fn transparent_field(&self) -> Option<&'a Field> {
        let Body::Struct { fields, .. } = &self.item.body else {
            return None;
        };
        let is_marker = |ty: &Type| match ty {
            Type::Path(ty) => {
                let last = ty.path.segments.last();
                last.is_some_and(|last| last.ident == "PhantomData")
            }
            _ => false,
        };
        let never_there = |field: &Field| {
            is_marker(&field.ty) || (field.optional && field.names.output.is_none())
        };
        fields
            .iter()
            .find(|field| !never_there(field))
            .or_else(|| fields.iter().next())
    }

    fn same_as(&self, ty: &Type) -> TokenStream {
        let ty = ty.to_token_stream();
        quote! {
            const SCHEMA: &'static __plugin_sdk::schema::Node = <#ty as __plugin_sdk::Schema>::SCHEMA;
            const NAME: __plugin_sdk::schema::Name = <#ty as __plugin_sdk::Schema>::NAME;
            const DEFAULT: ::core::option::Option<&'static ::core::primitive::str> = <#ty as __plugin_sdk::Schema>::DEFAULT;
            const OPTIONAL: ::core::primitive::bool = <#ty as __plugin_sdk::Schema>::OPTIONAL;
        }
    }

    /// Returns a definition for the item alone.
    fn own(&self) -> TokenStream {
        let name = self.name();
        let body = self.body();
        let checks = self.checks();
        let optional = self.optional();
        let schema = if self.generic {
            quote! {
                const {
                    &__schema::Node::Definition(__schema::Link::to(const {
                        &__schema::Definition::new(<Self as __plugin_sdk::Schema>::NAME, #body)
                    }))
                }
            }
        } else {
            let ident = &self.item.ident;
            let arguments = types::static_arguments(&self.item.generics);
            quote! {
                static __DEFINITION: __schema::Definition =
                    __schema::Definition::new(<#ident #arguments as __plugin_sdk::Schema>::NAME, #body);
                const { &__schema::Node::Definition(__schema::Link::to(&__DEFINITION)) }
            }
        };
        quote! {
            const SCHEMA: &'static __plugin_sdk::schema::Node = {
                use __plugin_sdk::schema as __schema;
                #checks
                #schema
            };
            const NAME: __plugin_sdk::schema::Name = #name;
            #optional
        }
    }

    fn name(&self) -> TokenStream {
        let name = &self.item.name;
        let place = format!("::{}:", self.item.ident);
        let used = self.used();
        let parameters = used
            .parameters()
            .map(|parameter| quote!(<#parameter as __plugin_sdk::Schema>::NAME));
        let constants = self.item.generics.const_params().map(|parameter| {
            let ident = &parameter.ident;
            quote!(__plugin_sdk::schema::Name::number(#ident as ::core::primitive::u64))
        });
        let arguments: Vec<TokenStream> = parameters.chain(constants).collect();
        let (base, arguments) = if arguments.is_empty() {
            (name.clone(), quote!(&[]))
        } else {
            (format!("{name}_for"), quote!(const { &[#(#arguments),*] }))
        };
        quote! {
            __plugin_sdk::schema::Name::of(
                #base,
                ::core::concat!(::core::module_path!(), #place, ::core::line!(), ":", ::core::column!()),
                #arguments,
            )
        }
    }

    /// Returns whether a value may be missing, for an item that is read as another type.
    fn optional(&self) -> TokenStream {
        let item = self.item;
        let read = match (&item.with, &item.from) {
            (Some(with), _) => Some(with),
            (None, Some(from)) => Some(from),
            (None, None) if item.transparent => self
                .transparent_field()
                .filter(|field| !field.opaque.read)
                .map(Field::described),
            (None, None) => None,
        };
        read.map(|ty| {
            let ty = self.ty(ty);
            quote!(const OPTIONAL: ::core::primitive::bool = <#ty as __plugin_sdk::Schema>::OPTIONAL;)
        })
        .unwrap_or_default()
    }

    /// Returns a type of the item, adapted to its position in the expansion.
    fn ty(&self, ty: &Type) -> TokenStream {
        let mut ty = ty.clone();
        if self.generic {
            types::break_cycles(&mut ty, &self.item.ident);
        } else {
            WrittenOut {
                ident: &self.item.ident,
                arguments: &types::static_arguments(&self.item.generics),
            }
            .visit_type_mut(&mut ty);
        }
        ty.to_token_stream()
    }

    /// Returns the schema of a type. A compiler error about a missing one points at the type.
    fn schema_of(&self, ty: &Type) -> TokenStream {
        let span = ty.span();
        let ty = self.ty(ty);
        quote_spanned!(span=> <#ty as __plugin_sdk::Schema>::SCHEMA)
    }

    fn body(&self) -> TokenStream {
        let item = self.item;
        let node = if let Some(with) = &item.with {
            self.schema_of(with)
        } else if item.by_number.is_some() {
            self.numbers()
        } else {
            match (&item.from, &item.into) {
                (None, None) => self.own_body(),
                (Some(from), Some(into)) if same(from, into) => self.schema_of(from),
                (from, into) => {
                    let side = |ty: &Option<Type>| match ty {
                        Some(ty) => self.schema_of(ty),
                        None => self.own_body(),
                    };
                    directed(&side(from), &side(into))
                }
            }
        };
        annotated(&item.annotations, None, node)
    }

    /// Returns the numbers of an enum's variants, which the compiler knows.
    fn numbers(&self) -> TokenStream {
        let Item {
            ident, body, repr, ..
        } = self.item;
        let variants = match body {
            Body::Enum(of) => &*of.variants,
            _ => &[],
        };
        let numbers = variants.iter().map(|variant| {
            let annotations = annotations(&variant.annotations, None)
                .unwrap_or_else(|| quote!(__schema::Annotations::NONE));
            let variant = &variant.ident;
            quote!((#ident::#variant as ::core::primitive::i128, #annotations))
        });
        let numbers = quote!(const { &__schema::Node::Numbers(const { &[#(#numbers),*] }) });
        // An `other` variant accepts all other numbers.
        match (repr, variants.iter().any(|variant| variant.other)) {
            (Some(repr), true) => directed(
                &quote!(<::core::primitive::#repr as __plugin_sdk::Schema>::SCHEMA),
                &numbers,
            ),
            _ => numbers,
        }
    }

    fn own_body(&self) -> TokenStream {
        match &self.item.body {
            Body::Nothing => quote!(&__schema::Node::Any),
            Body::Struct { fields, closed } => {
                if self.item.transparent
                    && let Some(field) = self.transparent_field()
                {
                    return self.field_node(field);
                }
                self.fields(fields, *closed)
            }
            Body::Enum(of) if of.variants.is_empty() => quote!(&__schema::Node::Never),
            Body::Enum(of) => self.variants(of),
        }
    }

    fn fields(&self, fields: &Fields, closed: bool) -> TokenStream {
        match fields {
            Fields::Unit => quote!(&__schema::Node::Null),
            Fields::Newtype(Some(field)) => self.field_node(field),
            Fields::Newtype(None) => quote!(&__schema::Node::Any),
            Fields::Tuple(fields) => {
                let fields = fields.iter().map(|field| self.field(field, false));
                quote!(const { &__schema::Node::Tuple(const { &[#(#fields),*] }) })
            }
            Fields::Named(fields) => {
                let fields = fields.iter().map(|field| self.field(field, true));
                quote! {
                    const { &__schema::Node::Object(__schema::Object::new(const { &[#(#fields),*] }, #closed)) }
                }
            }
        }
    }

    /// Returns the schema of a field, with its annotations.
    fn field_node(&self, field: &Field) -> TokenStream {
        let node = match self.forms(field) {
            Some(node) => node,
            None => self.schema_of(field.described()),
        };
        annotated(&field.annotations, self.default(field), node)
    }

    /// Returns the form of a field that differs from its type.
    fn forms(&self, field: &Field) -> Option<TokenStream> {
        if field.with.is_some() {
            return None;
        }
        opaque(field.opaque, || self.schema_of(&field.ty))
    }

    /// Returns the only field of a variant. If it is a member, it may be missing like any other.
    fn newtype(&self, field: &Field) -> TokenStream {
        self.field_called(field, &quote!(__schema::Names::one("")), true)
    }

    fn field(&self, field: &Field, named: bool) -> TokenStream {
        let names = if named && !field.flatten {
            names(&field.names, json::string)
        } else {
            let nameless = |name: &Option<String>| name.as_ref().map(|_| String::new());
            let nameless = Names {
                input: nameless(&field.names.input),
                output: nameless(&field.names.output),
                aliases: Vec::new(),
            };
            names(&nameless, str::to_owned)
        };
        self.field_called(field, &names, named)
    }

    fn field_called(&self, field: &Field, names: &TokenStream, named: bool) -> TokenStream {
        let mut expression = match (self.forms(field), field.is_unknown()) {
            (Some(node), true) => quote!(__schema::Field::described_as(#names, #node)),
            (forms, _) => {
                let span = field.described().span();
                let ty = self.ty(field.described());
                let field = quote_spanned!(span=> __schema::Field::of::<#ty>);
                let looks = forms.map(|node| quote!(.looking_like(#node)));
                quote!(#field(#names) #looks)
            }
        };
        if field.optional {
            expression.extend(quote!(.optional()));
        } else if !named || field.opaque.read {
            // The type makes a member optional only if serde itself reads it.
            expression.extend(quote!(.required()));
        }
        if field.sometimes_written {
            expression.extend(quote!(.sometimes_written()));
        }
        if field.with.is_some() {
            expression.extend(quote!(.described_by_author()));
        }
        if field.flatten {
            expression.extend(quote!(.flatten()));
            return expression;
        }
        if let Some(annotations) = annotations(&field.annotations, self.default(field)) {
            expression.extend(quote!(.annotated(#annotations)));
        }
        expression
    }

    /// Returns the value of a missing field, as far as it is known.
    fn default(&self, field: &Field) -> Option<TokenStream> {
        if let Some((json, _)) = &field.annotations.default {
            return Some(quote!(::core::option::Option::Some(#json)));
        }
        let of_type = field.default_of_type
            && field.with.is_none()
            && !field.opaque.read
            && !field.opaque.written
            && !field.flatten;
        of_type.then(|| {
            let ty = self.ty(&field.ty);
            quote!(<#ty as __plugin_sdk::Schema>::DEFAULT)
        })
    }

    fn variants(&self, of: &Enum) -> TokenStream {
        let variants = of.variants.iter().map(|variant| self.variant(variant, of));
        let representation = match &of.representation {
            Representation::External => quote!(External),
            Representation::Untagged => quote!(Untagged),
            Representation::Internal { tag } => {
                let tag = json::string(tag);
                quote!(Internal { tag: #tag })
            }
            Representation::Adjacent { tag, content } => {
                let (tag, content) = (json::string(tag), json::string(content));
                quote!(Adjacent { tag: #tag, content: #content })
            }
        };
        let closed = of.closed;
        quote! {
            const {
                &__schema::Node::Enum(__schema::Enum::new(
                    __schema::Representation::#representation,
                    const { &[#(#variants),*] },
                    #closed,
                ))
            }
        }
    }

    fn variant(&self, variant: &Variant, of: &Enum) -> TokenStream {
        let names = names(&variant.names, json::string);
        let described_as =
            |ty: TokenStream| quote!(__schema::Variant::newtype(#names, const { &#ty }));
        let unnamed = quote!(__schema::Names::one(""));
        let mut expression = if let Some(with) = &variant.with {
            let span = with.span();
            let with = self.ty(with);
            let field = quote_spanned!(span=> __schema::Field::of::<#with>);
            let flatten = match of.representation {
                Representation::Internal { .. } => quote!(.flatten()),
                _ => TokenStream::new(),
            };
            described_as(quote!(#field(#unnamed).required() #flatten))
        } else if let Some(node) =
            opaque(variant.opaque, || self.fields(&variant.fields, of.closed))
        {
            described_as(quote!(__schema::Field::described_as(#unnamed, #node)))
        } else {
            match &variant.fields {
                Fields::Unit | Fields::Newtype(None) => quote!(__schema::Variant::unit(#names)),
                Fields::Newtype(Some(field)) => {
                    let field = self.newtype(field);
                    described_as(match of.representation {
                        Representation::Internal { .. } => quote!(#field.flatten()),
                        _ => field,
                    })
                }
                fields @ Fields::Tuple(_) => {
                    let fields = self.fields(fields, false);
                    quote!(__schema::Variant::tuple(#names, #fields))
                }
                fields @ Fields::Named(_) => {
                    let fields = self.fields(fields, of.closed);
                    quote!(__schema::Variant::with_fields(#names, #fields))
                }
            }
        };
        if let Some(annotations) = annotations(&variant.annotations, None) {
            expression.extend(quote!(.annotated(#annotations)));
        }
        if variant.other {
            expression.extend(quote!(.other()));
        }
        if variant.untagged {
            expression.extend(quote!(.untagged()));
        }
        expression
    }

    /// Returns checks that each constraint suits its type. Generic items have none, as their types
    /// are unknown.
    fn checks(&self) -> TokenStream {
        if self.generic {
            return TokenStream::new();
        }
        let item = self.item;
        let ident = &item.ident;
        let arguments = types::static_arguments(&item.generics);
        let mut checks = fitting(&item.annotations, &quote!(#ident #arguments));
        let mut fields = |fields: &Fields| {
            for field in fields.iter().filter(|field| !field.is_unknown()) {
                let ty = self.ty(field.described());
                checks.extend(fitting(&field.annotations, &ty));
            }
        };
        match &item.body {
            Body::Nothing => {}
            Body::Struct { fields: of, .. } => fields(of),
            Body::Enum(of) => of.variants.iter().for_each(|of| fields(&of.fields)),
        }
        checks.extend(self.kept());
        checks
    }

    /// Returns checks that serde can read the fields that it buffers first, each with the span of
    /// its field. Types that are not read need none, nor do fields that an author's function reads
    /// or that another type describes.
    fn kept(&self) -> TokenStream {
        let item = self.item;
        if item.with.is_some() || item.from.is_some() || item.by_number.is_some() {
            return TokenStream::new();
        }
        let all = |fields: &'a Fields| fields.iter();
        let kept: Vec<&Field> = match &item.body {
            Body::Nothing => Vec::new(),
            Body::Struct { fields, .. } => all(fields).filter(|field| field.flatten).collect(),
            Body::Enum(of) => {
                let tagged = !matches!(of.representation, Representation::External);
                let variants = of.variants.iter();
                let variants =
                    variants.filter(|variant| variant.with.is_none() && !variant.opaque.read);
                let fields = variants.flat_map(|variant| {
                    let kept = tagged || variant.untagged;
                    all(&variant.fields).filter(move |field| kept || field.flatten)
                });
                fields.collect()
            }
        };
        let kept = kept.into_iter().filter(|field| {
            field.names.input.is_some() && field.with.is_none() && !field.opaque.read
        });
        let ident = &item.ident;
        let arguments = types::static_arguments(&item.generics);
        let checks = kept.map(|field| {
            let ty = self.ty(&field.ty);
            quote_spanned! {field.ty.span()=>
                const _: () = __schema::kept::<#ty>(__schema::Probe::<#ident #arguments>::READ);
            }
        });
        let checks: TokenStream = checks.collect();
        if checks.is_empty() {
            return checks;
        }
        quote! {
            #[allow(unused_imports)]
            use __schema::Unread as _;
            #checks
        }
    }
}

/// Returns the node of a value that an author's functions convert in some directions.
fn opaque(opaque: Opaque, own: impl FnOnce() -> TokenStream) -> Option<TokenStream> {
    let any = quote!(&__schema::Node::Any);
    match (opaque.read, opaque.written) {
        (false, false) => None,
        (true, true) => Some(any),
        (true, false) => Some(directed(&any, &own())),
        (false, true) => Some(directed(&own(), &any)),
    }
}

fn directed(input: &TokenStream, output: &TokenStream) -> TokenStream {
    quote!(const { &__schema::Node::Directed { input: #input, output: #output } })
}

/// Returns the names of a member. `write` turns a name into JSON.
fn names(names: &Names, write: fn(&str) -> String) -> TokenStream {
    let mut expression = match names {
        Names {
            input: Some(input),
            output: Some(output),
            ..
        } if input == output => {
            let name = write(input);
            quote!(__schema::Names::one(#name))
        }
        Names { input, output, .. } => {
            let side = |name: &Option<String>| option(name.as_deref().map(write));
            let (input, output) = (side(input), side(output));
            quote!(__schema::Names::each(#input, #output))
        }
    };
    if !names.aliases.is_empty() {
        let aliases = names.aliases.iter().map(|alias| write(alias));
        expression.extend(quote!(.or(&[#(#aliases),*])));
    }
    expression
}
