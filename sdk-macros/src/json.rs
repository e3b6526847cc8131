//! JSON text, from strings and from values in the author's code.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Lit;
use syn::parse::{ParseStream, Parser};

/// Returns a JSON string.
pub fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                json.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

const EXPECTED: &str = "expected a JSON value: a string, a number, `true`, `false`, `null`, `[…]` or `{ \"name\": … }`";

/// Reads a value that is written as in JSON.
pub fn value(input: ParseStream<'_>) -> syn::Result<String> {
    let negative = input.parse::<Option<syn::Token![-]>>()?;
    let token: TokenTree = input.parse().map_err(|_| input.error(EXPECTED))?;
    match token {
        TokenTree::Literal(literal) => {
            let span = literal.span();
            match (negative, Lit::new(literal)) {
                (None, Lit::Str(text)) => Ok(string(&text.value())),
                (None, Lit::Char(character)) => Ok(string(&character.value().to_string())),
                (negative, literal) => {
                    let number = number(&literal).ok_or_else(|| syn::Error::new(span, EXPECTED))?;
                    Ok(match negative {
                        Some(_) => format!("-{number}"),
                        None => number,
                    })
                }
            }
        }
        token if negative.is_some() => Err(syn::Error::new(token.span(), EXPECTED)),
        TokenTree::Ident(ident) if ident == "true" || ident == "false" || ident == "null" => {
            Ok(ident.to_string())
        }
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::None => value.parse2(group.stream()),
            Delimiter::Bracket => list(group.stream(), '[', value, ']'),
            Delimiter::Brace => list(group.stream(), '{', member, '}'),
            Delimiter::Parenthesis => Err(syn::Error::new(group.span(), EXPECTED)),
        },
        token => Err(syn::Error::new(token.span(), EXPECTED)),
    }
}

/// Reads `"name": value`.
fn member(input: ParseStream<'_>) -> syn::Result<String> {
    let name: syn::LitStr = input
        .parse()
        .map_err(|error| syn::Error::new(error.span(), "expected a member: `\"name\": value`"))?;
    input.parse::<syn::Token![:]>()?;
    Ok(format!("{}:{}", string(&name.value()), value(input)?))
}

fn list(
    tokens: TokenStream,
    open: char,
    element: fn(ParseStream<'_>) -> syn::Result<String>,
    close: char,
) -> syn::Result<String> {
    Ok(format!(
        "{open}{}{close}",
        values(tokens, element)?.join(",")
    ))
}

/// Reads values with commas between them.
pub fn values(
    tokens: TokenStream,
    element: fn(ParseStream<'_>) -> syn::Result<String>,
) -> syn::Result<Vec<String>> {
    let parser = |input: ParseStream<'_>| {
        let values = input.parse_terminated(element, syn::Token![,])?;
        Ok(values.into_iter().collect())
    };
    parser.parse2(tokens)
}

/// Returns a number literal as JSON.
pub fn number(literal: &Lit) -> Option<String> {
    match literal {
        Lit::Int(number) => Some(number.base10_digits().to_owned()),
        Lit::Float(number) => {
            let digits = number.base10_digits();
            Some(match digits.strip_suffix('.') {
                Some(digits) => format!("{digits}.0"),
                None => digits.to_owned(),
            })
        }
        _ => None,
    }
}

/// Reads a number, with or without a sign. Returns its span as well.
pub fn signed(input: ParseStream<'_>) -> syn::Result<(String, Span)> {
    let message = "expected a number";
    let ahead = input.fork();
    let span = ahead.span();
    let json = value(input).map_err(|error| syn::Error::new(error.span(), message))?;
    if json
        .chars()
        .next()
        .is_some_and(|first| first == '-' || first.is_ascii_digit())
    {
        Ok((json, span))
    } else {
        Err(syn::Error::new(span, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(
            string("\"a\" \\ b\r\n\t\0\x1b\u{7f} – ü 🦀"),
            "\"\\\"a\\\" \\\\ b\\r\\n\\t\\u0000\\u001b\u{7f} – ü 🦀\""
        );
    }
}
