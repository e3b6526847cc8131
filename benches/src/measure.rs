//! Times contestants against each other.
//!
//! On a machine that others use too, the time of a thing says as much about the neighbours as about the thing. So the contestants of a job take turns, a
//! millisecond each, for many rounds, and what is compared is the *ratio* within a round: whatever slows one slows the one next to it. The median of those
//! ratios is the figure. Where in memory an instance happens to lie can make it a fifth slower for as long as it lives, so each heat
//! of rounds has instances of its own.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How long a contestant's turn is.
const TURN: Duration = Duration::from_millis(1);

/// How many turns each contestant gets in a heat.
const ROUNDS: usize = 40;

/// How many heats there are.
const HEATS: usize = 8;

/// One way of doing a job.
pub struct Contestant<'a> {
    pub name: &'static str,
    pub targets: Vec<Target>,
    repeat: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Contestant<'a> {
    /// `once` does the job once; its result counts as used, and an error ends the run.
    pub fn new<R>(name: &'static str, mut once: impl FnMut() -> Result<R> + 'a) -> Self {
        Contestant {
            name,
            targets: Vec::new(),
            repeat: Box::new(move |times| {
                for _ in 0..times {
                    match once() {
                        Ok(result) => drop(black_box(result)),
                        Err(error) => panic!("{name} failed while it was measured: {error:#}"),
                    }
                }
            }),
        }
    }

    /// Asks that the job take at most `ratio` of what it takes `rival`.
    pub fn at_most(mut self, ratio: f64, rival: &'static str) -> Self {
        self.targets.push(Target { rival, ratio });
        self
    }

    /// How long doing the job `times` times takes.
    pub fn time(&mut self, times: u64) -> Duration {
        let start = Instant::now();
        (self.repeat)(times);
        start.elapsed()
    }

    /// How often the job fits into one turn.
    fn calibrate(&mut self) -> u64 {
        let mut times = 1;
        loop {
            let taken = self.time(times);
            if taken >= TURN / 2 {
                let each = taken.as_secs_f64() / times as f64;
                return ((TURN.as_secs_f64() / each) as u64).max(1);
            }
            times *= 2;
        }
    }
}

/// What is asked of a contestant.
#[derive(Clone, Copy)]
pub struct Target {
    pub rival: &'static str,
    pub ratio: f64,
}

/// One job, and how to bring together all who do it.
pub struct Job<'a> {
    pub name: &'static str,
    line_up: Box<dyn Fn() -> Result<Vec<Contestant<'a>>> + 'a>,
}

impl<'a> Job<'a> {
    /// `line_up` makes the contestants anew, always in the same order.
    pub fn new(name: &'static str, line_up: impl Fn() -> Result<Vec<Contestant<'a>>> + 'a) -> Self {
        Job {
            name,
            line_up: Box::new(line_up),
        }
    }

    /// The contestants, each with an instance that nobody has used yet.
    pub fn line_up(&self) -> Result<Vec<Contestant<'a>>> {
        (self.line_up)()
    }
}

/// The times of contestants, in seconds, round by round.
pub struct Times {
    rounds: Vec<Vec<f64>>,
}

/// Lets the contestants of `job` take turns.
pub fn race(job: &Job) -> Result<Times> {
    let mut rounds = Vec::with_capacity(HEATS * ROUNDS);
    for _ in 0..HEATS {
        heat(job.line_up()?, &mut rounds);
    }
    Ok(Times::new(rounds))
}

fn heat(mut contestants: Vec<Contestant>, rounds: &mut Vec<Vec<f64>>) {
    let times: Vec<u64> = contestants.iter_mut().map(Contestant::calibrate).collect();
    let count = contestants.len();
    for round in 0..ROUNDS {
        let mut taken = vec![0.0; count];
        // Each round starts with another contestant and every second one goes the other way round, so that nobody always
        // follows the one that leaves the caches cold.
        for turn in 0..count {
            let at = if round % 2 == 0 {
                (round / 2 + turn) % count
            } else {
                (round / 2 + count - turn) % count
            };
            let (contestant, times) = (&mut contestants[at], times[at]);
            contestant.time(times / 8 + 1);
            taken[at] = contestant.time(times).as_secs_f64() / times as f64;
        }
        rounds.push(taken);
    }
}

impl Times {
    /// `rounds` must not be empty, and every round has a time for each contestant.
    pub fn new(rounds: Vec<Vec<f64>>) -> Self {
        Times { rounds }
    }

    /// The median time of contestant `of`, in seconds.
    pub fn median(&self, of: usize) -> f64 {
        Spread::of(self.rounds.iter().map(|taken| taken[of]).collect()).median
    }

    /// What contestant `of` took as a multiple of what contestant `against` took in the same round.
    pub fn ratio(&self, of: usize, against: usize) -> Spread {
        Spread::of(
            self.rounds
                .iter()
                .map(|taken| taken[of] / taken[against])
                .collect(),
        )
    }
}

/// The middle of many samples.
#[derive(Clone, Copy)]
pub struct Spread {
    pub quartile_1: f64,
    pub median: f64,
    pub quartile_3: f64,
}

impl Spread {
    /// `samples` must not be empty.
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
        Spread {
            quartile_1: at(0.25),
            median: at(0.5),
            quartile_3: at(0.75),
        }
    }
}
