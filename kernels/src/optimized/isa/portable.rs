//! Plain Rust: for processors without another variant, and for weights of -128.

use super::Isa;
use crate::fixed::Multiplier;
use crate::optimized::blend::Blend;
use crate::optimized::pack::{LANES, lane_of};
use crate::reference::Codes;

/// No instruction set beyond the target's baseline.
pub(in crate::optimized) struct Portable;

#[allow(unsafe_code)]
impl Isa for Portable {
    type Sums = [i32; LANES];
    type Quad = [i8; 4];
    type Pairs = [[i8; 2]; LANES];
    type Couples = [[i16; 2]; LANES];
    type Scale = ([Multiplier; LANES], i32);
    type Limits = Codes;

    const ANY_WEIGHT: bool = true;
    const SIXTEENS: usize = 2;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe { from.cast::<Self::Sums>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn quad(codes: i32) -> Self::Quad {
        codes.to_le_bytes().map(|b| b as i8)
    }

    #[inline(always)]
    unsafe fn dot<const M: usize>(rows: &mut [Self::Sums; M], weights: *const i8, quads: [Self::Quad; M]) {
        // SAFETY: valid for 64.
        let taps = unsafe { weights.cast::<[[i8; 4]; LANES]>().read_unaligned() };
        for (sums, quad) in rows.iter_mut().zip(quads) {
            for (sum, taps) in sums.iter_mut().zip(taps) {
                let product = |k: usize| i32::from(taps[k]) * i32::from(quad[k]);
                *sum = sum.wrapping_add(product(0) + product(1) + product(2) + product(3));
            }
        }
    }

    #[inline(always)]
    unsafe fn pairs(from: *const i8) -> Self::Pairs {
        // SAFETY: valid for 32.
        unsafe { from.cast::<Self::Pairs>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn couple(first: *const i16, second: *const i16) -> Self::Couples {
        // SAFETY: both valid for 16.
        std::array::from_fn(|i| unsafe { [*first.add(lane_of(i)), *second.add(lane_of(i))] })
    }

    #[inline(always)]
    unsafe fn dot_couples(sums: Self::Sums, pairs: Self::Pairs, codes: Self::Couples) -> Self::Sums {
        std::array::from_fn(|i| {
            let product = |k: usize| i32::from(codes[i][k]) * i32::from(pairs[i][k]);
            sums[i].wrapping_add(product(0) + product(1))
        })
    }

    #[inline(always)]
    unsafe fn scale(mantissas: *const i32, shifts: *const i32, zero: i32, _: i32) -> Self::Scale {
        // SAFETY: both valid for 16.
        let one = |i| unsafe { Multiplier::doubly(*mantissas.add(i), *shifts.add(i)) };
        (std::array::from_fn(one), zero)
    }

    #[inline(always)]
    unsafe fn rescale(sums: Self::Sums, (by, zero): &Self::Scale) -> Self::Sums {
        std::array::from_fn(|i| by[i].apply(sums[i]).wrapping_add(*zero))
    }

    #[inline(always)]
    unsafe fn rescale_real(sums: Self::Sums, ratios: *const f64, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        let real = |i: usize| unsafe { (f64::from(sums[i]) * *ratios.add(i)).round() };
        std::array::from_fn(|i| real(i).clamp(-1e9, 1e9) as i32 + zero)
    }

    #[inline(always)]
    unsafe fn codes(from: *const i8, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        std::array::from_fn(|i| unsafe { i32::from(*from.add(lane_of(i))) - zero })
    }

    #[inline(always)]
    unsafe fn blend(a: *const i8, b: *const i8, by: &Blend) -> Self::Sums {
        // SAFETY: both valid for 16.
        std::array::from_fn(|i| unsafe { by.apply(*a.add(lane_of(i)), *b.add(lane_of(i))) })
    }

    #[inline(always)]
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        std::array::from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        std::array::from_fn(|i| a[i].wrapping_sub(b[i]))
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        std::array::from_fn(|i| a[i].wrapping_mul(b[i]))
    }

    #[inline(always)]
    unsafe fn shift(sums: Self::Sums, left: i32) -> Self::Sums {
        sums.map(|s| s << left)
    }

    #[inline(always)]
    unsafe fn limits(codes: Codes) -> Self::Limits {
        codes
    }

    #[inline(always)]
    unsafe fn store(sums: Self::Sums, limits: Self::Limits, to: *mut i8) {
        let codes: [i8; LANES] = std::array::from_fn(|i| limits.clamp(sums[lane_of(i)]));
        // SAFETY: valid for 16.
        unsafe { to.cast::<[i8; LANES]>().write_unaligned(codes) }
    }
}
