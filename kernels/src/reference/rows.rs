//! Functions of the last dimension.

use super::{Affine, Code};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, exp_of_negative, high_mul, inverse_sqrt, log, reciprocal, round_shift};

/// Bits of the integer part of a scaled difference.
const SCALED_BITS: i32 = 5;
/// Bits of the integer part of a sum of exponentials.
pub(crate) const SUM_BITS: i32 = 12;

/// The exponentials of a row's differences to its maximum.
#[derive(Clone, Copy, Debug)]
struct Exponentials {
    multiplier: Multiplier,
    /// The least difference whose exponential counts.
    least: i32,
}

impl Exponentials {
    fn new(x: Affine, beta: f32) -> Result<Exponentials> {
        let real = f64::from(beta) * f64::from(x.scale) * f64::from(1 << (31 - SCALED_BITS));
        let multiplier = Multiplier::new(real.min(2f64.powi(31) - 1.0))?;
        ensure(real > 1.0, || "the scale of the operand is too small for an exponential".into())?;
        let reach = f64::from((1 << SCALED_BITS) - 1) * 2f64.powi(31 - SCALED_BITS) / 2f64.powi(multiplier.shift);
        Ok(Exponentials { multiplier, least: -(reach.floor() as i32) })
    }

    /// `difference * multiplier` as a number of 5 integer bits.
    fn scaled(&self, difference: i32) -> i32 {
        self.multiplier.apply(difference)
    }

    /// The sum over a row, of 12 integer bits.
    fn sum<C: Code>(&self, row: &[C], max: i32) -> i32 {
        let differences = row.iter().map(|q| Into::<i32>::into(*q) - max).filter(|d| *d >= self.least);
        differences.fold(0i32, |s, d| s.wrapping_add(round_shift(exp_of_negative(self.scaled(d)), SUM_BITS)))
    }
}

fn max_of<C: Code>(row: &[C]) -> i32 {
    row.iter().copied().max().map_or(0, C::into)
}

/// `exp(beta x) / sum(exp(beta x))`
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    exponentials: Exponentials,
}

impl Softmax {
    /// For the parameters of the operand; the result must be in steps of 1/256 from the lowest code.
    pub fn new<C: Code>(x: Affine, out: Affine, beta: f32) -> Result<Softmax> {
        let fits = out == Affine { scale: 1.0 / 256.0, zero: C::ALL.min };
        ensure(fits, || format!("the result of a softmax is 1/256 from {}", C::ALL.min))?;
        Ok(Softmax { exponentials: Exponentials::new(x, beta)? })
    }

    /// The factor of a difference, and the least difference that counts.
    pub(crate) fn parts(&self) -> (Multiplier, i32) {
        (self.exponentials.multiplier, self.exponentials.least)
    }

    /// Applies it to rows of `depth` codes.
    pub fn apply<C: Code>(&self, x: &[C], depth: usize) -> Vec<C> {
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks(depth.max(1)) {
            let max = max_of(row);
            let (scale, bits) = reciprocal(self.exponentials.sum(row, max), SUM_BITS);
            y.extend(row.iter().map(|q| {
                let difference = Into::<i32>::into(*q) - max;
                if difference < self.exponentials.least {
                    return C::of(C::ALL.min);
                }
                let share = high_mul(scale, exp_of_negative(self.exponentials.scaled(difference)));
                C::ALL.clamp(round_shift(share, (bits + 31 - 8).clamp(0, 31)) + C::ALL.min)
            }));
        }
        y
    }
}

/// The logarithm of the softmax.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax {
    exponentials: Exponentials,
    /// From 5 integer bits back to differences.
    back: Multiplier,
}

impl LogSoftmax {
    /// For the parameters of the operand; the result must be in steps of 1/16 down from the highest code.
    pub fn new<C: Code>(x: Affine, out: Affine) -> Result<LogSoftmax> {
        let fits = out == Affine { scale: 1.0 / 16.0, zero: C::ALL.max };
        ensure(fits, || format!("the result of a log-softmax is 1/16 from {}", C::ALL.max))?;
        let exponentials = Exponentials::new(x, 1.0)?;
        let m = exponentials.multiplier;
        let back = Multiplier::new(2f64.powi(31 - m.shift) / f64::from(m.mantissa))?;
        Ok(LogSoftmax { exponentials, back })
    }

    /// What [`Softmax::parts`] gives, and the factor back to differences.
    pub(crate) fn parts(&self) -> ((Multiplier, i32), Multiplier) {
        ((self.exponentials.multiplier, self.exponentials.least), self.back)
    }

    /// Applies it to rows of `depth` codes.
    pub fn apply<C: Code>(&self, x: &[C], depth: usize) -> Vec<C> {
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks(depth.max(1)) {
            let max = max_of(row);
            let log_of_sum = log(self.exponentials.sum(row, max));
            let least = (self.exponentials.least - 1).max(self.back.apply(log_of_sum.wrapping_add(i32::MIN)));
            y.extend(row.iter().map(|q| {
                let difference = Into::<i32>::into(*q) - max;
                if difference <= least {
                    return C::of(C::ALL.min);
                }
                let value = self.exponentials.scaled(difference).wrapping_sub(log_of_sum);
                C::ALL.clamp(round_shift(value, 31 - SCALED_BITS - 4) + C::ALL.max)
            }));
        }
        y
    }
}

/// Every row divided by its norm, in steps of 1/128 from the middle code.
pub fn l2_normalization<C: Code>(x: &[C], zero: i32, depth: usize) -> Vec<C> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks(depth.max(1)) {
        let centered = || row.iter().map(|q| Into::<i32>::into(*q) - zero);
        let squares = centered().fold(0i32, |s, v| s.wrapping_add(v * v));
        let m = inverse_sqrt(squares);
        // Uint8 codes are multiplied by 128, the multiplier of int8 codes is.
        let scaled = |v: i32| if C::ALL.min < 0 { m.shifted(7).apply(v) } else { m.apply(128 * v) };
        y.extend(centered().map(|v| -> C { C::ALL.clamp(scaled(v).wrapping_add(C::ALL.middle())) }));
    }
    y
}
