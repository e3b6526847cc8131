//! Changes the loudness of audio in place, a block of samples at a time, without copying the
//! samples.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Changes the loudness of audio.
#[plugin(type = "audio_effect")]
pub struct MyPlugin {
    gain_db: f32,
}

/// The options of the plugin.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The change of loudness, in decibels; below 0 the audio gets quieter.
    pub gain_db: f32,
}

#[plugin]
impl MyPlugin {
    /// Reads the configuration; `{}` changes nothing.
    #[init]
    pub fn new(config: Config) -> Self {
        MyPlugin {
            gain_db: config.gain_db,
        }
    }

    /// Changes the samples of a block, for all channels alike.
    #[command(raw)]
    pub fn process_audio(&mut self, samples: &mut [f32]) {
        let factor = 10_f32.powf(self.gain_db / 20.0);
        for sample in samples {
            *sample = (*sample * factor).clamp(-1.0, 1.0);
        }
    }

    /// Sets the gain in decibels, from the next block on.
    #[command(errors(not_finite = "the gain is not a finite number"))]
    pub fn set_gain(&mut self, gain_db: f32) -> Result<()> {
        if !gain_db.is_finite() {
            return Err(Error::new("not_finite", "the gain must be a finite number"));
        }
        self.gain_db = gain_db;
        Ok(())
    }

    /// Returns the gain in decibels.
    #[command]
    pub fn gain(&self) -> f32 {
        self.gain_db
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_decibels_double_the_loudness_up_to_the_maximum() {
        let mut plugin = MyPlugin::new(Config { gain_db: 6.0 });
        let mut samples = [0.25, -0.25, 0.9];
        plugin.process_audio(&mut samples);
        assert!((samples[0] - 0.5).abs() < 0.01, "{samples:?}");
        assert_eq!((samples[1], samples[2]), (-samples[0], 1.0));
    }
}
