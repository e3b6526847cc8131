//! Identifiers of any language, made from names that a plugin chooses.
//!
//! A name from a plugin is any text. The identifier has only ASCII letters, digits and `_`, and no
//! other identifier of its scope is the same.

use std::collections::{HashMap, HashSet};

/// The greatest length of an identifier, in bytes, apart from a number at its end.
const MAX_LENGTH: usize = 60;

/// The greatest number of words read from a name.
const MAX_WORDS: usize = 24;

/// The way in which an identifier's words are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `TwoWords`
    Pascal,
    /// `twoWords`
    Camel,
    /// `two_words`
    Snake,
    /// `TWO_WORDS`
    Capitals,
}

/// The identifiers of one scope.
pub struct Scope {
    case: Case,
    /// The words that are no identifiers here: keywords, and names that the client's own code uses.
    reserved: &'static [&'static str],
    taken: HashSet<String>,
    /// The number at which the search for a free identifier begins, by the one without a number:
    /// very many names may differ only in what identifiers lack.
    numbers: HashMap<String, u32>,
}

impl Scope {
    /// Creates a scope without identifiers.
    pub fn new(case: Case, reserved: &'static [&'static str]) -> Self {
        Scope {
            case,
            reserved,
            taken: HashSet::new(),
            numbers: HashMap::new(),
        }
    }

    /// Makes an identifier from a name: unlike all reserved words and the earlier identifiers.
    pub fn take(&mut self, name: &str) -> String {
        let base = identifier(name, self.case);
        let number = self.numbers.entry(base.clone()).or_insert(0);
        loop {
            *number += 1;
            let candidate = match *number {
                1 => base.clone(),
                // A digit at the end would read as a part of the number.
                _ if base.ends_with(|c: char| c.is_ascii_digit()) => format!("{base}_{number}"),
                _ => format!("{base}{number}"),
            };
            let candidate = match self.reserved.contains(&candidate.as_str()) {
                true => format!("{candidate}_"),
                false => candidate,
            };
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

/// Makes an identifier from a name.
pub fn identifier(name: &str, case: Case) -> String {
    let mut made = String::new();
    for word in words(name) {
        let separator = match case {
            Case::Snake | Case::Capitals if !made.is_empty() => "_",
            // Two numbers must not become one.
            _ if made.ends_with(|c: char| c.is_ascii_digit())
                && word.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                "_"
            }
            _ => "",
        };
        if made.len() + separator.len() + word.len() > MAX_LENGTH {
            let left = MAX_LENGTH.saturating_sub(made.len() + separator.len());
            // Words are ASCII.
            made.push_str(separator);
            made.extend(cased(&word, case, made.is_empty()).chars().take(left));
            break;
        }
        made.push_str(separator);
        let is_first = made.is_empty();
        made.push_str(&cased(&word, case, is_first));
    }
    match made.chars().next() {
        None => cased("unnamed", case, true),
        Some(first) if first.is_ascii_digit() => match case {
            Case::Pascal => format!("N{made}"),
            Case::Camel => format!("n{made}"),
            Case::Snake => format!("n_{made}"),
            Case::Capitals => format!("N_{made}"),
        },
        Some(_) => made,
    }
}

fn cased(word: &str, case: Case, is_first: bool) -> String {
    let capitalised = || {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect()
    };
    match case {
        Case::Pascal => capitalised(),
        Case::Camel if !is_first => capitalised(),
        Case::Camel | Case::Snake => word.to_owned(),
        Case::Capitals => word.to_ascii_uppercase(),
    }
}

/// Splits a name into lower-case words: at anything but letters and digits, before a capital letter
/// after a small one, and before the last of several capital letters.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().take(MAX_LENGTH * 2).collect();
    let mut words = vec![String::new()];
    for (nth, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = nth.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(nth + 1);
        let begins = character.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase()
                        && after.is_some_and(|after| after.is_ascii_lowercase())
            });
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.truncate(MAX_WORDS);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name_are_joined_in_each_case() {
        for (name, pascal, camel, snake, capitals) in [
            ("greet", "Greet", "greet", "greet", "GREET"),
            (
                "firstName",
                "FirstName",
                "firstName",
                "first_name",
                "FIRST_NAME",
            ),
            (
                "HTTPServer",
                "HttpServer",
                "httpServer",
                "http_server",
                "HTTP_SERVER",
            ),
            (
                "greet arguments",
                "GreetArguments",
                "greetArguments",
                "greet_arguments",
                "GREET_ARGUMENTS",
            ),
            (
                "some-field",
                "SomeField",
                "someField",
                "some_field",
                "SOME_FIELD",
            ),
            (
                "Tuple_of_u8",
                "TupleOfU8",
                "tupleOfU8",
                "tuple_of_u8",
                "TUPLE_OF_U8",
            ),
            ("2", "N2", "n2", "n_2", "N_2"),
            ("1.2", "N1_2", "n1_2", "n_1_2", "N_1_2"),
            ("é \u{202e}", "Unnamed", "unnamed", "unnamed", "UNNAMED"),
            ("", "Unnamed", "unnamed", "unnamed", "UNNAMED"),
            ("*/ alert(1)", "Alert1", "alert1", "alert1", "ALERT1"),
        ] {
            let cases = [Case::Pascal, Case::Camel, Case::Snake, Case::Capitals];
            let made = cases.map(|case| identifier(name, case));
            let capitals = match name {
                "*/ alert(1)" => "ALERT_1",
                _ => capitals,
            };
            let snake = match name {
                "*/ alert(1)" => "alert_1",
                _ => snake,
            };
            assert_eq!(made, [pascal, camel, snake, capitals], "{name:?}");
        }
    }

    #[test]
    fn identifiers_of_a_scope_differ() {
        let mut scope = Scope::new(Case::Snake, &["class", "load"]);
        let names = ["a b", "a-b", "aB", "class", "Class", "load", "a1", "a1"];
        assert_eq!(
            names.map(|name| scope.take(name)),
            [
                "a_b", "a_b2", "a_b3", "class_", "class2", "load_", "a1", "a1_2"
            ]
        );
    }

    #[test]
    fn long_names_are_cut() {
        let long = "Word".repeat(1_000);
        for case in [Case::Pascal, Case::Snake] {
            let made = identifier(&long, case);
            assert!(made.len() <= MAX_LENGTH, "{}", made.len());
        }
        let mut scope = Scope::new(Case::Pascal, &[]);
        assert_ne!(scope.take(&long), scope.take(&long));
    }
}
