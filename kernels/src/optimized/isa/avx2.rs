//! AVX2, and the dot products of AVX-VNNI and AVX-512 VNNI on registers of 256 bits.

use std::arch::x86_64::*;
use std::marker::PhantomData;

use super::{Isa, parts};
use crate::optimized::blend::Blend;
use crate::reference::Codes;

/// How four products are added up.
#[allow(unsafe_code)]
pub(in crate::optimized) trait Dot {
    /// `|a| * sign(w, a)` of the four codes of each lane, added up, for several rows; `magnitudes` has values up to 128 and `signed` none of -128.
    unsafe fn dot<const M: usize>(sums: [__m256i; M], magnitudes: [__m256i; M], signed: [__m256i; M]) -> [__m256i; M];
}

/// Registers of 256 bits with a way to add up products.
pub(in crate::optimized) struct Avx2<D>(PhantomData<D>);

/// By `vpmaddubsw`: a sum of two products is at most `2 * 128 * 127`, which 16 bits hold.
pub(in crate::optimized) struct Pairwise;
/// By AVX-VNNI.
pub(in crate::optimized) struct Vnni;
/// By AVX-512 VNNI.
pub(in crate::optimized) struct Vnni512;

#[allow(unsafe_code)]
impl Dot for Pairwise {
    #[inline(always)]
    unsafe fn dot<const M: usize>(
        mut sums: [__m256i; M],
        magnitudes: [__m256i; M],
        mut signed: [__m256i; M],
    ) -> [__m256i; M] {
        // SAFETY: the processor has AVX2.
        unsafe {
            for (s, a) in signed.iter_mut().zip(magnitudes) {
                *s = _mm256_maddubs_epi16(a, *s);
            }
            for s in &mut signed {
                *s = _mm256_madd_epi16(*s, _mm256_set1_epi16(1));
            }
            for (sum, s) in sums.iter_mut().zip(signed) {
                *sum = _mm256_add_epi32(*sum, s);
            }
            sums
        }
    }
}

#[allow(unsafe_code)]
impl Dot for Vnni {
    #[inline(always)]
    unsafe fn dot<const M: usize>(
        mut sums: [__m256i; M],
        magnitudes: [__m256i; M],
        signed: [__m256i; M],
    ) -> [__m256i; M] {
        for ((sum, a), s) in sums.iter_mut().zip(magnitudes).zip(signed) {
            // SAFETY: the processor has AVX-VNNI.
            *sum = unsafe { _mm256_dpbusd_avx_epi32(*sum, a, s) };
        }
        sums
    }
}

#[allow(unsafe_code)]
impl Dot for Vnni512 {
    #[inline(always)]
    unsafe fn dot<const M: usize>(
        mut sums: [__m256i; M],
        magnitudes: [__m256i; M],
        signed: [__m256i; M],
    ) -> [__m256i; M] {
        for ((sum, a), s) in sums.iter_mut().zip(magnitudes).zip(signed) {
            // SAFETY: the processor has AVX-512 VNNI and VL.
            *sum = unsafe { _mm256_dpbusd_epi32(*sum, a, s) };
        }
        sums
    }
}

/// Eight factors, those of even and of odd lanes apart, in 64 bits.
#[derive(Clone, Copy)]
pub(in crate::optimized) struct Eight {
    /// Left shifts.
    left: __m256i,
    mantissa: [__m256i; 2],
    /// What is added to the products.
    add: [__m256i; 2],
    /// What of a lane is subtracted from its product.
    sign: [__m256i; 2],
    /// How far sums are shifted left then: by one where there is no right shift.
    left_again: [__m256i; 2],
    /// How far upper halves are shifted right, in the order that they are taken in.
    right: __m256i,
}

/// Sixteen factors.
pub(in crate::optimized) struct Factors {
    halves: [Eight; 2],
    /// What is added to the results.
    zero: i32,
    /// Whether a shift is not to the right.
    grows: bool,
    /// Whether results below the zero are told apart.
    exact: bool,
}

/// Even and odd lanes, in 64 bits each.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn apart(x: __m256i) -> [__m256i; 2] {
    // SAFETY: the processor has AVX2.
    unsafe { [_mm256_blend_epi32(x, _mm256_setzero_si256(), 0b1010_1010), _mm256_srli_epi64(x, 32)] }
}

/// Eight [`crate::fixed::Multiplier`]s.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn eight(mantissas: *const i32, shifts: *const i32) -> Eight {
    // SAFETY: the processor has AVX2; both valid for 8.
    unsafe {
        let (none, one) = (_mm256_setzero_si256(), _mm256_set1_epi32(1));
        let (mantissa, shift) = (_mm256_loadu_si256(mantissas.cast()), _mm256_loadu_si256(shifts.cast()));
        let right = _mm256_max_epi32(_mm256_sub_epi32(none, shift), none);
        let twice = _mm256_cmpgt_epi32(right, none);
        let [negative, once] = [_mm256_and_si256(twice, _mm256_set1_epi32(i32::MIN)), _mm256_andnot_si256(twice, one)];
        let half = _mm256_set1_epi64x(1 << 30);
        let by = apart(right);
        let second = [
            _mm256_and_si256(_mm256_sllv_epi64(half, by[0]), _mm256_shuffle_epi32(twice, 0b10_10_00_00)),
            _mm256_and_si256(_mm256_sllv_epi64(half, by[1]), _mm256_shuffle_epi32(twice, 0b11_11_01_01)),
        ];
        Eight {
            left: _mm256_max_epi32(shift, none),
            mantissa: [mantissa, _mm256_srli_epi64(mantissa, 32)],
            add: [_mm256_add_epi64(second[0], half), _mm256_add_epi64(second[1], half)],
            sign: apart(negative),
            left_again: apart(once),
            right: in_order(_mm256_max_epi32(_mm256_sub_epi32(right, one), none)),
        }
    }
}

/// Two roundings are one shift by `31 + right` of `x m + 2^30 + 2^(30 + right)`, less `2^31` for a negative `x`: then the second one rounds
/// halves down. Without a right shift there is one rounding, of `x m + 2^30`. Upper halves of 64 bits are a shift by 32, and leave lanes 0, 2,
/// 1, 3 of each four. If not `EXACT`, results that would be below 0 are at most 0.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn rescale_eight<const GROWS: bool, const EXACT: bool>(mut x: __m256i, by: &Eight) -> __m256i {
    // SAFETY: the processor has AVX2.
    unsafe {
        if GROWS {
            x = _mm256_sllv_epi32(x, by.left);
        }
        let y = _mm256_srli_epi64(x, 32);
        let mut even = _mm256_add_epi64(_mm256_mul_epi32(x, by.mantissa[0]), by.add[0]);
        let mut odd = _mm256_add_epi64(_mm256_mul_epi32(y, by.mantissa[1]), by.add[1]);
        if EXACT {
            even = _mm256_sub_epi64(even, _mm256_and_si256(x, by.sign[0]));
            odd = _mm256_sub_epi64(odd, _mm256_and_si256(y, by.sign[1]));
        }
        if GROWS {
            even = _mm256_sllv_epi64(even, by.left_again[0]);
            odd = _mm256_sllv_epi64(odd, by.left_again[1]);
        }
        let upper = _mm256_shuffle_ps(_mm256_castsi256_ps(even), _mm256_castsi256_ps(odd), 0b11_01_11_01);
        _mm256_srav_epi32(_mm256_castps_si256(upper), by.right)
    }
}

/// Swaps the middle two of each four lanes.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn in_order(x: __m256i) -> __m256i {
    // SAFETY: the processor has AVX2.
    unsafe { _mm256_shuffle_epi32(x, 0b11_01_10_00) }
}

/// The nearest whole numbers, halves away from zero, of four products.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn round_real(x: __m128i, ratios: *const f64) -> __m128i {
    // SAFETY: the processor has AVX2; valid for 4.
    unsafe {
        let limit = _mm256_set1_pd(1e9);
        let product = _mm256_mul_pd(_mm256_cvtepi32_pd(x), _mm256_loadu_pd(ratios));
        let y = _mm256_max_pd(_mm256_min_pd(product, limit), _mm256_sub_pd(_mm256_setzero_pd(), limit));
        let sign = _mm256_set1_pd(-0.0);
        let whole = _mm256_round_pd(y, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
        let rest = _mm256_andnot_pd(sign, _mm256_sub_pd(y, whole));
        let step = _mm256_or_pd(_mm256_and_pd(y, sign), _mm256_set1_pd(1.0));
        let up = _mm256_cmp_pd(rest, _mm256_set1_pd(0.5), _CMP_GE_OQ);
        _mm256_cvttpd_epi32(_mm256_add_pd(whole, _mm256_and_pd(step, up)))
    }
}

#[allow(unsafe_code)]
impl<D: Dot> Isa for Avx2<D> {
    type Sums = [__m256i; 2];
    type Quad = [__m256i; 2];
    type Pairs = [__m256i; 2];
    type Couples = [__m256i; 2];
    type Scale = Factors;
    type Limits = [__m128i; 2];

    const ANY_WEIGHT: bool = false;
    const SIXTEENS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe { parts!(i in [0, 8] => _mm256_loadu_si256(from.add(i).cast())) }
    }

    /// The codes, and their magnitudes.
    #[inline(always)]
    unsafe fn quad(codes: i32) -> Self::Quad {
        // SAFETY: the processor has AVX2.
        unsafe {
            let codes = _mm256_set1_epi32(codes);
            [codes, _mm256_abs_epi8(codes)]
        }
    }

    /// Weights are loaded once for all rows, and a half at a time: all sums and quads stay in registers.
    #[inline(always)]
    unsafe fn dot<const M: usize>(rows: &mut [Self::Sums; M], weights: *const i8, quads: [Self::Quad; M]) {
        // SAFETY: the processor has AVX2 and what `D` needs; valid for 64.
        unsafe {
            for i in 0..2 {
                let w = _mm256_loadu_si256(weights.add(32 * i).cast());
                let (mut sums, mut magnitudes, mut signed) = ([w; M], [w; M], [w; M]);
                for (m, (row, [codes, sizes])) in rows.iter().zip(quads).enumerate() {
                    (sums[m], magnitudes[m], signed[m]) = (row[i], sizes, _mm256_sign_epi8(w, codes));
                }
                for (row, sum) in rows.iter_mut().zip(D::dot(sums, magnitudes, signed)) {
                    row[i] = sum;
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn pairs(from: *const i8) -> Self::Pairs {
        // SAFETY: valid for 32.
        unsafe { parts!(i in [0, 16] => _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(i).cast()))) }
    }

    #[inline(always)]
    unsafe fn couple(first: *const i16, second: *const i16) -> Self::Couples {
        // SAFETY: both valid for 16.
        unsafe {
            let (a, b) = (_mm256_loadu_si256(first.cast()), _mm256_loadu_si256(second.cast()));
            [_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)]
        }
    }

    #[inline(always)]
    unsafe fn dot_couples(sums: Self::Sums, pairs: Self::Pairs, codes: Self::Couples) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe { parts!(i in [0, 1] => _mm256_add_epi32(sums[i], _mm256_madd_epi16(codes[i], pairs[i]))) }
    }

    #[inline(always)]
    unsafe fn keep_half<const HALF: usize>(from: Self::Sums, to: &mut Self::Sums) {
        to[HALF] = from[HALF];
    }

    #[inline(always)]
    unsafe fn scale(mantissas: *const i32, shifts: *const i32, zero: i32, least: i32) -> Self::Scale {
        // SAFETY: both valid for 16.
        unsafe {
            let halves = parts!(i in [0, 8] => eight(mantissas.add(i), shifts.add(i)));
            let shifts = std::slice::from_raw_parts(shifts, 16);
            Factors { halves, zero, grows: shifts.iter().any(|s| *s >= 0), exact: least < zero }
        }
    }

    #[inline(always)]
    unsafe fn rescale(sums: Self::Sums, by: &Self::Scale) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe {
            let zero = _mm256_set1_epi32(by.zero);
            if by.grows {
                return parts!(i in [0, 1] => {
                    _mm256_add_epi32(in_order(rescale_eight::<true, true>(sums[i], &by.halves[i])), zero)
                });
            }
            parts!(i in [0, 1] => {
                _mm256_add_epi32(in_order(rescale_eight::<false, true>(sums[i], &by.halves[i])), zero)
            })
        }
    }

    #[inline(always)]
    unsafe fn rescale_real(sums: Self::Sums, ratios: *const f64, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe {
            parts!(i in [0, 1] => {
                let (low, high) = (_mm256_castsi256_si128(sums[i]), _mm256_extracti128_si256(sums[i], 1));
                let at = ratios.add(8 * i);
                let rounded = _mm256_set_m128i(round_real(high, at.add(4)), round_real(low, at));
                _mm256_add_epi32(rounded, _mm256_set1_epi32(zero))
            })
        }
    }

    #[inline(always)]
    unsafe fn codes(from: *const i8, zero: i32) -> Self::Sums {
        // SAFETY: valid for 16.
        unsafe {
            let zero = _mm256_set1_epi32(zero);
            let codes = _mm_shuffle_epi32(_mm_loadu_si128(from.cast()), 0b11_01_10_00);
            let halves = [codes, _mm_unpackhi_epi64(codes, codes)];
            parts!(i in [0, 1] => _mm256_sub_epi32(_mm256_cvtepi8_epi32(halves[i]), zero))
        }
    }

    #[inline(always)]
    unsafe fn blend(a: *const i8, b: *const i8, by: &Blend) -> Self::Sums {
        // SAFETY: both valid for 16.
        unsafe {
            let a = _mm_shuffle_epi32(_mm_loadu_si128(a.cast()), 0b11_01_10_00);
            let b = _mm_shuffle_epi32(_mm_loadu_si128(b.cast()), 0b11_01_10_00);
            let pairs = [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)];
            let factors = parts!(i in [0, 1] => {
                _mm256_set1_epi32(i32::from(by.b[i]) << 16 | i32::from(by.a[i]) & 0xffff)
            });
            let (add, right) = (_mm256_set1_epi32(by.add), _mm_cvtsi32_si128(by.right));
            parts!(i in [0, 1] => {
                let pairs = _mm256_cvtepi8_epi16(pairs[i]);
                let high = _mm256_slli_epi32(_mm256_madd_epi16(pairs, factors[0]), 7);
                let low = _mm256_srai_epi32(_mm256_madd_epi16(pairs, factors[1]), 8);
                _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(high, low), add), right)
            })
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe { parts!(i in [0, 1] => _mm256_add_epi32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe { parts!(i in [0, 1] => _mm256_sub_epi32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Sums, b: Self::Sums) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe { parts!(i in [0, 1] => _mm256_mullo_epi32(a[i], b[i])) }
    }

    #[inline(always)]
    unsafe fn shift(sums: Self::Sums, left: i32) -> Self::Sums {
        // SAFETY: the processor has AVX2.
        unsafe { parts!(i in [0, 1] => _mm256_sll_epi32(sums[i], _mm_cvtsi32_si128(left))) }
    }

    #[inline(always)]
    unsafe fn limits(codes: Codes) -> Self::Limits {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm_set1_epi8(codes.min as i8), _mm_set1_epi8(codes.max as i8)] }
    }

    #[inline(always)]
    unsafe fn store([low, high]: Self::Sums, [min, max]: Self::Limits, to: *mut i8) {
        // SAFETY: valid for 16.
        unsafe {
            let wide = _mm256_packs_epi32(low, high);
            let codes = _mm_packs_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
            _mm_storeu_si128(to.cast(), _mm_max_epi8(_mm_min_epi8(codes, max), min));
        }
    }

    #[inline(always)]
    unsafe fn write(sums: &mut [Self::Sums], by: &Self::Scale, limits: Self::Limits, to: *mut i8, stride: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if by.grows {
                write_halves::<true, true>(sums, by, limits, to, stride);
            } else if by.exact {
                write_halves::<false, true>(sums, by, limits, to, stride);
            } else {
                write_halves::<false, false>(sums, by, limits, to, stride);
            }
        }
    }
}

/// Rescales and stores rows, a half of the lanes after the other, so that its factors stay in registers.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn write_halves<const GROWS: bool, const EXACT: bool>(
    sums: &mut [[__m256i; 2]],
    by: &Factors,
    [min, max]: [__m128i; 2],
    to: *mut i8,
    stride: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let [low, high] = by.halves;
        for s in &mut *sums {
            s[0] = rescale_eight::<GROWS, EXACT>(s[0], &low);
        }
        let zero = _mm256_set1_epi16(by.zero as i16);
        let (min, max) = (_mm256_broadcastsi128_si256(min), _mm256_broadcastsi128_si256(max));
        let order = _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0f0d_0e0c_0b09_0a08, 0x0705_0604_0301_0200));
        for (i, two) in sums.chunks_mut(2).enumerate() {
            for s in &mut *two {
                let codes = _mm256_packs_epi32(s[0], rescale_eight::<GROWS, EXACT>(s[1], &high));
                s[0] = _mm256_adds_epi16(codes, zero);
            }
            let (first, second, to) = (two[0][0], two[two.len() - 1][0], to.add(2 * i * stride));
            let codes = _mm256_max_epi8(_mm256_min_epi8(_mm256_packs_epi16(first, second), max), min);
            let codes = _mm256_shuffle_epi8(codes, order);
            let (lower, upper) = (_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
            _mm_storeu_si128(to.cast(), _mm_unpacklo_epi64(lower, upper));
            if two.len() > 1 {
                _mm_storeu_si128(to.add(stride).cast(), _mm_unpackhi_epi64(lower, upper));
            }
        }
    }
}
