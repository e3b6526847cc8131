//! A plugin with every form of a type in its arguments and results, for the tests of clients in
//! other languages. Each command returns what it gets.
#![forbid(unsafe_code)]

/// The types on which the SDK's own tests compare schemas with serde.
#[path = "../../../schema/tests/schema/described.rs"]
mod described;

use std::fmt;

use described::{
    converted, enums, flattened, further, generics, recursive, standard, structs, truer,
};
use plugin_sdk::prelude::*;

/// Declares types with members of all these types, each of which has the name of the module.
macro_rules! groups {
    ($($(#[$about:meta])* $group:ident { $($member:ident: $type:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Serialize, Deserialize, Schema)]
        pub struct $group {
            $($member: Option<$type>,)*
        }
    )*};
}

groups! {
    /// Structs in every form.
    Structs {
        unit: structs::Unit,
        empty: structs::Empty,
        newtype: structs::Newtype,
        pair: structs::Pair,
        no_places: structs::NoPlaces,
        nested: structs::Nested,
        described: structs::Described,
        renamed: structs::Renamed,
        renamed_each_way: structs::RenamedEachWay,
        defaults: structs::Defaults,
        strict: structs::Strict,
        skipping: structs::Skipping,
        pair_skipping: structs::PairSkipping,
        transparent: structs::OfTransparent,
        all_default: structs::AllDefault,
    }

    /// Enums in serde's four forms.
    Enums {
        units: enums::OfEnums,
        renamed: enums::UnitsRenamed,
        described: enums::UnitsDescribed,
        alone: enums::Alone,
        alone_with_content: enums::AloneWithContent,
        external: enums::External,
        external_strict: enums::ExternalStrict,
        internal: enums::Internal,
        internal_strict: enums::InternalStrict,
        adjacent: enums::Adjacent,
        adjacent_strict: enums::AdjacentStrict,
        untagged: enums::Untagged,
        partly_untagged: enums::PartlyUntagged,
        skipping: enums::Skipping,
        renamed_each_way: enums::RenamedEachWay,
    }

    /// Types of the standard library.
    Standard {
        integers: standard::Integers,
        wide: standard::Wide,
        scalars: standard::Scalars,
        sequences: standard::Sequences,
        maps: standard::Maps,
        pointers: standard::Pointers,
        addresses: standard::Addresses,
        times: standard::Times,
        json: standard::Json,
        result: std::result::Result<u8, String>,
        bound: std::ops::Bound<u8>,
        pages: generics::OfPages,
        either: generics::OfEither,
    }

    /// Flattened fields.
    Flattened {
        of_struct: flattened::OfStruct,
        of_map: flattened::OfMap,
        of_values: flattened::OfValues,
        of_enum: flattened::OfEnum,
        of_tagged: flattened::OfTagged,
        of_untagged: flattened::OfUntagged,
        of_two_enums: flattened::OfTwoEnums,
        of_optional_enum: flattened::OfOptionalEnum,
        of_strict: flattened::OfStrict,
        strict_of_struct: flattened::StrictOfStruct,
        strict_of_enum: flattened::StrictOfEnum,
        deep: flattened::Deep,
        in_variant: flattened::InVariant,
    }

    /// Types that contain themselves.
    Recursive {
        tree: recursive::Tree,
        folder: recursive::Folder,
        expression: recursive::Expression,
        json: recursive::Json,
        lists: recursive::OfLists,
        branch: recursive::Branch<u8>,
    }

    /// Conversions, aliases, and names for everything else.
    Special {
        converted: converted::OfConverted,
        with: converted::With,
        aliases: truer::Aliases,
        named: truer::Named,
        named_inside: truer::NamedInside,
        others: truer::Others,
        others_inside: truer::OthersInside,
        others_beside: truer::OthersBeside,
        perhaps_beside: truer::PerhapsBeside,
        unit_strict: truer::UnitStrict,
        opaque: truer::Opaque,
        short_tuple: truer::ShortTuple,
        opaque_variant: truer::OpaqueVariant,
        conditional: truer::Conditional,
    }

    /// Keys, wide numbers and floats.
    Further {
        keys: further::Keys,
        wides: further::Wides,
        widened: further::Widened,
        floats: further::Floats,
        nested: further::Nested,
        by_number: further::ByNumber,
    }
}

/// Names that a language could take for its own: `class`, `*/`, `"""`.
///
/// It must stay a comment: */ alert(1); /* and """ and ''' and {# and {{ 7 }} and \u002a\u002f too.
#[derive(Debug, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
pub struct Hostile {
    /// Ends a comment: */ } and a string: """ ` ' ${7}
    class: bool,
    #[serde(rename = "*/ }); //")]
    end: bool,
    #[serde(rename = "\"quoted\" \\ \n \u{202e} ${7} é 😀")]
    quoted: bool,
    #[serde(rename = "some-field")]
    kebab: bool,
    #[serde(rename = "someField")]
    camel: bool,
    #[serde(rename = "some_field")]
    snake: bool,
    #[serde(rename = "__proto__")]
    proto: u64,
    #[serde(rename = "constructor")]
    constructor: bool,
    #[serde(rename = "self")]
    this: bool,
    #[serde(rename = "")]
    empty: bool,
    #[serde(rename = "1st")]
    first: bool,
}

/// A type with the name of one that every language has.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub enum Error {
    /// None.
    None,
    /// The end of a comment.
    #[serde(rename = "*/")]
    End,
    /// The end of a literal.
    #[serde(rename = "\"")]
    Quote,
    /// A keyword.
    #[serde(rename = "class")]
    Class,
}

/// The options of the plugin.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The error with which the plugin refuses to begin.
    refuse: Option<String>,
    /// Any number, which `begun` returns.
    number: u64,
}

/// The reasons to fail.
#[derive(Debug, PluginError)]
pub enum Fault {
    /// The number is too large.
    TooMany(u64),
    /// Ends a comment: */ and a string: """
    #[plugin_error(code = "odd_code")]
    Odd,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::TooMany(number) => write!(f, "{number} is too many"),
            Fault::Odd => f.write_str("an odd \"message\" with é and 😀"),
        }
    }
}

impl std::error::Error for Fault {}

/// Every form of a type. It must stay a comment: */ """ '''
#[plugin]
pub struct Typed {
    number: u64,
    events: Vec<String>,
}

#[plugin]
impl Typed {
    /// Takes the configuration, or refuses it.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        match config.refuse {
            Some(why) => Err(plugin_sdk::Error::new("refused", why)),
            None => Ok(Typed {
                number: config.number,
                events: Vec::new(),
            }),
        }
    }

    /// Notes that it was started.
    #[start]
    pub fn start(&mut self) {
        self.events.push("start".to_owned());
    }

    /// Notes that it was stopped.
    #[stop]
    pub fn stop(&mut self) {
        self.events.push("stop".to_owned());
    }

    /// Notes an event.
    #[event]
    pub fn event(&mut self, topic: &str, data: Option<serde_json::Value>) {
        self.events
            .push(format!("{topic} {}", data.unwrap_or_default()));
    }

    /// Returns the events.
    #[command]
    pub fn events(&self) -> Vec<String> {
        self.events.clone()
    }

    /// Returns the number of the configuration.
    #[command]
    pub fn begun(&self) -> u64 {
        self.number
    }

    /// Returns its argument.
    #[command]
    pub fn structs(&self, value: Structs) -> Structs {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn enums(&self, value: Enums) -> Enums {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn standard(&self, value: Standard) -> Standard {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn flattened(&self, value: Flattened) -> Flattened {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn recursive(&self, value: Recursive) -> Recursive {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn special(&self, value: Special) -> Special {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn further(&self, value: Further) -> Further {
        value
    }

    /// Returns its argument. */ """
    #[command]
    pub fn hostile(&self, value: Hostile, error: Option<Error>) -> (Hostile, Option<Error>) {
        (value, error)
    }

    /// Returns its argument, which is any JSON.
    #[command]
    pub fn anything(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }

    /// Returns the sum of two numbers, with defaults of 1 and 2.
    #[command]
    pub fn add(
        &self,
        #[arg(default = 1)] a: u64,
        #[arg(default = 2)] b: u64,
    ) -> Result<u64, Fault> {
        match a.checked_add(b) {
            Some(7) => Err(Fault::Odd),
            Some(sum) => Ok(sum),
            None => Err(Fault::TooMany(a)),
        }
    }

    /// Returns the text `times` times.
    #[command]
    pub fn repeat(&self, text: &str, times: usize) -> String {
        text.repeat(times)
    }

    /// Panics.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}");
    }

    /// Does not end.
    #[command]
    pub fn spin(&self) {
        loop {
            std::hint::spin_loop();
        }
    }

    /// Has the name of a function of clients.
    #[command]
    pub fn load(&self) {}

    /// Has a name that is a keyword.
    #[command]
    pub fn import(&self) -> Option<bool> {
        None
    }

    /// Returns its argument.
    #[command(raw)]
    pub fn echo<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }

    /// Returns the text without surrounding white space.
    #[command(raw)]
    pub fn trim<'a>(&self, text: &'a str) -> &'a str {
        text.trim()
    }

    /// Negates samples in place.
    #[command(raw)]
    pub fn negate(&self, samples: &mut [f32]) {
        for sample in samples {
            *sample = -*sample;
        }
    }

    /// Adds one to each number, and returns them all.
    #[command(raw)]
    pub fn count<'a>(&self, numbers: &'a mut [u64]) -> &'a mut [u64] {
        for number in &mut *numbers {
            *number = number.wrapping_add(1);
        }
        numbers
    }

    /// Returns a sum.
    #[command(raw)]
    pub fn sum(&self, numbers: &[i16]) -> [f64; 1] {
        [numbers.iter().copied().map(f64::from).sum()]
    }

    /// Takes nothing, and returns nothing.
    #[command(raw)]
    pub fn swallow(&self) {}
}
