use plugin_sdk::prelude::*;

#[derive(Deserialize)]
struct Date(String);

#[derive(Deserialize, Schema)]
struct Guest {
    born: Date,
    #[serde(default)]
    visits: Vec<Date>,
}

#[derive(Deserialize, Schema)]
enum Kind<T> {
    Person(T),
    Animal { met: Option<Date> },
}

fn main() {}
