//! `cargo plugin diff`

use std::io::{self, Write};
use std::path::PathBuf;

use plugin_sdk_harness::Import;
use plugin_sdk_harness::inspect::Inspection;
use semver::Version;
use serde::Serialize;

use crate::compatibility::{self, Change, Changes, Level};
use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::terminal::{BAD, GOOD, HEADING, NOTE, Report, Terminal, Verdict};
use crate::text;

/// Compares two versions of a plugin, and checks the new version number
///
/// Each change for users is breaking, minor or a patch; the worst one determines the lowest version
/// number that the new version may have. Exits with 0 if its number is high enough, else with 1.
#[derive(clap::Args)]
pub struct Diff {
    /// The version in use: a `.wasm` file, or a project's folder, which is built
    old: PathBuf,
    /// The version to release: a `.wasm` file or a project's folder
    new: PathBuf,
    /// Accepts changes up to this level, whatever the version number is
    #[arg(long, value_name = "LEVEL")]
    allow: Option<Level>,
}

impl Diff {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let old = PluginFile::read_or_build(&self.old, terminal)?;
        let new = PluginFile::read_or_build(&self.new, terminal)?;
        let (was, is) = (old.inspection()?, new.inspection()?);
        let (of_old, of_new) = (old.manifest(&was)?, new.manifest(&is)?);
        let mut changes = compatibility::compare(&of_old, &of_new);
        module(&was, &is, &mut changes);
        if changes.is_empty() && old.wasm != new.wasm {
            changes.patch("the code", "changed");
        }
        let changes = changes.sorted();
        let level = changes.first().map(|change| change.level);
        let (before, after) = (
            version(&old, &of_old.version)?,
            version(&new, &of_new.version)?,
        );
        let by_version = compatibility::allows(&before, &after, level);
        let by_option =
            level.is_none_or(|level| self.allow.is_some_and(|allowed| level <= allowed));
        let report = Comparison {
            id: of_new.id.clone(),
            needed: compatibility::next(&before, level).to_string(),
            old: before.to_string(),
            new: after.to_string(),
            level,
            allowed: by_version || by_option,
            by_version,
            changes,
        };
        terminal.show(&report)
    }
}

fn version(file: &PluginFile, version: &str) -> Result<Version> {
    Version::parse(version).map_err(|reason| {
        Error::new(format!(
            "`{}` has no version that others could follow",
            text::path(&file.path)
        ))
        .because(format!("`{}`: {reason}", text::line(version, 60)))
    })
}

/// Collects changes in the imports, and in the exports other than commands.
fn module(old: &Inspection<'_>, new: &Inspection<'_>, changes: &mut Changes) {
    // Every host has the services, and permissions are in the manifest.
    let lacks = |inspection: &Inspection<'_>, import: &Import| {
        import.module != "plugin_host"
            && !inspection
                .imports()
                .iter()
                .any(|known| known.import == *import)
    };
    for import in new.imports().iter().map(|imported| &imported.import) {
        if lacks(old, import) {
            changes.breaking(
                format!("the host function {import}"),
                "is needed now",
                "hosts that do not have it cannot load the plugin",
            );
        }
    }
    for import in old.imports().iter().map(|imported| &imported.import) {
        if lacks(new, import) {
            changes.minor(format!("the host function {import}"), "is no longer needed");
        }
    }
    for (export, hook) in [("plugin_start", "start"), ("plugin_stop", "stop")] {
        let has = |inspection: &Inspection<'_>| {
            let mut exports = inspection.exports();
            exports.any(|known| known.name == export)
        };
        let subject = format!("the hook `{hook}`");
        match (has(old), has(new)) {
            (true, false) => {
                changes.breaking(subject, "is gone", "hosts that call it do not find it");
            }
            (false, true) => changes.minor(subject, "is new"),
            _ => {}
        }
    }
}

#[derive(Serialize)]
struct Comparison {
    id: String,
    old: String,
    new: String,
    /// The severity of all changes together; null without changes.
    level: Option<Level>,
    /// The lowest version that the new plugin may have.
    needed: String,
    allowed: bool,
    #[serde(skip)]
    by_version: bool,
    changes: Vec<Change>,
}

impl Report for Comparison {
    fn verdict(&self) -> Verdict {
        self.allowed.into()
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{}: {} → {}",
            text::line(&self.id, 60),
            self.old,
            self.new
        )?;
        for (level, heading) in [
            (Level::Breaking, "Breaking changes:"),
            (Level::Minor, "Minor changes:"),
            (Level::Patch, "Patches:"),
        ] {
            let mut changes = self
                .changes
                .iter()
                .filter(|change| change.level == level)
                .peekable();
            if changes.peek().is_none() {
                continue;
            }
            writeln!(out, "\n{HEADING}{heading}{HEADING:#}")?;
            for change in changes {
                match level {
                    Level::Breaking => write!(out, "  {BAD}✗{BAD:#} ")?,
                    Level::Minor => write!(out, "  {NOTE}+{NOTE:#} ")?,
                    Level::Patch => write!(out, "  · ")?,
                }
                writeln!(out, "{}: {}", change.subject, change.what)?;
                if let Some(why) = change.why {
                    writeln!(out, "      {why}")?;
                }
            }
        }
        writeln!(out)?;
        self.conclusion(out)
    }
}

impl Comparison {
    fn conclusion(&self, out: &mut dyn Write) -> io::Result<()> {
        let what = match self.level {
            None => "Nothing changed",
            Some(Level::Patch) => "Patches only",
            Some(Level::Minor) => "Minor changes",
            Some(Level::Breaking) => "Breaking changes",
        };
        if self.by_version {
            return writeln!(
                out,
                "{GOOD}✓{GOOD:#} {what}: version {} may follow {}",
                self.new, self.old
            );
        }
        if self.allowed {
            return writeln!(
                out,
                "{GOOD}✓{GOOD:#} {what}, which are allowed; by its version the plugin would have to be {} or later",
                self.needed
            );
        }
        writeln!(
            out,
            "{BAD}✗{BAD:#} {what}: after {} it must be version {} or later, and it is {}",
            self.old, self.needed, self.new
        )?;
        writeln!(
            out,
            "  {NOTE}help{NOTE:#}: `version = \"{}\"` in Cargo.toml",
            self.needed
        )
    }
}
