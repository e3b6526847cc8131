//! Write WebAssembly plugins as ordinary Rust: a struct, functions, two attributes.
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! /// Counts what it is given.
//! #[plugin]
//! #[derive(Default)]
//! pub struct Counter {
//!     total: u64,
//! }
//!
//! #[plugin]
//! impl Counter {
//!     /// Adds to the total, and says what it is now.
//!     #[command]
//!     pub fn add(&mut self, amount: u64, #[arg(default = 1)] times: u64) -> Result<u64> {
//!         let sum = amount.checked_mul(times).and_then(|sum| self.total.checked_add(sum));
//!         self.total = sum.ok_or_else(|| Error::new("overflow", "the total would be too large"))?;
//!         Ok(self.total)
//!     }
//! }
//!
//! // The functions stay exactly as written, so they can be called like any others:
//! let mut counter = Counter::default();
//! assert_eq!(counter.add(20, 2).unwrap(), 40);
//! assert_eq!(counter.add(u64::MAX, 1).unwrap_err().code(), "overflow");
//! ```
//!
//! With `crate-type = ["cdylib", "rlib"]`, `cargo build --target wasm32-unknown-unknown` makes a module of this that any engine can run: it
//! exports `memory`, `alloc`, `free`, `plugin_init`, `plugin_cleanup` and `command_add`, imports nothing, and keeps to an ABI that fits on
//! one page (`docs/abi.md`). The crate `plugin-sdk-harness` runs it under test.
//!
//! # Commands
//!
//! [`#[plugin]`](macro@plugin) stands on the struct and on its impl blocks, [`#[command]`](macro@command) on each function that a host may call: a method
//! with `&self` or `&mut self`, an associated function, or a function outside the impl block that the plugin lists. Arguments are passed
//! by name, in a JSON object; any type with `serde::Deserialize` will do, and so will references to such:
//!
//! | argument | takes |
//! |---|---|
//! | `name: &str`, `Cow<str>` | a string, borrowed from the call |
//! | `items: &[T]`, `&mut [T]`, `Vec<T>` | an array |
//! | `point: Point`, `&Point` | whatever `Point` deserializes from |
//! | `note: Option<T>` | what `T` takes; `None` for `null` or if it is not given |
//! | `#[arg(default)] n: T`, `#[arg(default = 3)] n: T` | the same, with a value if it is not given |
//! | `#[arg(rename = "in")] input: T` | the member `in` |
//! | `#[arg(flatten)] query: Query` | the whole object, as the only argument |
//!
//! A command returns anything with `serde::Serialize`, nothing, or a `Result` of it, under whatever alias. What it returns may borrow from
//! the plugin or from the arguments.
//!
//! # Bytes and numbers
//!
//! `#[command(raw)]` takes one argument of plain bytes and gives plain bytes back; nothing is copied on the way in, nor on the way out where the result is
//! a `Vec<u8>` or borrowed. Slices of numbers are changed in place:
//!
//! ```
//! # use plugin_sdk::prelude::*;
//! # #[plugin] #[derive(Default)] struct Audio { volume: f32 }
//! #[plugin]
//! impl Audio {
//!     #[command(raw)]
//!     fn amplify(&self, samples: &mut [f32]) {
//!         for sample in samples {
//!             *sample *= self.volume;
//!         }
//!     }
//! }
//! ```
//!
//! `#[command(codec = "binary")]`, with this crate's feature `binary`, passes typed arguments and results as they stand in memory, several times as fast for
//! numbers as JSON. Its form is described in the module `binary`, which that feature adds.
//!
//! # Many calls at once
//!
//! A host that calls a small command very often spends most of its time on the way there and back. With `#[command(batch)]`, of any codec, it can hand over many
//! inputs in one call (`plugin.call_many(…)` in the harness, the export `batch_<name>` for any host). The function stays as it is, and is called once for each
//! input; where one is an error, the others go on. What a raw command changes in place does not come back from a batch, only what it returns.
//!
//! # Errors
//!
//! A failed command tells its host a code, a message, and where there is more to say, details and causes: see [`Error`] and
//! [`PluginError`]. Arguments that do not fit never reach the command: the host hears which one, where in it (`items[2].price`), what was expected and
//! what was found. A panic becomes a trap whose message and place the host reads from memory; the instance is dead then.
//!
//! # The plugin's life
//!
//! A plugin that implements `Default` and has no hook makes itself at the first call. Hooks, each at most once in the plugin's impl blocks:
//!
//! | hook | signature | when |
//! |---|---|---|
//! | `#[init]` | `fn(config: T) -> Self`, `fn() -> Self`, or `Result` of it | `plugin_init`, with the host's configuration |
//! | `#[start]`, `#[stop]` | `fn(&mut self)`, may return as a command does | when the host says so |
//! | `#[event]` | `fn(&mut self, topic: &str, data: T)`, either may be left out | when the host has an event |
//! | `#[cleanup]` | `fn(&mut self)` | before the plugin is dropped |
//!
//! # A plugin as a library
//!
//! What is exported from a crate is exported from every module that the crate is linked into. A plugin that other plugins use as a library
//! declares a feature `library` in its `Cargo.toml`, and those that use it enable it: nothing is exported then, and its functions remain.
//!
//! ```toml
//! [features]
//! library = []
//! ```
//!
//! Where it was forgotten, two plugins meet in one module, and the linker refuses: `duplicate symbol: plugin_abi_1`. A `cdylib` that is no plugin itself
//! exports what it links, so there the feature must not be forgotten. And since cargo unifies the features of what it builds together, build
//! plugins one by one: `cargo build -p …`.
//!
//! # Size
//!
//! A plugin is as small as its release profile asks for:
//!
//! ```toml
//! [profile.release]
//! opt-level = "z"   # or 3, for speed
//! lto = true
//! codegen-units = 1
//! panic = "abort"
//! strip = true
//! ```
//!
//! Cargo leaves link-time optimisation out as long as the crate is an `rlib` too, which its tests need. The smallest module is built as a
//! `cdylib` alone:
//!
//! ```console
//! cargo rustc --release --lib --crate-type cdylib --target wasm32-unknown-unknown
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `binary` | the binary codec |
//! | `count-allocations` | counters of what the plugin has allocated, which the harness turns on to look for leaks |
//! | `talc`, `wee_alloc` | another global allocator; `docs/allocators.md` compares them, and says what is wrong with the second |

pub mod abi;
mod allocator;
#[doc(hidden)]
pub mod batch;
#[cfg(feature = "binary")]
pub mod binary;
#[doc(hidden)]
pub mod codec;
#[doc(hidden)]
pub mod command;
mod error;
#[doc(hidden)]
pub mod fault;
#[doc(hidden)]
pub mod guest;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod memory;
#[doc(hidden)]
pub mod panic;
#[doc(hidden)]
pub mod raw;
pub mod services;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// Gives each variant of an error type a code: its name in `snake_case`, or `#[plugin_error(code = "…")]`.
///
/// ```
/// use plugin_sdk::PluginError;
///
/// #[derive(Debug, PluginError)]
/// enum Refusal {
///     NotFound,
///     #[plugin_error(code = "too_many")]
///     Limit { allowed: u32 },
/// }
///
/// impl std::fmt::Display for Refusal {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         match self {
///             Refusal::NotFound => f.write_str("there is no such thing"),
///             Refusal::Limit { allowed } => write!(f, "only {allowed} are allowed"),
///         }
///     }
/// }
/// impl std::error::Error for Refusal {}
///
/// assert_eq!(Refusal::NotFound.code(), "not_found");
/// assert_eq!(Refusal::Limit { allowed: 3 }.code(), "too_many");
/// ```
///
/// A command that returns `Result<T, Refusal>` answers with the code. In a command that returns [`plugin_sdk::Result<T>`](crate::Result), the operator `?` cannot
/// see it: write `.map_err(|refusal| Error::coded(&refusal))?` there.
pub use plugin_sdk_macros::PluginError;

/// Makes a function a command: something that a host can call.
///
/// | option | meaning |
/// |---|---|
/// | `rename = "…"` | the name that hosts use, if not the function's own |
/// | `raw` | takes and gives plain bytes |
/// | `codec = "json"`, `codec = "binary"` | how arguments and result stand in bytes; JSON unless said otherwise |
/// | `batch` | takes many inputs in one call, too |
///
/// and on an argument, `#[arg(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `default`, `default = expression` | what to take if the argument is not given |
/// | `rename = "…"` | the name that hosts use, if not the argument's own |
/// | `flatten` | takes the whole object of arguments; must be the only one |
///
/// On a function outside the plugin's impl blocks, which must be listed:
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[plugin(commands(add, text::reverse))]
/// #[derive(Default)]
/// struct Tools;
///
/// #[command]
/// fn add(left: i64, right: i64) -> i64 {
///     left.wrapping_add(right)
/// }
///
/// mod text {
///     use plugin_sdk::prelude::*;
///
///     #[command]
///     pub fn reverse(text: &str) -> String {
///         text.chars().rev().collect()
///     }
/// }
///
/// assert_eq!(text::reverse("drawer"), "reward");
/// ```
pub use plugin_sdk_macros::command;

/// Makes a struct a plugin, and the functions of its impl blocks that have an attribute its commands and hooks.
///
/// | option, on the struct | meaning |
/// |---|---|
/// | `commands(path, …)` | the plugin's commands that stand outside its impl blocks |
///
/// A module holds one plugin. Nothing is exported on other targets than wasm32.
pub use plugin_sdk_macros::plugin;

/// Makes the plugin from the host's configuration: `fn(config: T) -> Self` or `Result<Self, E>`, `T` being any `Deserialize` type.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[plugin]
/// struct Limited { most: u32 }
///
/// #[derive(Deserialize)]
/// struct Config { most: u32 }
///
/// #[plugin]
/// impl Limited {
///     #[init]
///     fn new(config: Config) -> Result<Self> {
///         if config.most == 0 {
///             return Err(Error::msg("`most` must be at least 1"));
///         }
///         Ok(Limited { most: config.most })
///     }
/// }
/// # assert!(Limited::new(Config { most: 0 }).is_err());
/// ```
pub use plugin_sdk_macros::init;

/// Called when the host starts the plugin.
pub use plugin_sdk_macros::start;

/// Called when the host stops the plugin.
pub use plugin_sdk_macros::stop;

/// Called when the host has an event for the plugin: `fn(&mut self, topic: &str, data: T)`.
pub use plugin_sdk_macros::event;

/// Called before the plugin is dropped.
pub use plugin_sdk_macros::cleanup;

/// What a plugin's source begins with: `use plugin_sdk::prelude::*;`
pub mod prelude {
    pub use crate::{
        Error, PluginError, Result, cleanup, command, event, init, plugin, start, stop,
    };
    pub use serde::{Deserialize, Serialize};
}

pub use error::{Error, PluginError, Result, code};
