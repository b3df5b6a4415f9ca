//! Fixed-point arithmetic with TFLite's roundings, to the bit.
//!
//! `F<k>` is an `i32` of `k` integer bits and `31 - k` fraction bits, as in gemmlowp's `fixedpoint.h`; products of raw values are
//! [`high_mul`]. Additions wrap.

use crate::error::{Result, ensure};

/// How a product with a [`Multiplier`] becomes an integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Multiply, round, shift, round again: halves of the product up, those of the shift away from zero.
    #[default]
    Double,
    /// The same, but halves of the shift go up too: NEON's rounding shift.
    Upward,
}

/// A non-negative real factor: `mantissa / 2^31 * 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// In `[2^30, 2^31)`, or 0.
    pub mantissa: i32,
    /// Left shift if positive, right shift if negative; in `-31..=31`.
    pub shift: i32,
    /// How products are rounded.
    pub rule: Rule,
}

impl Multiplier {
    /// The nearest one (`QuantizeMultiplier`). Factors under `2^-32` become 0; negative ones and those of `2^31` or more are refused.
    pub fn new(real: f64) -> Result<Multiplier> {
        ensure(real.is_finite() && real >= 0.0, || format!("a ratio of scales of {real}"))?;
        let (fraction, mut shift) = frexp(real);
        let mut mantissa = (fraction * (1u64 << 31) as f64).round() as i64;
        if mantissa == 1 << 31 {
            mantissa /= 2;
            shift += 1;
        }
        if mantissa == 0 || shift < -31 {
            return Ok(Multiplier::doubly(0, 0));
        }
        ensure(shift <= 31, || format!("a ratio of scales of {real} is too large"))?;
        Ok(Multiplier::doubly(mantissa as i32, shift))
    }

    /// Of mantissa and shift, with two roundings.
    pub const fn doubly(mantissa: i32, shift: i32) -> Multiplier {
        Multiplier { mantissa, shift, rule: Rule::Double }
    }

    /// The same factor, rounded by another rule.
    #[must_use]
    pub fn by(self, rule: Rule) -> Multiplier {
        Multiplier { rule, ..self }
    }

    /// `x` times the factor (`MultiplyByQuantizedMultiplier`). A left shift wraps.
    #[inline]
    pub fn apply(self, x: i32) -> i32 {
        let (left, right) = (self.shift.max(0), (-self.shift).max(0));
        let product = || high_mul(x.wrapping_shl(left as u32), self.mantissa);
        match self.rule {
            Rule::Double => round_shift(product(), right),
            Rule::Upward => shift_up(product().into(), right) as i32,
        }
    }

    /// `2^by` times the factor. Shifts end at 31 either way.
    #[must_use]
    pub fn shifted(self, by: i32) -> Multiplier {
        Multiplier { shift: (self.shift + by).clamp(-31, 31), ..self }
    }

    /// `x` times the factor for wide sums: a mantissa of 15 bits and one rounding.
    pub fn apply_wide(self, x: i64) -> i32 {
        let mantissa = if self.mantissa < 0x7fff_0000 { (i64::from(self.mantissa) + (1 << 15)) >> 16 } else { 0x7fff };
        let total = 15 - self.shift;
        if total < 1 {
            return x.wrapping_mul(mantissa).wrapping_shl(-total as u32) as i32;
        }
        (x.wrapping_mul(mantissa).wrapping_add(1 << (total - 1)) >> total) as i32
    }
}

/// `x = fraction * 2^exponent` with the fraction's magnitude in `[0.5, 1)`; zero gives (0, 0).
fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 {
        return (0.0, 0);
    }
    let (x, below) = if x.abs() < f64::MIN_POSITIVE { (x * (1u64 << 54) as f64, 54) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent - below)
}

/// `2 a b / 2^32`, rounded to nearest, halves up (`SaturatingRoundingDoublingHighMul`).
#[inline]
pub fn high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// [`high_mul`] of 16 bits.
pub fn high_mul_16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN {
        return i16::MAX;
    }
    let product = i32::from(a) * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)) as i16
}

/// `x / 2^exponent`, rounded half away from zero (`RoundingDivideByPOT`); `exponent` is in `0..=31`.
#[inline]
pub fn round_shift(x: i32, exponent: i32) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(x & mask > threshold)
}

/// `x / 2^exponent`, rounded half up; `exponent` is in `0..=62`.
#[inline]
fn shift_up(x: i64, exponent: i32) -> i64 {
    if exponent == 0 { x } else { (x + (1 << (exponent - 1))) >> exponent }
}

/// `x * 2^exponent`: saturated if it grows, rounded if it shrinks.
fn mul_pot(x: i32, exponent: i32) -> i32 {
    match exponent {
        ..=0 => round_shift(x, (-exponent).min(31)),
        _ => (i64::from(x) << exponent.min(31)).clamp(i32::MIN.into(), i32::MAX.into()) as i32,
    }
}

/// `(a + b) / 2`, rounded half away from zero.
fn half_sum(a: i32, b: i32) -> i32 {
    let sum = i64::from(a) + i64::from(b);
    ((sum + if sum >= 0 { 1 } else { -1 }) / 2) as i32
}

/// `exp(a)` of an `F<0>` in `[-1/4, 0)`.
fn exp_on_interval(a: i32) -> i32 {
    const EXP_OF_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = a.wrapping_add(1 << 28);
    let x2 = high_mul(x, x);
    let (x3, x4) = (high_mul(x2, x), high_mul(x2, x2));
    let tail = mul_pot(high_mul(mul_pot(x4, -2).wrapping_add(x3), THIRD).wrapping_add(x2), -1);
    EXP_OF_MINUS_EIGHTH.wrapping_add(high_mul(EXP_OF_MINUS_EIGHTH, x.wrapping_add(tail)))
}

/// `exp(a)` as `F<0>`, of an `F<5>` that is not positive.
pub fn exp_of_negative(a: i32) -> i32 {
    const INTEGER_BITS: i32 = 5;
    const FRACTION_BITS: i32 = 31 - INTEGER_BITS;
    /// `exp(-2^e)` for e from -2 on.
    const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    if a == 0 {
        return i32::MAX;
    }
    let quarter = 1 << (FRACTION_BITS - 2);
    let fraction = (a & (quarter - 1)) - quarter;
    let remainder = fraction.wrapping_sub(a);
    let start = exp_on_interval(mul_pot(fraction, INTEGER_BITS));
    (-2..)
        .zip(FACTORS)
        .filter(|(e, _)| *e < INTEGER_BITS && remainder >> (FRACTION_BITS + e) & 1 == 1)
        .fold(start, |r, (_, factor)| high_mul(r, factor))
}

/// `1 / (1 + a)` as `F<0>`, of an `F<0>` in `[0, 1)`: three Newton steps.
fn one_over_one_plus(a: i32) -> i32 {
    const FORTY_EIGHT_17THS: i32 = 1_515_870_810;
    const MINUS_THIRTY_TWO_17THS: i32 = -1_010_580_540;
    let half = half_sum(a, i32::MAX);
    let mut x = FORTY_EIGHT_17THS.wrapping_add(high_mul(half, MINUS_THIRTY_TWO_17THS));
    for _ in 0..3 {
        let rest = (1i32 << 29).wrapping_sub(high_mul(half, x));
        x = x.wrapping_add(mul_pot(high_mul(x, rest), 2));
    }
    mul_pot(x, 1)
}

/// `1 / x` of a positive `x` with `integer_bits` integer bits: an `F<0>` in `(1/2, 1]`, and how many bits to shift it right.
pub fn reciprocal(x: i32, integer_bits: i32) -> (i32, i32) {
    let headroom = x.leading_zeros();
    let fraction = x.wrapping_shl(headroom).wrapping_sub(i32::MIN);
    (one_over_one_plus(fraction), integer_bits - headroom as i32)
}

/// `1 / sqrt(x)` as a multiplier; 1 or less counts as 1.
pub fn inverse_sqrt(x: i32) -> Multiplier {
    const THREE_HALVES: i32 = 402_653_184;
    const HALF_SQRT_2: i32 = 1_518_500_250;
    if x <= 1 {
        return Multiplier::doubly(i32::MAX, 0);
    }
    let (mut x, mut shift) = (x, 11);
    while x >= 1 << 29 {
        x /= 4;
        shift += 1;
    }
    let pairs = (x.leading_zeros() as i32 - 1) / 2 - 1;
    shift -= pairs;
    x <<= 2 * pairs;
    let half = round_shift(x >> 1, 1);
    let mut y = 1i32 << 28;
    for _ in 0..5 {
        let cube = mul_pot(high_mul(high_mul(y, y), y), 6);
        y = mul_pot(high_mul(THREE_HALVES, y).wrapping_sub(high_mul(half, cube)), 3);
    }
    y = high_mul(y, HALF_SQRT_2);
    if shift < 0 {
        y = y.wrapping_shl(-shift as u32);
        shift = 0;
    }
    Multiplier::doubly(y, -shift)
}

/// `ln(x)` as `F<5>`, of an `F<12>` of 1 or more.
pub fn log(x: i32) -> i32 {
    const INPUT_BITS: i32 = 12;
    const OUTPUT_BITS: i32 = 5;
    const BITS: i32 = OUTPUT_BITS + 1;
    const LOG_2: i32 = 1_488_522_236;
    const SQRT_SQRT_HALF: i32 = 1_805_811_301;
    const SQRT_HALF: i32 = 1_518_500_250;
    const QUARTER: i32 = 536_870_912;
    const ALPHA_N: i32 = 117_049_297;
    const ALPHA_D: i32 = 127_690_142;
    const ALPHA_I: i32 = 1_057_819_769;
    const ALPHA_F: i32 = 638_450_708;
    let quarter = mul_pot(QUARTER, -BITS);
    let wide = |bits: i32| mul_pot(INPUT_BITS - bits, 31 - BITS);
    let headroom = x.leading_zeros() as i32;
    let r_a = mul_pot(high_mul(mul_pot(x, headroom - 1), SQRT_HALF), 1);
    let z_a = wide(headroom).saturating_add(quarter);
    let b_headroom = high_mul(x, SQRT_HALF).leading_zeros() as i32 - 1;
    let r_b = mul_pot(x, b_headroom);
    let z_b = wide(b_headroom).saturating_sub(quarter);
    let (r, z) = (r_a.min(r_b), z_a.max(z_b));
    let p = half_sum(r, SQRT_SQRT_HALF);
    let q = r.wrapping_sub(SQRT_SQRT_HALF);
    let q = q.wrapping_add(q);
    let square = high_mul(q, q);
    let numerator = high_mul(q, r).wrapping_add(high_mul(high_mul(q, square), ALPHA_N));
    let sum = ALPHA_I.wrapping_add(q).wrapping_add(high_mul(ALPHA_D, square));
    let denominator = high_mul(p, sum).wrapping_add(high_mul(ALPHA_F, q));
    let small = high_mul(mul_pot(numerator, -BITS), one_over_one_plus(denominator));
    mul_pot(high_mul(z, LOG_2).wrapping_add(small), BITS - OUTPUT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_are_the_nearest_ones() {
        assert_eq!(Multiplier::new(1.0).unwrap(), Multiplier::doubly(1 << 30, 1));
        assert_eq!(Multiplier::new(0.3).unwrap(), Multiplier::doubly(1_288_490_189, -1));
        assert_eq!(Multiplier::new(1.0 - 1e-12).unwrap(), Multiplier::doubly(1 << 30, 1));
        assert_eq!(Multiplier::new(1e-12).unwrap().mantissa, 0);
        assert_eq!(Multiplier::new(f64::MIN_POSITIVE / 4.0).unwrap().mantissa, 0);
        for refused in [-1.0, f64::NAN, f64::INFINITY, 3e9] {
            assert!(Multiplier::new(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn halves_go_up_in_products_and_away_from_zero_in_shifts() {
        let half = Multiplier::new(0.5).unwrap();
        assert_eq!([3, -3, 5, -5, 4].map(|x| half.apply(x)), [2, -1, 3, -2, 2]);
        // 3/8 is rounded to a half first, and the half then up.
        let eighth = Multiplier::new(0.125).unwrap();
        assert_eq!([3, -3, 4, -4].map(|x| eighth.apply(x)), [1, 0, 1, -1]);
        assert_eq!([3, -3, 4, -4].map(|x| eighth.by(Rule::Upward).apply(x)), [1, 0, 1, 0]);
        assert_eq!([(5, 1), (-5, 1), (6, 2), (-6, 2), (-1, 31)].map(|(x, e)| round_shift(x, e)), [3, -3, 2, -2, 0]);
        assert_eq!(high_mul(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(high_mul_16(i16::MIN, i16::MIN), i16::MAX);
        assert_eq!(Multiplier::new(0.75).unwrap().apply_wide(1_000_000), 750_000);
    }

    #[test]
    fn functions_are_close_to_the_real_ones() {
        let f5 = f64::from(1 << 26);
        for x in [-0.01, -0.25, -1.0, -3.3, -12.0, -31.0] {
            let y = f64::from(exp_of_negative((x * f5) as i32)) / 2f64.powi(31);
            assert!((y - x.exp()).abs() < 1e-6, "exp({x}) = {y}");
        }
        for x in [1.0f64, 1.5, 3.0, 100.0, 2000.0] {
            let y = f64::from(log((x * f64::from(1 << 19)) as i32)) / f5;
            assert!((y - x.ln()).abs() < 1e-4, "ln({x}) = {y}");
            let m = inverse_sqrt(x as i32);
            let y = f64::from(m.mantissa) / 2f64.powi(31) * 2f64.powi(m.shift);
            assert!((y * f64::from(x as i32).sqrt() - 1.0).abs() < 1e-3, "1 / sqrt({x}) = {y}");
        }
        let (scale, bits) = reciprocal(3 << 19, 12);
        assert!((f64::from(scale) / 2f64.powi(31 + bits) - 1.0 / 3.0).abs() < 1e-6);
    }
}
