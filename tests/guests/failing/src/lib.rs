//! A plugin that fails in every way there is, one command each: what the harness makes of it is tested in `tests/failures.rs`.
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

/// What the plugin's host has.
#[host_functions(module = "shop")]
pub trait Shop {
    /// What something costs.
    fn price(item: &str) -> Result<u32>;
    /// Takes its time.
    fn wait();
    /// Takes a note, and returns nothing that could say that it did not.
    fn note(text: &str);
}

/// The plugin.
#[plugin(log, permissions(kv = "is refused it"))]
pub struct Failing {
    /// With a copy of it in each of several frames, it would not fit on the stack.
    kept: [u8; KEPT],
}

/// How much the plugin holds, in bytes.
const KEPT: usize = 200_000;

/// What a host can choose.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    panic: bool,
}

/// Panics while it is being shown.
struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("cannot be shown")
    }
}

/// Panics when it goes.
struct Undroppable;

impl Drop for Undroppable {
    fn drop(&mut self) {
        panic!("cannot be dropped")
    }
}

#[plugin]
impl Failing {
    /// Makes the plugin, or panics where the configuration asks for it.
    #[init]
    pub fn new(config: Config) -> Self {
        if config.panic {
            panic!("asked to panic");
        }
        Failing { kept: [1; KEPT] }
    }

    /// Sets a panic hook of the plugin's own, which calls the one before if that is asked for, and panics with some text.
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

    /// Says how much of what the plugin holds is as it was made.
    #[command]
    pub fn kept(&self) -> usize {
        self.kept.iter().filter(|kept| **kept == 1).count()
    }

    /// Asks a service, and passes its error on within that of another crate.
    #[command]
    pub fn ask_by_anyhow(&self) -> anyhow::Result<Option<String>> {
        use anyhow::Context as _;
        kv::get("last")
            .map_err(Error::into_std)
            .context("nothing was read")
    }

    /// The same, and makes an error of the SDK's of that again.
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

    /// Panics in the standard library, on this function's account.
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

    /// Takes memory until it is refused, which vectors take for the end.
    #[command]
    pub fn exhaust(&self) -> usize {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(vec![1u8; 1 << 20]));
        }
    }

    /// Is refused memory, and lives with it.
    #[command]
    pub fn reserve(&self, bytes: usize) -> bool {
        Vec::<u8>::new().try_reserve_exact(black_box(bytes)).is_ok()
    }

    /// Is refused memory and lives with it, and gives up afterwards for another reason.
    #[command]
    pub fn reserve_and_abort(&self, bytes: usize) {
        black_box(self.reserve(bytes));
        std::process::abort();
    }

    /// Asks for so much memory at once.
    #[command]
    pub fn allocate(&self, bytes: usize) -> usize {
        black_box(Vec::<u8>::with_capacity(black_box(bytes))).capacity()
    }

    /// Says that there is no memory, which nobody had refused.
    #[command]
    pub fn give_up(&self) {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>());
    }

    /// Calls itself without end, and keeps next to nothing.
    #[command]
    pub fn recurse(&self) -> u64 {
        descend(black_box(1))
    }

    /// Calls itself without end, and keeps much.
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

    /// Adds up to more than fits.
    #[command]
    pub fn overflow(&self, left: u8, right: u8) -> u8 {
        left + right
    }

    /// Divides by zero, which Rust looks at before WebAssembly does.
    #[command]
    pub fn divide(&self, left: i32, right: i32) -> i32 {
        left / right
    }

    /// Runs into what its author thought to be unreachable.
    #[command]
    pub fn unreachable(&self) {
        unreachable!("as its author thought");
    }

    /// Stops without a word.
    #[command]
    pub fn abort(&self) {
        std::process::abort(); // Without a word.
    }

    /// Asks the standard library for the time.
    #[command]
    pub fn instant(&self) -> u128 {
        std::time::Instant::now().elapsed().as_nanos()
    }

    /// Asks the standard library to wait.
    #[command]
    pub fn sleep(&self) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }

    /// Asks the standard library for a thread.
    #[command]
    pub fn spawn(&self) {
        std::thread::spawn(|| ());
    }

    /// Panics after some calls of the host.
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

    /// Spends all its time in the host.
    #[command]
    pub fn wait(&self) {
        loop {
            shop::wait();
        }
    }

    /// Has the host take a note.
    #[command]
    pub fn note(&self, text: &str) {
        shop::note(text);
    }

    /// Fails as plugins should.
    #[command]
    pub fn refuse(&self) -> Result<()> {
        Err(Error::new("refused", "asked to refuse"))
    }

    /// Answers.
    #[command]
    pub fn answer(&self) -> u32 {
        42
    }
}

#[inline(never)]
fn outer(name: &str) {
    inlined(name);
}

/// A frame without a function of its own.
#[inline(always)]
fn inlined(name: &str) {
    inner(black_box(name));
}

#[inline(never)]
fn inner(name: &str) {
    panic!("no such thing: {name}");
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "it is what it is for")]
fn descend(depth: u64) -> u64 {
    1 + descend(black_box(depth + 1))
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "it is what it is for")]
fn descend_widely(depth: u64) -> u64 {
    let kept = black_box([depth; 8192]);
    descend_widely(depth + 1) + kept[depth as usize % kept.len()]
}
