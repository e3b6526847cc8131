//! The files that the tool writes and reads.

use serde_json::json;

use super::built;
use crate::support::parsed;
use crate::support::project::{Project, manifest};

#[test]
fn a_component_describes_itself() {
    let folder = built("component", "greeter", &[]);
    let information = folder
        .run(&["info", "component/greeter.wasm", "--json"])
        .good();
    let information = parsed(&information);
    assert_eq!(information["id"], "greeter");
    assert_eq!(information["module"]["host"], "component");
    assert_eq!(information["module"]["imports"], json!([]));
    assert_eq!(information["module"]["hooks"], json!([]));
    let bytes = folder.read("component/greeter.wasm").len();
    assert_eq!(information["module"]["bytes"], bytes);
    let schema = folder
        .run(&["info", "component/greeter.wasm", "--schema", "greet"])
        .good();
    assert_eq!(parsed(&schema)["required"], json!(["name"]));
    let wit = String::from_utf8(folder.read("component/greeter.wit")).unwrap();
    insta::assert_snapshot!("component-greeter", wit);
}

#[test]
fn a_plugin_with_imports_of_its_own_cannot_become_a_component() {
    let source = "
use plugin_sdk::prelude::*;

#[host_functions(module = \"my_plugin\")]
pub trait Text {
    fn double(number: u32) -> u32;
}

#[plugin]
#[derive(Default)]
pub struct Importing;

#[plugin]
impl Importing {
    #[command]
    pub fn twice(number: u32) -> u32 {
        text::double(number)
    }
}
";
    let features = "[features]\nhost-component = [\"plugin-sdk/host-component\"]\n\n[lib]";
    let manifest = manifest("importing").replace("[lib]", features);
    let project = Project::new(&[("Cargo.toml", &manifest), ("src/lib.rs", source)]);
    let output = project
        .run(&["build", "--host", "component"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    for words in [
        "error: the module cannot become a component",
        "it imports functions of the module `my_plugin`",
        "a component has the services of plugin-sdk only",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
