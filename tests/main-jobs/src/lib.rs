//! The main jobs of guests, for tests that count their instructions.
#![forbid(unsafe_code)]

use serde_json::{Value, json};

/// The name of the first call of the first job.
pub const FIRST: &str = "first call";

/// The function of the program whose calls have the instructions of the jobs.
pub const COUNTED: &str = "main_jobs::counted";

/// A guest with jobs.
#[derive(Clone, Copy)]
pub enum Guest {
    /// `contract`.
    Contract,
    /// `calling`.
    Calling,
}

/// A call of a guest.
pub struct Job {
    /// The name in `tests/instructions.lock`.
    pub name: &'static str,
    /// The guest.
    pub guest: Guest,
    /// The command.
    pub command: &'static str,
    /// The bytes of its arguments.
    pub input: Vec<u8>,
    /// `false` if the plugin refuses the arguments.
    pub succeeds: bool,
}

impl Job {
    fn json(name: &'static str, command: &'static str, arguments: Value) -> Self {
        Self::bytes(name, command, arguments.to_string().into_bytes())
    }

    fn bytes(name: &'static str, command: &'static str, input: Vec<u8>) -> Self {
        Job {
            name,
            guest: Guest::Contract,
            command,
            input,
            succeeds: true,
        }
    }
}

/// Returns the jobs. The first call of the first one counts, too, as [`FIRST`].
pub fn jobs() -> Vec<Job> {
    let shapes = json!({"shapes": {
        "flag": true, "small": 1, "large": 1, "huge": 1, "single": 0.5, "character": "c",
        "text": "\u{e9}", "pair": [1, null], "list": ["point", {"circle": 1.5}], "map": {"1": [1, null, 2.5]},
    }});
    let numbers: Vec<f64> = (0..1000).map(|nth| f64::from(nth) * 1.5).collect();
    let hundred: Vec<f64> = numbers.iter().copied().take(100).collect();
    // As a program writes them: with all their digits behind leading zeros.
    let small: Vec<f64> = (1..=100).map(|nth| f64::from(nth) / 77_777.0).collect();
    let mut statistics = Vec::new();
    let written = plugin_sdk::binary::write(&(&numbers, Some(0.5f32), "label"), &mut statistics);
    debug_assert!(written.is_ok(), "lists shorter than 4 GiB");
    let kilobyte = vec![b'x'; 1024];
    vec![
        Job::json(
            "two texts to one",
            "join",
            json!({"left": "Ada", "right": "Grace"}),
        ),
        Job::json("values of every shape", "shapes", shapes),
        Job::json(
            "100 numbers as any JSON",
            "anything",
            json!({"value": hundred}),
        ),
        Job::json(
            "100 small numbers as any JSON",
            "anything",
            json!({"value": small}),
        ),
        Job::json(
            "a text of 900 characters",
            "repeat",
            json!({"text": "say \"hi\"\n", "times": 100}),
        ),
        Job {
            succeeds: false,
            ..Job::json(
                "an argument that is missing",
                "join",
                json!({"left": "Ada"}),
            )
        },
        Job::json("nothing", "nothing", json!({})),
        Job::bytes("1 KiB in place", "echo", kilobyte.clone()),
        Job::bytes("1 KiB in a vector", "copy", kilobyte),
        Job::bytes(
            "1,000 numbers in the binary codec",
            "statistics",
            statistics,
        ),
        Job {
            guest: Guest::Calling,
            ..Job::json("a call of the host", "look_up", json!({"key": "empty"}))
        },
    ]
}
