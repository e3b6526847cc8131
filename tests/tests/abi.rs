//! Every sentence of `docs/abi.md`, on guests that wasmtime runs as any engine would. The modules
//! are named after the document's sections.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk::abi::Packed;
use plugin_sdk_tests::{Build, Host, PAGE};
use serde_json::{Value, json};
use wasmtime::{ExternType, Module};

fn contract() -> Module {
    Build::of("contract").module()
}

/// Returns a plugin whose `#[init]` has run.
fn plugin() -> Host {
    let mut host = Host::new(&contract());
    host.answer("plugin_init", br#"{"name":"Ada"}"#).value();
    host
}

mod exports {
    use super::*;

    /// Returns the exports as `name: type`, like the document's table.
    fn exports(module: &Module) -> Vec<String> {
        let mut exports: Vec<String> = module
            .exports()
            .map(|export| match export.ty() {
                ExternType::Func(func) => {
                    let parameters: Vec<_> = func.params().map(|ty| ty.to_string()).collect();
                    let results: Vec<_> = func.results().map(|ty| ty.to_string()).collect();
                    format!(
                        "{}: ({}) -> {}",
                        export.name(),
                        parameters.join(", "),
                        results.join(", ")
                    )
                }
                ExternType::Global(global) => {
                    format!(
                        "{}: {:?} {}",
                        export.name(),
                        global.mutability(),
                        global.content()
                    )
                }
                ExternType::Memory(_) => format!("{}: memory", export.name()),
                other => format!("{}: {other:?}", export.name()),
            })
            .collect();
        exports.sort();
        exports
    }

    /// The exports of every plugin, and those that the linker adds to every module.
    const ALWAYS: [&str; 9] = [
        "__data_end: Const i32",
        "__heap_base: Const i32",
        "alloc: (i32) -> i32",
        "free: (i32, i32) -> ",
        "memory: memory",
        "plugin_abi_1: Const i32",
        "plugin_cleanup: () -> ",
        "plugin_init: (i32, i32) -> i64",
        "plugin_room_1: Const i32",
    ];

    #[test]
    fn exports_match_the_documented_table_plus_one_per_command() {
        let mut expected: Vec<String> = ALWAYS.map(str::to_owned).into();
        expected.extend(["plugin_start: () -> i64", "plugin_stop: () -> i64"].map(str::to_owned));
        let commands = [
            "anything",
            "constant",
            "copy",
            "count",
            "echo",
            "exhaust",
            "fail",
            "fill",
            "forward",
            "halve",
            "invert",
            "join",
            "level",
            "lives",
            "measure",
            "name",
            "negate",
            "nothing",
            "number",
            "open",
            "order",
            "panic",
            "panic_in_a_panic",
            "panic_with_a_number",
            "rename",
            "repeat",
            "reverse",
            "shapes",
            "shapes_binary",
            "statistics",
            "sum",
            "sum_short",
            "swallow",
            "trim",
            "unwritable",
            "whole",
        ];
        let taking_arguments = commands.map(|name| format!("command_{name}"));
        for name in taking_arguments
            .into_iter()
            .chain(["plugin_event".to_owned()])
        {
            expected.push(format!("{name}: (i32, i32) -> i64"));
        }
        expected.sort();
        assert_eq!(exports(&contract()), expected);
    }

    #[test]
    fn a_hook_is_exported_only_if_its_author_wrote_it() {
        let mut expected: Vec<String> = ALWAYS.map(str::to_owned).into();
        expected.push("command_count: (i32, i32) -> i64".to_owned());
        expected.sort();
        assert_eq!(exports(&Build::of("hookless").module()), expected);
    }

    #[test]
    fn a_plugin_that_does_not_call_its_host_imports_nothing() {
        for package in ["contract", "hookless"] {
            assert_eq!(Build::of(package).module().imports().len(), 0, "{package}");
        }
    }

    #[test]
    fn there_is_no_start_function() {
        /// The number of the start section.
        const START: u8 = 8;
        let wasm = Build::of("contract").wasm().unwrap();
        let mut rest = &wasm[8..];
        while let [section, body @ ..] = rest {
            assert_ne!(*section, START);
            let (mut len, mut at) = (0, 0);
            loop {
                len |= usize::from(body[at] & 0x7f) << (7 * at);
                at += 1;
                if body[at - 1] < 0x80 {
                    break;
                }
            }
            rest = &body[at + len..];
        }
    }

    #[test]
    fn the_panic_record_is_all_zero_before_a_panic() {
        let mut host = plugin();
        assert_eq!(host.panic(), None);
        host.json("join", json!({"left": 1})).error();
        assert_eq!(host.panic(), None);
    }
}

mod alloc_and_free {
    use super::*;

    #[test]
    fn blocks_are_aligned_to_16_bytes_and_disjoint() {
        let mut host = Host::new(&contract());
        let mut blocks = Vec::new();
        for size in (0..200).chain([4095, 4096, 65_537, 1 << 20]) {
            let address = host.alloc(size);
            assert_ne!(address, 0);
            assert_eq!(address % 16, 0, "{size} bytes at {address:#x}");
            if size > 0 {
                blocks.push(address..address + size);
            }
        }
        blocks.sort_by_key(|block| block.start);
        assert!(blocks.is_sorted_by(|one, next| one.end <= next.start));
    }

    #[test]
    fn empty_blocks_cost_nothing() {
        let mut host = Host::new(&contract());
        let pages = host.pages();
        for _ in 0..100_000 {
            let address = host.alloc(0);
            assert_ne!(address, 0);
            assert_eq!(address % 16, 0);
        }
        assert_eq!(host.pages(), pages);
        let address = host.alloc(0);
        host.free(address, 0);
        host.free(address, 0);
    }

    #[test]
    fn alloc_returns_0_for_more_than_a_call_can_use() {
        let mut host = Host::new(&contract());
        let pages = host.pages();
        for size in [1 << 31, (1 << 31) + 1, u32::MAX - 15, u32::MAX] {
            assert_eq!(host.alloc(size), 0, "{size}");
        }
        assert_eq!(host.pages(), pages);
        assert_eq!(
            host.json("join", json!({"left": "a", "right": "b"})).code(),
            "not_initialized"
        );
    }

    #[test]
    fn alloc_returns_0_without_memory_and_the_plugin_survives() {
        let mut host = plugin();
        let mut blocks = Vec::new();
        let last = loop {
            match host.alloc(1 << 30) {
                0 => break blocks.len(),
                block => blocks.push(block),
            }
        };
        assert_eq!(last, 3, "of four GiB");
        assert_eq!(
            host.json("join", json!({"left": "a", "right": "b"}))
                .value(),
            "a-b"
        );
        let block = blocks.pop().unwrap();
        host.free(block, 1 << 30);
        assert_ne!(host.alloc(1 << 30), 0);
    }

    #[test]
    fn free_ignores_false_addresses_and_repeated_calls() {
        let mut host = plugin();
        let texts: Vec<Vec<u8>> = (0u32..300)
            .map(|nth| vec![nth as u8; nth as usize * 13 % 997 + 1])
            .collect();
        let mut blocks: Vec<(u32, &[u8])> = texts
            .iter()
            .map(|text| (host.place(text), &**text))
            .collect();
        for nth in 0..blocks.len() {
            let (address, text) = blocks.swap_remove(nth * 7919 % blocks.len());
            let size = text.len() as u32;
            for nonsense in [
                address + 1,
                address + size,
                address.wrapping_sub(16),
                0,
                1,
                16,
                4096,
                1 << 31,
                u32::MAX,
            ] {
                if blocks.iter().all(|(block, _)| *block != nonsense) {
                    host.free(nonsense, size);
                }
            }
            assert_eq!(host.read(address, size), text, "was not freed by nonsense");
            // The size is for guests that need it; this guest knows its blocks' sizes.
            host.free(address, size.wrapping_mul(3));
            host.free(address, size);
            for (address, text) in &blocks {
                assert_eq!(host.read(*address, text.len() as u32), *text);
            }
        }
        assert_eq!(
            host.json("join", json!({"left": "a", "right": "b"}))
                .value(),
            "a-b"
        );
    }

    #[test]
    fn freed_memory_is_reused() {
        let mut host = plugin();
        let mut after_first = None;
        for _ in 0..10_000 {
            let block = host.alloc(1 << 20);
            host.free(block, 1 << 20);
            let pages = host.pages();
            assert_eq!(pages, *after_first.get_or_insert(pages));
        }
    }
}

mod calls {
    use super::*;

    #[test]
    fn one_buffer_serves_every_call_and_is_not_changed() {
        let mut host = plugin();
        let buffer = host.alloc(4096);
        let text = br#"{"left":"\u0041da","right":"Grace"}"#;
        host.write(buffer, text);
        for export in [
            "command_join",
            "command_echo",
            "command_copy",
            "command_trim",
            "command_measure",
            "command_fail",
        ] {
            for _ in 0..3 {
                host.call(export, buffer, text.len() as u32).unwrap();
                assert_eq!(host.read(buffer, text.len() as u32), text, "{export}");
            }
        }
    }

    #[test]
    fn empty_input_may_have_any_address() {
        let mut host = plugin();
        for address in [0, 1, 15, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            for (export, result) in [
                ("command_nothing", &b"null"[..]),
                ("command_whole", b"0"),
                ("command_echo", b""),
                ("command_copy", b""),
                ("command_trim", b""),
                ("command_reverse", b""),
                ("command_halve", b""),
                ("command_sum_short", &[0; 4]),
            ] {
                let packed = host.call(export, address, 0).unwrap();
                assert!(!packed.failed, "{export} at {address:#x}");
                assert_eq!(host.bytes(packed), result, "{export} at {address:#x}");
            }
        }
    }

    #[test]
    fn the_result_is_packed_as_documented() {
        let mut host = plugin();
        let arguments = host.place(b"hello");
        let echo = host.command("command_echo");
        let bits = echo.call(&mut host.store, (arguments, 5)).unwrap();
        assert_eq!(bits, u64::from(arguments) << 32 | 5);

        let fail = host.command("command_join");
        let bits = fail.call(&mut host.store, (arguments, 5)).unwrap();
        let (address, failed, len) = (
            (bits >> 32) as u32,
            bits >> 31 & 1,
            bits as u32 & 0x7fff_ffff,
        );
        assert_eq!(failed, 1);
        let error: Value = serde_json::from_slice(host.read(address, len)).unwrap();
        assert_eq!(error["code"], "invalid_json");
    }

    #[test]
    fn a_result_of_no_bytes_has_length_0() {
        let mut host = plugin();
        for export in ["command_swallow", "command_trim", "command_copy"] {
            let packed = host
                .answer(
                    export,
                    if export == "command_swallow" {
                        b"x"
                    } else {
                        b""
                    },
                )
                .packed;
            assert_eq!((packed.len, packed.failed), (0, false), "{export}");
        }
        assert_eq!(host.answer("command_trim", b"   ").packed.len, 0);
    }

    /// A result of each kind: the command that returns it, and the arguments.
    const RESULTS: [(&str, &[u8]); 8] = [
        ("command_join", br#"{"left":"Ada","right":"Grace"}"#),
        ("command_repeat", br#"{"text":"Ada","times":70000}"#),
        ("command_fail", br#"{"limit":3}"#),
        ("command_copy", b"Ada"),
        ("command_echo", b"Ada"),
        ("command_trim", b"  Ada "),
        ("command_name", b""),
        ("command_constant", b""),
    ];

    #[test]
    fn a_result_survives_allocations_until_the_next_call() {
        for (export, arguments) in RESULTS {
            let mut host = plugin();
            let buffer = host.place(arguments);
            let packed = host.call(export, buffer, arguments.len() as u32).unwrap();
            let bytes = host.bytes(packed).to_vec();
            assert_ne!(bytes, b"");
            // The buffer is freed; even a result inside it stays valid.
            host.free(buffer, arguments.len() as u32);
            let mut blocks = Vec::new();
            for nth in 0..500u32 {
                let size = nth * 61 % 3000 + 1;
                let block = host.place(&vec![0xee; size as usize]);
                blocks.push((block, size));
                if nth % 3 == 0 {
                    let (block, size) = blocks.swap_remove(nth as usize / 2 % blocks.len());
                    host.free(block, size);
                }
            }
            let big = host.place(&vec![0xee; 4 << 20]);
            host.free(big, 4 << 20);
            assert_eq!(host.bytes(packed), bytes, "{export}");
        }
    }

    #[test]
    fn a_result_may_be_freed_early_and_more_than_once() {
        let mut host = plugin();
        let mut pages = None;
        for round in 0..200 {
            for (export, arguments) in RESULTS {
                // Results inside the buffer are tested separately, see below.
                if ["command_echo", "command_trim"].contains(&export) {
                    continue;
                }
                let buffer = host.place(arguments);
                let packed = host.call(export, buffer, arguments.len() as u32).unwrap();
                for _ in 0..3 {
                    host.free(packed.address, packed.len);
                }
                host.free(buffer, arguments.len() as u32);
            }
            if round == 10 {
                pages = Some(host.pages());
            }
        }
        assert_eq!(Some(host.pages()), pages);
        assert_eq!(host.answer("command_name", b"").bytes, b"Ada");
        assert_eq!(host.answer("command_constant", b"").bytes, b"constant");
    }

    #[test]
    fn a_result_may_be_the_arguments_of_the_next_call() {
        for (export, arguments) in RESULTS {
            let mut host = plugin();
            let buffer = host.place(arguments);
            let first = host.call(export, buffer, arguments.len() as u32).unwrap();
            let bytes = host.bytes(first).to_vec();
            // From result to result: copied, in place, changed in place, read only, refused.
            let copied = host.call("command_copy", first.address, first.len).unwrap();
            assert_eq!(host.bytes(copied), bytes, "{export}");
            let echoed = host
                .call("command_echo", copied.address, copied.len)
                .unwrap();
            assert_eq!(echoed, copied, "in place");
            let echoed = host
                .call("command_echo", echoed.address, echoed.len)
                .unwrap();
            let reversed = host
                .call("command_reverse", echoed.address, echoed.len)
                .unwrap();
            let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
            assert_eq!(host.bytes(reversed), backwards, "{export}");
            let whole = host
                .call("command_join", reversed.address, reversed.len)
                .unwrap();
            let error = host.bytes(whole).to_vec();
            assert!(whole.failed);
            let trimmed = host.call("command_trim", whole.address, whole.len).unwrap();
            assert_eq!(host.bytes(trimmed), error);
        }
    }

    #[test]
    fn any_result_can_be_passed_directly_to_any_command() {
        for (export, arguments) in RESULTS {
            for (next, answers) in [
                ("command_echo", true),
                ("command_trim", true),
                ("command_copy", true),
                ("command_reverse", false),
                ("command_rename", true),
            ] {
                let mut host = plugin();
                let buffer = host.place(arguments);
                let first = host.call(export, buffer, arguments.len() as u32).unwrap();
                let bytes = host.bytes(first).to_vec();
                let second = host.call(next, first.address, first.len).unwrap();
                if answers {
                    assert_eq!(host.bytes(second), bytes, "{export}, then {next}");
                } else {
                    let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
                    assert_eq!(host.bytes(second), backwards, "{export}, then {next}");
                }
                // A host must not change the plugin's own memory.
                assert_eq!(host.answer("command_constant", b"").bytes, b"constant");
                let name = host.answer("command_name", b"").bytes;
                if next == "command_rename" {
                    assert_eq!(name, [b"renamed to ", &*bytes].concat(), "{export}");
                } else {
                    assert_eq!(name, b"Ada", "{export}, then {next}");
                }
            }
        }
    }

    #[test]
    fn borrowed_results_alias_the_arguments_and_owned_ones_do_not() {
        let mut host = plugin();
        let text = b"  in place ";
        let buffer = host.place(text);
        let echo = host.call("command_echo", buffer, 11).unwrap();
        assert_eq!(
            echo,
            Packed {
                address: buffer,
                len: 11,
                failed: false
            }
        );
        let trim = host.call("command_trim", buffer, 11).unwrap();
        assert_eq!(
            trim,
            Packed {
                address: buffer + 2,
                len: 8,
                failed: false
            }
        );
        let copy = host.call("command_copy", buffer, 11).unwrap();
        assert!(copy.address >= buffer + 11 || copy.address + copy.len <= buffer);
        assert_eq!(host.bytes(copy), text);
    }

    #[test]
    fn a_buffer_whose_answer_was_freed_still_serves_the_next_call() {
        let mut host = plugin();
        let buffer = host.place(b"answer");
        for _ in 0..1000 {
            let packed = host.call("command_echo", buffer, 6).unwrap();
            host.free(packed.address, packed.len);
            // If the buffer were free, this block would be in its place.
            let other = host.place(b"thief!");
            assert_ne!(other, buffer);
            host.free(other, 6);
            // A call without arguments in between does not release the buffer.
            host.call("command_nothing", 0, 0).unwrap();
            assert_eq!(host.read(buffer, 6), b"answer");
        }
    }

    #[test]
    fn a_buffer_and_the_result_inside_it_may_be_freed_in_any_order() {
        // Which of buffer and result to free, in which order.
        for order in [
            &["buffer"][..],
            &["result", "buffer"],
            &["buffer", "result"],
            &["result", "result", "buffer", "buffer"],
        ] {
            for export in ["command_echo", "command_trim", "command_reverse"] {
                let mut host = plugin();
                let arguments = vec![b' '; 100_000];
                let mut pages = None;
                for round in 0..200 {
                    let buffer = host.place(&arguments);
                    host.write(buffer + 8, b"x");
                    let packed = host.call(export, buffer, 100_000).unwrap();
                    assert!(!packed.failed);
                    for what in order {
                        match *what {
                            "buffer" => host.free(buffer, 100_000),
                            _ => host.free(packed.address, packed.len),
                        }
                    }
                    if round == 3 {
                        pages = Some(host.pages());
                    }
                }
                assert_eq!(Some(host.pages()), pages, "{export}, {order:?}");
            }
        }
    }

    #[test]
    fn a_result_in_a_freed_buffer_can_still_be_passed_on() {
        let mut host = plugin();
        for _ in 0..100 {
            let buffer = host.place(b"  passed on  ");
            let first = host.call("command_trim", buffer, 13).unwrap();
            host.free(buffer, 13);
            let second = host.call("command_copy", first.address, first.len).unwrap();
            assert_eq!(host.bytes(second), b"passed on");
            host.free(buffer, 13);
        }
    }

    #[test]
    fn arguments_of_2_gib_are_refused() {
        let mut host = plugin();
        for len in [1 << 31, (1 << 31) + 1, u32::MAX] {
            for export in [
                "command_join",
                "command_echo",
                "command_halve",
                "plugin_init",
                "plugin_event",
            ] {
                let packed = host.call(export, 16, len).unwrap();
                assert!(packed.failed);
                let error: Value = serde_json::from_slice(host.bytes(packed)).unwrap();
                assert_eq!(error["code"], "too_large", "{export}");
                assert_eq!(error["details"]["bytes"], len);
            }
        }
        assert_eq!(
            host.answer("command_name", b"").bytes,
            b"Ada",
            "nothing was changed"
        );
    }

    #[test]
    fn arguments_are_a_json_object_and_no_bytes_mean_an_empty_one() {
        let mut host = plugin();
        assert_eq!(host.answer("command_whole", b"").value(), 0);
        assert_eq!(host.answer("command_whole", b"{}").value(), 0);
        assert_eq!(
            host.answer("command_whole", b" {\"a\": 1,\n\"b\": [2]} ")
                .value(),
            2
        );
        assert_eq!(host.answer("command_join", b"").code(), "missing_argument");
        for no_object in [&b"[]"[..], b"null", b"1", b"\"text\"", b" "] {
            assert_eq!(
                host.answer("command_join", no_object).code(),
                "invalid_json"
            );
        }
    }

    #[test]
    fn the_result_is_one_json_value_or_null() {
        let mut host = plugin();
        assert_eq!(host.json("nothing", json!({})).bytes, b"null");
        let value = json!({"a": [1, -2, 3.5, null, true], "b": {"c": "\u{1f600}\n"}});
        assert_eq!(
            host.json("anything", json!({"value": value})).value(),
            value
        );
    }
}

mod raw_commands {
    use super::*;

    fn bytes(numbers: &[f32]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    }

    #[test]
    fn raw_commands_work_in_place_on_numbers() {
        let mut host = plugin();
        let buffer = host.place(&bytes(&[1.0, -2.0, 0.5]));
        let packed = host.call("command_halve", buffer, 12).unwrap();
        assert_eq!(
            packed,
            Packed {
                address: buffer,
                len: 12,
                failed: false
            }
        );
        assert_eq!(host.read(buffer, 12), bytes(&[0.5, -1.0, 0.25]));
        // Changed in place, without a result.
        let packed = host.call("command_negate", buffer, 12).unwrap();
        assert_eq!((packed.len, packed.failed), (0, false));
        assert_eq!(host.read(buffer, 12), bytes(&[-0.5, 1.0, -0.25]));
    }

    #[test]
    fn raw_commands_can_fail_like_any_other() {
        let mut host = plugin();
        let answer = host.answer("command_negate", &bytes(&[f32::NAN]));
        assert_eq!(answer.code(), "not_a_number");
    }

    #[test]
    fn unaligned_and_partial_numbers_are_refused() {
        let mut host = plugin();
        let buffer = host.alloc(64);
        for (export, size) in [
            ("command_halve", 4),
            ("command_sum", 8),
            ("command_sum_short", 2),
            ("command_fill", 4),
        ] {
            for offset in 0..16 {
                for len in 0..32 {
                    host.write(buffer, &[0; 64]);
                    let packed = host.call(export, buffer + offset, len).unwrap();
                    let good = len == 0 || offset % size == 0 && len % size == 0;
                    assert_eq!(!packed.failed, good, "{export}: {len} bytes at {offset}");
                    if !good {
                        let error: Value = serde_json::from_slice(host.bytes(packed)).unwrap();
                        assert_eq!(error["code"], "invalid_argument");
                        assert!(error["details"]["expected"].is_string());
                        assert!(error["details"]["found"].is_string());
                    }
                }
            }
        }
    }

    #[test]
    fn raw_text_that_is_not_utf_8_is_refused() {
        let mut host = plugin();
        assert_eq!(
            host.answer("command_trim", " naïve ".as_bytes()).result(),
            "naïve".as_bytes()
        );
        let error = host.answer("command_trim", b"abc\xff").error();
        assert_eq!(error["code"], "invalid_argument");
        assert_eq!(error["details"]["expected"], "UTF-8");
        assert!(
            error["details"]["found"].as_str().unwrap().ends_with('3'),
            "{error}"
        );
        // Cut inside a character.
        assert_eq!(
            host.answer("command_trim", &"é".as_bytes()[..1]).code(),
            "invalid_argument"
        );
    }

    #[test]
    fn raw_commands_return_arrays_and_vectors() {
        let mut host = plugin();
        let numbers: Vec<u8> = [1.5f64, 2.25]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        assert_eq!(
            host.answer("command_sum", &numbers).result(),
            3.75f64.to_le_bytes()
        );
        assert_eq!(
            host.answer("command_sum_short", &[1, 0, 0, 1]).result(),
            257u32.to_le_bytes()
        );
        assert_eq!(
            host.answer("command_fill", &1000u32.to_le_bytes()).result(),
            [b'x'; 1000]
        );
    }
}

mod binary_codec {
    use super::*;
    use contract::Statistics;
    use plugin_sdk::binary;

    #[test]
    fn binary_arguments_are_read_in_order_without_names() {
        let mut host = plugin();
        let mut arguments = Vec::new();
        arguments.extend(3u32.to_le_bytes());
        for number in [1.0f64, 2.0, 3.5] {
            arguments.extend(number.to_le_bytes());
        }
        arguments.push(1);
        arguments.extend(2.0f32.to_le_bytes());
        arguments.extend(5u32.to_le_bytes());
        arguments.extend(b"label");
        let answer = host.answer("command_statistics", &arguments);
        let mut expected = Vec::new();
        expected.extend(3u32.to_le_bytes());
        expected.extend(13.0f64.to_le_bytes());
        expected.extend(5u32.to_le_bytes());
        expected.extend(b"label");
        assert_eq!(answer.result(), expected);
    }

    #[test]
    fn binary_values_are_the_same_at_both_ends() {
        let mut host = plugin();
        let mut arguments = Vec::new();
        binary::write(&(vec![0.5f64; 1000], None::<f32>, "half"), &mut arguments).unwrap();
        let answer = host.answer("command_statistics", &arguments);
        let statistics: Statistics = binary::read(answer.result()).unwrap();
        assert_eq!(
            statistics,
            Statistics {
                count: 1000,
                sum: 500.0,
                label: "half".to_owned()
            }
        );
    }

    #[test]
    fn errors_of_binary_commands_are_json() {
        let mut host = plugin();
        let mut arguments = Vec::new();
        binary::write(&(Vec::<f64>::new(), None::<f32>, ""), &mut arguments).unwrap();
        assert_eq!(
            host.answer("command_statistics", &arguments).code(),
            "label_empty"
        );
        for len in 0..arguments.len() {
            let error = host.answer("command_statistics", &arguments[..len]).error();
            assert_eq!(error["code"], "invalid_argument", "{len}");
        }
        arguments.push(0);
        assert_eq!(
            host.answer("command_statistics", &arguments).code(),
            "invalid_argument"
        );
        // A false length does not allocate memory.
        let pages = host.pages();
        assert_eq!(
            host.answer("command_statistics", &[0xff; 12]).code(),
            "invalid_argument"
        );
        assert_eq!(host.pages(), pages);
    }
}

mod life {
    use super::*;

    fn lives(host: &mut Host) -> Value {
        host.json("lives", json!({})).value()
    }

    #[test]
    fn a_plugin_with_an_init_hook_waits_for_it() {
        let mut host = Host::new(&contract());
        for export in [
            "command_count",
            "command_echo",
            "command_join",
            "plugin_event",
        ] {
            let error = host.answer(export, b"{}").error();
            assert_eq!(error["code"], "not_initialized", "{export}");
            assert!(error["message"].as_str().unwrap().contains("plugin_init"));
        }
        for hook in ["plugin_start", "plugin_stop"] {
            assert_eq!(host.hook(hook).code(), "not_initialized", "{hook}");
        }
        host.answer("plugin_init", b"").value();
        assert_eq!(host.json("count", json!({})).value(), 1);
    }

    #[test]
    fn an_empty_configuration_means_an_empty_object() {
        for configuration in [&b""[..], b"{}"] {
            let mut host = Host::new(&contract());
            assert_eq!(host.answer("plugin_init", configuration).bytes, b"null");
            assert_eq!(host.answer("command_name", b"").bytes, b"nameless");
        }
    }

    #[test]
    fn a_plugin_without_init_hook_creates_itself() {
        let module = Build::of("hookless").module();
        let mut host = Host::new(&module);
        assert_eq!(host.json("count", json!({})).value(), 1);
        assert_eq!(host.json("count", json!({})).value(), 2);
        assert_eq!(host.answer("plugin_init", b"{}").bytes, b"null");
        assert_eq!(host.json("count", json!({})).value(), 1, "made anew");
        host.cleanup();
        assert_eq!(host.json("count", json!({})).value(), 1, "and again");
    }

    #[test]
    fn a_second_init_replaces_the_state_if_it_succeeds() {
        let mut host = plugin();
        host.json("count", json!({})).value();
        host.answer("plugin_init", br#"{"name":"Grace"}"#).value();
        assert_eq!(host.json("count", json!({})).value(), 1);
        assert_eq!(host.answer("command_name", b"").bytes, b"Grace");
        let lives = lives(&mut host);
        assert_eq!((&lives["made"], &lives["dropped"]), (&json!(2), &json!(1)));
    }

    #[test]
    fn a_second_init_keeps_the_state_if_it_fails() {
        let mut host = plugin();
        host.json("count", json!({})).value();
        for configuration in [
            &br#"{"refuse":"plainly"}"#[..],
            br#"{"refuse":"with_code"}"#,
            b"{",
            br#"{"nonsense":1}"#,
        ] {
            host.answer("plugin_init", configuration).error();
            assert_eq!(host.answer("command_name", b"").bytes, b"Ada");
        }
        assert_eq!(host.json("count", json!({})).value(), 2);
        let lives = lives(&mut host);
        assert_eq!((&lives["made"], &lives["dropped"]), (&json!(1), &json!(0)));
    }

    #[test]
    fn a_failing_init_hook_reports_the_reason() {
        let mut host = Host::new(&contract());
        let error = host
            .answer("plugin_init", br#"{"refuse":"plainly"}"#)
            .error();
        assert_eq!(error["code"], "init_failed");
        assert_eq!(error["message"], "asked to refuse");
        assert_eq!(error["source"], json!(["invalid digit found in string"]));
        let error = host
            .answer("plugin_init", br#"{"refuse":"with_code"}"#)
            .error();
        assert_eq!(error["code"], "refused", "the plugin's own code is kept");
        assert_eq!(host.json("count", json!({})).code(), "not_initialized");
    }

    #[test]
    fn a_mismatching_configuration_is_reported_with_its_path() {
        let mut host = Host::new(&contract());
        let error = host.answer("plugin_init", br#"{"name":7}"#).error();
        assert_eq!(error["code"], "invalid_argument");
        assert_eq!(error["details"]["path"], "name");
        assert_eq!(host.answer("plugin_init", b"{").code(), "invalid_json");
    }

    #[test]
    fn hooks_run_when_the_host_calls_them() {
        let mut host = plugin();
        assert_eq!(host.hook("plugin_start").bytes, b"null");
        assert_eq!(
            host.hook("plugin_start").code(),
            "started",
            "a hook can fail"
        );
        let event = br#"{"topic":"tick","data":{"n":[1]}}"#;
        assert_eq!(host.answer("plugin_event", event).bytes, b"null");
        assert_eq!(host.hook("plugin_stop").bytes, b"null");
        let seen = json!(["start", "tick: {\"n\":[1]}", "stop"]);
        assert_eq!(lives(&mut host)["seen"], seen);
    }

    #[test]
    fn an_invalid_event_is_refused() {
        let mut host = plugin();
        assert_eq!(host.answer("plugin_event", b"tick").code(), "invalid_json");
        assert_eq!(
            host.answer("plugin_event", br#"{"data":1}"#).code(),
            "missing_argument"
        );
        let error = host
            .answer("plugin_event", br#"{"topic":"t","when":1}"#)
            .error();
        assert_eq!(error["code"], "unknown_argument");
        assert_eq!(lives(&mut host)["seen"], json!([]));
    }

    #[test]
    fn after_cleanup_the_instance_is_as_new() {
        let mut host = plugin();
        host.json("count", json!({})).value();
        host.hook("plugin_start");
        host.cleanup();
        assert_eq!(host.json("count", json!({})).code(), "not_initialized");
        host.cleanup();
        host.answer("plugin_init", b"").value();
        assert_eq!(host.json("count", json!({})).value(), 1);
        let lives = lives(&mut host);
        assert_eq!(lives["seen"], json!([]));
        assert_eq!(
            (&lives["made"], &lives["cleaned_up"], &lives["dropped"]),
            (&json!(2), &json!(1), &json!(1)),
            "the hook runs once a life"
        );
    }

    #[test]
    fn cleanup_before_anything_else_does_nothing() {
        let mut host = Host::new(&contract());
        host.cleanup();
        host.answer("plugin_init", b"").value();
        assert_eq!(lives(&mut host)["cleaned_up"], 0);
    }
}

mod re_entry {
    use super::*;
    use wasmtime::{Caller, Extern, TypedFunc};

    /// The actions of the import, and their results.
    #[derive(Default)]
    struct Script {
        actions: Vec<Action>,
        answers: Vec<Vec<u8>>,
        allocated: Vec<u32>,
    }

    #[derive(Clone)]
    enum Action {
        /// Calls an export with arguments at an address.
        Call(&'static str, u32, u32),
        Cleanup,
        /// Allocates so many bytes, and fills them.
        Alloc(u32),
        Free(u32),
    }

    fn act(mut caller: Caller<'_, Script>) -> wasmtime::Result<()> {
        for action in caller.data().actions.clone() {
            match action {
                Action::Call(export, address, len) => {
                    let func: TypedFunc<(u32, u32), u64> = func(&mut caller, export)?;
                    let packed = Packed::from_bits(func.call(&mut caller, (address, len))?);
                    let memory = caller
                        .get_export("memory")
                        .and_then(Extern::into_memory)
                        .unwrap();
                    let start = packed.address as usize;
                    let bytes = memory.data(&caller)[start..start + packed.len as usize].to_vec();
                    assert!(packed.failed, "{}", String::from_utf8_lossy(&bytes));
                    caller.data_mut().answers.push(bytes);
                }
                Action::Cleanup => {
                    let cleanup: TypedFunc<(), ()> = func(&mut caller, "plugin_cleanup")?;
                    cleanup.call(&mut caller, ())?;
                }
                Action::Alloc(size) => {
                    let alloc: TypedFunc<u32, u32> = func(&mut caller, "alloc")?;
                    let address = alloc.call(&mut caller, size)?;
                    assert_ne!(address, 0);
                    let memory = caller
                        .get_export("memory")
                        .and_then(Extern::into_memory)
                        .unwrap();
                    let start = address as usize;
                    memory.data_mut(&mut caller)[start..start + size as usize].fill(0xee);
                    caller.data_mut().allocated.push(address);
                }
                Action::Free(address) => {
                    let free: TypedFunc<(u32, u32), ()> = func(&mut caller, "free")?;
                    free.call(&mut caller, (address, 0))?;
                }
            }
        }
        Ok(())
    }

    fn func<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        caller: &mut Caller<'_, Script>,
        export: &str,
    ) -> wasmtime::Result<TypedFunc<P, R>> {
        let func = caller
            .get_export(export)
            .and_then(Extern::into_func)
            .unwrap();
        func.typed(&*caller)
    }

    fn reentrant() -> Host<Script> {
        let module = Build::of("reentrant").module();
        Host::with(&module, Script::default(), |linker| {
            linker.func_wrap("test", "call_back", act).unwrap();
        })
    }

    /// Returns calls of every export except `alloc`, `free` and `plugin_cleanup`.
    fn every_call(address: u32, len: u32) -> Vec<Action> {
        [
            "command_calls",
            "command_around",
            "command_around_raw",
            "plugin_init",
        ]
        .into_iter()
        .map(|export| Action::Call(export, address, len))
        .collect()
    }

    fn assert_all_busy(host: &mut Host<Script>, calls: usize) {
        let answers = std::mem::take(&mut host.store.data_mut().answers);
        assert_eq!(answers.len(), calls);
        for answer in answers {
            let error: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(error["code"], "busy");
            assert!(error["message"].is_string());
        }
    }

    #[test]
    fn a_call_within_a_call_is_busy_and_changes_nothing() {
        let mut host = reentrant();
        host.answer("plugin_init", b"{}").value();
        let text = br#"{"text":"around"}"#;
        let buffer = host.place(text);
        let mut actions = every_call(buffer, text.len() as u32);
        actions.push(Action::Cleanup);
        actions.extend(every_call(0, 0));
        actions.extend(every_call(16, 1 << 31));
        host.store.data_mut().actions = actions;
        for calls in 1..=3 {
            let packed = host
                .call("command_around", buffer, text.len() as u32)
                .unwrap();
            assert_eq!(host.bytes(packed), br#""around""#);
            assert_all_busy(&mut host, 12);
            host.store.data_mut().actions.truncate(9);
            host.store
                .data_mut()
                .actions
                .extend(every_call(16, 1 << 31));
            let packed = host.call("command_calls", 0, 0).unwrap();
            assert_eq!(host.bytes(packed), calls.to_string().as_bytes());
        }
    }

    #[test]
    fn a_call_during_creation_is_busy() {
        let mut host = reentrant();
        let mut actions = every_call(0, 0);
        actions.push(Action::Cleanup);
        host.store.data_mut().actions = actions;
        host.answer("plugin_init", br#"{"at_init":true}"#).value();
        assert_all_busy(&mut host, 4);
        // Also while it is replaced: the old plugin is dropped within the call.
        host.answer("plugin_init", br#"{"at_the_end":true}"#)
            .value();
        assert_all_busy(&mut host, 0);
        host.answer("plugin_init", br#"{"at_the_end":true}"#)
            .value();
        assert_all_busy(&mut host, 4);
        assert_eq!(host.json("calls", json!({})).value(), 0);
    }

    #[test]
    fn a_call_during_cleanup_and_drop_is_busy() {
        let mut host = reentrant();
        let mut actions = every_call(0, 0);
        actions.push(Action::Cleanup);
        host.store.data_mut().actions = actions;
        host.answer("plugin_init", br#"{"at_the_end":true}"#)
            .value();
        host.cleanup();
        assert_all_busy(&mut host, 8);
        assert_eq!(host.json("calls", json!({})).code(), "not_initialized");
    }

    #[test]
    fn a_host_function_may_allocate_and_free() {
        let mut host = reentrant();
        host.answer("plugin_init", b"").value();
        host.store.data_mut().actions = vec![
            Action::Alloc(100),
            Action::Alloc(1 << 20),
            Action::Free(1),
            Action::Free(0),
        ];
        let answer = host.json("around", json!({"text": "around"}));
        assert_eq!(answer.value(), "around");
        let allocated = std::mem::take(&mut host.store.data_mut().allocated);
        for (address, size) in allocated.into_iter().zip([100, 1 << 20]) {
            assert!(host.read(address, size).iter().all(|byte| *byte == 0xee));
            host.free(address, size);
        }
    }

    #[test]
    fn a_host_function_may_free_arguments_that_are_being_read() {
        // All of the bytes, and a part that is passed on.
        for offset in [0, 3] {
            let mut host = reentrant();
            host.answer("plugin_init", b"").value();
            let mut pages = None;
            for round in 0..1000 {
                let text = vec![b'a' + (round % 26) as u8; 5000];
                let buffer = host.place(&text);
                host.store.data_mut().actions = vec![
                    Action::Free(buffer),
                    Action::Free(buffer),
                    Action::Alloc(5000),
                    Action::Alloc(4990),
                ];
                let packed = host
                    .call("command_around_raw", buffer + offset, 5000 - offset)
                    .unwrap();
                assert_eq!(host.bytes(packed), &text[offset as usize..]);
                for block in std::mem::take(&mut host.store.data_mut().allocated) {
                    host.free(block, 5000);
                }
                if round == 10 {
                    pages = Some(host.pages());
                }
            }
            assert_eq!(
                Some(host.pages()),
                pages,
                "what was freed during a call is freed after it"
            );
        }
    }

    #[test]
    fn a_host_function_may_free_a_result_that_is_being_read() {
        let mut host = reentrant();
        host.answer("plugin_init", b"").value();
        let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(300));
        let first = host.answer("command_around", text.as_bytes()).packed;
        host.store.data_mut().actions = vec![
            Action::Free(first.address),
            Action::Alloc(300),
            Action::Alloc(200),
        ];
        let second = host
            .call("command_around_raw", first.address, first.len)
            .unwrap();
        assert_eq!(
            host.bytes(second),
            format!("\"{}\"", "x".repeat(300)).as_bytes()
        );
    }
}

mod errors {
    use super::*;

    #[test]
    fn errors_have_code_message_and_optional_details_and_source() {
        let mut host = plugin();
        assert_eq!(
            host.json("fail", json!({"limit": 3})).error(),
            json!({
                "code": "full",
                "message": "no room for more than 3",
                "details": 3,
                "source": ["invalid digit found in string"],
            })
        );
        let error = host.json("join", json!({"left": "a"})).error();
        let mut members: Vec<_> = error.as_object().unwrap().keys().collect();
        members.sort_unstable();
        assert_eq!(
            members,
            ["code", "details", "message"],
            "and no more where there is no more"
        );
    }

    #[test]
    fn errors_of_arguments_name_the_argument_and_path() {
        let mut host = plugin();
        let details = |answer: plugin_sdk_tests::Answer, code: &str| {
            let error = answer.error();
            assert_eq!(error["code"], code);
            assert!(error["message"].is_string());
            error["details"].clone()
        };
        let broken = host.answer("command_join", br#"{"left": "a", "right" "b"}"#);
        assert_eq!(details(broken, "invalid_json"), json!({"offset": 22}));
        let missing = host.json("join", json!({"left": "a"}));
        assert_eq!(
            details(missing, "missing_argument"),
            json!({"argument": "right"})
        );
        let unknown = host.json("join", json!({"left": "a", "rihgt": "b"}));
        assert_eq!(
            details(unknown, "unknown_argument"),
            json!({"argument": "rihgt", "expected": ["left", "right", "between"]})
        );
        let shapes = |list: Value, map: Value| {
            json!({"shapes": {"flag": true, "small": 1, "large": 1, "huge": 1, "single": 1, "character": "c",
                "text": "t", "pair": [1, null], "list": list, "map": map}})
        };
        for (arguments, wrong) in [
            (
                json!({"shapes": {"flag": 1}}),
                json!({"path": "shapes.flag", "expected": "a boolean", "found": "1"}),
            ),
            (
                shapes(json!(["point", "square"]), json!({})),
                json!({"path": "shapes.list[1]", "expected": "one of `point`, `circle`, `line`, `group`", "found": "\"square\""}),
            ),
            (
                shapes(json!([]), json!({"-7": [1, null, "two"]})),
                json!({"path": "shapes.map.-7[2]", "expected": "f64", "found": "\"two\""}),
            ),
        ] {
            assert_eq!(
                details(host.json("shapes", arguments), "invalid_argument"),
                wrong
            );
        }
    }

    #[test]
    fn results_that_json_cannot_express_are_invalid_result() {
        assert_eq!(
            plugin().json("unwritable", json!({})).code(),
            "invalid_result"
        );
    }

    #[test]
    fn errors_without_a_code_have_the_code_failed() {
        let module = Build::of("greeter").module();
        let mut host = Host::new(&module);
        let error = host.answer("plugin_init", br#"{"greeting":" "}"#).error();
        assert_eq!(error["code"], "init_failed");
        host.answer("plugin_init", b"").value();
        let error = host.json("greet", json!({"name": ""})).error();
        assert_eq!(error["code"], "name_empty");
    }
}

mod panics_and_traps {
    use super::*;
    use wasmtime::Trap;

    /// Calls a command that panics, and returns the record.
    fn panicked(export: &str, arguments: &[u8]) -> plugin_sdk_tests::Panic {
        let mut host = plugin();
        assert_eq!(host.trap(export, arguments), Trap::UnreachableCodeReached);
        host.panic().unwrap()
    }

    #[test]
    fn the_record_has_message_and_place() {
        let panic = panicked("command_panic", br#"{"message":"n\u00e4mlich"}"#);
        assert_eq!(panic.message, "nämlich");
        assert!(
            panic.file.ends_with("contract/src/lib.rs"),
            "{}",
            panic.file
        );
        let source = std::fs::read_to_string(
            plugin_sdk_tests::root().join("tests/guests/contract/src/lib.rs"),
        )
        .unwrap();
        let line = source.lines().nth(panic.line as usize - 1).unwrap();
        let place = line.get(panic.column as usize - 1..).unwrap();
        assert!(place.starts_with(r#"panic!("{message}")"#), "{line}");
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        for (message, kept) in [
            ("x".repeat(1023), 1023),
            ("x".repeat(1024), 1024),
            ("x".repeat(100_000), 1024),
            (format!("x{}", "é".repeat(1000)), 1023),
            (format!("xx{}", "é".repeat(1000)), 1024),
            (format!("x{}", "\u{1f600}".repeat(1000)), 1021),
        ] {
            let arguments = json!({"message": message}).to_string();
            let panic = panicked("command_panic", arguments.as_bytes());
            assert_eq!(panic.message.len(), kept);
            assert!(message.starts_with(&panic.message));
        }
    }

    #[test]
    fn a_panic_without_message_is_recorded() {
        let panic = panicked("command_panic", br#"{"message":""}"#);
        assert_eq!(panic.message, "");
        assert_ne!(panic.line, 0);
    }

    #[test]
    fn a_payload_that_is_not_text_is_described() {
        let panic = panicked("command_panic_with_a_number", b"");
        assert_eq!(panic.message, "a panic whose payload is not text");
        assert_ne!(panic.line, 0);
    }

    #[test]
    fn a_panic_in_the_init_hook_is_recorded() {
        let mut host = Host::new(&contract());
        assert_eq!(
            host.trap("plugin_init", br#"{"refuse":"by_panic"}"#),
            Trap::UnreachableCodeReached
        );
        assert_eq!(host.panic().unwrap().message, "asked to panic");
    }

    #[test]
    fn a_message_that_panics_itself_leaves_no_record() {
        // Rust's runtime formats the message before it calls the hook, and aborts if that panics:
        // no hook is called.
        let mut host = plugin();
        assert_eq!(
            host.trap("command_panic_in_a_panic", b""),
            Trap::UnreachableCodeReached
        );
        assert_eq!(host.panic(), None);
    }

    #[test]
    fn a_trap_without_a_panic_leaves_no_record() {
        let mut host = plugin();
        assert_eq!(
            host.trap("command_exhaust", b""),
            Trap::UnreachableCodeReached
        );
        assert_eq!(host.panic(), None);
    }

    #[test]
    fn a_dead_instance_keeps_its_first_panic_when_called_again() {
        // The host must not call it again. The plugin was never released, so it stays busy.
        let mut host = plugin();
        host.trap("command_panic", br#"{"message":"first"}"#);
        assert_eq!(
            host.json("panic", json!({"message": "second"})).code(),
            "busy"
        );
        assert_eq!(host.panic().unwrap().message, "first");
    }
}

mod above_2_gib {
    use super::*;

    const TOP: u32 = 1 << 31;

    /// Returns a plugin whose memory is full up to 2^31 and beyond, so that every new address has
    /// the top bit set.
    fn full() -> Host {
        let mut host = plugin();
        while host.pages() * PAGE < u64::from(TOP) {
            assert_ne!(host.alloc(256 << 20), 0);
        }
        let fill = |host: &mut Host| {
            for size in [1 << 20, 64 << 10, 4096, 256, 16, 8] {
                while host.alloc(size) < TOP {}
            }
        };
        // The remaining free blocks below.
        fill(&mut host);
        // A larger buffer for results, and the place of the old one.
        host.answer("command_copy", &[0; 4096]);
        fill(&mut host);
        host
    }

    #[test]
    fn arguments_and_results_have_the_top_bit_set() {
        let mut host = full();
        // Longer than any remaining free block below.
        let text = format!(r#"{{"left":"Ada","right":"Grace"{}}}"#, " ".repeat(8192));
        let text = text.as_bytes();
        let buffer = host.place(text);
        assert!(buffer >= TOP && buffer.is_multiple_of(16), "{buffer:#x}");
        let join = host.command("command_join");
        let bits = join
            .call(&mut host.store, (buffer, text.len() as u32))
            .unwrap();
        assert!(
            (bits as i64) < 0,
            "a host that takes the number as signed is in for it"
        );
        let packed = Packed::from_bits(bits);
        assert!(packed.address >= TOP && !packed.failed);
        assert_eq!(host.bytes(packed), br#""Ada-Grace""#);

        let echo = host
            .call("command_echo", buffer, text.len() as u32)
            .unwrap();
        assert_eq!(
            echo,
            Packed {
                address: buffer,
                len: text.len() as u32,
                failed: false
            }
        );
        let copy = host
            .call("command_copy", buffer, text.len() as u32)
            .unwrap();
        assert!(copy.address >= TOP);
        assert_eq!(host.bytes(copy), text);
        let passed_on = host.call("command_trim", copy.address, copy.len).unwrap();
        assert_eq!(passed_on, copy);

        let error = host
            .call("command_fail", buffer, text.len() as u32)
            .unwrap();
        assert!(error.address >= TOP && error.failed);
        let error: Value = serde_json::from_slice(host.bytes(error)).unwrap();
        assert_eq!(error["code"], "unknown_argument");
    }

    #[test]
    fn raw_commands_work_in_place() {
        let mut host = full();
        let samples: Vec<u8> = (0..1 << 20)
            .flat_map(|number| (number as f32).to_le_bytes())
            .collect();
        let buffer = host.place(&samples);
        assert!(buffer >= TOP);
        let halved = host.call("command_halve", buffer, 4 << 20).unwrap();
        assert_eq!(
            halved,
            Packed {
                address: buffer,
                len: 4 << 20,
                failed: false
            }
        );
        assert_eq!(host.read(buffer + 4 * 1001, 4), 500.5f32.to_le_bytes());
        assert!(host.call("command_halve", buffer + 1, 4).unwrap().failed);
    }

    #[test]
    fn memory_is_freed_and_reused() {
        let mut host = full();
        let mut pages = None;
        for round in 0..1000 {
            let buffer = host.place(&[b'x'; 100_000]);
            assert!(buffer >= TOP);
            let packed = host.call("command_copy", buffer, 100_000).unwrap();
            host.free(packed.address, packed.len);
            host.free(buffer, 100_000);
            if round == 10 {
                pages = Some(host.pages());
            }
        }
        assert_eq!(Some(host.pages()), pages);
    }

    #[test]
    fn calls_still_work_and_panics_are_recorded() {
        let mut host = full();
        host.answer("plugin_init", br#"{"name":"Grace"}"#).value();
        let name = host.answer("command_name", b"");
        assert!(name.packed.address >= TOP);
        assert_eq!(name.bytes, b"Grace");
        host.trap("command_panic", br#"{"message":"up here"}"#);
        assert_eq!(host.panic().unwrap().message, "up here");
    }

    #[test]
    fn the_largest_block_is_16_bytes_short_of_2_gib() {
        // The largest layout in Rust with this alignment.
        const LARGEST: u32 = (1 << 31) - 16;
        let mut host = plugin();
        assert_eq!(host.alloc(LARGEST + 1), 0);
        let buffer = host.alloc(LARGEST);
        assert_ne!(buffer, 0);
        host.write(buffer + (LARGEST - 1), &[7]);
        let measured = host.call("command_measure", buffer, LARGEST).unwrap();
        let expected = [LARGEST.to_le_bytes(), 7u32.to_le_bytes()].concat();
        assert_eq!(host.bytes(measured), expected);
        let echo = host.call("command_echo", buffer, LARGEST).unwrap();
        assert_eq!(
            echo,
            Packed {
                address: buffer,
                len: LARGEST,
                failed: false
            }
        );
        // Parsing it would take long; checking the first byte does not.
        let refused = host.call("command_join", buffer, LARGEST).unwrap();
        assert!(refused.failed);
        host.free(buffer, LARGEST);
        assert_ne!(host.alloc(LARGEST), 0);
    }

    #[test]
    fn arguments_of_2_31_minus_1_bytes_are_served() {
        let mut host = plugin();
        // More memory than that: two blocks, of which the first, below the arguments, stays unused.
        while host.pages() * PAGE < u64::from(TOP) + (64 << 20) {
            assert_ne!(host.alloc(256 << 20), 0);
        }
        let start = 32 << 20;
        host.write(start + (TOP - 2), &[9]);
        let measured = host.call("command_measure", start, TOP - 1).unwrap();
        let expected = [(TOP - 1).to_le_bytes(), 9u32.to_le_bytes()].concat();
        assert_eq!(host.bytes(measured), expected);
    }
}

mod bad_input {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    /// Commands that trap by design, or whose result is as large as the arguments request.
    const EXCEPT: [&str; 6] = [
        "command_panic",
        "command_panic_with_a_number",
        "command_panic_in_a_panic",
        "command_exhaust",
        "command_repeat",
        "command_fill",
    ];

    /// Valid arguments of several commands, to be mutated.
    const GOOD: [&str; 8] = [
        "{}",
        r#"{"left":"Ada","right":"\ud83d\ude00 \u00e9\n","between":"+"}"#,
        r#"{"limit":4294967295}"#,
        r#"{"value":[null,true,false,-0.0,1e308,123456789012345678901234567890,"",{"a":{"b":[]}}]}"#,
        r#"{"topic":"tick","data":{"n":1}}"#,
        r#"{"name":"Ada","refuse":null}"#,
        r#"{"shapes":{"flag":true,"small":-128,"large":18446744073709551615,"huge":-170141183460469231731687303715884105728,"single":0.1,"character":"é","text":"t","pair":[65535,null],"list":["point",{"circle":1.5},{"line":[1,2]},{"group":{"name":"g","members":["point"]}}],"map":{"-1":[1,null,2.5],"7":[]}}}"#,
        "\u{3}\0\0\0\0\0\0\0\0\0\u{8}@\0\0\0\0\0\0\u{8}@\0\0\0\0\0\0\u{8}@\u{1}\0\0\0@\u{5}\0\0\0label",
    ];

    /// Returns a mutation: the position, the number of bytes removed there, and the bytes inserted.
    fn mistake() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
        let put = prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(any::<u8>(), 1..4),
            prop::sample::select(
                &[
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "\"",
                    "\\",
                    "null",
                    "-",
                    "1e999",
                    "\\ud800",
                    "\u{1f600}",
                    "\u{0}",
                    "0",
                    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                    "{\"group\":{\"name\":\"\",\"members\":[",
                    "99999999999999999999999",
                ][..]
            )
            .prop_map(|text| text.as_bytes().to_vec()),
            Just(b"[".repeat(5000)),
        ];
        (any::<prop::sample::Index>(), 0usize..6, put)
    }

    fn arguments() -> impl Strategy<Value = Vec<u8>> {
        let spoilt = (
            prop::sample::select(&GOOD[..]),
            prop::collection::vec(mistake(), 0..4),
        )
            .prop_map(|(good, mistakes)| {
                let mut bytes = good.as_bytes().to_vec();
                for (place, taken, put) in mistakes {
                    let from = place.index(bytes.len() + 1);
                    let to = (from + taken).min(bytes.len());
                    bytes.splice(from..to, put);
                }
                bytes
            });
        prop_oneof![3 => spoilt, 1 => prop::collection::vec(any::<u8>(), 0..300)]
    }

    /// Checks that the document allows an answer.
    fn check(host: &Host, export: &str, packed: Packed) -> Result<(), TestCaseError> {
        let end = u64::from(packed.address) + u64::from(packed.len);
        prop_assert!(
            packed.len == 0 || end <= host.pages() * PAGE,
            "{} answered outside the memory",
            export
        );
        let bytes = host.bytes(packed);
        if packed.failed {
            let error = plugin_sdk::Error::from_json(bytes);
            let error = error.ok_or_else(|| {
                TestCaseError::fail(format!("{export}: {}", String::from_utf8_lossy(bytes)))
            })?;
            prop_assert!(!error.code().is_empty() && !error.message().is_empty());
            prop_assert!(error.details().is_none_or(|details| !details.is_null()));
        } else if !is_raw(export) {
            prop_assert!(
                serde_json::from_slice::<Value>(bytes).is_ok(),
                "{}: {:?}",
                export,
                bytes
            );
        }
        Ok(())
    }

    fn is_raw(export: &str) -> bool {
        [
            "echo",
            "copy",
            "trim",
            "reverse",
            "halve",
            "negate",
            "sum",
            "sum_short",
            "measure",
            "swallow",
            "name",
            "constant",
            "rename",
            "statistics",
            "shapes_binary",
        ]
        .iter()
        .any(|raw| export.strip_prefix("command_") == Some(raw))
    }

    #[test]
    fn mutated_input_never_traps() {
        let module = contract();
        let exports: Vec<String> = module
            .exports()
            .map(|export| export.name().to_owned())
            .filter(|name| {
                name.starts_with("command_") || name == "plugin_init" || name == "plugin_event"
            })
            .filter(|name| !EXCEPT.contains(&&**name))
            .collect();
        assert_eq!(exports.len(), 32);
        let mut host = plugin();
        let commands: Vec<_> = exports.iter().map(|export| host.command(export)).collect();
        let host = std::cell::RefCell::new(host);
        let config = ProptestConfig {
            cases: 3000,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let offsets = prop_oneof![8 => Just(0u32), 1 => 1u32..16];
        TestRunner::new(config)
            .run(&(arguments(), offsets), |(arguments, offset)| {
                let host = &mut *host.borrow_mut();
                let len = arguments.len() as u32;
                let buffer = host.alloc(len + offset);
                for (export, command) in exports.iter().zip(&commands) {
                    host.write(buffer + offset, &arguments);
                    match command.call(&mut host.store, (buffer + offset, len)) {
                        Ok(bits) => check(host, export, Packed::from_bits(bits))?,
                        Err(trap) => {
                            return Err(TestCaseError::fail(format!("{export}: {trap:#}")));
                        }
                    }
                }
                // Twice, because a result may be inside it.
                host.free(buffer, len + offset);
                host.free(buffer, len + offset);
                Ok(())
            })
            .unwrap();
        // The state may have changed; the plugin must still work.
        host.borrow_mut().answer("plugin_init", b"").value();
        assert_eq!(host.borrow_mut().json("count", json!({})).value(), 1);
    }

    #[test]
    fn deep_input_never_traps_even_in_unoptimised_builds() {
        // Unoptimised code needs the most stack.
        let mut host = Host::new(&Build::of("contract").dev().module());
        host.answer("plugin_init", b"").value();
        let nested = |open: &str, close: &str, times: usize| {
            format!("{}\"point\"{}", open.repeat(times), close.repeat(times))
        };
        for times in [
            50, 60, 62, 63, 64, 100, 120, 125, 126, 127, 128, 1000, 100_000,
        ] {
            let array = nested("[", "]", times);
            let object = nested("{\"a\":", "}", times);
            let group = nested("{\"group\":{\"name\":\"\",\"members\":[", "]}}", times);
            let shapes = r#""flag":true,"small":1,"large":1,"huge":1,"single":1,"character":"c","text":"","pair":[1,null]"#;
            for (export, arguments) in [
                ("command_anything", format!("{{\"value\":{array}}}")),
                ("command_anything", format!("{{\"value\":{object}}}")),
                ("command_whole", format!("{{\"value\":{array}}}")),
                (
                    "command_shapes",
                    format!("{{\"shapes\":{{{shapes},\"list\":[{group}]}}}}"),
                ),
                ("command_join", array.clone()),
                (
                    "plugin_event",
                    format!("{{\"topic\":\"t\",\"data\":{object}}}"),
                ),
            ] {
                let answer = host.answer(export, arguments.as_bytes());
                assert_eq!(
                    answer.packed.failed,
                    answer.bytes.starts_with(b"{\"code\":"),
                    "{export}, {times}"
                );
            }
        }
        // Nested groups, as many as the bytes claim.
        let mut shapes = Vec::new();
        plugin_sdk::binary::write(
            &(true, 1i8, 1u64, 1i128, 1f32, 'c', "", (1u16, None::<i32>)),
            &mut shapes,
        )
        .unwrap();
        shapes.extend(1u32.to_le_bytes());
        for _ in 0..100_000 {
            // The fourth variant, an empty name, one member.
            for number in [3u32, 0, 1] {
                shapes.extend(number.to_le_bytes());
            }
        }
        assert_eq!(
            host.answer("command_shapes_binary", &shapes).code(),
            "invalid_argument"
        );
    }
}
