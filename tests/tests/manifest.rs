//! What a plugin says of itself in its module, for tools that read it without running anything.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_tests::{Build, Section, sections};
use serde_json::{Value, json};

fn named<'a>(sections: &[Section<'a>], name: &str) -> Vec<Section<'a>> {
    let named = sections.iter().filter(|section| section.name == name);
    named.copied().collect()
}

/// The bytes of all sections of a kind.
fn size(sections: &[Section<'_>], id: u8) -> usize {
    let sizes = sections.iter().filter(|section| section.id == id);
    sizes.map(|section| section.len).sum()
}

fn assert_declared(wasm: &[u8]) {
    let sections = sections(wasm).unwrap();
    let [manifest] = *named(&sections, "plugin-sdk") else {
        panic!("one section `plugin-sdk` among {sections:?}");
    };
    assert_eq!(
        serde_json::from_slice::<Value>(manifest.bytes).unwrap(),
        json!({"abi": 1, "permissions": [
            {"name": "events", "reason": "hears \"who\" comes and goes"},
            {"name": "host.log-book", "reason": "keeps it – always"},
        ]})
    );
}

#[test]
fn permissions_and_reasons_are_in_the_module_whatever_it_is_built_with() {
    assert_declared(&Build::of("listener").dev().wasm().unwrap());
    assert_declared(&Build::of("listener").wasm().unwrap());
    assert_declared(&Build::of("listener").as_one().wasm().unwrap());
}

#[test]
fn a_plugin_that_declares_nothing_has_no_section() {
    let wasm = Build::of("hookless").wasm().unwrap();
    assert_eq!(named(&sections(&wasm).unwrap(), "plugin-sdk"), []);
}

#[test]
fn declaring_costs_neither_code_nor_memory() {
    let build = || Build::of("listener").as_one();
    let with = build().wasm().unwrap();
    let without = build().without_default_features().wasm().unwrap();
    let (with_sections, without_sections) = (sections(&with).unwrap(), sections(&without).unwrap());
    let (code, data) = (10, 11);
    for id in [code, data] {
        assert_ne!(size(&with_sections, id), 0);
        assert_eq!(size(&with_sections, id), size(&without_sections, id));
    }
    let [manifest] = *named(&with_sections, "plugin-sdk") else {
        panic!("one section `plugin-sdk`");
    };
    assert_eq!(with.len() - without.len(), manifest.len);
}
