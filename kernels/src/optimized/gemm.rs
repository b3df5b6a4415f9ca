//! A matrix product: rows of codes times panels of weights.

use std::ops::Range;

use super::isa::{Isa, TOGETHER, Writer};
use super::pack::{LANES, QUAD, QUAD_BYTES, panels};
use super::scale::{Output, biases};
use crate::error::{Result, ensure};
use crate::geometry::elements;

/// Weights packed for a product, with what its sums begin with and become.
#[derive(Clone, Debug)]
pub struct Panels {
    /// As [`panels`] orders them.
    pub weights: Vec<i8>,
    /// `bias - zero * sum(w)` of each output, filled up.
    pub bias: Vec<i32>,
    /// Factors of the outputs.
    pub out: Output,
    /// Outputs.
    pub outputs: usize,
    /// Weights of one output.
    pub depth: usize,
    /// Whether a weight is -128, which some variants do not multiply exactly.
    pub lowest: bool,
}

impl Panels {
    /// Of `weights [outputs, depth]` for codes with the given code of 0.
    pub fn new(
        weights: &[i8],
        [outputs, depth]: [usize; 2],
        zero: i32,
        bias: Option<&[i32]>,
        out: Output,
    ) -> Result<Panels> {
        ensure(outputs > 0 && depth > 0 && weights.len() == elements(&[outputs, depth])?, || {
            format!("{} weights for {outputs} outputs of {depth}", weights.len())
        })?;
        let sum = |o: usize| weights[o * depth..][..depth].iter().map(|w| i32::from(*w)).sum();
        Ok(Panels {
            weights: panels(weights, outputs, depth),
            bias: biases(bias, outputs, zero, sum)?,
            out,
            outputs,
            depth,
            lowest: weights.contains(&i8::MIN),
        })
    }
}

/// One product: `rows` rows of `x`, `x_stride` apart, give rows of `y`, `y_stride` apart.
pub(super) struct Gemm<'a> {
    pub x: &'a [i8],
    pub x_stride: usize,
    pub rows: usize,
    pub by: &'a Panels,
    pub y: &'a mut [i8],
    pub y_stride: usize,
}

/// Computes a product.
///
/// # Safety
///
/// The processor has the instruction set.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) unsafe fn run<I: Isa>(g: Gemm<'_>) {
    let Panels { outputs, depth, .. } = *g.by;
    let Some(last) = g.rows.checked_sub(1) else { return };
    assert!(g.x.len() >= last * g.x_stride + depth && g.y.len() >= last * g.y_stride + outputs);
    let panel_bytes = depth.div_ceil(QUAD) * QUAD_BYTES;
    assert!(g.by.weights.len() == outputs.div_ceil(LANES) * panel_bytes);
    assert!(g.by.bias.len() >= outputs && g.by.out.lanes() >= outputs);
    // SAFETY: all rows and outputs are inside by the assertions; packed values are in whole groups of lanes.
    unsafe {
        let mut sums = [[I::load(g.by.bias.as_ptr()); TOGETHER]; 2];
        for row in (0..g.rows).step_by(TOGETHER) {
            let rows = TOGETHER.min(g.rows - row);
            let mut at = 0;
            while at < outputs {
                let w = g.by.weights.as_ptr().add(at / LANES * panel_bytes);
                let panels = if I::SIXTEENS >= 4 && at + LANES < outputs { 2 } else { 1 };
                for from in (0..depth).step_by(STRETCH) {
                    let part = Part { rows: row..row + rows, depth: from..depth.min(from + STRETCH), at };
                    if panels == 2 {
                        rows_of::<I, 2>(&g, &part, [w, w.add(panel_bytes)], &mut sums);
                    } else {
                        rows_of::<I, 1>(&g, &part, [w], &mut sums);
                    }
                }
                for sums in &mut sums[..panels] {
                    let writer = Writer::<I>::new(&g.by.out, at, outputs);
                    writer.write(&mut sums[..rows], g.y.as_mut_ptr().add(row * g.y_stride + at), g.y_stride);
                    at += LANES;
                }
            }
        }
    }
}

/// A stretch of the depth whose weights of two panels stay in the first cache; a multiple of [`QUAD`].
const STRETCH: usize = 384;

/// Up to [`TOGETHER`] rows, a stretch of the depth, and the first output.
struct Part {
    rows: Range<usize>,
    depth: Range<usize>,
    at: usize,
}

/// Adds the products of a stretch to the sums of rows for `P` panels; the first one begins with the bias.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn rows_of<I: Isa, const P: usize>(
    g: &Gemm<'_>,
    part: &Part,
    panels: [*const i8; P],
    sums: &mut [[I::Sums; TOGETHER]; 2],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut row = part.rows.start;
        while row < part.rows.end {
            row += match (part.rows.end - row).min(I::SIXTEENS / P) {
                1 => tile::<I, 1, P>(g, part, row, panels, sums),
                2 | 3 => tile::<I, 2, P>(g, part, row, panels, sums),
                _ => tile::<I, 4, P>(g, part, row, panels, sums),
            };
        }
    }
}

/// The same for `M` rows from `row` on; gives `M`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tile<I: Isa, const M: usize, const P: usize>(
    g: &Gemm<'_>,
    part: &Part,
    row: usize,
    panels: [*const i8; P],
    sums: &mut [[I::Sums; TOGETHER]; 2],
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let (x, to) = (g.x.as_ptr().add(row * g.x_stride), row - part.rows.start);
        let bias = g.by.bias.as_ptr().add(part.at);
        let mut acc = [[I::load(bias); M]; P];
        for (p, acc) in acc.iter_mut().enumerate() {
            *acc = [I::load(bias.add(p * LANES)); M];
            if part.depth.start > 0 {
                acc.copy_from_slice(&sums[p][to..][..M]);
            }
        }
        let (from, whole) = (part.depth.start / QUAD, part.depth.end / QUAD);
        for q in from..whole {
            let mut quads = [I::quad(0); M];
            for (m, quad) in quads.iter_mut().enumerate() {
                let codes = x.add(m * g.x_stride + q * QUAD).cast::<i32>().read_unaligned();
                *quad = I::quad(i32::from_le(codes));
            }
            for (acc, w) in acc.iter_mut().zip(panels) {
                I::dot(acc, w.add(q * QUAD_BYTES), quads);
            }
        }
        let rest = part.depth.end % QUAD;
        if rest > 0 {
            let mut quads = [I::quad(0); M];
            for (m, quad) in quads.iter_mut().enumerate() {
                *quad = I::quad(last_codes(x.add(m * g.x_stride + whole * QUAD), rest));
            }
            for (acc, w) in acc.iter_mut().zip(panels) {
                I::dot(acc, w.add(whole * QUAD_BYTES), quads);
            }
        }
        for (p, acc) in acc.iter().enumerate() {
            sums[p][to..][..M].copy_from_slice(acc);
        }
    }
    M
}

/// Up to three codes. Shifted together: a copy to memory would be read back wider than it was written, which is slow.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn last_codes(from: *const i8, n: usize) -> i32 {
    // SAFETY: valid for `n`.
    unsafe {
        let from = from.cast::<u8>();
        let mut codes = u32::from(*from);
        if n > 1 {
            codes |= u32::from(*from.add(1)) << 8;
        }
        if n > 2 {
            codes |= u32::from(*from.add(2)) << 16;
        }
        codes as i32
    }
}
