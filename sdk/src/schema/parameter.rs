//! The members of an object one by one, for hosts with lists of parameters instead of schemas.

use super::node::{Description, Direction, Field, Kind, Node, Object, Representation};
use super::sink::Sink;
use super::write::trim;

/// A member of an object that the plugin reads.
pub struct Parameter(&'static Field);

/// The type of a member in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string, or one of several strings.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// An array, an object, or one of several of these forms.
    Other,
}

impl Parameter {
    /// Returns the member with an index, counting those of flattened fields; `None` after the last,
    /// and for a schema that is not an object.
    pub const fn of(object: &'static Node, nth: usize) -> Option<Self> {
        match find(object, nth) {
            Ok(field) => Some(Parameter(field)),
            Err(_) => None,
        }
    }

    /// Returns the name, as a JSON string.
    pub const fn name(&self) -> &'static str {
        match self.0.names.given(Direction::In) {
            Some(name) => name,
            None => "\"\"",
        }
    }

    /// Returns whether it must be given.
    pub const fn is_required(&self) -> bool {
        self.0.is_required(Direction::In)
    }

    /// Returns the type.
    pub const fn form(&self) -> Form {
        form(self.0.node)
    }

    /// Writes the author's description as a JSON string. Returns whether there is one; writes
    /// nothing otherwise.
    pub const fn write_description(&self, sink: &mut Sink<'_>) -> bool {
        match self.0.annotations.description {
            Description::None => return false,
            Description::Json(json) => sink.raw(json),
            Description::Raw(text) => sink.string(trim(text)),
        }
        true
    }
}

/// Returns the field with an index, or the number of fields.
const fn find(object: &'static Node, nth: usize) -> Result<&'static Field, usize> {
    let Node::Object(Object { fields, .. }) = object.resolve(Direction::In).node else {
        return Err(0);
    };
    let mut passed = 0;
    each!(for field in fields {
        if field.flatten {
            match find(field.node, nth - passed) {
                Ok(field) => return Ok(field),
                Err(count) => passed += count,
            }
        } else if field.names.given(Direction::In).is_some() {
            if passed == nth {
                return Ok(field);
            }
            passed += 1;
        }
    });
    Err(passed)
}

const fn form(node: &'static Node) -> Form {
    match node.resolve(Direction::In).node {
        Node::Plain { kind, .. } => match kind {
            Kind::String => Form::String,
            Kind::Boolean => Form::Boolean,
            Kind::Number => Form::Number,
            Kind::Integer | Kind::Natural => Form::Integer,
        },
        Node::Numbers(_) => Form::Integer,
        Node::Enum(of)
            if matches!(of.representation, Representation::External)
                && of.is_names_only(Direction::Out) =>
        {
            Form::String
        }
        _ => Form::Other,
    }
}

#[cfg(test)]
#[allow(
    dead_code,
    unused_qualifications,
    reason = "types that are only described, by derives that name this crate from outside"
)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[derive(Deserialize, Schema)]
    struct Page {
        /// From 0 on.
        start: u32,
        #[serde(default)]
        length: f64,
    }

    #[derive(Deserialize, Schema)]
    enum Order {
        Rising,
        Falling,
    }

    #[derive(Deserialize, Schema)]
    enum Shape {
        Point,
        Circle(f64),
    }

    #[derive(Deserialize, Schema)]
    struct Query {
        /// The text to look for: `"…"`.
        text: String,
        #[serde(flatten)]
        page: Page,
        order: Option<Order>,
        #[serde(rename = "exactly")]
        exact: bool,
        shape: Shape,
        tags: Vec<String>,
        #[serde(skip)]
        seen: u32,
    }

    fn described(parameter: &Parameter) -> String {
        let mut bytes = [0; 100];
        let mut sink = Sink::writing(&mut bytes);
        parameter.write_description(&mut sink);
        let len = sink.len();
        String::from_utf8(bytes[..len].to_vec()).unwrap()
    }

    #[test]
    fn members_include_those_of_flattened_fields() {
        let parameters = (0..).map_while(|nth| Parameter::of(Query::SCHEMA, nth));
        let listed: Vec<_> = parameters
            .map(|parameter| (parameter.name(), parameter.form(), parameter.is_required()))
            .collect();
        assert_eq!(
            listed,
            [
                (r#""text""#, Form::String, true),
                (r#""start""#, Form::Integer, true),
                (r#""length""#, Form::Number, false),
                (r#""order""#, Form::String, false),
                (r#""exactly""#, Form::Boolean, true),
                (r#""shape""#, Form::Other, true),
                (r#""tags""#, Form::Other, true),
            ]
        );
    }

    #[test]
    fn descriptions_are_json_strings() {
        let text = |nth| described(&Parameter::of(Query::SCHEMA, nth).unwrap());
        assert_eq!(text(0), r#""The text to look for: `\"…\"`.""#);
        assert_eq!(text(1), r#""From 0 on.""#);
        assert_eq!(text(3), "");
    }

    #[test]
    fn only_objects_have_members() {
        assert!(Parameter::of(<Vec<Page>>::SCHEMA, 0).is_none());
        assert!(Parameter::of(Order::SCHEMA, 0).is_none());
    }
}
