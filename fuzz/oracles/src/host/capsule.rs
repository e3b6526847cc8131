//! Capsules of any origin: read, written, and replayed on a plugin that answers with its arguments.

use plugin_sdk_harness::Source;
use plugin_sdk_harness::capsule::{Capsule, CapsuleError};

use crate::Verdict;
use crate::modules::plugin::{ECHO, TRAP, plugin};
use crate::verdict::ensure;

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    match Capsule::from_json(input) {
        Ok(capsule) => {
            again(&capsule, Capsule::from_json)?;
            replayed(&capsule)
        }
        Err(error) => {
            ensure!(!error.to_string().is_empty(), "an error has no text");
            Ok(())
        }
    }
}

/// Checks that a capsule survives being written and read.
fn again(capsule: &Capsule, read: impl FnOnce(&[u8]) -> Result<Capsule, CapsuleError>) -> Verdict {
    let written = capsule
        .to_json()
        .map_err(|error| format!("a capsule is not written: {error}"))?;
    let again = read(&written).map_err(|error| format!("a capsule is not read back: {error}"))?;
    ensure!(again == *capsule, "{capsule:?} is read back as {again:?}");
    Ok(())
}

/// Replays a capsule. Any outcome is right that ends and has a text.
fn replayed(capsule: &Capsule) -> Verdict {
    let source = Source::wat(plugin(&[ECHO, TRAP].concat()));
    let text = match capsule.replay(source) {
        Ok(replayed) => replayed.to_string(),
        Err(error) => error.to_string(),
    };
    ensure!(!text.is_empty(), "a replay has no outcome");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capsule_that_is_read_back_differently_is_noticed() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/capsule/trap.json");
        let capsule = Capsule::read(corpus).expect("a capsule of the corpus");
        assert_eq!(again(&capsule, Capsule::from_json), Ok(()));
        let changed = |json: &[u8]| {
            let mut capsule = Capsule::from_json(json)?;
            capsule.require_permissions ^= true;
            Ok(capsule)
        };
        assert!(again(&capsule, changed).is_err());
        assert!(again(&capsule, |_| Capsule::from_json(b"{}")).is_err());
    }
}
