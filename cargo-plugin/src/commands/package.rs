//! `cargo plugin package`

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::archive;
use crate::artifact::{BuildOptions, Bundle};
use crate::error::{Error, Result};
use crate::implementations::ImplementationOptions;
use crate::project::{Project, Selection};
use crate::quantities;
use crate::reference;
use crate::terminal::{GOOD, Report, Several, Terminal, Verdict};

/// The file that describes the plugin's commands, generated from its manifest.
const REFERENCE: &str = "COMMANDS.md";

/// The prefixes of file names that go into every package, in any case.
const LEGAL: [&str; 4] = ["license", "licence", "copying", "notice"];

/// Packs the plugin into an archive for distribution
///
/// The archive `<id>-<version>.tar.gz` contains a folder `<id>-<version>` with the module, its
/// sidecar (see `cargo plugin build`), the README and licences of the crate, `COMMANDS.md`, which
/// describes the commands, and `SHA256SUMS`. The same module always gives the same archive, byte
/// for byte. With `--host`, the archive is `<id>-<version>-<host>.tar.gz`.
#[derive(clap::Args)]
pub struct Package {
    #[command(flatten)]
    options: BuildOptions,
    /// The folder for the archive [default: `plugin/<profile>` in cargo's target folder]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    implementations: ImplementationOptions,
    #[command(flatten)]
    selection: Selection,
}

impl Package {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let project = Project::find(&self.selection)?;
        let implementations = self.implementations.read()?;
        let mut packages = Vec::new();
        let hosts = self.options.hosts(&project)?;
        for (host, _) in &hosts {
            implementations.check_host(*host)?;
        }
        for host in hosts {
            let mut bundle = Bundle::build(&project, &self.options, &host, terminal)?;
            let further = implementations.add_to(&mut bundle)?;
            packages.push(self.pack(&project, &bundle, further, terminal)?);
        }
        terminal.show(&Several(packages))
    }

    fn pack(
        &self,
        project: &Project,
        bundle: &Bundle,
        further: Vec<(String, Vec<u8>)>,
        terminal: &Terminal,
    ) -> Result<PackageReport> {
        let mut files = bundle.files();
        files.extend(further);
        files.push((
            REFERENCE.to_owned(),
            reference::markdown(&bundle.manifest).into_bytes(),
        ));
        for path in documents(project)? {
            let contents = fs::read(&path).map_err(|error| cannot_read(&path, error))?;
            let name = file_name(&path);
            if files.iter().all(|(taken, _)| *taken != name) {
                files.push((name, contents));
            }
        }
        files.sort();
        let names = files.iter().map(|(name, _)| name.clone());
        let names = names.chain([archive::CHECKSUMS.to_owned()]).collect();

        let mut stem = format!("{}-{}", bundle.manifest.id, bundle.manifest.version);
        if let Some(host) = bundle.mark() {
            stem = format!("{stem}-{host}");
        }
        terminal.status("Packing", &bundle.title());
        let folder = match &self.output {
            Some(folder) => folder.clone(),
            None => self.options.folder(project),
        };
        let path = folder.join(format!("{stem}.tar.gz"));
        let failed = |error: io::Error| {
            Error::new(format!("cannot write `{}`", path.display())).because(error)
        };
        let packed = archive::pack(&stem, files).map_err(failed)?;
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::write(&path, &packed).map_err(failed)?;
        Ok(PackageReport {
            id: bundle.manifest.id.clone(),
            version: bundle.manifest.version.clone(),
            host: bundle.host.name(),
            bytes: packed.len(),
            sha256: archive::sha256(&packed),
            files: names,
            archive: path,
        })
    }
}

/// Returns the paths of the README and the licences.
fn documents(project: &Project) -> Result<Vec<PathBuf>> {
    let mut documents: Vec<PathBuf> = fs::read_dir(&project.root)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(|error| cannot_read(&project.root, error))?;
    documents.retain(|path| path.is_file() && is_legal(path));
    // The files that the crate names, possibly in other folders, come first.
    documents.sort();
    let named = [&project.readme, &project.license_file]
        .into_iter()
        .flatten();
    let mut all: Vec<PathBuf> = named.cloned().collect();
    all.append(&mut documents);
    Ok(all)
}

fn is_legal(path: &Path) -> bool {
    let name = file_name(path).to_lowercase();
    LEGAL.iter().any(|beginning| name.starts_with(beginning))
}

/// Returns the name of a file that exists.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn cannot_read(path: &Path, error: io::Error) -> Error {
    Error::new(format!("cannot read `{}`", path.display())).because(error)
}

#[derive(Serialize)]
struct PackageReport {
    id: String,
    version: String,
    host: &'static str,
    archive: PathBuf,
    bytes: usize,
    sha256: String,
    /// The names of the files in the archive's folder.
    files: Vec<String>,
}

impl Report for PackageReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} {}, {}, {} files",
            self.archive.display(),
            quantities::bytes(self.bytes as u64),
            self.files.len()
        )?;
        for file in &self.files {
            writeln!(out, "  {file}")?;
        }
        writeln!(out, "sha256 {}", self.sha256)
    }
}
