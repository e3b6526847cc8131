//! Loading modules for a host, and building those of crates.

use std::sync::{Arc, Mutex};

use crate::abi::Contract;
use crate::failure::{Failure, FailureKind};
use crate::hosts::{self, HostContract};
use crate::run::Module;
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
        loaded(hosts::native(), &source.into().read()?, |binary| {
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
        let binary = source.into().with_feature(host.feature).read()?;
        loaded(host, &binary, |binary| Module::made_for(host, binary))
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
        match clash(&build) {
            Some(failure) => Err(failure),
            None => Ok(build.module),
        }
    }
}

/// Returns the module as a host sees it. A build is checked once for each host, so that a process
/// compiles its module once.
fn loaded(
    host: &'static HostContract,
    binary: &Binary,
    check: impl FnOnce(&Binary) -> Result<Module, Failure>,
) -> Result<Module, Failure> {
    static LOADED: Mutex<Vec<(Arc<Build>, &str, Module)>> = Mutex::new(Vec::new());
    let Some(build) = &binary.build else {
        return check(binary);
    };
    build.checked(|| clash(build))?;
    let mut loaded = lock(&LOADED);
    let found = loaded.iter().find(|(of, name, module)| {
        Arc::ptr_eq(of, build) && *name == host.name && *module.limits() == binary.limits
    });
    if let Some((_, _, module)) = found {
        return Ok(module.clone());
    }
    let module = check(binary)?;
    loaded.push((Arc::clone(build), host.name, module.clone()));
    Ok(module)
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
