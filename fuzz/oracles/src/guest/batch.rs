//! Frames of batches, compared with a reader of a few lines.
//!
//! The first byte of an input selects the alignment; the rest is the batch.

use plugin_sdk::Error;
use plugin_sdk::batch::{self, Each};
use plugin_sdk::memory::{Answer, CallFrame};
use plugin_sdk::native::Buffer;
use plugin_sdk::raw::RawResult as _;

use crate::Verdict;
use crate::verdict::ensure;

/// The answer to an input, or an error.
type Outcome = Result<Vec<u8>, ()>;

/// The text of the error that [`serve`] returns.
const REFUSED: &[u8] = br#"{"code":"refused","message":"no"}"#;

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let (selector, frames) = input.split_first().unwrap_or((&0, &[]));
    let alignment = 1 << (selector & 3);
    compare(frames, alignment, |inputs, output, each| {
        run(inputs, output, alignment, each)
    })
}

/// Runs a batch, and gathers its answers in the output. Returns whether the batch was accepted.
fn run(inputs: &mut [u8], output: &mut Vec<u8>, alignment: usize, each: Each<'_>) -> bool {
    let mut frame = CallFrame::new(output);
    // SAFETY: `serve` answers in place with its input or a constant.
    let ran = unsafe { batch::run(inputs, &mut frame, alignment, each) };
    if let Answer::InPlace(_) = frame.answer {
        // All answers are the inputs.
        output.clear();
        output.extend_from_slice(inputs);
    }
    ran.is_ok()
}

/// Compares a run of all inputs with the reference.
fn compare(
    frames: &[u8],
    alignment: usize,
    run: impl FnOnce(&mut [u8], &mut Vec<u8>, Each<'_>) -> bool,
) -> Verdict {
    // Aligned as `alloc` aligns it.
    let mut inputs = Buffer::default();
    inputs.resize(frames.len());
    inputs.bytes_mut().copy_from_slice(frames);
    let (mut output, mut seen, mut is_aligned) = (Vec::new(), Vec::new(), true);
    let accepted = run(inputs.bytes_mut(), &mut output, &mut |input, frame| {
        is_aligned &= input.as_ptr().addr().is_multiple_of(alignment);
        seen.push(input.to_vec());
        serve(input, frame)
    });
    ensure!(is_aligned, "an input is not aligned to {alignment} bytes");
    let Some(expected) = split(frames, false) else {
        ensure!(!accepted, "a malformed batch was accepted");
        ensure!(seen.is_empty(), "a malformed batch ran {seen:?}");
        return Ok(());
    };
    ensure!(accepted, "a batch was refused");
    let expected: Vec<Vec<u8>> = expected
        .into_iter()
        .map(|(_, item)| item.to_vec())
        .collect();
    ensure!(
        seen == expected,
        "the inputs were {seen:?}, not {expected:?}"
    );
    let answers = split(&output, true).ok_or("the answers are malformed")?;
    let answers: Vec<(bool, Vec<u8>)> = answers
        .into_iter()
        .map(|(failed, item)| (failed, item.to_vec()))
        .collect();
    let expected: Vec<(bool, Vec<u8>)> = expected
        .iter()
        .map(|input| match outcome(input) {
            Ok(answer) => (false, answer),
            Err(()) => (true, REFUSED.to_vec()),
        })
        .collect();
    ensure!(
        answers == expected,
        "the answers are {answers:?}, not {expected:?}"
    );
    Ok(())
}

/// Answers in each of the possible ways, chosen by the first byte.
fn serve(input: &mut [u8], frame: &mut CallFrame<'_>) -> Result<(), Error> {
    match input.first().map(|first| first % 5) {
        None => {}
        Some(0) => frame.output.extend_from_slice(input),
        Some(1) => input.to_vec().answer(frame),
        Some(2) => {
            input.reverse();
            frame.answer = Answer::in_place(input);
        }
        Some(3) => frame.answer = Answer::in_place(b"constant"),
        Some(_) => {
            frame.output.extend_from_slice(b"half a result");
            return Err(Error::new("refused", "no"));
        }
    }
    Ok(())
}

/// Returns what [`serve`] answers.
fn outcome(input: &[u8]) -> Outcome {
    match input.first().map(|first| first % 5) {
        Some(2) => Ok(input.iter().rev().copied().collect()),
        Some(3) => Ok(b"constant".to_vec()),
        Some(4) => Err(()),
        _ => Ok(input.to_vec()),
    }
}

/// Splits frames; `None` if they are malformed. Only answers may be errors.
fn split(mut frames: &[u8], are_answers: bool) -> Option<Vec<(bool, &[u8])>> {
    let mut items = Vec::new();
    while !frames.is_empty() {
        let (header, rest) = frames.split_first_chunk()?;
        let header = u32::from_le_bytes(*header);
        let failed = header >> 31 == 1;
        let (item, rest) = rest.split_at_checked((header & !(1 << 31)) as usize)?;
        if failed && !are_answers {
            return None;
        }
        items.push((failed, item));
        frames = rest;
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"\x02\0\0\0ab\x01\0\0\0c";

    /// Runs a batch without alignment, and changes the answers.
    fn changed(frames: &[u8], change: fn(&mut Vec<u8>)) -> Verdict {
        compare(frames, 1, |inputs, output, each| {
            let accepted = run(inputs, output, 1, each);
            change(output);
            accepted
        })
    }

    #[test]
    fn a_correct_run_passes_and_changed_answers_do_not() {
        assert_eq!(changed(TWO, |_| {}), Ok(()));
        for change in [
            |output: &mut Vec<u8>| output.truncate(4),
            |output: &mut Vec<u8>| output.push(0),
            |output: &mut Vec<u8>| output.iter_mut().for_each(|byte| *byte ^= 1),
            Vec::clear,
        ] {
            assert!(changed(TWO, change).is_err());
        }
    }

    #[test]
    fn an_accepted_malformed_batch_is_noticed() {
        let accepts = |_: &mut [u8], _: &mut Vec<u8>, _: Each<'_>| true;
        assert!(compare(b"\x05\0\0\0a", 1, accepts).is_err());
        assert!(compare(b"\0\0\0\x80", 1, accepts).is_err());
    }

    #[test]
    fn inputs_that_run_before_the_check_are_noticed() {
        let eager = |_: &mut [u8], output: &mut Vec<u8>, each: Each<'_>| {
            let _ = each(&mut [1], &mut CallFrame::new(output));
            false
        };
        assert!(compare(b"\x01\0\0\0\x01\x05\0\0\0", 1, eager).is_err());
    }

    #[test]
    fn misaligned_inputs_are_noticed() {
        let frames = b"\x01\0\0\0a\x01\0\0\0b";
        let unaligned =
            |inputs: &mut [u8], output: &mut Vec<u8>, each: Each<'_>| run(inputs, output, 1, each);
        assert!(compare(frames, 8, unaligned).is_err());
    }
}
