//! Filters audio in place, a block of samples at a time.
//!
//! A block is plain bytes in the plugin's memory: the host writes it there, the filter changes it where it lies, and the host reads it. On the
//! way nothing is copied, parsed or printed. What is left is the filter itself, so `opt-level = 3` matters here: with `"z"` its loop takes four times as long.

#![forbid(unsafe_code)]

use std::fmt;

use plugin_sdk::prelude::*;

/// Filters audio: away with what is above, below or around a frequency.
#[plugin(type = "audio_effect", tags("audio", "filter", "wasm"))]
pub struct AudioFilter {
    config: Config,
    /// How much of the input a filter lets through at once.
    alpha: f32,
    channels: Vec<Channel>,
    running: bool,
}

/// What a host can choose.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How it is filtered.
    pub filter_params: FilterParams,
    /// Samples a second in each channel.
    #[schema(minimum = 1, default = 44100)]
    pub sample_rate: u32,
    /// How many channels a block has.
    #[schema(minimum = 1, default = 2)]
    pub channels: u8,
    /// Where in a block the channels are.
    pub layout: Layout,
}

/// How audio is filtered, as go-musicfox's plugins are told.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterParams {
    /// The frequency in hertz from which on it is filtered.
    #[schema(minimum = 20, maximum = 20000, default = 1000)]
    pub cutoff: f32,
    /// How much what is around the cutoff is raised. A filter of one pole, as these are, cannot do that: like go-musicfox's own filters, it takes the number and no notice.
    #[schema(minimum = 0.1, maximum = 10.0, default = 0.7)]
    pub resonance: f32,
    /// What is filtered.
    #[serde(rename = "type")]
    pub filter_type: FilterType,
    /// Whether anything is filtered at all; see [`AudioFilter::set_enabled`].
    #[schema(default = true)]
    pub enabled: bool,
}

/// What is filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum FilterType {
    /// Low frequencies stay.
    LowPass,
    /// High frequencies stay.
    HighPass,
    /// What is around the cutoff stays: a high-pass, then a low-pass.
    BandPass,
}

/// Where in a block the channels are.
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

/// A block as players pass it that speak JSON, of which some speak nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct AudioBuffer {
    /// The samples of each channel.
    pub data: Vec<Vec<f32>>,
    /// Samples a second in each channel, whatever the configuration says.
    #[schema(minimum = 1)]
    pub sample_rate: u32,
    /// How many channels there are.
    pub channels: u32,
    /// How many samples each channel has.
    pub frames: u32,
}

/// Why a block is not filtered.
#[derive(Debug, PartialEq, Eq, PluginError)]
pub enum Refusal {
    /// The host has not started the plugin, or has stopped it.
    NotRunning,
    /// The channels of the block would not be equally long.
    UnevenBlock {
        /// How many samples the block has.
        samples: usize,
        /// How many channels there are.
        channels: usize,
    },
    /// The block has not the channels that it says, or that the filter was configured for.
    OtherChannels {
        /// How many channels there are.
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

    /// Begins a new recording: what was heard before has no effect on it.
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

    /// Turns the filter on or off; while it is off, audio stays as it is.
    #[command]
    pub fn set_enabled(&mut self, enabled: bool) {
        self.forget();
        self.config.filter_params.enabled = enabled;
    }

    /// Filters a block of 32-bit samples in place. The next block goes on where this one ends.
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
            // Chosen here, once a block: each is a loop of its own.
            match self.config.filter_params.filter_type {
                FilterType::LowPass => self.filter(samples, Channel::low_pass),
                FilterType::HighPass => self.filter(samples, Channel::high_pass),
                FilterType::BandPass => self.filter(samples, Channel::band_pass),
            }
        }
        Ok(())
    }

    /// Filters a block in JSON, which says itself how many samples a second it has. It goes on where the block before ends, in whatever form that was.
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

/// How much of an input is let through at once.
fn alpha(cutoff: f32, sample_rate: u32) -> f32 {
    let nyquist = sample_rate as f32 / 2.0;
    (cutoff / nyquist).clamp(0.01, 0.99)
}

/// What a filter of one pole remembers of a channel.
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
        // A copy, which stays in registers.
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

    /// One sample that is not a number would silence the channel for good; and what fades out would end as subnormal numbers, with which processors
    /// are very slow.
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

    /// The loudest sample that is left of a second of a wave, given the wave's samples, once the filter has settled.
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
    fn each_filter_keeps_what_it_is_named_after() {
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
    fn a_sample_that_is_not_a_number_spoils_its_block_only() {
        for poison in [f32::NAN, f32::INFINITY] {
            let mut filter = running(FilterType::BandPass);
            filter.process_audio(&mut [1.0, poison, 1.0]).unwrap();
            let mut next = [1.0; 64];
            filter.process_audio(&mut next).unwrap();
            assert!(next.iter().all(|sample| sample.is_finite()));
        }
    }

    #[test]
    fn only_what_is_running_filters() {
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
    fn a_block_has_as_many_samples_in_each_channel() {
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
    fn parameters_have_bounds() {
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
