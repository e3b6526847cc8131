//! Tests of `cargo plugin info` on the command line.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::Folder;
use support::modules::{EXPORTS, greeter, module, plugin};

fn info(folder: &Folder, options: &[&str]) -> (i32, String) {
    folder
        .run(&[&["info", "greeter.wasm"], options].concat())
        .said()
}

#[test]
fn info_shows_the_whole_description() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

#[test]
fn programs_read_the_manifest_and_facts_of_the_module() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let output = support::json(&mut support::plugin(
        folder.path(),
        &["info", "greeter.wasm", "--json"],
    ));
    let Value::Object(mut members) = output else {
        panic!()
    };
    let module = members.remove("module").unwrap();
    assert_eq!(Value::Object(members), greeter());
    assert_eq!(module["memory_pages"], 2);
    assert_eq!(module["file"], "greeter.wasm");
}

#[test]
fn a_commands_schemas_stand_alone() {
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&greeter()));
    let (code, result) = info(&folder, &["--schema", "greet", "--result"]);
    assert_eq!(code, 0);
    let result: Value = serde_json::from_str(&result).unwrap();
    assert!(jsonschema::is_valid(
        &result,
        &json!({"message": "Hello", "greeted": 1})
    ));
    assert!(!jsonschema::is_valid(&result, &json!({"message": "Hello"})));
    let (_, arguments) = info(&folder, &["--schema", "greet"]);
    let arguments: Value = serde_json::from_str(&arguments).unwrap();
    assert!(!jsonschema::is_valid(
        &arguments,
        &json!({"name": "Ada", "times": 256})
    ));

    let (code, said) = info(&folder, &["--schema", "gret"]);
    assert_eq!(code, 3);
    assert!(said.contains("did you mean `greet`?"), "{said}");
}

#[test]
fn texts_of_a_plugin_do_nothing_to_the_terminal() {
    let mut manifest = greeter();
    manifest["description"] = json!("one\u{1b}[2J\ntwo\u{202e}");
    manifest["commands"][0]["errors"][0]["description"] = json!("\u{7}");
    let folder = Folder::new();
    folder.write("greeter.wasm", plugin(&manifest));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 0);
    assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said}");
    assert!(said.contains("one\\u{1b}[2J"), "{said}");
}

#[test]
fn a_module_without_a_description_gets_a_hint() {
    let folder = Folder::new();
    folder.write("greeter.wasm", module("", EXPORTS, None));
    let (code, said) = info(&folder, &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!(said);
}

#[test]
fn the_reference_is_written_as_html_and_as_markdown() {
    let folder = Folder::new().with("any name.wasm", plugin(&greeter()));
    let said = folder
        .run(&["docs", "any name.wasm", "-o", "new/docs"])
        .good();
    assert_eq!(said, "✓ new/docs/greeter.html\n✓ new/docs/greeter.md\n");
    let read = |name: &str| String::from_utf8(folder.read(name)).unwrap();
    let markdown = read("new/docs/greeter.md");
    assert!(
        markdown.starts_with("# Greeter\n\nGreets people"),
        "{markdown}"
    );
    assert!(
        markdown.contains("Result: [Greeting](#greeting)."),
        "{markdown}"
    );
    let html = read("new/docs/greeter.html");
    for part in [
        "<!doctype html>",
        "<title>Greeter</title>",
        "<h3 id=\"greet\"><code>greet</code></h3>",
        "<a href=\"#greeting\">Greeting</a>",
        "<h3 id=\"greeting\">Greeting</h3>",
        "<td>u8</td><td>default <code>1</code></td>",
        "<a href=\"https://example.com/greeter\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script"), "{html}");
    let said = folder.run(&["docs", "new"]).bad(3);
    assert!(said.contains("cannot read `new`"), "{said}");
}

#[test]
fn nothing_of_a_plugin_is_markup_of_its_reference() {
    let hostile =
        "</title><script>alert(1)</script><img src=x onerror=alert(1)>\n\n<b>\n\n```\nopen";
    let link = "[a](javascript:alert(1)) ![b](https://example.com/b.png) <https://example.com> [c](data:text/html,x)";
    let mut manifest = greeter();
    manifest["name"] = hostile.into();
    manifest["description"] = format!("{link}\n\n{hostile}").into();
    manifest["homepage"] = "javascript:alert(1)".into();
    manifest["license"] = "https://example.com/a|b>".into();
    manifest["authors"] = json!([hostile]);
    let greet = &mut manifest["commands"][0];
    greet["description"] = hostile.into();
    greet["errors"][0]["description"] = format!("a | b ` {hostile}").into();
    greet["arguments"]["properties"]["name"]["description"] = hostile.into();
    greet["arguments"]["properties"]["name"]["default"] = hostile.into();
    greet["arguments"]["properties"]["</table>`|"] = json!({"enum": [hostile, "|`"]});
    manifest["$defs"]["<i>|`"] =
        json!({"description": hostile, "oneOf": [{"const": hostile, "description": hostile}]});
    let folder = Folder::new().with("greeter.wasm", plugin(&manifest));
    folder.run(&["docs", "greeter.wasm"]).good();
    let html = String::from_utf8(folder.read("greeter.html")).unwrap();
    let (_, body) = html.split_once("<body").unwrap();
    for markup in [
        "<script",
        "<img",
        "<b>",
        "<i>",
        "javascript:",
        "data:",
        "</title",
    ] {
        let markup = body.match_indices(markup).find(|(at, _)| {
            // Within text, it is escaped or follows no quote of an attribute.
            markup.starts_with('<') || body[..*at].ends_with("=\"")
        });
        assert_eq!(markup, None, "{html}");
    }
    assert_eq!(html.matches("</title>").count(), 1);
    assert!(
        body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{body}"
    );
    assert!(body.contains("<a href=\"https://example.com\">"), "{body}");
    // The text after the open code block is still a part of the document.
    assert!(
        body.contains("<h3 id=\"reverse\"><code>reverse</code></h3>"),
        "{body}"
    );
    assert!(body.contains("<h2 id=\"types\">Types</h2>"), "{body}");
}
