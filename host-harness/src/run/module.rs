//! Modules: loaded and checked once, and compiled once for each kind of engine.

use std::path::{Path, PathBuf};
#[cfg(feature = "schema-checks")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex};

use plugin_sdk::native;

use crate::abi::Contract;
use crate::abi::Warning;
use crate::engine::{CacheDir, Clock, EngineOptions, Entry, Linked, SharedEngine};
use crate::failure::Failure;
#[cfg(feature = "schema-checks")]
use crate::failure::FailureKind;
use crate::imports::State;
use crate::limits::ModuleLimits;
#[cfg(feature = "schema-checks")]
use crate::manifest::Checks;
use crate::manifest::Manifest;
use crate::permissions::Permission;
use crate::source::Binary;
use crate::symbols::Symbols;
use crate::sync::lock;
use crate::wasm::inspect::Inspection;

/// A plugin's module, from which any number of instances are created.
///
/// Loading reads or builds it, and checks it against the ABI. It is compiled when the first
/// instance is created, or read from the cache on disk; after that, an instance costs some tens of
/// microseconds. Clones share everything.
///
/// ```
/// use plugin_sdk_harness::{Module, Source};
///
/// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
/// let module = Module::load(Source::wat(WAT))?;
/// assert_eq!(module.commands().collect::<Vec<_>>(), ["clear", "echo", "numbers"]);
///
/// let mut one = module.plugin().build()?;
/// let mut other = module.plugin().memory_pages(2).build()?;
/// one.call_raw("echo", b"")?;
/// other.call_raw("echo", b"")?;
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone)]
pub struct Module(Arc<Inner>);

/// The function that makes an instance of a native plugin.
pub(crate) type MakeNative = fn() -> Box<dyn native::Guest + Send>;

struct Inner {
    /// Empty for a native plugin.
    wasm: Arc<[u8]>,
    native: Option<MakeNative>,
    limits: ModuleLimits,
    path: Option<PathBuf>,
    /// The names and source lines of functions, for failures.
    symbols: Option<Arc<Symbols>>,
    contract: Contract,
    /// Created when an instance first validates values.
    #[cfg(feature = "schema-checks")]
    checks: OnceLock<Arc<Checks>>,
    /// Instances with and without fuel, for example, need different code.
    compiled: Mutex<Vec<(EngineOptions, Arc<Compiled>)>>,
}

/// A module compiled for one engine.
pub(crate) struct Compiled {
    /// Lives as long as its code.
    engine: Arc<SharedEngine>,
    linked: Linked<State>,
    symbols: Option<Arc<Symbols>>,
}

impl Module {
    /// Creates a module from bytes that satisfy a contract.
    pub(crate) fn with(binary: &Binary, contract: Contract) -> Self {
        Module::new(binary, contract, None)
    }

    fn new(binary: &Binary, contract: Contract, native: Option<MakeNative>) -> Self {
        Module(Arc::new(Inner {
            native,
            wasm: Arc::clone(&binary.wasm),
            limits: binary.limits.clone(),
            path: binary.path.clone(),
            symbols: binary.symbols.clone(),
            contract,
            #[cfg(feature = "schema-checks")]
            checks: OnceLock::new(),
            compiled: Mutex::default(),
        }))
    }

    /// Returns a plugin that runs without WebAssembly, on the target of this process: see
    /// [`Plugin::native`](crate::Plugin::native).
    pub fn native<P: native::Plugin + Send>() -> Self {
        let make: MakeNative = native::guest::<P>;
        let nothing = Binary {
            wasm: Arc::from([]),
            limits: ModuleLimits::default(),
            path: None,
            build: None,
            symbols: None,
        };
        Module::new(&nothing, Contract::of_native(&*make()), Some(make))
    }

    /// Returns the function that makes an instance, if the plugin is native.
    pub(crate) fn make_native(&self) -> Option<MakeNative> {
        self.0.native
    }

    /// Returns the names of the commands, in alphabetical order.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.contract.commands().names()
    }

    /// Returns the plugin's description of itself: its name, what it asks for, and every command.
    /// `None` if there is no description, or an unreadable one, which is a
    /// [warning](Module::warnings).
    pub fn manifest(&self) -> Option<&Manifest> {
        self.0.contract.manifest().map(|manifest| &**manifest)
    }

    /// Returns the permissions that the plugin declares, with its reasons.
    pub fn permissions(&self) -> &[Permission] {
        let manifest = self.manifest();
        manifest.map_or(&[], |manifest| &manifest.permissions)
    }

    /// Returns warnings for the plugin's author: an unreadable description, commands and hooks that
    /// are described and not exported, or exported and not described, and permissions of
    /// [services](crate::services) that are declared and not used, or used and not declared.
    ///
    /// ```
    /// use plugin_sdk_harness::{Module, Source};
    ///
    /// # const WAT: &str = r#"(module (import "plugin_host" "kv_delete" (func (param i32 i32) (result i64)))
    /// #   (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    /// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    /// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup")))"#;
    /// let module = Module::load(Source::wat(WAT))?;
    /// let warning = module.warnings()[0].to_string();
    /// assert!(warning.starts_with("the permission `kv` is used, by kv_delete, and not declared"));
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn warnings(&self) -> &[Warning] {
        self.0.contract.warnings()
    }

    /// Returns the bytes of the module; none for a native plugin.
    pub fn bytes(&self) -> &[u8] {
        &self.0.wasm
    }

    /// Returns the size of the module in bytes.
    pub fn size(&self) -> usize {
        self.0.wasm.len()
    }

    /// Returns the plugin's schemas, compiled once for all instances; `None` if it does not
    /// describe itself.
    ///
    /// # Errors
    ///
    /// Fails if the description cannot be read: a host that relies on validation must not run
    /// without it.
    #[cfg(feature = "schema-checks")]
    pub(crate) fn checks(&self) -> Result<Option<Arc<Checks>>, FailureKind> {
        let contract = self.contract();
        let unreadable = contract
            .warnings()
            .iter()
            .find_map(|warning| match warning {
                Warning::Manifest { reason } => Some(reason.clone()),
                _ => None,
            });
        if let Some(reason) = unreadable {
            return Err(FailureKind::BadSchema { reason });
        }
        let checks = contract.manifest().map(|manifest| {
            let make = || Arc::new(Checks::of(Arc::clone(manifest)));
            Arc::clone(self.0.checks.get_or_init(make))
        });
        Ok(checks)
    }

    /// Returns the module's bytes and limits, for another host.
    pub(crate) fn binary(&self) -> Binary {
        Binary {
            wasm: Arc::clone(&self.0.wasm),
            limits: self.0.limits.clone(),
            path: self.0.path.clone(),
            build: None,
            symbols: self.0.symbols.clone(),
        }
    }

    /// Returns the limits of the module.
    pub(crate) fn limits(&self) -> &ModuleLimits {
        &self.0.limits
    }

    pub(crate) fn contract(&self) -> &Contract {
        &self.0.contract
    }

    /// Returns the file that it is from, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Returns the folder of the crate that it was built from in this process.
    pub(crate) fn crate_dir(&self) -> Option<&Path> {
        self.0.symbols.as_ref()?.crate_dir()
    }

    /// Returns the module, compiled for an engine with these options.
    pub(crate) fn compiled(&self, options: &EngineOptions) -> Result<Arc<Compiled>, Failure> {
        // Locked while compiling, so that another thread that needs the same code waits for it. The
        // limits of the module bound the time.
        let mut compiled = lock(&self.0.compiled);
        if let Some((_, existing)) = compiled.iter().find(|(with, _)| with == options) {
            return Ok(Arc::clone(existing));
        }
        let mut shared = SharedEngine::with(options)?;
        let found = shared.cached(&self.0.wasm);
        if found == Entry::Damaged {
            shared = SharedEngine::with(&EngineOptions {
                cache: CacheDir::Off,
                ..options.clone()
            })?;
        }
        let module = &self.0;
        // A module from the cache has passed.
        if found != Entry::Sound {
            Inspection::within(&module.wasm, module.limits.clone())?.code()?;
        }
        let new = Arc::new(Compiled {
            linked: shared.link(&module.wasm, module.contract.imports(), found)?,
            engine: shared,
            symbols: self.0.symbols.clone(),
        });
        compiled.push((options.clone(), Arc::clone(&new)));
        Ok(new)
    }
}

impl Compiled {
    pub(crate) fn linked(&self) -> &Linked<State> {
        &self.linked
    }

    pub(crate) fn symbols(&self) -> Option<&Arc<Symbols>> {
        self.symbols.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.engine.clock()
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("size", &self.size())
            .field("commands", &self.commands().collect::<Vec<_>>())
            .finish()
    }
}
