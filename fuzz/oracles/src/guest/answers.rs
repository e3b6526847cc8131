//! A hostile host: answers of every form to host functions of every convention.
//!
//! An input is a list of calls. Its host answers with bytes and numbers from the input, writes to
//! all memory that it gets, and does not care which form a function expects. A function that
//! returns a `Result` must never panic; what it returns must follow from the answer.

use std::collections::BTreeMap;

use plugin_sdk::imports::{Answer, Block};
use plugin_sdk::native::{Ending, Host, Import, within};
use plugin_sdk::{Error, Result, host_functions};

use crate::Verdict;
use crate::bytes::Bytes;
use crate::expected_panic::expected_panic;
use crate::verdict::ensure;

/// The most calls of an input.
const MAX_CALLS: usize = 16;

/// The largest result that functions with a buffer accept.
const MAX_RESULT: usize = 4096;

/// The most host calls that one function makes: a first one, and one for each larger buffer.
const MAX_TRIES: usize = 17;

/// An answer of one byte, which every function for bytes takes.
const TAKEN: [u8; 5] = [0, 2, 1, 1, 0];

/// Host functions of every convention.
#[host_functions(module = "hostile")]
pub trait Everything {
    /// Returns nothing.
    fn nothing();
    /// Returns a number that not every number of its WebAssembly type is.
    fn narrow() -> u8;
    /// Returns one of two values.
    fn flag() -> bool;
    /// Returns a character.
    fn letter() -> char;
    /// Returns a number.
    fn wide() -> u64;
    /// Returns text, without a way to return an error.
    fn text() -> Option<String>;
    /// Returns NUL-terminated text.
    fn terminated() -> Option<std::ffi::CString>;
    /// Returns a block.
    fn block() -> Option<Block>;
    /// Returns bytes or an error.
    fn bytes(argument: &[u8]) -> Result<Vec<u8>>;
    /// Returns optional text or an error.
    fn lookup(key: &str) -> Result<Option<String>>;
    /// Returns a number as JSON, or an error.
    fn number() -> Result<f64>;
    /// Returns JSON or an error.
    #[json]
    fn map() -> Result<BTreeMap<String, Vec<bool>>>;
    /// Returns a status.
    #[host(status)]
    fn status() -> Result<u32>;
    /// Returns a status that is 1 for success.
    #[host(status(ok = 1))]
    fn success() -> Result<()>;
    /// Fills a buffer, and returns the size that it needs.
    #[host(buffer(initial = 4, max = 4096, absent = -7))]
    fn needed() -> Result<Option<Vec<u8>>>;
    /// Fills a buffer, and returns the negated size that it needs.
    #[host(buffer(initial = 8, max = 4096, short = "negated"))]
    fn negated() -> Result<Vec<u8>>;
    /// Fills a buffer, and reports nothing else.
    #[host(buffer(initial = 4, max = 4096, short = "truncated"))]
    fn truncated() -> Result<Vec<u8>>;
    /// Fills a buffer whose size is in memory.
    #[host(in_out(initial = 4, max = 4096, short = -1, absent = -7))]
    fn in_out() -> Result<Option<Vec<u8>>>;
    /// Changes arguments in place.
    #[host(status)]
    fn change(numbers: &mut [u16], #[out] digest: &mut [u8; 16]) -> Result<()>;
}

/// The host. It answers from the rest of the input.
#[derive(Default)]
struct Hostile {
    input: Vec<u8>,
    at: usize,
    tries: usize,
    /// The last answer, if it was a packed result: the bytes, and whether they are an error.
    packed: Option<(Vec<u8>, bool)>,
    /// The last bytes in memory from the guest's `alloc`, which a later number may refer to.
    delivered: Vec<u8>,
}

impl Host for Hostile {
    fn call(
        &mut self,
        _: &'static Import,
        memory: &mut [u8],
        slots: &[u64],
    ) -> std::result::Result<Answer, Ending> {
        self.tries += 1;
        let rest = self.input.get(self.at..).unwrap_or_default();
        let mut bytes = Bytes::new(rest);
        if bytes.below(4) == 3 {
            let fill = bytes.byte();
            memory.fill(fill);
        }
        let answer = answer(&mut bytes, slots);
        self.at = self.input.len() - bytes.rest().len();
        self.packed = None;
        match &answer {
            Answer::Packed { bytes } | Answer::PackedError { bytes } => {
                let failed = matches!(answer, Answer::PackedError { .. });
                self.packed = Some((bytes.clone(), failed));
                self.delivered.clone_from(bytes);
            }
            Answer::Terminated { bytes } | Answer::Block { bytes } => {
                self.delivered.clone_from(bytes);
            }
            _ => {}
        }
        Ok(answer)
    }
}

/// Chooses an answer. Its addresses are often those that the guest passed.
fn answer(bytes: &mut Bytes<'_>, slots: &[u64]) -> Answer {
    match bytes.below(8) {
        0 => Answer::Slot(bytes.word()),
        1 => Answer::Slot(i64::from(bytes.byte() as i8).cast_unsigned()),
        2 | 3 if bytes.below(4) == 0 => Answer::PackedError {
            bytes: bytes.short().to_vec(),
        },
        2 | 3 => Answer::Packed {
            bytes: bytes.short().to_vec(),
        },
        4 => Answer::Terminated {
            bytes: bytes.short().to_vec(),
        },
        5 => Answer::Block {
            bytes: bytes.short().to_vec(),
        },
        6 => Answer::Written {
            address: address(bytes, slots),
            slot: u64::from(bytes.byte()),
            bytes: bytes.short().to_vec(),
        },
        _ => Answer::InOut {
            address: address(bytes, slots),
            size: address(bytes, slots),
            short: i32::from(bytes.byte() as i8),
            bytes: bytes.short().to_vec(),
        },
    }
}

fn address(bytes: &mut Bytes<'_>, slots: &[u64]) -> u32 {
    match bytes.below(3) {
        2 => bytes.word() as u32,
        nth => slots.iter().nth_back(nth).map_or(0, |slot| *slot as u32),
    }
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let mut first = Hostile {
        input: TAKEN.to_vec(),
        ..Hostile::default()
    };
    // Takes bytes that an earlier input has left behind.
    let _ = within(&mut first, || everything::bytes(b""));
    let mut host = Hostile {
        input: input.to_vec(),
        ..Hostile::default()
    };
    for _ in 0..MAX_CALLS {
        let Some(selector) = host.input.get(host.at).copied() else {
            break;
        };
        host.at += 1;
        host.tries = 0;
        call(&mut host, selector)?;
        let tries = host.tries;
        ensure!(tries <= MAX_TRIES, "one function made {tries} host calls");
    }
    Ok(())
}

/// Calls one function and checks its result.
fn call(host: &mut Hostile, selector: u8) -> Verdict {
    match selector % 24 {
        0 => without_error(host, everything::nothing).map(drop),
        1 => without_error(host, everything::narrow).map(drop),
        2 => without_error(host, everything::flag).map(drop),
        3 => without_error(host, everything::letter).map(drop),
        4 => within_host(host, everything::wide).map(drop),
        5 => without_error(host, everything::text).map(drop),
        6 => without_error(host, everything::terminated).map(drop),
        7 => without_error(host, everything::block).map(drop),
        8 => {
            let result = within_host(host, || everything::bytes(b"argument"))?;
            follows(host, result)
        }
        9 => {
            let result = within_host(host, || everything::lookup("key"))?;
            follows(
                host,
                result.map(|text| text.unwrap_or_default().into_bytes()),
            )
        }
        10 => passed_on(within_host(host, everything::number)?),
        11 => passed_on(within_host(host, everything::map)?),
        12 => passed_on(within_host(host, everything::status)?),
        13 => passed_on(within_host(host, everything::success)?),
        14 => bounded(within_host(host, everything::needed)?.map(Option::unwrap_or_default)),
        15 => bounded(within_host(host, everything::negated)?),
        16 => bounded(within_host(host, everything::truncated)?),
        17 => bounded(within_host(host, everything::in_out)?.map(Option::unwrap_or_default)),
        18 => {
            let (mut numbers, mut digest) = ([1, 2, 3], [0; 16]);
            passed_on(within_host(host, || {
                everything::change(&mut numbers, &mut digest)
            })?)
        }
        _ => services(host, selector / 24),
    }
}

/// Calls a service of the SDK.
fn services(host: &mut Hostile, selector: u8) -> Verdict {
    use plugin_sdk::{ai, config, events, files, http, kv, random, time};

    match selector {
        0 => passed_on(within_host(host, || kv::get::<Vec<String>>("key"))?),
        1 => passed_on(within_host(host, || kv::list("prefix"))?),
        2 => passed_on(within_host(host, || kv::delete("key"))?),
        3 => passed_on(within_host(host, || http::get("https://example.com"))?.map(drop)),
        4 => passed_on(within_host(host, || files::list("."))?.map(drop)),
        5 => passed_on(within_host(host, || files::read_to_string("file"))?),
        6 => passed_on(within_host(host, || ai::chat("question"))?.map(drop)),
        7 => passed_on(within_host(host, || config::get::<f64>("key"))?),
        8 => passed_on(within_host(host, || events::emit("topic", &1))?),
        9 => passed_on(within_host(host, random::bytes::<12>)?),
        _ => passed_on(within_host(host, time::now)?),
    }
}

/// Makes a call that must not panic.
fn within_host<R>(host: &mut Hostile, call: impl FnOnce() -> R) -> std::result::Result<R, String> {
    expected_panic(|| within(host, call))
        .map_err(|message| format!("a function that can return an error panicked: {message}"))
}

/// Makes a call that can only panic if the answer is wrong.
fn without_error<R>(
    host: &mut Hostile,
    call: impl FnOnce() -> R,
) -> std::result::Result<Option<R>, String> {
    match expected_panic(|| within(host, call)) {
        Ok(value) => Ok(Some(value)),
        Err(message) if message.contains("the host returned") => Ok(None),
        Err(message) => Err(format!("the panic does not name the host: {message}")),
    }
}

/// Checks that a plugin can pass an error on.
fn passed_on<T>(result: Result<T>) -> Verdict {
    match result {
        Err(error) => same(&error, Error::from_json(&error.to_json())),
        Ok(_) => Ok(()),
    }
}

fn same(error: &Error, again: Option<Error>) -> Verdict {
    let parts = |error: &Error| (error.code().to_owned(), error.message().to_owned());
    let (error, again) = (parts(error), again.as_ref().map(parts));
    ensure!(
        again.as_ref() == Some(&error),
        "{error:?} is passed on as {again:?}"
    );
    Ok(())
}

fn bounded(result: Result<Vec<u8>>) -> Verdict {
    let len = result.as_ref().map_or(0, Vec::len);
    ensure!(
        len <= MAX_RESULT,
        "{len} bytes are more than the function accepts"
    );
    passed_on(result)
}

/// Checks that a result is the bytes of the answer, or an error.
fn follows(host: &Hostile, result: Result<Vec<u8>>) -> Verdict {
    match (result, &host.packed) {
        (Ok(bytes), Some((answered, false))) => {
            ensure!(bytes == *answered, "{answered:?} became {bytes:?}");
            Ok(())
        }
        (Ok(bytes), Some((_, true))) => Err(format!("an error became the result {bytes:?}")),
        (Ok(bytes), None) => {
            let delivered = &host.delivered;
            ensure!(
                delivered.starts_with(&bytes),
                "{delivered:?} became {bytes:?}"
            );
            Ok(())
        }
        (Err(error), Some((answered, false))) => {
            let is_text = std::str::from_utf8(answered).is_ok();
            ensure!(!is_text, "{answered:?} became the error {error}");
            passed_on::<()>(Err(error))
        }
        (Err(error), _) => passed_on::<()>(Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(bytes: &[u8], failed: bool) -> Hostile {
        Hostile {
            packed: Some((bytes.to_vec(), failed)),
            ..Hostile::default()
        }
    }

    fn refused() -> Error {
        Error::new("refused", "no")
    }

    #[test]
    fn a_result_that_does_not_follow_from_the_answer_is_noticed() {
        let (bytes, error) = (answered(b"ab", false), answered(b"{}", true));
        assert_eq!(follows(&bytes, Ok(b"ab".to_vec())), Ok(()));
        assert!(follows(&bytes, Ok(b"abc".to_vec())).is_err());
        assert!(follows(&bytes, Err(refused())).is_err());
        assert!(follows(&error, Ok(Vec::new())).is_err());
        assert_eq!(follows(&error, Err(refused())), Ok(()));
        assert!(follows(&Hostile::default(), Ok(vec![1])).is_err());
    }

    #[test]
    fn a_panic_of_a_function_with_errors_is_noticed() {
        let mut host = Hostile::default();
        assert!(within_host(&mut host, || panic!("index out of bounds")).is_err());
        assert!(without_error(&mut host, || panic!("index out of bounds")).is_err());
        let specified = || panic!("the host returned a number that is not a value");
        assert_eq!(without_error::<()>(&mut host, specified), Ok(None));
    }

    #[test]
    fn errors_that_change_and_large_results_are_noticed() {
        assert_eq!(same(&refused(), Some(refused())), Ok(()));
        assert!(same(&refused(), Some(Error::new("refused", "yes"))).is_err());
        assert!(same(&refused(), None).is_err());
        assert!(bounded(Ok(vec![0; MAX_RESULT + 1])).is_err());
    }

    #[test]
    fn answers_reach_the_functions() {
        // `bytes`, and an answer of two bytes.
        let input = [8, 0, 2, 1, 2, b'o', b'k'];
        let mut host = Hostile {
            input: input.to_vec(),
            at: 1,
            ..Hostile::default()
        };
        let result = within_host(&mut host, || everything::bytes(b"")).map(Result::ok);
        assert_eq!(result, Ok(Some(b"ok".to_vec())));
    }
}
