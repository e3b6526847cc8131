//! The manifest: lines of the custom section `plugin-sdk`, rendered while compiling.
//!
//! Each `#[plugin]` item makes one [`Line`] of its own part, and its expansion a static with the
//! rendered bytes. The linker joins these. None of this code runs in the plugin or takes any of its
//! memory. [The ABI](crate::docs::abi) specifies the lines.

pub use crate::error::ErrorCode;
pub use crate::raw::Bytes;
use crate::raw::RawResult;
use crate::schema::{Definitions, Direction, Node, ObjectWriter, Schema, Sink};

/// The part of the manifest that comes from one item.
pub struct Line {
    /// Identity and requests of the plugin, from its struct only.
    pub identity: Option<Identity>,
    /// The configuration of the init hook; the first element counts.
    pub config: &'static [&'static Node],
    /// The commands of the item.
    pub commands: &'static [Command],
    /// The event handlers of the item.
    pub handles: &'static [Handler],
}

/// The size of a draft in bytes. A longer line is written twice.
const ROOM: usize = 1 << 18;

/// A line whose length is known only after writing it.
pub struct Draft {
    bytes: [u8; ROOM],
    len: usize,
}

impl Draft {
    /// Returns the length in bytes.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether it is empty, which no line is.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The identity of a plugin, and its requests to the host.
pub struct Identity {
    /// The id: lower-case letters, digits and hyphens.
    pub id: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// The version, by the rules of semver.org.
    pub version: &'static str,
    /// The type, such as `tool`.
    pub plugin_type: Option<&'static str>,
    /// Search terms.
    pub tags: &'static [&'static str],
    /// The purpose; may be empty, like all that follow.
    pub description: &'static str,
    /// The authors.
    pub authors: &'static [&'static str],
    /// The licence as an SPDX expression.
    pub license: &'static str,
    /// The address of the homepage.
    pub homepage: &'static str,
    /// The address of the repository.
    pub repository: &'static str,
    /// Hosts, and the versions of each that the plugin needs.
    pub requires: &'static [NamedText],
    /// The permissions that it needs, with reasons.
    pub permissions: &'static [NamedText],
    /// The permissions that it can do without, with reasons.
    pub optional_permissions: &'static [NamedText],
    /// The limits that it asks for.
    pub limits: &'static [(&'static str, u64)],
    /// The topics of the events that it emits, with descriptions.
    pub emits: &'static [NamedText],
}

/// A name and its description.
pub type NamedText = (&'static str, &'static str);

/// The description of a command.
pub struct Command {
    /// The name, as in the export.
    pub name: &'static str,
    /// The doc comment.
    pub description: &'static str,
    /// `true` if it also takes many inputs at once.
    pub batch: bool,
    /// The form of input and output.
    pub interface: Interface,
    /// The codes of its errors: those of the error type, and those listed at the command.
    pub errors: [&'static [ErrorCode]; 2],
}

/// The form of input and output.
pub enum Interface {
    /// Values in JSON.
    Json(Values),
    /// Values in the binary codec.
    Binary(Values),
    /// Plain bytes.
    Raw {
        /// The bytes of the arguments.
        input: Option<Bytes>,
        /// The bytes of the result.
        output: Option<Bytes>,
    },
}

/// The schemas of a command.
pub struct Values {
    /// The schema of all arguments together, an object.
    pub arguments: &'static Node,
    /// The schema of the result.
    pub result: &'static Node,
}

/// The description of an event handler.
pub struct Handler {
    /// The pattern of its topics.
    pub topic: &'static str,
    /// The doc comment.
    pub description: &'static str,
    /// The schema of the data, if the handler takes it.
    pub data: Option<&'static Node>,
}

impl Line {
    /// Renders the line as far as the draft has room.
    pub const fn draft(&self) -> Draft {
        let mut bytes = [0; ROOM];
        let mut sink = Sink::writing(&mut bytes);
        self.write(&mut sink);
        let len = sink.len();
        Draft { bytes, len }
    }

    /// Renders the line, with the length of its draft.
    pub const fn render<const LEN: usize>(&self, draft: &Draft) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        match draft.bytes.split_at_checked(LEN) {
            Some((written, _)) => bytes.copy_from_slice(written),
            None => self.write(&mut Sink::writing(&mut bytes)),
        }
        bytes
    }

    /// Returns the line as text.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut sink = Sink::measuring();
        self.write(&mut sink);
        let mut bytes = vec![0; sink.len()];
        self.write(&mut Sink::writing(&mut bytes));
        bytes
    }

    const fn definitions(&self) -> Definitions {
        let mut definitions = Definitions::new();
        if let [config, ..] = self.config {
            definitions.collect(config, Direction::In);
        }
        each!(for command in self.commands {
            if let Some(values) = command.interface.values() {
                definitions.collect(values.arguments, Direction::In);
                definitions.collect(values.result, Direction::Out);
            }
        });
        each!(for handler in self.handles {
            if let Some(data) = handler.data {
                definitions.collect(data, Direction::In);
            }
        });
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
            each!(for command in self.commands {
                command.write(array.item(), &definitions);
            });
            array.end();
        }
        if !self.handles.is_empty() {
            let mut array = object.array("handles");
            each!(for handler in self.handles {
                handler.write(array.item(), &definitions);
            });
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
            each!(for (host, versions) in self.requires {
                requires.text(host, versions);
            });
            requires.end();
        }
        self.write_permissions(object);
        if !self.limits.is_empty() {
            let mut limits = ObjectWriter::begin(object.value("limits"));
            each!(for (limit, amount) in self.limits {
                limits.number(limit, *amount);
            });
            limits.end();
        }
        if !self.emits.is_empty() {
            let mut array = object.array("emits");
            each!(for (topic, description) in self.emits {
                let mut object = ObjectWriter::begin(array.item());
                object.text("topic", topic);
                object.text("description", description);
                object.end();
            });
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
        let lists = [(self.permissions, false), (self.optional_permissions, true)];
        each!(for (permissions, optional) in &lists {
            each!(for (name, reason) in permissions {
                let mut object = ObjectWriter::begin(array.item());
                object.text("name", name);
                object.text("reason", reason);
                if *optional {
                    object.flag("optional");
                }
                object.end();
            });
        });
        array.end();
    }
}

impl Command {
    /// The description of a command without a manifest.
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
            each!(for set in &self.errors {
                each!(for error in *set {
                    let mut object = ObjectWriter::begin(array.item());
                    object.text("code", error.code);
                    object.text("description", error.description);
                    object.end();
                });
            });
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

/// Returns the schema of a type.
pub const fn schema_of<T: Schema + ?Sized>(_: Type<T>) -> &'static Node {
    T::SCHEMA
}

/// Returns the form of a raw result.
pub const fn bytes_of<T: RawResult>(_: Type<T>) -> Option<Bytes> {
    T::BYTES
}

/// A type, and the result of a command that returns it. The associated constants of [`Type`] itself
/// take precedence over those of [`Plain`] and [`Uncoded`].
pub struct Type<T: ?Sized>(std::marker::PhantomData<T>);

/// The codes of a type that may have none.
pub type CodesOf<T> = Type<Result<(), T>>;

impl<T: ?Sized> Type<T> {
    /// The type.
    pub const IT: Self = Type(std::marker::PhantomData);
}

impl<T, E> Type<Result<T, E>> {
    /// The type of a success.
    pub const SUCCESS: Type<T> = Type::IT;
}

impl<T, E: crate::error::ErrorCodes> Type<Result<T, E>> {
    /// The codes of the error.
    pub const CODES: &'static [ErrorCode] = E::CODES;
}

/// Any type that is not a `Result`.
pub trait Plain: Sized {
    /// The type of the result.
    type Success;
    /// The type of a success.
    const SUCCESS: Type<Self::Success>;
}

impl<T> Plain for Type<T> {
    type Success = T;
    const SUCCESS: Type<T> = Type::IT;
}

/// Any type whose errors have no known codes.
pub trait Uncoded {
    /// An empty list.
    const CODES: &'static [ErrorCode] = &[];
}

impl<T> Uncoded for Type<T> {}
