//! The parts of the manifest that the plugin needs to answer requests. `cargo plugin build --host
//! wasi-http` adds them to the module.
//!
//! They are one sequence of bytes: the plugin's id, its manifest and the description of its routes,
//! each as a text, then the number of commands, and for each its name and its [`form`]. A number is
//! in unsigned LEB128; a text is its length and its UTF-8.

use crate::contracts::canonical::Node;

/// The form of a raw output, in bits.
pub mod form {
    /// The output is text.
    pub const TEXT: u8 = 1;
    /// The output is the input, as changed by the command.
    pub const IN_PLACE: u8 = 2;
}

/// The description of a plugin.
pub(super) struct Description<'a> {
    pub(super) id: &'a str,
    pub(super) manifest: &'a str,
    pub(super) openapi: &'a str,
    commands: Node<'a>,
}

impl<'a> Description<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let mut node = Node::new(bytes, 0);
        Description {
            id: node.text(),
            manifest: node.text(),
            openapi: node.text(),
            commands: node,
        }
    }

    /// Returns the form of the output of a raw command.
    pub(super) fn form(&self, command: &str) -> u8 {
        let mut commands = self.commands;
        let mut all = (0..commands.number()).map(|_| (commands.text(), commands.byte()));
        all.find(|(name, _)| *name == command)
            .map_or(0, |(_, form)| form)
    }
}
