//! Many inputs of one command in one call, and their results.

use plugin_sdk::abi::{ItemHeader, Packed};

use super::instance::{Instance, argument_len};
use super::json;
use super::sandbox::within;
use crate::abi::{Callee, CommandTable};
use crate::failure::{Failure, FailureKind, Region, Stage};

/// The results of a batch, in the order of its inputs: see
/// [`Plugin::call_many_raw`](crate::Plugin::call_many_raw).
///
/// Each is a view of memory, or the error that the plugin returned for this input.
#[derive(Clone)]
pub struct Answers<'a> {
    /// Holds as many items as are left; this was checked.
    rest: &'a [u8],
    left: usize,
    during: Stage,
}

impl<'a> Answers<'a> {
    /// Splits an answer, which must have one item for each input.
    fn new(bytes: &'a [u8], inputs: usize, during: Stage) -> Result<Self, Failure> {
        let mut rest = bytes;
        for input in 0..inputs {
            let Some((_, _, behind)) = ItemHeader::split(rest) else {
                let reason = format!(
                    "of {inputs} answers, number {input} breaks off at byte {}",
                    bytes.len() - rest.len()
                );
                return Err(Failure::new(FailureKind::BadBatch { reason }, during));
            };
            rest = behind;
        }
        if !rest.is_empty() {
            let reason = format!("{} bytes follow the last of {inputs} answers", rest.len());
            return Err(Failure::new(FailureKind::BadBatch { reason }, during));
        }
        Ok(Answers {
            rest: bytes,
            left: inputs,
            during,
        })
    }

    /// Returns the bytes of the next result, and whether they are an error.
    fn next_item(&mut self) -> Option<(bool, &'a [u8])> {
        let (header, item, rest) = ItemHeader::split(self.rest)?;
        self.rest = rest;
        self.left -= 1;
        Some((header.failed, item))
    }

    /// Returns the failure of one of the results.
    pub(crate) fn failure(&self, kind: FailureKind) -> Failure {
        Failure::new(kind, self.during.clone())
    }
}

impl<'a> Iterator for Answers<'a> {
    type Item = Result<&'a [u8], Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let (failed, bytes) = self.next_item()?;
        Some(match failed {
            false => Ok(bytes),
            true => {
                let kind = json::decode(bytes, Region::Error)
                    .map_or_else(|kind| kind, FailureKind::Plugin);
                Err(self.failure(kind))
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Answers<'_> {}

impl std::fmt::Debug for Answers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("left", &self.left).finish()
    }
}

/// Appends a header and an input, which `encode` appends.
pub(crate) fn frame(
    bytes: &mut Vec<u8>,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), FailureKind>,
) -> Result<(), FailureKind> {
    let at = bytes.len();
    bytes.extend_from_slice(&[0; ItemHeader::SIZE]);
    let first = bytes.len();
    encode(bytes)?;
    let len = argument_len(bytes.len() - first)?;
    let header = ItemHeader { len, failed: false };
    if let Some(place) = bytes.get_mut(at..first) {
        place.copy_from_slice(&header.to_bytes());
    }
    Ok(())
}

/// The inputs of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Inputs<'a> {
    /// Each after its [header](frame).
    Framed { bytes: &'a [u8], count: usize },
    /// Each in its own slice.
    Separate(&'a [&'a [u8]]),
}

impl<'a> Inputs<'a> {
    fn count(self) -> usize {
        match self {
            Inputs::Framed { count, .. } => count,
            Inputs::Separate(inputs) => inputs.len(),
        }
    }

    /// Returns them one by one, without their headers.
    pub(crate) fn separate(self) -> Vec<&'a [u8]> {
        match self {
            Inputs::Separate(inputs) => inputs.to_vec(),
            Inputs::Framed { bytes, .. } => {
                let mut rest = bytes;
                std::iter::from_fn(|| {
                    let (_, input, behind) = ItemHeader::split(rest)?;
                    rest = behind;
                    Some(input)
                })
                .collect()
            }
        }
    }

    /// Returns the size of all inputs with their headers, in bytes.
    fn framed_len(self) -> usize {
        match self {
            Inputs::Framed { bytes, .. } => bytes.len(),
            Inputs::Separate(inputs) => inputs
                .iter()
                .map(|input| ItemHeader::SIZE + input.len())
                .sum(),
        }
    }

    /// Writes all inputs with their headers, less than 2^31 bytes together, to a buffer of that
    /// size.
    fn write(self, buffer: &mut [u8]) {
        let inputs = match self {
            Inputs::Framed { bytes, .. } => return buffer.copy_from_slice(bytes),
            Inputs::Separate(inputs) => inputs,
        };
        let mut rest = buffer;
        for input in inputs {
            let header = ItemHeader {
                len: input.len() as u32,
                failed: false,
            };
            let Some((place, behind)) = rest.split_first_chunk_mut() else {
                return;
            };
            *place = header.to_bytes();
            let (place, behind) = behind.split_at_mut(input.len().min(behind.len()));
            place.copy_from_slice(input);
            rest = behind;
        }
    }
}

/// A plugin that is called with batches.
pub(crate) trait Batches {
    fn commands(&self) -> &CommandTable;

    /// Returns the limit of results in bytes.
    fn max_result_bytes(&self) -> u64;

    /// Calls an export with `len` bytes of arguments that `write` writes.
    fn call(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure>;

    /// Returns the bytes that a call returned, as its result or its error.
    fn answer(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure>;

    /// Returns the result of a call, or the error that it is.
    fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure>;

    /// Returns a failure of a call.
    fn failure(&self, callee: Callee, kind: FailureKind) -> Failure {
        Failure::new(kind, self.commands().stage(callee))
    }
}

impl Batches for Instance {
    fn commands(&self) -> &CommandTable {
        Instance::commands(self)
    }

    fn max_result_bytes(&self) -> u64 {
        self.sandbox.limits().max_result_bytes
    }

    fn call(
        &mut self,
        callee: Callee,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Packed, Failure> {
        Instance::call(self, callee, len, write)
    }

    fn answer(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        Instance::answer(self, callee, answer)
    }

    fn result(&self, callee: Callee, answer: Packed) -> Result<&[u8], Failure> {
        Instance::result(self, callee, answer)
    }
}

/// Calls a command with many inputs: in one call if it supports batches, or else one by one, with
/// the results in `gathered`.
///
/// Gathered results are in the host's memory and bounded like other results. Results in the guest's
/// memory are bounded only if they are to be `decoded`.
pub(crate) fn call<'a>(
    plugin: &'a mut impl Batches,
    number: usize,
    inputs: Inputs<'_>,
    gathered: &'a mut Vec<u8>,
    decoded: bool,
) -> Result<Answers<'a>, Failure> {
    let limit = plugin.max_result_bytes();
    let callee = Callee::Batch(number);
    let during = plugin.commands().stage(callee);
    let bytes = if plugin.commands().batch_export(number).is_some() {
        let answer = plugin.call(callee, inputs.framed_len(), |buffer| inputs.write(buffer))?;
        let bytes = plugin.result(callee, answer)?;
        if decoded {
            within(Region::Result, bytes.len(), limit)
                .map_err(|kind| Failure::new(kind, during.clone()))?;
        }
        bytes
    } else {
        gathered.clear();
        for input in inputs.separate() {
            call_one(plugin, number, input, gathered, limit)?;
        }
        gathered
    };
    Answers::new(bytes, inputs.count(), during)
}

/// Gathers results of a command that an emulated host has called for many inputs.
pub(crate) fn gather<'a>(
    results: &[Vec<u8>],
    gathered: &'a mut Vec<u8>,
    limit: u64,
    during: Stage,
) -> Result<Answers<'a>, Failure> {
    gathered.clear();
    for result in results {
        let together = gathered.len() + ItemHeader::SIZE + result.len();
        within(Region::Result, together, limit)
            .and_then(|()| {
                frame(gathered, |bytes| {
                    bytes.extend_from_slice(result);
                    Ok(())
                })
            })
            .map_err(|kind| Failure::new(kind, during.clone()))?;
    }
    Answers::new(gathered, results.len(), during)
}

/// Calls a command, and appends a header and its result.
fn call_one(
    plugin: &mut impl Batches,
    number: usize,
    input: &[u8],
    gathered: &mut Vec<u8>,
    limit: u64,
) -> Result<(), Failure> {
    let callee = Callee::Command(number);
    let answer = plugin.call(callee, input.len(), |buffer| buffer.copy_from_slice(input))?;
    let together = gathered.len() + ItemHeader::SIZE + answer.len as usize;
    within(Region::Result, together, limit)
        .map_err(|kind| plugin.failure(Callee::Batch(number), kind))?;
    let bytes = plugin.answer(callee, answer)?;
    let header = ItemHeader {
        len: answer.len,
        failed: answer.failed,
    };
    // Not more often than as it grows: the bytes are less than the limit.
    if gathered
        .try_reserve(ItemHeader::SIZE + bytes.len())
        .is_err()
    {
        let bytes = together as u64;
        let kind = FailureKind::HostOutOfMemory { bytes };
        return Err(plugin.failure(Callee::Batch(number), kind));
    }
    gathered.extend_from_slice(&header.to_bytes());
    gathered.extend_from_slice(bytes);
    Ok(())
}
