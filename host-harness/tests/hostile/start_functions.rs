//! Start functions, which plugins do not need, that misbehave while the instance is created.

use super::*;

#[test]
fn an_endless_start_function_times_out() {
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
fn an_endless_start_function_runs_out_of_fuel() {
    let guest = Guest::default().with("(func $main (loop $spin (br $spin))) (start $main)");
    assert_kind!(
        building(guest.builder().fuel(5000)),
        FailureKind::OutOfFuel { limit: 5000 }
    );
}

#[test]
fn a_trapping_start_function_is_a_trap_of_the_instantiation() {
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
fn a_recursive_start_function_overflows_the_stack() {
    let guest = Guest::default().with("(func $main (call $main)) (start $main)");
    assert_kind!(
        building(guest.builder()),
        FailureKind::StackOverflow(Stack::Wasm { .. })
    );
}

#[test]
fn a_start_function_without_memory_is_out_of_memory() {
    let grow = "(func $main (if (i32.eq (memory.grow (i32.const 5000)) (i32.const -1)) (then unreachable))) (start $main)";
    assert_kind!(
        building(Guest::default().with(grow).builder()),
        FailureKind::OutOfMemory { .. }
    );
}
