//! Runs the plugin as ToolFS does: the same source, built with the feature `host-toolfs`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::services::MemoryFiles;
use plugin_sdk_harness::{Plugin, Source};
use rag::{Config, Found, Indexed, Rag};
use serde_json::json;

fn library() -> MemoryFiles {
    let granted = MemoryFiles::new().read_only("docs");
    [
        (
            "docs/axolotl.md",
            "An axolotl lives in lakes, and never grows up.",
        ),
        (
            "docs/pets/cats.md",
            "A cat sleeps all day.\n\nAt night, a cat hunts.",
        ),
        ("docs/tokyo.txt", "東京は日本の首都です。"),
    ]
    .iter()
    .try_fold(granted, |files, (path, text)| files.with_file(path, text))
    .unwrap()
}

fn on_toolfs(files: MemoryFiles) -> Plugin {
    Plugin::builder(Source::crate_dir(env!("CARGO_MANIFEST_DIR")))
        .config(json!({"passage_bytes": 30}))
        .grant("files")
        .files(files)
        .build_for(hosts::toolfs())
        .unwrap()
}

#[test]
fn answers_equal_the_native_ones() {
    let mut plugin = on_toolfs(library());
    let _files = plugin_sdk::files::install(library());
    let mut native = Rag::new(Config {
        passage_bytes: 30,
        ..Config::default()
    })
    .unwrap();

    let indexed: Indexed = plugin.call("index", json!({"path": "docs"})).unwrap();
    assert_eq!(indexed, native.index("docs").unwrap());
    assert_eq!(indexed.files, 3);
    for query in [
        "Where does an axolotl live?",
        "cat",
        "首都",
        "nothing of it",
    ] {
        let found: Vec<Found> = plugin.call("search", json!({ "query": query })).unwrap();
        assert_eq!(found, native.search(query, 5).unwrap(), "{query}");
    }
    let place = json!({"path": "docs/pets/cats.md", "offset": 23});
    let text: String = plugin.call("read_file", place).unwrap();
    assert_eq!(
        text,
        Rag::read_file("docs/pets/cats.md", 23, 65536).unwrap()
    );
    assert_eq!(text, "At night, a cat hunts.");
    for folder in ["docs", "docs/pets"] {
        let names: Vec<String> = plugin.call("list_dir", json!({ "path": folder })).unwrap();
        assert_eq!(names, Rag::list_dir(folder).unwrap());
    }
    plugin.finish().unwrap();
}

#[test]
fn only_mounted_and_granted_files_are_visible() {
    let mut plugin = on_toolfs(library());
    let mut code = |path: &str| {
        let failure = plugin.call::<String>("read_file", json!({ "path": path }));
        failure.unwrap_err().code().to_owned()
    };
    assert_eq!(code("docs/none.md"), "not_found");
    // ToolFS says the same of files that do not exist and of folders that are not mounted.
    assert_eq!(code("secret/a.md"), "not_found");
    assert_eq!(code("/etc/passwd"), "permission_denied");
    // Unlike other hosts, ToolFS cannot list all mounted folders.
    let root = plugin.call::<Vec<String>>("list_dir", json!({"path": ""}));
    assert_eq!(root.unwrap_err().code(), "not_found");

    let mut denied = Plugin::builder(Source::crate_dir(env!("CARGO_MANIFEST_DIR")))
        .files(library())
        .build_for(hosts::toolfs())
        .unwrap();
    let failure = denied.call::<Indexed>("index", json!({"path": "docs"}));
    assert_eq!(failure.unwrap_err().code(), "permission_denied");
}
