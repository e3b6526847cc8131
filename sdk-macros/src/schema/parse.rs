//! From the author's item to the model.

use syn::{Attribute, Data, DeriveInput, Ident};

use super::case::Case;
use super::model::{
    Annotations, Body, Enum, Field, Fields, Item, Member, Names, Representation, Variant,
};
use super::options::{Place, read};
use super::serde::{self, Both};
use crate::documentation::Description;
use crate::mistakes::Mistakes;
use crate::options::{allowed, named};
use crate::syntax::plain_name;

pub fn item(item: &DeriveInput, mistakes: &mut Mistakes) -> Item {
    let serde = serde::container(&item.attrs);
    let mut options = read(&item.attrs, Place::Item, mistakes);
    describe(&mut options.annotations, &item.attrs);
    let closed = serde.deny_unknown_fields;
    let body = match &item.data {
        Data::Struct(data) => Body::Struct {
            fields: fields(&data.fields, &serde.rename_all, serde.default, mistakes),
            closed,
        },
        Data::Enum(data) => {
            let variants = data.variants.iter();
            let variants = variants.filter_map(|of| variant(of, &serde, mistakes));
            Body::Enum(Enum {
                variants: variants.collect(),
                representation: representation(&serde),
                closed,
            })
        }
        Data::Union(data) => {
            mistakes.at(
                &data.union_token,
                "serde does not support unions: make this a struct or an enum",
            );
            Body::Nothing
        }
    };
    Item {
        ident: item.ident.clone(),
        generics: item.generics.clone(),
        name: definition_name(
            serde
                .rename
                .or(serde.remote)
                .unwrap_or_else(|| plain_name(&item.ident)),
        ),
        annotations: options.annotations,
        with: options.with,
        from: serde.from,
        into: serde.into,
        by_number: options.repr,
        repr: repr(&item.attrs),
        transparent: serde.transparent,
        bound: options.bound,
        allowed: allowed(&item.attrs),
        sdk: options.sdk,
        body,
    }
}

/// Returns the integer type of `#[repr(…)]`.
fn repr(attributes: &[Attribute]) -> Option<Ident> {
    let mut integer = None;
    for attribute in named(attributes, "repr") {
        // The compiler reports a wrong one.
        let _ = attribute.parse_nested_meta(|meta| {
            if let Some(ident) = meta.path.get_ident()
                && ident.to_string().starts_with(['u', 'i'])
            {
                integer = Some(ident.clone());
            }
            Ok(())
        });
    }
    integer
}

fn representation(serde: &serde::Container) -> Representation {
    match (&serde.tag, &serde.content) {
        _ if serde.untagged => Representation::Untagged,
        (Some(tag), Some(content)) => Representation::Adjacent {
            tag: tag.clone(),
            content: content.clone(),
        },
        (Some(tag), None) => Representation::Internal { tag: tag.clone() },
        (None, _) => Representation::External,
    }
}

/// Returns a name that `$ref`, which is a URI, can contain.
fn definition_name(name: String) -> String {
    let sound = |character: char| match character {
        '-' | '.' => character,
        other if other.is_ascii_alphanumeric() => other,
        _ => '_',
    };
    name.chars().map(sound).collect()
}

/// Reads a variant; `None` if it is neither read nor written.
fn variant(
    variant: &syn::Variant,
    container: &serde::Container,
    mistakes: &mut Mistakes,
) -> Option<Variant> {
    let serde = serde::variant(&variant.attrs);
    let mut options = read(&variant.attrs, Place::Variant, mistakes);
    describe(&mut options.annotations, &variant.attrs);
    let cases = Both {
        input: serde.rename_all.input.or(container.rename_all_fields.input),
        output: serde
            .rename_all
            .output
            .or(container.rename_all_fields.output),
    };
    let fields = fields(&variant.fields, &cases, false, mistakes);
    let name = plain_name(&variant.ident);
    let names = names(
        &serde.rename,
        &serde.skip,
        serde.aliases,
        container.rename_all.input.variant(&name),
        container.rename_all.output.variant(&name),
    )?;
    Some(Variant {
        ident: variant.ident.clone(),
        names,
        annotations: options.annotations,
        fields,
        with: options.with,
        opaque: serde.opaque,
        other: serde.other,
        untagged: serde.untagged,
    })
}

fn fields(
    fields: &syn::Fields,
    cases: &Both<Case>,
    all_optional: bool,
    mistakes: &mut Mistakes,
) -> Fields {
    let count = fields.len();
    let mut read = fields
        .iter()
        .filter_map(|of| field(of, cases, all_optional, mistakes));
    match fields {
        syn::Fields::Unit => Fields::Unit,
        syn::Fields::Unnamed(_) if count == 1 => Fields::Newtype(read.next().map(Box::new)),
        syn::Fields::Unnamed(_) => Fields::Tuple(read.collect()),
        syn::Fields::Named(_) => Fields::Named(read.collect()),
    }
}

/// Reads a field; `None` if it is neither read nor written.
fn field(
    field: &syn::Field,
    cases: &Both<Case>,
    all_optional: bool,
    mistakes: &mut Mistakes,
) -> Option<Field> {
    let serde = serde::field(&field.attrs);
    let mut options = read(&field.attrs, Place::Field, mistakes);
    describe(&mut options.annotations, &field.attrs);
    let name = field.ident.as_ref().map(plain_name).unwrap_or_default();
    let names = names(
        &serde.rename,
        &serde.skip,
        serde.aliases,
        cases.input.field(&name),
        cases.output.field(&name),
    )?;
    let members = &mut options.annotations.members;
    if serde.skip.input {
        members.push(Member::flag("ReadOnly"));
    }
    if serde.skip.output {
        members.push(Member::flag("WriteOnly"));
    }
    let with_default = serde.default != serde::Default::None;
    Some(Field {
        names,
        ty: field.ty.clone(),
        annotations: options.annotations,
        with: options.with,
        opaque: serde.opaque,
        optional: with_default || all_optional,
        default_of_type: serde.default == serde::Default::OfType,
        sometimes_written: serde.skip_serializing_if,
        flatten: serde.flatten,
    })
}

/// Returns the names in both directions; `None` if it is left out in both.
fn names(
    rename: &Both<Option<String>>,
    skip: &Both<bool>,
    aliases: Vec<String>,
    input: String,
    output: String,
) -> Option<Names> {
    let name = |skip: bool, rename: &Option<String>, name: String| {
        (!skip).then(|| rename.clone().unwrap_or(name))
    };
    let input = name(skip.input, &rename.input, input);
    let output = name(skip.output, &rename.output, output);
    if input.is_none() && output.is_none() {
        return None;
    }
    let mut others = Vec::new();
    for alias in aliases {
        if input.as_ref().is_some_and(|name| *name != alias) && !others.contains(&alias) {
            others.push(alias);
        }
    }
    Some(Names {
        input,
        output,
        aliases: others,
    })
}

/// Adds the doc comment and `#[deprecated]`.
fn describe(annotations: &mut Annotations, attributes: &[Attribute]) {
    if annotations.description.is_none() {
        annotations.description = Description::of(attributes);
    }
    if named(attributes, "deprecated").next().is_some() {
        annotations.members.push(Member::flag("Deprecated"));
    }
}
