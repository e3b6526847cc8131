//! The hosts that plugins are made for: the contract of each, and an emulator that follows it
//! strictly.
//!
//! A plugin that is built for a host is tested as that host runs it: with its order of calls, its
//! rules for memory, its limits and only its functions. Where the host itself would crash, or
//! continue with bytes of another owner, the emulator reports the mistake:
//!
//! ```no_run
//! use plugin_sdk_harness::{Plugin, Source, hosts};
//! use serde_json::{Value, json};
//!
//! // Built with the plugin's feature `host-neotalk`.
//! let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
//! let builder = Plugin::builder(source).config(json!({"greeting": "Hi"}));
//! let mut plugin = builder.build_for(hosts::neotalk())?;
//! let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
//! assert_eq!(greeting["message"], "Hi, Ada!");
//! assert!(plugin.services().logs().contains("greeting Ada"));
//! plugin.finish()?;
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```
//!
//! A module can be checked against a contract without running it:
//!
//! ```
//! use plugin_sdk_harness::{hosts, inspect::Inspection};
//!
//! let wasm = wat::parse_str(
//!     r#"(module (import "plugin_host" "kv_gte" (func)) (memory (export "memory") 1))"#,
//! )?;
//! let native = hosts::find("native").unwrap();
//! let imports = native.imports(&Inspection::of(&wasm)?);
//! assert_eq!(imports.failures[0].code(), "missing_imports");
//! assert_eq!(native.nearest("kv_gte"), Some("kv_get"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One file for each host
//!
//! A host's file has its [`HostContract`], a constant that states how the host differs from that of
//! the SDK's own ABI, and its emulator, which has three parts:
//!
//! * **Functions**: an implementation of the `#[host_functions]` traits in
//!   `plugin_sdk::hosts::<name>`, on top of the [services](crate::services). It gets a
//!   `Surroundings` (`emulator.rs`) with handles of them, and checks grants itself, since each host
//!   has its own form of refusal.
//! * **Operations**: an `Emulator` (`emulator.rs`), which defines how this host begins a plugin,
//!   initialises it, runs a command, takes its result, and so on. It only has a `Guest`
//!   (`guest.rs`), to call exports, to read and write memory with every range checked, and to
//!   allocate with the export that the contract names. Operations that a host lacks have a default.
//!   Data that it shares with its functions (an input that the guest pulls, an output that it
//!   pushes) is in a `Shared`.
//! * **Words** for failures, where its documents have them.
//!
//! Everything else is the same for all hosts (`plugin/`): limits, fuel, time, traps, panics,
//! grants, faults, the history of host calls, the log, schemas, failures.

mod cis;
mod contract;
mod emulator;
mod exports;
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
pub(crate) use emulator::{
    Breaches, Emulation, Emulator, Surroundings, event_object, split_event_object,
};
pub(crate) use guest::Guest;
pub use recognition::made_for;

/// One line per host: its module, which is also its name, its description, and its page.
macro_rules! hosts {
    ($($name:ident: $what:literal, $page:literal;)*) => {
        static ALL: &[HostContract] = &[$($name::CONTRACT),*];

        $(
            #[doc = concat!(
                "Returns the host ", $what, ". Its page: ",
                "<https://docs.rs/plugin-sdk/latest/plugin_sdk/docs/", $page, "/>."
            )]
            pub fn $name() -> &'static HostContract {
                static CONTRACT: HostContract = $name::CONTRACT;
                &CONTRACT
            }
        )*
    };
}

hosts! {
    native: "of the SDK's own ABI", "abi";
    neotalk: "NeoTalk", "neotalk";
    cis: "CIS", "cis";
    musicfox: "go-musicfox v2", "musicfox";
    neomind: "of NeoMind's extensions", "neomind";
    toolfs: "ToolFS", "toolfs";
    extism: "Extism", "extism";
    typst: "Typst", "typst";
}

/// Returns all known hosts, that of the SDK's own ABI first.
pub fn all() -> &'static [HostContract] {
    ALL
}

/// Returns the host of a name.
pub fn find(name: &str) -> Option<&'static HostContract> {
    all().iter().find(|host| host.name == name)
}
