//! The candidates for the `binary` codec on one job: a name and 1,000 numbers to a struct, with
//! Rust values at both ends.

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::jobs;
use crate::measure::{Contestant, Job};
use crate::modules::Modules;
use crate::ours::Ours;

pub struct Codecs(Ours);

#[derive(Deserialize)]
struct Summary {
    name: String,
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
}

impl Summary {
    fn check(self) -> Result<()> {
        let Summary {
            name,
            count,
            mean,
            min,
            max,
        } = self;
        ensure!(
            name == "Ada" && count == 1_000 && min <= mean && mean <= max,
            "the summary is wrong"
        );
        Ok(())
    }
}

impl Codecs {
    pub fn compile(modules: &Modules) -> Result<Self> {
        Ok(Codecs(Ours::load(&modules.codecs)?))
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        vec![Job::new("a name and 1,000 numbers, by codec", || {
            self.summaries()
        })]
    }

    fn summaries(&self) -> Result<Vec<Contestant<'_>>> {
        let args = ("Ada", jobs::numbers());
        let mut json = self.0.call("json")?;
        let mut json = move || -> Result<Summary> {
            json.json(serde_json::json!({"name": args.0, "numbers": args.1}))
        };
        json()?.check()?;
        let mut binary = self.0.call("binary")?;
        let mut binary = move || -> Result<Summary> { binary.binary(args) };
        binary()?.check()?;
        let mut messagepack = self.0.call("messagepack")?;
        let mut messagepack = move || -> Result<Summary> {
            let result = messagepack.copy(&rmp_serde::to_vec(&args)?)?;
            Ok(rmp_serde::from_slice(&result)?)
        };
        messagepack()?.check()?;
        let mut postcard = self.0.call("postcard")?;
        let mut postcard = move || -> Result<Summary> {
            let result = postcard.copy(&postcard::to_allocvec(&args)?)?;
            Ok(postcard::from_bytes(&result)?)
        };
        postcard()?.check()?;
        Ok(vec![
            Contestant::new("JSON", json),
            Contestant::new("binary", binary)
                .at_most(1.0, "MessagePack")
                .at_most(1.0, "postcard"),
            Contestant::new("MessagePack", messagepack),
            Contestant::new("postcard", postcard),
        ])
    }
}
