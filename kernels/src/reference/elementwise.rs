//! Functions of two tensors, broadcast as in numpy.

use super::{Affine, Code, Codes};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, high_mul, reciprocal, round_shift};
use crate::float::elementwise::binary;

/// Codes and shape of an operand.
pub type Operand<'a, C = i8> = (&'a [C], &'a [usize]);

/// Each code of an operand less its zero, shifted left and scaled.
#[derive(Clone, Debug)]
pub(crate) struct Scaled {
    zero: i32,
    left_shift: u32,
    by: Multiplier,
    values: Vec<i32>,
}

impl Scaled {
    fn new<C: Code>(of: Affine, left_shift: u32, real: f64) -> Result<Scaled> {
        let m = Multiplier::new(real)?;
        let value = |q: i32| m.apply((q - of.zero) << left_shift);
        Ok(Scaled { zero: of.zero, left_shift, by: m, values: C::ALL.each().map(value).collect() })
    }

    /// The code of 0, the left shift and the factor.
    pub(crate) fn parts(&self) -> (i32, u32, Multiplier) {
        (self.zero, self.left_shift, self.by)
    }

    #[inline]
    fn at<C: Code>(&self, code: C) -> i32 {
        self.values[code.index()]
    }
}

/// What joins two scaled operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// `a + b`
    Sum,
    /// `a - b`
    Difference,
    /// `(a - b)^2`
    SquaredDifference,
}

/// Sum, difference or squared difference of operands brought to a common scale.
#[derive(Clone, Debug)]
pub struct Join {
    pub(crate) kind: Joined,
    pub(crate) a: Scaled,
    pub(crate) b: Scaled,
    pub(crate) out: Multiplier,
    pub(crate) zero: i32,
    pub(crate) codes: Codes,
}

impl Join {
    /// Of int8 codes.
    pub fn new(kind: Joined, a: Affine, b: Affine, out: Affine, codes: Codes) -> Result<Join> {
        Join::of::<i8>(kind, a, b, out, codes)
    }

    /// For the parameters of both operands and the result. A sum's result must not be finer than the common scale shifted.
    pub fn of<C: Code>(kind: Joined, a: Affine, b: Affine, out: Affine, codes: Codes) -> Result<Join> {
        let left_shift = match kind {
            Joined::SquaredDifference => 7,
            _ if C::ALL == i16::ALL => 15,
            _ => 20,
        };
        let common = f64::from(2.0 * a.scale.max(b.scale));
        let real = match kind {
            Joined::SquaredDifference => common * common / f64::from((1 << 14) as f32 * out.scale),
            _ => common / f64::from((1 << left_shift) as f32 * out.scale),
        };
        ensure(kind == Joined::Difference || real < 1.0, || {
            "the scale of the result is too small for its operands".into()
        })?;
        Ok(Join {
            kind,
            a: Scaled::new::<C>(a, left_shift, f64::from(a.scale) / common)?,
            b: Scaled::new::<C>(b, left_shift, f64::from(b.scale) / common)?,
            out: Multiplier::new(real)?,
            zero: out.zero,
            codes,
        })
    }

    /// Applies it.
    pub fn apply<C: Code>(&self, a: Operand<'_, C>, b: Operand<'_, C>) -> Result<(Vec<C>, Vec<usize>)> {
        let write = |v: i32| self.codes.clamp(self.out.apply(v).wrapping_add(self.zero));
        let (x, y) = (|q: C| self.a.at(q), |q: C| self.b.at(q));
        match self.kind {
            Joined::Sum => binary(a.0, a.1, b.0, b.1, |p, q| write(x(p).wrapping_add(y(q)))),
            Joined::Difference => binary(a.0, a.1, b.0, b.1, |p, q| write(x(p).wrapping_sub(y(q)))),
            Joined::SquaredDifference => binary(a.0, a.1, b.0, b.1, |p, q| {
                let d = x(p).wrapping_sub(y(q));
                write(d.wrapping_mul(d))
            }),
        }
    }
}

/// Sum or difference of int16 codes whose scales are powers of two: one operand is shifted to the scale of the result, that of the other.
#[derive(Clone, Copy, Debug)]
pub struct Shifted {
    /// How far the codes of each operand are shifted right; 0 of one of them.
    pub(crate) right: [i32; 2],
    pub(crate) codes: Codes,
}

impl Shifted {
    /// For the scales of both operands and the result, whose codes are between limits.
    pub fn new(a: f32, b: f32, out: f32, codes: Codes) -> Result<Shifted> {
        let power = |scale: f32| scale.log2().round() as i32;
        let right = [a, b].map(|scale| power(out) - power(scale));
        let fits = right.contains(&0) && right.iter().all(|r| (0..16).contains(r));
        ensure(fits, || "one operand's scale is not the result's, or the other's is larger".into())?;
        Ok(Shifted { right, codes })
    }

    /// Applies it.
    pub fn apply(&self, a: Operand<'_, i16>, b: Operand<'_, i16>, kind: Joined) -> Result<(Vec<i16>, Vec<usize>)> {
        let [of_a, of_b] = self.right.map(|right| move |q: i16| round_shift(q.into(), right));
        let write = |v: i32| self.codes.clamp(v);
        match kind {
            Joined::Difference => binary(a.0, a.1, b.0, b.1, |p, q| write(of_a(p) - of_b(q))),
            _ => binary(a.0, a.1, b.0, b.1, |p, q| write(of_a(p) + of_b(q))),
        }
    }
}

/// A product.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Codes of 0 of both operands and the result.
    pub(crate) zeros: [i32; 3],
    pub(crate) multiplier: Multiplier,
    pub(crate) codes: Codes,
}

impl Product {
    /// For the parameters of both operands and the result.
    pub fn new(a: Affine, b: Affine, out: Affine, codes: Codes) -> Result<Product> {
        let multiplier = Multiplier::new(f64::from(a.scale * b.scale / out.scale))?;
        Ok(Product { zeros: [a.zero, b.zero, out.zero], multiplier, codes })
    }

    /// Applies it.
    pub fn apply<C: Code>(&self, a: Operand<'_, C>, b: Operand<'_, C>) -> Result<(Vec<C>, Vec<usize>)> {
        let [za, zb, zero] = self.zeros;
        binary(a.0, a.1, b.0, b.1, |p, q| {
            let (p, q): (i32, i32) = (p.into(), q.into());
            let product = (p - za).wrapping_mul(q - zb);
            self.codes.clamp(self.multiplier.apply(product).wrapping_add(zero))
        })
    }
}

/// A quotient.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    /// Codes of 0 of both operands and the result.
    pub(crate) zeros: [i32; 3],
    pub(crate) multiplier: Multiplier,
    pub(crate) codes: Codes,
}

impl Quotient {
    /// For the parameters of both operands and the result.
    pub fn new(a: Affine, b: Affine, out: Affine, codes: Codes) -> Result<Quotient> {
        let multiplier = Multiplier::new(f64::from(a.scale / (b.scale * out.scale)))?;
        Ok(Quotient { zeros: [a.zero, b.zero, out.zero], multiplier, codes })
    }

    /// Applies it. A divisor of 0 is an error.
    ///
    /// LiteRT may shift right by 32 and more, which C++ leaves undefined. Processors shift by the count modulo 32, and so does this: quotients
    /// of small dividends come out one step or more too high.
    pub fn apply<C: Code>(&self, a: Operand<'_, C>, b: Operand<'_, C>) -> Result<(Vec<C>, Vec<usize>)> {
        let [za, zb, zero] = self.zeros;
        ensure(b.0.iter().all(|q| Into::<i32>::into(*q) != zb), || "a divisor is zero".into())?;
        binary(a.0, a.1, b.0, b.1, |p, q| {
            let (p, q): (i32, i32) = (p.into(), q.into());
            let (mut u, mut v) = (p - za, q - zb);
            if v < 0 {
                (u, v) = (-u, -v);
            }
            let (inverse, bits) = reciprocal(v, 31);
            let headroom = sign_bits(u);
            let quotient = high_mul(u << headroom, inverse);
            let right = bits + headroom - self.multiplier.shift;
            let scaled = high_mul(quotient, self.multiplier.mantissa);
            let value = match right {
                32.. => (scaled >> (right % 32)).wrapping_add((scaled >= 0).into()),
                0..32 => round_shift(scaled, right),
                _ => scaled.wrapping_shl(-right as u32),
            };
            self.codes.clamp(value.wrapping_add(zero))
        })
    }
}

/// How far a number may be shifted left without overflow; 31 for 0.
fn sign_bits(x: i32) -> i32 {
    if x == 0 { 31 } else { (x ^ (x >> 31)).leading_zeros() as i32 - 1 }
}

/// The larger or smaller codes, of operands and a result with the same parameters.
pub fn extreme<C: Code>(a: Operand<'_, C>, b: Operand<'_, C>, max: bool) -> Result<(Vec<C>, Vec<usize>)> {
    binary(a.0, a.1, b.0, b.1, |p, q| if max { p.max(q) } else { p.min(q) })
}

/// A comparison of what codes mean.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub(crate) a: Scaled,
    pub(crate) b: Scaled,
}

impl Comparison {
    /// For the parameters of both operands.
    pub fn new<C: Code>(a: Affine, b: Affine) -> Result<Comparison> {
        Ok(Comparison { a: Scaled::new::<C>(a, 8, a.scale.into())?, b: Scaled::new::<C>(b, 8, b.scale.into())? })
    }

    /// Applies `holds` to each pair.
    pub fn apply<C: Code>(
        &self,
        a: Operand<'_, C>,
        b: Operand<'_, C>,
        holds: impl Fn(i32, i32) -> bool,
    ) -> Result<(Vec<bool>, Vec<usize>)> {
        binary(a.0, a.1, b.0, b.1, |p, q| holds(self.a.at(p), self.b.at(q)))
    }
}

/// `x` if positive, else `alpha * x`.
#[derive(Clone, Copy, Debug)]
pub struct Prelu {
    /// Codes of 0 of input, alpha and result.
    pub(crate) zeros: [i32; 3],
    pub(crate) positive: Multiplier,
    pub(crate) negative: Multiplier,
}

impl Prelu {
    /// For the parameters of input, alpha and result.
    pub fn new(x: Affine, alpha: Affine, out: Affine) -> Result<Prelu> {
        Ok(Prelu {
            zeros: [x.zero, alpha.zero, out.zero],
            positive: Multiplier::new((x.scale / out.scale).into())?,
            negative: Multiplier::new((x.scale * alpha.scale / out.scale).into())?,
        })
    }

    /// Applies it.
    pub fn apply<C: Code, A: Code>(&self, x: Operand<'_, C>, alpha: Operand<'_, A>) -> Result<(Vec<C>, Vec<usize>)> {
        let [zx, za, zero] = self.zeros;
        binary(x.0, x.1, alpha.0, alpha.1, |p, a| {
            let (p, a): (i32, i32) = (p.into(), a.into());
            let v = p - zx;
            let y = if v >= 0 { self.positive.apply(v) } else { self.negative.apply(v * (a - za)) };
            C::ALL.clamp(y.wrapping_add(zero))
        })
    }
}
