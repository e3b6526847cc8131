//! The first difference between two transcripts.

use std::fmt::{self, Display, Formatter};

use super::{Answer, Call, Data, HostCall, Return, Step};
use crate::text;

/// The number of equal steps that a difference shows before it.
const CONTEXT: usize = 3;

/// The most bytes of one value that a difference shows, around the first byte that differs.
const EXCERPT: usize = 120;

/// The first difference between two transcripts; see
/// [`Transcript::first_difference`](super::Transcript::first_difference).
///
/// [`display`](Difference::display) formats it with the names of the two runs.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    left: &'a [Step],
    right: &'a [Step],
    step: usize,
}

impl<'a> Difference<'a> {
    pub(super) fn between(left: &'a [Step], right: &'a [Step]) -> Option<Self> {
        let longest = left.len().max(right.len());
        let step = (0..longest).find(|&step| left.get(step) != right.get(step))?;
        Some(Difference { left, right, step })
    }

    /// Returns the number of the step, counted from 0.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Returns the step of the first transcript; `None` if it has ended.
    pub fn left(&self) -> Option<&'a Step> {
        self.left.get(self.step)
    }

    /// Returns the step of the second transcript; `None` if it has ended.
    pub fn right(&self) -> Option<&'a Step> {
        self.right.get(self.step)
    }

    /// Returns the difference in text: the steps before it, and the step in each run.
    ///
    /// ```text
    /// step 4 differs:
    ///   -> greet {"name":"Ada"}
    ///     <- plugin_host.kv_get(key: last) = 0
    /// recorded:
    ///     <- plugin_host.kv_set(key: last, value: "Ada") = 0
    /// replayed:
    ///     <- plugin_host.kv_set(key: last, value: "Bob") = 0
    /// in `value`, from byte 1:
    ///   recorded  "Ada"
    ///   replayed  "Bob"
    /// ```
    pub fn display(&self, left: &'a str, right: &'a str) -> impl Display + 'a {
        Shown {
            difference: *self,
            names: [left, right],
        }
    }

    /// Returns the name of the value that differs, with its bytes in both runs.
    fn data(&self) -> Option<(String, [&'a [u8]; 2])> {
        let differ = |name: &str, left: &'a Data, right: &'a Data| {
            let bytes = [left.bytes()?, right.bytes()?];
            (left != right).then(|| (name.to_owned(), bytes))
        };
        match (self.left()?, self.right()?) {
            (
                Step::Call(Call { name, input, .. }),
                Step::Call(Call {
                    name: other_name,
                    input: other,
                    ..
                }),
            ) if name == other_name => differ("the input", input, other),
            (Step::Return(Return::Ok(left)), Step::Return(Return::Ok(right))) => {
                differ("the result", left, right)
            }
            (Step::Return(Return::Error(left)), Step::Return(Return::Error(right))) => {
                differ("the error", left, right)
            }
            (Step::HostCall(left), Step::HostCall(right)) if left.function == right.function => {
                let arguments = left.arguments.iter().zip(&right.arguments);
                let argument = arguments.clone().find_map(|(left, right)| {
                    let name = format!("`{}`", text::name(&left.name));
                    differ(&name, left.value.data()?, right.value.data()?)
                });
                argument
                    .or_else(|| differ("the answer", answered(left)?, answered(right)?))
                    .or_else(|| {
                        let mut changed = left.changed.iter().zip(&right.changed);
                        changed.find_map(|(left, right)| differ("the changed bytes", left, right))
                    })
            }
            _ => None,
        }
    }
}

fn answered(call: &HostCall) -> Option<&Data> {
    call.answer.as_ref().and_then(Answer::data)
}

struct Shown<'a> {
    difference: Difference<'a>,
    names: [&'a str; 2],
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let difference = &self.difference;
        // People count from 1.
        write!(f, "step {} differs:", difference.step + 1)?;
        let before = difference.left.get(..difference.step).unwrap_or_default();
        for step in before.iter().skip(before.len().saturating_sub(CONTEXT)) {
            write!(f, "\n  {}", Indented(step))?;
        }
        for (name, step) in self
            .names
            .iter()
            .zip([difference.left(), difference.right()])
        {
            write!(f, "\n{name}:\n  ")?;
            match step {
                Some(step) => write!(f, "{}", Indented(step))?,
                None => f.write_str("nothing more")?,
            }
        }
        let Some((value, bytes)) = difference.data() else {
            return Ok(());
        };
        let [left, right] = bytes;
        let equal = left.iter().zip(right).take_while(|(a, b)| a == b).count();
        write!(f, "\nin {value}, from byte {equal}:")?;
        let width = self.names.iter().map(|name| name.len()).max().unwrap_or(0);
        for (name, bytes) in self.names.iter().zip(bytes) {
            write!(f, "\n  {name:width$}  {}", excerpt(bytes, equal))?;
        }
        Ok(())
    }
}

/// A step, indented like the rest of a transcript.
struct Indented<'a>(&'a Step);

impl Display for Indented<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::HostCall(_) => write!(f, "  {}", self.0),
            step => write!(f, "{step}"),
        }
    }
}

/// Returns the bytes from the first one that differs, and a few before it.
fn excerpt(bytes: &[u8], from: usize) -> String {
    let start = from.saturating_sub(EXCERPT / 4);
    let rest = bytes.get(start..).unwrap_or_default();
    let dots = if start > 0 { "…" } else { "" };
    let shown = rest.get(..EXCERPT).unwrap_or(rest);
    let text = String::from_utf8_lossy(shown);
    let cut = if shown.len() < rest.len() { "…" } else { "" };
    match shown.is_empty() {
        true => "(no more bytes)".to_owned(),
        false => format!("{dots}{}{cut}", text::one_line(&text, EXCERPT * 3)),
    }
}
