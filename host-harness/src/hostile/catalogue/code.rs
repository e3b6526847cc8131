//! Code that never ends, exceeds a limit or traps, under whichever contract.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, SPIN};
use crate::hostile::outcome::Outcome;

fn attack(name: &'static str, about: &'static str, body: &'static str) -> Case {
    attack_with(name, about, body, "")
}

/// A guest with an attack, and other parts of its module.
fn attack_with(
    name: &'static str,
    about: &'static str,
    body: &'static str,
    rest: &'static str,
) -> Case {
    case(name, about).guest(move || Guest::attacking(body).with(rest))
}

fn attack_in(
    name: &'static str,
    about: &'static str,
    memory: &'static str,
    body: &'static str,
) -> Case {
    case(name, about).guest(move || Guest {
        memory: memory.to_owned(),
        ..Guest::attacking(body)
    })
}

const GREEDY: &str = "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1))
                (then unreachable)) i64.const 0";

/// A host may end a guest that asks for more memory than it may have.
const ENDED: &[Outcome] = &[Outcome::MemoryLimit, Outcome::Trap];

pub(super) fn cases() -> Vec<Case> {
    let shadow = || stack_overflow().or_kind("trap");
    vec![
        attack("loop-endless", "A loop never ends.", SPIN)
            .brief()
            .attack(time_limit().naming(&["took longer than 50ms"])),
        attack(
            "loop-endless-with-fuel",
            "A loop never ends, and the host counts instructions.",
            SPIN,
        )
        .fuel(10_000)
        .attack(fuel_limit().naming(&["10000"])),
        attack(
            "loop-endless-then-again",
            "A loop never ends; the instance is called again.",
            SPIN,
        )
        .brief()
        .attack(time_limit())
        .attack(dead()),
        attack_with(
            "loop-of-calls",
            "A loop calls a function, and never ends.",
            "(loop $spin (call $nothing) (br $spin)) unreachable",
            "(func $nothing)",
        )
        .brief()
        .attack(time_limit()),
        attack(
            "loop-that-counts",
            "A loop counts to 2^64.",
            "(local $n i64) (loop $more (local.set $n (i64.add (local.get $n)
                (i64.const 1))) (br_if $more (i64.ne (local.get $n) (i64.const 0))))
                (local.get $n)",
        )
        .brief()
        .attack(time_limit()),
        attack(
            "loop-of-branches",
            "A `br_table` jumps back to its loop without end.",
            "(loop $a (loop $b (br_table $a $b $a (i32.const 1)))) unreachable",
        )
        .brief()
        .attack(time_limit()),
        attack(
            "loop-of-growth",
            "A loop grows the memory page by page, and goes on when it is refused.",
            "(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable",
        )
        .limit(|limits| limits.memory_pages = 64)
        .brief()
        .attack(time_limit().or(ENDED)),
        attack(
            "loop-of-fills",
            "A loop fills all of a large memory again and again.",
            "(drop (memory.grow (i32.const 255))) (loop $more (memory.fill (i32.const 0)
                (i32.const 1) (i32.const 0x1000000)) (br $more)) unreachable",
        )
        .limit(|limits| limits.memory_pages = 256)
        .brief()
        .attack(time_limit()),
        attack(
            "loop-of-copies",
            "A loop moves all of a large memory by one byte again and again.",
            "(drop (memory.grow (i32.const 255))) (loop $more (memory.copy (i32.const 0)
                (i32.const 1) (i32.const 0xffffff)) (br $more)) unreachable",
        )
        .limit(|limits| limits.memory_pages = 256)
        .brief()
        .attack(time_limit()),
        attack(
            "recursion-endless",
            "A function calls itself endlessly.",
            "(call $attack)",
        )
        .limit(|limits| limits.stack_bytes = 200_000)
        .attack(stack_overflow().naming(&["stack_bytes"])),
        attack_with(
            "recursion-through-a-table",
            "Two functions call each other endlessly through a table.",
            "(call_indirect (type $f) (i32.const 0)) i64.const 0",
            "(type $f (func)) (table funcref (elem $ping $pong)) (func $ping (call_indirect
                (type $f) (i32.const 1))) (func $pong (call_indirect (type $f) (i32.const 0)))",
        )
        .attack(stack_overflow()),
        case(
            "recursion-with-many-locals",
            "A function of 1000 locals calls itself endlessly.",
        )
        .guest(|| {
            let of_each = |code: fn(usize) -> String| (0..1000).map(code).collect::<String>();
            let set = of_each(|local| format!("(local.set {local} (i64.load (i32.const 0)))"));
            let used = of_each(|local| format!("(i64.store (i32.const 0) (local.get {local}))"));
            let locals = "i64 ".repeat(1000);
            let deep = format!("(func $deep (local {locals}) {set} (call $deep) {used})");
            Guest::attacking("(call $deep) i64.const 0").with(&deep)
        })
        .attack(stack_overflow()),
        attack(
            "stack-below-zero",
            "A write is below address 0, where a plugin's own stack ends.",
            "(i32.store (i32.sub (i32.const 0) (i32.const 100)) (i32.const 1)) i64.const 0",
        )
        // Only wasmtime knows the address of a fault.
        .attack(shadow()),
        attack(
            "stack-below-zero-with-an-offset",
            "A write with an offset is below address 0.",
            "(i32.store offset=256 (i32.sub (i32.const 0) (i32.const 100))
                (i32.const 1)) i64.const 0",
        )
        .attack(shadow()),
        attack_in(
            "stack-below-zero-by-a-fill",
            "A `memory.fill` begins below address 0, as for a large array on a stack.",
            // A compiler emits this for a large array of zeros. The trap has no address.
            r#"(memory (export "memory") 1) (global $stack_pointer (mut i32)
                (i32.const 1024))"#,
            "(global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 4000)))
            (memory.fill (global.get $stack_pointer) (i32.const 0) (i32.const 4000)) i64.const 0",
        )
        .attack(stack_overflow().naming(&["zstack-size"])),
        attack(
            "memory-fill-outside",
            "A `memory.fill` ends after the end of memory.",
            "(memory.fill (i32.const 65530) (i32.const 0) (i32.const 100)) i64.const 0",
        )
        .attack(trap()),
        attack(
            "memory-fill-of-four-gibibytes",
            "A `memory.fill` has the greatest length that there is.",
            "(memory.fill (i32.const 1) (i32.const 0) (i32.const -1)) i64.const 0",
        )
        .attack(trap()),
        attack(
            "memory-copy-of-four-gibibytes",
            "A `memory.copy` has the greatest length that there is.",
            "(memory.copy (i32.const 0) (i32.const 8) (i32.const -1)) i64.const 0",
        )
        .attack(trap()),
        attack_with(
            "memory-init-outside",
            "A `memory.init` reads after the end of its data.",
            "(memory.init $d (i32.const 0) (i32.const 2) (i32.const 5)) i64.const 0",
            r#"(data $d "1234")"#,
        )
        .attack(trap()),
        attack(
            "memory-read-outside",
            "A read is far outside memory.",
            "(drop (i32.load (i32.const 0x1000000))) i64.const 0",
        )
        .attack(trap().naming(&["out of bounds memory access"])),
        attack(
            "memory-read-with-an-offset",
            "A read's address and offset add up to more than 32 bits.",
            "(drop (i64.load offset=0xffffffff (i32.const -1))) i64.const 0",
        )
        .attack(trap().or(&[Outcome::StackOverflow])),
        attack(
            "memory-write-at-the-end",
            "A write of eight bytes begins at the last byte of memory.",
            "(i64.store (i32.const 65535) (i64.const -1)) i64.const 0",
        )
        .attack(trap()),
        attack(
            "memory-refused-and-coped",
            "A refused request for memory is taken well.",
            "(drop (memory.grow (i32.const 60000))) i64.const 0",
        )
        .attack(answers().or(ENDED)),
        attack(
            "memory-refused-and-given-up",
            "A plugin traps when it is refused memory.",
            GREEDY,
        )
        .limit(|limits| limits.memory_pages = 50)
        .attack(memory_limit().naming(&["`.memory_pages(101)`"])),
        attack_in(
            "memory-refused-by-itself",
            "A plugin traps when its own maximum is reached.",
            r#"(memory (export "memory") 1 8)"#,
            GREEDY,
        )
        .attack(memory_limit()),
        attack(
            "memory-grown-by-four-gibibytes",
            "A request for memory is the greatest that there is.",
            "(if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then (drop (i32.load
                (i32.const 0x7fffffff))))) i64.const 0",
        )
        .attack(answers().or(ENDED)),
        attack_with(
            "table-grown-and-given-up",
            "A plugin traps when it is refused a larger table.",
            "(if (i32.eq (table.grow (ref.null func) (i32.const 20000)) (i32.const -1))
                (then unreachable)) i64.const 0",
            "(table 10 funcref)",
        )
        .attack(ends(Outcome::MemoryLimit, "table_too_large").naming(&["20010", "10000"])),
        attack_with(
            "table-grown-endlessly",
            "A loop grows a table without end.",
            "(loop $more (drop (table.grow (ref.null func) (i32.const 1000)))
                (br $more)) unreachable",
            "(table 10 funcref)",
        )
        .brief()
        .attack(time_limit()),
        attack_with(
            "table-fill-outside",
            "A `table.fill` ends after the end of the table.",
            "(table.fill (i32.const 5) (ref.null func) (i32.const -1)) i64.const 0",
            "(table 10 funcref)",
        )
        .attack(trap()),
        attack_with(
            "table-element-missing",
            "A call is through an empty element of a table.",
            "(call_indirect (type $f) (i32.const 0)) i64.const 0",
            "(type $f (func)) (table 1 funcref)",
        )
        .attack(trap()),
        attack_with(
            "table-element-outside",
            "A call is through an element after the end of the table.",
            "(call_indirect (type $f) (i32.const -1)) i64.const 0",
            "(type $f (func)) (table 1 funcref)",
        )
        .attack(trap()),
        attack_with(
            "table-element-of-another-type",
            "A call through a table has another type than its function.",
            "(call_indirect (type $f) (i32.const 0)) i64.const 0",
            "(type $f (func)) (table funcref (elem $other)) (func $other (param i64)
                (result i64) (local.get 0))",
        )
        .attack(trap()),
        attack(
            "trap-division-by-zero",
            "A division is by zero.",
            "(i64.div_u (i64.const 1) (i64.const 0))",
        )
        .attack(trap().naming(&["integer divide by zero"])),
        attack(
            "trap-division-overflow",
            "The smallest integer is divided by -1.",
            "(i64.div_s (i64.const 0x8000000000000000) (i64.const -1))",
        )
        .attack(trap()),
        attack(
            "trap-conversion",
            "A float that is not a number is converted to an integer.",
            "(i64.trunc_f64_s (f64.div (f64.const 0) (f64.const 0)))",
        )
        .attack(trap()),
        attack(
            "trap-then-again",
            "A plugin traps; the instance is called again.",
            "unreachable",
        )
        .attack(trap())
        .attack(dead()),
        case(
            "trap-after-a-refusal",
            "A plugin copes with a refused request for memory, and traps in a later call.",
        )
        .guest(|| {
            Guest::running(
                "(if (global.get $asked) (then unreachable))
                    (drop (memory.grow (i32.const 60000)))
                    (global.set $asked (i32.const 1)) i64.const 0",
            )
            .with("(global $asked (mut i32) (i32.const 0))")
        })
        .runs(answers())
        .runs(trap()),
        case(
            "trap-every-second-time",
            "A plugin answers the first call with one value and traps in the second.",
        )
        .guest(|| {
            Guest::running(
                "(global.set $n (i32.add (global.get $n) (i32.const 1))) (if (i32.eq
                (global.get $n) (i32.const 2)) (then unreachable)) i64.const 0",
            )
            .with("(global $n (mut i32) (i32.const 0))")
        })
        .runs(answers())
        .runs(trap())
        .runs(dead()),
    ]
}
