//! Hooks that never end.

use super::*;

#[test]
fn an_endless_init_hook_times_out() {
    let init = format!(r#"(func (export "plugin_init") (param i32 i32) (result i64) {SPIN})"#);
    let guest = Guest {
        init,
        ..Guest::default()
    };
    let failure = building(guest.builder().timeout(BRIEF));
    assert!(
        failure.message().starts_with("`plugin_init` took longer"),
        "{failure}"
    );
    assert_kind!(failure, FailureKind::Timeout { .. });
}

#[test]
fn an_endless_cleanup_hook_times_out() {
    let cleanup = r#"(func (export "plugin_cleanup") (loop $spin (br $spin)))"#.to_owned();
    let guest = Guest {
        cleanup,
        ..Guest::running(ECHO)
    };
    let mut plugin = brief(guest.builder()).build().unwrap();
    assert_kind!(plugin.cleanup().unwrap_err(), FailureKind::Timeout { .. });
    assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::Poisoned { .. }
    );
}

#[test]
fn endless_start_and_event_hooks_time_out() {
    let hooks = format!(
        r#"(func (export "plugin_start") (result i64) {SPIN})
           (func (export "plugin_event") (param i32 i32) (result i64) {SPIN})"#
    );
    let guest = Guest::default().with(&hooks);
    let plugin = || brief(guest.builder()).build().unwrap();
    assert_kind!(plugin().start().unwrap_err(), FailureKind::Timeout { .. });
    assert_kind!(
        plugin().event("topic", 1).unwrap_err(),
        FailureKind::Timeout { .. }
    );
}
