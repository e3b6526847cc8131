//! Panic records with false contents.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, RECORD, SPIN, data};
use crate::hostile::outcome::Outcome;

/// A guest that panics with this record, and has this text at address 64.
fn panicking(
    name: &'static str,
    about: &'static str,
    record: [u32; 6],
    text: &'static [u8],
) -> Case {
    let bytes = record.map(u32::to_le_bytes).concat();
    case(name, about).guest(move || {
        Guest::running("unreachable")
            .with(&data(RECORD, &bytes))
            .with(&data(64, text))
    })
}

/// A guest whose panic record is at this address.
fn recorded(name: &'static str, about: &'static str, address: i32) -> Case {
    case(name, about)
        .guest(move || {
            let version = format!(r#"(global (export "plugin_abi_1") i32 (i32.const {address}))"#);
            Guest {
                version,
                ..Guest::running("unreachable")
            }
        })
        // Other hosts look for it after a trap only.
        .load(refused("out_of_bounds").or(&[Outcome::Answers]))
}

pub(super) fn cases() -> Vec<Case> {
    let panic = || ends(Outcome::Panic, "panic").or(&[Outcome::BadResult]);
    vec![
        panicking(
            "panic-with-a-place",
            "A panic has a message and a place.",
            [64, 4, 68, 10, 12, 5],
            b"oopssrc/lib.rs",
        )
        .runs(panic().naming(&["panicked: oops", "src/lib.rs:12:5"]))
        .runs(dead()),
        panicking(
            "panic-with-false-lengths",
            "A panic's message and file are outside memory.",
            [0xffff_fff0, 0x20, 64, 0xffff_ffff, u32::MAX, 0],
            b"",
        )
        .runs(panic().naming(&["the message is out of bounds: 32 bytes at address 0xfffffff0"])),
        panicking(
            "panic-with-escapes",
            "A panic's message has invalid UTF-8 and terminal escapes.",
            [64, 6, 70, 4, 1, 1],
            b"a\xff\x1b[2Jf\r\ng",
        )
        .runs(panic().naming(&["a\u{fffd}\\u{1b}[2J", "f\\u{d}\\ng:1:1"])),
        panicking(
            "panic-as-large-as-memory",
            "A panic's message and file are the whole memory.",
            [0, 65_536, 0, 65_536, 1, 1],
            b"",
        )
        .runs(panic()),
        panicking(
            "panic-of-ones",
            "All numbers of the panic record are the greatest.",
            [u32::MAX; 6],
            b"",
        )
        .runs(panic()),
        recorded(
            "panic-record-after-memory",
            "The panic record is after the end of memory.",
            65_536,
        ),
        recorded(
            "panic-record-across-the-end",
            "The panic record ends after the end of memory.",
            65_513,
        ),
        recorded(
            "panic-record-negative",
            "The panic record's address has its top bit set.",
            -1,
        ),
        case(
            "panic-record-of-a-timeout",
            "A command writes a panic record and never returns.",
        )
        .guest(|| Guest::running(SPIN).with(&data(RECORD, &[1; 24])))
        .brief()
        .runs(time_limit()),
        case(
            "panic-record-without-a-panic",
            "A command writes a panic record and returns.",
        )
        .guest(|| Guest::saying(b"fine", false).with(&data(RECORD, &[1; 24])))
        .runs(answers_with(b"fine"))
        .runs(answers_with(b"fine")),
    ]
}
