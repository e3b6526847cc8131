//! The transcripts of all plugins that are created on a thread while some code runs.

use std::cell::RefCell;

use super::{Recorder, Transcript};
use crate::sync::Shared;

thread_local! {
    /// The recorders of the running session, in the order in which plugins were created.
    static SESSION: RefCell<Option<Vec<Shared<Recorder>>>> = const { RefCell::new(None) };
}

/// Runs some code, and returns the transcript of each plugin that it created on this thread. The
/// code must not panic.
pub(crate) fn recorded<R>(code: impl FnOnce() -> R) -> (R, Vec<Transcript>) {
    let before = SESSION.replace(Some(Vec::new()));
    let result = code();
    let recorders = SESSION.replace(before).unwrap_or_default();
    let transcripts = recorders
        .iter()
        .map(|recorder| recorder.lock().transcript());
    (result, transcripts.collect())
}

/// Returns the recorder of a new plugin, if its thread is in a session.
pub(crate) fn recorder() -> Option<Shared<Recorder>> {
    SESSION.with_borrow_mut(|session| {
        let recorder = Shared::<Recorder>::default();
        session.as_mut()?.push(recorder.clone());
        Some(recorder)
    })
}
