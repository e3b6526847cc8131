//! What is compared: words, whatever the case, and pairs of characters where a script writes no spaces.

/// The words of a text in lower case, in the order in which they stand.
///
/// Chinese, Japanese and Korean are written without spaces, or with few: there, each two neighbours are a word, and a character that stands alone.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // The character before, where spaces are not written, and whether it is in a pair already.
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
    // As a whole: how a Greek word ends depends on what is before.
    (!word.is_empty()).then(|| std::mem::take(word).to_lowercase())
}

/// Whether a character is of a script that writes words without spaces between them.
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
    fn where_no_spaces_are_written_neighbours_are_words() {
        assert_eq!(words("東京都、wasm入門"), ["東京", "京都", "wasm", "入門"]);
        assert_eq!(words("本 の本"), ["本", "の本"]);
        assert_eq!(words("語x語"), ["語", "x", "語"]);
    }
}
