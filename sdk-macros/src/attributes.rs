//! The attributes that authors write, read key by key.

use proc_macro2::{Group, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Attribute, Expr, LitStr, Meta, Path, Token, parse_quote};

use crate::mistakes::Mistakes;
use crate::model::{Codec, Default, Listed};

/// Whether the path of an attribute is `name`, or leads to it from `plugin_sdk`.
pub fn is(path: &Path, name: &str) -> bool {
    let last = path.segments.last().is_some_and(|last| last.ident == name);
    let ours = |path: &Path| {
        let first = path.segments.first();
        first.is_some_and(|first| first.ident == "plugin_sdk")
    };
    last && (path.segments.len() == 1 || ours(path))
}

/// The attributes that a `cfg_attr` may turn into; nothing for any other attribute.
pub fn behind_cfg_attr(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.into_iter().flatten().skip(1).collect()
}

/// What an item's attributes allow, for code that mentions the item's types and calls it.
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
pub fn options(
    arguments: TokenStream,
    mistakes: &mut Mistakes,
    mut option: impl FnMut(&ParseNestedMeta<'_>, &mut Mistakes) -> syn::Result<()>,
) {
    let parser = syn::meta::parser(|meta| option(&meta, mistakes));
    let result = parser.parse2(arguments);
    mistakes.keep(result);
}

/// A second value for what may be given once.
pub fn given_once(meta: &ParseNestedMeta<'_>, given: bool, mistakes: &mut Mistakes) {
    if given {
        mistakes.at(&meta.path, "this option is given twice; remove one");
    }
}

/// Notes an option that there is not, and passes its value over: those after it may be wrong as well.
pub fn unknown(
    meta: &ParseNestedMeta<'_>,
    message: &str,
    mistakes: &mut Mistakes,
) -> syn::Result<()> {
    mistakes.at(&meta.path, message);
    if meta.input.peek(Paren) {
        meta.input.parse::<Group>()?;
    } else if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    }
    Ok(())
}

/// A string that names something to hosts; `None` if it cannot.
fn name(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<Option<LitStr>> {
    let literal: LitStr = meta.value()?.parse()?;
    let value = literal.value();
    if value.is_empty() {
        mistakes.at(&literal, "a name cannot be empty");
    } else if value.contains(char::is_control) {
        mistakes.at(&literal, "a name cannot contain control characters");
    } else {
        return Ok(Some(literal));
    }
    Ok(None)
}

/// `add`, `text::reverse` or `#[cfg(…)] add`
fn listed(input: ParseStream<'_>) -> syn::Result<Listed> {
    let cfgs = input.call(Attribute::parse_outer)?;
    for attribute in &cfgs {
        if !attribute.path().is_ident("cfg") {
            return Err(syn::Error::new_spanned(
                attribute,
                "only `cfg` can stand at a listed command: put this on the function",
            ));
        }
    }
    Ok(Listed {
        cfgs,
        path: input.call(Path::parse_mod_style)?,
    })
}

/// `#[plugin(commands(…))]`
pub fn plugin(arguments: TokenStream, mistakes: &mut Mistakes) -> Vec<Listed> {
    let mut commands: Option<Vec<Listed>> = None;
    options(arguments, mistakes, |meta, mistakes| {
        if !meta.path.is_ident("commands") {
            return unknown(
                meta,
                "there is no such option in #[plugin]; the only option is `commands(…)`",
                mistakes,
            );
        }
        given_once(meta, commands.is_some(), mistakes);
        if !meta.input.peek(Paren) {
            return Err(
                meta.error("list the commands in parentheses: `commands(add, text::reverse)`")
            );
        }
        let content;
        syn::parenthesized!(content in meta.input);
        let listed = content.parse_terminated(listed, Token![,])?;
        commands.get_or_insert_default().extend(listed);
        Ok(())
    });
    let mut once: Vec<Listed> = Vec::new();
    for listed in commands.unwrap_or_default() {
        let twin = once.iter().any(|earlier| {
            // Under `cfg`, only one of them may be there.
            earlier.cfgs.is_empty() && listed.cfgs.is_empty() && same(&earlier.path, &listed.path)
        });
        if twin {
            mistakes.at(&listed.path, "this command is listed twice; remove one");
        } else {
            once.push(listed);
        }
    }
    once
}

/// Whether two paths are spelled alike.
pub fn same(one: &Path, other: &Path) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// `#[command(raw, codec = "…", batch, rename = "…")]`
pub struct CommandOptions {
    pub codec: Codec,
    pub batch: bool,
    pub rename: Option<LitStr>,
}

pub fn command(arguments: TokenStream, mistakes: &mut Mistakes) -> CommandOptions {
    let (mut raw, mut codec, mut rename) = (None::<Span>, None::<LitStr>, None);
    let mut batch = false;
    options(arguments, mistakes, |meta, mistakes| {
        if meta.path.is_ident("raw") {
            given_once(meta, raw.is_some(), mistakes);
            raw = Some(meta.path.span());
        } else if meta.path.is_ident("codec") {
            given_once(meta, codec.is_some(), mistakes);
            codec = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("batch") {
            given_once(meta, batch, mistakes);
            batch = true;
            if meta.input.peek(Token![=]) {
                let value: Expr = meta.value()?.parse()?;
                mistakes.at(
                    value,
                    "the host decides how many inputs a batch has: write `batch` without a value",
                );
            }
        } else if meta.path.is_ident("rename") {
            given_once(meta, rename.is_some(), mistakes);
            rename = name(meta, mistakes)?;
        } else {
            return unknown(
                meta,
                "there is no such option in #[command]; the options are `raw`, `codec = \"…\"`, `batch` and `rename = \"…\"`",
                mistakes,
            );
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
    CommandOptions {
        codec,
        batch,
        rename,
    }
}

/// `#[arg(default, default = …, rename = "…", flatten)]`
pub struct ArgumentOptions {
    /// Where `#[arg]` stands, if it does.
    pub attribute: Option<Span>,
    pub default: Default,
    pub rename: Option<LitStr>,
    pub flatten: Option<Span>,
}

/// Takes the `#[arg]` attributes off an argument and reads them.
pub fn argument(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> ArgumentOptions {
    let mut read = ArgumentOptions {
        attribute: None,
        default: Default::None,
        rename: None,
        flatten: None,
    };
    for attribute in attributes.extract_if(.., |attribute| is(attribute.path(), "arg")) {
        read.attribute = Some(attribute.path().span());
        let Some(arguments) = mistakes.keep(arguments(&attribute)) else {
            continue;
        };
        options(arguments, mistakes, |meta, mistakes| {
            if meta.path.is_ident("default") {
                given_once(meta, !matches!(read.default, Default::None), mistakes);
                read.default = if meta.input.peek(Token![=]) {
                    Default::Expr(Box::new(meta.value()?.parse::<Expr>()?))
                } else {
                    Default::OfType(meta.path.span())
                };
            } else if meta.path.is_ident("rename") {
                given_once(meta, read.rename.is_some(), mistakes);
                read.rename = name(meta, mistakes)?;
            } else if meta.path.is_ident("flatten") {
                given_once(meta, read.flatten.is_some(), mistakes);
                read.flatten = Some(meta.path.span());
            } else {
                return unknown(
                    meta,
                    "there is no such option in #[arg]; the options are `default`, `default = …`, `rename = \"…\"` and `flatten`",
                    mistakes,
                );
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
