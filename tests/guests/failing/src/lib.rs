//! A plugin that fails in every possible way, with a command for each. `tests/failures.rs` tests
//! the harness's reports.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it fails on purpose"
)]

use std::fmt;
use std::hint::black_box;

use plugin_sdk::prelude::*;

/// The functions of the host.
#[host_functions(module = "shop")]
pub trait Shop {
    /// Returns the price of an item.
    fn price(item: &str) -> Result<u32>;
    /// Waits.
    fn wait();
    /// Takes a note. Without a result, it cannot report an error.
    fn note(text: &str);
}

/// The plugin.
#[plugin(log, permissions(kv = "expects to be denied"))]
pub struct Failing {
    /// Large: with a copy in each of several frames, the stack would overflow.
    kept: [u8; KEPT],
}

/// The size of the plugin data, in bytes.
const KEPT: usize = 200_000;

/// The options that a host can set.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    panic: bool,
}

/// Panics when it is formatted.
struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("cannot be shown")
    }
}

/// Panics when it is dropped.
struct Undroppable;

impl Drop for Undroppable {
    fn drop(&mut self) {
        panic!("cannot be dropped")
    }
}

#[plugin]
impl Failing {
    /// Creates the plugin, or panics if the configuration asks for it.
    #[init]
    pub fn new(config: Config) -> Self {
        if config.panic {
            panic!("asked to panic");
        }
        Failing { kept: [1; KEPT] }
    }

    /// Sets a panic hook, which calls the previous hook if `chained`, and panics, with `text` if
    /// given.
    #[command]
    pub fn panic_under_a_hook(&self, chained: bool, text: Option<&str>) {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            log::error!("own hook: {panic}");
            if chained {
                before(panic);
            }
        }));
        match text {
            Some(text) => panic!("under a hook: {text}"),
            None => panic!("under a hook"),
        }
    }

    /// Returns how many bytes of the plugin's data are unchanged.
    #[command]
    pub fn kept(&self) -> usize {
        self.kept.iter().filter(|kept| **kept == 1).count()
    }

    /// Calls a service, and returns its error wrapped in an `anyhow` error.
    #[command]
    pub fn ask_by_anyhow(&self) -> anyhow::Result<Option<String>> {
        use anyhow::Context as _;
        kv::get("last")
            .map_err(Error::into_std)
            .context("nothing was read")
    }

    /// Like `ask_by_anyhow`, with the error converted back to the SDK's.
    #[command]
    pub fn ask_and_return(&self) -> Result<Option<String>> {
        Ok(self.ask_by_anyhow()?)
    }

    /// Writes lines with key-value pairs.
    #[command]
    pub fn log_pairs(&self, user: &str, times: u8) {
        log::info!(user, times; "greeted");
        log::info!(
            half = 0.5, whole = 2.0, tenth = 0.1, narrow = 0.1f32, sum = 0.1 + 0.2, low = i64::MIN, high = u64::MAX, yes = true, letter = 'x', word = "two words",
            number = "2"; "all kinds"
        );
        log::warn!(target: "audit", attempts = times; "checked {user}");
        log::info!(shown:? = times; "captured");
    }

    /// Panics two functions further down.
    #[command]
    pub fn panic(&self, name: &str) {
        outer(name);
    }

    /// Panics in the standard library because of this function's mistake.
    #[command]
    pub fn unwrap(&self) -> u32 {
        "many".parse::<u32>().unwrap()
    }

    /// Panics with a message that panics.
    #[command]
    pub fn panic_in_a_panic(&self) {
        panic!("{Unshowable}");
    }

    /// Panics in a destructor.
    #[command]
    pub fn panic_in_drop(&self) {
        let _goes_at_the_end = Undroppable;
    }

    /// Allocates until the host refuses memory, at which vectors abort.
    #[command]
    pub fn exhaust(&self) -> usize {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(vec![1u8; 1 << 20]));
        }
    }

    /// Tries to reserve memory, and returns whether that succeeded.
    #[command]
    pub fn reserve(&self, bytes: usize) -> bool {
        Vec::<u8>::new().try_reserve_exact(black_box(bytes)).is_ok()
    }

    /// Tries to reserve memory, goes on if that fails, and aborts for another reason.
    #[command]
    pub fn reserve_and_abort(&self, bytes: usize) {
        black_box(self.reserve(bytes));
        std::process::abort();
    }

    /// Allocates a number of bytes at once.
    #[command]
    pub fn allocate(&self, bytes: usize) -> usize {
        black_box(Vec::<u8>::with_capacity(black_box(bytes))).capacity()
    }

    /// Reports an allocation failure although the host refused no memory.
    #[command]
    pub fn give_up(&self) {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>());
    }

    /// Recurses without end, with small frames.
    #[command]
    pub fn recurse(&self) -> u64 {
        descend(black_box(1))
    }

    /// Recurses without end, with large frames.
    #[command]
    pub fn recurse_widely(&self) -> u64 {
        descend_widely(black_box(1))
    }

    /// Never ends.
    #[command]
    pub fn spin(&self) {
        let mut turns = 0u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    /// Adds two numbers, whose sum may overflow.
    #[command]
    pub fn overflow(&self, left: u8, right: u8) -> u8 {
        left + right
    }

    /// Divides, by zero on request: Rust checks the divisor before WebAssembly does.
    #[command]
    pub fn divide(&self, left: i32, right: i32) -> i32 {
        left / right
    }

    /// Reaches code that its author thought unreachable.
    #[command]
    pub fn unreachable(&self) {
        unreachable!("as its author thought");
    }

    /// Aborts without a message.
    #[command]
    pub fn abort(&self) {
        std::process::abort(); // Without a message.
    }

    /// Reads the standard library's clock.
    #[command]
    pub fn instant(&self) -> u128 {
        std::time::Instant::now().elapsed().as_nanos()
    }

    /// Sleeps with the standard library.
    #[command]
    pub fn sleep(&self) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }

    /// Starts a thread of the standard library.
    #[command]
    pub fn spawn(&self) {
        std::thread::spawn(|| ());
    }

    /// Panics after some host calls.
    #[command]
    pub fn buy(&self, items: Vec<String>) {
        for item in &items {
            log::info!("on the list: {item}");
        }
        for item in items {
            black_box(shop::price(&item)).ok();
        }
        panic!("no money");
    }

    /// Spends all of its time in host calls.
    #[command]
    pub fn wait(&self) {
        loop {
            shop::wait();
        }
    }

    /// Passes a note to the host.
    #[command]
    pub fn note(&self, text: &str) {
        shop::note(text);
    }

    /// Returns an error, as plugins should.
    #[command]
    pub fn refuse(&self) -> Result<()> {
        Err(Error::new("refused", "asked to refuse"))
    }

    /// Returns 42.
    #[command]
    pub fn answer(&self) -> u32 {
        42
    }
}

#[inline(never)]
fn outer(name: &str) {
    inlined(name);
}

/// Inlined: a frame without a function.
#[inline(always)]
fn inlined(name: &str) {
    inner(black_box(name));
}

#[inline(never)]
fn inner(name: &str) {
    panic!("no such thing: {name}");
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "that is its purpose")]
fn descend(depth: u64) -> u64 {
    1 + descend(black_box(depth + 1))
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "that is its purpose")]
fn descend_widely(depth: u64) -> u64 {
    let kept = black_box([depth; 8192]);
    descend_widely(depth + 1) + kept[depth as usize % kept.len()]
}
