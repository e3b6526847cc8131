//! Names in WIT: words of small letters and digits, joined by hyphens.

use std::collections::HashSet;

/// The greatest length of a name, apart from a number at its end.
const MAX_LENGTH: usize = 60;

/// The names of one scope.
#[derive(Default)]
pub struct Scope {
    taken: HashSet<String>,
}

impl Scope {
    /// Creates a scope in which some names are taken.
    pub fn without(names: &[&str]) -> Self {
        Scope {
            taken: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Makes a name unlike all earlier ones: another gets a number.
    pub fn take(&mut self, name: &str) -> String {
        let base = kebab(name);
        let mut candidate = base.clone();
        let mut number = 1_u32;
        while !self.taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{base}-n{number}");
        }
        candidate
    }

    /// Makes a name unlike all earlier ones: another gets the word for what it names.
    pub fn take_as(&mut self, name: &str, word: &str) -> String {
        let base = kebab(name);
        match self.taken.contains(&base) {
            true => self.take(&format!("{base}-{word}")),
            false => self.take(name),
        }
    }
}

/// Makes a name from any text. Every word begins with a letter, as WIT requires.
pub fn kebab(name: &str) -> String {
    let mut made = String::new();
    for word in words(name) {
        if made.len() + word.len() >= MAX_LENGTH {
            break;
        }
        if !made.is_empty() {
            made.push('-');
        }
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            made.push('n');
        }
        made.push_str(&word);
    }
    match made.is_empty() {
        true => "unnamed".to_owned(),
        false => made,
    }
}

/// Splits a name into words of small letters: at anything but letters and digits, before a capital
/// letter after a small one, and before the last of several capital letters.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().take(2 * MAX_LENGTH).collect();
    let mut words = vec![String::new()];
    let is = |nth: Option<usize>, test: fn(&char) -> bool| {
        nth.and_then(|nth| characters.get(nth)).is_some_and(test)
    };
    for (nth, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = nth.checked_sub(1);
        let begins = character.is_ascii_uppercase()
            && (is(before, |c| c.is_ascii_lowercase() || c.is_ascii_digit())
                || is(before, char::is_ascii_uppercase)
                    && is(Some(nth + 1), char::is_ascii_lowercase));
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && word.len() < MAX_LENGTH - 1
        {
            word.push(character.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_joined_by_hyphens() {
        for (name, expected) in [
            ("greet", "greet"),
            ("greet_all", "greet-all"),
            ("firstName", "first-name"),
            ("HTTPServer", "http-server"),
            ("com.example.greeter", "com-example-greeter"),
            ("2", "n2"),
            ("v1.2", "v1-n2"),
            ("é \u{202e}", "unnamed"),
            ("", "unnamed"),
        ] {
            assert_eq!(kebab(name), expected, "{name:?}");
        }
        assert!(kebab(&"Word".repeat(1000)).len() <= MAX_LENGTH);
        assert!(kebab(&"w".repeat(1000)).len() <= MAX_LENGTH);
    }

    #[test]
    fn names_of_a_scope_differ() {
        let mut scope = Scope::without(&["error"]);
        let names = ["a b", "a-b", "aB", "error", "a"];
        assert_eq!(
            names.map(|name| scope.take(name)),
            ["a-b", "a-b-n2", "a-b-n3", "error-n2", "a"]
        );
        let names = ["error", "Error", "b"];
        assert_eq!(
            names.map(|name| scope.take_as(name, "type")),
            ["error-type", "error-type-n2", "b"]
        );
    }
}
