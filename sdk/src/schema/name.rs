//! Names and identities of types with a definition.
#![allow(
    clippy::indexing_slicing,
    reason = "the compiler has no `get`, and a panic there is an error like any other"
)]

use super::sink::Sink;

/// The name of a definition, and its identity.
///
/// ```
/// use plugin_sdk::schema::{Name, Node, Schema};
///
/// struct Date(String);
///
/// impl Schema for Date {
///     const SCHEMA: &'static Node = &Node::Text(r#"{"type":"string","format":"date"}"#);
///     const NAME: Name = Name::new("Date");
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Name {
    base: &'static str,
    arguments: &'static [Name],
    id: u64,
}

impl Name {
    /// Creates the name of a type that is described by hand: ASCII letters, digits and `_`. The
    /// source line of this call is part of the identity.
    #[track_caller]
    pub const fn new(base: &'static str) -> Name {
        each!(for byte in base.as_bytes() {
            assert!(
                byte.is_ascii_alphanumeric() || *byte == b'_',
                "a type's name consists of ASCII letters, digits and `_`"
            );
        });
        let place = core::panic::Location::caller();
        let id = hash(hash(START, place.file()), base);
        let id = mix(mix(id, place.line() as u64), place.column() as u64);
        Name {
            base,
            arguments: &[],
            id,
        }
    }

    /// Creates the name of a type. `place` distinguishes types of the same name, and `arguments`
    /// the instances of a generic type.
    #[doc(hidden)]
    pub const fn of(base: &'static str, place: &'static str, arguments: &'static [Name]) -> Name {
        let mut id = hash(hash(START, place), base);
        each!(for argument in arguments {
            id = mix(id, argument.id);
        });
        Name {
            base,
            arguments,
            id,
        }
    }

    /// Creates a number as an argument of a name.
    #[doc(hidden)]
    pub const fn number(number: u64) -> Name {
        Name {
            base: "",
            arguments: &[],
            id: number,
        }
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Hashes the text of this name.
    pub(super) const fn text_hash(&self, mut start: u64) -> u64 {
        if self.base.is_empty() {
            return hash_number(start, self.id);
        }
        start = hash(start, self.base);
        let mut first = true;
        each!(for argument in self.arguments {
            start = argument.text_hash(hash(start, joint(first)));
            first = false;
        });
        start
    }

    pub(super) const fn write(&self, sink: &mut Sink<'_>) {
        if self.base.is_empty() {
            return sink.number(self.id);
        }
        sink.raw(self.base);
        let mut first = true;
        each!(for argument in self.arguments {
            sink.raw(joint(first));
            argument.write(sink);
            first = false;
        });
    }
}

/// Returns the text before an argument of a name.
const fn joint(first: bool) -> &'static str {
    if first { "_" } else { "_and_" }
}

pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Hashes text with FNV-1a.
pub(super) const fn hash(mut hash: u64, text: &str) -> u64 {
    each!(for byte in text.as_bytes() {
        hash = mix(hash, *byte as u64);
    });
    hash
}

const fn mix(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Hashes the decimal text of a number.
pub(super) const fn hash_number(mut start: u64, number: u64) -> u64 {
    if number > 9 {
        start = hash_number(start, number / 10);
    }
    mix(start, b'0' as u64 + number % 10)
}
