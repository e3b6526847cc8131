//! Storage for strings without their escapes, so that every string can be borrowed.

use std::cell::OnceCell;
use std::mem::ManuallyDrop;

/// A chain of strings that only grows, so that references into it stay valid while the arena lives.
#[derive(Default)]
pub struct Arena {
    /// Dropped by [`Arena`] itself: the glue of a recursive type is never inlined, and most calls
    /// keep no string.
    first: ManuallyDrop<Link>,
}

type Link = OnceCell<Box<Entry>>;

struct Entry {
    text: String,
    next: Link,
}

impl Arena {
    /// Creates an empty arena, which allocates nothing.
    #[inline]
    pub const fn new() -> Self {
        Arena {
            first: ManuallyDrop::new(OnceCell::new()),
        }
    }

    pub(super) fn end(&self) -> End<'_> {
        End(&self.first)
    }
}

/// The place for the next string.
#[derive(Clone, Copy)]
pub(super) struct End<'a>(&'a Link);

impl<'a> End<'a> {
    pub(super) fn keep(&mut self, text: String) -> &'a str {
        let entry = Entry {
            text,
            next: OnceCell::new(),
        };
        // Not `get_or_init`, which brings a panic about recursion. The place is empty: each end is
        // used once.
        let _ = self.0.set(Box::new(entry));
        match self.0.get() {
            Some(entry) => {
                self.0 = &entry.next;
                &entry.text
            }
            None => "",
        }
    }
}

impl Drop for Arena {
    #[inline]
    fn drop(&mut self) {
        if let Some(first) = self.first.take() {
            drop_chain(first);
        }
    }
}

/// Drops one entry after another: the default drop would recurse as deep as the chain is long.
#[cold]
fn drop_chain(first: Box<Entry>) {
    let mut link = Some(first);
    while let Some(mut entry) = link {
        link = entry.next.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_strings_stay_where_they_are() {
        let arena = Arena::new();
        let mut end = arena.end();
        let first = end.keep("one".to_owned());
        let second = end.keep("two".to_owned());
        assert_eq!((first, second), ("one", "two"));
    }

    #[test]
    fn a_long_chain_is_dropped_without_recursion() {
        let arena = Arena::new();
        let mut end = arena.end();
        for _ in 0..300_000 {
            end.keep(String::new());
        }
    }
}
