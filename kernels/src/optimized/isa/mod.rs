//! What the loops need of an instruction set: operations on groups of sixteen lanes.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
pub(super) mod portable;

use super::blend::Blend;
use super::pack::LANES;
use super::scale::{Factors, Output};
use crate::reference::Codes;

/// An expression for each of several constant indices, as an array. A closure would be compiled without the instruction set.
macro_rules! parts {
    ($i:ident in [$($index:literal),*] => $of:expr) => {
        [$({ let $i = $index; $of }),*]
    };
}
pub(super) use parts;

/// Operations on sixteen lanes, in the order of [`super::pack::lane_of`]. Sums and products of `i32` wrap.
///
/// # Safety
///
/// Every function: the processor has the instruction set, and pointers are valid for as many elements as are named.
#[allow(unsafe_code)]
pub(super) trait Isa {
    /// Sixteen `i32`.
    type Sums: Copy;
    /// The same four codes for every lane.
    type Quad: Copy;
    /// Two weights for each lane.
    type Pairs: Copy;
    /// Two codes for each lane.
    type Couples: Copy;
    /// Sixteen factors.
    type Scale;
    /// The least and the greatest code of a result.
    type Limits: Copy;

    /// Whether [`Isa::dot`] is exact for a weight of -128.
    const ANY_WEIGHT: bool;
    /// Sixteens of sums that the registers hold beside what they are made of.
    const SIXTEENS: usize;

    unsafe fn load(from: *const i32) -> Self::Sums;

    /// The four codes in a little-endian number.
    unsafe fn quad(codes: i32) -> Self::Quad;
    /// Adds to each lane of each row its four products with weights, of which there are 64.
    unsafe fn dot<const M: usize>(rows: &mut [Self::Sums; M], weights: *const i8, quads: [Self::Quad; M]);

    /// 32 weights.
    unsafe fn pairs(from: *const i8) -> Self::Pairs;
    /// 16 codes of 9 bits at `first` and as many at `second`, which stand in the order of outputs.
    unsafe fn couple(first: *const i16, second: *const i16) -> Self::Couples;
    /// Adds to each lane its products with two codes.
    unsafe fn dot_couples(sums: Self::Sums, pairs: Self::Pairs, codes: Self::Couples) -> Self::Sums;

    /// Takes over lanes 0-7, or 8-15, or all. Of the lanes that are not taken over nothing need be computed.
    #[inline(always)]
    unsafe fn keep_half<const HALF: usize>(from: Self::Sums, to: &mut Self::Sums) {
        *to = from;
    }

    /// 16 mantissas in `0..=i32::MAX` and shifts in `-31..=31`. Of results below `least` it matters only that they are.
    unsafe fn scale(mantissas: *const i32, shifts: *const i32, zero: i32, least: i32) -> Self::Scale;
    /// As [`crate::fixed::Multiplier::apply`] with [`crate::fixed::Rule::Double`], plus the zero.
    unsafe fn rescale(sums: Self::Sums, by: &Self::Scale) -> Self::Sums;
    /// Each lane times its factor, of 16, rounded once, halves away from zero. What is beyond 29 bits ends anywhere beyond them.
    unsafe fn rescale_real(sums: Self::Sums, ratios: *const f64, zero: i32) -> Self::Sums;
    /// 16 codes less their zero.
    unsafe fn codes(from: *const i8, zero: i32) -> Self::Sums;
    /// [`Blend::apply`] of 16 pairs of codes.
    unsafe fn blend(a: *const i8, b: *const i8, by: &Blend) -> Self::Sums;
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    unsafe fn sub(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    unsafe fn mul(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// Shifts left by a number in `0..=31`.
    unsafe fn shift(sums: Self::Sums, left: i32) -> Self::Sums;

    /// Both within int8.
    unsafe fn limits(codes: Codes) -> Self::Limits;
    /// Writes 16 codes within limits in the order of outputs.
    unsafe fn store(sums: Self::Sums, limits: Self::Limits, to: *mut i8);
    /// Rescales and stores rows, a stride apart. May leave anything in the sums.
    #[inline(always)]
    unsafe fn write(sums: &mut [Self::Sums], by: &Self::Scale, limits: Self::Limits, to: *mut i8, stride: usize) {
        for (row, s) in sums.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { Self::store(Self::rescale(*s, by), limits, to.add(row * stride)) }
        }
    }
}

/// Rows of sums that are made before they become codes: they stay in the first cache.
pub(super) const TOGETHER: usize = 64;

/// What makes codes of the sums of sixteen outputs.
pub(super) struct Writer<'a, I: Isa> {
    factors: Sixteen<'a, I>,
    zero: i32,
    limits: I::Limits,
    /// Outputs there are, up to sixteen.
    outputs: usize,
}

/// Sixteen factors: in registers, or as they are.
enum Sixteen<'a, I: Isa> {
    Fixed(I::Scale),
    Real(&'a [f64]),
}

#[allow(unsafe_code)]
impl<'a, I: Isa> Writer<'a, I> {
    /// Of the outputs from `at` on, of which there are `outputs` in all.
    ///
    /// # Safety
    ///
    /// As for [`Isa`].
    #[inline(always)]
    pub unsafe fn new(out: &'a Output, at: usize, outputs: usize) -> Writer<'a, I> {
        let factors = match &out.factors {
            Factors::Fixed { mantissas, shifts } => {
                let (mantissas, shifts) = (&mantissas[at..at + LANES], &shifts[at..at + LANES]);
                // SAFETY: the caller's promise; both have 16 elements.
                Sixteen::Fixed(unsafe { I::scale(mantissas.as_ptr(), shifts.as_ptr(), out.zero, out.codes.min) })
            }
            Factors::Real { ratios } => Sixteen::Real(&ratios[at..at + LANES]),
        };
        // SAFETY: the caller's promise.
        let limits = unsafe { I::limits(out.codes) };
        Writer { factors, zero: out.zero, limits, outputs: LANES.min(outputs - at) }
    }

    /// Writes the codes of rows of sums, in which it may leave anything.
    ///
    /// # Safety
    ///
    /// As for [`Isa`]; `y` is valid for a code an output at as many multiples of `stride`.
    #[inline(always)]
    pub unsafe fn write(&self, sums: &mut [I::Sums], y: *mut i8, stride: usize) {
        // SAFETY: the caller's promise; where there are fewer than 16 outputs, codes go through `codes`.
        unsafe {
            match &self.factors {
                Sixteen::Fixed(by) if self.outputs == LANES => return I::write(sums, by, self.limits, y, stride),
                Sixteen::Fixed(by) => {
                    for s in &mut *sums {
                        *s = I::rescale(*s, by);
                    }
                }
                Sixteen::Real(ratios) => {
                    for s in &mut *sums {
                        *s = I::rescale_real(*s, ratios.as_ptr(), self.zero);
                    }
                }
            }
            for (row, s) in sums.iter().enumerate() {
                let mut codes = [0i8; LANES];
                I::store(*s, self.limits, codes.as_mut_ptr());
                std::ptr::copy_nonoverlapping(codes.as_ptr(), y.add(row * stride), self.outputs);
            }
        }
    }
}
