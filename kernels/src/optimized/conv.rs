//! Convolutions of NHWC images: patches of the image times panels of weights.

use std::ops::Range;

use super::gemm::{Gemm, Panels};
use super::pack::QUAD;
use super::scale::Output;
use super::variant::{Variant, best};
use super::{roomy, sized};
use crate::error::{Result, ensure};
use crate::float::conv::ConvParams;
use crate::geometry::{Window, elements};
use crate::reference::Requant;
use crate::reference::conv::{Filter, rank_4};

/// A convolution with its weights packed.
pub struct Conv {
    x_shape: [usize; 4],
    y_shape: [usize; 4],
    win: Window,
    zero: i8,
    /// One product for each group of channels.
    groups: Vec<Panels>,
    /// Output pixels whose patches are gathered at a time; 0 if the image is read as it is.
    tile: usize,
    variant: &'static Variant,
}

/// Bytes of gathered patches that stay in the first cache beside a panel of weights.
const TILE_BYTES: usize = 12 << 10;
/// The most and least pixels of a tile.
const TILE_PIXELS: (usize, usize) = (8, 64);

impl Conv {
    /// Of images of shape `[n, h, w, c]` whose code of 0 is `zero`, with `filter [o, kh, kw, c / groups]`.
    pub fn new(x_shape: &[usize], zero: i32, f: Filter<'_>, params: ConvParams, out: &Requant) -> Result<Conv> {
        let [n, h, w, c] = rank_4(x_shape)?;
        let [o, kh, kw, fc] = rank_4(f.shape)?;
        ensure(f.data.len() == elements(f.shape)?, || format!("{} weights for shape {:?}", f.data.len(), f.shape))?;
        ensure(fc > 0 && c > 0 && c % fc == 0 && o % (c / fc) == 0, || format!("{c} channels and a filter of {fc}"))?;
        ensure(f.bias.is_none_or(|b| b.len() == o), || format!("the bias has not {o} elements"))?;
        ensure((-128..128).contains(&zero), || format!("a zero point of {zero}"))?;
        let win = params.window([h, w], [kh, kw])?;
        let y_shape = [n, win.y.output, win.x.output, o];
        elements(x_shape)?;
        elements(&y_shape)?;
        let (per_group, depth) = (o / (c / fc), kh * kw * fc);
        ensure(depth > 0 && o > 0, || format!("a filter of shape {:?}", f.shape))?;
        out.fits(o)?;
        let pointwise = kh == 1 && kw == 1 && params.stride == [1, 1] && fc == c;
        // Gathered patches are filled up to whole quads.
        let filled = if pointwise { depth } else { depth.next_multiple_of(QUAD) };
        let group = |g: usize| {
            let outputs = g * per_group..(g + 1) * per_group;
            let rows = f.data[outputs.start * depth..outputs.end * depth].chunks(depth);
            let weights: Vec<i8> =
                rows.flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0, filled - depth))).collect();
            let bias = f.bias.map(|b| &b[outputs.clone()]);
            let out = match out.multipliers.len() {
                1 => out.clone(),
                _ => Requant { multipliers: out.multipliers[outputs].to_vec(), ..*out },
            };
            Panels::new(&weights, [per_group, filled], zero, bias, Output::fixed(&out, per_group)?)
        };
        let groups = (0..c / fc).map(group).collect::<Result<Vec<_>>>()?;
        let tile = if pointwise { 0 } else { (TILE_BYTES / filled).clamp(TILE_PIXELS.0, TILE_PIXELS.1) };
        let variant = best(groups.iter().any(|p| p.lowest));
        Ok(Conv { x_shape: [n, h, w, c], y_shape, win, zero: zero as i8, groups, tile, variant })
    }

    /// The same with another variant, which must be available and exact for the weights.
    pub fn with(self, variant: &'static Variant) -> Result<Conv> {
        variant.takes(self.groups.iter().any(|p| p.lowest))?;
        Ok(Conv { variant, ..self })
    }

    /// Shape of the result.
    pub fn shape(&self) -> [usize; 4] {
        self.y_shape
    }

    /// Rows of the result, of all images.
    pub fn rows(&self) -> usize {
        self.y_shape[0] * self.y_shape[1]
    }

    /// Bytes of scratch that a run needs.
    pub fn scratch(&self) -> usize {
        self.tile * self.groups[0].depth
    }

    /// Sizes of the window.
    pub fn window(&self) -> &Window {
        &self.win
    }

    /// The packed weights of each group of channels.
    pub fn groups(&self) -> &[Panels] {
        &self.groups
    }

    /// Output pixels whose patches stand in the scratch at a time; 0 if the image is read as it is.
    pub fn tile(&self) -> usize {
        self.tile
    }

    /// Computes rows `rows` of the result, which fill `y`, of the whole image `x`.
    pub fn run(&self, x: &[i8], rows: Range<usize>, y: &mut [i8], scratch: &mut [u8]) -> Result<()> {
        let [_, _, ow, o] = self.y_shape;
        ensure(rows.start <= rows.end && rows.end <= self.rows(), || format!("rows {rows:?} of {}", self.rows()))?;
        sized("an image", x.len(), self.x_shape.iter().product())?;
        sized("a result", y.len(), rows.len() * ow * o)?;
        roomy(scratch.len(), self.scratch())?;
        if self.tile == 0 {
            let c = self.x_shape[3];
            let x = &x[rows.start * ow * c..rows.end * ow * c];
            self.product(0, (x, c), rows.len() * ow, y);
            return Ok(());
        }
        let scratch = bytemuck::cast_slice_mut::<u8, i8>(scratch);
        let pixels = rows.start * ow..rows.end * ow;
        for (first, y) in pixels.step_by(self.tile).zip(y.chunks_mut(self.tile * o)) {
            for g in 0..self.groups.len() {
                let depth = self.groups[g].depth;
                let (mut row, mut ox) = (first / ow, first % ow);
                for patch in scratch.chunks_exact_mut(depth).take(y.len() / o) {
                    self.gather(x, (row, ox), g, patch);
                    ox += 1;
                    if ox == ow {
                        (row, ox) = (row + 1, 0);
                    }
                }
                self.product(g, (scratch, depth), y.len() / o, &mut y[g * self.groups[g].outputs..]);
            }
        }
        Ok(())
    }

    /// Multiplies rows of `x`, a stride apart, with the weights of group `g`.
    fn product(&self, g: usize, (x, x_stride): (&[i8], usize), rows: usize, y: &mut [i8]) {
        let product = Gemm { x, x_stride, rows, by: &self.groups[g], y, y_stride: self.y_shape[3] };
        // SAFETY: a variant is only chosen if the processor has it.
        #[allow(unsafe_code)]
        unsafe {
            (self.variant.gemm)(product);
        }
    }

    /// Copies the codes under the window of pixel `ox` of row `row` of the result, of the channels of group `g`.
    fn gather(&self, x: &[i8], (row, ox): (usize, usize), g: usize, patch: &mut [i8]) {
        let [_, h, w, c] = self.x_shape;
        let oh = self.y_shape[1];
        let fc = c / self.groups.len();
        let (image, oy) = (row / oh, row % oh);
        let Window { y: rows, x: columns } = self.win;
        // Where the window lies whole in the image, its rows are runs of codes.
        let whole = (ox * columns.stride).checked_sub(columns.pad);
        let whole = whole.filter(|ix| columns.dilation == 1 && fc == c && ix + columns.taps <= w);
        let (patch, rest) = patch.split_at_mut(rows.taps * columns.taps * fc);
        rest.fill(0);
        for (ky, patch) in patch.chunks_exact_mut(columns.taps * fc).enumerate() {
            let Some(iy) = rows.source(oy, ky) else {
                patch.fill(self.zero);
                continue;
            };
            let row = &x[(image * h + iy) * w * c..][..w * c];
            if let Some(ix) = whole {
                copy(patch, &row[ix * c..][..columns.taps * c]);
                continue;
            }
            for (kx, patch) in patch.chunks_exact_mut(fc).enumerate() {
                match columns.source(ox, kx) {
                    Some(ix) => copy(patch, &row[ix * c + g * fc..][..fc]),
                    None => patch.fill(self.zero),
                }
            }
        }
    }
}

/// Copies a short run without a call: in pieces of a fixed size, of which the last one may overlap.
#[inline(always)]
fn copy(to: &mut [i8], from: &[i8]) {
    match to.len() {
        16.. => pieces::<16>(to, from),
        8.. => pieces::<8>(to, from),
        _ => to.iter_mut().zip(from).for_each(|(t, f)| *t = *f),
    }
}

/// Copies `N` elements or more.
#[inline(always)]
fn pieces<const N: usize>(to: &mut [i8], from: &[i8]) {
    let (to_pieces, from_pieces) = (to.as_chunks_mut::<N>().0, from.as_chunks::<N>().0);
    to_pieces.iter_mut().zip(from_pieces).for_each(|(t, f)| *t = *f);
    if let (Some(t), Some(f)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *t = *f;
    }
}
