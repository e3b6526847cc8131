//! Memory at fixed addresses, where a host reads and writes without asking the guest for a place.
//!
//! Such a host takes for granted that what lies there is nobody's. By the usual layout of a Rust module that is so: the stack comes first, 1 MiB of it, and grows down
//! towards address 0, so that its low end lies idle while no calls are nested deeply. The linker can lay memory out otherwise, though, and a host may write more than fits
//! there. So nothing here is touched before [`Layout`] has shown, from where things are in this very call, that it belongs neither to the data nor to the stack in use.
//!
//! Bytes outside of all that Rust has allocated are read and written as a device's registers are, by volatile accesses, which the language allows there at any address, 0
//! included ([since Rust 1.90](https://doc.rust-lang.org/std/ptr/fn.read_volatile.html)). What is read is copied at once: no reference to such a place is ever made.

use std::ptr;

// Since the same release as the rule, so that an older compiler stops here instead of being promised what it does not keep.
#[cfg(target_arch = "wasm32")]
const _: Option<u32> = 1u32.checked_sub_signed(1);

/// Bytes move in words of this size.
const WORD: usize = size_of::<u64>();

/// How much stack, in bytes, the functions need that copy a text, the allocator included. They use less than a tenth of it without optimisation.
const ROOM: usize = 16 * 1024;

/// Where the guest's own things lie while a call begins.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Where the data begin, with constants and all that never moves; the heap lies behind them.
    data: usize,
    /// How far down the stack is in use.
    stack: usize,
    /// Where the stack ends when nothing is on it.
    stack_end: usize,
}

impl Layout {
    /// How it is now.
    #[cfg(target_arch = "wasm32")]
    pub fn now() -> Self {
        unsafe extern "C" {
            // What the linker knows of the layout are the addresses of these; there is nothing at them to be read.
            static __global_base: u8;
            static __stack_high: u8;
        }
        Layout {
            data: (&raw const __global_base).addr(),
            stack: in_use(),
            stack_end: (&raw const __stack_high).addr(),
        }
    }

    /// Natively there is no memory of this kind.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn now() -> Self {
        Layout {
            data: 0,
            stack: 0,
            stack_end: 0,
        }
    }

    /// How many bytes from address 0 on are nobody's, and will be while a text is copied: the call's own needs are taken off.
    pub fn idle(&self) -> usize {
        // What is called the stack's end must be one: otherwise nothing is known of where the stack is.
        if self.stack >= self.stack_end {
            return 0;
        }
        self.data.min(self.stack.saturating_sub(ROOM)) / WORD * WORD
    }

    /// Whether a host may use the memory below an address.
    pub fn is_idle_below(&self, end: usize) -> bool {
        self.idle() >= end
    }
}

/// The address of something on the stack, below which nothing is in use but by whoever is called next.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
fn in_use() -> usize {
    let last = std::hint::black_box(0u8);
    ptr::from_ref(std::hint::black_box(&last)).addr()
}

/// Copies what a host has written from address 0 on; `None` if that reaches into what the guest itself uses, which is then destroyed: see [`put_immediate`].
pub fn take(len: usize) -> Option<Vec<u8>> {
    // SAFETY: the bytes belong to nobody in the guest, as is seen here; address 0 is a multiple of eight, and so is what is idle.
    Layout::now()
        .is_idle_below(len)
        .then(|| unsafe { copy_out(ptr::null(), len) })
}

/// Writes a text to where a host will read it; `false` if there is no place for it there.
pub fn put<const ADDRESS: usize>(text: &[u8]) -> bool {
    const { assert!(ADDRESS.is_multiple_of(WORD), "words are written") };
    let idle = Layout::now().is_idle_below(ADDRESS.saturating_add(text.len()));
    if idle {
        // SAFETY: the bytes belong to nobody in the guest, as has just been seen; the address is a multiple of eight.
        unsafe { copy_in(ptr::without_provenance_mut(ADDRESS), text) };
    }
    idle
}

/// Reads bytes that need not lie in anything that Rust knows of.
///
/// # Safety
/// `start` is a multiple of eight, or of the alignment of `u64` at least. The `len` bytes there, rounded up to a multiple of eight, are all in one allocation and may be read, or
/// are in none and within the linear memory.
unsafe fn copy_out(start: *const u8, len: usize) -> Vec<u8> {
    let mut text = vec![0; len.next_multiple_of(WORD)];
    let (words, _) = text.as_chunks_mut();
    for (nth, word) in words.iter_mut().enumerate() {
        let from = start.cast::<u64>().wrapping_add(nth);
        // SAFETY: the caller vouches for the bytes.
        *word = unsafe { from.read_volatile() }.to_ne_bytes();
    }
    text.truncate(len);
    text
}

/// Writes bytes that need not lie in anything that Rust knows of.
///
/// # Safety
/// `start` is a multiple of the alignment of `u64`. As many bytes there as the text has are all in one allocation and may be written, or are in none and within the linear memory.
unsafe fn copy_in(start: *mut u8, text: &[u8]) {
    let (words, rest) = text.as_chunks();
    for (nth, word) in words.iter().enumerate() {
        let to = start.cast::<u64>().wrapping_add(nth);
        // SAFETY: the caller vouches for the bytes.
        unsafe { to.write_volatile(u64::from_ne_bytes(*word)) };
    }
    let to = start.wrapping_add(text.len() - rest.len());
    for (nth, byte) in rest.iter().enumerate() {
        // SAFETY: as above.
        unsafe { to.wrapping_add(nth).write_volatile(*byte) };
    }
}

/// A text that can be written without being anywhere in memory: at most `MOST_WORDS` words in ASCII.
pub trait Immediate {
    /// The text.
    const TEXT: &'static str;
}

/// The longest immediate text, in words.
const MOST_WORDS: usize = 24;

/// Writes a text to where a host will read it, each word being a number in the code: a host that has overwritten the guest's data can still be told so. How many bytes
/// there are, spaces having been added up to a whole word; `None` if there is no place for them.
pub fn put_immediate<const ADDRESS: usize, T: Immediate>() -> Option<usize> {
    const { assert!(ADDRESS.is_multiple_of(WORD), "words are written") };
    const {
        assert!(
            T::TEXT.len() <= MOST_WORDS * WORD,
            "the text has more words"
        )
    };
    let idle = Layout::now().is_idle_below(ADDRESS.saturating_add(MOST_WORDS * WORD));
    if idle {
        // A loop would take the words from a table, which lies in the data.
        macro_rules! put {
            ($($nth:literal)*) => {$(
                if const { $nth * WORD < T::TEXT.len() } {
                    let to = ptr::without_provenance_mut::<u64>(const { ADDRESS + $nth * WORD });
                    // SAFETY: the bytes belong to nobody in the guest, as has just been seen; the address is a multiple of eight.
                    unsafe { to.write_volatile(const { word(T::TEXT, $nth) }) };
                }
            )*};
        }
        put!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
    }
    idle.then_some(T::TEXT.len().next_multiple_of(WORD))
}

/// A word of a text; what is behind the text's end are spaces.
const fn word(text: &str, nth: usize) -> u64 {
    let mut word = [b' '; WORD];
    let mut from = match text.as_bytes().split_at_checked(nth * WORD) {
        Some((_, from)) => from,
        None => &[],
    };
    let mut to: &mut [u8] = &mut word;
    while let ([byte, free @ ..], [next, rest @ ..]) = (to, from) {
        *byte = *next;
        to = free;
        from = rest;
    }
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A megabyte of stack before the data, of which a little is in use.
    const USUAL: Layout = Layout {
        data: 1 << 20,
        stack: (1 << 20) - 100,
        stack_end: 1 << 20,
    };

    #[test]
    fn by_the_usual_layout_the_low_end_of_the_stack_is_idle() {
        assert_eq!(USUAL.idle(), (1 << 20) - ROOM - 104);
        assert!(USUAL.is_idle_below(128 << 10));
        assert!(!USUAL.is_idle_below((1 << 20) - ROOM));
    }

    #[test]
    fn a_stack_that_is_small_or_nearly_used_up_leaves_nothing_to_the_host() {
        for stack_end in [0, 16 << 10, 64 << 10, 128 << 10] {
            let layout = Layout {
                data: stack_end,
                stack: stack_end.saturating_sub(8),
                stack_end,
            };
            assert!(!layout.is_idle_below(128 << 10), "{stack_end}");
        }
        let deep = Layout {
            stack: 130 << 10,
            ..USUAL
        };
        assert!(!deep.is_idle_below(128 << 10));
    }

    #[test]
    fn data_before_the_stack_are_seen() {
        let data_first = Layout {
            data: 1024,
            stack: (1 << 20) + 900,
            stack_end: (1 << 20) + 1024,
        };
        assert_eq!(data_first.idle(), 1024);
        assert!(!data_first.is_idle_below(64 << 10));
    }

    #[test]
    fn a_stack_that_is_somewhere_else_proves_nothing() {
        assert_eq!(
            Layout {
                stack: 2 << 20,
                ..USUAL
            }
            .idle(),
            0
        );
        assert_eq!(
            Layout {
                stack: USUAL.stack_end,
                ..USUAL
            }
            .idle(),
            0
        );
    }

    #[test]
    fn natively_nothing_is_read_or_written() {
        struct Told;
        impl Immediate for Told {
            const TEXT: &'static str = "told";
        }
        assert_eq!(take(1), None);
        assert!(!put::<65536>(b"1"));
        assert_eq!(put_immediate::<65536, Told>(), None);
    }

    #[test]
    fn every_byte_is_copied_whatever_the_length() {
        let text: Vec<u8> = (1..=64).collect();
        for len in 0..=text.len() {
            let mut memory = [0u64; 9];
            let start = memory.as_mut_ptr().cast::<u8>();
            // SAFETY: as many bytes as the text has, rounded up to words, lie in the array, which is aligned for words.
            let read = unsafe {
                copy_in(start, &text[..len]);
                copy_out(start, len)
            };
            assert_eq!(read, text[..len]);
            assert!(
                memory[len.div_ceil(8)..].iter().all(|word| *word == 0),
                "nothing behind it is written"
            );
        }
    }

    #[test]
    fn an_immediate_text_is_the_same_words_as_the_text() {
        let text = r#"{"success":false}"#;
        let words: Vec<u8> = (0..3)
            .flat_map(|nth| word(text, nth).to_le_bytes())
            .collect();
        assert_eq!(words, br#"{"success":false}       "#);
    }
}
