//! The version that a change needs, by the rules of cargo's dependency resolution.

use semver::Version;

use super::Level;

/// Returns the lowest version that may follow `old` with changes of this level.
///
/// Before 1.0.0 the first nonzero number acts as the major version: from 0.1.2, a breaking change
/// leads to 0.2.0 and any other to 0.1.3. From 0.0.3, any change leads to 0.0.4.
pub fn next(old: &Version, level: Option<Level>) -> Version {
    let Some(level) = level else {
        return old.clone();
    };
    let (major, minor, patch) = match (old.major, old.minor, level) {
        (0, 0, _) => (0, 0, old.patch.saturating_add(1)),
        (0, minor, Level::Breaking) => (0, minor.saturating_add(1), 0),
        (0, minor, _) => (0, minor, old.patch.saturating_add(1)),
        (major, _, Level::Breaking) => (major.saturating_add(1), 0, 0),
        (major, minor, Level::Minor) => (major, minor.saturating_add(1), 0),
        (major, minor, Level::Patch) => (major, minor, old.patch.saturating_add(1)),
    };
    Version::new(major, minor, patch)
}

/// Returns true if `new` may follow `old` with changes of this level.
///
/// A pre-release promises nothing, so anything may follow it. A pre-release of the needed version
/// is enough: 2.0.0-rc.1 may follow 1.4.0 with a breaking change.
pub fn allows(old: &Version, new: &Version, level: Option<Level>) -> bool {
    if level.is_none() {
        return new >= old;
    }
    if new <= old {
        return false;
    }
    if !old.pre.is_empty() {
        return true;
    }
    let released = Version::new(new.major, new.minor, new.patch);
    released >= next(old, level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn next_version_follows_the_rules_of_cargo() {
        use Level::{Breaking, Minor, Patch};
        for (old, level, expected) in [
            ("1.2.3", Breaking, "2.0.0"),
            ("1.2.3", Minor, "1.3.0"),
            ("1.2.3", Patch, "1.2.4"),
            ("0.1.2", Breaking, "0.2.0"),
            ("0.1.2", Minor, "0.1.3"),
            ("0.0.3", Patch, "0.0.4"),
            ("0.0.3", Breaking, "0.0.4"),
        ] {
            assert_eq!(
                next(&version(old), Some(level)),
                version(expected),
                "{old} {level:?}"
            );
        }
        assert_eq!(next(&version("1.2.3"), None), version("1.2.3"));
    }

    #[test]
    fn version_steps_allow_the_changes_they_promise() {
        use Level::{Breaking, Minor};
        for (old, new, level, expected) in [
            ("1.2.3", "2.0.0", Some(Breaking), true),
            ("1.2.3", "3.1.0", Some(Breaking), true),
            ("1.2.3", "2.0.0-rc.1", Some(Breaking), true),
            ("1.2.3", "1.3.0", Some(Breaking), false),
            ("1.2.3", "1.2.4", Some(Minor), false),
            ("0.1.0", "0.1.1", Some(Minor), true),
            ("1.0.0-a.1", "1.0.0-a.2", Some(Breaking), true),
            ("1.0.0-a.2", "1.0.0-a.1", Some(Breaking), false),
            ("1.2.3", "1.2.3", None, true),
            ("1.2.3", "1.2.2", None, false),
            ("1.2.3", "1.2.3", Some(Minor), false),
        ] {
            assert_eq!(
                allows(&version(old), &version(new), level),
                expected,
                "{old} {new} {level:?}"
            );
        }
    }
}
