//! Compares the filter with a plain reference, natively and in WebAssembly.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use audio_filter::{AudioFilter, Config};
use plugin_sdk_harness::{Failure, Plugin, Source};
use serde_json::{Value, json};

const FILTERS: [&str; 3] = ["lowpass", "highpass", "bandpass"];

/// Block lengths in frames, none of which divides a buffer size.
const BLOCKS: [usize; 4] = [1, 64, 441, 1000];

/// Filters all samples of one channel at once, in textbook form.
fn reference(filter: &str, alpha: f32, samples: &[f32]) -> Vec<f32> {
    match filter {
        "lowpass" => {
            let mut previous = 0.0;
            let low = |sample: &f32| {
                previous = alpha * sample + (1.0 - alpha) * previous;
                previous
            };
            samples.iter().map(low).collect()
        }
        "highpass" => {
            let (mut previous, mut previous_sample) = (0.0, 0.0);
            let high = |sample: &f32| {
                previous = alpha * (previous + sample - previous_sample);
                previous_sample = *sample;
                previous
            };
            samples.iter().map(high).collect()
        }
        "bandpass" => reference("lowpass", alpha, &reference("highpass", alpha, samples)),
        other => panic!("there is no reference for {other}"),
    }
}

/// Returns noise, always the same, and different for each channel.
fn noise(channel: usize, frames: usize) -> Vec<f32> {
    let mut state = 0x9E37_79B9_u32.wrapping_mul(channel as u32 + 1);
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..frames).map(next).collect()
}

/// Returns some frames of all channels as one block.
fn block(channels: &[Vec<f32>], layout: &str, frames: std::ops::Range<usize>) -> Vec<f32> {
    match layout {
        "interleaved" => frames
            .flat_map(|frame| channels.iter().map(move |channel| channel[frame]))
            .collect(),
        _ => channels
            .iter()
            .flat_map(|channel| channel[frames.clone()].iter().copied())
            .collect(),
    }
}

fn to_bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().copied().flat_map(f32::to_le_bytes).collect()
}

fn to_samples(bytes: &[u8]) -> Vec<f32> {
    let (samples, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    samples.iter().copied().map(f32::from_le_bytes).collect()
}

fn plugin(config: &Value) -> Plugin {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    let mut plugin = Plugin::builder(source).config(config).build().unwrap();
    plugin.start().unwrap();
    plugin
}

/// Passes blocks of uneven length to `process`, for every filter, layout and several numbers of
/// channels.
fn compare<P>(begin: impl Fn(&Value) -> P, process: impl Fn(&mut P, Vec<f32>) -> Vec<f32>) {
    for filter in FILTERS {
        for (layout, count) in [
            ("interleaved", 2),
            ("interleaved", 6),
            ("planar", 1),
            ("planar", 3),
        ] {
            let config = json!({
                "filter_params": {"type": filter, "cutoff": 3000},
                "layout": layout, "channels": count, "sample_rate": 48_000,
            });
            let mut filtered = begin(&config);
            let alpha = 3000.0 / 24_000.0;
            let frames = BLOCKS.iter().sum();
            let channels: Vec<_> = (0..count).map(|nth| noise(nth, frames)).collect();
            let references: Vec<_> = channels
                .iter()
                .map(|channel| reference(filter, alpha, channel))
                .collect();
            let mut from = 0;
            for frames in BLOCKS {
                let range = from..from + frames;
                let found = process(&mut filtered, block(&channels, layout, range.clone()));
                assert_eq!(
                    found,
                    block(&references, layout, range),
                    "{config}, from frame {from}"
                );
                from += frames;
            }
        }
    }
}

#[test]
fn native_blocks_equal_the_reference() {
    let begin = |config: &Value| {
        let config: Config = serde_json::from_value(config.clone()).unwrap();
        let mut filter = AudioFilter::new(config).unwrap();
        filter.start();
        filter
    };
    compare(begin, |filter, mut samples| {
        filter.process_audio(&mut samples).unwrap();
        samples
    });
}

#[test]
fn wasm_blocks_equal_the_reference() {
    compare(plugin, |plugin, samples| {
        let mut bytes = to_bytes(&samples);
        let result = plugin.call_in_place("process_audio", &mut bytes).unwrap();
        assert!(result.is_empty(), "the samples are the result");
        to_samples(&bytes)
    });
}

#[test]
fn a_host_can_access_samples_in_linear_memory() {
    let mut plugin = plugin(&json!({"channels": 1}));
    let samples = noise(0, 480);
    let write = |buffer: &mut [u8]| {
        for (place, sample) in buffer.as_chunks_mut().0.iter_mut().zip(&samples) {
            *place = sample.to_le_bytes();
        }
    };
    plugin
        .call_with("process_audio", samples.len() * 4, write)
        .unwrap();
    let expected = reference("lowpass", 1000.0 / 22_050.0, &samples);
    assert_eq!(to_samples(plugin.arguments()), expected);
}

#[test]
fn a_disabled_filter_leaves_audio_unchanged() {
    let mut plugin = plugin(&json!({"filter_params": {"enabled": false}}));
    let untouched = to_bytes(&noise(0, 100));
    let mut bytes = untouched.clone();
    plugin.call_in_place("process_audio", &mut bytes).unwrap();
    assert_eq!(bytes, untouched);

    plugin
        .call::<()>("set_enabled", json!({"enabled": true}))
        .unwrap();
    plugin.call_in_place("process_audio", &mut bytes).unwrap();
    assert_ne!(bytes, untouched);
}

#[test]
fn starting_again_resets_the_state() {
    let mut plugin = plugin(&json!({}));
    let mut first = to_bytes(&noise(0, 100));
    let mut second = first.clone();
    plugin.call_in_place("process_audio", &mut first).unwrap();
    plugin.stop().unwrap();
    plugin.start().unwrap();
    plugin.call_in_place("process_audio", &mut second).unwrap();
    assert_eq!(first, second);
}

#[test]
fn an_invalid_block_is_refused_and_unchanged() {
    let mut plugin = plugin(&json!({"channels": 2}));
    let refused = |plugin: &mut Plugin, len| -> String {
        let mut bytes = vec![0x3f; len];
        let failure = plugin
            .call_in_place("process_audio", &mut bytes)
            .unwrap_err();
        assert_eq!(bytes, vec![0x3f; len]);
        failure.code().to_owned()
    };
    assert_eq!(
        refused(&mut plugin, 7),
        "invalid_argument",
        "not whole samples"
    );
    assert_eq!(
        refused(&mut plugin, 12),
        "uneven_block",
        "three samples in two channels"
    );
    plugin.stop().unwrap();
    assert_eq!(refused(&mut plugin, 8), "not_running");
}

#[test]
fn an_invalid_configuration_is_refused() {
    let refused = |config: Value| -> Failure {
        let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
        Plugin::builder(source).config(config).build().unwrap_err()
    };
    assert_eq!(
        refused(json!({"filter_params": {"cutoff": -3}})).code(),
        "init_failed"
    );
    assert_eq!(refused(json!({"channels": 0})).code(), "init_failed");
    assert_eq!(refused(json!({"channels": 256})).code(), "invalid_argument");
    assert_eq!(
        refused(json!({"filter_params": {"type": "comb"}})).code(),
        "invalid_argument"
    );
    assert_eq!(
        refused(json!({"frequency": 440})).code(),
        "invalid_argument"
    );
}
