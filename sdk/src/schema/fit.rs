//! Whether what an author says about a type makes sense for it.

use super::node::{Direction, Keyword, Kind, Member, Node, Schema};

/// Refuses, while compiling, a constraint that no value of the type is subject to. A `number` is what a limit of integers says.
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
        // Anything may be hidden in the others.
        _ => return,
    };
    match keyword {
        Keyword::Minimum
        | Keyword::Maximum
        | Keyword::ExclusiveMinimum
        | Keyword::ExclusiveMaximum
        | Keyword::MultipleOf => {
            assert!(is_number, "this is for numbers, and the type is none");
            if let Node::Plain { keywords, .. } = node
                && let Some(number) = number
                && !matches!(keyword, Keyword::MultipleOf)
            {
                assert!(
                    is_within(number, keywords),
                    "the type holds no such number: the limit is beyond its own"
                );
            }
        }
        Keyword::MinLength | Keyword::MaxLength | Keyword::Pattern => {
            assert!(
                is_text,
                "this is for strings, and the type is none; of lists, say `min_items` and `max_items`"
            );
        }
        Keyword::Format => {
            assert!(
                is_text || is_number,
                "this is for strings and numbers, and the type is none"
            );
        }
        Keyword::MinItems | Keyword::MaxItems | Keyword::UniqueItems => {
            assert!(
                is_list,
                "this is for lists, and the type is none; of strings, say `min_length` and `max_length`"
            );
        }
        Keyword::MinProperties | Keyword::MaxProperties => {
            assert!(
                is_object,
                "this is for maps and structs, and the type is none"
            );
        }
        _ => {}
    }
}

const fn is_within(number: i128, mut limits: &'static [Member]) -> bool {
    while let [Member(keyword, limit), rest @ ..] = limits {
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
        limits = rest;
    }
    true
}
