//! The model as text, for snapshots.

use std::fmt::{self, Display, Write as _};

use super::{
    Choice, Content, Definition, Form, Plugin, Record, Tagging, Type, Union, Variant, Width,
};

impl Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, ty) in self.types.iter().enumerate() {
            let definition = self.definition(&ty.definition);
            writeln!(f, "{index} {:?} = {definition}", ty.name)?;
        }
        if let Some(config) = &self.config {
            writeln!(f, "config: {}", self.ty(config))?;
        }
        for command in &self.commands {
            let form = match &command.form {
                Form::Typed { arguments, result } => {
                    let arguments = arguments.as_ref().map_or(String::new(), |ty| self.ty(ty));
                    format!("({arguments}) -> {}", self.ty(result))
                }
                raw => format!("{raw:?}"),
            };
            let errors: Vec<&str> = command.errors.iter().map(|one| one.code.as_str()).collect();
            writeln!(f, "command {}: {form} {}", command.name, errors.join(" "))?;
        }
        if !self.omitted.is_empty() {
            writeln!(f, "omitted: {}", self.omitted.join(", "))?;
        }
        Ok(())
    }
}

impl Plugin {
    fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Json => "json".to_owned(),
            Type::Null => "null".to_owned(),
            Type::Boolean => "boolean".to_owned(),
            Type::Integer(integers) => format!("{:?}", Width::of(integers)).to_lowercase(),
            Type::Float => "float".to_owned(),
            Type::Text => "text".to_owned(),
            Type::List(item) => format!("[{}]", self.ty(item)),
            Type::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.ty(item)).collect();
                format!("({})", items.join(", "))
            }
            Type::Map(values) => format!("{{{}}}", self.ty(values)),
            Type::Option(inner) => format!("{} | null", self.ty(inner)),
            Type::Named(index) => {
                let name = self.types.get(*index).map_or("?", |ty| ty.name.as_str());
                format!("{name:?}")
            }
        }
    }

    fn definition(&self, definition: &Definition) -> String {
        match definition {
            Definition::Record(record) => format!("record {}", self.record(record)),
            Definition::Choice(Choice::Texts(values)) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|one| format!("{:?}", one.value))
                    .collect();
                values.join(" | ")
            }
            Definition::Choice(Choice::Integers(values)) => {
                let values: Vec<String> = values.iter().map(|one| one.value.to_string()).collect();
                values.join(" | ")
            }
            Definition::Union(union) => self.union(union),
            Definition::Alias(ty) => self.ty(ty),
        }
    }

    fn record(&self, record: &Record) -> String {
        let fields = record.fields.iter().map(|field| {
            let mark = if field.optional { "?" } else { "" };
            format!("{:?}{mark}: {}", field.name, self.ty(&field.ty))
        });
        let rest = record
            .rest
            .iter()
            .map(|rest| format!("...{}", self.ty(rest)));
        let members: Vec<String> = fields.chain(rest).collect();
        format!("{{{}}}", members.join(", "))
    }

    fn union(&self, union: &Union) -> String {
        let mut text = match &union.tagging {
            Tagging::Internal { tag } => format!("union by {tag:?}"),
            Tagging::Adjacent { tag, content } => format!("union by {tag:?}, {content:?}"),
            other => format!("{other:?} union").to_lowercase(),
        };
        for variant in &union.variants {
            let _ = write!(text, "\n    {}", self.variant(variant));
        }
        text
    }

    fn variant(&self, variant: &Variant) -> String {
        let content = match &variant.content {
            Content::Unit => String::new(),
            Content::Value { ty, optional } => {
                format!(" {}{}", self.ty(ty), if *optional { "?" } else { "" })
            }
            Content::Fields(record) => format!(" {}", self.record(record)),
        };
        format!("{}{content}", variant.names.join("/"))
    }
}
