//! Outcomes and costs of calls.

use serde_json::{Value, json};

use super::{counting, observed};

#[test]
fn nothing_is_counted_unless_asked_for() {
    let mut plugin = observed().build().unwrap();
    plugin.call_raw("echo", b"").unwrap();
    assert_eq!(plugin.statistics().iter().count(), 0);
    assert!(plugin.statistics().to_string().contains(".statistics()"));
    assert_eq!(
        serde_json::to_value(plugin.statistics()).unwrap(),
        json!([])
    );
}

#[test]
fn calls_errors_and_bytes_are_counted_for_each_command_and_hook() {
    let mut plugin = observed().statistics().build().unwrap();
    for name in ["Ada", "", "Grace"] {
        let _ = plugin.call::<Value>("greet", json!({"name": name}));
    }
    plugin.call_raw("echo", &[0; 1000]).unwrap();
    plugin.call_in_place("double", &mut [0; 16]).unwrap();
    plugin.start().unwrap();
    plugin.stop().unwrap_err();
    plugin.cleanup().unwrap();
    // These two never reach the guest.
    plugin.call::<Value>("great", json!({})).unwrap_err();
    plugin.event("topic", 1).unwrap_err();

    let statistics = plugin.statistics();
    let names: Vec<&str> = statistics.iter().map(|call| &*call.name).collect();
    let hooks = [
        "plugin_init",
        "plugin_start",
        "plugin_stop",
        "plugin_cleanup",
    ];
    assert_eq!(names, [&["double", "echo", "greet"][..], &hooks].concat());

    let greet = statistics.command("greet").unwrap();
    assert_eq!((greet.calls, greet.errors, greet.traps), (3, 1, 0));
    let arguments = ["Ada", "", "Grace"].map(|name| json!({"name": name}).to_string().len() as u64);
    assert_eq!(greet.bytes_in, arguments.iter().sum::<u64>());
    let error = r#"{"code":"nobody","message":"there is no one to greet"}"#;
    let results = [
        r#"{"message":"Hello, Ada!","greeted":1}"#,
        error,
        r#"{"message":"Hello, Grace!","greeted":2}"#,
    ];
    let results: usize = results.iter().map(|result| result.len()).sum();
    assert_eq!(greet.bytes_out, results as u64);
    let echo = statistics.command("echo").unwrap();
    assert_eq!((echo.bytes_in, echo.bytes_out), (1000, 1000));
    assert_eq!(statistics.command("plugin_stop").unwrap().errors, 1);
    assert_eq!(greet.peak_pages * 65_536, plugin.memory_bytes() as u64);
}

#[test]
fn traps_and_errors_differ_and_calls_after_death_do_not_count() {
    let mut plugin = observed().statistics().build().unwrap();
    for _ in 0..3 {
        plugin.call::<Value>("panic", json!({})).unwrap_err();
    }
    let panic = plugin.statistics().command("panic").unwrap();
    assert_eq!((panic.calls, panic.errors, panic.traps), (1, 0, 1));
}

#[test]
fn fuel_is_summed_up_where_it_is_counted() {
    let mut plugin = observed().statistics().fuel(10_000_000).build().unwrap();
    for rounds in [10, 1000] {
        plugin
            .call::<u64>("work", json!({"rounds": rounds}))
            .unwrap();
    }
    let most = plugin.fuel_used();
    let work = plugin.statistics().command("work").unwrap();
    assert_eq!(work.max_fuel, most);
    assert!(work.fuel > most && work.fuel < most.map(|fuel| 2 * fuel));

    let mut plugin = observed().statistics().build().unwrap();
    plugin.call::<u64>("work", json!({"rounds": 1})).unwrap();
    assert_eq!(plugin.statistics().command("work").unwrap().fuel, None);
}

#[test]
fn times_are_ordered_and_include_the_mean() {
    let mut plugin = observed().statistics().build().unwrap();
    for rounds in 0..200 {
        plugin
            .call::<u64>("work", json!({"rounds": rounds * 10}))
            .unwrap();
    }
    let work = plugin.statistics().command("work").unwrap();
    assert!(work.times.min > std::time::Duration::ZERO);
    assert!(work.times.min <= work.times.mean() && work.times.mean() <= work.times.max);
    assert!(work.times.min <= work.times.percentile(50.0));
    assert!(work.times.percentile(50.0) <= work.times.p99() && work.times.p99() <= work.times.max);
}

#[test]
fn memory_and_heap_are_measured_after_the_call() {
    let mut plugin = counting().statistics().build().unwrap();
    plugin.call_raw("fill", &8u32.to_le_bytes()).unwrap();
    let small = plugin.statistics().command("fill").unwrap().peak_pages;
    plugin
        .call_raw("fill", &(1u32 << 20).to_le_bytes())
        .unwrap();
    let fill = plugin.statistics().command("fill").unwrap();
    assert!(fill.peak_pages >= small + 16, "{small}");
    assert_eq!(fill.heap, plugin.heap());
}

#[test]
fn statistics_are_a_table_and_a_list_of_numbers() {
    let mut plugin = counting().statistics().fuel(1 << 30).build().unwrap();
    plugin.call_raw("echo", b"1234").unwrap();
    let table = plugin.statistics().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    for column in [
        "command",
        "p99",
        "fuel/call",
        "bytes in",
        "memory",
        "live blocks",
    ] {
        assert!(lines[0].contains(column), "{table}");
    }
    assert!(lines[2].starts_with("| echo"), "{table}");
    assert!(table.is_ascii() || !table.contains('\x1b'), "{table}");

    let numbers = serde_json::to_value(plugin.statistics()).unwrap();
    assert_eq!(numbers[0]["name"], "echo");
    assert_eq!(numbers[0]["calls"], 1);
    assert_eq!(numbers[0]["bytes_in"], 4);
    assert_eq!(numbers[0]["min_ns"], numbers[0]["max_ns"]);
    assert!(numbers[0]["heap"]["live_blocks"].is_u64());
}
