//! The text of doc comments, as rustdoc shows it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitStr};

use crate::json;
use crate::syntax::string;

/// The author's description of an item.
pub enum Description {
    Text(String),
    /// An expression whose text only the compiler knows.
    Expression(TokenStream),
}

/// One doc comment or `#[doc = …]`.
enum Fragment {
    Comment(String),
    Literal(String),
    Expression(TokenStream),
}

impl Description {
    /// Returns the text of an item's doc comments, without comment marks and common indentation.
    pub fn of(attributes: &[Attribute]) -> Option<Self> {
        let fragments = attributes.iter().filter_map(|attribute| {
            let meta = attribute.meta.require_name_value().ok()?;
            meta.path.is_ident("doc").then(|| fragment(&meta.value))
        });
        let fragments: Vec<Fragment> = fragments.collect();
        let indents = indents(&fragments);
        let mut text = String::new();
        let mut expressions: Vec<TokenStream> = Vec::new();
        for (nth, (fragment, indent)) in fragments.iter().zip(indents).enumerate() {
            if nth > 0 {
                text.push('\n');
            }
            match fragment {
                Fragment::Comment(of) | Fragment::Literal(of) => {
                    text.push_str(&unindented(of, indent));
                }
                Fragment::Expression(expression) => {
                    let before = std::mem::take(&mut text);
                    expressions.push(quote!(#before));
                    expressions.push(expression.clone());
                }
            }
        }
        if expressions.is_empty() {
            let text = without_hidden_lines(text.trim());
            return (!text.is_empty()).then_some(Description::Text(text));
        }
        expressions.push(quote!(#text));
        Some(Description::Expression(quote! {
            <::core::primitive::str>::trim_ascii(::core::concat!(#(#expressions),*))
        }))
    }

    /// Returns the call that adds it to annotations.
    pub fn annotation(&self) -> TokenStream {
        match self {
            Description::Text(text) => {
                let text = json::string(text);
                quote!(.described(#text))
            }
            Description::Expression(text) => quote!(.described_raw(#text)),
        }
    }
}

/// Returns a description as an expression; without one, the empty string.
pub fn text(description: Option<&Description>) -> TokenStream {
    match description {
        Some(description) => description.to_token_stream(),
        None => quote!(""),
    }
}

/// An expression of type `&'static str`.
impl ToTokens for Description {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Description::Text(text) => text.to_tokens(tokens),
            Description::Expression(text) => text.to_tokens(tokens),
        }
    }
}

fn fragment(value: &Expr) -> Fragment {
    let Some(text) = string(value).map(LitStr::value) else {
        return Fragment::Expression(value.to_token_stream());
    };
    // The compiler turns comments into attributes. Only the source shows which one it was.
    match value.span().source_text() {
        Some(source) if source.starts_with("//") => Fragment::Comment(text),
        Some(source) if !source.starts_with('/') => Fragment::Literal(text),
        _ => Fragment::Comment(without_stars(&text)),
    }
}

/// Removes the stars at the start of a block comment's lines, and lines of stars at its ends.
fn without_stars(comment: &str) -> String {
    let mut lines: Vec<&str> = comment.lines().collect();
    if lines.len() < 2 {
        return comment.to_owned();
    }
    let only_stars = |line: &&str| line.chars().all(|c| c == '*');
    if lines.first().is_some_and(only_stars) {
        lines.remove(0);
    }
    if lines
        .last()
        .is_some_and(|line| !line.is_empty() && only_stars(line))
    {
        lines.pop();
    }
    if let Some(column) = column_of_stars(&lines) {
        for line in &mut lines {
            let rest = line.get(column..).unwrap_or_default();
            match rest.strip_prefix('*') {
                Some(text) if text.is_empty() || text.starts_with([' ', '\t', '*']) => {
                    *line = text;
                }
                // The star is emphasis, not a comment mark.
                Some(_) => *line = rest,
                None => {}
            }
        }
    }
    lines.join("\n")
}

/// Returns the column of the star that begins every line, if it is the same in all. Blank lines at
/// the ends do not count, nor does a first line without a star.
fn column_of_stars(lines: &[&str]) -> Option<usize> {
    let starts_with_star = |line: &&str| line.trim_start().starts_with('*');
    let skipped = usize::from(!lines.first().is_some_and(starts_with_star));
    let is_blank = |line: &str| line.trim().is_empty();
    let mut lines = lines.get(skipped..)?;
    while let [first, rest @ ..] = lines
        && is_blank(first)
    {
        lines = rest;
    }
    while let [rest @ .., last] = lines
        && is_blank(last)
    {
        lines = rest;
    }
    let mut columns = lines.iter().map(|line| {
        let column = line.find(|c| c != ' ' && c != '\t')?;
        starts_with_star(line).then_some(column)
    });
    let column = columns.next()??;
    columns.all(|other| other == Some(column)).then_some(column)
}

/// Returns the indentation to remove from each fragment. If comments and attributes are mixed, the
/// comments have one more space.
fn indents(fragments: &[Fragment]) -> Vec<usize> {
    let is_comment = |fragment: &Fragment| matches!(fragment, Fragment::Comment(_));
    let is_mixed = fragments.iter().any(is_comment) && !fragments.iter().all(is_comment);
    let more = usize::from(is_mixed);
    let least = fragments.iter().filter_map(|fragment| match fragment {
        Fragment::Comment(text) => indent(text),
        Fragment::Literal(text) => Some(indent(text)? + more),
        Fragment::Expression(_) => Some(more),
    });
    let least = least.min().unwrap_or(0);
    let of = |fragment: &Fragment| match is_comment(fragment) {
        true => least,
        false => least.saturating_sub(more),
    };
    fragments.iter().map(of).collect()
}

/// Returns the number of blanks at the start of every line that is not blank.
fn indent(text: &str) -> Option<usize> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let blanks = |line: &str| line.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    lines.map(blanks).min()
}

fn unindented(text: &str, indent: usize) -> String {
    let lines = text.lines().map(|line| match line.trim().is_empty() {
        true => "",
        false => line.get(indent..).unwrap_or_default(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Removes the lines of Rust examples that rustdoc hides.
fn without_hidden_lines(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // The fence of the current block, and whether the block is Rust.
    let mut block: Option<(String, bool)> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let marks = ['`', '~'].map(|mark| trimmed.chars().take_while(|c| *c == mark).count());
        let fence: String = trimmed
            .chars()
            .take(marks.into_iter().max().unwrap_or(0))
            .collect();
        let info = trimmed.get(fence.len()..).unwrap_or_default().trim();
        match &block {
            None if fence.len() >= 3 => block = Some((fence, is_rust(info))),
            Some((opened, _))
                if info.is_empty() && !fence.is_empty() && fence.starts_with(opened) =>
            {
                block = None;
            }
            Some((_, true)) if trimmed == "#" || trimmed.starts_with("# ") => continue,
            Some((_, true)) if trimmed.starts_with("##") => {
                lines.push(line.replacen("##", "#", 1));
                continue;
            }
            _ => {}
        }
        lines.push(line.to_owned());
    }
    lines.join("\n")
}

/// Returns whether a code block with this info string is Rust.
fn is_rust(info: &str) -> bool {
    let mut words = info.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    words.all(|word| {
        matches!(
            word,
            "rust"
                | "should_panic"
                | "no_run"
                | "compile_fail"
                | "test_harness"
                | "standalone_crate"
        ) || word.starts_with("ignore")
            || word.starts_with("edition")
            || (word.starts_with('E') && word.len() == 5)
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn text(comment: &[Attribute]) -> String {
        match Description::of(comment) {
            Some(Description::Text(text)) => text,
            Some(Description::Expression(_)) => panic!("expected a text"),
            None => String::new(),
        }
    }

    #[test]
    fn doc_comments_lose_their_common_indentation() {
        let comment: [Attribute; 4] = [
            parse_quote!(#[doc = " One."]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = "   two"]),
            parse_quote!(#[doc = " "]),
        ];
        assert_eq!(text(&comment), "One.\n\n  two");
        assert!(Description::of(&[parse_quote!(#[doc = " "])]).is_none());
    }

    #[test]
    fn an_included_file_becomes_an_expression() {
        let comment: [Attribute; 2] = [
            parse_quote!(#[doc = " One."]),
            parse_quote!(#[doc = include_str!("a.md")]),
        ];
        let description = Description::of(&comment).map(ToTokens::into_token_stream);
        let expected = quote! {
            <::core::primitive::str>::trim_ascii(::core::concat!("One.\n", include_str!("a.md"), ""))
        };
        assert_eq!(
            description.map(|tokens| tokens.to_string()),
            Some(expected.to_string())
        );
    }

    #[test]
    fn block_comments_lose_their_stars() {
        for (comment, expected) in [
            ("\n * One.\n *\n *   two\n ", "One.\n\n  two"),
            ("\n     * One.\n     *two*\n     ", "One.\n*two*"),
            (" One.\n * two\n ", "One.\ntwo"),
            ("\n\t * One.\n\t * two\n\t ", "One.\ntwo"),
            ("*****\n * One.\n****", "One."),
            ("\n    One.\n\n      two\n    ", "One.\n\n  two"),
            ("\n * a\n   b\n ", "* a\n  b"),
            (" One. ", "One."),
            ("\r\n * One.\r\n * two\r\n ", "One.\ntwo"),
        ] {
            let stripped = without_stars(comment);
            let indent = indent(&stripped).unwrap_or(0);
            assert_eq!(
                unindented(&stripped, indent).trim(),
                expected,
                "{comment:?}"
            );
        }
    }

    #[test]
    fn hidden_lines_of_examples_are_removed() {
        let shown = "A.\n\n```\nlet a = 1;\n#[b]\n# c\n```\n\n```text\n# d\n```\n# E";
        let all = "A.\n\n```\n# use a;\nlet a = 1;\n#\n#[b]\n## c\n```\n\n```text\n# d\n```\n# E";
        assert_eq!(without_hidden_lines(all), shown);
    }
}
