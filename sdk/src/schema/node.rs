//! What schemas consist of. The derive makes them, `collect` and `write` read them.

use super::name::Name;

/// A type that describes its form in JSON, which is what serde makes of it.
///
/// Derive it, beside serde's traits: [`#[derive(Schema)]`](macro@crate::Schema). A type of another crate, or one whose implementations of serde's traits are written by hand,
/// is described where it is used, by `#[schema(with = …)]`; or, if it is the author's own, like this:
///
/// ```
/// use plugin_sdk::schema::{Name, Node, Schema};
///
/// struct Date(String);
///
/// impl Schema for Date {
///     const SCHEMA: &'static Node = &Node::Text(r#"{"type":"string","format":"date"}"#);
///     const NAME: Name = Name::new("Date");
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it looks like in JSON",
    label = "this type has no schema",
    note = "derive `plugin_sdk::Schema` for it, beside serde's traits; or describe it as another type: `#[schema(with = String)]` on a field, `#[arg(schema = String)]` on an argument, `plugin_sdk::schema::Any` for anything"
)]
pub trait Schema {
    /// The type's schema.
    const SCHEMA: &'static Node;

    /// What the type is called among definitions.
    const NAME: Name;

    /// What `Default::default()` looks like in JSON, if it is known.
    const DEFAULT: Option<&'static str> = None;

    /// Whether serde reads a field of this type even where it is missing, as it does with `Option`.
    const OPTIONAL: bool = false;
}

/// Whether what is described comes into the plugin or goes out of it: serde may read one form of a type and write another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What `Deserialize` reads: arguments, configurations, events' data.
    In,
    /// What `Serialize` writes: results.
    Out,
}

/// A schema, or a part of one.
///
/// Those who describe a type by hand need [`Node::Text`] only; the rest is what `#[derive(Schema)]` and this crate make, and may change.
#[non_exhaustive]
pub enum Node {
    /// A whole schema, as JSON.
    Text(&'static str),
    /// `true`
    #[doc(hidden)]
    Any,
    /// `false`
    #[doc(hidden)]
    Never,
    /// `null`
    #[doc(hidden)]
    Null,
    /// A string, a number or a boolean.
    #[doc(hidden)]
    Plain {
        kind: Kind,
        keywords: &'static [Member],
        /// The same as text, without braces and with them: each piece that is rendered costs time.
        members: &'static str,
        whole: &'static str,
    },
    /// JSON that is passed on as text.
    #[doc(hidden)]
    Verbatim,
    /// One of several integers, with what is said of each.
    #[doc(hidden)]
    Numbers(&'static [(i128, Annotations)]),
    /// An array of whatever length.
    #[doc(hidden)]
    Sequence {
        items: &'static Node,
        keywords: &'static [Member],
    },
    /// An array of one length.
    #[doc(hidden)]
    Array { items: &'static Node, length: usize },
    /// An array of one schema for each place.
    #[doc(hidden)]
    Tuple(&'static [Field]),
    /// An object with any members.
    #[doc(hidden)]
    Map {
        keys: &'static Node,
        values: &'static Node,
    },
    #[doc(hidden)]
    Object(Object),
    #[doc(hidden)]
    Enum(Enum),
    /// What it holds, or `null`.
    #[doc(hidden)]
    Nullable(&'static Node),
    /// A type that stands under `$defs`.
    #[doc(hidden)]
    Definition(Link),
    /// The same, known by its name only.
    #[doc(hidden)]
    Recursive(Name),
    #[doc(hidden)]
    Annotated {
        annotations: &'static Annotations,
        node: &'static Node,
    },
    /// What is read in one form and written in another.
    #[doc(hidden)]
    Directed {
        input: &'static Node,
        output: &'static Node,
    },
}

/// The types of JSON that are no containers.
#[derive(Clone, Copy)]
pub enum Kind {
    String,
    Boolean,
    Number,
    Integer,
    /// An integer that is never negative.
    Natural,
}

impl Kind {
    /// A JSON string.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::String => "\"string\"",
            Kind::Boolean => "\"boolean\"",
            Kind::Number => "\"number\"",
            Kind::Integer | Kind::Natural => "\"integer\"",
        }
    }
}

/// A type that stands under `$defs`.
pub struct Definition {
    pub(super) name: Name,
    pub(super) body: &'static Node,
}

impl Definition {
    pub const fn new(name: Name, body: &'static Node) -> Definition {
        Definition { name, body }
    }
}

/// The way to a definition, which the compiler does not follow while it evaluates what contains it: the schema of a recursive type would depend on itself.
pub struct Link(core::mem::MaybeUninit<&'static Definition>);

impl Link {
    pub const fn to(definition: &'static Definition) -> Link {
        Link(core::mem::MaybeUninit::new(definition))
    }

    pub(super) const fn get(&self) -> &'static Definition {
        // SAFETY: `to` is the only one who makes a `Link`, and it is given a reference.
        unsafe { self.0.assume_init() }
    }
}

/// A keyword with its value as JSON.
pub struct Member(pub Keyword, pub &'static str);

/// What a schema can say besides its type, and what an author can override.
#[derive(Clone, Copy, PartialEq)]
pub enum Keyword {
    Title,
    Description,
    Deprecated,
    ReadOnly,
    WriteOnly,
    Default,
    Examples,
    Const,
    Format,
    Pattern,
    MinLength,
    MaxLength,
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf,
    Not,
    MinItems,
    MaxItems,
    UniqueItems,
    MinProperties,
    MaxProperties,
}

impl Keyword {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Keyword::Title => "\"title\":",
            Keyword::Description => "\"description\":",
            Keyword::Deprecated => "\"deprecated\":",
            Keyword::ReadOnly => "\"readOnly\":",
            Keyword::WriteOnly => "\"writeOnly\":",
            Keyword::Default => "\"default\":",
            Keyword::Examples => "\"examples\":",
            Keyword::Const => "\"const\":",
            Keyword::Format => "\"format\":",
            Keyword::Pattern => "\"pattern\":",
            Keyword::MinLength => "\"minLength\":",
            Keyword::MaxLength => "\"maxLength\":",
            Keyword::Minimum => "\"minimum\":",
            Keyword::Maximum => "\"maximum\":",
            Keyword::ExclusiveMinimum => "\"exclusiveMinimum\":",
            Keyword::ExclusiveMaximum => "\"exclusiveMaximum\":",
            Keyword::MultipleOf => "\"multipleOf\":",
            Keyword::Not => "\"not\":",
            Keyword::MinItems => "\"minItems\":",
            Keyword::MaxItems => "\"maxItems\":",
            Keyword::UniqueItems => "\"uniqueItems\":",
            Keyword::MinProperties => "\"minProperties\":",
            Keyword::MaxProperties => "\"maxProperties\":",
        }
    }

    pub(super) const fn is(self, other: Keyword) -> bool {
        self as u8 == other as u8
    }
}

/// What an author says about a type, a field or a variant.
#[derive(Clone, Copy)]
pub struct Annotations {
    pub(super) description: Description,
    pub(super) default: Option<&'static str>,
    pub(super) members: &'static [Member],
    pub(super) is_empty: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Description {
    None,
    /// A JSON string.
    Json(&'static str),
    /// Text that has yet to be trimmed and escaped.
    Raw(&'static str),
}

impl Annotations {
    pub const NONE: Annotations = Annotations {
        description: Description::None,
        default: None,
        members: &[],
        is_empty: true,
    };

    /// A description, as a JSON string.
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = Description::Json(description);
        self.is_empty = false;
        self
    }

    /// A description of which only the compiler knows what it says, such as `include_str!(…)`.
    pub const fn described_raw(mut self, description: &'static str) -> Self {
        self.description = Description::Raw(description);
        self.is_empty = false;
        self
    }

    /// The value of what is not given, as JSON.
    pub const fn default(mut self, default: Option<&'static str>) -> Self {
        self.default = default;
        self.is_empty &= default.is_none();
        self
    }

    pub const fn with(mut self, members: &'static [Member]) -> Self {
        self.members = members;
        self.is_empty &= members.is_empty();
        self
    }

    pub(super) const fn has(&self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::Description => !matches!(self.description, Description::None),
            Keyword::Default => self.default.is_some(),
            _ => {
                let mut rest = self.members;
                while let [Member(key, _), others @ ..] = rest {
                    if key.is(keyword) {
                        return true;
                    }
                    rest = others;
                }
                false
            }
        }
    }
}

/// What a field or variant is called, as JSON strings.
#[derive(Clone, Copy)]
pub struct Names {
    pub(super) input: Option<&'static str>,
    pub(super) output: Option<&'static str>,
    pub(super) differ: bool,
    pub(super) aliases: &'static [&'static str],
}

impl Names {
    /// One name, in both directions.
    pub const fn one(name: &'static str) -> Names {
        Names {
            input: Some(name),
            output: Some(name),
            differ: false,
            aliases: &[],
        }
    }

    /// One name for each direction; `None` where it is left out.
    pub const fn each(input: Option<&'static str>, output: Option<&'static str>) -> Names {
        Names {
            input,
            output,
            differ: true,
            aliases: &[],
        }
    }

    /// Other names that are read as well.
    pub const fn or(mut self, aliases: &'static [&'static str]) -> Names {
        self.aliases = aliases;
        self
    }

    pub(super) const fn given(&self, direction: Direction) -> Option<&'static str> {
        match direction {
            Direction::In => self.input,
            Direction::Out => self.output,
        }
    }

    pub(super) const fn aliases(&self, direction: Direction) -> &'static [&'static str] {
        match direction {
            Direction::In => self.aliases,
            Direction::Out => &[],
        }
    }

    pub(super) const fn differ(&self) -> bool {
        self.differ || !self.aliases.is_empty()
    }
}

/// A field of a struct or variant.
pub struct Field {
    pub(super) names: Names,
    pub(super) node: &'static Node,
    pub(super) annotations: Annotations,
    /// Whether it must be given, and whether it is always written.
    pub(super) required: (bool, bool),
    pub(super) flatten: bool,
    /// Whether it looks as its author says, and not as its type does.
    pub(super) told: bool,
}

impl Field {
    /// A field of a type; one that can be `None` may be left out.
    pub const fn of<T: Schema + ?Sized>(names: Names) -> Field {
        Field {
            required: (!T::OPTIONAL, true),
            ..Field::described_as(names, T::SCHEMA)
        }
    }

    /// A field that looks like something else than its type.
    pub const fn described_as(names: Names, node: &'static Node) -> Field {
        Field {
            names,
            node,
            annotations: Annotations::NONE,
            required: (true, true),
            flatten: false,
            told: false,
        }
    }

    /// A field without a name.
    pub const fn unnamed<T: Schema + ?Sized>() -> Field {
        Field::of::<T>(Names::one(""))
    }

    /// It looks like something else than its type.
    pub const fn looking_like(mut self, node: &'static Node) -> Field {
        self.node = node;
        self
    }

    /// It may be left out by those who give it.
    pub const fn optional(mut self) -> Field {
        self.required.0 = false;
        self
    }

    /// Its function that reads it is never asked when it is not there.
    pub const fn required(mut self) -> Field {
        self.required.0 = true;
        self
    }

    /// It may be left out by those who write it.
    pub const fn sometimes_written(mut self) -> Field {
        self.required.1 = false;
        self
    }

    /// Its author says what it looks like.
    pub const fn told(mut self) -> Field {
        self.told = true;
        self
    }

    /// Its members are members of what contains it.
    pub const fn flatten(mut self) -> Field {
        self.flatten = true;
        self
    }

    pub const fn annotated(mut self, annotations: Annotations) -> Field {
        self.annotations = annotations;
        self
    }

    pub(super) const fn is_required(&self, direction: Direction) -> bool {
        match direction {
            Direction::In => self.required.0,
            Direction::Out => self.required.1,
        }
    }
}

/// An object with known members.
pub struct Object {
    pub(super) fields: &'static [Field],
    /// Whether it has no others.
    pub(super) closed: bool,
}

impl Object {
    pub const fn new(fields: &'static [Field], closed: bool) -> Object {
        Object { fields, closed }
    }
}

/// Whether there is more to say of an object with these fields than what each of them looks like, and which must be there.
pub(super) const fn are_intricate(mut fields: &[Field]) -> bool {
    while let [field, rest @ ..] = fields {
        if field.flatten || !field.names.aliases.is_empty() {
            return true;
        }
        fields = rest;
    }
    false
}

/// One of several forms.
pub struct Enum {
    pub(super) representation: Representation,
    pub(super) variants: &'static [Variant],
    pub(super) closed: bool,
}

impl Enum {
    pub const fn new(
        representation: Representation,
        variants: &'static [Variant],
        closed: bool,
    ) -> Enum {
        Enum {
            representation,
            variants,
            closed,
        }
    }
}

/// How a variant is told from the others. The names are JSON strings.
pub enum Representation {
    External,
    Internal {
        tag: &'static str,
    },
    Adjacent {
        tag: &'static str,
        content: &'static str,
    },
    Untagged,
}

pub struct Variant {
    pub(super) names: Names,
    pub(super) content: Content,
    pub(super) annotations: Annotations,
    /// Whether it stands for every name that is no other's.
    pub(super) other: bool,
    pub(super) untagged: bool,
}

/// What a variant holds.
pub enum Content {
    Unit,
    /// One field; a flattened one where a tag stands among its members.
    Newtype(&'static Field),
    Tuple(&'static Node),
    Struct(&'static Node, &'static [Field]),
}

impl Variant {
    pub const fn unit(names: Names) -> Variant {
        Variant {
            names,
            content: Content::Unit,
            annotations: Annotations::NONE,
            other: false,
            untagged: false,
        }
    }

    pub const fn newtype(names: Names, field: &'static Field) -> Variant {
        Variant {
            content: Content::Newtype(field),
            ..Variant::unit(names)
        }
    }

    pub const fn tuple(names: Names, fields: &'static Node) -> Variant {
        Variant {
            content: Content::Tuple(fields),
            ..Variant::unit(names)
        }
    }

    /// The node must be an object.
    pub const fn with_fields(names: Names, object: &'static Node) -> Variant {
        let Node::Object(Object { fields, .. }) = object else {
            panic!("the fields of a variant are an object");
        };
        Variant {
            content: Content::Struct(object, fields),
            ..Variant::unit(names)
        }
    }

    pub const fn annotated(mut self, annotations: Annotations) -> Variant {
        self.annotations = annotations;
        self
    }

    pub const fn other(mut self) -> Variant {
        self.other = true;
        self
    }

    pub const fn untagged(mut self) -> Variant {
        self.untagged = true;
        self
    }

    /// Whether it is nothing but a name.
    pub(super) const fn is_plain(&self, direction: Direction) -> bool {
        matches!(self.content, Content::Unit)
            && self.annotations.is_empty
            && !self.untagged
            && !(self.other && matches!(direction, Direction::In))
    }
}

/// What stands at a place when references, annotations and directions are followed.
pub(super) struct Resolved {
    pub node: &'static Node,
    pub annotations: Option<&'static Annotations>,
    pub nullable: bool,
}

impl Node {
    /// What this is, in one direction.
    pub(super) const fn resolve(&'static self, direction: Direction) -> Resolved {
        let mut resolved = Resolved {
            node: self,
            annotations: None,
            nullable: false,
        };
        let mut steps = 0;
        loop {
            assert!(
                steps < 64,
                "a type that is flattened into itself has no schema"
            );
            steps += 1;
            resolved.node = match resolved.node {
                Node::Definition(link) => link.get().body,
                Node::Annotated { annotations, node } => {
                    if resolved.annotations.is_none() {
                        resolved.annotations = Some(annotations);
                    }
                    node
                }
                Node::Nullable(node) => {
                    resolved.nullable = true;
                    node
                }
                Node::Directed { input, output } => match direction {
                    Direction::In => input,
                    Direction::Out => output,
                },
                _ => return resolved,
            };
        }
    }
}
