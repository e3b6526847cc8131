use plugin_sdk::PluginError;

#[derive(PluginError)]
union Refusal {
    code: u32,
    other: f32,
}

fn main() {}
