//! The differences between two schemas: their words, their severity, and the reason for it.

use std::cmp::Reverse;

use serde_json::Value;

use super::bounds::Bound;
use super::{Direction, Level};
use crate::text;

/// A difference at one place of a schema.
pub struct Message {
    /// The aspect of the value that changed; empty for the value as a whole.
    pub aspect: String,
    pub what: String,
    effect: Effect,
}

/// The effect of a difference on the set of valid values, which determines its severity.
#[derive(Clone, Copy)]
enum Effect {
    /// Fewer values are valid. This breaks callers that send them, for this reason.
    Narrows(&'static str),
    /// More values are valid. This breaks callers that read them, for this reason.
    Widens(&'static str),
    /// Neither set contains the other, as far as the tool can see.
    Unclear,
    /// Independent of the set.
    Fixed(Level, Option<&'static str>),
}

const REFUSED: &str = "what was accepted is refused";
const STILL_SENT: &str = "callers that still send it are refused";
const LEFT_OUT: &str = "callers that leave it out, as was allowed, are refused";
const IMPOSSIBLE: &str = "callers may read a value that was impossible before";
const UNKNOWN_VARIANT: &str = "callers that know only the old variants cannot read it";
const NOT_FOUND: &str = "callers that read it do not find it";

pub const UNCLEAR: &str = "changed in a way that is unclear, and so is taken as breaking";

impl Message {
    pub fn level(&self, direction: Direction) -> Level {
        match (self.effect, direction) {
            (Effect::Fixed(level, _), _) => level,
            (Effect::Narrows(_), Direction::Out) | (Effect::Widens(_), Direction::In) => {
                Level::Minor
            }
            _ => Level::Breaking,
        }
    }

    /// Returns the order of reports: the worst first, and what leaves the valid values as they are
    /// last.
    pub fn rank(&self, direction: Direction) -> impl Ord + use<> {
        let is_fixed = matches!(self.effect, Effect::Fixed(..));
        (Reverse(self.level(direction)), is_fixed)
    }

    /// Returns the reason why callers break.
    pub fn reason(&self, direction: Direction) -> Option<&'static str> {
        match (self.effect, direction) {
            (Effect::Fixed(_, why), _) => why,
            (Effect::Narrows(why), Direction::In) | (Effect::Widens(why), Direction::Out) => {
                Some(why)
            }
            (Effect::Unclear, Direction::In) => Some(REFUSED),
            (Effect::Unclear, Direction::Out) => Some(IMPOSSIBLE),
            (Effect::Narrows(_), Direction::Out) | (Effect::Widens(_), Direction::In) => None,
        }
    }

    fn of(aspect: impl Into<String>, what: impl Into<String>, effect: Effect) -> Self {
        Message {
            aspect: aspect.into(),
            what: what.into(),
            effect,
        }
    }
}

/// The whole value: its type and whether it can be null.
impl Message {
    pub fn unclear() -> Self {
        Message::of("", UNCLEAR, Effect::Unclear)
    }

    pub fn null_refused() -> Self {
        Message::of("", "can no longer be null", Effect::Narrows(REFUSED))
    }

    pub fn null_allowed() -> Self {
        Message::of("", "can be null now", Effect::Widens(IMPOSSIBLE))
    }

    /// Reports another type; `allows_new` and `allows_old` say whether the old type clearly has all
    /// values of the new one, and the reverse.
    pub fn other_type(old: &str, new: &str, allows_new: bool, allows_old: bool) -> Self {
        let effect = match (allows_new, allows_old) {
            (_, true) => Effect::Widens(IMPOSSIBLE),
            (true, false) => Effect::Narrows(REFUSED),
            (false, false) => Effect::Unclear,
        };
        Message::of("", format!("was `{old}`, and is `{new}` now"), effect)
    }
}

/// Members of objects.
impl Message {
    pub fn member_added(direction: Direction, is_required: bool, was_closed: bool) -> Self {
        match direction {
            Direction::In if is_required => {
                Message::of("", "is new, and required", Effect::Narrows(LEFT_OUT))
            }
            Direction::Out if was_closed => Message::of("", "is new", Effect::Widens(IMPOSSIBLE)),
            _ => Message::of("", "is new", Effect::Fixed(Level::Minor, None)),
        }
    }

    pub fn member_removed(direction: Direction, was_required: bool, is_closed: bool) -> Self {
        let (what, effect) = match direction {
            Direction::In if is_closed => ("is gone", Effect::Narrows(STILL_SENT)),
            Direction::In => (
                "is gone: it is ignored where it is sent",
                Effect::Fixed(Level::Minor, None),
            ),
            Direction::Out if was_required => ("is gone", Effect::Widens(NOT_FOUND)),
            Direction::Out => (
                "is gone; it was not always there",
                Effect::Fixed(Level::Minor, None),
            ),
        };
        Message::of("", what, effect)
    }

    pub fn member_required(direction: Direction) -> Self {
        let what = match direction {
            Direction::In => "is required now",
            Direction::Out => "is always there now",
        };
        Message::of("", what, Effect::Narrows(LEFT_OUT))
    }

    pub fn member_optional(direction: Direction) -> Self {
        let what = match direction {
            Direction::In => "is no longer required",
            Direction::Out => "may be missing now",
        };
        Message::of("", what, Effect::Widens(NOT_FOUND))
    }

    /// Reports that one of several members must be there, where one or all could be missing.
    pub fn one_required(names: &[&str]) -> Self {
        let what = format!("or another of {} is required now", listed(names));
        Message::of("", what, Effect::Narrows(LEFT_OUT))
    }

    /// Reports that none of several members must be there any more.
    pub fn none_required(names: &[&str]) -> Self {
        let what = format!("and all others of {} may be missing now", listed(names));
        Message::of("", what, Effect::Widens(NOT_FOUND))
    }

    /// Reports that other members may be there in place of a required one.
    pub fn member_aliased(names: &[&str]) -> Self {
        let what = format!("is one of several names now: {}", listed(names));
        Message::of("", what, Effect::Widens(NOT_FOUND))
    }

    pub fn other_members_refused() -> Self {
        let what = "members of other names are refused now";
        Message::of("", what, Effect::Narrows(REFUSED))
    }

    pub fn other_members_allowed() -> Self {
        let what = "members of any name may be there now";
        Message::of("", what, Effect::Widens(IMPOSSIBLE))
    }
}

/// Variants, bounds and other keywords.
impl Message {
    pub fn variant_added(name: &str, is_literal: bool) -> Self {
        let what = format!("{} is new", variant(name, is_literal));
        Message::of(name, what, Effect::Widens(UNKNOWN_VARIANT))
    }

    pub fn variant_removed(name: &str, is_literal: bool) -> Self {
        let what = format!("{} is gone", variant(name, is_literal));
        Message::of(name, what, Effect::Narrows(STILL_SENT))
    }

    /// Compares two bounds of the `counted` property of a value: the upper ones, or the lower ones.
    pub fn bound(
        counted: &str,
        is_upper: bool,
        old: Option<Bound>,
        new: Option<Bound>,
    ) -> Option<Self> {
        let aspect = match is_upper {
            true => format!("largest {counted}"),
            false => format!("smallest {counted}"),
        };
        let (effect, what) = match (old, new) {
            (None, None) => return None,
            (Some(old), Some(new)) => {
                let effect = match (old.within(new, is_upper), new.within(old, is_upper)) {
                    (true, true) => return None,
                    (true, false) => Effect::Widens(IMPOSSIBLE),
                    (false, true) => Effect::Narrows(REFUSED),
                    (false, false) => Effect::Unclear,
                };
                (effect, format!("was {}, and is {} now", old.at, new.at))
            }
            (Some(old), None) => (
                Effect::Widens(IMPOSSIBLE),
                format!("was {}, and there is none now", old.at),
            ),
            (None, Some(new)) => (
                Effect::Narrows(REFUSED),
                format!("is {} now; there was none", new.at),
            ),
        };
        Some(Message::of(
            &*aspect,
            format!("the {aspect} {what}"),
            effect,
        ))
    }

    /// Reports another value of a keyword that is not compared by its meaning. Apart from
    /// `patternProperties`, each allows less than no keyword.
    pub fn keyword(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> Self {
        let (effect, what) = match (old, new) {
            (None, Some(_)) if keyword != "patternProperties" => (
                Effect::Narrows(REFUSED),
                "forbids more, or other things, than before",
            ),
            (Some(_), None) if keyword != "patternProperties" => (
                Effect::Widens(IMPOSSIBLE),
                "allows more, or other things, than before",
            ),
            _ => (Effect::Unclear, UNCLEAR),
        };
        Message::of(keyword, format!("`{keyword}` {what}"), effect)
    }

    /// Compares two defaults.
    pub fn default(old: Option<&Value>, new: Option<&Value>) -> Option<Self> {
        let (effect, what) = match (old, new) {
            (Some(old), Some(new)) if old != new => (
                Effect::Fixed(
                    Level::Breaking,
                    Some("callers that leave it out get another outcome"),
                ),
                format!("was {}, and is {} now", text::json(old), text::json(new)),
            ),
            (None, Some(new)) => (
                Effect::Fixed(Level::Minor, None),
                format!("is {} now; there was none", text::json(new)),
            ),
            (Some(old), None) => (
                Effect::Fixed(Level::Minor, None),
                format!("was {}, and there is none now", text::json(old)),
            ),
            _ => return None,
        };
        Some(Message::of(
            "default",
            format!("the default {what}"),
            effect,
        ))
    }

    /// Reports another value of a keyword that is only for people.
    pub fn annotation(keyword: &str, what: &str) -> Self {
        Message::of(keyword, what, Effect::Fixed(Level::Patch, None))
    }
}

fn variant(name: &str, is_literal: bool) -> String {
    match is_literal {
        true => format!("the value {}", text::line(name, 100)),
        false => format!("the variant `{}`", text::line(name, 60)),
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", text::line(name, 60)))
        .collect();
    text::listed(&names)
}
