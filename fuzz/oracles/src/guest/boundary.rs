//! The memory that guest and host share, compared with a model of the rules in `docs/abi.md`.
//!
//! An input is a list of operations of a host that keeps the rules and uses all the freedom that
//! they leave: it frees results or not, passes results on as arguments, frees memory during a call,
//! and frees addresses that are no blocks. The model knows which bytes must be unchanged.

use std::ptr;

use plugin_sdk::Error;
use plugin_sdk::abi::{ALIGNMENT, Packed};
use plugin_sdk::memory::{Answer, Boundary};

use crate::Verdict;
use crate::bytes::Bytes;
use crate::verdict::ensure;

/// The most operations of an input.
const MAX_OPERATIONS: usize = 64;

/// The size of the state that commands lend.
const STATE: usize = 48;

/// A function that serves one call.
type Serve<'a> = &'a mut dyn FnMut(&mut [u8], &mut Vec<u8>) -> Result<Answer, Error>;

/// The memory under test.
trait Memory {
    fn alloc(&self, size: u32) -> *mut u8;
    fn free(&self, address: usize);
    fn live_blocks(&self) -> usize;

    /// # Safety
    /// Like [`Boundary::serve`].
    unsafe fn serve(&self, address: *mut u8, len: u32, serve: Serve<'_>) -> u64;
}

impl Memory for Boundary {
    fn alloc(&self, size: u32) -> *mut u8 {
        Boundary::alloc(self, size)
    }

    fn free(&self, address: usize) {
        Boundary::free(self, address);
    }

    fn live_blocks(&self) -> usize {
        Boundary::live_blocks(self)
    }

    unsafe fn serve(&self, address: *mut u8, len: u32, serve: Serve<'_>) -> u64 {
        // SAFETY: the caller guarantees it.
        unsafe {
            Boundary::serve(self, address, len, |arguments, frame| {
                frame.answer = serve(arguments, frame.output)?;
                Ok(())
            })
        }
    }
}

/// Bytes at an address, which must stay what they are.
#[derive(Clone)]
struct Kept {
    start: *mut u8,
    bytes: Vec<u8>,
}

impl Kept {
    fn check(&self, what: &str) -> Verdict {
        // SAFETY: the host has not freed these bytes, so they are readable.
        let found = unsafe { std::slice::from_raw_parts(self.start, self.bytes.len()) };
        ensure!(
            found == self.bytes,
            "{what} changed from {:?} to {found:?}",
            self.bytes
        );
        Ok(())
    }

    /// Returns the position of an address in these bytes.
    fn position(&self, address: *const u8) -> Option<usize> {
        let position = address.addr().checked_sub(self.start.addr())?;
        (position < self.bytes.len()).then_some(position)
    }
}

/// The host's knowledge.
struct Host<'m, M> {
    memory: &'m M,
    blocks: Vec<Kept>,
    answer: Option<Kept>,
    /// A block that the host freed by the address of the answer in it. It may still use the block
    /// as the arguments of the next call.
    doubtful: Option<Kept>,
    /// The plugin's state.
    state: Kept,
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    run(&Boundary::new(), &mut Bytes::new(input))
}

fn run<M: Memory>(memory: &M, bytes: &mut Bytes<'_>) -> Verdict {
    let mut state = [7; STATE];
    let unchanged = state.to_vec();
    let mut host = Host {
        memory,
        blocks: Vec::new(),
        answer: None,
        doubtful: None,
        state: Kept {
            start: state.as_mut_ptr(),
            bytes: unchanged,
        },
    };
    for _ in 0..MAX_OPERATIONS {
        if bytes.is_empty() {
            break;
        }
        match bytes.below(8) {
            0 | 1 => host.alloc(bytes)?,
            2 => host.free_block(bytes),
            3 => host.free_answer(),
            4 => host.free_wild(bytes),
            _ => host.call(bytes)?,
        }
        host.check()?;
    }
    Ok(())
}

impl<M: Memory> Host<'_, M> {
    fn check(&self) -> Verdict {
        for block in &self.blocks {
            block.check("a block of the host")?;
        }
        if let Some(answer) = &self.answer {
            answer.check("the last answer")?;
        }
        self.state.check("the plugin's state")?;
        let (known, live) = (self.blocks.len(), self.memory.live_blocks());
        ensure!(
            live >= known,
            "{live} blocks are live, and the host has {known}"
        );
        Ok(())
    }

    fn alloc(&mut self, bytes: &mut Bytes<'_>) -> Verdict {
        let block = allocated(self.memory, bytes)?;
        for other in &self.blocks {
            let (start, end) = (block.start.addr(), block.start.addr() + block.bytes.len());
            let apart =
                end <= other.start.addr() || other.start.addr() + other.bytes.len() <= start;
            ensure!(apart, "`alloc` returned memory that is in use");
        }
        self.blocks.push(block);
        Ok(())
    }

    /// Forgets an answer that is in a block.
    fn forget_answer_in(&mut self, block: &Kept) {
        let answer = self.answer.take();
        self.answer = answer.filter(|answer| block.position(answer.start).is_none());
    }

    fn free_block(&mut self, bytes: &mut Bytes<'_>) {
        if self.blocks.is_empty() {
            return;
        }
        let block = self.blocks.swap_remove(bytes.below(self.blocks.len()));
        self.memory.free(block.start.addr());
        self.forget_answer_in(&block);
    }

    fn free_answer(&mut self) {
        let Some(answer) = self.answer.take() else {
            return;
        };
        self.memory.free(answer.start.addr());
        let at_start = |block: &Kept| block.start == answer.start;
        if let Some(nth) = self.blocks.iter().position(at_start) {
            self.doubtful = Some(self.blocks.swap_remove(nth));
        }
    }

    /// Frees an address that neither a block nor the answer has.
    fn free_wild(&mut self, bytes: &mut Bytes<'_>) {
        let near = self.blocks.get(bytes.below(self.blocks.len()));
        let near = near.map_or(0, |block| block.start.addr());
        let address = near.wrapping_add(bytes.below(256)).wrapping_sub(8);
        let starts = self.blocks.iter().chain(&self.answer).chain(&self.doubtful);
        if starts.into_iter().all(|kept| kept.start.addr() != address) {
            self.memory.free(address);
        }
    }

    /// Chooses the arguments of a call: their address and length.
    fn arguments(&mut self, bytes: &mut Bytes<'_>) -> (*mut u8, usize) {
        let chosen = match bytes.below(4) {
            0 => None,
            1 => self.answer.clone(),
            2 if self.doubtful.is_some() => self.doubtful.clone(),
            _ => self.blocks.get(bytes.below(self.blocks.len())).cloned(),
        };
        let Some(chosen) = chosen.filter(|chosen| !chosen.bytes.is_empty()) else {
            return (ptr::null_mut(), 0);
        };
        let from = bytes.below(chosen.bytes.len());
        let len = bytes.below(chosen.bytes.len() - from + 1);
        (chosen.start.wrapping_add(from), len)
    }

    fn call(&mut self, bytes: &mut Bytes<'_>) -> Verdict {
        let (address, len) = self.arguments(bytes);
        if len > 0 {
            // Only a call with arguments shows what the host meant.
            let doubtful = self.doubtful.take();
            let is_used = |block: &Kept| block.position(address).is_some();
            self.blocks.extend(doubtful.filter(is_used));
        }
        let own_block = |block: &Kept| block.position(address).is_some();
        let used = self.blocks.iter().position(own_block).filter(|_| len > 0);
        let before = if len == 0 {
            Vec::new()
        } else {
            // SAFETY: the range is part of a block or of the last answer, which are readable.
            unsafe { std::slice::from_raw_parts(address, len) }.to_vec()
        };
        self.answer = None;
        let mut inner = Inner {
            memory: self.memory,
            state: &self.state,
            own: used
                .and_then(|nth| self.blocks.get(nth))
                .map(|block| block.start),
            others: self.blocks.iter().map(|block| block.start).collect(),
            freed: Vec::new(),
            allocated: Vec::new(),
            fault: None,
            after: Vec::new(),
            answer: None,
        };
        // SAFETY: the bytes are part of a block or of the last answer, which the host may pass, and
        // no references to them exist.
        let packed = unsafe {
            self.memory
                .serve(address, len as u32, &mut |arguments, output| {
                    inner.serve(&before, arguments, output, bytes)
                })
        };
        let Inner {
            freed,
            allocated,
            fault,
            after,
            answer,
            ..
        } = inner;
        if let Some(fault) = fault {
            return Err(fault);
        }
        if let Some(block) = used.and_then(|nth| self.blocks.get_mut(nth)) {
            let from = block.position(address).unwrap_or_default();
            if let Some(place) = block.bytes.get_mut(from..from + len) {
                place.copy_from_slice(&after);
            }
        }
        // Before the new blocks, which may be at the same addresses.
        let is_freed = |block: &mut Kept| freed.contains(&block.start);
        let freed: Vec<Kept> = self.blocks.extract_if(.., is_freed).collect();
        self.blocks.extend(allocated);
        self.answered(Packed::from_bits(packed), answer)?;
        freed.iter().for_each(|block| self.forget_answer_in(block));
        Ok(())
    }

    /// Compares the packed answer with the one that the command returned.
    fn answered(&mut self, packed: Packed, answer: Option<Kept>) -> Verdict {
        let Some(answer) = answer else {
            ensure!(packed.failed, "an error came as a result");
            return Ok(());
        };
        ensure!(!packed.failed, "a result came as an error");
        let len = answer.bytes.len();
        ensure!(
            packed.len as usize == len,
            "{len} bytes came as {}",
            packed.len
        );
        if len > 0 {
            let address = answer.start.addr() as u32;
            ensure!(packed.address == address, "a result is in another place");
            self.answer = Some(answer);
        }
        Ok(())
    }
}

/// Allocates a block and fills it.
fn allocated<M: Memory>(memory: &M, bytes: &mut Bytes<'_>) -> Result<Kept, String> {
    let len = bytes.below(200) + 1;
    let start = memory.alloc(len as u32);
    ensure!(!start.is_null(), "`alloc` has no room for {len} bytes");
    let aligned = start.addr().is_multiple_of(ALIGNMENT as usize);
    ensure!(aligned, "`alloc` returned the address {start:p}");
    let fill = bytes.byte();
    // SAFETY: the block is new and has as many bytes.
    unsafe { start.write_bytes(fill, len) };
    Ok(Kept {
        start,
        bytes: vec![fill; len],
    })
}

/// A running call.
struct Inner<'h, M> {
    memory: &'h M,
    state: &'h Kept,
    /// The block that the arguments are in.
    own: Option<*mut u8>,
    others: Vec<*mut u8>,
    freed: Vec<*mut u8>,
    allocated: Vec<Kept>,
    fault: Option<String>,
    /// The arguments as the command leaves them.
    after: Vec<u8>,
    /// The answer; `None` for an error.
    answer: Option<Kept>,
}

impl<M: Memory> Inner<'_, M> {
    fn serve(
        &mut self,
        before: &[u8],
        arguments: &mut [u8],
        output: &mut Vec<u8>,
        bytes: &mut Bytes<'_>,
    ) -> Result<Answer, Error> {
        let mut expect = |arguments: &[u8]| {
            if arguments != before {
                self.fault = Some(format!("the arguments are {arguments:?}, not {before:?}"));
            }
        };
        expect(arguments);
        for _ in 0..bytes.below(4) {
            self.during(bytes);
        }
        if arguments != before {
            self.fault = Some("the arguments changed during the call".to_owned());
        }
        arguments
            .iter_mut()
            .for_each(|byte| *byte = byte.wrapping_add(1));
        self.after = arguments.to_vec();
        let (from, len) = (bytes.below(STATE), bytes.below(STATE));
        let (start, kept, answer) = match bytes.below(6) {
            0 => {
                output.extend((0..len).map(|nth| nth as u8 ^ 0x5a));
                (output.as_mut_ptr(), output.clone(), Answer::Written)
            }
            1 => {
                *output = vec![0xcc; len];
                (output.as_mut_ptr(), output.clone(), Answer::Written)
            }
            2 => {
                let from = from.min(arguments.len());
                let len = len.min(arguments.len() - from);
                let part = arguments.get_mut(from..from + len).unwrap_or_default();
                (part.as_mut_ptr(), part.to_vec(), Answer::in_place(part))
            }
            3 => {
                let len = len.min(STATE - from);
                let start = self.state.start.wrapping_add(from);
                // SAFETY: the range is in the state, which lives until the end of the input.
                let part = unsafe { std::slice::from_raw_parts(start, len) };
                (start, part.to_vec(), Answer::in_place(part))
            }
            4 => {
                let constant: &'static [u8] = b"constant";
                let start = constant.as_ptr().cast_mut();
                (start, constant.to_vec(), Answer::in_place(constant))
            }
            _ => return Err(Error::new("refused", "no")),
        };
        self.answer = Some(Kept { start, bytes: kept });
        Ok(answer)
    }

    /// Does what a host function may do while the call runs.
    fn during(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(5) {
            0 => match allocated(self.memory, bytes) {
                Ok(block) => self.allocated.push(block),
                Err(fault) => self.fault = Some(fault),
            },
            1 => self.free(self.own),
            2 => {
                let other = self.others.get(bytes.below(self.others.len())).copied();
                self.free(other);
            }
            3 => self.memory.free(bytes.below(256)),
            _ => {
                let mut entered = false;
                // SAFETY: there are no arguments.
                let packed = unsafe {
                    self.memory.serve(ptr::null_mut(), 0, &mut |_, _| {
                        entered = true;
                        Ok(Answer::Written)
                    })
                };
                if entered || !Packed::from_bits(packed).failed {
                    self.fault = Some("a call was served during another".to_owned());
                }
            }
        }
    }

    fn free(&mut self, start: Option<*mut u8>) {
        if let Some(start) = start.filter(|start| !self.freed.contains(start)) {
            self.memory.free(start.addr());
            self.freed.push(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory with a fault.
    struct Faulty {
        boundary: Boundary,
        fault: Fault,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        None,
        /// Block addresses are not aligned.
        Misaligned,
        /// Results are longer than they are.
        Longer,
        /// A result changes when the host frees any address.
        Overwritten,
        /// Calls are served during a call.
        Reentrant,
    }

    impl Memory for Faulty {
        fn alloc(&self, size: u32) -> *mut u8 {
            let start = self.boundary.alloc(size + 16);
            match self.fault {
                Fault::Misaligned => start.wrapping_add(1),
                _ => start,
            }
        }

        fn free(&self, address: usize) {
            self.boundary.free(address);
            if self.fault == Fault::Overwritten {
                // SAFETY: there are no arguments.
                unsafe {
                    self.boundary.serve(ptr::null_mut(), 0, |_, frame| {
                        frame.output.extend([0xee; 4]);
                        Ok(())
                    });
                }
            }
        }

        fn live_blocks(&self) -> usize {
            self.boundary.live_blocks()
        }

        unsafe fn serve(&self, address: *mut u8, len: u32, serve: Serve<'_>) -> u64 {
            if self.fault == Fault::Reentrant {
                let _ = serve(&mut [], &mut Vec::new());
            }
            // SAFETY: the caller guarantees it.
            let packed = unsafe { Memory::serve(&self.boundary, address, len, serve) };
            packed + u64::from(self.fault == Fault::Longer)
        }
    }

    fn verdict(fault: Fault, operations: &[u8]) -> Verdict {
        let boundary = Boundary::new();
        run(&Faulty { boundary, fault }, &mut Bytes::new(operations))
    }

    /// A call without arguments that writes twelve bytes.
    const WRITES: &[u8] = &[5, 0, 0, 0, 12, 0];

    #[test]
    fn a_misaligned_block_is_noticed() {
        assert_eq!(verdict(Fault::None, &[0, 8, 1]), Ok(()));
        assert!(verdict(Fault::Misaligned, &[0, 8, 1]).is_err());
    }

    #[test]
    fn a_result_of_another_length_is_noticed() {
        assert_eq!(verdict(Fault::None, WRITES), Ok(()));
        assert!(verdict(Fault::Longer, WRITES).is_err());
    }

    #[test]
    fn a_result_that_is_overwritten_early_is_noticed() {
        let operations = [WRITES, &[4, 0, 200]].concat();
        assert_eq!(verdict(Fault::None, &operations), Ok(()));
        assert!(verdict(Fault::Overwritten, &operations).is_err());
    }

    #[test]
    fn a_call_that_is_served_during_another_is_noticed() {
        let operations = [5, 0, 1, 4, 0, 12, 0];
        assert_eq!(verdict(Fault::None, &operations), Ok(()));
        assert!(verdict(Fault::Reentrant, &operations).is_err());
    }

    #[test]
    fn arguments_that_are_the_last_result_pass() {
        let passed_on = [5, 1, 0, 12, 0, 0, 12, 2];
        assert_eq!(
            verdict(Fault::None, &[WRITES, &passed_on, &[3]].concat()),
            Ok(())
        );
    }
}
