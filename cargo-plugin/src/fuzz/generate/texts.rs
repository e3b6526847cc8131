//! Text: short and long, in many scripts, and in the formats that schemas name.

use fastrand::Rng;

use super::patterns;
use crate::schema::Text;

/// The greatest length of ordinary text, and of text that a schema requires, in characters.
const MAX_LENGTH: u64 = 64;
const MAX_REQUIRED: u64 = 10_000;

/// The length of long text, in characters.
const LONG: u64 = 2_000;

/// Characters that code for bytes, for one case, or for one column mistakes: of two to four bytes,
/// without a case or with two letters in the other one, combined, and invisible.
const UNUSUAL: [char; 24] = [
    'ä',
    'ß',
    'İ',
    'ı',
    'ǆ',
    'ﬁ',
    'é',
    '\u{301}',
    'Ω',
    'я',
    'א',
    'ع',
    '中',
    'ｆ',
    '\u{200d}',
    '\u{feff}',
    '\u{202e}',
    '\u{fffd}',
    '\u{d7ff}',
    '\u{e000}',
    '🦀',
    '👩',
    '\u{1f3fd}',
    '\u{10ffff}',
];

/// Text with a meaning to parsers.
const MEANINGFUL: [&str; 22] = [
    "", " ", "\0", "\n", "\r\n", "\t", "0", "-1", "1e9", "NaN", "null", "true", "{}", "[]", "\"",
    "\\", "../..", "/", "a/b", "%", "{0}", "<a>",
];

/// Returns text with the length, the format and the pattern that a schema requires, as far as they
/// are known.
pub fn text(random: &mut Rng, schema: &Text<'_>) -> Option<String> {
    if let Some(pattern) = schema.pattern {
        return patterns::matching(random, pattern);
    }
    if let Some(format) = schema.format {
        return formatted(random, format);
    }
    let least = schema.min_length.unwrap_or(0);
    if least > MAX_REQUIRED {
        return None;
    }
    let most = schema.max_length.unwrap_or(u64::MAX);
    let length = match random.u8(..16) {
        0 => least,
        1 => most.min(least.saturating_add(LONG)),
        2 => most.min(MAX_LENGTH),
        _ => random.u64(least..=most.min(least.saturating_add(8)).max(least)),
    };
    if length == 0 {
        return (least == 0).then(String::new);
    }
    let text = match random.u8(..8) {
        0 => random.choice(MEANINGFUL)?.to_owned(),
        1 | 2 => repeated(length, || random.choice(UNUSUAL).unwrap_or('ä')),
        3 => repeated(length, || random.char(..)),
        4 => repeated(length, || {
            random
                .choice(['a', ' ', '\n', 'ä', '0', '.'])
                .unwrap_or('a')
        }),
        5 => repeated(length, || ' '),
        _ => repeated(length, || random.alphanumeric()),
    };
    let characters = text.chars().count() as u64;
    match (least..=most).contains(&characters) {
        true => Some(text),
        false => Some(repeated(length, || random.alphanumeric())),
    }
}

/// Returns the name of a member or a segment of a topic.
pub fn word(random: &mut Rng) -> String {
    match random.u8(..8) {
        0 => random.choice(UNUSUAL).unwrap_or('ä').to_string(),
        1 => random.choice(MEANINGFUL).unwrap_or("").to_owned(),
        _ => {
            let length = random.u64(1..=4);
            repeated(length, || random.lowercase())
        }
    }
}

fn repeated(length: u64, character: impl FnMut() -> char) -> String {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    std::iter::repeat_with(character).take(length).collect()
}

/// Returns text in a format, or `None` if the format is unknown.
fn formatted(random: &mut Rng, format: &str) -> Option<String> {
    let year = random.u16(1..=9999);
    let (month, day) = (random.u8(1..=12), random.u8(1..=28));
    let (hour, minute, second) = (random.u8(..24), random.u8(..60), random.u8(..60));
    let date = format!("{year:04}-{month:02}-{day:02}");
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    Some(match format {
        "date" => date,
        "date-time" if random.bool() => format!("{date}T{time}.{:03}+02:00", random.u16(..1000)),
        "date-time" => format!("{date}T{time}Z"),
        "time" => format!("{time}Z"),
        "duration" => format!("P{day}DT{hour}H{minute}M"),
        "ipv4" | "ip" => std::net::Ipv4Addr::from_bits(random.u32(..)).to_string(),
        "ipv6" => std::net::Ipv6Addr::from_bits(random.u128(..)).to_string(),
        "uuid" => {
            let digits = format!("{:032x}", random.u128(..));
            let mut uuid = String::new();
            for (nth, digit) in digits.chars().enumerate() {
                if [8, 12, 16, 20].contains(&nth) {
                    uuid.push('-');
                }
                uuid.push(digit);
            }
            uuid
        }
        "email" => format!("{}@example.com", repeated(5, || random.lowercase())),
        "hostname" => format!("{}.example.com", repeated(5, || random.lowercase())),
        "uri" | "url" | "iri" | "uri-reference" => {
            format!("https://example.com/{}", repeated(5, || random.lowercase()))
        }
        _ => return None,
    })
}
