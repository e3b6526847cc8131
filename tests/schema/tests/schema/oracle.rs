//! Compares the schemas of schemars with ours for the same types, in both directions.

#![allow(deprecated)]

use plugin_sdk::Schema;
use plugin_sdk::schema::{Direction, document};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::described::{
    annotated, converted, enums, flattened, generics, recursive, standard, structs,
};
use crate::normal::{even_out_defaults, normal};

fn theirs<T: JsonSchema>(direction: Direction) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let settings = match direction {
        Direction::In => settings.for_deserialize(),
        Direction::Out => settings.for_serialize(),
    };
    let schema = settings.into_generator().into_root_schema_for::<T>();
    normal(&serde_json::to_string(&schema).unwrap(), &T::schema_name())
}

fn disagreement<T: JsonSchema + Schema>(name: &str) -> Option<String> {
    for direction in [Direction::In, Direction::Out] {
        let document = document::<T>(direction);
        let mut ours = normal(&document, "");
        let mut theirs = theirs::<T>(direction);
        even_out_defaults(&mut ours, &mut theirs);
        if ours != theirs {
            return Some(format!(
                "{name}, {direction:?}\nours:   {ours}\ntheirs: {theirs}\nwhole:  {document}"
            ));
        }
    }
    None
}

/// Defines a test for each folder of types.
macro_rules! agree {
    ($($test:ident: $($type:ty),+ $(,)?;)*) => {$(
        #[test]
        fn $test() {
            if crate::not_run_where_numbers_are_text() {
                return;
            }
            let found: Vec<String> = [$(disagreement::<$type>(stringify!($type))),+].into_iter().flatten().collect();
            assert!(found.is_empty(), "{}", found.join("\n\n"));
        }
    )*};
}

agree! {
    structs_are_described_as_schemars_does:
        structs::Unit, structs::Empty, structs::Newtype, structs::Pair, structs::NoPlaces, structs::Point, structs::Nested,
        structs::Described, structs::Renamed, structs::RenamedEachWay, structs::Defaults, structs::Strict, structs::Skipping,
        structs::PairSkipping, structs::Transparent, structs::TransparentWithDoc, structs::TransparentMarked<u8>,
        structs::OfTransparent, structs::Deprecated, structs::AllDefault;
    enums_are_described_as_schemars_does:
        enums::Units, enums::UnitsRenamed, enums::UnitsDescribed, enums::Alone, enums::AloneWithContent, enums::External,
        enums::ExternalStrict, enums::Internal, enums::InternalStrict, enums::InternalOfEnum, enums::Adjacent,
        enums::AdjacentStrict, enums::Untagged, enums::PartlyUntagged, enums::Skipping, enums::RenamedEachWay, enums::Empty,
        enums::OfEnums;
    standard_types_are_described_as_schemars_does:
        standard::Integers, standard::Wide, standard::Scalars, standard::Sequences, standard::Maps, standard::Pointers,
        standard::Addresses, standard::Times, standard::Json, standard::Marked<u8>, standard::Borrowed<'static>,
        standard::Shared<'static>, Vec<structs::Point>, Option<structs::Point>, Option<enums::Units>, u8, (), (u8, structs::Unit);
    generic_types_are_described_as_schemars_does:
        generics::Page<structs::Point>, generics::OfPages, generics::OfEither, generics::WithDefault, generics::Bounded<u8>,
        generics::Associated<generics::Bytes>, generics::BorrowedPage<'static, u8>;
    flattened_fields_are_described_as_schemars_does:
        flattened::OfStruct, flattened::OfOption, flattened::OfMap, flattened::OfValues, flattened::OfJson, flattened::OfEnum,
        flattened::OfTagged, flattened::OfUntagged, flattened::OfTwoEnums, flattened::OfOptionalEnum, flattened::OfStrict,
        flattened::StrictOfStruct, flattened::StrictOfEnum, flattened::Deep, flattened::InVariant;
    recursive_types_are_described_as_schemars_does:
        recursive::Tree, recursive::Folder, recursive::Entry, recursive::Expression, recursive::Json, recursive::List<u8>,
        recursive::OfLists;
    converted_types_are_described_as_schemars_does:
        converted::Cooked, converted::Parsed, converted::Written, converted::OfConverted, converted::With;
    annotations_are_those_that_schemars_takes:
        annotated::Constrained, annotated::Variants, annotated::Age, annotated::Included;
}
