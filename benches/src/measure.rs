//! Times contestants against each other.
//!
//! On a shared machine, a time depends on other programs as much as on the code. So the contestants
//! of a job take turns, a millisecond each, for many rounds, and the figure is based on the *ratio*
//! within a round: anything that slows one slows its neighbour. The median of those ratios is the
//! figure. The address of an instance can make it a fifth slower for its whole life, so each heat
//! of rounds has new instances.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The duration of a turn.
const TURN: Duration = Duration::from_millis(1);

/// The number of turns per contestant in a heat.
const ROUNDS: usize = 40;

/// The number of turns per contestant for a point of a curve.
const FEW_ROUNDS: usize = 12;

/// The number of heats.
const HEATS: usize = 8;

/// One way of doing a job.
pub struct Contestant<'a> {
    pub name: &'static str,
    pub targets: Vec<Target>,
    repeat: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Contestant<'a> {
    /// Creates a contestant. `once` does the job once; its result counts as used, and an error ends
    /// the run.
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

    /// Requires that the job takes at most `ratio` times the time of `rival`.
    pub fn at_most(mut self, ratio: f64, rival: &'static str) -> Self {
        self.targets.push(Target { rival, ratio });
        self
    }

    /// Returns the time for doing the job `times` times.
    pub fn time(&mut self, times: u64) -> Duration {
        let start = Instant::now();
        (self.repeat)(times);
        start.elapsed()
    }

    /// Returns the number of jobs that fit into one turn.
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

/// The target of a contestant.
#[derive(Clone, Copy)]
pub struct Target {
    pub rival: &'static str,
    pub ratio: f64,
}

/// One job, and the function that creates its contestants.
pub struct Job<'a> {
    pub name: &'static str,
    line_up: Box<dyn Fn() -> Result<Vec<Contestant<'a>>> + 'a>,
}

impl<'a> Job<'a> {
    /// Creates a job. `line_up` creates new contestants, always in the same order.
    pub fn new(name: &'static str, line_up: impl Fn() -> Result<Vec<Contestant<'a>>> + 'a) -> Self {
        Job {
            name,
            line_up: Box::new(line_up),
        }
    }

    /// Returns the contestants, each with an unused instance.
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
        heat(job.line_up()?, ROUNDS, &mut rounds);
    }
    Ok(Times::new(rounds))
}

/// Lets contestants take a few turns: for one of many points of a curve.
pub fn race_briefly(contestants: Vec<Contestant>) -> Times {
    let mut rounds = Vec::with_capacity(FEW_ROUNDS);
    heat(contestants, FEW_ROUNDS, &mut rounds);
    Times::new(rounds)
}

/// Lets `contestants` take `turns` turns each, and adds their times to `rounds`.
fn heat(mut contestants: Vec<Contestant>, turns: usize, rounds: &mut Vec<Vec<f64>>) {
    let times: Vec<u64> = contestants.iter_mut().map(Contestant::calibrate).collect();
    let count = contestants.len();
    for round in 0..turns {
        let mut taken = vec![0.0; count];
        // Each round starts with another contestant, and every second round is reversed, so that no
        // contestant always follows the one that leaves the caches cold.
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
    /// Creates a collection of times. `rounds` must not be empty, and every round has a time for
    /// each contestant.
    pub fn new(rounds: Vec<Vec<f64>>) -> Self {
        Times { rounds }
    }

    /// Returns the median time of contestant `of`, in seconds.
    pub fn median(&self, of: usize) -> f64 {
        Spread::of(self.rounds.iter().map(|taken| taken[of]).collect()).median
    }

    /// Returns the times of contestant `of` as multiples of those of `against` in the same round.
    pub fn ratio(&self, of: usize, against: usize) -> Spread {
        Spread::of(
            self.rounds
                .iter()
                .map(|taken| taken[of] / taken[against])
                .collect(),
        )
    }
}

/// The median and the quartiles of samples.
#[derive(Clone, Copy)]
pub struct Spread {
    pub quartile_1: f64,
    pub median: f64,
    pub quartile_3: f64,
}

impl Spread {
    /// Returns the median and the quartiles of `samples`, which must not be empty.
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
