//! The description of functions, by which the guest converts their values. Its form is in
//! `plugin_sdk::hosts::component::description`.

use std::collections::HashMap;

use plugin_sdk::hosts::component::SLOTS;
use plugin_sdk::hosts::component::description::{content, kind};

use super::super::bytes::{number, text};
use super::declaration::{Case, Declaration, Field, Ty};
use super::layout::{Layout, cases, of_cases, sequence};
use super::world::{Function, Outcome, Parameters, World};
use crate::interface::Element;

/// A description, and the positions of the functions in it.
pub struct Description {
    pub bytes: Vec<u8>,
    pub functions: Vec<usize>,
}

impl Description {
    /// Describes all functions of a world.
    pub fn of(world: &World) -> Self {
        let mut writer = Writer {
            world,
            // Position 0 is that of no type.
            bytes: vec![0],
            written: HashMap::new(),
            declared: vec![None; world.types.len()],
        };
        let functions = world.functions.iter();
        let functions = functions
            .map(|function| writer.function(function))
            .collect();
        Description {
            bytes: writer.bytes,
            functions,
        }
    }
}

struct Writer<'a> {
    world: &'a World,
    bytes: Vec<u8>,
    /// The positions of nodes, so that equal ones are written once.
    written: HashMap<Vec<u8>, usize>,
    /// The positions of the declared types, once they are written.
    declared: Vec<Option<usize>>,
}

impl Writer<'_> {
    fn node(&mut self, node: Vec<u8>) -> usize {
        *self.written.entry(node).or_insert_with_key(|node| {
            let position = self.bytes.len();
            self.bytes.extend_from_slice(node);
            position
        })
    }

    fn function(&mut self, function: &Function) -> usize {
        let world = self.world;
        let mut node = vec![function.kind];
        text(&function.command, &mut node);
        let (size, parameters) = match &function.parameters {
            Parameters::Members(fields) if fields.is_empty() => (0, 0),
            Parameters::Members(fields) => {
                let (layout, _) = sequence(fields.iter().map(|field| &field.ty), world);
                (indirect_size(layout), self.record(fields))
            }
            Parameters::Whole { ty, .. } => (indirect_size(Layout::of(ty, world)), self.ty(ty)),
            Parameters::Raw(element) => (0, element.map_or(0, Element::size)),
        };
        number(size, &mut node);
        number(parameters, &mut node);
        let error = self.ty(&world.error);
        let list = Ty::List(Box::new(Ty::Boolean));
        let payload = match &function.result {
            Outcome::Typed(ty) => ty.as_ref(),
            Outcome::Raw(element) => element.map(|_| &list),
        };
        let layout = cases(2, payload.into_iter().chain([&world.error]), world);
        number(layout.whole.size, &mut node);
        number(layout.position, &mut node);
        number(
            match &function.result {
                Outcome::Typed(Some(ty)) => self.ty(ty),
                Outcome::Typed(None) => 0,
                Outcome::Raw(element) => element.map_or(0, Element::size),
            },
            &mut node,
        );
        number(error, &mut node);
        self.node(node)
    }

    /// Writes a type, and a declared one only once: types may share parts at every level.
    fn ty(&mut self, ty: &Ty) -> usize {
        let Ty::Named(index) = ty else {
            return self.write(ty);
        };
        if let Some(Some(position)) = self.declared.get(*index) {
            return *position;
        }
        let position = self.write(ty);
        if let Some(known) = self.declared.get_mut(*index) {
            *known = Some(position);
        }
        position
    }

    fn write(&mut self, ty: &Ty) -> usize {
        let world = self.world;
        let node = match ty {
            Ty::Boolean => vec![kind::BOOLEAN],
            Ty::Float => vec![kind::FLOAT],
            Ty::Text => vec![kind::TEXT],
            Ty::Json => vec![kind::JSON],
            Ty::Integer { size, signed } => vec![kind::INTEGER, *size as u8, u8::from(*signed)],
            Ty::List(element) => {
                let mut node = vec![kind::LIST];
                number(Layout::of(element, world).size, &mut node);
                number(self.ty(element), &mut node);
                node
            }
            Ty::Tuple(items) => {
                let mut node = vec![kind::TUPLE];
                number(items.len(), &mut node);
                let (_, places) = sequence(items, world);
                for (item, (position, slot)) in items.iter().zip(places) {
                    number(position, &mut node);
                    number(slot, &mut node);
                    number(self.ty(item), &mut node);
                }
                node
            }
            Ty::Option(inner) => {
                let mut node = vec![kind::OPTION];
                number(cases(2, [&**inner], world).position, &mut node);
                number(self.ty(inner), &mut node);
                node
            }
            Ty::Map(inner) => {
                let (entry, places) = sequence([&Ty::Text, &**inner], world);
                let position = places.last().map_or(0, |(position, _)| *position);
                let mut node = vec![kind::MAP];
                number(entry.size, &mut node);
                number(position, &mut node);
                number(self.ty(inner), &mut node);
                node
            }
            Ty::Named(index) => match world.declared(*index).map(|ty| &ty.definition) {
                Some(Declaration::Record(fields)) => return self.record(fields),
                Some(Declaration::Enum(all)) => {
                    let mut node = vec![kind::ENUM];
                    number(cases(all.len(), [], world).number, &mut node);
                    number(all.len(), &mut node);
                    for case in all {
                        text(case.json.first().map_or("", String::as_str), &mut node);
                    }
                    node
                }
                Some(Declaration::Variant {
                    tagging,
                    tag,
                    content,
                    cases,
                }) => {
                    let mut node = vec![kind::VARIANT, *tagging];
                    text(tag, &mut node);
                    text(content, &mut node);
                    self.cases(cases, node)
                }
                None => vec![kind::JSON],
            },
        };
        self.node(node)
    }

    fn record(&mut self, fields: &[Field]) -> usize {
        let mut node = vec![kind::RECORD];
        number(fields.len(), &mut node);
        let (_, places) = sequence(fields.iter().map(|field| &field.ty), self.world);
        for (field, (position, slot)) in fields.iter().zip(places) {
            text(&field.json, &mut node);
            node.push(u8::from(field.may_be_absent));
            number(position, &mut node);
            number(slot, &mut node);
            number(self.ty(&field.ty), &mut node);
        }
        self.node(node)
    }

    fn cases(&mut self, all: &[Case], mut node: Vec<u8>) -> Vec<u8> {
        let layout = of_cases(all, self.world);
        number(layout.number, &mut node);
        number(layout.position, &mut node);
        number(layout.payload, &mut node);
        number(all.len(), &mut node);
        for case in all {
            number(case.json.len(), &mut node);
            for name in &case.json {
                text(name, &mut node);
            }
            let ty = case.ty.as_ref();
            node.push(if ty.is_none() {
                content::UNIT
            } else {
                case.content
            });
            number(ty.map_or(0, |ty| self.ty(ty)), &mut node);
        }
        node
    }
}

/// Returns the size of parameters that are passed in memory, or 0.
fn indirect_size(layout: Layout) -> usize {
    match layout.slots > SLOTS {
        true => layout.size,
        false => 0,
    }
}
