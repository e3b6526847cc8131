//! Function names that are hard to show. A host meets them when the function traps.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

/// A plugin whose command traps in a function of this name.
fn named(
    name: &'static str,
    about: &'static str,
    symbol: impl Fn() -> String + Send + Sync + 'static,
) -> Case {
    let guest = move || {
        let symbol = symbol();
        // An engine may describe the fault too.
        let fault = "(drop (i32.load (i32.const 0x20000000)))";
        Guest::attacking("(call $named) i64.const 0")
            .with(&format!("(func $named (@name {symbol:?}) {fault})"))
    };
    case(name, about).guest(guest).attack(trap())
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        named(
            "name-in-cpp-that-expands",
            "A C++ symbol of 478 bytes names 16^9 types.",
            || {
                (1..10).fold("_Z1f1AIiiE".to_owned(), |name, level| {
                    let before = match level {
                        1 => "S_".to_owned(),
                        _ => format!("S{}_", level - 2),
                    };
                    format!("{name}S_I{}E", before.repeat(16))
                })
            },
        ),
        named(
            "name-in-rust-that-expands",
            "A Rust symbol refers twice to itself at each of 60 levels.",
            || {
                let name = (0..60).fold("Cs1234_4shop".to_owned(), |name, _| {
                    let longer = format!("INvCs1234_4shop4sell{name}{name}E");
                    longer.chars().take(4000).collect()
                });
                format!("_R{name}")
            },
        ),
        named(
            "name-in-rust-that-nests",
            "A Rust symbol opens 4000 levels.",
            || format!("_R{}", "I".repeat(4000)),
        ),
        named(
            "name-in-rust-of-many-parts",
            "A Rust symbol has 20,000 parts.",
            || format!("_ZN{}E", "1a".repeat(20_000)),
        ),
        named(
            "name-in-swift-that-is-long",
            "A Swift symbol has 500 parts.",
            || format!("$s{}", "4main1aSi".repeat(500)),
        ),
        named(
            "name-of-60-kb",
            "A function's name has 60,000 bytes.",
            || "x".repeat(60_000),
        ),
        named(
            "name-of-escapes",
            "A function's name has terminal escapes and bidirectional controls.",
            || "\u{1b}[2J\u{1b}]0;\u{9b}\u{202e}".repeat(100),
        ),
        case("name-of-100-kb", "A name is longer than a host keeps.")
            .guest(|| {
                Guest::attacking("i64.const 0")
                    .with(&format!("(func (@name \"{}\"))", "x".repeat(100_000)))
            })
            .load(
                refused("module_limit")
                    .naming(&["ModuleLimits::name_bytes"])
                    .or(&[Outcome::Answers]),
            ),
        case(
            "names-that-lie",
            "A second section of names has a function that does not exist, and breaks off.",
        )
        .bytes(|| {
            let mut module = compiled(&Guest::attacking("unreachable").wat());
            module.extend(b"\0\x0e\x04name\x01\xff\xff\xff\xff\x0f\x63\x01\x61");
            module
        })
        .load(answers().or(&[Outcome::Refused]))
        .attack(trap()),
    ]
}
