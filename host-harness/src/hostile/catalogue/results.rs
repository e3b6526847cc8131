//! Results with a false address or length.

use crate::hostile::case::Case;
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

/// A command that answers with so many bytes at this address.
fn at(name: &'static str, about: &'static str, address: u32, len: u32) -> Case {
    case(name, about).guest(move || Guest::answering(address, len, false))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        at("result-after-memory", "A result begins where memory ends.", 65_536, 1)
            .runs(out_of_bounds().naming(&["0x10000"])),
        at("result-across-the-end", "A result ends one byte after the end of memory.", 65_530, 7)
            .runs(out_of_bounds().naming(&["7 bytes"])),
        at("result-at-the-end", "A result is the last bytes of memory.", 65_530, 6)
            .runs(answers_with(&[0; 6])),
        at(
            "result-wraps-around",
            "A result's address and length add up to more than 32 bits.",
            0xffff_fff0,
            0x20,
        )
            .runs(out_of_bounds().naming(&["0xfffffff0"])),
        at("result-above-two-gibibytes", "A result's address has its top bit set.", 0x8000_0000, 1)
            .runs(out_of_bounds().naming(&["0x80000000"])),
        at(
            "result-of-two-gibibytes",
            "A result has the greatest length that there is.",
            0,
            0x7fff_ffff,
        )
            .runs(out_of_bounds().naming(&["2147483647"])),
        at(
            "result-of-two-gibibytes-as-json",
            "A result to decode has the greatest length that there is.",
            0,
            0x7fff_ffff,
        )
            .decode(out_of_bounds()),
        case(
            "result-of-all-ones",
            "The packed result has all its bits set: an error outside memory.",
        )
            .guest(|| Guest::running("i64.const -1"))
            .runs(out_of_bounds().naming(&["0xffffffff"])),
        at(
            "result-at-address-zero",
            "A result is at address 0.",
            0,
            10,
        )
        .runs(answers_with(&[0; 10])),
        at("result-unaligned", "A result is at an odd address.", 65, 3).runs(answers_with(&[0; 3])),
        at(
            "result-empty-outside-memory",
            "A result of no bytes has an address outside memory.",
            0xffff_ffff,
            0,
        )
            .runs(answers_with(b"")),
        at("result-of-all-memory", "A result is the whole memory.", 0, 65_536)
            .runs(answers()),
        at(
            "result-above-the-limit",
            "A result to decode has more bytes than the host decodes.",
            0,
            1000,
        )
            .limit(|limits| limits.result_bytes = 999)
            .decode(bad_result("result_too_large").naming(&["999"])),
        case("result-inside-the-arguments", "A result is inside the buffer of the arguments.")
            .guest(|| {
                Guest::running("(i64.or (i64.shl (i64.extend_i32_u
                    (i32.add (local.get $at) (i32.const 2)))
                (i64.const 32)) (i64.const 3))")
            })
            .call("run", b"abcdefg", answers_with(b"cde"))
            .call("run", b"hijklmn", answers_with(b"jkl")),
        case(
            "result-across-the-arguments",
            "A result begins before the arguments' buffer and ends after it.",
        )
            .guest(|| {
                Guest::running("(i64.or (i64.shl (i64.extend_i32_u
                    (i32.sub (local.get $at) (i32.const 2)))
                (i64.const 32)) (i64.const 5))")
            })
            .call("run", b"abc", answers_with(b"\0\0abc")),
        case("result-in-new-memory", "A call grows the memory and returns the new page's end.")
            .guest(|| {
                Guest::running("(drop (memory.grow (i32.const 1))) (i64.const 0x1fff8_0000_0008)")
            })
            .runs(answers_with(&[0; 8])),
        case(
            "result-in-refused-memory",
            "A call asks for memory in vain and returns an address in it.",
        )
            .guest(|| {
                Guest::running("(drop (memory.grow (i32.const 60000))) i64.const 0x20000_0000_0008")
            })
            .runs(out_of_bounds()),
        case(
            "result-differs-each-time",
            "Each call returns an address further on, at last outside memory.",
        )
            .guest(|| {
                Guest::running(
                    "(global.set $at (i32.add (global.get $at) (i32.const 16384)))
                    (i64.or (i64.const 4) (i64.shl (i64.extend_i32_u (global.get $at)) (i64.const 32)))",
                )
                .with("(global $at (mut i32) (i32.const 0))")
            })
            .repeat(3, answers_with(&[0; 4]))
            .runs(out_of_bounds()),
        case(
            "result-overwritten-by-free",
            "`free` overwrites the result, which a host may free early.",
        )
            .guest(|| {
                let free = r#"(func (export "free") (param i32 i32) (memory.fill (local.get 0)
                (i32.const 255) (local.get 1)))"#;
                Guest { free: free.to_owned(), ..Guest::saying(b"kept", false) }
            })
            .runs(answers_with(b"kept")),
        case("result-hides-an-old-one", "A result is the bytes that the previous call was given.")
            .guest(|| {
                Guest::running(
                    "(local $before i64) (local.set $before (global.get $last))
                    (global.set $last (i64.or 
                        (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                        (i64.extend_i32_u (local.get $len))))
                    (local.get $before)",
                )
                .with("(global $last (mut i64) (i64.const 0))")
            })
            .call("run", b"first", answers_with(b""))
            // A host with one buffer has overwritten it by then; one that frees it may not have.
            .call("run", b"other", answers().or(&[Outcome::BadResult])),
    ]
}
