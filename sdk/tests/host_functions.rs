//! Host functions on a native target: the guest's functions, and a host's reading of numbers and
//! memory.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex};

use plugin_sdk::imports::{Answer, CallError, HostFunctions, Serve};
use plugin_sdk::{Error, HostScalar, Result, host_functions};

#[derive(Clone, Copy, Debug, PartialEq, HostScalar)]
#[repr(i8)]
enum Level {
    Low = -1,
    High = 1,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Filter {
    name: String,
    at_least: f64,
}

#[host_functions(module = "m", prefix = "all_")]
trait Everything {
    fn nothing();
    fn add(a: i32, b: i64, c: f32, d: f64, e: u8, f: bool) -> f64;
    fn level(level: Level) -> Level;
    fn letter(letter: char) -> char;
    fn reverse(text: &mut [u8]);
    fn halve(samples: &mut [f32]);
    fn digest(data: &[u8], #[out] digest: &mut [u8; 4]);
    fn swap(left: &mut [u8], by: &str, right: &mut [u8]);
    fn sum(numbers: &[u32]) -> u64;
    fn greet(name: &str) -> String;
    fn bytes(data: Vec<u8>) -> Vec<u8>;
    fn find(key: Option<&str>) -> Option<String>;
    fn c_upper(text: &CStr) -> CString;
    #[host(name = "lookup")]
    fn look_up(key: &str) -> Result<Option<String>>;
    #[json]
    fn query(#[json] filter: &Filter, #[json] by_value: Filter) -> Result<BTreeMap<String, f64>>;
    #[host(status)]
    fn set(key: &str, value: &[u8]) -> Result<()>;
    #[host(status(ok = 1))]
    fn count(key: &str) -> Result<u32>;
    #[host(buffer(initial = 4, max = 16, absent = -7))]
    fn fetch(key: &str) -> Result<Option<Vec<u8>>>;
}

#[derive(Default)]
struct Host {
    calls: Vec<String>,
}

impl Everything for Host {
    fn nothing(&mut self) {
        self.calls.push("nothing".to_owned());
    }

    fn add(&mut self, a: i32, b: i64, c: f32, d: f64, e: u8, f: bool) -> f64 {
        f64::from(a) + b as f64 + f64::from(c) + d + f64::from(e) + f64::from(u8::from(f))
    }

    fn level(&mut self, level: Level) -> Level {
        match level {
            Level::Low => Level::High,
            Level::High => Level::Low,
        }
    }

    fn letter(&mut self, letter: char) -> char {
        letter.to_ascii_uppercase()
    }

    fn reverse(&mut self, text: &mut [u8]) {
        text.reverse();
    }

    fn halve(&mut self, samples: &mut [f32]) {
        samples.iter_mut().for_each(|sample| *sample /= 2.0);
    }

    fn digest(&mut self, data: &[u8], digest: &mut [u8; 4]) {
        assert_eq!(*digest, [0; 4], "an #[out] argument begins as zeros");
        *digest = (data.iter().map(|byte| u32::from(*byte)).sum::<u32>()).to_le_bytes();
    }

    fn swap(&mut self, left: &mut [u8], by: &str, right: &mut [u8]) {
        self.calls.push(by.to_owned());
        left.swap_with_slice(right);
    }

    fn sum(&mut self, numbers: &[u32]) -> u64 {
        numbers.iter().map(|number| u64::from(*number)).sum()
    }

    fn greet(&mut self, name: &str) -> String {
        format!("Hello, {name}!")
    }

    fn bytes(&mut self, data: Vec<u8>) -> Vec<u8> {
        data.repeat(2)
    }

    fn find(&mut self, key: Option<&str>) -> Option<String> {
        key.map(str::to_uppercase)
    }

    fn c_upper(&mut self, text: &CStr) -> CString {
        CString::new(text.to_bytes().to_ascii_uppercase()).unwrap()
    }

    fn look_up(&mut self, key: &str) -> Result<Option<String>> {
        match key {
            "bad" => Err(Error::new("closed", "no more today")),
            "none" => Ok(None),
            key => Ok(Some(key.to_owned())),
        }
    }

    fn query(&mut self, filter: &Filter, by_value: Filter) -> Result<BTreeMap<String, f64>> {
        Ok([
            (filter.name.clone(), filter.at_least),
            (by_value.name, by_value.at_least),
        ]
        .into())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        match key {
            "denied" => Err(Error::new("permission_denied", "not you")),
            "strange" => Err(Error::from_status(-77)),
            _ => {
                self.calls.push(format!("{key}={value:?}"));
                Ok(())
            }
        }
    }

    fn count(&mut self, key: &str) -> Result<u32> {
        Ok(key.len() as u32)
    }

    fn fetch(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        match key {
            "none" => Ok(None),
            "bad" => Err(Error::new("unavailable", "")),
            key => Ok(Some(key.as_bytes().to_vec())),
        }
    }
}

#[test]
fn native_calls_go_to_the_installed_implementation() {
    let host = everything::install(Host::default());
    everything::nothing();
    assert_eq!(everything::add(1, 2, 3.0, 4.0, 5, true), 16.0);
    assert_eq!(everything::level(Level::Low), Level::High);
    assert_eq!(everything::letter('a'), 'A');
    let mut samples = [1.0, 3.0];
    everything::halve(&mut samples);
    assert_eq!(samples, [0.5, 1.5]);
    let mut digest = [0; 4];
    everything::digest(&[1, 2, 3], &mut digest);
    assert_eq!(digest, [6, 0, 0, 0]);
    assert_eq!(everything::greet("Ada"), "Hello, Ada!");
    assert_eq!(everything::find(Some("key")).as_deref(), Some("KEY"));
    assert_eq!(everything::find(None), None);
    assert_eq!(everything::look_up("bad").unwrap_err().code(), "closed");
    assert_eq!(everything::look_up("none").unwrap(), None);
    let filter = Filter {
        name: "a".to_owned(),
        at_least: 0.5,
    };
    let found = everything::query(&filter, filter.clone()).unwrap();
    assert_eq!(found["a"], 0.5);
    everything::set("key", b"v").unwrap();
    let denied = everything::set("denied", b"").unwrap_err();
    assert_eq!(denied.code(), "permission_denied");
    assert_ne!(
        denied.message(),
        "not you",
        "a status tells no message, natively as in wasm"
    );
    assert_eq!(everything::set("strange", b"").unwrap_err().status(), -77);
    assert_eq!(everything::fetch("none").unwrap(), None);
    assert_eq!(
        everything::fetch("longer than sixteen").unwrap_err().code(),
        "too_large",
        "natively as in wasm"
    );
    assert_eq!(host.borrow().calls, ["nothing", "key=[118]"]);
}

#[test]
fn without_a_host_calls_fail_or_panic() {
    let error = everything::look_up("a").unwrap_err();
    assert_eq!(error.code(), "unsupported");
    assert!(
        error
            .message()
            .contains("let host = everything::install(…);"),
        "{error}"
    );
    let panic = std::panic::catch_unwind(|| everything::greet("Ada")).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("`everything::greet` was called natively"),
        "{message}"
    );
}

#[test]
fn dropping_an_implementation_restores_the_one_before() {
    struct Named(&'static str);
    #[host_functions(module = "m")]
    trait Names {
        fn name() -> String;
    }
    impl Names for Named {
        fn name(&mut self) -> String {
            self.0.to_owned()
        }
    }
    let outer = names::install(Named("outer"));
    {
        let _inner = names::install(Named("inner"));
        assert_eq!(names::name(), "inner");
    }
    assert_eq!(names::name(), "outer");
    let panicked = std::panic::catch_unwind(|| {
        let _inner = names::install(Named("inner"));
        panic!("while {} is installed", names::name());
    });
    assert!(panicked.is_err());
    assert_eq!(names::name(), "outer");
    let elsewhere = std::thread::spawn(|| std::panic::catch_unwind(names::name).is_err());
    assert!(elsewhere.join().unwrap(), "another thread has no host");
    let late = names::install(Named("late"));
    drop(outer);
    assert_eq!(names::name(), "late", "dropped out of order");
    drop(late);
}

#[test]
fn a_value_can_be_shared() {
    let host = Arc::new(Mutex::new(Host::default()));
    let _installed = everything::install(Arc::clone(&host));
    everything::nothing();
    assert_eq!(host.lock().unwrap().calls, ["nothing"]);
}

/// Aligned like the memory of a guest.
#[repr(align(16))]
struct Memory<const LEN: usize>([u8; LEN]);

fn serve(
    provided: &mut HostFunctions,
    name: &str,
    memory: &mut [u8],
    slots: &[u64],
) -> std::result::Result<Answer, CallError> {
    let function = provided
        .functions()
        .iter()
        .find(|function| function.name == name)
        .unwrap();
    let Serve::Now(serve) = function.serve else {
        panic!("a plain implementation answers at once")
    };
    serve(provided.erased(), memory, slots)
}

#[test]
fn a_host_reads_arguments_from_memory_and_answers() {
    let mut host = everything::provide(Host::default());
    let mut memory = Memory(*b"0123456789abcdef");
    let memory = &mut memory.0[..];
    serve(&mut host, "all_reverse", memory, &[2, 4]).unwrap();
    assert_eq!(memory, b"0154326789abcdef");
    let Answer::Packed { bytes } = serve(&mut host, "all_greet", memory, &[10, 3]).unwrap() else {
        panic!("a string is packed")
    };
    assert_eq!(bytes, b"Hello, abc!");
    assert!(matches!(
        serve(&mut host, "all_find", memory, &[0, 0]).unwrap(),
        Answer::Slot(0)
    ));
    assert!(matches!(
        serve(&mut host, "all_sum", memory, &[16, 0]).unwrap(),
        Answer::Slot(0)
    ));
    assert!(matches!(
        serve(&mut host, "all_set", memory, &[0, 1, 0, 1]).unwrap(),
        Answer::Slot(0)
    ));
    assert!(matches!(
        serve(&mut host, "all_count", memory, &[0, 3]).unwrap(),
        Answer::Slot(3)
    ));
    let Answer::Written {
        bytes,
        address: 5,
        slot: 3,
    } = serve(&mut host, "all_fetch", memory, &[10, 3, 5, 3]).unwrap()
    else {
        panic!("it fits")
    };
    assert_eq!(bytes, b"abc");
    assert!(
        matches!(
            serve(&mut host, "all_fetch", memory, &[10, 3, 5, 2]).unwrap(),
            Answer::Slot(3)
        ),
        "and nothing is written"
    );
    let minus = u64::from((-1i32) as u32);
    assert!(matches!(
        serve(&mut host, "all_level", memory, &[minus]).unwrap(),
        Answer::Slot(1)
    ));
}

#[test]
fn arguments_are_checked_against_memory_before_use() {
    let mut host = everything::provide(Host::default());
    let mut memory = Memory([b'x'; 64]);
    let memory = &mut memory.0[..];
    let high = u64::from(u32::MAX);
    for (name, slots) in [
        ("all_reverse", vec![60, 5]),
        ("all_reverse", vec![high, high]),
        ("all_greet", vec![1, high]),
        ("all_bytes", vec![64, 1]),
        ("all_sum", vec![0, 1 << 30]),
        ("all_digest", vec![0, 0, 61]),
        ("all_c_upper", vec![64]),
        ("all_c_upper", vec![0]),
        ("all_query", vec![0, 65, 0, 0]),
    ] {
        let fault = serve(&mut host, name, memory, &slots).unwrap_err();
        let CallError::Argument { fault, .. } = fault else {
            panic!("{name}: {fault}")
        };
        assert!(
            matches!(
                *fault,
                CallError::OutOfBounds { .. } | CallError::Unterminated { .. }
            ),
            "{name}: {fault}"
        );
    }
    let fault = serve(&mut host, "all_halve", memory, &[2, 1]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the argument `samples`: its address 0x2 is not a multiple of 4"
    );
    let fault = serve(&mut host, "all_swap", memory, &[0, 8, 0, 0, 4, 8]).unwrap_err();
    assert!(matches!(fault, CallError::Overlapping));
    let fault = serve(&mut host, "all_level", memory, &[0]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the argument `level`: 0 is not a value of its type"
    );
    memory[0] = 0xff;
    assert!(
        serve(&mut host, "all_greet", memory, &[0, 4])
            .unwrap_err()
            .to_string()
            .contains("not UTF-8 after byte 0")
    );
    assert!(
        serve(&mut host, "all_query", memory, &[1, 4, 1, 4])
            .unwrap_err()
            .to_string()
            .contains("must be valid JSON")
    );
    // Shared bytes that overlap changed ones are fine, as they are copied.
    serve(&mut host, "all_swap", memory, &[8, 8, 8, 4, 16, 8]).unwrap();
}

#[test]
fn descriptions_have_the_types_of_the_imports() {
    use plugin_sdk::imports::WasmType::{F32, F64, I32, I64};
    let host = everything::provide(Host::default());
    let of = |name: &str| {
        let function = host
            .functions()
            .iter()
            .find(|function| function.name == name)
            .unwrap();
        (
            function.wasm_parameters().collect::<Vec<_>>(),
            function.result,
        )
    };
    assert_eq!(of("all_nothing"), (vec![], None));
    assert_eq!(
        of("all_add"),
        (vec![I32, I64, F32, F64, I32, I32], Some(F64))
    );
    assert_eq!(of("all_digest"), (vec![I32, I32, I32], None));
    assert_eq!(of("lookup"), (vec![I32, I32], Some(I64)));
    assert_eq!(of("all_c_upper"), (vec![I32], Some(I32)));
    assert_eq!(of("all_fetch"), (vec![I32, I32, I32, I32], Some(I32)));
}
