//! Runs a plugin in Extism's own Rust crate: `extism-host <plugin.wasm> <manifest>`. The manifest
//! is JSON with the members of an Extism manifest other than the module, such as
//! `{"config": {"greeting": "Hi"}}`.
//!
//! Reads calls as lines of JSON: `{"export": "greet", "json": {…}}`, or `{"export": …, "in": file,
//! "out": file}` for plain bytes. Answers each with a line: `json` or `bytes`, the `error` that the
//! plugin set, or the message of a `trap`. A last line has the lines that the plugin logged.

use std::fs;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Error, Result, bail};
use extism::{Manifest, Plugin, PluginBuilder, Wasm};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(wasm), Some(manifest)) = (arguments.next(), arguments.next()) else {
        bail!("usage: extism-host <plugin.wasm> <manifest as JSON>");
    };
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&log);
    extism::set_log_callback(
        move |line: &str| {
            if let Ok(mut written) = written.lock() {
                written.push(line.trim_end().to_owned());
            }
        },
        "extism::pdk=trace",
    )?;
    let mut manifest: Manifest = serde_json::from_str(&manifest).context("the manifest is invalid")?;
    manifest.wasm = vec![Wasm::data(fs::read(wasm)?)];
    let mut plugin = PluginBuilder::new(manifest)
        .with_cache_disabled()
        .with_http_response_headers(true)
        .build()?;
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let call: Value = serde_json::from_str(&line?)?;
        writeln!(answers, "{}", serve(&mut plugin, &call)?)?;
    }
    let log = log.lock().map_err(|_| Error::msg("the log is lost"))?;
    writeln!(answers, "{}", json!({"log": *log}))?;
    Ok(())
}

fn serve(plugin: &mut Plugin, call: &Value) -> Result<Value> {
    let export = call["export"].as_str().context("`export` is missing")?;
    let input = match (call["in"].as_str(), call.get("json")) {
        (Some(file), _) => fs::read(file)?,
        (None, Some(json)) => json.to_string().into_bytes(),
        (None, None) => Vec::new(),
    };
    Ok(match plugin.call::<&[u8], &[u8]>(export, &input) {
        Err(error) => refused(&error),
        Ok(output) => match call["out"].as_str() {
            None => json!({"json": parsed(output)?}),
            Some(file) => {
                fs::write(file, output)?;
                json!({"bytes": output.len()})
            }
        },
    })
}

/// Parses an output as JSON. A hook has no output, which is `null`.
fn parsed(output: &[u8]) -> Result<Value> {
    Ok(match output {
        [] => Value::Null,
        json => serde_json::from_slice(json)?,
    })
}

/// Distinguishes errors that a plugin set, which have the form of `docs/abi.md`, from all other
/// text.
fn refused(error: &Error) -> Value {
    match serde_json::from_str::<Value>(&error.to_string()) {
        Ok(error) if error["code"].is_string() => json!({"error": error}),
        _ => json!({"trap": format!("{error:#}")}),
    }
}
