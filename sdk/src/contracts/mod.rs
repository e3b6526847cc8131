//! The contracts that plugins are made for: one file each, of which a build for wasm32 has one.
//!
//! A feature of this crate chooses it, and the plugin's source stays as it is; without any of them it is [`native`], this SDK's own ABI. A contract's file holds
//!
//! * what its host gives to guests, as [`#[host_functions]`](macro@crate::host_functions) traits, which its emulator in `plugin-sdk-harness` implements;
//! * how the services of this SDK are served with that: a type `Contract` with the traits of [`services`](crate::services). What the host cannot do is the error
//!   `unsupported`, by the macro `unsupported!`;
//! * the macros that make the exports, which the expansions of `#[plugin]` and `#[command]` call, and the functions that the exports call.
//!
//! All of them go over the native guest: an export finds the command ([`registry`]), hands over its arguments and brings the answer into the form that its host
//! expects ([`call`]).
//!
//! | feature | host | how a command is called there |
//! |---|---|---|
//! | | any that speaks ABI 1 (`docs/abi.md`) | by an export of its own |
//! | `host-cis` | [`cis`] | `skill_execute` with its name |
//! | `host-neotalk` | [`neotalk`] | `neotalk_command` with its name |
//! | `host-musicfox` | [`musicfox`] | `process_audio`, or an event `command.<name>` |
//! | `host-extism` | [`extism`] | by an export of its name |
//! | `host-typst` | [`typst`] | by an export of its name |
//! | `host-neomind` | [`neomind`] | `execute_command_json` with JSON that names it |
//! | `host-toolfs` | [`toolfs`] | `execute` with a request |

#[macro_use]
mod shared;
pub(crate) mod contract;
mod exports;
#[doc(hidden)]
pub mod forms;
pub(crate) mod services;
// What only some plugins need is not in the others: whatever this crate holds compiled changes how everything else is.
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

// Natively all of them are there, so that they are documented and tested together.
#[cfg(any(feature = "host-cis", not(target_arch = "wasm32")))]
pub mod cis;
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

/// One line for each host that is not this SDK's own: its module, and the feature that chooses it.
///
/// The first that is chosen is `chosen`, also where there are several, so that nothing else goes wrong than what is said of that; and it is said once, at the second.
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
}

#[doc(hidden)]
pub use chosen::Contract;
pub(crate) use contract::HostContract;
pub(crate) use forms::ValueForm;

/// The form in which the host keeps values.
pub(crate) type Kept = <Contract as HostContract>::Kept;
/// The form in which the host passes on settings.
pub(crate) type Settings = <Contract as HostContract>::Settings;
