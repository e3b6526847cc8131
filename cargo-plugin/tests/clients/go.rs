//! Clients in Go, checked by gofmt and go vet, and run on wazero. Another test checks them with
//! staticcheck.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check, compare, found, not_run, write_small, written};
use crate::installed;
use crate::support::{self, Folder};

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

/// A Go module of all clients, outside the repository, and the command `go` for it.
struct Clients {
    folder: Folder,
    go: PathBuf,
}

impl Clients {
    /// Writes the clients and downloads wazero. Returns nothing, and reports why, if a tool or the
    /// proxy of Go modules is missing.
    fn new() -> Option<Self> {
        let clients = Clients {
            go: go()?,
            folder: written("go"),
        };
        write_small(&clients.folder, "go");
        let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/go");
        let programs = PROGRAMS.map(|program| format!("{program}/main.go"));
        for name in ["go.mod", "go.sum"]
            .into_iter()
            .chain(programs.iter().map(String::as_str))
        {
            let copy = clients.path().join(name);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(sources.join(name), copy).unwrap();
        }
        // The only download: without it, nothing here can be compiled.
        let download = clients.go(&["mod", "download"]).output().unwrap();
        if !download.status.success() {
            not_run(
                "the Go module wazero is missing, and the proxy of Go modules is not reachable",
            );
            return None;
        }
        Some(clients)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clients")
    }

    /// Returns a program that runs in the module.
    fn run(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .args(arguments)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-buildvcs=false")
            // The checkers run for seconds, and collect less garbage with it.
            .env("GOGC", "400");
        command
    }

    fn go(&self, arguments: &[&str]) -> Command {
        self.run(&self.go, arguments)
    }
}

#[test]
fn clients_in_go_pass_checks_and_the_table() {
    let Some(clients) = Clients::new() else {
        return;
    };
    let root = clients.go(&["env", "GOROOT"]).output().unwrap();
    let root = String::from_utf8(root.stdout).unwrap();
    let gofmt = Path::new(root.trim()).join(format!("bin/gofmt{EXE_SUFFIX}"));
    let formatted = clients.run(&gofmt, &["-l", "."]).output().unwrap();
    assert!(formatted.status.success(), "{formatted:?}");
    let others = String::from_utf8_lossy(&formatted.stdout);
    assert_eq!(others, "", "gofmt would change these");
    check(&mut clients.go(&["vet", "./..."]));
    let folders = PROGRAMS.map(|program| format!("./{program}"));
    check(clients.go(&["build", "-o", ".."]).args(folders));
    let built = |name: &str, arguments: &[&str]| {
        let folder = clients.folder.path();
        let mut command = Command::new(folder.join(format!("{name}{EXE_SUFFIX}")));
        command.current_dir(folder).args(arguments);
        command
    };
    check(&mut built("hello", &[]));
    check(&mut built("use-services", &[]));
    compare(&mut built("driver", &["typed.wasm"]));
}

#[test]
#[ignore = "`cargo xtask staticcheck` installs the checker, and runs this"]
fn clients_in_go_pass_staticcheck() {
    let staticcheck = std::env::var_os("PLUGIN_SDK_STATICCHECK").expect("the path of staticcheck");
    let clients = Clients::new().expect("Go and its proxy");
    // The checker runs `go`.
    let mut path = vec![clients.go.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let mut command = clients.run(Path::new(&staticcheck), &["./..."]);
    check(command.env("PATH", std::env::join_paths(path).unwrap()));
}
