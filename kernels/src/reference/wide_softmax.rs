//! Softmax of int16 codes.

use super::curve::Curve;
use super::{Affine, Code};
use crate::error::{Result, ensure};
use crate::fixed::Multiplier;

/// All codes of int16 but one, as LiteRT counts them.
const CODES: f64 = 65535.0;

/// `exp(beta x) / sum(exp(beta x))`
#[derive(Clone, Debug)]
pub struct WideSoftmax {
    /// From differences to codes of 10/65535.
    multiplier: Multiplier,
    /// Of differences between -10 and 0.
    exponential: Curve,
    /// `1 / (1 + x)` of x in `[0, 1]`.
    inverse: Curve,
}

impl WideSoftmax {
    /// For the parameters of the operand; the result must be in steps of 1/32768 from 0.
    pub fn new(x: Affine, out: Affine, beta: f32) -> Result<WideSoftmax> {
        let fits = out == Affine { scale: 1.0 / 32768.0, zero: 0 };
        ensure(fits, || "the result of a softmax is 1/32768 from 0".into())?;
        Ok(WideSoftmax {
            multiplier: Multiplier::new(f64::from(x.scale * beta) / (10.0 / CODES))?,
            exponential: Curve::double((10.0 / CODES, i16::ALL.max), (2.0 / CODES, 0), f64::exp),
            inverse: Curve::double((1.0 / CODES, i16::ALL.min), (2.0 / CODES, 0), |v| 1.0 / (1.0 + v)),
        })
    }

    /// The factor of differences, and the curves of `e^x` and of `1 / (1 + x)`.
    pub(crate) fn parts(&self) -> (Multiplier, &Curve, &Curve) {
        (self.multiplier, &self.exponential, &self.inverse)
    }

    /// Applies it to rows of `depth` codes.
    pub fn apply(&self, x: &[i16], depth: usize) -> Vec<i16> {
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks(depth.max(1)) {
            let max = i32::from(row.iter().copied().max().unwrap_or(0));
            let exponential = |q: &i16| {
                let code = self.multiplier.apply(i32::from(*q) - max).saturating_add(i16::ALL.max);
                self.exponential.at(code.clamp(i16::ALL.min, i16::ALL.max))
            };
            let terms: Vec<i32> = row.iter().map(exponential).collect();
            let sum = terms.iter().fold(0i32, |s, t| s.wrapping_add(*t));
            // The sum as 1 + x, with 16 bits for x.
            let headroom = sum.leading_zeros() as i32;
            let unit = ((i64::from(sum) << (headroom - 1).max(0)) + (1 << 13)) >> 14;
            let x = (unit - (1 << 15) - (1 << 16)).clamp(i16::MIN.into(), i16::MAX.into()) as i32;
            let inverse = i64::from(self.inverse.at(x));
            let right = (31 - headroom).max(1);
            let share = |t: &i32| ((i64::from(*t) * inverse + (1 << (right - 1))) >> right).clamp(0, i16::MAX.into());
            y.extend(terms.iter().map(|t| share(t) as i16));
        }
        y
    }
}
