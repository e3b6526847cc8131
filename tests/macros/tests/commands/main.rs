//! Commands: their forms, their arguments, and their results. The tests call natively the handlers
//! that the exports call.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics says so"
)]
#![allow(
    clippy::needless_arbitrary_self_type,
    clippy::too_many_arguments,
    clippy::unused_unit,
    reason = "authors may write what no linter would"
)]

mod arguments;
mod binary;
mod failures;
mod forms;
mod free;
mod hooks;
mod made;
mod raw;
mod refusals;
mod results;

use plugin_sdk::__private::CallFrame;
use plugin_sdk::Error;
use plugin_sdk::memory::Answer;
use serde_json::{Value, json};

type Handler<P> = fn(&mut P, &mut [u8], &mut CallFrame<'_>) -> plugin_sdk::Result<()>;

/// Calls a command, and returns its answer and the content of the output.
fn served<P>(
    plugin: &mut P,
    handler: Handler<P>,
    arguments: &mut [u8],
) -> plugin_sdk::Result<(Answer, Vec<u8>)> {
    let mut output = Vec::new();
    let mut frame = CallFrame::new(&mut output);
    handler(plugin, arguments, &mut frame)?;
    let answer = frame.answer;
    Ok((answer, output))
}

/// Calls a command, and returns the bytes that it wrote to the output.
fn written<P>(
    plugin: &mut P,
    handler: Handler<P>,
    arguments: &mut [u8],
) -> plugin_sdk::Result<Vec<u8>> {
    match served(plugin, handler, arguments)? {
        (Answer::Written, output) => Ok(output),
        (Answer::InPlace(_), _) => panic!("the answer is in place"),
    }
}

/// Calls a command, and returns the place of its answer outside the output.
fn place_of<P>(plugin: &mut P, handler: Handler<P>, arguments: &mut [u8]) -> *const [u8] {
    match served(plugin, handler, arguments).unwrap() {
        (Answer::InPlace(place), _) => place,
        (Answer::Written, output) => panic!("the answer was written: {output:?}"),
    }
}

/// Calls a command with JSON text.
fn call<P>(plugin: &mut P, handler: Handler<P>, arguments: &str) -> plugin_sdk::Result<Value> {
    let output = written(plugin, handler, &mut arguments.as_bytes().to_vec())?;
    Ok(serde_json::from_slice(&output).unwrap())
}

/// The error of a call that must fail, as the host sees it.
fn refused<P>(plugin: &mut P, handler: Handler<P>, arguments: &[u8]) -> Value {
    match served(plugin, handler, &mut arguments.to_vec()) {
        Err(error) => seen(&error),
        Ok(_) => panic!("{arguments:?} was not refused"),
    }
}

fn seen(error: &Error) -> Value {
    serde_json::from_slice(&error.to_json()).unwrap()
}
