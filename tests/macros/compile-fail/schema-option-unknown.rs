use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
#[schema(titel = "A guest")]
struct Guest {
    #[schema(minLength = 1, rename = "Name")]
    name: String,
    #[schema(whatever)]
    kind: Kind,
}

#[derive(Deserialize, Schema)]
enum Kind {
    #[schema(maximum = 1)]
    Human,
}

fn main() {}
