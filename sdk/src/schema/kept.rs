//! Types that serde cannot read inside tagged and untagged enums and flattened fields. It buffers
//! the value there, in a form without room for 128-bit integers and raw JSON.

use std::marker::PhantomData;

use super::node::{Content, Direction, Enum, Field, Keyword, Member, Node, Representation, Schema};

/// A test for `Deserialize`: the inherent constant takes precedence over the trait's if the bound
/// is satisfied.
pub struct Probe<T>(PhantomData<T>);

impl<T: serde::Deserialize<'static>> Probe<T> {
    pub const READ: bool = true;
}

/// The result for types without `Deserialize`.
pub trait Unread {
    const READ: bool = false;
}

impl<T> Unread for Probe<T> {}

/// Refuses, while compiling, a type that serde cannot read from its buffer.
#[track_caller]
pub const fn kept<T: Schema + ?Sized>(read: bool) {
    if !read {
        return;
    }
    let mut walk = Walk {
        seen: [0; MOST],
        len: 0,
    };
    match walk.node(T::SCHEMA, true) {
        Some(Unreadable::Wide) => panic!(
            "serde cannot read a 128-bit integer here: inside tagged and untagged enums and flattened fields it buffers numbers in 64 bits. Write `plugin_sdk::Wide<u128>` (or `Wide<i128>`), which is a string above 64 bits; or give the enum no tag"
        ),
        Some(Unreadable::Verbatim) => panic!(
            "serde cannot read a `RawValue` here: inside tagged and untagged enums and flattened fields it has parsed the text already. Write `serde_json::Value`, or give the enum no tag"
        ),
        None => {}
    }
}

#[derive(Clone, Copy)]
enum Unreadable {
    Wide,
    Verbatim,
}

/// The most types that one check visits.
const MOST: usize = 256;

/// A walk through everything that a type contains.
struct Walk {
    /// The types visited so far, inside and outside of serde's buffer.
    seen: [u64; MOST],
    len: usize,
}

#[allow(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a panic is an error like any other"
)]
impl Walk {
    const fn node(&mut self, node: &'static Node, kept: bool) -> Option<Unreadable> {
        match node {
            Node::Plain { keywords, .. } if kept && is_wide(keywords) => Some(Unreadable::Wide),
            Node::Verbatim if kept => Some(Unreadable::Verbatim),
            Node::Sequence { items, .. } | Node::Array { items, .. } => self.node(items, kept),
            Node::Tuple(fields) => self.fields(fields, kept),
            Node::Map { values, .. } => self.node(values, kept),
            Node::Object(object) => self.fields(object.fields, kept),
            Node::Enum(of) => self.variants(of, kept),
            Node::Nullable(node) | Node::Annotated { node, .. } => self.node(node, kept),
            Node::Directed { input, .. } => self.node(input, kept),
            Node::Definition(link) => {
                let definition = link.get();
                // A type is visited once in serde's buffer and once outside.
                let id = definition.name.id() ^ kept as u64;
                let mut nth = 0;
                while nth < self.len {
                    if self.seen[nth] == id {
                        return None;
                    }
                    nth += 1;
                }
                if self.len == MOST {
                    return None;
                }
                self.seen[self.len] = id;
                self.len += 1;
                self.node(definition.body, kept)
            }
            _ => None,
        }
    }

    const fn fields(&mut self, fields: &'static [Field], kept: bool) -> Option<Unreadable> {
        each!(for field in fields {
            if let Some(found) = self.field(field, kept) {
                return Some(found);
            }
        });
        None
    }

    const fn field(&mut self, field: &'static Field, kept: bool) -> Option<Unreadable> {
        if field.by_author || field.names.given(Direction::In).is_none() {
            return None;
        }
        self.node(field.node, kept || field.flatten)
    }

    const fn variants(&mut self, of: &'static Enum, kept: bool) -> Option<Unreadable> {
        each!(for variant in of.variants {
            if variant.names.given(Direction::In).is_none() {
                continue;
            }
            let kept =
                kept || variant.untagged || !matches!(of.representation, Representation::External);
            let found = match &variant.content {
                Content::Unit => None,
                Content::Newtype(field) => self.field(field, kept),
                Content::Tuple(node) | Content::Struct(node, _) => self.node(node, kept),
            };
            if found.is_some() {
                return found;
            }
        });
        None
    }
}

/// Returns whether the limits of a number exceed 64 bits: only those have more than 20 digits.
const fn is_wide(limits: &'static [Member]) -> bool {
    each!(for Member(keyword, limit) in limits {
        if keyword.is(Keyword::Maximum) && limit.len() > 20 {
            return true;
        }
    });
    false
}
