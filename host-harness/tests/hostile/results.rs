//! Results with a false address, length or form.

use super::*;

#[test]
fn a_result_past_the_end_of_memory_is_out_of_bounds() {
    assert_kind!(
        running(&Guest::answering(65_536, 1, false)),
        FailureKind::OutOfBounds {
            region: Region::Result,
            address: 65_536,
            len: 1,
            memory: 65_536
        }
    );
}

#[test]
fn a_result_that_ends_outside_memory_is_out_of_bounds() {
    assert_kind!(
        running(&Guest::answering(65_530, 7, false)),
        FailureKind::OutOfBounds { .. }
    );
}

#[test]
fn a_result_at_the_end_of_memory_is_read() {
    let mut plugin = Guest::answering(65_530, 6, false).plugin();
    assert_eq!(plugin.call_raw("run", b"").unwrap(), [0; 6]);
}

#[test]
fn a_result_whose_end_wraps_around_is_out_of_bounds() {
    assert_kind!(
        running(&Guest::answering(0xffff_fff0, 0x20, false)),
        FailureKind::OutOfBounds {
            address: 0xffff_fff0,
            len: 0x20,
            ..
        }
    );
}

#[test]
fn an_address_with_the_top_bit_set_is_out_of_bounds() {
    let failure = assert_kind!(
        running(&Guest::answering(0x8000_0000, 1, false)),
        FailureKind::OutOfBounds {
            address: 0x8000_0000,
            ..
        }
    );
    assert!(
        failure.to_string().contains("address 0x80000000"),
        "{failure}"
    );
}

#[test]
fn a_result_of_two_gibibytes_is_refused_unallocated() {
    let len = plugin_sdk::abi::MAX_LEN;
    assert_kind!(
        running(&Guest::answering(0, len, false)),
        FailureKind::OutOfBounds {
            region: Region::Result,
            address: 0,
            len: 0x7fff_ffff,
            ..
        }
    );
    let failure = Guest::answering(0, len, false)
        .plugin()
        .call::<Value>("run", ())
        .unwrap_err();
    assert_kind!(failure, FailureKind::OutOfBounds { .. });
}

#[test]
fn a_result_of_no_bytes_may_be_anywhere() {
    let mut plugin = Guest::answering(0xffff_ffff, 0, false).plugin();
    assert_eq!(plugin.call_raw("run", b"").unwrap(), b"");
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
fn a_result_that_is_not_utf8_has_its_own_failure() {
    let failure = Guest::saying(b"\"ab\xff\"", false)
        .plugin()
        .call::<String>("run", ())
        .unwrap_err();
    assert_kind!(
        failure,
        FailureKind::NotUtf8 {
            region: Region::Result,
            valid_up_to: 3
        }
    );
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
fn a_deeply_nested_result_does_not_overflow_the_stack() {
    let failure = Guest::saying(&[b'['; 900], false)
        .plugin()
        .call::<Value>("run", ())
        .unwrap_err();
    assert_kind!(failure, FailureKind::BadJson { .. });
}

#[test]
fn a_missing_result_gets_the_hint_to_call_raw() {
    let failure = Guest::answering(0, 0, false)
        .plugin()
        .call::<Value>("run", ())
        .unwrap_err();
    let failure = assert_kind!(failure, FailureKind::BadJson { .. });
    assert!(failure.to_string().contains("call_raw"), "{failure}");
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
