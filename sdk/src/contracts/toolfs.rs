//! [ToolFS](crate::docs::toolfs), which runs a plugin's operations on requests.
//!
//! A request is `{"operation", "path"?, "data"?, "options"?}` and a response `{"success",
//! "result"?, "error"?, "metadata"?}`, the JSON of ToolFS's own types. An operation is a command;
//! its arguments are `path` and the members of `data` and `options`. The only service of the host
//! is files, with paths below `/toolfs`.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::contracts::call;
use crate::contracts::forms::Json;
use crate::contracts::registry::Codec;
use crate::contracts::services::{Entry, Files};
use crate::contracts::shared::unsupported as not_there;
use crate::contracts::terms::ContractTerms;
use crate::decode_error::DecodeError;
use crate::error::{Error, Result, code};
use crate::guest::Plugin;
use crate::json::{self, Arena, Reader, object};
use crate::memory::contracts as memory;
use plugin_sdk_macros::host_functions;

/// The functions that ToolFS offers to plugins, with paths such as `/toolfs/data/words.txt`.
/// Entries of a folder are in alphabetical order.
#[host_functions(module = "toolfs", permission = "files")]
pub trait ToolFs {
    /// Returns the contents of a file.
    fn read_file(path: &str) -> Result<Vec<u8>>;
    /// Creates or replaces a file.
    fn write_file(path: &str, data: &[u8]) -> Result<()>;
    /// Returns the names of the entries of a folder.
    #[json]
    fn list_dir(path: &str) -> Result<Vec<String>>;
    /// Returns the metadata of a file or a folder.
    #[json]
    fn stat(path: &str) -> Result<FileInfo>;
}

provided!(ToolFs as tool_fs);

/// The metadata of a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// The size in bytes.
    pub size: u64,
    /// `true` for a folder.
    pub is_dir: bool,
}

/// The root of all paths in ToolFS.
pub const ROOT: &str = "/toolfs";

/// The contract of a plugin with ToolFS.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "ToolFS";

impl Files for Contract {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        tool_fs::read_file(&virtual_path(path))
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        tool_fs::write_file(&virtual_path(path), contents)
    }

    fn remove(&mut self, _: &str) -> Result<()> {
        Err(not_there(NAME, "removes no files for plugins"))
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        let folder = virtual_path(path);
        let mut entries = Vec::new();
        for name in tool_fs::list_dir(&folder)? {
            match tool_fs::stat(&[&*folder, "/", &name].concat()) {
                Ok(info) => entries.push(Entry {
                    name,
                    folder: info.is_dir,
                    bytes: if info.is_dir { 0 } else { info.size },
                }),
                // Removed in the meantime.
                Err(error) if error.code() == code::NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        Ok(entries)
    }
}

unsupported!(Contract at "ToolFS": Ai, Config, Events, Http, Kv, Log, Random, Time);

/// Maps a plugin's path to ToolFS. ToolFS itself judges absolute paths.
fn virtual_path(path: &str) -> Cow<'_, str> {
    match path {
        "" => ROOT.into(),
        absolute if absolute.starts_with('/') => absolute.into(),
        relative => [ROOT, "/", relative].concat().into(),
    }
}

/// Maps a path of ToolFS to the form on every other host: without the root.
fn plugin_path(path: &str) -> &str {
    match path.strip_prefix(ROOT) {
        Some("") => "",
        Some(rest) => rest.strip_prefix('/').unwrap_or(path),
        None => path,
    }
}

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;
}

/// `PluginInstance`: returns 1, for the one plugin of the module.
#[doc(hidden)]
pub fn plugin_instance() -> u32 {
    1
}

/// `init`: returns 0, or the response with the error if the plugin could not be made.
///
/// # Safety
/// Address and length are bytes that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn init<P: Plugin>(config: *mut u8, len: u32) -> u64 {
    // SAFETY: the caller guarantees it.
    let config = unsafe { memory::lent(config, len) };
    match call::init::<P>(config) {
        Ok(()) => 0,
        Err(failed) => answer(failure(failed.json())),
    }
}

/// `execute`: returns the response to a request.
///
/// # Safety
/// The same as for [`init`].
#[doc(hidden)]
pub unsafe fn execute(request: *mut u8, len: u32) -> u64 {
    // SAFETY: the caller guarantees it.
    let request = unsafe { memory::lent(request, len) };
    answer(respond(request))
}

/// Keeps a response for the host until the next call.
fn answer(response: Vec<u8>) -> u64 {
    memory::keep(response);
    memory::kept(packed)
}

/// Packs address and length of bytes that stay where they are.
#[doc(hidden)]
pub fn packed(bytes: &[u8]) -> u64 {
    let address = bytes.as_ptr().addr() as u32;
    (u64::from(address) << 32) | bytes.len() as u64
}

/// Returns the plugin's response to a request.
fn respond(request: &[u8]) -> Vec<u8> {
    let arena = Arena::new();
    let run = |request: &Request<'_>| {
        let operation = request.operation.as_bytes();
        let plain = matches!(call::codec(operation), Some(Codec::Raw | Codec::Binary));
        let mut arguments = match plain {
            true => request.bytes()?,
            false => request.arguments(),
        };
        Ok(call::command(operation, &mut arguments, |_, reply| {
            match (reply.failed, plain) {
                (true, _) => failure(reply.bytes),
                (false, true) => success(|result| base64::encode(reply.bytes, result)),
                // Go omits a nil result.
                (false, false) if reply.bytes == b"null" => b"{\"success\":true}".to_vec(),
                (false, false) => success(|result| {
                    result.reserve(reply.bytes.len() + 1);
                    result.extend_from_slice(reply.bytes)
                }),
            }
        }))
    };
    Request::read(request, &arena)
        .and_then(|request| run(&request))
        .unwrap_or_else(|error| failure(&error.to_json()))
}

fn success(result: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    object(|response| {
        response.json("success", b"true");
        result(response.key("result"));
    })
}

/// Returns an error of ABI 1 as a response: its message is the response's error, and its other
/// members are the metadata.
fn failure(error: &[u8]) -> Vec<u8> {
    let arena = Arena::new();
    let mut message = "\"\"";
    let mut read = Ok(());
    let metadata = object(|metadata| {
        read = json::members(error, &arena, |name, value| {
            match name {
                "message" => message = value,
                _ => metadata.json(name, value.as_bytes()),
            }
            Ok(())
        });
    });
    if read.is_err() {
        message = "\"the plugin's error is not readable\"";
    }
    object(|response| {
        response.json("success", b"false");
        response.json("error", message.as_bytes());
        response.json("metadata", &metadata);
    })
}

/// A request of ToolFS.
#[derive(Default)]
struct Request<'a> {
    operation: &'a str,
    path: Option<&'a str>,
    /// The members of `data` and `options`, in the order of the request, each with its value as it is
    /// there.
    arguments: Vec<(&'a str, &'a str)>,
}

/// The members that ToolFS adds to the data of its own requests: the parts of `path`, and the
/// session.
const ADDED: [&str; 3] = ["relative_path", "full_path", "session_id"];

/// The member of `data` for a command that takes plain bytes.
const BYTES: &str = "bytes";

impl<'a> Request<'a> {
    fn read(text: &'a [u8], arena: &'a Arena) -> Result<Self> {
        let mut request = Request::default();
        let (mut operation, mut data, mut options) = (None, false, false);
        let mut reader = Reader::new(text, arena);
        let members = reader.members(|reader, name| {
            let fault = |message| Err(DecodeError::custom(message).in_member(name));
            const TWICE: &str = "is given twice";
            let (is_given, added) = match name {
                "data" => (&mut data, &ADDED[..]),
                "options" => (&mut options, &[][..]),
                _ => {
                    let value = reader.raw()?;
                    let place = match name {
                        "operation" => &mut operation,
                        "path" => &mut request.path,
                        _ => {
                            return fault(
                                "a request has `operation`, `path`, `data` and `options`, and nothing else",
                            );
                        }
                    };
                    if place.is_some() {
                        return fault(TWICE);
                    }
                    // Go writes nil as `null`.
                    if value != "null" {
                        let text = json::read(value.as_bytes(), arena);
                        *place = Some(text.map_err(|fault| fault.in_member(name))?);
                    }
                    return Ok(());
                }
            };
            if *is_given || !reader.is_object() {
                return match reader.raw()? {
                    _ if *is_given => fault(TWICE),
                    "null" => Ok(()),
                    _ => fault("expected an object"),
                };
            }
            *is_given = true;
            reader.members(|reader, name| {
                let value = reader.raw()?;
                if !added.contains(&name) {
                    request.arguments.push((name, value));
                }
                Ok(())
            })
        });
        let members = members.and_then(|()| reader.end());
        members.map_err(|fault| fault.into_error(REQUEST))?;
        request.operation = operation
            .ok_or_else(|| Error::new(code::MISSING_ARGUMENT, "the request has no `operation`"))?;
        Ok(request)
    }

    /// Returns the arguments of a command, each as it was given.
    fn arguments(&self) -> Vec<u8> {
        object(|arguments| {
            if let Some(path) = self.path {
                arguments.string("path", plugin_path(path));
            }
            for (name, value) in &self.arguments {
                arguments.json(name, value.as_bytes());
            }
        })
    }

    /// Returns the input of a command that takes plain bytes.
    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = None;
        for (name, value) in &self.arguments {
            let fault = match (*name, &bytes) {
                (BYTES, None) => match decoded(value) {
                    Ok(decoded) => {
                        bytes = Some(decoded);
                        continue;
                    }
                    Err(fault) => fault,
                },
                (BYTES, Some(_)) => DecodeError::custom("is given twice"),
                _ => DecodeError::custom("the command takes nothing but `bytes`, in base64"),
            };
            return Err(fault.in_member(name).into_error(REQUEST));
        }
        Ok(bytes.unwrap_or_default())
    }
}

/// Returns the bytes of a JSON string in base64.
fn decoded(value: &str) -> Result<Vec<u8>, DecodeError> {
    let arena = Arena::new();
    let text: Cow<'_, str> = json::read(value.as_bytes(), &arena)?;
    base64::decode(&text).ok_or_else(|| DecodeError::custom("expected base64"))
}

/// The name of a request in messages.
const REQUEST: &str = "the request's members";

/// Bytes in JSON, as Go writes and reads them.
#[doc(hidden)]
pub mod base64 {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// Appends bytes as a JSON string.
    pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len().div_ceil(3) * 4 + 2);
        out.push(b'"');
        for three in bytes.chunks(3) {
            let at = |nth: usize| u32::from(three.get(nth).copied().unwrap_or(0));
            let bits = at(0) << 16 | at(1) << 8 | at(2);
            for nth in 0..4 {
                let digit = bits >> (18 - 6 * nth) & 63;
                out.push(match nth <= three.len() {
                    true => DIGITS.get(digit as usize).copied().unwrap_or(b'='),
                    false => b'=',
                });
            }
        }
        out.push(b'"');
    }

    /// Returns the bytes of padded base64; `None` if it is invalid.
    pub fn decode(text: &str) -> Option<Vec<u8>> {
        let text = text.as_bytes();
        let padding = text
            .iter()
            .rev()
            .take(2)
            .take_while(|c| **c == b'=')
            .count();
        let (digits, _) = text.split_at(text.len() - padding);
        if !text.len().is_multiple_of(4) {
            return None;
        }
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        for four in digits.chunks(4) {
            let mut bits = 0;
            for nth in 0..4 {
                let digit = match four.get(nth) {
                    Some(digit) => value(*digit)?,
                    None => 0,
                };
                bits = bits << 6 | digit;
            }
            let [_, three @ ..] = bits.to_be_bytes();
            bytes.extend(three.iter().take(four.len() - 1));
        }
        Some(bytes)
    }

    fn value(digit: u8) -> Option<u32> {
        Some(u32::from(match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        }))
    }
}

/// Defines the exports of every plugin for ToolFS.
#[doc(hidden)]
#[macro_export]
macro_rules! __toolfs_plugin {
    ($plugin:ty, $identity:tt) => {
        const IDENTITY: $crate::__private::manifest::Identity = $identity;

        #[unsafe(export_name = "name")]
        extern "C" fn name() -> ::core::primitive::u64 {
            $crate::contracts::toolfs::packed(IDENTITY.id.as_bytes())
        }

        #[unsafe(export_name = "version")]
        extern "C" fn version() -> ::core::primitive::u64 {
            $crate::contracts::toolfs::packed(IDENTITY.version.as_bytes())
        }

        $crate::__exports! {
            "PluginInstance" => toolfs::plugin_instance() -> u32;
            "init" => toolfs::init<$plugin>(config: *mut u8, len: u32) -> u64;
            "execute" => toolfs::execute(request: *mut u8, len: u32) -> u64;
        }
        $crate::__memory_exports! { $plugin, "alloc", "free", _size }
    };
}

// ToolFS neither starts nor stops plugins, and has no events: it calls no hook.
#[doc(hidden)]
pub use crate::{
    __announce_undescribed_command as export_command, __not_exported as export_batch,
    __not_exported as export_hook, __not_exported as export_state, __panic_record as export_record,
    __toolfs_plugin as export_plugin,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(request: &str) -> String {
        let arena = Arena::new();
        let arguments = Request::read(request.as_bytes(), &arena)
            .unwrap()
            .arguments();
        String::from_utf8(arguments).unwrap()
    }

    fn refused(request: &str) -> (String, String) {
        let arena = Arena::new();
        let read = Request::read(request.as_bytes(), &arena);
        let error = read.and_then(|request| request.bytes()).unwrap_err();
        (error.code().to_owned(), error.message().to_owned())
    }

    #[test]
    fn arguments_are_path_and_members_of_data_and_options() {
        for (request, expected) in [
            (r#"{"operation": "list"}"#, "{}"),
            (
                r#"{"operation": "search", "data": {"query": "a\"b", "top": [1, {"x": null}]}}"#,
                r#"{"query":"a\"b","top":[1, {"x": null}]}"#,
            ),
            (
                r#"{"options": {"a b": 1.50}, "path": "/toolfs/data/é.txt", "operation": "x", "data": { } }"#,
                r#"{"path":"data/é.txt","a b":1.50}"#,
            ),
            (
                r#"{"operation": "x", "path": null, "data": null, "options": {"deep": true}}"#,
                r#"{"deep":true}"#,
            ),
            (
                r#"{"operation": "read_file", "path": "/toolfs/rag/x", "data": {"relative_path": "/x", "full_path": "/toolfs/rag/x", "input": "i"}}"#,
                r#"{"path":"rag/x","input":"i"}"#,
            ),
        ] {
            assert_eq!(arguments(request), expected, "{request}");
        }
    }

    #[test]
    fn a_malformed_request_gets_a_specific_error() {
        for (request, code, message) in [
            ("", "invalid_json", "at byte 0"),
            ("[]", "invalid_json", "expected an object"),
            (
                r#"{"operation": "x"} x"#,
                "invalid_json",
                "nothing more at byte 19",
            ),
            (r#"{"path": "x"}"#, "missing_argument", "no `operation`"),
            (r#"{"operation": 5}"#, "invalid_argument", "`operation`"),
            (
                r#"{"operation": "x", "data": []}"#,
                "invalid_argument",
                "`data`: expected an object",
            ),
            (
                r#"{"operation": "x", "option": {}}"#,
                "invalid_argument",
                "`option`: a request has",
            ),
            (
                r#"{"operation": "x", "data": {}, "data": {}}"#,
                "invalid_argument",
                "`data`: is given twice",
            ),
            (
                r#"{"operation": "x", "data": {"bytes": "A"}}"#,
                "invalid_argument",
                "`bytes`: expected base64",
            ),
            (
                r#"{"operation": "x", "data": {"bytes": "AAAA"}, "options": {"bytes": "AAAA"}}"#,
                "invalid_argument",
                "twice",
            ),
            (
                r#"{"operation": "x", "data": {"text": "A"}}"#,
                "invalid_argument",
                "nothing but `bytes`",
            ),
        ] {
            let (found, words) = refused(request);
            assert_eq!(found, code, "{request}: {words}");
            assert!(words.contains(message), "{request}: {words}");
        }
    }

    #[test]
    fn an_errors_other_members_become_metadata() {
        let error = Error::new("not_found", "there is no \"x\"")
            .with_details(&[1])
            .context("so");
        let response = failure(&error.to_json());
        let expected = r#"{"success":false,"error":"so","metadata":{"code":"not_found","details":[1],"source":["there is no \"x\""]}}"#;
        assert_eq!(String::from_utf8(response).unwrap(), expected);
    }

    #[test]
    fn an_unknown_command_is_an_error() {
        let response = respond(br#"{"operation": "fly"}"#);
        let response = String::from_utf8(response).unwrap();
        assert!(
            response.starts_with(r#"{"success":false,"error":"#),
            "{response}"
        );
        assert!(
            response.contains(r#""code":"unknown_command""#),
            "{response}"
        );
    }

    #[test]
    fn base64_survives_a_round_trip() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("?>~\u{ff}", "Pz5+w78="),
        ] {
            let mut encoded = Vec::new();
            base64::encode(bytes.as_bytes(), &mut encoded);
            assert_eq!(encoded, format!("\"{text}\"").as_bytes());
            assert_eq!(base64::decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        for wrong in ["Z", "Zg=", "Zg", "====", "Z===", "Zm9v\n", "Zm-v", "=Zm9"] {
            assert_eq!(base64::decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_have_the_root_in_toolfs_only() {
        for (plugins, toolfs) in [
            ("", "/toolfs"),
            ("data", "/toolfs/data"),
            ("a/b.txt", "/toolfs/a/b.txt"),
        ] {
            assert_eq!(virtual_path(plugins), toolfs);
            assert_eq!(plugin_path(toolfs), plugins);
            assert_eq!(virtual_path(toolfs), toolfs);
        }
        for other in ["/toolfsx/a", "/etc/passwd", "a"] {
            assert_eq!(plugin_path(other), other);
        }
    }

    #[derive(Default)]
    struct Disk(Vec<String>);

    impl ToolFs for Disk {
        fn read_file(&mut self, path: &str) -> Result<Vec<u8>> {
            Ok(path.as_bytes().to_vec())
        }

        fn write_file(&mut self, path: &str, _: &[u8]) -> Result<()> {
            self.0.push(path.to_owned());
            Ok(())
        }

        fn list_dir(&mut self, path: &str) -> Result<Vec<String>> {
            self.0.push(path.to_owned());
            Ok(["a", "b.txt", "gone"].map(String::from).to_vec())
        }

        fn stat(&mut self, path: &str) -> Result<FileInfo> {
            match path {
                "/toolfs/data/a" => Ok(FileInfo {
                    size: 4096,
                    is_dir: true,
                }),
                "/toolfs/data/b.txt" => Ok(FileInfo {
                    size: 3,
                    is_dir: false,
                }),
                _ => Err(Error::new(code::NOT_FOUND, "gone")),
            }
        }
    }

    #[test]
    fn files_use_the_functions_of_toolfs() {
        let disk = tool_fs::install(Disk::default());
        assert_eq!(Contract.read("data/x").unwrap(), b"/toolfs/data/x");
        Contract.write("data/y", b"").unwrap();
        let entry = |name: &str, folder, bytes| Entry {
            name: name.to_owned(),
            folder,
            bytes,
        };
        assert_eq!(
            Contract.list("data").unwrap(),
            [entry("a", true, 0), entry("b.txt", false, 3)]
        );
        assert_eq!(disk.borrow().0, ["/toolfs/data/y", "/toolfs/data"]);
        assert_eq!(
            Contract.remove("data/y").unwrap_err().code(),
            code::UNSUPPORTED
        );
    }
}
