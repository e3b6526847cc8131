//! 128-bit integers that fit anywhere in JSON.

use std::fmt::{self, Display};
use std::ops::{Deref, DerefMut};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::schema::parts::{Definition, Link};
use crate::schema::{Name, Node, Schema};

/// A 128-bit integer that is a number in JSON if it fits 64 bits, and a string of digits otherwise.
///
/// A plain `u128` or `i128` is a number of up to 39 digits, which this SDK reads and writes
/// exactly. Many hosts do not: a number above 2^53 loses digits in JavaScript, and above 2^64 in
/// most other languages. serde cannot read it inside enums with a tag, untagged enums and flattened
/// fields, in any format: `#[derive(Schema)]` refuses a plain one there.
///
/// ```
/// use plugin_sdk::Wide;
/// use plugin_sdk::prelude::*;
///
/// #[derive(Serialize, Deserialize, Schema)]
/// #[serde(tag = "kind", rename_all = "snake_case")]
/// enum Order {
///     Transfer { amount: Wide<u128> },
/// }
///
/// let text = r#"{"kind":"transfer","amount":"340282366920938463463374607431768211455"}"#;
/// let Order::Transfer { amount } = serde_json::from_str(text)?;
/// assert_eq!(*amount, u128::MAX);
/// let Order::Transfer { amount } = serde_json::from_str(r#"{"kind":"transfer","amount":7}"#)?;
/// assert_eq!(amount.0 + 1, 8);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wide<T>(pub T);

impl<T> Deref for Wide<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Wide<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Wide<T> {
    fn from(number: T) -> Self {
        Wide(number)
    }
}

impl<T: Display> Display for Wide<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! wide {
    ($($type:ident $name:literal $expecting:literal $least:literal $most:literal $write:ident $write_wide:ident $read_wide:ident $narrow:ident $pattern:literal;)*) => {$(
        impl Serialize for Wide<$type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.$write_wide(self.0);
                }
                match $narrow::try_from(self.0) {
                    Ok(number) => serializer.$write(number),
                    Err(_) => serializer.collect_str(&self.0),
                }
            }
        }

        impl<'de> Deserialize<'de> for Wide<$type> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Digits;

                impl Visitor<'_> for Digits {
                    type Value = Wide<$type>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                        Ok(Wide(number.into()))
                    }

                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                        let narrow = $narrow::try_from(number);
                        let narrow = narrow.map_err(|_| E::invalid_type(de::Unexpected::Signed(number), &self));
                        Ok(Wide(narrow?.into()))
                    }

                    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Self::Value, E> {
                        let number = number.try_into().map_err(|_| E::invalid_type(de::Unexpected::Other("a larger number"), &self));
                        number.map(Wide)
                    }

                    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Self::Value, E> {
                        let number = number.try_into().map_err(|_| E::invalid_type(de::Unexpected::Other("another number"), &self));
                        number.map(Wide)
                    }

                    fn visit_str<E: de::Error>(self, digits: &str) -> Result<Self::Value, E> {
                        // Accepts only the form that is written: no plus sign, no leading zeros.
                        match digits.parse::<$type>() {
                            Ok(number) if number.to_string() == digits => Ok(Wide(number)),
                            _ => Err(E::invalid_value(de::Unexpected::Str(digits), &self)),
                        }
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_any(Digits)
                } else {
                    deserializer.$read_wide(Digits)
                }
            }
        }

        impl Schema for Wide<$type> {
            const SCHEMA: &'static Node = {
                static DEFINITION: Definition = Definition::new(
                    <Wide<$type> as Schema>::NAME,
                    &Node::Text(concat!(
                        r#"{"anyOf":[{"type":"integer","minimum":"#, $least, r#","maximum":"#, $most,
                        r#"},{"type":"string","pattern":""#, $pattern, r#""}]}"#,
                    )),
                );
                &Node::Definition(Link::to(&DEFINITION))
            };
            const NAME: Name = Name::of($name, "plugin_sdk", &[]);
            const DEFAULT: Option<&'static str> = Some("0");
        }
    )*};
}

wide! {
    u128 "Wide_u128" "an integer from 0 on, as a string of digits above 64 bits" "0" "18446744073709551615"
        serialize_u64 serialize_u128 deserialize_u128 u64 "^(0|[1-9][0-9]{0,37}|[1-2][0-9]{38}|3[0-3][0-9]{37}|340[0-1][0-9]{35}|3402[0-7][0-9]{34}|34028[0-1][0-9]{33}|340282[0-2][0-9]{32}|3402823[0-5][0-9]{31}|34028236[0-5][0-9]{30}|340282366[0-8][0-9]{29}|3402823669[0-1][0-9]{28}|340282366920[0-8][0-9]{26}|3402823669209[0-2][0-9]{25}|34028236692093[0-7][0-9]{24}|340282366920938[0-3][0-9]{23}|3402823669209384[0-5][0-9]{22}|34028236692093846[0-2][0-9]{21}|340282366920938463[0-3][0-9]{20}|3402823669209384634[0-5][0-9]{19}|34028236692093846346[0-2][0-9]{18}|340282366920938463463[0-2][0-9]{17}|3402823669209384634633[0-6][0-9]{16}|34028236692093846346337[0-3][0-9]{15}|340282366920938463463374[0-5][0-9]{14}|34028236692093846346337460[0-6][0-9]{12}|340282366920938463463374607[0-3][0-9]{11}|3402823669209384634633746074[0-2][0-9]{10}|340282366920938463463374607430[0-9]{9}|340282366920938463463374607431[0-6][0-9]{8}|3402823669209384634633746074317[0-5][0-9]{7}|34028236692093846346337460743176[0-7][0-9]{6}|340282366920938463463374607431768[0-1][0-9]{5}|34028236692093846346337460743176820[0-9]{4}|340282366920938463463374607431768210[0-9]{3}|340282366920938463463374607431768211[0-3][0-9]{2}|3402823669209384634633746074317682114[0-4][0-9]|34028236692093846346337460743176821145[0-4]|340282366920938463463374607431768211455)$";
    i128 "Wide_i128" "an integer, as a string of digits above 64 bits" "-9223372036854775808" "18446744073709551615"
        serialize_i64 serialize_i128 deserialize_i128 i64 "^(0|[1-9][0-9]{0,37}|1[0-6][0-9]{37}|1700[0-9]{35}|1701[0-3][0-9]{34}|170140[0-9]{33}|1701410[0-9]{32}|1701411[0-7][0-9]{31}|17014118[0-2][0-9]{30}|170141183[0-3][0-9]{29}|1701411834[0-5][0-9]{28}|170141183460[0-3][0-9]{26}|1701411834604[0-5][0-9]{25}|17014118346046[0-8][0-9]{24}|170141183460469[0-1][0-9]{23}|1701411834604692[0-2][0-9]{22}|170141183460469230[0-9]{21}|170141183460469231[0-6][0-9]{20}|1701411834604692317[0-2][0-9]{19}|170141183460469231730[0-9]{18}|170141183460469231731[0-5][0-9]{17}|1701411834604692317316[0-7][0-9]{16}|17014118346046923173168[0-6][0-9]{15}|170141183460469231731687[0-2][0-9]{14}|17014118346046923173168730[0-2][0-9]{12}|170141183460469231731687303[0-6][0-9]{11}|17014118346046923173168730370[0-9]{10}|17014118346046923173168730371[0-4][0-9]{9}|170141183460469231731687303715[0-7][0-9]{8}|1701411834604692317316873037158[0-7][0-9]{7}|17014118346046923173168730371588[0-3][0-9]{6}|1701411834604692317316873037158840[0-9]{5}|17014118346046923173168730371588410[0-4][0-9]{3}|170141183460469231731687303715884105[0-6][0-9]{2}|1701411834604692317316873037158841057[0-1][0-9]|17014118346046923173168730371588410572[0-6]|170141183460469231731687303715884105727|-([1-9][0-9]{0,37}|1[0-6][0-9]{37}|1700[0-9]{35}|1701[0-3][0-9]{34}|170140[0-9]{33}|1701410[0-9]{32}|1701411[0-7][0-9]{31}|17014118[0-2][0-9]{30}|170141183[0-3][0-9]{29}|1701411834[0-5][0-9]{28}|170141183460[0-3][0-9]{26}|1701411834604[0-5][0-9]{25}|17014118346046[0-8][0-9]{24}|170141183460469[0-1][0-9]{23}|1701411834604692[0-2][0-9]{22}|170141183460469230[0-9]{21}|170141183460469231[0-6][0-9]{20}|1701411834604692317[0-2][0-9]{19}|170141183460469231730[0-9]{18}|170141183460469231731[0-5][0-9]{17}|1701411834604692317316[0-7][0-9]{16}|17014118346046923173168[0-6][0-9]{15}|170141183460469231731687[0-2][0-9]{14}|17014118346046923173168730[0-2][0-9]{12}|170141183460469231731687303[0-6][0-9]{11}|17014118346046923173168730370[0-9]{10}|17014118346046923173168730371[0-4][0-9]{9}|170141183460469231731687303715[0-7][0-9]{8}|1701411834604692317316873037158[0-7][0-9]{7}|17014118346046923173168730371588[0-3][0-9]{6}|1701411834604692317316873037158840[0-9]{5}|17014118346046923173168730371588410[0-4][0-9]{3}|170141183460469231731687303715884105[0-6][0-9]{2}|1701411834604692317316873037158841057[0-1][0-9]|17014118346046923173168730371588410572[0-7]|170141183460469231731687303715884105728))$";
}
