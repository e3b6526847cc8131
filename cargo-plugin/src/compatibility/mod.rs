//! The changes that a new version of a plugin makes for callers of the old one.
//!
//! Schemas are compared by the values that they allow, and by who sends those values. What callers
//! send (arguments, a configuration, an event's data) may allow more; what they read (results) may
//! allow less. `docs/cargo-plugin.md` has the table.

mod binary_layout;
mod schema;
mod version;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};

use clap::ValueEnum;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, ErrorInfo, Limits, Manifest, Schema};
use semver::VersionReq;
use serde::Serialize;
use serde_json::{Value, json};

use crate::text;
use schema::{ANYTHING, Direction, Document, Subject};

pub use version::{allows, next};

/// The severity of a change, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A change that no program can observe.
    Patch,
    /// An addition that callers may ignore.
    Minor,
    /// A change after which something that worked no longer does.
    Breaking,
}

/// One difference of a new version.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub level: Level,
    /// `` command `greet`, argument `times` ``
    pub subject: String,
    /// `is new, and required`
    pub what: String,
    /// The reason why the change breaks callers or hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// The differences found so far.
#[derive(Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    pub fn breaking(
        &mut self,
        subject: impl Into<String>,
        what: impl Into<String>,
        why: &'static str,
    ) {
        self.add(Level::Breaking, subject, what, Some(why));
    }

    pub fn minor(&mut self, subject: impl Into<String>, what: impl Into<String>) {
        self.add(Level::Minor, subject, what, None);
    }

    pub fn patch(&mut self, subject: impl Into<String>, what: impl Into<String>) {
        self.add(Level::Patch, subject, what, None);
    }

    fn add(
        &mut self,
        level: Level,
        subject: impl Into<String>,
        what: impl Into<String>,
        why: Option<&'static str>,
    ) {
        self.0.push(Change {
            level,
            subject: subject.into(),
            what: what.into(),
            why,
        });
    }

    /// Returns all changes, the worst first.
    pub fn sorted(mut self) -> Vec<Change> {
        self.0.sort_by_key(|change| Reverse(change.level));
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns the differences between two manifests.
pub fn compare(old: &Manifest, new: &Manifest) -> Changes {
    let mut changes = Changes::default();
    changes.identity(old, new);
    changes.requirements(old, new);
    changes.permissions(old, new);
    changes.limits(&old.limits, &new.limits);
    changes.config(old, new);
    changes.commands(old, new);
    changes.events(old, new);
    changes
}

/// Pairs the items of two lists that have the same name; the old ones first.
fn pairs<'a, T>(
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&T) -> &str,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let by_name = |list: &'a [T]| -> HashMap<&'a str, &'a T> {
        list.iter().rev().map(|item| (name(item), item)).collect()
    };
    let (olds, news) = (by_name(old), by_name(new));
    let kept = old
        .iter()
        .map(|old| (Some(old), news.get(name(old)).copied()));
    let added = new.iter().filter(|new| !olds.contains_key(name(new)));
    kept.chain(added.map(|new| (None, Some(new)))).collect()
}

/// Formats a name or a short text of an author.
fn short(text: &str) -> String {
    text::line(text, 60)
}

fn became(old: &str, new: &str) -> String {
    format!("was `{}`, and is `{}` now", short(old), short(new))
}

impl Changes {
    fn identity(&mut self, old: &Manifest, new: &Manifest) {
        if old.abi != new.abi {
            let what = became(&old.abi.to_string(), &new.abi.to_string());
            self.breaking(
                "the ABI version",
                what,
                "hosts of the old version cannot run it",
            );
        }
        if old.id != new.id {
            let what = became(&old.id, &new.id);
            self.breaking("the id", what, "hosts treat it as another plugin");
        }
        const WHY: &str = "hosts that look for the old type no longer find it";
        match (&old.plugin_type, &new.plugin_type) {
            (was, is) if was == is => {}
            (Some(was), Some(is)) => self.breaking("the type", became(was, is), WHY),
            (Some(was), None) => {
                let what = format!("was `{}`, and there is none now", short(was));
                self.breaking("the type", what, WHY);
            }
            (None, Some(is)) => {
                self.minor(
                    "the type",
                    format!("is `{}` now; there was none", short(is)),
                );
            }
            (None, None) => {}
        }
        for (subject, differs) in [
            ("the name", old.name != new.name),
            ("the description", old.description != new.description),
            ("the authors", old.authors != new.authors),
            ("the licence", old.license != new.license),
            ("the home page", old.homepage != new.homepage),
            ("the repository", old.repository != new.repository),
            ("the SDK's version", old.sdk != new.sdk),
        ] {
            if differs {
                self.patch(subject, "changed");
            }
        }
    }

    fn requirements(&mut self, old: &Manifest, new: &Manifest) {
        const WHY: &str = "hosts that ran the old version may be refused";
        let hosts: BTreeSet<&String> = old.requires.keys().chain(new.requires.keys()).collect();
        for host in hosts {
            let subject = format!("the host `{}`", short(host));
            match (old.requires.get(host), new.requires.get(host)) {
                (Some(was), Some(is)) if was != is => {
                    let (was_shown, is_shown) = (short(was), short(is));
                    let what = format!("was required as `{was_shown}`, and is as `{is_shown}` now");
                    match allows_all_of(was, is) {
                        true => self.minor(subject, what),
                        false => self.breaking(subject, what, WHY),
                    }
                }
                (None, Some(is)) => {
                    let what = format!("is required as `{}` now", short(is));
                    self.breaking(subject, what, WHY);
                }
                (Some(_), None) => self.minor(subject, "is no longer required"),
                _ => {}
            }
        }
    }

    fn permissions(&mut self, old: &Manifest, new: &Manifest) {
        let subject = |name: &str| format!("the permission `{}`", short(name));
        for pair in pairs(&old.permissions, &new.permissions, |one| one.name()) {
            match pair {
                (None, Some(is)) => self.breaking(
                    subject(is.name()),
                    "is asked for now",
                    "hosts that have not granted it deny those calls, or do not load the plugin",
                ),
                (Some(was), None) => self.minor(subject(was.name()), "is no longer asked for"),
                (Some(was), Some(is)) if was.reason() != is.reason() => {
                    self.patch(subject(is.name()), "has another reason");
                }
                _ => {}
            }
        }
    }

    fn limits(&mut self, old: &Limits, new: &Limits) {
        let pages = |limits: &Limits| limits.memory_pages.map(u64::from);
        for (subject, unit, old, new) in [
            ("the memory asked for", "pages", pages(old), pages(new)),
            ("the fuel asked for", "units", old.max_fuel, new.max_fuel),
            ("the time asked for", "ms", old.timeout_ms, new.timeout_ms),
        ] {
            match (old, new) {
                (Some(old), Some(new)) => {
                    let what = format!("was {old} {unit}, and is {new} now");
                    match new.cmp(&old) {
                        Ordering::Equal => {}
                        // Hosts that follow the manifest grant what it asks for; others already
                        // grant more, or need a new setting.
                        Ordering::Greater => self.minor(subject, what),
                        Ordering::Less => self.patch(subject, what),
                    }
                }
                (None, Some(new)) => {
                    self.minor(subject, format!("is {new} {unit} now; there was none"));
                }
                (Some(old), None) => {
                    self.minor(subject, format!("was {old} {unit}, and there is none now"));
                }
                (None, None) => {}
            }
        }
    }

    fn config(&mut self, old: &Manifest, new: &Manifest) {
        // Hosts also pass a configuration to a plugin that declares none; it ignores it.
        let nothing = json!({"type": "object", "properties": {}});
        self.0.extend(schema::changes(
            document(&old.config, &nothing, old),
            document(&new.config, &nothing, new),
            Direction::In,
            Subject {
                owner: "",
                whole: "the configuration",
                part: "the configuration's",
            },
        ));
    }

    fn commands(&mut self, old: &Manifest, new: &Manifest) {
        for pair in pairs(&old.commands, &new.commands, |command| &command.name) {
            let subject = |of: &CommandInfo| format!("command `{}`", short(&of.name));
            match pair {
                (Some(was), Some(is)) => self.command(&subject(was), (old, was), (new, is)),
                (Some(was), None) => self.breaking(
                    subject(was),
                    "is gone",
                    "callers get the error `unknown_command`",
                ),
                (None, Some(is)) => self.minor(subject(is), "is new"),
                (None, None) => {}
            }
        }
    }

    fn command(
        &mut self,
        subject: &str,
        (old, was): (&Manifest, &CommandInfo),
        (new, is): (&Manifest, &CommandInfo),
    ) {
        if was.codec != is.codec {
            let name = |codec: Codec| match codec {
                Codec::Json => "as JSON",
                Codec::Binary => "in the binary codec",
                _ => "as plain bytes",
            };
            let what = format!(
                "was called {}, and is {} now",
                name(was.codec),
                name(is.codec)
            );
            return self.breaking(subject, what, "callers that use the old codec fail");
        }
        match (was.batch, is.batch) {
            (true, false) => self.breaking(
                subject,
                "no longer accepts batches",
                "hosts that batch their calls fail",
            ),
            (false, true) => self.minor(subject, "accepts batches now"),
            _ => {}
        }
        if was.description != is.description {
            self.patch(subject, "has another description");
        }
        match is.codec {
            Codec::Raw => self.bytes(subject, was, is),
            codec => {
                let arguments = Subject {
                    owner: subject,
                    whole: "the arguments",
                    part: "argument",
                };
                let result = Subject {
                    owner: subject,
                    whole: "the result",
                    part: "the result's",
                };
                for (was, is, direction, subject) in [
                    (&was.arguments, &is.arguments, Direction::In, arguments),
                    (&was.result, &is.result, Direction::Out, result),
                ] {
                    let was = document(was, &ANYTHING, old);
                    let is = document(is, &ANYTHING, new);
                    let mut found = schema::changes(was, is, direction, subject);
                    if codec == Codec::Binary {
                        binary_layout::check(was, is, &subject, &mut found);
                    }
                    self.0.extend(found);
                }
            }
        }
        self.errors(subject, &was.errors, &is.errors);
    }

    /// Compares the bytes that raw commands take and return.
    fn bytes(&mut self, subject: &str, was: &CommandInfo, is: &CommandInfo) {
        let shown = |ty: &Option<String>| match ty {
            Some(ty) => text::line(ty, 20),
            None => "nothing".to_owned(),
        };
        for (verb, old, new) in [
            ("takes", &was.input, &is.input),
            ("returns", &was.output, &is.output),
        ] {
            if old != new {
                let what = format!("{verb} {} now, and not {}", shown(new), shown(old));
                self.breaking(subject, what, "the bytes are read as another type");
            }
        }
        match (was.in_place, is.in_place) {
            (true, false) => self.breaking(
                subject,
                "no longer works in place",
                "callers that read the buffer find the old bytes",
            ),
            (false, true) => self.breaking(
                subject,
                "works in place now",
                "callers that reuse the buffer find other bytes",
            ),
            _ => {}
        }
    }

    fn errors(&mut self, subject: &str, old: &[ErrorInfo], new: &[ErrorInfo]) {
        for pair in pairs(old, new, |error| &error.code) {
            match pair {
                (None, Some(is)) => {
                    self.minor(
                        subject,
                        format!("may return the error `{}` now", short(&is.code)),
                    );
                }
                (Some(was), None) => self.minor(
                    subject,
                    format!("no longer returns the error `{}`", short(&was.code)),
                ),
                (Some(was), Some(is)) if was.description != is.description => self.patch(
                    subject,
                    format!("has another description of the error `{}`", short(&is.code)),
                ),
                _ => {}
            }
        }
    }

    fn events(&mut self, old: &Manifest, new: &Manifest) {
        let subject = |topic: &str| format!("events `{}`", short(topic));
        for pair in pairs(&old.handles, &new.handles, |event| &event.topic) {
            match pair {
                (Some(was), Some(is)) => {
                    let subject = subject(&was.topic);
                    self.0.extend(schema::changes(
                        document(&was.data, &ANYTHING, old),
                        document(&is.data, &ANYTHING, new),
                        Direction::In,
                        Subject {
                            owner: &subject,
                            whole: "the data",
                            part: "the data's",
                        },
                    ));
                    if was.description != is.description {
                        self.patch(subject, "have another description");
                    }
                }
                (Some(was), None) => self.breaking(
                    subject(&was.topic),
                    "are no longer handled",
                    "hosts that emit them have no effect",
                ),
                (None, Some(is)) => self.minor(subject(&is.topic), "are handled now"),
                (None, None) => {}
            }
        }
        for pair in pairs(&old.emits, &new.emits, |event| &event.topic) {
            match pair {
                (Some(was), Some(is)) if was.description != is.description => {
                    self.patch(subject(&was.topic), "have another description");
                }
                (Some(was), None) => self.breaking(
                    subject(&was.topic),
                    "are no longer emitted",
                    "hosts that wait for them never receive them",
                ),
                (None, Some(is)) => self.minor(subject(&is.topic), "are emitted now"),
                _ => {}
            }
        }
    }
}

/// Returns a schema of a manifest, or the given one where it has none.
fn document<'a>(
    schema: &'a Option<Schema>,
    otherwise: &'a Value,
    manifest: &'a Manifest,
) -> Document<'a> {
    Document {
        schema: schema.as_ref().map_or(otherwise, Schema::as_value),
        definitions: &manifest.defs,
    }
}

/// Returns true if a requirement clearly accepts every host that another one accepts: both are
/// lower bounds, and the new one is not higher.
fn allows_all_of(old: &str, new: &str) -> bool {
    let bound = |requirement: &str| {
        let requirement = VersionReq::parse(requirement).ok()?;
        match requirement.comparators.as_slice() {
            [one] if one.op == semver::Op::GreaterEq && one.pre.is_empty() => {
                Some((one.major, one.minor.unwrap_or(0), one.patch.unwrap_or(0)))
            }
            _ => None,
        }
    };
    match (bound(old), bound(new)) {
        (Some(old), Some(new)) => new <= old,
        _ => VersionReq::parse(new).is_ok_and(|new| new == VersionReq::STAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(mut members: Value) -> Manifest {
        members["abi"] = json!(1);
        members["id"] = json!("a");
        serde_json::from_value(members).unwrap()
    }

    /// Shows each pair of manifests with the changes between them.
    fn compared(pairs: impl IntoIterator<Item = (Value, Value)>) -> String {
        let mut shown = String::new();
        for (old, new) in pairs {
            shown.push_str(&format!("{old}\n→ {new}\n"));
            for change in compare(&manifest(old), &manifest(new)).sorted() {
                let Change {
                    level,
                    subject,
                    what,
                    ..
                } = change;
                shown.push_str(&format!("  {level:?}: {subject} {what}\n"));
            }
            shown.push('\n');
        }
        shown
    }

    #[test]
    fn changed_commands_are_reported() {
        let command = |members: Value| {
            let mut command = json!({"name": "a", "codec": "raw", "input": "u8"});
            for (name, value) in members.as_object().unwrap() {
                command[name] = value.clone();
            }
            json!({"commands": [command]})
        };
        let plain = || command(json!({}));
        let binary = |members: Value| {
            let object = json!({"type": "object", "properties": members});
            json!({"commands": [{"name": "a", "codec": "binary", "result": object, "arguments": true}]})
        };
        let error = |code: &str| command(json!({"errors": [{"code": code}]}));
        let all = json!({"commands": [{"name": "a", "arguments": {"type": "object"}, "result": true}], "config": true, "requires": {"x": ">=1"}});
        let shown = compared([
            (all.clone(), all),
            (plain(), json!({})),
            (json!({}), plain()),
            (plain(), command(json!({"input": "f32"}))),
            (plain(), command(json!({"codec": "json"}))),
            (command(json!({"batch": true})), plain()),
            (error("x"), error("y")),
            // Every change of form breaks the binary codec.
            (
                binary(json!({"x": true})),
                binary(json!({"x": true, "y": true})),
            ),
            (
                binary(json!({"x": true, "y": true})),
                binary(json!({"y": true, "x": true})),
            ),
        ]);
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn each_kind_of_manifest_change_has_its_level() {
        let required = json!({"type": "object", "properties": {"a": true}, "required": ["a"]});
        let shown = compared([
            (json!({}), json!({"permissions": [{"name": "kv"}]})),
            (json!({"permissions": [{"name": "kv"}]}), json!({})),
            (
                json!({"requires": {"x": ">=0.2"}}),
                json!({"requires": {"x": ">=0.1.5"}}),
            ),
            (
                json!({"requires": {"x": ">=0.2"}}),
                json!({"requires": {"x": ">=0.3"}}),
            ),
            (
                json!({"limits": {"max_fuel": 5}}),
                json!({"limits": {"max_fuel": 6}}),
            ),
            (json!({"handles": [{"topic": "a"}]}), json!({})),
            (json!({}), json!({"emits": [{"topic": "a"}]})),
            (json!({}), json!({"config": required})),
            (json!({"type": "tool"}), json!({})),
            (json!({}), json!({"type": "tool"})),
            (json!({}), json!({"description": "New."})),
        ]);
        insta::assert_snapshot!(shown);
    }
}
