//! Guests with many commands, and the size of each further one: compares guests with few commands
//! and with fifty.

use std::fmt::Write as _;

use anyhow::Result;

use crate::guests;

/// The number of commands in the larger guest.
const MANY: usize = 50;

/// The numbers of commands in a smaller guest.
#[derive(Clone, Copy)]
pub enum Few {
    /// The further ones bring types, and code for them.
    One = 1,
    /// One of each shape: the further ones have types that the guest has.
    EachShape = SHAPES.len() as isize,
}

/// The signatures of the commands, in turn: two arguments each, of the types that plugins use.
const SHAPES: [Shape; 4] = [
    Shape {
        borrowed: ["&str", "u32"],
        owned: ["String", "u32"],
        result: "u64",
        body: "first.len() as u64 + u64::from(second)",
    },
    Shape {
        borrowed: ["f64", "f64"],
        owned: ["f64", "f64"],
        result: "f64",
        body: "first * second",
    },
    Shape {
        borrowed: ["bool", "String"],
        owned: ["bool", "String"],
        result: "Option<String>",
        body: "first.then_some(second)",
    },
    Shape {
        borrowed: ["Vec<i64>", "Option<i64>"],
        owned: ["Vec<i64>", "Option<i64>"],
        result: "i64",
        body: "first.iter().sum::<i64>() + second.unwrap_or(0)",
    },
];

struct Shape {
    /// The types of the arguments, borrowed where that is possible.
    borrowed: [&'static str; 2],
    /// The types of the arguments, all owned.
    owned: [&'static str; 2],
    result: &'static str,
    body: &'static str,
}

/// Returns the bytes that each command after the first few adds to a hand-written guest, on average.
pub fn raw(few: Few) -> Result<f64> {
    let guest = |count| {
        let mut source = String::from(RAW);
        for (number, shape) in (0..count).zip(SHAPES.iter().cycle()) {
            let Shape {
                owned: [first, second],
                result,
                body,
                ..
            } = shape;
            let _ = write!(
                source,
                "
#[derive(Deserialize)]
struct Args{number} {{ first_{number}: {first}, second_{number}: {second} }}
#[unsafe(no_mangle)]
extern \"C\" fn command_{number}(ptr: *mut u8, len: usize) -> u64 {{
    json(ptr, len, |Args{number} {{ first_{number}: first, second_{number}: second }}| -> {result} {{ {body} }})
}}
"
            );
        }
        Ok(build("raw", count, RAW_DEPENDENCIES, &source)?.len())
    };
    each(few, guest)
}

/// Returns the bytes that each command after the first few adds to a plugin of plugin-sdk, on
/// average, including its description.
pub fn ours(few: Few) -> Result<f64> {
    each(few, |count| Ok(plugin(count)?.len()))
}

/// Builds a plugin of plugin-sdk with `count` commands, `command_0` and so on.
pub fn plugin(count: usize) -> Result<Vec<u8>> {
    let mut source = String::from(OURS);
    for (number, shape) in (0..count).zip(SHAPES.iter().cycle()) {
        let Shape {
            borrowed: [first, second],
            result,
            body,
            ..
        } = shape;
        let _ = write!(
            source,
            "
    /// Command number {number}.
    #[command]
    pub fn command_{number}(first_{number}: {first}, second_{number}: {second}) -> {result} {{
        let (first, second) = (first_{number}, second_{number});
        {body}
    }}
"
        );
    }
    source.push('}');
    let sdk = guests::folder().with_file_name("sdk");
    let dependencies = format!("plugin-sdk = {{ path = {sdk:?} }}\n");
    build("ours", count, &dependencies, &source)
}

/// Returns the number of the last of `count` commands with the arguments of the first, `&str` and
/// `u32`.
pub fn last_like_first(count: usize) -> usize {
    count.saturating_sub(1) / SHAPES.len() * SHAPES.len()
}

const OURS: &str = "
use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
pub struct Commands;

#[plugin]
impl Commands {
";

const RAW_DEPENDENCIES: &str = r#"
serde = { version = "1.0.228", features = ["derive"] }
serde_json = "1.0.145"
"#;

const RAW: &str = r#"
use serde::{Deserialize, Serialize};

fn json<A: serde::de::DeserializeOwned, R: Serialize>(ptr: *mut u8, len: usize, command: impl FnOnce(A) -> R) -> u64 {
    let args = unsafe { Vec::from_raw_parts(ptr, len, len) };
    give(match serde_json::from_slice(&args) {
        Ok(args) => serde_json::to_vec(&command(args)).unwrap_or_default(),
        Err(error) => error.to_string().into_bytes(),
    })
}

fn give(bytes: Vec<u8>) -> u64 {
    let bytes = Box::leak(bytes.into_boxed_slice());
    (bytes.as_ptr() as u64) << 32 | bytes.len() as u64
}

#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    std::mem::ManuallyDrop::new(vec![0; len]).as_mut_ptr()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(ptr: *mut u8, len: usize) {
    drop(unsafe { Vec::from_raw_parts(ptr, 0, len) });
}
"#;

/// Returns the difference between few commands and many, per command.
fn each(few: Few, guest: impl Fn(usize) -> Result<usize>) -> Result<f64> {
    let few = few as usize;
    Ok((guest(MANY)? as f64 - guest(few)? as f64) / (MANY - few) as f64)
}

/// Builds a guest for size and returns its module.
fn build(who: &str, count: usize, dependencies: &str, source: &str) -> Result<Vec<u8>> {
    let folder = guests::scratch()
        .join("commands")
        .join(format!("{who}-{count}"));
    guests::write(&folder, dependencies, source)?;
    guests::build_in(&folder)
}
