//! The key-value pairs of a log line, appended to its text.
//!
//! Formatted here, and not by the `log` crate: its one function for all kinds of values would add
//! the formatting of floats to every plugin that logs.

use log::kv::{Error, Key, Value, VisitSource, VisitValue};

use crate::json;
use crate::memory::text::utf8;

/// Appends pairs to a line, each after a space.
pub(super) struct Pairs<'a>(pub(super) &'a mut String);

/// The note in place of a value whose formatting would add kilobytes to every plugin that logs.
#[cfg(not(feature = "log-values"))]
const UNSHOWN: &str = "(shown with plugin-sdk's feature `log-values`)";

impl<'k> VisitSource<'k> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'k>, value: Value<'k>) -> Result<(), Error> {
        self.0.push(' ');
        self.0.push_str(key.as_str());
        self.0.push('=');
        value.visit(self)
    }
}

impl Pairs<'_> {
    fn json(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::new();
        write(&mut text);
        self.0.push_str(utf8(&text).unwrap_or_default());
    }

    fn integer(&mut self, negative: bool, value: u64) {
        if negative {
            self.0.push('-');
        }
        self.json(|text| json::write_u64(value, text));
    }

    /// Appends a float that is not negative and has no short decimal.
    #[cfg(feature = "log-values")]
    fn long_float(&mut self, value: f64) {
        self.0.push_str(&value.to_string());
    }

    /// Appends such a float in hexadecimal, like C's `%a`: exact, and without the code for
    /// decimals.
    #[cfg(not(feature = "log-values"))]
    fn long_float(&mut self, value: f64) {
        let (exponent, fraction) = (value.to_bits() >> 52, value.to_bits() & ((1 << 52) - 1));
        let (start, exponent) = match (exponent, fraction) {
            (0x7ff, 0) => return self.0.push_str("inf"),
            (0x7ff, _) => return self.0.push_str("NaN"),
            (0, _) => ("0x0.", -1022),
            _ => ("0x1.", exponent as i64 - 1023),
        };
        self.0.push_str(start);
        for nth in (0..13).rev() {
            let digit = (fraction >> (nth * 4)) as u8 & 15;
            self.0.push(char::from(match digit {
                0..=9 => b'0' + digit,
                _ => b'a' - 10 + digit,
            }));
        }
        self.0.push('p');
        self.integer(exponent < 0, exponent.unsigned_abs());
    }

    /// Appends a whole number of tenths, hundredths and so on.
    fn decimal(&mut self, whole: u64, places: usize) {
        let (mut written, mut digits) = (Vec::new(), Vec::new());
        json::write_u64(whole, &mut written);
        // Not `insert`, whose panic formats numbers.
        while digits.len() + written.len() <= places {
            digits.push(b'0');
        }
        digits.extend_from_slice(&written);
        let (before, after) = digits.split_at(digits.len() - places);
        for digits in [before, b".", if after.is_empty() { b"0" } else { after }] {
            self.0.push_str(utf8(digits).unwrap_or_default());
        }
    }
}

impl<'v> VisitValue<'v> for Pairs<'_> {
    #[cfg(feature = "log-values")]
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        let text = value.to_string();
        self.visit_str(&text)
    }

    #[cfg(not(feature = "log-values"))]
    fn visit_any(&mut self, _: Value<'_>) -> Result<(), Error> {
        self.0.push_str(UNSHOWN);
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.0.push_str("null");
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.integer(false, value);
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.integer(value < 0, value.unsigned_abs());
        Ok(())
    }

    #[cfg(feature = "log-values")]
    fn visit_u128(&mut self, value: u128) -> Result<(), Error> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    #[cfg(feature = "log-values")]
    fn visit_i128(&mut self, value: i128) -> Result<(), Error> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    /// Finds the decimal that reads back as this float: a quotient of two exact numbers is rounded
    /// the same way. A decimal of more than 15 digits is not short.
    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        const EXACT: f64 = (1u64 << 53) as f64;
        if value.is_sign_negative() && !value.is_nan() {
            self.0.push('-');
        }
        let value = value.abs();
        let mut power = 1.0;
        for places in 0..16 {
            let scaled = value * power + 0.5;
            if scaled.is_nan() || scaled >= EXACT {
                break;
            }
            let whole = scaled as u64;
            // A 32-bit float arrives here as a 64-bit one.
            let (wide, narrow) = (whole as f64 / power, value as f32);
            if wide == value || (f64::from(narrow) == value && wide as f32 == narrow && whole > 0) {
                self.decimal(whole, places);
                return Ok(());
            }
            power *= 10.0;
        }
        self.long_float(value);
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        let is_word =
            |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@+".contains(&byte) || byte > 127;
        let plain = value.bytes().all(is_word)
            && value
                .bytes()
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'/' || first > 127)
            && !["true", "false", "null", "inf", "NaN"].contains(&value);
        if plain {
            self.0.push_str(value);
        } else {
            self.json(|text| json::write_str(value, text));
        }
        Ok(())
    }
}
