//! Sections with far too many items.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

/// The number of items in a section that has them. A host without such limits may take them.
const MANY: usize = 30_000;

/// The number that a section announces.
const ANNOUNCED: usize = 1 << 28;

fn leb(mut number: usize, into: &mut Vec<u8>) {
    while number > 0x7f {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Returns a module with a section that announces a number of items, and has `present` of them.
fn with_section(id: u8, announced: usize, item: &[u8], present: usize) -> Vec<u8> {
    let mut body = Vec::new();
    leb(announced, &mut body);
    body.extend(item.repeat(present));
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    wasm.push(id);
    leb(body.len(), &mut wasm);
    wasm.extend(body);
    wasm
}

fn beyond(setting: &'static str) -> Expected {
    refused("module_limit")
        .naming(&[setting])
        .or(&[Outcome::Answers])
}

pub(super) fn cases() -> Vec<Case> {
    let sections: [(u8, &[u8], &str, [&'static str; 2], [&'static str; 2]); 10] = [
        (
            1,
            b"\x60\0\0",
            "ModuleLimits::types",
            ["types-many", "There are 30,000 types."],
            [
                "types-announced",
                "The section of types announces 268 million and has none.",
            ],
        ),
        (
            2,
            b"\0\0\0\0",
            "ModuleLimits::imports",
            ["imports-many", "There are 30,000 imports."],
            [
                "imports-announced",
                "The section of imports announces 268 million and has none.",
            ],
        ),
        (
            3,
            b"\0",
            "ModuleLimits::functions",
            [
                "functions-many",
                "There are 120,000 functions without code.",
            ],
            [
                "functions-announced",
                "The section of functions announces 268 million and has none.",
            ],
        ),
        (
            4,
            b"\x70\0\0",
            "ModuleLimits::tables",
            ["tables-many", "There are 30,000 tables."],
            [
                "tables-announced",
                "The section of tables announces 268 million and has none.",
            ],
        ),
        (
            5,
            b"\0\0",
            "ModuleLimits::memories",
            ["memories-many", "There are 30,000 memories."],
            [
                "memories-announced",
                "The section of memories announces 268 million and has none.",
            ],
        ),
        (
            6,
            b"\x7f\0\x41\0\x0b",
            "ModuleLimits::globals",
            ["globals-many", "There are 30,000 globals."],
            [
                "globals-announced",
                "The section of globals announces 268 million and has none.",
            ],
        ),
        (
            7,
            b"\0\0\0",
            "ModuleLimits::exports",
            ["exports-many", "There are 30,000 exports of one name."],
            [
                "exports-announced",
                "The section of exports announces 268 million and has none.",
            ],
        ),
        (
            9,
            b"\x01\0\0",
            "ModuleLimits::element_segments",
            ["elements-many", "There are 30,000 element segments."],
            [
                "elements-announced",
                "The section of elements announces 268 million and has none.",
            ],
        ),
        (
            11,
            b"\x01\0",
            "ModuleLimits::data_segments",
            ["data-many", "There are 120,000 data segments."],
            [
                "data-announced",
                "The section of data announces 268 million and has none.",
            ],
        ),
        (
            13,
            b"\0\0",
            "ModuleLimits::tags",
            ["tags-many", "There are 30,000 exception tags."],
            [
                "tags-announced",
                "The section of tags announces 268 million and has none.",
            ],
        ),
    ];
    let mut cases: Vec<Case> = sections
        .into_iter()
        .flat_map(|(id, item, setting, many, announced)| {
            // The limits of these two are greater.
            let count = if matches!(id, 3 | 11) { 4 * MANY } else { MANY };
            [
                case(many[0], many[1])
                    .bytes(move || with_section(id, count, item, count))
                    .load(beyond(setting)),
                case(announced[0], announced[1])
                    .bytes(move || with_section(id, ANNOUNCED, item, 0))
                    .load(
                        refused("module_limit")
                            .or_kind("invalid_module")
                            .or_kind("truncated"),
                    ),
            ]
        })
        .collect();
    cases.extend([
        case("customs-many", "There are 30,000 custom sections.")
            .bytes(|| [&b"\0asm\x01\0\0\0"[..], &b"\0\x01\0".repeat(MANY)].concat())
            .load(beyond("ModuleLimits::custom_sections")),
        case("type-of-many-parameters", "A function has 900 parameters.")
            .guest(|| {
                Guest::attacking("i64.const 0")
                    .with(&format!("(func (param {}))", "i64 ".repeat(900)))
            })
            .load(beyond("ModuleLimits::type_values")),
        case(
            "exports-of-a-long-type",
            "A function of 300 parameters is exported 21,000 times.",
        )
        // Copied for each export, the type would take gigabytes.
        .guest(|| {
            let exports: String = (0..21_000)
                .map(|n| format!(r#"(export "{n:x}" (func $f))"#))
                .collect();
            Guest::attacking("i64.const 0").with(&format!(
                "(func $f (param {})) {exports}",
                "i64 ".repeat(300)
            ))
        })
        .load(beyond("ModuleLimits::exports")),
    ]);
    cases
}
