//! The transcript of a plugin: everything that happened to it since its instance was created.
//!
//! [`PluginBuilder::transcript`](crate::PluginBuilder::transcript) turns it on and
//! [`Plugin::transcript`](crate::Plugin::transcript) returns it. Two runs of the same calls have
//! equal transcripts, whatever ran them: addresses, times and fuel are not in it.
//!
//! ```
//! use plugin_sdk_harness::transcript::Step;
//! use plugin_sdk_harness::{Plugin, Source};
//!
//! # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
//! let mut plugin = Plugin::builder(Source::wat(WAT)).transcript().build()?;
//! plugin.call_raw("echo", b"hello")?;
//!
//! let transcript = plugin.transcript().unwrap();
//! let Step::Call(call) = &transcript.steps[2] else { panic!("{transcript}") };
//! assert_eq!((call.name.as_str(), call.input.bytes()), ("echo", Some(&b"hello"[..])));
//! assert_eq!(transcript.steps[3].to_string(), "<- ok hello");
//! # Ok::<(), plugin_sdk_harness::Failure>(())
//! ```

mod data;
mod difference;
mod display;
mod recorder;
mod session;
mod tape;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};

pub use data::Data;
pub(crate) use data::hex;
pub use difference::Difference;
pub(crate) use recorder::Recorder;
pub(crate) use session::{recorded, recorder as recorder_of_session};
pub(crate) use tape::Recorded;

/// Everything that happened to a plugin since its instance was created, in order.
///
/// It is bounded: at most 20,000 steps and 8 MiB of data. If there is more, whole calls after the
/// first one make room, oldest first, and a [`Step::Cut`] takes their place.
///
/// `Display` formats one line for each step, as [`TraceEvent`](crate::TraceEvent) does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transcript {
    /// The steps, oldest first.
    pub steps: Vec<Step>,
}

/// One step of a [`Transcript`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The host calls the plugin.
    Call(Call),
    /// The plugin calls a host function, or an emulated host calls a service.
    HostCall(HostCall),
    /// The call of the plugin ends.
    Return(Return),
    /// Steps that were not kept.
    Cut(Cut),
}

/// A call of a plugin by its host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// The kind of the callee.
    pub callee: CalleeKind,
    /// The name of the command, or of the export for a hook. An emulated host names its operation:
    /// `init`.
    pub name: String,
    /// The input.
    pub input: Data,
}

/// The kind of function that a host calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CalleeKind {
    /// A command.
    Command,
    /// A command, with many inputs in one call.
    Batch,
    /// A hook, or another export that every plugin has.
    Hook,
}

/// A call of a host function by the plugin, or of a service by an emulated host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostCall {
    /// The function, as `module.name`.
    pub function: String,
    /// `true` for a call of a service by an emulated host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_host: bool,
    /// The arguments, in order.
    pub arguments: Vec<Argument>,
    /// The arguments that the host may change, as they were afterwards, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Data>,
    /// `false` if the host answered without calling the function: for lack of a permission, or by
    /// an injected fault.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub reached: bool,
    /// The answer; `None` if the call never returned.
    pub answer: Option<Answer>,
}

/// An argument of a host function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Argument {
    /// The name in the declaration.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A character.
    Char(char),
    /// An unsigned integer.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// Text, JSON or other bytes.
    Data(Data),
    /// Room for this many bytes that the host writes.
    Room(u64),
    /// `None`.
    Nothing,
    /// An invalid value: bytes outside memory, or a number that is no character.
    Invalid,
}

/// The answer of a host function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// A number, or 0 for nothing.
    Number(u64),
    /// Bytes in memory from the guest's `alloc`.
    Bytes(Data),
    /// An error as JSON, in memory from the guest's `alloc`.
    Error(Data),
    /// Text with its final zero byte, in memory from the guest's `alloc`.
    Terminated(Data),
    /// Bytes in a block of exactly their length.
    Block(Data),
    /// Bytes in the guest's buffer.
    Written {
        /// The bytes.
        data: Data,
        /// The number that the function returns.
        number: u64,
    },
    /// Bytes in the guest's buffer, if there is room, and their number.
    InOut {
        /// The bytes.
        data: Data,
        /// The number that the function returns if there is too little room.
        short: i32,
    },
    /// The function ended the plugin's call: its argument was invalid.
    BadArgument(String),
    /// The function ended the plugin's call with an error, as JSON, that it could not return.
    Failed(Data),
    /// The function used up the time of the call.
    Timeout,
}

/// The end of a call of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Return {
    /// A result.
    Ok(Data),
    /// An error value, as JSON.
    Error(Data),
    /// A failure.
    Failure {
        /// Its [code](crate::Failure::code).
        code: String,
        /// Its [message](crate::Failure::message).
        message: String,
    },
}

/// Steps that were not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cut {
    /// The number of steps.
    pub steps: u64,
    /// The bytes of data in them.
    pub bytes: u64,
}

impl Transcript {
    /// Returns the steps that were not kept, all together; `None` if nothing is missing.
    pub fn cut(&self) -> Option<Cut> {
        let cuts = self.steps.iter().filter_map(|step| match step {
            Step::Cut(cut) => Some(*cut),
            _ => None,
        });
        cuts.reduce(|all, cut| Cut {
            steps: all.steps.saturating_add(cut.steps),
            bytes: all.bytes.saturating_add(cut.bytes),
        })
    }

    /// Returns the host calls, in order.
    pub fn host_calls(&self) -> impl Iterator<Item = &HostCall> {
        self.steps.iter().filter_map(|step| match step {
            Step::HostCall(call) => Some(call),
            _ => None,
        })
    }

    /// Returns the first difference between two transcripts; `None` if they are equal.
    ///
    /// ```
    /// # use plugin_sdk_harness::{Plugin, Source};
    /// # const WAT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/commands.wat"));
    /// let run = |input: &str| {
    ///     let mut plugin = Plugin::builder(Source::wat(WAT)).transcript().build()?;
    ///     plugin.call_raw("echo", input.as_bytes())?;
    ///     Ok::<_, plugin_sdk_harness::Failure>(plugin.transcript().unwrap())
    /// };
    /// let (one, other) = (run("abc")?, run("abd")?);
    /// assert!(one.first_difference(&run("abc")?).is_none());
    /// assert_eq!(one.first_difference(&other).unwrap().step(), 2);
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn first_difference<'a>(&'a self, other: &'a Transcript) -> Option<Difference<'a>> {
        Difference::between(&self.steps, &other.steps)
    }

    /// Passes all data of the transcript to a function that may change it: the name of what has it,
    /// such as `kv_set.value`, and the data.
    pub(crate) fn for_each_data(&mut self, change: &mut dyn FnMut(&str, &mut Data)) {
        for step in &mut self.steps {
            match step {
                Step::Call(call) => change(&format!("{}.input", call.name), &mut call.input),
                Step::Return(Return::Ok(data)) => change("result", data),
                Step::Return(Return::Error(data)) => change("error", data),
                Step::Return(Return::Failure { message, .. }) => {
                    change_text("failure", message, change);
                }
                Step::HostCall(call) => call.for_each_data(change),
                Step::Cut(_) => {}
            }
        }
    }
}

impl Call {
    pub(crate) fn new(callee: CalleeKind, name: &str, input: Data) -> Self {
        Call {
            callee,
            name: name.to_owned(),
            input,
        }
    }
}

impl Step {
    /// Returns the data in the step, in order.
    pub(crate) fn data(&self) -> impl Iterator<Item = &Data> {
        let (whole, call) = match self {
            Step::Call(call) => (Some(&call.input), None),
            Step::Return(Return::Ok(data) | Return::Error(data)) => (Some(data), None),
            Step::HostCall(call) => (None, Some(call)),
            Step::Return(Return::Failure { .. }) | Step::Cut(_) => (None, None),
        };
        let of_call = call.into_iter().flat_map(|call| {
            let arguments = call.arguments.iter();
            let arguments = arguments.filter_map(|argument| argument.value.data());
            let answer = call.answer.as_ref().and_then(Answer::data);
            arguments.chain(answer).chain(&call.changed)
        });
        whole.into_iter().chain(of_call)
    }
}

impl HostCall {
    /// Creates a call that has not returned.
    pub(crate) fn new(function: impl Into<String>, arguments: Vec<Argument>) -> Self {
        HostCall {
            function: function.into(),
            by_host: false,
            arguments,
            changed: Vec::new(),
            reached: true,
            answer: None,
        }
    }

    /// Returns whether two calls ask for the same, perhaps with members of JSON in another order.
    pub(crate) fn asks_the_same(&self, other: &HostCall) -> bool {
        let is_same = |(one, other): (&Argument, &Argument)| {
            let data = one.value.data().zip(other.value.data());
            one == other
                || one.name == other.name
                    && data.is_some_and(|(one, other)| one.is_reordered(other))
        };
        (&self.function, self.by_host, self.arguments.len())
            == (&other.function, other.by_host, other.arguments.len())
            && self.arguments.iter().zip(&other.arguments).all(is_same)
    }

    fn for_each_data(&mut self, change: &mut dyn FnMut(&str, &mut Data)) {
        let HostCall {
            function,
            arguments,
            changed,
            answer,
            ..
        } = self;
        let name = function.rsplit('.').next().unwrap_or(function);
        for argument in arguments {
            if let Value::Data(data) = &mut argument.value {
                change(&format!("{name}.{}", argument.name), data);
            }
        }
        let answered = format!("{name}.answer");
        for data in changed {
            change(&answered, data);
        }
        match answer {
            Some(Answer::BadArgument(message)) => change_text(&answered, message, change),
            Some(
                Answer::Bytes(data)
                | Answer::Error(data)
                | Answer::Terminated(data)
                | Answer::Block(data)
                | Answer::Written { data, .. }
                | Answer::InOut { data, .. }
                | Answer::Failed(data),
            ) => change(&answered, data),
            Some(Answer::Number(_) | Answer::Timeout) | None => {}
        }
    }
}

impl Return {
    /// Returns whether a limit of time, or the host, ended the call.
    pub(crate) fn is_end_in_time(&self) -> bool {
        match self {
            Return::Failure { code, .. } => ["timeout", "cancelled"].contains(&code.as_str()),
            _ => false,
        }
    }

    /// Returns the end of a call that failed.
    pub(crate) fn of(failure: &Failure) -> Self {
        match failure.kind() {
            FailureKind::Plugin(error) => {
                Return::Error(Data::within(&error.to_json(), Recorder::MAX_VALUE))
            }
            _ => Return::Failure {
                code: failure.code().to_owned(),
                message: failure.message(),
            },
        }
    }
}

/// Passes text to a function that changes data.
fn change_text(place: &str, text: &mut String, change: &mut dyn FnMut(&str, &mut Data)) {
    let mut data = Data::from(text.as_bytes());
    change(place, &mut data);
    if let Some(bytes) = data.bytes() {
        *text = String::from_utf8_lossy(bytes).into_owned();
    }
}

impl Argument {
    pub(crate) fn new(name: impl Into<String>, value: Value) -> Self {
        Argument {
            name: name.into(),
            value,
        }
    }
}

impl Value {
    pub(crate) fn data(&self) -> Option<&Data> {
        match self {
            Value::Data(data) => Some(data),
            _ => None,
        }
    }
}

impl Answer {
    /// Returns the bytes of the answer, if it has any.
    pub fn data(&self) -> Option<&Data> {
        match self {
            Answer::Bytes(data)
            | Answer::Error(data)
            | Answer::Terminated(data)
            | Answer::Block(data)
            | Answer::Written { data, .. }
            | Answer::InOut { data, .. }
            | Answer::Failed(data) => Some(data),
            Answer::Number(_) | Answer::BadArgument(_) | Answer::Timeout => None,
        }
    }
}

fn yes() -> bool {
    true
}

fn is_yes(reached: &bool) -> bool {
    *reached
}
