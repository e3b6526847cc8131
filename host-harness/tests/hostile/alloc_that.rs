//! Guests whose `alloc` breaks the ABI.

use super::*;

#[test]
fn has_no_room_is_said_to_have_none() {
    assert_kind!(
        giving_arguments(alloc("i32.const 0")),
        FailureKind::AllocationFailed { bytes: 1024 }
    );
}

#[test]
fn always_gives_the_same_address_harms_only_its_guest() {
    let mut plugin = alloc("i32.const 1024")
        .with(&command("echo", ECHO))
        .plugin();
    assert_eq!(plugin.call_raw("echo", &[1; 100]).unwrap(), [1; 100]);
    assert_eq!(plugin.call_raw("echo", &[2; 10_000]).unwrap(), [2; 10_000]);
}

#[test]
fn gives_an_address_outside_of_memory_is_out_of_bounds() {
    assert_kind!(
        giving_arguments(alloc("i32.const 0x20000")),
        FailureKind::OutOfBounds {
            region: Region::Arguments,
            address: 0x20000,
            ..
        }
    );
}

#[test]
fn gives_less_room_than_it_was_asked_for_is_out_of_bounds() {
    assert_kind!(
        giving_arguments(alloc("i32.const 65520")),
        FailureKind::OutOfBounds {
            region: Region::Arguments,
            address: 65_520,
            len: 1024,
            ..
        }
    );
}

#[test]
fn gives_a_negative_address_is_out_of_bounds() {
    assert_kind!(
        giving_arguments(alloc("i32.const -16")),
        FailureKind::OutOfBounds {
            region: Region::Arguments,
            address: 0xffff_fff0,
            ..
        }
    );
}

#[test]
fn gives_an_unaligned_address_is_told_so() {
    assert_kind!(
        giving_arguments(alloc("i32.const 1028")),
        FailureKind::Misaligned { address: 1028 }
    );
}

#[test]
fn traps_kills_the_instance() {
    let mut plugin = alloc("unreachable").with(&command("echo", ECHO)).plugin();
    let failure = plugin.call_raw("echo", b"hello").unwrap_err();
    assert_eq!(
        failure.command(),
        Some("echo"),
        "the call that needed it is named"
    );
    assert_kind!(failure, FailureKind::Trap { .. });
    assert_kind!(
        plugin.call_raw("echo", b"").unwrap_err(),
        FailureKind::Poisoned { .. }
    );
}

#[test]
fn loops_runs_into_the_timeout() {
    assert_kind!(
        giving_arguments_in(alloc(SPIN), brief),
        FailureKind::Timeout {
            limit: BRIEF,
            during: None
        }
    );
}

#[test]
fn recurses_runs_into_the_stack_limit() {
    assert_kind!(
        giving_arguments(alloc("(call $alloc (local.get 0))")),
        FailureKind::StackOverflow(Stack::Wasm { limit: 0x10_0000 })
    );
}

#[test]
fn grows_memory_until_it_may_not_is_out_of_memory() {
    let greedy = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) i32.const 0";
    let mut plugin = alloc(greedy)
        .with(&command("echo", ECHO))
        .builder()
        .memory_pages(20)
        .build()
        .unwrap();
    assert_kind!(
        plugin.call_raw("echo", b"hello").unwrap_err(),
        FailureKind::OutOfMemory {
            requested: 0x15_0000,
            limit: 0x14_0000
        }
    );
    assert_eq!(plugin.memory_bytes(), 20 * 65_536);
}

#[test]
fn grows_memory_without_end_runs_into_both_limits() {
    let endless = "(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable";
    let guest = alloc(endless).with(&command("echo", ECHO));
    let mut plugin = brief(guest.builder()).memory_pages(20).build().unwrap();
    assert_kind!(
        plugin.call_raw("echo", b"hello").unwrap_err(),
        FailureKind::Timeout { .. }
    );
    assert!(plugin.memory_bytes() <= 20 * 65_536);
}

#[test]
fn uses_up_the_fuel_is_on_the_calls_account() {
    let mut plugin = alloc(SPIN)
        .with(&command("echo", ECHO))
        .builder()
        .fuel(1000)
        .build()
        .unwrap();
    assert_kind!(
        plugin.call_raw("echo", b"hello").unwrap_err(),
        FailureKind::OutOfFuel { limit: 1000 }
    );
}

#[test]
fn with_a_trapping_free_kills_the_instance_when_a_buffer_grows() {
    let free = r#"(func (export "free") (param i32 i32) unreachable)"#.to_owned();
    let mut plugin = Guest {
        free,
        ..Guest::running(ECHO)
    }
    .plugin();
    assert_eq!(plugin.call_raw("run", b"small").unwrap(), b"small");
    assert_kind!(
        plugin.call_raw("run", &[0; 5000]).unwrap_err(),
        FailureKind::Trap { .. }
    );
    assert_kind!(
        plugin.call_raw("run", b"small").unwrap_err(),
        FailureKind::Poisoned { .. }
    );
}
