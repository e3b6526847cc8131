//! Calls of host functions: false arguments, floods, and calls back into the guest.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, command, data};
use crate::hostile::outcome::Outcome;

/// A service function of the host: its name, and its type.
type Service = (&'static str, &'static str);

const LOG: Service = ("log_write", "(param i32 i32 i32 i32 i32)");
const TIME: Service = ("time_now", "(param i32) (result i64)");
const RANDOM: Service = ("random_fill", TWO);
const KV_GET: Service = ("kv_get", TWO);
const KV_SET: Service = ("kv_set", FOUR);
const EMIT: Service = ("events_emit", FOUR);
const SUBSCRIBE: Service = ("events_subscribe", TWO);
const READ: Service = ("files_read", TWO);
const SEND: Service = ("http_send", FOUR);

const TWO: &str = "(param i32 i32) (result i64)";
const FOUR: &str = "(param i32 i32 i32 i32) (result i64)";

/// A guest that imports a service as `$host`, and whose command `run` has this body. There are the
/// texts `a.b` at address 64, `{}` at 72 and this one at 128.
fn calls((name, ty): Service, text: &[u8], body: &str) -> Guest {
    let memory = format!(
        r#"(import "plugin_host" "{name}" (func $host {ty})) (memory (export "memory") 1)"#
    );
    Guest {
        memory,
        ..Guest::running(body)
    }
    .with(&data(64, b"a.b"))
    .with(&data(72, b"{}"))
    .with(&data(128, text))
}

/// A guest that calls a service with these numbers, and answers with what it gets.
fn service(
    name: &'static str,
    about: &'static str,
    service: Service,
    arguments: &'static [i32],
) -> Case {
    service_with(name, about, service, b"", move || call(service, arguments))
}

/// A guest with a text at address 128, and a command with this body.
fn service_with(
    name: &'static str,
    about: &'static str,
    service: Service,
    text: &'static [u8],
    body: impl Fn() -> String + Send + Sync + 'static,
) -> Case {
    case(name, about).guest(move || calls(service, text, &body()))
}

/// A guest that calls a service with these numbers again and again.
fn endless(
    name: &'static str,
    about: &'static str,
    service: Service,
    arguments: &'static [i32],
) -> Case {
    let body = move || {
        let call = numbers(arguments);
        let drop = if service == LOG { "" } else { "drop" };
        format!("(loop $more (call $host {call}) {drop} (br $more)) unreachable")
    };
    service_with(name, about, service, b"", body)
        .brief()
        .runs(time_limit())
}

/// A guest that calls a service so many times with these numbers.
fn flood(
    name: &'static str,
    about: &'static str,
    service: Service,
    arguments: &'static [i32],
    times: u32,
) -> Case {
    let body = move || {
        let call = numbers(arguments);
        let drop = if service == LOG { "" } else { "drop" };
        format!(
            "(local $n i32) (local.set $n (i32.const {times}))
            (loop $more (call $host {call}) {drop}
                (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            i64.const 0"
        )
    };
    service_with(name, about, service, b"", body).runs(answers())
}

/// A guest that calls a service with these numbers until the host refuses, and answers with that.
/// Before each call it changes eight letters at address 128.
fn until_refused(
    name: &'static str,
    about: &'static str,
    service: Service,
    arguments: &'static [i32],
) -> Case {
    let body = move || {
        let call = numbers(arguments);
        let letters = |address: u32, shift: u32| {
            format!(
                "(i32.store (i32.const {address}) (i32.or (i32.const 0x61616161) (i32.and
                    (i32.shr_u (local.get $n) (i32.const {shift})) (i32.const 0x0f0f0f0f))))"
            )
        };
        format!(
            "(local $answer i64) (local $n i32) (drop (memory.grow (i32.const 17)))
            (loop $more
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                {} {}
                (local.set $answer (call $host {call}))
                (br_if $more (i64.eqz (local.get $answer))))
            (local.get $answer)",
            letters(128, 0),
            letters(132, 4)
        )
    };
    service_with(name, about, service, b"", body)
}

fn numbers(arguments: &[i32]) -> String {
    let number = |number: &i32| format!("(i32.const {number})");
    arguments.iter().map(number).collect::<Vec<_>>().join(" ")
}

/// Calls a service, after the memory has grown if an argument is larger than it.
fn call(service: Service, arguments: &[i32]) -> String {
    let grow = match arguments.iter().any(|argument| *argument > 0x10_0000) {
        true => "(drop (memory.grow (i32.const 300)))",
        false => "",
    };
    let result = if service == LOG { "i64.const 0" } else { "" };
    format!("{grow} (call $host {}) {result}", numbers(arguments))
}

pub(super) fn cases() -> Vec<Case> {
    // A host may end the call, or answer with an error.
    let bad_argument = || ends(Outcome::Trap, "bad_host_argument").or(&[Outcome::ErrorValue]);
    let not_utf8 = b"\xff\xfe\xfd\xfc";
    // The level `info` and the target `a.b`, and then the line.
    let mut cases = vec![
        service(
            "log-outside-memory",
            "A log line is outside memory.",
            LOG,
            &[3, 64, 3, 65_530, 100],
        )
        .runs(bad_argument()),
        service(
            "log-wraps-around",
            "A log line's address and length exceed 32 bits.",
            LOG,
            &[3, 64, 3, -16, 32],
        )
        .runs(bad_argument()),
        service(
            "log-at-no-level",
            "A log line has a level that does not exist.",
            LOG,
            &[-7, 64, 3, 64, 3],
        )
        .runs(answers().or(&[Outcome::Trap])),
        service_with(
            "log-not-utf8",
            "A log line is not UTF-8.",
            LOG,
            not_utf8,
            || call(LOG, &[3, 64, 3, 128, 4]),
        )
        .runs(answers().or(&[Outcome::Trap])),
        service(
            "log-line-of-15-mib",
            "A log line has 15 MiB.",
            LOG,
            &[3, 64, 3, 1024, 0xf0_0000],
        )
        .runs(answers()),
        flood(
            "log-flood",
            "A call writes 20,000 log lines.",
            LOG,
            &[3, 64, 3, 64, 3],
            20_000,
        ),
        endless(
            "log-endless",
            "A call writes log lines without end.",
            LOG,
            &[3, 64, 3, 64, 3],
        ),
        endless(
            "time-endless",
            "A call asks for the time without end.",
            TIME,
            &[256],
        ),
        service(
            "time-outside-memory",
            "The time is to be written after the end of memory.",
            TIME,
            &[65_530],
        )
        .runs(bad_argument()),
        service(
            "random-outside-memory",
            "Random bytes are to be written outside memory.",
            RANDOM,
            &[65_530, 100],
        )
        .runs(bad_argument()),
        service(
            "random-of-17-mib",
            "A call asks for 17 MiB of random bytes.",
            RANDOM,
            &[0, 0x110_0000],
        )
        .runs(error_value("too_large").or(&[Outcome::Answers])),
        endless(
            "random-endless",
            "A call asks for random bytes without end.",
            RANDOM,
            &[256, 60_000],
        ),
    ];
    cases.extend([
        service(
            "kv-without-a-grant",
            "A plugin writes a key without the permission.",
            KV_SET,
            &[64, 3, 72, 2],
        )
        .runs(error_value("permission_denied")),
        service(
            "kv-outside-memory",
            "A key is outside memory.",
            KV_GET,
            &[0x20000, 3],
        )
        .granted(&["kv"])
        .runs(bad_argument()),
        service_with(
            "kv-key-not-utf8",
            "A key is not UTF-8.",
            KV_GET,
            not_utf8,
            || call(KV_GET, &[128, 4]),
        )
        .granted(&["kv"])
        .runs(error_value("invalid_argument").or(&[Outcome::Trap])),
        service(
            "kv-key-of-60-kb",
            "A key has 60,000 bytes.",
            KV_GET,
            &[1024, 60_000],
        )
        .granted(&["kv"])
        .runs(error_value("invalid_argument")),
        until_refused(
            "kv-flood",
            "A call stores values of a MiB each until the host refuses.",
            KV_SET,
            &[128, 8, 1024, 0x10_0000],
        )
        .granted(&["kv"])
        .runs(error_value("quota_exceeded")),
        flood(
            "events-flood",
            "A call emits 5000 events.",
            EMIT,
            &[64, 3, 72, 2],
            5000,
        )
        .granted(&["events"]),
        service(
            "events-not-json",
            "An event's data are not JSON.",
            EMIT,
            &[64, 3, 64, 3],
        )
        .granted(&["events"])
        .runs(error_value("invalid_argument").or_kind("invalid_json")),
        service_with(
            "events-of-two-mib",
            "An event's data are a string of 2 MiB.",
            EMIT,
            b"",
            || {
                let quoted = "(memory.fill (i32.const 1024) (i32.const 65) (i32.const 0x200000))
                (i32.store8 (i32.const 1024) (i32.const 34))
                (i32.store8 (i32.const 0x2003ff) (i32.const 34))";
                let call = numbers(&[64, 3, 1024, 0x20_0000]);
                format!("(drop (memory.grow (i32.const 40))) {quoted} (call $host {call})")
            },
        )
        .granted(&["events"])
        .runs(error_value("too_large").naming(&["max_event_bytes"])),
        until_refused(
            "events-subscriptions-flood",
            "A call subscribes to topics until the host refuses.",
            SUBSCRIBE,
            &[128, 8],
        )
        .granted(&["events"])
        .runs(error_value("quota_exceeded")),
        service_with(
            "files-out-of-their-folder",
            "A path leads out of the folder.",
            READ,
            b"../../../../etc/passwd",
            || call(READ, &[128, 22]),
        )
        .granted(&["files"])
        .runs(error_value("invalid_argument").or_kind("not_found")),
        service_with(
            "http-without-a-grant",
            "A request is sent without the permission.",
            SEND,
            br#"{"method":"GET","url":"http://169.254.169.254/a"}"#,
            || call(SEND, &[128, 49, 64, 0]),
        )
        .runs(error_value("permission_denied")),
        reentrant(
            "alloc-calls-the-host",
            "`alloc` calls the host function that needs it, without end.",
            "(drop (call $get (i32.const 64) (i32.const 3))) i32.const 1024",
        )
        .runs(
            stack_overflow()
                .or_kind("host_function")
                .or(&[Outcome::ErrorValue]),
        ),
        reentrant(
            "alloc-for-the-host-outside-memory",
            "`alloc` returns an address outside memory to a host function.",
            "i32.const 0x20000",
        )
        .runs(bad_argument().or(&[Outcome::BadResult])),
        reentrant(
            "alloc-for-the-host-traps",
            "`alloc` traps when a host function calls it.",
            "unreachable",
        )
        .runs(trap()),
        reentrant(
            "alloc-for-the-host-returns-zero",
            "`alloc` returns 0 to a host function.",
            "i32.const 0",
        )
        .runs(ends(Outcome::Trap, "host_function").or(&[Outcome::BadResult, Outcome::ErrorValue])),
        reentrant(
            "alloc-for-the-host-never-ends",
            "`alloc` never returns to a host function.",
            "(loop $spin (br $spin)) unreachable",
        )
        .brief()
        .runs(time_limit()),
    ]);
    cases
}

/// A guest that stores a value and asks for it, and whose `alloc` then has this body.
fn reentrant(name: &'static str, about: &'static str, alloc: &'static str) -> Case {
    let guest = move || {
        let memory = r#"(import "plugin_host" "kv_set" 
                (func $set (param i32 i32 i32 i32) (result i64)))
            (import "plugin_host" "kv_get" (func $get (param i32 i32) (result i64)))
            (memory (export "memory") 1)"#;
        let alloc = format!(r#"(func (export "alloc") (param i32) (result i32) {alloc})"#);
        let body = "(drop (call $set (i32.const 64) (i32.const 3) (i32.const 72) (i32.const 2)))
            (call $get (i32.const 64) (i32.const 3))";
        let parts = Guest {
            memory: memory.to_owned(),
            alloc,
            ..Guest::default()
        };
        parts
            .with(&command("run", body))
            .with(&data(64, b"a.b"))
            .with(&data(72, b"{}"))
    };
    case(name, about).guest(guest).granted(&["kv"])
}
