use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[serde(flatten)]
    #[schema(title = "Others", min_properties = 1)]
    others: std::collections::BTreeMap<String, u8>,
}

fn main() {}
