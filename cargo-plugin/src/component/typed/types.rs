//! Types in WIT, made from those of the plugin. A type that WIT has no form for becomes JSON as
//! text.

use plugin_sdk::hosts::component::description::content;

use super::super::names::Scope;
use super::declaration::{Case, Declaration, Declared, Field, Ty, tagging, unit};
use crate::interface::{
    Choice, Content, Definition, Plugin, Record, Tagging, Type, Union, Variant, Width,
};

/// The declared types of a component.
pub struct Types<'a> {
    plugin: &'a Plugin,
    names: Scope,
    /// The type of each named type of the plugin, once it is known.
    known: Vec<Option<Ty>>,
    pub declared: Vec<Declared>,
}

impl<'a> Types<'a> {
    /// Creates an empty list, whose names are not among some taken ones.
    pub fn new(plugin: &'a Plugin, names: Scope) -> Self {
        let types = 0..plugin.types.len();
        Types {
            plugin,
            names,
            // WIT has no types that contain themselves.
            known: types
                .map(|index| contains(plugin, index, index).then_some(Ty::Json))
                .collect(),
            declared: Vec::new(),
        }
    }

    /// Adds a type.
    pub fn declare(&mut self, declared: Declared) -> Ty {
        self.declared.push(declared);
        Ty::Named(self.declared.len() - 1)
    }

    /// Returns the definition of a named type, unless the type becomes JSON as text.
    pub fn definition(&self, index: usize) -> Option<&'a Definition> {
        match self.known.get(index) {
            Some(Some(Ty::Json)) => None,
            _ => Some(&self.plugin.types.get(index)?.definition),
        }
    }

    /// Returns the type of values in WIT.
    pub fn of(&mut self, ty: &Type) -> Ty {
        match ty {
            Type::Json | Type::Null => Ty::Json,
            Type::Boolean => Ty::Boolean,
            Type::Integer(integers) => integer(Width::of(integers)),
            Type::Float => Ty::Float,
            Type::Text => Ty::Text,
            Type::List(items) => Ty::List(Box::new(self.of(items))),
            Type::Tuple(items) if items.is_empty() => Ty::Json,
            Type::Tuple(items) => Ty::Tuple(items.iter().map(|item| self.of(item)).collect()),
            Type::Map(values) => Ty::Map(Box::new(self.of(values))),
            Type::Option(inner) => optional(self.of(inner)),
            Type::Named(index) => self.named(*index),
        }
    }

    fn named(&mut self, index: usize) -> Ty {
        if let Some(Some(known)) = self.known.get(index) {
            return known.clone();
        }
        let Some(named) = self.plugin.types.get(index) else {
            return Ty::Json;
        };
        let declaration = match &named.definition {
            Definition::Alias(ty) => return self.know(index, |types| types.of(ty)),
            Definition::Choice(Choice::Integers(values)) => {
                let values = values.iter().map(|value| value.value);
                let width = width(values.collect());
                return self.know(index, |_| integer(width));
            }
            Definition::Choice(Choice::Texts(values)) => {
                let mut scope = Scope::default();
                let cases = values.iter().map(|value| {
                    let name = scope.take(&value.value);
                    unit(vec![value.value.clone()], name, value.description.clone())
                });
                Some(Declaration::Enum(cases.collect()))
            }
            Definition::Record(record) => self.record(record),
            Definition::Union(union) => self.union(&named.name, union),
        };
        self.know(index, |types| match declaration {
            None => Ty::Json,
            Some(definition) => {
                let name = types.names.take_as(&named.name, "type");
                types.declare(Declared {
                    name,
                    description: named.description.clone(),
                    definition,
                })
            }
        })
    }

    fn know(&mut self, index: usize, make: impl FnOnce(&mut Self) -> Ty) -> Ty {
        let ty = make(self);
        if let Some(known) = self.known.get_mut(index) {
            *known = Some(ty.clone());
        }
        ty
    }

    /// Returns a record; `None` without fields, which WIT lacks, or with any others.
    fn record(&mut self, record: &Record) -> Option<Declaration> {
        match record.fields.is_empty() || record.rest.is_some() {
            true => None,
            false => Some(Declaration::Record(self.fields(record))),
        }
    }

    /// Returns the fields of a record.
    pub fn fields(&mut self, record: &Record) -> Vec<Field> {
        let mut scope = Scope::default();
        let fields = record.fields.iter().map(|field| {
            let ty = self.of(&field.ty);
            Field {
                json: field.name.clone(),
                name: scope.take(&field.name),
                description: field.description.clone(),
                ty: if field.optional { optional(ty) } else { ty },
                may_be_absent: field.optional,
            }
        });
        fields.collect()
    }

    /// Returns a variant; `None` if a tag is among members that have no record.
    fn union(&mut self, name: &str, union: &Union) -> Option<Declaration> {
        let mut scope = Scope::default();
        let is_internal = matches!(union.tagging, Tagging::Internal { .. });
        let mut cases = Vec::new();
        for variant in &union.variants {
            let (content, ty) = self.content(name, variant);
            if is_internal && !ty.as_ref().is_none_or(|ty| self.is_record(ty)) {
                return None;
            }
            let word = variant
                .names
                .first()
                .map(String::as_str)
                .unwrap_or_default();
            cases.push(Case {
                json: variant.names.clone(),
                name: scope.take(word),
                description: variant.description.clone(),
                content,
                ty,
            });
        }
        let (tagging, tag, content) = tagging(&union.tagging);
        (!cases.is_empty()).then(|| Declaration::Variant {
            tagging,
            tag: tag.to_owned(),
            content: content.to_owned(),
            cases,
        })
    }

    fn content(&mut self, union: &str, variant: &Variant) -> (u8, Option<Ty>) {
        match &variant.content {
            Content::Unit => (content::UNIT, None),
            Content::Value { ty, optional: true } => {
                (content::OPTIONAL, Some(optional(self.of(ty))))
            }
            Content::Value { ty, .. } => (content::VALUE, Some(self.of(ty))),
            Content::Fields(record) => {
                let ty = match self.record(record) {
                    None => Ty::Json,
                    Some(definition) => {
                        let word = variant.names.first().map(String::as_str);
                        let name = format!("{union} {}", word.unwrap_or_default());
                        let name = self.names.take_as(&name, "type");
                        self.declare(Declared {
                            name,
                            description: variant.description.clone(),
                            definition,
                        })
                    }
                };
                (content::VALUE, Some(ty))
            }
        }
    }

    fn is_record(&self, ty: &Ty) -> bool {
        let Ty::Named(index) = ty else {
            return false;
        };
        let declared = self.declared.get(*index);
        declared.is_some_and(|ty| matches!(ty.definition, Declaration::Record(_)))
    }
}

fn optional(ty: Ty) -> Ty {
    match ty {
        Ty::Option(_) => ty,
        ty => Ty::Option(Box::new(ty)),
    }
}

fn integer(width: Width) -> Ty {
    let (size, signed) = match width {
        Width::U8 => (1, false),
        Width::I8 => (1, true),
        Width::U16 => (2, false),
        Width::I16 => (2, true),
        Width::U32 => (4, false),
        Width::I32 => (4, true),
        Width::U64 => (8, false),
        Width::I64 => (8, true),
        Width::U128 | Width::I128 | Width::Unbounded => return Ty::Json,
    };
    Ty::Integer { size, signed }
}

/// Returns the smallest width that has all values.
fn width(values: Vec<i64>) -> Width {
    let (lowest, highest) = (values.iter().min(), values.iter().max());
    Width::of(&crate::schema::Integers {
        lowest: lowest.map(|value| i128::from(*value).into()),
        highest: highest.map(|value| i128::from(*value).into()),
    })
}

/// Returns whether values of one type can be in values of another, at any depth.
fn contains(plugin: &Plugin, outer: usize, inner: usize) -> bool {
    let mut seen = vec![false; plugin.types.len()];
    let mut next = vec![outer];
    while let Some(index) = next.pop() {
        let Some(named) = plugin.types.get(index) else {
            continue;
        };
        let mut parts: Vec<&Type> = named.definition.types();
        while let Some(part) = parts.pop() {
            if let Type::Named(found) = part {
                if *found == inner {
                    return true;
                }
                if let Some(seen @ false) = seen.get_mut(*found) {
                    *seen = true;
                    next.push(*found);
                }
            }
            parts.extend(part.parts());
        }
    }
    false
}
