//! Many inputs of one command in one call: `#[command(batch)]`.
//!
//! Each input and each answer follows its [`ItemHeader`]. If one input fails, the error is its
//! answer, and the others still run.

use crate::abi::ItemHeader;
use crate::error::Error;
use crate::memory::{Answer, CallFrame};
use crate::raw;

/// A function from one input to one answer.
pub type Each<'a> = &'a mut dyn FnMut(&mut [u8], &mut CallFrame<'_>) -> Result<(), Error>;

/// The most bytes reserved for answers of unknown length.
const MOST_RESERVED: usize = 1 << 20;

/// Runs `each` on one input after the other, and returns all answers as one.
///
/// Inputs are aligned to `alignment` bytes if the batch itself is. The alignment is a power of two
/// up to 8, which the argument of a raw command may need. If the batch is malformed, no input runs.
///
/// # Safety
/// If an answer of `each` [stays in place](Answer::in_place), its bytes must be in the input, in
/// memory that only `each` can change, or in a constant.
pub unsafe fn run(
    inputs: &mut [u8],
    frame: &mut CallFrame<'_>,
    alignment: usize,
    each: Each<'_>,
) -> Result<(), Error> {
    check(inputs)?;
    let output = &mut *frame.output;
    let mut at = 0;
    // The length of the items that are their own answers: they are copied only if another answer
    // follows. `None` after that.
    let mut unchanged = Some(0);
    while let Some((header, ..)) = inputs.get(at..).and_then(ItemHeader::split) {
        let begin = at + ItemHeader::SIZE;
        at = begin + header.len as usize;
        // Everything before this input has been read and answered.
        let misaligned = inputs.as_ptr().addr().wrapping_add(begin) & (alignment - 1);
        let aligned = match begin.checked_sub(misaligned) {
            Some(aligned) if misaligned > 0 => {
                keep(&mut unchanged, inputs, output);
                inputs.copy_within(begin..at, aligned);
                aligned
            }
            _ => begin,
        };
        let input = inputs
            .get_mut(aligned..aligned + header.len as usize)
            .unwrap_or_default();
        let header_at = output.len();
        output.extend_from_slice(&[0; ItemHeader::SIZE]);
        let first = output.len();
        let place = (input.as_ptr().addr(), input.len());
        let mut of_one = CallFrame::new(output);
        let served = each(input, &mut of_one);
        let answer = of_one.answer;
        let failed = match served.map(|()| answer) {
            // Nothing else is in the output.
            Ok(Answer::InPlace(bytes))
                if unchanged.is_some() && (bytes.cast::<u8>().addr(), bytes.len()) == place =>
            {
                output.clear();
                unchanged = Some(at);
                continue;
            }
            Ok(answer) => {
                // SAFETY: the caller guarantees it for `each`, which has just left the answer.
                unsafe { answer.gather(output) };
                false
            }
            Err(error) => {
                output.truncate(first);
                error.write_json(output);
                true
            }
        };
        // A vector has less than 2^31 bytes on every target where this crosses a boundary.
        let len = (output.len() - first) as u32;
        if let Some(place) = output.get_mut(header_at..first) {
            place.copy_from_slice(&ItemHeader { len, failed }.to_bytes());
        }
        keep(&mut unchanged, inputs, output);
    }
    if let Some(1..) = unchanged {
        frame.answer = Answer::in_place(inputs);
    }
    Ok(())
}

/// Puts the items that are their own answers before the first other answer.
fn keep(unchanged: &mut Option<usize>, inputs: &[u8], output: &mut Vec<u8>) {
    let Some(items) = unchanged.take() else {
        return;
    };
    // A guess, limited to the length of the inputs. Without it, a large answer is moved again and
    // again while it grows.
    output.reserve(inputs.len().min(MOST_RESERVED));
    let items = inputs.get(..items).unwrap_or_default();
    output.extend_from_slice(items);
    output.rotate_right(items.len());
}

/// Checks all inputs, so that a truncated batch runs none of them.
fn check(inputs: &[u8]) -> Result<(), Error> {
    let mut rest = inputs;
    while !rest.is_empty() {
        match ItemHeader::split(rest) {
            Some((ItemHeader { failed: false, .. }, _, behind)) => rest = behind,
            _ => return Err(malformed(inputs.len() - rest.len())),
        }
    }
    Ok(())
}

#[cold]
fn malformed(at: usize) -> Error {
    raw::invalid(
        "a length of less than 2^31, and as many bytes, for each item of the batch",
        at,
        "no such item at byte ",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;
    use crate::raw::RawResult as _;

    fn framed(inputs: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for input in inputs {
            let header = ItemHeader {
                len: input.len() as u32,
                failed: false,
            };
            bytes.extend_from_slice(&header.to_bytes());
            bytes.extend_from_slice(input);
        }
        bytes
    }

    fn answers(mut bytes: &[u8]) -> Vec<(bool, Vec<u8>)> {
        let mut answers = Vec::new();
        while let Some((header, item, rest)) = ItemHeader::split(bytes) {
            answers.push((header.failed, item.to_vec()));
            bytes = rest;
        }
        assert!(bytes.is_empty(), "{bytes:?} is left over");
        answers
    }

    type Answered<'a> = &'a mut dyn FnMut(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error>;

    fn run(inputs: &mut [u8], alignment: usize, each: Answered<'_>) -> Result<Vec<u8>, Error> {
        let each: Each<'_> = &mut |input, frame| {
            frame.answer = each(input, frame.output)?;
            Ok(())
        };
        let mut output = Vec::new();
        let mut frame = CallFrame::new(&mut output);
        // SAFETY: the tests answer in place with their input or a constant.
        unsafe { super::run(inputs, &mut frame, alignment, each) }?;
        let answer = frame.answer;
        // SAFETY: `run` has just left it.
        unsafe { answer.gather(&mut output) };
        Ok(output)
    }

    #[test]
    fn answers_and_errors_are_gathered_in_order() {
        let mut inputs = framed(&[
            b"written",
            b"owned",
            b"in place",
            b"constant",
            b"",
            b"error",
        ]);
        let output = run(&mut inputs, 1, &mut |input, output| match &*input {
            b"written" => {
                output.extend_from_slice(b"1");
                Ok(Answer::Written)
            }
            b"owned" => {
                b"22".to_vec().answer(&mut CallFrame::new(output));
                Ok(Answer::Written)
            }
            b"constant" => Ok(Answer::in_place(b"4444")),
            b"error" => {
                output.extend_from_slice(b"half a result");
                Err(Error::new("refused", "no"))
            }
            input => Ok(Answer::in_place(input)),
        });
        let expected: [(bool, &[u8]); 6] = [
            (false, b"1"),
            (false, b"22"),
            (false, b"in place"),
            (false, b"4444"),
            (false, b""),
            (true, br#"{"code":"refused","message":"no"}"#),
        ];
        let expected: Vec<_> = expected
            .map(|(failed, item)| (failed, item.to_vec()))
            .into();
        assert_eq!(answers(&output.unwrap()), expected);
    }

    #[test]
    fn inputs_that_are_their_own_answers_are_not_copied() {
        let mut inputs = framed(&[b"one", b"", b"three"]);
        let start = inputs.as_ptr().addr();
        let mut output = Vec::new();
        let mut frame = CallFrame::new(&mut output);
        let mut each = |input: &mut [u8], frame: &mut CallFrame<'_>| {
            input.make_ascii_uppercase();
            frame.answer = Answer::in_place(input);
            Ok(())
        };
        // SAFETY: the answers are the inputs.
        let ran = unsafe { super::run(&mut inputs, &mut frame, 1, &mut each) };
        match ran.map(|()| frame.answer) {
            Ok(Answer::InPlace(bytes)) => assert_eq!(bytes.cast::<u8>().addr(), start),
            _ => panic!("the answers were copied"),
        }
        assert!(output.is_empty());
        assert_eq!(inputs, framed(&[b"ONE", b"", b"THREE"]));
    }

    #[test]
    fn other_answers_follow_inputs_that_are_their_own() {
        for odd in 0..3 {
            let mut inputs = framed(&[b"0", b"11", b"222"]);
            let mut nth = 0;
            let output = run(&mut inputs, 1, &mut |input, output| {
                nth += 1;
                if nth - 1 != odd {
                    return Ok(Answer::in_place(input));
                }
                output.extend_from_slice(b"written");
                Ok(Answer::Written)
            });
            let mut expected = [b"0".to_vec(), b"11".to_vec(), b"222".to_vec()];
            expected[odd] = b"written".to_vec();
            let found = answers(&output.unwrap()).into_iter();
            assert_eq!(found.map(|(_, item)| item).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn no_inputs_give_no_answers() {
        let output = run(&mut [], 1, &mut |_, _| unreachable!());
        assert_eq!(output.unwrap(), b"");
    }

    #[test]
    fn a_truncated_batch_runs_no_input() {
        let whole = framed(&[b"one", b"three"]);
        let mut negative = whole.clone();
        *negative.last_chunk_mut::<6>().unwrap() = *b"\0\0\0\x80\0\0";
        for (mut inputs, at) in [
            (whole[..whole.len() - 1].to_vec(), 7),
            (whole[..9].to_vec(), 7),
            (whole[..2].to_vec(), 0),
            ([&*whole, &[0xff; 4]].concat(), 16),
            (b"\x01\0\0\x80x".to_vec(), 0),
        ] {
            let error = run(&mut inputs, 1, &mut |_, _| unreachable!()).unwrap_err();
            assert_eq!(error.code(), code::INVALID_ARGUMENT);
            let found = format!("no such item at byte {at}");
            assert_eq!(error.details().unwrap()["found"], found);
        }
    }

    #[test]
    fn inputs_are_moved_to_their_alignment() {
        #[repr(align(16))]
        struct Aligned([u8; 256]);
        let texts: Vec<Vec<u8>> = (0..9u8).map(|len| (0..len * 3).collect()).collect();
        let framed = framed(&texts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for alignment in [1, 2, 4, 8] {
            let mut memory = Aligned([0; 256]);
            let inputs = &mut memory.0[..framed.len()];
            inputs.copy_from_slice(&framed);
            let output = run(inputs, alignment, &mut |input, _| {
                assert_eq!(input.as_ptr().addr() % alignment, 0);
                Ok(Answer::in_place(input))
            });
            let answers = answers(&output.unwrap()).into_iter();
            assert_eq!(answers.map(|(_, item)| item).collect::<Vec<_>>(), texts);
        }
    }
}
