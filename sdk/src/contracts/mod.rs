//! The contracts that a plugin can be built for, one file each. A build for wasm32 uses one of
//! them.
//!
//! A feature of this crate chooses the contract; the plugin's source stays the same. Without such a
//! feature it is [`native`], the SDK's own ABI. A contract's file holds
//!
//! * the functions that its host offers to guests, as
//!   [`#[host_functions]`](macro@crate::host_functions) traits, which the emulator in
//!   `plugin-sdk-harness` implements;
//! * the SDK's services on top of these functions: a type `Contract` that implements the traits of
//!   [`services`](crate::services). Whatever the host cannot do fails with `unsupported`, by the
//!   macro `unsupported!`;
//! * the macros that define the exports, which the expansions of `#[plugin]` and `#[command]` call,
//!   and the functions behind these exports.
//!
//! Every contract builds on the native guest: an export finds the command ([`registry`]), passes
//! its arguments, and converts the answer to the form that its host expects ([`call`]).
//!
//! | feature | host | how it calls a command |
//! |---|---|---|
//! | | any that implements [ABI 1](crate::docs::abi) | an export of its own |
//! | `host-cis` | [`cis`] | `skill_execute` with its name |
//! | `host-neotalk` | [`neotalk`] | `neotalk_command` with its name |
//! | `host-musicfox` | [`musicfox`] | `process_audio`, or an event `command.<name>` |
//! | `host-component` | [`component`] | an export that the tool adds, by the canonical ABI |
//! | `host-wasi-http` | [`wasi_http`] | a request to its route |
//! | `host-extism` | [`extism`] | an export of its name |
//! | `host-typst` | [`typst`] | an export of its name |
//! | `host-neomind` | [`neomind`] | `execute_command_json` with JSON that names it |
//! | `host-toolfs` | [`toolfs`] | `execute` with a request |

#[macro_use]
mod shared;
#[cfg(any(feature = "_canonical", not(target_arch = "wasm32")))]
#[macro_use]
mod canonical;
mod exports;
#[doc(hidden)]
pub mod forms;
pub(crate) mod services;
pub(crate) mod terms;
// Compiled only where a contract needs it: code in this crate affects how the rest is optimised.
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub mod call;
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub mod names;
pub mod native;
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub mod registry;

// Native builds have all of them, to document and test them together.
#[cfg(any(feature = "host-cis", not(target_arch = "wasm32")))]
pub mod cis;
#[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
pub mod component;
#[cfg(any(feature = "host-extism", not(target_arch = "wasm32")))]
pub mod extism;
#[cfg(any(feature = "host-musicfox", not(target_arch = "wasm32")))]
pub mod musicfox;
#[cfg(any(feature = "host-neomind", not(target_arch = "wasm32")))]
pub mod neomind;
#[cfg(any(feature = "host-neotalk", not(target_arch = "wasm32")))]
pub mod neotalk;
#[cfg(any(feature = "host-toolfs", not(target_arch = "wasm32")))]
pub mod toolfs;
#[cfg(any(feature = "host-typst", not(target_arch = "wasm32")))]
pub mod typst;
#[cfg(any(feature = "host-wasi-http", not(target_arch = "wasm32")))]
pub mod wasi_http;

/// Takes one line for each host with a contract of its own: the module, and the feature that
/// chooses it.
///
/// The first chosen contract is `chosen`. If several are chosen, the compiler therefore reports one
/// error only, at the second of them.
macro_rules! contracts {
    ($($module:ident $feature:literal;)*) => {
        contracts!(@choose [] [] $($module $feature;)*);
    };
    (@choose [$($earlier:literal)*] [$($two:meta)*] $module:ident $feature:literal; $($rest:tt)*) => {
        #[cfg(all(target_arch = "wasm32", feature = $feature, not(any($(feature = $earlier),*))))]
        #[doc(hidden)]
        pub use $module as chosen;

        #[cfg(all(target_arch = "wasm32", feature = $feature, any($(feature = $earlier),*), not(any($($two),*))))]
        compile_error!(concat!(
            "a plugin is made for one host at a time, and more than one is chosen, `", $feature, "` among them: \
            build plugins one by one, each with one feature `host-…` of plugin-sdk, or none"
        ));

        contracts!(@choose [$($earlier)* $feature] [$($two)* $(all(feature = $earlier, feature = $feature))*] $($rest)*);
    };
    (@choose [$($earlier:literal)*] [$($two:meta)*]) => {
        #[cfg(not(all(target_arch = "wasm32", any($(feature = $earlier),*))))]
        #[doc(hidden)]
        pub use native as chosen;
    };
}

contracts! {
    cis "host-cis";
    neotalk "host-neotalk";
    musicfox "host-musicfox";
    extism "host-extism";
    typst "host-typst";
    neomind "host-neomind";
    toolfs "host-toolfs";
    component "host-component";
    wasi_http "host-wasi-http";
}

#[doc(hidden)]
pub use chosen::Contract;
pub(crate) use forms::ValueForm;
pub(crate) use terms::ContractTerms;

/// The form in which the host keeps values.
pub(crate) type Kept = <Contract as ContractTerms>::Kept;
/// The form in which the host passes on settings.
pub(crate) type Settings = <Contract as ContractTerms>::Settings;
