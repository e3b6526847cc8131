//! The same plugin with the same host, natively and in WebAssembly.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use host_modules::{Cache, Count, Database, HostModules, Text, cache, database, text};
use md5::{Digest, Md5};
use plugin_sdk::{Error, Result};
use plugin_sdk_harness::{Plugin, PluginBuilder, Source};
use serde_json::json;

/// The host of these tests.
#[derive(Default)]
struct Host {
    cached: BTreeMap<String, String>,
    /// The number of keys after which it fails.
    full_at: Option<usize>,
    queries: u32,
}

impl Text for Host {
    fn reverse_string(&mut self, text: &mut [u8]) {
        text.reverse();
    }

    fn compute_md5(&mut self, data: &[u8], digest: &mut [u8; 16]) {
        *digest = Md5::digest(data).into();
    }
}

impl Cache for Host {
    fn get(&mut self, key: &str) -> Result<Option<String>> {
        Ok(self.cached.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if self.full_at == Some(self.cached.len()) {
            return Err(Error::from_status(0));
        }
        self.cached.insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

impl Database for Host {
    fn query(&mut self, sql: &str) -> Result<u32> {
        self.queries += 1;
        match sql.strip_prefix("select ") {
            Some(_) => Ok(sql.len() as u32),
            None => Err(Error::from_status(-5)),
        }
    }
}

fn builder(cache: Host) -> PluginBuilder {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    Plugin::builder(source)
        .host_functions(text::provide(Host::default()))
        .host_functions(database::provide(Host::default()))
        .host_functions(cache::provide(cache))
}

#[test]
fn text_is_reversed_by_characters() {
    let _host = text::install(Host::default());
    let mut plugin = builder(Host::default()).build().unwrap();
    for (text, reversed) in [
        ("desserts", "stressed"),
        ("", ""),
        ("añ\u{1F600}", "\u{1F600}ña"),
    ] {
        assert_eq!(HostModules::reverse(text).unwrap(), reversed);
        let in_wasm: String = plugin.call("reverse", json!({"text": text})).unwrap();
        assert_eq!(in_wasm, reversed);
    }
}

#[test]
fn a_digest_of_fixed_size_is_returned() {
    let _host = text::install(Host::default());
    let mut plugin = builder(Host::default()).build().unwrap();
    let expected = "900150983cd24fb0d6963f7d28e17f72";
    assert_eq!(HostModules::md5("abc"), expected);
    let in_wasm: String = plugin.call("md5", json!({"text": "abc"})).unwrap();
    assert_eq!(in_wasm, expected);
}

#[test]
fn the_second_count_comes_from_the_cache() {
    let mut plugin = builder(Host::default()).build().unwrap();
    let mut count = |sql: &str| plugin.call::<Count>("count", json!({"sql": sql}));
    let sql = "select * from words";
    let rows = sql.len() as u32;
    assert_eq!(
        count(sql).unwrap(),
        Count {
            rows,
            cached: false
        }
    );
    assert_eq!(count(sql).unwrap(), Count { rows, cached: true });
}

#[test]
fn a_refusal_of_the_host_is_an_error_with_its_status() {
    let full = Host {
        full_at: Some(0),
        ..Host::default()
    };
    let mut plugin = builder(full).build().unwrap();
    let mut code = |sql: &str| {
        let failure = plugin
            .call::<Count>("count", json!({"sql": sql}))
            .unwrap_err();
        let error = failure.plugin_error().unwrap();
        (error.code().to_owned(), error.status())
    };
    assert_eq!(
        code("drop table words"),
        ("invalid_argument".to_owned(), -5)
    );
    assert_eq!(code("select 1"), ("status".to_owned(), 0));
}
