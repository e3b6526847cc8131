//! A plugin in terms that every language has: named types, commands, errors, events, and the
//! services that the plugin calls. Clients and components are written from it.
//!
//! `plugin` makes it from a module, `reading` makes types from schemas, `objects` and `unions`
//! recognise the forms in which serde writes structs and enums, and `recursion` finds the types
//! that contain themselves.
//!
//! A schema that fits no type becomes [`Type::Json`], never a type that excludes some of its
//! values.

mod codes;
#[cfg(test)]
mod notation;
mod objects;
mod plugin;
mod reading;
mod recursion;
#[cfg(test)]
mod tests;
mod unions;

use std::collections::BTreeSet;

use crate::schema::Integers;

pub use codes::STANDARD;
pub use recursion::Recursion;

/// A plugin, described for other languages.
#[derive(Debug, Default)]
pub struct Plugin {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    /// The types that have a name: records, choices, unions and aliases.
    pub types: Vec<NamedType>,
    /// The type of the configuration; `None` if the plugin takes none.
    pub config: Option<Type>,
    pub commands: Vec<Command>,
    /// Commands whose values are in the SDK's binary codec, which no other language has.
    pub omitted: Vec<String>,
    /// All codes of the plugin's own errors, each once.
    pub errors: Vec<ErrorCode>,
    pub handles: Vec<Event>,
    pub emits: Vec<Event>,
    pub permissions: Vec<Permission>,
    pub hooks: Hooks,
    /// The services that the plugin calls: the part of a function's name before the first `_`.
    pub services: BTreeSet<String>,
    /// The modules other than the SDK's services that the plugin imports functions from.
    pub imports: BTreeSet<String>,
}

/// The optional exports of a plugin.
#[derive(Debug, Default)]
pub struct Hooks {
    pub start: bool,
    pub stop: bool,
    pub event: bool,
    pub state: bool,
}

/// A command.
#[derive(Debug)]
pub struct Command {
    pub name: String,
    pub description: String,
    pub form: Form,
    pub errors: Vec<ErrorCode>,
}

/// The form of a command's input and output.
#[derive(Debug)]
pub enum Form {
    Typed {
        /// The arguments, usually a record; `None` if the command takes no arguments.
        arguments: Option<Type>,
        result: Type,
    },
    Raw {
        input: Option<Element>,
        /// The output, or the changed input of a command that works in place.
        output: Option<Element>,
        in_place: bool,
    },
}

/// The elements of a raw command's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    Text,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

/// The code of an error that a command may return.
#[derive(Clone, Debug)]
pub struct ErrorCode {
    pub code: String,
    pub description: String,
}

/// An event that a plugin handles or emits.
#[derive(Debug)]
pub struct Event {
    pub topic: String,
    pub description: String,
}

/// A permission that a plugin asks for.
#[derive(Debug)]
pub struct Permission {
    pub name: String,
    pub reason: String,
}

/// A client's use of values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Read,
    /// Reads values that may be absent.
    ReadOptional,
    Write,
}

impl Use {
    fn read(optional: bool) -> Self {
        if optional {
            Use::ReadOptional
        } else {
            Use::Read
        }
    }
}

/// A type that is declared by a name.
#[derive(Debug)]
pub struct NamedType {
    /// The name that languages make an identifier from: that of the definition, or words that
    /// describe the type's place.
    pub name: String,
    pub description: String,
    pub definition: Definition,
}

/// The definition of a named type.
#[derive(Debug)]
pub enum Definition {
    Record(Record),
    Choice(Choice),
    Union(Union),
    /// Another name of a type.
    Alias(Type),
}

/// An object with named members.
#[derive(Debug, Default)]
pub struct Record {
    pub fields: Vec<Field>,
    /// The type of members with other names, if they have one.
    pub rest: Option<Type>,
}

/// A member of an object.
#[derive(Debug)]
pub struct Field {
    /// The name in JSON.
    pub name: String,
    pub description: String,
    pub ty: Type,
    /// `true` if the member may be absent.
    pub optional: bool,
}

/// One of a fixed set of values.
#[derive(Debug)]
pub enum Choice {
    Texts(Vec<ChoiceValue<String>>),
    Integers(Vec<ChoiceValue<i64>>),
}

/// One value of a fixed set.
#[derive(Debug)]
pub struct ChoiceValue<T> {
    pub value: T,
    pub description: String,
}

/// One of several variants.
#[derive(Debug)]
pub struct Union {
    pub tagging: Tagging,
    pub variants: Vec<Variant>,
}

/// The part of a JSON value that identifies its variant, as in serde.
#[derive(Debug, PartialEq, Eq)]
pub enum Tagging {
    /// The value is the variant's name, or an object whose only member has that name.
    External,
    /// A member of the object is the variant's name.
    Internal { tag: String },
    /// One member is the variant's name, another one the content.
    Adjacent { tag: String, content: String },
    /// Nothing: the first variant that fits is meant.
    Untagged,
}

/// One variant of a union.
#[derive(Debug)]
pub struct Variant {
    /// The names in JSON: the first is written, all are read. For an untagged union, one word that
    /// languages make an identifier from.
    pub names: Vec<String>,
    pub description: String,
    pub content: Content,
}

/// The content of a variant.
#[derive(Debug)]
pub enum Content {
    Unit,
    Value {
        ty: Type,
        /// `true` if the content of an adjacent tag may be absent.
        optional: bool,
    },
    Fields(Record),
}

/// A type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Any JSON value.
    Json,
    Null,
    Boolean,
    /// A whole number, with its bounds.
    Integer(Integers),
    Float,
    Text,
    List(Box<Type>),
    Tuple(Vec<Type>),
    /// An object with arbitrary names and values of one type.
    Map(Box<Type>),
    /// A value or `null`.
    Option(Box<Type>),
    /// A type of [`Plugin::types`], by index.
    Named(usize),
}

/// The smallest machine type of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    U128,
    I128,
    /// Without bounds, or beyond 128 bits.
    Unbounded,
}

impl Width {
    /// Returns the smallest type that has all integers within the bounds.
    pub fn of(integers: &Integers) -> Self {
        use crate::schema::Whole;
        let (Some(lowest), Some(highest)) = (integers.lowest, integers.highest) else {
            return Width::Unbounded;
        };
        let all = [
            (Width::U8, Width::I8, 8),
            (Width::U16, Width::I16, 16),
            (Width::U32, Width::I32, 32),
            (Width::U64, Width::I64, 64),
            (Width::U128, Width::I128, 128),
        ];
        for (unsigned, signed, bits) in all {
            let unused = 128 - bits;
            if lowest >= Whole::Positive(0) && highest <= Whole::Positive(u128::MAX >> unused) {
                return unsigned;
            }
            let (least, most) = (i128::MIN >> unused, i128::MAX >> unused);
            if lowest >= least.into() && highest <= most.into() {
                return signed;
            }
        }
        Width::Unbounded
    }

    /// Returns whether a double holds all numbers of this type exactly.
    pub fn fits_double(self) -> bool {
        self <= Width::I32
    }
}

impl Element {
    /// Returns the size of an element in bytes.
    pub fn size(self) -> usize {
        match self {
            Element::Text | Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "text" => Element::Text,
            "i8" => Element::I8,
            "u16" => Element::U16,
            "i16" => Element::I16,
            "u32" => Element::U32,
            "i32" => Element::I32,
            "u64" => Element::U64,
            "i64" => Element::I64,
            "f32" => Element::F32,
            "f64" => Element::F64,
            _ => Element::U8,
        }
    }
}

impl Type {
    /// Returns the types directly within this one.
    pub fn parts(&self) -> &[Type] {
        match self {
            Type::List(inner) | Type::Map(inner) | Type::Option(inner) => {
                std::slice::from_ref(inner)
            }
            Type::Tuple(items) => items,
            _ => &[],
        }
    }
}

impl Type {
    /// Returns whether this type, or one within it, satisfies a test.
    pub fn contains(&self, test: fn(&Type) -> bool) -> bool {
        test(self) || self.parts().iter().any(|part| part.contains(test))
    }
}

impl Plugin {
    /// Returns all types that the plugin's types, commands and configuration mention.
    pub fn mentioned(&self) -> Vec<&Type> {
        let definitions = self.types.iter().flat_map(|ty| ty.definition.types());
        let mut all: Vec<&Type> = definitions.chain(&self.config).collect();
        for command in &self.commands {
            if let Form::Typed { arguments, result } = &command.form {
                all.extend(arguments);
                all.push(result);
            }
        }
        all
    }

    /// Returns the types of all values that a client reads or writes as JSON, with what it does.
    ///
    /// It reads results, writes arguments and the configuration, and does both with the types that
    /// it declares.
    pub fn uses(&self) -> Vec<(Use, &Type)> {
        let mut uses: Vec<(Use, &Type)> = Vec::new();
        for ty in &self.types {
            uses.extend(ty.definition.types().into_iter().map(|ty| (Use::Write, ty)));
            uses.extend(ty.definition.reads());
        }
        uses.extend(self.config.iter().map(|ty| (Use::Write, ty)));
        for command in &self.commands {
            if let Form::Typed { arguments, result } = &command.form {
                uses.extend(arguments.iter().map(|ty| (Use::Write, ty)));
                // A client has no value for the result of a command that returns nothing.
                uses.extend((*result != Type::Null).then_some((Use::Read, result)));
            }
        }
        uses
    }

    /// Returns whether a type has members of any name next to those that it names.
    pub fn has_rest(&self) -> bool {
        self.types.iter().any(|ty| {
            match &ty.definition {
            Definition::Record(record) => record.rest.is_some(),
            Definition::Union(union) => union.variants.iter().any(|variant| {
                matches!(&variant.content, Content::Fields(record) if record.rest.is_some())
            }),
            _ => false,
        }
        })
    }
}

impl Definition {
    /// Returns the types that a definition mentions.
    pub fn types(&self) -> Vec<&Type> {
        self.reads().into_iter().map(|(_, ty)| ty).collect()
    }

    /// Returns the types that a definition mentions, with how they are read.
    fn reads(&self) -> Vec<(Use, &Type)> {
        match self {
            Definition::Record(record) => record.reads().collect(),
            Definition::Choice(_) => Vec::new(),
            Definition::Union(union) => union.variants.iter().flat_map(Variant::reads).collect(),
            Definition::Alias(ty) => vec![(Use::Read, ty)],
        }
    }
}

impl Variant {
    fn reads(&self) -> Vec<(Use, &Type)> {
        match &self.content {
            Content::Unit => Vec::new(),
            Content::Value { ty, optional } => vec![(Use::read(*optional), ty)],
            Content::Fields(record) => record.reads().collect(),
        }
    }
}

impl Record {
    fn reads(&self) -> impl Iterator<Item = (Use, &Type)> {
        let fields = self.fields.iter();
        let fields = fields.map(|field| (Use::read(field.optional), &field.ty));
        fields.chain(self.rest.iter().map(|ty| (Use::Read, ty)))
    }

    /// Returns whether an object without members is valid.
    pub fn may_be_empty(&self) -> bool {
        self.fields.iter().all(|field| field.optional)
    }
}
