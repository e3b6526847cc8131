//! The resources of wasi:http and wasi:io: requests, responses, headers, bodies and streams.
//!
//! A host refers to each by a number, which a [`Handle`] gives back when it is dropped.

use crate::contracts::canonical::{Answer, bytes_of, text_of};
use crate::error::{Error, Result, code};
use crate::memory::Address;

imported! {
    "wasi:io/streams@0.2.0":
        fn input_blocking_read = "[method]input-stream.blocking-read"(stream: u32, len: u64, area: Address);
        fn input_drop = "[resource-drop]input-stream"(stream: u32);
        fn output_check_write = "[method]output-stream.check-write"(stream: u32, area: Address);
        fn output_write = "[method]output-stream.write"(
            stream: u32, bytes: Address, len: usize, area: Address
        );
        fn output_blocking_write = "[method]output-stream.blocking-write-and-flush"(
            stream: u32, bytes: Address, len: usize, area: Address
        );
        fn output_blocking_flush = "[method]output-stream.blocking-flush"(stream: u32, area: Address);
        fn output_subscribe = "[method]output-stream.subscribe"(stream: u32) -> u32;
        fn output_drop = "[resource-drop]output-stream"(stream: u32);
    "wasi:io/error@0.2.0":
        fn error_drop = "[resource-drop]error"(error: u32);
    "wasi:io/poll@0.2.0":
        fn pollable_block = "[method]pollable.block"(pollable: u32);
        fn pollable_drop = "[resource-drop]pollable"(pollable: u32);
    "wasi:http/types@0.2.0":
        fn fields_new = "[constructor]fields"() -> u32;
        fn fields_get = "[method]fields.get"(fields: u32, name: Address, len: usize, area: Address);
        fn fields_append = "[method]fields.append"(
            fields: u32, name: Address, name_len: usize, value: Address, value_len: usize,
            area: Address
        );
        fn fields_entries = "[method]fields.entries"(fields: u32, area: Address);
        fn fields_drop = "[resource-drop]fields"(fields: u32);
        fn incoming_body_stream = "[method]incoming-body.stream"(body: u32, area: Address);
        fn incoming_body_drop = "[resource-drop]incoming-body"(body: u32);
        fn outgoing_body_write = "[method]outgoing-body.write"(body: u32, area: Address);
        fn outgoing_body_finish = "[static]outgoing-body.finish"(
            body: u32, has_trailers: u32, trailers: u32, area: Address
        );
        fn outgoing_body_drop = "[resource-drop]outgoing-body"(body: u32);
}

/// A resource of the host, which gets it back at the end.
pub(super) struct Handle {
    number: u32,
    drop: fn(u32),
}

impl Handle {
    /// Takes the ownership of a resource.
    pub(super) fn new(number: u32, drop: fn(u32)) -> Self {
        Handle { number, drop }
    }

    /// Takes the resource from `result<…>`, unless it failed.
    pub(super) fn of_result(drop: fn(u32), ask: impl FnOnce(Address)) -> Result<Self> {
        let mut answer = Answer::of(ask);
        match answer.is_some(0) {
            false => Ok(Handle::new(answer.number(4, 4) as u32, drop)),
            true => Err(Error::new(
                code::BAD_ANSWER,
                "the host gives a body or a stream only once",
            )),
        }
    }

    /// Returns the number, for a call that borrows the resource.
    pub(super) fn get(&self) -> u32 {
        self.number
    }

    /// Returns the number, for a call that takes the resource.
    pub(super) fn give(self) -> u32 {
        let number = self.number;
        std::mem::forget(self);
        number
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        (self.drop)(self.number);
    }
}

/// Headers.
pub(super) struct Fields(Handle);

impl Fields {
    /// Creates headers.
    pub(super) fn new() -> Self {
        Self::of(fields_new())
    }

    /// Takes the ownership of headers.
    pub(super) fn of(number: u32) -> Self {
        Fields(Handle::new(number, fields_drop))
    }

    /// Adds a header. Returns whether the host allows it.
    pub(super) fn append(&mut self, name: &str, value: &[u8]) -> bool {
        let mut refused = Answer::of(|area| {
            let (text, len) = (Address::of(name.as_bytes()), name.len());
            fields_append(
                self.0.get(),
                text,
                len,
                Address::of(value),
                value.len(),
                area,
            );
        });
        !refused.is_some(0)
    }

    /// Returns the first value of a header.
    pub(super) fn first(&self, name: &str) -> Option<Vec<u8>> {
        let mut values = Answer::of(|area| {
            fields_get(self.0.get(), Address::of(name.as_bytes()), name.len(), area);
        });
        let values = values.list(0, 8, |given, value| bytes_of(given, value, 0));
        values.ok()?.into_iter().next()
    }

    /// Returns names and values. Text in another encoding than UTF-8 gets replacement characters.
    pub(super) fn entries(&self) -> Result<Vec<(String, String)>> {
        let mut entries = Answer::of(|area| fields_entries(self.0.get(), area));
        entries.list(0, 16, |given, entry| {
            let value = bytes_of(given, entry, 8)?;
            Ok((
                text_of(given, entry, 0)?,
                String::from_utf8_lossy(&value).into_owned(),
            ))
        })
    }

    /// Returns the number, for a call that takes the headers.
    pub(super) fn give(self) -> u32 {
        self.0.give()
    }
}

/// The reason why a body was not read.
pub(super) enum Unread {
    /// It has more bytes than allowed.
    TooLong,
    /// It ended early.
    Broken,
}

/// The most bytes that are read from a stream at once.
const READ: u64 = 256 << 10;

/// Reads a body, of which `consume` writes the handle.
pub(super) fn read_body(limit: usize, consume: impl FnOnce(Address)) -> Result<Vec<u8>, Unread> {
    let body = Handle::of_result(incoming_body_drop, consume).map_err(|_| Unread::Broken)?;
    let stream = Handle::of_result(input_drop, |area| incoming_body_stream(body.get(), area));
    let stream = stream.map_err(|_| Unread::Broken)?;
    let mut bytes = Vec::new();
    loop {
        let mut read = Answer::of(|area| input_blocking_read(stream.get(), READ, area));
        if read.is_some(0) {
            return match closed(&mut read, 4) {
                true => Ok(bytes),
                false => Err(Unread::Broken),
            };
        }
        let more = read.bytes(4).map_err(|_| Unread::Broken)?;
        if more.len() > limit - bytes.len() {
            return Err(Unread::TooLong);
        }
        match bytes.is_empty() {
            true => bytes = more,
            false => bytes.extend_from_slice(&more),
        }
    }
}

/// Returns whether the stream error at a position is that the stream has ended; gives back the
/// other one.
fn closed(answer: &mut Answer, at: usize) -> bool {
    let closed = answer.is_some(at);
    if !closed {
        error_drop(answer.number(at + 4, 4) as u32);
    }
    closed
}

/// The body of a request or response that the plugin writes.
pub(super) struct OutgoingBody {
    // Dropped before the body, as the host demands.
    stream: Handle,
    body: Handle,
}

impl OutgoingBody {
    /// Takes the body, of which `ask` writes the handle.
    pub(super) fn of(ask: impl FnOnce(Address)) -> Result<Self> {
        let body = Handle::of_result(outgoing_body_drop, ask)?;
        let stream = Handle::of_result(output_drop, |area| outgoing_body_write(body.get(), area))?;
        Ok(OutgoingBody { stream, body })
    }

    /// Writes the whole body. Stops early if the other side has gone away.
    pub(super) fn write(self, bytes: &[u8]) {
        write_all(&self.stream, bytes);
        drop(self.stream);
        // A body that is cut off is the host's to report.
        Answer::of(|area| outgoing_body_finish(self.body.give(), 0, 0, area));
    }
}

/// Takes the ownership of a stream to write to.
pub(super) fn output_stream(number: u32) -> Handle {
    Handle::new(number, output_drop)
}

/// The most bytes that a stream takes in one blocking call.
const AT_ONCE: usize = 4096;

/// Writes bytes to a stream. Stops early if the other side has gone away.
pub(super) fn write_all(stream: &Handle, bytes: &[u8]) {
    match bytes {
        [] => {}
        short if short.len() <= AT_ONCE => {
            succeeds(|area| {
                output_blocking_write(stream.get(), Address::of(short), short.len(), area);
            });
        }
        long => write_long(stream, long),
    }
}

/// Writes as many bytes at once as the host has room for.
fn write_long(stream: &Handle, mut rest: &[u8]) {
    while !rest.is_empty() {
        let mut room = Answer::of(|area| output_check_write(stream.get(), area));
        if room.is_some(0) {
            closed(&mut room, 8);
            return;
        }
        let room = usize::try_from(room.number(8, 8)).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at(room.min(rest.len()));
        if now.is_empty() {
            wait(output_subscribe(stream.get()));
            continue;
        }
        let ask = |area| output_write(stream.get(), Address::of(now), now.len(), area);
        if !succeeds(ask) {
            return;
        }
        rest = later;
    }
    succeeds(|area| output_blocking_flush(stream.get(), area));
}

/// Calls a function of a stream. Returns whether it succeeded.
fn succeeds(ask: impl FnOnce(Address)) -> bool {
    let mut failed = Answer::of(ask);
    if failed.is_some(0) {
        closed(&mut failed, 4);
        return false;
    }
    true
}

/// Waits for a pollable, and gives it back.
pub(super) fn wait(pollable: u32) {
    let pollable = Handle::new(pollable, pollable_drop);
    pollable_block(pollable.get());
}
