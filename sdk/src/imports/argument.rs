//! Arguments of host functions: a guest lowers them to numbers, a host reads them from its memory.

use std::borrow::Cow;
use std::ffi::CStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::imports::description::{CallError, Kind};
use crate::imports::region::{Region, c_text, region, text};
use crate::imports::scalar::Scalar;
use crate::imports::wire::{Address, Nothing, Wire};
use crate::json::{self, Arena};
use crate::memory::{Number, as_numbers, clear, lent_numbers};

/// The default convention of a type.
pub enum Plain {}

/// The convention `#[json]`.
pub enum AsJson {}

/// A type that can be passed by shared reference.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot cross to the host as it is",
    label = "a host knows no such type",
    note = "`&str`, `&[u8]`, slices and arrays of numbers and `&CStr` can; put #[json] before the argument to pass any other type as JSON"
)]
pub trait Lent<C> {
    /// The first number that crosses.
    type First: Wire;
    /// The second number that crosses.
    type Second: Wire;
    /// The kind of argument that a host sees.
    const KIND: Kind;

    /// The value that the guest keeps while the call runs.
    type Held<'a>
    where
        Self: 'a;

    /// Prepares the value that the numbers will point to.
    fn hold(&self) -> Result<Self::Held<'_>, Error>;

    /// Returns the numbers.
    fn lower(held: &Self::Held<'_>) -> (Self::First, Self::Second);

    /// The value that the host has read.
    type Read<'m>;

    /// Reads the value from the guest's memory.
    fn read(memory: &[u8], first: u64, second: u64) -> Result<Self::Read<'_>, CallError>;

    /// Copies what the value borrows from the guest.
    fn detach(read: Self::Read<'_>) -> Self::Read<'static>;

    /// Returns the argument for the implementation.
    fn lend<'r>(read: &'r Self::Read<'_>) -> &'r Self;
}

/// Implements `Lent` for types that are in memory as the host reads them. The expressions are the
/// numbers for a value, and the value for numbers.
macro_rules! in_memory {
    ($(
        [$($generics:tt)*] $type:ty, $second:ident, $kind:expr,
        |$held:ident| $lower:expr,
        |$memory:ident, $from:ident, $count:ident| $read:expr;
    )*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Lent<Plain> for $type {
            type First = Address;
            type Second = $second;
            const KIND: Kind = $kind;
            type Held<'a> = &'a Self;

            #[inline]
            fn hold(&self) -> Result<&Self, Error> {
                Ok(self)
            }

            #[inline]
            fn lower($held: &&Self) -> (Address, $second) {
                $lower
            }

            type Read<'m> = Cow<'m, Self>;

            #[inline]
            fn read($memory: &[u8], $from: u64, $count: u64) -> Result<Cow<'_, Self>, CallError> {
                $read
            }

            #[inline]
            fn detach(read: Cow<'_, Self>) -> Cow<'static, Self> {
                Cow::Owned(read.into_owned())
            }

            #[inline]
            fn lend<'r>(read: &'r Cow<'_, Self>) -> &'r Self {
                read
            }
        }
    )*};
}

in_memory! {
    [] str, u32, Kind::Text,
    |held| (Address::of(held.as_bytes()), held.len() as u32),
    |memory, from, count| text(region(memory, from, count, 1)?).map(Cow::Borrowed);

    [T: Number] [T], u32, Kind::Numbers { size: size_of::<T>() as u32 },
    |held| (Address::of(held), held.len() as u32),
    |memory, from, count| {
        let numbers = lent_numbers(region(memory, from, count, size_of::<T>())?);
        numbers.map(Cow::Borrowed).ok_or(CallError::Misaligned {
            address: from as u32,
            alignment: align_of::<T>() as u32,
        })
    };

    [T: Number, const N: usize] [T; N], Nothing, Kind::Fixed { bytes: (size_of::<T>() * N) as u32 },
    |held| (Address::of(&held[..]), Nothing),
    |memory, from, _count| {
        let numbers = <[T] as Lent<Plain>>::read(memory, from, N as u64)?;
        // The slice has as many numbers as requested.
        let numbers = <[T; N]>::try_from(&*numbers).map_err(|_| CallError::Implementation)?;
        Ok(Cow::Owned(numbers))
    };

    [] CStr, Nothing, Kind::CText,
    |held| (Address::of(held.to_bytes_with_nul()), Nothing),
    |memory, from, _count| c_text(memory, from).map(Cow::Borrowed);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Lent<AsJson> for T {
    type First = Address;
    type Second = u32;
    const KIND: Kind = Kind::Json;
    type Held<'a>
        = Vec<u8>
    where
        T: 'a;

    #[inline]
    fn hold(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        json::write(self, &mut text)?;
        Ok(text)
    }

    #[inline]
    fn lower(held: &Vec<u8>) -> (Address, u32) {
        (Address::of(held), held.len() as u32)
    }

    type Read<'m> = T;

    #[inline]
    fn read(memory: &[u8], first: u64, second: u64) -> Result<T, CallError> {
        from_json(region(memory, first, second, 1)?).map_err(CallError::Value)
    }

    #[inline]
    fn detach(read: T) -> T {
        read
    }

    #[inline]
    fn lend(read: &T) -> &T {
        read
    }
}

/// Reads a value from JSON that crossed the boundary.
#[inline]
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let arena = Arena::new();
    json::read(bytes, &arena).map_err(|fault| fault.into_error("what has crossed the boundary"))
}

/// A type that can be passed by exclusive reference: the host changes it in place.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` cannot cross to the host",
    label = "the host cannot change this in place",
    note = "slices and arrays of numbers and single numbers can be changed in place; return anything else"
)]
pub trait LentMut {
    /// The first number that crosses.
    type First: Wire;
    /// The second number that crosses.
    type Second: Wire;
    /// The kind of argument that a host sees.
    const KIND: Kind;

    /// Returns the numbers.
    fn lower(&mut self) -> (Self::First, Self::Second);

    /// Sets it to zeros, the state before a host that only writes.
    fn clear(&mut self);

    /// Returns its place in memory.
    fn region(first: u64, second: u64) -> Region;

    /// Returns the argument for the implementation.
    fn lend(bytes: &mut [u8]) -> Option<&mut Self>;
}

/// Implements `LentMut` for numbers: with the number of them, if it crosses, and as a slice.
macro_rules! in_place {
    ($(
        [$($generics:tt)*] $type:ty, $kind:expr, $second:ident |$len:ident| $length:expr,
        |$count:pat_param| $known:expr, |$this:ident| $slice:expr, |$numbers:ident| $lent:expr;
    )*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> LentMut for $type {
            type First = Address;
            type Second = $second;
            const KIND: Kind = $kind;

            #[inline]
            fn lower(&mut self) -> (Address, $second) {
                let $this = self;
                let numbers: &mut [T] = $slice;
                let $len = numbers.len();
                (Address::of_mut(numbers), $length)
            }

            fn clear(&mut self) {
                let $this = self;
                clear::<T>($slice);
            }

            #[inline]
            fn region(first: u64, $count: u64) -> Region {
                Region::new(first, $known, size_of::<T>())
            }

            #[inline]
            fn lend(bytes: &mut [u8]) -> Option<&mut Self> {
                let $numbers = as_numbers::<T>(bytes)?;
                $lent
            }
        }
    )*};
}

in_place! {
    [T: Number] [T], Kind::Numbers { size: size_of::<T>() as u32 }, u32 |len| len as u32,
    |count| count, |slice| slice, |numbers| Some(numbers);

    [T: Number, const N: usize] [T; N], Kind::Fixed { bytes: (size_of::<T>() * N) as u32 },
    Nothing |_len| Nothing,
    |_| N as u64, |array| &mut array[..], |numbers| numbers.try_into().ok();

    [T: Number] T, Kind::Fixed { bytes: size_of::<T>() as u32 }, Nothing |_len| Nothing,
    |_| 1, |number| std::slice::from_mut(number), |numbers| numbers.first_mut();
}

/// A type that can be passed by value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross to the host as it is",
    label = "a host knows no such type",
    note = "take a number, `bool`, `&str`, `&[u8]`, `&mut [T]` of numbers, `&CStr`, `Option<&str>` or an enum with `#[derive(HostScalar)]`; put #[json] before the \
            argument to pass any other type as JSON"
)]
pub trait Crosses {
    /// The first number that crosses.
    type First: Wire;
    /// The second number that crosses.
    type Second: Wire;
    /// The kind of argument that a host sees.
    const KIND: Kind;

    /// Returns the numbers.
    fn lower(&self) -> (Self::First, Self::Second);
}

/// The host's half of [`Crosses`].
pub trait Passed<'r>: Crosses + Sized {
    /// The value that the host has read.
    type Read<'m>;

    /// Reads the value from the guest's memory.
    fn read(memory: &[u8], first: u64, second: u64) -> Result<Self::Read<'_>, CallError>;

    /// Copies what the value borrows from the guest.
    fn detach(read: Self::Read<'_>) -> Self::Read<'static>;

    /// Returns the argument for the implementation, once.
    fn give(read: &'r mut Self::Read<'_>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Scalar + 'static> Crosses for T {
    type First = T::Wire;
    type Second = Nothing;
    const KIND: Kind = T::KIND;

    #[inline]
    fn lower(&self) -> (T::Wire, Nothing) {
        (self.to_wire(), Nothing)
    }
}

/// Implements `Passed` for types that borrow nothing from the guest.
macro_rules! read_owned {
    ([$($generics:tt)*] $type:ty, |$memory:pat_param, $first:ident, $second:pat_param| $read:expr, |$held:ident| $give:expr) => {
        impl<$($generics)*> Passed<'_> for $type {
            type Read<'m> = $type;

            #[inline]
            fn read($memory: &[u8], $first: u64, $second: u64) -> Result<$type, CallError> {
                $read
            }

            #[inline]
            fn detach(read: $type) -> $type {
                read
            }

            #[inline]
            fn give($held: &mut $type) -> $type {
                $give
            }
        }
    };
}

read_owned! {
    [T: Scalar + 'static] T,
    |_, first, _| T::from_wire(T::Wire::from_slot(first)).ok_or(CallError::NoSuchValue { number: first }),
    |held| *held
}

macro_rules! owned {
    ($($owned:ty as $lent:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Crosses for $owned {
            type First = Address;
            type Second = u32;
            const KIND: Kind = <$lent as Lent<Plain>>::KIND;

            #[inline]
            fn lower(&self) -> (Address, u32) {
                <$lent as Lent<Plain>>::lower(&&**self)
            }
        }

        read_owned! {
            [] $owned,
            |memory, first, second| {
                <$lent as Lent<Plain>>::read(memory, first, second).map(Cow::into_owned)
            },
            |held| std::mem::take(held)
        }

        /// `None` is address 0, where no value can be.
        #[diagnostic::do_not_recommend]
        impl Crosses for Option<$owned> {
            type First = Address;
            type Second = u32;
            const KIND: Kind = <$lent as Lent<Plain>>::KIND;

            #[inline]
            fn lower(&self) -> (Address, u32) {
                self.as_deref().lower()
            }
        }

        read_owned! {
            [] Option<$owned>,
            |memory, first, second| {
                let read = <Option<&$lent> as Passed<'_>>::read(memory, first, second)?;
                Ok(read.map(Cow::into_owned))
            },
            |held| held.take()
        }

        /// `None` is address 0, where no value can be.
        #[diagnostic::do_not_recommend]
        impl Crosses for Option<&$lent> {
            type First = Address;
            type Second = u32;
            const KIND: Kind = <$lent as Lent<Plain>>::KIND;

            #[inline]
            fn lower(&self) -> (Address, u32) {
                self.map_or((Address::NULL, 0), |value| <$lent as Lent<Plain>>::lower(&value))
            }
        }

        impl<'r> Passed<'r> for Option<&'r $lent> {
            type Read<'m> = Option<Cow<'m, $lent>>;

            #[inline]
            fn read(memory: &[u8], first: u64, second: u64) -> Result<Self::Read<'_>, CallError> {
                if first == 0 {
                    return Ok(None);
                }
                <$lent as Lent<Plain>>::read(memory, first, second).map(Some)
            }

            #[inline]
            fn detach(read: Self::Read<'_>) -> Self::Read<'static> {
                read.map(<$lent as Lent<Plain>>::detach)
            }

            #[inline]
            fn give(read: &'r mut Self::Read<'_>) -> Self {
                read.as_deref()
            }
        }
    )*};
}

owned!(String as str, Vec<u8> as [u8]);
