//! Checks that an author's constraint suits the type.

use super::node::{Direction, Keyword, Kind, Member, Node, Schema};

/// Refuses, while compiling, a constraint that applies to no value of the type. `number` is the
/// limit of an integer.
#[track_caller]
pub const fn fits<T: Schema + ?Sized>(keyword: Keyword, number: Option<i128>) {
    let node = T::SCHEMA.resolve(Direction::In).node;
    let (is_number, is_text, is_list, is_object) = match node {
        Node::Plain { kind, .. } => {
            let is_text = matches!(kind, Kind::String);
            (
                !is_text && !matches!(kind, Kind::Boolean),
                is_text,
                false,
                false,
            )
        }
        Node::Numbers(_) => (true, false, false, false),
        Node::Sequence { .. } | Node::Array { .. } | Node::Tuple(_) => (false, false, true, false),
        Node::Map { .. } | Node::Object(_) => (false, false, false, true),
        Node::Null => (false, false, false, false),
        // The others may contain anything.
        _ => return,
    };
    match keyword {
        Keyword::Minimum
        | Keyword::Maximum
        | Keyword::ExclusiveMinimum
        | Keyword::ExclusiveMaximum
        | Keyword::MultipleOf => {
            assert!(is_number, "this option applies only to numeric types");
            if let Node::Plain { keywords, .. } = node
                && let Some(number) = number
                && !matches!(keyword, Keyword::MultipleOf)
            {
                assert!(
                    is_within(number, keywords),
                    "the limit is outside the range of the type"
                );
            }
        }
        Keyword::MinLength | Keyword::MaxLength | Keyword::Pattern => {
            assert!(
                is_text,
                "this option applies only to strings; for lists, write `min_items` and `max_items`"
            );
        }
        Keyword::Format => {
            assert!(
                is_text || is_number,
                "this option applies only to strings and numbers"
            );
        }
        Keyword::MinItems | Keyword::MaxItems | Keyword::UniqueItems => {
            assert!(
                is_list,
                "this option applies only to lists; for strings, write `min_length` and `max_length`"
            );
        }
        Keyword::MinProperties | Keyword::MaxProperties => {
            assert!(is_object, "this option applies only to maps and structs");
        }
        _ => {}
    }
}

const fn is_within(number: i128, limits: &'static [Member]) -> bool {
    each!(for Member(keyword, limit) in limits {
        if let Ok(limit) = i128::from_str_radix(limit, 10) {
            let beyond = match keyword {
                Keyword::Minimum => number < limit,
                Keyword::Maximum => number > limit,
                _ => false,
            };
            if beyond {
                return false;
            }
        }
    });
    true
}
