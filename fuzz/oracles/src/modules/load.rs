//! Bytes as a module: loaded, inspected and instantiated, compared with `wasmparser`'s validator.

use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::{Engine, Failure, Module, Source};
use wasmparser::Validator;

use crate::Verdict;
use crate::verdict::ensure;

/// The codes of failures that a valid file may have.
const OF_VALID: [&str; 2] = ["module_limit", "component"];

/// Checks one input: the bytes of a module.
pub fn check(input: &[u8]) -> Verdict {
    let is_valid = Validator::new().validate_all(input).is_ok();
    let inspection = Inspection::of(input);
    accepted(is_valid, inspection.as_ref().err())?;
    let Ok(inspection) = inspection else {
        let loaded = Module::load(Source::bytes(input));
        ensure!(
            loaded.is_err(),
            "bytes that cannot be inspected were loaded"
        );
        return Ok(());
    };
    let failures = inspection.failures();
    // The limits of the module bound it.
    let _ = inspection.code();
    let _ = inspection.manifest();
    match Module::load(Source::bytes(input)) {
        Ok(module) => {
            let codes: Vec<&str> = failures.iter().map(Failure::code).collect();
            ensure!(
                codes.is_empty(),
                "a module with the failures {codes:?} was loaded"
            );
            instantiated(&module, is_valid)
        }
        Err(failure) => described(&failure),
    }
}

/// Compares the verdict on a file with the validator's.
fn accepted(is_valid: bool, failure: Option<&Failure>) -> Verdict {
    match failure {
        Some(failure) if is_valid && !OF_VALID.contains(&failure.code()) => {
            Err(format!("a valid module is refused: {failure}"))
        }
        Some(failure) => described(failure),
        None => Ok(()),
    }
}

/// Creates an instance. It must be refused if the module is invalid.
fn instantiated(module: &Module, is_valid: bool) -> Verdict {
    let plugin = module
        .plugin()
        .engine(Engine::Wasmi)
        .memory_pages(16)
        .fuel(10_000);
    match plugin.build() {
        Ok(_) if !is_valid => Err("an invalid module has an instance".to_owned()),
        Ok(mut plugin) => {
            let commands: Vec<String> = plugin.commands().take(4).map(str::to_owned).collect();
            for command in commands {
                if let Err(failure) = plugin.call_raw(&*command, b"") {
                    described(&failure)?;
                }
            }
            Ok(())
        }
        Err(failure) => described(&failure),
    }
}

/// Checks that a failure can be shown.
pub fn described(failure: &Failure) -> Verdict {
    let text = failure.to_string();
    ensure!(
        !text.is_empty(),
        "the failure {} has no text",
        failure.code()
    );
    let hidden = text.chars().find(|c| c.is_control() && *c != '\n');
    ensure!(
        hidden.is_none(),
        "the failure {} shows {hidden:?}",
        failure.code()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::plugin::{ECHO, plugin};

    #[test]
    fn a_refused_valid_module_is_noticed() {
        let failure = Module::load(Source::bytes(*b"\0asm\x01\0\0\0")).expect_err("no exports");
        assert_eq!(failure.code(), "missing_export");
        assert!(accepted(true, Some(&failure)).is_err());
        assert_eq!(accepted(false, Some(&failure)), Ok(()));
        assert_eq!(accepted(true, None), Ok(()));
    }

    #[test]
    fn an_instance_of_an_invalid_module_is_noticed() {
        let module = Module::load(Source::wat(plugin(ECHO))).expect("a plugin");
        assert_eq!(instantiated(&module, true), Ok(()));
        assert!(instantiated(&module, false).is_err());
    }

    #[test]
    fn a_plugin_passes() {
        assert_eq!(
            check(&wat::parse_str(plugin(ECHO)).expect("a plugin")),
            Ok(())
        );
    }
}
