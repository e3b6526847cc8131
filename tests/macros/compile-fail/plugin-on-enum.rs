use plugin_sdk::prelude::*;

/// Counts.
#[plugin]
#[derive(Default)]
pub enum Counter {
    #[default]
    Idle,
}

fn main() {}
