//! Tests of `cargo plugin install`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::modules::{EXPORTS, FOR_MUSICFOX, FOR_NEOTALK, greeter, module};
use crate::support::{Folder, Ran, parsed};

/// Returns a module for a host with this version of a plugin.
fn built(exports: &str, version: &str) -> Vec<u8> {
    let mut manifest = greeter();
    manifest["version"] = version.into();
    manifest["commands"] = json!([]);
    manifest["limits"] = json!({});
    module("", exports, Some(&format!("{manifest}\n")))
}

/// Runs `install` for a user whose home is the folder.
fn install(folder: &Folder, words: &[&str]) -> Ran {
    let mut command = folder.command(&[&["install"], words].concat());
    command
        .env("HOME", folder.path())
        .env("USERPROFILE", folder.path())
        .env_remove("NEOTALK_PLUGIN_DIR")
        .env_remove("MUSICFOX_ROOT");
    Ran::of(&mut command)
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_plugin_is_put_where_its_host_looks() {
    for (host, exports, place, names) in [
        (
            "neotalk",
            FOR_NEOTALK,
            ".neotalk/plugins",
            ["greeter.json", "greeter.wasm"],
        ),
        (
            "musicfox",
            FOR_MUSICFOX,
            ".go-musicfox/plugins/greeter",
            ["greeter.wasm", "plugin.json"],
        ),
    ] {
        let module = built(exports, "0.1.0");
        let folder = Folder::new().with("any name.wasm", &module);
        let said = install(&folder, &["any name.wasm", "--host", host]).good();
        let dir = folder.path().join(place);
        assert!(
            said.contains(&format!("✓ greeter v0.1.0 for {host}")),
            "{said}"
        );
        assert_eq!(files(&dir), names);
        assert_eq!(fs::read(dir.join("greeter.wasm")).unwrap(), module);
        for name in names {
            assert!(said.contains(&*dir.join(name).to_string_lossy()), "{said}");
        }
        // The tool's own check finds the module and its sidecar in step.
        let installed = dir.join("greeter.wasm");
        let check = ["validate", installed.to_str().unwrap(), "--host", host];
        let report = parsed(&folder.run(&[&check[..], &["--json"]].concat()).good());
        assert_eq!(
            report["sidecars"].as_array().unwrap().len(),
            1,
            "{report:#}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&installed).unwrap().permissions().mode();
            assert_eq!(mode & 0o400, 0o400);
            fs::write(folder.path().join("usual"), "").unwrap();
            let usual = fs::metadata(folder.path().join("usual")).unwrap();
            assert_eq!(
                mode,
                usual.permissions().mode(),
                "others may read it as any new file"
            );
        }
    }
}

#[test]
fn an_installed_plugin_is_replaced_only_by_force() {
    let folder = Folder::new()
        .with("old.wasm", built(FOR_NEOTALK, "0.1.0"))
        .with("new.wasm", built(FOR_NEOTALK, "0.2.0"));
    let here = |file| install(&folder, &[file, "--host", "neotalk", "--dir", "plugins"]);
    here("old.wasm").good();
    // The same once more changes nothing.
    here("old.wasm").good();
    let said = here("new.wasm").bad(3);
    assert!(said.contains("`greeter` is installed already"), "{said}");
    assert!(
        said.contains("greeter.wasm` has other contents: version 0.1.0"),
        "{said}"
    );
    assert!(said.contains("--force"), "{said}");
    let installed = |name: &str| fs::read(folder.path().join("plugins").join(name)).unwrap();
    assert_eq!(installed("greeter.wasm"), folder.read("old.wasm"));
    install(
        &folder,
        &[
            "new.wasm", "--host", "neotalk", "--dir", "plugins", "--force",
        ],
    )
    .good();
    assert_eq!(installed("greeter.wasm"), folder.read("new.wasm"));
    let sidecar: Value = serde_json::from_slice(&installed("greeter.json")).unwrap();
    assert_eq!(sidecar["version"], "0.2.0");
    assert_eq!(
        files(&folder.path().join("plugins")).len(),
        2,
        "nothing is left over"
    );
}

#[test]
fn a_plugin_of_this_id_under_another_name_is_in_the_way() {
    let folder = Folder::new().with("new.wasm", built(FOR_NEOTALK, "0.1.0"));
    fs::create_dir(folder.path().join("plugins")).unwrap();
    folder.write(
        "plugins/other.json",
        r#"{"id": "greeter", "name": "G", "version": "1.0.0"}"#,
    );
    folder.write("plugins/broken.json", "{");
    let install = || {
        install(
            &folder,
            &[
                "new.wasm", "--host", "neotalk", "--dir", "plugins", "--force",
            ],
        )
    };
    let said = install().bad(3);
    assert!(
        said.contains("other.json` describes a plugin of this id"),
        "{said}"
    );
    fs::remove_file(folder.path().join("plugins/other.json")).unwrap();
    install().good();
}

#[test]
fn a_plugin_that_its_host_cannot_run_is_not_installed() {
    let folder = Folder::new().with("greeter.wasm", module("", EXPORTS, None));
    let (code, said) = install(&folder, &["greeter.wasm", "--host", "neotalk"]).said();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Plugin validation failed"), "{said}");
    assert!(!folder.path().join(".neotalk").exists());
    let said = install(&folder, &["greeter.wasm", "--host", "typst"]).bad(2);
    assert!(
        said.contains("[possible values: neotalk, musicfox, cis]"),
        "{said}"
    );
}

#[test]
fn a_module_by_hand_keeps_its_sidecar() {
    let folder = Folder::new().with("my-plugin.wasm", module("", FOR_NEOTALK, None));
    let install = || {
        install(
            &folder,
            &["my-plugin.wasm", "--host", "neotalk", "--dir", "p"],
        )
    };
    let said = install().bad(3);
    assert!(
        said.contains("cannot use the sidecar `my-plugin.json`"),
        "{said}"
    );
    for id in ["../p", "a/b", "/tmp/x", ".hidden", "a\\\\b", "é"] {
        let sidecar = format!(r#"{{"id": "{id}", "name": "Mine", "version": "1.0.0"}}"#);
        folder.write("my-plugin.json", sidecar);
        let said = install().bad(3);
        assert!(
            said.contains(&format!("it has the id `{}`", id.replace("\\\\", "\\"))),
            "{said}"
        );
        assert!(!folder.path().join("p").exists());
    }
    let sidecar = r#"{"id": "my-wasm-plugin", "name": "Mine", "version": "1.0.0"}"#;
    folder.write("my-plugin.json", sidecar);
    install().good();
    assert_eq!(folder.read("p/my-plugin.json"), sidecar.as_bytes());
    assert_eq!(
        folder.read("p/my-plugin.wasm"),
        folder.read("my-plugin.wasm")
    );
}

#[test]
fn the_hosts_own_variables_move_its_folder() {
    for (host, exports, variable, place) in [
        (
            "neotalk",
            FOR_NEOTALK,
            "NEOTALK_PLUGIN_DIR",
            "moved/greeter.wasm",
        ),
        (
            "musicfox",
            FOR_MUSICFOX,
            "MUSICFOX_ROOT",
            "moved/plugins/greeter/greeter.wasm",
        ),
    ] {
        let folder = Folder::new().with("greeter.wasm", built(exports, "0.1.0"));
        let mut command = folder.command(&["install", "greeter.wasm", "--host", host]);
        command.env(variable, folder.path().join("moved"));
        Ran::of(&mut command).good();
        assert!(folder.path().join(place).is_file(), "{host}");
    }
}
