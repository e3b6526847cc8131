//! The server's memory over a million requests.

use anyhow::Result;
use plugin_sdk_benches::measure::Spread;
use plugin_sdk_benches::report::{Check, Row};

use crate::client::Client;
use crate::process::Server;
use crate::servers::Contestant;

pub const NAME: &str = "memory of the server";

/// The numbers of requests after which the memory is read.
const AFTER: [u64; 3] = [100_000, 500_000, 1_000_000];

/// The most memory after the last of them, as a multiple of that after the first.
const FLAT: f64 = 1.05;

pub fn measure() -> Result<Vec<Row>> {
    let server = Server::start(Contestant::Ours)?;
    let mut client = Client::connect(server.address, Contestant::Ours.path())?;
    let mut rows: Vec<Row> = Vec::new();
    let (mut done, mut first) = (0, None);
    for after in AFTER {
        eprintln!("sending requests: {after} of {}", AFTER[AFTER.len() - 1]);
        client.run_times(after - done)?;
        done = after;
        let bytes = server.resident_bytes()?;
        let ratio = bytes as f64 / *first.get_or_insert(bytes) as f64;
        let last = after == AFTER[AFTER.len() - 1];
        let rival = format!("after {}", AFTER[0]);
        rows.push(Row {
            figure: NAME.to_owned(),
            contestant: format!("after {after} requests"),
            value: mebibytes(bytes),
            ratio: Some(Spread::of(vec![ratio])),
            checks: Vec::from_iter(last.then(|| Check::ratio(ratio, FLAT, &rival))),
        });
    }
    Ok(rows)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
