//! serde keeps what is inside tagged and untagged enums and flattened fields in a form that has no room for every type.

use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
#[serde(tag = "kind")]
enum Tagged {
    Transfer { amount: u128 },
    Burn(Part),
}

#[derive(Deserialize, Schema)]
struct Part {
    amounts: Vec<Option<i128>>,
}

#[derive(Deserialize, Schema)]
#[serde(untagged)]
enum Untagged<'a> {
    Text(&'a str),
    Number(u128),
}

#[derive(Deserialize, Schema)]
struct Flattened {
    to: String,
    #[serde(flatten)]
    part: Part,
    plain: u128,
}

/// What is only written has room.
#[derive(Serialize, Schema)]
#[serde(tag = "kind")]
enum Written {
    Transfer { amount: u128 },
}

fn main() {}
