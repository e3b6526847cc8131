//! The outcome of a replay.

use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::observe::transcript::{Cut, Difference, Step, Transcript};
use crate::text;

/// The names of the two runs.
const RECORDED: &str = "recorded";
const REPLAYED: &str = "replayed";

/// The member of a failure's JSON with its message.
const MESSAGE: &str = "message";

/// The members of a failure's JSON that are the same in every run. Its hints and its stack depend
/// on the host's settings and on debug information; what the plugin did before is in the
/// transcript. The message is the first, because it says most.
const COMPARED: [&str; 8] = [
    MESSAGE,
    "kind",
    "code",
    "command",
    "export",
    "panic",
    "error",
    "host_says",
];

/// The outcome of a replay: see [`Capsule::replay`](crate::capsule::Capsule::replay).
///
/// `Display` formats it for people.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// The recorded transcript.
    pub recorded: Transcript,
    /// The transcript of the replay, up to the step where it departs from the record.
    pub transcript: Transcript,
    /// The recorded failure, as JSON.
    pub recorded_failure: Option<Value>,
    /// The failure of the replay.
    pub failure: Option<Failure>,
    /// `true` if the record ends at a time limit, which a replay measures in fuel, or in the host's
    /// decoding of a result, whose type only the host knows.
    pub(super) ends_elsewhere: bool,
    /// `true` if the replay ended where it needed steps that are missing in the record.
    pub(super) ends_at_cut: bool,
    /// The ids of the recorded plugin and of the replayed one, if they are two.
    pub(super) other_plugin: Option<[String; 2]>,
    /// The steps that are missing in the record, and whether the replay has reached them.
    pub(super) cut: Option<Cut>,
}

impl Replayed {
    /// Returns whether the replay is the same as the record, to the last step and with the same
    /// failure.
    pub fn is_same(&self) -> bool {
        self.difference().is_none() && self.has_same_failure()
    }

    /// Returns the first step that differs.
    pub fn difference(&self) -> Option<Difference<'_>> {
        self.recorded.first_difference(&self.transcript)
    }

    /// Returns the steps that are missing in the record, if any are. A replay of such a record may
    /// depart from it for lack of an earlier call.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    fn has_same_failure(&self) -> bool {
        match (&self.recorded_failure, &self.failure) {
            (Some(_), _) if self.ends_elsewhere => true,
            (None, None) => true,
            (Some(recorded), Some(failure)) => {
                differing_member((recorded, &failure.to_json())).is_none()
            }
            _ => false,
        }
    }

    /// Returns the outcome as JSON.
    ///
    /// | member | type | meaning |
    /// |---|---|---|
    /// | `same` | boolean | [`is_same`](Replayed::is_same) |
    /// | `steps` | number | the steps of the record |
    /// | `recorded` | object or null | the recorded failure |
    /// | `replayed` | object or null | the failure of the replay, as [`Failure::to_json`] has it |
    /// | `difference` | object or null | `step`, counted from 1, and the step in each run as text, `recorded` and `replayed`, each null if the run has ended |
    /// | `cut` | object or null | the `steps` and `bytes` that are missing in the record |
    pub fn to_json(&self) -> Value {
        let mut outcome = Map::new();
        outcome.insert("same".to_owned(), json!(self.is_same()));
        outcome.insert("steps".to_owned(), json!(self.recorded.steps.len()));
        outcome.insert("recorded".to_owned(), json!(self.recorded_failure));
        outcome.insert("replayed".to_owned(), json!(self.failure));
        let text = |step: Option<&Step>| step.map(ToString::to_string);
        let difference = self.difference().map(|difference| {
            json!({
                "step": difference.step() + 1,
                RECORDED: text(difference.left()),
                REPLAYED: text(difference.right()),
            })
        });
        outcome.insert("difference".to_owned(), json!(difference));
        outcome.insert("cut".to_owned(), json!(self.cut));
        Value::Object(outcome)
    }
}

/// Returns the first compared member in which the recorded failure and that of the replay differ.
fn differing_member((recorded, replayed): (&Value, &Value)) -> Option<&'static str> {
    let mut members = COMPARED.into_iter();
    members.find(|member| recorded.get(member) != replayed.get(member))
}

/// Formats a failure: its message and, if another member differs, that one too.
fn shown(failure: Option<&Value>, differing: Option<&str>) -> String {
    let Some(failure) = failure else {
        return "no failure".to_owned();
    };
    let message = failure.get(MESSAGE).and_then(Value::as_str);
    let message = text::from_str(message.unwrap_or_default());
    match differing {
        None | Some(MESSAGE) => message,
        Some(member) => {
            let value = failure.get(member).unwrap_or(&Value::Null).to_string();
            format!("{message}\n  {member}: {}", text::from_str(&value))
        }
    }
}

impl Display for Replayed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let steps = self.recorded.steps.len();
        match self.difference() {
            None if self.is_same() => write!(f, "the replay is the same, in all {steps} steps")?,
            None => {
                f.write_str("all steps are the same, and the failure differs:")?;
                let replayed = self.failure.as_ref().map(Failure::to_json);
                let (recorded, replayed) = (self.recorded_failure.as_ref(), replayed.as_ref());
                let member = recorded.zip(replayed).and_then(differing_member);
                let [recorded, replayed] =
                    [recorded, replayed].map(|failure| shown(failure, member));
                write!(f, "\n{RECORDED}:\n  {recorded}\n{REPLAYED}:\n  {replayed}")?;
            }
            Some(difference) => write!(f, "{}", difference.display(RECORDED, REPLAYED))?,
        }
        if let Some(ids) = &self.other_plugin
            && !self.is_same()
        {
            let [recorded, replayed] = ids.each_ref().map(|id| text::name(id));
            write!(
                f,
                "\nnote: the record is of the plugin `{recorded}`, and this module is `{replayed}`"
            )?;
        }
        if let Some(cut) = self.cut {
            let (steps, bytes) = (cut.steps, cut.bytes);
            write!(
                f,
                "\nnote: {steps} steps with {bytes} bytes are missing in the record"
            )?;
        }
        match self.ends_at_cut {
            true => f.write_str(", and the replay ends at the first of them that it needs"),
            false => Ok(()),
        }
    }
}
