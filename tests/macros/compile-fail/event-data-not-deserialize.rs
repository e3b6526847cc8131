use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

struct User;

#[plugin]
impl Counter {
    #[event("user.created")]
    fn created(&mut self, data: User) {
        drop(data);
    }
}

fn main() {}
