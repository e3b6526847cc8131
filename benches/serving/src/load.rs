//! Requests per second, the time that 99 of 100 requests do not exceed, and the processor time that
//! the server takes for each.

use std::time::Duration;

use anyhow::Result;
use plugin_sdk_benches::measure::{Spread, Times};
use plugin_sdk_benches::report::{self, Check, Row};

use crate::client::{CONNECTIONS, Client};
use crate::process::Server;
use crate::servers::Contestant;

pub const NAME: &str = "serving greet";

/// The duration of a turn. The servers take turns, so that another program slows all of them down.
const TURN: Duration = Duration::from_millis(500);

/// The least requests per second, and the largest 99th percentile, as multiples of the first
/// contestant's.
const LEAST_RATE: f64 = 0.8;
const MOST_P99: f64 = 1.5;

/// Loads each server for this many seconds.
pub fn measure(seconds: u64) -> Result<Vec<Row>> {
    let servers: Vec<Server> = Contestant::ALL
        .into_iter()
        .map(Server::start)
        .collect::<Result<_>>()?;
    let mut clients = Vec::new();
    for (server, contestant) in servers.iter().zip(Contestant::ALL) {
        let mut client = Client::connect(server.address, contestant.path())?;
        client.run_for(TURN)?;
        clients.push(client);
    }
    let count = clients.len();
    let rounds = (seconds as f64 / TURN.as_secs_f64()).ceil().max(1.0) as usize;
    let (mut each, mut p99, mut processor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        eprintln!("loading the servers, round {} of {rounds}", round + 1);
        for times in [&mut each, &mut p99, &mut processor] {
            times.push(vec![0.0; count]);
        }
        for turn in 0..count {
            let at = (round + turn) % count;
            let before = servers[at].processor_seconds()?;
            let turn = clients[at].run_for(TURN)?;
            let used = servers[at].processor_seconds()? - before;
            each[round][at] = turn.taken.as_secs_f64() / turn.requests as f64;
            p99[round][at] = turn.percentile(0.99).as_secs_f64();
            processor[round][at] = used / turn.requests as f64;
        }
    }
    let [each, p99, processor] = [each, p99, processor].map(Times::new);
    let base = Contestant::ALL[0].name();
    let mut rows = Vec::new();
    for (at, contestant) in Contestant::ALL.into_iter().enumerate() {
        // The ratio of rates is the inverse of that of times.
        let ratio = each.ratio(0, at);
        let rate = format!("{:.0}", 1.0 / each.median(at));
        let check = Check::ratio_at_least(ratio.median, LEAST_RATE, base);
        rows.push(row(
            "requests per second",
            contestant,
            rate,
            ratio,
            Some(check),
        ));
    }
    for (at, contestant) in Contestant::ALL.into_iter().enumerate() {
        let ratio = p99.ratio(at, 0);
        let time = report::time(p99.median(at));
        let check = Check::ratio(ratio.median, MOST_P99, base);
        rows.push(row("99th percentile", contestant, time, ratio, Some(check)));
    }
    for (at, contestant) in Contestant::ALL.into_iter().enumerate() {
        let ratio = processor.ratio(at, 0);
        let time = report::time(processor.median(at));
        rows.push(row(
            "processor time of a request",
            contestant,
            time,
            ratio,
            None,
        ));
    }
    Ok(rows)
}

/// Returns a row. Only ours has targets.
fn row(
    figure: &str,
    contestant: Contestant,
    value: String,
    ratio: Spread,
    check: Option<Check>,
) -> Row {
    Row {
        figure: format!("{NAME}, {CONNECTIONS} connections: {figure}"),
        contestant: contestant.name().to_owned(),
        value,
        ratio: Some(ratio),
        checks: match contestant {
            Contestant::Ours => Vec::from_iter(check),
            Contestant::Rust | Contestant::Glue => Vec::new(),
        },
    }
}
