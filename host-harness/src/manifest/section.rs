//! Parsing of the lines in the manifest sections, which together make one manifest.

use std::collections::HashSet;

use super::{Codec, Manifest, ManifestError, definitions};
use crate::text;

/// The maximum size of a section, in bytes.
const MAX_SECTION: usize = 1 << 20;

/// The maximum number of lines: one for the plugin and one for each of its impl blocks.
const MAX_LINES: usize = 1024;

/// The maximum number of commands.
const MAX_COMMANDS: usize = 10_000;
/// The maximum number of permissions.
const MAX_PERMISSIONS: usize = 256;

/// The maximum length of a name, in bytes.
const MAX_NAME: usize = 128;
/// The maximum length of the reason for a permission, in bytes.
const MAX_REASON: usize = 4096;

/// The kinds of bytes that a raw command can take and return.
const ELEMENTS: [&str; 11] = [
    "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "text",
];

/// Parses the manifest sections of a module; returns `None` for a module without them.
///
/// # Errors
///
/// Fails if there are several sections, or if the section is too large or invalid.
pub(super) fn read(sections: &[&[u8]]) -> Result<Option<Manifest>, ManifestError> {
    let section = match sections {
        [] => return Ok(None),
        [section] => *section,
        several => {
            return Err(ManifestError::Sections {
                count: several.len(),
            });
        }
    };
    if section.len() > MAX_SECTION {
        return Err(ManifestError::TooLarge {
            bytes: section.len(),
            limit: MAX_SECTION,
        });
    }
    let section = std::str::from_utf8(section).map_err(|error| ManifestError::NotUtf8 {
        valid_up_to: error.valid_up_to(),
    })?;
    let mut lines = Vec::new();
    for (number, line) in section.lines().enumerate() {
        if number == MAX_LINES {
            let reason = format!("it has more than {MAX_LINES} lines");
            return Err(ManifestError::Contents { reason });
        }
        let part = part(line).map_err(|reason| ManifestError::Line {
            line: number + 1,
            reason,
        })?;
        lines.push((line, part));
    }
    // The linker may reorder lines. Within a line, commands keep the author's order.
    lines.sort_by_key(|(line, part)| (part.abi == 0, part.config.is_none(), *line));
    let parts = lines.into_iter().map(|(_, part)| part).collect();
    let mut manifest = joined(parts)?;
    check(&mut manifest).map_err(|reason| ManifestError::Contents { reason })?;
    Ok(Some(manifest))
}

/// Parses one line; `abi` is 0 if the line does not describe the plugin itself.
fn part(line: &str) -> Result<Manifest, String> {
    // Serde would also accept an array for a struct.
    if line.starts_with('[') {
        return Err("it is an array, and an object is expected".to_owned());
    }
    let part: Manifest =
        serde_json::from_str(line).map_err(|error| text::from_str(&error.to_string()))?;
    let commands = part.commands.iter();
    let schemas = commands
        .flat_map(|command| [&command.arguments, &command.result])
        .chain(part.handles.iter().map(|handled| &handled.data))
        .chain([&part.config])
        .flatten()
        .map(|schema| schema.as_value());
    for schema in schemas.chain(part.defs.values()) {
        definitions::check(schema, &part.defs)?;
    }
    Ok(part)
}

/// Joins the parts into one manifest; the part that describes the plugin itself must be first.
fn joined(mut parts: Vec<Manifest>) -> Result<Manifest, ManifestError> {
    match parts.iter().filter(|part| part.abi != 0).count() {
        0 => return Err(ManifestError::NoPlugin),
        1 => {}
        _ => return Err(ManifestError::SeveralPlugins),
    }
    let definitions = definitions::merge(&mut parts);
    let mut parts = parts.into_iter();
    let mut whole = parts.next().ok_or(ManifestError::NoPlugin)?;
    if whole.abi != plugin_sdk::abi::VERSION {
        return Err(ManifestError::AbiVersion { found: whole.abi });
    }
    whole.defs = definitions;
    for part in parts {
        whole.commands.extend(part.commands);
        whole.handles.extend(part.handles);
        whole.emits.extend(part.emits);
        if whole.config.is_some() && part.config.is_some() {
            let reason = "two lines describe the configuration".to_owned();
            return Err(ManifestError::Contents { reason });
        }
        whole.config = whole.config.or(part.config);
    }
    whole
        .commands
        .sort_by(|one, other| one.name.cmp(&other.name));
    Ok(whole)
}

fn check(manifest: &mut Manifest) -> Result<(), String> {
    let lower = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    word("id", &manifest.id, |character| {
        lower(character) || character == '-'
    })?;
    word("version", &manifest.version, |character| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '+')
    })?;
    word(
        "type",
        manifest.plugin_type.as_deref().unwrap_or(""),
        |character| lower(character) || matches!(character, '_' | '-'),
    )?;
    permissions(manifest)?;
    commands(manifest)
}

/// Checks a word that may become part of a file name.
fn word(member: &str, word: &str, may_have: impl Fn(char) -> bool) -> Result<(), String> {
    match word.len() <= MAX_NAME && word.chars().all(may_have) {
        true => Ok(()),
        false => Err(format!(
            "`{}` is too long for its `{member}`, or has characters that it may not have",
            text::name(word)
        )),
    }
}

fn permissions(manifest: &Manifest) -> Result<(), String> {
    if manifest.permissions.len() > MAX_PERMISSIONS {
        return Err(format!(
            "it declares {} permissions; the limit is {MAX_PERMISSIONS}",
            manifest.permissions.len()
        ));
    }
    let mut known = HashSet::new();
    for permission in &manifest.permissions {
        let name = permission.name();
        let has_reason = permission
            .reason()
            .is_some_and(|reason| reason.len() <= MAX_REASON);
        if name.is_empty() || name.len() > MAX_NAME || !has_reason {
            return Err(format!(
                "the permission `{}` has no name or no reason, or one that is too long",
                text::name(name)
            ));
        }
        if !known.insert(name) {
            return Err(format!(
                "it declares the permission `{}` twice",
                text::name(name)
            ));
        }
    }
    Ok(())
}

/// Checks the commands, which must be in alphabetical order.
fn commands(manifest: &Manifest) -> Result<(), String> {
    let commands = &manifest.commands;
    if commands.len() > MAX_COMMANDS {
        return Err(format!(
            "it describes {} commands; the limit is {MAX_COMMANDS}",
            commands.len()
        ));
    }
    for command in commands {
        let name = text::name(&command.name);
        if command.name.is_empty() || command.name.len() > MAX_NAME {
            return Err(format!(
                "the command `{name}` has no name, or one that is too long"
            ));
        }
        let elements = [&command.input, &command.output];
        let unknown = elements
            .into_iter()
            .flatten()
            .find(|element| !ELEMENTS.contains(&element.as_str()));
        if let Some(unknown) = unknown {
            return Err(format!(
                "the command `{name}` has bytes of the unknown kind `{}`",
                text::name(unknown)
            ));
        }
        let values = [&command.arguments, &command.result];
        let bytes = elements.iter().any(|element| element.is_some());
        let in_step = match command.codec {
            Codec::Raw => values.iter().all(|value| value.is_none()),
            Codec::Json | Codec::Binary => values.iter().all(|value| value.is_some()) && !bytes,
        };
        if !in_step {
            return Err(format!(
                "the command `{name}` has schemas although it is raw, or lacks them although it is not"
            ));
        }
    }
    let same = commands.windows(2).find_map(|pair| match pair {
        [one, other] if one.name == other.name => Some(one),
        _ => None,
    });
    match same {
        Some(command) => Err(format!(
            "it describes the command `{}` twice",
            text::name(&command.name)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PLUGIN: &str = r#"{"abi":1,"sdk":"0.1.0","id":"greeter","name":"Greeter","version":"0.1.0","type":"tool","description":"Greets people.","authors":["Ada <ada@example.com>"],"license":"MIT","homepage":"https://example.com","repository":"https://example.com/git","requires":{"neotalk":">=0.1.0"},"permissions":[{"name":"kv","reason":"remembers"}],"limits":{"memory_pages":16,"max_fuel":1000000,"timeout_ms":5000},"emits":[{"topic":"guest.greeted","description":"somebody was greeted"}]}"#;
    const GREET: &str = r##"{"config":{"$ref":"#/$defs/Config"},"commands":[{"name":"greeted","arguments":{"type":"object","properties":{},"additionalProperties":false},"result":{"type":"integer","minimum":0,"maximum":18446744073709551615}},{"name":"greet","description":"Greets someone.","batch":true,"arguments":{"type":"object","properties":{"name":{"type":"string"},"config":{"$ref":"#/$defs/Config"}},"required":["name"],"additionalProperties":false},"result":{"type":"string"},"errors":[{"code":"name_empty","description":"There is no name."}]}],"$defs":{"Config":{"type":"object","properties":{"z":{"type":"null"},"a":true}}}}"##;
    const SHOUT: &str = r##"{"commands":[{"name":"shout","codec":"raw","input":"text","output":"text","in_place":true},{"name":"average","codec":"binary","arguments":{"$ref":"#/$defs/Config"},"result":{"type":"number"}}],"handles":[{"topic":"user.*","description":"Remembers them.","data":{"$ref":"#/$defs/Config"}}],"$defs":{"Config":{"type":"string"}}}"##;

    fn of_lines(lines: &[&str]) -> Result<Manifest, ManifestError> {
        let section: String = lines.iter().map(|line| format!("{line}\n")).collect();
        read(&[section.as_bytes()]).map(Option::unwrap)
    }

    fn reason(section: &str) -> String {
        read(&[section.as_bytes()]).unwrap_err().to_string()
    }

    #[test]
    fn lines_in_any_order_make_the_same_manifest() {
        let manifest = of_lines(&[PLUGIN, GREET, SHOUT]).unwrap();
        let names: Vec<&str> = manifest
            .commands
            .iter()
            .map(|command| &*command.name)
            .collect();
        assert_eq!(names, ["average", "greet", "greeted", "shout"]);
        assert_eq!(manifest.limits.timeout_ms, Some(5000));
        assert_eq!(manifest.permissions[0].to_string(), "kv: remembers");
        let shout = manifest.command("shout").unwrap();
        assert_eq!((shout.codec, shout.in_place), (Codec::Raw, true));
        assert_eq!(shout.input.as_deref(), Some("text"));
        assert!(manifest.command("shoot").is_none());
        let config = manifest.config.as_ref().unwrap();
        assert_eq!(config.as_value(), &json!({"$ref": "#/$defs/Config"}));
        let data = manifest.handles[0].data.as_ref().unwrap();
        assert_eq!(
            manifest.standalone(data)["$defs"],
            json!({"Config2": {"type": "string"}})
        );
        for lines in [
            [GREET, PLUGIN, SHOUT],
            [SHOUT, GREET, PLUGIN],
            [PLUGIN, SHOUT, GREET],
        ] {
            assert_eq!(of_lines(&lines).unwrap(), manifest);
        }
    }

    #[test]
    fn document_has_the_members_of_the_lines_and_round_trips() {
        let manifest = of_lines(&[PLUGIN, GREET]).unwrap();
        let document = serde_json::to_value(&manifest).unwrap();
        let mut expected: Value = serde_json::from_str(PLUGIN).unwrap();
        let mut line: Value = serde_json::from_str(GREET).unwrap();
        line["commands"].as_array_mut().unwrap().reverse();
        expected
            .as_object_mut()
            .unwrap()
            .extend(line.as_object().unwrap().clone());
        assert_eq!(document, expected);
        let members = document["$defs"]["Config"]["properties"].to_string();
        assert_eq!(
            members, r#"{"z":{"type":"null"},"a":true}"#,
            "in the author's order"
        );
        assert_eq!(
            serde_json::from_value::<Manifest>(document).unwrap(),
            manifest
        );
    }

    #[test]
    fn minimal_manifests_and_unknown_members_are_accepted() {
        let manifest = of_lines(&[r#"{"abi":1,"later":[{"deep":[[[{}]]]}]}"#]).unwrap();
        assert_eq!(
            manifest,
            Manifest {
                abi: 1,
                ..Manifest::default()
            }
        );
        assert_eq!(read(&[]).unwrap(), None);
    }

    #[test]
    fn invalid_sections_are_refused_with_a_reason() {
        let with = |member: &str| reason(&format!(r#"{{"abi":1,{member}}}"#));
        let nested = format!(r#"{{"abi":1,"config":{}"#, r#"{"not":"#.repeat(200));
        let ignored = format!(r#"{{"abi":1,"later":{}"#, "[".repeat(200_000));
        for (section, expected) in [
            ("", "no line of it has the member `abi`"),
            ("\n", "line 1: EOF"),
            ("{", "line 1: EOF"),
            ("[]", "line 1: it is an array"),
            (
                &*format!("{PLUGIN}\n{{\"commands\":7}}\n"),
                "line 2: invalid type",
            ),
            (
                &*format!("{PLUGIN}{PLUGIN}\n"),
                "line 1: trailing characters",
            ),
            (
                &*format!("{PLUGIN}\n{PLUGIN}\n"),
                "linked into this one as a library",
            ),
            (
                &*format!("{PLUGIN}\n{GREET}\n{GREET}\n"),
                "two lines describe the configuration",
            ),
            (GREET, "no line of it has the member `abi`"),
            (r#"{"abi":2}"#, "version 2"),
            (&*nested, "recursion limit"),
            (&*ignored, "EOF"),
            (&*" ".repeat(MAX_SECTION + 1), "the limit is 1048576"),
            (&*"{}\n".repeat(MAX_LINES + 1), "more than 1024 lines"),
        ] {
            let reason = reason(section);
            assert!(reason.contains(expected), "{reason}");
        }
        for (member, expected) in [
            (r#""id":"../x""#, "`../x` is too long for its `id`"),
            (r#""version":"1/2""#, "its `version`"),
            (r#""type":"\u001b[2J""#, "`\\u{1b}[2J` is too long"),
            (r#""permissions":[{"name":""}]"#, "no reason"),
            (
                r#""permissions":[{"name":"a","reason":""},{"name":"a","reason":""}]"#,
                "`a` twice",
            ),
            (
                &*format!(
                    r#""permissions":[{}]"#,
                    vec!["{\"name\":\"a\",\"reason\":\"\"}"; 300].join(",")
                ),
                "300 permissions",
            ),
            (
                r#""commands":[{"name":"a"}]"#,
                "lacks them although it is not",
            ),
            (
                r#""commands":[{"name":"a","codec":"raw","result":true}]"#,
                "has schemas although it is raw",
            ),
            (
                r#""commands":[{"name":"a","codec":"raw","input":"f16"}]"#,
                "unknown kind `f16`",
            ),
            (r#""commands":[{"name":"","codec":"raw"}]"#, "has no name"),
            (
                r#""commands":[{"name":"a","codec":"raw"},{"name":"a","codec":"raw"}]"#,
                "`a` twice",
            ),
            (
                r#""commands":[{"name":"a","codec":"xml"}]"#,
                "unknown variant `xml`",
            ),
            (
                r##""config":{"$ref":"#/$defs/A"}"##,
                "`#/$defs/A`, which is not defined",
            ),
            (
                r##""$defs":{"A":{"items":[{"$id":"x"}]}}"##,
                "neither an object",
            ),
        ] {
            let reason = with(member);
            assert!(reason.contains(expected), "{reason}");
        }
        let not_utf8 = read(&[b"{\"abi\":1}\xff"]).unwrap_err();
        assert!(not_utf8.to_string().contains("after 9 bytes"), "{not_utf8}");
        let two = read(&[b"{\"abi\":1}", b""]).unwrap_err();
        assert!(matches!(two, ManifestError::Sections { count: 2 }));
    }

    #[test]
    fn reading_a_corrupted_section_always_returns() {
        let section = format!("{PLUGIN}\n{GREET}\n{SHOUT}\n").into_bytes();
        let mut random = fastrand::Rng::with_seed(4);
        let mut read_all_the_same = 0;
        for _ in 0..5_000 {
            let mut section = section.clone();
            for _ in 0..random.usize(1..4) {
                let place = random.usize(..section.len());
                match random.u8(..4) {
                    0 => section[place] = random.u8(..),
                    1 => section.truncate(place.max(1)),
                    2 => section[place] = *random.choice(b"{}[]\",:\n01$").unwrap(),
                    _ => {
                        let piece = section[place..].to_vec();
                        section.extend(piece);
                    }
                }
            }
            match read(&[&section]) {
                Ok(manifest) => {
                    let manifest = manifest.unwrap();
                    manifest
                        .config
                        .iter()
                        .for_each(|config| drop(manifest.standalone(config)));
                    read_all_the_same += 1;
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        assert!(read_all_the_same > 100, "{read_all_the_same}");
    }
}
