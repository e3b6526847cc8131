//! Every way in which a plugin can fail, in plugins as cargo builds them: each is told apart, and explains itself.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use plugin_sdk_harness::*;
use serde_json::json;

#[test]
fn show() {
    let b = || {
        Plugin::builder(Source::crate_dir(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/guests/failing"
        )))
        .memory_pages(64)
        .timeout(std::time::Duration::from_millis(300))
    };
    for (c, a) in [
        ("panic", json!({"name":"Ada"})),
        ("unwrap", json!({})),
        ("panic_in_a_panic", json!({})),
        ("panic_in_drop", json!({})),
        ("exhaust", json!({})),
        ("reserve_and_abort", json!({"bytes":1900000000})),
        ("allocate", json!({"bytes":1900000000})),
        ("allocate", json!({"bytes":3000000000u64})),
        ("give_up", json!({})),
        ("recurse", json!({})),
        ("recurse_widely", json!({})),
        ("spin", json!({})),
        ("overflow", json!({"left":200,"right":100})),
        ("divide", json!({"left":200,"right":0})),
        ("unreachable", json!({})),
        ("abort", json!({})),
        ("instant", json!({})),
        ("sleep", json!({})),
        ("spawn", json!({})),
        ("refuse", json!({})),
        ("overflow", json!({"left":200})),
        ("gibt_es_nicht", json!({})),
    ] {
        let mut p = b().build().unwrap();
        let t = std::time::Instant::now();
        let f = p.call::<serde_json::Value>(c, a).unwrap_err();
        let t1 = t.elapsed();
        let s = f.to_string();
        println!("{s}\n[{:?} {:?}]\n", t1, t.elapsed());
        if c == "panic" {
            println!("{}", f.colored());
            println!("{:#}", f.to_json());
            println!("{}", p.call::<serde_json::Value>("answer", ()).unwrap_err());
        }
    }
    println!("{}", b().config(json!({"panic":true})).build().unwrap_err());
    let mut p = Plugin::builder(
        Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/failing")).release(),
    )
    .build()
    .unwrap();
    println!(
        "{}",
        p.call::<serde_json::Value>("panic", json!({"name":"Ada"}))
            .unwrap_err()
    );
}
