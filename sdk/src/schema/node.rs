//! The parts of schemas. The derive makes them; `definitions` and `write` read them.

use super::name::Name;

/// A type that describes its form in JSON, as serde reads and writes it.
///
/// Derive it next to serde's traits: [`#[derive(Schema)]`](macro@crate::Schema). For a type of
/// another crate, or one that implements serde's traits by hand, write `#[schema(with = …)]` where
/// it is used; or implement the trait for a type of your own:
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
    message = "`{Self}` does not describe its form in JSON",
    label = "this type has no schema",
    note = "derive `plugin_sdk::Schema` for it, next to serde's traits; or describe it as another type: `#[schema(with = String)]` on a field, `#[arg(schema = String)]` on an argument, `plugin_sdk::schema::Any` for anything"
)]
pub trait Schema {
    /// The schema of the type.
    const SCHEMA: &'static Node;

    /// The name of the definition.
    const NAME: Name;

    /// The form of `Default::default()` in JSON, if it is known.
    const DEFAULT: Option<&'static str> = None;

    /// `true` if serde reads a missing field of this type, as it does with `Option`.
    const OPTIONAL: bool = false;
}

/// The direction of a value: into the plugin or out of it. serde may read one form of a type and
/// write another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A value that `Deserialize` reads: arguments, configurations, data of events.
    In,
    /// A value that `Serialize` writes: results.
    Out,
}

impl Direction {
    /// Returns the value for this direction.
    pub(super) const fn of<T: Copy>(self, input: T, output: T) -> T {
        match self {
            Direction::In => input,
            Direction::Out => output,
        }
    }
}

/// A schema, or a part of one.
///
/// Implementations by hand need [`Node::Text`] only. `#[derive(Schema)]` and this crate make the
/// rest, which may change.
#[non_exhaustive]
pub enum Node {
    /// A whole schema as JSON.
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
        /// The same as text, without braces and with them: rendering each piece costs time.
        members: &'static str,
        whole: &'static str,
    },
    /// JSON that is passed on as text.
    #[doc(hidden)]
    Verbatim,
    /// One of several integers, with annotations for each.
    #[doc(hidden)]
    Numbers(&'static [(i128, Annotations)]),
    /// An array of any length.
    #[doc(hidden)]
    Sequence {
        items: &'static Node,
        keywords: &'static [Member],
    },
    /// An array of a fixed length.
    #[doc(hidden)]
    Array { items: &'static Node, length: usize },
    /// An array with one schema for each position.
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
    /// A value, or `null`.
    #[doc(hidden)]
    Nullable(&'static Node),
    /// A type with a definition under `$defs`.
    #[doc(hidden)]
    Definition(Link),
    /// The same, known by name only.
    #[doc(hidden)]
    Recursive(Name),
    #[doc(hidden)]
    Annotated {
        annotations: &'static Annotations,
        node: &'static Node,
    },
    /// A type that is read in one form and written in another.
    #[doc(hidden)]
    Directed {
        input: &'static Node,
        output: &'static Node,
    },
}

/// Defines an enum of words in JSON, and a macro that expands to the same words as literals.
macro_rules! words {
    ($(#[$about:meta])* $enum:ident $literal:ident $($variant:ident $text:literal)*) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq)]
        pub enum $enum {
            $($variant,)*
        }

        impl $enum {
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $($enum::$variant => $text,)*
                }
            }
        }

        macro_rules! $literal {
            $(($variant) => { $text };)*
        }
        pub(super) use $literal;
    };
}

words! {
    /// The types of JSON except containers. A `Natural` is an integer that is never negative.
    Kind kind
    String "\"string\""
    Boolean "\"boolean\""
    Number "\"number\""
    Integer "\"integer\""
    Natural "\"integer\""
}

/// A type with a definition under `$defs`.
pub struct Definition {
    pub(super) name: Name,
    pub(super) body: &'static Node,
}

impl Definition {
    pub const fn new(name: Name, body: &'static Node) -> Definition {
        Definition { name, body }
    }
}

/// A reference to a definition that the compiler does not follow while it evaluates the containing
/// constant: the schema of a recursive type would depend on itself.
pub struct Link(core::mem::MaybeUninit<&'static Definition>);

impl Link {
    pub const fn to(definition: &'static Definition) -> Link {
        Link(core::mem::MaybeUninit::new(definition))
    }

    pub(super) const fn get(&self) -> &'static Definition {
        // SAFETY: only `to` creates a `Link`, from a reference.
        unsafe { self.0.assume_init() }
    }
}

/// A keyword with its value as JSON.
pub struct Member(pub Keyword, pub &'static str);

words! {
    /// The keywords other than the type, which an author can override.
    Keyword keyword
    Title "\"title\":"
    Description "\"description\":"
    Deprecated "\"deprecated\":"
    ReadOnly "\"readOnly\":"
    WriteOnly "\"writeOnly\":"
    Default "\"default\":"
    Examples "\"examples\":"
    Const "\"const\":"
    Format "\"format\":"
    Pattern "\"pattern\":"
    MinLength "\"minLength\":"
    MaxLength "\"maxLength\":"
    Minimum "\"minimum\":"
    Maximum "\"maximum\":"
    ExclusiveMinimum "\"exclusiveMinimum\":"
    ExclusiveMaximum "\"exclusiveMaximum\":"
    MultipleOf "\"multipleOf\":"
    Not "\"not\":"
    MinItems "\"minItems\":"
    MaxItems "\"maxItems\":"
    UniqueItems "\"uniqueItems\":"
    MinProperties "\"minProperties\":"
    MaxProperties "\"maxProperties\":"
}

impl Keyword {
    pub(super) const fn is(self, other: Keyword) -> bool {
        self as u8 == other as u8
    }
}

/// Defines methods that return a value with one part replaced.
macro_rules! setters {
    ($type:ident: $($(#[$about:meta])* $name:ident($($new:ident: $of:ty)?) $part:ident$(.$nth:tt)? = $value:expr;)*) => {
        impl $type {$(
            $(#[$about])*
            pub const fn $name(mut self $(, $new: $of)?) -> Self {
                self.$part$(.$nth)? = $value;
                self
            }
        )*}
    };
}

/// An author's annotations of a type, a field or a variant.
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

    /// Adds a description, as a JSON string.
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = Description::Json(description);
        self.is_empty = false;
        self
    }

    /// Adds a description that only the compiler knows, such as `include_str!(…)`.
    pub const fn described_raw(mut self, description: &'static str) -> Self {
        self.description = Description::Raw(description);
        self.is_empty = false;
        self
    }

    /// Adds the default for a missing value, as JSON.
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
                each!(for Member(key, _) in self.members {
                    if key.is(keyword) {
                        return true;
                    }
                });
                false
            }
        }
    }
}

/// The names of a field or variant, as JSON strings.
#[derive(Clone, Copy)]
pub struct Names {
    pub(super) input: Option<&'static str>,
    pub(super) output: Option<&'static str>,
    pub(super) differ: bool,
    pub(super) aliases: &'static [&'static str],
}

impl Names {
    /// Creates one name for both directions.
    pub const fn one(name: &'static str) -> Names {
        Names {
            input: Some(name),
            output: Some(name),
            differ: false,
            aliases: &[],
        }
    }

    /// Creates one name for each direction; `None` leaves it out.
    pub const fn each(input: Option<&'static str>, output: Option<&'static str>) -> Names {
        Names {
            input,
            output,
            differ: true,
            aliases: &[],
        }
    }

    pub(super) const fn given(&self, direction: Direction) -> Option<&'static str> {
        direction.of(self.input, self.output)
    }

    /// Returns one of the names in a direction: the given one, followed by the aliases.
    pub(super) const fn nth(&self, direction: Direction, nth: usize) -> Option<&'static str> {
        match (self.given(direction), direction) {
            (given, _) if nth == 0 => given,
            (Some(_), Direction::In) => match self.aliases.split_at_checked(nth - 1) {
                Some((_, [alias, ..])) => Some(alias),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) const fn differ(&self) -> bool {
        self.differ || !self.aliases.is_empty()
    }
}

setters! { Names:
    /// Adds other names that are read as well.
    or(aliases: &'static [&'static str]) aliases = aliases;
}

/// A field of a struct or variant.
pub struct Field {
    pub(super) names: Names,
    pub(super) node: &'static Node,
    pub(super) annotations: Annotations,
    /// `true` if it must be given, and if it is always written.
    pub(super) required: (bool, bool),
    pub(super) flatten: bool,
    /// `true` if its author describes it as another type.
    pub(super) by_author: bool,
}

impl Field {
    /// Creates a field of a type; one that can be `None` may be left out.
    pub const fn of<T: Schema + ?Sized>(names: Names) -> Field {
        Field {
            required: (!T::OPTIONAL, true),
            ..Field::described_as(names, T::SCHEMA)
        }
    }

    /// Creates a field that is described as another type.
    pub const fn described_as(names: Names, node: &'static Node) -> Field {
        Field {
            names,
            node,
            annotations: Annotations::NONE,
            required: (true, true),
            flatten: false,
            by_author: false,
        }
    }

    /// Creates a field without a name.
    pub const fn unnamed<T: Schema + ?Sized>() -> Field {
        Field::of::<T>(Names::one(""))
    }

    pub(super) const fn is_required(&self, direction: Direction) -> bool {
        direction.of(self.required.0, self.required.1)
    }
}

setters! { Field:
    /// Describes it as another type.
    looking_like(node: &'static Node) node = node;
    /// Makes it optional when read.
    optional() required.0 = false;
    /// Makes it required when read: serde does not call the field's own function for a missing
    /// field.
    required() required.0 = true;
    /// Makes it optional when written.
    sometimes_written() required.1 = false;
    /// Marks it as described by its author.
    described_by_author() by_author = true;
    /// Makes its members those of the containing object.
    flatten() flatten = true;
    annotated(annotations: Annotations) annotations = annotations;
}

/// An object with known members.
pub struct Object {
    pub(super) fields: &'static [Field],
    /// `true` if it has no other members.
    pub(super) closed: bool,
}

impl Object {
    pub const fn new(fields: &'static [Field], closed: bool) -> Object {
        Object { fields, closed }
    }
}

/// Returns whether an object with these fields needs more than properties and a list of the
/// required ones.
pub(super) const fn are_intricate(fields: &[Field]) -> bool {
    each!(for field in fields {
        if field.flatten || !field.names.aliases.is_empty() {
            return true;
        }
    });
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

/// The way to distinguish variants. The names are JSON strings.
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
    /// `true` if it matches every name that no other variant has.
    pub(super) other: bool,
    pub(super) untagged: bool,
}

/// The content of a variant.
pub enum Content {
    Unit,
    /// One field; a flattened one if a tag is among its members.
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

    /// Creates a variant with fields; the node must be an object.
    pub const fn with_fields(names: Names, object: &'static Node) -> Variant {
        let Node::Object(Object { fields, .. }) = object else {
            panic!("the fields of a variant are an object");
        };
        Variant {
            content: Content::Struct(object, fields),
            ..Variant::unit(names)
        }
    }

    /// Returns whether it is only a name.
    pub(super) const fn is_plain(&self, direction: Direction) -> bool {
        matches!(self.content, Content::Unit)
            && self.annotations.is_empty
            && !self.untagged
            && !(self.other && matches!(direction, Direction::In))
    }
}

setters! { Variant:
    annotated(annotations: Annotations) annotations = annotations;
    other() other = true;
    untagged() untagged = true;
}

/// A node after following references, annotations and directions.
#[derive(Clone, Copy)]
pub(super) struct Resolved {
    pub node: &'static Node,
    pub annotations: Option<&'static Annotations>,
    pub nullable: bool,
}

impl Node {
    /// Follows references, annotations and directions.
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
                Node::Directed { input, output } => direction.of(input, output),
                _ => return resolved,
            };
        }
    }
}
