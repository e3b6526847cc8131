//! Recorded counts in a lock file, and their differences from the current counts.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::measure::{Counts, Measured};
use crate::error::{Error, Result};
use crate::target_host::Host;

/// Returns the name of the lock file. Each host has its own, because its calls have other costs.
pub fn lock_file(host: Host) -> String {
    match host.feature {
        None => "plugin-bench.lock".to_owned(),
        Some(_) => format!("plugin-bench.{}.lock", host.name),
    }
}

const VERSION: u32 = 1;

const HEADER: &str = "\
# What the plugin's commands cost, as `cargo plugin bench --lock` has counted it.
# `cargo plugin bench --check` holds a build to it exactly.
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
        let wrong = || Error::new(format!("cannot use the lock file `{}`", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::new(format!("there is no lock file `{}`", path.display()))
                    .help("`cargo plugin bench --lock` writes it")
            }
            _ => wrong().because(error),
        })?;
        let again = "`cargo plugin bench --lock` writes it anew";
        let lock: Lock = toml::from_str(&text)
            .map_err(|error| wrong().because(error.to_string().trim_end()).help(again))?;
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
        let wrong = || Error::new(format!("cannot write the lock file `{}`", path.display()));
        let text = toml::to_string(self).map_err(|error| wrong().because(error))?;
        std::fs::write(path, format!("{HEADER}{text}")).map_err(|error| wrong().because(error))
    }

    /// Returns the differences from the lock file, starting with those that explain the most.
    /// Ignores changes of numbers within `tolerance` percent.
    pub fn differences(&self, now: &Lock, tolerance: f64) -> Vec<Difference> {
        let mut found = self.reasons(now);
        found.extend(number(
            None,
            "module size in bytes",
            self.module_bytes,
            now.module_bytes,
            tolerance,
        ));
        for (name, locked) in &self.case {
            match now.case.get(name) {
                Some(counts) => found.extend(counted(name, locked, counts, tolerance)),
                None => found.push(Difference::of(
                    Some(name),
                    "case",
                    Some("locked".to_owned()),
                    None,
                )),
            }
        }
        let added = now
            .case
            .keys()
            .filter(|name| !self.case.contains_key(*name));
        found.extend(
            added.map(|name| Difference::of(Some(name), "case", None, Some("measured".to_owned()))),
        );
        found
    }

    /// Returns changes that may explain different numbers. They are not differences of the plugin.
    pub fn reasons(&self, now: &Lock) -> Vec<Difference> {
        let text = |text: &str| Some(text.to_owned());
        let all = [
            ("rustc", self.rustc.clone(), now.rustc.clone()),
            ("cargo-plugin", text(&self.tool), text(&now.tool)),
            ("profile", text(&self.profile), text(&now.profile)),
        ];
        let different = all.into_iter().filter(|(_, locked, found)| locked != found);
        let different =
            different.map(|(what, locked, found)| Difference::of(None, what, locked, found));
        different.collect()
    }
}

impl Difference {
    fn of(
        case: Option<&str>,
        what: &'static str,
        locked: Option<String>,
        found: Option<String>,
    ) -> Self {
        Difference {
            case: case.map(str::to_owned),
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
            write!(f, "{}: ", crate::text::line(case, 100))?;
        }
        match (self.what, &self.locked, &self.found) {
            ("case", _, None) => return f.write_str("in the lock file, and not measured any more"),
            ("case", None, _) => return f.write_str("measured, and not in the lock file"),
            (what, locked, found) => {
                let shown = |text: &Option<String>| match text {
                    Some(text) => crate::text::line(text, 100),
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

fn counted(name: &str, locked: &Counts, now: &Counts, tolerance: f64) -> Vec<Difference> {
    let mut found = Vec::new();
    if locked.error != now.error {
        let (locked, now) = (locked.error.clone(), now.error.clone());
        found.push(Difference::of(Some(name), "error", locked, now));
    }
    for (what, before, after) in [
        ("fuel", locked.fuel, now.fuel),
        ("pages", locked.pages, now.pages),
        ("host calls", locked.host_calls, now.host_calls),
        ("argument bytes", locked.argument_bytes, now.argument_bytes),
        ("result bytes", locked.result_bytes, now.result_bytes),
    ] {
        found.extend(number(Some(name), what, before, after, tolerance));
    }
    match (locked.allocations, now.allocations) {
        (Some(before), Some(after)) => {
            found.extend(number(Some(name), "allocations", before, after, tolerance))
        }
        (None, None) => {}
        (before, after) => {
            let text = |count: Option<u64>| count.map(|count| count.to_string());
            found.push(Difference::of(
                Some(name),
                "allocations",
                text(before),
                text(after),
            ));
        }
    }
    found
}

fn number(
    case: Option<&str>,
    what: &'static str,
    before: u64,
    after: u64,
    tolerance: f64,
) -> Option<Difference> {
    if before == after {
        return None;
    }
    let percent = (before > 0).then(|| (after as f64 - before as f64) / before as f64 * 100.0);
    if percent.is_some_and(|percent| percent.abs() <= tolerance) {
        return None;
    }
    Some(Difference {
        percent,
        ..Difference::of(
            case,
            what,
            Some(before.to_string()),
            Some(after.to_string()),
        )
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
        let told: Vec<String> = locked
            .differences(&now, 0.0)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
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
