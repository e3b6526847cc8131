//! `cargo plugin dev`

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::Registry;
use serde_json::Value;

use super::serve::{Listen, manifests, plugin_options, runtime};
use crate::error::{Error, Result};
use crate::flags::document;
use crate::host_options::Offer;
use crate::project::{DEV, Features, Project, Selection};
use crate::terminal::{Terminal, Verdict};

/// The interval at which the sources are checked.
const LOOK: Duration = Duration::from_millis(300);

/// The most files and folders of a project that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Serves the plugin of this folder while you write it
///
/// Builds the plugin, and serves it as `cargo plugin serve` does. Whenever a source file changes,
/// builds it again, lets the new build take over between two calls, and runs the crate's own tests.
/// While the sources do not compile, the last build stays.
#[derive(clap::Args)]
pub struct Dev {
    /// Does not run the crate's own tests
    #[arg(long)]
    no_test: bool,
    /// The plugin's configuration: a JSON object, `@FILE`, or `-` for standard input
    #[arg(long, value_name = "JSON", value_parser = document)]
    config: Option<Value>,
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    offer: Offer,
    #[command(flatten)]
    features: Features,
    #[command(flatten)]
    selection: Selection,
}

impl Dev {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        self.offer.show_log();
        let project = Project::find(&self.selection)?;
        let seen = Sources::of(&project);
        terminal.status("Building", &project.title());
        let built = project.build_for_tests(DEV, &self.features, terminal)?;
        let registry = Registry::new();
        let mut options = plugin_options(&Arc::new(self.offer.prepare()?));
        if let Some(config) = &self.config {
            options = options.config(config.clone());
        }
        let source = Source::file(built.path).limits(self.offer.module_limits());
        let id = registry
            .load(source, options)
            .map_err(|error| Error::new("the plugin cannot be loaded").because(error))?;
        self.offer.check_grants(&manifests(&registry))?;
        let watcher = Watcher {
            project,
            features: self.features,
            tests: !self.no_test,
            terminal: Terminal::new(terminal.form()),
            registry: registry.clone(),
            id,
        };
        let options = self.listen.options()?.shared_tools();
        let runtime = runtime()?;
        std::thread::spawn(move || watcher.watch(seen));
        runtime.block_on(self.listen.serve(registry, options, terminal))?;
        Ok(Verdict::Yes)
    }
}

/// The part of the program that builds the plugin again.
struct Watcher {
    project: Project,
    features: Features,
    tests: bool,
    terminal: Terminal,
    registry: Registry,
    id: String,
}

impl Watcher {
    /// Looks at the sources until the process ends.
    fn watch(mut self, mut seen: Sources) {
        loop {
            std::thread::sleep(LOOK);
            let now = Sources::of(&self.project);
            if now == seen {
                continue;
            }
            seen = now;
            if let Err(error) = self.rebuild() {
                self.terminal.failed(&error);
            }
        }
    }

    fn rebuild(&mut self) -> Result<()> {
        self.terminal.status("Building", &self.project.title());
        self.project
            .build_for_tests(DEV, &self.features, &self.terminal)?;
        self.registry.reload(&self.id).map_err(|error| {
            Error::new("the new build cannot take over; the old one stays").because(error)
        })?;
        self.terminal.status("Swapped", &self.id);
        if self.tests {
            let mut test = self.project.cargo();
            test.arg("test").args(self.features.arguments());
            let status = test
                .status()
                .map_err(|error| Error::new("the tests cannot be run").because(error))?;
            if !status.success() {
                return Err(Error::new("the crate's own tests do not pass"));
            }
        }
        Ok(())
    }
}

/// The state of a project's source files.
#[derive(PartialEq)]
struct Sources(Vec<(PathBuf, Option<SystemTime>, u64)>);

impl Sources {
    fn of(project: &Project) -> Self {
        let mut found = Vec::new();
        collect(&project.root, &mut found);
        found.sort();
        Sources(found)
    }
}

/// Collects the files of a folder, except hidden ones and cargo's own output. A file that vanishes
/// meanwhile is left out.
fn collect(folder: &Path, found: &mut Vec<(PathBuf, Option<SystemTime>, u64)>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" || found.len() >= MAX_ENTRIES {
            continue;
        }
        match entry.metadata() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), found),
            Ok(file) => found.push((entry.path(), file.modified().ok(), file.len())),
            Err(_) => {}
        }
    }
}
