//! The attributes that authors write, read key by key.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, Type, parse_quote};

use crate::mistakes::Mistakes;
use crate::model::{Codec, Default, Identity, Limits, Listed, NamedText};
use crate::schema::model::Annotations;
use crate::schema::options::{self, AnnotationsReader, Place};
use crate::sdk_path::SdkPath;

/// Whether the path of an attribute is `name`, or leads to it through `plugin_sdk`.
pub fn is(path: &Path, name: &str) -> bool {
    let last = path.segments.last().is_some_and(|last| last.ident == name);
    let mut segments = path.segments.iter();
    last && (path.segments.len() == 1 || segments.any(|segment| segment.ident == "plugin_sdk"))
}

/// The attributes that a `cfg_attr` may turn into; nothing for any other attribute.
pub fn behind_cfg_attr(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.into_iter().flatten().skip(1).collect()
}

/// The attributes that decide whether an item exists.
pub fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    let decides = |attribute: &&Attribute| {
        let mut hidden = behind_cfg_attr(attribute).into_iter();
        attribute.path().is_ident("cfg") || hidden.any(|hidden| hidden.path().is_ident("cfg"))
    };
    attributes.iter().filter(decides).cloned().collect()
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

/// `#[plugin(commands(…), permissions(…), log, id = "…", …)]`
#[derive(std::default::Default)]
pub struct PluginOptions {
    pub commands: Vec<Listed>,
    pub log: bool,
    pub identity: Identity,
    pub sdk: SdkPath,
}

/// `#[plugin(crate = "…")]` at an impl block.
pub fn plugin_impl(arguments: TokenStream, mistakes: &mut Mistakes) -> SdkPath {
    let mut sdk = SdkPath::default();
    options(arguments, mistakes, |meta, mistakes| {
        if sdk.read(meta, mistakes)? {
            return Ok(());
        }
        unknown(
            meta,
            "options of the plugin stand at its struct: move this to the #[plugin] there",
            mistakes,
        )
    });
    sdk
}

pub fn plugin(arguments: TokenStream, mistakes: &mut Mistakes) -> PluginOptions {
    let mut commands: Vec<Listed> = Vec::new();
    let mut log = false;
    let mut identity = Identity::default();
    let mut sdk = SdkPath::default();
    let mut given: Vec<String> = Vec::new();
    options(arguments, mistakes, |meta, mistakes| {
        if sdk.read(meta, mistakes)? {
            return Ok(());
        }
        let Some(option) = PLUGIN_OPTIONS
            .into_iter()
            .find(|option| meta.path.is_ident(option.name()))
        else {
            let message = format!(
                "there is no such option in #[plugin]; the options are {} and `crate = \"…\"`",
                PLUGIN_OPTIONS.map(PluginOption::form).join(", ")
            );
            return unknown(meta, &message, mistakes);
        };
        given_once(
            meta,
            given.iter().any(|name| name == option.name()),
            mistakes,
        );
        given.push(option.name().to_owned());
        match option {
            PluginOption::Log => {
                log = true;
                if meta.input.is_empty() || meta.input.peek(Token![,]) {
                    return Ok(());
                }
                return unknown(
                    meta,
                    "write `log` alone: which lines are written is the host's to say",
                    mistakes,
                );
            }
            PluginOption::Word(word) => {
                let literal: LitStr = meta.value()?.parse()?;
                let text = literal.value();
                if let Some(mistake) = word.mistake(&text) {
                    mistakes.at(&literal, mistake);
                }
                *word.place(&mut identity) = Some(text);
                return Ok(());
            }
            PluginOption::List(list) if !meta.input.peek(Paren) => {
                return unknown(meta, list.without_parentheses(), mistakes);
            }
            PluginOption::List(list) => {
                let content;
                syn::parenthesized!(content in meta.input);
                match list {
                    List::Commands => commands.extend(content.parse_terminated(listed, Token![,])?),
                    List::Permissions => {
                        let permissions = named_texts(&content, &PERMISSIONS, mistakes);
                        identity.permissions = permissions;
                    }
                    List::OptionalPermissions => {
                        let permissions = named_texts(&content, &PERMISSIONS, mistakes);
                        identity.optional_permissions = permissions;
                    }
                    List::Tags => identity.tags = tags(&content, mistakes)?,
                    List::Emits => identity.emits = named_texts(&content, &EMITS, mistakes),
                    List::Requires => {
                        identity.requires = named_texts(&content, &REQUIRES, mistakes)
                    }
                    List::Limits => limits(&content, &mut identity.limits, mistakes),
                }
            }
        }
        Ok(())
    });
    let both = identity.optional_permissions.iter().find(|optional| {
        let mut permissions = identity.permissions.iter();
        permissions.any(|permission| permission.name == optional.name)
    });
    if let Some(both) = both {
        mistakes.add(syn::Error::new(
            both.span,
            "this permission is declared as one that the plugin cannot do without, too; remove one",
        ));
    }
    let mut once: Vec<Listed> = Vec::new();
    for listed in commands {
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
        log,
        identity,
        sdk,
    }
}

/// What can stand in `#[plugin(…)]` at a struct.
#[derive(Clone, Copy)]
enum PluginOption {
    Log,
    Word(Word),
    List(List),
}

const PLUGIN_OPTIONS: [PluginOption; 12] = [
    PluginOption::List(List::Commands),
    PluginOption::List(List::Permissions),
    PluginOption::List(List::OptionalPermissions),
    PluginOption::Log,
    PluginOption::Word(Word::Id),
    PluginOption::Word(Word::Name),
    PluginOption::Word(Word::Version),
    PluginOption::Word(Word::Type),
    PluginOption::List(List::Tags),
    PluginOption::List(List::Limits),
    PluginOption::List(List::Emits),
    PluginOption::List(List::Requires),
];

impl PluginOption {
    fn name(self) -> &'static str {
        match self {
            PluginOption::Log => "log",
            PluginOption::Word(Word::Id) => "id",
            PluginOption::Word(Word::Name) => "name",
            PluginOption::Word(Word::Version) => "version",
            PluginOption::Word(Word::Type) => "type",
            PluginOption::List(List::Commands) => "commands",
            PluginOption::List(List::Permissions) => "permissions",
            PluginOption::List(List::OptionalPermissions) => "optional_permissions",
            PluginOption::List(List::Tags) => "tags",
            PluginOption::List(List::Limits) => "limits",
            PluginOption::List(List::Emits) => "emits",
            PluginOption::List(List::Requires) => "requires",
        }
    }

    /// As it is written, for messages.
    fn form(self) -> String {
        let name = self.name();
        match self {
            PluginOption::Log => format!("`{name}`"),
            PluginOption::Word(_) => format!("`{name} = \"…\"`"),
            PluginOption::List(_) => format!("`{name}(…)`"),
        }
    }
}

/// Something that the plugin is called by.
#[derive(Clone, Copy)]
enum Word {
    Id,
    Name,
    Version,
    Type,
}

impl Word {
    fn place(self, identity: &mut Identity) -> &mut Option<String> {
        match self {
            Word::Id => &mut identity.id,
            Word::Name => &mut identity.name,
            Word::Version => &mut identity.version,
            Word::Type => &mut identity.plugin_type,
        }
    }

    fn mistake(self, text: &str) -> Option<String> {
        match self {
            Word::Id => id_mistake(text).map(str::to_owned),
            Word::Name if text.trim().is_empty() => {
                Some("the name is for people: write some words".to_owned())
            }
            Word::Name if text.contains(char::is_control) => {
                Some("a name cannot contain control characters".to_owned())
            }
            Word::Name => None,
            Word::Version => semver::Version::parse(text).err().map(|error| {
                format!("a version has the form `1.2.3`, as semver.org says: {error}")
            }),
            Word::Type => {
                let sound = text.starts_with(|c: char| c.is_ascii_lowercase())
                    && text.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
                    });
                (!sound).then(|| {
                    "a plugin's type is one word of lower-case letters, digits, `_` and `-`, such as `tool` or `llm_backend`".to_owned()
                })
            }
        }
    }
}

/// What is wrong with a plugin's id. `cargo plugin` says the same of ids that it is given.
pub fn id_mistake(id: &str) -> Option<&'static str> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() {
        Some("an id cannot be empty")
    } else if !id.chars().all(sound) {
        Some("an id consists of lower-case letters, digits and hyphens")
    } else if id.starts_with('-') || id.ends_with('-') {
        Some("an id begins and ends with a letter or a digit")
    } else {
        None
    }
}

/// Something of which there may be several.
#[derive(Clone, Copy)]
enum List {
    Commands,
    Permissions,
    OptionalPermissions,
    Tags,
    Limits,
    Emits,
    Requires,
}

impl List {
    fn without_parentheses(self) -> &'static str {
        match self {
            List::Commands => "list the commands in parentheses: `commands(add, text::reverse)`",
            List::Permissions => {
                "list the permissions in parentheses: `permissions(kv = \"why the plugin needs it\")`"
            }
            List::OptionalPermissions => {
                "list the permissions in parentheses: `optional_permissions(kv = \"what the plugin does with it\")`"
            }
            List::Tags => "list the tags in parentheses: `tags(\"audio\", \"filter\")`",
            List::Limits => "list the limits in parentheses: `limits(memory_pages = 32)`",
            List::Emits => {
                "list the topics in parentheses: `emits(\"user.greeted\" = \"when that is\")`"
            }
            List::Requires => "list the hosts in parentheses: `requires(neotalk = \">=0.1.0\")`",
        }
    }
}

/// `"audio", "filter"`
fn tags(input: ParseStream<'_>, mistakes: &mut Mistakes) -> syn::Result<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for literal in input.parse_terminated(<LitStr as syn::parse::Parse>::parse, Token![,])? {
        let tag = literal.value();
        if tag.trim().is_empty() || tag.contains(char::is_control) {
            mistakes.at(
                &literal,
                "a tag is a word or two, by which people find the plugin",
            );
        } else if tags.contains(&tag) {
            mistakes.at(&literal, "this tag is given twice; remove one");
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// `memory_pages = 32, max_fuel = 1_000_000, timeout_ms = 5000`
fn limits(input: ParseStream<'_>, limits: &mut Limits, mistakes: &mut Mistakes) {
    let parser = |meta: &ParseNestedMeta<'_>, mistakes: &mut Mistakes| {
        let (place, most, unit) = if meta.path.is_ident("memory_pages") {
            (&mut limits.memory_pages, 65_536, "pages of 64 KiB")
        } else if meta.path.is_ident("max_fuel") {
            (&mut limits.max_fuel, u64::MAX, "units of fuel")
        } else if meta.path.is_ident("timeout_ms") {
            (&mut limits.timeout_ms, u64::MAX, "milliseconds")
        } else {
            return unknown(
                meta,
                "there is no such limit; the limits are `memory_pages`, `max_fuel` and `timeout_ms`",
                mistakes,
            );
        };
        given_once(meta, place.is_some(), mistakes);
        let literal: Lit = meta.value()?.parse()?;
        let number = match &literal {
            Lit::Int(number) => number.base10_parse::<u64>().ok(),
            _ => None,
        };
        match number {
            Some(number) if (1..=most).contains(&number) => *place = Some(number),
            _ => mistakes.at(
                &literal,
                format!("expected a number of {unit}, 1 to {most}"),
            ),
        }
        Ok(())
    };
    if let Ok(tokens) = input.parse::<TokenStream>() {
        options(tokens, mistakes, parser);
    }
}

/// What a list of names with texts is about, for messages.
struct Named {
    /// One of them as it is written.
    example: &'static str,
    /// What is wrong with a name.
    name_mistake: fn(&str) -> Option<&'static str>,
    /// Where a name with dots or dashes stands without quotes.
    unquoted: &'static str,
    twice: &'static str,
    /// Where there is no text.
    unexplained: &'static str,
    not_literal: &'static str,
    /// What is wrong with a text.
    text_mistake: fn(&str) -> Option<String>,
}

fn dotted(name: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    name.split('.').all(sound)
}

const PERMISSIONS: Named = Named {
    example: "kv = \"why the plugin needs it\"",
    name_mistake: |name| {
        (!dotted(name)).then_some("a permission's name consists of letters, digits, `_` and `-`, in parts with dots between them")
    },
    unquoted: "a permission's name with dots or dashes stands in quotes: `\"host.network\" = \"…\"`",
    twice: "this permission is declared twice; remove one",
    unexplained: "say why the plugin needs this, for whoever grants it: `= \"…\"`",
    not_literal: "the reason is read from the module without running it: write a string literal",
    text_mistake: |reason| {
        let empty = reason.trim().is_empty();
        empty.then(|| "say why the plugin needs this, for whoever grants it".to_owned())
    },
};

const EMITS: Named = Named {
    example: "\"user.greeted\" = \"when somebody was greeted\"",
    name_mistake: |topic| match pattern_mistake(topic) {
        None if topic.contains('*') => {
            Some("what a plugin emits has one topic: write it out, without `*`")
        }
        mistake => mistake,
    },
    unquoted: "a topic with dots stands in quotes: `\"user.greeted\" = \"…\"`",
    twice: "this topic is declared twice; remove one",
    unexplained: "say when the plugin emits this, for whoever listens: `= \"…\"`",
    not_literal: "this is read from the module without running it: write a string literal",
    text_mistake: |text| {
        let empty = text.trim().is_empty();
        empty.then(|| "say when the plugin emits this, for whoever listens".to_owned())
    },
};

const REQUIRES: Named = Named {
    example: "neotalk = \">=0.1.0\"",
    name_mistake: |name| {
        (!dotted(name)).then_some("a host's name consists of letters, digits, `_` and `-`, in parts with dots between them")
    },
    unquoted: "a host's name with dots or dashes stands in quotes: `\"edge-ai\" = \">=0.1.0\"`",
    twice: "this host is named twice; write one requirement, such as `\">=0.2, <0.4\"`",
    unexplained: "say which versions of this host will do: `= \">=0.1.0\"`",
    not_literal: "this is read from the module without running it: write a string literal",
    text_mistake: |text| {
        semver::VersionReq::parse(text)
            .err()
            .map(|error| format!("this is no requirement of versions, such as `>=0.1.0`: {error}"))
    },
};

/// The codes of a command's errors.
const ERRORS: Named = Named {
    example: "name_empty = \"there is nobody to greet\"",
    name_mistake: |code| {
        (!dotted(code)).then_some(
            "a code consists of letters, digits, `_` and `-`, in parts with dots between them",
        )
    },
    unquoted: "a code with dots or dashes stands in quotes: `\"greeter.name\" = \"…\"`",
    twice: "this code is given twice; remove one",
    unexplained: "say when the command fails so: `= \"…\"`",
    not_literal: "this is read from the module without running it: write a string literal",
    text_mistake: |text| {
        let empty = text.trim().is_empty();
        empty.then(|| "say when the command fails so".to_owned())
    },
};

/// `kv = "…", "cis.network" = "…"`. A mistake in one is none in those after it.
fn named_texts(input: ParseStream<'_>, named: &Named, mistakes: &mut Mistakes) -> Vec<NamedText> {
    let mut texts: Vec<NamedText> = Vec::new();
    while !input.is_empty() {
        match named_text(input, named, mistakes) {
            Ok(None) => {}
            Ok(Some(text)) => {
                if texts.iter().any(|earlier| earlier.name == text.name) {
                    mistakes.add(syn::Error::new(text.span, named.twice));
                }
                texts.push(text);
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
                return texts;
            }
        }
    }
    texts
}

/// One of them, up to the comma; `None` after mistakes that leave nothing of it.
fn named_text(
    input: ParseStream<'_>,
    named: &Named,
    mistakes: &mut Mistakes,
) -> syn::Result<Option<NamedText>> {
    let (name, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let name = literal.value();
        if let Some(mistake) = (named.name_mistake)(&name) {
            mistakes.at(&literal, mistake);
        }
        (name, literal.span())
    } else if input.peek(syn::Ident::peek_any) {
        let ident = input.call(syn::Ident::parse_any)?;
        if input.peek(Token![.]) || input.peek(Token![-]) || input.peek(Token![:]) {
            return Err(syn::Error::new(ident.span(), named.unquoted));
        }
        (plain_name(&ident), ident.span())
    } else {
        let message = format!("expected a name and a text: `{}`", named.example);
        return Err(input.error(message));
    };
    if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(span, named.unexplained));
    }
    let text: Expr = input.parse()?;
    let Some(literal) = string(&text) else {
        mistakes.at(text, named.not_literal);
        return Ok(None);
    };
    let text = literal.value();
    if let Some(mistake) = (named.text_mistake)(&text) {
        mistakes.at(literal, mistake);
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        mistakes.add(input.error("expected `,`"));
    }
    Ok(Some(NamedText { name, text, span }))
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

/// `#[command(raw, codec = "…", batch, rename = "…", errors(…), schema = T)]`
pub struct CommandOptions {
    pub codec: Codec,
    pub batch: bool,
    pub rename: Option<LitStr>,
    pub errors: Vec<NamedText>,
    /// What the result is described as.
    pub schema: Option<Type>,
    /// Where the SDK is, and where the option that says so stands.
    pub sdk: (SdkPath, Option<Span>),
}

pub fn command(arguments: TokenStream, mistakes: &mut Mistakes) -> CommandOptions {
    let (mut raw, mut codec, mut rename) = (None::<Span>, None::<LitStr>, None);
    let mut batch = false;
    let mut errors: Option<Vec<NamedText>> = None;
    let mut schema = None;
    let (mut sdk, mut sdk_span) = (SdkPath::default(), None);
    options(arguments, mistakes, |meta, mistakes| {
        if sdk.read(meta, mistakes)? {
            sdk_span = Some(meta.path.span());
        } else if meta.path.is_ident("raw") {
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
        } else if meta.path.is_ident("errors") {
            given_once(meta, errors.is_some(), mistakes);
            if !meta.input.peek(Paren) {
                let message = format!(
                    "list the codes in parentheses: `errors({})`",
                    ERRORS.example
                );
                return unknown(meta, &message, mistakes);
            }
            let content;
            syn::parenthesized!(content in meta.input);
            errors = Some(named_texts(&content, &ERRORS, mistakes));
        } else if meta.path.is_ident("schema") {
            given_once(meta, schema.is_some(), mistakes);
            schema = Some((meta.path.span(), meta.value()?.parse::<Type>()?));
        } else {
            return unknown(
                meta,
                "there is no such option in #[command]; the options are `raw`, `codec = \"…\"`, `batch`, `rename = \"…\"`, `errors(…)`, `schema = …` and `crate = \"…\"`",
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
    if let (Codec::Raw, Some((option, _))) = (codec, &schema) {
        mistakes.add(syn::Error::new(
            *option,
            "the result of a raw command is bytes, which have no schema; remove this or `raw`",
        ));
    }
    CommandOptions {
        codec,
        batch,
        rename,
        errors: errors.unwrap_or_default(),
        schema: schema.map(|(_, schema)| schema),
        sdk: (sdk, sdk_span),
    }
}

/// `#[arg(default, default = …, rename = "…", flatten, schema = T, minimum = 1, example = 2, …)]`
pub struct ArgumentOptions {
    /// Where `#[arg]` stands, if it does.
    pub attribute: Option<Span>,
    pub default: Default,
    pub rename: Option<LitStr>,
    pub flatten: Option<Span>,
    /// What it is described as.
    pub schema: Option<Type>,
    /// What is said about its values.
    pub annotations: Annotations,
}

/// Takes the `#[arg]` attributes off an argument and reads them.
pub fn argument(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> ArgumentOptions {
    let mut read = ArgumentOptions {
        attribute: None,
        default: Default::None,
        rename: None,
        flatten: None,
        schema: None,
        annotations: Annotations::default(),
    };
    let mut annotations = AnnotationsReader::default();
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
            } else if meta.path.is_ident("schema") {
                given_once(meta, read.schema.is_some(), mistakes);
                read.schema = Some(meta.value()?.parse()?);
            } else {
                let key = meta.path.get_ident().map(ToString::to_string);
                let key = key.unwrap_or_default();
                if !annotations.read(meta, &key, Place::Argument, mistakes)? {
                    return options::unknown(meta, Place::Argument, mistakes);
                }
            }
            Ok(())
        });
    }
    read.annotations = annotations.finish();
    read
}

/// The name of an identifier as hosts see it: `type` for `r#type`.
pub fn plain_name(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}
