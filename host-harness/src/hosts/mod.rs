//! The hosts that plugins are made for: what each asks of a module, and an emulator of each that plays it strictly.
//!
//! A plugin that is built for a host is tested as that host will run it, in its order of calls, by its rules of memory and within its limits, and with its functions
//! alone; where the host itself would crash, or go on with bytes that are not its own, the emulator says what is wrong:
//!
//! ```no_run
//! use plugin_sdk_harness::{Plugin, Source, hosts};
//! use serde_json::{Value, json};
//!
//! // Built with the plugin's feature `host-neotalk`.
//! let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
//! let mut plugin = Plugin::builder(source).config(json!({"greeting": "Hi"})).build_for(hosts::neotalk())?;
//! let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
//! assert_eq!(greeting["message"], "Hi, Ada!");
//! assert!(plugin.host().logs().contains("greeting Ada"));
//! plugin.finish()?;
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! What each asks of a module can be asked without running it:
//!
//! ```
//! use plugin_sdk_harness::{hosts, inspect::Inspection};
//!
//! let wasm = wat::parse_str(r#"(module (import "plugin_host" "kv_gte" (func)) (memory (export "memory") 1))"#)?;
//! let native = hosts::find("native").unwrap();
//! let imports = native.imports(&Inspection::of(&wasm)?);
//! assert_eq!(imports.failures[0].code(), "missing_imports");
//! assert_eq!(native.nearest("kv_gte"), Some("kv_get"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One file for each host
//!
//! A host's file has its [`HostContract`], a constant, and its emulator, which is three things:
//!
//! * **Its functions**: an implementation of the `#[host_functions]` traits in `plugin_sdk::hosts::<name>`, on top of the [services](crate::services) in memory.
//!   It gets clones of their handles, and asks the grants for itself, for its own types have their own ways to say no.
//! * **Its calls**: an `Emulator` (`emulator.rs`), which says how this host begins a plugin, initialises it, runs a command and takes its result, and so on. It has only a
//!   `Guest` (`guest.rs`) to do that with: call an export, read and write memory with every range checked, allocate by whichever export the contract names.
//!   Each method of the trait is one thing that a host does; what a host never does, it leaves out. What must outlive one call is its own field, and what its functions share with it
//!   (an input that the guest pulls, an output that it pushes) is behind an `Arc<Mutex<…>>` that both have.
//! * **Its words** for failures, where its documents tell them.
//!
//! All the rest is the same for all (`plugin/`): limits, fuel, time, traps, panics, grants, faults, the history of host calls, the log, schemas, failures.

mod cis;
mod contract;
mod emulator;
mod extism;
mod guest;
mod musicfox;
mod native;
mod neomind;
mod neotalk;
mod recognition;
mod toolfs;
mod typst;

pub use contract::{HostContract, Imports};
pub(crate) use emulator::{Breaches, Emulation, Emulator, Surroundings};
pub(crate) use guest::Guest;
pub use recognition::made_for;

/// One line for each host: its module, which is its name, and what it is.
macro_rules! hosts {
    ($($name:ident: $what:literal;)*) => {
        static ALL: &[HostContract] = &[$($name::CONTRACT),*];

        $(
            #[doc = concat!("The host ", $what)]
            pub fn $name() -> &'static HostContract {
                static CONTRACT: HostContract = $name::CONTRACT;
                &CONTRACT
            }
        )*
    };
}

hosts! {
    native: "of the SDK's own ABI: `docs/abi.md`.";
    neotalk: "NeoTalk: `docs/hosts/neotalk.md`.";
    cis: "CIS: `docs/hosts/cis.md`.";
    musicfox: "go-musicfox v2: `docs/hosts/musicfox.md`.";
    neomind: "of NeoMind's extensions: `docs/hosts/neomind.md`.";
    toolfs: "ToolFS: `docs/hosts/toolfs.md`.";
    extism: "Extism: `docs/hosts/extism.md`.";
    typst: "Typst: `docs/hosts/typst.md`.";
}

/// All hosts that are known, that of the SDK's own ABI first.
pub fn all() -> &'static [HostContract] {
    ALL
}

/// The host of a name.
pub fn find(name: &str) -> Option<&'static HostContract> {
    all().iter().find(|host| host.name == name)
}
