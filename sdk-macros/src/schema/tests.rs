//! What the derive makes of each kind of item, read as code.

use proc_macro2::TokenStream;
use quote::quote;

use super::derive;
use super::options::meant;

/// Holds generated code to the snapshot that is named after the test.
macro_rules! assert_expansion {
    ($item:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(code(derive($item)));
        })
    };
}

fn code(generated: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(generated).unwrap())
}

#[test]
fn a_struct_is_a_static_that_its_schema_refers_to() {
    assert_expansion!(quote! {
        /// A guest.
        ///
        /// Or "host".
        #[serde(rename_all = "camelCase")]
        struct Guest<'a> {
            /// What to say.
            #[schema(min_length = 1, pattern = "^[A-Z]", example = "Ada")]
            first_name: &'a str,
            #[serde(default, alias = "years")]
            age: Option<u8>,
            #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
            friends: Vec<Self>,
            #[serde(skip)]
            cached: Cache,
            #[serde(with = "date")]
            born: Date,
            #[serde(serialize_with = "date", rename(serialize = "met-on"))]
            #[schema(with = String)]
            met: Date,
            #[doc = include_str!("rest.md")]
            #[serde(flatten)]
            rest: Rest,
        }
    });
}

#[test]
fn a_generic_type_is_evaluated_for_each_of_its_arguments() {
    assert_expansion!(quote! {
        #[serde(deny_unknown_fields)]
        pub struct List<'a, T: Clone, M, const N: usize = 2> {
            head: &'a T,
            tail: Option<Box<List<'a, T, M, N>>>,
            item: T::Item,
            marker: PhantomData<M>,
        }
    });
}

#[test]
fn an_enum_lists_its_variants() {
    assert_expansion!(quote! {
        #[serde(tag = "kind", content = "data", rename_all = "kebab-case")]
        enum Shape {
            /// Nothing at all.
            Nothing,
            RoundCircle(f64),
            Line(f64, f64),
            #[deprecated]
            Polygon { corners: u32 },
            #[serde(with = "odd")]
            Odd(Odd),
            #[serde(other)]
            Other,
        }
    });
}

#[test]
fn a_variant_with_a_tag_among_its_members_is_flattened() {
    assert_expansion!(quote! {
        #[serde(tag = "kind")]
        enum Shape {
            Circle(Circle),
        }
    });
}

#[test]
fn a_transparent_struct_is_another_name() {
    assert_expansion!(quote! {
        #[serde(transparent)]
        struct Id {
            inner: String,
            marker: PhantomData<u8>,
        }
    });
}

#[test]
fn a_converted_type_is_described_as_the_other_one() {
    assert_expansion!(quote! {
        #[serde(try_from = "String")]
        #[schema(title = "A version")]
        struct Version(u8, u8);
    });
}

#[test]
fn mistakes_leave_a_stand_in() {
    assert_expansion!(quote! {
        #[schema(inline)]
        struct Guest<T> {
            #[schema(minimum = 2, maximum = 1)]
            age: T,
        }
    });
}

#[test]
fn an_option_that_is_nearly_right_is_recognised() {
    let known = ["minimum", "maximum", "min_length", "title", "with"];
    assert_eq!(meant("minLength", &known), Some("min_length"));
    assert_eq!(meant("minimun", &known), Some("minimum"));
    assert_eq!(meant("tilte", &known), Some("title"));
    assert_eq!(meant("rename", &known), None);
    assert_eq!(meant("", &known), None);
}
