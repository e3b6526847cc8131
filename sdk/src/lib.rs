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
//! A failed command tells its host a code, a message, and where there is more to say, details and causes: see [`Error`], which has a table of the ways between
//! it, `anyhow`, boxed errors and the author's own, and [`PluginError`] for a type with codes of its own. Arguments that do not fit never reach the command: the host hears which one, where in it (`items[2].price`), what was expected and
//! what was found. A panic becomes a trap whose message and place the host reads from memory; the instance is dead then.
//!
//! # The plugin's life
//!
//! A plugin that implements `Default` and has no hook makes itself at the first call. Hooks, each at most once in the plugin's impl blocks, but for
//! [`#[event]`](macro@event), of which one block may have any number:
//!
//! | hook | signature | when |
//! |---|---|---|
//! | `#[init]` | `fn(config: T) -> Self`, `fn() -> Self`, or `Result` of it | `plugin_init`, with the host's configuration |
//! | `#[start]`, `#[stop]` | `fn(&mut self)`, may return as a command does | when the host says so |
//! | `#[event]`, `#[event("user.*")]` | `fn(&mut self, topic: &str, data: T)`, either may be left out | when the host has an event |
//! | `#[cleanup]` | `fn(&mut self)` | before the plugin is dropped |
//!
//! # Host services
//!
//! What a host can do for a plugin is a function that returns a [`Result`]: a permission that is missing, a host that cannot do it, a disk that is full are values, and
//! none of them ends the plugin. A plugin imports only what it calls.
//!
//! | service | a line | permission |
//! |---|---|---|
//! | [`log`], for plugins with `#[plugin(log)]` | `log::info!("greeting {name}")` | |
//! | [`config`] | `let most: Option<u32> = config::get("most")?` | |
//! | [`kv`] | `kv::set("last", name)?` | `kv` |
//! | [`events`] | `events::emit("user.greeted", name)?` | `events` |
//! | [`time`] | `let now = time::now()?` | |
//! | [`random`] | `let key: [u8; 32] = random::bytes()?` | |
//! | [`files`] | `let words = files::read_to_string("data/words.txt")?` | `files` |
//! | [`http`] | `let page = http::get("https://example.org")?.text()?` | `http` |
//! | [`ai`] | `let haiku = ai::chat("A haiku about bytes.")?.content` | `ai` |
//!
//! Each permission is declared with a reason, for whoever grants it:
//!
//! ```
//! use plugin_sdk::prelude::*;
//! use plugin_sdk::time;
//!
//! /// Greets people, and remembers whom.
//! #[plugin(log, permissions(kv = "remembers who was greeted"))]
//! #[derive(Default)]
//! struct Greeter;
//!
//! #[plugin]
//! impl Greeter {
//!     #[command]
//!     fn greet(&self, name: &str) -> Result<String> {
//!         let last: Option<String> = kv::get("last")?;
//!         kv::set("last", name)?;
//!         log::info!("greeting {name} at {:?}", time::now()?);
//!         Ok(match last {
//!             Some(last) => format!("Hello, {name}! You come after {last}."),
//!             None => format!("Hello, {name}! You are the first."),
//!         })
//!     }
//! }
//!
//! // A native test without a host gets an error as well:
//! let error = Greeter.greet("Ada").unwrap_err();
//! assert_eq!(error.code(), "unsupported");
//! ```
//!
//! [`Error::permission_denied`] tells which permission was missing. The modules say more, and [`services`] how a test stands in for a host. A host has functions of its own
//! by [`#[host_functions]`](macro@host_functions).
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
//! # Names that are taken
//!
//! A command may be called like anything that Rust, C, the compiler or a host has a name for, except that names which begin with `__` are refused. In a module, though,
//! there is one function of a name: a dependency that defines a function called as the plugin's exports are, such as `free` or `alloc`, cannot be
//! linked. The harness and `cargo plugin build` tell which crate it is; the linker does so only where both functions have the same type, and otherwise
//! leaves one of them out. Rename it there: C code is compiled with `-Dfree=own_free`.
//!
//! Constructors of dependencies (the crates `ctor`, `inventory` and `typetag`, C++) run once, at the beginning of the first call.
//!
//! # Commands that several plugins share
//!
//! A command belongs to the plugin whose crate it stands in. A crate that has commands for several plugins gives each of them a copy, by a macro that makes a whole
//! impl block; `#[plugin]` does not see what macros make inside of one.
//!
//! ```
//! // So that plugins need no dependency of that name:
//! pub mod house {
//!     pub extern crate plugin_sdk;
//! }
//!
//! /// Gives a plugin the commands of the house.
//! #[macro_export]
//! macro_rules! house_commands {
//!     ($plugin:ty) => {
//!         #[$crate::house::plugin_sdk::plugin(crate = $crate::house::plugin_sdk)]
//!         impl $plugin {
//!             /// Whether the plugin is well.
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
//! The macros look for the SDK under the name `plugin_sdk`. Where `Cargo.toml` calls it otherwise, or another crate re-exports it, the compiler says
//! at each use of a macro what to write: each takes the path.
//!
//! ```
//! # mod kit { pub use plugin_sdk; }
//! use kit::plugin_sdk::prelude::*; // or `sdk::prelude::*`, with `sdk = { package = "plugin-sdk", … }`
//!
//! #[plugin(crate = "kit::plugin_sdk", commands(now))]
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
//! #[command(crate = "kit::plugin_sdk")]
//! fn now() {}
//!
//! #[derive(Serialize, Schema)]
//! #[schema(crate = "kit::plugin_sdk")]
//! struct Tick { count: u32 }
//! # fn main() {}
//! ```
//!
//! `#[host_functions(crate = "…")]`, `#[plugin_error(crate = "…")]` and `#[host_scalar(crate = "…")]` are the same for the other macros. Or give the crate its name back, once, at
//! the root: `extern crate sdk as plugin_sdk;`. Serde's derives have an option of their own, `#[serde(crate = "…")]`.
//!
//! Tools turn on features of the SDK under its own name: counting allocations and features named `plugin-sdk/…` need a direct dependency called `plugin-sdk`. A plugin that
//! depends on it under another name offers features of its own, such as `host-cis = ["sdk/host-cis"]`.
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
//! | `anyhow` | `?` makes an `anyhow::Error` of this crate's [`Error`]; on by default |
//! | `binary` | the binary codec |
//! | `getrandom` | [random bytes](random) from the host for crates that use `getrandom` |
//! | `log-values` | [pairs of log lines](services::logging) that are captured by `:?` or `:%` |
//! | `count-allocations` | counters of what the plugin has allocated, which the harness turns on to look for leaks |
//! | `talc`, `wee_alloc` | another global allocator; `docs/allocators.md` compares them, and says what is wrong with the second |

// What the macros generate names this crate, also within it.
extern crate self as plugin_sdk;

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
#[cfg(target_arch = "wasm32")]
mod constructors;
mod error;
#[doc(hidden)]
pub mod fault;
mod grammar;
#[doc(hidden)]
pub mod guest;
pub mod host;
pub mod hosts;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod manifest;
#[doc(hidden)]
pub mod memory;
#[doc(hidden)]
pub mod panic;
#[doc(hidden)]
pub mod raw;
pub mod schema;
pub mod services;
mod wide;

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
/// see it: write [`.coded()?`](Coded::coded) there.
///
/// `#[plugin_error(transparent)]` on a variant or a struct with one field passes on what the field holds, be it a [`plugin_sdk::Error`](crate::Error) or another
/// type with codes: code, message, details and causes. It makes a `From` for the field's type, unless the field has thiserror's `#[from]`; with
/// `transparent(no_from)` it makes none, for a `From` that is there already.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// #[derive(Debug, thiserror::Error, PluginError)]
/// enum Refusal {
///     /// Nobody was here before.
///     #[error("nobody was here yet")]
///     Nobody,
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
///         kv::get("last")?.ok_or(Refusal::Nobody)
///     }
/// }
///
/// // There is no store in a native test without a host, and its error keeps its code.
/// let refusal = Memory.last().unwrap_err();
/// assert_eq!(refusal.code(), "unsupported");
/// assert_eq!(Refusal::Nobody.code(), "nobody");
/// ```
pub use plugin_sdk_macros::PluginError;

/// Makes a function a command: something that a host can call.
///
/// | option | meaning |
/// |---|---|
/// | `rename = "…"` | the name that hosts use, if not the function's own |
/// | `raw` | takes and gives plain bytes |
/// | `codec = "json"`, `codec = "binary"` | how arguments and result stand in bytes; JSON unless said otherwise |
/// | `batch` | takes many inputs in one call, too |
/// | `errors(code = "when", …)` | codes that it fails with, for the manifest; those of a [`PluginError`] type are there already |
/// | `schema = Type` | describes the result as this type in the manifest, if it has no [`Schema`] of its own |
/// | `crate = "…"` | [where the SDK is](crate#under-another-name), for functions outside of impl blocks |
///
/// and on an argument, `#[arg(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `default`, `default = expression` | what to take if the argument is not given |
/// | `rename = "…"` | the name that hosts use, if not the argument's own |
/// | `flatten` | takes the whole object of arguments; must be the only one |
/// | `schema = Type` | describes it as this type in the manifest |
/// | `minimum = 1`, `pattern = "…"`, `example = "Ada"`, … | what [`#[schema(…)]`](macro@Schema) says of a field: constraints, examples, `title` and `description` |
///
/// Constraints stand in the manifest, and a host that checks arguments goes by them. The compiler refuses those that do not fit the argument's type:
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
/// A function outside the plugin's impl blocks must be listed, by the path of the module in which it stands. It may have the name of a module, a crate, a type or a
/// macro.
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
/// | `permissions(kv = "why", …)` | what the plugin needs of its host, and what it needs it for |
/// | `optional_permissions(http = "why", …)` | what the plugin can do without, and what it does with it |
/// | `tags("audio", "filter", …)` | words by which people find the plugin |
/// | `log` | the `log` crate's lines [go to the host](crate::services::logging) |
/// | `id = "…"` | lower-case letters, digits and hyphens; the package's name unless said otherwise |
/// | `name = "…"` | what people call it; made of the id unless said otherwise |
/// | `version = "…"` | the package's version unless said otherwise |
/// | `type = "…"` | what kind of plugin it is to its hosts: `tool`, `llm_backend`, `storage_backend`, … |
/// | `limits(memory_pages = 32, max_fuel = 1_000_000, timeout_ms = 5000)` | what it asks for: pages of 64 KiB, and fuel and time for each call |
/// | `emits("topic" = "when", …)` | the topics of its events |
/// | `requires(host = ">=0.1.0", …)` | which versions of which hosts it is for |
/// | `crate = "…"` | [where the SDK is](crate#under-another-name); on impl blocks, too |
///
/// # What a plugin says of itself
///
/// All of this stands in the custom section `plugin-sdk` of the module, the plugin's manifest, where tools and hosts read it without running anything: with the
/// authors, the licence and the addresses of `Cargo.toml`, the doc comments of plugin, commands and arguments, and the [schemas](Schema) of arguments, results,
/// configuration and events. The compiler writes it; it costs neither code nor memory. A name with dots or dashes stands in quotes:
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
///
/// #[plugin]
/// impl Greeter {
///     /// Greets someone by name.
///     #[command(errors(name_empty = "there is nobody to greet"))]
///     fn greet(
///         /// Whom to greet.
///         name: &str,
///         #[arg(default = 1)] times: u8,
///     ) -> Result<String> {
///         if name.is_empty() {
///             return Err(Error::new("name_empty", "a name is needed"));
///         }
///         Ok(vec![format!("Hello, {name}!"); times.into()].join("\n"))
///     }
/// }
/// ```
///
/// Where a module must say nothing of itself, `--cfg plugin_sdk_undescribed` leaves the section out, and no type needs a schema:
/// `cargo rustc --release --lib --crate-type cdylib --target wasm32-unknown-unknown -- --cfg plugin_sdk_undescribed`.
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

/// Called when the host starts the plugin.
pub use plugin_sdk_macros::start;

/// Called when the host stops the plugin.
pub use plugin_sdk_macros::stop;

/// Called when the host has an event for the plugin: `fn(&mut self, topic: &str, data: T)`, in any order, and either may be left out.
///
/// `#[event]` takes every event, `#[event("user.created")]` those of one topic, and `#[event("user.*")]` or `#[event("user.**")]` those whose topic
/// matches a [pattern](crate::services::events). Any number of functions of one impl block may be handlers. All whose pattern matches are called, in the order in which
/// they stand; the first error ends that and is the answer. An event that nobody handles is no error.
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
/// Besides an error, what handlers return goes nowhere. A lone `#[event]` answers with what it returns, as a command does.
pub use plugin_sdk_macros::event;

/// Called before the plugin is dropped.
pub use plugin_sdk_macros::cleanup;

/// Declares functions that the host gives to its guests: one trait for guest, host and mock.
///
/// ```
/// use plugin_sdk::host_functions;
///
/// /// What the host does for text.
/// #[host_functions(module = "my_plugin")]
/// pub trait Text {
///     /// Reverses the bytes, in place.
///     fn reverse_string(text: &mut [u8]);
///     /// What the dictionary says of a word.
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
/// // A guest calls the functions of the module `text`. In a native test they go to what is installed:
/// let host = text::install(Dictionary::default());
/// let mut bytes = *b"abc";
/// text::reverse_string(&mut bytes);
/// assert_eq!(&bytes, b"cba");
/// assert_eq!(text::lookup("wasm")?.as_deref(), Some("a portable code"));
/// assert_eq!(host.borrow().looked_up, ["wasm"]);
///
/// // In WebAssembly, the harness links the same value: `Plugin::builder(…).host(text::provide(Dictionary::default()))`.
/// let provided = text::provide(Dictionary::default());
/// assert_eq!(provided.functions().len(), 2);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
///
/// Every function of the trait gets `&mut self` for those who implement it; `Arc<Mutex<T>>` implements it where `T` does, for a value that
/// several have in common.
///
/// A host whose functions wait for something implements the trait's twin, here `AsyncText`, whose functions are `async fn`s, and links it with
/// `text::provide_async`. Guests see no difference. The functions get copies of their arguments, and what they change in place is written back when they are done.
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
/// | `prefix = "…"` | what the imports' names begin with |
/// | `permission = "…"` | what a guest must be granted to call them |
/// | `functions = text` | the name of the type that guests' functions hang on, if something else is called so; the trait's name in `snake_case` otherwise |
/// | `crate = "…"` | [where the SDK is](crate#under-another-name) |
/// | `async_trait = AsyncText` | the name of the trait's twin; `Async` and the trait's name otherwise |
/// | `positional` | the host goes by the position of its functions and not by their names: a guest imports all of them in the trait's order, if it calls any |
///
/// # How values cross
///
/// | argument | in WebAssembly |
/// |---|---|
/// | numbers, `bool`, `char`, [`HostScalar`](macro@crate::HostScalar) enums | one number |
/// | `&str`, `String`, `&[u8]`, `Vec<u8>`, `&[T]` of numbers | address, and how many bytes or numbers |
/// | `Option` of `&str`, `&[u8]`, `String`, `Vec<u8>` | the same; address 0 for `None` |
/// | `&mut [T]` of numbers | the same, and the host changes them in place |
/// | `&[T; N]`, `&mut [T; N]`, `&mut T` of numbers | address |
/// | `#[out]` before any `&mut` | the same; the host finds zeros and only writes |
/// | `&CStr` | address of text that ends with a zero byte |
/// | `#[json]` before anything with `Serialize` and `Deserialize` | address and length of JSON |
///
/// | result | in WebAssembly |
/// |---|---|
/// | nothing, a number, `bool`, `char`, an enum | nothing or one number |
/// | `String`, `Vec<u8>`, an `Option` of them | packed `i64`, as a command's; 0 for `None`; the host allocates with the guest's `alloc`, the guest frees |
/// | `Result<T, E>`, `T` being these, `()` or a number as JSON | packed `i64`; an error as its JSON |
/// | `#[json]` on the function, `Result<T, E>` of any `T` | packed `i64` of JSON |
/// | `CString`, `Option<CString>` | address from `alloc` of text that ends with a zero byte; 0 for `None` |
/// | `Option<`[`Block`](crate::host::Block)`>` | address of a block from `alloc` that has just the result's length; 0 for `None` |
/// | `#[host(status)]`, `Result<T, E>` of `()`, `bool` or `u32` | `i32`: 0, or the value; below 0 [an error](crate::Error::of_status). `status(ok = 1)`: another number for `()` |
/// | `#[host(buffer)]`, `Result<T, E>` as in the third line | two more parameters, address and size of a buffer of the guest's; `i32`: how many bytes the host wrote, or an error |
/// | `#[host(in_out)]`, `Result<T, E>` as in the third line | two more parameters, address of a buffer of the guest's, and address of a `u32` that says its size and to which the host writes that of the result; `i32`: 0, or an error |
///
/// `buffer(initial = 256, max = 1048576, short = "needed", absent = -1)` says how large the guest's buffer is at first and at most, which number
/// stands for `None`, and what the host answers if the buffer is too small, whereupon the guest calls again with a larger one: the size it
/// `"needed"`, the same `"negated"`, or nothing but a full buffer (`"truncated"`). A result above `max` is the error `too_large`, and
/// never cut off. `in_out(initial = 256, max = 1048576, short = -1, absent = 1)` is the same; `short` is the number for a buffer that is too small, to which nothing was written.
///
/// # When something is wrong
///
/// A function that returns a `Result` gets every failure as a value: a denied permission, a host that fails or panics, an answer that is none.
/// One that does not has no way to be told, so that the call ends in a panic or a trap. Return `Result<T>` unless nothing can fail.
///
/// `#[host(name = "…", permission = "…")]` gives a function an import name or a permission of its own.
pub use plugin_sdk_macros::host_functions;

/// Lets an enum without fields, with a `repr` such as `#[repr(i32)]`, cross to the host as its number.
///
/// ```
/// use plugin_sdk::{HostScalar, host::Scalar};
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

/// Describes a type in JSON, as serde reads and writes it: in a plugin's manifest, for whoever calls it. It costs the plugin neither code nor memory.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// /// Who is greeted.
/// #[derive(Deserialize, Schema)]
/// #[serde(rename_all = "camelCase")]
/// struct Guest {
///     /// As they like to be called.
///     #[schema(min_length = 1, max_length = 80, example = "Ada")]
///     first_name: String,
///     #[serde(default)]
///     visits: u32,
///     /// Where the guest comes from.
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
/// serde's attributes are taken as they stand, doc comments are descriptions, `#[deprecated]` is said, and numbers have the bounds of their type (`usize` has 32 bits in a plugin).
/// Structs and enums stand under `$defs`, once for each form: a type that is read otherwise than it is written has two, `Guest` and `GuestOutput`, if it is both.
/// [`schema::document`] shows what comes of it.
///
/// | option | of | meaning |
/// |---|---|---|
/// | `minimum`, `maximum`, `exclusive_minimum`, `exclusive_maximum`, `multiple_of` | numbers | limits |
/// | `min_length`, `max_length` | strings | how many characters |
/// | `pattern = "…"` | strings | a regular expression that some part of it matches |
/// | `format = "email"` | strings, numbers | a format that tools know |
/// | `min_items`, `max_items`, `unique_items` | lists | how many elements, and that all differ |
/// | `min_properties`, `max_properties` | maps, structs | how many members |
/// | `const = value` | fields, types | the only value |
/// | `title = "…"`, `description = "…"` | anything | what it is; a description instead of the doc comment |
/// | `example = value`, `examples(value, …)` | anything | values to show |
/// | `default = value` | fields | what serde takes for a missing field, where only code knows it |
/// | `with = Type` | fields, variants, types | what it looks like, instead of its own type: `with = String`, `with = Vec<Any>` |
/// | `crate = "…"` | types | [where the SDK is](crate#under-another-name) |
/// | `repr` | enums | it crosses as the number of its variant, as with the crate `serde_repr`: the schema lists the numbers |
/// | `bound = "T: Schema"` | types | what must hold of the type parameters, instead of what their use tells |
///
/// Values are written as in JSON: `"text"`, `-1.5`, `true`, `null`, `[1, 2]`, `{ "a": 1 }`. Constraints are the author's word: serde does not check them, the host may.
///
/// A default is known where it is that of a number, a string, a collection or the like. A field with a function of its own, `#[serde(with = "…")]`, may look like anything, unless
/// `#[schema(with = …)]` says what. So may a type of another crate, which has no schema: describe it as what it looks like, or as [`Any`](crate::schema::Any).
/// A generic type may contain itself; where several contain each other, see [`Recursive`](crate::schema::Recursive).
///
/// The derive reads serde's attributes, and cannot read an implementation of serde's traits that is written by hand or made by another derive. Such a type must say what it looks like:
/// `#[schema(with = …)]`, or `#[schema(repr)]` for an enum that is its number. `cargo plugin test` sends what a schema allows to the command, and so finds a type that says
/// nothing.
///
/// ```
/// use plugin_sdk::prelude::*;
/// use plugin_sdk::schema::{Direction, document};
///
/// #[derive(Schema)]
/// #[schema(repr)]
/// #[repr(u8)]
/// enum Level {
///     Low = 1,
///     High = 2,
/// }
///
/// let schema: serde_json::Value = serde_json::from_str(&document::<Level>(Direction::In)).unwrap();
/// assert_eq!(schema["$defs"]["Level"], serde_json::json!({"type": "integer", "enum": [1, 2]}));
/// ```
///
/// # Numbers and JSON as text
///
/// The SDK reads and writes an integer digit by digit or refuses it; a float is the nearest one. `u128` and `i128` are numbers of up to 39 digits. Inside enums with a tag,
/// untagged enums and flattened fields serde has no room for them, in any format: the derive refuses them there, and [`Wide`] takes their place. `serde_json::Value` and `Number` hold 64 bits, or a
/// float; with the feature `arbitrary_precision` of `serde_json` they hold the text of any number, and the SDK passes it on as it is.
///
/// `serde_json::value::RawValue` passes JSON on without reading it. Its schema comes with the feature `raw_value` of this crate (and `&RawValue` as an argument); serde reads none inside tagged
/// and untagged enums and flattened fields, which the derive refuses as well.
///
/// # Where serde reads more, or less
///
/// A schema describes what serde writes, and what it reads but for these forms, which it never writes: a struct as an array of its fields; a variant without content as an
/// object, `{"Name": null}`; `{}` for nothing, and a variant's number for its name, where serde has to look ahead, as in untagged enums; repeated elements of sets. A flattened `Option` is `None` to
/// serde wherever its members do not fit; a schema refuses what is of a wrong type there as well.
///
/// The other way round, serde refuses what a schema cannot: two names of one field at once, numbers of a `Duration` that overflow, addresses that are none.
/// Neither NaN nor infinity is a number in JSON: a result with one is an error, `invalid_result`, that names the place.
pub use plugin_sdk_macros::Schema;

/// What a plugin's source begins with: `use plugin_sdk::prelude::*;`
pub mod prelude {
    pub use crate::{
        Coded, Error, HostScalar, PluginError, Result, Schema, cleanup, command, event,
        host_functions, init, plugin, start, stop,
    };
    // Not all services: `time`, `http` and `config` are names of well-known crates as well.
    pub use crate::{ai, events, files, kv, log, random};
    pub use serde::{Deserialize, Serialize};
}

pub use error::{
    Coded, Error, ErrorCode, ErrorCodes, PermissionDenied, PluginError, Result, StdError, code,
};
pub use schema::Schema;
pub use services::{ai, config, events, files, http, kv, random, time};
pub use wide::Wide;

/// The `log` crate; see [`logging`](services::logging).
pub use ::log;
