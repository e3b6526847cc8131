//! Guests whose `alloc` breaks the ABI.

use super::*;

#[test]
fn an_alloc_without_room_is_reported() {
    assert_kind!(
        giving_arguments(alloc("i32.const 0")),
        FailureKind::AllocationFailed { bytes: 1024 }
    );
}

#[test]
fn one_address_for_all_blocks_harms_only_the_guest() {
    let mut plugin = alloc("i32.const 1024")
        .with(&command("echo", ECHO))
        .plugin();
    assert_eq!(plugin.call_raw("echo", &[1; 100]).unwrap(), [1; 100]);
    assert_eq!(plugin.call_raw("echo", &[2; 10_000]).unwrap(), [2; 10_000]);
}

#[test]
fn an_address_outside_memory_is_out_of_bounds() {
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
fn too_little_room_is_out_of_bounds() {
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
fn a_negative_address_is_out_of_bounds() {
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
fn a_misaligned_address_is_reported() {
    assert_kind!(
        giving_arguments(alloc("i32.const 1028")),
        FailureKind::Misaligned { address: 1028 }
    );
}

#[test]
fn a_trap_in_alloc_kills_the_instance() {
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
fn an_endless_alloc_times_out() {
    assert_kind!(
        giving_arguments_in(alloc(SPIN), brief),
        FailureKind::Timeout {
            limit: BRIEF,
            during: None
        }
    );
}

#[test]
fn a_recursive_alloc_overflows_the_stack() {
    assert_kind!(
        giving_arguments(alloc("(call $alloc (local.get 0))")),
        FailureKind::StackOverflow(Stack::Wasm { limit: 0x10_0000 })
    );
}

#[test]
fn an_alloc_that_grows_memory_to_its_limit_is_out_of_memory() {
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
fn an_alloc_that_grows_memory_endlessly_meets_both_limits() {
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
fn the_fuel_of_alloc_counts_towards_the_call() {
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
fn a_trap_in_free_kills_the_instance_when_a_buffer_grows() {
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
