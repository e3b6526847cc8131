//! Sequences of calls.

use fastrand::Rng;
use plugin_sdk_harness::manifest::Schema;
use serde_json::{Value, json};

use super::super::plan::{Check, Fault, Input, Sequence, Step, Strike, World};
use super::super::subject::Subject;
use super::values::{Values, anything};
use super::wrong::spoiled;
use super::{bytes, texts};

/// The share of runs that get an additional check: one in this many for each check.
const SHARE: u8 = 8;

/// The sizes of answers of the host that are unexpectedly large.
const OVERSIZED: [usize; 2] = [0, 70_000];

/// The codes of injected errors: those that hosts return.
const ERRORS: [&str; 5] = [
    "unavailable",
    "timeout",
    "not_found",
    "quota_exceeded",
    "failed",
];

/// The greatest number of commands in a sequence that calls few of them.
const FEW_COMMANDS: usize = 3;

/// The greatest number of faults in one world.
const MOST_FAULTS: u8 = 2;

/// Plans sequences for a plugin.
pub struct Planner<'a> {
    subject: &'a Subject,
    /// The commands that are called.
    commands: Vec<&'a str>,
    /// The greatest number of calls in a sequence, at least one.
    most_calls: usize,
    /// The configuration that every sequence has, if the user gave one.
    config: Option<Value>,
}

impl<'a> Planner<'a> {
    pub fn new(
        subject: &'a Subject,
        commands: Vec<&'a str>,
        most_calls: usize,
        config: Option<Value>,
    ) -> Self {
        Planner {
            subject,
            commands,
            most_calls,
            config,
        }
    }

    /// Plans the sequence of a seed, which ends early if the time is over.
    pub fn plan(&self, seed: u64, is_over: impl Fn() -> bool) -> Sequence {
        let random = &mut Rng::with_seed(seed);
        // Neighbouring seeds begin alike.
        random.u64(..);
        let world = self.world(random);
        let calls = match random.u8(..4) {
            0 => 1,
            1 => random.usize(1..=self.most_calls.min(4)),
            _ => random.usize(1..=self.most_calls),
        };
        let commands = self.some(random);
        let calls = (0..calls).take_while(|_| !is_over());
        let steps = calls.filter_map(|_| self.step(&commands, random));
        Sequence {
            world,
            steps: steps.collect(),
            check: match random.u8(..) % SHARE {
                0 => Check::Twice,
                1 if self.subject.counts => Check::Leaks,
                2 if self.subject.other_engine.is_ok() => Check::Engines,
                _ => Check::None,
            },
        }
    }

    fn world(&self, random: &mut Rng) -> World {
        let mut world = World {
            config: self.config.clone(),
            ..World::default()
        };
        if world.config.is_none() && !self.subject.is_emulated() {
            // Most configurations are usable, so that there are calls at all.
            world.config = match random.u8(..8) {
                0 => self
                    .config(random)
                    .map(|config| spoiled_value(random, config)),
                1..=3 => self.config(random),
                _ => None,
            };
        }
        let permissions = &self.subject.interface.permissions;
        if !permissions.is_empty() && random.u8(..6) == 0 {
            let granted = permissions.iter().filter(|_| random.bool());
            world.grants = Some(granted.map(|permission| permission.name.clone()).collect());
        }
        if random.u8(..4) == 0 {
            let faults = (0..random.u8(1..=MOST_FAULTS)).filter_map(|_| self.fault(random));
            world.faults = faults.collect();
        }
        world
    }

    fn fault(&self, random: &mut Rng) -> Option<Fault> {
        Some(Fault {
            function: random.choice(&self.subject.functions)?.clone(),
            strike: match random.u8(..4) {
                0 => Strike::BadBytes,
                1 => Strike::Oversized(random.choice(OVERSIZED)?),
                _ => Strike::Error(random.choice(ERRORS)?),
            },
            after: random.choice([0, 0, 0, 1, 2, 5])?,
        })
    }

    fn config(&self, random: &mut Rng) -> Option<Value> {
        self.valid(self.subject.manifest.config.as_ref(), random)
    }

    /// Chooses the commands of a sequence: few of them, half of the time, so that there are
    /// sequences that call the same one often.
    fn some(&self, random: &mut Rng) -> Vec<&'a str> {
        if random.bool() {
            return self.commands.clone();
        }
        let few = 0..random.usize(1..=FEW_COMMANDS);
        let some = few.filter_map(|_| random.choice(&self.commands).copied());
        some.collect()
    }

    fn step(&self, commands: &[&str], random: &mut Rng) -> Option<Step> {
        let hooks = &self.subject.interface.hooks;
        match random.u8(..24) {
            0 if hooks.start => Some(Step::Start),
            1 if hooks.stop => Some(Step::Stop),
            2 if hooks.state => Some(Step::Reload),
            3 if !self.subject.is_emulated() => {
                let config = self.config.clone().or_else(|| self.config(random));
                Some(Step::Init(config.unwrap_or_else(|| json!({}))))
            }
            4..=7 if hooks.event => Some(self.event(random)),
            _ => {
                let command = *random.choice(commands)?;
                Some(Step::Call {
                    command: command.to_owned(),
                    input: self.input(command, random),
                })
            }
        }
    }

    fn input(&self, command: &str, random: &mut Rng) -> Input {
        if let Some((element, _)) = self.subject.raw(command) {
            return Input::Bytes(bytes::bytes(random, element));
        }
        if self.subject.is_binary(command) {
            return Input::Bytes(bytes::bytes(random, None));
        }
        let info = self.subject.command(command);
        let schema = info.and_then(|info| info.arguments.as_ref());
        let valid = self.valid(schema, random).unwrap_or_else(|| json!({}));
        match random.u8(..4) {
            0 => spoiled(random, valid),
            _ => Input::Json(valid),
        }
    }

    fn valid(&self, schema: Option<&Schema>, random: &mut Rng) -> Option<Value> {
        let schema = schema?.as_value();
        Values::new(self.subject.schemas(), random).value(schema)
    }

    fn event(&self, random: &mut Rng) -> Step {
        let handler = random.choice(&self.subject.manifest.handles);
        let handler = handler.filter(|_| random.u8(..8) > 0);
        let (topic, schema) = match handler {
            Some(handler) => (topic(random, &handler.topic), handler.data.as_ref()),
            None => (texts::word(random), None),
        };
        let data = self.valid(schema, random);
        let data = data.unwrap_or_else(|| anything(random, 2));
        let data = match random.u8(..4) {
            0 => spoiled_value(random, data),
            _ => data,
        };
        Step::Event { topic, data }
    }
}

/// Spoils a value, unless only its text could be spoiled.
fn spoiled_value(random: &mut Rng, value: Value) -> Value {
    match spoiled(random, value.clone()) {
        Input::Json(spoiled) => spoiled,
        Input::Bytes(_) => value,
    }
}

/// Returns a topic that matches a pattern.
fn topic(random: &mut Rng, pattern: &str) -> String {
    let mut segments = Vec::new();
    for segment in pattern.split('.') {
        match segment {
            "*" => segments.push(texts::word(random)),
            "**" => segments.extend((0..random.u8(..3)).map(|_| texts::word(random))),
            segment => segments.push(segment.to_owned()),
        }
    }
    segments.join(".")
}
