//! A typical hand-written guest: `alloc`, `free`, and for each command a function that takes an
//! address and a length and returns both in one number, with serde_json between.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
struct GreetArgs {
    name: String,
    #[serde(default = "one")]
    times: u32,
}

fn one() -> u32 {
    1
}

#[derive(Serialize)]
struct Greeting {
    message: String,
    greeted: u64,
}

#[unsafe(no_mangle)]
extern "C" fn greet(ptr: *mut u8, len: usize) -> u64 {
    json(ptr, len, |args: GreetArgs| Greeting {
        message: format!("Hello, {}!", args.name),
        greeted: GREETED.fetch_add(args.times.into(), Ordering::Relaxed) + u64::from(args.times),
    })
}

#[cfg(feature = "every-job")]
mod every_job {
    use super::*;

    #[unsafe(no_mangle)]
    extern "C" fn echo(ptr: *mut u8, len: usize) -> u64 {
        give(take(ptr, len))
    }

    #[derive(Deserialize)]
    struct StatsArgs {
        numbers: Vec<f64>,
    }

    #[derive(Serialize)]
    struct Stats {
        count: u64,
        mean: f64,
        min: f64,
        max: f64,
    }

    #[unsafe(no_mangle)]
    extern "C" fn stats(ptr: *mut u8, len: usize) -> u64 {
        json(ptr, len, |args: StatsArgs| Stats {
            count: args.numbers.len() as u64,
            mean: args.numbers.iter().sum::<f64>() / args.numbers.len() as f64,
            min: args.numbers.iter().copied().fold(f64::INFINITY, f64::min),
            max: args
                .numbers
                .iter()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

fn json<A: DeserializeOwned, R: Serialize>(
    ptr: *mut u8,
    len: usize,
    command: impl FnOnce(A) -> R,
) -> u64 {
    let args = take(ptr, len);
    give(match serde_json::from_slice(&args) {
        Ok(args) => serde_json::to_vec(&command(args)).unwrap_or_default(),
        Err(error) => error.to_string().into_bytes(),
    })
}

/// Takes ownership of the arguments from the host.
fn take(ptr: *mut u8, len: usize) -> Vec<u8> {
    // SAFETY: the host passes what it got from `alloc` for this many bytes, and has written them
    // all.
    unsafe { Vec::from_raw_parts(ptr, len, len) }
}

/// Passes ownership of the bytes to the host, which calls `free` for them.
fn give(bytes: Vec<u8>) -> u64 {
    let bytes = Box::leak(bytes.into_boxed_slice());
    (bytes.as_ptr() as u64) << 32 | bytes.len() as u64
}

#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    ManuallyDrop::new(vec![0; len]).as_mut_ptr()
}

/// # Safety
/// A command returned `ptr` and `len`, and this is the first `free` of them.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(ptr: *mut u8, len: usize) {
    // SAFETY: the caller upholds the contract of this function.
    drop(unsafe { Vec::from_raw_parts(ptr, 0, len) });
}
