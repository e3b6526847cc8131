//! Snapshots of the code that the derive generates for each kind of item.

use quote::quote;

use super::derive;
use super::options::meant;

snapshots! {
    the_schema_of_a_struct_refers_to_a_static: derive {
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
    }

    a_generic_type_is_evaluated_per_argument: derive {
        #[serde(deny_unknown_fields)]
        pub struct List<'a, T: Clone, M, const N: usize = 2> {
            head: &'a T,
            tail: Option<Box<List<'a, T, M, N>>>,
            item: T::Item,
            marker: PhantomData<M>,
        }
    }

    an_enum_lists_its_variants: derive {
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
    }

    a_variant_with_an_internal_tag_is_flattened: derive {
        #[serde(tag = "kind")]
        enum Shape {
            Circle(Circle),
        }
    }

    a_transparent_struct_shares_the_schema_of_its_field: derive {
        #[serde(transparent)]
        struct Id {
            inner: String,
            marker: PhantomData<u8>,
        }
    }

    a_converted_type_has_the_schema_of_the_other_type: derive {
        #[serde(try_from = "String")]
        #[schema(title = "A version")]
        struct Version(u8, u8);
    }

    mistakes_leave_a_stand_in: derive {
        #[schema(inline)]
        struct Guest<T> {
            #[schema(minimum = 2, maximum = 1)]
            age: T,
        }
    }
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
