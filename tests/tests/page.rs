//! The page, in Chromium: one served by a server, and one that is a file with a module inside.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use plugin_sdk_harness::Source;
use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, page, serve};
use plugin_sdk_tests::Build;
use tokio::sync::oneshot;

/// The plugins that the page is tried on.
const GUESTS: [&str; 5] = ["greeter", "audio-filter", "contract", "served", "observed"];

/// Runs the checks of a part of `tests/page/check.mjs` in Chromium. If that is impossible, prints
/// the reason.
fn check(part: &str, arguments: &[&str]) {
    let found = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let Some(chromium) = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|program| found(program))
    else {
        plugin_sdk_tests::not_run("there is no chromium (on Debian: `apt-get install chromium`)");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("page/check.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([chromium, part])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

/// Serves the plugins while a closure runs, which takes the server's address.
fn serving(options: ServerOptions, use_it: impl FnOnce(&str)) {
    let registry = Registry::new();
    for guest in GUESTS {
        let source = Source::bytes(Build::of(guest).wasm().unwrap().to_vec());
        let options = PluginOptions::new().setup(|id, plugin| {
            let plugin = plugin.grant_all().timeout(Duration::from_secs(2));
            match id {
                "greeter" => plugin.fuel(100_000_000),
                _ => plugin,
            }
        });
        registry.load(source, options).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let stopped = async { drop(stopped.await) };
            runtime.block_on(serve(listener, registry, options, stopped));
        });
        let stop = stop;
        use_it(&address);
        drop(stop);
    });
}

#[test]
fn the_page_of_a_server_lists_and_calls_plugins() {
    serving(ServerOptions::new(), |address| {
        check("served", &[&format!("http://{address}/")]);
    });
}

#[test]
fn the_page_of_a_server_with_a_token_asks_for_it() {
    let options = ServerOptions::new().bearer_token("secret");
    serving(options, |address| {
        check("token", &[&format!("http://{address}/"), "secret"]);
    });
}

#[test]
fn a_page_with_a_module_inside_works_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, guest: &'static str, hostile: bool| {
        let wasm = Build::of(guest).wasm().unwrap();
        let mut manifest = Manifest::read(&wasm).unwrap().unwrap();
        if hostile {
            let html = "<img src=x onerror=alert(1)></script><b>";
            manifest.name = html.to_owned();
            manifest.description = html.to_owned();
            for command in &mut manifest.commands {
                command.description = html.to_owned();
            }
        }
        let manifest = serde_json::to_string(&manifest).unwrap();
        let file = dir.path().join(format!("{name}.html"));
        fs::write(file, page::offline(&wasm, &manifest)).unwrap();
    };
    write("greeter", "greeter", false);
    write("audio-filter", "audio-filter", false);
    write("hostile", "greeter", true);
    check("file", &[dir.path().to_str().unwrap()]);
}
