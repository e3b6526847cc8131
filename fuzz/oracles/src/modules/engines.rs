//! One module, called on both engines under the same limits.

use std::fmt;

use plugin_sdk_harness::{Engine, Failure, Module, PluginBuilder};
use wasmparser::{Validator, WasmFeatures};

use super::load::described;
use crate::Verdict;
use crate::verdict::ensure;

/// The most memory of an instance, in pages.
const PAGES: u32 = 64;

/// The fuel of each call.
const FUEL: u64 = 2_000_000;

/// Codes of failures that depend on the engine: each counts fuel, stack and time in its own way.
const OF_ENGINE: [&str; 7] = [
    "out_of_fuel",
    "timeout",
    "stack_overflow",
    "out_of_memory",
    "allocation_failed",
    "table_too_large",
    "engine",
];

/// A call: the command and its arguments.
pub type Call<'a> = (&'a str, &'a [u8]);

/// The outcome of one call: an answer or a failure.
pub type Outcome = Result<Vec<u8>, Failed>;

/// A failure, which is the same as another with this code: engines have their own words for it.
#[derive(Clone)]
pub struct Failed {
    code: String,
    message: String,
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl PartialEq for Failed {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

/// Returns whether a module needs no more of WebAssembly than every engine has.
pub fn is_common(wasm: &[u8]) -> bool {
    let lacking = WasmFeatures::SIMD | WasmFeatures::GC_TYPES;
    let features = WasmFeatures::WASM2.difference(lacking);
    let mut validator = Validator::new_with_features(features);
    validator.validate_all(wasm).is_ok()
}

/// Makes calls on one engine, with settings of its own. If no instance can be created, its failure
/// is the only outcome.
pub fn outcomes(
    module: &Module,
    engine: Engine,
    set_up: fn(PluginBuilder) -> PluginBuilder,
    calls: &[Call<'_>],
) -> Result<Vec<Outcome>, String> {
    let plugin = set_up(module.plugin().engine(engine).no_cache());
    let plugin = plugin
        .memory_pages(PAGES)
        .fuel(FUEL)
        .max_result_bytes(1 << 16)
        .grant_all();
    let mut outcomes = Vec::new();
    match plugin.build() {
        Ok(mut plugin) => {
            for (command, arguments) in calls {
                let answer = plugin.call_raw(*command, arguments).map(<[u8]>::to_vec);
                outcomes.push(outcome(answer)?);
            }
        }
        Err(failure) => outcomes.push(outcome(Err(failure))?),
    }
    Ok(outcomes)
}

fn outcome(answer: Result<Vec<u8>, Failure>) -> Result<Outcome, String> {
    if let Err(failure) = &answer {
        described(failure)?;
    }
    Ok(answer.map_err(|failure| Failed {
        code: failure.code().to_owned(),
        message: failure.message(),
    }))
}

/// Compares the outcomes of the same calls, up to the first that depends on the engine.
pub fn compare(what: &str, one: &[Outcome], other: &[Outcome]) -> Verdict {
    let of_engine = |outcome: &Outcome| {
        let failed = outcome.as_ref().err();
        failed.is_some_and(|failed| OF_ENGINE.contains(&failed.code.as_str()))
    };
    for (nth, (one, other)) in one.iter().zip(other).enumerate() {
        if of_engine(one) || of_engine(other) {
            return Ok(());
        }
        ensure!(one == other, "call {nth} is {one:?} and, {what}, {other:?}");
    }
    ensure!(
        one.len() == other.len(),
        "there are {} and, {what}, {} outcomes",
        one.len(),
        other.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use plugin_sdk_harness::Source;

    use super::*;
    use crate::modules::plugin::{ECHO, TRAP, plugin};

    fn failed(code: &str) -> Outcome {
        Err(Failed {
            code: code.to_owned(),
            message: String::new(),
        })
    }

    #[test]
    fn outcomes_that_differ_are_noticed() {
        let (a, b): (Outcome, Outcome) = (Ok(b"a".to_vec()), Ok(b"b".to_vec()));
        let trap = failed("trap");
        assert_eq!(
            compare("", &[a.clone(), trap.clone()], &[a.clone(), trap.clone()]),
            Ok(())
        );
        assert!(compare("", &[a.clone()], &[b]).is_err());
        assert!(compare("", &[a.clone()], &[trap]).is_err());
        assert!(compare("", &[a.clone()], &[]).is_err());
    }

    #[test]
    fn outcomes_after_one_of_the_engine_are_not_compared() {
        let (a, fuel): (Outcome, Outcome) = (Ok(vec![1]), failed("out_of_fuel"));
        assert_eq!(
            compare("", &[fuel.clone(), a.clone()], &[a.clone(), fuel]),
            Ok(())
        );
    }

    #[test]
    fn vectors_and_references_to_the_host_are_not_common() {
        let wasm = |text: &str| wat::parse_str(text).expect("a module");
        assert!(is_common(&wasm(
            "(module (func (param i32) (result i32 i64) unreachable))"
        )));
        assert!(!is_common(&wasm("(module (func (param v128)))")));
        assert!(!is_common(&wasm("(module (func (param externref)))")));
    }

    #[test]
    fn both_engines_make_the_calls() {
        let module = Module::load(Source::wat(plugin(&[ECHO, TRAP].concat()))).expect("a plugin");
        for engine in [Engine::Wasmtime, Engine::Wasmi] {
            let calls: &[Call<'_>] = &[("echo", b"hi"), ("trap", b""), ("echo", b"hi")];
            let outcomes = outcomes(&module, engine, |plugin| plugin, calls).expect("texts");
            let [echoed, trapped, poisoned] = &*outcomes else {
                panic!("three calls have three outcomes");
            };
            assert_eq!(*echoed, Ok(b"hi".to_vec()));
            assert!(trapped.is_err());
            assert_eq!(*poisoned, failed("poisoned"));
        }
    }
}
