//! Commands as tools of language models.

use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::ServerOptions;
use serde_json::{Map, Value, json};

use super::{Server, described, json_of};

/// Returns the tools of a server.
fn listed(server: &Server) -> Vec<Value> {
    let (_, answer) = json_of(server.mcp("tools/list", json!({})));
    answer["result"]["tools"].as_array().unwrap().clone()
}

/// The schemas of a thousand commands with one definition in common would have 70 MB as text.
#[test]
fn tools_beyond_the_limit_of_schemas_have_plain_ones() {
    let properties =
        (0..1000).map(|number| (format!("property-{number}"), json!({"type": "integer"})));
    let definition = json!({"type": "object", "properties": Map::from_iter(properties)});
    let reference = json!({"$ref": "#/$defs/Wide"});
    let command = |number: u32| json!({"name": format!("command-{number}"), "arguments": reference, "result": reference});
    let wide = json!({
        "abi": 1, "id": "a-wide", "name": "Wide".repeat(10_000), "version": "1.0.0",
        "commands": (0..1000).map(command).collect::<Vec<_>>(),
        "$defs": {"Wide": definition},
    });
    let number = json!({"type": "object", "properties": {"number": {"$ref": "#/$defs/Number"}}});
    let small = json!({
        "abi": 1, "id": "small", "name": "Small", "version": "1.0.0",
        "commands": [{"name": "nothing", "arguments": number, "result": number}],
        "$defs": {"Number": {"type": "integer"}},
    });
    let registry = Registry::new();
    for manifest in [wide, small] {
        registry
            .load(described(&manifest), PluginOptions::new())
            .unwrap();
    }
    let server = Server::serving(registry, ServerOptions::new());
    let tools = listed(&server);
    assert_eq!(tools.len(), 1001);
    let bytes = Value::from(tools.clone()).to_string().len();
    assert!(bytes < 9 << 20, "{bytes}");
    let schemas = |tool: &Value| (tool["inputSchema"].clone(), tool["outputSchema"].clone());
    assert_eq!(schemas(&tools[0]), (definition.clone(), definition));
    // All others of the plugin have those of any arguments and any result.
    let any = json!({"type": "object", "properties": {"result": {}}, "required": ["result"]});
    assert_eq!(schemas(&tools[999]), (json!({"type": "object"}), any));
    // The next plugin has room all the same.
    let number = json!({"type": "object", "properties": {"number": {"type": "integer"}}});
    assert_eq!(tools[1000]["name"], "small_nothing");
    assert_eq!(schemas(&tools[1000]), (number.clone(), number));
}
