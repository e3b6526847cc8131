//! The stores in memory, in a database file and on a Redis server behave the same.

use plugin_sdk::services::kv::Kv;
use plugin_sdk_harness::FailureKind;
use plugin_sdk_harness::services::{DatabaseKv, MemoryKv};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::redis::Server;

fn database() -> (TempDir, DatabaseKv) {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseKv::open(folder.path().join("kv.redb")).unwrap();
    (folder, database)
}

/// Runs a test with each store.
fn with_each(test: impl Fn(&mut dyn Kv)) {
    test(&mut MemoryKv::new().limit_bytes(1000).max_listed(6, 100));
    let (_folder, database) = database();
    test(&mut database.limit_bytes(1000).max_listed(6, 100));
    if let Some(server) = Server::start() {
        test(&mut server.store().limit_bytes(1000).max_listed(6, 100));
    }
}

#[test]
fn bytes_are_kept_under_their_keys_until_they_are_deleted() {
    with_each(|kv| {
        assert_eq!(kv.get("a").unwrap(), None);
        kv.set("a", b"\xff\0").unwrap();
        kv.set("a", b"").unwrap();
        assert_eq!(kv.get("a").unwrap(), Some(Vec::new()));
        assert!(kv.delete("a").unwrap() && !kv.delete("a").unwrap());
        assert_eq!(kv.get("a").unwrap(), None);
    });
}

#[test]
fn keys_are_listed_by_prefix_in_alphabetical_order() {
    with_each(|kv| {
        for key in ["b", "a/2", "a", "a/1", "ä", "a0"] {
            kv.set(key, b"").unwrap();
        }
        assert_eq!(kv.list("a/").unwrap(), ["a/1", "a/2"]);
        assert_eq!(kv.list("a").unwrap(), ["a", "a/1", "a/2", "a0"]);
        assert_eq!(kv.list("").unwrap().len(), 6);
        assert_eq!(kv.list("c").unwrap(), [""; 0]);
    });
}

#[test]
fn invalid_keys_are_refused() {
    with_each(|kv| {
        for key in [String::new(), "k".repeat(1025)] {
            for code in [
                kv.get(&key).unwrap_err(),
                kv.set(&key, b"").unwrap_err(),
                kv.delete(&key).unwrap_err(),
            ] {
                assert_eq!(code.code(), "invalid_argument");
                if !key.is_empty() {
                    assert!(code.message().contains("`max_key_bytes`"), "{code}");
                }
            }
        }
    });
}

#[test]
fn listing_more_keys_than_the_setting_is_refused() {
    with_each(|kv| {
        for key in ["a", "b", "c", "d", "e", "f", "g"] {
            kv.set(key, b"").unwrap();
        }
        let error = kv.list("").unwrap_err();
        assert_eq!(error.code(), "too_large");
        assert!(error.message().contains("`max_listed`"), "{error}");
        kv.delete("g").unwrap();
        assert_eq!(kv.list("").unwrap().len(), 6);
        kv.delete("a").unwrap();
        kv.set(&"g".repeat(96), b"").unwrap();
        assert_eq!(kv.list("").unwrap_err().code(), "too_large", "more bytes");
    });
}

#[test]
fn exceeding_a_limit_changes_nothing() {
    with_each(|kv| {
        kv.set("a", &[1; 600]).unwrap();
        let error = kv.set("b", &[2; 150]).unwrap_err();
        assert_eq!(error.code(), "quota_exceeded");
        assert!(error.message().contains("`limit_bytes`"), "{error}");
        assert_eq!(kv.get("b").unwrap(), None);
        assert_eq!(kv.set("a", &[3; 900]).unwrap_err().code(), "quota_exceeded");
        assert_eq!(kv.get("a").unwrap(), Some(vec![1; 600]));
        kv.set("b", &[2; 142]).unwrap();
        kv.delete("a").unwrap();
        kv.set("b", &[4; 871]).unwrap();
    });
}

#[test]
fn empty_entries_count_too() {
    with_each(|kv| {
        for key in ["a", "b", "c", "d", "e", "f", "g"] {
            kv.set(key, b"").unwrap();
        }
        assert_eq!(kv.set("h", b"").unwrap_err().code(), "quota_exceeded");
        kv.delete("a").unwrap();
        kv.set("h", b"").unwrap();
    });
}

#[test]
fn a_database_outlives_its_process_and_keeps_namespaces_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    let database = DatabaseKv::open(&path).unwrap();
    database.namespace("one").set("key", b"1").unwrap();
    database.namespace("other").set("key", b"22").unwrap();
    let again = DatabaseKv::open(&path).unwrap();
    assert_eq!(
        again.namespace("one").get("key").unwrap(),
        Some(b"1".to_vec()),
        "in one process it is shared"
    );
    drop((again, database));

    let database = DatabaseKv::open(&path).unwrap();
    assert_eq!(
        database.namespace("one").get("key").unwrap(),
        Some(b"1".to_vec())
    );
    assert_eq!(
        database.namespace("other").get("key").unwrap(),
        Some(b"22".to_vec())
    );
    assert_eq!(database.clone().get("key").unwrap(), None);
    let mut small = database.namespace("one").limit_bytes(5);
    assert_eq!(
        small.set("k", b"x").unwrap_err().code(),
        "quota_exceeded",
        "what was there before counts"
    );
    small.set("key", b"").unwrap();
}

#[test]
fn an_invalid_database_file_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.redb");
    std::fs::write(
        &path,
        "this is a text file, and long enough to look like something",
    )
    .unwrap();
    for path in [
        path.clone(),
        folder.path().to_owned(),
        folder.path().join("no/such/folder"),
    ] {
        let failure = DatabaseKv::open(&path).unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::Io { .. }),
            "{failure}"
        );
    }
}

#[derive(Clone, Debug)]
enum Step {
    Set(String, Vec<u8>),
    Delete(String),
    Get(String),
    List(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = "[ab/]{0,3}";
    let step = prop_oneof![
        (key, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(key, value)| Step::Set(key, value)),
        key.prop_map(Step::Delete),
        key.prop_map(Step::Get),
        key.prop_map(Step::List),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    // Every change of a database waits for the disk.
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stores_answer_random_operations_alike(steps in steps()) {
        let (_folder, database) = database();
        let mut database = database.limit_bytes(1000).max_listed(6, 100);
        let mut memory = MemoryKv::new().limit_bytes(1000).max_listed(6, 100);
        let answers = |kv: &mut dyn Kv| -> Vec<String> {
            steps.iter().map(|step| match step {
                Step::Set(key, value) => format!("{:?}", kv.set(key, value)),
                Step::Delete(key) => format!("{:?}", kv.delete(key)),
                Step::Get(key) => format!("{:?}", kv.get(key)),
                Step::List(prefix) => format!("{:?}", kv.list(prefix)),
            }).collect()
        };
        let expected = answers(&mut memory);
        prop_assert_eq!(answers(&mut database), &expected[..]);
        if let Some(server) = Server::start() {
            prop_assert_eq!(answers(&mut server.store().limit_bytes(1000).max_listed(6, 100)), expected);
        }
    }
}
