//! Schemas of types of the standard library and of serde_json, in serde's form.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock, atomic};
use std::time::{Duration, SystemTime};

use super::name::Name;
use super::node::{
    Enum, Field, Keyword, Kind, Member, Names, Node, Object, Representation, Schema, Variant,
    keyword, kind,
};

/// The schema of a string, a number or a boolean, both in parts and as text.
macro_rules! plain_node {
    ($kind:ident $(, $keyword:ident = $value:literal)*) => {
        &Node::Plain {
            kind: Kind::$kind,
            keywords: &[$(Member(Keyword::$keyword, $value)),*],
            members: concat!("\"type\":", kind!($kind) $(, ",", keyword!($keyword), $value)*),
            whole: concat!("{\"type\":", kind!($kind) $(, ",", keyword!($keyword), $value)*, "}"),
        }
    };
}

/// Implements `Schema` for types without arguments.
macro_rules! plain {
    ($($type:ty, $name:literal, $kind:ident $(, $keyword:ident = $value:literal)* $(; $default:literal)?)*) => {$(
        impl Schema for $type {
            const SCHEMA: &'static Node = plain_node!($kind $(, $keyword = $value)*);
            const NAME: Name = Name::of($name, "std", &[]);
            $(const DEFAULT: Option<&'static str> = Some($default);)?
        }
    )*};
}

plain! {
    bool, "bool", Boolean; "false"
    str, "str", String; "\"\""
    String, "String", String; "\"\""
    Path, "Path", String; "\"\""
    PathBuf, "PathBuf", String; "\"\""
    char, "char", String, MinLength = "1", MaxLength = "1"; "\"\\u0000\""
    f32, "f32", Number, Minimum = "-3.4028235e38", Maximum = "3.4028235e38"; "0.0"
    f64, "f64", Number; "0.0"
    IpAddr, "IpAddr", String, Format = "\"ip\""
    Ipv4Addr, "Ipv4Addr", String, Format = "\"ipv4\""
    Ipv6Addr, "Ipv6Addr", String, Format = "\"ipv6\""
    SocketAddr, "SocketAddr", String
    SocketAddrV4, "SocketAddrV4", String
    SocketAddrV6, "SocketAddrV6", String
    serde_json::Number, "Number", Number
}

/// Implements `Schema` for integers. Their bounds are those of the target: 32 bits for `usize` and
/// `isize` in a plugin.
macro_rules! integers {
    ($($kind:ident $type:ident $minimum:literal $maximum:literal)*) => {$(
        impl Schema for $type {
            const SCHEMA: &'static Node = plain_node!($kind, Minimum = $minimum, Maximum = $maximum);
            const NAME: Name = Name::of(stringify!($type), "std", &[]);
            const DEFAULT: Option<&'static str> = Some("0");
        }

        impl Schema for NonZero<$type> {
            const SCHEMA: &'static Node = match Kind::$kind {
                Kind::Natural => plain_node!($kind, Minimum = "1", Maximum = $maximum),
                _ => plain_node!($kind, Minimum = $minimum, Maximum = $maximum, Not = "{\"const\":0}"),
            };
            const NAME: Name = Name::of("NonZero", "std", &[<$type>::NAME]);
        }
    )*};
}

integers! {
    Natural u8 "0" "255"
    Natural u16 "0" "65535"
    Natural u32 "0" "4294967295"
    Natural u64 "0" "18446744073709551615"
    Natural u128 "0" "340282366920938463463374607431768211455"
    Integer i8 "-128" "127"
    Integer i16 "-32768" "32767"
    Integer i32 "-2147483648" "2147483647"
    Integer i64 "-9223372036854775808" "9223372036854775807"
    Integer i128 "-170141183460469231731687303715884105728" "170141183460469231731687303715884105727"
}

#[cfg(target_pointer_width = "32")]
integers! {
    Natural usize "0" "4294967295"
    Integer isize "-2147483648" "2147483647"
}

#[cfg(target_pointer_width = "64")]
integers! {
    Natural usize "0" "18446744073709551615"
    Integer isize "-9223372036854775808" "9223372036854775807"
}

/// Implements `Schema` for types with the form of another.
macro_rules! same {
    ($([$($generics:tt)*] $type:ty, $as:ty)*) => {$(
        impl<$($generics)*> Schema for $type {
            const SCHEMA: &'static Node = <$as>::SCHEMA;
            const NAME: Name = <$as>::NAME;
            const DEFAULT: Option<&'static str> = <$as>::DEFAULT;
            const OPTIONAL: bool = <$as>::OPTIONAL;
        }
    )*};
}

same! {
    [T: Schema + ?Sized] &T, T
    [T: Schema + ?Sized] &mut T, T
    [T: Schema + ?Sized] Box<T>, T
    [T: Schema + ?Sized] Rc<T>, T
    [T: Schema + ?Sized] Arc<T>, T
    [T: Schema + ?Sized + ToOwned] Cow<'_, T>, T
    [T: Schema + ?Sized] Cell<T>, T
    [T: Schema + ?Sized] RefCell<T>, T
    [T: Schema + ?Sized] Mutex<T>, T
    [T: Schema + ?Sized] RwLock<T>, T
    [T: Schema + ?Sized] std::rc::Weak<T>, Option<Rc<T>>
    [T: Schema + ?Sized] std::sync::Weak<T>, Option<Arc<T>>
    [T: Schema] Wrapping<T>, T
    [T: Schema] Saturating<T>, T
    [T: Schema] Reverse<T>, T
    [] atomic::AtomicBool, bool
    [] atomic::AtomicU8, u8
    [] atomic::AtomicU16, u16
    [] atomic::AtomicU32, u32
    [] atomic::AtomicU64, u64
    [] atomic::AtomicUsize, usize
    [] atomic::AtomicI8, i8
    [] atomic::AtomicI16, i16
    [] atomic::AtomicI32, i32
    [] atomic::AtomicI64, i64
    [] atomic::AtomicIsize, isize
    [] serde_json::Map<String, serde_json::Value>, BTreeMap<String, serde_json::Value>
}

impl<T: Schema> Schema for Option<T> {
    const SCHEMA: &'static Node = &Node::Nullable(T::SCHEMA);
    const NAME: Name = Name::of("Nullable", "std", &[T::NAME]);
    const DEFAULT: Option<&'static str> = Some("null");
    const OPTIONAL: bool = true;
}

impl Schema for () {
    const SCHEMA: &'static Node = &Node::Null;
    const NAME: Name = Name::of("Null", "std", &[]);
    const DEFAULT: Option<&'static str> = Some("null");
}

impl<T: ?Sized> Schema for PhantomData<T> {
    const SCHEMA: &'static Node = &Node::Null;
    const NAME: Name = <()>::NAME;
    const DEFAULT: Option<&'static str> = Some("null");
}

impl Schema for serde_json::Value {
    const SCHEMA: &'static Node = &Node::Any;
    const NAME: Name = Name::of("Value", "serde_json", &[]);
    const DEFAULT: Option<&'static str> = Some("null");
}

#[cfg(feature = "raw_value")]
impl Schema for serde_json::value::RawValue {
    const SCHEMA: &'static Node = &Node::Verbatim;
    const NAME: Name = Name::of("RawValue", "serde_json", &[]);
    const DEFAULT: Option<&'static str> = Some("null");
}

/// Implements `Schema` for arrays of any length.
macro_rules! sequences {
    ($([$($generics:tt)*] $type:ty, $name:literal $(, $keyword:ident)?)*) => {$(
        impl<T: Schema, $($generics)*> Schema for $type {
            const SCHEMA: &'static Node = &Node::Sequence {
                items: T::SCHEMA,
                keywords: &[$(Member(Keyword::$keyword, "true"))?],
            };
            const NAME: Name = Name::of($name, "std", &[T::NAME]);
            const DEFAULT: Option<&'static str> = Some("[]");
        }
    )*};
}

sequences! {
    [] [T], "Array_of"
    [] Vec<T>, "Array_of"
    [] VecDeque<T>, "Array_of"
    [] LinkedList<T>, "Array_of"
    [] BinaryHeap<T>, "Array_of"
    [] BTreeSet<T>, "Set_of", UniqueItems
    [S] HashSet<T, S>, "Set_of", UniqueItems
}

macro_rules! maps {
    ($([$($generics:tt)*] $type:ty)*) => {$(
        impl<K: Schema, V: Schema, $($generics)*> Schema for $type {
            const SCHEMA: &'static Node = &Node::Map {
                keys: K::SCHEMA,
                values: V::SCHEMA,
            };
            const NAME: Name = Name::of("Map_of", "std", &[K::NAME, V::NAME]);
            const DEFAULT: Option<&'static str> = Some("{}");
        }
    )*};
}

maps! {
    [] BTreeMap<K, V>
    [S] HashMap<K, V, S>
}

impl<T: Schema, const N: usize> Schema for [T; N] {
    const SCHEMA: &'static Node = &Node::Array {
        items: T::SCHEMA,
        length: N,
    };
    const NAME: Name = Name::of("Array_of", "std", &[Name::number(N as u64), T::NAME]);
}

macro_rules! tuples {
    ($($($type:ident)+;)*) => {$(
        impl<$($type: Schema),+> Schema for ($($type,)+) {
            const SCHEMA: &'static Node = &Node::Tuple(const { &[$(Field::unnamed::<$type>().required()),+] });
            const NAME: Name = Name::of("Tuple_of", "std", &[$($type::NAME),+]);
        }
    )*};
}

tuples! {
    T0;
    T0 T1;
    T0 T1 T2;
    T0 T1 T2 T3;
    T0 T1 T2 T3 T4;
    T0 T1 T2 T3 T4 T5;
    T0 T1 T2 T3 T4 T5 T6;
    T0 T1 T2 T3 T4 T5 T6 T7;
    T0 T1 T2 T3 T4 T5 T6 T7 T8;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14;
    T0 T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15;
}

/// Implements `Schema` for objects of the standard library.
macro_rules! objects {
    ($([$($generics:tt)*] $type:ty, $name:literal [$($argument:ty)?] { $($field:literal: $of:ty),* })*) => {$(
        impl<$($generics)*> Schema for $type {
            const SCHEMA: &'static Node = &Node::Object(Object::new(
                const { &[$(Field::of::<$of>(Names::one($field)).required()),*] },
                false,
            ));
            const NAME: Name = Name::of($name, "std", &[$(<$argument>::NAME)?]);
        }
    )*};
}

objects! {
    [] Duration, "Duration" [] { "\"secs\"": u64, "\"nanos\"": u32 }
    [] SystemTime, "SystemTime" [] { "\"secs_since_epoch\"": u64, "\"nanos_since_epoch\"": u32 }
    [T: Schema] Range<T>, "Range_of" [T] { "\"start\"": T, "\"end\"": T }
    [T: Schema] RangeInclusive<T>, "Range_of" [T] { "\"start\"": T, "\"end\"": T }
    [T: Schema] RangeFrom<T>, "Range_from" [T] { "\"start\"": T }
    [T: Schema] RangeTo<T>, "Range_to" [T] { "\"end\"": T }
}

impl<T: Schema, E: Schema> Schema for Result<T, E> {
    const SCHEMA: &'static Node = &Node::Enum(Enum::new(
        Representation::External,
        const {
            &[
                Variant::newtype(Names::one("\"Ok\""), const { &Field::unnamed::<T>() }),
                Variant::newtype(Names::one("\"Err\""), const { &Field::unnamed::<E>() }),
            ]
        },
        false,
    ));
    const NAME: Name = Name::of("Result_of", "std", &[T::NAME, E::NAME]);
}

impl<T: Schema> Schema for Bound<T> {
    const SCHEMA: &'static Node = &Node::Enum(Enum::new(
        Representation::External,
        const {
            &[
                Variant::unit(Names::one("\"Unbounded\"")),
                Variant::newtype(Names::one("\"Included\""), const { &Field::unnamed::<T>() }),
                Variant::newtype(Names::one("\"Excluded\""), const { &Field::unnamed::<T>() }),
            ]
        },
        false,
    ));
    const NAME: Name = Name::of("Bound_of", "std", &[T::NAME]);
}
