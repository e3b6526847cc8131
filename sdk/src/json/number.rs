//! Numbers in JSON: their grammar and their values.

mod exact;

use crate::memory::short::append_word;
use crate::memory::text::{utf8, utf8_owned};
use exact::Form;

/// A number in the text, scanned once.
#[derive(Clone, Copy)]
pub struct Number<'de> {
    text: &'de [u8],
    negative: bool,
    /// All digits, with those of the fraction, as one integer; only its lowest 64 bits if `count`
    /// is above [`EXACT_DIGITS`].
    digits: u64,
    /// The number of digits.
    count: usize,
    /// The position of the decimal point: the number is `digits * 10^scale`.
    scale: i32,
    /// `true` without fraction and exponent.
    whole: bool,
}

/// A number without fraction and exponent that fits 64 bits.
pub enum Integer {
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
}

/// The most digits that always fit a `u64`.
const EXACT_DIGITS: usize = 19;

/// Exponents from here on are not told apart: the number is zero or infinite, unless it has as many
/// digits.
const MAX_EXPONENT: i32 = 100_000_000;

/// The most digits of a fraction that count: those of text of the largest length would overflow the
/// sum with an exponent.
const MAX_FRACTION_DIGITS: usize = 1_000_000_000;

/// The part that a number lacks.
const A_DIGIT: &str = "a digit";

impl<'de> Number<'de> {
    /// Scans the number at the start of `text`. On failure, returns the expectation and its
    /// position.
    pub fn scan(text: &'de [u8]) -> Result<Self, (&'static str, usize)> {
        let byte = |at: usize| text.get(at).copied().unwrap_or_default();
        let negative = byte(0) == b'-';
        let start = usize::from(negative);
        let mut at = start;
        let mut digits = 0;
        let mut run = |at: &mut usize| {
            let from = *at;
            while let digit @ 0..=9 = byte(*at).wrapping_sub(b'0') {
                digits = u64::wrapping_add(u64::wrapping_mul(digits, 10), u64::from(digit));
                *at += 1;
            }
            *at - from
        };
        let mut count = run(&mut at);
        if count == 0 {
            return Err((if negative { A_DIGIT } else { "a value" }, at));
        }
        if count > 1 && byte(start) == b'0' {
            return Err(("no digits after a leading zero", start + 1));
        }
        let mut scale = 0i32;
        let mut whole = true;
        if byte(at) == b'.' {
            whole = false;
            at += 1;
            let fraction = run(&mut at);
            if fraction == 0 {
                return Err((A_DIGIT, at));
            }
            count += fraction;
            scale = -(fraction.min(MAX_FRACTION_DIGITS) as i32);
        }
        if byte(at) | 0x20 == b'e' {
            whole = false;
            at += 1;
            let below_one = byte(at) == b'-';
            at += usize::from(below_one || byte(at) == b'+');
            let (from, mut exponent) = (at, 0i32);
            while let digit @ 0..=9 = byte(at).wrapping_sub(b'0') {
                if exponent < MAX_EXPONENT {
                    exponent = exponent * 10 + i32::from(digit);
                }
                at += 1;
            }
            if at == from {
                return Err((A_DIGIT, at));
            }
            scale += if below_one { -exponent } else { exponent };
        }
        Ok(Number {
            text: text.get(..at).unwrap_or_default(),
            negative,
            digits,
            count,
            scale,
            whole,
        })
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns the number as it is written.
    pub fn text(&self) -> &'de str {
        utf8(self.text).unwrap_or_default()
    }

    /// Returns the number if it has no fraction and no exponent and fits 64 bits. `-0` does not: it
    /// is a float.
    pub fn integer(&self) -> Option<Integer> {
        // From 10^19 to twice that, 64 bits are enough or leave less than 10^19 of the number.
        let fits = self.count <= EXACT_DIGITS
            || self.count == EXACT_DIGITS + 1
                && self.digits >= 10_000_000_000_000_000_000
                && self.text.first() == Some(&b'1');
        match (self.whole && fits, self.negative) {
            (true, false) => Some(Integer::Unsigned(self.digits)),
            (true, true) if self.digits > 0 && self.digits <= i64::MIN.unsigned_abs() => {
                Some(Integer::Negative((self.digits as i64).wrapping_neg()))
            }
            _ => None,
        }
    }

    /// Returns the nearest `f64`; `None` if that is infinite.
    pub fn float(&self) -> Option<f64> {
        match self.quick() {
            Some(number) => Some(number),
            None => {
                let form = Form {
                    mantissa: f64::MANTISSA_DIGITS,
                    smallest: -1022,
                };
                let sign = u64::from(self.negative) << 63;
                Some(f64::from_bits(self.nearest(&form)? | sign))
            }
        }
    }

    /// Returns the bits of the nearest float, without its sign; `None` if that is infinite.
    #[cold]
    fn nearest(&self, form: &Form) -> Option<u64> {
        exact::nearest(self.mantissa(), i64::from(self.scale), form)
    }

    /// Returns the digits before the exponent.
    fn mantissa(&self) -> impl Iterator<Item = u8> {
        let mantissa = self
            .text
            .iter()
            .take_while(|byte| !matches!(byte, b'e' | b'E'));
        mantissa.copied().filter(u8::is_ascii_digit)
    }

    /// Returns the nearest `f32`; `None` if that is infinite.
    pub fn single(&self) -> Option<f32> {
        // The 29 additional bits of an `f64`. Only a number exactly between two `f32`s can be
        // rounded wrongly by rounding twice.
        const MORE: u64 = (1 << 29) - 1;
        const HALF: u64 = 1 << 28;
        if let Some(number) = self.quick() {
            let single = number as f32;
            if number.to_bits() & MORE != HALF && (single.is_normal() || number == 0.0) {
                return Some(single);
            }
        }
        let form = Form {
            mantissa: f32::MANTISSA_DIGITS,
            smallest: -126,
        };
        let sign = u32::from(self.negative) << 31;
        Some(f32::from_bits(self.nearest(&form)? as u32 | sign))
    }

    /// Returns the nearest `f64`, if few operations find it.
    #[inline]
    fn quick(&self) -> Option<f64> {
        let zeros = self.mantissa().take_while(|digit| *digit == b'0');
        if self.count > EXACT_DIGITS && self.count - zeros.count() > EXACT_DIGITS {
            return None;
        }
        let number = by_exact_power(self.digits, self.scale)
            .or_else(|| by_product(self.digits, self.scale))
            .or_else(|| by_reciprocal(self.digits, self.scale))?;
        Some(if self.negative { -number } else { number })
    }

    /// Returns whether two numbers are equal, with any count of digits.
    pub fn equals(&self, other: &Number<'_>) -> bool {
        self.negative == other.negative && self.significant() == other.significant()
    }

    /// Returns the digits without zeros at both ends, and the power of ten of the last digit.
    fn significant(&self) -> (Vec<u8>, i64) {
        let digits = self.mantissa().skip_while(|digit| *digit == b'0');
        let mut digits: Vec<u8> = digits.collect();
        let mut scale = i64::from(self.scale);
        while digits.last() == Some(&b'0') {
            digits.pop();
            scale += 1;
        }
        if digits.is_empty() {
            scale = 0;
        }
        (digits, scale)
    }
}

/// The powers of ten that `f64` holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Multiplies or divides digits that fit 53 bits by a power of ten that `f64` holds exactly: one
/// operation, which rounds correctly.
fn by_exact_power(digits: u64, scale: i32) -> Option<f64> {
    if digits > 1 << 53 {
        return None;
    }
    let power = EXACT.get(scale.unsigned_abs() as usize)?;
    Some(if scale < 0 {
        digits as f64 / power
    } else {
        digits as f64 * power
    })
}

/// Multiplies digits by a power of ten that fits a `u64`, and rounds the product.
fn by_product(digits: u64, scale: i32) -> Option<f64> {
    let power = EXACT.get(..20)?.get(usize::try_from(scale).ok()?)?;
    let (high, low) = multiply(digits, *power as u64);
    if high == 0 {
        return Some(low as f64);
    }
    // The first 64 bits of the product, the last of them set if any bit below it is: 11 of them are
    // rounded off.
    let shift = high.leading_zeros();
    let bits = high << shift | low >> 1 >> (63 - shift) | u64::from(low << shift != 0);
    let unit = f64::from_bits(u64::from(1023 + 64 - shift) << 52);
    Some(bits as f64 * unit)
}

/// The most digits after the point with an entry in [`RECIPROCALS`]: the algorithm decides all
/// numbers of so many.
const MAX_FRACTION: usize = 27;

/// `2^b / 5^k` rounded up, for `k` from 1, with `b` such that the quotient has 128 bits: the upper
/// and the lower 64 of them.
const RECIPROCALS: [(u64, u64); MAX_FRACTION] = reciprocals();

#[allow(clippy::indexing_slicing, reason = "runs in the compiler")]
const fn reciprocals() -> [(u64, u64); MAX_FRACTION] {
    let mut table = [(0, 0); MAX_FRACTION];
    let mut power = 1u64;
    let mut at = 0;
    while at < MAX_FRACTION {
        power *= 5;
        // Long division of 2^b, bit by bit.
        let mut bits = 127 + (64 - (power - 1).leading_zeros());
        let (mut quotient, mut rest) = (0u128, 1u64);
        while bits > 0 {
            rest *= 2;
            quotient *= 2;
            if rest >= power {
                rest -= power;
                quotient += 1;
            }
            bits -= 1;
        }
        quotient += 1;
        table[at] = ((quotient >> 64) as u64, quotient as u64);
        at += 1;
    }
    table
}

/// Divides up to 19 digits by a power of ten, with the algorithm of Eisel and Lemire ("Number
/// Parsing at a Gigabyte per Second", 2021), for the scales of numbers without an exponent and of
/// those a little smaller. `None` for other scales, of which long division finds the float.
fn by_reciprocal(digits: u64, scale: i32) -> Option<f64> {
    const MANTISSA_BITS: u32 = 52;
    let fraction = usize::try_from(scale.checked_neg()?).ok()?;
    let &(upper, lower) = RECIPROCALS.get(fraction.checked_sub(1)?)?;
    if digits == 0 {
        return None;
    }
    let shift = digits.leading_zeros();
    let digits = digits << shift;
    let (mut high, mut low) = multiply(digits, upper);
    // The bits below the kept ones and the rounding bits. The lower half of the reciprocal matters
    // only if all are set.
    let mask = u64::MAX >> (MANTISSA_BITS + 3);
    if high & mask == mask {
        let (carry, _) = multiply(digits, lower);
        let sum = low.overflowing_add(carry);
        low = sum.0;
        high += u64::from(sum.1);
    }
    let top = (high >> 63) as u32;
    let keep = top + 64 - MANTISSA_BITS - 3;
    let mut mantissa = high >> keep;
    // floor(scale * log2(10)), in fixed point.
    let exponent = ((scale * 217_706) >> 16) + 63 + top as i32 - shift as i32 + 1023;
    // Exactly between two floats; only at scales where 5^k divides a number of 64 bits.
    if low <= 1 && scale >= -4 && mantissa & 3 == 1 && mantissa << keep == high {
        mantissa &= !1;
    }
    mantissa += mantissa & 1;
    mantissa >>= 1;
    let (mantissa, exponent) = if mantissa >= 2 << MANTISSA_BITS {
        (1 << MANTISSA_BITS, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    // With at most 27 digits after the point, of which one is not zero, the result is neither
    // subnormal nor infinite.
    let exponent = u64::try_from(exponent).ok()?;
    let fraction = mantissa & !(1 << MANTISSA_BITS);
    Some(f64::from_bits(exponent << MANTISSA_BITS | fraction))
}

/// Returns the upper and lower 64 bits of a product, in 32-bit halves: a 128-bit product is a
/// library call on wasm32.
fn multiply(a: u64, b: u64) -> (u64, u64) {
    let half = |number: u64| (number >> 32, number & 0xffff_ffff);
    let ((a1, a0), (b1, b0)) = (half(a), half(b));
    let (low, middle_a, middle_b, high) = (a0 * b0, a1 * b0, a0 * b1, a1 * b1);
    let (carry, _) = half(low);
    let middle = middle_a + carry;
    let (m1, m0) = half(middle);
    let middle = m0 + middle_b;
    (high + m1 + (middle >> 32), middle << 32 | low & 0xffff_ffff)
}

/// Returns the digits of a number.
pub(crate) fn decimal(number: u64) -> String {
    let mut digits = Vec::new();
    write_u64(number, &mut digits);
    utf8_owned(digits).unwrap_or_default()
}

/// Appends a number in decimal, eight digits at a time.
pub(crate) fn write_u64(number: u64, out: &mut Vec<u8>) {
    const EIGHT: u64 = 100_000_000;
    let (more, mut rest) = (number / EIGHT, (number % EIGHT) as u32);
    if more > 0 {
        write_u64(more, out);
    }
    let (mut digits, mut count) = (0, 0);
    while count == 0 || rest > 0 || more > 0 && count < 8 {
        digits = digits << 8 | u64::from(b'0' as u32 + rest % 10);
        rest /= 10;
        count += 1;
    }
    append_word(digits, count, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_product_has_128_bits(a in any::<u64>(), b in any::<u64>()) {
            let product = u128::from(a) * u128::from(b);
            prop_assert_eq!(multiply(a, b), ((product >> 64) as u64, product as u64));
        }

        #[test]
        fn quick_floats_are_the_nearest(digits in any::<u64>(), shift in 0u32..64, fraction in 0usize..=30) {
            let digits = (digits >> shift) % 10u64.pow(19);
            check(digits, fraction)?;
            same(&format!("{digits}e{fraction}"))?;
        }

        #[test]
        fn floats_of_common_sizes_are_quick(
            digits in 1.0f64..9.0, places in 0usize..=16, exponent in -11i32..=22,
        ) {
            let float: f64 = format!("{digits:.places$}e{exponent}").parse().unwrap();
            let mut texts = vec![format!("{float:e}")];
            if exponent < 0 {
                texts.push(format!("-{float}"));
            }
            for text in texts {
                prop_assert!(Number::scan(text.as_bytes()).unwrap().quick().is_some(), "{}", text);
                same(&text)?;
            }
        }

        /// Halfway between two floats: an odd number of 54 bits, divided by a power of two; and one
        /// digit more or less.
        #[test]
        fn quick_floats_round_halves_to_even(bits in any::<u64>(), nudge in -1i64..=1) {
            let odd = 1 << 53 | bits >> 11 | 1;
            for fraction in 0..=4 {
                let digits = odd * 5u64.pow(fraction);
                check(digits.saturating_add_signed(nudge) % 10u64.pow(19), fraction as usize)?;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 500 }))]

        #[test]
        fn every_number_is_read_as_the_nearest_float(
            bits in any::<u64>(), digits in 0usize..30, more in "[0-9]{0,900}", exponent in -420i32..420,
        ) {
            let float = f64::from_bits(bits);
            if float.is_finite() {
                same(&format!("{float:.digits$e}"))?;
                same(&format!("{float:e}"))?;
                // With all its digits, exactly a float; with one more, just above it.
                same(&format!("{float:.780e}"))?;
                same(&format!("{float:.760e}").replace('e', "0000000000000001e"))?;
            }
            let single = f32::from_bits(bits as u32);
            if single.is_finite() {
                same(&format!("{single:e}"))?;
            }
            same(&format!("{digits}.{more}0e{exponent}"))?;
            // Halfway between two floats, and a little more.
            let odd = (bits >> 11 | 1 << 52) * 2 + 1;
            let halfway = format!("{}", u128::from(odd) << (exponent.unsigned_abs() % 60));
            same(&format!("{halfway}.0e0"))?;
            same(&format!("{halfway}.{more}1e0"))?;
        }
    }

    /// Compares with the standard library.
    fn same(text: &str) -> Result<(), TestCaseError> {
        let number =
            Number::scan(text.as_bytes()).map_err(|(wanted, _)| TestCaseError::fail(wanted))?;
        let double = text.parse().ok().filter(|float: &f64| float.is_finite());
        let single = text.parse().ok().filter(|float: &f32| float.is_finite());
        prop_assert_eq!(
            number.float().map(f64::to_bits),
            double.map(f64::to_bits),
            "{}",
            text
        );
        prop_assert_eq!(
            number.single().map(f32::to_bits),
            single.map(f32::to_bits),
            "{}",
            text
        );
        Ok(())
    }

    fn check(digits: u64, fraction: usize) -> Result<(), TestCaseError> {
        let mut text = format!("{digits:0>width$}", width = fraction + 1);
        if fraction > 0 {
            text.insert(text.len() - fraction, '.');
        }
        let number =
            Number::scan(text.as_bytes()).map_err(|(wanted, _)| TestCaseError::fail(wanted))?;
        prop_assert_eq!(number.float(), text.parse().ok(), "{}", text);
        Ok(())
    }
}
