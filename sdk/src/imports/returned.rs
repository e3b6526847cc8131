//! Results of host functions: a host answers with them, a guest lifts them to values.

use std::ffi::CString;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::abi::Packed;
use crate::error::{Error, code};
use crate::imports::argument::{AsJson, Plain, from_json};
use crate::imports::call::Call;
use crate::imports::description::{Answer, CallError, Form, HostFunction, Parameter, Serve};
use crate::imports::scalar::Scalar;
use crate::imports::wire::{Address, Nothing, Wire};
use crate::json;
use crate::memory::{self, text::utf8_owned};

/// The convention `#[host(status)]`: the result is a number, [`Error::status`] for an error.
pub struct Status<const OK: i32>;

/// The convention `#[host(buffer)]`: the result goes to the guest's buffer. If that is too small,
/// the guest tries again with a larger one.
///
/// `SHORT` selects how the host reports a buffer that is too small, and `ABSENT` is the number for
/// `None`.
pub struct Buffer<const INITIAL: u32, const MAX: u32, const SHORT: u8, const ABSENT: i32>;

/// The convention `#[host(in_out)]`: the result goes to the guest's buffer. The size of the buffer
/// is in memory, and the host replaces it by the size of the result. The returned number is 0.
///
/// The host returns `SHORT` and writes only the size if the buffer is too small; `ABSENT` is the
/// number for `None`.
pub struct InOut<const INITIAL: u32, const MAX: u32, const SHORT: i32, const ABSENT: i32>;

/// The host returns the size that it needs.
pub const NEEDED: u8 = 0;
/// The host returns the size that it needs, negated.
pub const NEGATED: u8 = 1;
/// The host fills the buffer and reports nothing else.
pub const TRUNCATED: u8 = 2;

/// The number of larger buffers that the guest tries before it gives up on a host that always wants
/// more.
const TRIES: u32 = 16;

/// A type that a host function can return.
#[diagnostic::on_unimplemented(
    message = "a host function cannot return `{Self}` in this way",
    label = "this type has no such form",
    note = "return a number, `bool`, `String`, `Vec<u8>`, `Option` of these two, `CString`, or `Result<T, E>` of `()`, a number or any of these; put #[json] on the function to \
            return `Result<T, E>` of any other type as JSON; `E` is `plugin_sdk::Error` or implements `HostError`"
)]
pub trait Returned<C>: Sized {
    /// The result of the import.
    type Wire: Wire;
    /// The parameter after the arguments.
    type Room: Wire;
    /// The parameter after that.
    type Size: Wire;
    /// The meaning of the result.
    const FORM: Form;

    /// Calls the import, and converts its result to a value.
    fn receive(import: impl FnMut(Self::Room, Self::Size) -> Self::Wire) -> Self;

    /// Returns the value for a call that cannot reach the host; panics if the type has no such
    /// value.
    fn failed(error: Error) -> Self {
        panic_with(&error)
    }

    /// Returns the value as a guest would have received it.
    fn received(self) -> Self {
        self
    }

    /// Returns the host's answer.
    fn answer(self, call: &mut Call<'_>) -> Result<Answer, CallError>;

    /// Returns the host's answer without a call of the implementation; fails with the error if the
    /// guest cannot get it.
    fn refusal(error: Error) -> Result<Answer, Error> {
        Err(error)
    }
}

/// Defines the types of a result that needs no buffer of the caller.
macro_rules! without_room {
    ($wire:ty, $form:expr) => {
        type Wire = $wire;
        type Room = Nothing;
        type Size = Nothing;
        const FORM: Form = $form;
    };
}

/// Panics with the error of a function that cannot return one.
#[cold]
#[track_caller]
fn panic_with<T>(error: &Error) -> T {
    panic!("{error}")
}

#[cold]
#[inline]
fn strange_answer(what: &'static str) -> Error {
    Error::new(code::BAD_ANSWER, what)
}

#[diagnostic::do_not_recommend]
impl<T: Scalar> Returned<Plain> for T {
    without_room! { T::Wire, Form::Number(T::KIND) }

    #[inline]
    fn receive(mut import: impl FnMut(Nothing, Nothing) -> T::Wire) -> T {
        match T::from_wire(import(Nothing, Nothing)) {
            Some(value) => value,
            None => panic_with(&strange_answer(
                "the host returned a number that is not a value of the type",
            )),
        }
    }

    #[inline]
    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        Ok(Answer::Slot(self.to_wire().to_slot()))
    }
}

#[diagnostic::do_not_recommend]
impl Returned<Plain> for () {
    without_room! { (), Form::Nothing }

    #[inline]
    fn receive(mut import: impl FnMut(Nothing, Nothing)) {
        import(Nothing, Nothing);
    }

    #[inline]
    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        Ok(Answer::Slot(0))
    }
}

/// A type that bytes can hold as a result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form in bytes",
    label = "a host cannot return this",
    note = "return `()`, a number, `bool`, `String`, `Vec<u8>` or an `Option` of the last two; put #[json] on the function to return any other type as JSON"
)]
pub trait Payload: Sized {
    /// Converts to bytes; `None` for an absent value.
    fn into_bytes(self) -> Option<Vec<u8>>;

    /// Converts from bytes.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are malformed, or missing where they are needed.
    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self, Error>;
}

impl Payload for () {
    fn into_bytes(self) -> Option<Vec<u8>> {
        None
    }

    fn from_bytes(_: Option<Vec<u8>>) -> Result<(), Error> {
        Ok(())
    }
}

impl Payload for Vec<u8> {
    #[inline]
    fn into_bytes(self) -> Option<Vec<u8>> {
        Some(self)
    }

    #[inline]
    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self, Error> {
        bytes.ok_or_else(nothing)
    }
}

impl Payload for String {
    #[inline]
    fn into_bytes(self) -> Option<Vec<u8>> {
        Some(self.into_bytes())
    }

    #[inline]
    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self, Error> {
        utf8_owned(bytes.ok_or_else(nothing)?)
            .ok_or_else(|| strange_answer("the host returned text that is not UTF-8"))
    }
}

impl<T: Payload + Present> Payload for Option<T> {
    #[inline]
    fn into_bytes(self) -> Option<Vec<u8>> {
        self.and_then(T::into_bytes)
    }

    #[inline]
    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self, Error> {
        bytes.map(|bytes| T::from_bytes(Some(bytes))).transpose()
    }
}

/// A payload that always has bytes, so that their absence is `None`.
pub trait Present {}

impl Present for Vec<u8> {}
impl Present for String {}

#[cold]
#[inline]
fn nothing() -> Error {
    strange_answer("the host returned nothing instead of a value")
}

macro_rules! json_payloads {
    ($($payload:ident)*) => {$(
        /// Crosses as JSON.
        impl Payload for $payload {
            #[inline]
            fn into_bytes(self) -> Option<Vec<u8>> {
                let mut text = Vec::new();
                // Every number has a form in JSON.
                json::write(&self, &mut text).ok()?;
                Some(text)
            }

            #[inline]
            fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self, Error> {
                from_json(&bytes.ok_or_else(nothing)?)
            }
        }
    )*};
}

json_payloads!(bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

/// Takes the bytes of a packed result from the host; `None` for 0.
#[inline]
fn received(bits: u64) -> Result<Option<Vec<u8>>, Error> {
    if bits == 0 {
        return Ok(None);
    }
    let Packed {
        address,
        len,
        failed,
    } = Packed::from_bits(bits);
    let bytes = if len == 0 {
        Vec::new()
    } else {
        match memory::receive(address, len) {
            Some(bytes) => bytes,
            None => {
                return Err(strange_answer(
                    "the host returned bytes in memory that `alloc` did not give it",
                ));
            }
        }
    };
    if failed {
        return Err(Error::from_json(&bytes)
            .unwrap_or_else(|| strange_answer("the host returned a malformed error")));
    }
    Ok(Some(bytes))
}

#[inline]
fn packed(bytes: Option<Vec<u8>>) -> Answer {
    match bytes {
        None => Answer::Slot(0),
        Some(bytes) => Answer::Packed { bytes },
    }
}

#[inline]
fn packed_error(error: &Error) -> Answer {
    Answer::PackedError {
        bytes: error.to_json(),
    }
}

macro_rules! packed {
    ($($payload:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Returned<Plain> for $payload {
            without_room! { u64, Form::Packed }

            #[inline]
            fn receive(mut import: impl FnMut(Nothing, Nothing) -> u64) -> Self {
                match received(import(Nothing, Nothing)).and_then(Self::from_bytes) {
                    Ok(value) => value,
                    Err(error) => panic_with(&error),
                }
            }

            #[inline]
            fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
                Ok(packed(Payload::into_bytes(self)))
            }
        }
    )*};
}

packed!(String, Vec<u8>, Option<String>, Option<Vec<u8>>);

/// An error that a host function can return.
///
/// [`Error`] and `String` implement it. An error type of your own converts to and from `Error`:
///
/// ```
/// use plugin_sdk::{Error, imports::HostError};
///
/// #[derive(Debug, PartialEq)]
/// enum LookupError { Closed, Other(String) }
///
/// impl HostError for LookupError {
///     fn into_error(self) -> Error {
///         match self {
///             LookupError::Closed => Error::new("closed", "the library is closed"),
///             LookupError::Other(message) => Error::msg(message),
///         }
///     }
///
///     fn from_error(error: Error) -> Self {
///         match error.code() {
///             "closed" => LookupError::Closed,
///             _ => LookupError::Other(error.message().to_owned()),
///         }
///     }
/// }
///
/// assert_eq!(LookupError::from_error(LookupError::Closed.into_error()), LookupError::Closed);
/// ```
pub trait HostError: Sized {
    /// Converts to the error that crosses.
    fn into_error(self) -> Error;

    /// Converts from the error that crossed. It may come from the host or the boundary, such as
    /// `permission_denied`.
    fn from_error(error: Error) -> Self;
}

impl HostError for Error {
    #[inline]
    fn into_error(self) -> Error {
        self
    }

    #[inline]
    fn from_error(error: Error) -> Self {
        error
    }
}

/// Crosses as the message alone.
impl HostError for String {
    fn into_error(self) -> Error {
        Error::msg(self)
    }

    fn from_error(error: Error) -> Self {
        error.message().to_owned()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Payload, E: HostError> Returned<Plain> for Result<T, E> {
    without_room! { u64, Form::Packed }

    #[inline]
    fn receive(mut import: impl FnMut(Nothing, Nothing) -> u64) -> Self {
        received(import(Nothing, Nothing))
            .and_then(T::from_bytes)
            .map_err(E::from_error)
    }

    fn failed(error: Error) -> Self {
        Err(E::from_error(error))
    }

    fn received(self) -> Self {
        self.map_err(|error| E::from_error(error.into_error()))
    }

    #[inline]
    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        match self {
            Ok(value) => Ok(packed(value.into_bytes())),
            Err(error) => Ok(packed_error(&error.into_error())),
        }
    }

    fn refusal(error: Error) -> Result<Answer, Error> {
        Ok(packed_error(&error))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned, E: HostError> Returned<AsJson> for Result<T, E> {
    without_room! { u64, Form::Packed }

    fn receive(mut import: impl FnMut(Nothing, Nothing) -> u64) -> Self {
        received(import(Nothing, Nothing))
            .and_then(|bytes| from_json(bytes.as_deref().unwrap_or(b"null")))
            .map_err(E::from_error)
    }

    fn failed(error: Error) -> Self {
        Err(E::from_error(error))
    }

    /// Converts to JSON and back, as in WebAssembly.
    fn received(self) -> Self {
        json_text(self)
            .and_then(|text| from_json(&text))
            .map_err(E::from_error)
    }

    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        Ok(match json_text(self) {
            Ok(text) => packed(Some(text)),
            Err(error) => packed_error(&error),
        })
    }

    fn refusal(error: Error) -> Result<Answer, Error> {
        Ok(packed_error(&error))
    }
}

fn json_text<T: Serialize, E: HostError>(value: Result<T, E>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    json::write(&value.map_err(E::into_error)?, &mut text)?;
    Ok(text)
}

macro_rules! terminated {
    ($($returned:ty: $none:expr, $some:expr, $parts:expr;)*) => {$(
        /// Crosses as an address, 0 for nothing.
        #[diagnostic::do_not_recommend]
        impl Returned<Plain> for $returned {
            without_room! { Address, Form::CString }

            fn receive(mut import: impl FnMut(Nothing, Nothing) -> Address) -> Self {
                let address = import(Nothing, Nothing).get();
                if address == 0 {
                    return $none;
                }
                match memory::receive_terminated(address) {
                    Some(text) => $some(text),
                    None => panic_with(&strange_answer(
                        "the host returned text in memory that `alloc` did not give it, or that never ends",
                    )),
                }
            }

            fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
                let text: Option<CString> = $parts(self);
                Ok(text.map_or(Answer::Slot(0), |text| Answer::Terminated {
                    bytes: text.into_bytes_with_nul(),
                }))
            }
        }
    )*};
}

terminated! {
    CString: panic_with(&nothing()), std::convert::identity, Some;
    Option<CString>: None, Some, std::convert::identity;
}

/// The bytes of a block from the guest's `alloc`, which the host has allocated with exactly their
/// length. Only the address of the block crosses.
///
/// ```
/// use plugin_sdk::imports::Block;
/// use plugin_sdk::host_functions;
///
/// #[host_functions(module = "my_host")]
/// pub trait Settings {
///     fn setting(name: &str) -> Option<Block>;
/// }
///
/// struct Fixed;
///
/// impl Settings for Fixed {
///     fn setting(&mut self, name: &str) -> Option<Block> {
///         (name == "colour").then(|| Block(b"blue".to_vec()))
///     }
/// }
///
/// let _host = settings::install(Fixed);
/// assert_eq!(settings::setting("colour"), Some(Block(b"blue".to_vec())));
/// assert_eq!(settings::setting("size"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block(pub Vec<u8>);

/// Crosses as an address, 0 for nothing. A failure is 0, too: there is no other way to return it.
#[diagnostic::do_not_recommend]
impl Returned<Plain> for Option<Block> {
    without_room! { Address, Form::Block }

    #[inline]
    fn receive(mut import: impl FnMut(Nothing, Nothing) -> Address) -> Self {
        match import(Nothing, Nothing).get() {
            0 => None,
            address => match memory::receive_block(address) {
                Some(bytes) => Some(Block(bytes)),
                None => panic_with(&strange_answer(
                    "the host returned bytes in memory that `alloc` did not give it",
                )),
            },
        }
    }

    #[inline]
    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        Ok(self.map_or(Answer::Slot(0), |Block(bytes)| Answer::Block { bytes }))
    }

    fn refusal(_: Error) -> Result<Answer, Error> {
        Ok(Answer::Slot(0))
    }
}

/// A type that a status can hold.
pub trait StatusValue: Sized {
    /// Converts from a status; `None` for an error.
    fn from_status(status: i32, ok: i32) -> Option<Self>;

    /// Converts to a status.
    fn into_status(self, ok: i32) -> i32;
}

macro_rules! status_values {
    ($($(#[$about:meta])* $value:ty, |$status:ident, $from_ok:pat_param| $from:expr, |$own:pat_param, $to_ok:pat_param| $to:expr;)*) => {$(
        $(#[$about])*
        impl StatusValue for $value {
            #[inline]
            fn from_status($status: i32, $from_ok: i32) -> Option<Self> {
                $from
            }

            #[inline]
            fn into_status(self, $to_ok: i32) -> i32 {
                let $own = self;
                $to
            }
        }
    )*};
}

status_values! {
    (), |status, ok| (status == ok).then_some(()), |(), ok| ok;
    /// Crosses as 1 or 0.
    bool, |status, _| (status >= 0).then_some(status != 0), |value, _| value.into();
    /// Crosses as a number up to 2^31 - 1.
    u32, |status, _| status.try_into().ok(), |number, _| number.try_into().unwrap_or(i32::MAX);
}

#[inline]
fn status_answer(status: i32) -> Answer {
    Answer::Slot(status.to_slot())
}

/// Returns the status of an error, which differs from the number for success.
#[inline]
fn error_status(error: &Error, ok: i32) -> i32 {
    let status = error.status();
    if status == ok { -1 } else { status }
}

#[diagnostic::do_not_recommend]
impl<T: StatusValue, E: HostError, const OK: i32> Returned<Status<OK>> for Result<T, E> {
    without_room! { i32, Form::Status }

    #[inline]
    fn receive(mut import: impl FnMut(Nothing, Nothing) -> i32) -> Self {
        let status = import(Nothing, Nothing);
        T::from_status(status, OK).ok_or_else(|| E::from_error(Error::from_status(status)))
    }

    fn failed(error: Error) -> Self {
        Err(E::from_error(error))
    }

    /// Keeps only the part of an error that a number can hold.
    fn received(self) -> Self {
        self.map_err(|error| {
            let status = error_status(&error.into_error(), OK);
            E::from_error(Error::from_status(status))
        })
    }

    #[inline]
    fn answer(self, _: &mut Call<'_>) -> Result<Answer, CallError> {
        Ok(status_answer(match self {
            Ok(value) => value.into_status(OK),
            Err(error) => error_status(&error.into_error(), OK),
        }))
    }

    fn refusal(error: Error) -> Result<Answer, Error> {
        Ok(status_answer(error_status(&error, OK)))
    }
}

#[cold]
#[inline]
fn too_much(bytes: u64, limit: u32) -> Error {
    #[derive(Serialize)]
    struct Sizes {
        bytes: u64,
        limit: u32,
    }
    Error::new(
        code::TOO_LARGE,
        "the host's result is larger than the largest buffer for it",
    )
    .with_details(&Sizes { bytes, limit })
}

#[diagnostic::do_not_recommend]
impl<T, E, const INITIAL: u32, const MAX: u32, const SHORT: u8, const ABSENT: i32>
    Returned<Buffer<INITIAL, MAX, SHORT, ABSENT>> for Result<T, E>
where
    T: Payload,
    E: HostError,
{
    type Wire = i32;
    type Room = Address;
    type Size = u32;
    const FORM: Form = Form::Buffer;

    fn receive(mut import: impl FnMut(Address, u32) -> i32) -> Self {
        fetch(INITIAL, MAX, &mut |buffer, size| {
            buffer_status(import(Address::of_mut(buffer), size), size, SHORT, ABSENT)
        })
        .and_then(T::from_bytes)
        .map_err(E::from_error)
    }

    fn failed(error: Error) -> Self {
        Err(E::from_error(error))
    }

    fn received(self) -> Self {
        let bytes = self.map_err(E::into_error).map(T::into_bytes);
        let received = match bytes {
            Ok(Some(bytes)) if bytes.len() as u64 > u64::from(MAX) => {
                Err(too_much(bytes.len() as u64, MAX))
            }
            Ok(bytes) => T::from_bytes(bytes),
            Err(error) => Err(Error::from_status(error.status())),
        };
        received.map_err(E::from_error)
    }

    fn answer(self, call: &mut Call<'_>) -> Result<Answer, CallError> {
        let (address, size) = (call.slot::<Address>() as u32, call.slot::<u32>() as u32);
        let mut bytes = match self.map(T::into_bytes) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(status_answer(ABSENT)),
            Err(error) => return Ok(status_answer(error.into_error().status())),
        };
        let len = bytes.len().min(i32::MAX as usize);
        let status = len as i32;
        Ok(if len <= size as usize {
            Answer::Written {
                bytes,
                address,
                slot: status.to_slot(),
            }
        } else {
            match SHORT {
                NEEDED => status_answer(status),
                NEGATED => status_answer(-status),
                _ => {
                    bytes.truncate(size as usize);
                    Answer::Written {
                        bytes,
                        address,
                        slot: (size as i32).to_slot(),
                    }
                }
            }
        })
    }

    fn refusal(error: Error) -> Result<Answer, Error> {
        Ok(status_answer(error.status()))
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, const INITIAL: u32, const MAX: u32, const SHORT: i32, const ABSENT: i32>
    Returned<InOut<INITIAL, MAX, SHORT, ABSENT>> for Result<T, E>
where
    T: Payload,
    E: HostError,
{
    type Wire = i32;
    type Room = Address;
    type Size = Address;
    const FORM: Form = Form::InOut;

    fn receive(mut import: impl FnMut(Address, Address) -> i32) -> Self {
        fetch(INITIAL, MAX, &mut |buffer, size| {
            let mut needed = [size];
            let status = import(Address::of_mut(buffer), Address::of_mut(&mut needed));
            let [needed] = needed;
            match status {
                status if status == ABSENT => Ok(Fetched::Nothing),
                0 if needed <= size => Ok(Fetched::Bytes(needed)),
                // An error may have the same number; then no more is needed.
                status if status == SHORT && needed > size => Ok(Fetched::TooShort { needed }),
                0 => Err(strange_answer(
                    "the host reports that it has written more than there is room for",
                )),
                status => Err(Error::from_status(status)),
            }
        })
        .and_then(T::from_bytes)
        .map_err(E::from_error)
    }

    fn failed(error: Error) -> Self {
        Err(E::from_error(error))
    }

    fn received(self) -> Self {
        <Self as Returned<Buffer<INITIAL, MAX, NEEDED, ABSENT>>>::received(self)
    }

    fn answer(self, call: &mut Call<'_>) -> Result<Answer, CallError> {
        let (address, size) = (call.slot::<Address>() as u32, call.slot::<Address>() as u32);
        Ok(match self.map(T::into_bytes) {
            Ok(Some(bytes)) => Answer::InOut {
                bytes,
                address,
                size,
                short: SHORT,
            },
            Ok(None) => status_answer(ABSENT),
            Err(error) => status_answer(error_status(&error.into_error(), 0)),
        })
    }

    fn refusal(error: Error) -> Result<Answer, Error> {
        Ok(status_answer(error_status(&error, 0)))
    }
}

/// The outcome of one call with a buffer.
enum Fetched {
    Nothing,
    /// The number of bytes that the host wrote.
    Bytes(u32),
    TooShort {
        needed: u32,
    },
}

/// Calls an import with a buffer and its size.
type Fetch<'a> = &'a mut dyn FnMut(&mut [u8], u32) -> Result<Fetched, Error>;

/// Calls an import that fills a buffer, with larger buffers as long as it needs them.
#[inline]
fn fetch(initial: u32, max: u32, import: Fetch<'_>) -> Result<Option<Vec<u8>>, Error> {
    let mut size = initial.min(max);
    for _ in 0..TRIES {
        let mut buffer = vec![0; size as usize];
        match import(&mut buffer, size)? {
            Fetched::Nothing => return Ok(None),
            Fetched::Bytes(len) => {
                buffer.truncate(len as usize);
                return Ok(Some(buffer));
            }
            Fetched::TooShort { needed } if needed > max => {
                return Err(too_much(u64::from(needed), max));
            }
            Fetched::TooShort { needed } => {
                size = needed.max(size.saturating_mul(2)).min(max);
            }
        }
    }
    Err(strange_answer(
        "the host asks for a larger buffer at every call",
    ))
}

/// Returns the meaning of the number that a host returns for a buffer.
#[inline]
fn buffer_status(status: i32, size: u32, short: u8, absent: i32) -> Result<Fetched, Error> {
    Ok(match short {
        _ if status == absent => Fetched::Nothing,
        // No error has a number that large.
        NEGATED if status < 0 && status.unsigned_abs() >= size => Fetched::TooShort {
            needed: status.unsigned_abs(),
        },
        _ if status < 0 => return Err(Error::from_status(status)),
        TRUNCATED if status as u32 >= size => Fetched::TooShort {
            needed: size.saturating_add(1),
        },
        _ if status as u32 > size => Fetched::TooShort {
            needed: status as u32,
        },
        _ => Fetched::Bytes(status as u32),
    })
}

impl HostFunction {
    /// Describes a function that answers with an `R`.
    #[doc(hidden)]
    pub const fn new<C, R: Returned<C>>(
        module: &'static str,
        name: &'static str,
        parameters: &'static [Parameter],
        permission: Option<&'static str>,
        serve: Serve,
    ) -> Self {
        HostFunction {
            module,
            name,
            parameters,
            room: [R::Room::TYPE, R::Size::TYPE],
            result: R::Wire::TYPE,
            form: R::FORM,
            permission,
            serve,
            refuse: R::refusal,
            documentation: "",
        }
    }
}
