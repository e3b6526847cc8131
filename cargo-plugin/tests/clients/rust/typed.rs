// A client of the plugin `typed` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
// edit it: make it anew when the plugin changes. It needs the crate `plugin-sdk-harness`.
#![allow(dead_code, reason = "a host uses what it needs")]
#![allow(
    clippy::doc_lazy_continuation,
    clippy::doc_overindented_list_items,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::type_complexity,
    reason = "the plugin's author chose names, types and documentation"
)]

use std::collections::BTreeMap;

use plugin_sdk_harness::serde::{Deserialize, Serialize};
use plugin_sdk_harness::serde_json::{Number, Value};
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};

/// The options of the plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Config {
    /// The error with which the plugin refuses to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
    /// Any number, which `begun` returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AddArguments {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AnythingArguments {
    pub value: Value,
}

/// Enums in serde's four forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Enums {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<OfEnums>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<UnitsRenamed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<UnitsDescribed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<Alone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_with_content: Option<AloneWithContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_strict: Option<ExternalStrict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal: Option<Internal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_strict: Option<InternalStrict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjacent: Option<Adjacent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjacent_strict: Option<AdjacentStrict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged: Option<Untagged>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partly_untagged: Option<PartlyUntagged>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Skipping2>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_each_way: Option<RenamedEachWay2>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfEnums {
    pub unit: Units,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<Units>,
    pub external: External,
    pub many: Vec<Internal>,
}

impl OfEnums {
    /// Creates a value with the required members.
    pub fn new(unit: Units, external: External, many: Vec<Internal>) -> Self {
        Self {
            unit,
            perhaps: None,
            external,
            many,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Units {
    One,
    Two,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum External {
    Unit,
    Other,
    Newtype(u8),
    /// A pair.
    Tuple((u8, String)),
    Struct {
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
    },
    OfType(Point),
    NoPlaces(Vec<Value>),
}

/// A point, and what it is called.
///
/// Twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Point {
    /// The distance to the right.
    pub x: f64,
    pub y: f64,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Point {
    /// Creates a value with the required members.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            name: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "type")]
pub enum Internal {
    Unit,
    /// With fields.
    Struct {
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
    },
    /// A point, and what it is called.
    ///
    /// Twice.
    OfType {
        /// The distance to the right.
        x: f64,
        y: f64,
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    Map {
        /// The members with other names.
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum UnitsRenamed {
    #[serde(rename = "first_one")]
    FirstOne,
    #[serde(rename = "2")]
    N2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum UnitsDescribed {
    Two,
    /// The first.
    One,
    /// The third.
    Three,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Alone {
    Only,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum AloneWithContent {
    Only(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum ExternalStrict {
    #[serde(rename = "third-one")]
    ThirdOne,
    #[serde(rename = "first-one")]
    FirstOne {
        #[serde(rename = "someField")]
        some_field: u8,
    },
    #[serde(rename = "second-one")]
    SecondOne {
        #[serde(rename = "SOME_FIELD")]
        some_field: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum InternalStrict {
    Struct {
        a: u8,
    },
    OfType {
        a: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t", content = "c")]
pub enum Adjacent {
    Unit,
    Newtype(u8),
    /// A pair.
    Tuple((u8, String)),
    Struct {
        a: u8,
    },
    OfType(Point),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t", content = "c")]
pub enum AdjacentStrict {
    #[serde(rename = "newtype")]
    Newtype(u8),
    #[serde(rename = "struct")]
    Struct {
        a: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Untagged(pub Option<UntaggedValue>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct UntaggedValueObject {
    pub a: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum UntaggedValue {
    Integer(u8),
    Tuple((u8, u8)),
    Object(UntaggedValueObject),
    Point(Point),
    /// Text.
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum PartlyUntagged {
    Name(PartlyUntaggedName),
    Object(PartlyUntaggedObject),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum PartlyUntaggedName {
    Unit,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PartlyUntaggedObject {
    #[serde(rename = "Tagged")]
    pub tagged: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Skipping2 {
    Kept(u8),
    ReadOnly(u16),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum RenamedEachWay2 {
    #[serde(rename = "ONE")]
    One,
    #[serde(rename = "TWO")]
    Two(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct EnumsArguments {
    /// Enums in serde's four forms.
    pub value: Enums,
}

/// Enums in serde's four forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct EnumsOutput {
    pub units: Option<OfEnumsOutput>,
    pub renamed: Option<UnitsRenamed>,
    pub described: Option<UnitsDescribed>,
    pub alone: Option<Alone>,
    pub alone_with_content: Option<AloneWithContent>,
    pub external: Option<ExternalOutput>,
    pub external_strict: Option<ExternalStrict>,
    pub internal: Option<InternalOutput>,
    pub internal_strict: Option<InternalStrict>,
    pub adjacent: Option<AdjacentOutput>,
    pub adjacent_strict: Option<AdjacentStrict>,
    pub untagged: Option<UntaggedOutput>,
    pub partly_untagged: Option<PartlyUntagged>,
    pub skipping: Option<SkippingOutput2>,
    pub renamed_each_way: Option<RenamedEachWayOutput2>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfEnumsOutput {
    pub unit: Units,
    pub perhaps: Option<Units>,
    pub external: ExternalOutput,
    pub many: Vec<InternalOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum ExternalOutput {
    Unit,
    Other,
    Newtype(u8),
    /// A pair.
    Tuple((u8, String)),
    Struct {
        a: u8,
        b: Option<String>,
    },
    OfType(PointOutput),
    NoPlaces(Vec<Value>),
}

/// A point, and what it is called.
///
/// Twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PointOutput {
    /// The distance to the right.
    pub x: f64,
    pub y: f64,
    /// What it is called.
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "type")]
pub enum InternalOutput {
    Unit,
    /// With fields.
    Struct {
        a: u8,
        b: Option<String>,
    },
    /// A point, and what it is called.
    ///
    /// Twice.
    OfType {
        /// The distance to the right.
        x: f64,
        y: f64,
        /// What it is called.
        name: Option<String>,
    },
    Map {
        /// The members with other names.
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t", content = "c")]
pub enum AdjacentOutput {
    Unit,
    Newtype(u8),
    /// A pair.
    Tuple((u8, String)),
    Struct {
        a: u8,
    },
    OfType(PointOutput),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct UntaggedOutput(pub Option<UntaggedOutputValue>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum UntaggedOutputValue {
    Integer(u8),
    Tuple((u8, u8)),
    Object(UntaggedValueObject),
    PointOutput(PointOutput),
    /// Text.
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum SkippingOutput2 {
    Kept(u8),
    WriteOnly(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum RenamedEachWayOutput2 {
    #[serde(rename = "one")]
    One,
    #[serde(rename = "two")]
    Two(u8),
}

/// Flattened fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Flattened {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_struct: Option<OfStruct>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_map: Option<OfMap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_values: Option<OfValues>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_enum: Option<OfEnum>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_tagged: Option<OfTagged>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_untagged: Option<OfUntagged>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_two_enums: Option<OfTwoEnums>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_optional_enum: Option<OfOptionalEnum>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_strict: Option<OfStrict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_of_struct: Option<StrictOfStruct>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_of_enum: Option<StrictOfEnum>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deep: Option<Deep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_variant: Option<InVariant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfStruct {
    /// Inside.
    pub a: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
    pub c: bool,
}

impl OfStruct {
    /// Creates a value with the required members.
    pub fn new(a: u8, c: bool) -> Self {
        Self {
            a,
            b: None,
            c,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfMap {
    pub c: bool,
    /// The members with other names.
    #[serde(flatten)]
    pub rest: BTreeMap<String, u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfValues {
    pub c: bool,
    /// The members with other names.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OfEnum {
    Number {
        c: bool,
        #[serde(rename = "Number")]
        number: u8,
    },
    Text {
        c: bool,
        #[serde(rename = "Text")]
        text: OfEnumTextText,
    },
    Nothing {
        c: bool,
        #[serde(rename = "Nothing")]
        nothing: (),
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfEnumTextText {
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "kind")]
pub enum OfTagged {
    Big {
        c: bool,
        size: u32,
    },
    Small {
        c: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OfUntagged {
    A {
        c: bool,
        a: u8,
    },
    B {
        c: bool,
        b: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OfTwoEnums {
    Case1 {
        #[serde(rename = "Number")]
        number: u8,
        kind: OfTwoEnumsCase1Kind,
        size: u32,
    },
    Case2 {
        #[serde(rename = "Number")]
        number: u8,
        kind: OfTwoEnumsCase2Kind,
    },
    Case3 {
        #[serde(rename = "Text")]
        text: OfEnumTextText,
        kind: OfTwoEnumsCase1Kind,
        size: u32,
    },
    Case4 {
        #[serde(rename = "Text")]
        text: OfEnumTextText,
        kind: OfTwoEnumsCase2Kind,
    },
    Case5 {
        #[serde(rename = "Nothing")]
        nothing: (),
        kind: OfTwoEnumsCase1Kind,
        size: u32,
    },
    Case6 {
        #[serde(rename = "Nothing")]
        nothing: (),
        kind: OfTwoEnumsCase2Kind,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OfTwoEnumsCase1Kind {
    Big,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OfTwoEnumsCase2Kind {
    Small,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OfOptionalEnum {
    Size {
        c: bool,
        kind: OfTwoEnumsCase1Kind,
        size: u32,
    },
    Case2 {
        c: bool,
        kind: OfTwoEnumsCase2Kind,
    },
    Case3 {
        c: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfStrict {
    pub c: bool,
    pub a: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StrictOfStruct {
    pub c: bool,
    /// Inside.
    pub a: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
}

impl StrictOfStruct {
    /// Creates a value with the required members.
    pub fn new(c: bool, a: u8) -> Self {
        Self {
            c,
            a,
            b: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum StrictOfEnum {
    Number {
        c: bool,
        #[serde(rename = "Number")]
        number: u8,
    },
    Text {
        c: bool,
        #[serde(rename = "Text")]
        text: OfEnumTextText,
    },
    Nothing {
        c: bool,
        #[serde(rename = "Nothing")]
        nothing: (),
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "kind")]
pub enum Deep {
    Big {
        /// Inside.
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
        c: bool,
        size: u32,
    },
    Small {
        /// Inside.
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
        c: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum InVariant {
    V {
        /// Inside.
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
        d: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FlattenedArguments {
    /// Flattened fields.
    pub value: Flattened,
}

/// Flattened fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FlattenedOutput {
    pub of_struct: Option<OfStructOutput>,
    pub of_map: Option<OfMap>,
    pub of_values: Option<OfValues>,
    pub of_enum: Option<OfEnum>,
    pub of_tagged: Option<OfTagged>,
    pub of_untagged: Option<OfUntagged>,
    pub of_two_enums: Option<OfTwoEnums>,
    pub of_optional_enum: Option<OfOptionalEnumOutput>,
    pub of_strict: Option<OfStrict>,
    pub strict_of_struct: Option<StrictOfStructOutput>,
    pub strict_of_enum: Option<StrictOfEnum>,
    pub deep: Option<DeepOutput>,
    pub in_variant: Option<InVariantOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfStructOutput {
    /// Inside.
    pub a: u8,
    pub b: Option<String>,
    pub c: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OfOptionalEnumOutput {
    Size {
        c: bool,
        kind: OfTwoEnumsCase1Kind,
        size: u32,
    },
    Case2 {
        c: bool,
        kind: OfTwoEnumsCase2Kind,
    },
    Case3 {
        c: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StrictOfStructOutput {
    pub c: bool,
    /// Inside.
    pub a: u8,
    pub b: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "kind")]
pub enum DeepOutput {
    Big {
        /// Inside.
        a: u8,
        b: Option<String>,
        c: bool,
        size: u32,
    },
    Small {
        /// Inside.
        a: u8,
        b: Option<String>,
        c: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum InVariantOutput {
    V {
        /// Inside.
        a: u8,
        b: Option<String>,
        d: u8,
    },
}

/// Keys, wide numbers and floats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Further {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wides: Option<Wides>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widened: Option<Widened>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floats: Option<Floats>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested: Option<Nested2>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_number: Option<ByNumber>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Keys {
    pub a: BTreeMap<String, u8>,
    pub b: BTreeMap<String, u8>,
    pub c: BTreeMap<String, u8>,
    pub d: BTreeMap<String, u8>,
    pub e: BTreeMap<String, u8>,
    pub f: BTreeMap<String, u8>,
    pub g: BTreeMap<String, u8>,
    pub h: BTreeMap<String, u8>,
    pub i: BTreeMap<String, u8>,
    pub j: BTreeMap<String, u8>,
    pub k: BTreeMap<String, u8>,
    pub l: BTreeMap<String, u8>,
    pub n: BTreeMap<String, u8>,
    pub o: BTreeMap<String, u8>,
    pub p: BTreeMap<String, u8>,
    pub q: BTreeMap<String, BTreeMap<String, Option<u8>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Wides {
    pub a: u128,
    pub b: i128,
    pub c: u128,
    pub d: i128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<u128>,
    pub f: Vec<i128>,
    pub g: External2,
}

impl Wides {
    /// Creates a value with the required members.
    pub fn new(a: u128, b: i128, c: u128, d: i128, f: Vec<i128>, g: External2) -> Self {
        Self {
            a,
            b,
            c,
            d,
            e: None,
            f,
            g,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum External2 {
    Newtype(u128),
    Struct {
        a: i128,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Widened {
    pub a: WideU128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<WideI128>,
    pub c: Tagged,
    pub d: Beside,
    pub e: Untagged2,
    pub part: WideI128,
    /// The members with other names.
    #[serde(flatten)]
    pub rest: BTreeMap<String, WideI128>,
}

impl Widened {
    /// Creates a value with the required members.
    pub fn new(a: WideU128, c: Tagged, d: Beside, e: Untagged2, part: WideI128) -> Self {
        Self {
            a,
            b: None,
            c,
            d,
            e,
            part,
            rest: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum WideU128 {
    Integer(u64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum WideI128 {
    Integer(Number),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum Tagged {
    Struct {
        a: WideU128,
        b: f64,
    },
    Newtype {
        part: WideI128,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t", content = "c")]
pub enum Beside {
    Newtype(WideU128),
    Tuple((WideI128, u8)),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum Untagged2 {
    WideU128(WideU128),
    Part(Part),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Part {
    pub part: WideI128,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Floats {
    pub a: f64,
    pub b: f64,
    pub c: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<f64>,
    pub e: (f64, f64),
}

impl Floats {
    /// Creates a value with the required members.
    pub fn new(a: f64, b: f64, c: Vec<f64>, e: (f64, f64)) -> Self {
        Self {
            a,
            b,
            c,
            d: None,
            e,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Nested2 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<u8>,
    pub b: Vec<()>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c: Option<Vec<Option<Nested2>>>,
    pub d: Nested2D,
    pub e: Vec<u8>,
    pub f: Value,
    pub g: f64,
    pub h: BTreeMap<String, Value>,
}

impl Nested2 {
    /// Creates a value with the required members.
    pub fn new(b: Vec<()>, d: Nested2D, e: Vec<u8>, f: Value, g: f64, h: BTreeMap<String, Value>) -> Self {
        Self {
            a: None,
            b,
            c: None,
            d,
            e,
            f,
            g,
            h,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Nested2D {
    Ok(u8),
    Err(Option<String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ByNumber {
    /// A volume.
    pub a: Level,
    /// A volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<Level>,
    pub c: Vec<Place>,
    pub d: ByNumberD,
}

impl ByNumber {
    /// Creates a value with the required members.
    pub fn new(a: Level, c: Vec<Place>, d: ByNumberD) -> Self {
        Self {
            a,
            b: None,
            c,
            d,
        }
    }
}

/// A volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", into = "i64", try_from = "i64")]
pub enum Level {
    /// Hardly to be heard.
    Minus1,
    N0,
    N7,
}

impl From<Level> for i64 {
    fn from(value: Level) -> i64 {
        match value {
            Level::Minus1 => -1,
            Level::N0 => 0,
            Level::N7 => 7,
        }
    }
}

impl TryFrom<i64> for Level {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        Ok(match number {
            -1 => Level::Minus1,
            0 => Level::N0,
            7 => Level::N7,
            other => return Err(format!("{other} is no value of `Level`")),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Place(pub u8);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ByNumberD {
    #[serde(rename = "-1", default, skip_serializing_if = "Option::is_none")]
    pub n_1: Option<u8>,
    #[serde(rename = "0", default, skip_serializing_if = "Option::is_none")]
    pub n_0: Option<u8>,
    #[serde(rename = "7", default, skip_serializing_if = "Option::is_none")]
    pub n_7: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FurtherArguments {
    /// Keys, wide numbers and floats.
    pub value: Further,
}

/// Keys, wide numbers and floats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FurtherOutput {
    pub keys: Option<Keys>,
    pub wides: Option<WidesOutput>,
    pub widened: Option<WidenedOutput>,
    pub floats: Option<FloatsOutput>,
    pub nested: Option<NestedOutput2>,
    pub by_number: Option<ByNumberOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct WidesOutput {
    pub a: u128,
    pub b: i128,
    pub c: u128,
    pub d: i128,
    pub e: Option<u128>,
    pub f: Vec<i128>,
    pub g: External2,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct WidenedOutput {
    pub a: WideU128,
    pub b: Option<WideI128>,
    pub c: Tagged,
    pub d: Beside,
    pub e: Untagged2,
    pub part: WideI128,
    /// The members with other names.
    #[serde(flatten)]
    pub rest: BTreeMap<String, WideI128>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FloatsOutput {
    pub a: f64,
    pub b: f64,
    pub c: Vec<f64>,
    pub d: Option<f64>,
    pub e: (f64, f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct NestedOutput2 {
    pub a: Option<u8>,
    pub b: Vec<()>,
    pub c: Option<Vec<Option<NestedOutput2>>>,
    pub d: Nested2D,
    pub e: Vec<u8>,
    pub f: Value,
    pub g: f64,
    pub h: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ByNumberOutput {
    /// A volume.
    pub a: Level,
    /// A volume.
    pub b: Option<Level>,
    pub c: Vec<PlaceOutput>,
    pub d: ByNumberD,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", into = "i64", try_from = "i64")]
pub enum PlaceOutput {
    N1,
    N2,
    N9,
}

impl From<PlaceOutput> for i64 {
    fn from(value: PlaceOutput) -> i64 {
        match value {
            PlaceOutput::N1 => 1,
            PlaceOutput::N2 => 2,
            PlaceOutput::N9 => 9,
        }
    }
}

impl TryFrom<i64> for PlaceOutput {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        Ok(match number {
            1 => PlaceOutput::N1,
            2 => PlaceOutput::N2,
            9 => PlaceOutput::N9,
            other => return Err(format!("{other} is no value of `PlaceOutput`")),
        })
    }
}

/// Names that a language could take for its own: `class`, `*/`, `"""`.
///
/// It must stay a comment: */ alert(1); /* and """ and ''' and {# and {{ 7 }} and \u002a\u002f too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Hostile {
    /// Ends a comment: */ } and a string: """ ` ' ${7}
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<bool>,
    #[serde(rename = "*/ }); //", default, skip_serializing_if = "Option::is_none")]
    pub unnamed: Option<bool>,
    #[serde(rename = "\"quoted\" \\ \n \u{202e} ${7} \u{e9} \u{1f600}", default, skip_serializing_if = "Option::is_none")]
    pub quoted_7: Option<bool>,
    #[serde(rename = "some-field", default, skip_serializing_if = "Option::is_none")]
    pub some_field: Option<bool>,
    #[serde(rename = "someField", default, skip_serializing_if = "Option::is_none")]
    pub some_field2: Option<bool>,
    #[serde(rename = "some_field", default, skip_serializing_if = "Option::is_none")]
    pub some_field3: Option<bool>,
    #[serde(rename = "__proto__", default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constructor: Option<bool>,
    #[serde(rename = "self", default, skip_serializing_if = "Option::is_none")]
    pub self_: Option<bool>,
    #[serde(rename = "", default, skip_serializing_if = "Option::is_none")]
    pub unnamed2: Option<bool>,
    #[serde(rename = "1st", default, skip_serializing_if = "Option::is_none")]
    pub n_1st: Option<bool>,
}

/// A type with the name of one that every language has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Error {
    /// None.
    None,
    /// The end of a comment.
    #[serde(rename = "*/")]
    Unnamed,
    /// The end of a literal.
    #[serde(rename = "\"")]
    Unnamed2,
    /// A keyword.
    #[serde(rename = "class")]
    Class,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct HostileArguments {
    /// Names that a language could take for its own: `class`, `*/`, `"""`.
    ///
    /// It must stay a comment: */ alert(1); /* and """ and ''' and {# and {{ 7 }} and \u002a\u002f too.
    pub value: Hostile,
    /// A type with the name of one that every language has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

impl HostileArguments {
    /// Creates a value with the required members.
    pub fn new(value: Hostile) -> Self {
        Self {
            value,
            error: None,
        }
    }
}

/// Names that a language could take for its own: `class`, `*/`, `"""`.
///
/// It must stay a comment: */ alert(1); /* and """ and ''' and {# and {{ 7 }} and \u002a\u002f too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct HostileOutput {
    /// Ends a comment: */ } and a string: """ ` ' ${7}
    pub class: bool,
    #[serde(rename = "*/ }); //")]
    pub unnamed: bool,
    #[serde(rename = "\"quoted\" \\ \n \u{202e} ${7} \u{e9} \u{1f600}")]
    pub quoted_7: bool,
    #[serde(rename = "some-field")]
    pub some_field: bool,
    #[serde(rename = "someField")]
    pub some_field2: bool,
    #[serde(rename = "some_field")]
    pub some_field3: bool,
    #[serde(rename = "__proto__")]
    pub proto: u64,
    pub constructor: bool,
    #[serde(rename = "self")]
    pub self_: bool,
    #[serde(rename = "")]
    pub unnamed2: bool,
    #[serde(rename = "1st")]
    pub n_1st: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PanicArguments {
    pub message: String,
}

/// Types that contain themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Recursive {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Tree>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Folder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Json2>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<OfLists>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchForU8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Tree {
    pub children: Vec<Tree>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<Tree>>,
}

impl Tree {
    /// Creates a value with the required members.
    pub fn new(children: Vec<Tree>) -> Self {
        Self {
            children,
            parent: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Folder {
    pub entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Entry {
    File(u64),
    Folder(Folder),
    Link {
        to: Box<Entry>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "op")]
pub enum Expression {
    Literal {
        value: f64,
    },
    Add {
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Negate {
        of: Box<Expression>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum Json2 {
    Number(f64),
    List(Vec<Json2>),
    Map(BTreeMap<String, Json2>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfLists {
    pub numbers: ListForU8,
    pub texts: ListForString,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ListForU8 {
    pub head: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Box<ListForU8>>,
}

impl ListForU8 {
    /// Creates a value with the required members.
    pub fn new(head: u8) -> Self {
        Self {
            head,
            tail: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ListForString {
    pub head: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Box<ListForString>>,
}

impl ListForString {
    /// Creates a value with the required members.
    pub fn new(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            tail: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct BranchForU8 {
    pub entries: Vec<PartForU8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum PartForU8 {
    Leaf(u8),
    Branch(BranchForU8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct RecursiveArguments {
    /// Types that contain themselves.
    pub value: Recursive,
}

/// Types that contain themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct RecursiveOutput {
    pub tree: Option<TreeOutput>,
    pub folder: Option<Folder>,
    pub expression: Option<Expression>,
    pub json: Option<Json2>,
    pub lists: Option<OfListsOutput>,
    pub branch: Option<BranchForU8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct TreeOutput {
    pub children: Vec<TreeOutput>,
    pub parent: Option<Box<TreeOutput>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfListsOutput {
    pub numbers: ListForU8Output,
    pub texts: ListForStringOutput,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ListForU8Output {
    pub head: u8,
    pub tail: Option<Box<ListForU8Output>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ListForStringOutput {
    pub head: String,
    pub tail: Option<Box<ListForStringOutput>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct RepeatArguments {
    pub text: String,
    pub times: u32,
}

/// Conversions, aliases, and names for everything else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Special {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted: Option<OfConverted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<With>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Aliases>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_inside: Option<NamedInside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Others>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_inside: Option<OthersInside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_beside: Option<OthersBeside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps_beside: Option<PerhapsBeside>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_strict: Option<UnitStrict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opaque: Option<Opaque>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_tuple: Option<ShortTuple>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opaque_variant: Option<OpaqueVariant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditional: Option<Conditional>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfConverted {
    pub a: Cooked,
    pub b: Parsed,
    pub c: Written,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Cooked(pub Raw);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Raw {
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Parsed(pub String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Written {
    pub a: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct With {
    pub a: String,
    pub b: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Aliases {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Named {
    One,
    Eins,
    Two(u8),
    Zwei(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum NamedInside {
    #[serde(rename = "One", alias = "Eins")]
    One,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum Others {
    Name(OthersName),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OthersName {
    One,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OthersInside {
    A {
        t: OthersInsideAT,
        a: u8,
    },
    Case2 {
        t: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OthersInsideAT {
    One,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", untagged)]
pub enum OthersBeside {
    C {
        t: OthersInsideAT,
        c: u8,
    },
    Case2 {
        t: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum PerhapsBeside {
    Perhaps {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        c: Option<u8>,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum UnitStrict {
    Unit,
    Struct {
        a: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Opaque {
    pub both: Value,
    pub read: Value,
    pub written: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<String>,
}

impl Opaque {
    /// Creates a value with the required members.
    pub fn new(both: Value, read: Value, written: u8) -> Self {
        Self {
            both,
            read,
            written,
            perhaps: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct ShortTuple(pub Vec<Value>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OpaqueVariant {
    Number(Value),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Conditional {
    pub a: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<u8>,
}

impl Conditional {
    /// Creates a value with the required members.
    pub fn new(a: u8) -> Self {
        Self {
            a,
            b: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SpecialArguments {
    /// Conversions, aliases, and names for everything else.
    pub value: Special,
}

/// Conversions, aliases, and names for everything else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SpecialOutput {
    pub converted: Option<OfConvertedOutput>,
    pub with: Option<With>,
    pub aliases: Option<AliasesOutput>,
    pub named: Option<NamedOutput>,
    pub named_inside: Option<NamedInsideOutput>,
    pub others: Option<OthersOutput>,
    pub others_inside: Option<OthersInsideOutput>,
    pub others_beside: Option<OthersBesideOutput>,
    pub perhaps_beside: Option<PerhapsBesideOutput>,
    pub unit_strict: Option<UnitStrict>,
    pub opaque: Option<OpaqueOutput>,
    pub short_tuple: Option<ShortTupleOutput>,
    pub opaque_variant: Option<OpaqueVariant>,
    pub conditional: Option<Conditional>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfConvertedOutput {
    pub a: Cooked,
    pub b: ParsedOutput,
    pub c: Option<WrittenOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ParsedOutput {
    pub a: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct WrittenOutput(pub Option<String>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AliasesOutput {
    pub name: String,
    pub more: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum NamedOutput {
    One,
    Two(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum NamedInsideOutput {
    One,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum OthersOutput {
    One,
    #[serde(rename = "Other")]
    Other_,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum OthersInsideOutput {
    One {
        a: u8,
    },
    Other,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum OthersBesideOutput {
    One {
        c: u8,
    },
    Other,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", tag = "t")]
pub enum PerhapsBesideOutput {
    Perhaps {
        c: Option<u8>,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OpaqueOutput {
    pub both: Value,
    pub read: u8,
    pub written: Value,
    pub perhaps: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct ShortTupleOutput(pub (u8, u8, String));

/// Types of the standard library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Standard {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integers: Option<Integers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide: Option<Wide>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalars: Option<Scalars>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<Sequences>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps: Option<Maps>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointers: Option<Pointers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Addresses>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<StandardResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<StandardBound>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<OfPages>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub either: Option<OfEither>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Integers {
    pub a: u8,
    pub b: u16,
    pub c: u32,
    pub d: u64,
    pub e: u32,
    pub f: i8,
    pub g: i16,
    pub h: i32,
    pub i: i64,
    pub j: i32,
    pub k: u8,
    pub l: u64,
    pub m: i16,
    pub n: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Wide {
    pub a: u128,
    pub b: i128,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Scalars {
    pub a: bool,
    pub b: String,
    pub c: f64,
    pub d: f64,
    pub e: String,
    pub f: (),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g: Option<()>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h: Option<u8>,
}

impl Scalars {
    /// Creates a value with the required members.
    pub fn new(a: bool, b: impl Into<String>, c: f64, d: f64, e: impl Into<String>, f: ()) -> Self {
        Self {
            a,
            b: b.into(),
            c,
            d,
            e: e.into(),
            f,
            g: None,
            h: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Sequences {
    pub a: Vec<u8>,
    pub b: Vec<String>,
    pub c: Vec<u8>,
    pub d: Vec<String>,
    pub e: Vec<u8>,
    pub f: Vec<Value>,
    pub g: (u8,),
    pub h: (u8, String, Vec<bool>),
    pub i: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub j: Option<Vec<Option<u8>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<(u8, u8)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Maps {
    pub a: BTreeMap<String, u8>,
    pub b: BTreeMap<String, Vec<u8>>,
    pub c: BTreeMap<String, String>,
    pub d: BTreeMap<String, String>,
    pub e: MapsE,
    pub f: BTreeMap<String, u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g: Option<BTreeMap<String, u8>>,
}

impl Maps {
    /// Creates a value with the required members.
    pub fn new(a: BTreeMap<String, u8>, b: BTreeMap<String, Vec<u8>>, c: BTreeMap<String, String>, d: BTreeMap<String, String>, e: MapsE, f: BTreeMap<String, u8>) -> Self {
        Self {
            a,
            b,
            c,
            d,
            e,
            f,
            g: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct MapsE {
    #[serde(rename = "One", default, skip_serializing_if = "Option::is_none")]
    pub one: Option<u8>,
    #[serde(rename = "Two", default, skip_serializing_if = "Option::is_none")]
    pub two: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Pointers {
    pub a: u8,
    pub b: String,
    pub c: String,
    pub d: u8,
    pub e: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g: Option<u8>,
}

impl Pointers {
    /// Creates a value with the required members.
    pub fn new(a: u8, b: impl Into<String>, c: impl Into<String>, d: u8, e: impl Into<String>) -> Self {
        Self {
            a,
            b: b.into(),
            c: c.into(),
            d,
            e: e.into(),
            f: None,
            g: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Addresses {
    pub a: String,
    pub b: String,
    pub c: String,
    pub d: String,
    pub e: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Times {
    pub a: TimesA,
    pub b: TimesB,
    pub c: TimesC,
    pub d: TimesD,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct TimesA {
    pub secs: u64,
    pub nanos: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct TimesB {
    pub secs_since_epoch: u64,
    pub nanos_since_epoch: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct TimesC {
    pub start: u8,
    pub end: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct TimesD {
    pub start: String,
    pub end: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Json {
    pub a: Value,
    pub b: BTreeMap<String, Value>,
    pub c: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<Value>,
}

impl Json {
    /// Creates a value with the required members.
    pub fn new(a: Value, b: BTreeMap<String, Value>, c: f64) -> Self {
        Self {
            a,
            b,
            c,
            d: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum StandardResult {
    Ok(u8),
    Err(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum StandardBound {
    Unbounded,
    Included(u8),
    Excluded(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfPages {
    pub numbers: PageForU8,
    pub texts: PageForString,
    pub numbers_again: PageForU8,
    pub nested: PageForPageForBool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForU8 {
    pub items: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

impl PageForU8 {
    /// Creates a value with the required members.
    pub fn new(items: Vec<u8>) -> Self {
        Self {
            items,
            next: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForString {
    pub items: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

impl PageForString {
    /// Creates a value with the required members.
    pub fn new(items: Vec<String>) -> Self {
        Self {
            items,
            next: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForPageForBool {
    pub items: Vec<PageForBool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

impl PageForPageForBool {
    /// Creates a value with the required members.
    pub fn new(items: Vec<PageForBool>) -> Self {
        Self {
            items,
            next: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForBool {
    pub items: Vec<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

impl PageForBool {
    /// Creates a value with the required members.
    pub fn new(items: Vec<bool>) -> Self {
        Self {
            items,
            next: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfEither {
    pub a: EitherForU8AndString,
    pub b: EitherForStringAndU8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum EitherForU8AndString {
    Left(u8),
    Right(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum EitherForStringAndU8 {
    Left(String),
    Right(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StandardArguments {
    /// Types of the standard library.
    pub value: Standard,
}

/// Types of the standard library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StandardOutput {
    pub integers: Option<Integers>,
    pub wide: Option<Wide>,
    pub scalars: Option<ScalarsOutput>,
    pub sequences: Option<SequencesOutput>,
    pub maps: Option<MapsOutput>,
    pub pointers: Option<PointersOutput>,
    pub addresses: Option<Addresses>,
    pub times: Option<Times>,
    pub json: Option<JsonOutput>,
    pub result: Option<StandardResult>,
    pub bound: Option<StandardBound>,
    pub pages: Option<OfPagesOutput>,
    pub either: Option<OfEither>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct ScalarsOutput {
    pub a: bool,
    pub b: String,
    pub c: f64,
    pub d: f64,
    pub e: String,
    pub f: (),
    pub g: (),
    pub h: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SequencesOutput {
    pub a: Vec<u8>,
    pub b: Vec<String>,
    pub c: Vec<u8>,
    pub d: Vec<String>,
    pub e: Vec<u8>,
    pub f: Vec<Value>,
    pub g: (u8,),
    pub h: (u8, String, Vec<bool>),
    pub i: Vec<u8>,
    pub j: Option<Vec<Option<u8>>>,
    pub k: Option<(u8, u8)>,
    pub l: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct MapsOutput {
    pub a: BTreeMap<String, u8>,
    pub b: BTreeMap<String, Vec<u8>>,
    pub c: BTreeMap<String, String>,
    pub d: BTreeMap<String, String>,
    pub e: MapsE,
    pub f: BTreeMap<String, u8>,
    pub g: Option<BTreeMap<String, u8>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PointersOutput {
    pub a: u8,
    pub b: String,
    pub c: String,
    pub d: u8,
    pub e: String,
    pub f: Option<u8>,
    pub g: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct JsonOutput {
    pub a: Value,
    pub b: BTreeMap<String, Value>,
    pub c: f64,
    pub d: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfPagesOutput {
    pub numbers: PageForU8Output,
    pub texts: PageForStringOutput,
    pub numbers_again: PageForU8Output,
    pub nested: PageForPageForBoolOutput,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForU8Output {
    pub items: Vec<u8>,
    pub next: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForStringOutput {
    pub items: Vec<String>,
    pub next: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForPageForBoolOutput {
    pub items: Vec<PageForBoolOutput>,
    pub next: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct PageForBoolOutput {
    pub items: Vec<bool>,
    pub next: Option<u32>,
}

/// Structs in every form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Structs {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newtype: Option<Newtype>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Pair>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_places: Option<NoPlaces>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested: Option<Nested>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<Described>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Renamed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_each_way: Option<RenamedEachWay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<Strict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Skipping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair_skipping: Option<PairSkipping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent: Option<OfTransparent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_default: Option<AllDefault>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Unit(pub ());

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Empty(pub BTreeMap<String, Value>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Newtype(pub u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct Pair(pub (u8, String));

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct NoPlaces(pub Vec<Value>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Nested {
    /// A point, and what it is called.
    ///
    /// Twice.
    pub point: Point,
    pub points: Vec<Point>,
    /// A point, and what it is called.
    ///
    /// Twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<Point>,
}

impl Nested {
    /// Creates a value with the required members.
    pub fn new(point: Point, points: Vec<Point>) -> Self {
        Self {
            point,
            points,
            perhaps: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Described {
    /// This one.
    pub point: Point,
    /// Or "that" one,\ with a \ and    a tab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Point>,
}

impl Described {
    /// Creates a value with the required members.
    pub fn new(point: Point) -> Self {
        Self {
            point,
            other: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Renamed {
    #[serde(rename = "firstName")]
    pub first_name: String,
    pub surname: String,
    #[serde(rename = "type")]
    pub type_: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct RenamedEachWay {
    #[serde(rename = "FirstName")]
    pub first_name: String,
    pub read: bool,
    #[serde(rename = "HalfRenamed")]
    pub half_renamed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Defaults {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<BTreeMap<String, u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Strict {
    pub a: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Skipping {
    pub a: u8,
    pub read_only: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<u8>>,
}

impl Skipping {
    /// Creates a value with the required members.
    pub fn new(a: u8, read_only: u8) -> Self {
        Self {
            a,
            read_only,
            perhaps: None,
            list: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct PairSkipping(pub (u8, String));

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfTransparent {
    /// A point, and what it is called.
    ///
    /// Twice.
    pub a: Point,
    /// Says more.
    pub b: TransparentWithDoc,
    pub c: u8,
}

/// Says more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde", transparent)]
pub struct TransparentWithDoc(pub Vec<u8>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AllDefault {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StructsArguments {
    /// Structs in every form.
    pub value: Structs,
}

/// Structs in every form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct StructsOutput {
    pub unit: Option<Unit>,
    pub empty: Option<Empty>,
    pub newtype: Option<Newtype>,
    pub pair: Option<Pair>,
    pub no_places: Option<NoPlaces>,
    pub nested: Option<NestedOutput>,
    pub described: Option<DescribedOutput>,
    pub renamed: Option<Renamed>,
    pub renamed_each_way: Option<RenamedEachWayOutput>,
    pub defaults: Option<DefaultsOutput>,
    pub strict: Option<Strict>,
    pub skipping: Option<SkippingOutput>,
    pub pair_skipping: Option<PairSkipping>,
    pub transparent: Option<OfTransparentOutput>,
    pub all_default: Option<AllDefaultOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct NestedOutput {
    /// A point, and what it is called.
    ///
    /// Twice.
    pub point: PointOutput,
    pub points: Vec<PointOutput>,
    /// A point, and what it is called.
    ///
    /// Twice.
    pub perhaps: Option<PointOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct DescribedOutput {
    /// This one.
    pub point: PointOutput,
    /// Or "that" one,\ with a \ and    a tab.
    pub other: Option<PointOutput>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct RenamedEachWayOutput {
    #[serde(rename = "FIRST-NAME")]
    pub first_name: String,
    pub written: bool,
    pub gone: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct DefaultsOutput {
    pub number: u16,
    pub text: String,
    pub flag: bool,
    pub list: Vec<u8>,
    pub map: BTreeMap<String, u8>,
    pub perhaps: Option<u8>,
    pub answer: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SkippingOutput {
    pub a: u8,
    pub write_only: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<u8>>,
}

impl SkippingOutput {
    /// Creates a value with the required members.
    pub fn new(a: u8, write_only: u8) -> Self {
        Self {
            a,
            write_only,
            perhaps: None,
            list: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct OfTransparentOutput {
    /// A point, and what it is called.
    ///
    /// Twice.
    pub a: PointOutput,
    /// Says more.
    pub b: TransparentWithDoc,
    pub c: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AllDefaultOutput {
    pub a: u8,
    pub b: String,
}

/// The codes of errors: the plugin's own, those of every plugin, and those of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The number is too large.
    TooMany,
    /// Ends a comment: */ and a string: """
    OddCode,
    UnknownCommand,
    InvalidJson,
    MissingArgument,
    UnknownArgument,
    InvalidArgument,
    InvalidResult,
    TooLarge,
    NotInitialized,
    InitFailed,
    InvalidState,
    Busy,
    PermissionDenied,
    Unsupported,
    NotFound,
    Timeout,
    Unavailable,
    BadAnswer,
    Status,
    QuotaExceeded,
    Failed,
    AbiVersion,
    AllocationFailed,
    BadArguments,
    BadJson,
    InvalidModule,
    MissingExport,
    NotUtf8,
    OutOfBounds,
    OutOfMemory,
    Panic,
    Poisoned,
    ResultTooLarge,
    Trap,
    /// Another code.
    Other(String),
}

impl ErrorCode {
    /// Returns the code of a failure.
    pub fn of(failure: &Failure) -> Self {
        match failure.code() {
            "too_many" => ErrorCode::TooMany,
            "odd_code" => ErrorCode::OddCode,
            "unknown_command" => ErrorCode::UnknownCommand,
            "invalid_json" => ErrorCode::InvalidJson,
            "missing_argument" => ErrorCode::MissingArgument,
            "unknown_argument" => ErrorCode::UnknownArgument,
            "invalid_argument" => ErrorCode::InvalidArgument,
            "invalid_result" => ErrorCode::InvalidResult,
            "too_large" => ErrorCode::TooLarge,
            "not_initialized" => ErrorCode::NotInitialized,
            "init_failed" => ErrorCode::InitFailed,
            "invalid_state" => ErrorCode::InvalidState,
            "busy" => ErrorCode::Busy,
            "permission_denied" => ErrorCode::PermissionDenied,
            "unsupported" => ErrorCode::Unsupported,
            "not_found" => ErrorCode::NotFound,
            "timeout" => ErrorCode::Timeout,
            "unavailable" => ErrorCode::Unavailable,
            "bad_answer" => ErrorCode::BadAnswer,
            "status" => ErrorCode::Status,
            "quota_exceeded" => ErrorCode::QuotaExceeded,
            "failed" => ErrorCode::Failed,
            "abi_version" => ErrorCode::AbiVersion,
            "allocation_failed" => ErrorCode::AllocationFailed,
            "bad_arguments" => ErrorCode::BadArguments,
            "bad_json" => ErrorCode::BadJson,
            "invalid_module" => ErrorCode::InvalidModule,
            "missing_export" => ErrorCode::MissingExport,
            "not_utf8" => ErrorCode::NotUtf8,
            "out_of_bounds" => ErrorCode::OutOfBounds,
            "out_of_memory" => ErrorCode::OutOfMemory,
            "panic" => ErrorCode::Panic,
            "poisoned" => ErrorCode::Poisoned,
            "result_too_large" => ErrorCode::ResultTooLarge,
            "trap" => ErrorCode::Trap,
            other => ErrorCode::Other(other.to_owned()),
        }
    }
}

/// Every form of a type. It must stay a comment: */ """ '''
pub struct Typed {
    plugin: Plugin,
}

impl Typed {
    /// Loads the plugin from its bytes or its path, and initialises it.
    ///
    /// # Errors
    ///
    /// If it is not this kind of plugin, or refuses its configuration.
    pub fn load(source: impl Into<Source>, config: Config) -> Result<Self, Failure> {
        Self::build(Plugin::builder(source), config)
    }

    /// Initialises the plugin with the limits, grants and services of a builder.
    ///
    /// # Errors
    ///
    /// Like [`load`](Self::load).
    pub fn build(builder: PluginBuilder, config: Config) -> Result<Self, Failure> {
        let plugin = builder.config(config).build()?;
        Ok(Typed { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Returns the sum of two numbers, with defaults of 1 and 2.
    ///
    /// Errors:
    ///
    /// - `too_many`: The number is too large.
    /// - `odd_code`: Ends a comment: */ and a string: """
    pub fn add(&mut self, arguments: &AddArguments) -> Result<u64, Failure> {
        self.plugin.call("add", arguments)
    }

    /// Returns its argument, which is any JSON.
    pub fn anything(&mut self, arguments: &AnythingArguments) -> Result<Value, Failure> {
        self.plugin.call("anything", arguments)
    }

    /// Returns the number of the configuration.
    pub fn begun(&mut self) -> Result<u64, Failure> {
        self.plugin.call("begun", ())
    }

    /// Adds one to each number, and returns them all.
    pub fn count(&mut self, input: &[u64]) -> Result<Vec<u64>, Failure> {
        let bytes: Vec<u8> = input.iter().flat_map(|number| number.to_le_bytes()).collect();
        let bytes = self.plugin.call_raw("count", &bytes)?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }

    /// Returns its argument.
    pub fn echo(&mut self, input: &[u8]) -> Result<Vec<u8>, Failure> {
        let bytes = self.plugin.call_raw("echo", input)?;
        Ok(bytes.to_vec())
    }

    /// Returns its argument.
    pub fn enums(&mut self, arguments: &EnumsArguments) -> Result<EnumsOutput, Failure> {
        self.plugin.call("enums", arguments)
    }

    /// Returns the events.
    pub fn events(&mut self) -> Result<Vec<String>, Failure> {
        self.plugin.call("events", ())
    }

    /// Returns its argument.
    pub fn flattened(&mut self, arguments: &FlattenedArguments) -> Result<FlattenedOutput, Failure> {
        self.plugin.call("flattened", arguments)
    }

    /// Returns its argument.
    pub fn further(&mut self, arguments: &FurtherArguments) -> Result<FurtherOutput, Failure> {
        self.plugin.call("further", arguments)
    }

    /// Returns its argument. */ """
    pub fn hostile(&mut self, arguments: &HostileArguments) -> Result<(HostileOutput, Option<Error>), Failure> {
        self.plugin.call("hostile", arguments)
    }

    /// Has a name that is a keyword.
    pub fn import(&mut self) -> Result<Option<bool>, Failure> {
        self.plugin.call("import", ())
    }

    /// Has the name of a function of clients.
    pub fn load_(&mut self) -> Result<(), Failure> {
        self.plugin.call("load", ())
    }

    /// Negates samples in place.
    pub fn negate(&mut self, input: &[f32]) -> Result<Vec<f32>, Failure> {
        let mut bytes: Vec<u8> = input.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.plugin.call_in_place("negate", &mut bytes)?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Panics.
    pub fn panic(&mut self, arguments: &PanicArguments) -> Result<(), Failure> {
        self.plugin.call("panic", arguments)
    }

    /// Returns its argument.
    pub fn recursive(&mut self, arguments: &RecursiveArguments) -> Result<RecursiveOutput, Failure> {
        self.plugin.call("recursive", arguments)
    }

    /// Returns the text `times` times.
    pub fn repeat(&mut self, arguments: &RepeatArguments) -> Result<String, Failure> {
        self.plugin.call("repeat", arguments)
    }

    /// Returns its argument.
    pub fn special(&mut self, arguments: &SpecialArguments) -> Result<SpecialOutput, Failure> {
        self.plugin.call("special", arguments)
    }

    /// Does not end.
    pub fn spin(&mut self) -> Result<(), Failure> {
        self.plugin.call("spin", ())
    }

    /// Returns its argument.
    pub fn standard(&mut self, arguments: &StandardArguments) -> Result<StandardOutput, Failure> {
        self.plugin.call("standard", arguments)
    }

    /// Returns its argument.
    pub fn structs(&mut self, arguments: &StructsArguments) -> Result<StructsOutput, Failure> {
        self.plugin.call("structs", arguments)
    }

    /// Returns a sum.
    pub fn sum(&mut self, input: &[i16]) -> Result<Vec<f64>, Failure> {
        let bytes: Vec<u8> = input.iter().flat_map(|number| number.to_le_bytes()).collect();
        let bytes = self.plugin.call_raw("sum", &bytes)?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    /// Takes nothing, and returns nothing.
    pub fn swallow(&mut self) -> Result<(), Failure> {
        let _ = self.plugin.call_raw("swallow", &[])?;
        Ok(())
    }

    /// Returns the text without surrounding white space.
    pub fn trim(&mut self, input: &str) -> Result<String, Failure> {
        let bytes = self.plugin.call_raw("trim", input.as_bytes())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Starts the plugin.
    pub fn start(&mut self) -> Result<(), Failure> {
        self.plugin.start()
    }

    /// Stops the plugin.
    pub fn stop(&mut self) -> Result<(), Failure> {
        self.plugin.stop()
    }

    /// Passes an event to the plugin.
    ///
    /// It handles these topics:
    ///
    /// - `**`: Notes an event.
    pub fn event(&mut self, topic: &str, data: &Value) -> Result<(), Failure> {
        self.plugin.event(topic, data)
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
