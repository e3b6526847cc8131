//! Clients in Go, checked by gofmt, go vet and staticcheck, and run on wazero.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, not_run, write_small, written};
use crate::{installed, support};

/// The programs that use clients: the lines of the guide, one that gives a plugin all services, and
/// the driver.
const PROGRAMS: [&str; 3] = ["hello", "use-services", "driver"];

/// The command `go` of the package that set-up installs.
fn go() -> Option<PathBuf> {
    let place = if cfg!(windows) {
        "python/Scripts/go.exe"
    } else {
        "python/bin/go"
    };
    let go = installed("PLUGIN_SDK_GO", place);
    found(go, &["version"], "Go is missing; type `cargo xtask setup`")
}

fn staticcheck() -> Option<PathBuf> {
    let place = format!("go-tools/staticcheck{EXE_SUFFIX}");
    let staticcheck = installed("PLUGIN_SDK_STATICCHECK", &place);
    let missing = "staticcheck is missing; type `cargo xtask setup`";
    found(staticcheck, &["-version"], missing)
}

#[test]
fn clients_in_go_pass_checks_and_the_table() {
    let Some(go) = go() else { return };
    let folder = written("go");
    write_small(&folder, "go");
    let clients = folder.path().join("clients");
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/go");
    let programs = PROGRAMS.map(|program| format!("{program}/main.go"));
    for name in ["go.mod", "go.sum"]
        .into_iter()
        .chain(programs.iter().map(String::as_str))
    {
        let copy = clients.join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(sources.join(name), copy).unwrap();
    }
    let run = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .current_dir(&clients)
            .args(arguments)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-buildvcs=false")
            // The checkers run for seconds, and collect less garbage with it.
            .env("GOGC", "400");
        command
    };
    // The only download: without it, nothing here can be compiled.
    let mut download = run(&go, &["mod", "download"]);
    if !download.output().unwrap().status.success() {
        let missing =
            "the Go module wazero is missing, and the proxy of Go modules is not reachable";
        return not_run(missing);
    }
    let root = run(&go, &["env", "GOROOT"]).output().unwrap();
    let root = String::from_utf8(root.stdout).unwrap();
    let gofmt = Path::new(root.trim()).join(format!("bin/gofmt{EXE_SUFFIX}"));
    let formatted = run(&gofmt, &["-l", "."]).output().unwrap();
    assert!(formatted.status.success(), "{formatted:?}");
    let others = String::from_utf8_lossy(&formatted.stdout);
    assert_eq!(others, "", "gofmt would change these");
    check(&mut run(&go, &["vet", "./..."]));
    if let Some(staticcheck) = staticcheck() {
        let mut path = vec![go.parent().unwrap().to_owned()];
        path.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        check(run(&staticcheck, &["./..."]).env("PATH", std::env::join_paths(path).unwrap()));
    }
    let folders = PROGRAMS.map(|program| format!("./{program}"));
    check(run(&go, &["build", "-o", ".."]).args(folders));
    let built = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(folder.path().join(format!("{name}{EXE_SUFFIX}")));
        command.current_dir(folder.path()).args(arguments);
        command
    };
    check(&mut built("hello", &[]));
    check(&mut built("use-services", &[]));
    compare(&mut built("driver", &["typed.wasm"]));
}
