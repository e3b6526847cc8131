//! serde's attributes, as far as they change the form of a type. serde reports mistakes in them.

use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Expr, LitStr, Token, Type};

use super::case::Case;
use super::model::Opaque;
use crate::options::{named, skip_value as skip};
use crate::syntax::string;

/// One value for each direction.
#[derive(Clone, Default)]
pub struct Both<T> {
    pub input: T,
    pub output: T,
}

impl<T: Clone> Both<T> {
    fn set(&mut self, value: T) {
        self.input = value.clone();
        self.output = value;
    }
}

#[derive(Default)]
pub struct Container {
    pub rename: Option<String>,
    pub rename_all: Both<Case>,
    pub rename_all_fields: Both<Case>,
    pub deny_unknown_fields: bool,
    pub default: bool,
    pub tag: Option<String>,
    pub content: Option<String>,
    pub untagged: bool,
    pub transparent: bool,
    pub from: Option<Type>,
    pub into: Option<Type>,
    pub remote: Option<String>,
}

#[derive(Default)]
pub struct Variant {
    pub rename: Both<Option<String>>,
    pub aliases: Vec<String>,
    pub rename_all: Both<Case>,
    pub skip: Both<bool>,
    pub opaque: Opaque,
    pub other: bool,
    pub untagged: bool,
}

#[derive(Default)]
pub struct Field {
    pub rename: Both<Option<String>>,
    pub aliases: Vec<String>,
    pub default: Default,
    pub flatten: bool,
    pub skip: Both<bool>,
    pub skip_serializing_if: bool,
    pub opaque: Opaque,
}

#[derive(std::default::Default, PartialEq)]
pub enum Default {
    #[default]
    None,
    OfType,
    Function,
}

pub fn container(attributes: &[Attribute]) -> Container {
    let mut read = Container::default();
    each(attributes, |key, meta| {
        match key {
            "rename" => {
                let mut rename = Both::default();
                names(meta, &mut rename)?;
                read.rename = rename.input.or(rename.output);
            }
            "rename_all" => cases(meta, &mut read.rename_all)?,
            "rename_all_fields" => cases(meta, &mut read.rename_all_fields)?,
            "deny_unknown_fields" => read.deny_unknown_fields = true,
            "default" => {
                read.default = true;
                skip(meta)?;
            }
            "tag" => read.tag = text(meta)?,
            "content" => read.content = text(meta)?,
            "untagged" => read.untagged = true,
            "transparent" => read.transparent = true,
            "from" | "try_from" => read.from = parsed(meta)?,
            "into" => read.into = parsed(meta)?,
            "remote" => {
                let path: Option<syn::Path> = parsed(meta)?;
                read.remote = path.and_then(|path| {
                    let last = path.segments.last()?;
                    Some(last.ident.to_string())
                });
            }
            _ => skip(meta)?,
        }
        Ok(())
    });
    read
}

pub fn variant(attributes: &[Attribute]) -> Variant {
    let mut read = Variant::default();
    each(attributes, |key, meta| {
        match key {
            "rename" => names(meta, &mut read.rename)?,
            "alias" => read.aliases.extend(text(meta)?),
            "rename_all" => cases(meta, &mut read.rename_all)?,
            "skip" => read.skip.set(true),
            "skip_serializing" => read.skip.output = true,
            "skip_deserializing" => read.skip.input = true,
            "other" => read.other = true,
            "untagged" => read.untagged = true,
            "with" | "serialize_with" | "deserialize_with" => opaque(key, meta, &mut read.opaque)?,
            _ => skip(meta)?,
        }
        Ok(())
    });
    read
}

pub fn field(attributes: &[Attribute]) -> Field {
    let mut read = Field::default();
    each(attributes, |key, meta| {
        match key {
            "rename" => names(meta, &mut read.rename)?,
            "alias" => read.aliases.extend(text(meta)?),
            "default" => {
                read.default = if meta.input.peek(Token![=]) {
                    Default::Function
                } else {
                    Default::OfType
                };
                skip(meta)?;
            }
            "flatten" => read.flatten = true,
            "skip" => read.skip.set(true),
            "skip_serializing" => read.skip.output = true,
            "skip_deserializing" => read.skip.input = true,
            "skip_serializing_if" => {
                read.skip_serializing_if = true;
                skip(meta)?;
            }
            "with" | "serialize_with" | "deserialize_with" => opaque(key, meta, &mut read.opaque)?,
            _ => skip(meta)?,
        }
        Ok(())
    });
    read
}

fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attribute in named(attributes, "serde") {
        // serde reports options that cannot be read.
        let _ = attribute.parse_nested_meta(|meta| match meta.path.get_ident() {
            Some(key) => read(&key.to_string(), &meta),
            None => skip(&meta),
        });
    }
}

/// Reads `= "…"`.
fn literal(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<LitStr>> {
    let expression: Expr = meta.value()?.parse()?;
    Ok(string(&expression).cloned())
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    Ok(literal(meta)?.map(|literal| literal.value()))
}

fn parsed<T: Parse>(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<T>> {
    literal(meta)?.map(|literal| literal.parse()).transpose()
}

/// Reads `= "…"` or `(serialize = "…", deserialize = "…")`.
fn directed<T>(
    meta: &ParseNestedMeta<'_>,
    both: &mut Both<T>,
    of: impl Fn(String) -> T,
) -> syn::Result<()> {
    let mut set = |is_input: bool, is_output: bool, text: String| {
        if is_input {
            both.input = of(text.clone());
        }
        if is_output {
            both.output = of(text);
        }
    };
    if meta.input.peek(Token![=]) {
        if let Some(text) = text(meta)? {
            set(true, true, text);
        }
        return Ok(());
    }
    meta.parse_nested_meta(|meta| {
        let is_input = meta.path.is_ident("deserialize");
        let is_output = meta.path.is_ident("serialize");
        if let Some(text) = text(&meta)? {
            set(is_input, is_output, text);
        }
        Ok(())
    })
}

fn names(meta: &ParseNestedMeta<'_>, names: &mut Both<Option<String>>) -> syn::Result<()> {
    directed(meta, names, Some)
}

fn cases(meta: &ParseNestedMeta<'_>, cases: &mut Both<Case>) -> syn::Result<()> {
    directed(meta, cases, |rule| Case::of(&rule))
}

fn opaque(key: &str, meta: &ParseNestedMeta<'_>, opaque: &mut Opaque) -> syn::Result<()> {
    opaque.read |= key != "serialize_with";
    opaque.written |= key != "deserialize_with";
    skip(meta)
}
