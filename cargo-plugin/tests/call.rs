//! `cargo plugin call`, as its users run it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "call/replay.rs"]
mod replay;
mod support;

use insta::assert_snapshot;
use serde_json::json;
use support::modules::{EXPORTS, module, running, wares};
use support::{Folder, Ran, parsed};

fn shop() -> Folder {
    Folder::new().with("wares.wasm", wares())
}

/// Runs the tool in a folder, with words that are separated by spaces.
fn run(place: &Folder, line: &str) -> Ran {
    run_with(place, line, "")
}

fn run_with(place: &Folder, line: &str, input: &str) -> Ran {
    place.run_with(&line.split(' ').collect::<Vec<_>>(), input)
}

fn call(line: &str) -> Ran {
    run(&shop(), &format!("call wares.wasm {line}"))
}

#[test]
fn flags_become_arguments_and_results_are_printed_unchanged() {
    let order = call(concat!(
        "order --name tea --times 2 --urgent --packing bag --max-price 9.5 --tags a --tags b --sizes 1,2 ",
        r#"--labels {"to":"Ada"} --address {"street":"High-Street"} --payment {"cash":3}"#,
    ));
    assert_eq!(
        order.good(),
        concat!(
            r#"{"name":"tea","times":2,"urgent":true,"packing":"bag","max_price":9.5,"tags":["a","b"],"sizes":[1,2],"#,
            r#""labels":{"to":"Ada"},"address":{"street":"High-Street"},"payment":{"cash":3}}"#,
            "\n"
        )
    );
}

#[test]
fn arguments_come_as_json_from_line_file_or_standard_input() {
    let place = shop().with("order.json", r#"{"name":"tea","times":3}"#);
    let expected = "{\"name\":\"tea\",\"times\":4}\n";
    let inline = r#"{"name":"tea","times":3}"#;
    for line in [
        &format!("call wares.wasm order --args {inline} --times 4"),
        &format!("call wares.wasm --args {inline} order --times 4"),
        "call --args @order.json wares.wasm order --times 4",
        "call wares.wasm order --args - --times 4",
    ] {
        assert_eq!(run_with(&place, line, inline).good(), expected, "{line}");
    }
}

#[test]
fn the_commands_are_listed() {
    assert_snapshot!("commands", call("--help").good());
    // A missing command is an error, with the list of commands on standard error.
    let shown = run(&shop(), "call wares.wasm");
    assert_eq!((shown.code, shown.out.as_str()), (2, ""));
    let about = "Orders something, and answers with the order.";
    assert!(shown.err.contains(about), "{}", shown.err);
}

#[test]
fn help_of_a_command_has_its_flags_result_and_errors() {
    assert_snapshot!("help", call("order -h").good());
    assert_snapshot!("help-in-full", call("order --help").good());
    assert_snapshot!("help-of-a-raw-command", call("amplify --help").good());
    assert_snapshot!(
        "help-of-a-command-that-is-not-described",
        call("undescribed --help").good()
    );
}

#[test]
fn mistakes_in_the_line_are_errors_of_clap() {
    let mut shown = String::new();
    for line in [
        "ordre",
        "order",
        "order --name tea --times 300",
        "order --name ",
        "order --name tea --packing bga",
        "order --name tea --tiems 2",
        "order --name tea --fuel 2",
        "order --args {",
        r#"order --name tea --address {"town":"York"}"#,
        r#"order --name tea --address {"street":"#,
        "order --name tea --address @missing.json",
        "order --name tea --address.town York",
        "--input x order --name tea",
        "--args {} amplify",
        "amplify",
        "amplify --numbers 1,x",
        "compute --args {}",
    ] {
        shown.push_str(&format!("$ {line}\n{}\n", call(line).bad(2)));
    }
    assert_snapshot!("mistakes", shown);
}

#[test]
fn integers_beyond_64_bits_are_compared_exactly() {
    let integer = json!({"type": "integer", "minimum": i64::MIN, "maximum": u64::MAX});
    let arguments = json!({"type": "object", "properties": {"n": integer}});
    let take = json!({"name": "take", "arguments": arguments, "result": true});
    let manifest = json!({"abi": 1, "commands": [take]});
    let functions = r#"(export "command_take" (func $echo))"#;
    let place = Folder::new().with("takes.wasm", running(functions, Some(&manifest)));
    let take = |n: &str| {
        run(
            &place,
            &format!(r#"call takes.wasm take --args {{"n":{n}}}"#),
        )
    };
    for inside in ["-9223372036854775808", "18446744073709551615"] {
        take(inside).good();
    }
    for outside in ["-9223372036854775809", "18446744073709551616"] {
        let refused = take(outside).bad(2);
        let found = format!("found {outside}");
        assert!(refused.contains(&found), "{refused}");
    }
}

#[test]
fn raw_commands_take_and_give_bytes() {
    let place = shop()
        .with("block.f32", [0, 0, 128, 63])
        .with("words.txt", "some words");
    let words = ["call", "wares.wasm", "amplify", "--numbers", "1.5,-2"];
    let output = place.command(&words).output().unwrap();
    assert_eq!(
        output.stdout,
        [1.5f32.to_le_bytes(), (-2f32).to_le_bytes()].concat()
    );

    let written = run(
        &place,
        "call --output out.f32 wares.wasm amplify --input block.f32",
    );
    assert_eq!(written.good(), "");
    assert_eq!(place.read("out.f32"), [0, 0, 128, 63]);

    let from_stdin = run_with(&place, "call wares.wasm count --input -", "one two");
    assert_eq!(from_stdin.good(), "one two");
    assert_eq!(
        run(&place, "call wares.wasm count --input words.txt").good(),
        "some words"
    );
    assert_eq!(run(&place, "call wares.wasm count --text -x").good(), "-x");

    let json = run(&place, "--json call wares.wasm amplify --numbers 1.5,0.1");
    assert_eq!(parsed(&json.good()), json!({"result": [1.5, 0.1]}));
    let json = run(&place, "call --json -o x wares.wasm count --text abc");
    assert_eq!(
        parsed(&json.good()),
        json!({"output": {"file": "x", "bytes": 3}})
    );
}

#[test]
fn raw_string_is_printed_without_quotes() {
    assert_eq!(call("say").good(), "\"two\\nlines \\u001b[2J\"\n");
    // A pipe gets the text unchanged.
    assert_eq!(call("-r say").good(), "two\nlines \u{1b}[2J\n");
}

/// Returns a report without the time that the call took.
fn without_time(report: &str) -> String {
    let limit = " of 10s\n";
    let (before, after) = report.split_once(limit).unwrap();
    let (before, _) = before.rsplit_once(", ").unwrap();
    format!("{before}, …{limit}{after}")
}

#[test]
fn failed_call_is_explained_and_exits_with_1() {
    let failed = call("fail");
    assert_snapshot!("failed", failed.bad(1));
    let failed = call("--fuel 1000 spin");
    assert_snapshot!("out-of-fuel", without_time(&failed.bad(1)));
    let failed = call("--timeout 50ms spin");
    assert!(failed.bad(1).contains("help: `--timeout TIME` allows more"));

    // The limit of fuel that is only counted is nobody's choice.
    let counted = call("--stats --timeout 50ms spin");
    let report = counted.bad(1);
    assert!(
        report.contains(" fuel, ") && !report.contains("of 9223372036854775807"),
        "{report}"
    );

    let json = call("--json --stats fail");
    assert_eq!(json.code, 1);
    let document = parsed(&json.out);
    assert_eq!(document["error"]["code"], "sold_out");
    assert_eq!(document["stats"]["result_bytes"], 50);
}

#[test]
fn unusable_files_and_options_exit_with_3() {
    let place = shop()
        .with("broken.wasm", "no wasm")
        .with("empty.wasm", b"\0asm\x01\0\0\0");
    let mut shown = String::new();
    for line in [
        "call missing.wasm greet",
        "call broken.wasm greet",
        "call empty.wasm greet",
        "call --files assets wares.wasm fail",
        "call --allow-host http//x wares.wasm fail",
    ] {
        shown.push_str(&format!("$ {line}\n{}\n", run(&place, line).bad(3)));
    }
    assert_snapshot!("not-done", shown);
}

#[test]
fn statistics_are_reported_in_addition_to_the_result() {
    let ran = call("--stats order --name tea");
    assert_eq!(ran.out, "{\"name\":\"tea\"}\n");
    for line in [
        "  memory  2 pages of 64 KiB\n",
        "host calls  0\n",
        "  result  14 bytes\n",
        "  fuel  ",
    ] {
        assert!(ran.err.contains(line), "{line}: {}", ran.err);
    }
    let json = parsed(&call("--json --stats order --name tea").good());
    assert_eq!(json["result"], json!({"name": "tea"}));
    assert!(
        json["stats"]["fuel"].as_u64().is_some_and(|fuel| fuel > 0),
        "{json}"
    );
}

#[test]
fn undescribed_plugin_takes_json_or_bytes() {
    let place = Folder::new().with(
        "bare.wasm",
        running(r#"(export "command_echo" (func $echo))"#, None),
    );
    let echoed = run(&place, r#"call bare.wasm echo --args {"a":1}"#);
    assert_eq!(echoed.good(), "{\"a\":1}\n");
    assert_eq!(run(&place, "call bare.wasm echo").good(), "");
    let bytes = run_with(&place, "call bare.wasm echo --input -", "plain");
    assert_eq!(bytes.good(), "plain");
}

#[test]
fn help_of_call_shows_its_usage() {
    assert_snapshot!("usage", run(&shop(), "call --help").good());
    assert!(run(&shop(), "call").bad(2).contains("<FILE>"));
}

/// A plugin whose command `echo` answers with its arguments.
fn echo(id: &str, limits: serde_json::Value) -> Vec<u8> {
    let exact =
        r#"{"type":"integer","minimum":0,"maximum":340282366920938463463374607431768211455}"#;
    let exact: serde_json::Value = serde_json::from_str(exact).unwrap();
    let manifest = json!({
        "abi": 1, "id": id, "name": "Echo", "version": "1.0.0", "limits": limits,
        "permissions": [{"name": "kv", "reason": "keeps"}, {"name": "shop.sell", "reason": "sells"}],
        "commands": [{"name": "echo", "result": true, "arguments": {"type": "object", "properties": {
            "exact": exact, "number": {"type": "number"}, "whole": {"type": "integer"},
            "any": true, "text": {"type": "string"},
        }}}],
    });
    let command = r#"(func (export "command_echo") (param i32 i32) (result i64)
        (call $echo (local.get 0) (local.get 1)))"#;
    running(command, Some(&manifest))
}

fn echoing() -> Folder {
    Folder::new().with("echo.wasm", echo("echo", json!({})))
}

#[test]
fn numbers_pass_digit_by_digit() {
    let folder = echoing();
    let exact = "340282366920938463463374607431768211455";
    for (flag, number) in [
        ("exact", exact),
        ("exact", "18446744073709551616"),
        ("whole", "-170141183460469231731687303715884105729"),
        ("whole", "1234567890123456789012345678901234567890"),
        ("number", "0.30000000000000004"),
        ("number", "0.1000000000000000055511151231257827"),
        // The form in which serde_json writes an exponent.
        ("number", "1e+308"),
        ("number", "-0.0"),
        ("number", "9007199254740993"),
        ("any", "9007199254740993.5"),
        ("any", "18446744073709551615"),
    ] {
        let expected = format!("{{\"{flag}\":{number}}}\n");
        for arguments in [
            format!("--{flag}={number}"),
            format!("--args {{\"{flag}\":{number}}}"),
        ] {
            let plain = run(&folder, &format!("call echo.wasm echo {arguments}"));
            assert_eq!(plain.good(), expected);
            let json = run(&folder, &format!("--json call echo.wasm echo {arguments}"));
            let json = json.good();
            assert!(json.contains(&format!("\"{flag}\": {number}\n")), "{json}");
        }
    }
    let more = exact.replace("455", "456");
    let refused = run(&folder, &format!("call echo.wasm echo --exact {more}")).bad(2);
    assert!(
        refused.contains(&format!("is not in 0..={exact}")),
        "{refused}"
    );
    let shown = run(&folder, "info echo.wasm --schema echo").good();
    assert!(shown.contains(&format!("\"maximum\": {exact}")), "{shown}");
}

#[test]
fn text_comes_from_the_file_named_after_an_at_sign() {
    let folder = echoing().with("README.md", "# Hi\n");
    let sent = |text: &str| folder.run(&["call", "echo.wasm", "echo", "--text", text]);
    assert_eq!(sent("@README.md").good(), "{\"text\":\"# Hi\\n\"}\n");
    assert_eq!(sent("@@ada").good(), "{\"text\":\"@ada\"}\n");
    let missing = sent("@ada").bad(2);
    assert!(missing.contains("`@@ada` is the text `@ada`"), "{missing}");
}

#[test]
fn a_trace_shows_each_call_on_standard_error() {
    let ran = run(&echoing(), "call --trace echo.wasm echo --text Ada");
    for line in [
        "-> echo {\"text\":\"Ada\"}",
        "<- echo ok {\"text\":\"Ada\"}",
    ] {
        assert!(ran.err.contains(line), "{}", ran.err);
    }
    assert_eq!(ran.good(), "{\"text\":\"Ada\"}\n");
}

#[test]
fn json_for_programs_is_safe_for_a_terminal() {
    let folder = echoing();
    let text = "\u{9b}2J\u{202e}\u{2066}ä";
    let json = run(
        &folder,
        &format!("--json call echo.wasm echo --text {text}"),
    )
    .good();
    assert!(json.contains(r"\u009b2J\u202e\u2066ä"), "{json}");
    assert_eq!(parsed(&json)["result"]["text"], text);
}

#[test]
fn unknown_permission_is_refused_with_the_nearest() {
    let folder = echoing();
    let granted = |name: &str| folder.run(&["call", "--grant", name, "echo.wasm", "echo"]);
    for known in ["all", "kv", "http", "shop.sell"] {
        granted(known).good();
    }
    let typo = granted("https").bad(3);
    assert!(typo.contains("did you mean `--grant http`?"), "{typo}");
    let other = granted("root").bad(3);
    assert!(other.contains("ai, events, files, http, kv"), "{other}");
}

#[test]
fn limits_that_a_plugin_asks_for_do_not_lift_the_tools() {
    let limits = json!({"timeout_ms": u64::MAX, "memory_pages": 65_536, "max_fuel": u64::MAX});
    let manifest = json!({
        "abi": 1, "id": "greedy", "name": "Greedy", "version": "1.0.0", "limits": limits,
        "commands": [{"name": "grow", "arguments": {"type": "object"}, "result": true}],
    });
    let grow = r#"(func (export "command_grow") (param i32 i32) (result i64)
        (if (i32.ne (memory.grow (i32.const 1500)) (i32.const -1)) (then unreachable)) i64.const 0)"#;
    let folder = Folder::new().with("greedy.wasm", running(grow, Some(&manifest)));
    run(&folder, "call greedy.wasm grow").good();
    let allowed = ["call", "--memory-pages", "2000", "greedy.wasm", "grow"];
    assert!(folder.run(&allowed).bad(1).contains("unreachable"));
}

#[test]
fn limits_are_set_by_name() {
    let table = r#"(table 20000 funcref)
        (func (export "command_run") (param i32 i32) (result i64) i64.const 0)"#;
    let folder = Folder::new().with("large.wasm", running(table, None));
    let refused = run(&folder, "call large.wasm run").bad(1);
    assert!(refused.contains("`--limit table_elements=N`"), "{refused}");
    let with = |limit: &str| folder.run(&["call", "--limit", limit, "large.wasm", "run"]);
    with("table_elements=20000").good();
    let refused = with("globals=0").bad(3);
    assert!(refused.contains("`--limit globals=N`"), "{refused}");
    let unknown = with("table_element=1").bad(2);
    assert!(
        unknown.contains("did you mean `table_elements`?"),
        "{unknown}"
    );
}

#[test]
fn keys_belong_to_a_module_or_to_the_name_after_as() {
    let store = r#"(import "plugin_host" "kv_set" (func $set (param i32 i32 i32 i32) (result i64)))
        (import "plugin_host" "kv_list" (func $list (param i32 i32) (result i64)))"#;
    let plugin = |mark: &str| {
        let section = json!({
            "abi": 1, "id": "guest-book", "name": mark, "version": "1.0.0",
            "permissions": [{"name": "kv", "reason": "keeps"}],
            "commands": [
                {"name": "set", "arguments": {"type": "object"}, "result": true},
                {"name": "list", "arguments": {"type": "object"}, "result": true},
            ],
        });
        let fields = format!(
            r#"{EXPORTS} (data (i32.const 64) "key1")
            (func (export "command_set") (param i32 i32) (result i64)
                (call $set (i32.const 64) (i32.const 4) (i32.const 67) (i32.const 1)))
            (func (export "command_list") (param i32 i32) (result i64)
                (call $list (i32.const 64) (i32.const 0)))"#
        );
        module(store, &fields, Some(&format!("{section}\n")))
    };
    let folder = Folder::new()
        .with("book.wasm", plugin("Guest Book"))
        .with("impostor.wasm", plugin("Impostor"));
    let run = |file: &str, command: &str, own: &[&str]| {
        let options = ["call", "--grant", "kv", "--kv", "keys.redb"];
        let words = [&options[..], own, &[file, command]].concat();
        folder.run(&words).good()
    };
    run("book.wasm", "set", &[]);
    assert!(run("book.wasm", "list", &[]).contains("key1"));
    assert!(!run("impostor.wasm", "list", &[]).contains("key1"));
    assert!(!run("impostor.wasm", "list", &["--as", "guest-book"]).contains("key1"));
    run("book.wasm", "set", &["--as", "guest-book"]);
    assert!(run("impostor.wasm", "list", &["--as", "guest-book"]).contains("key1"));
}
