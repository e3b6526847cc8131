//! What a plugin says of itself: the lines of its custom section `plugin-sdk`, rendered while compiling.
//!
//! Each `#[plugin]` item makes one [`Line`] of what it can see, and its macro a static of the rendered bytes, which the linker puts one behind the other. Nothing of
//! this is ever run in the plugin, or in its memory. `docs/abi.md` says what stands in a line.

pub use crate::error::ErrorCode;
pub use crate::raw::Bytes;
use crate::raw::RawResult;
use crate::schema::{Definitions, Direction, Node, ObjectWriter, Schema, Sink};

/// What one item says of its plugin.
pub struct Line {
    /// Who the plugin is: at its struct only.
    pub identity: Option<Identity>,
    /// What its init hook takes; the first counts.
    pub config: &'static [&'static Node],
    /// The item's commands.
    pub commands: &'static [Command],
    /// The item's handlers of events.
    pub handles: &'static [Handler],
}

/// How many bytes a draft has room for. A line that is longer is written twice.
const ROOM: usize = 1 << 18;

/// A line whose length the compiler could not know before it was written.
pub struct Draft {
    bytes: [u8; ROOM],
    len: usize,
}

impl Draft {
    /// How many bytes the line has.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none, which no line has.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Who a plugin is, and what it asks for.
pub struct Identity {
    /// Lower-case letters, digits and hyphens.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// By the rules of semver.org.
    pub version: &'static str,
    /// Such as `tool`.
    pub plugin_type: Option<&'static str>,
    /// Words by which people find it.
    pub tags: &'static [&'static str],
    /// What it is for; may be empty, as all that follow.
    pub description: &'static str,
    /// Who wrote it.
    pub authors: &'static [&'static str],
    /// As an SPDX expression.
    pub license: &'static str,
    /// An address.
    pub homepage: &'static str,
    /// An address.
    pub repository: &'static str,
    /// Hosts, and which versions of them.
    pub requires: &'static [NamedText],
    /// What it asks of its host, and why.
    pub permissions: &'static [NamedText],
    /// The same for what it can do without.
    pub optional_permissions: &'static [NamedText],
    /// How much of something it asks for.
    pub limits: &'static [(&'static str, u64)],
    /// The topics of its events, and when it emits them.
    pub emits: &'static [NamedText],
}

/// A name and what there is to say of it.
pub type NamedText = (&'static str, &'static str);

/// What a plugin says of a command.
pub struct Command {
    /// As in its export.
    pub name: &'static str,
    /// Its doc comment.
    pub description: &'static str,
    /// Whether it takes many inputs at once, too.
    pub batch: bool,
    /// What it takes and gives.
    pub interface: Interface,
    /// The codes that it fails with: those of its error type, and those that stand at the command.
    pub errors: [&'static [ErrorCode]; 2],
}

/// What crosses in a call.
pub enum Interface {
    /// Values in JSON.
    Json(Values),
    /// Values in the binary codec.
    Binary(Values),
    /// Plain bytes.
    Raw {
        /// What the bytes of the arguments are.
        input: Option<Bytes>,
        /// What the bytes of the result are.
        output: Option<Bytes>,
    },
}

/// The schemas of a command.
pub struct Values {
    /// Of all arguments together, an object.
    pub arguments: &'static Node,
    /// Of the result.
    pub result: &'static Node,
}

/// What a plugin says of a handler of events.
pub struct Handler {
    /// The pattern of the topics that it takes.
    pub topic: &'static str,
    /// Its doc comment.
    pub description: &'static str,
    /// What it takes with the topic.
    pub data: Option<&'static Node>,
}

impl Line {
    /// Its bytes, as far as there is room for them.
    pub const fn draft(&self) -> Draft {
        let mut bytes = [0; ROOM];
        let mut sink = Sink::writing(&mut bytes);
        self.write(&mut sink);
        let len = sink.len();
        Draft { bytes, len }
    }

    /// Its bytes, of which there are as many as its draft has.
    pub const fn render<const LEN: usize>(&self, draft: &Draft) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        match draft.bytes.split_at_checked(LEN) {
            Some((written, _)) => bytes.copy_from_slice(written),
            None => self.write(&mut Sink::writing(&mut bytes)),
        }
        bytes
    }

    const fn definitions(&self) -> Definitions {
        let mut definitions = Definitions::new();
        if let [config, ..] = self.config {
            definitions.collect(config, Direction::In);
        }
        let mut commands = self.commands;
        while let [command, others @ ..] = commands {
            commands = others;
            if let Some(values) = command.interface.values() {
                definitions.collect(values.arguments, Direction::In);
                definitions.collect(values.result, Direction::Out);
            }
        }
        let mut handles = self.handles;
        while let [handler, others @ ..] = handles {
            handles = others;
            if let Some(data) = handler.data {
                definitions.collect(data, Direction::In);
            }
        }
        definitions
    }

    const fn write(&self, sink: &mut Sink<'_>) {
        let definitions = self.definitions();
        let mut object = ObjectWriter::begin(sink);
        if let Some(identity) = &self.identity {
            identity.write(&mut object);
        }
        if let [config, ..] = self.config {
            definitions.write_schema(config, Direction::In, object.value("config"));
        }
        if !self.commands.is_empty() {
            let mut array = object.array("commands");
            let mut commands = self.commands;
            while let [command, others @ ..] = commands {
                commands = others;
                command.write(array.item(), &definitions);
            }
            array.end();
        }
        if !self.handles.is_empty() {
            let mut array = object.array("handles");
            let mut handles = self.handles;
            while let [handler, others @ ..] = handles {
                handles = others;
                handler.write(array.item(), &definitions);
            }
            array.end();
        }
        if !definitions.is_empty() {
            let sink = object.value("$defs");
            sink.raw("{");
            definitions.write(sink);
            sink.raw("}");
        }
        object.end();
        sink.raw("\n");
    }
}

impl Identity {
    const fn write(&self, object: &mut ObjectWriter<'_, '_>) {
        object.number("abi", crate::abi::VERSION as u64);
        object.text("sdk", env!("CARGO_PKG_VERSION"));
        object.text("id", self.id);
        object.text("name", self.name);
        object.text("version", self.version);
        if let Some(plugin_type) = self.plugin_type {
            object.text("type", plugin_type);
        }
        object.texts("tags", self.tags);
        object.text("description", self.description);
        object.texts("authors", self.authors);
        object.text("license", self.license);
        object.text("homepage", self.homepage);
        object.text("repository", self.repository);
        if !self.requires.is_empty() {
            let mut requires = ObjectWriter::begin(object.value("requires"));
            let mut hosts = self.requires;
            while let [(host, versions), others @ ..] = hosts {
                hosts = others;
                requires.text(host, versions);
            }
            requires.end();
        }
        self.write_permissions(object);
        if !self.limits.is_empty() {
            let mut limits = ObjectWriter::begin(object.value("limits"));
            let mut amounts = self.limits;
            while let [(limit, amount), others @ ..] = amounts {
                amounts = others;
                limits.number(limit, *amount);
            }
            limits.end();
        }
        if !self.emits.is_empty() {
            let mut array = object.array("emits");
            let mut events = self.emits;
            while let [(topic, description), others @ ..] = events {
                events = others;
                let mut object = ObjectWriter::begin(array.item());
                object.text("topic", topic);
                object.text("description", description);
                object.end();
            }
            array.end();
        }
    }
}

impl Identity {
    const fn write_permissions(&self, object: &mut ObjectWriter<'_, '_>) {
        if self.permissions.is_empty() && self.optional_permissions.is_empty() {
            return;
        }
        let mut array = object.array("permissions");
        let (mut rest, mut optional) = (self.permissions, false);
        loop {
            while let [(name, reason), others @ ..] = rest {
                rest = others;
                let mut object = ObjectWriter::begin(array.item());
                object.text("name", name);
                object.text("reason", reason);
                if optional {
                    object.flag("optional");
                }
                object.end();
            }
            if optional {
                break;
            }
            (rest, optional) = (self.optional_permissions, true);
        }
        array.end();
    }
}

impl Command {
    /// Stands in for what no line mentions.
    pub const UNDESCRIBED: Self = Command {
        name: "",
        description: "",
        batch: false,
        interface: Interface::Raw {
            input: None,
            output: None,
        },
        errors: [&[], &[]],
    };

    const fn write(&self, sink: &mut Sink<'_>, definitions: &Definitions) {
        let mut object = ObjectWriter::begin(sink);
        object.text("name", self.name);
        object.text("description", self.description);
        if self.batch {
            object.flag("batch");
        }
        match &self.interface {
            Interface::Json(values) => values.write(&mut object, definitions),
            Interface::Binary(values) => {
                object.text("codec", "binary");
                values.write(&mut object, definitions);
            }
            Interface::Raw { input, output } => {
                object.text("codec", "raw");
                if let Some(input) = input {
                    object.text("input", input.items);
                    if input.in_place {
                        object.flag("in_place");
                    }
                }
                if let Some(output) = output {
                    object.text("output", output.items);
                }
            }
        }
        if !matches!(self.errors, [[], []]) {
            let mut array = object.array("errors");
            let mut sets: &[&[ErrorCode]] = &self.errors;
            while let [set, other_sets @ ..] = sets {
                sets = other_sets;
                let mut errors = *set;
                while let [error, others @ ..] = errors {
                    errors = others;
                    let mut object = ObjectWriter::begin(array.item());
                    object.text("code", error.code);
                    object.text("description", error.description);
                    object.end();
                }
            }
            array.end();
        }
        object.end();
    }
}

impl Interface {
    pub(crate) const fn values(&self) -> Option<&Values> {
        match self {
            Interface::Json(values) | Interface::Binary(values) => Some(values),
            Interface::Raw { .. } => None,
        }
    }
}

impl Values {
    const fn write(&self, object: &mut ObjectWriter<'_, '_>, definitions: &Definitions) {
        definitions.write_schema(self.arguments, Direction::In, object.value("arguments"));
        definitions.write_schema(self.result, Direction::Out, object.value("result"));
    }
}

impl Handler {
    const fn write(&self, sink: &mut Sink<'_>, definitions: &Definitions) {
        let mut object = ObjectWriter::begin(sink);
        object.text("topic", self.topic);
        object.text("description", self.description);
        if let Some(data) = self.data {
            definitions.write_schema(data, Direction::In, object.value("data"));
        }
        object.end();
    }
}

/// The schema of a type, which is looked at and not used.
pub const fn schema_of<T: Schema + ?Sized>(_: Type<T>) -> &'static Node {
    T::SCHEMA
}

/// What the bytes of a raw result are; the type is looked at and not used.
pub const fn bytes_of<T: RawResult>(_: Type<T>) -> Option<Bytes> {
    T::BYTES
}

/// A type, and what a command that returns it gives: associated constants of [`Type`] itself come before those of [`Plain`] and [`Uncoded`].
pub struct Type<T: ?Sized>(std::marker::PhantomData<T>);

impl<T: ?Sized> Type<T> {
    /// The type.
    pub const IT: Self = Type(std::marker::PhantomData);
}

impl<T, E> Type<Result<T, E>> {
    /// What success is.
    pub const SUCCESS: Type<T> = Type::IT;
}

impl<T, E: crate::error::ErrorCodes> Type<Result<T, E>> {
    /// The codes of the error.
    pub const CODES: &'static [ErrorCode] = E::CODES;
}

/// Any type that is no `Result`.
pub trait Plain: Sized {
    /// What is returned.
    type Success;
    /// What success is.
    const SUCCESS: Type<Self::Success>;
}

impl<T> Plain for Type<T> {
    type Success = T;
    const SUCCESS: Type<T> = Type::IT;
}

/// Any type whose errors have no codes that are known.
pub trait Uncoded {
    /// None.
    const CODES: &'static [ErrorCode] = &[];
}

impl<T> Uncoded for Type<T> {}
