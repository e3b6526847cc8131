//! Runs the plugin in WebAssembly, on files in memory and on real ones, and natively with the same
//! files.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk::files::Files;
use plugin_sdk_harness::services::{DirectoryFiles, InjectedFault, MemoryFiles};
use plugin_sdk_harness::{Plugin, PluginBuilder, Source};
use rag::{Config, Found, Indexed, Rag, Skipped};
use serde_json::{Value, json};

fn library() -> MemoryFiles {
    let files = [
        (
            "docs/animals/axolotl.md",
            "# Axolotls\n\nAn axolotl lives in lakes, and never grows up.",
        ),
        (
            "docs/animals/cats.md",
            "A cat sleeps all day.\n\nAt night, a cat hunts what is small.",
        ),
        ("docs/empty.txt", ""),
        ("docs/tokyo.txt", "東京は日本の首都です。猫もいます。"),
        ("other/cats.md", "No cat may be indexed here."),
    ];
    let granted = MemoryFiles::new().read_only("docs").read_only("other");
    let files = files
        .iter()
        .try_fold(granted, |files, (path, text)| files.with_file(path, text));
    files
        .unwrap()
        .with_file("docs/photo.jpg", b"\xff\xd8\xff")
        .unwrap()
}

fn builder(files: impl Files + Send + 'static) -> PluginBuilder {
    Plugin::builder(Source::crate_dir(env!("CARGO_MANIFEST_DIR")))
        .grant("files")
        .files(files)
}

fn skipped(path: &str, reason: &str) -> Skipped {
    Skipped {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn search(plugin: &mut Plugin, query: &str) -> Vec<Found> {
    plugin.call("search", json!({ "query": query })).unwrap()
}

#[test]
fn indexed_text_is_found_and_can_be_read_on() {
    let mut plugin = builder(library()).build().unwrap();
    let indexed: Indexed = plugin.call("index", json!({"path": "docs"})).unwrap();
    assert_eq!((indexed.files, indexed.passages), (4, 3));
    assert_eq!(indexed.skipped, [skipped("docs/photo.jpg", "not_text")]);

    let found = search(&mut plugin, "Where do AXOLOTLS live? An axolotl!");
    assert_eq!(found[0].path, "docs/animals/axolotl.md");
    let found = search(&mut plugin, "日本の首都");
    assert_eq!(found[0].path, "docs/tokyo.txt");

    let found = search(&mut plugin, "cat");
    assert_eq!(found.len(), 1, "the other folder was not asked for");
    let place =
        json!({"path": found[0].path, "offset": found[0].offset, "length": found[0].text.len()});
    assert_eq!(
        plugin.call::<String>("read_file", place).unwrap(),
        found[0].text
    );
    let names: Vec<String> = plugin.call("list_dir", json!({"path": "docs"})).unwrap();
    assert_eq!(names, ["animals/", "empty.txt", "photo.jpg", "tokyo.txt"]);
}

#[test]
fn native_answers_are_the_same() {
    let config = json!({"passage_bytes": 24});
    let mut plugin = builder(library()).config(&config).build().unwrap();
    let _files = plugin_sdk::files::install(library());
    let mut native = Rag::new(Config {
        passage_bytes: 24,
        ..Config::default()
    })
    .unwrap();

    let indexed: Indexed = plugin.call("index", json!({"path": ""})).unwrap();
    assert_eq!(indexed, native.index("").unwrap());
    assert_eq!(indexed.files, 5);
    for query in [
        "cat",
        "night",
        "a cat hunts at night",
        "東京 cat",
        "猫",
        "nothing of it",
    ] {
        assert_eq!(
            search(&mut plugin, query),
            native.search(query, 5).unwrap(),
            "{query}"
        );
    }
}

#[test]
fn indexing_a_folder_again_replaces_its_index() {
    let files = library();
    let mut plugin = builder(files.clone()).build().unwrap();
    let index = |plugin: &mut Plugin, path| -> Indexed {
        plugin.call("index", json!({ "path": path })).unwrap()
    };
    index(&mut plugin, "other");
    index(&mut plugin, "docs");
    assert_eq!(search(&mut plugin, "cat").len(), 2);
    let _files = files.with_file("docs/animals/cats.md", "A dog.").unwrap();
    index(&mut plugin, "docs");
    let found = search(&mut plugin, "cat");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "other/cats.md");
}

#[test]
fn a_text_is_read_in_pieces_of_whole_characters() {
    let text = "añ東\u{1F600}b";
    let files = library().with_file("docs/odd.txt", text).unwrap();
    let mut plugin = builder(files).build().unwrap();
    for length in 1..=text.len() {
        let (mut read, mut pieces) = (String::new(), 0);
        loop {
            let place = json!({"path": "docs/odd.txt", "offset": read.len(), "length": length});
            let piece: String = plugin.call("read_file", place).unwrap();
            if piece.is_empty() {
                break;
            }
            read += &piece;
            pieces += 1;
        }
        assert_eq!(read, text);
        assert!(pieces <= text.len() / length + 1);
    }
}

#[test]
fn unreadable_files_are_reported_and_the_rest_is_indexed() {
    let deepest = format!("docs/{}", vec!["f"; 17].join("/"));
    let files = [
        (format!("{deepest}/x.txt"), "too deep".to_owned()),
        ("docs/large.txt".to_owned(), "word ".repeat(10_000)),
        ("docs/unread.txt".to_owned(), "the disk fails".to_owned()),
    ];
    let files = files
        .iter()
        .try_fold(library(), |files, (path, text)| files.with_file(path, text));
    let mut plugin = builder(files.unwrap())
        .config(json!({"max_bytes": 10_000}))
        // The plugin reads this after `tokyo.txt`, and before the subfolders.
        .fault(
            "files_read",
            InjectedFault::error("unavailable", "disk on fire")
                .after(3)
                .times(1),
        )
        .build()
        .unwrap();
    let indexed: Indexed = plugin.call("index", json!({"path": "docs"})).unwrap();
    let expected = [
        skipped("docs/large.txt", "too_large"),
        skipped("docs/photo.jpg", "not_text"),
        skipped("docs/unread.txt", "unavailable"),
        skipped(&deepest, "too_deep"),
    ];
    assert_eq!(indexed.skipped, expected);
    assert_eq!(search(&mut plugin, "cat").len(), 1);
}

#[test]
fn an_index_stays_within_its_limit_and_reports_where_it_stopped() {
    let numbered = |nth: usize| {
        (
            format!("docs/{nth:03}.txt"),
            format!("the number {nth} is a word"),
        )
    };
    let files: Vec<(String, String)> = (0..100).map(numbered).collect();
    let index = |config: Value| -> Indexed {
        let granted = MemoryFiles::new().read_only("docs");
        let files = files
            .iter()
            .try_fold(granted, |files, (path, text)| files.with_file(path, text));
        let mut plugin = builder(files.unwrap()).config(&config).build().unwrap();
        plugin.call("index", json!({"path": "docs"})).unwrap()
    };
    assert_eq!(index(json!({})).files, 100);
    let few = index(json!({"max_entries": 10}));
    assert_eq!(few.files, 10);
    assert_eq!(few.skipped, [skipped("docs/010.txt", "too_many_entries")]);
    let small = index(json!({"max_bytes": 4000}));
    assert!((1..99).contains(&small.files), "{small:?}");
    let next = format!("docs/{:03}.txt", small.files);
    assert_eq!(small.skipped, [skipped(&next, "index_full")]);
}

#[test]
fn nothing_is_found_without_files_or_words() {
    let mut plugin = builder(library()).build().unwrap();
    let mut code = |command: &str, arguments: Value| {
        let failure = plugin.call::<Value>(command, arguments).unwrap_err();
        failure.code().to_owned()
    };
    assert_eq!(code("search", json!({"query": "cat"})), "nothing_indexed");
    assert_eq!(code("index", json!({"path": "docs/none"})), "not_found");
    assert_eq!(
        code("index", json!({"path": "secret"})),
        "permission_denied"
    );
    assert_eq!(
        code("read_file", json!({"path": "docs/photo.jpg"})),
        "bad_answer"
    );
    assert_eq!(
        code("list_dir", json!({"path": "docs/.."})),
        "invalid_argument"
    );
}

#[test]
fn only_the_granted_real_folder_is_indexed() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let files = DirectoryFiles::new().read_only("src", source).unwrap();
    let mut plugin = builder(files).build().unwrap();
    let indexed: Indexed = plugin.call("index", json!({"path": "src"})).unwrap();
    assert_eq!(indexed.files, 4);
    let found = search(&mut plugin, "saturation BM25");
    assert_eq!(found[0].path, "src/index.rs");
}
