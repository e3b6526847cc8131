//! What a type looks like in JSON, as the compiler knows it: JSON Schema 2020-12, made while compiling and never in the plugin's code or memory.
//!
//! [`#[derive(Schema)]`](macro@crate::Schema) says what it reads from a type's source and from serde's attributes. [`document`] shows the result, for tests:
//!
//! ```
//! use plugin_sdk::prelude::*;
//! use plugin_sdk::schema::{Direction, document};
//!
//! /// Who is greeted.
//! #[derive(Deserialize, Schema)]
//! struct Guest {
//!     #[schema(min_length = 1)]
//!     name: String,
//!     #[serde(default)]
//!     age: u8,
//! }
//!
//! let schema: serde_json::Value = serde_json::from_str(&document::<Guest>(Direction::In)).unwrap();
//! assert_eq!(
//!     schema["$defs"]["Guest"],
//!     serde_json::json!({
//!         "description": "Who is greeted.",
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
// Public only for what the derive makes, and hidden.
#[allow(missing_docs)]
mod kept;
mod name;
// Public only for what the derive makes, and hidden.
#[allow(missing_docs)]
mod node;
mod object;
mod parameter;
mod sink;
mod types;
mod write;

/// What the derive names.
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

/// Anything: how to describe what has no schema, where there is nothing better to say.
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

/// Stands for `T` in the description of a generic type that `T` contains in turn. It is only named, never made.
///
/// The derive puts it where a generic type mentions itself. Generic types that contain each other need it written down in one of them, for the compiler cannot evaluate a
/// constant that depends on itself:
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
/// The type that begins, here `Folder`, must be the one that is used elsewhere.
pub struct Recursive<T: ?Sized>(core::marker::PhantomData<T>);

impl<T: Schema + ?Sized> Schema for Recursive<T> {
    const SCHEMA: &'static Node = &Node::Recursive(T::NAME);
    const NAME: Name = T::NAME;
}

/// The schema of a type as a document of its own: what a plugin's manifest says about it, for tests and for those who want to see it.
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

/// What is written into a sink.
fn rendered(write: impl Fn(&mut Sink<'_>)) -> String {
    let mut measured = Sink::measuring();
    write(&mut measured);
    let mut bytes = vec![0; measured.len()];
    write(&mut Sink::writing(&mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}
