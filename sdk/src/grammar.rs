//! The grammar of event patterns, which the macros check at compile time and the SDK at run time.
//!
//! `sdk/src/grammar.rs` and `sdk-macros/src/grammar.rs` are the same file, since a package can
//! only contain files of its own folder. A test in `tests/macros/tests/grammar.rs` compares them.

/// Returns what is wrong with a pattern of topics, if anything.
pub fn pattern_mistake(pattern: &str) -> Option<&'static str> {
    let mut segments = pattern.split('.').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "" => {
                return Some(
                    "a segment is empty: write text between the dots, or `*` for any one segment",
                );
            }
            "**" if segments.peek().is_some() => {
                return Some(
                    "`**` matches the rest of a topic: write it last, or `*` for one segment",
                );
            }
            "*" | "**" => {}
            segment if segment.contains('*') => {
                return Some(
                    "`*` matches a whole segment: write it alone between dots, or write the segment out",
                );
            }
            _ => {}
        }
    }
    None
}
