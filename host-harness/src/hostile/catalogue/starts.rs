//! Start functions, which plugins do not need, that misbehave while the instance is created.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;

fn start(name: &'static str, about: &'static str, body: &'static str) -> Case {
    case(name, about)
        .guest(move || {
            Guest::attacking("i64.const 0").with(&format!("(func $main {body}) (start $main)"))
        })
        .portable()
}

const SPIN: &str = "(loop $spin (br $spin))";

pub(super) fn cases() -> Vec<Case> {
    vec![
        start(
            "start-never-ends",
            "The start function never returns.",
            SPIN,
        )
        .brief()
        .load(time_limit()),
        start(
            "start-burns-fuel",
            "The start function never returns, and the host counts instructions.",
            SPIN,
        )
        .fuel(5000)
        .load(fuel_limit()),
        start("start-traps", "The start function traps.", "unreachable")
            .load(trap().naming(&["instantiation trapped"])),
        start(
            "start-recurses",
            "The start function calls itself endlessly.",
            "(call $main)",
        )
        .load(stack_overflow()),
        start(
            "start-takes-all-memory",
            "The start function asks for more memory than the host gives, and traps.",
            "(if (i32.eq (memory.grow (i32.const 5000)) (i32.const -1)) (then unreachable))",
        )
        .load(memory_limit()),
        start(
            "start-grows-endlessly",
            "The start function asks for memory without end.",
            "(loop $more (drop (memory.grow (i32.const 1))) (br $more))",
        )
        .limit(|limits| limits.memory_pages = 64)
        .brief()
        .load(time_limit()),
    ]
}
