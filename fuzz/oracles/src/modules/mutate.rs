//! The example plugins, changed by `wasm-mutate` and called on both engines.
//!
//! An input has the number of a plugin, whether changes keep its meaning, the number of changes,
//! and a seed. A plugin that keeps its meaning must behave as before.

use std::path::Path;
use std::sync::LazyLock;

use plugin_sdk_harness::{Engine, Module, Source};
use wasm_mutate::WasmMutate;

use super::engines::{Call, Outcome, compare, is_common, outcomes};
use super::load::described;
use super::plugin::{COUNT, ECHO, TRAP, plugin};
use crate::Verdict;
use crate::bytes::Bytes;

/// The variable with a folder of modules, to which `cargo xtask fuzz` builds the examples. Without
/// it, there are three small plugins.
pub const MODULES: &str = "PLUGIN_SDK_FUZZ_MODULES";

/// The most commands of a plugin that are called.
const COMMANDS: usize = 6;

/// Arguments that most of the examples accept somewhere.
const ARGUMENTS: [&[u8]; 3] = [
    br#"{}"#,
    br#"{"name":"Ada","text":"one two","times":2}"#,
    b"12345678",
];

/// The effort of one change, so that it takes milliseconds.
const EFFORT: u64 = 300;

static PLUGINS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let of_folder = std::env::var_os(MODULES).map(|folder| modules_in(folder.as_ref()));
    of_folder
        .filter(|modules| !modules.is_empty())
        .unwrap_or_else(|| {
            let texts = [ECHO, COUNT, &[ECHO, COUNT, TRAP].concat()].map(plugin);
            texts
                .iter()
                .filter_map(|text| wat::parse_str(text).ok())
                .collect()
        })
});

/// Returns the modules in a folder, in the order of their names.
fn modules_in(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| std::fs::read(file).ok())
        .collect()
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let mut bytes = Bytes::new(input);
    let number = bytes.below(PLUGINS.len());
    let Some(original) = PLUGINS.get(number) else {
        return Err("there are no plugins".to_owned());
    };
    let keeps_meaning = bytes.byte() % 2 == 1;
    let mut wasm = original.clone();
    for _ in 0..=bytes.below(4) {
        match changed(&wasm, bytes.word(), keeps_meaning) {
            Some(changed) => wasm = changed,
            None => break,
        }
    }
    let before = keeps_meaning.then_some(&**original);
    same_on_both_engines(&wasm, before)
}

fn changed(wasm: &[u8], seed: u64, keeps_meaning: bool) -> Option<Vec<u8>> {
    let mut mutate = WasmMutate::default();
    mutate
        .seed(seed)
        .fuel(EFFORT)
        .preserve_semantics(keeps_meaning);
    let mut changes = mutate.run(wasm).ok()?;
    changes.next()?.ok()
}

/// Calls a module on both engines, and compares it with the module it was before.
fn same_on_both_engines(wasm: &[u8], before: Option<&[u8]>) -> Verdict {
    let module = match Module::load(Source::bytes(wasm)) {
        Ok(module) => module,
        // An export may be gone, also from a plugin that computes the same.
        Err(failure) => return described(&failure),
    };
    let wasmtime = called(&module, Engine::Wasmtime)?;
    let wasmi = called(&module, Engine::Wasmi)?;
    if !is_common(wasm) {
        return Ok(());
    }
    compare("on wasmi", &wasmtime, &wasmi)?;
    match before.map(|before| Module::load(Source::bytes(before))) {
        Some(Ok(before)) if before.commands().eq(module.commands()) => compare(
            "before the change",
            &wasmi,
            &called(&before, Engine::Wasmi)?,
        ),
        _ => Ok(()),
    }
}

fn called(module: &Module, engine: Engine) -> Result<Vec<Outcome>, String> {
    let calls: Vec<Call<'_>> = module
        .commands()
        .take(COMMANDS)
        .flat_map(|command| ARGUMENTS.map(|arguments| (command, arguments)))
        .collect();
    outcomes(module, engine, |plugin| plugin, &calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_with_another_meaning_is_noticed() {
        let one = wat::parse_str(plugin(COUNT)).expect("a plugin");
        let other = plugin(COUNT).replace(
            "(i32.const 1)))\n            (local.set $at",
            "(i32.const 2)))\n            (local.set $at",
        );
        let other = wat::parse_str(other).expect("a plugin");
        assert_ne!(one, other);
        assert_eq!(same_on_both_engines(&one, Some(&one)), Ok(()));
        assert!(same_on_both_engines(&other, Some(&one)).is_err());
    }

    #[test]
    fn changes_are_made_and_differ_by_seed() {
        let wasm = wat::parse_str(plugin(COUNT)).expect("a plugin");
        let changes: std::collections::BTreeSet<_> = (0..20)
            .filter_map(|seed| changed(&wasm, seed, false))
            .collect();
        assert!(changes.len() > 5, "{}", changes.len());
    }
}
