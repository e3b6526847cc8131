//! A record of recent items, bounded in number and in bytes.

use std::collections::VecDeque;

/// The most recent items, up to a number and a total size.
#[derive(Debug)]
pub(super) struct Ring<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    max_items: usize,
    max_bytes: usize,
    /// The number of items dropped to make room.
    dropped: u64,
}

impl<T> Ring<T> {
    pub(super) fn new(max_items: usize, max_bytes: usize) -> Self {
        Ring {
            items: VecDeque::new(),
            bytes: 0,
            max_items,
            max_bytes,
            dropped: 0,
        }
    }

    /// Adds an item of about `bytes` bytes, and drops the oldest ones to make room, if need be the
    /// new one itself.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back((item, bytes));
        self.bytes = self.bytes.saturating_add(bytes);
        while self.items.len() > self.max_items || self.bytes > self.max_bytes {
            let Some((_, bytes)) = self.items.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(bytes);
            self.dropped += 1;
        }
    }

    /// Returns the items, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(item, _)| item)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes the oldest item.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (item, bytes) = self.items.pop_front()?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(item)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.bytes = 0;
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_items_make_room_by_number_and_by_size() {
        let mut ring = Ring::new(3, 100);
        for n in 0..5 {
            ring.push(n, 10);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        ring.push(5, 85);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(ring.dropped(), 4);
        ring.push(6, 101);
        assert_eq!(ring.len(), 0, "one that is too large alone is not kept");
        ring.push(7, 100);
        assert_eq!(ring.pop(), Some(7));
        ring.push(8, 100);
        assert_eq!(ring.len(), 1, "what was taken out is not counted any more");
    }
}
