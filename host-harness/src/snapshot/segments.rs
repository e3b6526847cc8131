//! Data segments of the bytes of a memory that are not zero.

use std::ops::Range;

/// The shortest run of zeros between two segments, in bytes. A segment costs about nine bytes in
/// the module, and time in engines that copy each segment to an instance.
const GAP: usize = 16;

/// Returns the ranges of a memory to write as segments: at most `most`.
pub(super) fn of(memory: &[u8], most: usize) -> Vec<Range<usize>> {
    let mut gap = GAP;
    loop {
        match apart(memory, gap, most) {
            Some(ranges) => return ranges,
            None => gap = gap.saturating_mul(2),
        }
    }
}

/// Returns the ranges with fewer than `gap` zeros in a row; `None` if they are more than `most`.
fn apart(memory: &[u8], gap: usize, most: usize) -> Option<Vec<Range<usize>>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(start) = find(memory, at, |byte| byte != 0) {
        let end = find(memory, start, |byte| byte == 0).unwrap_or(memory.len());
        let count = ranges.len();
        match ranges.last_mut() {
            Some(last) if start - last.end < gap => last.end = end,
            _ if count >= most => return None,
            _ => ranges.push(start..end),
        }
        at = end;
    }
    Some(ranges)
}

/// Returns the index of the first byte that matches, from `at` on.
fn find(memory: &[u8], at: usize, matches: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = memory.get(at..)?;
    Some(at + rest.iter().position(|byte| matches(*byte))?)
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "lists of ranges")]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_zeros_separate_segments() {
        let mut memory = vec![0; 1000];
        assert!(of(&memory, 9).is_empty());
        for at in [0, 15, 100, 101, 117, 999] {
            memory[at] = 1;
        }
        assert_eq!(of(&memory, 9), [0..16, 100..118, 999..1000]);
        assert_eq!(of(&memory, 2), [0..118, 999..1000]);
        assert_eq!(of(&memory, 1), [0..1000]);
        memory.truncate(16);
        assert_eq!(of(&memory, 9), [0..16]);
    }
}
