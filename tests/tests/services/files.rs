//! Files in memory and in folders behave the same, and folders cannot be escaped.

use std::fs;
use std::path::Path;

use plugin_sdk::services::files::{Entry, Files};
use plugin_sdk_harness::services::{DirectoryFiles, MemoryFiles};
use plugin_sdk_harness::{Plugin, Source};
use tempfile::TempDir;

/// Runs a test with both, each with a readable `assets/words.txt`.
fn with_both(test: impl Fn(&mut dyn Files)) {
    let files = MemoryFiles::new().read_write("data").read_only("assets");
    test(&mut files.with_file("assets/words.txt", "one two").unwrap());
    let (_folder, mut files) = folders();
    test(&mut files);
}

fn folders() -> (TempDir, DirectoryFiles) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["data", "assets", "outside"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("assets/words.txt"), "one two").unwrap();
    fs::write(folder.path().join("outside/secret"), "secret").unwrap();
    let files = DirectoryFiles::new()
        .read_write("data", folder.path().join("data"))
        .unwrap()
        .read_only("assets", folder.path().join("assets"))
        .unwrap();
    (folder, files)
}

#[test]
fn files_are_written_read_listed_and_removed() {
    with_both(|files| {
        files.write("data/a/b", b"\xff\0").unwrap();
        files.write("data/a/b", b"longer").unwrap();
        files.write("data/a/b", b"four").unwrap();
        files.write("data/a-", b"").unwrap();
        assert_eq!(files.read("data/a/b").unwrap(), b"four");
        let entry = |name: &str, folder, bytes| Entry {
            name: name.to_owned(),
            folder,
            bytes,
        };
        assert_eq!(
            files.list("data").unwrap(),
            [entry("a", true, 0), entry("a-", false, 0)]
        );
        assert_eq!(files.list("data/a").unwrap(), [entry("b", false, 4)]);
        assert_eq!(
            files.list("").unwrap(),
            [entry("assets", true, 0), entry("data", true, 0)]
        );
        files.remove("data/a/b").unwrap();
        assert_eq!(files.read("data/a/b").unwrap_err().code(), "not_found");
    });
}

#[test]
fn impossible_operations_have_distinct_errors() {
    with_both(|files| {
        files.write("data/f", b"1").unwrap();
        files.write("data/d/f", b"1").unwrap();
        let code = |result: plugin_sdk::Result<()>| result.unwrap_err().code().to_owned();
        let seen = [
            code(files.read("data/none").map(drop)),
            code(files.list("data/none").map(drop)),
            code(files.remove("data/none")),
            code(files.read("data/d").map(drop)),
            code(files.write("data/d", b"")),
            code(files.remove("data/d")),
            code(files.list("data/f").map(drop)),
            code(files.write("data/f/g", b"")),
            code(files.read("data").map(drop)),
            code(files.write("assets/words.txt", b"")),
            code(files.remove("assets/words.txt")),
            code(files.read("secrets/f").map(drop)),
            code(files.list("secrets").map(drop)),
            code(files.write("data/large", &vec![0; (16 << 20) + 1])),
        ];
        let expected = [
            "not_found",
            "not_found",
            "not_found",
            "invalid_argument",
            "invalid_argument",
            "invalid_argument",
            "invalid_argument",
            "invalid_argument",
            "invalid_argument",
            "permission_denied",
            "permission_denied",
            "permission_denied",
            "permission_denied",
            "too_large",
        ];
        assert_eq!(seen, expected);
        let details = files.write("assets/x", b"").unwrap_err().details().unwrap();
        assert_eq!(details["permission"], "files");
        assert_eq!(details["folder"], "assets");
    });
}

#[test]
fn paths_that_leave_the_folder_are_refused() {
    with_both(|files| {
        for path in [
            "/etc/passwd",
            "../outside/secret",
            "data/../../outside/secret",
            "data/..",
            "data//etc/passwd",
            "data/./x",
            "~/x",
            "",
        ] {
            let error = files.read(path).unwrap_err();
            assert!(
                ["invalid_argument", "permission_denied"].contains(&error.code()),
                "{path}: {error}"
            );
            assert!(files.write(path, b"").is_err(), "{path}");
            assert!(files.remove(path).is_err(), "{path}");
        }
    });
}

#[cfg(unix)]
fn link(to: impl AsRef<Path>, at: impl AsRef<Path>) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_are_refused() {
    let (folder, mut files) = folders();
    let data = folder.path().join("data");
    fs::create_dir(data.join("sub")).unwrap();
    let secret = folder.path().join("outside/secret");
    link(&secret, data.join("absolute"));
    link("../outside/secret", data.join("relative"));
    link("../../outside/secret", data.join("sub/deep"));
    link(folder.path().join("outside"), data.join("folder"));
    link("../outside", data.join("relative-folder"));
    link("absolute", data.join("chain"));
    link("../outside/new", data.join("dangling"));
    link("..", data.join("up"));
    for path in [
        "data/absolute",
        "data/relative",
        "data/sub/deep",
        "data/folder/secret",
        "data/relative-folder/secret",
        "data/chain",
        "data/dangling",
        "data/up/outside/secret",
        "data/folder/new",
    ] {
        assert!(files.read(path).is_err(), "{path} is read");
        assert!(files.write(path, b"changed").is_err(), "{path} is written");
    }
    for path in ["data/folder", "data/relative-folder", "data/up"] {
        assert!(files.list(path).is_err(), "{path} is listed");
    }
    assert!(files.remove("data/folder/secret").is_err());
    let error = files.read("data/absolute").unwrap_err();
    assert_eq!(error.code(), "permission_denied");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert_eq!(
        fs::read_dir(folder.path().join("outside")).unwrap().count(),
        1
    );
    let listed = files.list("data").unwrap();
    assert_eq!(
        listed.iter().map(|entry| &entry.name).collect::<Vec<_>>(),
        ["sub"]
    );
    files.remove("data/absolute").unwrap();
    assert!(secret.exists(), "a link is removed itself");
}

#[cfg(unix)]
#[test]
fn links_that_stay_in_the_folder_work() {
    let (folder, mut files) = folders();
    let data = folder.path().join("data");
    files.write("data/a/file", b"here").unwrap();
    files.write("data/b/other", b"").unwrap();
    link("a/file", data.join("link"));
    link("../a", data.join("b/across"));
    assert_eq!(files.read("data/link").unwrap(), b"here");
    assert_eq!(files.read("data/b/across/file").unwrap(), b"here");
    files.write("data/link", b"there").unwrap();
    assert_eq!(fs::read(data.join("a/file")).unwrap(), b"there");
    let listed = files.list("data/b").unwrap();
    assert_eq!(
        (listed[0].name.as_str(), listed[0].folder),
        ("across", true)
    );
}

#[cfg(unix)]
#[test]
fn a_folder_replaced_by_a_link_is_not_escaped() {
    let (folder, mut files) = folders();
    files.write("data/sub/secret", b"mine").unwrap();
    let sub = folder.path().join("data/sub");
    fs::rename(&sub, folder.path().join("data/before")).unwrap();
    link(folder.path().join("outside"), &sub);
    assert!(files.read("data/sub/secret").is_err());
    assert!(files.write("data/sub/new", b"").is_err());
    // The granted folder itself was opened when the grant was made.
    fs::rename(folder.path().join("data"), folder.path().join("moved")).unwrap();
    link(folder.path().join("outside"), folder.path().join("data"));
    assert_eq!(files.read("data/before/secret").unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn special_files_are_not_opened() {
    let (folder, mut files) = folders();
    let _listening =
        std::os::unix::net::UnixListener::bind(folder.path().join("data/socket")).unwrap();
    assert_eq!(
        files.read("data/socket").unwrap_err().code(),
        "invalid_argument"
    );
    assert_eq!(
        files.write("data/socket", b"").unwrap_err().code(),
        "invalid_argument"
    );
}

#[test]
fn files_in_memory_have_a_limit() {
    let mut files = MemoryFiles::new().read_write("data").limit_bytes(276);
    files.write("data/a", &[0; 10]).unwrap();
    assert_eq!(
        files.write("data/b", &[0; 10]).unwrap_err().code(),
        "quota_exceeded"
    );
    files.write("data/a", &[]).unwrap();
    files.write("data/b", &[0; 8]).unwrap();
}

#[test]
fn folders_of_more_entries_than_the_setting_are_refused() {
    let (folder, directory) = folders();
    let (mut memory, mut directory) = (
        MemoryFiles::new().read_write("data").max_entries(3),
        directory.max_entries(3),
    );
    for files in [&mut memory as &mut dyn Files, &mut directory] {
        for name in ["a", "b", "c"] {
            files.write(&format!("data/{name}"), b"").unwrap();
        }
        assert_eq!(files.list("data").unwrap().len(), 3);
        files.write("data/d", b"").unwrap();
        let error = files.list("data").unwrap_err();
        assert_eq!(error.code(), "too_large");
        assert!(error.message().contains("`max_entries`"), "{error}");
        files.remove("data/d").unwrap();
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.path().join("data/link")).unwrap();
        let error = directory.list("data").unwrap_err();
        assert_eq!(error.code(), "too_large", "what leads nowhere counts");
    }
}

#[test]
fn bytes_that_one_call_writes_to_files_are_limited() {
    let (_folder, directory) = folders();
    let wat = r#"(module
        (import "plugin_host" "files_write" (func $write (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
        (data (i32.const 64) "data/x")
        (func (export "alloc") (param i32) (result i32) i32.const 4096) (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
        (func (export "command_twice") (param i32 i32) (result i64)
          (drop (call $write (i32.const 64) (i32.const 6) (i32.const 0) (i32.const 5000)))
          (call $write (i32.const 64) (i32.const 6) (i32.const 0) (local.get 1))))"#;
    let builder = Plugin::builder(Source::wat(wat)).grant("files");
    let mut plugin = builder
        .files(directory.max_written_bytes(16 << 10))
        .build()
        .unwrap();
    // Both writes count 4 KiB more than their contents.
    let room = (16 << 10) - 5000 - 2 * 4096;
    for _ in 0..2 {
        plugin.call_raw("twice", &vec![0; room]).unwrap();
        let failure = plugin.call_raw("twice", &vec![0; room + 1]).unwrap_err();
        let error = failure.plugin_error().unwrap();
        assert_eq!(error.code(), "quota_exceeded");
        assert!(error.message().contains("`max_written_bytes`"), "{error}");
    }
}

#[test]
fn files_larger_than_the_setting_are_neither_read_nor_written() {
    let (folder, directory) = folders();
    let (mut memory, mut directory) = (
        MemoryFiles::new().read_write("data").max_file_bytes(4),
        directory.max_file_bytes(4),
    );
    for files in [&mut memory as &mut dyn Files, &mut directory] {
        files.write("data/a", b"four").unwrap();
        let error = files.write("data/a", b"fives").unwrap_err();
        assert_eq!(error.code(), "too_large");
        assert!(error.message().contains("`max_file_bytes`"), "{error}");
        assert_eq!(files.read("data/a").unwrap(), b"four");
    }
    fs::write(folder.path().join("data/a"), "fives").unwrap();
    assert_eq!(directory.read("data/a").unwrap_err().code(), "too_large");
}
