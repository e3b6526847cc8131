//! The description of functions, by which the guest converts their values. `cargo plugin build
//! --host component` writes it into the module.
//!
//! The description is one sequence of bytes. A number is in unsigned LEB128; a text is its length
//! and its UTF-8. A *reference* is a number: the position of the node that it refers to. Every
//! position of a value is given twice, in bytes of memory and in the flat parameters of a function
//! (*slots*), each relative to the value around it. So the guest computes no layout.
//!
//! A function:
//!
//! | | |
//! |---|---|
//! | kind | a byte: [`function`] |
//! | name | the text that the plugin knows it by |
//! | parameters' size | a number: 0 if they are in slots, else in one block with so many bytes |
//! | parameters | a reference to a type, or 0; for a raw command, the size of an element, or 0 |
//! | result's size | a number: the bytes of `result<…>` |
//! | result's payload | a number: its position in `result<…>` |
//! | result | a reference to a type, or 0; for a raw command, the size of an element, or 0 |
//! | error | a reference to the type of errors |
//!
//! A type begins with a byte, its [`kind`]:
//!
//! | kind | followed by | in JSON |
//! |---|---|---|
//! | `BOOLEAN`, `FLOAT`, `TEXT` | | `true`, `1.5`, `"text"` |
//! | `JSON` | | the text itself |
//! | `INTEGER` | size, a byte: 1 if signed | `5` |
//! | `LIST` | size and reference of an element | an array |
//! | `TUPLE` | count; for each: position, slot, reference | an array |
//! | `RECORD` | count; for each: name, a byte: 1 if it may be absent, position, slot, reference | an object |
//! | `OPTION` | position and reference of the value | the value, or `null` |
//! | `MAP` | size of an entry, position and reference of its value | an object |
//! | `ENUM` | size; count; names | `"name"` |
//! | `VARIANT` | a byte: its [`tagging`], tag, content, size, position and size of the payload; count; for each: count of names, names, a byte: its [`content`], reference | see `tagging` |
//!
//! An option's payload is in the slot after its own, like a variant's.

use crate::contracts::canonical::Node;

/// Kinds of functions.
pub mod function {
    /// A command whose arguments and result are JSON.
    pub const COMMAND: u8 = 0;
    /// A command whose input and output are bytes.
    pub const RAW: u8 = 1;
    /// Makes the plugin anew from its configuration.
    pub const INIT: u8 = 2;
    /// Runs the start hook.
    pub const START: u8 = 3;
    /// Runs the stop hook.
    pub const STOP: u8 = 4;
    /// Passes an event to the plugin's handlers: a record of topic and data.
    pub const EVENT: u8 = 5;
    /// Ends the plugin's life.
    pub const CLEANUP: u8 = 6;
    /// A command whose output is its input, as changed by the command.
    pub const IN_PLACE: u8 = 7;
}

/// Kinds of types.
pub mod kind {
    #![allow(
        missing_docs,
        reason = "the module's documentation has a table of them"
    )]
    pub const BOOLEAN: u8 = 0;
    pub const INTEGER: u8 = 1;
    pub const FLOAT: u8 = 2;
    pub const TEXT: u8 = 3;
    pub const JSON: u8 = 4;
    pub const LIST: u8 = 5;
    pub const TUPLE: u8 = 6;
    pub const RECORD: u8 = 7;
    pub const OPTION: u8 = 8;
    pub const MAP: u8 = 9;
    pub const ENUM: u8 = 10;
    pub const VARIANT: u8 = 11;
}

/// The part of a JSON value that identifies its variant, as in serde.
pub mod tagging {
    /// `"name"` or `{"name": content}`
    pub const EXTERNAL: u8 = 0;
    /// `{"tag": "name", members of the content}`
    pub const INTERNAL: u8 = 1;
    /// `{"tag": "name", "content": content}`
    pub const ADJACENT: u8 = 2;
    /// The content alone; the first variant that fits is meant.
    pub const UNTAGGED: u8 = 3;
}

/// The content of a variant.
pub mod content {
    /// None.
    pub const UNIT: u8 = 0;
    /// A value.
    pub const VALUE: u8 = 1;
    /// A value whose member may be absent.
    pub const OPTIONAL: u8 = 2;
}

/// The name and content of one variant.
pub(super) struct Variant<'a> {
    pub(super) names: Node<'a>,
    pub(super) content: u8,
    pub(super) ty: Node<'a>,
}

impl<'a> Variant<'a> {
    /// Reads the variant at a position.
    pub(super) fn read(node: &mut Node<'a>) -> Self {
        let names = *node;
        for _ in 0..node.number() {
            node.text();
        }
        Variant {
            names,
            content: node.byte(),
            ty: node.inner(),
        }
    }

    /// Returns the name that is written.
    pub(super) fn name(&self) -> &'a str {
        let mut names = self.names;
        names.number();
        names.text()
    }

    /// Returns whether the variant has a name.
    pub(super) fn is(&self, name: &str) -> bool {
        let mut names = self.names;
        (0..names.number()).any(|_| names.text() == name)
    }
}
