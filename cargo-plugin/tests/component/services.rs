//! The services, as imports.

use serde_json::json;

use super::{built, case, check, component, ok, only, wide};

/// One call of each function of the services.
#[test]
fn services_are_imports_with_types() {
    let calls = json!([
        case("kv-get", json!("a")),
        case("kv-set", json!(["a", r#"{"x":[1]}"#])),
        case("kv-set", json!(["ab", "1"])),
        case("kv-get", json!("a")),
        case("kv-list", json!("a")),
        case("kv-delete", json!("a")),
        case("kv-delete", json!("a")),
        case("http", json!(["PUT", "http://h/", "body"])),
        case("http-within", json!(["http://h/", wide(250)])),
        case("emit", json!(["t.x", "[1]"])),
        case("subscribe", json!("p")),
        case("unsubscribe", json!("p")),
        case("read", json!("data/f")),
        case("write", json!(["data/f", "x"])),
        case("remove", json!("data/f")),
        case("list", json!("data")),
        case("chat", json!("Hello")),
        case("config", json!("key")),
        case("config", json!("other")),
        case("log", json!("a line")),
        case("now", json!(null)),
        case("monotonic", json!(null)),
        case("random", json!(null)),
    ]);
    let refused = case(
        "err",
        json!({
            "code": "permission_denied", "message": "not granted", "details": r#"{"a":1}"#,
            "source": null,
        }),
    );
    let results = [
        "null",
        "null",
        "null",
        r#"{"x":[1]}"#,
        r#"["a","ab"]"#,
        "true",
        "false",
        r#"[200,"PUT http://h/ None body"]"#,
        r#"[200,"GET http://h/ 250 "]"#,
        "null",
        "",
        "null",
        r#""contents of data/f""#,
        "null",
        "",
        r#"["a","b"]"#,
        r#""user:Hello""#,
        r#""set""#,
        "null",
        "null",
        "1152921504606846977",
        "7",
        "506097522914230528",
    ];
    let results = results.map(|result| match result {
        "" => refused.clone(),
        result => case("ok", json!(result)),
    });
    let folder = built("component", "services", &[]);
    check(
        &component(&folder, "component", "services"),
        &[
            only("run", json!([calls]), ok(json!(results))),
            only(
                "$lines",
                json!([]),
                ok(json!(["emit t.x [1]", "info services: a line"])),
            ),
            only("event", json!(["any.topic", "1"]), ok(json!(null))),
            only("heard", json!([]), ok(json!(["any.topic"]))),
            only(
                "$lines",
                json!([]),
                ok(json!([r#"emit heard "any.topic""#])),
            ),
        ],
    );
}
