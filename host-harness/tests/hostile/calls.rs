//! Details of failures and results that only the harness's own API shows.

use super::*;

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
fn a_result_may_be_inside_the_arguments() {
    let inside = "(i64.or (i64.shl (i64.extend_i32_u (i32.add (local.get $at) (i32.const 2))) (i64.const 32)) (i64.const 3))";
    let mut plugin = Guest::running(inside).plugin();
    assert_eq!(plugin.call_raw("run", b"abcdefg").unwrap(), b"cde");
    assert_eq!(plugin.arguments(), b"abcdefg");
}

#[test]
fn a_result_above_the_limit_can_be_viewed_but_not_decoded() {
    let mut plugin = Guest::answering(0, 1000, false)
        .builder()
        .max_result_bytes(999)
        .build()
        .unwrap();
    assert_kind!(
        plugin.call::<Value>("run", ()).unwrap_err(),
        FailureKind::ResultTooLarge {
            region: Region::Result,
            bytes: 1000,
            limit: 999
        }
    );
    assert_eq!(plugin.call_raw("run", b"").unwrap().len(), 1000);
}

#[test]
fn a_result_of_another_type_is_reported_with_its_path() {
    let mut plugin = Guest::saying(br#"{"a":[1,2,"x"]}"#, false).plugin();
    let failure = plugin
        .call::<std::collections::HashMap<String, Vec<u8>>>("run", ())
        .unwrap_err();
    let failure = assert_kind!(
        failure,
        FailureKind::BadJson {
            region: Region::Result,
            ..
        }
    );
    let text = failure.to_string();
    assert!(
        text.contains("a[2]: invalid type: string \"x\", expected u8"),
        "{text}"
    );
}

#[test]
fn results_of_many_inputs_are_gathered_up_to_the_limit() {
    let guest = Guest::running("(i64.const 60000)");
    let mut plugin = guest.builder().max_result_bytes(200_000).build().unwrap();
    let failure = plugin.call_many_raw("run", [""; 60]).unwrap_err();
    let failure = assert_kind!(
        failure,
        FailureKind::ResultTooLarge { limit: 200_000, bytes, .. } if *bytes < 300_000
    );
    assert!(
        failure.to_string().contains("max_result_bytes"),
        "{failure}"
    );
    assert_eq!(plugin.call_many_raw("run", [""; 3]).unwrap().len(), 3);
}

#[test]
fn a_trap_in_alloc_names_the_call_that_needed_it() {
    let mut plugin = alloc("unreachable").with(&command("echo", ECHO)).plugin();
    let failure = plugin.call_raw("echo", b"hello").unwrap_err();
    assert_eq!(failure.command(), Some("echo"));
}

#[test]
fn a_trap_in_a_start_function_names_no_call() {
    let guest = Guest::default().with("(func $main unreachable) (start $main)");
    assert_eq!(building(guest.builder()).command(), None);
}

#[test]
fn memory_stays_within_its_limit() {
    let endless = "(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable";
    let guest = alloc(endless).with(&command("echo", ECHO));
    let builder = guest.builder().memory_pages(20);
    let mut plugin = builder.timeout(BRIEF).without_init().build().unwrap();
    let failure = plugin.call_raw("echo", b"hello").unwrap_err();
    assert_kind!(failure, FailureKind::Timeout { .. });
    assert!(plugin.memory_bytes() <= 20 * 65_536);
}

#[test]
fn an_error_keeps_its_code_for_programs() {
    let json = br#"{"code":"a\u001b[31m","message":"m"}"#;
    let mut plugin = Guest::saying(json, true).plugin();
    let failure = plugin.call_raw("run", b"").unwrap_err();
    assert_eq!(failure.code(), "a\x1b[31m");
}

#[test]
fn a_panic_is_reported_in_one_line_and_its_place() {
    let record: Vec<u8> = [64_u32, 4, 68, 10, 12, 5]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let guest = Guest::running("unreachable")
        .with(&data(RECORD, &record))
        .with(&data(64, b"oopssrc/lib.rs"));
    let failure = guest
        .builder()
        .no_timeout()
        .build()
        .unwrap()
        .call_raw("run", b"")
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "error[panic]: command `run` panicked: oops\n--> src/lib.rs:12:5\n = note: used 64 KiB of 64 MiB of memory"
    );
    let panic = failure.panic().unwrap();
    assert_eq!(
        (panic.message.as_str(), panic.file.as_str()),
        ("oops", "src/lib.rs")
    );
    assert_eq!((panic.line, panic.column), (12, 5));
}
