//! The changes that a new version of a plugin makes for callers of the old one.
//!
//! Schemas are compared by the values that they allow, and by who sends those values. What callers
//! send (arguments, a configuration, an event's data) may allow more; what they read (results) may
//! allow less. `docs/cargo-plugin.md` has the table.

mod binary_layout;
mod schema;
mod version;

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Limits, Manifest, Schema};
use semver::VersionReq;
use serde::Serialize;
use serde_json::{Value, json};

use crate::text;
use schema::{Direction, Document, Subject};

pub use version::{allows, next};

/// The severity of a change, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

impl Change {
    pub fn new(
        level: Level,
        subject: impl Into<String>,
        what: impl Into<String>,
        why: Option<&'static str>,
    ) -> Self {
        Change {
            level,
            subject: subject.into(),
            what: what.into(),
            why,
        }
    }
}

/// Returns the differences between two manifests, the worst first.
pub fn compare(old: &Manifest, new: &Manifest) -> Vec<Change> {
    let mut changes = Vec::new();
    identity(old, new, &mut changes);
    requirements(old, new, &mut changes);
    limits(&old.limits, &new.limits, &mut changes);
    config(old, new, &mut changes);
    commands(old, new, &mut changes);
    events(old, new, &mut changes);
    sort(&mut changes);
    changes
}

/// Sorts changes by severity, the worst first, and keeps their order otherwise.
pub fn sort(changes: &mut [Change]) {
    changes.sort_by_key(|change| std::cmp::Reverse(change.level));
}

fn identity(old: &Manifest, new: &Manifest, changes: &mut Vec<Change>) {
    let mut add = |level, subject: &str, what: String, why| {
        changes.push(Change::new(level, subject, what, why));
    };
    let became = |old: &str, new: &str| {
        format!(
            "was `{}`, and is `{}` now",
            text::line(old, 60),
            text::line(new, 60)
        )
    };
    if old.abi != new.abi {
        let what = became(&old.abi.to_string(), &new.abi.to_string());
        add(
            Level::Breaking,
            "the ABI version",
            what,
            Some("hosts of the old version cannot run it"),
        );
    }
    if old.id != new.id {
        add(
            Level::Breaking,
            "the id",
            became(&old.id, &new.id),
            Some("hosts treat it as another plugin"),
        );
    }
    if old.plugin_type != new.plugin_type {
        let (was, is) = (old.plugin_type.as_deref(), new.plugin_type.as_deref());
        match (was, is) {
            (None, is) => add(
                Level::Minor,
                "the type",
                format!(
                    "is `{}` now; none was said",
                    text::line(is.unwrap_or_default(), 60)
                ),
                None,
            ),
            (was, is) => add(
                Level::Breaking,
                "the type",
                became(was.unwrap_or_default(), is.unwrap_or("not said")),
                Some("hosts that look for the old type no longer find it"),
            ),
        }
    }
    let texts = [
        ("the name", old.name != new.name),
        ("the description", old.description != new.description),
        ("the authors", old.authors != new.authors),
        ("the licence", old.license != new.license),
        ("the home page", old.homepage != new.homepage),
        ("the repository", old.repository != new.repository),
        ("the SDK's version", old.sdk != new.sdk),
    ];
    for (subject, differs) in texts {
        if differs {
            add(Level::Patch, subject, "changed".to_owned(), None);
        }
    }
}

fn requirements(old: &Manifest, new: &Manifest, changes: &mut Vec<Change>) {
    const WHY: Option<&str> = Some("hosts that ran the old version may be refused");
    for (host, is) in &new.requires {
        let subject = format!("the host `{}`", text::line(host, 60));
        match old.requires.get(host) {
            Some(was) if was == is => {}
            Some(was) => {
                let level = if allows_all_of(was, is) {
                    Level::Minor
                } else {
                    Level::Breaking
                };
                let what = format!(
                    "was required as `{}`, and is as `{}` now",
                    text::line(was, 60),
                    text::line(is, 60)
                );
                changes.push(Change::new(
                    level,
                    subject,
                    what,
                    WHY.filter(|_| level == Level::Breaking),
                ));
            }
            None => {
                let what = format!("is required as `{}` now", text::line(is, 60));
                changes.push(Change::new(Level::Breaking, subject, what, WHY));
            }
        }
    }
    for host in old
        .requires
        .keys()
        .filter(|host| !new.requires.contains_key(*host))
    {
        let subject = format!("the host `{}`", text::line(host, 60));
        changes.push(Change::new(
            Level::Minor,
            subject,
            "is no longer required",
            None,
        ));
    }
    for permission in &new.permissions {
        let known = old
            .permissions
            .iter()
            .find(|known| known.name() == permission.name());
        let subject = format!("the permission `{}`", text::line(permission.name(), 60));
        match known {
            None => changes.push(Change::new(
                Level::Breaking,
                subject,
                "is asked for now",
                Some("hosts that have not granted it deny those calls, or do not load the plugin"),
            )),
            Some(known) if known.reason() != permission.reason() => {
                changes.push(Change::new(
                    Level::Patch,
                    subject,
                    "has another reason",
                    None,
                ));
            }
            Some(_) => {}
        }
    }
    for permission in &old.permissions {
        if !new
            .permissions
            .iter()
            .any(|known| known.name() == permission.name())
        {
            let subject = format!("the permission `{}`", text::line(permission.name(), 60));
            changes.push(Change::new(
                Level::Minor,
                subject,
                "is no longer asked for",
                None,
            ));
        }
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

fn limits(old: &Limits, new: &Limits, changes: &mut Vec<Change>) {
    let all = [
        (
            "the memory asked for",
            "pages",
            old.memory_pages.map(u64::from),
            new.memory_pages.map(u64::from),
        ),
        ("the fuel asked for", "units", old.max_fuel, new.max_fuel),
        ("the time asked for", "ms", old.timeout_ms, new.timeout_ms),
    ];
    for (subject, unit, old, new) in all {
        let (level, what) = match (old, new) {
            (old, new) if old == new => continue,
            (Some(old), Some(new)) => {
                // Hosts that follow the manifest grant what it asks for; others already grant more,
                // or need a new setting.
                let level = if new > old {
                    Level::Minor
                } else {
                    Level::Patch
                };
                (level, format!("was {old} {unit}, and is {new} now"))
            }
            (None, Some(new)) => (
                Level::Minor,
                format!("is {new} {unit} now; nothing was said"),
            ),
            (Some(old), None) => (
                Level::Minor,
                format!("was {old} {unit}, and nothing is said now"),
            ),
            (None, None) => continue,
        };
        changes.push(Change::new(level, subject, what, None));
    }
}

fn config(old: &Manifest, new: &Manifest, changes: &mut Vec<Change>) {
    // Hosts also pass a configuration to a plugin that declares none; it ignores it.
    let nothing = json!({"type": "object", "properties": {}});
    let of = |manifest: &Manifest| {
        manifest
            .config
            .as_ref()
            .map_or(nothing.clone(), |config| config.as_value().clone())
    };
    let (was, is) = (of(old), of(new));
    changes.extend(schema::changes(
        Document {
            schema: &was,
            definitions: &old.defs,
        },
        Document {
            schema: &is,
            definitions: &new.defs,
        },
        Direction::In,
        Subject {
            owner: "",
            whole: "the configuration",
            part: "the configuration's",
        },
    ));
}

fn commands(old: &Manifest, new: &Manifest, changes: &mut Vec<Change>) {
    for was in &old.commands {
        let subject = format!("command `{}`", text::line(&was.name, 60));
        match new.command(&was.name) {
            Some(is) => command(&subject, (old, was), (new, is), changes),
            None => changes.push(Change::new(
                Level::Breaking,
                subject,
                "is gone",
                Some("callers get the error `unknown_command`"),
            )),
        }
    }
    for is in new
        .commands
        .iter()
        .filter(|is| old.command(&is.name).is_none())
    {
        let subject = format!("command `{}`", text::line(&is.name, 60));
        changes.push(Change::new(Level::Minor, subject, "is new", None));
    }
}

type Described<'a> = (&'a Manifest, &'a CommandInfo);

fn command(
    subject: &str,
    (old, was): Described<'_>,
    (new, is): Described<'_>,
    changes: &mut Vec<Change>,
) {
    let mut add = |level, what: String, why| changes.push(Change::new(level, subject, what, why));
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
        return add(
            Level::Breaking,
            what,
            Some("callers that use the old codec fail"),
        );
    }
    match (was.batch, is.batch) {
        (true, false) => add(
            Level::Breaking,
            "no longer accepts batches".to_owned(),
            Some("hosts that batch their calls fail"),
        ),
        (false, true) => add(Level::Minor, "accepts batches now".to_owned(), None),
        _ => {}
    }
    if was.description != is.description {
        add(Level::Patch, "has another description".to_owned(), None);
    }
    if was.codec == Codec::Raw {
        let shown = |ty: &Option<String>| {
            ty.as_deref()
                .map_or("nothing".to_owned(), |ty| text::line(ty, 20))
        };
        for (verb, old, new) in [
            ("takes", &was.input, &is.input),
            ("returns", &was.output, &is.output),
        ] {
            if old != new {
                let what = format!("{verb} {} now, and not {}", shown(new), shown(old));
                add(
                    Level::Breaking,
                    what,
                    Some("the bytes are read as another type"),
                );
            }
        }
        match (was.in_place, is.in_place) {
            (true, false) => add(
                Level::Breaking,
                "no longer works in place".to_owned(),
                Some("callers that read the buffer find the old bytes"),
            ),
            (false, true) => add(
                Level::Breaking,
                "works in place now".to_owned(),
                Some("callers that reuse the buffer find other bytes"),
            ),
            _ => {}
        }
    } else {
        let codec = is.codec;
        let both = [
            (
                &was.arguments,
                &is.arguments,
                Direction::In,
                "the arguments",
                "argument",
            ),
            (
                &was.result,
                &is.result,
                Direction::Out,
                "the result",
                "the result's",
            ),
        ];
        for (was, is, direction, whole, part) in both {
            let subject = Subject {
                owner: subject,
                whole,
                part,
            };
            let document = |schema: &Option<Schema>, definitions| {
                let schema = schema
                    .as_ref()
                    .map_or(Value::Bool(true), |schema| schema.as_value().clone());
                (schema, definitions)
            };
            let (was, is) = (document(was, &old.defs), document(is, &new.defs));
            let was = Document {
                schema: &was.0,
                definitions: was.1,
            };
            let is = Document {
                schema: &is.0,
                definitions: is.1,
            };
            let mut found = schema::changes(was, is, direction, subject);
            if codec == Codec::Binary {
                binary_layout::check(was, is, &subject, &mut found);
            }
            changes.extend(found);
        }
    }
    for error in &is.errors {
        if !was.errors.iter().any(|known| known.code == error.code) {
            let what = format!("may return the error `{}` now", text::line(&error.code, 60));
            changes.push(Change::new(Level::Minor, subject, what, None));
        }
    }
    for error in &was.errors {
        let what = match is.errors.iter().find(|known| known.code == error.code) {
            None => format!(
                "no longer returns the error `{}`",
                text::line(&error.code, 60)
            ),
            Some(known) if known.description != error.description => {
                let what = format!(
                    "has another description of the error `{}`",
                    text::line(&error.code, 60)
                );
                changes.push(Change::new(Level::Patch, subject, what, None));
                continue;
            }
            Some(_) => continue,
        };
        changes.push(Change::new(Level::Minor, subject, what, None));
    }
}

fn events(old: &Manifest, new: &Manifest, changes: &mut Vec<Change>) {
    for was in &old.handles {
        let subject = format!("events `{}`", text::line(&was.topic, 60));
        let Some(is) = new.handles.iter().find(|is| is.topic == was.topic) else {
            changes.push(Change::new(
                Level::Breaking,
                subject,
                "are no longer handled",
                Some("hosts that emit them have no effect"),
            ));
            continue;
        };
        let anything = Value::Bool(true);
        let of = |data: &Option<Schema>| {
            data.as_ref()
                .map_or(anything.clone(), |data| data.as_value().clone())
        };
        let (data, new_data) = (of(&was.data), of(&is.data));
        changes.extend(schema::changes(
            Document {
                schema: &data,
                definitions: &old.defs,
            },
            Document {
                schema: &new_data,
                definitions: &new.defs,
            },
            Direction::In,
            Subject {
                owner: &subject,
                whole: "the data",
                part: "the data's",
            },
        ));
        if was.description != is.description {
            changes.push(Change::new(
                Level::Patch,
                subject,
                "have another description",
                None,
            ));
        }
    }
    for is in &new.handles {
        if !old.handles.iter().any(|was| was.topic == is.topic) {
            changes.push(Change::new(
                Level::Minor,
                format!("events `{}`", text::line(&is.topic, 60)),
                "are handled now",
                None,
            ));
        }
    }
    for was in &old.emits {
        let subject = format!("events `{}`", text::line(&was.topic, 60));
        match new.emits.iter().find(|is| is.topic == was.topic) {
            None => changes.push(Change::new(
                Level::Breaking,
                subject,
                "are no longer emitted",
                Some("hosts that wait for them never receive them"),
            )),
            Some(is) if is.description != was.description => {
                changes.push(Change::new(
                    Level::Patch,
                    subject,
                    "have another description",
                    None,
                ));
            }
            Some(_) => {}
        }
    }
    for is in &new.emits {
        if !old.emits.iter().any(|was| was.topic == is.topic) {
            changes.push(Change::new(
                Level::Minor,
                format!("events `{}`", text::line(&is.topic, 60)),
                "are emitted now",
                None,
            ));
        }
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

    fn reported(old: Value, new: Value) -> Vec<String> {
        let show =
            |change: Change| format!("{:?}: {} {}", change.level, change.subject, change.what);
        compare(&manifest(old), &manifest(new))
            .into_iter()
            .map(show)
            .collect()
    }

    #[test]
    fn equal_manifests_have_no_changes() {
        let all = json!({"commands": [{"name": "a", "arguments": {"type": "object"}, "result": true}], "config": true, "requires": {"x": ">=1"}});
        assert_eq!(reported(all.clone(), all), [""; 0]);
    }

    #[test]
    fn changed_commands_and_codecs_are_reported() {
        let command = |more: Value| {
            let mut command = json!({"name": "a", "codec": "raw", "input": "u8"});
            command
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!({"commands": [command]})
        };
        assert_eq!(
            reported(command(json!({})), json!({})),
            ["Breaking: command `a` is gone"]
        );
        assert_eq!(
            reported(json!({}), command(json!({}))),
            ["Minor: command `a` is new"]
        );
        assert_eq!(
            reported(command(json!({})), command(json!({"input": "f32"}))),
            ["Breaking: command `a` takes f32 now, and not u8"]
        );
        assert_eq!(
            reported(command(json!({})), command(json!({"codec": "json"}))),
            ["Breaking: command `a` was called as plain bytes, and is as JSON now"]
        );
        assert_eq!(
            reported(command(json!({"batch": true})), command(json!({}))),
            ["Breaking: command `a` no longer accepts batches"]
        );
        assert_eq!(
            reported(
                command(json!({"errors": [{"code": "x"}]})),
                command(json!({"errors": [{"code": "y"}]}))
            ),
            [
                "Minor: command `a` may return the error `y` now",
                "Minor: command `a` no longer returns the error `x`"
            ]
        );
    }

    #[test]
    fn every_change_of_form_breaks_the_binary_codec() {
        let command = |members: Value| json!({"commands": [{"name": "a", "codec": "binary", "result": {"type": "object", "properties": members}, "arguments": true}]});
        let [change] = &reported(
            command(json!({"x": true})),
            command(json!({"x": true, "y": true})),
        )[..] else {
            panic!()
        };
        assert_eq!(change, "Breaking: command `a`, the result's `y` is new");
        let [order] = &reported(
            command(json!({"x": true, "y": true})),
            command(json!({"y": true, "x": true})),
        )[..] else {
            panic!()
        };
        assert_eq!(
            order,
            "Breaking: command `a`, the result has its members or variants in another order"
        );
    }

    #[test]
    fn each_kind_of_manifest_change_has_its_level() {
        for (old, new, expected) in [
            (
                json!({}),
                json!({"permissions": [{"name": "kv"}]}),
                "Breaking: the permission `kv` is asked for now",
            ),
            (
                json!({"permissions": [{"name": "kv"}]}),
                json!({}),
                "Minor: the permission `kv` is no longer asked for",
            ),
            (
                json!({"requires": {"x": ">=0.2"}}),
                json!({"requires": {"x": ">=0.1.5"}}),
                "Minor: the host `x` was required as `>=0.2`, and is as `>=0.1.5` now",
            ),
            (
                json!({"requires": {"x": ">=0.2"}}),
                json!({"requires": {"x": ">=0.3"}}),
                "Breaking: the host `x` was required as `>=0.2`, and is as `>=0.3` now",
            ),
            (
                json!({"limits": {"max_fuel": 5}}),
                json!({"limits": {"max_fuel": 6}}),
                "Minor: the fuel asked for was 5 units, and is 6 now",
            ),
            (
                json!({"handles": [{"topic": "a"}]}),
                json!({}),
                "Breaking: events `a` are no longer handled",
            ),
            (
                json!({}),
                json!({"emits": [{"topic": "a"}]}),
                "Minor: events `a` are emitted now",
            ),
            (
                json!({}),
                json!({"config": {"type": "object", "properties": {"a": true}, "required": ["a"]}}),
                "Breaking: the configuration's `a` is new, and required",
            ),
            (
                json!({"type": "tool"}),
                json!({}),
                "Breaking: the type was `tool`, and is `not said` now",
            ),
            (
                json!({}),
                json!({"description": "New."}),
                "Patch: the description changed",
            ),
        ] {
            assert_eq!(reported(old, new), [expected]);
        }
    }
}
