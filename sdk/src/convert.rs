//! The way of one call inside the guest: arguments in, command, result out.
//!
//! What a macro expands to is a call of each of these in turn. Which types may be arguments and results is decided by traits here, never by how
//! a type is spelled.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};

use crate::codec::{Codec, Source};
use crate::decode_error::DecodeError;
use crate::error::{Error, PluginError};
use crate::json::Arena;
use crate::memory::{Answer, Number};

/// A type that an argument can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a command or hook",
    label = "this type cannot be read from what a host sends",
    note = "derive `serde::Deserialize` for it, or take one of: a number, `bool`, `&str`, `String`, `&[T]`, `Vec<T>`, `Option<T>`, a map"
)]
pub trait Argument<'de>: Sized {
    /// What is there of the argument before it is read.
    const UNREAD: Option<Self> = None;

    /// Reads the argument.
    fn read<S: Source<'de>>(source: &mut S) -> Result<Self, DecodeError>;

    /// Reads the argument from bytes that are nothing else.
    fn whole<C: Codec>(bytes: &'de [u8], arena: &'de Arena, what: &str) -> Result<Self, Error>;

    /// Stands in for an argument that was not given, if the type has such a value.
    fn missing(name: &'static str) -> Result<Self, Error>;
}

#[diagnostic::do_not_recommend]
impl<'de, T: Deserialize<'de>> Argument<'de> for T {
    fn read<S: Source<'de>>(source: &mut S) -> Result<Self, DecodeError> {
        source.read()
    }

    fn whole<C: Codec>(bytes: &'de [u8], arena: &'de Arena, what: &str) -> Result<Self, Error> {
        C::whole(bytes, arena, what)
    }

    fn missing(name: &'static str) -> Result<Self, Error> {
        T::deserialize(Missing).map_err(|fault| fault.in_member(name).into_error(""))
    }
}

/// An argument that was not given: `None` for an option, an error for all else.
struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::missing())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What [`Argument`] has, for what stands behind a reference.
macro_rules! held {
    () => {
        /// What is read and kept for the length of the call.
        type Held: Argument<'de>;

        /// What is there of the argument before it is read.
        const UNREAD: Option<Self::Held> = None;

        /// Reads the argument.
        fn read<S: Source<'de>>(source: &mut S) -> Result<Self::Held, DecodeError> {
            Argument::read(source)
        }

        /// Reads the argument from bytes that are nothing else.
        fn whole<C: Codec>(
            bytes: &'de [u8],
            arena: &'de Arena,
            what: &str,
        ) -> Result<Self::Held, Error> {
            Argument::whole::<C>(bytes, arena, what)
        }

        /// Stands in for an argument that was not given, if the type has such a value.
        fn missing(name: &'static str) -> Result<Self::Held, Error> {
            Argument::missing(name)
        }
    };
}

/// What stands behind an argument that is a reference: something that can be read, and lent to the command.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be an argument of a command or hook",
    label = "what this refers to cannot be read from what a host sends",
    note = "derive `serde::Deserialize` for it, or take one of: `&str`, `&[T]`, a value"
)]
pub trait Referent<'de> {
    held!();

    /// A reference to what was read.
    fn lend(held: &Self::Held) -> &Self;
}

/// What stands behind an argument that is a mutable reference.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` cannot be an argument of a command or hook",
    label = "what this refers to cannot be read and lent for changing",
    note = "take `&mut [T]`, `&mut T` with `T: serde::Deserialize`, or an owned value"
)]
pub trait ReferentMut<'de> {
    held!();

    /// A reference to what was read.
    fn lend_mut(held: &mut Self::Held) -> &mut Self;
}

#[diagnostic::do_not_recommend]
impl<'de> Referent<'de> for str {
    type Held = &'de str;

    fn lend<'a>(held: &'a &'de str) -> &'a str {
        held
    }
}

#[cfg(feature = "raw_value")]
#[diagnostic::do_not_recommend]
impl<'de> Referent<'de> for serde_json::value::RawValue {
    type Held = &'de serde_json::value::RawValue;

    fn lend<'a>(held: &'a &'de serde_json::value::RawValue) -> &'a serde_json::value::RawValue {
        held
    }
}

#[diagnostic::do_not_recommend]
impl<'de, T: Deserialize<'de>> Referent<'de> for [T] {
    type Held = Vec<T>;

    fn lend(held: &Vec<T>) -> &[T] {
        held
    }
}

#[diagnostic::do_not_recommend]
impl<'de> ReferentMut<'de> for str {
    type Held = String;

    fn lend_mut(held: &mut String) -> &mut str {
        held
    }
}

#[diagnostic::do_not_recommend]
impl<'de, T: Deserialize<'de>> ReferentMut<'de> for [T] {
    type Held = Vec<T>;

    fn lend_mut(held: &mut Vec<T>) -> &mut [T] {
        held
    }
}

#[diagnostic::do_not_recommend]
impl<'de, T: Argument<'de>> Referent<'de> for T {
    type Held = T;

    fn lend(held: &T) -> &T {
        held
    }
}

#[diagnostic::do_not_recommend]
impl<'de, T: Argument<'de>> ReferentMut<'de> for T {
    type Held = T;

    fn lend_mut(held: &mut T) -> &mut T {
        held
    }
}

/// How an argument of type `T` is read: the traits below are tried in the order in which they need references taken.
pub struct Via<T>(PhantomData<T>);

impl<T> Via<T> {
    /// How the argument that belongs into this slot is read.
    pub const fn slot(_: &Option<T>) -> Self {
        Via(PhantomData)
    }
}

/// Types that can be had cheaper than through serde.
pub trait ReadDirectly<'de, T> {
    /// Reads the argument into its slot. The way through serde is not taken.
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<T>,
        through_serde: impl FnOnce(&mut S) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError>;
}

/// Serde reads every `Cow` as owned; a string can be borrowed.
impl<'de: 'a, 'a> ReadDirectly<'de, Cow<'a, str>> for Via<Cow<'a, str>> {
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<Cow<'a, str>>,
        _: impl FnOnce(&mut S) -> Result<Cow<'a, str>, DecodeError>,
    ) -> Result<(), DecodeError> {
        *slot = Some(Cow::Borrowed(source.read()?));
        Ok(())
    }
}

/// Serde reads every array one element at a time; numbers can be copied as a whole.
impl<'de, T: Number + Deserialize<'de>> ReadDirectly<'de, Vec<T>> for Via<Vec<T>> {
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<Vec<T>>,
        _: impl FnOnce(&mut S) -> Result<Vec<T>, DecodeError>,
    ) -> Result<(), DecodeError> {
        *slot = Some(source.read_numbers()?);
        Ok(())
    }
}

/// All other types. They are not asked for [`Argument`] here, but where what is generated names the way through serde.
pub trait ReadAny<'de, T> {
    /// Reads the argument into its slot.
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<T>,
        through_serde: impl FnOnce(&mut S) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError>;
}

impl<'de, T> ReadAny<'de, T> for &Via<T> {
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<T>,
        through_serde: impl FnOnce(&mut S) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError> {
        *slot = Some(through_serde(source)?);
        Ok(())
    }
}

/// A type that a command can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a command or hook",
    label = "this type cannot be sent to the host",
    note = "derive `serde::Serialize` for it; `Result<T, E>` of such a `T` will do as well, and so will nothing"
)]
pub trait CommandResult: Sized {
    /// Appends the result in the codec's form.
    fn answer<C: Codec>(self, out: &mut Vec<u8>) -> Result<Answer, Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> CommandResult for T {
    fn answer<C: Codec>(self, out: &mut Vec<u8>) -> Result<Answer, Error> {
        C::write(&self, out)?;
        Ok(Answer::Written)
    }
}

/// What a command returned, by its type alone; the traits `Settle…` tell a `Result` from other values.
pub struct Returned<T>(PhantomData<T>);

impl<T> Returned<T> {
    /// Looks at the type of a value.
    pub const fn like(_: &T) -> Self {
        Returned(PhantomData)
    }
}

/// An error type that the boundary understands beside those that implement [`std::error::Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a command or hook",
    label = "this error cannot be sent to the host",
    note = "return `plugin_sdk::Result<T>`, implement `std::error::Error` for the type, or derive `plugin_sdk::PluginError` to give it codes"
)]
pub trait CommandError {
    /// The error as the host sees it.
    fn into_error(self) -> Error;
}

#[diagnostic::do_not_recommend]
impl CommandError for Error {
    fn into_error(self) -> Error {
        self
    }
}

#[diagnostic::do_not_recommend]
impl CommandError for String {
    fn into_error(self) -> Error {
        Error::msg(self)
    }
}

#[diagnostic::do_not_recommend]
impl CommandError for &str {
    fn into_error(self) -> Error {
        Error::msg(self.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl CommandError for Cow<'_, str> {
    fn into_error(self) -> Error {
        Error::msg(self.into_owned())
    }
}

#[diagnostic::do_not_recommend]
impl CommandError for Box<dyn std::error::Error> {
    fn into_error(self) -> Error {
        Error::from_boxed(self)
    }
}

#[diagnostic::do_not_recommend]
impl CommandError for Box<dyn std::error::Error + Send> {
    fn into_error(self) -> Error {
        Error::from_boxed(self)
    }
}

macro_rules! settle_results {
    ($($(#[$doc:meta])* $trait:ident for $looks:ty where ($($bound:tt)*) |$error:ident| $into:expr;)*) => {$(
        $(#[$doc])*
        pub trait $trait<T, E> {
            /// Tells success from failure.
            fn settle_returned(&self, value: Result<T, E>) -> Result<T, Error>;

            /// Passes success on to a function; no frame has a copy of a value that may be large.
            fn settle_into<P>(
                &self,
                value: Result<T, E>,
                then: fn(T, &mut P),
                place: &mut P,
            ) -> Result<(), Error>;
        }

        impl<T, E> $trait<T, E> for $looks
        where
            $($bound)*
        {
            fn settle_returned(&self, value: Result<T, E>) -> Result<T, Error> {
                value.map_err(|$error| $into)
            }

            fn settle_into<P>(
                &self,
                value: Result<T, E>,
                then: fn(T, &mut P),
                place: &mut P,
            ) -> Result<(), Error> {
                match value {
                    Ok(value) => {
                        then(value, place);
                        Ok(())
                    }
                    Err($error) => Err($into),
                }
            }
        }
    )*};
}

// Method lookup tries these from the most references to the fewest, and takes the first whose bound holds.
settle_results! {
    /// First: errors with codes of their own.
    SettleCoded for &&&&Returned<Result<T, E>> where (E: PluginError) |error| Error::from_plugin_error(&error);
    /// Then: every error of the standard library's kind.
    SettleStd for &&&Returned<Result<T, E>> where (E: std::error::Error) |error| Error::from(error);
    /// Then: errors that hold one, such as `anyhow::Error`.
    SettleHolder for &&Returned<Result<T, E>> where (E: AsRef<dyn std::error::Error + Send + Sync>)
        |error| Error::from(error.as_ref());
}

/// Then: any other error, as it is. What is generated asks for [`CommandError`] then, at the author's own type.
pub trait SettleOther<T, E> {
    /// Tells success from failure.
    fn settle_returned(&self, value: Result<T, E>) -> Result<T, E>;

    /// Passes success on to a function; no frame has a copy of a value that may be large.
    fn settle_into<P>(
        &self,
        value: Result<T, E>,
        then: fn(T, &mut P),
        place: &mut P,
    ) -> Result<(), E>;
}

impl<T, E> SettleOther<T, E> for &Returned<Result<T, E>> {
    fn settle_returned(&self, value: Result<T, E>) -> Result<T, E> {
        value
    }

    fn settle_into<P>(
        &self,
        value: Result<T, E>,
        then: fn(T, &mut P),
        place: &mut P,
    ) -> Result<(), E> {
        match value {
            Ok(value) => {
                then(value, place);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Last: no `Result` at all.
pub trait SettlePlain<T> {
    /// There is nothing to fail.
    fn settle_returned(&self, value: T) -> Result<T, Error>;

    /// Passes success on to a function; no frame has a copy of a value that may be large.
    fn settle_into<P>(&self, value: T, then: fn(T, &mut P), place: &mut P) -> Result<(), Error>;
}

impl<T> SettlePlain<T> for Returned<T> {
    fn settle_returned(&self, value: T) -> Result<T, Error> {
        Ok(value)
    }

    fn settle_into<P>(&self, value: T, then: fn(T, &mut P), place: &mut P) -> Result<(), Error> {
        then(value, place);
        Ok(())
    }
}
