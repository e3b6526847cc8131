//! Loading modules for a host, and building those of crates.

use std::sync::{Arc, Mutex};

use crate::abi::Contract;
use crate::engine::{CacheDir, Engine, EngineOptions};
use crate::failure::{Failure, FailureKind};
use crate::hosts::{self, HostContract};
use crate::limits::Limits;
use crate::run::Module;
use crate::snapshot;
use crate::source::{Binary, Build, BuiltModule, CrateSource, Source, settled};
use crate::sync::lock;
use crate::wasm::examine;
use crate::wasm::inspect::Inspection;

impl Module {
    /// Loads a module and checks that it is a plugin of this ABI version.
    ///
    /// # Errors
    ///
    /// Fails if the source cannot be built or read, is not a module, or violates the ABI: each is a
    /// [`FailureKind`] of its own.
    pub fn load(source: impl Into<Source>) -> Result<Self, Failure> {
        loaded(hosts::native(), &source.into(), |binary| {
            let contract = Contract::of(&examine(&binary.wasm, &binary.limits)?)?;
            Ok(Module::with(binary, contract))
        })
    }

    /// Loads a module for another host: [`build_for`](crate::PluginBuilder::build_for) creates its
    /// instances. A crate is built with its feature for that host.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Module::load), and exports that are not what the host expects.
    pub fn load_for(
        host: &'static HostContract,
        source: impl Into<Source>,
    ) -> Result<Self, Failure> {
        let source = source.into().with_feature(host.feature);
        loaded(host, &source, |binary| Module::made_for(host, binary))
    }

    /// Loads a module for a host, or else for the one that it was built for: see
    /// [`hosts::made_for`].
    #[cfg(feature = "registry")]
    pub(crate) fn load_for_its_host(
        source: Source,
        host: Option<&'static HostContract>,
    ) -> Result<(Self, &'static HostContract), Failure> {
        let host = match host {
            Some(host) => host,
            None => {
                let binary = source.read()?;
                let inspection = Inspection::within(&binary.wasm, binary.limits.clone())?;
                hosts::made_for(&inspection).unwrap_or_else(hosts::native)
            }
        };
        let module = match host.feature {
            Some(_) => Module::load_for(host, source)?,
            None => Module::load(source)?,
        };
        Ok((module, host))
    }

    /// Returns the same module as another host sees it.
    pub(crate) fn seen_by(&self, host: &'static HostContract) -> Result<Self, Failure> {
        Module::made_for(host, &self.binary())
    }

    fn made_for(host: &'static HostContract, binary: &Binary) -> Result<Self, Failure> {
        let inspection = Inspection::within(&binary.wasm, binary.limits.clone())?;
        if let Some(first) = host.exports(&inspection).into_iter().next() {
            return Err(first);
        }
        let contract = host.contract(inspection.interface())?;
        Ok(Module::with(binary, contract))
    }
}

impl CrateSource {
    /// Builds the module now, even if this process has built it before, and reads it.
    ///
    /// # Errors
    ///
    /// Fails with [`FailureKind::Build`] if the module cannot be built, and with
    /// [`FailureKind::Io`] if it cannot be read.
    ///
    /// ```no_run
    /// use plugin_sdk_harness::Source;
    ///
    /// let built = Source::crate_dir("plugins/greeter").release().cdylib_only().compile()?;
    /// println!("{}: {} bytes", built.path.display(), built.wasm.len());
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn compile(&self) -> Result<BuiltModule, Failure> {
        let build = self.run()?;
        if let Some(failure) = clash(&build) {
            return Err(failure);
        }
        let mut module = build.module;
        if self.takes_snapshot() {
            let binary = Source::bytes(module.wasm).read()?;
            module.wasm = snapshot_of(&binary)?.wasm;
        }
        Ok(module)
    }
}

/// Returns the module as a host sees it. A build is checked once for each host, so that a process
/// compiles its module once.
fn loaded(
    host: &'static HostContract,
    source: &Source,
    check: impl FnOnce(&Binary) -> Result<Module, Failure>,
) -> Result<Module, Failure> {
    static LOADED: Mutex<Vec<(Arc<Build>, &str, Module)>> = Mutex::new(Vec::new());
    let binary = source.read()?;
    let Some(build) = &binary.build else {
        return check(&binary);
    };
    build.checked(|| clash(build))?;
    let mut loaded = lock(&LOADED);
    let found = loaded.iter().find(|(of, name, module)| {
        Arc::ptr_eq(of, build) && *name == host.name && *module.limits() == binary.limits
    });
    if let Some((_, _, module)) = found {
        return Ok(module.clone());
    }
    let module = match source.takes_snapshot() {
        true => check(&snapshot_of(&binary)?)?,
        false => check(&binary)?,
    };
    loaded.push((Arc::clone(build), host.name, module.clone()));
    Ok(module)
}

/// Returns a snapshot of a module that was built for one, made within the default limits.
fn snapshot_of(binary: &Binary) -> Result<Binary, Failure> {
    let limits = Limits::default();
    let options = EngineOptions {
        engine: Engine::usual()?,
        fuel: false,
        clock: limits.timeout.is_some(),
        stack_bytes: limits.stack_bytes,
        slots: false,
        pool: None,
        cache: CacheDir::default(),
    };
    let wasm: Arc<[u8]> = snapshot::take(binary, &limits, &options)?.into();
    let symbols = binary.symbols.as_deref();
    let symbols = symbols.map(|symbols| Arc::new(symbols.moved_to(Arc::clone(&wasm))));
    Ok(Binary {
        wasm,
        symbols,
        limits: binary.limits.clone(),
        build: binary.build.clone(),
        // The file has another module.
        path: None,
    })
}

/// Returns the failure of a module that lacks an export because the linker has kept a dependency's
/// function of that name instead.
fn clash(build: &Build) -> Option<Failure> {
    let inspection = Inspection::of(&build.module.wasm).ok()?;
    let failures = hosts::made_for(&inspection)?.exports(&inspection);
    let lacking = failures.iter().filter_map(|failure| match failure.kind() {
        FailureKind::MissingExport { name, .. } | FailureKind::WrongExport { name, .. } => {
            Some(name.as_str())
        }
        _ => None,
    });
    let clash = settled(lacking, &build.libraries)?;
    Some(Failure::load(FailureKind::Build(clash.into())))
}
