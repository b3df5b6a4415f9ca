//! NEON, with and without the dot product instruction.

use std::arch::aarch64::*;

use super::{Isa, parts};
use crate::optimized::blend::Blend;
use crate::reference::Codes;

/// Registers of 128 bits; with `sdot` if `DOT`.
pub(in crate::optimized) struct Neon<const DOT: bool>;

/// Four factors.
#[derive(Clone, Copy)]
pub(in crate::optimized) struct Four {
    left: int32x4_t,
    mantissa: int32x4_t,
    /// Minus the right shift.
    right: int32x4_t,
    /// `2^right - 1`
    mask: int32x4_t,
    zero: int32x4_t,
}

/// [`crate::fixed::high_mul`] of four lanes, for mantissas that are not negative: there it is `floor((x m + 2^30) / 2^31)`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn high_mul(x: int32x4_t, m: int32x4_t) -> int32x4_t {
    // SAFETY: the processor has NEON.
    unsafe { vqrdmulhq_s32(x, m) }
}

/// [`crate::fixed::round_shift`] of four lanes, plus the zero.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn round_shift(x: int32x4_t, by: Four) -> int32x4_t {
    // SAFETY: the processor has NEON.
    unsafe {
        let threshold = vsubq_s32(vshrq_n_s32(by.mask, 1), vshrq_n_s32(x, 31));
        let up = vreinterpretq_s32_u32(vcgtq_s32(vandq_s32(x, by.mask), threshold));
        vaddq_s32(vsubq_s32(vshlq_s32(x, by.right), up), by.zero)
    }
}

/// Adds to each lane the product of its weight and its code.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn add_products(sums: [int32x4_t; 4], weights: [int16x8_t; 2], [low, high]: [int16x8_t; 2]) -> [int32x4_t; 4] {
    // SAFETY: the processor has NEON.
    unsafe {
        [
            vmlal_s16(sums[0], vget_low_s16(low), vget_low_s16(weights[0])),
            vmlal_s16(sums[1], vget_low_s16(high), vget_high_s16(weights[0])),
            vmlal_s16(sums[2], vget_high_s16(low), vget_low_s16(weights[1])),
            vmlal_s16(sums[3], vget_high_s16(high), vget_high_s16(weights[1])),
        ]
    }
}

/// The nearest whole numbers, halves away from zero, of two products; what is beyond `i32` is its end.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn round_real(x: int64x2_t, ratios: *const f64) -> int32x2_t {
    // SAFETY: the processor has NEON; valid for 2.
    unsafe { vqmovn_s64(vcvtaq_s64_f64(vmulq_f64(vcvtq_f64_s64(x), vld1q_f64(ratios)))) }
}

/// Adds to each of four lanes its four products.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn dot<const DOT: bool>(sums: int32x4_t, taps: int8x16_t, codes: int8x16_t) -> int32x4_t {
    // SAFETY: the processor has NEON, and the dot product if `DOT`; the instruction touches no memory.
    unsafe {
        if DOT {
            let mut sums = sums;
            std::arch::asm!(
                ".arch_extension dotprod",
                "sdot {s:v}.4s, {t:v}.16b, {c:v}.16b",
                s = inout(vreg) sums, t = in(vreg) taps, c = in(vreg) codes,
                options(pure, nomem, nostack, preserves_flags)
            );
            return sums;
        }
        let low = vmull_s8(vget_low_s8(taps), vget_low_s8(codes));
        let high = vmull_high_s8(taps, codes);
        // A sum of two products is at most `2 * 128 * 127`, which 16 bits hold.
        vpadalq_s16(sums, vpaddq_s16(low, high))
    }
}

/// 16 codes, in the order of lanes.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn quarters(from: *const i8) -> [int16x4_t; 4] {
    // SAFETY: valid for 16.
    unsafe {
        let codes = vld1q_s8(from);
        let (low, high) = (vmovl_s8(vget_low_s8(codes)), vmovl_high_s8(codes));
        [vget_low_s16(low), vget_low_s16(high), vget_high_s16(low), vget_high_s16(high)]
    }
}

#[allow(unsafe_code)]
impl<const DOT: bool> Isa for Neon<DOT> {
    type Sums = [int32x4_t; 4];
    type Quad = int8x16_t;
    type Pairs = [[int16x8_t; 2]; 2];
    type Couples = [[int16x8_t; 2]; 2];
    type Scale = [Four; 4];
    type Limits = [int8x16_t; 2];

    const ANY_WEIGHT: bool = DOT;
    const SIXTEENS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe { parts!(i in [0, 4, 8, 12] => vld1q_s32(from.add(i))) }
    }

    #[inline(always)]
    unsafe fn quad(codes: i32) -> Self::Quad {
        // SAFETY: the processor has NEON.
        unsafe { vreinterpretq_s8_s32(vdupq_n_s32(codes)) }
    }

    #[inline(always)]
    unsafe fn dot<const M: usize>(rows: &mut [Self::Sums; M], weights: *const i8, quads: [Self::Quad; M]) {
        // SAFETY: the processor has NEON, and the dot product if `DOT`; valid for 64.
        unsafe {
            for i in 0..4 {
                let w = vld1q_s8(weights.add(16 * i));
                for (s, quad) in rows.iter_mut().zip(quads) {
                    s[i] = dot::<DOT>(s[i], w, quad);
                }
            }
        }
    }

    /// The first and the second weight of each lane.
    #[inline(always)]
    unsafe fn pairs(from: *const i8) -> Self::Pairs {
        // SAFETY: valid for 32.
        unsafe {
            let int8x16x2_t(first, second) = vld2q_s8(from);
            [
                [vmovl_s8(vget_low_s8(first)), vmovl_high_s8(first)],
                [vmovl_s8(vget_low_s8(second)), vmovl_high_s8(second)],
            ]
        }
    }

    #[inline(always)]
    unsafe fn couple(first: *const i16, second: *const i16) -> Self::Couples {
        // SAFETY: both valid for 16.
        unsafe { [[vld1q_s16(first), vld1q_s16(first.add(8))], [vld1q_s16(second), vld1q_s16(second.add(8))]] }
    }

    #[inline(always)]
    unsafe fn dot_couples(sums: Self::Sums, pairs: Self::Pairs, codes: Self::Couples) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe { add_products(add_products(sums, pairs[0], codes[0]), pairs[1], codes[1]) }
    }

    #[inline(always)]
    unsafe fn keep_half<const HALF: usize>(from: Self::Sums, to: &mut Self::Sums) {
        to[2 * HALF..][..2].copy_from_slice(&from[2 * HALF..][..2]);
    }

    #[inline(always)]
    unsafe fn scale(mantissas: *const i32, shifts: *const i32, zero: i32, _: i32) -> Self::Scale {
        // SAFETY: both valid for 16.
        unsafe {
            parts!(i in [0, 4, 8, 12] => {
                let (none, one) = (vdupq_n_s32(0), vdupq_n_s32(1));
                let shift = vld1q_s32(shifts.add(i));
                let right = vminq_s32(shift, none);
                Four {
                    left: vmaxq_s32(shift, none),
                    mantissa: vld1q_s32(mantissas.add(i)),
                    right,
                    mask: vsubq_s32(vshlq_s32(one, vnegq_s32(right)), one),
                    zero: vdupq_n_s32(zero),
                }
            })
        }
    }

    #[inline(always)]
    unsafe fn rescale(sums: Self::Sums, by: &Self::Scale) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe {
            parts!(i in [0, 1, 2, 3] => round_shift(high_mul(vshlq_s32(sums[i], by[i].left), by[i].mantissa), by[i]))
        }
    }

    #[inline(always)]
    unsafe fn rescale_real(sums: Self::Sums, ratios: *const f64, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe {
            let limit = vdupq_n_s32(1 << 30);
            parts!(i in [0, 1, 2, 3] => {
                let low = round_real(vmovl_s32(vget_low_s32(sums[i])), ratios.add(4 * i));
                let high = round_real(vmovl_high_s32(sums[i]), ratios.add(4 * i + 2));
                let near = vmaxq_s32(vminq_s32(vcombine_s32(low, high), limit), vnegq_s32(limit));
                vaddq_s32(near, vdupq_n_s32(zero))
            })
        }
    }

    #[inline(always)]
    unsafe fn codes(from: *const i8, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe {
            let (quarters, zero) = (quarters(from), vdupq_n_s32(zero));
            parts!(i in [0, 1, 2, 3] => vsubq_s32(vmovl_s16(quarters[i]), zero))
        }
    }

    #[inline(always)]
    unsafe fn blend(a: *const i8, b: *const i8, by: &Blend) -> Self::Sums {
        // SAFETY: both valid for 16.
        unsafe {
            let (a, b) = (quarters(a), quarters(b));
            let (add, right) = (vdupq_n_s32(by.add), vdupq_n_s32(-by.right));
            parts!(i in [0, 1, 2, 3] => {
                let high = vmlal_n_s16(vmull_n_s16(a[i], by.a[0]), b[i], by.b[0]);
                let low = vmlal_n_s16(vmull_n_s16(a[i], by.a[1]), b[i], by.b[1]);
                vshlq_s32(vaddq_s32(vaddq_s32(vshlq_n_s32::<7>(high), vshrq_n_s32::<8>(low)), add), right)
            })
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe { parts!(i in [0, 1, 2, 3] => vaddq_s32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe { parts!(i in [0, 1, 2, 3] => vsubq_s32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe { parts!(i in [0, 1, 2, 3] => vmulq_s32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn shift(sums: Self::Sums, left: i32) -> Self::Sums {
        // SAFETY: the processor has NEON.
        unsafe { parts!(i in [0, 1, 2, 3] => vshlq_s32(sums[i], vdupq_n_s32(left))) }
    }

    #[inline(always)]
    unsafe fn limits(codes: Codes) -> Self::Limits {
        // SAFETY: the processor has NEON.
        unsafe { [vdupq_n_s8(codes.min as i8), vdupq_n_s8(codes.max as i8)] }
    }

    #[inline(always)]
    unsafe fn store(s: Self::Sums, [min, max]: Self::Limits, to: *mut i8) {
        // SAFETY: valid for 16.
        unsafe {
            let low = vqmovn_high_s32(vqmovn_s32(s[0]), s[2]);
            let high = vqmovn_high_s32(vqmovn_s32(s[1]), s[3]);
            let codes = vqmovn_high_s16(vqmovn_s16(low), high);
            vst1q_s8(to, vmaxq_s8(vminq_s8(codes, max), min));
        }
    }
}
