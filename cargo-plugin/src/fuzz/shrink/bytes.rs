//! Simpler bytes.

use super::values::{shorter, without};

/// The greatest number of bytes that are replaced one by one.
const MOST_SINGLE: usize = 64;

/// The sizes of elements that are removed one by one.
const ELEMENTS: [usize; 3] = [8, 4, 2];

/// Replaces bytes by the shortest ones that `accepts`, with as many zeros as possible.
pub fn simplify(bytes: &[u8], mut accepts: impl FnMut(&[u8]) -> bool) {
    let mut best = bytes.to_vec();
    loop {
        let simpler = simpler(&best).find(|candidate| accepts(candidate));
        match simpler {
            Some(simpler) => best = simpler,
            None => break,
        }
    }
}

fn simpler(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let elements = ELEMENTS.into_iter().flat_map(move |size| {
        let starts = (0..bytes.len()).step_by(size).take(MOST_SINGLE);
        starts.map(move |start| start..bytes.len().min(start + size))
    });
    let shorter = shorter(bytes.len()).chain(elements);
    let shorter = shorter.map(|part| without(bytes, part));
    let zeros = Some(vec![0; bytes.len()]).filter(|zeros| zeros != bytes);
    let others = bytes.iter().enumerate().filter(|(_, byte)| **byte != 0);
    let single = others.take(MOST_SINGLE).map(|(nth, _)| {
        let mut changed = bytes.to_vec();
        if let Some(byte) = changed.get_mut(nth) {
            *byte = 0;
        }
        changed
    });
    shorter.chain(zeros).chain(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_shrink_to_whole_elements_of_zeros() {
        let bytes: Vec<u8> = (1..=250).collect();
        let mut best = bytes.clone();
        simplify(&bytes, |candidate| {
            let fails = candidate.len().is_multiple_of(4) && candidate.contains(&77);
            if fails {
                best = candidate.to_vec();
            }
            fails
        });
        assert_eq!(best.len(), 4);
        assert_eq!(best.iter().filter(|byte| **byte != 0).count(), 1);
    }
}
