//! A plugin whose author uses every name that an expansion might depend on, and allows no lint that
//! one might need allowed.
//!
//! The package `hygiene-2021` compiles the same source as edition 2021.

#![no_implicit_prelude]
#![forbid(
    unsafe_code,
    missing_docs,
    future_incompatible,
    let_underscore,
    refining_impl_trait,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    missing_debug_implementations,
    non_local_definitions,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_results,
    variant_size_differences
)]
#![deny(warnings, nonstandard_style, rust_2018_idioms, unused_qualifications)]
use ::plugin_sdk::PluginError;
use ::plugin_sdk::{command, init, plugin};

macro_rules! taken {
    ($($name:ident)*) => {$(
        #[allow(dead_code, non_camel_case_types)]
        #[derive(::std::fmt::Debug)]
        pub(crate) struct $name;
    )*};
}

mod types {
    pub(crate) fn one() -> ::core::primitive::u64 {
        1
    }

    taken! { Result Option String Vec Box Error Default From Into Iterator Argument Referent u8 u32 u64 usize str }
}
#[allow(unused_imports)]
use types::{
    Argument, Box, Default, Error, From, Into, Iterator, Option, Referent, Result, String, Vec,
};

mod values {
    #![allow(dead_code, non_snake_case)]

    macro_rules! taken {
        ($($name:ident)*) => {$(
            pub(crate) fn $name() {}
        )*};
    }

    taken! { Ok Err Some None drop value error returned plugin arguments output arena index source config export given }
}
#[allow(unused_imports)]
use values::*;

#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod alloc {}
#[allow(dead_code)]
mod serde {}
#[allow(dead_code)]
mod plugin_sdk {}

/// Methods that every type has.
mod methods {
    #[allow(dead_code)]
    pub(crate) trait Everything {
        fn read(&self) {}
        fn settle(&self) {}
        fn init(&self) {}
        fn cleanup(&self) {}
        fn plugin(&self) {}
        fn answer(&self) {}
        fn unwrap_or_else(&self) {}
    }

    impl<T: ?::core::marker::Sized> Everything for T {}
}
#[allow(unused_imports)]
use methods::Everything;

/// The options that a host can set.
#[derive(Debug, ::serde::Deserialize, ::plugin_sdk::Schema)]
pub struct Config {
    start: ::core::primitive::u64,
}

/// The reasons to refuse.
#[derive(Debug, PluginError)]
pub enum Refusal {
    /// No more fits.
    Full,
}

impl ::core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("no more")
    }
}

impl ::core::error::Error for Refusal {}

type Outcome<T> = ::core::result::Result<T, Refusal>;

/// Counts.
#[plugin(
    commands(twice, nested::thrice, source, str, #[cfg(any())] gone),
    log,
    state = "json",
    permissions(kv = "counts", "host.network" = "asks")
)]
#[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
pub struct Counter {
    total: ::core::primitive::u64,
    #[serde(skip)]
    started: ::core::primitive::bool,
    #[cfg(target_arch = "wasm32")]
    #[serde(default)]
    r#type: ::core::primitive::u8,
    #[cfg_attr(not(any()), serde(skip))]
    loaded: ::core::option::Option<::std::string::String>,
}

#[plugin]
impl Counter {
    /// Creates the plugin.
    #[init]
    pub fn new(config: Config) -> ::plugin_sdk::Result<Self> {
        ::core::result::Result::Ok(Counter {
            total: config.start,
            started: false,
            #[cfg(target_arch = "wasm32")]
            r#type: 0,
            loaded: ::core::option::Option::None,
        })
    }

    /// Adds, with arguments of every form.
    #[allow(clippy::too_many_arguments)]
    #[command]
    pub fn add<'a>(
        &mut self,
        amount: ::core::primitive::u64,
        label: &'a ::core::primitive::str,
        weights: &[::core::primitive::f32],
        note: ::core::option::Option<&'a ::core::primitive::str>,
        #[arg(default)] tags: ::std::vec::Vec<::std::string::String>,
        #[arg(default = types::one())] arguments: ::core::primitive::u64,
        #[arg(default = source())] times: ::core::primitive::u64,
        #[arg(rename = "in")] place: ::std::borrow::Cow<'a, ::core::primitive::str>,
    ) -> Outcome<::std::borrow::Cow<'a, ::core::primitive::str>> {
        self.total += amount * arguments * times;
        if weights.is_empty() && tags.is_empty() {
            return ::core::result::Result::Err(Refusal::Full);
        }
        ::core::result::Result::Ok(match note {
            ::core::option::Option::Some(note) => ::std::borrow::Cow::Borrowed(note),
            ::core::option::Option::None if label.is_empty() => place,
            ::core::option::Option::None => ::std::borrow::Cow::Borrowed(label),
        })
    }

    /// Exists for one target only.
    #[cfg(target_arch = "wasm32")]
    #[command]
    pub fn target() -> &'static ::core::primitive::str {
        "wasm32"
    }

    /// Exists for one target only.
    #[cfg(not(target_arch = "wasm32"))]
    #[command]
    pub fn target() -> &'static ::core::primitive::str {
        "native"
    }

    /// Has keywords as names, and an attribute that triggers a lint.
    #[deprecated]
    #[command(rename = "as-is")]
    pub fn r#type(
        &self,
        #[arg(flatten)] r#in: ::std::collections::HashMap<
            ::std::string::String,
            ::core::primitive::f64,
        >,
    ) -> ::core::primitive::usize {
        r#in.len()
    }

    /// Doubles samples in place.
    #[command(raw, batch)]
    pub fn louder(&self, samples: &mut [::core::primitive::f32]) {
        for sample in samples {
            *sample *= 2.0;
        }
    }

    /// Takes numbers in the binary codec.
    #[must_use]
    #[command(codec = "binary")]
    pub fn mean(numbers: &[::core::primitive::f64]) -> ::core::primitive::f64 {
        numbers.len() as ::core::primitive::f64
    }
}

/// The plugin's hooks, in a separate module.
mod life {
    use ::plugin_sdk::{cleanup, event, migrate, plugin, start, stop};

    #[plugin]
    impl super::Counter {
        #[start]
        fn on_start(&mut self) -> ::plugin_sdk::Result<()> {
            self.started = self.loaded.is_none();
            ::core::result::Result::Ok(())
        }

        #[stop]
        fn on_stop(&mut self) {}

        #[event]
        fn on_event(&mut self, topic: &::core::primitive::str, data: ::core::primitive::u64) {
            if !topic.is_empty() {
                self.total += data;
            }
        }

        #[event("counter.*")]
        fn on_counter(&mut self, data: ::core::option::Option<::core::primitive::u64>) {
            self.total += data.unwrap_or_default();
        }

        #[migrate]
        fn migrate(old: &::core::primitive::str) -> ::plugin_sdk::Result<Self> {
            ::core::result::Result::Ok(super::Counter {
                total: old.len() as ::core::primitive::u64,
                started: true,
                #[cfg(target_arch = "wasm32")]
                r#type: 0,
                loaded: ::core::option::Option::Some(::std::string::String::new()),
            })
        }

        #[cleanup]
        fn on_end(&mut self) {
            self.total = 0;
        }
    }
}

/// Doubles.
#[command(batch)]
#[must_use]
pub fn twice(value: ::core::primitive::f64) -> ::core::primitive::f64 {
    value * 2.0
}

mod source {
    pub(crate) fn one() -> ::core::primitive::u64 {
        1
    }
}

/// Has the name of a module, and of variables.
#[command(batch)]
#[must_use]
pub fn source() -> ::core::primitive::u64 {
    source::one()
}

/// Has the name of a type.
#[command]
#[must_use]
pub fn str(#[arg(default = export())] source: ::core::primitive::u64) -> ::core::primitive::u64 {
    source
}

fn export() -> ::core::primitive::u64 {
    1
}

/// Does not exist.
#[command]
#[cfg(any())]
pub fn gone() {}

/// More functions.
pub mod nested {
    use ::plugin_sdk::command;

    /// Trebles.
    #[command]
    #[must_use]
    pub fn thrice(value: ::core::primitive::f64) -> ::core::primitive::f64 {
        value * 3.0
    }
}

/// Contains a plugin, as a test or an example in documentation may.
#[cfg(not(target_arch = "wasm32"))]
pub fn local() {
    use ::core::default::Default as _;

    #[plugin(commands(shown))]
    #[derive(Debug, ::core::default::Default)]
    struct Local {
        _field: ::core::primitive::u8,
    }

    #[plugin]
    impl Local {
        #[command]
        fn hidden(&self) {}
    }

    #[command]
    fn shown() {}

    shown();
    Local::default().hidden();
}

const _: () = {
    // Uses the names and their attributes.
    let _ = (Ok, Err, Some, None);
};

/// Types with schemas. They do not derive serde's traits, whose expansions depend on more names.
pub mod described {
    use ::plugin_sdk::Schema;

    #[allow(unused_imports)]
    use super::types::{u8, Option, String};
    #[allow(unused_imports)]
    use super::values::*;

    /// Borrowed text.
    #[derive(Debug, Schema)]
    pub struct Borrowed<'a, 'b> {
        /// Alone.
        #[schema(min_length = 1, max_length = 9, example = "a")]
        pub text: &'a ::core::primitive::str,
        #[doc = ::core::concat!("More", " of it.")]
        #[serde(default)]
        pub more: ::core::option::Option<&'b ::core::primitive::str>,
    }

    /// A generic list.
    #[derive(Debug, Schema)]
    pub struct List<T, const N: ::core::primitive::usize = 2> {
        /// The first.
        pub head: T,
        /// The others.
        pub tail: ::core::option::Option<::std::boxed::Box<Self>>,
    }

    /// One of them.
    #[derive(Debug, Schema)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    pub enum Choice<'a> {
        /// None.
        Nothing,
        /// Borrowed.
        Text(Borrowed<'a, 'a>),
        /// Several.
        List {
            /// Here.
            list: List<::core::primitive::u8>,
            /// And there.
            #[serde(alias = "gone", rename(serialize = "there"))]
            #[schema(with = ::plugin_sdk::schema::Any)]
            others: Foreign,
        },
        /// Whatever else.
        #[serde(other)]
        Other,
    }

    /// A type without a schema.
    #[derive(Debug)]
    pub struct Foreign;

    /// Both.
    #[derive(Debug, Schema)]
    #[serde(from = "::core::primitive::u8", deny_unknown_fields)]
    #[deprecated]
    pub struct Old {
        /// Older.
        #[serde(default, skip_serializing_if = "never", with = "never")]
        pub older: Foreign,
        /// Oldest.
        #[serde(flatten)]
        pub oldest: Inner,
    }

    /// Inside.
    #[derive(Debug, Schema)]
    #[serde(transparent)]
    pub struct Inner(
        pub ::std::collections::BTreeMap<::core::primitive::char, ::core::primitive::bool>,
    );
}
