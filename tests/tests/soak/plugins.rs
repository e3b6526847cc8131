//! The plugins that are called, each with its host.

use std::collections::BTreeMap;

use failing::{Shop, shop};
use host_modules::{Cache, Database, Text, cache, database, text};
use plugin_sdk::{Error, Result};
use plugin_sdk_harness::services::MemoryFiles;
use plugin_sdk_harness::{Module, PluginBuilder, Source};
use plugin_sdk_tests::root;

/// A plugin that is created again and again from one module.
pub struct Made {
    /// The name for people.
    pub name: &'static str,
    module: Module,
    set_up: fn(PluginBuilder) -> PluginBuilder,
}

impl Made {
    fn new(name: &'static str, folder: &str, set_up: fn(PluginBuilder) -> PluginBuilder) -> Self {
        let source = Source::crate_dir(root().join(folder)).profile("guest");
        Made {
            name,
            module: Module::load(source).unwrap(),
            set_up,
        }
    }

    /// Returns the builder of a new instance.
    pub fn builder(&self) -> PluginBuilder {
        (self.set_up)(self.module.plugin().grant_all())
    }
}

/// Returns the examples, and plugins with what no example has: batches and state.
pub fn examples() -> Vec<Made> {
    let modules = |plugin: PluginBuilder| {
        plugin
            .host_functions(text::provide(Host::default()))
            .host_functions(database::provide(Host::default()))
            .host_functions(cache::provide(Host::default()))
    };
    vec![
        Made::new("greeter", "examples/greeter", |plugin| plugin),
        Made::new("guest-book", "examples/guest-book", |plugin| plugin),
        Made::new("text-stats", "examples/text-stats", |plugin| plugin),
        Made::new(
            "audio-filter",
            "examples/audio-filter",
            PluginBuilder::start,
        ),
        Made::new("host-modules", "examples/host-modules", modules),
        Made::new("rag", "examples/rag", |plugin| plugin.files(files())),
        Made::new("observed", "tests/guests/observed", |plugin| plugin),
        Made::new("stateful", "tests/guests/stateful", |plugin| plugin),
    ]
}

/// Returns a plugin whose commands panic and trap. Some of them run or allocate without end.
pub fn failing() -> Vec<Made> {
    let limited = |plugin: PluginBuilder| {
        let plugin = plugin.host_functions(shop::provide(Host::default()));
        plugin.fuel(2_000_000).memory_pages(40)
    };
    vec![Made::new("failing", "tests/guests/failing", limited)]
}

fn files() -> MemoryFiles {
    MemoryFiles::new()
        .read_only("docs")
        .with_file("docs/one.txt", "The first of two texts.")
        .unwrap()
        .with_file("docs/two.txt", "Another text, with other words.")
        .unwrap()
}

/// The host of all of them. Its cache has as many keys as there are texts.
#[derive(Clone, Default)]
struct Host {
    cached: BTreeMap<String, String>,
}

impl Text for Host {
    fn reverse_string(&mut self, text: &mut [u8]) {
        text.reverse();
    }

    fn compute_md5(&mut self, data: &[u8], digest: &mut [u8; 16]) {
        digest.fill(data.len() as u8);
    }
}

impl Cache for Host {
    fn get(&mut self, key: &str) -> Result<Option<String>> {
        Ok(self.cached.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.cached.insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

impl Database for Host {
    fn query(&mut self, sql: &str) -> Result<u32> {
        match sql.is_empty() {
            true => Err(Error::from_status(-5)),
            false => Ok(sql.len() as u32),
        }
    }
}

impl Shop for Host {
    fn price(&mut self, item: &str) -> Result<u32> {
        Ok(item.len() as u32)
    }

    fn wait(&mut self) {}

    fn note(&mut self, _: &str) {}
}
