// A client of the plugin `audio-filter` 0.1.0, made by `cargo plugin client` 0.1.0. Do not
// edit it: make it anew when the plugin changes. It needs the crate `plugin-sdk-harness`.
#![allow(dead_code, reason = "a host uses what it needs")]
#![allow(
    clippy::doc_lazy_continuation,
    clippy::doc_overindented_list_items,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::type_complexity,
    reason = "the plugin's author chose names, types and documentation"
)]

use plugin_sdk_harness::serde::{Deserialize, Serialize};
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};

/// The options that a host can set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct Config {
    /// The filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_params: Option<FilterParams>,
    /// The samples per second in each channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// The number of channels in a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u8>,
    /// The layout of the channels in a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

/// The parameters of the filter, as go-musicfox passes them to its plugins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct FilterParams {
    /// The cutoff frequency in hertz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<f64>,
    /// The gain around the cutoff. These filters have one pole and cannot do that: like
    /// go-musicfox's own filters, they accept the number and ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resonance: Option<f64>,
    /// The kind of filter.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<FilterType>,
    /// The filter is on; see [`AudioFilter::set_enabled`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The kind of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum FilterType {
    /// Low-pass: keeps low frequencies.
    #[serde(rename = "lowpass")]
    Lowpass,
    /// High-pass: keeps high frequencies.
    #[serde(rename = "highpass")]
    Highpass,
    /// Band-pass: keeps frequencies around the cutoff, by a high-pass and then a low-pass.
    #[serde(rename = "bandpass")]
    Bandpass,
}

/// The layout of the channels in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub enum Layout {
    /// The first sample of each channel, then the second of each, and so on.
    #[serde(rename = "interleaved")]
    Interleaved,
    /// All samples of the first channel, then all of the second, and so on.
    #[serde(rename = "planar")]
    Planar,
}

/// A block in JSON, for players that pass no other form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct AudioBuffer {
    /// The samples of each channel.
    pub data: Vec<Vec<f64>>,
    /// The samples per second in each channel, which override the configuration.
    pub sample_rate: u32,
    /// The number of channels.
    pub channels: u32,
    /// The number of samples in each channel.
    pub frames: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk_harness::serde")]
pub struct SetEnabledArguments {
    pub enabled: bool,
}

/// The codes of errors: the plugin's own, those of every plugin, and those of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The host has not started the plugin, or has stopped it.
    NotRunning,
    /// The channels of the block have different lengths.
    UnevenBlock,
    /// The number of channels differs from that in the block or in the configuration.
    OtherChannels,
    UnknownCommand,
    InvalidJson,
    MissingArgument,
    UnknownArgument,
    InvalidArgument,
    InvalidResult,
    TooLarge,
    NotInitialized,
    InitFailed,
    InvalidState,
    Busy,
    PermissionDenied,
    Unsupported,
    NotFound,
    Timeout,
    Unavailable,
    BadAnswer,
    Status,
    QuotaExceeded,
    Failed,
    AbiVersion,
    AllocationFailed,
    BadArguments,
    BadJson,
    InvalidModule,
    MissingExport,
    NotUtf8,
    OutOfBounds,
    OutOfMemory,
    Panic,
    Poisoned,
    ResultTooLarge,
    Trap,
    /// Another code.
    Other(String),
}

impl ErrorCode {
    /// Returns the code of a failure.
    pub fn of(failure: &Failure) -> Self {
        match failure.code() {
            "not_running" => ErrorCode::NotRunning,
            "uneven_block" => ErrorCode::UnevenBlock,
            "other_channels" => ErrorCode::OtherChannels,
            "unknown_command" => ErrorCode::UnknownCommand,
            "invalid_json" => ErrorCode::InvalidJson,
            "missing_argument" => ErrorCode::MissingArgument,
            "unknown_argument" => ErrorCode::UnknownArgument,
            "invalid_argument" => ErrorCode::InvalidArgument,
            "invalid_result" => ErrorCode::InvalidResult,
            "too_large" => ErrorCode::TooLarge,
            "not_initialized" => ErrorCode::NotInitialized,
            "init_failed" => ErrorCode::InitFailed,
            "invalid_state" => ErrorCode::InvalidState,
            "busy" => ErrorCode::Busy,
            "permission_denied" => ErrorCode::PermissionDenied,
            "unsupported" => ErrorCode::Unsupported,
            "not_found" => ErrorCode::NotFound,
            "timeout" => ErrorCode::Timeout,
            "unavailable" => ErrorCode::Unavailable,
            "bad_answer" => ErrorCode::BadAnswer,
            "status" => ErrorCode::Status,
            "quota_exceeded" => ErrorCode::QuotaExceeded,
            "failed" => ErrorCode::Failed,
            "abi_version" => ErrorCode::AbiVersion,
            "allocation_failed" => ErrorCode::AllocationFailed,
            "bad_arguments" => ErrorCode::BadArguments,
            "bad_json" => ErrorCode::BadJson,
            "invalid_module" => ErrorCode::InvalidModule,
            "missing_export" => ErrorCode::MissingExport,
            "not_utf8" => ErrorCode::NotUtf8,
            "out_of_bounds" => ErrorCode::OutOfBounds,
            "out_of_memory" => ErrorCode::OutOfMemory,
            "panic" => ErrorCode::Panic,
            "poisoned" => ErrorCode::Poisoned,
            "result_too_large" => ErrorCode::ResultTooLarge,
            "trap" => ErrorCode::Trap,
            other => ErrorCode::Other(other.to_owned()),
        }
    }
}

/// Filters audio: removes frequencies above, below or around a cutoff.
pub struct AudioFilter {
    plugin: Plugin,
}

impl AudioFilter {
    /// Loads the plugin from its bytes or its path, and initialises it.
    ///
    /// # Errors
    ///
    /// If it is not this kind of plugin, or refuses its configuration.
    pub fn load(source: impl Into<Source>, config: Config) -> Result<Self, Failure> {
        Self::build(Plugin::builder(source), config)
    }

    /// Initialises the plugin with the limits, grants and services of a builder.
    ///
    /// # Errors
    ///
    /// Like [`load`](Self::load).
    pub fn build(builder: PluginBuilder, config: Config) -> Result<Self, Failure> {
        let plugin = builder.config(config).build()?;
        Ok(AudioFilter { plugin })
    }

    /// Returns the plugin, for everything else that the harness offers.
    pub fn plugin(&mut self) -> &mut Plugin {
        &mut self.plugin
    }

    /// Filters a block of 32-bit samples in place. The next block continues from this one.
    ///
    /// Errors:
    ///
    /// - `not_running`: The host has not started the plugin, or has stopped it.
    /// - `uneven_block`: The channels of the block have different lengths.
    /// - `other_channels`: The number of channels differs from that in the block or in the configuration.
    pub fn process_audio(&mut self, input: &[f32]) -> Result<Vec<f32>, Failure> {
        let mut bytes: Vec<u8> = input.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.plugin.call_in_place("process_audio", &mut bytes)?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Filters a block in JSON, which has its own sample rate. It continues from the previous block
    /// of either form.
    ///
    /// Errors:
    ///
    /// - `not_running`: The host has not started the plugin, or has stopped it.
    /// - `uneven_block`: The channels of the block have different lengths.
    /// - `other_channels`: The number of channels differs from that in the block or in the configuration.
    pub fn process_audio_json(&mut self, arguments: &AudioBuffer) -> Result<AudioBuffer, Failure> {
        self.plugin.call("process_audio_json", arguments)
    }

    /// Turns the filter on or off; while it is off, audio is unchanged.
    pub fn set_enabled(&mut self, arguments: &SetEnabledArguments) -> Result<(), Failure> {
        self.plugin.call("set_enabled", arguments)
    }

    /// Starts the plugin.
    pub fn start(&mut self) -> Result<(), Failure> {
        self.plugin.start()
    }

    /// Stops the plugin.
    pub fn stop(&mut self) -> Result<(), Failure> {
        self.plugin.stop()
    }

    /// Ends the plugin's life.
    pub fn close(mut self) -> Result<(), Failure> {
        self.plugin.cleanup()
    }
}
