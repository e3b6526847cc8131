//! The defaults of all settings of services, and the test of the table in `docs/limits.md`.

use std::collections::BTreeSet;

use super::{events, files, kv, logging, quota};
use crate::limits::table::{self, DefaultValue};
use crate::source;

/// Returns the settings of services and sources, with their defaults.
fn defaults() -> Vec<(&'static str, Vec<DefaultValue>)> {
    use DefaultValue::{Bytes, Count};
    let count = |count: usize| Count(count as u64);
    let bytes = |bytes: usize| Bytes(bytes as u64);
    let kv::KeyLimits {
        bytes: key,
        listed,
        listed_bytes,
    } = kv::KeyLimits::default();
    let files::Limits {
        file,
        entries,
        written,
    } = files::Limits::default();
    #[cfg_attr(
        not(any(feature = "http-client", feature = "kv-redis")),
        expect(unused_mut)
    )]
    let mut all = vec![
        ("Source::max_bytes", vec![Bytes(source::MAX_BYTES)]),
        ("limit_bytes", vec![Bytes(quota::LIMIT)]),
        ("MemoryFiles::limit_bytes", vec![Bytes(quota::LIMIT)]),
        ("max_key_bytes", vec![bytes(key)]),
        ("max_listed", vec![count(listed), bytes(listed_bytes)]),
        ("max_file_bytes", vec![Bytes(file)]),
        ("max_entries", vec![count(entries)]),
        ("DirectoryFiles::max_written_bytes", vec![Bytes(written)]),
        (
            "RecordedLog::keep",
            vec![count(logging::KEPT), bytes(logging::KEPT_BYTES)],
        ),
        (
            "EventBus::keep",
            vec![count(events::KEPT), bytes(events::KEPT_BYTES)],
        ),
        ("EventBus::max_event_bytes", vec![bytes(events::MAX_TEXT)]),
        (
            "EventBus::max_subscriptions",
            vec![count(events::MAX_PATTERNS)],
        ),
    ];
    #[cfg(feature = "http-client")]
    {
        use super::http::client;
        all.extend([
            (
                "HttpClient::timeout",
                vec![DefaultValue::Seconds(client::TIMEOUT.as_secs())],
            ),
            (
                "HttpClient::max_response_bytes",
                vec![Bytes(client::MAX_RESPONSE)],
            ),
            (
                "HttpClient::redirects",
                vec![Count(client::REDIRECTS.into())],
            ),
        ]);
    }
    #[cfg(feature = "kv-redis")]
    all.push((
        "RedisKv::timeout",
        vec![DefaultValue::Seconds(kv::redis::TIMEOUT.as_secs())],
    ));
    all
}

#[test]
fn table_of_limits_has_the_defaults_of_the_code() {
    let rows = table::rows();
    let all: Vec<_> = table::defaults().into_iter().chain(defaults()).collect();
    for (setting, defaults) in &all {
        let is_row = |row: &table::Row| row.settings.contains(*setting) && row.has(defaults);
        let shown: Vec<_> = defaults.iter().map(|default| default.shown()).collect();
        assert!(
            rows.iter().any(is_row),
            "docs/limits.md has no row for the setting `{setting}` with the default {shown:?}"
        );
    }
    // The other way round: the table names no setting that does not exist.
    let mut known: BTreeSet<&str> = all.iter().map(|(setting, _)| *setting).collect();
    known.extend([
        "no_timeout",
        "cache_dir",
        "no_cache",
        "PLUGIN_SDK_CACHE_DIR",
        "Source::trust_debug_info",
        "PluginOptions::max_restarts",
        // Types that have a setting.
        "MemoryKv",
        "DatabaseKv",
        "RedisKv",
        "MemoryFiles",
        "DirectoryFiles",
    ]);
    for name in rows.iter().flat_map(|row| &row.settings) {
        // The server has a test of its own.
        assert!(
            name.starts_with("ServerOptions::") || known.contains(name.as_str()),
            "docs/limits.md names `{name}`, which is no setting"
        );
    }
}
