//! Files of a bounded size.

use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::failure::{Failure, FailureKind};

/// Reads a file of any kind up to a maximum size; refuses pipes.
pub(crate) fn read_file(path: &Path, max_bytes: u64) -> Result<Arc<[u8]>, Failure> {
    let io = |error: std::io::Error| unusable_file(path, error);
    // Opening a pipe blocks until a writer opens its other end.
    if is_pipe(&path.metadata().map_err(io)?) {
        return Err(io(std::io::Error::other(
            "it is a pipe, and a module is read from a file",
        )));
    }
    let file = File::open(path).map_err(io)?;
    within(file.metadata().map_err(io)?.len(), max_bytes)?;
    let mut wasm = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut wasm)
        .map_err(io)?;
    within(wasm.len() as u64, max_bytes)?;
    Ok(wasm.into())
}

/// Returns the failure for a file or a folder that cannot be used.
pub(crate) fn unusable_file(path: &Path, reason: impl Display) -> Failure {
    Failure::load(FailureKind::Io {
        path: path.to_owned(),
        reason: reason.to_string(),
    })
}

#[cfg(unix)]
fn is_pipe(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;

    found.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

pub(super) fn within(bytes: u64, limit: u64) -> Result<(), Failure> {
    if bytes > limit {
        return Err(Failure::load(FailureKind::ModuleTooLarge { bytes, limit }));
    }
    Ok(())
}
