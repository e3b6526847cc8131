//! Conversions in a call inside the guest: from arguments to the author's types, and from the
//! author's results and errors to answers.
//!
//! The macros expand to calls of these functions. Traits decide which types can be arguments and
//! results, never the spelling of a type.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Source};
use crate::decode_error::DecodeError;
use crate::error::{Error, PluginError};
use crate::json::Arena;
use crate::memory::Number;

/// A type that an argument can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a command or hook",
    label = "this type cannot be read from what a host sends",
    note = "derive `serde::Deserialize` for it, or take one of: a number, `bool`, `&str`, `String`, `&[T]`, `Vec<T>`, `Option<T>`, a map"
)]
pub trait Argument<'de>: Sized {
    /// Returns the empty slot that the argument is read into. A constant would be copied with its
    /// padding.
    #[inline]
    fn empty_slot() -> Option<Self> {
        None
    }

    /// Reads the argument.
    fn read<S: Source<'de>>(source: &mut S) -> Result<Self, DecodeError>;

    /// Reads the argument from bytes that hold nothing else.
    fn whole<C: Codec>(bytes: &'de [u8], arena: &'de Arena, what: &str) -> Result<Self, Error>;
}

#[diagnostic::do_not_recommend]
impl<'de, T: Deserialize<'de>> Argument<'de> for T {
    fn read<S: Source<'de>>(source: &mut S) -> Result<Self, DecodeError> {
        source.read()
    }

    fn whole<C: Codec>(bytes: &'de [u8], arena: &'de Arena, what: &str) -> Result<Self, Error> {
        C::whole(bytes, arena, what)
    }
}

/// Returns the error of an argument that a codec neither read nor found missing, which none does.
#[cold]
pub fn unread() -> Error {
    DecodeError::missing().into_error("")
}

/// The members of [`Argument`], for the target of a reference.
macro_rules! held {
    () => {
        /// The value that is read and kept for the length of the call.
        type Held: Argument<'de>;

        /// Returns the empty slot that the argument is read into.
        #[inline]
        fn empty_slot() -> Option<Self::Held> {
            None
        }

        /// Reads the argument.
        fn read<S: Source<'de>>(source: &mut S) -> Result<Self::Held, DecodeError> {
            Argument::read(source)
        }

        /// Reads the argument from bytes that hold nothing else.
        fn whole<C: Codec>(
            bytes: &'de [u8],
            arena: &'de Arena,
            what: &str,
        ) -> Result<Self::Held, Error> {
            Argument::whole::<C>(bytes, arena, what)
        }
    };
}

/// The target of an argument that is a reference: a type that can be read and lent to the command.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be an argument of a command or hook",
    label = "what this refers to cannot be read from what a host sends",
    note = "derive `serde::Deserialize` for it, or take one of: `&str`, `&[T]`, a value"
)]
pub trait Referent<'de> {
    held!();

    /// Returns a reference to the value.
    fn lend(held: &Self::Held) -> &Self;
}

/// The target of an argument that is a mutable reference.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` cannot be an argument of a command or hook",
    label = "what this refers to cannot be read and lent for changing",
    note = "take `&mut [T]`, `&mut T` with `T: serde::Deserialize`, or an owned value"
)]
pub trait ReferentMut<'de> {
    held!();

    /// Returns a reference to the value.
    fn lend_mut(held: &mut Self::Held) -> &mut Self;
}

/// Implements a trait for targets of references, each with the value that is kept for it.
macro_rules! lent {
    ($($(#[$if:meta])* [$($generics:tt)*] $trait:ident $lend:ident $($mut:ident)?, $type:ty, $held:ty;)*) => {$(
        $(#[$if])*
        #[diagnostic::do_not_recommend]
        impl<'de, $($generics)*> $trait<'de> for $type {
            type Held = $held;

            #[allow(clippy::needless_lifetimes, reason = "a kept value may have its own")]
            fn $lend<'a>(held: &'a $($mut)? $held) -> &'a $($mut)? Self {
                held
            }
        }
    )*};
}

lent! {
    [] Referent lend, str, &'de str;
    #[cfg(feature = "raw_value")]
    [] Referent lend, serde_json::value::RawValue, &'de serde_json::value::RawValue;
    [T: Deserialize<'de>] Referent lend, [T], Vec<T>;
    [] ReferentMut lend_mut mut, str, String;
    [T: Deserialize<'de>] ReferentMut lend_mut mut, [T], Vec<T>;
    [T: Argument<'de>] Referent lend, T, T;
    [T: Argument<'de>] ReferentMut lend_mut mut, T, T;
}

/// Selects how an argument of type `T` is read. Method lookup tries the traits below in the order
/// of the references that they need.
pub struct Via<T>(PhantomData<T>);

impl<T> Via<T> {
    /// Selects by the type of a slot.
    pub const fn slot(_: &Option<T>) -> Self {
        Via(PhantomData)
    }
}

/// Types with a faster way than serde.
pub trait ReadDirectly<'de, T> {
    /// Reads the argument into its slot, without calling `through_serde`.
    fn read_into_slot<S: Source<'de>>(
        &self,
        source: &mut S,
        slot: &mut Option<T>,
        through_serde: impl FnOnce(&mut S) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError>;
}

/// Defines how an argument is read into its slot.
macro_rules! read_into_slot {
    ($type:ty, |$source:ident, $through_serde:pat_param| $read:expr) => {
        fn read_into_slot<S: Source<'de>>(
            &self,
            $source: &mut S,
            slot: &mut Option<$type>,
            $through_serde: impl FnOnce(&mut S) -> Result<$type, DecodeError>,
        ) -> Result<(), DecodeError> {
            *slot = Some($read?);
            Ok(())
        }
    };
}

/// Serde reads every `Cow` as owned; a string can be borrowed.
impl<'de: 'a, 'a> ReadDirectly<'de, Cow<'a, str>> for Via<Cow<'a, str>> {
    read_into_slot! { Cow<'a, str>, |source, _| source.read().map(Cow::Borrowed) }
}

/// Serde reads an array element by element; numbers can be copied as a whole.
impl<'de, T: Number + Deserialize<'de>> ReadDirectly<'de, Vec<T>> for Via<Vec<T>> {
    read_into_slot! { Vec<T>, |source, _| source.read_numbers() }
}

/// All other types. This trait does not ask for [`Argument`]: the expansion does so where it names
/// the function through serde.
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
    read_into_slot! { T, |source, through_serde| through_serde(source) }
}

/// A type that a command can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a command or hook",
    label = "this type cannot be sent to the host",
    note = "derive `serde::Serialize` for it; or return `Result<T, E>` of such a `T`, or nothing"
)]
pub trait CommandResult: Sized {
    /// Appends the result in the codec's form.
    fn answer<C: Codec>(self, out: &mut Vec<u8>) -> Result<(), Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> CommandResult for T {
    fn answer<C: Codec>(self, out: &mut Vec<u8>) -> Result<(), Error> {
        C::write(&self, out)
    }
}

/// The type of a result. The traits `Settle…` distinguish a `Result` from other values.
pub struct Returned<T>(PhantomData<T>);

impl<T> Returned<T> {
    /// Takes the type of a value.
    pub const fn like(_: &T) -> Self {
        Returned(PhantomData)
    }
}

/// An error type that the boundary accepts in addition to those that implement
/// [`std::error::Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a command or hook",
    label = "this error cannot be sent to the host",
    note = "return `plugin_sdk::Result<T>`, implement `std::error::Error` for the type, or derive `plugin_sdk::PluginError` to give it codes"
)]
pub trait CommandError {
    /// Converts the error to the one that the host gets.
    fn into_error(self) -> Error;
}

macro_rules! command_errors {
    ($($error:ty: |$value:ident| $into:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl CommandError for $error {
            fn into_error(self) -> Error {
                let $value = self;
                $into
            }
        }
    )*};
}

command_errors! {
    Error: |error| error;
    String: |text| Error::msg(text);
    &str: |text| Error::msg(text.to_owned());
    Cow<'_, str>: |text| Error::msg(text.into_owned());
    Box<dyn std::error::Error>: |error| Error::from_boxed(error);
    Box<dyn std::error::Error + Send>: |error| Error::from_boxed(error);
}

macro_rules! settle_results {
    ($($(#[$doc:meta])* $trait:ident for $looks:ty where ($($bound:tt)*) |$error:ident| $into:expr, $failure:ty;)*) => {$(
        $(#[$doc])*
        pub trait $trait<T, E> {
            /// Converts the error, if the value is one.
            fn settle_returned(&self, value: Result<T, E>) -> Result<T, $failure>;

            /// Passes a success to `then`. No stack frame holds a copy of the value, which may be
            /// large.
            fn settle_into<P>(
                &self,
                value: Result<T, E>,
                then: fn(T, &mut P),
                place: &mut P,
            ) -> Result<(), $failure>;
        }

        impl<T, E> $trait<T, E> for $looks
        where
            $($bound)*
        {
            fn settle_returned(&self, value: Result<T, E>) -> Result<T, $failure> {
                value.map_err(|$error| $into)
            }

            fn settle_into<P>(
                &self,
                value: Result<T, E>,
                then: fn(T, &mut P),
                place: &mut P,
            ) -> Result<(), $failure> {
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

// Method lookup tries these from the most references to the fewest, and takes the first whose bound
// is satisfied.
settle_results! {
    /// First: errors with codes of their own.
    SettleCoded for &&&&Returned<Result<T, E>> where (E: PluginError) |error| Error::from_plugin_error(&error), Error;
    /// Second: every [`std::error::Error`].
    SettleStd for &&&Returned<Result<T, E>> where (E: std::error::Error) |error| Error::from(error), Error;
    /// Third: errors that hold one, such as `anyhow::Error`.
    SettleHolder for &&Returned<Result<T, E>> where (E: AsRef<dyn std::error::Error + Send + Sync>)
        |error| Error::from(error.as_ref()), Error;
    /// Fourth: any other error, unchanged. The expansion then asks for [`CommandError`] at the
    /// author's own type.
    SettleOther for &Returned<Result<T, E>> where () |error| error, E;
}

/// Last: any value that is not a `Result`.
pub trait SettlePlain<T> {
    /// Returns the value.
    fn settle_returned(&self, value: T) -> Result<T, Error>;

    /// Passes the value to `then`. No stack frame holds a copy of the value, which may be large.
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
