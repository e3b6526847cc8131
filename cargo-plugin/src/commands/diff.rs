//! `cargo plugin diff`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use plugin_sdk_harness::inspect::Inspection;
use semver::Version;
use serde::Serialize;

use crate::compatibility::{self, Change, Level};
use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::terminal::{BAD, GOOD, HEADING, NOTE, Report, Terminal, Verdict};
use crate::text;

/// Tells what a new version of a plugin changes for its users
///
/// Each change is breaking, minor or a patch, and the worst of them decides which version the new one must have. The answer is yes if it has such a version.
#[derive(clap::Args)]
pub struct Diff {
    /// The version that is in use: a `.wasm` file, or the folder of a project, which is built
    old: PathBuf,
    /// The version that is to follow it, likewise
    new: PathBuf,
    /// Lets changes up to this level pass, whatever the version says
    #[arg(long, value_name = "LEVEL")]
    allow: Option<Allowed>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Allowed {
    Patch,
    Minor,
    Breaking,
}

impl From<Allowed> for Level {
    fn from(allowed: Allowed) -> Self {
        match allowed {
            Allowed::Patch => Level::Patch,
            Allowed::Minor => Level::Minor,
            Allowed::Breaking => Level::Breaking,
        }
    }
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
            changes.push(Change::new(Level::Patch, "the code", "changed", None));
        }
        compatibility::sort(&mut changes);
        let level = changes.first().map(|change| change.level);
        let (before, after) = (
            version(&old, &of_old.version)?,
            version(&new, &of_new.version)?,
        );
        let allowed = self.allow.map(Level::from);
        let by_version = compatibility::allows(&before, &after, level);
        let by_option = level.is_none_or(|level| allowed.is_some_and(|allowed| level <= allowed));
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
        terminal.show(&report)?;
        Ok(match report.allowed {
            true => Verdict::Yes,
            false => Verdict::No,
        })
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

/// Collects changes in the host requirements, and in the exports other than commands.
fn module(old: &Inspection<'_>, new: &Inspection<'_>, changes: &mut Vec<Change>) {
    const SERVICES: &str = "plugin_host";
    for imported in new.imports() {
        // Every host has the services, and permissions are in the manifest.
        let known = old
            .imports()
            .iter()
            .any(|old| old.import == imported.import);
        if known || imported.import.module == SERVICES {
            continue;
        }
        changes.push(Change::new(
            Level::Breaking,
            format!("the host function {}", imported.import),
            "is needed now",
            Some("hosts that do not have it cannot load the plugin"),
        ));
    }
    for imported in old.imports() {
        if imported.import.module != SERVICES
            && !new
                .imports()
                .iter()
                .any(|new| new.import == imported.import)
        {
            changes.push(Change::new(
                Level::Minor,
                format!("the host function {}", imported.import),
                "is no longer needed",
                None,
            ));
        }
    }
    let has = |inspection: &Inspection<'_>, name: &str| {
        inspection.exports().any(|export| export.name == name)
    };
    for (export, hook) in [("plugin_start", "start"), ("plugin_stop", "stop")] {
        match (has(old, export), has(new, export)) {
            (true, false) => changes.push(Change::new(
                Level::Breaking,
                format!("the hook `{hook}`"),
                "is gone",
                Some("hosts that call it do not find it"),
            )),
            (false, true) => changes.push(Change::new(
                Level::Minor,
                format!("the hook `{hook}`"),
                "is new",
                None,
            )),
            _ => {}
        }
    }
}

#[derive(Serialize)]
struct Comparison {
    id: String,
    old: String,
    new: String,
    /// The severity of all changes together; null if there are none.
    level: Option<Level>,
    /// The lowest version that the new plugin may have.
    needed: String,
    allowed: bool,
    #[serde(skip)]
    by_version: bool,
    changes: Vec<Change>,
}

impl Report for Comparison {
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
        self.verdict(out)
    }
}

impl Comparison {
    fn verdict(&self, out: &mut dyn Write) -> io::Result<()> {
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
