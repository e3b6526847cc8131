//! The fuzz targets of the SDK and the harness: how bytes become inputs, and what must hold for
//! every input.
//!
//! A target is a function from bytes to a [`Verdict`]. Two drivers call it: libFuzzer, through
//! `fuzz/fuzz_targets`, and the [`driver`] of this crate, which needs no nightly toolchain.
//!
//! | folder | what is fuzzed |
//! |---|---|
//! | `guest` | the part of the SDK that is in every plugin, natively |
//! | `modules` | modules: read, loaded, and called on both engines |
//! | `host` | everything else that the harness reads and does not trust |
//!
//! An oracle compares with an implementation that is not ours, or with a model of a few lines. Its
//! tests plant a fault in the subject and expect the oracle to notice.

#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::unwrap_used,
        reason = "a test fails by panicking"
    )
)]

mod bytes;
pub mod driver;
mod expected_panic;
mod guest;
mod host;
mod modules;
mod verdict;

pub use verdict::Verdict;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is that of its corpus and of its file in `fuzz_targets`.
    pub name: &'static str,
    /// The most bytes of an input. Longer ones take more time and find no more.
    pub max_len: usize,
    check: fn(&[u8]) -> Verdict,
}

impl Target {
    /// Checks one input.
    ///
    /// # Errors
    ///
    /// Fails if a property does not hold; the error says which.
    pub fn check(&self, input: &[u8]) -> Verdict {
        (self.check)(input.get(..self.max_len).unwrap_or(input))
    }

    /// Checks one input, for a fuzzer that expects a panic.
    ///
    /// # Panics
    ///
    /// Panics if a property does not hold.
    pub fn run(&self, input: &[u8]) {
        if let Err(fault) = self.check(input) {
            panic!("{}: {fault}", self.name);
        }
    }

    /// Returns all targets.
    pub fn all() -> impl Iterator<Item = &'static Target> {
        [TARGETS, GENERATED].into_iter().flatten()
    }

    /// Returns the target with a name.
    pub fn named(name: &str) -> Option<&'static Target> {
        Target::all().find(|target| target.name == name)
    }
}

/// Defines targets and a list of them.
macro_rules! targets {
    ($list:ident, $about:literal; $($(#[$doc:meta])* $constant:ident = ($name:literal, $max_len:literal, $check:path);)*) => {
        $($(#[$doc])* pub const $constant: Target = Target { name: $name, max_len: $max_len, check: $check };)*
        #[doc = $about]
        const $list: &[Target] = &[$($constant),*];
    };
}

targets! {
    TARGETS, "The targets that need no generator of modules.";
    /// The JSON reader and writer, compared with `serde_json`.
    JSON = ("json", 4096, guest::json::check);
    /// The binary codec: arbitrary bytes and round trips.
    BINARY = ("binary", 4096, guest::binary::check);
    /// Frames of batches, compared with a reader of a few lines.
    BATCH = ("batch", 1024, guest::batch::check);
    /// Memory that guest and host share, used in any order that the ABI allows.
    BOUNDARY = ("boundary", 512, guest::boundary::check);
    /// Answers of a hostile host to every kind of host function.
    ANSWERS = ("answers", 2048, guest::answers::check);
    /// The section with a plugin's description of itself.
    MANIFEST = ("manifest", 8192, host::manifest::check);
    /// Values validated against hostile schemas, compared with `jsonschema`.
    SCHEMA = ("schema", 4096, host::schema::check);
    /// Entries of the allow-list and URLs, compared with what the HTTP client connects to.
    ALLOW_LIST = ("allow_list", 512, host::allow_list::check);
    /// Capsules of any origin, read and replayed.
    CAPSULE = ("capsule", 8192, host::capsule::check);
    /// Files next to a module that describe it.
    SIDECAR = ("sidecar", 4096, host::sidecar::check);
    /// Bytes that are loaded and inspected as a module.
    MODULE = ("module", 16384, modules::load::check);
}

#[cfg(not(feature = "generators"))]
const GENERATED: &[Target] = &[];

#[cfg(feature = "generators")]
targets! {
    GENERATED, "The targets that generate modules.";
    /// Generated modules with the exports of a plugin, called on both engines.
    SMITH = ("smith", 4096, modules::smith::check);
    /// The example plugins with mutations, called on both engines.
    MUTATE = ("mutate", 64, modules::mutate::check);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_file_for_libfuzzer() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz_targets");
        for target in Target::all() {
            let file = format!("{folder}/{}.rs", target.name);
            let text = std::fs::read_to_string(&file).expect(&file);
            let constant = target.name.to_uppercase();
            assert!(
                text.contains(&format!("oracles::{constant}.run(")),
                "{file}"
            );
        }
        let files = std::fs::read_dir(folder).expect(folder).count();
        let without = if cfg!(feature = "generators") { 0 } else { 2 };
        assert_eq!(files, Target::all().count() + without);
    }
}
