//! The compiler renders the same schemas as a running program, for all kinds of types and recursive
//! ones.

use plugin_sdk::Schema;
use plugin_sdk::schema::{Definitions, Direction, Sink, document};
use serde_json::Value;

use crate::described::{enums, flattened, generics, recursive, standard, structs};

macro_rules! types {
    ($($name:ident: $type:ty;)*) => {
        const fn render(sink: &mut Sink<'_>) {
            let mut definitions = Definitions::new();
            $(
                definitions.collect(<$type as Schema>::SCHEMA, Direction::In);
                definitions.collect(<$type as Schema>::SCHEMA, Direction::Out);
            )*
            sink.raw("{");
            $(
                sink.string(stringify!($name));
                sink.raw(":[");
                definitions.write_schema(<$type as Schema>::SCHEMA, Direction::In, sink);
                sink.raw(",");
                definitions.write_schema(<$type as Schema>::SCHEMA, Direction::Out, sink);
                sink.raw("],");
            )*
            sink.raw("\"$defs\":{");
            definitions.write(sink);
            sink.raw("}}");
        }

        fn at_run_time() -> Vec<(&'static str, [String; 2])> {
            vec![$((stringify!($name), [document::<$type>(Direction::In), document::<$type>(Direction::Out)])),*]
        }
    };
}

types! {
    nested: structs::Nested;
    renamed: structs::RenamedEachWay;
    skipping: structs::Skipping;
    enums: enums::OfEnums;
    strict: enums::InternalStrict;
    sequences: standard::Sequences;
    maps: standard::Maps;
    borrowed: standard::Borrowed<'_>;
    pages: generics::OfPages;
    page_of_points: generics::Page<structs::Point>;
    deep: flattened::Deep;
    two: flattened::OfTwoEnums;
    folder: recursive::Folder;
    expression: recursive::Expression;
    lists: recursive::OfLists;
    number: Option<u8>;
    anything: Value;
}

const LENGTH: usize = {
    let mut sink = Sink::measuring();
    render(&mut sink);
    sink.len()
};

static RENDERED: [u8; LENGTH] = {
    let mut bytes = [0; LENGTH];
    render(&mut Sink::writing(&mut bytes));
    bytes
};

#[test]
fn compiler_and_program_render_the_same_schemas() {
    let rendered: Value = serde_json::from_slice(&RENDERED).unwrap();
    let definitions = rendered["$defs"].as_object().unwrap();
    for (name, documents) in at_run_time() {
        for (nth, document) in documents.iter().enumerate() {
            let alone: Value = serde_json::from_str(document).unwrap();
            let mut ours = rendered[name][nth].clone();
            if let Value::Object(members) = &mut ours {
                members.insert("$defs".to_owned(), Value::Object(definitions.clone()));
            } else {
                ours = serde_json::json!({"allOf": [ours]});
            }
            assert_eq!(
                crate::normal::normal(&ours.to_string(), ""),
                crate::normal::normal(&alone.to_string(), ""),
                "{name}"
            );
        }
    }
}

#[test]
fn a_type_with_one_form_has_one_definition() {
    let rendered: Value = serde_json::from_slice(&RENDERED).unwrap();
    let definitions = rendered["$defs"].as_object().unwrap();
    let named = |name: &str| definitions.contains_key(name);
    assert!(named("Folder") && !named("FolderOutput"));
    // Senders may leave an `Option` out; it is always written.
    assert!(named("Point") && named("PointOutput"));
    // A type that contains one with two forms has two forms, too.
    assert!(named("Nested") && named("NestedOutput"));
    assert!(named("Page_for_Point") && named("Page_for_PointOutput"));
}
