//! `cargo plugin hostile`

use std::io::{self, Write};
use std::path::PathBuf;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use plugin_sdk_harness::hostile::{self, Case};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;
use crate::write;

/// The file with the steps and outcomes of the cases.
const EXPECTED: &str = "expected.json";

/// Writes a kit of hostile guests, for tests of hosts in any language
///
/// Each guest is a small module that deceives, hangs, grows or crashes. `expected.json`, next to
/// the modules, has the steps that a host takes with each and the outcomes that are safe.
#[derive(clap::Args)]
#[command(after_help = "\
The guide describes `expected.json`, and what other hosts do with these guests. In Rust, the module
`hostile` of plugin-sdk-harness has the same cases.")]
pub struct Hostile {
    /// Only the cases whose name or group contains one of these words [default: all]
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// The folder to write to; existing files of the same names are replaced
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// Lists the cases instead of writing them
    #[arg(long, conflicts_with = "output")]
    list: bool,
}

impl Hostile {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let cases = self.chosen()?;
        let Some(folder) = self.output else {
            return terminal.show(&Listing { cases });
        };
        let mut files: Vec<(String, Vec<u8>)> = cases
            .iter()
            .map(|case| (case.file(), case.module()))
            .collect();
        let mut expected = format!("{:#}", hostile::expected(cases.iter().copied()));
        expected.push('\n');
        // Last, so that a reader that finds it finds the modules.
        files.push((EXPECTED.to_owned(), expected.into_bytes()));
        write::replace_all(&folder, &files)?;
        terminal.show(&Written {
            cases: cases.len(),
            folder,
        })
    }

    /// Returns the cases that the user chose.
    fn chosen(&self) -> Result<Vec<&'static Case>> {
        let has = |case: &Case, word: &String| {
            case.name().contains(word.as_str()) || case.group().contains(word.as_str())
        };
        let unknown = self
            .words
            .iter()
            .find(|word| !hostile::cases().iter().any(|case| has(case, word)));
        if let Some(word) = unknown {
            let word = text::line(word, 60);
            let error = Error::new(format!("no name or group of a case contains `{word}`"));
            return Err(error.help("`cargo plugin hostile --list` lists the cases"));
        }
        let chosen =
            |case: &&Case| self.words.is_empty() || self.words.iter().any(|word| has(case, word));
        Ok(hostile::cases().iter().filter(chosen).collect())
    }
}

#[derive(Serialize)]
struct Written {
    folder: PathBuf,
    cases: usize,
}

impl Report for Written {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let guests = match self.cases {
            1 => "1 hostile guest".to_owned(),
            cases => format!("{cases} hostile guests"),
        };
        let folder = text::path(&self.folder);
        writeln!(out, "{GOOD}✓{GOOD:#} {guests} and {EXPECTED} in {folder}")
    }
}

/// The chosen cases; as JSON, the contents of `expected.json`.
struct Listing {
    cases: Vec<&'static Case>,
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let expected: Value = hostile::expected(self.cases.iter().copied());
        expected.serialize(serializer)
    }
}

impl Report for Listing {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(["NAME", "GROUP", "OUTCOME", "GUEST"]);
        for case in &self.cases {
            let last = case.steps().last();
            table.add_row([
                case.name(),
                case.group(),
                last.map_or("", |step| step.expected.outcome().word()),
                case.about(),
            ]);
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim())?;
        }
        Ok(())
    }
}
