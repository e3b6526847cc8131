//! The memory of guests and of this process over a run.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use crate::Subject;

/// The part of a run in which memory may grow: caches fill, and values reach their largest size.
const WARM_UP: f64 = 0.25;

/// The bytes by which this process may grow after that. The allocator of the system keeps memory in
/// pieces, so that its size is never quite the same.
const HOST_SLACK: u64 = 12 << 20;

/// The bytes by which a guest may grow after that: its allocator may need room for one more value.
const GUEST_SLACK: u64 = 2 << 16;

/// The memory in use after a number of calls, in bytes.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    calls: u64,
    host: u64,
    guests: BTreeMap<String, u64>,
}

impl Sample {
    /// Measures the memory of this process and of guests.
    pub fn of<'a>(calls: u64, subjects: impl Iterator<Item = &'a Subject<'a>>) -> Self {
        let memory = |subject: &Subject<'_>| {
            let bytes = subject.plugin.memory_bytes() as u64;
            (subject.name.clone(), bytes)
        };
        Sample {
            calls,
            host: resident().unwrap_or(0),
            guests: subjects.map(memory).collect(),
        }
    }
}

/// Returns the bytes of this process in the computer's memory; `None` where the system does not
/// show it.
pub fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// The largest samples of the warm-up and of the time after it.
#[derive(Default)]
pub struct Watch {
    warm: Sample,
    after: Sample,
}

impl Watch {
    /// Adds a sample, with how much of the run was over.
    pub fn add(&mut self, progress: f64, sample: Sample) {
        let largest = match progress < WARM_UP {
            true => &mut self.warm,
            false => &mut self.after,
        };
        largest.calls = sample.calls;
        largest.host = largest.host.max(sample.host);
        for (name, bytes) in sample.guests {
            let largest = largest.guests.entry(name).or_default();
            *largest = bytes.max(*largest);
        }
    }

    /// Returns the figures of what has grown.
    pub fn verdict(&self) -> Result<(), String> {
        let calls = format!("from call {} to call {}", self.warm.calls, self.after.calls);
        let mut grown = Vec::new();
        let mut compare = |what: &str, warm: u64, after: u64, slack: u64| {
            if after > warm + slack {
                grown.push(format!("{what} grew from {warm} to {after} bytes {calls}"));
            }
        };
        compare("the host", self.warm.host, self.after.host, HOST_SLACK);
        for (name, after) in &self.after.guests {
            let warm = self.warm.guests.get(name).copied().unwrap_or(0);
            compare(name, warm, *after, GUEST_SLACK);
        }
        match grown.is_empty() {
            true => Ok(()),
            false => Err(grown.join("; ")),
        }
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guests = |sample: &Sample| sample.guests.values().sum::<u64>() >> 10;
        write!(
            f,
            "the largest memory until call {}: host {} KiB, guests {} KiB; after it, until call {}: host {} KiB, guests {} KiB",
            self.warm.calls,
            self.warm.host >> 10,
            guests(&self.warm),
            self.after.calls,
            self.after.host >> 10,
            guests(&self.after)
        )
    }
}

fn sample(calls: u64, host: u64, guest: u64) -> Sample {
    Sample {
        calls,
        host,
        guests: BTreeMap::from([("greeter".to_owned(), guest)]),
    }
}

fn verdict_of(late: Sample) -> Result<(), String> {
    let mut watch = Watch::default();
    watch.add(0.1, sample(10, 50 << 20, 1 << 20));
    watch.add(0.2, sample(20, 60 << 20, 2 << 20));
    watch.add(0.6, sample(60, 60 << 20, 2 << 20));
    watch.add(1.0, late);
    watch.verdict()
}

#[test]
fn flat_memory_passes() {
    assert_eq!(verdict_of(sample(100, 61 << 20, 2 << 20)), Ok(()));
}

#[test]
fn growth_of_the_host_or_a_guest_is_reported_in_figures() {
    let host = verdict_of(sample(100, 80 << 20, 2 << 20));
    let words = "the host grew from 62914560 to 83886080 bytes from call 20 to call 100";
    assert_eq!(host, Err(words.to_owned()));
    let guest = verdict_of(sample(100, 60 << 20, 3 << 20));
    let words = "greeter grew from 2097152 to 3145728 bytes from call 20 to call 100";
    assert_eq!(guest, Err(words.to_owned()));
}
