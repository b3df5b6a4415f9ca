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
use crate::simd::wide;

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
    pub(crate) fn fits(&self, channels: usize) -> Result<()> {
        let n = self.multipliers.len();
        ensure(n == 1 || n == channels, || format!("{n} scales for {channels} channels"))
    }

    /// Appends the codes of one sum a channel.
    fn push(&self, sums: &[i32], out: &mut Vec<i8>) {
        let at = out.len();
        out.resize(at + sums.len(), 0);
        requantize(self, sums, &mut out[at..]);
    }
}

wide! {
    /// The codes of one sum a channel.
    fn requantize(by: &Requant, sums: &[i32], out: &mut [i8]) {
        let one = |m: Multiplier, sum: i32| by.codes.clamp(m.apply(sum).wrapping_add(by.zero));
        match &by.multipliers[..] {
            [m] => out.iter_mut().zip(sums).for_each(|(o, s)| *o = one(*m, *s)),
            all => out.iter_mut().zip(sums).zip(all).for_each(|((o, s), m)| *o = one(*m, *s)),
        }
    }
}

/// Checks that a slice has the elements of a shape.
pub(crate) fn whole<T>(data: &[T], shape: &[usize]) -> Result<()> {
    ensure(data.len() == elements(shape)?, || format!("{} elements for shape {shape:?}", data.len()))
}

/// Elements that one step of the compiled loop takes; what is left over at the end would go one by one.
const STEP: usize = 64;

/// The size of a row of `depth` elements that [`dots`] takes.
pub(crate) fn padded(depth: usize) -> usize {
    depth.next_multiple_of(STEP)
}

/// Rows of `depth` codes less their zero, each filled up with 0 to [`padded`] elements.
pub(crate) fn rows(codes: &[i8], zero: i32, depth: usize) -> Vec<i16> {
    let mut out = Vec::with_capacity(codes.len() / depth.max(1) * padded(depth));
    for row in codes.chunks(depth.max(1)) {
        out.extend(row.iter().map(|q| i16::from(*q) - zero as i16));
        out.resize(out.len().next_multiple_of(STEP), 0);
    }
    out
}

wide! {
    /// Sets each sum to the product of `x` with its row of `rows`; rows are [`padded`], sums wrap.
    pub(crate) fn dots(x: &[i16], rows: &[i16], sums: &mut [i32]) {
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(x.len().max(1))) {
            let product = |(a, b): (&i16, &i16)| i32::from(*a) * i32::from(*b);
            *sum = x.iter().zip(row).map(product).fold(0, i32::wrapping_add);
        }
    }
}

/// Codes less their zero.
pub(crate) fn centered(codes: &[i8], zero: i32) -> Vec<i16> {
    let zero = zero as i16;
    codes.iter().map(|q| i16::from(*q) - zero).collect()
}
