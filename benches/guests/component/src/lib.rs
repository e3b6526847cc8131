//! The same jobs as a component: typed records, by wit-bindgen.

#[cfg(not(feature = "every-job"))]
wit_bindgen::generate!({ path: "jobs.wit", world: "greeter" });
#[cfg(feature = "every-job")]
wit_bindgen::generate!({ path: "jobs.wit", world: "jobs" });

use std::sync::atomic::{AtomicU64, Ordering};

static GREETED: AtomicU64 = AtomicU64::new(0);

struct Jobs;

impl Guest for Jobs {
    fn greet(name: String, times: Option<u32>) -> Greeting {
        let times = u64::from(times.unwrap_or(1));
        Greeting {
            message: format!("Hello, {name}!"),
            greeted: GREETED.fetch_add(times, Ordering::Relaxed) + times,
        }
    }

    #[cfg(feature = "every-job")]
    fn echo(data: Vec<u8>) -> Vec<u8> {
        data
    }

    #[cfg(feature = "every-job")]
    fn stats(numbers: Vec<f64>) -> Summary {
        Summary {
            count: numbers.len() as u64,
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            min: numbers.iter().copied().fold(f64::INFINITY, f64::min),
            max: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

export!(Jobs);
