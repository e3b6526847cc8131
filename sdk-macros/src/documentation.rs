//! What doc comments say, as rustdoc shows it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit};

use crate::json;

/// A text about an item of the author's.
pub enum Description {
    Text(String),
    /// An expression that only the compiler knows the text of.
    Expression(TokenStream),
}

/// One doc comment or `#[doc = …]`.
enum Fragment {
    Comment(String),
    Literal(String),
    Expression(TokenStream),
}

impl Description {
    /// Returns what the doc comments of an item say, without the marks and the indentation that are not meant.
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

    /// The call that gives it to annotations.
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

/// As an expression of type `&'static str`.
impl ToTokens for Description {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Description::Text(text) => text.to_tokens(tokens),
            Description::Expression(text) => text.to_tokens(tokens),
        }
    }
}

fn fragment(value: &Expr) -> Fragment {
    let Some(text) = literal(value) else {
        return Fragment::Expression(value.to_token_stream());
    };
    // The compiler makes attributes of comments. Only the source tells which was written.
    match value.span().source_text() {
        Some(source) if source.starts_with("//") => Fragment::Comment(text),
        Some(source) if !source.starts_with('/') => Fragment::Literal(text),
        _ => Fragment::Comment(without_stars(&text)),
    }
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Group(group) => literal(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Some(literal.value()),
        _ => None,
    }
}

/// Takes off the stars that a block comment's lines begin with, and lines of nothing else at its ends.
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
                // No mark, but emphasis.
                Some(_) => *line = rest,
                None => {}
            }
        }
    }
    lines.join("\n")
}

/// Where each line has a star after nothing but blanks, blank lines at the ends apart; the first line counts if it begins so.
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

/// How much of each line is indentation that all lines have. A comment's lines have a space that attributes beside it have not.
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

/// How many blanks each line begins with that has anything else.
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

/// Leaves out of examples in Rust the lines that rustdoc compiles and does not show.
fn without_hidden_lines(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // The fence of the block, and whether it is in Rust.
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

/// Whether a block of code with such an info string is in Rust.
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
            Some(Description::Expression(_)) => panic!("literals are a text"),
            None => String::new(),
        }
    }

    #[test]
    fn a_doc_comment_is_one_text_without_its_indentation() {
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
    fn lines_that_only_the_compiler_knows_are_left_to_it() {
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
    fn the_stars_of_a_block_comment_are_no_text() {
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
    fn lines_that_rustdoc_hides_are_left_out() {
        let shown = "A.\n\n```\nlet a = 1;\n#[b]\n# c\n```\n\n```text\n# d\n```\n# E";
        let all = "A.\n\n```\n# use a;\nlet a = 1;\n#\n#[b]\n## c\n```\n\n```text\n# d\n```\n# E";
        assert_eq!(without_hidden_lines(all), shown);
    }
}
