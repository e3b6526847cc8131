//! Compares clients in Rust with code written by hand for wasmtime. Run it in the folder of the
//! modules; see README.md.
#![allow(clippy::unwrap_used, reason = "a failed measurement has no result")]

#[rustfmt::skip]
#[path = "../rust/greeter.rs"]
mod greeter;
#[rustfmt::skip]
#[path = "../rust/typed.rs"]
mod typed;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use greeter::{Config, GreetArguments, Greeter, Greeting};
use plugin_sdk_harness::Plugin;
use serde::Serialize;
use serde::de::DeserializeOwned;
use typed::Typed;
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

/// A command of a plugin, called as an author of a host would by hand.
struct ByHand {
    store: Store<()>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    command: TypedFunc<(u32, u32), u64>,
}

impl ByHand {
    fn new(file: &str, command: &str) -> Self {
        let engine = Engine::default();
        let module = Module::from_file(&engine, file).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let init: TypedFunc<(u32, u32), u64> =
            instance.get_typed_func(&mut store, "plugin_init").unwrap();
        init.call(&mut store, (0, 0)).unwrap();
        ByHand {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            alloc: instance.get_typed_func(&mut store, "alloc").unwrap(),
            free: instance.get_typed_func(&mut store, "free").unwrap(),
            command: instance
                .get_typed_func(&mut store, &format!("command_{command}"))
                .unwrap(),
            store,
        }
    }

    fn call(&mut self, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap();
        let address = self.alloc.call(&mut self.store, len).unwrap();
        let place = address as usize;
        self.memory.write(&mut self.store, place, data).unwrap();
        let packed = self.command.call(&mut self.store, (address, len)).unwrap();
        let mut result = vec![0; (packed & 0x7fff_ffff) as usize];
        let start = (packed >> 32) as usize;
        self.memory.read(&self.store, start, &mut result).unwrap();
        self.free.call(&mut self.store, (address, len)).unwrap();
        assert_eq!(
            packed & 0x8000_0000,
            0,
            "{}",
            String::from_utf8_lossy(&result)
        );
        result
    }

    fn json<R: DeserializeOwned>(&mut self, value: &impl Serialize) -> R {
        let result = self.call(&serde_json::to_vec(value).unwrap());
        serde_json::from_slice(&result).unwrap()
    }
}

fn seconds(job: &mut dyn FnMut(), count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        job();
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap()
}

fn compare(name: &str, ours: &mut dyn FnMut(), by_hand: &mut dyn FnMut()) {
    let count = (5e-3 / seconds(by_hand, 100)) as u32 + 1;
    let rounds = (0..100).map(|_| (seconds(ours, count), seconds(by_hand, count)));
    let rounds: Vec<(f64, f64)> = rounds.collect();
    let us = median(rounds.iter().map(|(one, _)| one * 1e6).collect());
    let them = median(rounds.iter().map(|(_, other)| other * 1e6).collect());
    let ratio = median(rounds.iter().map(|(one, other)| one / other).collect());
    println!("{name}: {us:.2} µs, by hand {them:.2} µs, ratio {ratio:.2}");
}

fn main() {
    let mut greet = ByHand::new("greeter.wasm", "greet");
    let mut echo = ByHand::new("typed.wasm", "echo");
    for (limits, is_clocked) in [("", true), (", no time limit", false)] {
        let limited = |file: &str| {
            let builder = Plugin::builder(Path::new(file));
            match is_clocked {
                true => builder,
                false => builder.no_timeout(),
            }
        };
        let mut greeter = Greeter::build(limited("greeter.wasm"), Config::default()).unwrap();
        let mut typed = Typed::build(limited("typed.wasm"), typed::Config::default()).unwrap();
        compare(
            &format!("greet{limits}"),
            &mut || {
                black_box(greeter.greet(&GreetArguments::new("Ada")).unwrap());
            },
            &mut || {
                let greeting: Greeting = greet.json(&GreetArguments::new("Ada"));
                black_box(greeting);
            },
        );
        for (size, bytes) in [("1 KiB", 1 << 10), ("1 MiB", 1 << 20)] {
            let bytes = vec![0; bytes];
            compare(
                &format!("echo {size}{limits}"),
                &mut || {
                    black_box(typed.echo(&bytes).unwrap());
                },
                &mut || {
                    black_box(echo.call(&bytes));
                },
            );
        }
    }
}
