//! [NeoTalk](crate::docs::neotalk).
//!
//! NeoTalk calls `neotalk_init`, `neotalk_command` with a command's name, and `neotalk_get_result`
//! for the JSON result. It offers six functions in the module `env`.

use std::cell::Cell;

use crate::abi::Packed;
use crate::contracts::call::{self, Failed, Reply};
use crate::contracts::forms::{Json, TextOrJson};
use crate::contracts::registry::Codec;
use crate::contracts::services::{Config, Head, Http, Log, Random, Response, Time};
use crate::contracts::shared::{refuse_headers, severity, unsupported as not_there};
use crate::contracts::terms::ContractTerms;
use crate::error::{Error, Result, code};
use crate::guest::Plugin;
use crate::memory::contracts as memory;
use crate::services::logging::level;
use plugin_sdk_macros::host_functions;

/// The functions that NeoTalk offers to plugins.
#[host_functions(module = "env", prefix = "neotalk_")]
pub trait Neotalk {
    /// Writes a log line: 0 debug, 1 information, 2 warning, 3 error.
    fn log(level: u32, message: &[u8]);
    /// Returns the setting under a key, as JSON or plain text; 1 if it is not set, -1 if the buffer
    /// is too small.
    #[host(in_out(initial = 256, max = 16777216, short = -1, absent = 1))]
    fn get_config(key: &str) -> Result<Option<Vec<u8>>>;
    /// Sends a GET request and returns the status of the response; below 0 without a response.
    #[host(status)]
    fn http_get(url: &str) -> Result<u32>;
    /// Sends a POST request and returns the status of the response; below 0 without a response.
    #[host(status)]
    fn http_post(url: &str, body: &[u8]) -> Result<u32>;
    /// Returns the milliseconds since 1970-01-01 00:00 UTC.
    fn now_ms() -> u64;
    /// Returns 32 random bits.
    fn random() -> u32;
}

provided!(Neotalk as neotalk);

/// The contract of a plugin with NeoTalk.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "NeoTalk";

impl Config for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        neotalk::get_config(key)
    }
}

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        refuse_headers(NAME, head)?;
        let status = if head.method.eq_ignore_ascii_case("POST") {
            neotalk::http_post(&head.url, body)
        } else if head.method.eq_ignore_ascii_case("GET") && body.is_empty() {
            neotalk::http_get(&head.url)
        } else {
            return Err(not_there(
                NAME,
                "sends GET requests without a body, and POST requests",
            ));
        };
        response(status)
    }
}

/// Returns the response with a status; NeoTalk reports nothing else.
fn response(status: Result<u32>) -> Result<Response> {
    // All numbers below 0 mean the same.
    let status = status.map_err(|_| {
        Error::new(
            code::UNAVAILABLE,
            "NeoTalk could not send the request, or was not allowed to, and gives no reason",
        )
    })?;
    match u16::try_from(status) {
        Ok(status) => Ok(Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }),
        Err(_) => Err(Error::new(
            code::BAD_ANSWER,
            "NeoTalk answered a request with an invalid status",
        )),
    }
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        level::DEBUG
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let parts = [target.as_bytes(), b": ", message.as_bytes()];
        write_line(severity(level), &parts);
    }
}

/// Writes a log line.
fn write_line(level: u32, parts: &[&[u8]]) {
    neotalk::log(level, &line(parts));
}

/// Returns a line without zero bytes, at which a host in C would end it.
fn line(parts: &[&[u8]]) -> Vec<u8> {
    let mut line = parts.concat();
    for byte in &mut line {
        if *byte == 0 {
            *byte = b' ';
        }
    }
    line
}

impl Time for Contract {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = neotalk::now_ms().saturating_mul(1_000_000);
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        thread_local! {
            static LATEST: Cell<u64> = const { Cell::new(0) };
        }
        // NeoTalk has one clock, which can be set back.
        let latest = LATEST
            .get()
            .max(neotalk::now_ms().saturating_mul(1_000_000));
        LATEST.set(latest);
        *nanoseconds = latest;
        Ok(())
    }
}

impl Random for Contract {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        for chunk in bytes.chunks_mut(4) {
            for (byte, random) in chunk.iter_mut().zip(neotalk::random().to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

unsupported!(Contract at "NeoTalk": Ai, Events, Files, Kv);

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = TextOrJson;
    const HAS_BODIES: bool = false;
    const REPORTS_PANICS: bool = true;

    #[inline]
    fn report_panic(line: &str) {
        write_line(3, &[line.as_bytes()]);
    }
}

thread_local! {
    /// Address and length of the last result, until the next call; `None` before the first call and
    /// after the plugin's life.
    static RESULT: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
}

/// `neotalk_init`: returns 1, or 0 on failure; `neotalk_get_result` then returns the error.
///
/// # Safety
/// Address and length are bytes that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn init<P: Plugin>(config: *mut u8, len: u32) -> u32 {
    // SAFETY: the caller guarantees it.
    let config = unsafe { memory::lent(config, len) };
    match call::init::<P>(config).and_then(|()| call::start()) {
        Ok(()) => {
            forget_result();
            1
        }
        Err(failed) => {
            keep_error(&failed);
            0
        }
    }
}

/// `neotalk_command`: returns 0, or 1 on failure; `neotalk_get_result` returns the result or the
/// error.
///
/// # Safety
/// Both pairs of address and length are bytes that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn command(name: *mut u8, name_len: u32, arguments: *mut u8, len: u32) -> u32 {
    // SAFETY: the caller guarantees it.
    let (name, arguments) = unsafe { (memory::lent(name, name_len), memory::lent(arguments, len)) };
    if let Some(Codec::Raw | Codec::Binary) = call::codec(name) {
        let error = not_there(
            NAME,
            "passes JSON only, and this command takes or returns other bytes",
        );
        keep_error(&error.into());
        return 1;
    }
    call::command(name, arguments, |_, reply| match reply.failed {
        true => {
            keep_json_error(reply.bytes);
            1
        }
        false => {
            memory::keep(Vec::new());
            note_result(&reply);
            0
        }
    })
}

/// `neotalk_get_result`: writes address and length of the result and returns 0, or returns 1
/// without a result.
///
/// # Safety
/// The host lends four bytes at each address for the length of the call.
#[doc(hidden)]
pub unsafe fn get_result(address_out: *mut u8, len_out: *mut u8) -> u32 {
    let Some((address, len)) = RESULT.get() else {
        return 1;
    };
    for (out, number) in [(address_out, address), (len_out, len)] {
        // SAFETY: the caller guarantees the four bytes, which are used before the next four.
        unsafe { memory::lent(out, 4) }.copy_from_slice(&number.to_le_bytes());
    }
    0
}

/// `neotalk_cleanup`: stops the plugin and ends its life.
#[doc(hidden)]
pub fn cleanup<P: Plugin>() {
    if let Err(failed) = call::stop() {
        write_line(3, &[failed.json()]);
    }
    call::cleanup::<P>();
    forget_result();
}

fn note_result(reply: &Reply<'_>) {
    let Packed { address, len, .. } = reply.packed();
    RESULT.set(Some((address, len)));
}

fn forget_result() {
    memory::keep(Vec::new());
    RESULT.set(None);
}

fn keep_error(failed: &Failed) {
    keep_json_error(failed.json());
}

/// Keeps an error for the host in NeoTalk's form: `{"error": message, "code", "details"?,
/// "source"?}`.
fn keep_json_error(error: &[u8]) {
    memory::keep(renamed(error));
    memory::kept(|bytes| {
        note_result(&Reply {
            failed: false,
            bytes,
        });
    });
}

/// Renames the member `message` of an error to `error`. The text begins with the code, a string,
/// followed by the message.
fn renamed(error: &[u8]) -> Vec<u8> {
    const MESSAGE: &[u8] = b",\"message\":";
    // JSON escapes the quotes in a string, so this cannot be part of the code.
    let found = error
        .windows(MESSAGE.len())
        .position(|window| window == MESSAGE);
    let parts = found.and_then(|at| {
        let (code, rest) = error.split_at_checked(at)?;
        Some((code, rest.strip_prefix(MESSAGE)?))
    });
    match parts {
        Some((code, rest)) => [code, b",\"error\":", rest].concat(),
        None => error.to_vec(),
    }
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __neotalk_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__exports! {
            "neotalk_init" => neotalk::init<$plugin>(config: *mut u8, len: u32) -> u32;
            "neotalk_command" => neotalk::command(
                name: *mut u8, name_len: u32, arguments: *mut u8, len: u32
            ) -> u32;
            "neotalk_get_result" => neotalk::get_result(address: *mut u8, len: *mut u8) -> u32;
            "neotalk_cleanup" => neotalk::cleanup<$plugin>();
        }
        $crate::__memory_exports! { $plugin, "neotalk_alloc", "neotalk_free", _size }
    };
}

#[doc(hidden)]
pub use crate::{
    __announce_hook as export_hook, __announce_undescribed_command as export_command,
    __neotalk_plugin as export_plugin, __not_exported as export_batch,
    __not_exported as export_state, __panic_record as export_record,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::forms::ValueForm as _;

    #[test]
    fn an_errors_message_is_under_error() {
        let error = Error::new("a\",\"message\":", "b").with_details(&[1]);
        let renamed: serde_json::Value =
            serde_json::from_slice(&renamed(&error.to_json())).unwrap();
        assert_eq!(
            renamed,
            serde_json::json!({"code": "a\",\"message\":", "error": "b", "details": [1]})
        );
    }

    #[test]
    fn zero_bytes_do_not_end_a_log_line() {
        assert_eq!(line(&[b"a", b": ", b"b\0c"]), b"a: b c");
    }

    #[test]
    fn only_a_status_is_a_response() {
        assert_eq!(response(Ok(404)).unwrap().status, 404);
        let failed = response(Err(Error::from_status(-1))).unwrap_err();
        assert_eq!(failed.code(), "unavailable");
        assert_eq!(response(Ok(1 << 16)).unwrap_err().code(), "bad_answer");
    }

    #[test]
    fn settings_are_json_or_plain_text() {
        for (set, read) in [
            ("new-key", "new-key"),
            (r#""new-key""#, "new-key"),
            ("1234", "1234"),
        ] {
            let setting: String = TextOrJson::read(set.as_bytes(), "api_key").unwrap();
            assert_eq!(setting, read);
        }
        assert_eq!(TextOrJson::read::<u32>(b"1234", "most").unwrap(), 1234);
    }

    #[test]
    fn services_use_neotalks_functions() {
        struct Clock(Vec<u64>);
        impl Neotalk for Clock {
            fn log(&mut self, _: u32, _: &[u8]) {}
            fn get_config(&mut self, _: &str) -> Result<Option<Vec<u8>>> {
                Ok(None)
            }
            fn http_get(&mut self, _: &str) -> Result<u32> {
                Ok(200)
            }
            fn http_post(&mut self, _: &str, _: &[u8]) -> Result<u32> {
                Ok(201)
            }
            fn now_ms(&mut self) -> u64 {
                self.0.remove(0)
            }
            fn random(&mut self) -> u32 {
                0x0403_0201
            }
        }
        let _host = neotalk::install(Clock(vec![5, 7, 6, 8]));
        let (mut now, mut moments) = (0, [0; 3]);
        Contract.now(&mut now).unwrap();
        for moment in &mut moments {
            Contract.monotonic(moment).unwrap();
        }
        assert_eq!(now, 5_000_000);
        assert_eq!(moments, [7_000_000, 7_000_000, 8_000_000]);
        let mut bytes = [0; 6];
        Contract.fill(&mut bytes).unwrap();
        assert_eq!(bytes, [1, 2, 3, 4, 1, 2]);
        let head = |method: &str, headers| Head {
            method: method.to_owned(),
            url: "http://example.org".to_owned(),
            headers,
            timeout_ms: None,
        };
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        assert_eq!(
            Contract.send(&head("GET", vec![]), b"").unwrap().status,
            200
        );
        assert_eq!(
            Contract
                .send(&head("POST", vec![json]), b"{}")
                .unwrap()
                .status,
            201
        );
        let accept = ("accept".to_owned(), "text/html".to_owned());
        for (head, body) in [
            (head("PUT", vec![]), &b""[..]),
            (head("GET", vec![]), b"body"),
            (head("GET", vec![accept]), b""),
        ] {
            assert_eq!(
                Contract.send(&head, body).unwrap_err().code(),
                "unsupported"
            );
        }
    }
}
