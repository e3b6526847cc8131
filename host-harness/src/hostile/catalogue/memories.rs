//! Memories, tables and segments that do not fit.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, alloc, data};
use crate::hostile::outcome::Outcome;

fn has(
    name: &'static str,
    about: &'static str,
    fields: impl Into<String>,
    expected: Expected,
) -> Case {
    let fields = fields.into();
    case(name, about)
        .guest(move || Guest::attacking("i64.const 0").with(&fields))
        .portable()
        .load(expected)
}

fn memory(
    name: &'static str,
    about: &'static str,
    memory: &'static str,
    expected: Expected,
) -> Case {
    let guest = move || Guest {
        memory: memory.to_owned(),
        alloc: alloc("i32.const 1024").alloc,
        ..Guest::attacking("i64.const 0")
    };
    case(name, about).guest(guest).load(expected)
}

pub(super) fn cases() -> Vec<Case> {
    let table_limit = || ends(Outcome::MemoryLimit, "table_too_large");
    let wrong_memory = || refused("wrong_export").naming(&["memory"]);
    // Engines differ in the proposals that they have.
    let proposal = || wrong_memory().or(&[Outcome::Answers]);
    vec![
        memory(
            "memory-of-four-gibibytes",
            "The memory has 4 GiB from the beginning.",
            r#"(memory (export "memory") 65536)"#,
            memory_limit(),
        )
        .portable(),
        memory(
            "memory-with-64-bit-addresses",
            "The memory has 64-bit addresses.",
            r#"(memory (export "memory") i64 1)"#,
            proposal(),
        )
        .portable(),
        memory(
            "memory-shared",
            "The memory is shared between threads.",
            r#"(memory (export "memory") 1 2 shared)"#,
            proposal(),
        )
        .portable(),
        memory(
            "memory-twice",
            "There are two memories.",
            r#"(memory (export "memory") 1) (memory 1)"#,
            proposal(),
        )
        .portable(),
        memory(
            "memory-private",
            "The memory is not exported.",
            "(memory 1)",
            refused("missing_export").naming(&["memory"]),
        ),
        memory(
            "memory-that-is-a-function",
            "The export `memory` is a function.",
            r#"(memory 1) (func (export "memory"))"#,
            wrong_memory(),
        ),
        has(
            "table-of-ten-million",
            "A table has ten million elements.",
            "(table 10000000 funcref)",
            table_limit().naming(&["10000000"]).or(&[Outcome::Answers]),
        ),
        has(
            "table-three-times",
            "Three tables together have more elements than one may have.",
            "(table 4000 funcref)".repeat(3),
            table_limit().naming(&["12000"]).or(&[Outcome::Answers]),
        ),
        has(
            "data-outside-memory",
            "A data segment ends after the end of memory.",
            data(65_530, &[1; 7]),
            trap(),
        ),
        has(
            "data-far-outside-memory",
            "A data segment's address has its top bit set.",
            r#"(data (i32.const -8) "12345678")"#,
            trap(),
        ),
        has(
            "elements-outside-a-table",
            "An element segment ends after the end of its table.",
            "(table 2 funcref) (elem (i32.const 1) $a $a) (func $a)",
            trap(),
        ),
    ]
}
