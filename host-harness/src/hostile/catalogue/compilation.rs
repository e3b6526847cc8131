//! Small modules that would take a compiler seconds to hours, or gigabytes.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

fn repeat(count: usize, of: &str) -> String {
    of.repeat(count)
}

fn each(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect()
}

/// Adds 1 to a local.
fn changed(local: usize) -> String {
    format!("(local.set {local} (i32.add (local.get {local}) (i32.const 1)))")
}

fn stored(locals: usize) -> String {
    each(locals, |local| {
        format!("(i32.store (i32.const 0) (local.get {local}))")
    })
}

/// A word that no compiler knows.
const UNKNOWN: &str = "(i32.load (i32.const 0))";

fn function(locals: usize, body: &str) -> String {
    format!(
        "(func $callee) (func (local {}) {body})",
        repeat(locals, "i32 ")
    )
}

fn loops(count: usize, locals: usize) -> String {
    let inner = each(locals, changed);
    let ends = repeat(count, &format!("{UNKNOWN} br_if 0 end "));
    function(
        locals,
        &format!("{} {inner} {ends}", repeat(count, "loop ")),
    )
}

/// A switch whose arms each change a local.
fn switch(arms: usize, locals: usize) -> String {
    let blocks = repeat(arms, "block ");
    let targets = each(arms, |arm| format!("{arm} "));
    let bodies = each(arms, |arm| {
        format!("end {} br {} ", changed(arm % locals), arms - arm - 1)
    });
    let body = format!(
        "block {blocks} {UNKNOWN} br_table {targets} {arms} {bodies} end {}",
        stored(locals)
    );
    function(locals, &body)
}

/// An interpreter's loop, as compilers emit it.
fn interpreter(arms: usize, locals: usize) -> String {
    let blocks = repeat(arms, "block ");
    let targets = each(arms, |arm| format!("{arm} "));
    let bodies = each(arms, |arm| {
        format!("end {} br {} ", changed(arm % locals), arms - arm)
    });
    let body = format!(
        "loop block {blocks} {UNKNOWN} br_table {targets} {arms} {bodies} end end {}",
        stored(locals)
    );
    function(locals, &body)
}

/// Large code as compilers emit it for interpreters, state machines and unoptimised builds: a host
/// should compile it.
fn ordinary(
    name: &'static str,
    about: &'static str,
    fields: impl Fn() -> String + Send + Sync + 'static,
) -> Case {
    case(name, about)
        .guest(move || Guest::attacking("i64.const 0").with(&fields()))
        .attack(answers())
}

/// A module with these fields, beyond a limit that the harness names. Another host may compile it,
/// within its bounds.
fn bomb(
    name: &'static str,
    about: &'static str,
    fields: impl Fn() -> String + Send + Sync + 'static,
    setting: &'static str,
) -> Case {
    let expected = refused("module_limit")
        .naming(&[setting])
        .or(&[Outcome::Answers]);
    case(name, about)
        .guest(move || Guest::attacking("i64.const 0").with(&fields()))
        .portable()
        .load(expected)
}

pub(super) fn cases() -> Vec<Case> {
    const WORK: &str = "ModuleLimits::compile_work";
    const LOOPS: &str = "ModuleLimits::loop_nesting";
    let ifs = |count| repeat(count, &format!("{UNKNOWN} if call $callee end "));
    vec![
        ordinary(
            "ordinary-interpreter",
            "An interpreter has 300 instructions and 40 locals, which is harmless.",
            || interpreter(300, 40),
        ),
        ordinary(
            "ordinary-unoptimised",
            "An unoptimised function has 2000 locals and branches, which is harmless.",
            || {
                let statements = each(2000, |local| {
                    format!(
                        "(local.set {local} {UNKNOWN}) block (br_if 0
                (local.get {local})) call $callee end "
                    )
                });
                function(2000, &format!("loop {statements} {UNKNOWN} br_if 0 end"))
            },
        ),
        ordinary(
            "ordinary-nesting",
            "A function has 3000 nested blocks, which is harmless.",
            || {
                function(
                    0,
                    &format!("{} {}", repeat(3000, "block "), repeat(3000, "end ")),
                )
            },
        ),
        bomb(
            "compile-loops-around-locals",
            "60 nested loops are around 1000 locals.",
            || loops(60, 1000),
            WORK,
        ),
        bomb(
            "compile-deep-loops-around-locals",
            "200 nested loops are around 500 locals.",
            || loops(200, 500),
            LOOPS,
        ),
        bomb(
            "compile-deep-loops",
            "10,000 nested loops are around one local.",
            || loops(10_000, 1),
            LOOPS,
        ),
        bomb(
            "compile-many-loops",
            "8000 loops follow each other.",
            || function(0, &repeat(8000, &format!("loop {UNKNOWN} br_if 0 end "))),
            WORK,
        ),
        bomb(
            "compile-deep-blocks",
            "60,000 blocks are nested.",
            || {
                function(
                    0,
                    &format!("{} {}", repeat(60_000, "block "), repeat(60_000, "end ")),
                )
            },
            "ModuleLimits::nesting",
        ),
        bomb(
            "compile-many-blocks",
            "80,000 empty blocks follow each other.",
            || function(0, &repeat(80_000, "block end ")),
            WORK,
        ),
        bomb(
            "compile-branches-to-one-place",
            "10,000 branches lead to one place, each with other values of 100 locals.",
            || {
                let branches = each(10_000, |n| {
                    format!("{} {UNKNOWN} br_if 0 ", changed(n % 100))
                });
                function(100, &format!("block {branches} end {}", stored(100)))
            },
            WORK,
        ),
        bomb(
            "compile-switch-over-locals",
            "A switch of 1000 arms sets 1000 locals.",
            || switch(1000, 1000),
            WORK,
        ),
        bomb(
            "compile-long-lived-locals",
            "5000 locals live through 10,000 blocks.",
            move || {
                let set = each(5000, |local| format!("(local.set {local} {UNKNOWN})"));
                function(5000, &format!("{set} {} {}", ifs(10_000), stored(5000)))
            },
            WORK,
        ),
        bomb(
            "compile-long-lived-operands",
            "5000 operands live through 9000 blocks.",
            move || {
                function(
                    0,
                    &format!(
                        "{} {} {}",
                        repeat(5000, UNKNOWN),
                        ifs(9000),
                        repeat(5000, "drop ")
                    ),
                )
            },
            WORK,
        ),
        bomb(
            "compile-blocks-of-many-values",
            "3000 blocks take and return 100 values each.",
            || {
                let values = repeat(100, "i32 ");
                let blocks = repeat(3000, &format!("block (type $t) {UNKNOWN} br_if 0 end "));
                format!(
                    "(type $t (func (param {values}) (result {values}))) (func {} {blocks} {})",
                    repeat(100, UNKNOWN),
                    repeat(100, "drop ")
                )
            },
            WORK,
        ),
        bomb(
            "compile-calls-of-many-values",
            "5000 calls pass on 150 values each.",
            || {
                let values = repeat(150, "i32 ");
                let given = each(150, |n| format!("local.get {n} "));
                format!(
                    "(func $f (param {values}) (result {values}) {given}) (func {} {} {})",
                    repeat(150, UNKNOWN),
                    repeat(5000, "call $f "),
                    repeat(150, "drop ")
                )
            },
            WORK,
        ),
        bomb(
            "compile-indirect-calls",
            "30,000 calls are through a table.",
            || {
                format!(
                    "(table 1 funcref) (func {})",
                    repeat(30_000, "(call_indirect (i32.const 0))")
                )
            },
            WORK,
        ),
        bomb(
            "compile-many-functions",
            "60,000 functions are empty.",
            || repeat(60_000, "(func)"),
            WORK,
        ),
        bomb(
            "compile-many-locals",
            "A function has 60,000 locals.",
            || function(60_000, ""),
            "ModuleLimits::locals",
        ),
        case(
            "compile-announced-locals",
            "A function of some bytes has 40 million locals.",
        )
        .bytes(|| {
            // A run of 40,000,000 locals of one type.
            let code = b"\x01\x80\xb4\x89\x13\x7e\x0b";
            let before = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x09\x01\x07";
            [&before[..], code].concat()
        })
        .load(
            refused("module_limit")
                .or_kind("invalid_module")
                .or_kind("missing_export"),
        ),
    ]
}
