//! Guests whose `alloc` or `free` breaks the ABI.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::{ECHO, Guest, SPIN, alloc, command};
use crate::hostile::outcome::Outcome;

/// A guest that answers with its arguments, and whose `alloc` has this body.
fn echoing(body: &str) -> Guest {
    alloc(body).with(&command("run", ECHO))
}

fn freeing(body: &str) -> Guest {
    Guest {
        free: format!(r#"(func (export "free") (param i32 i32) {body})"#),
        ..Guest::running(ECHO)
    }
}

pub(super) fn cases() -> Vec<Case> {
    // A host may free the buffer after the call, when it grows, or never.
    const WHENEVER_FREED: &[Outcome] = &[Outcome::Answers, Outcome::Trap, Outcome::Dead];
    vec![
        case(
            "alloc-returns-zero",
            "`alloc` returns 0, as if there were no memory left.",
        )
        .guest(|| echoing("i32.const 0"))
        .call(
            "run",
            b"hello",
            bad_result("allocation_failed").naming(&["1024"]),
        ),
        case(
            "alloc-reuses-one-address",
            "`alloc` returns the same address for all blocks.",
        )
        .guest(|| echoing("i32.const 1024"))
        .call("run", &[1; 100], answers_with(&[1; 100]))
        .call("run", &[2; 10_000], answers_with(&[2; 10_000])),
        case(
            "alloc-reuses-the-panic-record",
            "`alloc` returns the address of the panic record.",
        )
        .guest(|| echoing("i32.const 16"))
        .call("run", &[1; 100], answers_with(&[1; 100])),
        case(
            "alloc-outside-memory",
            "`alloc` returns an address after the end of memory.",
        )
        .guest(|| echoing("i32.const 0x20000"))
        .call("run", b"hello", out_of_bounds().naming(&["0x20000"])),
        case(
            "alloc-at-the-end",
            "`alloc` returns an address with fewer bytes behind it than asked for.",
        )
        .guest(|| echoing("i32.const 65520"))
        .call(
            "run",
            &[7; 100],
            out_of_bounds().naming(&["0xfff0", "1024 bytes"]),
        ),
        case(
            "alloc-negative",
            "`alloc` returns an address with its top bit set, whose end wraps around.",
        )
        .guest(|| echoing("i32.const -16"))
        .call("run", b"hello", out_of_bounds().naming(&["0xfffffff0"])),
        case(
            "alloc-misaligned",
            "`alloc` returns an address that is not a multiple of 16.",
        )
        .guest(|| echoing("i32.const 1028"))
        .call(
            "run",
            b"hello",
            bad_result("misaligned").or(&[Outcome::Answers]),
        ),
        case(
            "alloc-lies-later",
            "`alloc` returns a good address first, and later one outside memory.",
        )
        .guest(|| {
            echoing(
                "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                    (select (i32.const 1024) (i32.const 0x7ffffff0)
                        (i32.le_u (global.get $calls) (i32.const 1)))",
            )
            .with("(global $calls (mut i32) (i32.const 0))")
        })
        .call("run", b"small", answers_with(b"small"))
        .call("run", &[1; 10_000], out_of_bounds()),
        case("alloc-traps", "`alloc` traps.")
            .guest(|| echoing("unreachable"))
            .call("run", b"hello", trap())
            .call("run", b"", dead()),
        case("alloc-never-ends", "`alloc` never returns.")
            .guest(|| echoing(SPIN))
            .brief()
            .call("run", b"hello", time_limit()),
        case(
            "alloc-burns-fuel",
            "`alloc` never returns; its fuel counts towards the call.",
        )
        .guest(|| echoing(SPIN))
        .fuel(1000)
        .call("run", b"hello", fuel_limit()),
        case("alloc-recurses", "`alloc` calls itself endlessly.")
            .guest(|| echoing("(call $alloc (local.get 0))"))
            .call("run", b"hello", stack_overflow()),
        case(
            "alloc-takes-all-memory",
            "`alloc` grows the memory to its limit and returns 0.",
        )
        .guest(|| {
            echoing(
                "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1))
                (i32.const -1)))) i32.const 0",
            )
        })
        .limit(|limits| {
            limits.memory_pages = 20;
            // A host without a limit of memory grows it to 4 GiB.
            limits.timeout = std::time::Duration::from_secs(1);
        })
        .call(
            "run",
            b"hello",
            memory_limit().or(&[Outcome::BadResult, Outcome::TimeLimit]),
        ),
        case(
            "alloc-grows-endlessly",
            "`alloc` asks for more memory without end.",
        )
        .guest(|| echoing("(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable"))
        .limit(|limits| limits.memory_pages = 20)
        .brief()
        .call("run", b"hello", time_limit()),
        case(
            "alloc-moves-memory",
            "Each `alloc` grows the memory, so that a host's views of it move.",
        )
        .guest(|| {
            echoing(
                "(i32.shl (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 0)
                (i32.const 16)))) (i32.const 16))",
            )
        })
        .call("run", &[1; 100], answers_with(&[1; 100]))
        .call("run", &[2; 5000], answers_with(&[2; 5000]))
        .call("run", &[3; 20_000], answers_with(&[3; 20_000])),
        case(
            "alloc-fills-memory",
            "Each `alloc` overwrites all of memory with its own bytes.",
        )
        .guest(|| {
            echoing(
                "(memory.fill (i32.const 0) (i32.const 255) (i32.shl (memory.size)
                (i32.const 16))) i32.const 1024",
            )
        })
        .call("run", b"hello", answers_with(b"hello")),
        case("free-traps", "`free` traps.")
            .guest(|| freeing("unreachable"))
            .call("run", b"small", answers_with(b"small").or(WHENEVER_FREED))
            .call("run", &[0; 5000], trap().or(WHENEVER_FREED))
            .call("run", b"small", dead().or(WHENEVER_FREED)),
        case("free-never-ends", "`free` never returns.")
            .guest(|| freeing("(loop $spin (br $spin))"))
            .brief()
            .call(
                "run",
                b"small",
                answers_with(b"small").or(&[Outcome::TimeLimit]),
            )
            .call("run", &[0; 5000], time_limit().or(WHENEVER_FREED)),
        case(
            "free-moves-memory",
            "`free` grows the memory and overwrites what it is given.",
        )
        .guest(|| {
            freeing(
                "(drop (memory.grow (i32.const 1))) (memory.fill (local.get 0) (i32.const 255)
                (local.get 1))",
            )
        })
        .call("run", b"small", answers_with(b"small"))
        .call("run", &[7; 5000], answers_with(&[7; 5000])),
    ]
}
