//! Measures the global allocators that a plugin can choose, and prints the tables of
//! `docs/allocators.md`: `cargo run -p plugin-sdk-tests --example allocators`
//!
//! Times are compared within one run. Each round measures all allocators; the best round counts.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed measurement has no result"
)]

use std::fmt::Display;
use std::time::{Duration, Instant};

use plugin_sdk_tests::{Build, Habit, Host, Job, PAGE, Stopped};
use serde_json::json;

const ALLOCATORS: [(&str, Option<&str>); 4] = [
    ("std's", Some("std-allocator")),
    ("the SDK's", None),
    ("`talc`", Some("talc")),
    ("`wee_alloc`", Some("wee_alloc")),
];

const ROUNDS: usize = 15;

fn main() {
    sizes();
    speed();
    memory();
}

/// Returns a release build, in a separate folder, where it does not replace other builds.
fn build(package: &'static str, allocator: Option<&str>, opt_level: &str) -> Build {
    let build = Build::of(package)
        .apart("allocators")
        .as_one()
        .profile_with("strip=true")
        .profile_with(&format!("opt-level={opt_level}"));
    match allocator {
        Some(allocator) => build.feature(&format!("plugin-sdk/{allocator}")),
        None => build,
    }
}

fn row(first: impl Display, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    println!("| {first} | {} |", cells.join(" | "));
}

fn head(first: &str, columns: &[&str]) {
    println!();
    row(first, columns.iter().map(|column| (*column).to_owned()));
    println!("|---{}|", "|---".repeat(columns.len()));
}

/// Measures the smallest builds of the example `greeter`.
fn sizes() {
    head(
        "bytes of `greeter.wasm`",
        &["`opt-level = \"z\"`", "`opt-level = 3`"],
    );
    for (name, allocator) in ALLOCATORS {
        row(
            name,
            ["\"z\"", "3"].map(|level| {
                build("greeter", allocator, level)
                    .wasm()
                    .unwrap()
                    .len()
                    .to_string()
            }),
        );
    }
}

/// One kind of work, repeated until it takes some milliseconds.
type Work = fn(&mut Host);

const WORK: [(&str, Work); 3] = [
    ("a greeting: two texts in, one out", |host| {
        let arguments = br#"{"left":"Ada","right":"Grace"}"#;
        let address = host.place(arguments);
        let join = host.command("command_join");
        for _ in 0..10_000 {
            join.call(&mut host.store, (address, arguments.len() as u32))
                .unwrap();
        }
        host.free(address, arguments.len() as u32);
    }),
    ("a tree of 5,000 JSON values, created and dropped", |host| {
        let leaf = json!({"name": "leaf", "values": [1, 2.5, null, "text"], "note": "a somewhat longer text"});
        let arguments = json!({"value": vec![leaf; 555]}).to_string();
        let address = host.place(arguments.as_bytes());
        let anything = host.command("command_anything");
        for _ in 0..5 {
            anything
                .call(&mut host.store, (address, arguments.len() as u32))
                .unwrap();
        }
        host.free(address, arguments.len() as u32);
    }),
    (
        "blocks of 16 B to 64 KiB for a host, 100 alive at a time",
        |host| {
            let mut live = [0; 100];
            for nth in 0..20_000usize {
                let size = 16 << (nth * 7919 % 13);
                let place = &mut live[nth * 31 % 100];
                let old = std::mem::replace(place, host.alloc(size));
                host.free(old, 0);
            }
            for block in live {
                host.free(block, 0);
            }
        },
    ),
];

fn speed() {
    head("time, relative to std's", &ALLOCATORS.map(|(name, _)| name));
    let mut hosts = ALLOCATORS.map(|(_, allocator)| {
        let mut host = Host::new(&build("contract", allocator, "3").module());
        host.answer("plugin_init", b"").value();
        host
    });
    for (name, work) in WORK {
        let mut best = [Duration::MAX; ALLOCATORS.len()];
        for _ in 0..ROUNDS {
            for (host, best) in hosts.iter_mut().zip(&mut best) {
                let begin = Instant::now();
                work(host);
                *best = begin.elapsed().min(*best);
            }
        }
        row(
            name,
            best.map(|time| format!("{:.2}", time.as_secs_f64() / best[0].as_secs_f64())),
        );
    }
}

/// Measures the memory of the job in `tests/tests/leaks.rs`.
fn memory() {
    const AFTER: [(u64, &str); 4] = [
        (1_000, "1,000"),
        (10_000, "10,000"),
        (100_000, "100,000"),
        (1_000_000, "1,000,000 calls"),
    ];
    head("MiB of memory after", &AFTER.map(|(_, text)| text));
    for habit in Habit::ALL {
        for (name, allocator) in ALLOCATORS {
            let mut job = Job::new(&build("contract", allocator, "3").module(), habit);
            let mut end = None;
            row(
                format!("{name}, {habit:?}"),
                AFTER.map(|(calls, _)| match end {
                    Some(()) => String::new(),
                    None => match job.run_to(calls) {
                        Ok(pages) => format!("{:.1}", mib(pages)),
                        Err(Stopped { calls, pages, why }) => {
                            end = Some(());
                            format!("{:.1} at call {calls}: {why}", mib(pages))
                        }
                    },
                }),
            );
        }
    }
}

fn mib(pages: u64) -> f64 {
    (pages * PAGE) as f64 / f64::from(1 << 20)
}
