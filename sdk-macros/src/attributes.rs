//! The attributes that authors write, read key by key.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitStr, Meta, Path, Token};

use crate::mistakes::Mistakes;
use crate::model::{Codec, Default};

/// Whether the attribute is `#[name]` or `#[plugin_sdk::name]`.
pub fn is(attribute: &Attribute, name: &str) -> bool {
    let path = attribute.path();
    let last = path.segments.last().is_some_and(|last| last.ident == name);
    last && match path.segments.len() {
        1 => true,
        2 => path
            .segments
            .first()
            .is_some_and(|first| first.ident == "plugin_sdk"),
        _ => false,
    }
}

/// What stands between the parentheses of an attribute; nothing for a bare one.
pub fn arguments(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(meta) => Err(syn::Error::new(
            meta.eq_token.span(),
            "expected parentheses: the options of this attribute stand in `(…)`",
        )),
    }
}

/// Reads each option of an attribute by `option`, noting every mistake.
fn options(
    arguments: TokenStream,
    mistakes: &mut Mistakes,
    mut option: impl FnMut(&ParseNestedMeta<'_>, &mut Mistakes) -> syn::Result<()>,
) {
    let parser = syn::meta::parser(|meta| option(&meta, mistakes));
    let result = parser.parse2(arguments);
    mistakes.keep(result);
}

/// A second value for what may be given once.
fn given_once(meta: &ParseNestedMeta<'_>, given: bool, mistakes: &mut Mistakes) {
    if given {
        mistakes.at(&meta.path, "this option is given twice; remove one");
    }
}

fn unknown(meta: &ParseNestedMeta<'_>, attribute: &str, known: &str) -> syn::Error {
    meta.error(format!(
        "there is no such option in #[{attribute}]; the options are {known}"
    ))
}

/// A string that names something to hosts.
fn name(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<LitStr> {
    let literal: LitStr = meta.value()?.parse()?;
    let value = literal.value();
    if value.is_empty() {
        mistakes.at(&literal, "a name cannot be empty");
    } else if value.contains(char::is_control) {
        mistakes.at(&literal, "a name cannot contain control characters");
    }
    Ok(literal)
}

/// `#[plugin(commands(…))]`
pub fn plugin(arguments: TokenStream, mistakes: &mut Mistakes) -> Vec<Path> {
    let mut commands: Option<Vec<Path>> = None;
    options(arguments, mistakes, |meta, mistakes| {
        if !meta.path.is_ident("commands") {
            return Err(unknown(meta, "plugin", "`commands(…)`"));
        }
        given_once(meta, commands.is_some(), mistakes);
        let content;
        syn::parenthesized!(content in meta.input);
        let listed = Punctuated::<Path, Token![,]>::parse_terminated(&content)?;
        commands.get_or_insert_default().extend(listed);
        Ok(())
    });
    let commands = commands.unwrap_or_default();
    for (nth, path) in commands.iter().enumerate() {
        let text = path.to_token_stream().to_string();
        if commands
            .iter()
            .take(nth)
            .any(|earlier| earlier.to_token_stream().to_string() == text)
        {
            mistakes.at(path, "this command is listed twice; remove one");
        }
    }
    commands
}

/// `#[command(raw, codec = "…", rename = "…")]`
pub struct CommandOptions {
    pub codec: Codec,
    pub rename: Option<LitStr>,
}

pub fn command(arguments: TokenStream, mistakes: &mut Mistakes) -> CommandOptions {
    let (mut raw, mut codec, mut rename) = (None::<Span>, None::<LitStr>, None);
    options(arguments, mistakes, |meta, mistakes| {
        if meta.path.is_ident("raw") {
            given_once(meta, raw.is_some(), mistakes);
            raw = Some(meta.path.span());
        } else if meta.path.is_ident("codec") {
            given_once(meta, codec.is_some(), mistakes);
            codec = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("rename") {
            given_once(meta, rename.is_some(), mistakes);
            rename = Some(name(meta, mistakes)?);
        } else {
            return Err(unknown(
                meta,
                "command",
                "`raw`, `codec = \"…\"` and `rename = \"…\"`",
            ));
        }
        Ok(())
    });
    let codec = match (raw, codec) {
        (None, None) => Codec::Json,
        (Some(_), None) => Codec::Raw,
        (Some(_), Some(codec)) => {
            mistakes.at(codec, "a raw command has no codec; remove this or `raw`");
            Codec::Raw
        }
        (None, Some(codec)) => match codec.value().as_str() {
            "json" => Codec::Json,
            "binary" => Codec::Binary,
            _ => {
                mistakes.at(
                    codec,
                    "there is no such codec; write \"json\" or \"binary\"",
                );
                Codec::Json
            }
        },
    };
    CommandOptions { codec, rename }
}

/// `#[arg(default, default = …, rename = "…", flatten)]`
pub struct ArgumentOptions {
    pub default: Default,
    pub rename: Option<LitStr>,
    pub flatten: Option<Span>,
}

/// Takes the `#[arg]` attributes off an argument and reads them.
pub fn argument(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> ArgumentOptions {
    let mut read = ArgumentOptions {
        default: Default::None,
        rename: None,
        flatten: None,
    };
    for attribute in attributes.extract_if(.., |attribute| is(attribute, "arg")) {
        let Some(arguments) = mistakes.keep(arguments(&attribute)) else {
            continue;
        };
        options(arguments, mistakes, |meta, mistakes| {
            if meta.path.is_ident("default") {
                given_once(meta, !matches!(read.default, Default::None), mistakes);
                read.default = if meta.input.peek(Token![=]) {
                    Default::Expr(Box::new(meta.value()?.parse::<Expr>()?))
                } else {
                    Default::OfType
                };
            } else if meta.path.is_ident("rename") {
                given_once(meta, read.rename.is_some(), mistakes);
                read.rename = Some(name(meta, mistakes)?);
            } else if meta.path.is_ident("flatten") {
                given_once(meta, read.flatten.is_some(), mistakes);
                read.flatten = Some(meta.path.span());
            } else {
                return Err(unknown(
                    meta,
                    "arg",
                    "`default`, `default = …`, `rename = \"…\"` and `flatten`",
                ));
            }
            Ok(())
        });
    }
    read
}

/// The name of an identifier as hosts see it: `type` for `r#type`.
pub fn plain_name(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}
