//! Schemas in the forms that are compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{ANYTHING, Definitions, definition};

/// The greatest number of references that are followed from a schema, and the greatest depth of
/// nested alternatives.
const MAX_DEPTH: usize = 60;

/// Keywords that do not change which values are valid.
pub const ANNOTATIONS: [&str; 6] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "$comment",
];

/// Keywords whose schemas may describe members in addition to `properties`.
const APPLICATORS: [&str; 7] = [
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "then",
    "else",
    "dependentSchemas",
];

/// Keywords by name, those of referred schemas included.
pub type Keywords<'a> = BTreeMap<&'a str, &'a Value>;

/// A schema in one of the forms that are compared.
#[derive(Default)]
pub struct Form<'a> {
    /// All keywords but those that the other members represent.
    pub keywords: Keywords<'a>,
    pub nullable: bool,
    pub kind: Kind<'a>,
    /// Groups of names of members, of which each group must have at least one there: one name for
    /// a member that is simply required, several if it has aliases.
    pub required: Vec<Vec<&'a str>>,
}

#[derive(Default)]
pub enum Kind<'a> {
    Anything,
    #[default]
    Nothing,
    Type(&'a str),
    Variants(Vec<Variant<'a>>),
}

/// One value or one branch of an enum.
pub struct Variant<'a> {
    /// The name, or the value as JSON; `None` for branches that have no name.
    pub name: Option<String>,
    pub schema: VariantSchema<'a>,
}

#[derive(Clone, Copy)]
pub enum VariantSchema<'a> {
    /// Only the name as text.
    Text,
    /// Only the value.
    Literal,
    Branch(&'a Value),
}

impl<'a> Form<'a> {
    /// Reads a schema; `None` if its form is not known. Subtracts the schemas that are read from
    /// `left`, and stops at zero: nested alternatives multiply.
    pub fn of(schema: &'a Value, definitions: &'a Definitions, left: &mut usize) -> Option<Self> {
        Form::read(schema, definitions, MAX_DEPTH, left)
    }

    fn read(
        schema: &'a Value,
        definitions: &'a Definitions,
        depth: usize,
        left: &mut usize,
    ) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        let mut keywords = keywords(schema, definitions)?;
        let is_nothing = keywords.get("not").is_some_and(|not| is_anything(not));
        if is_nothing || schema == &Value::Bool(false) {
            return Some(Form::default());
        }
        let is_object = keywords.contains_key("properties") || keywords.contains_key("required");
        let required = required(&mut keywords);
        let branches = match (keywords.get("oneOf"), keywords.get("anyOf")) {
            (Some(branches), None) | (None, Some(branches)) if !is_object => branches.as_array(),
            (None, None) => None,
            // A flattened enum.
            _ => return None,
        };
        if let Some(branches) = branches {
            keywords.retain(|keyword, _| *keyword != "oneOf" && *keyword != "anyOf");
            return Form::of_branches(branches, keywords, definitions, depth, left);
        }
        let mut types: Vec<&str> = match keywords.remove("type") {
            None => Vec::new(),
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(ty) => vec![ty.as_str()?],
        };
        let values: Option<Vec<&'a Value>> =
            match (keywords.remove("const"), keywords.remove("enum")) {
                (Some(value), None) => Some(vec![value]),
                (None, Some(values)) => Some(values.as_array()?.iter().collect()),
                (None, None) => None,
                (Some(_), Some(_)) => return None,
            };
        let (nullable, kind) = match values {
            Some(mut values) => {
                let nullable = values.iter().any(|value| value.is_null());
                values.retain(|value| !value.is_null());
                match values.is_empty() {
                    true => (nullable, Kind::Nothing),
                    false => (
                        nullable,
                        Kind::Variants(values.into_iter().map(Variant::value).collect()),
                    ),
                }
            }
            None => {
                let nullable = types.contains(&"null");
                types.retain(|ty| *ty != "null");
                match types[..] {
                    [] if nullable => (true, Kind::Nothing),
                    [] if is_plain(&keywords) && required.is_empty() => (false, Kind::Anything),
                    [one] => (nullable, Kind::Type(one)),
                    _ => return None,
                }
            }
        };
        Some(Form {
            keywords,
            nullable,
            kind,
            required,
        })
    }

    fn of_branches(
        branches: &'a [Value],
        outer: Keywords<'a>,
        definitions: &'a Definitions,
        depth: usize,
        left: &mut usize,
    ) -> Option<Self> {
        if !is_plain(&outer) {
            return None;
        }
        let is_null = |branch: &Value| branch.get("type").is_some_and(|ty| ty == "null");
        let others: Vec<&'a Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
        let nullable = others.len() < branches.len();
        if let [one] = others[..]
            && nullable
        {
            let mut form = Form::read(one, definitions, depth, left)?;
            form.nullable = true;
            form.keywords.extend(outer);
            return Some(form);
        }
        let mut variants = Vec::new();
        for branch in others {
            match Form::read(branch, definitions, depth, left) {
                Some(Form {
                    kind: Kind::Variants(values),
                    nullable: false,
                    ..
                }) => variants.extend(values),
                _ => variants.push(Variant::branch(branch, definitions)),
            }
        }
        Some(Form {
            keywords: outer,
            nullable,
            kind: Kind::Variants(variants),
            required: Vec::new(),
        })
    }

    /// Returns true if this clearly allows every value of the other, `null` aside.
    pub fn allows(&self, other: &Form<'_>) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Anything, _) | (_, Kind::Nothing) => true,
            (Kind::Type("number"), Kind::Type("integer")) => is_plain(&self.keywords),
            (Kind::Type("string"), Kind::Variants(variants)) => {
                let is_text = |one: &Variant<'_>| matches!(one.schema, VariantSchema::Text);
                is_plain(&self.keywords) && variants.iter().all(is_text)
            }
            _ => false,
        }
    }
}

impl<'a> Variant<'a> {
    fn value(value: &'a Value) -> Self {
        let (name, schema) = match value.as_str() {
            Some(name) => (name.to_owned(), VariantSchema::Text),
            None => (value.to_string(), VariantSchema::Literal),
        };
        Variant {
            name: Some(name),
            schema,
        }
    }

    /// Names a branch after its tag, or after its only member, as serde does.
    fn branch(branch: &'a Value, definitions: &'a Definitions) -> Self {
        let name = keywords(branch, definitions).and_then(|keywords| {
            let members = keywords.get("properties")?.as_object()?;
            let required: Vec<&str> = names(keywords.get("required").copied()).collect();
            let tag = members.iter().find_map(|(name, member)| {
                let tag = member.get("const")?.as_str()?;
                required.contains(&name.as_str()).then_some(tag)
            });
            match (tag, &required[..]) {
                (Some(tag), _) => Some(tag),
                (None, [only]) if members.len() == 1 => Some(*only),
                _ => None,
            }
        });
        Variant {
            name: name.map(str::to_owned),
            schema: VariantSchema::Branch(branch),
        }
    }
}

/// The members of a schema of objects.
pub struct Object<'a> {
    pub members: Option<&'a Map<String, Value>>,
    pub required: Vec<Vec<&'a str>>,
    /// The schema of members that are not declared, if it says what they are.
    pub others: Option<&'a Value>,
    /// True if members that are not declared are refused.
    pub closed: bool,
}

impl<'a> Object<'a> {
    pub fn of(form: &Form<'a>) -> Self {
        let keywords = &form.keywords;
        let has_applicators = APPLICATORS.iter().any(|word| keywords.contains_key(word));
        let additional = match keywords.get("additionalProperties") {
            // Without other schemas for the same object, the two keywords are the same.
            None if !has_applicators => keywords.get("unevaluatedProperties"),
            additional => additional,
        };
        let additional = additional.copied();
        Object {
            members: keywords
                .get("properties")
                .and_then(|members| members.as_object()),
            required: form.required.clone(),
            others: additional.filter(|schema| **schema != Value::Bool(false)),
            closed: additional == Some(&Value::Bool(false)),
        }
    }

    pub fn member(&self, name: &str) -> Option<&'a Value> {
        self.members?.get(name)
    }

    pub fn requires(&self, name: &str) -> bool {
        self.requires_one_of(&[name])
    }

    /// Returns true if an object always has one of these members.
    pub fn requires_one_of(&self, names: &[&str]) -> bool {
        let mut required = self.required.iter();
        required.any(|group| group.iter().all(|name| names.contains(name)))
    }

    /// Returns the groups of required members of which one is not declared.
    pub fn undeclared(&self) -> BTreeSet<&[&'a str]> {
        let groups = self.required.iter().map(Vec::as_slice);
        groups
            .filter(|group| group.iter().any(|name| self.member(name).is_none()))
            .collect()
    }
}

/// Takes the required members out of an object's keywords: those of `required`, and those with
/// aliases, for which `#[derive(Schema)]` writes `anyOf`, or several of them in `allOf`.
fn required<'a>(keywords: &mut Keywords<'a>) -> Vec<Vec<&'a str>> {
    let list = keywords.remove("required");
    let mut required: Vec<Vec<&str>> = names(list).map(|name| vec![name]).collect();
    let is_object = match keywords.get("type") {
        Some(Value::Array(types)) => types.iter().all(|ty| ty == "object" || ty == "null"),
        ty => ty.is_some_and(|ty| *ty == "object"),
    };
    if !is_object {
        return required;
    }
    if let Some(group) = keywords.get("anyOf").and_then(|any| aliases(any)) {
        keywords.remove("anyOf");
        required.push(group);
    }
    let groups = keywords.get("allOf").and_then(|all| {
        let groups = all.as_array()?.iter().map(|schema| {
            let only = schema.as_object().filter(|all| all.len() == 1)?;
            aliases(only.get("anyOf")?)
        });
        groups.collect::<Option<Vec<_>>>()
    });
    if let Some(groups) = groups {
        keywords.remove("allOf");
        required.extend(groups);
    }
    required
}

/// Returns the names of `[{"required":["name"]},{"required":["alias"]}]`.
fn aliases(branches: &Value) -> Option<Vec<&str>> {
    let branches = branches.as_array().filter(|all| !all.is_empty())?;
    let names = branches.iter().map(|branch| {
        let only = branch.as_object().filter(|branch| branch.len() == 1)?;
        match only.get("required")?.as_array()?.as_slice() {
            [name] => name.as_str(),
            _ => None,
        }
    });
    names.collect()
}

/// Follows references that have no other keyword.
pub fn referred<'a>(mut schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let only = schema.as_object().filter(|keywords| keywords.len() == 1);
        let target = only.and_then(|keywords| definition(keywords.get("$ref")?, definitions));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// Returns true if no keyword restricts the values.
fn is_plain(keywords: &Keywords<'_>) -> bool {
    keywords.keys().all(|keyword| ANNOTATIONS.contains(keyword))
}

fn is_anything(schema: &Value) -> bool {
    schema == &ANYTHING || schema.as_object().is_some_and(Map::is_empty)
}

fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let names = list.and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// Merges a schema's keywords with those of the schema it refers to; the outer annotations win.
///
/// Returns `None` where two keywords contradict, or references never end.
fn keywords<'a>(schema: &'a Value, definitions: &'a Definitions) -> Option<Keywords<'a>> {
    let mut all = Keywords::new();
    let mut next = schema;
    for _ in 0..MAX_DEPTH {
        let Value::Object(own) = next else {
            let plain = *next == ANYTHING || all.is_empty() && next.is_boolean();
            return plain.then_some(all);
        };
        let mut inner = None;
        for (keyword, value) in own {
            let target = match (keyword.as_str(), value) {
                ("$ref", _) => Some(definition(value, definitions)?),
                ("allOf", Value::Array(schemas)) if schemas.len() == 1 => schemas.first(),
                _ => None,
            };
            if let Some(target) = target {
                if inner.replace(target).is_some() {
                    return None;
                }
            } else if ANNOTATIONS.contains(&keyword.as_str()) {
                all.entry(keyword).or_insert(value);
            } else if all
                .insert(keyword, value)
                .is_some_and(|outer| outer != value)
            {
                return None;
            }
        }
        match inner {
            Some(inner) => next = inner,
            None => return Some(all),
        }
    }
    None
}
