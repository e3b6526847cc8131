//! The help of a flag.

use super::{Flag, Form};
use crate::schema::{Kind, Schemas};
use crate::text;

/// Returns the help in one line.
pub(super) fn short(flag: &Flag<'_>, schemas: &Schemas<'_>) -> String {
    let said = flag.shape.description.map(text::first_line);
    let mut parts = particulars(flag, schemas);
    parts.insert(0, said.unwrap_or_default());
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// Returns the help in full.
pub(super) fn long<'a>(flag: &Flag<'a>, schemas: &Schemas<'a>) -> String {
    let mut paragraphs: Vec<String> = flag
        .shape
        .description
        .map(|description| text::shown(description.trim()))
        .into_iter()
        .collect();
    let alternatives = schemas.alternatives(flag.schema);
    if !alternatives.is_empty() {
        let mut told = String::from("One of:");
        for alternative in alternatives {
            told.push_str("\n- ");
            told.push_str(&alternative);
        }
        paragraphs.push(told);
    }
    let particulars = particulars(flag, schemas);
    if !particulars.is_empty() {
        paragraphs.push(particulars.join("\n"));
    }
    paragraphs.join("\n\n")
}

/// Returns the flag's particulars, in brackets like clap's own.
fn particulars(flag: &Flag<'_>, schemas: &Schemas<'_>) -> Vec<String> {
    let shape = &flag.shape;
    let mut particulars = Vec::new();
    if let Some(default) = shape.default {
        particulars.push(format!(
            "[default: {}]",
            text::json(default).trim_matches('"')
        ));
    }
    let item = match shape.kind {
        Kind::List(list) => Some(schemas.shape(list.items)),
        Kind::Map(values) => Some(schemas.shape(values)),
        _ => None,
    };
    match flag.form {
        Form::Items if item.as_ref().is_some_and(|item| item.has_no_commas()) => {
            particulars.push("[several: with commas, or a flag each]".to_owned());
        }
        Form::Items => particulars.push("[several: a flag each]".to_owned()),
        Form::Entries => particulars.push("[several: a flag each]".to_owned()),
        Form::Json => particulars.push(format!(
            "[JSON or @FILE: {}]",
            schemas.expanded(flag.schema)
        )),
        Form::One | Form::Switch => {}
    }
    if let (Form::Items | Form::Entries, Some(item)) = (flag.form, &item) {
        match (&shape.kind, Form::of(item)) {
            (Kind::List(list), Form::Json | Form::Items | Form::Entries) => {
                particulars.push(format!("[JSON or @FILE: {}]", schemas.expanded(list.items)));
            }
            (Kind::Map(values), _) if !matches!(item.kind, Kind::Text(_)) => {
                particulars.push(format!("[VALUE: {}]", schemas.expanded(values)))
            }
            _ => {}
        }
        particulars.extend(bracketed(item.constraints()));
    }
    particulars.extend(bracketed(shape.constraints()));
    if let Some(example) = shape.examples.first() {
        particulars.push(format!(
            "[example: {}]",
            text::json(example).trim_matches('"')
        ));
    }
    particulars
}

fn bracketed(constraints: Vec<String>) -> impl Iterator<Item = String> {
    constraints
        .into_iter()
        .map(|constraint| format!("[{constraint}]"))
}
