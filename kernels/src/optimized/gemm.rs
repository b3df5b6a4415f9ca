//! A matrix product: rows of codes times panels of weights.

use super::isa::{Isa, Writer};
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
    for at in (0..outputs).step_by(LANES) {
        // SAFETY: the rows `row..row + M` and the outputs from `at` on are inside by the assertions; packed values are in whole groups of lanes.
        unsafe {
            let writer = Writer::<I>::new(&g.by.out, at, outputs);
            let w = g.by.weights.as_ptr().add(at / LANES * panel_bytes);
            let bias = I::load(g.by.bias.as_ptr().add(at));
            let mut row = 0;
            while row < g.rows {
                let x = g.x.as_ptr().add(row * g.x_stride);
                let y = g.y.as_mut_ptr().add(row * g.y_stride + at);
                row += match (g.rows - row).min(I::ROWS) {
                    1 => tile::<I, 1>(x, &g, w, bias, &writer, y),
                    2 => tile::<I, 2>(x, &g, w, bias, &writer, y),
                    3 => tile::<I, 3>(x, &g, w, bias, &writer, y),
                    _ => tile::<I, 4>(x, &g, w, bias, &writer, y),
                };
            }
        }
    }
}

/// `M` rows of one panel; gives `M`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tile<I: Isa, const M: usize>(
    x: *const i8,
    g: &Gemm<'_>,
    w: *const i8,
    bias: I::Sums,
    writer: &Writer<'_, I>,
    y: *mut i8,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [bias; M];
        let whole = g.by.depth / QUAD;
        for q in 0..whole {
            let taps = I::taps(w.add(q * QUAD_BYTES));
            for (m, s) in sums.iter_mut().enumerate() {
                let codes = x.add(m * g.x_stride + q * QUAD).cast::<i32>().read_unaligned();
                *s = I::dot(*s, taps, I::quad(i32::from_le(codes)));
            }
        }
        let rest = g.by.depth % QUAD;
        if rest > 0 {
            let taps = I::taps(w.add(whole * QUAD_BYTES));
            for (m, s) in sums.iter_mut().enumerate() {
                let from = x.add(m * g.x_stride + whole * QUAD).cast::<u8>();
                // Shifted together: a copy to memory would be read back wider than it was written, which is slow.
                let mut codes = u32::from(*from);
                if rest > 1 {
                    codes |= u32::from(*from.add(1)) << 8;
                }
                if rest > 2 {
                    codes |= u32::from(*from.add(2)) << 16;
                }
                *s = I::dot(*s, taps, I::quad(codes as i32));
            }
        }
        writer.write(sums, y, g.y_stride);
    }
    M
}
