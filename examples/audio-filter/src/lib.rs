//! Filters audio in place, a block of samples at a time.
//!
//! A block is plain bytes in the plugin's memory: the host writes it there, the filter changes it
//! in place, and the host reads it. Nothing is copied, parsed or printed. Only the filter itself
//! takes time, so `opt-level = 3` matters here: with `"z"` its loop takes four times as long.

#![forbid(unsafe_code)]

use std::fmt;

use plugin_sdk::prelude::*;

/// Filters audio: removes frequencies above, below or around a cutoff.
#[plugin(type = "audio_effect", tags("audio", "filter", "wasm"))]
pub struct AudioFilter {
    config: Config,
    /// The share of the input that a filter passes at once.
    alpha: f32,
    channels: Vec<Channel>,
    running: bool,
}

/// The options that a host can set.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The filter.
    pub filter_params: FilterParams,
    /// The samples per second in each channel.
    #[schema(minimum = 1, default = 44100)]
    pub sample_rate: u32,
    /// The number of channels in a block.
    #[schema(minimum = 1, default = 2)]
    pub channels: u8,
    /// The layout of the channels in a block.
    pub layout: Layout,
}

/// The parameters of the filter, as go-musicfox passes them to its plugins.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterParams {
    /// The cutoff frequency in hertz.
    #[schema(minimum = 20, maximum = 20000, default = 1000)]
    pub cutoff: f32,
    /// The gain around the cutoff. These filters have one pole and cannot do that: like
    /// go-musicfox's own filters, they accept the number and ignore it.
    #[schema(minimum = 0.1, maximum = 10.0, default = 0.7)]
    pub resonance: f32,
    /// The kind of filter.
    #[serde(rename = "type")]
    pub filter_type: FilterType,
    /// The filter is on; see [`AudioFilter::set_enabled`].
    #[schema(default = true)]
    pub enabled: bool,
}

/// The kind of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum FilterType {
    /// Low-pass: keeps low frequencies.
    LowPass,
    /// High-pass: keeps high frequencies.
    HighPass,
    /// Band-pass: keeps frequencies around the cutoff, by a high-pass and then a low-pass.
    BandPass,
}

/// The layout of the channels in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// The first sample of each channel, then the second of each, and so on.
    Interleaved,
    /// All samples of the first channel, then all of the second, and so on.
    Planar,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            filter_params: FilterParams::default(),
            sample_rate: 44_100,
            channels: 2,
            layout: Layout::Interleaved,
        }
    }
}

impl Default for FilterParams {
    fn default() -> Self {
        FilterParams {
            cutoff: 1000.0,
            resonance: 0.7,
            filter_type: FilterType::LowPass,
            enabled: true,
        }
    }
}

/// A block in JSON, for players that pass no other form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct AudioBuffer {
    /// The samples of each channel.
    pub data: Vec<Vec<f32>>,
    /// The samples per second in each channel, which override the configuration.
    #[schema(minimum = 1)]
    pub sample_rate: u32,
    /// The number of channels.
    pub channels: u32,
    /// The number of samples in each channel.
    pub frames: u32,
}

/// The reasons to refuse a block.
#[derive(Debug, PartialEq, Eq, PluginError)]
pub enum Refusal {
    /// The host has not started the plugin, or has stopped it.
    NotRunning,
    /// The channels of the block have different lengths.
    UnevenBlock {
        /// The number of samples in the block.
        samples: usize,
        /// The number of channels.
        channels: usize,
    },
    /// The number of channels differs from that in the block or in the configuration.
    OtherChannels {
        /// The number of channels.
        channels: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotRunning => f.write_str("the filter is not running: start it first"),
            Refusal::UnevenBlock { samples, channels } => write!(
                f,
                "{samples} samples cannot be shared out evenly among {channels} channels"
            ),
            Refusal::OtherChannels { channels } => write!(
                f,
                "the filter is configured for {channels} channels, each with as many samples as the block says it has frames"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

#[plugin]
impl AudioFilter {
    /// Takes the configuration; `{}` is a low-pass at 1 kHz for interleaved stereo.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        let FilterParams {
            cutoff, resonance, ..
        } = config.filter_params;
        if !(20.0..=20_000.0).contains(&cutoff) {
            return Err(Error::msg(
                "the cutoff must be a frequency of 20 to 20,000 Hz",
            ));
        }
        if !(0.1..=10.0).contains(&resonance) {
            return Err(Error::msg("the resonance must be a number from 0.1 to 10"));
        }
        if config.sample_rate == 0 || config.channels == 0 {
            return Err(Error::msg(
                "audio has at least 1 channel and 1 sample a second",
            ));
        }
        Ok(AudioFilter {
            alpha: alpha(cutoff, config.sample_rate),
            channels: vec![Channel::default(); config.channels.into()],
            running: false,
            config,
        })
    }

    /// Begins a new recording: earlier audio has no effect on it.
    #[start]
    pub fn start(&mut self) {
        self.forget();
        self.running = true;
    }

    /// Ends the recording.
    #[stop]
    pub fn stop(&mut self) {
        self.running = false;
    }

    /// Turns the filter on or off; while it is off, audio is unchanged.
    #[command]
    pub fn set_enabled(&mut self, enabled: bool) {
        self.forget();
        self.config.filter_params.enabled = enabled;
    }

    /// Filters a block of 32-bit samples in place. The next block continues from this one.
    #[command(raw)]
    pub fn process_audio(&mut self, samples: &mut [f32]) -> Result<(), Refusal> {
        if !self.running {
            return Err(Refusal::NotRunning);
        }
        if !samples.len().is_multiple_of(self.channels.len()) {
            return Err(Refusal::UnevenBlock {
                samples: samples.len(),
                channels: self.channels.len(),
            });
        }
        if self.config.filter_params.enabled {
            // The kind is chosen once per block, so that each has its own loop.
            match self.config.filter_params.filter_type {
                FilterType::LowPass => self.filter(samples, Channel::low_pass),
                FilterType::HighPass => self.filter(samples, Channel::high_pass),
                FilterType::BandPass => self.filter(samples, Channel::band_pass),
            }
        }
        Ok(())
    }

    /// Filters a block in JSON, which has its own sample rate. It continues from the previous block
    /// of either form.
    #[command]
    pub fn process_audio_json(
        &mut self,
        #[arg(flatten)] mut block: AudioBuffer,
    ) -> Result<AudioBuffer, Refusal> {
        if !self.running {
            return Err(Refusal::NotRunning);
        }
        let channels = self.channels.len();
        let frames = block.frames as usize;
        if block.channels as usize != channels
            || block.data.len() != channels
            || block.data.iter().any(|samples| samples.len() != frames)
        {
            return Err(Refusal::OtherChannels { channels });
        }
        if self.config.filter_params.enabled {
            let next = match self.config.filter_params.filter_type {
                FilterType::LowPass => Channel::low_pass,
                FilterType::HighPass => Channel::high_pass,
                FilterType::BandPass => Channel::band_pass,
            };
            let alpha = alpha(self.config.filter_params.cutoff, block.sample_rate);
            for (channel, samples) in self.channels.iter_mut().zip(&mut block.data) {
                channel.filter(samples.iter_mut(), alpha, next);
            }
        }
        Ok(block)
    }

    fn filter(&mut self, samples: &mut [f32], next: impl Fn(&mut Channel, f32, f32) -> f32) {
        let channels = self.channels.len();
        let frames = samples.len() / channels;
        for (nth, channel) in self.channels.iter_mut().enumerate() {
            let (first, step) = match self.config.layout {
                Layout::Interleaved => (nth, channels),
                Layout::Planar => (nth * frames, 1),
            };
            let samples = samples.iter_mut().skip(first).step_by(step).take(frames);
            channel.filter(samples, self.alpha, &next);
        }
    }

    fn forget(&mut self) {
        self.channels.fill(Channel::default());
    }
}

/// Returns the share of an input that passes at once.
fn alpha(cutoff: f32, sample_rate: u32) -> f32 {
    let nyquist = sample_rate as f32 / 2.0;
    (cutoff / nyquist).clamp(0.01, 0.99)
}

/// The state of a one-pole filter for a channel.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    input: f32,
    high: f32,
    low: f32,
}

impl Channel {
    /// Filters the channel's samples.
    fn filter<'a>(
        &mut self,
        samples: impl Iterator<Item = &'a mut f32>,
        alpha: f32,
        next: impl Fn(&mut Channel, f32, f32) -> f32,
    ) {
        // A local copy stays in registers.
        let mut past = *self;
        for sample in samples {
            *sample = next(&mut past, alpha, *sample);
        }
        *self = past.settled();
    }

    fn low_pass(&mut self, alpha: f32, sample: f32) -> f32 {
        self.low = alpha * sample + (1.0 - alpha) * self.low;
        self.low
    }

    fn high_pass(&mut self, alpha: f32, sample: f32) -> f32 {
        self.high = alpha * (self.high + sample - self.input);
        self.input = sample;
        self.high
    }

    fn band_pass(&mut self, alpha: f32, sample: f32) -> f32 {
        let high = self.high_pass(alpha, sample);
        self.low_pass(alpha, high)
    }

    /// Resets invalid state: one sample that is not a number would silence the channel for good,
    /// and fading audio would end in subnormal numbers, with which processors are very slow.
    fn settled(self) -> Self {
        const INAUDIBLE: f32 = 1e-15;
        let settled = |value: f32| match value.is_finite() && value.abs() > INAUDIBLE {
            true => value,
            false => 0.0,
        };
        Channel {
            input: settled(self.input),
            high: settled(self.high),
            low: settled(self.low),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(filter_type: FilterType) -> AudioFilter {
        let filter_params = FilterParams {
            filter_type,
            ..FilterParams::default()
        };
        let config = Config {
            filter_params,
            channels: 1,
            ..Config::default()
        };
        let mut filter = AudioFilter::new(config).unwrap();
        filter.start();
        filter
    }

    /// Returns the loudest sample of one second of a filtered wave, once the filter has settled.
    fn loudness(filter_type: FilterType, wave: impl Fn(usize) -> f32) -> f32 {
        let mut samples: Vec<f32> = (0..44_100).map(wave).collect();
        running(filter_type).process_audio(&mut samples).unwrap();
        let settled = samples.iter().skip(22_050);
        settled.fold(0.0, |loudest, sample| loudest.max(sample.abs()))
    }

    fn constant(_: usize) -> f32 {
        1.0
    }

    fn fastest(nth: usize) -> f32 {
        if nth.is_multiple_of(2) { 1.0 } else { -1.0 }
    }

    #[test]
    fn each_filter_keeps_the_frequencies_in_its_name() {
        assert!(loudness(FilterType::LowPass, constant) > 0.99);
        assert!(loudness(FilterType::LowPass, fastest) < 0.05);
        assert!(loudness(FilterType::HighPass, constant) < 0.01);
        let kept = loudness(FilterType::HighPass, fastest);
        let around = |nth: usize| (nth as f32 * 1000.0 / 44_100.0 * std::f32::consts::TAU).sin();
        assert!(kept > loudness(FilterType::HighPass, around));
        let kept = loudness(FilterType::BandPass, around);
        assert!(kept > loudness(FilterType::BandPass, constant));
        assert!(kept > loudness(FilterType::BandPass, fastest));
    }

    #[test]
    fn a_nan_sample_affects_only_its_block() {
        for poison in [f32::NAN, f32::INFINITY] {
            let mut filter = running(FilterType::BandPass);
            filter.process_audio(&mut [1.0, poison, 1.0]).unwrap();
            let mut next = [1.0; 64];
            filter.process_audio(&mut next).unwrap();
            assert!(next.iter().all(|sample| sample.is_finite()));
        }
    }

    #[test]
    fn only_a_started_plugin_filters() {
        let mut filter = AudioFilter::new(Config::default()).unwrap();
        assert_eq!(
            filter.process_audio(&mut [0.0; 2]),
            Err(Refusal::NotRunning)
        );
        filter.start();
        assert_eq!(filter.process_audio(&mut [0.0; 2]), Ok(()));
        filter.stop();
        assert_eq!(
            filter.process_audio(&mut [0.0; 2]),
            Err(Refusal::NotRunning)
        );
    }

    #[test]
    fn a_block_that_its_channels_cannot_share_is_refused() {
        let mut filter = AudioFilter::new(Config::default()).unwrap();
        filter.start();
        let uneven = Refusal::UnevenBlock {
            samples: 3,
            channels: 2,
        };
        assert_eq!(filter.process_audio(&mut [0.0; 3]), Err(uneven));
        assert_eq!(filter.process_audio(&mut []), Ok(()));
    }

    #[test]
    fn parameters_out_of_bounds_are_refused() {
        let accepted = |cutoff, resonance| {
            let filter_params = FilterParams {
                cutoff,
                resonance,
                ..FilterParams::default()
            };
            let config = Config {
                filter_params,
                ..Config::default()
            };
            AudioFilter::new(config).is_ok()
        };
        for (cutoff, resonance) in [(20.0, 0.1), (20_000.0, 10.0)] {
            assert!(accepted(cutoff, resonance), "{cutoff}, {resonance}");
        }
        for wrong in [0.0, -1.0, 20_001.0, f32::NAN, f32::INFINITY] {
            assert!(!accepted(wrong, 0.7), "{wrong}");
            assert!(!accepted(1000.0, wrong), "{wrong}");
        }
    }
}
