//! Write WebAssembly plugins as ordinary Rust: a struct, functions, two attributes.
//!
//! ```
//! use plugin_sdk::prelude::*;
//!
//! /// Counts amounts.
//! #[plugin]
//! #[derive(Default)]
//! pub struct Counter {
//!     total: u64,
//! }
//!
//! #[plugin]
//! impl Counter {
//!     /// Adds to the total and returns it.
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
//! With `crate-type = ["cdylib", "rlib"]`, `cargo build --target wasm32-unknown-unknown` compiles
//! this to a module that any engine can run. It exports `memory`, `alloc`, `free`, `plugin_init`,
//! `plugin_cleanup` and `command_add`, imports nothing, and follows [an ABI](docs::abi) that fits
//! on one page. The crate `plugin-sdk-harness` runs it under test.
//!
//! # Commands
//!
//! Put [`#[plugin]`](macro@plugin) on the struct and on its impl blocks, and
//! [`#[command]`](macro@command) on each function that a host may call: a method with `&self` or
//! `&mut self`, an associated function, or a function outside the impl block that the plugin lists.
//! Arguments are passed by name, in a JSON object. An argument can have any type with
//! `serde::Deserialize`, or be a reference to one:
//!
//! | argument | value |
//! |---|---|
//! | `name: &str`, `Cow<str>` | a string, borrowed from the call |
//! | `items: &[T]`, `&mut [T]`, `Vec<T>` | an array |
//! | `point: Point`, `&Point` | anything that `Point` deserializes from |
//! | `note: Option<T>` | a `T`; `None` for `null` or if it is missing |
//! | `#[arg(default)] n: T`, `#[arg(default = 3)] n: T` | a `T`, with a default if it is missing |
//! | `#[arg(rename = "in")] input: T` | the member `in` |
//! | `#[arg(flatten)] query: Query` | the whole object, as the only argument |
//!
//! A command returns anything with `serde::Serialize`, nothing, or a `Result` of these, under any
//! alias. The result may borrow from the plugin or from the arguments.
//!
//! # Bytes and numbers
//!
//! `#[command(raw)]` takes one argument of plain bytes and returns plain bytes. The input is not
//! copied, nor is the output if it is a `Vec<u8>` or borrowed. Slices of numbers are changed in
//! place:
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
//! `#[command(codec = "binary")]`, with this crate's feature `binary`, passes typed arguments and
//! results as they are in memory. For numbers, it is several times as fast as JSON. The module
//! `binary`, which that feature adds, describes the form.
//!
//! # Many calls at once
//!
//! A host that calls a small command very often spends most of its time on crossing into the guest.
//! With `#[command(batch)]`, of any codec, it can pass many inputs in one call
//! (`plugin.call_many(…)` in the harness, the export `batch_<name>` for any host). The function
//! stays the same and runs once for each input; if one fails, the others still run. A batch returns
//! only results, not what a raw command changes in place.
//!
//! # Errors
//!
//! A failed command returns to its host a code, a message, and optionally details and causes.
//! [`Error`] has a table of the conversions between it, `anyhow`, boxed errors and the author's own
//! types; [`PluginError`] gives codes to an author's type. Invalid arguments never reach the
//! command: the host learns which argument is wrong, the place in it (`items[2].price`), the
//! expected type and the found value. A panic becomes a trap; the host reads its message and place
//! from memory, and the instance is dead.
//!
//! # The plugin's life
//!
//! A plugin that implements `Default` and has no hook makes itself at the first call. Each hook may
//! appear once in the plugin's impl blocks, except for [`#[event]`](macro@event), of which one
//! block may have any number:
//!
//! | hook | signature | called |
//! |---|---|---|
//! | `#[init]` | `fn(config: T) -> Self`, `fn() -> Self`, or `Result` of it | by `plugin_init`, with the host's configuration |
//! | `#[start]`, `#[stop]` | `fn(&mut self)`, may return as a command does | when the host starts or stops the plugin |
//! | `#[event]`, `#[event("user.*")]` | `fn(&mut self, topic: &str, data: T)`, either may be left out | when the host has an event |
//! | `#[cleanup]` | `fn(&mut self)` | before the plugin is dropped |
//! | [`#[migrate]`](macro@migrate) | `fn(old: T) -> Self`, or `Result` of it | when the plugin loads the state of an older version |
//!
//! # Host services
//!
//! Each service of the host is a module of functions that return a [`Result`]. A missing
//! permission, an unsupported operation and a full disk are values, and do not end the plugin. A
//! plugin imports only what it calls.
//!
//! | service | example | permission |
//! |---|---|---|
//! | [`log`](services::logging), for plugins with `#[plugin(log)]` | `log::info!("greeting {name}")` | |
//! | [`config`] | `let most: Option<u32> = config::get("most")?` | |
//! | [`kv`] | `kv::set("last", name)?` | `kv` |
//! | [`events`] | `events::emit("user.greeted", name)?` | `events` |
//! | [`time`] | `let now = time::now()?` | |
//! | [`random`] | `let key: [u8; 32] = random::bytes()?` | |
//! | [`files`] | `let words = files::read_to_string("data/words.txt")?` | `files` |
//! | [`http`] | `let page = http::get("https://example.org")?.text()?` | `http` |
//! | [`ai`] | `let haiku = ai::chat("A haiku about bytes.")?.content` | `ai` |
//!
//! A plugin declares each permission with a reason, which the host shows its user:
//! `#[plugin(log, permissions(kv = "remembers who was greeted"))]`. In a native test without a
//! host, the functions of services fail with the code `unsupported`.
//!
//! [`Error::permission_denied`] returns the missing permission. The modules of the services have
//! the details, and [`services`] shows a mock for tests. A host declares functions of its own with
//! [`#[host_functions]`](macro@host_functions).
//!
//! # A plugin as a library
//!
//! A crate's exports appear in every module that the crate is linked into. A plugin that other
//! plugins use as a library declares a feature `library` in its `Cargo.toml`, and those plugins
//! enable it: the crate then exports nothing, and keeps its functions.
//!
//! ```toml
//! [features]
//! library = []
//! ```
//!
//! Without the feature, two plugins end up in one module, and the linker refuses: `duplicate
//! symbol: plugin_abi_1`. A `cdylib` that is not a plugin itself exports what it links, so it needs
//! the feature too. Cargo unifies the features of everything it builds together, so build plugins
//! one by one: `cargo build -p …`.
//!
//! # Names that are taken
//!
//! A command may have any name, even one that Rust, C, the compiler or a host uses, unless it
//! begins with `__`. But a module has only one function of each name: a dependency that defines a
//! function with the name of an export, such as `free` or `alloc`, cannot be linked. The harness
//! and `cargo plugin build` name that crate. The linker does so only if both functions have the
//! same type, and otherwise leaves one of them out. Rename the function there: compile C code with
//! `-Dfree=own_free`.
//!
//! Constructors of dependencies (the crates `ctor`, `inventory` and `typetag`, C++) run once, at
//! the beginning of the first call.
//!
//! # Commands that several plugins share
//!
//! A command belongs to the plugin of its crate. A crate with commands for several plugins gives
//! each of them a copy, with a macro that expands to a whole impl block; `#[plugin]` does not see
//! what macros inside a block expand to.
//!
//! ```
//! // Re-exported, so that plugins need no dependency of that name:
//! pub mod house {
//!     pub extern crate plugin_sdk;
//! }
//!
//! /// Gives a plugin the shared commands.
//! #[macro_export]
//! macro_rules! house_commands {
//!     ($plugin:ty) => {
//!         #[$crate::house::plugin_sdk::plugin(crate = $crate::house::plugin_sdk)]
//!         impl $plugin {
//!             /// Checks that the plugin works.
//!             #[$crate::house::plugin_sdk::command]
//!             pub fn ping(&self) -> &'static str {
//!                 "pong"
//!             }
//!         }
//!     };
//! }
//!
//! // In a plugin's crate:
//! use plugin_sdk::prelude::*;
//!
//! #[plugin]
//! #[derive(Default)]
//! struct First;
//!
//! house_commands!(First);
//! # fn main() {
//! assert_eq!(First.ping(), "pong");
//! # }
//! ```
//!
//! # Under another name
//!
//! The macros look for the SDK under the name `plugin_sdk`. If `Cargo.toml` renames it, or another
//! crate re-exports it, the compiler reports at each use of a macro what to write: the path.
//!
//! ```
//! # mod kit { pub use plugin_sdk; }
//! // Or `sdk::prelude::*`, with `sdk = { package = "plugin-sdk", … }`:
//! use kit::plugin_sdk::prelude::*;
//!
//! #[plugin(crate = "kit::plugin_sdk")]
//! #[derive(Default)]
//! struct Clock;
//!
//! #[plugin(crate = "kit::plugin_sdk")] // Commands and hooks inside take it from here.
//! impl Clock {
//!     #[command]
//!     fn tick(&self) -> Tick {
//!         Tick { count: 1 }
//!     }
//! }
//!
//! #[derive(Serialize, Schema)]
//! #[schema(crate = "kit::plugin_sdk")]
//! struct Tick { count: u32 }
//! # fn main() {}
//! ```
//!
//! The other macros take `#[command(crate = "…")]` (on free functions), `#[host_functions(crate =
//! "…")]`, `#[plugin_error(crate = "…")]` and `#[host_scalar(crate = "…")]`. Or give the crate its
//! name back, once, at the root: `extern crate sdk as plugin_sdk;`. Serde's derives have an option
//! of their own, `#[serde(crate = "…")]`.
//!
//! Tools enable features of the SDK under its own name: counting allocations and features named
//! `plugin-sdk/…` need a direct dependency called `plugin-sdk`. A plugin that renames the
//! dependency declares features of its own, such as `host-cis = ["sdk/host-cis"]`.
//!
//! # Size
//!
//! The release profile determines the size of a plugin:
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
//! Cargo does no link-time optimisation while the crate is also an `rlib`, which its tests need. To
//! get the smallest module, build the `cdylib` alone:
//!
//! ```console
//! cargo rustc --release --lib --crate-type cdylib --target wasm32-unknown-unknown
//! ```
//!
//! # Features
//!
//! `anyhow` and `log` are on by default. Without them (`default-features = false`), a guest
//! contains 7 crates: serde, `serde_json`, their own dependencies, and this one.
//!
//! | feature | effect |
//! |---|---|
//! | `anyhow` | `?` converts this crate's [`Error`] to an `anyhow::Error`; on by default |
//! | `binary` | the binary codec |
//! | `getrandom` | [random bytes](random) from the host for crates that use `getrandom` |
//! | `log` | [log lines](services::logging) by the `log` crate; on by default |
//! | `log-values` | [pairs of log lines](services::logging) that are captured by `:?` or `:%` |
//! | `count-allocations` | counters of allocations, which the harness enables to look for leaks |
//! | `std-allocator`, `talc`, `wee_alloc` | another global allocator than the small one of this crate; [their page](docs::allocators) compares them, and explains the fault of the last |

// The expansions of the macros name this crate, also within it.
extern crate self as plugin_sdk;

/// Runs a loop over a slice in a `const fn`, which cannot use iterators: `each!(for item in slice {
/// … })`.
macro_rules! each {
    (for $item:pat in $($slice_and_body:tt)+) => {
        each!(@ $item, [] $($slice_and_body)+)
    };
    (@ $item:pat, [$($slice:tt)+] { $($body:tt)* }) => {{
        let mut rest: &[_] = $($slice)+;
        while let [$item, others @ ..] = rest {
            rest = others;
            $($body)*
        }
    }};
    (@ $item:pat, [$($slice:tt)*] $next:tt $($more:tt)+) => {
        each!(@ $item, [$($slice)* $next] $($more)+)
    };
}

pub mod abi;
mod allocator;
#[doc(hidden)]
pub mod batch;
#[cfg(feature = "binary")]
pub mod binary;
#[doc(hidden)]
pub mod codec;
#[cfg(target_arch = "wasm32")]
mod constructors;
#[doc(hidden)]
pub mod contracts;
#[doc(hidden)]
pub mod convert;
#[doc(hidden)]
pub mod decode_error;
#[cfg(all(doc, not(doctest)))]
pub mod docs;
mod error;
mod grammar;
#[doc(hidden)]
pub mod guest;
pub mod imports;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod manifest;
#[doc(hidden)]
pub mod memory;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[doc(hidden)]
pub mod panic;
#[doc(hidden)]
pub mod raw;
pub mod schema;
pub mod services;
#[cfg(any(feature = "host-wasi-http", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub mod serving;
#[doc(hidden)]
pub mod state;
mod topics;
mod wide;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// Gives each variant of an error type a code: its name in `snake_case`, or `#[plugin_error(code =
/// "…")]`.
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
/// A command that returns `Result<T, Refusal>` answers with the code. In a command that returns
/// [`plugin_sdk::Result<T>`](crate::Result), the operator `?` cannot see it: write
/// [`.coded()?`](Coded::coded) there.
///
/// `#[plugin_error(transparent)]` on a variant or a struct with one field passes on the field's
/// error, which is a [`plugin_sdk::Error`](crate::Error) or another type with codes: its code,
/// message, details and causes. It implements `From` for the field's type, unless the field has
/// thiserror's `#[from]`. With `transparent(no_from)` it does not, for a type that implements
/// `From` already.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[derive(Debug, thiserror::Error, PluginError)]
/// enum Refusal {
///     /// There was no visitor before.
///     #[error("no visitor yet")]
///     NoVisitor,
///     #[error(transparent)]
///     #[plugin_error(transparent)]
///     Host(#[from] Error),
/// }
///
/// #[plugin(permissions(kv = "remembers who was last"))]
/// #[derive(Default)]
/// struct Memory;
///
/// #[plugin]
/// impl Memory {
///     #[command]
///     fn last(&self) -> Result<String, Refusal> {
///         kv::get("last")?.ok_or(Refusal::NoVisitor)
///     }
/// }
///
/// // A native test without a host has no store; the error keeps its code.
/// let refusal = Memory.last().unwrap_err();
/// assert_eq!(refusal.code(), "unsupported");
/// assert_eq!(Refusal::NoVisitor.code(), "no_visitor");
/// ```
pub use plugin_sdk_macros::PluginError;

/// Makes a function a command, which a host can call.
///
/// | option | meaning |
/// |---|---|
/// | `rename = "…"` | the name for hosts; the default is the function's name |
/// | `raw` | takes and returns plain bytes |
/// | `codec = "json"`, `codec = "binary"` | the form of arguments and result; the default is JSON |
/// | `batch` | also takes many inputs in one call |
/// | `errors(code = "when", …)` | codes that it fails with, for the manifest; it includes those of a [`PluginError`] type |
/// | `schema = Type` | describes the result as this type in the manifest, if it has no [`Schema`] of its own |
/// | `crate = "…"` | [the path of the SDK](crate#under-another-name), for functions outside of impl blocks |
///
/// A command has at most 64 arguments. Their options, `#[arg(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `default`, `default = expression` | the value of a missing argument |
/// | `rename = "…"` | the name for hosts; the default is the argument's name |
/// | `flatten` | takes the whole object of arguments; must be the only one |
/// | `schema = Type` | describes it as this type in the manifest |
/// | `minimum = 1`, `pattern = "…"`, `example = "Ada"`, … | the options of [`#[schema(…)]`](macro@Schema) on a field: constraints, examples, `title` and `description` |
///
/// The manifest contains the constraints, and a host that validates arguments enforces them. The
/// compiler refuses those that do not suit the argument's type:
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[plugin]
/// #[derive(Default)]
/// struct Greeter;
///
/// #[plugin]
/// impl Greeter {
///     #[command]
///     fn greet(
///         &self,
///         #[arg(min_length = 1, max_length = 80, example = "Ada")] name: &str,
///         #[arg(default = 1, minimum = 1, maximum = 10)] times: usize,
///     ) -> String {
///         vec![format!("Hello, {name}!"); times].join(" ")
///     }
/// }
/// ```
///
/// The plugin must list a function outside its impl blocks, with its module path. The function may
/// have the name of a module, a crate, a type or a macro.
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

/// Makes a struct a plugin, and the functions with an attribute in its impl blocks its commands and
/// hooks.
///
/// | option, on the struct | meaning |
/// |---|---|
/// | `commands(path, …)` | the plugin's commands outside its impl blocks |
/// | `permissions(kv = "why", …)` | the permissions that the plugin needs, with reasons |
/// | `optional_permissions(http = "why", …)` | the permissions that the plugin can do without, with reasons |
/// | `tags("audio", "filter", …)` | search terms |
/// | `log` | sends the lines of the `log` crate [to the host](crate::services::logging) |
/// | `state = "json"` | lets hosts carry [the plugin's state](#state-that-outlives-an-instance) over to another instance, such as a newer version |
/// | `id = "…"` | lower-case letters, digits and hyphens; the default is the package's name |
/// | `name = "…"` | the name for people; the default is derived from the id |
/// | `version = "…"` | the version; the default is the package's |
/// | `type = "…"` | the kind of plugin: `tool`, `llm_backend`, `storage_backend`, … |
/// | `limits(memory_pages = 32, max_fuel = 1_000_000, timeout_ms = 5000)` | the limits that it asks for: pages of 64 KiB, and fuel and time for each call |
/// | `emits("topic" = "when", …)` | the topics of its events |
/// | `requires(host = ">=0.1.0", …)` | the hosts and versions that it needs |
/// | `crate = "…"` | [the path of the SDK](crate#under-another-name); on impl blocks, too |
///
/// # The manifest
///
/// The module's custom section `plugin-sdk` holds all of this: the plugin's manifest, which tools
/// and hosts read without running anything. It also has the authors, the licence and the addresses
/// from `Cargo.toml`, the doc comments of plugin, commands and arguments, and the [schemas](Schema)
/// of arguments, results, configuration and events. The compiler writes it; it costs neither code
/// nor memory. A name with dots or dashes needs quotes:
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// /// Greets people.
/// #[plugin(
///     type = "tool",
///     permissions(kv = "remembers who was greeted", "host.network" = "asks the weather service"),
///     limits(memory_pages = 32, timeout_ms = 5000),
/// )]
/// #[derive(Default)]
/// struct Greeter;
/// ```
///
/// If a module must contain no description, `--cfg plugin_sdk_undescribed` leaves the section out,
/// and no type needs a schema: `cargo rustc --release --lib --crate-type cdylib --target
/// wasm32-unknown-unknown -- --cfg plugin_sdk_undescribed`.
///
/// # State that outlives an instance
///
/// A host replaces an instance to run a newer version, or to give the plugin another configuration.
/// With `state = "json"`, the new instance goes on with the state of the old one. The struct then
/// needs `Serialize` and `Deserialize`:
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[derive(Deserialize, Default, Schema)]
/// struct Config { step: u64 }
///
/// #[plugin(state = "json")]
/// #[derive(Serialize, Deserialize)]
/// struct Counter {
///     count: u64,
///     #[serde(skip)]
///     config: Config,
/// }
///
/// #[plugin]
/// impl Counter {
///     #[init]
///     fn new(config: Config) -> Self {
///         Counter { count: 0, config }
///     }
///
///     #[command]
///     fn next(&mut self) -> u64 {
///         self.count += self.config.step;
///         self.count
///     }
/// }
/// ```
///
/// The host makes the new instance with its configuration first, and then loads the state. Fields
/// with `#[serde(skip)]` or `#[serde(skip_deserializing)]` keep what the init hook gave them; all
/// others get the saved values. Skip the configuration, and whatever each instance makes for
/// itself. Loading is all or nothing: if it fails, the plugin keeps the state that it had. If the
/// plugin implements `Drop`, that runs once for each load, on the replaced state.
///
/// [`#[migrate]`](macro@migrate) reads the state of older versions. A field with
/// `#[serde(default)]` needs no migration where an older version lacks it.
///
/// Only hosts of the SDK's own ABI carry state over. Elsewhere the option has no effect.
///
/// A module holds one plugin. Only wasm32 builds export anything.
pub use plugin_sdk_macros::plugin;

/// Makes the plugin from the host's configuration: `fn(config: T) -> Self` or `Result<Self, E>`,
/// with any `Deserialize` type `T`.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[plugin]
/// struct Limited { most: u32 }
///
/// #[derive(Deserialize, Schema)]
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

/// Marks the hook that runs when the host starts the plugin.
pub use plugin_sdk_macros::start;

/// Marks the hook that runs when the host stops the plugin.
pub use plugin_sdk_macros::stop;

/// Marks a hook that runs when the host has an event for the plugin: `fn(&mut self, topic: &str,
/// data: T)`, in any order, and either may be left out.
///
/// `#[event]` handles every event, `#[event("user.created")]` those of one topic, and
/// `#[event("user.*")]` or `#[event("user.**")]` those whose topic matches a
/// [pattern](crate::services::events). Any number of functions in one impl block may be handlers.
/// All whose pattern matches run, in the order of the source, until one fails; its error is the
/// answer. An event without a handler is not an error.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[plugin]
/// #[derive(Default)]
/// struct Members { count: u64 }
///
/// #[derive(Deserialize, Schema)]
/// struct User { name: String }
///
/// #[plugin]
/// impl Members {
///     #[event("user.created")]
///     fn joined(&mut self, data: User) -> Result<()> {
///         if data.name.is_empty() {
///             return Err(Error::msg("a member needs a name"));
///         }
///         self.count += 1;
///         Ok(())
///     }
///
///     #[event("user.gone")]
///     fn left(&mut self) {
///         self.count = self.count.saturating_sub(1);
///     }
/// }
/// ```
///
/// The results of handlers are dropped, except for errors. A lone `#[event]` answers with its
/// result, like a command.
pub use plugin_sdk_macros::event;

/// Marks the hook that runs before the plugin is dropped.
pub use plugin_sdk_macros::cleanup;

/// Makes the plugin from the state of an older version: `fn(old: T) -> Self` or `Result<Self, E>`,
/// with any `Deserialize` type `T`.
///
/// It runs when a host loads a [state](macro@plugin#state-that-outlives-an-instance) that is not
/// the plugin's own. Only the fields that belong to the state are taken from its result.
///
/// ```
/// use plugin_sdk::prelude::*;
/// use std::collections::BTreeMap;
///
/// #[plugin(state = "json")]
/// #[derive(Default, Serialize, Deserialize)]
/// struct Counter { counts: BTreeMap<String, u64> }
///
/// /// The state of version 1.
/// #[derive(Deserialize)]
/// struct Old { count: u64 }
///
/// #[plugin]
/// impl Counter {
///     #[migrate]
///     fn migrate(old: Old) -> Self {
///         Counter { counts: BTreeMap::from([("all".to_owned(), old.count)]) }
///     }
/// }
/// ```
///
/// If the plugin has had several versions, `T` can be an enum with `#[serde(untagged)]`. A state
/// that the hook cannot read either is the error `invalid_state`, with both reasons. The hook's own
/// errors keep their codes; one without a code gets `invalid_state` as well.
pub use plugin_sdk_macros::migrate;

/// Declares functions that the host offers to its guests: one trait for guest, host and mock.
///
/// ```
/// use plugin_sdk::host_functions;
///
/// /// Text functions of the host.
/// #[host_functions(module = "my_plugin")]
/// pub trait Text {
///     /// Reverses the bytes, in place.
///     fn reverse_string(text: &mut [u8]);
///     /// Looks up a word in the dictionary.
///     fn lookup(word: &str) -> plugin_sdk::Result<Option<String>>;
/// }
///
/// // A host, or a mock, implements the trait:
/// #[derive(Default)]
/// struct Dictionary { looked_up: Vec<String> }
///
/// impl Text for Dictionary {
///     fn reverse_string(&mut self, text: &mut [u8]) {
///         text.reverse();
///     }
///
///     fn lookup(&mut self, word: &str) -> plugin_sdk::Result<Option<String>> {
///         self.looked_up.push(word.to_owned());
///         Ok((word == "wasm").then(|| "a portable code".to_owned()))
///     }
/// }
///
/// // A guest calls the functions of the module `text`; a native test installs a mock:
/// let host = text::install(Dictionary::default());
/// let mut bytes = *b"abc";
/// text::reverse_string(&mut bytes);
/// assert_eq!(&bytes, b"cba");
/// assert_eq!(text::lookup("wasm")?.as_deref(), Some("a portable code"));
/// assert_eq!(host.borrow().looked_up, ["wasm"]);
///
/// // In WebAssembly, the harness links the same value with `text::provide(…)`.
/// let provided = text::provide(Dictionary::default());
/// assert_eq!(provided.functions().len(), 2);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
///
/// Implementations get `&mut self` in every function. `Arc<Mutex<T>>` implements the trait if `T`
/// does, for a value that several guests share.
///
/// A host whose functions wait for something implements the trait's twin, here `AsyncText`, whose
/// functions are `async fn`s, and links it with `text::provide_async`. Guests see no difference.
/// The functions get copies of their arguments; changes in place are written back when the function
/// is done.
///
/// ```
/// # use plugin_sdk::host_functions;
/// # #[host_functions(module = "my_plugin")]
/// # pub trait Text {
/// #     fn reverse_string(text: &mut [u8]);
/// #     fn lookup(word: &str) -> plugin_sdk::Result<Option<String>>;
/// # }
/// # async fn ask_the_server(word: &str) -> plugin_sdk::Result<Option<String>> { Ok(Some(word.to_owned())) }
/// struct Online;
///
/// impl AsyncText for Online {
///     async fn reverse_string(&mut self, text: &mut [u8]) {
///         text.reverse();
///     }
///
///     async fn lookup(&mut self, word: &str) -> plugin_sdk::Result<Option<String>> {
///         ask_the_server(word).await
///     }
/// }
///
/// let provided = text::provide_async(Online);
/// assert!(provided.functions().iter().all(|function| function.serve.is_async()));
/// ```
///
/// | option of the trait | meaning |
/// |---|---|
/// | `module = "…"` | the module that guests import the functions from |
/// | `prefix = "…"` | the prefix of the import names |
/// | `permission = "…"` | the permission that a guest needs to call them |
/// | `functions = text` | the name of the module for guests; the default is the trait's name in `snake_case` |
/// | `crate = "…"` | [the path of the SDK](crate#under-another-name) |
/// | `async_trait = AsyncText` | the name of the twin; the default is `Async` and the trait's name |
/// | `positional` | the host links by position and not by name: a guest that calls any function imports all of them, in the trait's order |
///
/// # How values cross
///
/// | argument | in WebAssembly |
/// |---|---|
/// | numbers, `bool`, `char`, [`HostScalar`](macro@crate::HostScalar) enums | one number |
/// | `&str`, `String`, `&[u8]`, `Vec<u8>`, `&[T]` of numbers | address, and number of bytes or numbers |
/// | `Option` of `&str`, `&[u8]`, `String`, `Vec<u8>` | the same; address 0 for `None` |
/// | `&mut [T]` of numbers | the same, and the host changes them in place |
/// | `&[T; N]`, `&mut [T; N]`, `&mut T` of numbers | address |
/// | `#[out]` before any `&mut` | the same; the host gets zeros and only writes |
/// | `&CStr` | address of NUL-terminated text |
/// | `#[json]` before anything with `Serialize` and `Deserialize` | address and length of JSON |
///
/// | result | in WebAssembly |
/// |---|---|
/// | nothing, a number, `bool`, `char`, an enum | nothing or one number |
/// | `String`, `Vec<u8>`, an `Option` of them | packed `i64`, as for a command; 0 for `None`; the host allocates with the guest's `alloc`, the guest frees |
/// | `Result<T, E>` of these, `()` or a number as JSON | packed `i64`; an error as its JSON |
/// | `#[json]` on the function, `Result<T, E>` of any `T` | packed `i64` of JSON |
/// | `CString`, `Option<CString>` | address from `alloc` of NUL-terminated text; 0 for `None` |
/// | `Option<`[`Block`](crate::imports::Block)`>` | address of a block from `alloc` with exactly the result's length; 0 for `None` |
/// | `#[host(status)]`, `Result<T, E>` of `()`, `bool` or `u32` | `i32`: 0, or the value; below 0 [an error](crate::Error::from_status). `status(ok = 1)`: another number for `()` |
/// | `#[host(buffer)]`, `Result<T, E>` as in the third line | two more parameters, address and size of a buffer; `i32`: the number of bytes that the host wrote, or an error |
/// | `#[host(in_out)]`, `Result<T, E>` as in the third line | two more parameters, address of a buffer, and address of a `u32` with its size, which the host replaces by the size of the result; `i32`: 0, or an error |
///
/// `buffer(initial = 256, max = 1048576, short = "needed", absent = -1)` sets the first and the
/// largest size of the buffer, the number for `None`, and the host's answer to a buffer that is too
/// small: the size it `"needed"`, the same `"negated"`, or just a full buffer (`"truncated"`). The
/// guest then calls again with a larger buffer. A result above `max` is the error `too_large`, and
/// is never cut off. `in_out(initial = 256, max = 1048576, short = -1, absent = 1)` is similar;
/// `short` is the number for a buffer that is too small, to which the host wrote nothing.
///
/// # When something is wrong
///
/// A function that returns a `Result` gets every failure as a value: a denied permission, a host
/// that fails or panics, a malformed answer. Any other function cannot return an error, so the call
/// ends in a panic or a trap. Return `Result<T>` unless nothing can fail.
///
/// `#[host(name = "…", permission = "…")]` gives a function an import name or a permission of its
/// own.
pub use plugin_sdk_macros::host_functions;

/// Lets an enum without fields, with a `repr` such as `#[repr(i32)]`, cross to the host as its
/// number.
///
/// ```
/// use plugin_sdk::{HostScalar, imports::Scalar};
///
/// #[derive(Clone, Copy, Debug, PartialEq, HostScalar)]
/// #[repr(u8)]
/// enum Channel { Left, Right = 7 }
///
/// assert_eq!(Channel::Right.to_wire(), 7);
/// assert_eq!(Channel::from_wire(7), Some(Channel::Right));
/// assert_eq!(Channel::from_wire(1), None);
/// ```
pub use plugin_sdk_macros::HostScalar;

/// Describes a type in JSON, as serde reads and writes it, for callers that read the plugin's
/// manifest. It costs the plugin neither code nor memory.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// /// A person to greet.
/// #[derive(Deserialize, Schema)]
/// #[serde(rename_all = "camelCase")]
/// struct Guest {
///     /// The preferred first name.
///     #[schema(min_length = 1, max_length = 80, example = "Ada")]
///     first_name: String,
///     #[serde(default)]
///     visits: u32,
///     /// The guest's home.
///     from: Option<Place>,
/// }
///
/// #[derive(Deserialize, Schema)]
/// #[serde(tag = "kind")]
/// enum Place {
///     Town { name: String },
///     /// Longitude and latitude.
///     Point { at: (f64, f64) },
///     Nowhere,
/// }
/// ```
///
/// The derive follows serde's attributes. Doc comments become descriptions, `#[deprecated]` is
/// noted, and numbers have the bounds of their type (`usize` has 32 bits in a plugin). Structs and
/// enums are under `$defs`, once for each form: a type that is read in another form than it is
/// written has two, `Guest` and `GuestOutput`, if both are needed. [`schema::document`] shows the
/// result.
///
/// | option | target | meaning |
/// |---|---|---|
/// | `minimum`, `maximum`, `exclusive_minimum`, `exclusive_maximum`, `multiple_of` | numbers | limits |
/// | `min_length`, `max_length` | strings | number of characters |
/// | `pattern = "…"` | strings | a regular expression that some part must match |
/// | `format = "email"` | strings, numbers | a format known to tools |
/// | `min_items`, `max_items`, `unique_items` | lists | number of elements, and that all differ |
/// | `min_properties`, `max_properties` | maps, structs | number of members |
/// | `const = value` | fields, types | the only value |
/// | `title = "…"`, `description = "…"` | anything | a title; a description instead of the doc comment |
/// | `example = value`, `examples(value, …)` | anything | examples |
/// | `default = value` | fields | the value of a missing field, if only code knows it |
/// | `with = Type` | fields, variants, types | describes it as another type: `with = String`, `with = Vec<Any>` |
/// | `crate = "…"` | types | [the path of the SDK](crate#under-another-name) |
/// | `repr` | enums | crosses as the number of its variant, as with the crate `serde_repr`: the schema lists the numbers |
/// | `bound = "T: Schema"` | types | the bounds on the type parameters, instead of those that the fields imply |
///
/// Values are written as in JSON: `"text"`, `-1.5`, `true`, `null`, `[1, 2]`, `{ "a": 1 }`. serde
/// does not check constraints; the host may.
///
/// The default is known for numbers, strings, collections and similar types. A field with a
/// function of its own, `#[serde(with = "…")]`, may have any form, unless `#[schema(with = …)]`
/// describes it. So may a type of another crate, which has no schema: describe it as another type,
/// or as [`Any`](crate::schema::Any). A generic type may contain itself; for several that contain
/// each other, see [`Recursive`](crate::schema::Recursive).
///
/// The derive reads serde's attributes, but not an implementation of serde's traits by hand or by
/// another derive. Describe such a type with `#[schema(with = …)]`, or with `#[schema(repr)]` for
/// an enum that is its number. `cargo plugin test` sends values that a schema allows to the
/// command, and so finds a type without such a description.
///
/// # Numbers and JSON as text
///
/// The SDK reads and writes an integer exactly, or refuses it; a float is the nearest one. `u128`
/// and `i128` are numbers of up to 39 digits. serde cannot read them inside enums with a tag,
/// untagged enums and flattened fields, in any format: the derive refuses them there; use [`Wide`]
/// instead. `serde_json::Value` and `Number` hold 64 bits, or a float; with the feature
/// `arbitrary_precision` of `serde_json` they hold the text of any number, and the SDK passes it on
/// unchanged.
///
/// `serde_json::value::RawValue` passes JSON on without reading it. Its schema needs this crate's
/// feature `raw_value` (and so does `&RawValue` as an argument). serde cannot read it inside tagged
/// and untagged enums and flattened fields, where the derive refuses it as well.
///
/// # Differences between schema and serde
///
/// A schema describes what serde writes, and what it reads except for these forms, which it never
/// writes: a struct as an array of its fields; a variant without content as an object, `{"Name":
/// null}`; `{}` for nothing, and a variant's number for its name, where serde has to look ahead, as
/// in untagged enums; repeated elements of sets. serde reads a flattened `Option` as `None` if its
/// members do not match; a schema also refuses members of the wrong type.
///
/// Conversely, serde refuses some values that a schema allows: two names of one field at once,
/// numbers of a `Duration` that overflow, invalid addresses. JSON has no NaN and no infinity: a
/// result with one is the error `invalid_result`, which gives the place.
pub use plugin_sdk_macros::Schema;

/// The imports for a plugin's source: `use plugin_sdk::prelude::*;`
pub mod prelude {
    #[cfg(feature = "log")]
    pub use crate::log;
    pub use crate::{
        Coded, Error, HostScalar, PluginError, Result, Schema, cleanup, command, event,
        host_functions, init, migrate, plugin, start, stop,
    };
    // Without `time`, `http` and `config`, which are names of well-known crates as well.
    pub use crate::{ai, events, files, kv, random};
    pub use serde::{Deserialize, Serialize};
}

#[doc(inline)]
pub use contracts as hosts;
pub use error::{
    Coded, Error, ErrorCode, ErrorCodes, PermissionDenied, PluginError, Result, StdError, code,
};
pub use schema::Schema;
pub use services::{ai, config, events, files, http, kv, random, time};
pub use wide::Wide;

/// The `log` crate; see [`logging`](services::logging).
#[cfg(feature = "log")]
pub use ::log;
