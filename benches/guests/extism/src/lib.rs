//! The same jobs as an Extism plug-in.

use std::sync::atomic::{AtomicU64, Ordering};

use extism_pdk::{FnResult, Json, plugin_fn};
use serde::{Deserialize, Serialize};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
pub struct GreetArgs {
    name: String,
    #[serde(default = "one")]
    times: u32,
}

fn one() -> u32 {
    1
}

#[derive(Serialize)]
pub struct Greeting {
    message: String,
    greeted: u64,
}

#[plugin_fn]
pub fn greet(Json(args): Json<GreetArgs>) -> FnResult<Json<Greeting>> {
    let times = u64::from(args.times);
    Ok(Json(Greeting {
        message: format!("Hello, {}!", args.name),
        greeted: GREETED.fetch_add(times, Ordering::Relaxed) + times,
    }))
}

#[cfg(feature = "every-job")]
mod every_job {
    use super::*;

    #[plugin_fn]
    pub fn echo(data: Vec<u8>) -> FnResult<Vec<u8>> {
        Ok(data)
    }

    #[derive(Deserialize)]
    pub struct StatsArgs {
        numbers: Vec<f64>,
    }

    #[derive(Serialize)]
    pub struct Stats {
        count: u64,
        mean: f64,
        min: f64,
        max: f64,
    }

    #[plugin_fn]
    pub fn stats(Json(StatsArgs { numbers }): Json<StatsArgs>) -> FnResult<Json<Stats>> {
        Ok(Json(Stats {
            count: numbers.len() as u64,
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            min: numbers.iter().copied().fold(f64::INFINITY, f64::min),
            max: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }))
    }
}
