use plugin_sdk::PluginError;

#[derive(Debug, PluginError)]
struct Refusal;

fn main() {}
