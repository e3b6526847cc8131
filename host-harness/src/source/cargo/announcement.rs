//! Announces slow builds on the standard error stream.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// The time after which a build is announced.
const PATIENCE: Duration = Duration::from_secs(1);

/// A timer that prints a line on the standard error stream if a build takes long. Dropping it
/// cancels the line.
///
/// The line is written directly to the stream, so the test runner does not capture it and users see
/// why a test takes so long.
pub(super) struct Announcement(
    #[expect(dead_code, reason = "the thread waits for its end")] Sender<()>,
);

impl Announcement {
    /// Starts the timer for a build.
    pub(super) fn of(what: &str) -> Self {
        let line = format!("\nbuilding {what} …\n");
        let (done, waits) = mpsc::channel();
        thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // The line is optional: without the stream there is no reader to miss it.
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
        });
        Announcement(done)
    }
}
