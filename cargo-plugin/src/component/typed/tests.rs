//! Unit tests against the component model's own tools.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use wit_parser::abi::{FlatTypes, WasmType};
use wit_parser::{Resolve, SizeAlign};

use super::declaration::{Case, Declaration, Declared, Field, Ty};
use super::layout::{Layout, cases, sequence};
use super::world::{Function, Outcome, Parameters, World};
use super::*;
use plugin_sdk::hosts::component::description::{content, function, tagging};

fn field(name: &str, ty: Ty) -> Field {
    Field {
        json: name.to_owned(),
        name: name.to_owned(),
        description: String::new(),
        ty,
        may_be_absent: false,
    }
}

fn case(name: &str, ty: Option<Ty>) -> Case {
    Case {
        json: vec![name.to_owned()],
        name: name.to_owned(),
        description: "A case\nwith \u{202e} and \u{7} in its description.".to_owned(),
        content: content::VALUE,
        ty,
    }
}

fn integer(size: usize) -> Ty {
    Ty::Integer {
        size,
        signed: false,
    }
}

fn boxed(ty: Ty) -> Box<Ty> {
    Box::new(ty)
}

/// Returns a world with a function that has a parameter and a result of each type.
fn world(parameters: Vec<Ty>) -> World {
    let declared = |name: &str, definition| Declared {
        name: name.to_owned(),
        description: String::new(),
        definition,
    };
    let many: Vec<Case> = (0..300).map(|nth| case(&format!("c{nth}"), None)).collect();
    let result = Ty::Tuple(parameters.clone());
    let fields = parameters.into_iter().enumerate();
    World {
        id: "interface".to_owned(),
        version: "1.2.3-rc.1+x".to_owned(),
        description: String::new(),
        types: vec![
            declared(
                "error",
                Declaration::Record(vec![field("a", integer(1)), field("record", integer(8))]),
            ),
            declared("enum", Declaration::Enum(vec![case("list", None)])),
            declared("many", Declaration::Enum(many)),
            declared(
                "variant",
                Declaration::Variant {
                    tagging: tagging::EXTERNAL,
                    tag: String::new(),
                    content: String::new(),
                    cases: vec![
                        case("none", None),
                        case("float", Some(Ty::Float)),
                        case("record", Some(Ty::Named(0))),
                        case("text", Some(Ty::Text)),
                    ],
                },
            ),
        ],
        error: Ty::Named(0),
        functions: vec![Function {
            name: "func".to_owned(),
            command: "func".to_owned(),
            description: String::new(),
            kind: function::COMMAND,
            parameters: Parameters::Members(
                fields
                    .map(|(nth, ty)| field(&format!("p{nth}"), ty))
                    .collect(),
            ),
            result: Outcome::Typed(Some(result)),
        }],
        services: ["kv".to_owned(), "types".to_owned()].into(),
    }
}

fn types() -> Vec<Ty> {
    vec![
        Ty::Boolean,
        integer(2),
        integer(4),
        integer(8),
        Ty::Float,
        Ty::Text,
        Ty::Json,
        Ty::List(boxed(integer(8))),
        Ty::Map(boxed(Ty::Float)),
        Ty::Option(boxed(integer(1))),
        Ty::Option(boxed(integer(8))),
        Ty::Option(boxed(Ty::Option(boxed(Ty::Text)))),
        Ty::Tuple(vec![integer(1), integer(8), integer(2), Ty::Named(0)]),
        Ty::Named(0),
        Ty::Named(1),
        Ty::Named(2),
        Ty::Named(3),
    ]
}

/// The layouts that the guest gets are those by which engines read and write.
#[test]
fn layouts_are_those_of_the_canonical_abi() {
    let world = world(types());
    let package = package(&world).unwrap();
    let mut sizes = SizeAlign::default();
    sizes.fill(&package.resolve);
    let mut interfaces = package.resolve.interfaces.iter();
    let named = interfaces.find(|(_, interface)| interface.name.as_deref() == Some(wit::INTERFACE));
    let typed = &named.unwrap().1.functions["func"];
    for (ty, typed) in types().iter().zip(&typed.params) {
        let layout = Layout::of(ty, &world);
        let size = sizes.size(&typed.ty).size_wasm32();
        let alignment = sizes.align(&typed.ty).align_wasm32();
        assert_eq!((layout.size, layout.alignment), (size, alignment), "{ty:?}");
        let mut storage = [WasmType::I32; 64];
        let mut flat = FlatTypes::new(&mut storage);
        assert!(package.resolve.push_flat(&typed.ty, &mut flat));
        assert_eq!(layout.slots, flat.to_vec().len(), "{ty:?}");
    }
    let (whole, places) = sequence(&types(), &world);
    let offsets = sizes.field_offsets(typed.params.iter().map(|parameter| &parameter.ty));
    let offsets: Vec<usize> = offsets
        .iter()
        .map(|(offset, _)| offset.size_wasm32())
        .collect();
    let positions: Vec<usize> = places.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, offsets);
    let result = typed.result.unwrap();
    let of_result = cases(2, [&Ty::Tuple(types()), &world.error], &world);
    assert_eq!(of_result.whole.size, sizes.size(&result).size_wasm32());
    assert!(whole.slots > plugin_sdk::hosts::component::SLOTS);
}

#[test]
fn hostile_names_and_texts_are_valid_in_wit() {
    let mut world = world(types());
    world.description = "*/ \" \u{202e}\r\n}\n```".to_owned();
    let package = package(&world).unwrap();
    let text = package.print().unwrap();
    assert!(
        text.contains("package plugin:%interface@1.2.3-rc.1+x;"),
        "{text}"
    );
    assert!(text.contains("%func: func(") && text.contains("import plugin-sdk:host/kv@0.1.0;"));
    let mut again = Resolve::default();
    again.push_source("again.wit", &text).unwrap();
}
