//! The OpenAPI document, and programs that read it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::ServerOptions;
use plugin_sdk_tests::Build;
use serde_json::{Map, Value, json};

use super::{Server, described};

#[test]
fn the_openapi_document_describes_every_command() {
    let server = Server::of(&["greeter", "text-stats", "basics"]);
    let (status, document) = server.get("/openapi.json");
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    let greet = &document["paths"]["/api/plugins/greeter/commands/greet"]["post"];
    let schema = &greet["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(schema["properties"]["name"]["type"], "string");
    check_references(&document);
}

/// Checks that every reference has its definition.
fn check_references(document: &Value) {
    let mut references = Vec::new();
    collect(document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn names_that_collide_in_the_openapi_document_get_numbers() {
    let registry = Registry::new();
    let load = |id: &str, command: &str, definitions: &[(&str, &str)]| {
        let members = definitions
            .iter()
            .map(|(name, reference)| ((*name).to_owned(), json!({"$ref": reference})));
        let defined = definitions.iter().map(|(name, _)| {
            (
                (*name).to_owned(),
                json!({"const": format!("{id}: {name}")}),
            )
        });
        let manifest = json!({
            "abi": 1, "id": "names", "name": "Names", "version": "1.0.0",
            "commands": [{
                "name": command,
                "arguments": {"type": "object", "properties": Map::from_iter(members)},
                "result": true,
            }],
            "$defs": Map::from_iter(defined),
        });
        let options = PluginOptions::new().id(id);
        registry.load(described(&manifest), options).unwrap();
    };
    let generic = [
        ("Page<Item>", "#/$defs/Page%3CItem%3E"),
        ("Page_Item_", "#/$defs/Page_Item_"),
        ("a/~b", "#/$defs/a~1~0b"),
        ("x.Page<Item>", "#/$defs/x.Page%3CItem%3E"),
    ];
    load("x", "y_z", &generic);
    load("x.x", "y", &[("Page_Item_", "#/$defs/Page_Item_")]);
    load("x_y", "z", &[]);
    let server = Server::serving(registry, ServerOptions::new());
    let (_, document) = server.get("/openapi.json");
    check_references(&document);
    // Each reference leads to the definition that the plugin means.
    let operation = |path: &str| document["paths"][path]["post"].clone();
    let members = |path: &str| {
        let body = &operation(path)["requestBody"]["content"]["application/json"];
        body["schema"]["properties"].as_object().unwrap().clone()
    };
    let (x, xx) = ("/api/plugins/x/commands/y_z", "/api/plugins/x.x/commands/y");
    for (id, path) in [("x", x), ("x.x", xx)] {
        for (name, member) in members(path) {
            let reference = member["$ref"].as_str().unwrap();
            let pointer = reference.strip_prefix('#').unwrap();
            let meant = json!({"const": format!("{id}: {name}")});
            assert_eq!(document.pointer(pointer), Some(&meant), "{reference}");
        }
    }
    let y = operation("/api/plugins/x_y/commands/z");
    assert_ne!(operation(x)["operationId"], y["operationId"]);

    // The document follows the plugins.
    server.registry.unload("x_y").unwrap();
    let (_, document) = server.get("/openapi.json");
    assert!(
        document["paths"]
            .get("/api/plugins/x_y/commands/z")
            .is_none()
    );
}

/// Runs a program of the tests' Python with arguments, in a folder for its files.
fn python(dir: &Path, arguments: &[&str]) {
    let usual = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python/bin/python3");
    let given = std::env::var_os("PLUGIN_SDK_PYTHON").map(PathBuf::from);
    let output = Command::new(given.unwrap_or(usual))
        .args(arguments)
        .current_dir(dir)
        .env("PYTHONPATH", openapi_dir())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{error}\ntype `cargo xtask setup`"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
}

fn openapi_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi")
}

#[test]
fn the_openapi_document_and_the_server_agree() {
    let registry = Registry::new();
    for guest in ["greeter", "text-stats", "guest-book"] {
        let options = PluginOptions::new().setup(|_, plugin| plugin.grant_all());
        let wasm = Build::of(guest).wasm().unwrap().to_vec();
        registry.load(Source::bytes(wasm), options).unwrap();
    }
    let server = Server::serving(registry, ServerOptions::new());
    let dir = tempfile::tempdir().unwrap();
    let (_, document) = server.get("/openapi.json");
    fs::write(dir.path().join("openapi.json"), document.to_string()).unwrap();
    python(
        dir.path(),
        &["-m", "openapi_spec_validator", "openapi.json"],
    );

    let settings = openapi_dir().join("schemathesis.toml");
    let url = server.url("/openapi.json");
    let arguments = [
        "-m",
        "schemathesis.cli",
        "--config-file",
        settings.to_str().unwrap(),
        "run",
        &url,
        // The same requests in each run: a failure can be repeated.
        "--seed",
        "1",
        "--max-examples",
        "20",
        "--phases",
        "examples,coverage,fuzzing",
        "--generation-database",
        "none",
        "--no-color",
    ];
    python(dir.path(), &arguments);
    // It made requests, and some of them were calls that worked.
    let (_, greeter) = server.get("/api/plugins/greeter");
    let stats = &greeter["data"]["plugin"]["stats"];
    let number = |name: &str| stats[name].as_u64().unwrap();
    assert!(number("call_count") > number("error_count") + 5, "{stats}");
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str));
            members
                .values()
                .for_each(|member| collect(member, references));
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| collect(element, references)),
        _ => {}
    }
}
