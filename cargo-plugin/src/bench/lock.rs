//! Recorded counts in a lock file, and their differences from the current counts.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::measure::{Counts, Measured};
use crate::error::{Error, Result};
use crate::target_host::Host;
use crate::text;

/// Returns the name of the lock file. Each host has its own, because its calls have other costs.
pub fn lock_file(host: Host) -> String {
    match host.feature {
        None => "plugin-bench.lock".to_owned(),
        Some(_) => format!("plugin-bench.{}.lock", host.name),
    }
}

const VERSION: u32 = 1;

const HEADER: &str = "\
# The cost of the plugin's commands, as counted by `cargo plugin bench --lock`.
# `cargo plugin bench --check` compares a build with it exactly.
";

/// The counts, and the versions that they depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The version of this tool, whose engine counts fuel.
    tool: String,
    /// The compiler that the module names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rustc: Option<String>,
    profile: String,
    module_bytes: u64,
    #[serde(default)]
    case: BTreeMap<String, Counts>,
}

/// One difference from the lock file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The case that differs; `None` if the difference concerns all cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    pub what: &'static str,
    pub locked: Option<String>,
    pub found: Option<String>,
    /// The change of a number, in percent of the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
}

impl Lock {
    pub fn new(
        measured: &[Measured],
        module_bytes: u64,
        rustc: Option<String>,
        profile: &str,
    ) -> Self {
        let cases = measured
            .iter()
            .map(|case| (case.name.clone(), case.counts.clone()));
        Lock {
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            rustc,
            profile: profile.to_owned(),
            module_bytes,
            case: cases.collect(),
        }
    }

    pub fn read(path: &Path) -> Result<Self> {
        let wrong = || Error::new(format!("cannot use the lock file `{}`", text::path(path)));
        let contents = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::new(format!("there is no lock file `{}`", text::path(path)))
                    .help("`cargo plugin bench --lock` writes it")
            }
            _ => wrong().because(error),
        })?;
        let again = "`cargo plugin bench --lock` writes it anew";
        let lock: Lock = toml::from_str(&contents)
            .map_err(|error| wrong().because(text::block(&error)).help(again))?;
        match lock.version {
            VERSION => Ok(lock),
            other => Err(wrong()
                .because(format!(
                    "it is of version {other}, and this tool writes version {VERSION}"
                ))
                .help(again)),
        }
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let wrong = || Error::new(format!("cannot write the lock file `{}`", text::path(path)));
        let counts = toml::to_string(self).map_err(|error| wrong().because(error))?;
        std::fs::write(path, format!("{HEADER}{counts}")).map_err(|error| wrong().because(error))
    }

    /// Returns the differences from the lock file, starting with those that explain the most.
    /// Ignores changes of numbers within `tolerance` percent.
    pub fn differences(&self, now: &Lock, tolerance: f64) -> Vec<Difference> {
        let mut found = self.reasons(now);
        let bytes = |lock: &Lock| Some(lock.module_bytes);
        let size = number("module size in bytes", bytes(self), bytes(now), tolerance);
        found.extend(size);
        let added = now
            .case
            .keys()
            .filter(|name| !self.case.contains_key(*name));
        for name in self.case.keys().chain(added) {
            let there = |word: &str| Some(word.to_owned());
            let differences = match (self.case.get(name), now.case.get(name)) {
                (Some(locked), Some(counts)) => counted(locked, counts, tolerance),
                (Some(_), None) => vec![Difference::of("case", there("locked"), None)],
                (None, _) => vec![Difference::of("case", None, there("measured"))],
            };
            found.extend(differences.into_iter().map(|difference| Difference {
                case: Some(name.clone()),
                ..difference
            }));
        }
        found
    }

    /// Returns changes that may explain different numbers. They are not differences of the plugin.
    pub fn reasons(&self, now: &Lock) -> Vec<Difference> {
        let values = |lock: &Lock| {
            [
                ("rustc", lock.rustc.clone()),
                ("cargo-plugin", Some(lock.tool.clone())),
                ("profile", Some(lock.profile.clone())),
            ]
        };
        let pairs = values(self).into_iter().zip(values(now));
        let different = pairs.filter(|((_, locked), (_, found))| locked != found);
        different
            .map(|((what, locked), (_, found))| Difference::of(what, locked, found))
            .collect()
    }
}

impl Difference {
    fn of(what: &'static str, locked: Option<String>, found: Option<String>) -> Self {
        Difference {
            case: None,
            what,
            locked,
            found,
            percent: None,
        }
    }

    /// Returns true if this change may explain others.
    pub fn is_reason(&self) -> bool {
        ["rustc", "cargo-plugin", "profile"].contains(&self.what)
    }
}

/// Writes `greet: fuel 1234 → 1278 (+3.6 %)`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(case) = &self.case {
            write!(f, "{}: ", text::line(case, 100))?;
        }
        match (self.what, &self.locked, &self.found) {
            ("case", _, None) => return f.write_str("in the lock file, and not measured any more"),
            ("case", None, _) => return f.write_str("measured, and not in the lock file"),
            (what, locked, found) => {
                let shown = |text: &Option<String>| match text {
                    Some(text) => text::line(text, 100),
                    None => "none".to_owned(),
                };
                write!(f, "{what} {} → {}", shown(locked), shown(found))?;
            }
        }
        match self.percent {
            Some(percent) => write!(f, " ({percent:+.1} %)"),
            None => Ok(()),
        }
    }
}

fn counted(locked: &Counts, now: &Counts, tolerance: f64) -> Vec<Difference> {
    let mut found = Vec::new();
    if locked.error != now.error {
        found.push(Difference::of(
            "error",
            locked.error.clone(),
            now.error.clone(),
        ));
    }
    let numbers = |counts: &Counts| {
        [
            ("fuel", Some(counts.fuel)),
            ("pages", Some(counts.pages)),
            ("host calls", Some(counts.host_calls)),
            ("argument bytes", Some(counts.argument_bytes)),
            ("result bytes", Some(counts.result_bytes)),
            ("allocations", counts.allocations),
        ]
    };
    for ((what, before), (_, after)) in numbers(locked).into_iter().zip(numbers(now)) {
        found.extend(number(what, before, after, tolerance));
    }
    found
}

/// Compares two numbers. One that is missing on one side differs.
fn number(
    what: &'static str,
    before: Option<u64>,
    after: Option<u64>,
    tolerance: f64,
) -> Option<Difference> {
    let both = before.zip(after).filter(|(before, _)| *before > 0);
    let percent =
        both.map(|(before, after)| (after as f64 - before as f64) / before as f64 * 100.0);
    if before == after || percent.is_some_and(|percent| percent.abs() <= tolerance) {
        return None;
    }
    let text = |number: Option<u64>| number.map(|number| number.to_string());
    Some(Difference {
        percent,
        ..Difference::of(what, text(before), text(after))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn lock(fuel: u64, rustc: &str) -> Lock {
        let counts = Counts {
            error: None,
            fuel,
            pages: 17,
            allocations: Some(3),
            host_calls: 0,
            argument_bytes: 14,
            result_bytes: 39,
        };
        let case = |name: &str| Measured {
            name: name.to_owned(),
            command: name.to_owned(),
            counts: counts.clone(),
            time: None,
        };
        Lock::new(
            &[case("greet"), case("a b")],
            12_345,
            Some(rustc.to_owned()),
            "release",
        )
    }

    #[test]
    fn written_lock_reads_back_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugin-bench.lock");
        let lock = lock(1234, "1.96.0");
        lock.write(&path).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), lock);
        assert_eq!(lock.differences(&Lock::read(&path).unwrap(), 0.0), []);
    }

    #[test]
    fn differences_are_listed_with_explanations_first() {
        let locked = lock(1234, "1.95.0");
        let mut now = lock(1234, "1.96.0");
        now.case.remove("a b");
        let mut changed = now.case.remove("greet").unwrap();
        now.case.insert("new".to_owned(), changed.clone());
        changed.fuel = 1278;
        changed.host_calls = 2;
        changed.allocations = None;
        changed.error = Some("panic".to_owned());
        now.case.insert("greet".to_owned(), changed);
        let differences: Vec<String> = locked
            .differences(&now, 0.0)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            differences,
            [
                "rustc 1.95.0 → 1.96.0",
                "a b: in the lock file, and not measured any more",
                "greet: error none → panic",
                "greet: fuel 1234 → 1278 (+3.6 %)",
                "greet: host calls 0 → 2",
                "greet: allocations 3 → none",
                "new: measured, and not in the lock file",
            ]
        );
    }

    #[test]
    fn changes_within_the_tolerance_are_ignored() {
        let (locked, now) = (lock(1000, "1.96.0"), lock(1010, "1.96.0"));
        assert_eq!(locked.differences(&now, 1.0), []);
        assert_eq!(locked.differences(&now, 0.9).len(), 2);
        assert_eq!(now.differences(&locked, 0.0).len(), 2);
    }
}
