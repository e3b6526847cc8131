//! Says that something takes long.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The time that a build may take in silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line on the standard error stream once a build has taken long, and only then.
///
/// A test's output is captured where it is printed, and this is not, so that people see why a test
/// takes so long.
pub(super) struct Announcement {
    done: Option<Sender<()>>,
    waiting: Option<JoinHandle<()>>,
}

impl Announcement {
    /// Begins to wait. It is over when this is dropped.
    pub(super) fn of(what: &str) -> Self {
        let line = format!("\nbuilding {what} …\n");
        let (done, waits) = mpsc::channel();
        let waiting = thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Nobody misses it where there is no such stream.
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
        });
        Announcement {
            done: Some(done),
            waiting: Some(waiting),
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(waiting) = self.waiting.take() {
            // The thread does nothing that can panic.
            let _ = waiting.join();
        }
    }
}
