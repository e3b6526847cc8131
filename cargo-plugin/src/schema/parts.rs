//! The choices and the members of a schema. There may be very many, and as many references to them,
//! so a [`Shape`](super::Shape) only refers to them.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// The values of a fixed set, apart from `null`.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    listed: &'a [Value],
    described: Vec<Choice<'a>>,
}

/// One value of a fixed set.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    pub value: &'a Value,
    pub description: Option<&'a str>,
}

impl<'a> Choices<'a> {
    /// Returns the values of a schema's `enum` or `const`.
    pub fn listed(listed: &'a [Value]) -> Self {
        Choices {
            listed,
            described: Vec::new(),
        }
    }

    /// Returns values with descriptions.
    pub fn described(described: Vec<Choice<'a>>) -> Self {
        Choices {
            listed: &[],
            described,
        }
    }

    /// Returns the number of values, `null` included.
    pub fn parts(&self) -> usize {
        self.listed.len() + self.described.len()
    }

    /// Returns true if `null` is one of the values.
    pub fn have_null(&self) -> bool {
        self.all().any(|choice| choice.value.is_null())
    }

    /// Returns the values without `null`, or `None` if there are more than `most`.
    pub fn at_most(&self, most: usize) -> Option<Vec<Choice<'a>>> {
        let choices: Vec<_> = self.iter().take(most + 1).collect();
        (choices.len() <= most).then_some(choices)
    }

    /// Returns the values without `null`.
    pub fn iter(&self) -> impl Iterator<Item = Choice<'a>> + Clone {
        self.all().filter(|choice| !choice.value.is_null())
    }

    fn all(&self) -> impl Iterator<Item = Choice<'a>> + Clone {
        let listed = self.listed.iter().map(|value| Choice {
            value,
            description: None,
        });
        listed.chain(self.described.iter().copied())
    }
}

/// An object with named members.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    properties: Option<&'a Map<String, Value>>,
    required: &'a [Value],
    /// The schema of members with other names, if those are allowed and have a type.
    pub others: Option<&'a Value>,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub required: bool,
}

impl<'a> Object<'a> {
    /// Returns an object without members.
    pub fn empty() -> Self {
        Object {
            properties: None,
            required: &[],
            others: None,
        }
    }

    /// Returns an object with the members of `properties`.
    pub fn new(
        properties: &'a Map<String, Value>,
        required: &'a [Value],
        others: Option<&'a Value>,
    ) -> Self {
        Object {
            properties: Some(properties),
            required,
            others,
        }
    }

    /// Returns true if there are no members.
    pub fn is_empty(&self) -> bool {
        self.properties.is_none_or(Map::is_empty)
    }

    /// Returns the number of members and of names that are required, which may have no member.
    pub fn parts(&self) -> usize {
        self.properties.map_or(0, Map::len) + self.required.len()
    }

    /// Returns the members in their order.
    pub fn members(&self) -> Vec<Member<'a>> {
        let required: HashSet<&str> = self.required.iter().filter_map(Value::as_str).collect();
        let members = self.properties.into_iter().flatten();
        let members = members.map(|(name, schema)| Member {
            name,
            schema,
            required: required.contains(name.as_str()),
        });
        members.collect()
    }
}
