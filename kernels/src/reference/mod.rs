//! Kernels over int8 codes, with the arithmetic of LiteRT's reference kernels to the bit.
//!
//! A code `q` means `scale * (q - zero)`. Scales are float32, as in a file; each formula rounds where LiteRT's does.

pub mod activation;
pub mod conv;
pub mod convert;
pub mod elementwise;
pub mod hybrid;
pub mod matmul;
pub mod pool;
pub mod reduce;
pub mod resize;
pub mod rows;

use crate::error::{Result, ensure};
use crate::fixed::Multiplier;
use crate::float::Clamp;
use crate::geometry::elements;

/// What codes mean: `scale * (code - zero)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Real value of one step, positive and finite.
    pub scale: f32,
    /// The code of 0.
    pub zero: i32,
}

impl Affine {
    /// The code nearest to a real value, halves away from zero, not limited to any range.
    pub fn code(self, real: f32) -> i32 {
        ((real / self.scale).round() as i32).saturating_add(self.zero)
    }
}

/// The codes a result may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// Lowest.
    pub min: i32,
    /// Highest.
    pub max: i32,
}

impl Codes {
    /// All of int8.
    pub const I8: Codes = Codes { min: -128, max: 127 };

    /// The int8 codes whose values an activation leaves as they are.
    pub fn within(act: Clamp, out: Affine) -> Codes {
        let end = |v: f32, all: i32| if v.is_finite() { out.code(v).clamp(-128, 127) } else { all };
        Codes { min: end(act.min, -128), max: end(act.max, 127) }
    }

    /// The nearest code.
    #[inline]
    pub fn clamp(self, code: i32) -> i8 {
        code.min(self.max).max(self.min) as i8
    }
}

/// How sums become codes: one multiplier, or one for each channel.
#[derive(Clone, Debug)]
pub struct Requant {
    /// One, or one a channel.
    pub multipliers: Vec<Multiplier>,
    /// Code of 0 in the result.
    pub zero: i32,
    /// Codes of the result.
    pub codes: Codes,
}

impl Requant {
    /// Checks that there is one multiplier or one for each of `channels`.
    fn fits(&self, channels: usize) -> Result<()> {
        let n = self.multipliers.len();
        ensure(n == 1 || n == channels, || format!("{n} scales for {channels} channels"))
    }

    /// Appends the codes of one sum a channel.
    fn push(&self, sums: &[i32], out: &mut Vec<i8>) {
        let one = |m: Multiplier, sum: i32| self.codes.clamp(m.apply(sum).wrapping_add(self.zero));
        match &self.multipliers[..] {
            [m] => out.extend(sums.iter().map(|s| one(*m, *s))),
            all => out.extend(sums.iter().zip(all).map(|(s, m)| one(*m, *s))),
        }
    }
}

/// Checks that a slice has the elements of a shape.
pub(crate) fn whole<T>(data: &[T], shape: &[usize]) -> Result<()> {
    ensure(data.len() == elements(shape)?, || format!("{} elements for shape {shape:?}", data.len()))
}

/// The sum of products; sums wrap.
#[inline]
pub(crate) fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (x, y)| sum.wrapping_add(i32::from(*x) * i32::from(*y)))
}

/// Codes less their zero.
pub(crate) fn centered(codes: &[i8], zero: i32) -> Vec<i16> {
    let zero = zero as i16;
    codes.iter().map(|q| i16::from(*q) - zero).collect()
}
