use plugin_sdk::prelude::*;

#[plugin(permissions(host.network = "asks", host-files = "reads", host::ai = "chats", 7 = "counts"))]
#[derive(Default)]
struct Counter;

fn main() {}
