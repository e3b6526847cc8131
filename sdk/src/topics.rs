//! Topics of events, and the patterns that select them.

use crate::error::{Error, Result, code};
use crate::grammar::pattern_mistake;

/// Returns whether a pattern matches a topic. A pattern that [`check`] refuses matches none.
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

/// Checks a pattern that a host gets at run time. The compiler checks those of `#[event("…")]`.
///
/// # Errors
///
/// `invalid_argument` if a segment is empty, `**` is not the last segment, or `*` is only a part of
/// a segment.
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
    fn a_pattern_without_stars_matches_one_topic() {
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
    fn one_star_matches_exactly_one_segment() {
        takes("a.*", &["a.b", "a.*", "a.bcd"], &["a", "a.b.c", "b.b"]);
        takes("*.b", &["a.b", "b.b"], &["b", "a.b.c", "a.a.b"]);
        takes("a.*.c", &["a.b.c", "a.a.c"], &["a.c", "a.b.b.c"]);
        takes("*", &["a"], &["a.b"]);
        takes("*.*", &["a.b"], &["a", "a.b.c"]);
    }

    #[test]
    fn two_stars_match_any_number_of_segments() {
        takes("**", &["", "a", "a.b.c", "**"], &[]);
        takes("a.**", &["a", "a.b", "a.b.c"], &["b", "ab", ""]);
        takes("*.b.**", &["a.b", "a.b.c"], &["a", "a.c.b", "b.a"]);
    }

    #[test]
    fn an_invalid_pattern_matches_nothing() {
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
