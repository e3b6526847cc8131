//! `cargo plugin build`

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::artifact::{BuildOptions, Bundle};
use crate::error::{Error, Result};
use crate::project::{Project, Selection};
use crate::quantities;
use crate::size::Breakdown;
use crate::terminal::{GOOD, Report, Several, Terminal, Verdict};

/// The number of crates and functions shown by default.
const TOP: usize = 8;

/// Builds the plugin for shipping, with the files that go with it
///
/// With `--host`, generates the file that the host reads from the plugin's manifest, next to the
/// module: `<id>.json` for NeoTalk, `plugin.json` for go-musicfox, `skill.toml` for CIS. With
/// `--host component` or `wasi-http`, the file is a component, and `<id>.wit` describes its world.
/// `<id>.symbols` has the names of the module's functions: keep it to read later failures of the
/// module.
#[derive(clap::Args)]
#[command(after_help = "\
The default profile is `release`, because this command is for modules that you ship. For everything else, `cargo test` and
`cargo build` are enough.")]
pub struct Build {
    #[command(flatten)]
    options: BuildOptions,
    /// The folder for the files, with a folder in it for each `--host` [default:
    /// `plugin/<profile>/<id>` in cargo's target folder]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The number of the largest crates and functions to show
    #[arg(long, value_name = "NUMBER", default_value_t = TOP)]
    top: usize,
    #[command(flatten)]
    selection: Selection,
}

impl Build {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let project = Project::find(&self.selection)?;
        let mut builds = Vec::new();
        for host in self.options.hosts(&project)? {
            let bundle = Bundle::build(&project, &self.options, &host, terminal)?;
            builds.push(self.report(&project, &bundle)?);
        }
        terminal.show(&Several(builds))
    }

    /// Writes the files, and returns the report.
    fn report(&self, project: &Project, bundle: &Bundle) -> Result<BuildReport> {
        let mut folder = match &self.output {
            Some(folder) => folder.clone(),
            None => self.options.folder(project).join(&bundle.manifest.id),
        };
        folder.extend(bundle.mark());
        let before = size_of_last(&folder, bundle);
        let files = write(bundle, &folder)?;
        let owner = project.name.replace('-', "_");
        let size = Breakdown::of(&bundle.wasm, &bundle.named, &owner)?;
        Ok(BuildReport {
            id: bundle.manifest.id.clone(),
            version: bundle.manifest.version.clone(),
            host: bundle.host.name(),
            files,
            bytes_before: before,
            size: match &bundle.component {
                None => size,
                Some(component) => size.within(component.wasm.len()),
            },
            top: self.top,
            title: bundle.title(),
        })
    }
}

/// Returns the size of the module that the last build left in the same folder.
fn size_of_last(folder: &Path, bundle: &Bundle) -> Option<usize> {
    let (module, _) = bundle.files().into_iter().next()?;
    let file = fs::metadata(folder.join(module)).ok()?;
    usize::try_from(file.len()).ok()
}

fn write(bundle: &Bundle, folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |path: &Path, error: io::Error| {
        Error::new(format!("cannot write `{}`", path.display())).because(error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut written = Vec::new();
    let symbols = bundle.symbols.clone();
    let symbols = symbols.map(|file| (format!("{}.symbols", bundle.manifest.id), file));
    for (name, contents) in bundle.files().into_iter().chain(symbols) {
        let path = folder.join(name);
        fs::write(&path, contents).map_err(|error| failed(&path, error))?;
        written.push(path);
    }
    Ok(written)
}

#[derive(Serialize)]
struct BuildReport {
    id: String,
    version: String,
    host: &'static str,
    files: Vec<PathBuf>,
    /// The module's size after the last build into the same folder; null for the first build.
    bytes_before: Option<usize>,
    size: Breakdown,
    #[serde(skip)]
    top: usize,
    #[serde(skip)]
    title: String,
}

impl Report for BuildReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let size = quantities::bytes(self.size.bytes as u64);
        let before = match self.bytes_before {
            Some(before) => format!(
                ", {} before: {}",
                quantities::bytes(before as u64),
                quantities::change(before as u64, self.size.bytes as u64)
            ),
            None => String::new(),
        };
        writeln!(out, "{GOOD}✓{GOOD:#} {}: {size}{before}", self.title)?;
        for file in &self.files {
            writeln!(out, "  {}", file.display())?;
        }
        self.size.text(self.top, out)
    }
}
