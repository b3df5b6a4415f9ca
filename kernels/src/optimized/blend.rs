//! A sum or difference of two tensors of int8 codes as one affine function of both codes.

use super::elementwise::{Joining, Side, joined};
use crate::fixed::Multiplier;
use crate::reference::elementwise::Joined;

/// `(a * A + b * B + C) >> s` in 32 bits: with each factor in two parts, `((a * A1 + b * B1) << 7) + ((a * A2 + b * B2) >> 8) + add`, shifted
/// right by `s - 8`. Clamped to the codes of the result, it is what the roundings of [`Joining`] give, for each of the 65,536 pairs of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blend {
    /// Factor of the left code, in `-2^30..2^30`: its upper 15 bits, with the sign, and its lower 15.
    pub a: [i16; 2],
    /// Factor of the right code.
    pub b: [i16; 2],
    /// `C / 2^8`.
    pub add: i32,
    /// `s - 8`, in `1..32`.
    pub right: i32,
}

/// The lower part of a factor has this many bits.
const LOW: u32 = 15;
/// Bits that the lower products are shifted right, and upper ones to the left less than [`LOW`].
const DROPPED: u32 = 8;

impl Blend {
    /// Of a sum or difference, if it has such a form.
    ///
    /// With factors of 30 bits, `C` is bounded by every pair of codes: from below where the result is above the least code, from above where it is
    /// below the greatest. Between the bounds is room unless halves are rounded one way for positive sums and another for negative ones.
    pub fn of(k: &Joining) -> Option<Blend> {
        let sign = match k.kind {
            Joined::Sum => 1.0,
            Joined::Difference => -1.0,
            Joined::SquaredDifference => return None,
        };
        let real = |m: Multiplier| f64::from(m.mantissa) * f64::from(m.shift - 31).exp2();
        let ratio = |side: &Side| real(side.by.one()) * f64::from(side.left).exp2() * real(k.out.one());
        let (a, b) = (ratio(&k.a), ratio(&k.b));
        // Factors are below 2^30, and results below 2^38, of which 30 bits are left.
        let bits = |most: f64, largest: f64| most - largest.log2().ceil();
        let shift = bits(29.0, a.max(b)).min(bits(38.0, 255.0 * (a + b) + 129.0));
        let dropped = f64::from(DROPPED);
        (dropped + 1.0..=dropped + 31.0).contains(&shift).then(|| exact(k, [a, sign * b], shift as u32))?
    }

    /// The result, not limited.
    #[inline(always)]
    pub fn apply(&self, a: i8, b: i8) -> i32 {
        let sum = |part: usize| i32::from(a) * i32::from(self.a[part]) + i32::from(b) * i32::from(self.b[part]);
        ((sum(0) << (LOW - DROPPED)) + (sum(1) >> DROPPED)).wrapping_add(self.add) >> self.right
    }
}

/// The form with real factors times `2^shift`, if it is exact.
fn exact(k: &Joining, real: [f64; 2], shift: u32) -> Option<Blend> {
    let [a, b] = real.map(|r| (r * f64::from(shift).exp2()).round() as i64);
    // Where no pair bounds it, a constant of 2^38 leaves a sum below 2^39.
    let (mut least, mut greatest) = (-(1i64 << 38), 1i64 << 38);
    let rights: Vec<i32> = (i8::MIN..=i8::MAX).map(|code| k.b.at(code)).collect();
    for left in i8::MIN..=i8::MAX {
        let value = k.a.at(left);
        for (right, other) in (i8::MIN..=i8::MAX).zip(&rights) {
            let sum = i64::from(left) * a + i64::from(right) * b;
            let code = i64::from(joined(k, value, *other));
            if code > i64::from(k.codes.min) {
                least = least.max((code << shift) - sum);
            }
            if code < i64::from(k.codes.max) {
                greatest = greatest.min(((code + 1) << shift) - sum - 1);
            }
        }
    }
    let unit = 1i64 << DROPPED;
    let add = (least + unit - 1).div_euclid(unit);
    if add * unit > greatest {
        return None;
    }
    let part = |factor: i64| Some([(factor >> LOW).try_into().ok()?, (factor & ((1 << LOW) - 1)).try_into().ok()?]);
    Some(Blend { a: part(a)?, b: part(b)?, add: add.try_into().ok()?, right: (shift - DROPPED) as i32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimized::Join;
    use crate::reference::elementwise::Join as Reference;
    use crate::reference::{Affine, Codes};

    fn joining(kind: Joined, scales: [f32; 3], zeros: [i32; 3]) -> Joining {
        let affine = |i: usize| Affine { scale: scales[i], zero: zeros[i] };
        let of = Reference::new(kind, affine(0), affine(1), affine(2), Codes::I8).expect("a sum");
        *Join::new(&of).joining()
    }

    #[test]
    fn equals_the_roundings_for_every_pair_of_codes() {
        let mut found = 0;
        for (i, scales) in [
            [0.021_35, 0.050_12, 0.061_87],
            [0.101_3, 0.009_71, 0.100_9],
            [0.371_9, 0.001_37, 0.212_3],
            [1.713, 0.917, 0.307],
        ]
        .iter()
        .enumerate()
        {
            for kind in [Joined::Sum, Joined::Difference] {
                let k = joining(kind, *scales, [i as i32 * 17 - 128, 127 - i as i32 * 9, i as i32 * 80 - 128]);
                let Some(blend) = Blend::of(&k) else { continue };
                found += 1;
                for a in i8::MIN..=i8::MAX {
                    for b in i8::MIN..=i8::MAX {
                        let expected = joined(&k, k.a.at(a), k.b.at(b));
                        assert_eq!(k.codes.clamp::<i8>(blend.apply(a, b)), expected, "{a} and {b} of {k:?}");
                    }
                }
            }
        }
        assert_eq!(found, 8);
    }

    #[test]
    fn halves_that_are_rounded_both_ways_have_no_such_form() {
        assert_eq!(Blend::of(&joining(Joined::Sum, [0.1, 0.1, 0.2], [0, 0, 0])), None);
    }
}
