//! A plugin that calls its host by every convention, and returns the host's answers.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use plugin_sdk::prelude::*;

/// An enum that crosses the call boundary as a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, HostScalar, Schema)]
#[repr(i8)]
pub enum Level {
    /// Below zero.
    Low = -1,
    /// Above zero.
    High = 1,
}

/// A value that crosses the call boundary as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Filter {
    /// Any text.
    pub name: String,
    /// Any number.
    pub at_least: f64,
}

/// Host functions of every form.
#[host_functions(module = "conventions", prefix = "all_")]
pub trait Everything {
    /// Takes no arguments and returns nothing.
    fn nothing();
    /// Takes numbers of every width.
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
    /// Takes and returns a wide number.
    fn wide(number: u64) -> u64;
    /// Takes and returns a short float.
    fn short(number: f32) -> f32;
    /// Negates a Boolean.
    fn not(value: bool) -> bool;
    /// Negates a number of few bits.
    fn negate(number: i8) -> i8;
    /// Takes and returns an enum.
    fn level(level: Level) -> Level;
    /// Reverses bytes in place.
    fn reverse(text: &mut [u8]);
    /// Halves numbers in place.
    fn halve(samples: &mut [f32]);
    /// Writes to a buffer of fixed size.
    fn digest(data: &[u8], #[out] digest: &mut [u8; 16]);
    /// Writes a number.
    #[host(status)]
    fn clock(#[out] nanoseconds: &mut u64) -> Result<()>;
    /// Adds numbers.
    fn sum(numbers: &[f64]) -> f64;
    /// Takes and returns text.
    fn greet(name: &str) -> String;
    /// Takes and returns bytes.
    fn twice(data: Vec<u8>) -> Vec<u8>;
    /// Takes and returns optional text.
    fn find(key: Option<&str>) -> Option<String>;
    /// Takes and returns NUL-terminated text.
    fn c_upper(text: &CStr) -> CString;
    /// Returns optional NUL-terminated text.
    fn c_find(text: &CStr) -> Option<CString>;
    /// Returns a `Result`.
    #[host(name = "lookup")]
    fn look_up(key: &str) -> Result<Option<String>>;
    /// Returns its own error type.
    fn own_error(key: &str) -> Result<u32, String>;
    /// Takes and returns JSON.
    #[json]
    fn query(#[json] filter: &Filter, #[json] other: Filter) -> Result<BTreeMap<String, f64>>;
    /// Returns a status.
    #[host(status)]
    fn set(key: &str, value: &[u8]) -> Result<()>;
    /// Returns a status that is 1 for success.
    #[host(status(ok = 1))]
    fn remove(key: &str) -> Result<()>;
    /// Returns a status that is a number.
    #[host(status)]
    fn count(key: &str) -> Result<u32>;
    /// Writes to a buffer that the guest owns.
    #[host(buffer(initial = 4, max = 65536, absent = -7))]
    fn fetch(key: &str) -> Result<Option<Vec<u8>>>;
    /// Like `fetch`; if the buffer is too small, the host returns the negated size.
    #[host(buffer(initial = 64, max = 65536, short = "negated"))]
    fn fetch_negated(key: &str) -> Result<Vec<u8>>;
    /// Like `fetch`; if the buffer is too small, the host fills it.
    #[host(buffer(initial = 4, max = 65536, short = "truncated"))]
    fn fetch_truncated(key: &str) -> Result<Vec<u8>>;
    /// Like `fetch`; the buffer's size is in memory.
    #[host(in_out(initial = 4, max = 65536, short = -1, absent = -7))]
    fn fetch_in_out(key: &str) -> Result<Option<Vec<u8>>>;
    /// Needs a permission.
    #[host(permission = "danger")]
    fn dangerous(what: &str) -> Result<String>;
    /// Panics.
    fn fail(what: &str) -> Result<String>;
    /// Panics, and has no result to report it with.
    fn fail_silently();
}

/// The results of `in_place`: a text, halves, a digest, a time and a sum.
pub type Changed = (String, Vec<f32>, Vec<u8>, u64, f64);

/// Calls its host.
#[plugin]
#[derive(Default)]
pub struct Calling {
    calls: u32,
}

#[plugin]
impl Calling {
    /// Returns the number of calls.
    #[command]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Passes numbers of every width to the host and back.
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

    /// Lets the host change bytes and numbers in place.
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

    /// Passes text and bytes.
    #[command]
    pub fn text(&mut self, name: &str) -> (String, Vec<u8>, Option<String>, Option<String>) {
        (
            everything::greet(name),
            everything::twice(name.as_bytes().to_vec()),
            everything::find(Some(name)),
            everything::find(None),
        )
    }

    /// Passes NUL-terminated text.
    #[command]
    pub fn c_text(&mut self, name: &str) -> Result<(String, Option<String>)> {
        let name = CString::new(name)?;
        let found = everything::c_find(&name);
        Ok((
            everything::c_upper(&name).into_string()?,
            found.map(|found| found.to_string_lossy().into_owned()),
        ))
    }

    /// Returns the host's result.
    #[command]
    pub fn look_up(&mut self, key: &str) -> Result<Option<String>> {
        everything::look_up(key)
    }

    /// Returns an error with the message of the host's error, which is text.
    #[command]
    pub fn own_error(&mut self, key: &str) -> Result<u32> {
        everything::own_error(key).map_err(|message| Error::new("own", message))
    }

    /// Passes JSON.
    #[command]
    pub fn query(&mut self, filter: Filter) -> Result<BTreeMap<String, f64>> {
        everything::query(&filter, filter.clone())
    }

    /// Calls functions that return a status.
    #[command]
    pub fn statuses(&mut self, key: &str) -> Result<u32> {
        everything::set(key, b"value")?;
        everything::remove(key)?;
        everything::count(key)
    }

    /// Fetches bytes into a buffer, and returns their number.
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
                Err(Error::new("torn", "the bytes differ from the host's"))
            }
            fetched => Ok(fetched.map(|bytes| bytes.len())),
        }
    }

    /// Calls the function that needs a permission.
    #[command]
    pub fn dangerous(&mut self) -> Result<String> {
        everything::dangerous("jump")
    }

    /// Computes for a number of rounds.
    #[command]
    pub fn compute(&mut self, rounds: u64) -> u64 {
        self.calls += 1;
        (0..rounds).fold(1, |number: u64, round| {
            std::hint::black_box(number.rotate_left(7) ^ round)
        })
    }

    /// Calls the host function that panics.
    #[command]
    pub fn fail(&mut self) -> Result<String> {
        everything::fail("now")
    }

    /// Calls the host function that panics and cannot report it.
    #[command]
    pub fn fail_silently(&mut self) {
        everything::fail_silently();
    }
}
