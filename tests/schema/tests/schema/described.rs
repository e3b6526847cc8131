//! Types that both crates describe.
#![allow(
    dead_code,
    deprecated,
    clippy::enum_variant_names,
    reason = "the types are for their attributes"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::num::{NonZeroI16, NonZeroU8, NonZeroU64, Wrapping};
use std::rc::Rc;

use plugin_sdk::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type with everything derived.
macro_rules! described {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Schema)]
        $item
    )*};
}

pub mod structs {
    use super::*;

    described! {
        pub struct Unit;
        pub struct Empty {}
        pub struct Newtype(pub u32);
        pub struct Pair(pub u8, pub String);
        pub struct NoPlaces();

        /// A point, and what it is called.
        ///
        /// Twice.
        pub struct Point {
            /// The distance to the right.
            pub x: f64,
            pub y: f64,
            /** What it is called. */
            pub name: Option<String>,
        }

        pub struct Nested {
            pub point: Point,
            pub points: Vec<Point>,
            pub perhaps: Option<Point>,
        }

        pub struct Described {
            /// This one.
            pub point: Point,
            /// Or "that" one,\ with a \ and    a tab.
            pub other: Option<Point>,
        }

        #[serde(rename_all = "camelCase")]
        pub struct Renamed {
            pub first_name: String,
            #[serde(rename = "surname")]
            pub last_name: String,
            pub r#type: u8,
        }

        #[serde(rename_all(serialize = "SCREAMING-KEBAB-CASE", deserialize = "PascalCase"))]
        pub struct RenamedEachWay {
            pub first_name: String,
            #[serde(rename(serialize = "written", deserialize = "read"))]
            pub other: bool,
            #[serde(rename(serialize = "gone"))]
            pub half_renamed: bool,
        }

        pub struct Defaults {
            #[serde(default)]
            pub number: u16,
            #[serde(default)]
            pub text: String,
            #[serde(default)]
            pub flag: bool,
            #[serde(default)]
            pub list: Vec<u8>,
            #[serde(default)]
            pub map: BTreeMap<String, u8>,
            #[serde(default)]
            pub perhaps: Option<u8>,
            #[serde(default = "forty_two")]
            #[schema(default = 42)]
            pub answer: i32,
        }

        #[serde(deny_unknown_fields)]
        pub struct Strict {
            pub a: u8,
        }

        pub struct Skipping {
            pub a: u8,
            #[serde(skip)]
            pub never: u8,
            #[serde(skip_serializing)]
            pub read_only: u8,
            #[serde(skip_deserializing)]
            pub write_only: u8,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub perhaps: Option<u8>,
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub list: Vec<u8>,
        }

        pub struct PairSkipping(pub u8, #[serde(skip)] pub u16, pub String);

        #[serde(transparent)]
        pub struct Transparent {
            pub inner: Point,
        }

        /// Says more.
        #[serde(transparent)]
        pub struct TransparentWithDoc(pub Vec<u8>);

        #[serde(transparent)]
        pub struct TransparentMarked<T> {
            pub inner: u8,
            pub marker: PhantomData<T>,
        }

        pub struct OfTransparent {
            pub a: Transparent,
            pub b: TransparentWithDoc,
            pub c: TransparentMarked<String>,
        }

        /// Old.
        #[deprecated]
        pub struct Deprecated {
            #[deprecated]
            pub a: u8,
        }
    }

    impl Default for Point {
        fn default() -> Self {
            Point {
                x: 0.0,
                y: 0.0,
                name: None,
            }
        }
    }

    described! {
        #[serde(default)]
        pub struct AllDefault {
            pub a: u8,
            pub b: String,
        }
    }

    impl Default for AllDefault {
        fn default() -> Self {
            AllDefault {
                a: 7,
                b: "b".to_owned(),
            }
        }
    }

    fn forty_two() -> i32 {
        42
    }
}

pub mod enums {
    use super::structs::Point;
    use super::*;

    described! {
        #[derive(Eq, PartialOrd, Ord)]
        pub enum Units {
            One,
            Two,
        }

        #[serde(rename_all = "snake_case")]
        pub enum UnitsRenamed {
            FirstOne,
            #[serde(rename = "2")]
            SecondOne,
        }

        pub enum UnitsDescribed {
            /// The first.
            One,
            Two,
            /// The third.
            Three,
        }

        pub enum Alone {
            Only,
        }

        pub enum AloneWithContent {
            Only(u8),
        }

        pub enum External {
            Unit,
            Other,
            Newtype(u8),
            /// A pair.
            Tuple(u8, String),
            Struct { a: u8, b: Option<String> },
            OfType(Point),
            NoPlaces(),
        }

        #[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
        pub enum ExternalStrict {
            FirstOne { some_field: u8 },
            #[serde(rename_all = "UPPERCASE")]
            SecondOne { some_field: u8 },
            ThirdOne,
        }

        #[serde(tag = "type")]
        pub enum Internal {
            Unit,
            /// With fields.
            Struct { a: u8, b: Option<String> },
            OfType(Point),
            Map(BTreeMap<String, u8>),
        }

        #[serde(deny_unknown_fields)]
        pub struct Strict {
            pub a: u8,
        }

        #[serde(tag = "t", deny_unknown_fields)]
        pub enum InternalStrict {
            Struct { a: u8 },
            OfType(Strict),
        }

        #[serde(tag = "t")]
        pub enum InternalOfEnum {
            Inner(ExternalObjects),
        }

        pub enum ExternalObjects {
            A(u8),
            B { c: u8 },
        }

        #[serde(tag = "t", content = "c")]
        pub enum Adjacent {
            Unit,
            Newtype(u8),
            /// A pair.
            Tuple(u8, String),
            Struct { a: u8 },
            OfType(Point),
        }

        #[serde(tag = "t", content = "c", deny_unknown_fields, rename_all = "lowercase")]
        pub enum AdjacentStrict {
            Newtype(u8),
            Struct { a: u8 },
        }

        #[serde(untagged)]
        pub enum Untagged {
            Unit,
            Number(u8),
            Tuple(u8, u8),
            Struct { a: u8 },
            OfType(Point),
            /// Text.
            Text(String),
        }

        pub enum PartlyUntagged {
            Unit,
            Tagged(u8),
            #[serde(untagged)]
            Anything(String),
        }

        pub enum Skipping {
            Kept(u8),
            #[serde(skip)]
            Never(u8),
            #[serde(skip_serializing)]
            ReadOnly(u16),
            #[serde(skip_deserializing)]
            WriteOnly(u32),
        }

        #[serde(rename_all(serialize = "lowercase", deserialize = "UPPERCASE"))]
        pub enum RenamedEachWay {
            One,
            Two(u8),
        }

        pub enum Empty {}

        pub struct OfEnums {
            pub unit: Units,
            pub perhaps: Option<Units>,
            pub external: External,
            pub many: Vec<Internal>,
        }
    }
}

pub mod standard {
    use super::*;

    described! {
        pub struct Integers {
            pub a: u8,
            pub b: u16,
            pub c: u32,
            pub d: u64,
            pub e: usize,
            pub f: i8,
            pub g: i16,
            pub h: i32,
            pub i: i64,
            pub j: isize,
            pub k: NonZeroU8,
            pub l: NonZeroU64,
            pub m: NonZeroI16,
            pub n: Wrapping<u8>,
        }

        pub struct Wide {
            pub a: u128,
            pub b: i128,
        }

        pub struct Scalars {
            pub a: bool,
            pub b: char,
            pub c: f32,
            pub d: f64,
            pub e: String,
            pub f: (),
            pub g: Option<()>,
            pub h: Option<Option<u8>>,
        }

        pub struct Sequences {
            pub a: Vec<u8>,
            pub b: VecDeque<String>,
            pub c: BTreeSet<u8>,
            pub d: HashSet<String>,
            pub e: [u8; 3],
            pub f: [u8; 0],
            pub g: (u8,),
            pub h: (u8, String, Vec<bool>),
            pub i: Box<[u8]>,
            pub j: Option<Vec<Option<u8>>>,
            pub k: Option<(u8, u8)>,
            pub l: Option<[u8; 2]>,
        }

        pub struct Maps {
            pub a: BTreeMap<String, u8>,
            pub b: HashMap<String, Vec<u8>>,
            pub c: BTreeMap<u8, String>,
            pub d: BTreeMap<i64, String>,
            pub e: BTreeMap<enums::Units, u8>,
            pub f: BTreeMap<char, u8>,
            pub g: Option<BTreeMap<String, u8>>,
        }

        pub struct Pointers {
            pub a: Box<u8>,
            pub b: Box<str>,
            pub c: Cow<'static, str>,
            pub d: std::cell::Cell<u8>,
            pub e: std::cell::RefCell<String>,
            pub f: Option<Box<u8>>,
            pub g: Box<Option<u8>>,
        }

        pub struct Addresses {
            pub a: std::net::IpAddr,
            pub b: std::net::Ipv4Addr,
            pub c: std::net::Ipv6Addr,
            pub d: std::net::SocketAddr,
            pub e: std::path::PathBuf,
        }

        pub struct Times {
            pub a: std::time::Duration,
            pub b: std::time::SystemTime,
            pub c: std::ops::Range<u8>,
            pub d: std::ops::RangeInclusive<String>,
        }

        pub struct Json {
            pub a: serde_json::Value,
            pub b: serde_json::Map<String, serde_json::Value>,
            pub c: serde_json::Number,
            pub d: Option<serde_json::Value>,
        }

        pub struct Marked<T> {
            pub a: u8,
            pub b: PhantomData<T>,
        }
    }

    #[derive(Serialize, Deserialize, JsonSchema, Schema)]
    pub struct Borrowed<'a> {
        pub a: &'a str,
        #[serde(borrow)]
        pub b: Cow<'a, str>,
        #[serde(borrow)]
        pub c: Option<&'a str>,
        #[serde(borrow)]
        pub d: Inner<'a>,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Schema)]
    pub struct Inner<'a>(&'a str);

    #[derive(Serialize, JsonSchema, Schema)]
    pub struct Shared<'a> {
        pub a: &'a [u8],
        pub b: &'a Point<'a>,
        pub c: std::path::PathBuf,
    }

    #[derive(Serialize, JsonSchema, Schema)]
    pub struct Point<'a> {
        pub names: &'a [&'a str],
    }
}

pub mod generics {
    use super::*;

    described! {
        pub struct Page<T> {
            pub items: Vec<T>,
            pub next: Option<u32>,
        }

        pub struct OfPages {
            pub numbers: Page<u8>,
            pub texts: Page<String>,
            pub numbers_again: Page<u8>,
            pub nested: Page<Page<bool>>,
        }

        pub enum Either<L, R> {
            Left(L),
            Right(R),
        }

        pub struct OfEither {
            pub a: Either<u8, String>,
            pub b: Either<String, u8>,
        }

        pub struct WithDefault<T = u8, const N: usize = 2>
        where
            T: Clone,
        {
            pub a: T,
            pub b: Vec<T>,
        }

        pub struct Bounded<T: Default + Clone> {
            #[serde(default)]
            pub a: T,
            #[serde(skip)]
            pub b: Option<T>,
        }
    }

    pub trait Kind {
        type Item;
    }

    #[derive(Debug, Clone, PartialEq, JsonSchema)]
    pub struct Bytes;

    impl Kind for Bytes {
        type Item = u8;
    }

    #[derive(Serialize, Deserialize, JsonSchema, Schema)]
    #[serde(bound = "K::Item: Serialize + for<'a> Deserialize<'a>")]
    #[schemars(bound = "K::Item: JsonSchema, K: JsonSchema")]
    pub struct Associated<K: Kind> {
        pub item: K::Item,
    }

    #[derive(Serialize, JsonSchema, Schema)]
    pub struct BorrowedPage<'a, T: Clone> {
        pub items: Cow<'a, [T]>,
        pub first: &'a T,
    }
}

pub mod flattened {
    use super::*;

    described! {
        pub struct Inner {
            /// Inside.
            pub a: u8,
            pub b: Option<String>,
        }

        pub struct OfStruct {
            #[serde(flatten)]
            pub inner: Inner,
            pub c: bool,
        }

        pub struct OfOption {
            #[serde(flatten)]
            pub inner: Option<Inner>,
            pub c: bool,
        }

        pub struct OfMap {
            pub c: bool,
            #[serde(flatten)]
            pub rest: BTreeMap<String, u8>,
        }

        pub struct OfValues {
            pub c: bool,
            #[serde(flatten)]
            pub rest: BTreeMap<String, serde_json::Value>,
        }

        pub struct OfJson {
            pub c: bool,
            #[serde(flatten)]
            pub rest: serde_json::Value,
        }

        pub enum Choice {
            Number(u8),
            Text { text: String },
            Nothing,
        }

        #[serde(tag = "kind")]
        pub enum Kind {
            Big { size: u32 },
            Small,
        }

        #[serde(untagged)]
        pub enum Loose {
            A { a: u8 },
            B { b: u8 },
        }

        pub struct OfEnum {
            pub c: bool,
            #[serde(flatten)]
            pub choice: Choice,
        }

        pub struct OfTagged {
            pub c: bool,
            #[serde(flatten)]
            pub kind: Kind,
        }

        pub struct OfUntagged {
            pub c: bool,
            #[serde(flatten)]
            pub loose: Loose,
        }

        pub struct OfTwoEnums {
            #[serde(flatten)]
            pub choice: Choice,
            #[serde(flatten)]
            pub kind: Kind,
        }

        pub struct OfOptionalEnum {
            pub c: bool,
            #[serde(flatten)]
            pub kind: Option<Kind>,
        }

        #[serde(deny_unknown_fields)]
        pub struct StrictInner {
            pub a: u8,
        }

        pub struct OfStrict {
            pub c: bool,
            #[serde(flatten)]
            pub inner: StrictInner,
        }

        #[serde(deny_unknown_fields)]
        pub struct StrictOfStruct {
            pub c: bool,
            #[serde(flatten)]
            pub inner: Inner,
        }

        #[serde(deny_unknown_fields)]
        pub struct StrictOfEnum {
            pub c: bool,
            #[serde(flatten)]
            pub choice: Choice,
        }

        pub struct Deep {
            #[serde(flatten)]
            pub inner: OfStruct,
            #[serde(flatten)]
            pub strict: OfTagged2,
        }

        pub struct OfTagged2 {
            #[serde(flatten)]
            pub kind: Kind,
        }

        pub enum InVariant {
            V {
                #[serde(flatten)]
                inner: Inner,
                d: u8,
            },
        }
    }
}

pub mod recursive {
    use plugin_sdk::schema::Recursive;

    use super::*;

    described! {
        pub struct Tree {
            pub children: Vec<Tree>,
            pub parent: Option<Box<Tree>>,
        }

        pub struct Folder {
            pub entries: BTreeMap<String, Entry>,
        }

        pub enum Entry {
            File(u64),
            Folder(Box<Folder>),
            Link { to: Box<Entry> },
        }

        #[serde(tag = "op")]
        pub enum Expression {
            Literal { value: f64 },
            Add { left: Box<Expression>, right: Box<Expression> },
            Negate(Operand),
        }

        pub struct Operand {
            pub of: Box<Expression>,
        }

        #[serde(untagged)]
        pub enum Json {
            Number(f64),
            List(Vec<Json>),
            Map(BTreeMap<String, Json>),
        }

        pub struct List<T> {
            pub head: T,
            pub tail: Option<Box<List<T>>>,
        }

        pub struct Branch<T> {
            pub entries: Vec<Part<T>>,
        }

        pub enum Part<T> {
            Leaf(T),
            Branch(
                #[schema(with = Recursive<Branch<T>>)]
                Branch<T>,
            ),
        }

        pub struct OfLists {
            pub numbers: List<u8>,
            pub texts: List<String>,
        }
    }
}

pub mod converted {
    use super::*;

    described! {
        #[serde(from = "Raw", into = "Raw")]
        pub struct Cooked {
            pub a: u8,
        }

        pub struct Raw {
            pub text: String,
        }

        #[serde(try_from = "String")]
        pub struct Parsed {
            pub a: u8,
        }

        #[serde(into = "Option<String>")]
        pub struct Written {
            pub a: u8,
        }

        pub struct OfConverted {
            pub a: Cooked,
            pub b: Parsed,
            pub c: Written,
        }

        pub struct With {
            #[serde(with = "super::as_text")]
            #[schemars(with = "String")]
            #[schema(with = String)]
            pub a: u8,
            #[schemars(with = "Vec<String>")]
            #[schema(with = Vec<String>)]
            pub b: Vec<String>,
        }
    }

    impl From<Raw> for Cooked {
        fn from(raw: Raw) -> Self {
            Cooked {
                a: raw.text.len() as u8,
            }
        }
    }

    impl From<Cooked> for Raw {
        fn from(cooked: Cooked) -> Self {
            Raw {
                text: "x".repeat(cooked.a.into()),
            }
        }
    }

    impl TryFrom<String> for Parsed {
        type Error = std::num::ParseIntError;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            Ok(Parsed { a: text.parse()? })
        }
    }

    impl From<Written> for Option<String> {
        fn from(written: Written) -> Self {
            (written.a > 0).then(|| written.a.to_string())
        }
    }
}

/// Types whose schemars schema differs from serde.
pub mod truer {
    use plugin_sdk::Schema;
    use serde::{Deserialize, Serialize};

    macro_rules! described {
        ($($item:item)*) => {$(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            $item
        )*};
    }

    described! {
        pub struct Aliases {
            #[serde(alias = "title", alias = "label")]
            pub name: String,
            #[serde(default, alias = "extra")]
            pub more: u8,
        }

        pub enum Named {
            #[serde(alias = "Eins")]
            One,
            #[serde(alias = "Zwei")]
            Two(u8),
        }

        #[serde(tag = "t")]
        pub enum NamedInside {
            #[serde(alias = "Eins")]
            One,
        }

        pub enum Others {
            One,
            #[serde(other)]
            Other,
        }

        #[serde(tag = "t")]
        pub enum OthersInside {
            One { a: u8 },
            #[serde(other)]
            Other,
        }

        #[serde(tag = "t", content = "c")]
        pub enum OthersBeside {
            One(u8),
            #[serde(other)]
            Other,
        }

        #[serde(tag = "t", content = "c")]
        pub enum PerhapsBeside {
            Perhaps(Option<u8>),
            Nothing,
        }

        #[serde(tag = "t", deny_unknown_fields)]
        pub enum UnitStrict {
            Unit,
            Struct { a: u8 },
        }

        #[serde(tag = "t", content = "c", deny_unknown_fields)]
        pub enum UnitBesideStrict {
            Unit,
            Newtype(u8),
        }

        pub struct Opaque {
            #[serde(with = "super::as_text")]
            pub both: u8,
            #[serde(deserialize_with = "super::as_text::deserialize")]
            pub read: u8,
            #[serde(serialize_with = "super::as_text::serialize")]
            pub written: u8,
            #[serde(default, with = "super::as_text")]
            #[schema(with = String)]
            pub perhaps: u8,
        }

        pub struct ShortTuple(pub u8, #[serde(default)] pub u8, #[serde(default)] pub String);

        pub enum OpaqueVariant {
            #[serde(with = "super::as_text")]
            Number(u8),
        }

        pub struct Conditional {
            pub a: u8,
            #[cfg(any())]
            pub gone: std::fs::File,
            #[cfg_attr(all(), serde(skip_serializing_if = "Option::is_none"))]
            pub b: Option<u8>,
        }
    }
}

/// Types that schemars lacks or describes differently: types of this crate, keys, numbers of 128
/// bits, and JSON that is passed on.
pub mod further {
    use std::collections::{BTreeMap, HashMap};
    use std::num::{NonZeroI8, NonZeroI128, NonZeroU16, NonZeroU128};

    use plugin_sdk::{Schema, Wide};
    use serde::{Deserialize, Serialize};

    macro_rules! described {
        ($($item:item)*) => {$(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
            $item
        )*};
    }

    described! {
        pub struct Keys {
            pub a: BTreeMap<u8, u8>,
            pub b: BTreeMap<i8, u8>,
            pub c: BTreeMap<u16, u8>,
            pub d: BTreeMap<i16, u8>,
            pub e: BTreeMap<u32, u8>,
            pub f: BTreeMap<i32, u8>,
            pub g: BTreeMap<u64, u8>,
            pub h: BTreeMap<i64, u8>,
            pub i: BTreeMap<u128, u8>,
            pub j: BTreeMap<i128, u8>,
            pub k: BTreeMap<NonZeroU16, u8>,
            pub l: BTreeMap<NonZeroI8, u8>,
            pub n: BTreeMap<char, u8>,
            pub o: HashMap<Key, u8>,
            pub p: BTreeMap<Option<u8>, u8>,
            pub q: BTreeMap<Box<str>, BTreeMap<u8, Option<u8>>>,
        }

        /// Apart, for `serde_json` panics where a key is neither a Boolean nor ASCII.
        pub struct BooleanKeys {
            pub a: BTreeMap<bool, u8>,
        }

        #[derive(Eq, Hash)]
        pub struct Key(u8);

        pub struct Wides {
            pub a: u128,
            pub b: i128,
            pub c: NonZeroU128,
            pub d: NonZeroI128,
            pub e: Option<Option<u128>>,
            pub f: Vec<i128>,
            pub g: External,
        }

        pub enum External {
            Newtype(u128),
            Struct { a: i128 },
        }

        pub struct Widened {
            pub a: Wide<u128>,
            pub b: Option<Wide<i128>>,
            pub c: Tagged,
            pub d: Beside,
            pub e: Untagged,
            #[serde(flatten)]
            pub f: Part,
            #[serde(flatten)]
            pub g: BTreeMap<String, Wide<i128>>,
        }

        #[serde(tag = "t")]
        pub enum Tagged {
            Struct { a: Wide<u128>, b: f32 },
            Newtype(Part),
        }

        #[serde(tag = "t", content = "c")]
        pub enum Beside {
            Newtype(Wide<u128>),
            Tuple(Wide<i128>, u8),
        }

        #[serde(untagged)]
        pub enum Untagged {
            Wide(Wide<u128>),
            Part(Part),
            Text(String),
        }

        pub struct Part {
            pub part: Wide<i128>,
        }

        pub struct Floats {
            pub a: f32,
            pub b: f64,
            pub c: Vec<f32>,
            pub d: Option<f32>,
            pub e: (f32, f64),
        }

        pub struct Nested {
            pub a: Option<Option<Option<u8>>>,
            pub b: Vec<Option<()>>,
            pub c: Option<Vec<Option<Box<Nested>>>>,
            pub d: Result<u8, Option<String>>,
            pub e: Box<[u8]>,
            pub f: serde_json::Value,
            pub g: serde_json::Number,
            pub h: BTreeMap<String, Option<serde_json::Value>>,
        }
    }

    /// A volume.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Schema)]
    #[schema(repr)]
    #[repr(i8)]
    pub enum Level {
        /// Hardly to be heard.
        Low = -1,
        Middle,
        High = 7,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Schema)]
    #[schema(repr)]
    #[repr(u8)]
    pub enum Place {
        First = 1,
        Second,
        #[serde(other)]
        Behind = 9,
    }

    /// As `serde_repr` does it.
    macro_rules! by_number {
        ($type:ty as $number:ty: $($variant:ident)* $(, $other:ident)?) => {
            impl Serialize for $type {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    (*self as $number).serialize(serializer)
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let number = <$number>::deserialize(deserializer)?;
                    let known = [$(<$type>::$variant),*].into_iter().find(|known| *known as $number == number);
                    $(let known = known.or(Some(<$type>::$other));)?
                    known.ok_or_else(|| serde::de::Error::custom("there is no such number"))
                }
            }
        };
    }

    by_number!(Level as i8: Low Middle High);
    by_number!(Place as u8: First Second, Behind);

    described! {
        pub struct ByNumber {
            pub a: Level,
            pub b: Option<Level>,
            pub c: Vec<Place>,
            pub d: BTreeMap<Level, u8>,
        }
    }

    #[cfg(feature = "raw_value")]
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Raw {
        pub a: Box<serde_json::value::RawValue>,
        pub b: Option<Box<serde_json::value::RawValue>>,
        pub c: Vec<Box<serde_json::value::RawValue>>,
        pub d: BTreeMap<u8, Box<serde_json::value::RawValue>>,
        pub e: RawVariant,
    }

    #[cfg(feature = "raw_value")]
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub enum RawVariant {
        Newtype(Box<serde_json::value::RawValue>),
        Struct { a: Box<serde_json::value::RawValue> },
    }
}

pub mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&number.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

pub mod annotated {
    use super::*;

    described! {
        #[schemars(title = "A form", description = "To fill in.", example = 7)]
        #[schema(title = "A form", description = "To fill in.", example = 7)]
        pub struct Constrained {
            #[schemars(range(min = 1, max = 10))]
            #[schema(minimum = 1, maximum = 10)]
            pub number: u8,
            #[schemars(length(min = 1, max = 80), regex(pattern = "^[a-z]+$"))]
            #[schema(min_length = 1, max_length = 80, pattern = "^[a-z]+$")]
            pub text: String,
            #[schemars(email)]
            #[schema(format = "email")]
            pub email: String,
            #[schemars(url)]
            #[schema(format = "uri")]
            pub url: Option<String>,
            #[schemars(length(min = 2, max = 3))]
            #[schema(min_items = 2, max_items = 3)]
            pub list: Vec<u8>,
            #[schemars(range(min = -1.5))]
            #[schema(minimum = -1.5)]
            pub float: f64,
            /// With a doc comment as well.
            #[schemars(title = "Kind", extend("const" = "x"), example = &"x y", example = &"z w")]
            #[schema(title = "Kind", const = "x", examples("x y", "z w"))]
            pub kind: String,
            #[schemars(extend("multipleOf" = 5, "exclusiveMaximum" = 100))]
            #[schema(multiple_of = 5, exclusive_maximum = 100)]
            pub step: u32,
            #[schemars(extend("uniqueItems" = true))]
            #[schema(unique_items)]
            pub unique: Vec<u8>,
            #[schemars(extend("minProperties" = 1))]
            #[schema(min_properties = 1)]
            pub map: BTreeMap<String, u8>,
        }

        pub enum Variants {
            #[schemars(title = "First", description = "One.")]
            #[schema(title = "First", description = "One.")]
            One,
            /// Two.
            #[deprecated]
            Two(#[schemars(range(max = 7))] #[schema(maximum = 7)] u8),
        }

        /// A newtype.
        pub struct Age(
            /// In years.
            #[schemars(range(max = 150))]
            #[schema(maximum = 150)]
            pub u8,
        );

        #[doc = include_str!("described.txt")]
        pub struct Included {
            #[doc = "Before,"]
            #[doc = include_str!("described.txt")]
            pub a: Rc1,
        }

        pub struct Rc1(Box<u8>);
    }

    pub type Unused = Rc<u8>;
}
