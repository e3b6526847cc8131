//! The error that a failed call returns to its host.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decode_error::{DecodeError, HAVE_POINTERS, Kind};
use crate::json::{self, Arena, Object, Reader, object};
use crate::memory::text::{beginning, join};
use crate::schema::{Name, Node, Schema};

/// The codes of the SDK's own errors. Plugins define further ones.
///
/// The table in [the ABI](crate::docs::abi) explains each and the details that come with it.
pub mod code {
    /// The plugin has no such command.
    pub const UNKNOWN_COMMAND: &str = "unknown_command";
    /// The arguments are not JSON, or not a JSON object.
    pub const INVALID_JSON: &str = "invalid_json";
    /// An argument without a default was not given.
    pub const MISSING_ARGUMENT: &str = "missing_argument";
    /// An argument was given that the command does not have.
    pub const UNKNOWN_ARGUMENT: &str = "unknown_argument";
    /// An argument has the wrong type or value.
    pub const INVALID_ARGUMENT: &str = "invalid_argument";
    /// The result has no form in the codec.
    pub const INVALID_RESULT: &str = "invalid_result";
    /// Arguments or result have 2^31 bytes or more, or more than the host allows.
    pub const TOO_LARGE: &str = "too_large";
    /// `plugin_init` has not succeeded yet.
    pub const NOT_INITIALIZED: &str = "not_initialized";
    /// The plugin's init hook failed.
    pub const INIT_FAILED: &str = "init_failed";
    /// A saved state fits neither the plugin nor its migrate hook.
    pub const INVALID_STATE: &str = "invalid_state";
    /// The plugin was called during another call.
    pub const BUSY: &str = "busy";
    /// The plugin has not been granted the permission that a host function needs.
    pub const PERMISSION_DENIED: &str = "permission_denied";
    /// The host lacks the function, or cannot do this.
    pub const UNSUPPORTED: &str = "unsupported";
    /// The requested thing does not exist.
    pub const NOT_FOUND: &str = "not_found";
    /// The operation took too long.
    pub const TIMEOUT: &str = "timeout";
    /// A resource that the operation needs does not work at the moment.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The host returned something malformed.
    pub const BAD_ANSWER: &str = "bad_answer";
    /// The host returned a status without a code of its own.
    pub const STATUS: &str = "status";
    /// The plugin has used up its quota at the host.
    pub const QUOTA_EXCEEDED: &str = "quota_exceeded";
    /// The plugin's own error, without a code.
    pub const FAILED: &str = "failed";
}

/// The result of a command; the error is a [`plugin_sdk::Error`](Error) unless given.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error that a host gets: a code for programs, a message for people, and optionally details
/// and causes.
///
/// The operator `?` turns every [`std::error::Error`] into one with the code `failed`, and keeps
/// its chain of sources:
///
/// ```
/// fn parse(text: &str) -> plugin_sdk::Result<i32> {
///     Ok(text.parse()?)
/// }
///
/// let error = parse("seven").unwrap_err();
/// assert_eq!(error.code(), "failed");
/// assert_eq!(error.message(), "invalid digit found in string");
/// ```
///
/// A code of the plugin's own, with details:
///
/// ```
/// use plugin_sdk::Error;
///
/// let error = Error::new("quota_exceeded", "10 calls a day").with_details(&10);
/// let json = br#"{"code":"quota_exceeded","message":"10 calls a day","details":10}"#;
/// assert_eq!(error.to_json(), json);
/// ```
///
/// For a whole enum of errors, use a type of its own with
/// [`derive(PluginError)`](macro@crate::PluginError), which also shows how such a type can hold an
/// `Error`.
///
/// # Conversions
///
/// | from | to | how |
/// |---|---|---|
/// | any `std::error::Error`, `anyhow::Error`, `eyre::Report`, `Box<dyn Error>`, `String`, `&str` | `Error` | `?` |
/// | `Box<dyn Error + Send>`, `Box<dyn Error + Send + Sync>` | `Error` | [`.map_err(Error::from_boxed)?`](Error::from_boxed) |
/// | a type with codes ([`PluginError`]) | `Error` | [`.coded()?`](Coded::coded); `?` alone cannot see the codes |
/// | `Error` | `anyhow::Error` | `?`, by this crate's feature `anyhow`, which is on by default |
/// | `Error` | `Box<dyn Error + Send>`, `Box<dyn Error + Send + Sync>` | `?` |
/// | `Error` | `Box<dyn Error>`, `eyre::Report`, and before anyhow's `.context(…)` | [`.map_err(Error::into_std)?`](Error::into_std) |
/// | `Error` | your own enum | `?`, by thiserror's `#[from]` or [`#[plugin_error(transparent)]`](macro@crate::PluginError) |
///
/// Code and details survive the conversion to another error type without codes. If an error
/// displays an `Error` or is caused by one, it gets the code and details of the outermost one when
/// it becomes an `Error` again, by `?` or as the result of a command.
///
/// ```
/// use anyhow::Context as _;
/// use plugin_sdk::prelude::*;
///
/// fn last() -> anyhow::Result<String> {
///     let last = kv::get::<String>("last").map_err(Error::into_std);
///     let last = last.context("the store does not answer")?;
///     last.context("no visitor yet")
/// }
///
/// fn greeting() -> Result<String> {
///     Ok(format!("Welcome back, {}!", last()?))
/// }
///
/// // A native test without a host has no store.
/// let error = greeting().unwrap_err();
/// assert_eq!(error.code(), "unsupported");
/// assert_eq!(error.message(), "the store does not answer");
/// ```
///
/// `Error` does not implement `std::error::Error`: a type that every such error converts to cannot
/// do so. It dereferences to one, and [`into_std`](Error::into_std) converts it to one.
pub struct Error(Box<StdError>);

/// An [`Error`] that implements [`std::error::Error`]. It becomes an `Error` again by `?`, and
/// `downcast_ref` finds it in other errors.
///
/// ```
/// use plugin_sdk::{Error, StdError};
///
/// fn read() -> Result<(), Box<dyn std::error::Error>> {
///     Err(Error::new("not_found", "there is no such list")).map_err(Error::into_std)?
/// }
///
/// let error = read().unwrap_err();
/// assert_eq!(error.downcast_ref::<StdError>().unwrap().code(), "not_found");
/// assert_eq!(Error::from(error).code(), "not_found");
/// ```
pub struct StdError {
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    /// JSON text, encoded when the error is made, so that no tree of values has to be stored or
    /// dropped; empty if there are no details.
    details: Vec<u8>,
    cause: Option<Box<Cause>>,
}

impl StdError {
    /// Returns the code, for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the message, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the details, for programs; `None` if there are no details. Parses them at each call.
    pub fn details(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.details).ok()
    }

    fn causes(&self) -> impl Iterator<Item = &str> {
        let first = self.cause.as_deref();
        std::iter::successors(first, |cause| cause.cause.as_deref()).map(|cause| &*cause.message)
    }
}

/// The message of a cause, and the cause of that.
struct Cause {
    message: String,
    cause: Option<Box<Cause>>,
}

/// Drops the causes one by one: an error that was read may have very many.
impl Drop for Cause {
    fn drop(&mut self) {
        let mut next = self.cause.take();
        while let Some(mut cause) = next {
            next = cause.cause.take();
        }
    }
}

/// Builds causes from messages, outermost first.
struct Causes<'a>(&'a mut Option<Box<Cause>>);

impl<'a> Causes<'a> {
    fn push(self, message: String) -> Self {
        let cause = Cause {
            message,
            cause: None,
        };
        Causes(&mut self.0.insert(Box::new(cause)).cause)
    }
}

impl Error {
    /// Creates an error with a code for programs, which should be stable and in `snake_case`, and a
    /// message for people.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Error(Box::new(StdError {
            code: code.into(),
            message: message.into(),
            details: Vec::new(),
            cause: None,
        }))
    }

    /// Creates an error with the code `failed`.
    ///
    /// ```
    /// assert_eq!(plugin_sdk::Error::msg("out of cheese").code(), "failed");
    /// ```
    pub fn msg(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(code::FAILED, message)
    }

    /// Returns the error with another code.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Returns the error with details for programs. A value without a form in JSON is left out.
    pub fn with_details<T: Serialize + ?Sized>(mut self, details: &T) -> Self {
        let mut text = Vec::new();
        if json::write(details, &mut text).is_ok() {
            return self.with_details_json(text);
        }
        self.0.details = Vec::new();
        self
    }

    /// Returns the error with a new message; the old message becomes its first cause.
    ///
    /// ```
    /// use plugin_sdk::Error;
    ///
    /// let error = Error::msg("file not found").context("cannot read the word list");
    /// assert_eq!(error.message(), "cannot read the word list");
    /// assert_eq!(error.causes(), ["file not found"]);
    /// ```
    pub fn context(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        let cause = std::mem::replace(&mut self.0.message, message.into());
        self.0.cause = Some(Box::new(Cause {
            message: cause.into_owned(),
            cause: self.0.cause.take(),
        }));
        self
    }

    /// Returns the code, for programs.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns the message, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the details, for programs; `None` if there are no details. Parses them at each call.
    pub fn details(&self) -> Option<serde_json::Value> {
        self.0.details()
    }

    /// Returns the causes, outermost first.
    pub fn causes(&self) -> Vec<&str> {
        self.0.causes().collect()
    }

    /// Converts the error to a [`std::error::Error`].
    pub fn into_std(self) -> StdError {
        *self.0
    }

    /// Converts a boxed error that `?` does not take; it does take `Box<dyn Error>`.
    ///
    /// ```
    /// use plugin_sdk::Error;
    ///
    /// fn library() -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
    ///     Ok("300".parse()?)
    /// }
    ///
    /// fn number() -> plugin_sdk::Result<u8> {
    ///     Ok(library().map_err(Error::from_boxed)?)
    /// }
    ///
    /// assert_eq!(number().unwrap_err().message(), "number too large to fit in target type");
    /// ```
    pub fn from_boxed<E: Boxed>(error: E) -> Self {
        from_std(&*error.into_box())
    }

    /// Returns the error as it crosses the boundary.
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(64 + self.0.message.len());
        self.write_json(&mut text);
        text
    }

    /// Reads an error that crossed the boundary; `None` if the bytes are not one.
    ///
    /// ```
    /// use plugin_sdk::Error;
    ///
    /// let error = Error::from_json(br#"{"code":"busy","message":"one call at a time"}"#).unwrap();
    /// assert_eq!(error.code(), "busy");
    /// assert!(Error::from_json(b"{}").is_none());
    /// ```
    #[inline]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        read_json(bytes).ok()
    }

    /// Written without serde, which makes it a quarter of the size: every plugin contains this
    /// code.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        object.string("code", &self.0.code);
        object.string("message", &self.0.message);
        if !self.0.details.is_empty() {
            object.json("details", &self.0.details);
        }
        if self.0.cause.is_some() {
            object.open_array("source");
            for cause in self.0.causes() {
                object.element(cause);
            }
            object.close_array();
        }
        object.end();
    }

    /// Returns the error with details that are JSON text already.
    pub(crate) fn with_details_json(mut self, details: Vec<u8>) -> Self {
        self.0.details = details;
        self
    }
}

/// The codes with a number, for host functions that return a status: -1 and below.
const STATUSES: [&str; 8] = [
    code::FAILED,
    code::PERMISSION_DENIED,
    code::UNSUPPORTED,
    code::NOT_FOUND,
    code::INVALID_ARGUMENT,
    code::TOO_LARGE,
    code::TIMEOUT,
    code::UNAVAILABLE,
];

impl Error {
    /// Returns the error for the status of a host function: -1 `failed`, -2 `permission_denied`, -3
    /// `unsupported`, -4 `not_found`, -5 `invalid_argument`, -6 `too_large`, -7 `timeout`, -8
    /// `unavailable`; any other has the code `status`. The details hold the number.
    #[inline]
    pub fn from_status(status: i32) -> Self {
        let known = usize::try_from(-i64::from(status) - 1).unwrap_or(usize::MAX);
        let code = STATUSES.get(known).copied().unwrap_or(code::STATUS);
        let sign = if status < 0 { "-" } else { "" };
        let digits = join(&[sign, &json::decimal(u64::from(status.unsigned_abs()))]);
        let details = object(|details| details.json("status", digits.as_bytes()));
        Error::new(code, join(&["the host answered with status ", &digits]))
            .with_details_json(details)
    }

    /// Returns the error as a status: the number given to [`from_status`](Error::from_status), or
    /// the number of its code, or -1.
    #[inline]
    pub fn status(&self) -> i32 {
        if self.code() == code::STATUS
            && let Some(details) = self.details()
            && let Some(status) = details.get("status").and_then(serde_json::Value::as_i64)
            && let Ok(status) = i32::try_from(status)
        {
            return status;
        }
        let place = STATUSES.iter().position(|code| *code == self.code());
        place.map_or(-1, |place| -1 - place as i32)
    }
}

impl DecodeError {
    /// Converts to the error that a host gets. `what` names the whole value, as in "the arguments
    /// must be valid JSON".
    #[cold]
    pub(crate) fn into_error(self, what: &str) -> Error {
        let found = self.parts();
        let kind = found.kind;
        // One message and one object of details for all kinds: every plugin contains this code.
        let (code, link) = match kind {
            Kind::Syntax => (code::INVALID_JSON, " must be valid JSON: expected "),
            Kind::Missing => (code::MISSING_ARGUMENT, " is "),
            Kind::Twice => (code::INVALID_ARGUMENT, " is "),
            Kind::Unknown => (code::UNKNOWN_ARGUMENT, ""),
            Kind::Type => (code::INVALID_ARGUMENT, ": expected "),
            Kind::Custom => (code::INVALID_ARGUMENT, ": "),
        };
        let offset = json::decimal(found.offset.unwrap_or_default() as u64);
        let mut message = String::new();
        message.push_str(match kind {
            Kind::Missing | Kind::Twice => "the argument ",
            Kind::Unknown => "there is no argument ",
            _ => "",
        });
        if kind == Kind::Syntax || found.path.is_empty() {
            message.push_str(what);
        } else {
            message.push('`');
            message.push_str(&found.path);
            message.push('`');
        }
        if !found.words.is_empty() {
            message.push_str(link);
            message.push_str(&found.words);
        }
        if kind == Kind::Syntax {
            message.push_str(" at byte ");
            message.push_str(&offset);
        }
        let has_found = kind == Kind::Type && !found.found.is_empty();
        if has_found {
            message.push_str(", found ");
            message.push_str(&found.found);
        }
        let details = object(|details| {
            let name = match kind {
                Kind::Syntax => return details.json("offset", offset.as_bytes()),
                Kind::Missing | Kind::Unknown => "argument",
                _ => "path",
            };
            details.string(name, &found.path);
            if HAVE_POINTERS {
                details.string("pointer", &found.pointer);
            }
            if kind == Kind::Type {
                details.string("expected", &found.words);
            }
            if has_found {
                details.string("found", &found.found);
            }
            if kind == Kind::Unknown {
                details.open_array("expected");
                found.names.iter().for_each(|name| details.element(name));
                details.close_array();
            }
        });
        Error::new(code, message).with_details_json(details)
    }
}

/// Reads without serde, like [`Error::write_json`] writes: every guest that calls its host contains
/// this code.
#[inline]
fn read_json(bytes: &[u8]) -> std::result::Result<Error, DecodeError> {
    let arena = Arena::new();
    let mut reader = Reader::new(bytes, &arena);
    let (mut code, mut message, mut details) = (None, None, Vec::new());
    let mut source = None;
    reader.open_object()?;
    let mut first = true;
    while let Some(name) = reader.member(first)? {
        first = false;
        match name {
            "code" => code = Some(reader.kept_string()?),
            "message" => message = Some(reader.kept_string()?),
            "source" => {
                reader.open_array()?;
                source = None;
                let (mut causes, mut first) = (Causes(&mut source), true);
                while reader.element(first)? {
                    first = false;
                    causes = causes.push(reader.kept_string()?.to_owned());
                }
            }
            name => {
                let value = reader.raw()?;
                if name == "details" {
                    details = value.as_bytes().to_vec();
                }
            }
        }
    }
    reader.end()?;
    let (Some(code), Some(message)) = (code, message) else {
        return Err(DecodeError::missing());
    };
    let mut error = Error::new(code.to_owned(), message.to_owned());
    error.0.details = details;
    error.0.cause = source;
    Ok(error)
}

/// A type that the operator `?` converts to an [`Error`].
#[diagnostic::on_unimplemented(
    message = "`?` cannot convert `{Self}` to a `plugin_sdk::Error`",
    label = "write `.map_err(plugin_sdk::Error::from_boxed)?` for a box, or implement `std::error::Error` for the type",
    note = "for a box with `Send` or `Sync`, write `.map_err(plugin_sdk::Error::from_boxed)?`; for any other type with `Display`, \
            `.map_err(|error| plugin_sdk::Error::msg(error.to_string()))?`, or `?` once it implements `std::error::Error`"
)]
pub trait IntoError {
    /// Converts to the error that a host gets.
    fn into_error(self) -> Error;
}

/// Every [`std::error::Error`], and types that convert to a boxed one without being one, such as
/// `anyhow::Error`.
#[diagnostic::do_not_recommend]
impl<'a, E: Into<Box<dyn std::error::Error + 'a>>> IntoError for E {
    fn into_error(self) -> Error {
        from_std(&*self.into())
    }
}

impl<E: IntoError> From<E> for Error {
    fn from(error: E) -> Self {
        error.into_error()
    }
}

/// A boxed error, with or without `Send` and `Sync`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a boxed error",
    label = "expected a `Box<dyn std::error::Error>`, with or without `Send` and `Sync`"
)]
pub trait Boxed {
    /// Converts to a box without `Send` and `Sync`.
    #[doc(hidden)]
    fn into_box(self) -> Box<dyn std::error::Error>;
}

macro_rules! boxed {
    ($($boxed:ty),*) => {$(
        impl Boxed for $boxed {
            fn into_box(self) -> Box<dyn std::error::Error> {
                self
            }
        }
    )*};
}

boxed! {
    Box<dyn std::error::Error>,
    Box<dyn std::error::Error + Send>,
    Box<dyn std::error::Error + Send + Sync>
}

impl From<Error> for Box<dyn std::error::Error + Send> {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<Error> for Box<dyn std::error::Error + Send + Sync> {
    fn from(error: Error) -> Self {
        error.0
    }
}

#[cfg(feature = "anyhow")]
impl From<Error> for anyhow::Error {
    fn from(error: Error) -> Self {
        anyhow::Error::new(error.into_std())
    }
}

thread_local! {
    /// The first error of this crate that another error displays while that error becomes an
    /// [`Error`].
    static SHOWN: Cell<Shown> = const { Cell::new(Shown::Unwanted) };
}

/// The state of [`SHOWN`].
enum Shown {
    /// No conversion is running.
    Unwanted,
    NotYet,
    Yes(Error),
}

/// Not generic, so that a plugin contains it once.
fn from_std(error: &dyn std::error::Error) -> Error {
    // Displaying an error may convert another.
    let outer = SHOWN.try_with(|shown| shown.replace(Shown::NotYet));
    let mut own = Error::msg(error.to_string());
    let mut causes = Causes(&mut own.0.cause);
    let mut cause = error.source();
    while let Some(error) = cause {
        causes = causes.push(error.to_string());
        cause = error.source();
    }
    if let Ok(outer) = outer
        && let Ok(Shown::Yes(Error(shown))) = SHOWN.try_with(|shown| shown.replace(outer))
    {
        own.0.code = shown.code;
        own.0.details = shown.details;
    }
    own
}

/// Notes the code and details of an error for an outer one without codes. There is no other way to
/// find it: the types of the errors in between are unknown, and not every error returns its source.
fn note_shown(error: &StdError) {
    // A thread that is ending has no place for it.
    let _ = SHOWN.try_with(|shown| {
        let now = match shown.replace(Shown::Unwanted) {
            Shown::NotYet => Shown::Yes(error.copied()),
            before => before,
        };
        shown.set(now);
    });
}

impl std::error::Error for StdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Dereferences to a [`std::error::Error`], which lets thiserror's `#[from]` and `#[source]` take
/// it.
impl Deref for Error {
    type Target = dyn std::error::Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Writes the message; with `{:#}` also the causes, each after a colon.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Writes the message; with `{:#}` also the causes, each after a colon.
impl fmt::Display for StdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        note_shown(self);
        f.write_str(&self.message)?;
        if f.alternate() {
            for cause in self.causes() {
                f.write_str(": ")?;
                f.write_str(cause)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Writes everything, as the `unwrap` of a test shows it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Writes everything, as the `unwrap` of a test shows it.
impl fmt::Debug for StdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)?;
        if !self.details.is_empty() {
            write!(f, " {}", beginning(&self.details, usize::MAX))?;
        }
        for cause in self.causes() {
            write!(f, "\n  caused by: {cause}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError {
    fn copied(&self) -> Error {
        let mut copy = Error::new(self.code.clone(), self.message.clone());
        copy.0.details = self.details.clone();
        let mut causes = Causes(&mut copy.0.cause);
        for cause in self.causes() {
            causes = causes.push(cause.to_owned());
        }
        copy
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        self.0.copied()
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let (own, others) = (&self.0, &other.0);
        own.code == others.code
            && own.message == others.message
            && own.causes().eq(others.causes())
            // White space makes no difference.
            && (own.details == others.details || self.details() == other.details())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code())?;
        map.serialize_entry("message", self.message())?;
        if let Some(details) = self.details() {
            map.serialize_entry("details", &details)?;
        }
        if self.0.cause.is_some() {
            map.serialize_entry("source", &self.causes())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            code: String,
            message: String,
            #[serde(default, deserialize_with = "present")]
            details: Option<serde_json::Value>,
            #[serde(default)]
            source: Vec<String>,
        }

        /// Reads a value even if it is `null`.
        fn present<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> std::result::Result<Option<serde_json::Value>, D::Error> {
            serde_json::Value::deserialize(deserializer).map(Some)
        }

        let parts = Parts::deserialize(deserializer)?;
        let mut error = Error::new(parts.code, parts.message);
        error.0.details = parts
            .details
            .map_or_else(Vec::new, |details| details.to_string().into_bytes());
        let causes = Causes(&mut error.0.cause);
        parts.source.into_iter().fold(causes, Causes::push);
        Ok(error)
    }
}

impl Schema for Error {
    const SCHEMA: &'static Node = &Node::Text(
        r#"{"type":"object","properties":{"code":{"type":"string"},"message":{"type":"string"},"details":true,"source":{"type":"array","items":{"type":"string"}}},"required":["code","message"]}"#,
    );
    const NAME: Name = Name::new("Error");
}

/// A call of a host function that failed for lack of a permission.
///
/// ```
/// use plugin_sdk::{Error, PermissionDenied};
///
/// let grant = ".grant(\"kv\")".into();
/// let denied = Error::from(PermissionDenied { permission: "kv".into(), grant });
/// assert_eq!(denied.code(), "permission_denied");
/// assert_eq!(denied.permission_denied().unwrap().permission, "kv");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionDenied {
    /// The missing permission.
    pub permission: String,
    /// The way for a user of the host to grant it.
    #[serde(default)]
    pub grant: String,
}

impl From<PermissionDenied> for Error {
    #[inline]
    fn from(denied: PermissionDenied) -> Self {
        let PermissionDenied { permission, grant } = &denied;
        let message =
            format!("the plugin has not been granted `{permission}`: `{grant}` grants it");
        Error::new(code::PERMISSION_DENIED, message).with_details(&denied)
    }
}

impl Error {
    /// Returns the missing permission and how to grant it; `None` for any other error, and if the
    /// host gave no details.
    #[inline]
    pub fn permission_denied(&self) -> Option<PermissionDenied> {
        if self.code() != code::PERMISSION_DENIED {
            return None;
        }
        let arena = Arena::new();
        json::read(&self.0.details, &arena).ok()
    }
}

/// An error type with codes of its own, usually [derived](macro@crate::PluginError).
///
/// If a command returns `Result<T, E>` with such an `E`, its host gets the code, the message
/// (`Display`), the details and the chain of sources. Native callers of the function still get `E`.
///
/// ```
/// #[derive(Debug)]
/// struct Full { limit: u32 }
///
/// impl std::fmt::Display for Full {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "no room for more than {}", self.limit)
///     }
/// }
/// impl std::error::Error for Full {}
/// impl plugin_sdk::PluginError for Full {
///     fn code(&self) -> &str { "full" }
/// }
///
/// let error = plugin_sdk::Error::from_plugin_error(&Full { limit: 3 });
/// assert_eq!(error.code(), "full");
/// assert_eq!(error.message(), "no room for more than 3");
/// ```
pub trait PluginError: std::error::Error {
    /// Returns the code, for programs: stable, in `snake_case`.
    fn code(&self) -> &str;

    /// Returns details, for programs.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }

    /// Returns the error that the host gets instead of this one, with message and causes; `None`
    /// for this one.
    ///
    /// The derive implements it for `#[plugin_error(transparent)]`.
    fn passed_on(&self) -> Option<Error> {
        None
    }
}

/// An error inside another one that passes on its code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no code to pass on",
    label = "#[plugin_error(transparent)] passes on the code of this",
    note = "hold a `plugin_sdk::Error` or a type that derives `PluginError`, or write #[plugin_error(code = \"…\")]"
)]
pub trait Held {
    /// Returns the code.
    fn code(&self) -> &str;

    /// Returns the details.
    fn details(&self) -> Option<serde_json::Value>;

    /// Converts to the error that a host gets.
    fn to_error(&self) -> Error;
}

impl Held for Error {
    fn code(&self) -> &str {
        self.code()
    }

    fn details(&self) -> Option<serde_json::Value> {
        self.details()
    }

    fn to_error(&self) -> Error {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<E: PluginError> Held for E {
    fn code(&self) -> &str {
        PluginError::code(self)
    }

    fn details(&self) -> Option<serde_json::Value> {
        PluginError::details(self)
    }

    fn to_error(&self) -> Error {
        Error::from_plugin_error(self)
    }
}

/// Results whose errors have codes of their own.
pub trait Coded<T> {
    /// Keeps the error's code and details in a function that returns
    /// [`plugin_sdk::Result`](Result). The operator `?` alone cannot see the codes of a type, and
    /// would use `failed`.
    ///
    /// ```
    /// use plugin_sdk::prelude::*;
    ///
    /// #[derive(Debug, PluginError)]
    /// struct NameEmpty;
    ///
    /// impl std::fmt::Display for NameEmpty {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         f.write_str("the name is empty")
    ///     }
    /// }
    /// impl std::error::Error for NameEmpty {}
    ///
    /// fn checked(name: &str) -> Result<&str, NameEmpty> {
    ///     if name.is_empty() { Err(NameEmpty) } else { Ok(name) }
    /// }
    ///
    /// fn greet(name: &str) -> Result<String> {
    ///     Ok(format!("Hello, {}!", checked(name).coded()?))
    /// }
    ///
    /// assert_eq!(greet("").unwrap_err().code(), "name_empty");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the error of the result.
    fn coded(self) -> Result<T>;
}

impl<T, E: PluginError> Coded<T> for Result<T, E> {
    fn coded(self) -> Result<T> {
        self.map_err(|error| Error::from_plugin_error(&error))
    }
}

/// A code that a command may fail with, in the plugin's manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code, for programs.
    pub code: &'static str,
    /// The meaning, for people; may be empty.
    pub description: &'static str,
}

/// Returns the number of codes in several lists.
pub const fn count_codes(lists: &[&[ErrorCode]]) -> usize {
    let mut count = 0;
    each!(for first in lists {
        count += first.len();
    });
    count
}

/// Joins several lists into one; `N` is the result of [`count_codes`].
#[allow(clippy::indexing_slicing, reason = "runs in the compiler only")]
pub const fn join_codes<const N: usize>(lists: &[&[ErrorCode]]) -> [ErrorCode; N] {
    let none = ErrorCode {
        code: "",
        description: "",
    };
    let (mut joined, mut next) = ([none; N], 0);
    each!(for first in lists {
        each!(for code in first {
            joined[next] = *code;
            next += 1;
        });
    });
    joined
}

/// The codes of an error type, for the plugin's manifest. `#[derive(PluginError)]` implements it,
/// with the doc comments of the variants.
///
/// ```
/// use plugin_sdk::{ErrorCodes, PluginError};
///
/// #[derive(Debug, PluginError)]
/// enum Refusal {
///     /// The name is empty.
///     NameEmpty,
/// }
/// # impl std::fmt::Display for Refusal {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("refused") }
/// # }
/// # impl std::error::Error for Refusal {}
///
/// let [name_empty] = Refusal::CODES else { panic!() };
/// assert_eq!(name_empty.code, "name_empty");
/// assert_eq!(name_empty.description, "The name is empty.");
/// ```
pub trait ErrorCodes {
    /// The codes, in the order of the variants.
    const CODES: &'static [ErrorCode];
}

impl Error {
    /// Creates an error with the code and details of a plugin's own error.
    ///
    /// The operator `?` cannot see the codes of a type: in a function that returns
    /// [`Result`](crate::Result), write [`.coded()?`](Coded::coded) to keep them.
    pub fn from_plugin_error<E: PluginError>(error: &E) -> Self {
        if let Some(held) = error.passed_on() {
            return held;
        }
        let mut own = from_std(error).with_code(error.code().to_owned());
        own.0.details = Vec::new();
        match error.details() {
            Some(details) => own.with_details(&details),
            None => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_of_an_error_may_be_in_any_order() {
        let text = r#" { "source" : ["a", "\u0062"], "more": [{}], "message" : "M\n", "details": {"a" : 1.5} ,"code":"c"} "#;
        let error = Error::from_json(text.as_bytes()).unwrap();
        assert_eq!((error.code(), error.message()), ("c", "M\n"));
        assert_eq!(error.causes(), ["a", "b"]);
        assert_eq!(error.details().unwrap(), serde_json::json!({"a": 1.5}));
        assert_eq!(Some(error), serde_json::from_str(text).ok(), "{text}");
    }

    #[test]
    fn malformed_errors_are_not_read() {
        for text in [
            "",
            "null",
            "[]",
            r#"{"code":"c"}"#,
            r#"{"message":"m"}"#,
            r#"{"code":1,"message":"m"}"#,
            r#"{"code":"c","message":"m"} x"#,
            r#"{"code":"c","message":"m","source":"s"}"#,
            r#"{"code":"c","message":"m","source":[1]}"#,
            r#"{"code":"c","message":"m","details":}"#,
            r#"{"code":"c","message":"m""#,
        ] {
            assert!(Error::from_json(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Error::from_json(b"{\"code\":\"c\",\"message\":\"\xff\"}").is_none());
    }

    #[test]
    fn only_a_full_denial_is_a_denied_permission() {
        let kv = PermissionDenied {
            permission: "kv".to_owned(),
            grant: ".grant(\"kv\")".to_owned(),
        };
        let error = Error::from(kv.clone());
        assert_eq!(error.permission_denied(), Some(kv));
        assert_eq!(error.clone().with_code("failed").permission_denied(), None);
        assert_eq!(error.with_details(&7).permission_denied(), None);
        let silent = Error::new(code::PERMISSION_DENIED, "no");
        assert_eq!(silent.permission_denied(), None);
    }

    proptest! {
        #[test]
        fn every_error_survives_a_round_trip(
            code in ".*", message in ".*", details: Option<Vec<i64>>, source in proptest::collection::vec(".*", 0..4),
        ) {
            let mut error = Error::new(code, message);
            if let Some(details) = details {
                error = error.with_details(&details);
            }
            source.into_iter().fold(Causes(&mut error.0.cause), Causes::push);
            prop_assert_eq!(Error::from_json(&error.to_json()), Some(error));
        }
    }
}
