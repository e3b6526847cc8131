//! The files in the guide by which platforms run a plugin.

use std::fs;
use std::process::Command;

use serde_json::Value;
use toml::Table;

use super::engines::{Body, Served, send, wasmtime};
use crate::component::{built, component, installed};
use crate::support::{Folder, WORKSPACE};

/// The file that the tool writes, from the plugin's folder.
const ARTIFACT: &str = "target/plugin/release/greeter/wasi-http/greeter.wasm";

/// Returns the blocks of code in a language.
fn blocks(language: &str) -> Vec<String> {
    let guide = fs::read_to_string(format!("{WORKSPACE}/docs/guide/deploying.md")).unwrap();
    let fence = format!("\n```{language}\n");
    let parts = guide.split(&fence).skip(1);
    parts
        .map(|part| part.split_once("\n```").unwrap().0.to_owned())
        .collect()
}

/// Checks a configuration of the plugin.
fn expect_config(config: &str) {
    let config: Value = serde_json::from_str(config).unwrap();
    assert_eq!(config["greeting"], "Hi");
}

#[test]
fn spins_manifest_has_the_component() {
    let [manifest] = &blocks("toml")[..] else {
        panic!("one file");
    };
    let manifest: Table = manifest.parse().unwrap();
    let component = &manifest["component"]["greeter"];
    assert_eq!(component["source"].as_str(), Some(ARTIFACT));
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    assert_eq!(triggers[0]["component"].as_str(), Some("greeter"));
    expect_config(component["environment"]["PLUGIN_CONFIG"].as_str().unwrap());
}

#[test]
fn wasmclouds_manifests_have_the_component() {
    let Some(python) = installed("PLUGIN_SDK_PYTHON", "python/bin/python") else {
        return;
    };
    let manifests: Vec<Value> = blocks("yaml")
        .iter()
        .map(|manifest| {
            let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
            let mut parser = Command::new(&python);
            let output = parser.args(["-c", program, manifest]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    let [cluster, machine] = &manifests[..] else {
        panic!("two files");
    };
    assert_eq!(cluster["kind"], "WorkloadDeployment");
    let spec = &cluster["spec"]["template"]["spec"];
    assert_eq!(
        spec["hostInterfaces"][0]["interfaces"][0],
        "incoming-handler"
    );
    let config = &spec["components"][0]["localResources"]["environment"]["config"];
    expect_config(config["PLUGIN_CONFIG"].as_str().unwrap());
    assert_eq!(machine["dev"]["component_path"], ARTIFACT);
    let config = &machine["workload"]["environment"]["config"];
    expect_config(config["PLUGIN_CONFIG"].as_str().unwrap());
}

/// Both command lines are run as they are, except for paths and the port.
#[test]
fn wasmtimes_command_lines_serve_the_component() {
    let [container] = &blocks("dockerfile")[..] else {
        panic!("one file");
    };
    let copies = container.lines().find(|line| line.starts_with("COPY "));
    assert_eq!(copies.unwrap(), format!("COPY {ARTIFACT} /greeter.wasm"));
    let line = container.lines().find_map(|line| line.strip_prefix("CMD "));
    let container: Vec<String> = serde_json::from_str(line.unwrap()).unwrap();
    let [service] = &blocks("ini")[..] else {
        panic!("one file");
    };
    let value = |name: &str| service.lines().find_map(|line| line.strip_prefix(name));
    let line = value("ExecStart=").unwrap().split_whitespace();
    let service_line: Vec<String> = line.map(str::to_owned).collect();
    let variable = value("Environment=").unwrap().trim_matches('\'');
    let (name, config) = variable.split_once('=').unwrap();
    assert_eq!(name, "PLUGIN_CONFIG");
    expect_config(config);
    let Some(wasmtime) = wasmtime() else {
        return;
    };
    let folder = built("wasi-http", "greeter", &[]);
    let wasm = component(&folder, "wasi-http", "greeter");
    for line in [container, service_line] {
        let (program, arguments) = line.split_first().unwrap();
        assert!(program.ends_with("wasmtime"), "{program}");
        let mut command = Command::new(&wasmtime);
        command.env("PLUGIN_CONFIG", config);
        for argument in arguments {
            match argument.as_str() {
                port if port.ends_with(":8080") => command.arg("127.0.0.1:0"),
                file if file.ends_with("/greeter.wasm") => command.arg(&wasm),
                other => command.arg(other),
            };
        }
        let served = Served::of("wasmtime", command, Folder::new());
        let path = "/api/plugins/greeter/commands/greet";
        let answer = send(&served.address, "POST", path, br#"{"name": "Ada"}"#);
        let Body::Json(greeting) = &answer.body else {
            panic!("{answer:?}");
        };
        assert_eq!(greeting["message"], "Hi, Ada!");
    }
}
