//! Convolutions of NHWC images: patches of the image times packed weights.

use super::BAND;
use super::gemm::Weights;
use crate::error::{Result, ensure};
use crate::float::Clamp;
use crate::float::conv::{ConvParams, rank_4};
use crate::geometry::{Window, elements};

/// A convolution with its weights packed.
pub struct Conv {
    x_shape: [usize; 4],
    y_shape: [usize; 4],
    win: Window,
    /// The weights of each group of channels.
    groups: Vec<Weights>,
    act: Clamp,
    /// Output pixels that are computed at a time.
    pixels: usize,
}

/// No fewer pixels are computed at a time: a product of few rows does not pay for reading the weights.
const LEAST_PIXELS: usize = 24;

impl Conv {
    /// Of images of shape `[n, h, w, c]` with `filter [o, kh, kw, c / groups]` and `bias [o]`.
    pub fn new(
        x_shape: &[usize],
        filter: &[f32],
        f_shape: &[usize],
        bias: Option<&[f32]>,
        params: ConvParams,
        act: Clamp,
    ) -> Result<Conv> {
        let x_shape @ [n, h, w, c] = rank_4(x_shape)?;
        let [o, kh, kw, fc] = rank_4(f_shape)?;
        ensure(fc > 0 && c > 0 && o > 0 && c % fc == 0 && o % (c / fc) == 0, || {
            format!("{c} channels and a filter of {fc}")
        })?;
        ensure(filter.len() == elements(f_shape)?, || format!("{} weights for shape {f_shape:?}", filter.len()))?;
        ensure(bias.is_none_or(|b| b.len() == o), || format!("the bias has not {o} elements"))?;
        let win = params.window([h, w], [kh, kw])?;
        let y_shape = [n, win.y.output, win.x.output, o];
        elements(&x_shape)?;
        elements(&y_shape)?;
        let (per_group, depth) = (o / (c / fc), kh * kw * fc);
        let group = |g: usize| {
            let outputs = g * per_group..(g + 1) * per_group;
            let weights = &filter[outputs.start * depth..outputs.end * depth];
            Weights::new(weights, [per_group, depth], bias.map(|b| &b[outputs]))
        };
        let groups = (0..c / fc).map(group).collect::<Result<Vec<_>>>()?;
        let pixels = (BAND / depth.max(o)).max(LEAST_PIXELS);
        Ok(Conv { x_shape, y_shape, win, groups, act, pixels })
    }

    /// Shape of the result.
    pub fn shape(&self) -> [usize; 4] {
        self.y_shape
    }

    /// Elements of the result that are best computed at a time: whole pixels.
    pub fn band(&self) -> usize {
        self.pixels * self.y_shape[3]
    }

    /// Whether the image is read as it is.
    fn is_pointwise(&self) -> bool {
        let one = |a: &crate::geometry::Axis| a.taps == 1 && a.stride == 1;
        one(&self.win.y) && one(&self.win.x) && self.groups.len() == 1
    }

    /// Elements of scratch that a run needs: patches, and results of one group.
    pub fn scratch(&self) -> usize {
        match self.is_pointwise() {
            true => 0,
            false => self.pixels * (self.groups[0].depth() + self.part()),
        }
    }

    /// Elements of a pixel of the result that are computed apart: those of one group of several.
    fn part(&self) -> usize {
        if self.groups.len() > 1 { self.groups[0].outputs() } else { 0 }
    }

    /// Computes the pixels that fill `y`, at most a band, from pixel `first` on, of the whole image `x`.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32], scratch: &mut [f32]) -> Result<()> {
        let [_, _, _, o] = self.y_shape;
        let count = y.len() / o;
        ensure(count <= self.pixels && scratch.len() >= self.scratch(), || format!("{count} pixels are too many"))?;
        if self.is_pointwise() {
            let c = self.x_shape[3];
            self.groups[0].product(&x[first * c..(first + count) * c], y)?;
        } else {
            let (patches, part) = scratch.split_at_mut(self.pixels * self.groups[0].depth());
            for (g, weights) in self.groups.iter().enumerate() {
                let patches = &mut patches[..count * weights.depth()];
                for (i, patch) in patches.chunks_exact_mut(weights.depth()).enumerate() {
                    self.gather(x, first + i, g, patch);
                }
                if self.groups.len() == 1 {
                    weights.product(patches, y)?;
                    continue;
                }
                let part = &mut part[..count * weights.outputs()];
                weights.product(patches, part)?;
                for (pixel, values) in y.chunks_exact_mut(o).zip(part.chunks_exact(weights.outputs())) {
                    pixel[g * values.len()..][..values.len()].copy_from_slice(values);
                }
            }
        }
        self.act.apply(y);
        Ok(())
    }

    /// Copies what is under the window of output pixel `pixel`, of the channels of group `g`; 0 in the padding.
    fn gather(&self, x: &[f32], pixel: usize, g: usize, patch: &mut [f32]) {
        let [_, h, w, c] = self.x_shape;
        let [_, oh, ow, _] = self.y_shape;
        let fc = c / self.groups.len();
        let (image, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
        let columns = self.win.x.inside(ox);
        let run = self.win.x.taps * fc;
        // Neighbouring taps of all channels stand together in the image too.
        let whole = self.win.x.dilation == 1 && self.groups.len() == 1;
        for (ky, out) in patch.chunks_exact_mut(run).enumerate() {
            let (Some(iy), false) = (self.win.y.source(oy, ky), columns.is_empty()) else {
                out.fill(0.0);
                continue;
            };
            out[..columns.start * fc].fill(0.0);
            out[columns.end * fc..].fill(0.0);
            let row = &x[(image * h + iy) * w * c..][..w * c];
            let at = |kx: usize| (ox * self.win.x.stride + kx * self.win.x.dilation - self.win.x.pad) * c + g * fc;
            if whole {
                let n = columns.len() * fc;
                out[columns.start * fc..][..n].copy_from_slice(&row[at(columns.start)..][..n]);
                continue;
            }
            for kx in columns.clone() {
                out[kx * fc..][..fc].copy_from_slice(&row[at(kx)..][..fc]);
            }
        }
    }
}
