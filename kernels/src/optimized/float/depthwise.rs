//! Depthwise convolutions of NHWC images: channels side by side in registers.

use std::ops::Range;

use super::BAND;
use crate::error::{Result, ensure};
use crate::float::Clamp;
use crate::float::conv::{ConvParams, rank_4};
use crate::geometry::{Axis, Window, elements};
use crate::simd::fused;

/// A depthwise convolution with one filter a channel.
pub struct Depthwise {
    x_shape: [usize; 4],
    y_shape: [usize; 4],
    win: Window,
    filter: Vec<f32>,
    bias: Vec<f32>,
    act: Clamp,
    /// Which taps lie inside the image: of rows, and of columns.
    inside: [Inside; 2],
    /// For each kind of rows and each of columns: the taps inside.
    taps: Vec<Vec<Tap>>,
}

/// Where a tap's values stand after those of the first tap inside, and its weights in the filter.
#[derive(Clone, Copy, Debug)]
struct Tap {
    value: usize,
    weight: usize,
}

/// The taps inside the image at each output of an axis. There are few kinds: those at the two borders, and all.
struct Inside {
    kinds: Vec<Range<usize>>,
    /// The kind at each output.
    of: Vec<usize>,
}

impl Inside {
    fn new(axis: &Axis) -> Inside {
        let mut kinds: Vec<Range<usize>> = Vec::new();
        let mut kind = |taps: Range<usize>| match kinds.iter().position(|k| *k == taps) {
            Some(i) => i,
            None => {
                kinds.push(taps);
                kinds.len() - 1
            }
        };
        let of = (0..axis.output).map(|out| kind(axis.inside(out))).collect();
        Inside { kinds, of }
    }
}

impl Depthwise {
    /// Of images of shape `[n, h, w, c]` with `filter [1, kh, kw, c]` and `bias [c]`.
    pub fn new(
        x_shape: &[usize],
        filter: &[f32],
        f_shape: &[usize],
        bias: Option<&[f32]>,
        params: ConvParams,
        act: Clamp,
    ) -> Result<Depthwise> {
        let x_shape @ [n, h, w, c] = rank_4(x_shape)?;
        let [one, kh, kw, o] = rank_4(f_shape)?;
        ensure(one == 1 && c > 0 && o == c, || format!("{c} channels and a filter of {f_shape:?}"))?;
        ensure(filter.len() == elements(f_shape)?, || format!("{} weights for shape {f_shape:?}", filter.len()))?;
        ensure(bias.is_none_or(|b| b.len() == o), || format!("the bias has not {o} elements"))?;
        let win = params.window([h, w], [kh, kw])?;
        let y_shape = [n, win.y.output, win.x.output, o];
        elements(&x_shape)?;
        elements(&y_shape)?;
        let inside = [Inside::new(&win.y), Inside::new(&win.x)];
        let mut taps = Vec::new();
        for rows in &inside[0].kinds {
            for columns in &inside[1].kinds {
                let all = rows.clone().flat_map(|ky| columns.clone().map(move |kx| (ky, kx)));
                let tap = |(ky, kx): (usize, usize)| {
                    let (down, right) = ((ky - rows.start) * win.y.dilation, (kx - columns.start) * win.x.dilation);
                    Tap { value: (down * w + right) * c, weight: (ky * kw + kx) * c }
                };
                taps.push(all.map(tap).collect());
            }
        }
        let bias = bias.map_or_else(|| vec![0.0; o], <[f32]>::to_vec);
        Ok(Depthwise { x_shape, y_shape, win, filter: filter.to_vec(), bias, act, inside, taps })
    }

    /// Shape of the result.
    pub fn shape(&self) -> [usize; 4] {
        self.y_shape
    }

    /// Elements of the result that are best computed at a time: whole rows of pixels.
    pub fn band(&self) -> usize {
        let row = self.y_shape[2] * self.y_shape[3];
        (BAND / row.max(1)).max(1) * row
    }

    /// Computes the rows of pixels that fill `y`, from row `first` of all images on, of the whole image `x`.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32]) {
        rows(self, x, first, y);
    }
}

fused! {
    /// Rows of pixels.
    fn rows(conv: &Depthwise, x: &[f32], first: usize, y: &mut [f32]) with madd {
        let [_, h, w, c] = conv.x_shape;
        let [_, oh, ow, _] = conv.y_shape;
        let [of_rows, of_columns] = &conv.inside;
        for (row, out) in (first..).zip(y.chunks_exact_mut(ow * c)) {
            let (image, oy) = (row / oh, row % oh);
            let rows = of_rows.of[oy];
            let iy = conv.win.y.source(oy, of_rows.kinds[rows].start).unwrap_or(0);
            for (ox, pixel) in out.chunks_exact_mut(c).enumerate() {
                let columns = of_columns.of[ox];
                let taps = &conv.taps[rows * of_columns.kinds.len() + columns];
                let ix = conv.win.x.source(ox, of_columns.kinds[columns].start).unwrap_or(0);
                let x = &x[((image * h + iy) * w + ix) * c..];
                let blocks = c - c % BLOCK;
                let small = c - c % SMALL;
                // Loops, not closures: those would be compiled without the processor's features.
                for at in (0..blocks).step_by(BLOCK) {
                    channels::<BLOCK>(conv, taps, x, at, pixel, &madd);
                }
                for at in (blocks..small).step_by(SMALL) {
                    channels::<SMALL>(conv, taps, x, at, pixel, &madd);
                }
                for at in small..c {
                    channels::<1>(conv, taps, x, at, pixel, &madd);
                }
            }
        }
    }
}

/// Channels whose sums stay in registers, and the same for those left over.
const BLOCK: usize = 32;
const SMALL: usize = 8;

/// `N` channels of a pixel, from channel `at` on.
#[inline(always)]
fn channels<const N: usize>(
    conv: &Depthwise,
    taps: &[Tap],
    x: &[f32],
    at: usize,
    pixel: &mut [f32],
    madd: &impl Fn(f32, f32, f32) -> f32,
) {
    let mut sums = [0f32; N];
    sums.copy_from_slice(&conv.bias[at..at + N]);
    for tap in taps {
        let (values, weights) = (&x[tap.value + at..][..N], &conv.filter[tap.weight + at..][..N]);
        for k in 0..N {
            sums[k] = madd(values[k], weights[k], sums[k]);
        }
    }
    for (o, s) in pixel[at..at + N].iter_mut().zip(sums) {
        *o = s.max(conv.act.min).min(conv.act.max);
    }
}
