//! A plugin for tests of observation: batches in every codec, heaps that grow in every way, and
//! calls that end in every way.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use plugin_sdk::prelude::*;

/// Is observed.
#[plugin(commands(reverse))]
#[derive(Default)]
pub struct Observed {
    greeted: u64,
    remembered: Vec<String>,
    numbers: Vec<u64>,
    cached: HashMap<u64, String>,
}

/// A greeting and its number.
#[derive(Serialize, Deserialize, Schema)]
pub struct Greeting {
    /// The greeting.
    pub message: String,
    /// The number of greetings so far, including this one.
    pub greeted: u64,
}

#[plugin]
impl Observed {
    /// Does nothing.
    #[start]
    pub fn start(&mut self) {}

    /// Refuses to stop.
    #[stop]
    pub fn stop(&mut self) -> Result<()> {
        Err(Error::new("busy_greeting", "someone is left to greet"))
    }

    /// Greets someone by name.
    #[command(batch)]
    pub fn greet(&mut self, name: &str, #[arg(default = 1)] times: u64) -> Result<Greeting> {
        if name.is_empty() {
            return Err(Error::new("nobody", "there is no one to greet"));
        }
        if name == "panic" {
            panic!("no greeting for this one");
        }
        self.greeted += times;
        Ok(Greeting {
            message: format!("Hello, {name}!"),
            greeted: self.greeted,
        })
    }

    /// Like `greet`, without batches.
    #[command]
    pub fn greet_singly(&mut self, name: &str, #[arg(default = 1)] times: u64) -> Result<Greeting> {
        self.greet(name, times)
    }

    /// Like `greet`, in the binary codec.
    #[command(codec = "binary", batch, rename = "greet-binary")]
    pub fn greet_binary(&mut self, name: &str, times: u64) -> Result<Greeting> {
        self.greet(name, times)
    }

    /// Returns its input.
    #[command(raw, batch)]
    pub fn echo(bytes: &[u8]) -> &[u8] {
        bytes
    }

    /// Doubles numbers in place, which must be aligned.
    #[command(raw, batch)]
    pub fn double(numbers: &mut [f64]) -> &mut [f64] {
        numbers.iter_mut().for_each(|number| *number *= 2.0);
        numbers
    }

    /// Returns a text in the plugin's own memory.
    #[command(raw, batch)]
    pub fn latest(&self) -> &str {
        self.remembered.last().map_or("", String::as_str)
    }

    /// Keeps a text forever.
    #[command(raw, batch)]
    pub fn remember(&mut self, text: &str) -> [u64; 1] {
        self.remembered.push(text.to_owned());
        [self.remembered.len() as u64]
    }

    /// Keeps a number forever, in a list that doubles when it is full.
    #[command]
    pub fn note(&mut self, number: u64) {
        self.numbers.push(number);
    }

    /// Leaks a block.
    #[command]
    pub fn lose(&self) {
        std::mem::forget(Box::new([0u8; 24]));
    }

    /// Returns the answer for a key, and keeps one for each of ten keys.
    #[command]
    pub fn cached(&mut self, key: u64) -> &str {
        let key = key % 10;
        self.cached
            .entry(key)
            .or_insert_with(|| format!("the answer to {key}"))
    }

    /// Returns a new block of any size.
    #[command(raw)]
    pub fn fill(&self, len: &[u32]) -> Vec<u8> {
        vec![7; len.first().copied().unwrap_or_default() as usize]
    }

    /// Computes for a number of rounds.
    #[command]
    pub fn work(&self, rounds: u64) -> u64 {
        (0..rounds).fold(1, |sum, round| std::hint::black_box(sum ^ round))
    }

    /// Panics.
    #[command]
    pub fn panic(&self) {
        panic!("as asked");
    }
}

/// Reverses the characters of a text.
#[command(batch)]
pub fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}
