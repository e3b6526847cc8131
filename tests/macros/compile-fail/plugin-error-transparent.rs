use plugin_sdk::prelude::*;

#[derive(Debug, PluginError)]
enum Misshapen {
    #[plugin_error(transparent)]
    Nothing,
    #[plugin_error(transparent)]
    Two(Error, u8),
    #[plugin_error(transparent, code = "own")]
    Coded(Error),
    #[plugin_error(transparent(from))]
    Unknown(Error),
}

#[derive(Debug, PluginError)]
enum Uncoded {
    #[plugin_error(transparent)]
    Io(std::io::Error),
}

impl std::fmt::Display for Uncoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no code")
    }
}

impl std::error::Error for Uncoded {}

fn main() {}
