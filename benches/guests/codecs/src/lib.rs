//! The same job with arguments and result in each codec that was considered for `binary`.

use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
pub struct Codecs;

#[derive(Serialize, Deserialize, Schema)]
pub struct Summary {
    pub name: String,
    pub count: u64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

fn summary(name: &str, numbers: &[f64]) -> Summary {
    let mut summary = Summary {
        name: name.to_owned(),
        count: numbers.len() as u64,
        mean: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };
    for &number in numbers {
        summary.mean += number;
        summary.min = summary.min.min(number);
        summary.max = summary.max.max(number);
    }
    summary.mean /= numbers.len() as f64;
    summary
}

#[plugin]
impl Codecs {
    #[cfg(feature = "json")]
    #[command]
    fn json(&self, name: &str, numbers: &[f64]) -> Summary {
        summary(name, numbers)
    }

    #[cfg(feature = "binary")]
    #[command(codec = "binary")]
    fn binary(&self, name: &str, numbers: &[f64]) -> Summary {
        summary(name, numbers)
    }

    #[cfg(feature = "messagepack")]
    #[command(raw)]
    fn messagepack(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let (name, numbers): (&str, Vec<f64>) = rmp_serde::from_slice(bytes)?;
        Ok(rmp_serde::to_vec(&summary(name, &numbers))?)
    }

    #[cfg(feature = "postcard")]
    #[command(raw)]
    fn postcard(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let failed = |error: postcard::Error| Error::msg(error.to_string());
        let (name, numbers): (&str, Vec<f64>) = postcard::from_bytes(bytes).map_err(failed)?;
        postcard::to_allocvec(&summary(name, &numbers)).map_err(failed)
    }
}
