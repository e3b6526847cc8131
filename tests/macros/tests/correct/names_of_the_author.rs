//! Commands, arguments and host functions have the names of other things, which keep their meaning.
#![allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unused_qualifications,
    reason = "the names are those of other things, and paths lead to what they hide"
)]

use std::sync::{Arc, Mutex};

use plugin_sdk::prelude::*;

// Constants with the names of variables.
const len: u32 = 1;
const address: u32 = 2;
const arena: u32 = 3;
const arguments: u32 = 4;
const config: u32 = 5;
const index: u32 = 6;
const output: u32 = 7;
static plugin: u32 = 8;
struct source;
struct value;

mod stats {
    pub fn mean(numbers: &[f64]) -> f64 {
        numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
    }
}

mod nested {
    pub mod text {
        pub fn reverse(text: &str) -> String {
            text.chars().rev().collect()
        }
    }

    #[plugin_sdk::command]
    pub fn text(text: &str) -> String {
        text::reverse(text)
    }
}

#[plugin(commands(
    stats,
    nested::text,
    serde_json,
    char,
    str,
    u8,
    String,
    Vec,
    Option,
    Result,
    Self_,
    core,
    std,
    format,
    vec,
    export,
    served,
    r#type,
    plugin_sdk,
    Guest,
    main_,
    init,
    hidden::private,
    Names
))]
#[derive(Default)]
struct Names {}

#[plugin]
impl Names {
    #[command(batch)]
    fn add(&self, left: u32, #[arg(default = export_of(len))] right: u32) -> u32 {
        left + right
    }

    #[command]
    fn add_batch(&self) -> u32 {
        address + arena + arguments + config + index + output + plugin
    }

    #[command]
    fn export(&self, #[arg(default = export(1))] number: u32) -> u32 {
        number
    }

    #[event]
    fn event(&mut self, #[arg(default = export(1))] data: u32) {
        let _ = (data, source, value);
    }
}

fn export_of(number: u32) -> u32 {
    number
}

#[command]
fn stats(numbers: &[f64]) -> f64 {
    stats::mean(numbers)
}

#[command]
fn serde_json(text: &str) -> Option<i64> {
    serde_json::from_str(text).ok()
}

#[command]
fn char(code: u32) -> Option<char> {
    char::from_u32(code)
}

#[command]
fn str(text: &str) -> Option<&str> {
    str::from_utf8(text.as_bytes()).ok()
}

#[command]
fn u8(text: &str) -> Option<u8> {
    u8::from_str_radix(text, 16).ok()
}

#[allow(non_snake_case)]
#[command]
fn String() -> String {
    String::new()
}

#[allow(non_snake_case)]
#[command]
fn Vec() -> Vec<u8> {
    Vec::new()
}

#[allow(non_snake_case)]
#[command]
fn Option(number: Option<u8>) -> Option<u8> {
    number.filter(|number| *number > 1)
}

#[allow(non_snake_case)]
#[command]
fn Result(text: &str) -> Result<u8> {
    text.parse().map_err(|_| Error::msg("no number"))
}

#[allow(non_snake_case)]
#[command]
fn Self_() {}

#[command]
fn core() -> bool {
    core::mem::size_of::<u8>() == 1
}

#[command]
fn std() -> bool {
    std::mem::size_of::<u8>() == 1
}

#[command]
fn format(number: u8) -> String {
    format!("{number}")
}

#[command]
fn vec() -> Vec<u8> {
    vec![1]
}

#[command]
fn export(number: u32) -> u32 {
    number
}

#[command]
fn served(#[arg(default = export(2))] number: u32) -> u32 {
    number
}

#[command]
fn r#type(r#match: u8) -> u8 {
    r#match
}

#[command]
fn plugin_sdk() -> plugin_sdk::Result<()> {
    Ok(())
}

#[allow(non_snake_case)]
#[command]
fn Guest() {}

#[command]
fn main_() {}

// Like an attribute of the prelude.
#[command]
fn init() {}

mod hidden {
    #[plugin_sdk::command]
    pub(super) fn private() {}
}

// The name of the plugin, which no value has.
mod names {
    pub(super) use super::Names;
}

#[allow(non_snake_case)]
#[command]
fn Names() -> bool {
    let _: names::Names = Default::default();
    true
}

#[derive(Clone, Copy, Debug, PartialEq, HostScalar)]
#[repr(u8)]
enum Wire {
    Wire,
    Number = 4,
}

mod text {
    pub fn length(text: &str) -> usize {
        text.len()
    }
}

trait AsyncText {}
impl AsyncText for Names {}

/// A trait whose functions need a type with another name than `text`.
#[host_functions(module = "text", functions = host_text, async_trait = TextLater)]
trait Text {
    fn lock(shared: u32, implementation: u32, memory: u32) -> u32;
    fn held(call: &str, slots: &str) -> plugin_sdk::Result<String>;
    #[allow(non_snake_case)]
    fn FUNCTIONS();
}

/// A keyword in lower case.
#[host_functions(module = "kinds")]
trait Type {
    fn of(number: u32) -> u32;
}

struct Host;

impl Text for Host {
    fn lock(&mut self, one: u32, two: u32, three: u32) -> u32 {
        one + two + three
    }

    fn held(&mut self, one: &str, two: &str) -> plugin_sdk::Result<String> {
        Ok(format!("{one}{two}"))
    }

    fn FUNCTIONS(&mut self) {}
}

impl Type for Host {
    fn of(&mut self, number: u32) -> u32 {
        number
    }
}

#[test]
fn names_keep_their_meaning() {
    assert_eq!(stats(&[1.0, 3.0]), 2.0);
    assert_eq!(nested::text("ab"), "ba");
    assert_eq!(serde_json("7"), Some(7));
    assert_eq!(char(97), Some('a'));
    assert!(core() && std());
    assert_eq!(text::length("abc"), 3);
    let _host = host_text::install(Arc::new(Mutex::new(Host)));
    assert_eq!(host_text::lock(1, 2, 3), 6);
    assert_eq!(host_text::held("a", "b").unwrap(), "ab");
    let _host = r#type::install(Host);
    assert_eq!(r#type::of(1), 1);

    // Within a function, too.
    #[plugin(commands(local, super_))]
    #[derive(Default)]
    struct Local;

    mod local {
        pub const ONE: u8 = 1;
    }

    #[command]
    fn local() -> u8 {
        local::ONE
    }

    #[command]
    fn super_() {}

    assert_eq!(local(), 1);
}
