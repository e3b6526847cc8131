//! Plugins, commands, arguments, types and fields can have the names of anything else.
#![deny(warnings)]
#![allow(
    dead_code,
    non_camel_case_types,
    non_snake_case,
    unused_qualifications,
    reason = "the names are those of other things"
)]

#[macro_use]
#[path = "../../guests/named/src/names.rs"]
mod names;

macro_rules! of_everything {
    ($($name:ident)*) => {
        mod everything {$(
            pub mod $name {
                use ::plugin_sdk::prelude::*;

                #[plugin(commands($name))]
                #[derive(Default)]
                pub struct $name {}

                #[plugin]
                impl $name {
                    #[command]
                    pub fn method(&self, $name: ::core::primitive::u32) -> ::core::primitive::u32 {
                        $name
                    }
                }

                #[command(rename = "free")]
                pub fn $name($name: ::core::primitive::u32) -> ::core::primitive::u32 {
                    $name
                }

                pub mod described {
                    use ::plugin_sdk::prelude::*;

                    #[derive(Schema)]
                    pub struct $name {
                        pub $name: ::core::primitive::u32,
                    }
                }
            }
        )*}

        #[test]
        fn plugins_and_commands_of_every_name_are_called() {$(
            let plugin: everything::$name::$name = ::core::default::Default::default();
            assert_eq!(plugin.method(1) + everything::$name::$name(2), 3);
        )*}
    };
}

names!(of_everything);
