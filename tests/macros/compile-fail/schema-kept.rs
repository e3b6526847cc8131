//! serde buffers the content of tagged and untagged enums and flattened fields in a form that does
//! not support every type.

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

/// A type that is only written is allowed.
#[derive(Serialize, Schema)]
#[serde(tag = "kind")]
enum Written {
    Transfer { amount: u128 },
}

fn main() {}
