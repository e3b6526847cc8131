//! Where a plugin's module comes from.

mod cargo;
mod clash;
mod file;
pub mod remedies;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::{Failure, FailureKind};
use crate::limits::ModuleLimits;
use crate::symbols::Symbols;
use crate::text;
use file::{read_file, within};

pub(crate) use cargo::Build;
pub use cargo::{CargoEnvironment, Compiled, CrateSource};
pub(crate) use clash::settled;

/// The largest module that is loaded unless [`Source::max_bytes`] says otherwise: 64 MiB.
const MAX_BYTES: u64 = 64 << 20;

/// Where a plugin's module comes from: a crate, a file, bytes, or text.
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
}

#[derive(Clone, Debug)]
enum Origin {
    Crate(CrateSource),
    File(PathBuf),
    Bytes(Arc<[u8]>),
    Wat(String),
}

/// A module's bytes.
pub(crate) struct Binary {
    pub(crate) wasm: Arc<[u8]>,
    /// What it may be.
    pub(crate) limits: ModuleLimits,
    /// The build that they came from, where there was one.
    pub(crate) build: Option<Arc<Build>>,
    /// What failures find names and, where that is to be trusted, source lines by.
    pub(crate) symbols: Option<Arc<Symbols>>,
}

impl Source {
    /// The crate in a folder, which is built for `wasm32-unknown-unknown` with plain cargo: see [`CrateSource`].
    ///
    /// A test of the plugin's own crate passes `env!("CARGO_MANIFEST_DIR")`.
    pub fn crate_dir(dir: impl Into<PathBuf>) -> CrateSource {
        CrateSource::new(dir)
    }

    /// A `.wasm` file. A pipe is none.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Source::new(Origin::File(path.into()))
    }

    /// The bytes of a module.
    pub fn bytes(wasm: impl Into<Arc<[u8]>>) -> Self {
        Source::new(Origin::Bytes(wasm.into()))
    }

    /// A module in WebAssembly's text format, of at most 64 MiB of text unless [`max_bytes`](Source::max_bytes) allows more.
    pub fn wat(text: impl Into<String>) -> Self {
        Source::new(Origin::Wat(text.into()))
    }

    /// How many bytes the module may have; 64 MiB unless set. A larger one is refused as
    /// [`ModuleTooLarge`](FailureKind::ModuleTooLarge) before it is read, or where it is built from a crate, before it is looked at.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How much there may be of each thing in the module, and how much work it may be for the compiler.
    pub fn limits(mut self, limits: ModuleLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets failures read the module's debug information, so that they tell source files and lines.
    ///
    /// Reading it takes as much time and stack as whoever wrote it likes, so this is for modules that come from a compiler one trusts. A crate
    /// that is [built](Source::crate_dir) here is trusted anyway; of other modules, failures tell functions and offsets.
    pub fn trust_debug_info(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Says where failures find the names of a stripped module's functions: in a file that [`symbols_file`](crate::symbols_file) made, or in a folder of such.
    ///
    /// A [`file`](Source::file) has them beside it without a word, where `cargo plugin build` writes them as `<id>.symbols`. They are used only where they belong to
    /// this very module, byte for byte. They are names and nothing else, so that they need no trust.
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

    /// With a feature of the crate turned on, where it is one that is built.
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
        }
    }

    /// Builds or reads what there is to build or read.
    pub(crate) fn read(&self) -> Result<Binary, Failure> {
        let mut build = None;
        let wasm = match &self.origin {
            Origin::Bytes(wasm) => Arc::clone(wasm),
            Origin::File(path) => read_file(path, self.max_bytes)?,
            Origin::Wat(wat) => {
                within(wat.len() as u64, self.max_bytes.max(MAX_BYTES))?;
                wat::parse_str(wat)
                    .map_err(|error| {
                        // It shows the line of the text, which may be all of it.
                        let reason = text::beginning(error, text::MAX_SHOWN);
                        Failure::load(FailureKind::InvalidModule { reason })
                    })?
                    .into()
            }
            Origin::Crate(crate_source) => {
                let built = crate_source.build()?;
                let wasm = Arc::clone(&built.module.wasm);
                build = Some(built);
                wasm
            }
        };
        within(wasm.len() as u64, self.max_bytes)?;
        let crate_dir = match &self.origin {
            Origin::Crate(crate_source) => Some(crate_source.dir()),
            _ => None,
        };
        let place = self.symbols.as_deref().or(match &self.origin {
            Origin::File(path) => Some(path.as_path()),
            _ => None,
        });
        let symbols = match self.trusted || crate_dir.is_some() {
            true => Symbols::new(Arc::clone(&wasm), crate_dir),
            false => Symbols::untrusted(Arc::clone(&wasm)),
        };
        Ok(Binary {
            wasm,
            limits: self.limits.clone(),
            build,
            symbols: Some(Arc::new(symbols.beside(place))),
        })
    }
}

impl CrateSource {
    /// See [`Source::max_bytes`].
    pub fn max_bytes(self, bytes: u64) -> Source {
        Source::from(self).max_bytes(bytes)
    }
}

impl From<CrateSource> for Source {
    fn from(source: CrateSource) -> Self {
        Source::new(Origin::Crate(source))
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

/// The bytes of a module.
impl From<&[u8]> for Source {
    fn from(wasm: &[u8]) -> Self {
        Source::bytes(wasm)
    }
}

/// The bytes of a module.
impl From<Vec<u8>> for Source {
    fn from(wasm: Vec<u8>) -> Self {
        Source::bytes(wasm)
    }
}
