//! Sources of modules: a crate, a file, bytes or text.

mod cargo;
mod clash;
mod file;
pub mod remedies;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::Failure;
#[cfg(feature = "wat")]
use crate::failure::FailureKind;
use crate::limits::ModuleLimits;
use crate::symbols::Symbols;
#[cfg(feature = "wat")]
use crate::text;
use file::{read_file, within};

pub(crate) use cargo::Build;
pub use cargo::{BuiltModule, CargoEnvironment, CrateSource};
pub(crate) use clash::settled;
#[cfg(any(feature = "files-directory", feature = "kv-database"))]
pub(crate) use file::unusable_file;

/// The default of [`Source::max_bytes`]: 64 MiB.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// The variable that makes a process load snapshots of the plugins that it builds.
const ON_SNAPSHOTS: &str = "PLUGIN_SDK_SNAPSHOT";

/// The source of a module: a crate, a file, bytes, or text.
///
/// ```no_run
/// use plugin_sdk_harness::{Plugin, Source};
///
/// let release = Source::crate_dir(env!("CARGO_MANIFEST_DIR")).release();
/// let plugin = Plugin::builder(release).memory_pages(32).build()?;
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    origin: Origin,
    max_bytes: u64,
    limits: ModuleLimits,
    trusted: bool,
    symbols: Option<PathBuf>,
    /// The file that bytes are from.
    path: Option<PathBuf>,
}

#[derive(Clone, Debug)]
enum Origin {
    Crate(CrateSource),
    File(PathBuf),
    Bytes(Arc<[u8]>),
    #[cfg(feature = "wat")]
    Wat(String),
}

/// A module's bytes.
pub(crate) struct Binary {
    pub(crate) wasm: Arc<[u8]>,
    /// The limits that the module must satisfy.
    pub(crate) limits: ModuleLimits,
    /// The build that produced the bytes, if the source is a crate.
    pub(crate) build: Option<Arc<Build>>,
    /// The file that the bytes are from.
    pub(crate) path: Option<PathBuf>,
    /// Function names for failures and, if the debug information is trusted, source lines.
    pub(crate) symbols: Option<Arc<Symbols>>,
}

impl Source {
    /// Creates a source that builds the crate in a folder for `wasm32-unknown-unknown`.
    ///
    /// The build uses plain cargo; see [`CrateSource`]. A test in the plugin's own crate passes
    /// `env!("CARGO_MANIFEST_DIR")`.
    pub fn crate_dir(dir: impl Into<PathBuf>) -> CrateSource {
        CrateSource::new(dir)
    }

    /// Creates a source that reads a `.wasm` file. Pipes are refused.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Source::new(Origin::File(path.into()))
    }

    /// Creates a source from the bytes of a module.
    pub fn bytes(wasm: impl Into<Arc<[u8]>>) -> Self {
        Source::new(Origin::Bytes(wasm.into()))
    }

    /// Creates a source from WebAssembly's text format.
    ///
    /// The text may have up to 64 MiB, or more if [`max_bytes`](Source::max_bytes) allows more.
    #[cfg(feature = "wat")]
    pub fn wat(text: impl Into<String>) -> Self {
        Source::new(Origin::Wat(text.into()))
    }

    /// Returns the path of the file, if the source is a file.
    #[cfg(feature = "registry")]
    pub(crate) fn file_path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => Some(path),
            _ => None,
        }
    }

    /// Returns whether a snapshot of the module is to be loaded.
    pub(crate) fn takes_snapshot(&self) -> bool {
        matches!(&self.origin, Origin::Crate(source) if source.takes_snapshot())
    }

    /// Turns on a feature of the crate, if the source is a crate.
    pub(crate) fn with_feature(mut self, feature: Option<&str>) -> Self {
        if let (Origin::Crate(source), Some(feature)) = (&mut self.origin, feature) {
            source.add_feature(feature);
        }
        self
    }

    fn new(origin: Origin) -> Self {
        Source {
            origin,
            max_bytes: MAX_BYTES,
            limits: ModuleLimits::default(),
            trusted: false,
            symbols: None,
            path: None,
        }
    }

    /// Builds or reads the module.
    pub(crate) fn read(&self) -> Result<Binary, Failure> {
        let (mut build, mut crate_dir, mut file) = (None, None, None);
        let wasm = match &self.origin {
            Origin::Bytes(wasm) => Arc::clone(wasm),
            Origin::File(path) => {
                file = Some(path.as_path());
                read_file(path, self.max_bytes)?
            }
            #[cfg(feature = "wat")]
            Origin::Wat(wat) => {
                within(wat.len() as u64, self.max_bytes.max(MAX_BYTES))?;
                wat::parse_str(wat)
                    .map_err(|error| {
                        // The error quotes the offending line, which may be the whole text.
                        let reason = text::beginning(error, text::MAX_SHOWN);
                        Failure::load(FailureKind::InvalidModule { reason })
                    })?
                    .into()
            }
            Origin::Crate(crate_source) => {
                let built = build.insert(crate_source.build()?);
                crate_dir = Some(crate_source.dir());
                Arc::clone(&built.module.wasm)
            }
        };
        within(wasm.len() as u64, self.max_bytes)?;
        let symbols = match self.trusted || crate_dir.is_some() {
            true => Symbols::new(Arc::clone(&wasm), crate_dir),
            false => Symbols::untrusted(Arc::clone(&wasm)),
        };
        let built = build.as_ref().map(|build| build.module.path.as_path());
        let path = file.or(built).or(self.path.as_deref());
        Ok(Binary {
            wasm,
            limits: self.limits.clone(),
            path: path.map(Path::to_owned),
            build: build.clone(),
            symbols: Some(Arc::new(symbols.next_to(self.symbols.as_deref().or(file)))),
        })
    }

    /// Sets the maximum size of the module in bytes; 64 MiB by default.
    ///
    /// A larger module is refused as [`ModuleTooLarge`](crate::FailureKind::ModuleTooLarge) before
    /// it is read. A module built from a crate is refused before it is examined.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Limits the number of items in the module and the work that compiling it may take.
    pub fn limits(mut self, limits: ModuleLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets failures read the module's debug information, so that they name source files and lines.
    ///
    /// Malicious debug information can cost unbounded time and stack to read, so use this only for
    /// modules from a compiler that you trust. A crate that is [built](Source::crate_dir) by the
    /// harness is always trusted; for other modules, failures name functions and offsets.
    pub fn trust_debug_info(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Sets the file or folder with the function names of a stripped module.
    ///
    /// The file is one that [`symbols_file`](crate::symbols_file) made; a folder may contain
    /// several. For a [`file`](Source::file), failures also find `<id>.symbols` next to it, where
    /// `cargo plugin build` writes it. Symbols are used only if they belong to exactly this module,
    /// byte for byte. They contain nothing but names, so they need no trust.
    ///
    /// ```no_run
    /// use plugin_sdk_harness::{Plugin, Source};
    ///
    /// let source = Source::file("plugins/greeter.wasm").symbols("symbols");
    /// let plugin = Plugin::builder(source).build()?;
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn symbols(mut self, place: impl Into<PathBuf>) -> Self {
        self.symbols = Some(place.into());
        self
    }
}

impl Source {
    /// Sets the file that the [bytes](Source::bytes) are from, which capsules of failures name.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl CrateSource {
    /// Sets the maximum size of the module; see [`Source::max_bytes`].
    pub fn max_bytes(self, bytes: u64) -> Source {
        Source::from(self).max_bytes(bytes)
    }
}

impl From<CrateSource> for Source {
    fn from(source: CrateSource) -> Self {
        let on_snapshots = std::env::var_os(ON_SNAPSHOTS).is_some_and(|value| !value.is_empty());
        Source::new(Origin::Crate(match on_snapshots {
            true => source.snapshot(),
            false => source,
        }))
    }
}

/// A `.wasm` file.
impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Source::file(path)
    }
}

/// A `.wasm` file.
impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Source::file(path)
    }
}

/// Creates a source from the bytes of a module.
impl From<&[u8]> for Source {
    fn from(wasm: &[u8]) -> Self {
        Source::bytes(wasm)
    }
}

/// Creates a source from the bytes of a module.
impl From<Vec<u8>> for Source {
    fn from(wasm: Vec<u8>) -> Self {
        Source::bytes(wasm)
    }
}
