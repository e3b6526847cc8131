//! `#[plugin(commands(…), permissions(…), log, id = "…", …)]`

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Attribute, Lit, LitStr, Path, Token};

use super::named::{EMITS, Named, PERMISSIONS, REQUIRES, named_texts};
use super::values::{Identity, Limits, Listed, NamedText};
use super::version;
use crate::mistakes::Mistakes;
use crate::options::{self, Entry};
use crate::sdk_path::SdkPath;
use crate::syntax::{repeated, same};

#[derive(Default)]
pub struct PluginOptions {
    /// The free commands.
    pub commands: Vec<Listed>,
    /// The plugin writes log lines.
    pub log: bool,
    /// The place of the option by which the plugin saves its state.
    pub state: Option<Span>,
    pub identity: Identity,
    pub sdk: SdkPath,
}

/// Reads `#[plugin(crate = "…")]` at an impl block.
pub fn of_impl(arguments: TokenStream, mistakes: &mut Mistakes) -> SdkPath {
    let mut sdk = SdkPath::default();
    options::read(arguments, mistakes, |option| match sdk.read(option)? {
        true => Ok(()),
        false => option
            .unknown("the plugin's options belong on its struct: move this to the #[plugin] there"),
    });
    sdk
}

/// Reads `#[plugin(…)]` at a struct.
pub fn of_struct(arguments: TokenStream, mistakes: &mut Mistakes) -> PluginOptions {
    let mut read = PluginOptions::default();
    let mut given: Vec<String> = Vec::new();
    options::read(arguments, mistakes, |option| {
        if read.sdk.read(option)? {
            return Ok(());
        }
        let key = option.key();
        let Some((_, example)) = OPTIONS.iter().find(|(name, _)| *name == key) else {
            let options = OPTIONS.map(|(name, example)| match example {
                "" => format!("`{name}`"),
                _ if example.contains('(') => format!("`{name}(…)`"),
                _ => format!("`{name} = \"…\"`"),
            });
            return option.unknown(format!(
                "unknown option in #[plugin]: the options are {} and `crate = \"…\"`",
                options.join(", ")
            ));
        };
        option.once(given.contains(&key));
        given.push(key.clone());
        if example.contains('(') && !option.has_parentheses() {
            return option.unknown(format!("write a list in parentheses: `{example}`"));
        }
        let identity = &mut read.identity;
        match key.as_str() {
            "log" => {
                read.log = true;
                if option.meta.input.is_empty() || option.meta.input.peek(Token![,]) {
                    return Ok(());
                }
                return option.unknown("write `log` alone: the host chooses the level");
            }
            "state" => {
                read.state = Some(option.span());
                let literal: LitStr = option.meta.value()?.parse()?;
                read.state = Some(literal.span());
                if literal.value() != "json" {
                    let message = "a plugin's state is saved as JSON: write `state = \"json\"`";
                    option.mistakes.at(&literal, message);
                }
            }
            "id" => identity.id = Some(word(option, id_mistake)?),
            "name" => identity.name = Some(word(option, name_mistake)?),
            "version" => identity.version = Some(word(option, version_mistake)?),
            "type" => identity.plugin_type = Some(word(option, type_mistake)?),
            "commands" => {
                let commands = option.list()?.parse_terminated(listed, Token![,])?;
                read.commands.extend(commands);
            }
            "permissions" => identity.permissions = texts(option, &PERMISSIONS)?,
            "optional_permissions" => identity.optional_permissions = texts(option, &PERMISSIONS)?,
            "tags" => identity.tags = tags(&option.list()?, option.mistakes)?,
            "emits" => identity.emits = texts(option, &EMITS)?,
            "requires" => identity.requires = texts(option, &REQUIRES)?,
            _ => {
                let limits = option.list()?.parse()?;
                options::read(limits, option.mistakes, |option| {
                    limit(option, &mut identity.limits)
                });
            }
        }
        Ok(())
    });
    let identity = &read.identity;
    let both = identity.optional_permissions.iter().find(|optional| {
        let mut permissions = identity.permissions.iter();
        permissions.any(|permission| permission.name == optional.name)
    });
    if let Some(both) = both {
        mistakes.at(
            both.span,
            "this permission is also in `permissions(…)`, so it is not optional: remove one",
        );
    }
    for listed in repeated(&read.commands, |earlier, listed| {
        // Under `cfg`, only one of them may exist.
        earlier.cfgs.is_empty() && listed.cfgs.is_empty() && same(&earlier.path, &listed.path)
    }) {
        mistakes.at(&listed.path, "this command is listed twice: remove one");
    }
    read
}

/// The options of `#[plugin]` at a struct, each with an example of its value.
const OPTIONS: [(&str, &str); 13] = [
    ("commands", "commands(add, text::reverse)"),
    (
        "permissions",
        "permissions(kv = \"why the plugin needs it\")",
    ),
    (
        "optional_permissions",
        "optional_permissions(kv = \"what the plugin does with it\")",
    ),
    ("log", ""),
    ("state", "\"json\""),
    ("id", "\"my-plugin\""),
    ("name", "\"My plugin\""),
    ("version", "\"1.2.3\""),
    ("type", "\"tool\""),
    ("tags", "tags(\"audio\", \"filter\")"),
    ("limits", "limits(memory_pages = 32)"),
    (
        "emits",
        "emits(\"user.greeted\" = \"when a user was greeted\")",
    ),
    ("requires", "requires(neotalk = \">=0.1.0\")"),
];

fn word(option: &mut Entry<'_>, mistake: fn(&str) -> Option<String>) -> syn::Result<String> {
    let literal: LitStr = option.meta.value()?.parse()?;
    let text = literal.value();
    if let Some(mistake) = mistake(&text) {
        option.mistakes.at(&literal, mistake);
    }
    Ok(text)
}

fn name_mistake(text: &str) -> Option<String> {
    let message = if text.trim().is_empty() {
        "the name is for people: write at least one word"
    } else if text.contains(char::is_control) {
        "a name cannot contain control characters"
    } else {
        return None;
    };
    Some(message.to_owned())
}

fn version_mistake(text: &str) -> Option<String> {
    let mistake = version::version_mistake(text)?;
    Some(format!("expected a version such as `1.2.3`: {mistake}"))
}

fn type_mistake(text: &str) -> Option<String> {
    let is_sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let sound = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_sound);
    (!sound).then(|| {
        "a plugin's type is one word of lower-case letters, digits, `_` and `-`, such as `tool` or `llm_backend`".to_owned()
    })
}

/// Returns what is wrong with a plugin's id, if anything.
pub fn id_mistake(id: &str) -> Option<String> {
    let is_sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let message = if id.is_empty() {
        "an id cannot be empty"
    } else if !id.chars().all(is_sound) {
        "an id consists of lower-case letters, digits and hyphens"
    } else if id.starts_with('-') || id.ends_with('-') {
        "an id begins and ends with a letter or a digit"
    } else {
        return None;
    };
    Some(message.to_owned())
}

/// Reads `add`, `text::reverse` or `#[cfg(…)] add`.
fn listed(input: ParseStream<'_>) -> syn::Result<Listed> {
    let cfgs = input.call(Attribute::parse_outer)?;
    for attribute in &cfgs {
        if !attribute.path().is_ident("cfg") {
            return Err(syn::Error::new_spanned(
                attribute,
                "only `cfg` can precede a listed command: put this on the function",
            ));
        }
    }
    Ok(Listed {
        cfgs,
        path: input.call(Path::parse_mod_style)?,
    })
}

fn texts(option: &mut Entry<'_>, list: &Named) -> syn::Result<Vec<NamedText>> {
    Ok(named_texts(&option.list()?, list, option.mistakes))
}

/// Reads `"audio", "filter"`.
fn tags(input: &ParseBuffer<'_>, mistakes: &mut Mistakes) -> syn::Result<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for literal in input.parse_terminated(<LitStr as Parse>::parse, Token![,])? {
        let tag = literal.value();
        if tag.trim().is_empty() || tag.contains(char::is_control) {
            mistakes.at(
                &literal,
                "a tag helps people find the plugin: write a word or two, without control characters",
            );
        } else if tags.contains(&tag) {
            mistakes.at(&literal, "this tag is given twice: remove one");
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// Reads one of `memory_pages = 32, max_fuel = 1_000_000, timeout_ms = 5000`.
fn limit(option: &mut Entry<'_>, limits: &mut Limits) -> syn::Result<()> {
    let (slot, max, unit) = match option.key().as_str() {
        "memory_pages" => (&mut limits.memory_pages, 65_536, "pages of 64 KiB"),
        "max_fuel" => (&mut limits.max_fuel, u64::MAX, "units of fuel"),
        "timeout_ms" => (&mut limits.timeout_ms, u64::MAX, "milliseconds"),
        _ => {
            return option.unknown(
                "unknown limit: the limits are `memory_pages`, `max_fuel` and `timeout_ms`",
            );
        }
    };
    option.once(slot.is_some());
    let literal: Lit = option.meta.value()?.parse()?;
    let number = match &literal {
        Lit::Int(number) => number.base10_parse::<u64>().ok(),
        _ => None,
    };
    match number {
        Some(number) if (1..=max).contains(&number) => *slot = Some(number),
        _ => option.mistakes.at(
            &literal,
            format!("expected a number of {unit} from 1 to {max}"),
        ),
    }
    Ok(())
}
