//! Attributes and their options, read one option at a time. Every macro of this crate reads its
//! attributes with these functions.

use std::fmt::Display;
use std::str::FromStr;

use proc_macro2::{Group, Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseBuffer, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Attribute, Expr, LitInt, LitStr, Meta, Path, Token, parse_quote};

use crate::mistakes::Mistakes;

/// Returns whether the path of an attribute is `name`, or leads to it through `plugin_sdk`.
pub fn is(path: &Path, name: &str) -> bool {
    let last = path.segments.last().is_some_and(|last| last.ident == name);
    let mut segments = path.segments.iter();
    last && (path.segments.len() == 1 || segments.any(|segment| segment.ident == "plugin_sdk"))
}

/// Returns the attributes with a plain name.
pub fn named<'a>(attributes: &'a [Attribute], name: &str) -> impl Iterator<Item = &'a Attribute> {
    let named = move |attribute: &&Attribute| attribute.path().is_ident(name);
    attributes.iter().filter(named)
}

/// Returns the attributes that a `cfg_attr` adds; none for any other attribute.
pub fn behind_cfg_attr(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.into_iter().flatten().skip(1).collect()
}

/// Returns the condition of a `cfg_attr`.
pub fn condition_of_cfg_attr(attribute: &Attribute) -> Option<Meta> {
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.ok()?.into_iter().next()
}

/// Returns the attributes that decide whether an item exists.
pub fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    let decides = |attribute: &&Attribute| {
        let mut hidden = behind_cfg_attr(attribute).into_iter();
        attribute.path().is_ident("cfg") || hidden.any(|hidden| hidden.path().is_ident("cfg"))
    };
    attributes.iter().filter(decides).cloned().collect()
}

/// Returns the lints that an item allows, for generated code that names the item's types and
/// calls it.
pub fn allowed(attributes: &[Attribute]) -> Vec<Attribute> {
    let allowed = attributes.iter().filter_map(|attribute| {
        let path = attribute.path();
        if path.is_ident("allow") || path.is_ident("expect") {
            let lints = &attribute.meta.require_list().ok()?.tokens;
            Some(parse_quote!(#[allow(#lints)]))
        } else {
            path.is_ident("deprecated")
                .then(|| parse_quote!(#[allow(deprecated)]))
        }
    });
    allowed.collect()
}

/// Returns the tokens between the parentheses of an attribute; none for a bare attribute.
pub fn arguments(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(meta) => Err(syn::Error::new(
            meta.eq_token.span(),
            "expected parentheses: write the options of this attribute in `(…)`",
        )),
    }
}

/// Reads every option of an attribute with `option`, and notes each mistake.
pub fn read(
    arguments: TokenStream,
    mistakes: &mut Mistakes,
    mut option: impl FnMut(&mut Entry<'_>) -> syn::Result<()>,
) {
    let parser = syn::meta::parser(|meta| {
        option(&mut Entry {
            meta: &meta,
            mistakes,
        })
    });
    let result = parser.parse2(arguments);
    mistakes.keep(result);
}

/// Reads every option of the attributes with a plain name.
pub fn read_named(
    attributes: &[Attribute],
    name: &str,
    mistakes: &mut Mistakes,
    mut option: impl FnMut(&mut Entry<'_>) -> syn::Result<()>,
) {
    for attribute in named(attributes, name) {
        if let Some(arguments) = mistakes.keep(arguments(attribute)) {
            read(arguments, mistakes, &mut option);
        }
    }
}

/// Notes the options of an attribute that takes none.
pub fn refuse(attribute: &Attribute, mistakes: &mut Mistakes) {
    if let Some(arguments) = mistakes.keep(arguments(attribute))
        && !arguments.is_empty()
    {
        mistakes.at(&arguments, "this attribute has no options: remove these");
    }
}

/// One option of an attribute, with the collection that takes its mistakes.
pub struct Entry<'a> {
    pub meta: &'a ParseNestedMeta<'a>,
    pub mistakes: &'a mut Mistakes,
}

impl<'a> Entry<'a> {
    /// Returns the option's name; empty if it has several segments.
    pub fn key(&self) -> String {
        let key = self.meta.path.get_ident().map(ToString::to_string);
        key.unwrap_or_default()
    }

    pub fn span(&self) -> Span {
        self.meta.path.span()
    }

    /// Notes a mistake at the option's name.
    pub fn mistake(&mut self, message: impl Display) {
        self.mistakes.at(&self.meta.path, message);
    }

    /// Notes a second value of an option that has one.
    pub fn once(&mut self, given: bool) {
        if given {
            self.mistake("this option is given twice: remove one");
        }
    }

    /// Reads an option without a value.
    pub fn flag(&mut self, slot: &mut bool) -> syn::Result<()> {
        self.once(*slot);
        *slot = true;
        Ok(())
    }

    /// Reads `= value`.
    pub fn value<T: Parse>(&mut self, slot: &mut Option<T>) -> syn::Result<()> {
        self.once(slot.is_some());
        *slot = Some(self.meta.value()?.parse()?);
        Ok(())
    }

    /// Reads `= "…"`, a string that names something to hosts.
    pub fn name(&mut self, slot: &mut Option<LitStr>) -> syn::Result<()> {
        self.once(slot.is_some());
        let literal: LitStr = self.meta.value()?.parse()?;
        let value = literal.value();
        *slot = None;
        if value.is_empty() {
            self.mistakes.at(&literal, "a name cannot be empty");
        } else if value.contains(char::is_control) {
            let message = "a name cannot contain control characters";
            self.mistakes.at(&literal, message);
        } else {
            *slot = Some(literal);
        }
        Ok(())
    }

    /// Reads `= number`, with or without a sign.
    pub fn number<T: FromStr<Err: Display>>(&mut self, slot: &mut Option<T>) -> syn::Result<()> {
        self.once(slot.is_some());
        let input = self.meta.value()?;
        let sign = input.parse::<Option<Token![-]>>()?.map_or("", |_| "-");
        let literal: LitInt = input.parse()?;
        let number = format!("{sign}{}", literal.base10_digits()).parse();
        *slot = Some(number.map_err(|error| syn::Error::new(literal.span(), error))?);
        Ok(())
    }

    pub fn has_parentheses(&self) -> bool {
        self.meta.input.peek(Paren)
    }

    /// Returns what is between the option's parentheses.
    pub fn list(&self) -> syn::Result<ParseBuffer<'a>> {
        let content;
        syn::parenthesized!(content in self.meta.input);
        Ok(content)
    }

    /// Reads the options between the option's parentheses, if it has any.
    pub fn nested(
        &mut self,
        mut option: impl FnMut(&mut Entry<'_>) -> syn::Result<()>,
    ) -> syn::Result<()> {
        if !self.has_parentheses() {
            return Ok(());
        }
        let mistakes = &mut *self.mistakes;
        self.meta.parse_nested_meta(|meta| {
            option(&mut Entry {
                meta: &meta,
                mistakes,
            })
        })
    }

    /// Notes an option that is not allowed here and skips its value: later options may be wrong
    /// as well.
    pub fn unknown(&mut self, message: impl Display) -> syn::Result<()> {
        self.mistake(message);
        skip_value(self.meta)
    }
}

/// Skips the value of an option.
pub fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Paren) {
        meta.input.parse::<Group>()?;
    } else if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    }
    Ok(())
}

/// Returns an error at the first token after an item's attributes and visibility, which shows
/// the kind of the item.
pub fn wrong_item(item: &TokenStream, message: &str) -> syn::Error {
    let start = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        let span = input.span();
        input.parse::<TokenStream>()?;
        Ok(span)
    };
    match start.parse2(item.clone()) {
        Ok(span) => syn::Error::new(span, message),
        Err(_) => syn::Error::new_spanned(item, message),
    }
}
