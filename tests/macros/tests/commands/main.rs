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

use plugin_sdk::__private::Answer;
use plugin_sdk::Error;
use serde_json::{Value, json};

type Handler<P> = fn(&mut P, &mut [u8], &mut Vec<u8>) -> plugin_sdk::Result<Answer>;

/// Calls a command with JSON text.
fn call<P>(plugin: &mut P, handler: Handler<P>, arguments: &str) -> plugin_sdk::Result<Value> {
    let mut output = Vec::new();
    match handler(plugin, &mut arguments.as_bytes().to_vec(), &mut output)? {
        Answer::Written => Ok(serde_json::from_slice(&output).unwrap()),
        Answer::Owned(_) | Answer::InPlace(_) => panic!("JSON is written to the output"),
    }
}

/// The error of a call that must fail, as the host sees it.
fn refused<P>(plugin: &mut P, handler: Handler<P>, arguments: &[u8]) -> Value {
    match handler(plugin, &mut arguments.to_vec(), &mut Vec::new()) {
        Err(error) => seen(&error),
        Ok(_) => panic!("{arguments:?} was not refused"),
    }
}

fn seen(error: &Error) -> Value {
    serde_json::from_slice(&error.to_json()).unwrap()
}
