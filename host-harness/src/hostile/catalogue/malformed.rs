//! Bytes that are no module, or one that is broken.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{ECHO, Guest, SPIN};

fn file(name: &'static str, about: &'static str, bytes: &'static [u8], expected: Expected) -> Case {
    case(name, about)
        .bytes(move || bytes.to_vec())
        .load(expected)
}

/// A module of the usual parts whose bytes are changed.
fn changed(
    name: &'static str,
    about: &'static str,
    change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static,
    expected: Expected,
) -> Case {
    let bytes = move || {
        let mut bytes = compiled(
            &Guest::running(ECHO)
                .with(r#"(func (export "x")) (func (export "y"))"#)
                .wat(),
        );
        change(&mut bytes);
        bytes
    };
    case(name, about).bytes(bytes).load(expected)
}

/// Returns the place after the first occurrence of some bytes, which is in the module.
fn after(bytes: &[u8], wanted: &[u8]) -> usize {
    let place = bytes
        .windows(wanted.len())
        .position(|window| window == wanted);
    place.map_or(0, |place| place + wanted.len())
}

/// A module that has one section, with this number and these bytes, and nothing else.
fn section(name: &'static str, about: &'static str, bytes: &'static [u8]) -> Case {
    let module = move || [&b"\0asm\x01\0\0\0"[..], bytes].concat();
    case(name, about).bytes(module).load(invalid())
}

fn invalid() -> Expected {
    refused("invalid_module")
        .or_kind("truncated")
        .or_kind("missing_export")
        .or_kind("module_limit")
}

pub(super) fn cases() -> Vec<Case> {
    let not_wasm = |what: &'static str| refused("not_wasm").naming(&[what]);
    vec![
        file("file-empty", "The file is empty.", b"", not_wasm("empty")),
        file(
            "file-of-html",
            "The file is an HTML page.",
            b"<!DOCTYPE html><h1>404 Not Found</h1>",
            not_wasm("an HTML page"),
        ),
        file(
            "file-of-a-program",
            "The file is a native program.",
            b"\x7fELF\x02\x01\x01",
            not_wasm("a native program"),
        ),
        // Engines that read the text format take it for a module without exports.
        file(
            "file-of-text",
            "The file is a module in text form.",
            b"(module)",
            not_wasm("Plugin::from_wat"),
        ),
        file(
            "file-of-escapes",
            "The file consists of terminal escapes.",
            b"\x1b[2J\x1b[H",
            not_wasm("\\u{1b}[2J"),
        ),
        file(
            "file-of-a-component",
            "The file is a component.",
            b"\0asm\x0d\0\x01\0",
            refused("component").naming(&["cargo build --target wasm32-unknown-unknown"]),
        ),
        file(
            "file-of-version-2",
            "The module has version 2 of the binary format.",
            b"\0asm\x02\0\0\0",
            refused("invalid_module").or_kind("not_wasm"),
        ),
        file(
            "file-broken-off-in-its-head",
            "The module ends in its first eight bytes.",
            b"\0asm\x01",
            refused("truncated").or_kind("not_wasm"),
        ),
        changed(
            "module-broken-off",
            "The module ends before its last byte.",
            |bytes| {
                bytes.pop();
            },
            refused("truncated"),
        ),
        changed(
            "module-broken-off-in-its-code",
            "The module ends in the middle of its code.",
            |bytes| {
                let at = after(bytes, b"command_run");
                bytes.truncate(at + 60);
            },
            refused("truncated"),
        ),
        changed(
            "module-with-an-export-of-nothing",
            "An export is of a function that does not exist.",
            |bytes| {
                let at = after(bytes, b"command_run");
                if let Some(index) = bytes.get_mut(at + 1) {
                    *index = 99;
                }
            },
            refused("wrong_export").or_kind("invalid_module"),
        ),
        changed(
            "module-with-an-export-twice",
            "Two exports have the same name.",
            |bytes| {
                let at = after(bytes, b"\x01y");
                if let Some(letter) = bytes.get_mut(at.wrapping_sub(1)) {
                    *letter = b'x';
                }
            },
            refused("invalid_module"),
        ),
        case(
            "module-ill-typed",
            "A function returns another type than it promises.",
        )
        .guest(|| Guest::running("i32.const 0"))
        .load(refused("invalid_module").naming(&["type mismatch"])),
        case(
            "module-ill-typed-but-unused",
            "A function that is never called is ill-typed.",
        )
        .guest(|| Guest::running(ECHO).with("(func (result i32) i64.const 0)"))
        // An engine may check a function when it is first called.
        .load(refused("invalid_module")),
        case(
            "module-of-a-global-loop",
            "A global is initialised by a later one.",
        )
        .guest(|| {
            Guest::running(SPIN).with("(global i32 (global.get 2)) (global i32 (i32.const 0))")
        })
        .load(refused("invalid_module")),
        section(
            "section-longer-than-the-file",
            "A section claims four gigabytes and has none.",
            b"\x01\xff\xff\xff\xff\x0f",
        ),
        section(
            "section-with-an-overlong-number",
            "A section's size takes more bytes than a number may.",
            b"\x01\x80\x80\x80\x80\x80\x80\x00",
        ),
        section(
            "section-of-an-unknown-kind",
            "A section has a number that means nothing.",
            b"\x7f\x01\0",
        ),
        section(
            "section-twice",
            "There are two sections of types.",
            b"\x01\x01\0\x01\x01\0",
        ),
        section(
            "section-out-of-order",
            "The section of types follows that of functions.",
            b"\x03\x01\0\x01\x01\0",
        ),
        section(
            "section-of-code-without-functions",
            "There is code for a function that is not declared.",
            b"\x0a\x04\x01\x02\0\x0b",
        ),
        section(
            "section-of-functions-without-code",
            "A function is declared that has no code.",
            b"\x01\x04\x01\x60\0\0\x03\x02\x01\0",
        ),
        section(
            "section-with-a-name-that-is-not-utf8",
            "A custom section's name is not UTF-8.",
            b"\x00\x03\x02\xff\xfe",
        ),
        section(
            "section-with-a-type-of-a-type",
            "A type refers to itself as its supertype.",
            b"\x01\x05\x01\x50\x01\x00\x60",
        ),
    ]
}
