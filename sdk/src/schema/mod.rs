//! Schemas of types: JSON Schema 2020-12, made while compiling, and never in the plugin's code or
//! memory.
//!
//! [`#[derive(Schema)]`](macro@crate::Schema) reads them from the source of a type and from serde's
//! attributes. [`document`] returns the result, for tests:
//!
//! ```
//! use plugin_sdk::prelude::*;
//! use plugin_sdk::schema::{Direction, document};
//!
//! /// A person to greet.
//! #[derive(Deserialize, Schema)]
//! struct Guest {
//!     #[schema(min_length = 1)]
//!     name: String,
//!     #[serde(default)]
//!     age: u8,
//! }
//!
//! let schema = document::<Guest>(Direction::In);
//! let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
//! assert_eq!(
//!     schema["$defs"]["Guest"],
//!     serde_json::json!({
//!         "description": "A person to greet.",
//!         "type": "object",
//!         "properties": {
//!             "name": {"type": "string", "minLength": 1},
//!             "age": {"type": "integer", "minimum": 0, "maximum": 255, "default": 0},
//!         },
//!         "required": ["name"],
//!     }),
//! );
//! ```

mod definitions;
mod fit;
// Public for the expansions of the derive only, and hidden.
#[allow(missing_docs)]
mod kept;
mod name;
// Public for the expansions of the derive only, and hidden.
#[allow(missing_docs)]
mod node;
mod object;
mod parameter;
mod sink;
mod types;
mod write;

/// Items for the expansions of the derive.
#[doc(hidden)]
pub mod parts {
    pub use super::fit::fits;
    pub use super::kept::{Probe, Unread, kept};
    pub use super::node::{
        Annotations, Definition, Enum, Field, Keyword, Link, Member, Names, Object, Representation,
        Variant,
    };
}

pub use definitions::Definitions;
pub use name::Name;
pub use node::{Direction, Node, Schema};
#[doc(hidden)]
pub use object::ObjectWriter;
#[doc(hidden)]
pub use parameter::{Form, Parameter};
pub use sink::Sink;

/// Any value: the description of a type without a schema.
///
/// ```
/// use plugin_sdk::prelude::*;
/// use plugin_sdk::schema::Any;
/// # #[derive(Deserialize)] struct Foreign;
///
/// #[derive(Deserialize, Schema)]
/// struct Row {
///     #[schema(with = Any)]
///     cell: Foreign,
///     #[schema(with = Vec<Any>)]
///     others: Vec<Foreign>,
/// }
/// ```
pub struct Any;

impl Schema for Any {
    const SCHEMA: &'static Node = &Node::Any;
    const NAME: Name = Name::of("Any", "plugin_sdk", &[]);
}

/// A reference to `T` in the description of a generic type that `T` contains. It has no values.
///
/// The derive inserts it where a generic type mentions itself. If generic types contain each other,
/// write it in one of them: the compiler cannot evaluate a constant that depends on itself.
///
/// ```
/// use plugin_sdk::prelude::*;
/// use plugin_sdk::schema::Recursive;
///
/// #[derive(Serialize, Deserialize, Schema)]
/// struct Folder<T> {
///     entries: Vec<Entry<T>>,
/// }
///
/// #[derive(Serialize, Deserialize, Schema)]
/// enum Entry<T> {
///     File(T),
///     Folder(#[schema(with = Recursive<Folder<T>>)] Folder<T>),
/// }
/// ```
///
/// Other code must use the outer type, here `Folder`.
pub struct Recursive<T: ?Sized>(core::marker::PhantomData<T>);

impl<T: Schema + ?Sized> Schema for Recursive<T> {
    const SCHEMA: &'static Node = &Node::Recursive(T::NAME);
    const NAME: Name = T::NAME;
}

/// Returns the schema of a type as a document of its own, as a plugin's manifest has it, for tests.
pub fn document<T: Schema + ?Sized>(direction: Direction) -> String {
    let mut definitions = Definitions::new();
    definitions.collect(T::SCHEMA, direction);
    let schema = rendered(|sink| definitions.write_schema(T::SCHEMA, direction, sink));
    let definitions = rendered(|sink| definitions.write(sink));
    let mut members =
        vec![r#""$schema":"https://json-schema.org/draft/2020-12/schema""#.to_owned()];
    match schema
        .strip_prefix('{')
        .and_then(|schema| schema.strip_suffix('}'))
    {
        Some("") => {}
        Some(own) => members.push(own.to_owned()),
        None => members.push(format!(r#""allOf":[{schema}]"#)),
    }
    if !definitions.is_empty() {
        members.push(format!(r#""$defs":{{{definitions}}}"#));
    }
    format!("{{{}}}", members.join(","))
}

/// Returns the written text.
fn rendered(write: impl Fn(&mut Sink<'_>)) -> String {
    let mut measured = Sink::measuring();
    write(&mut measured);
    let mut bytes = vec![0; measured.len()];
    write(&mut Sink::writing(&mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}
