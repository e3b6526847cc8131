//! Where the host puts a short answer to a call of the guest's: one block that is used again and again, so that such an answer costs no allocation
//! and no entry in the table of blocks.

use std::cell::Cell;

use super::{Block, FREE_SLOT, Place, allocate};

/// The longest answer, in bytes, that goes to the inbox.
pub(super) const INBOX: u32 = 1024;

/// One block, between the guest and its host.
///
/// Nothing here is ever changed in a plugin that calls no host function, and then nothing of it is left in the module: see [`Inbox::lend`].
pub(super) struct Inbox {
    /// Allocated when it is first needed.
    block: Cell<Block>,
    /// A host function is running, which has not asked for memory yet.
    expecting: Cell<bool>,
    /// The host has the block.
    lent: Cell<bool>,
}

impl Inbox {
    pub(super) const fn new() -> Self {
        Inbox {
            block: Cell::new(FREE_SLOT),
            expecting: Cell::new(false),
            lent: Cell::new(false),
        }
    }

    /// Calls a host function that answers with bytes. Returns the block as well, if the host has kept it for something else than its answer.
    #[inline]
    pub(super) fn call<R>(
        &self,
        import: impl FnOnce() -> R,
        answer: impl FnOnce(&R) -> Place,
    ) -> (R, Option<Block>) {
        self.expecting.set(true);
        let returned = import();
        self.expecting.set(false);
        let kept = self.lent.get() && self.block.get().start.addr() != answer(&returned);
        let kept = kept.then(|| {
            self.lent.set(false);
            self.block.replace(FREE_SLOT)
        });
        (returned, kept)
    }

    /// The block, for the host, if that is what it asks for.
    ///
    /// Only the first request of a host function can be for its answer, and only a short answer fits.
    #[inline]
    pub(super) fn lend(&self, size: u32) -> Option<*mut u8> {
        if !self.expecting.get() || size == 0 || size > INBOX {
            return None;
        }
        self.expecting.set(false);
        if self.block.get().start.is_null() {
            self.block.set(Block {
                start: allocate(INBOX)?,
                size: INBOX,
            });
        }
        self.lent.set(true);
        Some(self.block.get().start)
    }

    /// The block with the host's answer, which is the guest's again.
    #[inline]
    pub(super) fn take_back(&self, address: Place) -> Option<Block> {
        let block = self.block.get();
        (self.lent.get() && block.start.addr() == address).then(|| {
            self.lent.set(false);
            block
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a host function does: it asks for so many bytes, and answers with them or not.
    fn call(inbox: &Inbox, sizes: &[u32], answers: bool) -> (Vec<Option<Place>>, Option<Block>) {
        inbox.call(
            || {
                let lent = sizes.iter().map(|size| inbox.lend(*size));
                lent.map(|lent| lent.map(|start| start.addr()))
                    .collect::<Vec<_>>()
            },
            |lent| {
                lent.iter()
                    .flatten()
                    .next()
                    .copied()
                    .filter(|_| answers)
                    .unwrap_or_default()
            },
        )
    }

    #[test]
    fn short_answers_take_the_same_block_every_time() {
        let inbox = Inbox::new();
        let mut places = Vec::new();
        for size in [1, 100, INBOX] {
            let (lent, kept) = call(&inbox, &[size], true);
            let place = lent[0].unwrap();
            assert!(kept.is_none());
            assert_eq!(inbox.take_back(place).unwrap().size, INBOX);
            assert!(
                inbox.take_back(place).is_none(),
                "it is not with the host any more"
            );
            places.push(place);
        }
        assert!(places.iter().all(|place| *place == places[0]));
    }

    #[test]
    fn nothing_but_the_first_short_request_within_a_host_function_gets_it() {
        let inbox = Inbox::new();
        assert!(inbox.lend(8).is_none(), "outside of any host function");
        let (lent, _) = call(&inbox, &[0, INBOX + 1, 8, 8], true);
        assert!(matches!(lent[..], [None, None, Some(_), None]));
        inbox.take_back(lent[2].unwrap()).unwrap();
        assert!(inbox.lend(8).is_none());
    }

    #[test]
    fn a_block_that_the_host_keeps_for_itself_is_its_own_from_then_on() {
        let inbox = Inbox::new();
        let (lent, kept) = call(&inbox, &[8], false);
        let place = lent[0].unwrap();
        assert_eq!(kept.unwrap().start.addr(), place);
        assert!(inbox.take_back(place).is_none());
        let (lent, _) = call(&inbox, &[8], true);
        assert_ne!(
            lent[0].unwrap(),
            place,
            "the next answer has a block of its own"
        );
    }
}
