//! The plugin as a host runs it. Each test runs twice: `native`, for a debugger, and `wasm`.

use plugin_sdk_harness::Plugin;
use serde_json::json;

use my_plugin::MyPlugin;

#[plugin_sdk_harness::test(MyPlugin)]
fn a_block_is_changed_in_place_from_the_next_block_on(plugin: &mut Plugin) {
    assert_eq!(process(plugin, [0.5, -0.25]), [0.5, -0.25]);

    let _: () = plugin.call("set_gain", json!({"gain_db": -20.0})).unwrap();
    assert_eq!(plugin.call::<f32>("gain", ()).unwrap(), -20.0);
    let quieter = process(plugin, [0.5, -0.25]);
    assert!((quieter[0] - 0.05).abs() < 1e-6, "{quieter:?}");
}

#[plugin_sdk_harness::test(MyPlugin)]
fn half_a_sample_is_refused(plugin: &mut Plugin) {
    let failure = plugin.call_raw("process_audio", &[0; 6]).unwrap_err();
    assert_eq!(failure.code(), "invalid_argument");
}

/// Two samples, after the effect.
fn process(plugin: &mut Plugin, samples: [f32; 2]) -> [f32; 2] {
    let mut bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    plugin.call_in_place("process_audio", &mut bytes).unwrap();
    let sample = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    [sample(0), sample(4)]
}
