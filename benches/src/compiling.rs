//! The compile time of a manifest: builds a plugin with many commands and types with it, and with
//! only serde's derives.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::guests;
use crate::measure::Times;
use crate::report::{self, Check, Row};

/// The number of commands and of types in the plugin.
const MANY: usize = 50;

const ROUNDS: usize = 5;

/// The maximum ratio of the time with the manifest to the time without it.
const AT_MOST: f64 = 1.3;

/// The plugin without its manifest, and with it.
const CONTESTANTS: [(&str, bool); 2] = [("serde derives only", false), ("ours", true)];

/// Measures the build of a plugin with compiled dependencies.
pub fn many_commands(name: &'static str) -> Result<Vec<Row>> {
    let folder = guests::scratch().join("compiling");
    let sdk = guests::folder().with_file_name("sdk");
    let dependencies = format!(
        "plugin-sdk = {{ path = {sdk:?} }}\nserde = {{ version = \"1.0.228\", features = [\"derive\"] }}\n"
    );
    for (_, described) in CONTESTANTS {
        guests::write(
            &folder.join(package(described)),
            &dependencies,
            &source(described),
        )?;
    }
    let mut rows = Vec::new();
    for profile in ["dev", "release"] {
        let mut rounds = Vec::new();
        // The first round compiles the dependencies and does not count.
        for round in 0..=ROUNDS {
            let mut taken = Vec::new();
            for (contestant, described) in CONTESTANTS {
                eprintln!("building {MANY} commands, {profile}, {contestant}, {round} of {ROUNDS}");
                taken.push(time(&folder, described, profile)?.as_secs_f64());
            }
            if round > 0 {
                rounds.push(taken);
            }
        }
        let times = Times::new(rounds);
        for (at, (contestant, described)) in CONTESTANTS.into_iter().enumerate() {
            let ratio = times.ratio(at, 0);
            let check = described.then(|| Check::ratio(ratio.median, AT_MOST, CONTESTANTS[0].0));
            rows.push(Row {
                figure: format!("{name}, {profile}"),
                contestant: contestant.to_owned(),
                value: report::time(times.median(at)),
                ratio: Some(ratio),
                checks: check.into_iter().collect(),
            });
        }
    }
    Ok(rows)
}

fn package(described: bool) -> &'static str {
    match described {
        true => "described",
        false => "undescribed",
    }
}

fn time(folder: &Path, described: bool, profile: &str) -> Result<Duration> {
    let folder = folder.join(package(described));
    // Cargo compares modification times.
    fs::write(folder.join("src/lib.rs"), source(described))?;
    let mut cargo = guests::cargo(&folder, "rustc");
    cargo
        .args(["--lib", "--quiet", "--profile", profile])
        .args(["--target", guests::TARGET, "--target-dir"])
        .arg(folder.with_file_name("target"))
        .env("CARGO_INCREMENTAL", "0");
    if !described {
        cargo.args(["--", "--cfg", "plugin_sdk_undescribed"]);
    }
    let start = Instant::now();
    let status = cargo.status()?;
    ensure!(
        status.success(),
        "cargo could not build {}",
        folder.display()
    );
    Ok(start.elapsed())
}

/// Returns the source. Each command takes a type and returns the next one, so that the manifest
/// contains all.
fn source(described: bool) -> String {
    let derives = match described {
        true => "Serialize, Deserialize, Schema",
        false => "Serialize, Deserialize",
    };
    let mut source = String::from(
        "use plugin_sdk::prelude::*;\n#[plugin]\n#[derive(Default)]\npub struct Commands;\n",
    );
    for number in 0..MANY {
        let _ = match number % 5 {
            4 => write!(
                source,
                "
/// A choice.
#[derive({derives})]
#[serde(rename_all = \"snake_case\")]
pub enum Type{number} {{
    /// Nothing more.
    One,
    /// A number.
    Two(u32),
    /// All of it.
    Three {{ name: String, other: Option<Type{}> }},
}}
",
                number - 1
            ),
            nth => write!(
                source,
                "
/// A thing with some members.
#[derive({derives})]
pub struct Type{number} {{
    /// Its name.
    pub name: String,
    /// The number.
    pub count: u32,
    #[serde(default)]
    pub tags: Vec<String>,
    pub weight: Option<f64>,
    pub others: Vec<{}>,
}}
",
                match nth {
                    0 => "bool".to_owned(),
                    _ => format!("Type{}", number - 1),
                }
            ),
        };
    }
    source.push_str("#[plugin]\nimpl Commands {\n");
    for number in 0..MANY {
        let _ = write!(
            source,
            "
    /// Does something with its argument.
    #[command]
    pub fn command_{number}(
        thing: Type{number},
        name: &str,
        #[arg(default = {number})] times: u32,
    ) -> Result<Type{number}> {{
        match name.len() as u32 == times {{
            true => Ok(thing),
            false => Err(Error::msg(name.to_owned())),
        }}
    }}
"
        );
    }
    source.push('}');
    source
}
