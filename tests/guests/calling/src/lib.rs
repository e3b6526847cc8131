//! A plugin that calls its host by every convention, and answers with what came of it.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use plugin_sdk::prelude::*;

/// A number on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, HostScalar, Schema)]
#[repr(i8)]
pub enum Level {
    /// Below zero.
    Low = -1,
    /// Above zero.
    High = 1,
}

/// What crosses as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Filter {
    /// Any text.
    pub name: String,
    /// Any number.
    pub at_least: f64,
}

/// All that a host function can be.
#[host_functions(module = "conventions", prefix = "all_")]
pub trait Everything {
    /// Neither arguments nor a result.
    fn nothing();
    /// Numbers of every width.
    #[allow(clippy::too_many_arguments)]
    fn numbers(
        a: u8,
        b: i16,
        c: u32,
        d: i64,
        e: f32,
        f: f64,
        g: bool,
        h: char,
        i: i8,
        j: u64,
    ) -> f64;
    /// A wide number.
    fn wide(number: u64) -> u64;
    /// A short float.
    fn short(number: f32) -> f32;
    /// A truth value.
    fn not(value: bool) -> bool;
    /// A negative number in few bits.
    fn negate(number: i8) -> i8;
    /// An enum.
    fn level(level: Level) -> Level;
    /// In place.
    fn reverse(text: &mut [u8]);
    /// In place, of numbers.
    fn halve(samples: &mut [f32]);
    /// To a place of fixed size.
    fn digest(data: &[u8], #[out] digest: &mut [u8; 16]);
    /// To the place of a number.
    #[host(status)]
    fn clock(#[out] nanoseconds: &mut u64) -> Result<()>;
    /// A slice of numbers.
    fn sum(numbers: &[f64]) -> f64;
    /// Text to text.
    fn greet(name: &str) -> String;
    /// Bytes to bytes.
    fn twice(data: Vec<u8>) -> Vec<u8>;
    /// Text that may not be there.
    fn find(key: Option<&str>) -> Option<String>;
    /// Text that ends with a zero byte.
    fn c_upper(text: &CStr) -> CString;
    /// The same, which may not be there.
    fn c_find(text: &CStr) -> Option<CString>;
    /// A result.
    #[host(name = "lookup")]
    fn look_up(key: &str) -> Result<Option<String>>;
    /// An error type of one's own.
    fn own_error(key: &str) -> Result<u32, String>;
    /// JSON.
    #[json]
    fn query(#[json] filter: &Filter, #[json] other: Filter) -> Result<BTreeMap<String, f64>>;
    /// A status.
    #[host(status)]
    fn set(key: &str, value: &[u8]) -> Result<()>;
    /// A status whose good value is 1.
    #[host(status(ok = 1))]
    fn remove(key: &str) -> Result<()>;
    /// A status that is a number.
    #[host(status)]
    fn count(key: &str) -> Result<u32>;
    /// A buffer of the guest's.
    #[host(buffer(initial = 4, max = 65536, absent = -7))]
    fn fetch(key: &str) -> Result<Option<Vec<u8>>>;
    /// The same, the host negating what it needs.
    #[host(buffer(initial = 64, max = 65536, short = "negated"))]
    fn fetch_negated(key: &str) -> Result<Vec<u8>>;
    /// The same, the host filling the buffer.
    #[host(buffer(initial = 4, max = 65536, short = "truncated"))]
    fn fetch_truncated(key: &str) -> Result<Vec<u8>>;
    /// The same, the buffer's size standing in memory.
    #[host(in_out(initial = 4, max = 65536, short = -1, absent = -7))]
    fn fetch_in_out(key: &str) -> Result<Option<Vec<u8>>>;
    /// What needs a permission.
    #[host(permission = "danger")]
    fn dangerous(what: &str) -> Result<String>;
    /// What panics.
    fn fail(what: &str) -> Result<String>;
    /// What panics, and has no way to say so.
    fn fail_silently();
}

/// Text, halves, a digest, a time and a sum.
pub type Changed = (String, Vec<f32>, Vec<u8>, u64, f64);

/// Calls its host.
#[plugin]
#[derive(Default)]
pub struct Calling {
    calls: u32,
}

#[plugin]
impl Calling {
    /// How many calls have come through.
    #[command]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Numbers of every width, there and back.
    #[command]
    pub fn numbers(&mut self) -> (f64, u64, f32, bool, i8, Level) {
        self.calls += 1;
        everything::nothing();
        (
            everything::numbers(
                255,
                -2,
                4_000_000_000,
                -5,
                0.5,
                0.25,
                true,
                'é',
                -1,
                u64::MAX / 4,
            ),
            everything::wide(u64::MAX - 1),
            everything::short(1.5),
            everything::not(true),
            everything::negate(-128),
            everything::level(Level::Low),
        )
    }

    /// Bytes and numbers in place.
    #[command]
    pub fn in_place(&mut self) -> Result<Changed> {
        let mut text = *b"desserts";
        everything::reverse(&mut text);
        let mut samples = [1.0, 3.0];
        everything::halve(&mut samples);
        let mut digest = [9; 16];
        everything::digest(b"abc", &mut digest);
        let mut clock = 0;
        everything::clock(&mut clock)?;
        let sum = everything::sum(&[0.5, 0.25]);
        Ok((
            String::from_utf8_lossy(&text).into_owned(),
            samples.to_vec(),
            digest.to_vec(),
            clock,
            sum,
        ))
    }

    /// Text and bytes.
    #[command]
    pub fn text(&mut self, name: &str) -> (String, Vec<u8>, Option<String>, Option<String>) {
        (
            everything::greet(name),
            everything::twice(name.as_bytes().to_vec()),
            everything::find(Some(name)),
            everything::find(None),
        )
    }

    /// Text that ends with a zero byte.
    #[command]
    pub fn c_text(&mut self, name: &str) -> Result<(String, Option<String>)> {
        let name = CString::new(name)?;
        let found = everything::c_find(&name);
        Ok((
            everything::c_upper(&name).into_string()?,
            found.map(|found| found.to_string_lossy().into_owned()),
        ))
    }

    /// A result.
    #[command]
    pub fn look_up(&mut self, key: &str) -> Result<Option<String>> {
        everything::look_up(key)
    }

    /// The message of an error that is only text.
    #[command]
    pub fn own_error(&mut self, key: &str) -> Result<u32> {
        everything::own_error(key).map_err(|message| Error::new("own", message))
    }

    /// JSON.
    #[command]
    pub fn query(&mut self, filter: Filter) -> Result<BTreeMap<String, f64>> {
        everything::query(&filter, filter.clone())
    }

    /// Statuses.
    #[command]
    pub fn statuses(&mut self, key: &str) -> Result<u32> {
        everything::set(key, b"value")?;
        everything::remove(key)?;
        everything::count(key)
    }

    /// Buffers.
    #[command]
    pub fn fetch(&mut self, key: &str, how: &str) -> Result<Option<usize>> {
        let fetched = match how {
            "negated" => Some(everything::fetch_negated(key)?),
            "truncated" => Some(everything::fetch_truncated(key)?),
            "in_out" => everything::fetch_in_out(key)?,
            _ => everything::fetch(key)?,
        };
        match fetched {
            Some(bytes) if bytes.iter().any(|byte| *byte != b'x') => {
                Err(Error::new("torn", "not what the host has"))
            }
            fetched => Ok(fetched.map(|bytes| bytes.len())),
        }
    }

    /// What needs a permission.
    #[command]
    pub fn dangerous(&mut self) -> Result<String> {
        everything::dangerous("jump")
    }

    /// Computes for so many rounds.
    #[command]
    pub fn compute(&mut self, rounds: u64) -> u64 {
        self.calls += 1;
        (0..rounds).fold(1, |number: u64, round| {
            std::hint::black_box(number.rotate_left(7) ^ round)
        })
    }

    /// What panics in the host.
    #[command]
    pub fn fail(&mut self) -> Result<String> {
        everything::fail("now")
    }

    /// What panics in the host, which cannot say so.
    #[command]
    pub fn fail_silently(&mut self) {
        everything::fail_silently();
    }
}
