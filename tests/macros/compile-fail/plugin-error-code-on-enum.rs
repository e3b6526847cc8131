use plugin_sdk::PluginError;

#[derive(Debug, PluginError)]
#[plugin_error(code = "refused")]
enum Refusal {
    NotFound,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refusal {}

fn main() {}
