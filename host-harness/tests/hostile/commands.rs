//! Commands that never end, exceed a limit or trap.

use super::*;

#[test]
fn an_endless_command_times_out() {
    let failure = assert_kind!(
        running_in(brief(Guest::running(SPIN).builder())),
        FailureKind::Timeout {
            limit: BRIEF,
            during: None
        }
    );
    assert!(
        failure
            .to_string()
            .contains("command `run` took longer than 50ms"),
        "{failure}"
    );
}

#[test]
fn an_endless_command_runs_out_of_fuel_without_a_clock() {
    let mut plugin = Guest::running(SPIN)
        .builder()
        .no_timeout()
        .fuel(10_000)
        .build()
        .unwrap();
    assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::OutOfFuel { limit: 10_000 }
    );
    assert_eq!(plugin.fuel_used(), Some(10_000));
}

#[test]
fn endless_recursion_overflows_the_wasm_stack() {
    let mut plugin = Guest::running("(call $command_run (local.get 0) (local.get 1))")
        .builder()
        .stack_bytes(200_000)
        .build()
        .unwrap();
    let failure = assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::StackOverflow(Stack::Wasm { limit: 200_000 })
    );
    assert!(failure.to_string().contains("stack_bytes"), "{failure}");
}

#[test]
fn a_write_below_its_own_stack_is_a_stack_overflow() {
    let below = "(i32.store (i32.sub (i32.const 0) (i32.const 100)) (i32.const 1)) i64.const 0";
    // Only wasmtime knows the address of a fault.
    let builder = Guest::running(below).builder().engine(Engine::Wasmtime);
    let failure = assert_kind!(
        running_in(builder),
        FailureKind::StackOverflow(Stack::Shadow {
            address: 0xffff_ff9c
        })
    );
    assert!(failure.to_string().contains("zstack-size"), "{failure}");
}

#[test]
fn a_write_with_an_offset_below_its_stack_is_an_overflow() {
    let below =
        "(i32.store offset=256 (i32.sub (i32.const 0) (i32.const 100)) (i32.const 1)) i64.const 0";
    let builder = Guest::running(below).builder().engine(Engine::Wasmtime);
    assert_kind!(
        running_in(builder),
        FailureKind::StackOverflow(Stack::Shadow { .. })
    );
}

#[test]
fn a_fill_below_its_own_stack_is_a_stack_overflow() {
    // A compiler emits this for a large array of zeros. The trap of `memory.fill` has no address.
    let guest = Guest {
        memory:
            r#"(memory (export "memory") 1) (global $stack_pointer (mut i32) (i32.const 1024))"#
                .to_owned(),
        ..Guest::running(
            "(global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 4000)))
             (memory.fill (global.get $stack_pointer) (i32.const 0) (i32.const 4000)) i64.const 0",
        )
    };
    assert_kind!(
        running(&guest),
        FailureKind::StackOverflow(Stack::Shadow {
            address: 0xffff_f460
        })
    );
}

#[test]
fn a_fill_outside_memory_traps() {
    let fill = "(memory.fill (i32.const 65530) (i32.const 0) (i32.const 100)) i64.const 0";
    assert_kind!(running(&Guest::running(fill)), FailureKind::Trap { .. });
}

#[test]
fn a_read_far_outside_memory_traps_with_the_address() {
    let guest = Guest::running("(drop (i32.load (i32.const 0x1000000))) i64.const 0");
    let place = match Engine::usual().unwrap() {
        Engine::Wasmtime => " at address 0x1000000",
        _ => "",
    };
    let failure = assert_kind!(running(&guest), FailureKind::Trap { .. });
    let expected = format!("command `run` trapped: out of bounds memory access{place}");
    assert_eq!(failure.message(), expected);
}

#[test]
fn division_by_zero_traps_with_the_reason() {
    let failure = running(&Guest::running("(i64.div_u (i64.const 1) (i64.const 0))"));
    let failure = assert_kind!(failure, FailureKind::Trap { .. });
    assert_eq!(
        failure.message(),
        "command `run` trapped: integer divide by zero"
    );
}

#[test]
fn a_call_through_an_empty_table_traps() {
    let guest = Guest::running("(call_indirect (type $f) (i32.const 0)) i64.const 0")
        .with("(type $f (func)) (table 1 funcref)");
    assert_kind!(running(&guest), FailureKind::Trap { .. });
}

#[test]
fn giving_up_without_memory_is_out_of_memory() {
    let greedy =
        "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable)) i64.const 0";
    let mut plugin = Guest::running(greedy)
        .builder()
        .memory_pages(50)
        .build()
        .unwrap();
    let failure = assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::OutOfMemory {
            requested: 6_619_136,
            limit: 3_276_800
        }
    );
    assert!(
        failure.to_string().contains("`.memory_pages(101)`"),
        "{failure}"
    );
}

#[test]
fn giving_up_at_the_modules_maximum_is_out_of_memory() {
    let greedy =
        "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable)) i64.const 0";
    let memory = r#"(memory (export "memory") 1 8)"#.to_owned();
    assert_kind!(
        running(&Guest {
            memory,
            ..Guest::running(greedy)
        }),
        FailureKind::OutOfMemory {
            requested: 6_619_136,
            limit: 524_288
        }
    );
}

#[test]
fn a_command_that_copes_with_refused_memory_answers() {
    let modest = "(drop (memory.grow (i32.const 60000))) i64.const 0";
    assert_eq!(
        Guest::running(modest)
            .plugin()
            .call_raw("run", b"")
            .unwrap(),
        b""
    );
}

#[test]
fn an_abort_after_an_unrelated_refusal_is_not_out_of_memory() {
    let guest = Guest::running("unreachable").with(&command(
        "ask",
        "(drop (memory.grow (i32.const 60000))) i64.const 0",
    ));
    let mut plugin = guest.plugin();
    plugin.call_raw("ask", b"").unwrap();
    assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::Trap { .. }
    );
}

#[test]
fn a_table_grown_past_its_limit_is_refused() {
    let grow = "(if (i32.eq (table.grow (ref.null func) (i32.const 20000)) (i32.const -1)) (then unreachable)) i64.const 0";
    let guest = Guest::running(grow).with("(table 10 funcref)");
    assert_kind!(
        running(&guest),
        FailureKind::TableTooLarge {
            requested: 20_010,
            limit: 10_000
        }
    );
}
