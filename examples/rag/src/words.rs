//! Words to compare: case does not matter, and scripts without spaces give pairs of characters.

/// Returns the words of a text in lower case, in order.
///
/// Chinese, Japanese and Korean use few or no spaces: each pair of neighbours is a word, and so is
/// a single character.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // The previous character of a script without spaces, and whether a pair has it already.
    let mut before: Option<(char, bool)> = None;
    for character in text.chars() {
        if let Some((last, false)) = before.filter(|_| !unspaced(character)) {
            words.push(last.to_string());
        }
        if unspaced(character) {
            words.extend(take(&mut word));
            if let Some((last, _)) = before {
                words.push(String::from_iter([last, character]));
            }
            before = Some((character, before.is_some()));
            continue;
        }
        before = None;
        match character.is_alphanumeric() {
            true => word.push(character),
            false => words.extend(take(&mut word)),
        }
    }
    if let Some((last, false)) = before {
        words.push(last.to_string());
    }
    words.extend(take(&mut word));
    words
}

fn take(word: &mut String) -> Option<String> {
    // The whole word at once: the last letter of a Greek word depends on those before it.
    (!word.is_empty()).then(|| std::mem::take(word).to_lowercase())
}

/// Returns whether a character is from a script without spaces between words.
fn unspaced(character: char) -> bool {
    matches!(character,
        '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3134F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        assert_eq!(
            words("The Ärzte (v2), ΣΊΣΥΦΟΣ: naïve!"),
            ["the", "ärzte", "v2", "σίσυφος", "naïve"]
        );
        assert_eq!(words(" … !? \n"), [""; 0]);
    }

    #[test]
    fn neighbours_are_words_in_scripts_without_spaces() {
        assert_eq!(words("東京都、wasm入門"), ["東京", "京都", "wasm", "入門"]);
        assert_eq!(words("本 の本"), ["本", "の本"]);
        assert_eq!(words("語x語"), ["語", "x", "語"]);
    }
}
