//! What a type looks like in JSON, as the compiler knows it: JSON Schema 2020-12, made while compiling and never in the plugin's code or memory.

mod sink;

pub use sink::Sink;

/// A type that describes its form in JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it looks like in JSON",
    label = "this type has no schema",
    note = "derive `plugin_sdk::Schema` for it, beside serde's traits; or describe it as another type: `#[schema(with = String)]` on a field, `#[arg(schema = String)]` on an argument, `plugin_sdk::schema::Any` for anything"
)]
pub trait Schema {
    /// The type's schema.
    const SCHEMA: &'static Node;
    /// The JSON of `Default::default()`, where it is known.
    const DEFAULT: Option<&'static str> = None;
    /// Whether a member of this type that is missing is read as something, as an `Option` is.
    const OPTIONAL: bool = false;
}

/// A part of a schema.
pub enum Node {
    /// A whole schema, as JSON.
    Text(&'static str),
}

/// Whether what is described comes into the plugin or goes out of it: serde may read one form of a type and write another.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// What `Deserialize` reads: arguments, configurations, events' data.
    In,
    /// What `Serialize` writes: results.
    Out,
}

/// The types that have a place of their own in a document, under `$defs`, and are referred to by name.
pub struct Definitions {
    len: usize,
}

impl Definitions {
    /// None yet.
    pub const fn new() -> Self {
        Definitions { len: 0 }
    }

    /// Adds those that a schema leads to.
    pub const fn collect(&mut self, _schema: &'static Node, _direction: Direction) {}

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes the members of `$defs`, without the braces around them.
    pub const fn write(&self, _sink: &mut Sink<'_>) {}

    /// Writes a schema; all that it leads to must have been collected in the same direction.
    pub const fn write_schema(
        &self,
        schema: &'static Node,
        _direction: Direction,
        sink: &mut Sink<'_>,
    ) {
        match schema {
            Node::Text(text) => sink.raw(text),
        }
    }
}

macro_rules! texts {
    ($($type:ty = $text:literal)*) => {$(
        impl Schema for $type {
            const SCHEMA: &'static Node = &Node::Text($text);
        }
    )*};
}

texts! {
    str = r#"{"type":"string"}"#
    String = r#"{"type":"string"}"#
    () = r#"{"type":"null"}"#
    u32 = r#"{"type":"integer","minimum":0,"maximum":4294967295}"#
}

impl<T: Schema + ?Sized> Schema for &T {
    const SCHEMA: &'static Node = T::SCHEMA;
}
