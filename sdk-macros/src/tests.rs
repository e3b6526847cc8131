//! Snapshots of the code that each macro generates. A change here changes every plugin.
//!
//! After an intended change, run `INSTA_UPDATE=always cargo test -p plugin-sdk-macros` and read the
//! new snapshots.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{host_functions, host_scalar, plugin, plugin_error, twin};

/// Formats generated code.
pub fn code(generated: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(generated).unwrap())
}

/// Defines snapshot tests: the name of each, the macro with its arguments, and its item.
macro_rules! snapshots {
    ($($name:ident: $($macro:ident)::+ $(($($arguments:tt)*))? { $($item:tt)* })*) => {$(
        #[test]
        fn $name() {
            let generated = $($macro)::+($(quote!($($arguments)*),)? quote!($($item)*));
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!($crate::tests::code(generated));
            })
        }
    )*};
}

snapshots! {
    a_plugin_exports_the_abi_and_lists_its_free_commands: plugin::plugin(
        commands(add, #[cfg(feature = "text")] text::reverse)
    ) {
        /// Counts.
        #[derive(Default)]
        pub struct Counter {
            total: u64,
        }
    }

    a_command_reads_arguments_and_writes_its_result: plugin::plugin() {
        impl Counter {
            /// Not a command.
            fn step(&self) -> u64 {
                1
            }

            /// Adds to the total.
            #[command]
            pub fn add<'a>(
                &'a mut self,
                /// The amount.
                amount: u64,
                label: &'a str,
                #[arg(rename = "in")] weights: &[f32],
                #[arg(default)] note: Option<Cow<'a, str>>,
                #[arg(default = 1)] mut times: u64,
                #[arg(default = [1, 2])] steps: &mut [u64],
            ) -> Result<&'a str, Refusal>
            where
                Self: Sized,
            {
                Ok(label)
            }

            #[cfg(feature = "reset")]
            #[plugin_sdk::command(rename = "reset-all")]
            fn r#type() {}
        }
    }

    a_twin_test_is_two_tests: twin::test(greeter::Greeter) {
        /// Greets.
        #[cfg(feature = "slow")]
        #[ignore = "takes a minute"]
        fn greets(plugin: &mut Plugin) -> Result<(), Failure> {
            Ok(())
        }
    }

    a_twin_test_can_be_one_test: twin::test(wasm_only = "tests a limit", crate = "kit::harness") {
        fn ends(builder: PluginBuilder) {}
    }

    hooks_implement_traits: plugin::plugin() {
        impl Counter {
            #[init]
            fn new(config: Config) -> Result<Self> {
                Ok(Counter { total: config.start })
            }

            #[start]
            fn start(&mut self) -> Result<()> {
                Ok(())
            }

            #[stop]
            fn stop() {}

            #[event]
            fn on_event(&mut self, data: u64) {
                self.total += data;
            }

            #[cleanup]
            fn close(&mut self) {}
        }
    }

    event_handlers_are_listed_with_their_topics: plugin::plugin() {
        impl Counter {
            #[event("user.*")]
            fn user(&mut self, topic: &str, data: u64) -> Result<()> {
                Ok(())
            }

            #[cfg(feature = "all")]
            #[event]
            fn all(&mut self) {}
        }
    }

    conditional_event_handlers_make_a_conditional_hook: plugin::plugin() {
        impl Counter {
            #[cfg(feature = "a")]
            #[cfg(feature = "b")]
            #[event("a")]
            fn a() {}

            #[cfg(feature = "c")]
            #[event("c")]
            fn c() {}
        }
    }

    a_state_is_swapped_field_by_field: plugin::plugin(state = "json") {
        #[derive(Serialize, Deserialize)]
        struct Counter {
            total: u64,
            #[cfg(feature = "names")]
            names: Vec<String>,
            #[deprecated]
            r#type: u8,
            #[serde(skip)]
            config: Config,
            #[serde(default, skip_deserializing)]
            started: u64,
            #[cfg_attr(feature = "fresh", serde(skip))]
            cache: Cache,
        }
    }

    a_state_of_a_tuple_struct_is_swapped_by_index: plugin::plugin(state = "json") {
        #[derive(Default, Serialize, Deserialize)]
        struct Counter(u64, #[serde(skip)] Config, u8);
    }

    a_migrate_hook_implements_a_trait: plugin::plugin() {
        impl Counter {
            #[migrate]
            fn migrate(old: &Old<'_>) -> Result<Self> {
                Ok(Counter { total: old.total })
            }
        }
    }

    a_manifest_is_in_a_custom_section: plugin::plugin(
        id = "counter-2",
        name = "A counter",
        version = "1.2.3-beta",
        type = "tool",
        tags("counting", "numbers"),
        permissions(kv = "remembers", "host.net" = "asks"),
        optional_permissions(http = "asks"),
        limits(memory_pages = 16, max_fuel = 1_000_000),
        emits("counter.full" = "when it is full"),
        requires(neotalk = ">=0.1.0")
    ) {
        /// Counts.
        ///
        ///   - indented
        #[doc = include_str!("more.md")]
        #[derive(Default)]
        pub struct Counter;
    }

    hidden_functions_describe_commands_and_hooks: plugin::plugin() {
        impl Counter {
            /// Reads a configuration.
            #[init]
            fn new(config: Config) -> Self {
                Counter
            }

            #[cfg(feature = "more")]
            #[command(batch, errors(gone = "it is gone"), schema = Vec<Told>)]
            fn flat(#[arg(flatten, schema = Told)] all: &All<'_>) -> impl Serialize {
                [0]
            }

            #[command(raw)]
            fn raw(samples: &mut [f32]) -> Result<()> {
                Ok(())
            }

            #[event]
            fn heard(&self, topic: &str, data: Option<u8>) {}
        }
    }

    an_init_hook_without_arguments_ignores_the_configuration: plugin::plugin() {
        impl Counter {
            #[init]
            fn new() -> Self {
                Counter { total: 0 }
            }
        }
    }

    a_free_command_must_be_listed: plugin::free_command() {
        pub(crate) fn reverse(text: &str) -> String {
            text.chars().rev().collect()
        }
    }

    a_raw_command_uses_no_codec: plugin::plugin() {
        impl Audio {
            #[command(raw)]
            fn amplify(&self, samples: &mut [f32]) {}
        }
    }

    the_binary_codec_replaces_json: plugin::plugin() {
        impl Audio {
            #[command(codec = "binary")]
            fn mean(numbers: Vec<f64>) -> f64 {
                0.0
            }
        }
    }

    a_batch_passes_each_input_to_the_handler: plugin::plugin() {
        impl Audio {
            #[command(raw, batch)]
            fn loudest(&self, samples: &[f32]) -> [f32; 1] {
                [0.0]
            }
        }
    }

    a_free_command_takes_batches_through_its_plugin: plugin::free_command(batch, rename = "rev") {
        fn reverse(text: &str) -> String {
            text.chars().rev().collect()
        }
    }

    a_flattened_argument_is_the_whole_object: plugin::plugin() {
        impl Shop {
            #[command]
            fn find(&self, #[arg(flatten)] query: &Query) -> Vec<Item> {
                Vec::new()
            }
        }
    }

    an_error_type_gets_a_code_for_each_variant: plugin_error::derive {
        enum Refusal<'a, T: Display> {
            NotFound,
            #[plugin_error(code = "too_many")]
            Limit { allowed: T },
            Named(&'a str),
        }
    }

    a_transparent_variant_passes_on_its_error: plugin_error::derive {
        enum Refusal {
            Nobody,
            #[plugin_error(transparent)]
            Host(#[from] plugin_sdk::Error),
            #[plugin_error(transparent)]
            Store { cause: StoreError },
        }
    }

    an_error_type_without_variants_has_no_code: plugin_error::derive {
        enum Never {}
    }

    all_mistakes_are_reported_next_to_the_item: plugin::plugin() {
        impl Counter {
            #[init]
            async fn new(self) -> Self {
                self
            }

            #[command(name = "add")]
            fn add(&self, #[arg(optional)] amount: u64, _: u64) {}

            #[command]
            fn add_twice(&self, #[arg(rename = "amount")] first: u64, amount: u64) {}
        }
    }

    a_struct_with_mistakes_still_lists_its_commands: plugin::plugin(commands(add), exports(sub)) {
        struct Counter<T>(T);
    }

    host_functions_get_a_trait_guest_functions_and_a_table: host_functions::host_functions(module = "my_plugin", prefix = "text_", permission = "text") {
        /// Functions for text.
        pub trait Text {
            /// In place.
            fn reverse(text: &mut [u8]);
            #[host(buffer(max = 4096, absent = -1), name = "find", permission = "look")]
            fn look_up(key: &str, #[json] filter: Filter, #[out] place: &mut u32) -> Result<Option<String>>;
        }
    }
}

#[test]
fn positional_functions_are_called_through_a_table() {
    let expansion = host_functions::host_functions(
        quote!(module = "env", positional),
        quote! {
            trait Imports {
                fn log(level: i32, message: &str);
                fn emit(event: &str);
            }
        },
    );
    let code = code(expansion);
    // Only one static refers to the imports, in their order.
    let table = code.find("static IMPORTS").unwrap();
    let (before, behind) = code.split_at(table);
    assert_eq!(before.matches("safe fn __import_").count(), 2);
    assert!(behind.contains("= (__import_0, __import_1);"), "{code}");
    assert_eq!(code.matches("__import_0").count(), 2, "{code}");
    assert_eq!(
        code.matches("opaque(&Self::__imports().").count(),
        2,
        "{code}"
    );
    assert!(before.contains("#[used]"), "{code}");
}

#[test]
fn expansions_with_a_given_path_never_name_plugin_sdk() {
    let all = [
        plugin::plugin(
            quote!(crate = "kit::sdk", commands(add), log),
            quote!(
                struct Tools;
            ),
        ),
        plugin::plugin(
            quote!(crate = kit::sdk),
            quote! {
                impl Tools {
                    #[kit::sdk::init]
                    fn new(config: Config) -> Self {}
                    #[kit::sdk::prelude::command(batch)]
                    fn add(&self, #[arg(default = 1, minimum = 1)] left: &str) -> Result<u8> {}
                    #[event("a")]
                    fn event(&mut self, data: Data) {}
                }
            },
        ),
        plugin::free_command(
            quote!(crate = "kit::sdk"),
            quote!(
                fn add(left: u32) {}
            ),
        ),
        plugin_error::derive(quote! {
            #[plugin_error(crate = "kit::sdk")]
            enum Refusal { Late, #[plugin_error(code = "x")] Early }
        }),
        host_functions::host_functions(
            quote!(crate = "kit::sdk", module = "m"),
            quote!(
                trait Text {
                    fn reverse(text: &mut [u8]) -> kit::Result<u8>;
                }
            ),
        ),
        host_scalar::derive(quote! {
            #[host_scalar(crate = "kit::sdk")]
            #[repr(u8)]
            enum Kind { One }
        }),
        crate::schema::derive(quote! {
            #[schema(crate = "kit::sdk")]
            struct Point<T> { x: T, #[schema(minimum = 1)] next: Option<Box<Point<T>>> }
        }),
    ];
    for generated in all {
        let code = generated.to_string();
        assert!(
            code.contains("use kit :: sdk :: __private as __plugin_sdk"),
            "{code}"
        );
        assert!(
            !code.contains(":: plugin_sdk") && !code.contains("compile_error"),
            "{code}"
        );
        // The macro found the attributes by their paths.
        assert!(!code.contains("] fn new"), "{code}");
    }
}
