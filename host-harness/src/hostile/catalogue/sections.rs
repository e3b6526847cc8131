//! Sections with far too many items.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

/// A number of items beyond most limits; those of functions and data are greater. A host without
/// such limits may take them.
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

/// A module with a section of so many items.
fn many(
    name: &'static str,
    about: &'static str,
    id: u8,
    item: &'static [u8],
    count: usize,
) -> Case {
    case(name, about).bytes(move || with_section(id, count, item, count))
}

/// A module with a section that announces very many items.
fn announced(name: &'static str, about: &'static str, id: u8) -> Case {
    case(name, about)
        .bytes(move || with_section(id, ANNOUNCED, b"", 0))
        .load(
            refused("module_limit")
                .or_kind("invalid_module")
                .or_kind("truncated"),
        )
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        many(
            "types-many",
            "There are 30,000 types.",
            1,
            b"\x60\0\0",
            MANY,
        )
        .load(beyond("ModuleLimits::types")),
        many(
            "imports-many",
            "There are 30,000 imports.",
            2,
            &[0; 4],
            MANY,
        )
        .load(beyond("ModuleLimits::imports")),
        many(
            "functions-many",
            "There are 120,000 functions without code.",
            3,
            &[0],
            4 * MANY,
        )
        .load(beyond("ModuleLimits::functions")),
        many(
            "tables-many",
            "There are 30,000 tables.",
            4,
            b"\x70\0\0",
            MANY,
        )
        .load(beyond("ModuleLimits::tables")),
        many(
            "memories-many",
            "There are 30,000 memories.",
            5,
            &[0; 2],
            MANY,
        )
        .load(beyond("ModuleLimits::memories")),
        many(
            "globals-many",
            "There are 30,000 globals.",
            6,
            b"\x7f\0\x41\0\x0b",
            MANY,
        )
        .load(beyond("ModuleLimits::globals")),
        many(
            "exports-many",
            "There are 30,000 exports of one name.",
            7,
            &[0; 3],
            MANY,
        )
        .load(beyond("ModuleLimits::exports")),
        many(
            "elements-many",
            "There are 30,000 element segments.",
            9,
            b"\x01\0\0",
            MANY,
        )
        .load(beyond("ModuleLimits::element_segments")),
        many(
            "data-many",
            "There are 120,000 data segments.",
            11,
            b"\x01\0",
            4 * MANY,
        )
        .load(beyond("ModuleLimits::data_segments")),
        many(
            "tags-many",
            "There are 30,000 exception tags.",
            13,
            &[0; 2],
            MANY,
        )
        .load(beyond("ModuleLimits::tags")),
        announced(
            "types-announced",
            "The section of types announces 268 million and has none.",
            1,
        ),
        announced(
            "imports-announced",
            "The section of imports announces 268 million and has none.",
            2,
        ),
        announced(
            "functions-announced",
            "The section of functions announces 268 million and has none.",
            3,
        ),
        announced(
            "tables-announced",
            "The section of tables announces 268 million and has none.",
            4,
        ),
        announced(
            "memories-announced",
            "The section of memories announces 268 million and has none.",
            5,
        ),
        announced(
            "globals-announced",
            "The section of globals announces 268 million and has none.",
            6,
        ),
        announced(
            "exports-announced",
            "The section of exports announces 268 million and has none.",
            7,
        ),
        announced(
            "elements-announced",
            "The section of elements announces 268 million and has none.",
            9,
        ),
        announced(
            "data-announced",
            "The section of data announces 268 million and has none.",
            11,
        ),
        announced(
            "tags-announced",
            "The section of tags announces 268 million and has none.",
            13,
        ),
    ];
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
