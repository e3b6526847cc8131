//! A plugin with dependencies that draw random bytes, each by another version of `getrandom`.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use plugin_sdk::prelude::*;

/// Draws.
#[plugin]
#[derive(Default)]
pub struct Drawing;

#[plugin]
impl Drawing {
    /// An identifier, by `uuid`.
    #[command]
    pub fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    /// Numbers as a hash map of the standard library has them, whose keys to hash by are as random as a plugin's standard library has them.
    #[command]
    pub fn hashed(&self) -> Vec<u32> {
        let map: HashMap<u32, ()> = (0..16).map(|number| (number, ())).collect();
        map.into_keys().collect()
    }

    /// A throw of a dice, by `rand`.
    #[command]
    pub fn dice(&self) -> u8 {
        rand::random_range(1..=6)
    }

    /// Eight bytes of `getrandom` 0.2 and as many of 0.3.
    #[command]
    pub fn bytes(&self) -> Result<([u8; 8], [u8; 8])> {
        let (mut older, mut newer) = ([0; 8], [0; 8]);
        getrandom_02::getrandom(&mut older).map_err(|error| Error::msg(error.to_string()))?;
        getrandom_03::fill(&mut newer).map_err(|error| Error::msg(error.to_string()))?;
        Ok((older, newer))
    }
}
