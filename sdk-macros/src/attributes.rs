//! The attributes that authors write, read key by key.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, parse_quote};

use crate::mistakes::Mistakes;
use crate::model::{Codec, Default, Listed, Permission};

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

/// Notes an option that cannot stand so, and passes its value over: those after it may be wrong as well.
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
pub fn name(meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes) -> syn::Result<Option<LitStr>> {
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

/// `#[plugin(commands(…), permissions(…), log)]`
#[derive(std::default::Default)]
pub struct PluginOptions {
    pub commands: Vec<Listed>,
    pub permissions: Vec<Permission>,
    pub log: bool,
}

pub fn plugin(arguments: TokenStream, mistakes: &mut Mistakes) -> PluginOptions {
    let mut commands: Option<Vec<Listed>> = None;
    let mut permissions: Option<Vec<Permission>> = None;
    let mut log = false;
    options(arguments, mistakes, |meta, mistakes| {
        if meta.path.is_ident("commands") {
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
        } else if meta.path.is_ident("permissions") {
            given_once(meta, permissions.is_some(), mistakes);
            if !meta.input.peek(Paren) {
                let message =
                    format!("list the permissions in parentheses: `permissions({EXAMPLE})`");
                return unknown(meta, &message, mistakes);
            }
            let content;
            syn::parenthesized!(content in meta.input);
            self::permissions(&content, permissions.get_or_insert_default(), mistakes);
            Ok(())
        } else if meta.path.is_ident("log") {
            given_once(meta, log, mistakes);
            log = true;
            if meta.input.is_empty() || meta.input.peek(Token![,]) {
                return Ok(());
            }
            unknown(
                meta,
                "write `log` alone: which lines are written is the host's to say",
                mistakes,
            )
        } else {
            unknown(
                meta,
                "there is no such option in #[plugin]; the options are `commands(…)`, `permissions(…)` and `log`",
                mistakes,
            )
        }
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
    PluginOptions {
        commands: once,
        permissions: permissions.unwrap_or_default(),
        log,
    }
}

/// A permission as it is declared, for messages.
const EXAMPLE: &str = "kv = \"why the plugin needs it\"";

/// `kv = "…", "cis.network" = "…"`. A mistake in one is none in those after it.
fn permissions(input: ParseStream<'_>, permissions: &mut Vec<Permission>, mistakes: &mut Mistakes) {
    while !input.is_empty() {
        match permission(input, mistakes) {
            Ok(None) => {}
            Ok(Some(permission)) => {
                if permissions
                    .iter()
                    .any(|earlier| earlier.name == permission.name)
                {
                    mistakes.add(syn::Error::new(
                        permission.span,
                        "this permission is declared twice; remove one",
                    ));
                }
                permissions.push(permission);
            }
            Err(error) => mistakes.add(error),
        }
        while !input.is_empty()
            && input
                .parse::<Option<Token![,]>>()
                .is_ok_and(|comma| comma.is_none())
        {
            // Whatever is left of one that could not be read.
            if input.parse::<TokenTree>().is_err() {
                return;
            }
        }
    }
}

/// One permission, up to the comma; `None` after mistakes that leave nothing of it.
fn permission(input: ParseStream<'_>, mistakes: &mut Mistakes) -> syn::Result<Option<Permission>> {
    let (name, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let name = literal.value();
        let sound = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        if !name.split('.').all(sound) {
            mistakes.at(
                &literal,
                "a permission's name consists of letters, digits, `_` and `-`, in parts with dots between them",
            );
        }
        (name, literal.span())
    } else if input.peek(syn::Ident::peek_any) {
        let ident = input.call(syn::Ident::parse_any)?;
        if input.peek(Token![.]) || input.peek(Token![-]) || input.peek(Token![:]) {
            return Err(syn::Error::new(
                ident.span(),
                "a permission's name with dots or dashes stands in quotes: `\"host.network\" = \"…\"`",
            ));
        }
        (plain_name(&ident), ident.span())
    } else {
        return Err(input.error(format!("expected a permission and its reason: `{EXAMPLE}`")));
    };
    let unexplained = || {
        syn::Error::new(
            span,
            "say why the plugin needs this, for whoever grants it: `= \"…\"`",
        )
    };
    if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
        return Err(unexplained());
    }
    let reason: Expr = input.parse()?;
    let Some(literal) = string(&reason) else {
        mistakes.at(
            reason,
            "the reason is read from the module without running it: write a string literal",
        );
        return Ok(None);
    };
    let reason = literal.value();
    if reason.trim().is_empty() {
        mistakes.at(
            literal,
            "say why the plugin needs this, for whoever grants it",
        );
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        mistakes.add(input.error("expected `,`"));
    }
    Ok(Some(Permission { name, span, reason }))
}

/// The string that an expression is, macros' invisible parentheses seen through.
fn string(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Group(group) => string(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Some(literal),
        _ => None,
    }
}

/// `#[event("user.*")]`: the pattern of the topics that a handler takes; `None` for all of them.
pub fn event(arguments: TokenStream, mistakes: &mut Mistakes) -> Option<LitStr> {
    if arguments.is_empty() {
        return None;
    }
    let first = |input: ParseStream<'_>| {
        let pattern = match input.peek(LitStr) {
            true => Some(input.parse::<LitStr>()?),
            false => None,
        };
        input.parse::<Option<Token![,]>>()?;
        Ok((pattern, input.parse::<TokenStream>()?))
    };
    match first.parse2(arguments.clone()) {
        Ok((Some(pattern), rest)) => {
            if !rest.is_empty() {
                mistakes.at(
                    rest,
                    "a handler has one pattern: write `*` for any segment, or a second handler",
                );
            }
            if let Some(mistake) = pattern_mistake(&pattern.value()) {
                mistakes.at(&pattern, mistake);
            }
            return Some(pattern);
        }
        Ok((None, _)) => mistakes.at(
            arguments,
            "write the topic in quotes, as in #[event(\"user.created\")]",
        ),
        Err(error) => mistakes.add(error),
    }
    None
}

/// What is wrong with a pattern of topics. The SDK says the same of patterns that come at run time.
fn pattern_mistake(pattern: &str) -> Option<&'static str> {
    if pattern.is_empty() {
        return Some("a pattern cannot be empty: write #[event] alone to take all topics");
    }
    if pattern.contains(char::is_control) {
        return Some("a topic cannot contain control characters");
    }
    let mut segments = pattern.split('.').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "" => {
                return Some(
                    "a segment is empty: put something between the dots, `*` for any one segment",
                );
            }
            "**" if segments.peek().is_some() => {
                return Some(
                    "`**` stands for the rest of a topic: put it last, or write `*` for one segment",
                );
            }
            "*" | "**" => {}
            segment if segment.contains('*') => {
                return Some(
                    "`*` stands for a whole segment: write it alone between dots, or write the segment out",
                );
            }
            _ => {}
        }
    }
    None
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
