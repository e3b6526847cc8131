//! The places in types that have integers of more than 53 bits, or any JSON.

use crate::client::language::{Spelling, quoted, utf16_escape};
use crate::interface::{
    Content, Definition, Field, Form, Plugin, Record, Tagging, Type, Union, Width,
};

/// For each type, `true` if a value may have such an integer.
pub struct Shapes {
    exact: Vec<bool>,
}

impl Shapes {
    pub fn of(plugin: &Plugin) -> Self {
        let mut shapes = Shapes {
            exact: vec![false; plugin.types.len()],
        };
        // A type may mention later ones: repeat until nothing changes.
        loop {
            let found = plugin.types.iter().map(|ty| {
                let mentioned = ty.definition.types();
                mentioned.into_iter().any(|ty| shapes.is_exact(ty))
            });
            let found: Vec<bool> = found.collect();
            if found == shapes.exact {
                return shapes;
            }
            shapes.exact = found;
        }
    }

    fn is_exact(&self, ty: &Type) -> bool {
        match ty {
            Type::Json => true,
            Type::Integer(integers) => !Width::of(integers).fits_double(),
            Type::Named(index) => self.exact.get(*index).copied().unwrap_or_default(),
            other => other.parts().iter().any(|part| self.is_exact(part)),
        }
    }

    /// Returns whether a result or an event of the plugin may have such an integer.
    pub fn any(&self, plugin: &Plugin) -> bool {
        let results = plugin
            .commands
            .iter()
            .filter_map(|command| match &command.form {
                Form::Typed { result, .. } => Some(result),
                Form::Raw { .. } => None,
            });
        let mut results = results;
        results.any(|result| self.is_exact(result)) || plugin.services.contains("events")
    }

    /// Returns the entries of the table of types.
    pub fn entries(&self, plugin: &Plugin, types: &dyn Spelling) -> Vec<String> {
        let exact = plugin.types.iter().enumerate();
        let exact = exact.filter(|(index, _)| self.exact.get(*index) == Some(&true));
        exact
            .map(|(index, ty)| {
                let shape = self.definition(&ty.definition, types);
                format!("{}: {shape}", types.name(index))
            })
            .collect()
    }

    /// Returns the shape of a type as an expression.
    pub fn expression(&self, ty: &Type, types: &dyn Spelling) -> String {
        if !self.is_exact(ty) {
            return "undefined".to_owned();
        }
        let within = |part: &Type| self.expression(part, types);
        match ty {
            Type::Json => "\"json\"".to_owned(),
            Type::Integer(_) => "\"integer\"".to_owned(),
            Type::Named(index) => format!("{{ type: \"{}\" }}", types.name(*index)),
            Type::Option(inner) => within(inner),
            Type::List(item) => format!("{{ list: {} }}", within(item)),
            Type::Map(values) => format!("{{ map: {} }}", within(values)),
            Type::Tuple(items) => format!("{{ tuple: {} }}", listed(items.iter().map(within))),
            _ => "undefined".to_owned(),
        }
    }

    fn definition(&self, definition: &Definition, types: &dyn Spelling) -> String {
        match definition {
            Definition::Alias(ty) => self.expression(ty, types),
            Definition::Choice(_) => "undefined".to_owned(),
            Definition::Record(record) => self.record(record, types),
            Definition::Union(union) => self.union(union, types),
        }
    }

    fn record(&self, record: &Record, types: &dyn Spelling) -> String {
        let exact = record
            .fields
            .iter()
            .filter(|field| self.is_exact(&field.ty));
        let entry = |field: &Field| entry(&field.name, &self.expression(&field.ty, types));
        let fields: Vec<String> = exact.map(entry).collect();
        let required = record.fields.iter().filter(|field| !field.optional);
        let required = listed(required.map(|field| quote(&field.name)));
        let rest = record.rest.as_ref().filter(|rest| self.is_exact(rest));
        let rest = rest.map(|rest| format!(", rest: {}", self.expression(rest, types)));
        let rest = rest.unwrap_or_default();
        format!(
            "{{ fields: {}, required: {required}{rest} }}",
            braced(&fields)
        )
    }

    fn union(&self, union: &Union, types: &dyn Spelling) -> String {
        let content = |content: &Content| match content {
            Content::Unit => "undefined".to_owned(),
            Content::Value { ty, .. } => self.expression(ty, types),
            Content::Fields(record) => self.record(record, types),
        };
        let variants = union.variants.iter();
        let entries = |write: &dyn Fn(&Content) -> String| -> Vec<String> {
            let variants = union.variants.iter().flat_map(|variant| {
                let shape = write(&variant.content);
                let names = variant.names.iter();
                names
                    .map(move |name| entry(name, &shape))
                    .collect::<Vec<_>>()
            });
            variants.collect()
        };
        match &union.tagging {
            Tagging::External => {
                format!("{{ fields: {}, required: [] }}", braced(&entries(&content)))
            }
            Tagging::Internal { tag } => {
                format!(
                    "{{ tag: {}, variants: {} }}",
                    quote(tag),
                    braced(&entries(&content))
                )
            }
            Tagging::Adjacent {
                tag,
                content: member,
            } => {
                let within = |inner: &Content| {
                    let entry = entry(member, &content(inner));
                    format!("{{ fields: {}, required: [] }}", braced(&[entry]))
                };
                format!(
                    "{{ tag: {}, variants: {} }}",
                    quote(tag),
                    braced(&entries(&within))
                )
            }
            Tagging::Untagged => {
                let shapes = variants.map(|variant| content(&variant.content));
                format!("{{ any: {} }}", listed(shapes))
            }
        }
    }
}

fn quote(text: &str) -> String {
    quoted(text, utf16_escape)
}

/// Returns a member of an object. In brackets, because `"__proto__": …` would not be a member.
fn entry(name: &str, value: &str) -> String {
    match name {
        "__proto__" => format!("[\"__proto__\"]: {value}"),
        name => format!("{}: {value}", quote(name)),
    }
}

fn braced(entries: &[String]) -> String {
    match entries {
        [] => "{}".to_owned(),
        entries => format!("{{ {} }}", entries.join(", ")),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
