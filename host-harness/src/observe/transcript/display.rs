//! Formats transcripts for people, one line for each step.

use std::fmt::{self, Display, Formatter};

use super::{Answer, CalleeKind, Data, HostCall, Return, Step, Transcript, Value};
use crate::observe::rendering::Content;
use crate::text;

impl Display for Transcript {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.steps.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            let indent = match step {
                Step::HostCall(_) => "  ",
                _ => "",
            };
            write!(f, "{indent}{step}")?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Step::Call(call) => {
                write!(f, "-> {}", text::name(&call.name))?;
                if call.callee == CalleeKind::Batch {
                    f.write_str(" (batch)")?;
                }
                spaced(&call.input, f)
            }
            Step::HostCall(call) => Display::fmt(call, f),
            Step::Return(Return::Ok(data)) => {
                f.write_str("<- ok")?;
                spaced(data, f)
            }
            Step::Return(Return::Error(data)) => {
                f.write_str("<- error")?;
                spaced(data, f)
            }
            Step::Return(Return::Failure { code, message }) => {
                let message = message.lines().next().unwrap_or_default();
                let message = text::one_line(message, text::MAX_SHOWN);
                write!(f, "<- failure {}: {message}", text::name(code))
            }
            Step::Cut(cut) => write!(
                f,
                "… {} steps with {} bytes are not in the record",
                cut.steps, cut.bytes
            ),
        }
    }
}

impl Display for HostCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let by = match self.by_host {
            true => "(service) ",
            false => "<- ",
        };
        write!(f, "{by}{}(", text::name(&self.function))?;
        for (nth, argument) in self.arguments.iter().enumerate() {
            let comma = if nth > 0 { ", " } else { "" };
            write!(
                f,
                "{comma}{}: {}",
                text::name(&argument.name),
                argument.value
            )?;
        }
        f.write_str(")")?;
        match &self.answer {
            None => f.write_str(" did not return")?,
            Some(answer) => write!(f, " = {answer}")?,
        }
        for data in &self.changed {
            write!(f, ", changed to {data}")?;
        }
        Ok(())
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Char(value) => write!(f, "{value:?}"),
            Value::Unsigned(value) => write!(f, "{value}"),
            Value::Signed(value) => write!(f, "{value}"),
            Value::F32(bits) => write!(f, "{:?}", f32::from_bits(*bits)),
            Value::F64(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Value::Data(data) => write!(f, "{data}"),
            Value::Room(bytes) => write!(f, "room for {bytes} bytes"),
            Value::Nothing => f.write_str("nothing"),
            Value::Invalid => f.write_str("invalid"),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Number(number) => write!(f, "{number}"),
            Answer::Bytes(data)
            | Answer::Terminated(data)
            | Answer::Block(data)
            | Answer::Written { data, .. }
            | Answer::InOut { data, .. } => write!(f, "{data}"),
            Answer::Error(data) => write!(f, "error {data}"),
            Answer::BadArgument(reason) => write!(
                f,
                "end of the call: {}",
                text::one_line(reason, text::MAX_SHOWN)
            ),
            Answer::Failed(data) => write!(f, "end of the call: {data}"),
            Answer::Timeout => f.write_str("end of the call: timeout"),
        }
    }
}

/// Formats text in quotes, and other bytes in hexadecimal, cut and escaped.
impl Display for Data {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.bytes() {
            None => write!(f, "({} bytes)", self.len()),
            Some([]) => f.write_str("\"\""),
            Some(bytes) => Display::fmt(&Content::Bytes(bytes), f),
        }
    }
}

fn spaced(data: &Data, f: &mut Formatter<'_>) -> fmt::Result {
    match data.is_empty() {
        true => Ok(()),
        false => write!(f, " {data}"),
    }
}
