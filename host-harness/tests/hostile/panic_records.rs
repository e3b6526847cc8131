//! Panic records with false contents.

use super::*;

/// A guest that panics with this record.
fn panicking(record: [u32; 6], text: &[u8]) -> Guest {
    let bytes: Vec<u8> = record
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    Guest::running("unreachable")
        .with(&data(RECORD, &bytes))
        .with(&data(64, text))
}

/// Panics in a new instance without a clock, so that its failure is the same every time.
fn panic_of(guest: &Guest) -> Failure {
    running_in(guest.builder().no_timeout())
}

#[test]
fn a_record_has_message_and_place() {
    let failure = panic_of(&panicking([64, 4, 68, 10, 12, 5], b"oopssrc/lib.rs"));
    assert_eq!(
        failure.to_string(),
        "error[panic]: command `run` panicked: oops\n--> src/lib.rs:12:5\n = note: used 64 KiB of 64 MiB of memory"
    );
    let panic = failure.panic().unwrap();
    assert_eq!(
        (
            panic.message.as_str(),
            panic.file.as_str(),
            panic.line,
            panic.column
        ),
        ("oops", "src/lib.rs", 12, 5)
    );
}

#[test]
fn a_record_with_false_lengths_is_still_a_panic() {
    let failure = running(&panicking(
        [0xffff_fff0, 0x20, 64, 0xffff_ffff, u32::MAX, 0],
        b"",
    ));
    let failure = assert_kind!(failure, FailureKind::Panic(_));
    assert!(
        failure
            .to_string()
            .contains("the message is out of bounds: 32 bytes at address 0xfffffff0"),
        "{failure}"
    );
}

#[test]
fn invalid_utf8_and_control_codes_are_shown_safely() {
    let failure = panic_of(&panicking([64, 6, 70, 4, 1, 1], b"a\xff\x1b[2Jf\r\ng"));
    assert_eq!(
        failure.to_string(),
        "error[panic]: command `run` panicked: a\u{fffd}\\u{1b}[2J\n--> f\\u{d}\\ng:1:1\n = note: used 64 KiB of 64 MiB of memory"
    );
}

#[test]
fn a_message_as_large_as_memory_is_shown_in_part() {
    let failure = running(&panicking([0, 65_536, 0, 65_536, 1, 1], b""));
    assert!(failure.panic().unwrap().message.len() < 5000);
}

#[test]
fn a_record_outside_memory_is_refused_at_once() {
    for address in [65_513_u32, 65_536, 0x8000_0000, 0xffff_ffff] {
        let version = format!(
            r#"(global (export "plugin_abi_1") i32 (i32.const {}))"#,
            address as i32
        );
        assert_kind!(
            building(Guest { version, ..Guest::default() }.builder()),
            FailureKind::OutOfBounds { region: Region::PanicRecord, address: at, len: 24, .. } if *at == address
        );
    }
}

#[test]
fn a_record_does_not_turn_a_timeout_into_a_panic() {
    let bytes = [1u8; 24];
    assert_kind!(
        running_in(brief(
            Guest::running(SPIN).with(&data(RECORD, &bytes)).builder()
        )),
        FailureKind::Timeout { .. }
    );
}
