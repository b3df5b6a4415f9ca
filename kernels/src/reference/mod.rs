//! Kernels over integer codes, with the arithmetic of LiteRT's reference kernels to the bit.
//!
//! A code `q` means `scale * (q - zero)`. Scales are float32, as in a file; each formula rounds where LiteRT's does.

pub mod activation;
pub mod blockwise;
pub mod code;
pub mod conv;
pub mod convert;
pub mod curve;
pub mod elementwise;
pub mod hybrid;
pub mod matmul;
pub mod pool;
pub mod reduce;
pub mod resize;
pub mod rows;
pub mod sigmoid;
pub mod wide_softmax;

pub use self::code::{Code, Sum};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, Rule};
use crate::float::Clamp;
use crate::geometry::elements;
use crate::rounding::Rounding;
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

    /// Those of these codes whose values an activation leaves as they are.
    #[must_use]
    pub fn within(self, act: Clamp, out: Affine) -> Codes {
        let end = |v: f32, all: i32| if v.is_finite() { out.code(v).clamp(self.min, self.max) } else { all };
        Codes { min: end(act.min, self.min), max: end(act.max, self.max) }
    }

    /// The one in the middle, the upper one of two: 0 of signed codes.
    pub const fn middle(self) -> i32 {
        (self.min + self.max + 1) / 2
    }

    /// Every one, from the lowest on.
    pub fn each(self) -> std::ops::RangeInclusive<i32> {
        self.min..=self.max
    }

    /// The nearest code.
    #[inline]
    pub fn clamp<C: Code>(self, code: i32) -> C {
        C::of(code.min(self.max).max(self.min))
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
    /// The same factors by another rule.
    #[must_use]
    pub fn by(&self, rule: Rule) -> Requant {
        Requant { multipliers: self.multipliers.iter().map(|m| m.by(rule)).collect(), ..*self }
    }

    /// One factor for each of `channels`, by the rule of its place in LiteRT's blocks of 8.
    #[must_use]
    pub fn in_blocks(&self, channels: usize, rounding: Rounding) -> Requant {
        if rounding != Rounding::Optimized {
            return self.clone();
        }
        let all = self.multipliers.iter().cycle().take(channels.max(self.multipliers.len()));
        let multipliers = all.enumerate().map(|(i, m)| m.by(rounding.in_blocks(i, channels, 8))).collect();
        Requant { multipliers, ..*self }
    }

    /// Checks that there is one multiplier or one for each of `channels`.
    pub(crate) fn fits(&self, channels: usize) -> Result<()> {
        let n = self.multipliers.len();
        ensure(n == 1 || n == channels, || format!("{n} scales for {channels} channels"))
    }

    /// Appends the codes of one sum a channel.
    fn push<S: Sum, C: Code>(&self, sums: &[S], out: &mut Vec<C>) {
        let at = out.len();
        out.resize(at + sums.len(), C::of(0));
        requantize(self, sums, &mut out[at..]);
    }
}

wide! {
    /// The codes of one sum a channel.
    fn requantize<S: Sum, C: Code>(by: &Requant, sums: &[S], out: &mut [C]) {
        let one = |m: Multiplier, sum: S| by.codes.clamp(sum.scaled(m).wrapping_add(by.zero));
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
pub(crate) fn rows<C: Code>(codes: &[C], zero: i32, depth: usize) -> Vec<i16> {
    let mut out = Vec::with_capacity(codes.len() / depth.max(1) * padded(depth));
    for row in codes.chunks(depth.max(1)) {
        out.extend(row.iter().map(|q| less(*q, zero)));
        out.resize(out.len().next_multiple_of(STEP), 0);
    }
    out
}

wide! {
    /// Sets each sum to the product of `x` with its row of `rows`; rows are [`padded`], sums wrap.
    pub(crate) fn dots<S: Sum>(x: &[i16], rows: &[i16], sums: &mut [S]) {
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(x.len().max(1))) {
            *sum = x.iter().zip(row).map(|(a, b)| S::product(*a, *b)).fold(S::default(), S::plus);
        }
    }
}

/// A code less its zero: in `-255..=255` for 8 bits; codes of 16 bits have the zero 0.
#[inline]
fn less<C: Code>(code: C, zero: i32) -> i16 {
    let code: i32 = code.into();
    (code - zero) as i16
}

/// Codes less their zero.
pub(crate) fn centered<C: Code>(codes: &[C], zero: i32) -> Vec<i16> {
    codes.iter().map(|q| less(*q, zero)).collect()
}
