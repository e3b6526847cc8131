use plugin_sdk::prelude::*;

#[plugin(permissions(kv = "remembers"), optional_permissions(http = "asks", kv = "remembers"), tags("", "audio", "audio"))]
#[derive(Default)]
struct Counter;

fn main() {}
