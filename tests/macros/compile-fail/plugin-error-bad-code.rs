use plugin_sdk::PluginError;

#[derive(Debug, PluginError)]
enum Refusal {
    #[plugin_error(code = "Not Found")]
    NotFound,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refusal {}

fn main() {}
