//! The lowest and the highest of many float32 values.

use crate::simd::wide;

/// What is known of some values. Their order and grouping do not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The lowest; infinity of none.
    pub min: f32,
    /// The highest; minus infinity of none.
    pub max: f32,
    /// Whether one of them is no number. Such do not count above.
    pub nan: bool,
}

impl Range {
    /// Of no values.
    pub const EMPTY: Range = Range { min: f32::INFINITY, max: f32::NEG_INFINITY, nan: false };

    /// Takes in more values.
    pub fn see(&mut self, values: &[f32]) {
        scan(values, self);
    }

    /// Takes in what another range has seen.
    pub fn merge(&mut self, other: Range) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.nan |= other.nan;
    }
}

/// Values compared independently, so that a register or four of them are.
const LANES: usize = 32;

wide! {
    fn scan(values: &[f32], range: &mut Range) {
        let (mut lo, mut hi, mut nan) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES], [0u32; LANES]);
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for i in 0..LANES {
                let v = chunk[i];
                // A comparison with NaN does not hold.
                lo[i] = if v < lo[i] { v } else { lo[i] };
                hi[i] = if v > hi[i] { v } else { hi[i] };
                nan[i] |= u32::from(v.is_nan());
            }
        }
        for v in rest {
            lo[0] = if *v < lo[0] { *v } else { lo[0] };
            hi[0] = if *v > hi[0] { *v } else { hi[0] };
            nan[0] |= u32::from(v.is_nan());
        }
        let min = lo.into_iter().fold(f32::INFINITY, f32::min);
        let max = hi.into_iter().fold(f32::NEG_INFINITY, f32::max);
        range.merge(Range { min, max, nan: nan.into_iter().any(|n| n != 0) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_pass_over_nothing_and_merge() {
        let mut r = Range::EMPTY;
        r.see(&(-5..130).map(|v| v as f32).collect::<Vec<_>>());
        assert_eq!(r, Range { min: -5.0, max: 129.0, nan: false });
        r.see(&[f32::NAN, -7.0]);
        assert_eq!(r, Range { min: -7.0, max: 129.0, nan: true });
        let mut all = Range::EMPTY;
        all.merge(r);
        all.merge(Range::EMPTY);
        assert_eq!(all, r);
    }
}
