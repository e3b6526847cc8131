//! The grammar of versions and of their requirements, as the crate `semver` has it. That crate
//! checks this one in tests; it would be one more for every plugin to compile.

/// The rest of a text, or what is wrong with its beginning.
type Rest<'a> = Result<&'a str, String>;

/// The most comparators of a requirement.
const MAX_COMPARATORS: usize = 32;

/// Returns what is wrong with a version, if anything.
pub fn version_mistake(text: &str) -> Option<String> {
    version(text).err()
}

/// Returns what is wrong with a requirement such as `>=0.1.0, <2`, if anything.
pub fn requirement_mistake(text: &str) -> Option<String> {
    requirement(text).err()
}

fn version(text: &str) -> Result<(), String> {
    let text = number(text, "major")?;
    let text = number(dot(text, "major")?, "minor")?;
    let text = number(dot(text, "minor")?, "patch")?;
    end(labels(text)?)
}

fn requirement(text: &str) -> Result<(), String> {
    let text = without_spaces(text);
    if wildcard(text).is_some_and(|rest| without_spaces(rest).is_empty()) {
        return Ok(());
    }
    let comparators = || text.split(',').map(without_spaces);
    if comparators().count() > MAX_COMPARATORS {
        return Err(format!("more than {MAX_COMPARATORS} comparators"));
    }
    comparators().try_for_each(comparator)
}

fn comparator(text: &str) -> Result<(), String> {
    if wildcard(text).is_some() {
        return Err("a wildcard must be the only comparator".to_owned());
    }
    let operators = [">=", "<=", "=", ">", "<", "~", "^"];
    let operand = operators.iter().find_map(|it| text.strip_prefix(it));
    let mut rest = number(without_spaces(operand.unwrap_or(text)), "major")?;
    let mut is_wild = false;
    let mut is_whole = false;
    for part in ["minor", "patch"] {
        let Some(behind) = rest.strip_prefix('.') else {
            break;
        };
        rest = match wildcard(behind) {
            Some(behind) => {
                is_wild = true;
                behind
            }
            None if is_wild => return Err("a number follows a wildcard".to_owned()),
            None => {
                is_whole = part == "patch";
                number(behind, part)?
            }
        };
    }
    if is_whole {
        rest = labels(rest)?;
    }
    end(without_spaces(rest))
}

fn without_spaces(text: &str) -> &str {
    text.trim_start_matches(' ')
}

fn wildcard(text: &str) -> Option<&str> {
    text.strip_prefix(['*', 'x', 'X'])
}

fn end(rest: &str) -> Result<(), String> {
    match rest.chars().next() {
        None => Ok(()),
        Some(found) => Err(format!("unexpected character {found:?} after the version")),
    }
}

fn dot<'a>(text: &'a str, part: &str) -> Rest<'a> {
    text.strip_prefix('.')
        .ok_or_else(|| format!("expected a dot after the {part} version number"))
}

fn number<'a>(text: &'a str, part: &str) -> Rest<'a> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(rest).unwrap_or_default();
    let problem = match (digits, rest.chars().next()) {
        ("", Some(found)) => format!("unexpected character {found:?} while parsing"),
        ("", None) => "unexpected end of text while parsing".to_owned(),
        _ if digits.len() > 1 && digits.starts_with('0') => "leading zero in".to_owned(),
        _ if digits.parse::<u64>().is_err() => "more than 64 bits in".to_owned(),
        _ => return Ok(rest),
    };
    Err(format!("{problem} {part} version number"))
}

/// Skips `-pre.release` and `+build`.
fn labels(text: &str) -> Rest<'_> {
    let text = identifiers(text, '-', "pre-release")?;
    identifiers(text, '+', "build metadata")
}

fn identifiers<'a>(text: &'a str, sign: char, what: &str) -> Rest<'a> {
    let Some(text) = text.strip_prefix(sign) else {
        return Ok(text);
    };
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-.".contains(c));
    let mut all = text.strip_suffix(rest).unwrap_or_default().split('.');
    let mistake = all.find_map(|one| {
        let is_number = one.bytes().all(|byte| byte.is_ascii_digit());
        match one {
            "" => Some("empty identifier"),
            _ if sign == '-' && is_number && one.len() > 1 && one.starts_with('0') => {
                Some("leading zero")
            }
            _ => None,
        }
    });
    match mistake {
        Some(mistake) => Err(format!("{mistake} in {what}")),
        None => Ok(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid texts, and each with one character left out, doubled or replaced.
    fn texts() -> Vec<String> {
        let valid = [
            "1.2.3",
            "0.0.0",
            "10.20.30-a-b.0.x1+001.b-",
            "1.2.3+b",
            "1.2.3-0a",
            "18446744073709551615.0.0",
            "18446744073709551616.0.0",
            "*",
            " x ",
            ">=0.1.0",
            "^1",
            "~ 1.2",
            "1.*",
            "1.x.X",
            ">1.*",
            "1.2.*",
            ">=1, <2 , =1.5.0-rc.1+b",
            "X.1",
            "1,*",
        ];
        let mut texts = vec![vec!["1"; 32].join(","), vec!["1"; 33].join(",")];
        for text in valid {
            let characters: Vec<char> = text.chars().collect();
            texts.push(text.to_owned());
            for nth in 0..=characters.len() {
                let (before, behind) = characters.split_at(nth);
                let with = |middle: &str, behind: &[char]| {
                    before.iter().collect::<String>() + middle + &behind.iter().collect::<String>()
                };
                for middle in [
                    "", "0", "1", "a", "x", "*", ".", "-", "+", ",", " ", "=", ">", "\t", "é",
                ] {
                    texts.push(with(middle, behind));
                    texts.push(with(middle, behind.get(1..).unwrap_or_default()));
                }
            }
        }
        texts
    }

    #[test]
    fn versions_are_those_of_semver() {
        let mut valid = 0;
        for text in texts() {
            let theirs = semver::Version::parse(&text).is_ok();
            assert_eq!(version_mistake(&text).is_none(), theirs, "{text:?}");
            valid += usize::from(theirs);
        }
        assert!(valid > 50, "{valid}");
    }

    #[test]
    fn requirements_are_those_of_semver() {
        let mut valid = 0;
        for text in texts() {
            let theirs = semver::VersionReq::parse(&text).is_ok();
            assert_eq!(requirement_mistake(&text).is_none(), theirs, "{text:?}");
            valid += usize::from(theirs);
        }
        assert!(valid > 200, "{valid}");
    }
}
