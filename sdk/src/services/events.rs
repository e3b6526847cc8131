//! Events to and from other plugins and the host.
//!
//! An event has a topic, which consists of segments with dots between them, and data. A pattern of topics may have `*` for exactly one segment, and `**` as
//! its last for any number of them, including none:
//!
//! | pattern | takes | but not |
//! |---|---|---|
//! | `user.created` | `user.created` | `user`, `user.created.twice` |
//! | `user.*` | `user.created`, `user.gone` | `user`, `user.created.twice` |
//! | `user.**` | `user`, `user.created`, `user.created.twice` | `users` |
//! | `*.created` | `user.created`, `order.created` | `created` |
//! | `**` | everything | |
//!
//! A plugin hears of events by [`#[event]`](macro@crate::event) on its functions, and sends them by [`emit`]. The permission is `events`.

use serde::Serialize;

use super::to_json;
use crate::error::{Error, code};
use crate::grammar::pattern_mistake;
use crate::hosts::Contract;
use crate::{Result, host_functions};

/// What a host implements.
#[host_functions(module = "plugin_host", prefix = "events_", permission = "events")]
pub trait Events {
    /// Tells everybody who has subscribed; `data` is JSON.
    fn emit(topic: &str, data: &[u8]) -> Result<()>;
    /// From now on, events whose topic matches reach the plugin's event handlers.
    fn subscribe(topic: &str) -> Result<()>;
    /// No more of them.
    fn unsubscribe(topic: &str) -> Result<()>;
}

implemented_by_hosts!(Events, AsyncEvents as events);

/// Tells everybody who has subscribed to the topic.
///
/// # Errors
///
/// Besides the host's: where the data has no form in JSON.
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # fn greeted(name: &str) -> Result<()> {
/// events::emit("user.greeted", name)?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn emit<T: Serialize + ?Sized>(topic: &str, data: &T) -> Result<()> {
    Contract.emit(topic, &to_json(data)?)
}

/// From now on, events whose topic matches the pattern reach the plugin's event handlers.
///
/// # Errors
///
/// The host's, which may be `invalid_argument` where the pattern is [none](check).
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # fn start() -> Result<()> {
/// events::subscribe("user.*")?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn subscribe(pattern: &str) -> Result<()> {
    Contract.subscribe(pattern)
}

/// Takes back a subscription, by the pattern that it was made with.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn unsubscribe(pattern: &str) -> Result<()> {
    Contract.unsubscribe(pattern)
}

/// Whether a topic is one of those that a pattern stands for. A pattern that [`check`] refuses stands for none.
///
/// ```
/// use plugin_sdk::services::events::matches;
///
/// assert!(matches("user.*", "user.created"));
/// assert!(!matches("user.*", "user.created.twice"));
/// assert!(matches("user.**", "user"));
/// ```
#[inline]
pub fn matches(pattern: &str, topic: &str) -> bool {
    let (mut pattern, mut topic) = (pattern.split('.'), topic.split('.'));
    loop {
        match (pattern.next(), topic.next()) {
            (Some("**"), _) => return pattern.next().is_none(),
            (Some("*"), Some(_)) => {}
            (Some(segment), Some(same)) if segment == same => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether something is a pattern, for hosts that are given one at run time; those of `#[event("…")]` are checked by the compiler.
///
/// # Errors
///
/// Code `invalid_argument`, where a segment is empty, `**` is not the last segment, or `*` is only a part of one.
///
/// ```
/// use plugin_sdk::services::events::check;
///
/// assert!(check("user.*").is_ok());
/// assert_eq!(check("user*").unwrap_err().code(), "invalid_argument");
/// ```
#[inline]
pub fn check(pattern: &str) -> Result<()> {
    match pattern_mistake(pattern) {
        Some(mistake) => Err(Error::new(code::INVALID_ARGUMENT, mistake)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn takes(pattern: &str, topics: &[&str], not: &[&str]) {
        assert!(check(pattern).is_ok(), "{pattern}");
        for topic in topics {
            assert!(matches(pattern, topic), "{pattern} takes {topic}");
        }
        for topic in not {
            assert!(!matches(pattern, topic), "{pattern} does not take {topic}");
        }
    }

    #[test]
    fn a_pattern_without_stars_takes_one_topic() {
        takes(
            "tick",
            &["tick"],
            &["", "tic", "ticks", "tick.tock", "Tick"],
        );
        takes(
            "a.b.c",
            &["a.b.c"],
            &["a.b", "a.b.c.d", "a.b.d", "abc", "a.b."],
        );
    }

    #[test]
    fn one_star_takes_exactly_one_segment() {
        takes("a.*", &["a.b", "a.*", "a.bcd"], &["a", "a.b.c", "b.b"]);
        takes("*.b", &["a.b", "b.b"], &["b", "a.b.c", "a.a.b"]);
        takes("a.*.c", &["a.b.c", "a.a.c"], &["a.c", "a.b.b.c"]);
        takes("*", &["a"], &["a.b"]);
        takes("*.*", &["a.b"], &["a", "a.b.c"]);
    }

    #[test]
    fn two_stars_take_any_number_of_segments() {
        takes("**", &["", "a", "a.b.c", "**"], &[]);
        takes("a.**", &["a", "a.b", "a.b.c"], &["b", "ab", ""]);
        takes("*.b.**", &["a.b", "a.b.c"], &["a", "a.c.b", "b.a"]);
    }

    #[test]
    fn what_is_no_pattern_takes_nothing() {
        let none = [
            ("a.**.c", "a.b.c"),
            ("**.c", "c"),
            ("**.**", "a"),
            ("us*r", "user"),
            ("***", "a"),
            ("a..c", "a.b.c"),
        ];
        for (pattern, topic) in none {
            assert!(check(pattern).is_err(), "{pattern}");
            assert!(!matches(pattern, topic), "{pattern}");
        }
        for pattern in ["", ".", "a.", ".a", "*.a*"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
    }
}
