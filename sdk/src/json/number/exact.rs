//! The nearest float to a number of any length, by long division: slower than the standard library,
//! whose table of powers would add 14 KB to every plugin that reads a float. Few numbers need it.

/// The most significant digits that matter: the number halfway between two floats with the most
/// digits has 767. Of further ones it only matters whether all are zero.
const DIGITS: usize = 768;

/// The largest power of ten of a first digit, in either direction, that is neither zero nor
/// infinite.
const LARGEST: i64 = 330;

/// The largest power of five in a `u32`, and its exponent.
const FIVES: (u32, u64) = (5u32.pow(13), 13);

/// The form of a float: the bits of its mantissa, and the smallest exponent of a normal one.
pub struct Form {
    pub mantissa: u32,
    pub smallest: i64,
}

/// Returns the bits of the nearest float without its sign; `None` if that is infinite. The number
/// is an integer of these digits times ten to the power of `scale`.
pub fn nearest(digits: impl Iterator<Item = u8>, scale: i64, form: &Form) -> Option<u64> {
    let (mut number, mut kept, mut dropped, mut rest) = (Big::from(0), 0, 0, false);
    for digit in digits {
        if kept < DIGITS {
            number.scale(10, u32::from(digit - b'0'));
            kept += usize::from(!number.is_zero());
        } else {
            dropped += 1;
            rest |= digit != b'0';
        }
    }
    if rest {
        // One more digit makes it larger than what was kept, and smaller than the next.
        number.scale(10, 1);
        dropped -= 1;
        kept += 1;
    }
    let scale = scale.saturating_add(dropped);
    let first = scale.saturating_add(kept as i64);
    if number.is_zero() || first < -LARGEST {
        return Some(0);
    }
    if first > LARGEST {
        return None;
    }
    let mut divisor = Big::from(1);
    let scaled = if scale < 0 { &mut divisor } else { &mut number };
    // The powers of two of these tens are in `scale`.
    let (power, exponent) = FIVES;
    for _ in 0..scale.unsigned_abs() / exponent {
        scaled.scale(power, 0);
    }
    for _ in 0..scale.unsigned_abs() % exponent {
        scaled.scale(5, 0);
    }
    // The number is `number / divisor * 2^(exponent + scale)`, and the quotient is made one with a
    // single bit before the point.
    let mut exponent = number.bits() - divisor.bits();
    number.shift(-exponent);
    divisor.shift(exponent);
    if number.is_less(&divisor) {
        number.shift(1);
        exponent -= 1;
    }
    let mut quotient = 0;
    for _ in 0..64 {
        quotient <<= 1;
        if !number.is_less(&divisor) {
            number.subtract(&divisor);
            quotient |= 1;
        }
        number.shift(1);
    }
    form.round(quotient, !number.is_zero(), exponent + scale)
}

impl Form {
    /// Rounds 64 bits, of which the first is before the point, and returns the bits of the float.
    fn round(&self, bits: u64, rest: bool, exponent: i64) -> Option<u64> {
        // Below the smallest exponent, fewer bits are left.
        let missing = (self.smallest - exponent).max(0);
        let dropped = i64::from(64 - self.mantissa) + missing;
        let (kept, rest_bits, half) = match dropped {
            ..64 => (bits >> dropped, bits << (64 - dropped), 1 << 63),
            64 => (0, bits, 1 << 63),
            _ => return Some(0),
        };
        let is_up = rest_bits > half || (rest_bits == half && (rest || kept & 1 == 1));
        let mantissa = kept + u64::from(is_up);
        // A normal float leaves out its first bit, which adds 1 to the exponent's bits here; and so
        // does a mantissa that was rounded up to the next power of two.
        let exponent = if missing > 0 {
            0
        } else {
            exponent - self.smallest
        } as u64;
        let float = (exponent << (self.mantissa - 1)) + mantissa;
        let infinite = (2 - 2 * self.smallest) as u64 + 1;
        (float >> (self.mantissa - 1) < infinite).then_some(float)
    }
}

/// A natural number of any size: its digits to the base 2^32, the lowest first, without zeros at
/// the end.
struct Big(Vec<u32>);

impl From<u32> for Big {
    fn from(number: u32) -> Self {
        let mut big = Big(vec![number]);
        big.normalize();
        big
    }
}

impl Big {
    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn normalize(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Multiplies by a factor and adds a number.
    fn scale(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Returns the number of bits, without zeros before the first one.
    fn bits(&self) -> i64 {
        let first = self.0.last().map_or(0, |last| 32 - last.leading_zeros());
        (self.0.len() as i64 - 1) * 32 + i64::from(first)
    }

    /// Multiplies by two to this power, unless it is negative.
    fn shift(&mut self, bits: i64) {
        let Ok(bits) = u32::try_from(bits) else {
            return;
        };
        self.scale(1 << (bits % 32), 0);
        self.0.splice(..0, (0..bits / 32).map(|_| 0));
    }

    fn is_less(&self, other: &Big) -> bool {
        let (own, others) = (self.0.iter().rev(), other.0.iter().rev());
        (self.0.len(), own.cmp(others)) < (other.0.len(), std::cmp::Ordering::Equal)
    }

    /// Subtracts a number that is not larger.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (digit, other) in self.0.iter_mut().zip(others) {
            let (less, first) = digit.overflowing_sub(other);
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            *digit = less;
            borrow = first || second;
        }
        self.normalize();
    }
}
