//! A plugin whose dependencies draw random bytes, each with another version of `getrandom`.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use plugin_sdk::prelude::*;

/// Draws random values.
#[plugin]
#[derive(Default)]
pub struct Drawing;

#[plugin]
impl Drawing {
    /// Returns an identifier from `uuid`.
    #[command]
    pub fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// Returns numbers in the order of a standard hash map, whose hash keys are as random as the
    /// standard library of a plugin makes them.
    #[command]
    pub fn hashed(&self) -> Vec<u32> {
        let map: HashMap<u32, ()> = (0..16).map(|number| (number, ())).collect();
        map.into_keys().collect()
    }

    /// Rolls a die with `rand`.
    #[command]
    pub fn dice(&self) -> u8 {
        rand::random_range(1..=6)
    }

    /// Returns eight bytes from `getrandom` 0.2 and eight from 0.3.
    #[command]
    pub fn bytes(&self) -> Result<([u8; 8], [u8; 8])> {
        let (mut older, mut newer) = ([0; 8], [0; 8]);
        getrandom_02::getrandom(&mut older).map_err(|error| Error::msg(error.to_string()))?;
        getrandom_03::fill(&mut newer).map_err(|error| Error::msg(error.to_string()))?;
        Ok((older, newer))
    }
}
