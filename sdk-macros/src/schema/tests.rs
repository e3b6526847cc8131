//! Snapshots of the code that the derive generates for each kind of item.

use quote::quote;

use super::derive;
use super::options::meant;

#[test]
fn the_schema_of_a_struct_refers_to_a_static() {
    assert_expansion!(derive(quote! {
        /// A guest.
        ///
        /// Or "host".
        #[serde(rename_all = "camelCase")]
        struct Guest<'a> {
            /// The first name.
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
    }));
}

#[test]
fn a_generic_type_is_evaluated_per_argument() {
    assert_expansion!(derive(quote! {
        #[serde(deny_unknown_fields)]
        pub struct List<'a, T: Clone, M, const N: usize = 2> {
            head: &'a T,
            tail: Option<Box<List<'a, T, M, N>>>,
            item: T::Item,
            marker: PhantomData<M>,
        }
    }));
}

#[test]
fn an_enum_lists_its_variants() {
    assert_expansion!(derive(quote! {
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
    }));
}

#[test]
fn a_variant_with_an_internal_tag_is_flattened() {
    assert_expansion!(derive(quote! {
        #[serde(tag = "kind")]
        enum Shape {
            Circle(Circle),
        }
    }));
}

#[test]
fn a_transparent_struct_shares_the_schema_of_its_field() {
    assert_expansion!(derive(quote! {
        #[serde(transparent)]
        struct Id {
            inner: String,
            marker: PhantomData<u8>,
        }
    }));
}

#[test]
fn a_converted_type_has_the_schema_of_the_other_type() {
    assert_expansion!(derive(quote! {
        #[serde(try_from = "String")]
        #[schema(title = "A version")]
        struct Version(u8, u8);
    }));
}

#[test]
fn mistakes_leave_a_stand_in() {
    assert_expansion!(derive(quote! {
        #[schema(inline)]
        struct Guest<T> {
            #[schema(minimum = 2, maximum = 1)]
            age: T,
        }
    }));
}

#[test]
fn a_misspelled_option_is_recognised() {
    let known = ["minimum", "maximum", "min_length", "title", "with"];
    assert_eq!(meant("minLength", &known), Some("min_length"));
    assert_eq!(meant("minimun", &known), Some("minimum"));
    assert_eq!(meant("tilte", &known), Some("title"));
    assert_eq!(meant("rename", &known), None);
    assert_eq!(meant("", &known), None);
}
