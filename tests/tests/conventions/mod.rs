//! The host of the guest that calls by every convention.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use calling::{Everything, Filter, Level};
use plugin_sdk::{Error, Result};
use plugin_sdk_harness::Source;

pub fn guest() -> Source {
    Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/calling")).into()
}

#[derive(Default)]
pub struct Host {
    pub calls: Vec<String>,
}

impl Everything for Host {
    fn nothing(&mut self) {
        self.calls.push("nothing".to_owned());
    }

    fn numbers(
        &mut self,
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
    ) -> f64 {
        self.calls
            .push(format!("{a} {b} {c} {d} {e} {f} {g} {h} {i} {j}"));
        -0.5
    }

    fn wide(&mut self, number: u64) -> u64 {
        number
    }

    fn short(&mut self, number: f32) -> f32 {
        number * 2.0
    }

    fn not(&mut self, value: bool) -> bool {
        !value
    }

    fn negate(&mut self, number: i8) -> i8 {
        number.wrapping_add(1)
    }

    fn level(&mut self, level: Level) -> Level {
        assert_eq!(level, Level::Low);
        Level::High
    }

    fn reverse(&mut self, text: &mut [u8]) {
        text.reverse();
    }

    fn halve(&mut self, samples: &mut [f32]) {
        samples.iter_mut().for_each(|sample| *sample /= 2.0);
    }

    fn digest(&mut self, data: &[u8], digest: &mut [u8; 16]) {
        assert_eq!(*digest, [0; 16], "what is only written begins as zeros");
        digest[..data.len()].copy_from_slice(data);
    }

    fn clock(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = u64::MAX - 1;
        Ok(())
    }

    fn sum(&mut self, numbers: &[f64]) -> f64 {
        numbers.iter().sum()
    }

    fn greet(&mut self, name: &str) -> String {
        format!("Hello, {name}!")
    }

    fn twice(&mut self, data: Vec<u8>) -> Vec<u8> {
        data.repeat(2)
    }

    fn find(&mut self, key: Option<&str>) -> Option<String> {
        key.map(str::to_uppercase)
    }

    fn c_upper(&mut self, text: &CStr) -> CString {
        CString::new(text.to_bytes().to_ascii_uppercase()).unwrap()
    }

    fn c_find(&mut self, text: &CStr) -> Option<CString> {
        (text == c"there").then(|| text.to_owned())
    }

    fn look_up(&mut self, key: &str) -> Result<Option<String>> {
        match key {
            "bad" => Err(Error::new("closed", "no more today").with_details(&7)),
            "none" => Ok(None),
            "empty" => Ok(Some(String::new())),
            key => Ok(Some(key.repeat(1000))),
        }
    }

    fn own_error(&mut self, key: &str) -> Result<u32, String> {
        key.parse().map_err(|_| format!("{key} is no number"))
    }

    fn query(&mut self, filter: &Filter, other: Filter) -> Result<BTreeMap<String, f64>> {
        match filter.name.as_str() {
            "bad" => Err(Error::new("no_query", "not this one")),
            name => Ok([
                (name.to_owned(), filter.at_least),
                ("other".to_owned(), other.at_least),
            ]
            .into()),
        }
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        assert_eq!(value, b"value");
        match key {
            "full" => Err(Error::from_status(-77)),
            _ => Ok(()),
        }
    }

    fn remove(&mut self, key: &str) -> Result<()> {
        match key {
            "missing" => Err(Error::new("not_found", "")),
            _ => Ok(()),
        }
    }

    fn count(&mut self, key: &str) -> Result<u32> {
        Ok(key.len() as u32)
    }

    fn fetch(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        self.calls.push("fetch".to_owned());
        match key {
            "none" => Ok(None),
            "bad" => Err(Error::new("unavailable", "")),
            key => Ok(Some(vec![b'x'; key.parse().unwrap()])),
        }
    }

    fn fetch_negated(&mut self, key: &str) -> Result<Vec<u8>> {
        self.fetch(key).map(Option::unwrap)
    }

    fn fetch_truncated(&mut self, key: &str) -> Result<Vec<u8>> {
        self.fetch(key).map(Option::unwrap)
    }

    fn fetch_in_out(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        self.fetch(key)
    }

    fn dangerous(&mut self, what: &str) -> Result<String> {
        Ok(format!("did {what}"))
    }

    fn fail(&mut self, what: &str) -> Result<String> {
        panic!("the host panics {what}")
    }

    fn fail_silently(&mut self) {
        panic!("the host panics")
    }
}
