//! Runs the filter as go-musicfox does: samples and blocks in JSON, batches, and results that
//! exceed the host's buffers. Compares the results with native ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use audio_filter::{AudioBuffer, AudioFilter, Config};
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::{Failure, FailureKind, Plugin, Source};
use serde_json::{Value, json};

fn loaded(config: &Value) -> Result<Plugin, Failure> {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    Plugin::builder(source)
        .config(config)
        .build_for(hosts::musicfox())
}

fn running(config: &Value) -> Plugin {
    let mut plugin = loaded(config).unwrap();
    plugin.start().unwrap();
    plugin
}

fn natively(config: &Value) -> AudioFilter {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    let mut filter = AudioFilter::new(config).unwrap();
    filter.start();
    filter
}

/// Returns a test signal, always the same.
fn noise(from: usize, samples: usize) -> Vec<f32> {
    let sample = |nth: usize| ((nth * 7919) % 1000) as f32 / 500.0 - 1.0;
    (from..from + samples).map(sample).collect()
}

fn to_bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().copied().flat_map(f32::to_le_bytes).collect()
}

fn to_samples(bytes: &[u8]) -> Vec<f32> {
    let (samples, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    samples.iter().copied().map(f32::from_le_bytes).collect()
}

/// Returns a block of one channel.
fn in_json(samples: Vec<f32>) -> AudioBuffer {
    AudioBuffer {
        channels: 1,
        frames: samples.len() as u32,
        sample_rate: 48_000,
        data: vec![samples],
    }
}

const FILTERS: [&str; 3] = ["lowpass", "highpass", "bandpass"];

fn mono(filter: &str) -> Value {
    json!({"filter_params": {"type": filter, "cutoff": 3000}, "channels": 1, "sample_rate": 48_000})
}

#[test]
fn samples_and_json_blocks_continue_each_other_as_natively() {
    for filter in FILTERS {
        let config = mono(filter);
        let (mut plugin, mut native) = (running(&config), natively(&config));
        let mut from = 0;
        for samples in [1, 64, 441, 1000] {
            let mut expected = noise(from, samples);
            let found = plugin.call_raw("process_audio", &to_bytes(&expected));
            native.process_audio(&mut expected).unwrap();
            assert_eq!(to_samples(found.unwrap()), expected, "{filter}");
            from += samples;

            let block = in_json(noise(from, samples));
            let found: AudioBuffer = plugin.call("process_audio", &block).unwrap();
            assert_eq!(found, native.process_audio_json(block).unwrap(), "{filter}");
            from += samples;
        }
        plugin.finish().unwrap();
    }
}

#[test]
fn a_batch_equals_its_blocks_one_by_one() {
    for filter in FILTERS {
        let config = mono(filter);
        let (mut together, mut alone) = (running(&config), running(&config));
        // The samples follow the JSON at any alignment.
        let blocks: Vec<Vec<u8>> = (0..12)
            .map(|nth| match nth % 3 {
                0 => serde_json::to_vec(&in_json(noise(nth * 100, 90 + nth))).unwrap(),
                _ => to_bytes(&noise(nth * 100, 90 + nth)),
            })
            .collect();
        assert!(blocks.iter().any(|block| block.len() % 4 != 0));
        let one_by_one: Vec<Vec<u8>> = blocks
            .iter()
            .map(|block| alone.call_raw("process_audio", block).unwrap().to_vec())
            .collect();
        let batch = together.call_many_raw("process_audio", &blocks).unwrap();
        let batch: Vec<&[u8]> = batch.map(Result::unwrap).collect();
        assert_eq!(batch, one_by_one, "{filter}");
        together.finish().unwrap();
        alone.finish().unwrap();
    }
}

/// Returns the error of `process_audio`, and its log line.
fn refused(plugin: &mut Plugin, block: &[u8]) -> (String, String) {
    let failure = plugin.call_raw("process_audio", block).unwrap_err();
    let FailureKind::Plugin(error) = failure.kind() else {
        panic!("{failure}");
    };
    let message = failure.host_says().unwrap().to_owned();
    (message, error.causes().join("; "))
}

#[test]
fn a_result_larger_than_the_output_buffer_is_refused() {
    let mut plugin = running(&mono("lowpass"));
    // `1` becomes `0.125`, and `0.234375`.
    let terse = r#"{"data":[[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]],"sample_rate":48000,"channels":1,"frames":20}"#;
    let (message, line) = refused(&mut plugin, terse.as_bytes());
    assert_eq!(message, "process_audio returned error code: -6");
    assert!(line.starts_with("process_audio: the result has "), "{line}");
    assert!(line.ends_with("(too_large)"), "{line}");
    let found = plugin
        .call_raw("process_audio", &to_bytes(&[0.0; 4]))
        .unwrap();
    assert_eq!(found.len(), 16, "the plugin goes on");
    plugin.finish().unwrap();
}

#[test]
fn an_invalid_block_is_logged_and_the_host_gets_its_number() {
    let mut plugin = running(&json!({"channels": 2}));
    for (block, number, code) in [
        (&b"1234567"[..], -5, "invalid_argument"),
        (&[0; 12], -1, "uneven_block"),
        (br#"{"data":[]}"#, -5, "invalid_argument"),
        (br#"{"data":{}}"#, -5, "invalid_argument"),
        (b"{no JSON}", -5, "invalid_json"),
        (
            br#"{"data":[[0.0],[0.0]],"sample_rate":48000,"channels":2,"frames":2}"#,
            -1,
            "other_channels",
        ),
    ] {
        let (message, line) = refused(&mut plugin, block);
        assert_eq!(
            message,
            format!("process_audio returned error code: {number}")
        );
        assert!(line.ends_with(&format!("({code})")), "{line}");
    }
    assert!(plugin.call_raw("process_audio", b"").unwrap().is_empty());
    plugin.finish().unwrap();
}

#[test]
fn the_configuration_follows_the_guide_of_the_host() {
    let guides = json!({"filter_params": {"cutoff": 1000, "resonance": 0.7, "type": "lowpass", "enabled": true}});
    let (mut configured, mut usual) = (running(&guides), running(&json!({})));
    let block = to_bytes(&noise(0, 100));
    assert_eq!(
        configured.call_raw("process_audio", &block).unwrap(),
        usual.call_raw("process_audio", &block).unwrap()
    );
    let manifest = configured.module().manifest().unwrap();
    let schema = manifest.inlined(manifest.config.as_ref().unwrap());
    let params = &schema["properties"]["filter_params"]["properties"];
    for (name, bounds) in [
        ("cutoff", [20.0, 20_000.0, 1000.0]),
        ("resonance", [0.1, 10.0, 0.7]),
    ] {
        let found =
            ["minimum", "maximum", "default"].map(|bound| params[name][bound].as_f64().unwrap());
        assert_eq!(found, bounds, "{name}");
    }
    let types = params["type"]["oneOf"].as_array().unwrap().iter();
    let types: Vec<_> = types.map(|one| one["const"].as_str().unwrap()).collect();
    assert_eq!(types, FILTERS);
    configured.finish().unwrap();
}

#[test]
fn an_invalid_configuration_is_refused() {
    let failure = loaded(&json!({"filter_params": {"cutoff": 19}})).unwrap_err();
    assert_eq!(
        failure.host_says().unwrap(),
        "initialize returned error code: -1"
    );
    let failure = loaded(&json!({"frequency": 440})).unwrap_err();
    assert_eq!(
        failure.host_says().unwrap(),
        "initialize returned error code: -5"
    );
}

#[test]
fn events_call_the_other_commands() {
    let mut plugin = running(&mono("lowpass"));
    let untouched = to_bytes(&noise(0, 100));
    plugin
        .call::<()>("set_enabled", json!({"enabled": false}))
        .unwrap();
    let found = plugin.call_raw("process_audio", &untouched).unwrap();
    assert_eq!(found, untouched);
    let failure = plugin.call::<()>("set_enabled", json!({})).unwrap_err();
    assert_eq!(failure.code(), "missing_argument");
    let failure = plugin.call::<()>("set_volume", ()).unwrap_err();
    assert_eq!(failure.code(), "unknown_command");
    plugin.stop().unwrap();
    plugin.init(mono("highpass")).unwrap();
    plugin.finish().unwrap();
}

#[test]
fn memory_does_not_grow_with_the_number_of_blocks() {
    let mut plugin = running(&mono("bandpass"));
    let blocks: Vec<_> = (0..20).map(|nth| to_bytes(&noise(nth, 4410))).collect();
    let filter = |plugin: &mut Plugin| {
        plugin.call_many_raw("process_audio", &blocks).unwrap();
        for block in &blocks {
            plugin.call_raw("process_audio", block).unwrap();
        }
        plugin.memory_bytes()
    };
    let settled = filter(&mut plugin);
    for _ in 0..5 {
        assert_eq!(filter(&mut plugin), settled);
    }
    plugin.finish().unwrap();
}
