//! A start function, which a plugin has no need of, that misbehaves while the instance is made.

use super::*;

#[test]
fn never_ends_runs_into_the_timeout() {
    let guest = Guest::default().with("(func $main (loop $spin (br $spin))) (start $main)");
    assert_kind!(
        building(brief(guest.builder())),
        FailureKind::Timeout {
            limit: BRIEF,
            during: None
        }
    );
}

#[test]
fn never_ends_runs_out_of_fuel() {
    let guest = Guest::default().with("(func $main (loop $spin (br $spin))) (start $main)");
    assert_kind!(
        building(guest.builder().fuel(5000)),
        FailureKind::OutOfFuel { limit: 5000 }
    );
}

#[test]
fn traps_is_a_trap_of_the_instantiation() {
    let failure = building(
        Guest::default()
            .with("(func $main unreachable) (start $main)")
            .builder(),
    );
    let failure = assert_kind!(failure, FailureKind::Trap { .. });
    assert_eq!(failure.command(), None);
    assert!(
        failure
            .message()
            .starts_with("the module's instantiation trapped"),
        "{failure}"
    );
}

#[test]
fn recurses_runs_into_the_stack_limit() {
    let guest = Guest::default().with("(func $main (call $main)) (start $main)");
    assert_kind!(
        building(guest.builder()),
        FailureKind::StackOverflow(Stack::Wasm { .. })
    );
}

#[test]
fn is_refused_memory_is_out_of_memory() {
    let grow = "(func $main (if (i32.eq (memory.grow (i32.const 5000)) (i32.const -1)) (then unreachable))) (start $main)";
    assert_kind!(
        building(Guest::default().with(grow).builder()),
        FailureKind::OutOfMemory { .. }
    );
}
