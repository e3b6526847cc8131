//! What to write instead, for crates that are known to bring in what no plugin's host has.

/// The crate as its paths have it, and the edit that makes it do without.
const REMEDIES: [(&str, &str); 14] = [
    (
        "chrono",
        "`chrono = { version = \"0.4\", default-features = false, features = [\"alloc\"] }` leaves out its features `clock` and `wasmbind`; `plugin_sdk::time::now()` tells the time",
    ),
    (
        "getrandom",
        "`plugin-sdk = { version = \"0.1\", features = [\"getrandom\"] }` gives it the host's random bytes; take its feature `js` (0.2) or `wasm_js` (0.3 and later) away",
    ),
    (
        "uuid",
        "`uuid = { version = \"1\", default-features = false, features = [\"v4\", \"rng-getrandom\"] }`, without its feature `js`, and plugin-sdk's feature `getrandom`",
    ),
    (
        "rand",
        "`plugin-sdk = { version = \"0.1\", features = [\"getrandom\"] }` gives it the host's random bytes",
    ),
    (
        "time",
        "take the feature `wasm-bindgen` of `time` away; `plugin_sdk::time::now()` tells the time",
    ),
    (
        "instant",
        "replace `instant` by `plugin_sdk::time::monotonic()`, or take its feature `wasm-bindgen` away",
    ),
    (
        "web_time",
        "replace `web-time` by `plugin_sdk::time::monotonic()`",
    ),
    (
        "ring",
        "take the feature `wasm32_unknown_unknown_js` of `ring` away",
    ),
    (
        "reqwest",
        "`plugin_sdk::http` sends requests by the host; `reqwest` needs a browser here",
    ),
    (
        "gloo_net",
        "`plugin_sdk::http` sends requests by the host; `gloo-net` needs a browser",
    ),
    (
        "console_error_panic_hook",
        "leave `console_error_panic_hook` out: plugin-sdk reports panics by itself",
    ),
    (
        "console_log",
        "leave `console_log` out: the macros of `log` reach the host's log by themselves",
    ),
    (
        "web_sys",
        "leave `web-sys` out: a plugin has no browser around it",
    ),
    (
        "js_sys",
        "leave `js-sys` out: a plugin has no JavaScript around it; `plugin_sdk::time` and `plugin_sdk::random` have its most used functions",
    ),
];

/// The edit for a crate, by its name or by its package's.
pub fn of(name: &str) -> Option<&'static str> {
    let name = name.replace('-', "_");
    let known = REMEDIES.iter().find(|(known, _)| *known == name);
    known.map(|(_, remedy)| *remedy)
}
