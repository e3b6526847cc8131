//! Lists of names with texts about them, such as `kv = "…", "host.network" = "…"`.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, LitStr, Token};

use super::values::NamedText;
use super::version::requirement_mistake;
use crate::grammar::pattern_mistake;
use crate::mistakes::Mistakes;
use crate::syntax::{plain_name, string};

/// A kind of list, with the parts of its messages.
pub struct Named {
    /// One entry, as authors write it.
    pub example: &'static str,
    /// An entry whose name needs quotes.
    quoted: &'static str,
    /// A name of this list, with its article.
    name: &'static str,
    name_mistake: fn(&Named, &str) -> Option<String>,
    /// The advice for an entry without a text.
    explain: &'static str,
    text_mistake: fn(&Named, &str) -> Option<String>,
}

pub const PERMISSIONS: Named = Named {
    example: "kv = \"why the plugin needs it\"",
    quoted: "\"host.network\" = \"…\"",
    name: "the name of a permission",
    name_mistake: dotted,
    explain: "write why the plugin needs this, for the user who grants it",
    text_mistake: empty,
};

pub const EMITS: Named = Named {
    example: "\"user.greeted\" = \"when a user was greeted\"",
    quoted: "\"user.greeted\" = \"…\"",
    name: "a topic",
    name_mistake: topic,
    explain: "write when the plugin emits this, for plugins and hosts that listen",
    text_mistake: empty,
};

pub const REQUIRES: Named = Named {
    example: "neotalk = \">=0.1.0\"",
    quoted: "\"edge-ai\" = \">=0.1.0\"",
    name: "the name of a host",
    name_mistake: dotted,
    explain: "write the versions of this host that the plugin works with",
    text_mistake: |_, text| {
        let mistake = requirement_mistake(text)?;
        Some(format!(
            "expected a version requirement such as `>=0.1.0`: {mistake}"
        ))
    },
};

/// The error codes of commands.
pub const ERRORS: Named = Named {
    example: "name_empty = \"the name is empty\"",
    quoted: "\"greeter.name\" = \"…\"",
    name: "an error code",
    name_mistake: dotted,
    explain: "write when the command fails with this code",
    text_mistake: empty,
};

fn dotted(list: &Named, name: &str) -> Option<String> {
    let is_sound = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut parts = name.split('.');
    let sound = parts.all(|part| !part.is_empty() && part.chars().all(is_sound));
    (!sound).then(|| {
        let name = list.name;
        format!("{name} consists of letters, digits, `_` and `-`, in parts with dots between them")
    })
}

fn topic(_: &Named, topic: &str) -> Option<String> {
    match topic_mistake(topic) {
        None if topic.contains('*') => {
            Some("a plugin emits one topic at a time: write it out, without `*`".to_owned())
        }
        mistake => mistake.map(str::to_owned),
    }
}

/// Returns what is wrong with a topic or a pattern of topics, if anything.
pub fn topic_mistake(pattern: &str) -> Option<&'static str> {
    if pattern.is_empty() {
        Some("a pattern cannot be empty: write #[event] alone to take all topics")
    } else if pattern.contains(char::is_control) {
        Some("a topic cannot contain control characters")
    } else {
        pattern_mistake(pattern)
    }
}

fn empty(list: &Named, text: &str) -> Option<String> {
    text.trim().is_empty().then(|| list.explain.to_owned())
}

/// Reads a list. A mistake in one entry does not affect the next.
pub fn named_texts(
    input: ParseStream<'_>,
    list: &Named,
    mistakes: &mut Mistakes,
) -> Vec<NamedText> {
    let mut texts: Vec<NamedText> = Vec::new();
    while !input.is_empty() {
        match named_text(input, list, mistakes) {
            Ok(None) => {}
            Ok(Some(text)) => {
                if texts.iter().any(|earlier| earlier.name == text.name) {
                    mistakes.at(text.span, "this name is listed twice: remove one");
                }
                texts.push(text);
            }
            Err(error) => mistakes.add(error),
        }
        // Skips the rest of an entry that could not be read.
        while !input.is_empty() && !input.peek(Token![,]) {
            if input.parse::<TokenTree>().is_err() {
                return texts;
            }
        }
        let _ = input.parse::<Option<Token![,]>>();
    }
    texts
}

/// Reads one entry, up to the comma; `None` after a mistake that leaves no text.
fn named_text(
    input: ParseStream<'_>,
    list: &Named,
    mistakes: &mut Mistakes,
) -> syn::Result<Option<NamedText>> {
    let (name, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let name = literal.value();
        if let Some(mistake) = (list.name_mistake)(list, &name) {
            mistakes.at(&literal, mistake);
        }
        (name, literal.span())
    } else if input.peek(syn::Ident::peek_any) {
        let ident = input.call(syn::Ident::parse_any)?;
        if input.peek(Token![.]) || input.peek(Token![-]) || input.peek(Token![:]) {
            let (name, quoted) = (list.name, list.quoted);
            let message = format!("{name} with dots or dashes needs quotes, as in `{quoted}`");
            return Err(syn::Error::new(ident.span(), message));
        }
        (plain_name(&ident), ident.span())
    } else {
        let message = format!("expected a name and a text: `{}`", list.example);
        return Err(input.error(message));
    };
    if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
        let message = format!("{}: `{}`", list.explain, list.example);
        return Err(syn::Error::new(span, message));
    }
    let text: Expr = input.parse()?;
    let Some(literal) = string(&text) else {
        let message = "expected a string literal: tools read this without running the module";
        mistakes.at(&text, message);
        return Ok(None);
    };
    let text = literal.value();
    if let Some(mistake) = (list.text_mistake)(list, &text) {
        mistakes.at(literal, mistake);
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        mistakes.add(input.error("expected `,`"));
    }
    Ok(Some(NamedText { name, text, span }))
}
