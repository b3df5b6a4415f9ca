//! Convolutions of NHWC images.

use super::{Code, Requant, Sum, centered, dots, padded, rows, whole};
use crate::error::{KernelError, Result, ensure};
use crate::float::conv::ConvParams;
use crate::geometry::{Window, elements};
use crate::simd::wide;

/// Codes of a tensor with its shape and the code of 0.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a, C = i8> {
    /// Row-major codes.
    pub data: &'a [C],
    /// Sizes.
    pub shape: &'a [usize],
    /// The code of 0.
    pub zero: i32,
}

/// A filter, symmetric: its code of 0 is 0. Codes of uint8 are given less their zero, as int16.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a, W = i8, S = i32> {
    /// Row-major codes.
    pub data: &'a [W],
    /// Sizes.
    pub shape: &'a [usize],
    /// One addend a channel, of the type of sums.
    pub bias: Option<&'a [S]>,
}

pub(crate) fn rank_4(shape: &[usize]) -> Result<[usize; 4]> {
    shape.try_into().map_err(|_| KernelError::new(format!("rank {} is not 4", shape.len())))
}

/// The bias of each channel, 0 where there is none.
fn start<S: Sum>(bias: Option<&[S]>, channels: usize) -> Result<Vec<S>> {
    let bias = bias.map_or_else(|| vec![S::default(); channels], <[S]>::to_vec);
    ensure(bias.len() == channels, || format!("{} biases for {channels} channels", bias.len()))?;
    Ok(bias)
}

/// `x [n, h, w, c]` with `filter [o, kh, kw, c / groups]`; gives the result and its shape.
pub fn conv_2d<C: Code, W: Code, S: Sum>(
    x: Image<'_, C>,
    f: Filter<'_, W, S>,
    params: ConvParams,
    out: &Requant,
) -> Result<(Vec<C>, Vec<usize>)> {
    out.fits(rank_4(f.shape)?[0])?;
    let mut y = Vec::new();
    let shape = conv_sums(x, f, params, |sums| out.push(sums, &mut y))?;
    Ok((y, shape))
}

/// Gives the sums of each output pixel, in order, to `pixel`; gives the shape of the result.
pub(super) fn conv_sums<C: Code, W: Code, S: Sum>(
    x: Image<'_, C>,
    f: Filter<'_, W, S>,
    params: ConvParams,
    mut pixel: impl FnMut(&[S]),
) -> Result<Vec<usize>> {
    let [n, h, w, c] = rank_4(x.shape)?;
    let [o, kh, kw, fc] = rank_4(f.shape)?;
    whole(x.data, x.shape)?;
    whole(f.data, f.shape)?;
    ensure(fc > 0 && c > 0 && c % fc == 0 && o % (c / fc) == 0, || format!("{c} channels and a filter of {fc}"))?;
    let (groups, per_group) = (c / fc, o / (c / fc));
    let win = params.window([h, w], [kh, kw])?;
    let (oh, ow) = (win.y.output, win.x.output);
    let shape = vec![n, oh, ow, o];
    elements(&shape)?;
    let depth = kh * kw * fc;
    ensure(depth > 0 && o > 0, || format!("a filter of shape {:?}", f.shape))?;
    let bias = start(f.bias, o)?;
    let row = padded(depth);
    let weights = rows(f.data, 0, depth);
    let mut patch = vec![0; groups * row];
    let mut sums = vec![S::default(); o];
    for b in 0..n {
        let image = centered(&x.data[b * h * w * c..][..h * w * c], x.zero);
        for (oy, ox) in (0..oh).flat_map(|oy| (0..ow).map(move |ox| (oy, ox))) {
            unfold(&image, w, c, fc, &win, oy, ox, &mut patch);
            let filters = weights.chunks(per_group * row).zip(sums.chunks_mut(per_group));
            for (patch, (filters, sums)) in patch.chunks(row).zip(filters) {
                dots(patch, filters, sums);
            }
            sums.iter_mut().zip(&bias).for_each(|(s, b)| *s = s.plus(*b));
            pixel(&sums);
        }
    }
    Ok(shape)
}

/// Writes the taps of one output pixel, group by group; padding is 0.
#[allow(clippy::too_many_arguments, reason = "the loop nest's bounds")]
fn unfold(image: &[i16], w: usize, c: usize, fc: usize, win: &Window, oy: usize, ox: usize, out: &mut [i16]) {
    let taps = win.y.taps * win.x.taps;
    for ky in 0..win.y.taps {
        let iy = win.y.source(oy, ky);
        for kx in 0..win.x.taps {
            let tap = ky * win.x.taps + kx;
            let from = iy.zip(win.x.source(ox, kx)).map(|(iy, ix)| &image[(iy * w + ix) * c..][..c]);
            for g in 0..c / fc {
                let to = &mut out[g * padded(taps * fc) + tap * fc..][..fc];
                match from {
                    Some(pixel) => to.copy_from_slice(&pixel[g * fc..][..fc]),
                    None => to.fill(0),
                }
            }
        }
    }
}

/// `x [n, h, w, c]` with `filter [1, kh, kw, c * multiplier]`.
pub fn depthwise_conv_2d<C: Code, W: Code, S: Sum>(
    x: Image<'_, C>,
    f: Filter<'_, W, S>,
    params: ConvParams,
    out: &Requant,
) -> Result<(Vec<C>, Vec<usize>)> {
    out.fits(rank_4(f.shape)?[3])?;
    let mut y = Vec::new();
    let shape = depthwise_sums(x, f, params, |sums| out.push(sums, &mut y))?;
    Ok((y, shape))
}

/// Like [`conv_sums`], of a depthwise convolution.
pub(super) fn depthwise_sums<C: Code, W: Code, S: Sum>(
    x: Image<'_, C>,
    f: Filter<'_, W, S>,
    params: ConvParams,
    mut pixel: impl FnMut(&[S]),
) -> Result<Vec<usize>> {
    let [n, h, w, c] = rank_4(x.shape)?;
    let [one, kh, kw, o] = rank_4(f.shape)?;
    whole(x.data, x.shape)?;
    whole(f.data, f.shape)?;
    ensure(one == 1 && c > 0 && o % c == 0, || format!("{c} channels and a filter of {:?}", f.shape))?;
    let multiplier = o / c;
    let win = params.window([h, w], [kh, kw])?;
    let (oh, ow) = (win.y.output, win.x.output);
    let shape = vec![n, oh, ow, o];
    elements(&shape)?;
    let bias = start(f.bias, o)?;
    let weights = centered(f.data, 0);
    let mut sums = vec![S::default(); o];
    for b in 0..n {
        let image = centered(&x.data[b * h * w * c..][..h * w * c], x.zero);
        for (oy, ox) in (0..oh).flat_map(|oy| (0..ow).map(move |ox| (oy, ox))) {
            sums.copy_from_slice(&bias);
            for ky in 0..kh {
                let Some(iy) = win.y.source(oy, ky) else { continue };
                for kx in 0..kw {
                    let Some(ix) = win.x.source(ox, kx) else { continue };
                    let taps = &weights[(ky * kw + kx) * o..][..o];
                    add_products(&mut sums, &image[(iy * w + ix) * c..][..c], taps, multiplier);
                }
            }
            pixel(&sums);
        }
    }
    Ok(shape)
}

wide! {
    /// Adds to each channel its value times its tap.
    fn add_products<S: Sum>(sums: &mut [S], values: &[i16], taps: &[i16], multiplier: usize) {
        if multiplier == 1 {
            for ((s, v), t) in sums.iter_mut().zip(values).zip(taps) {
                *s = s.plus(S::product(*v, *t));
            }
            return;
        }
        for ((sums, taps), v) in sums.chunks_mut(multiplier).zip(taps.chunks(multiplier)).zip(values) {
            for (s, t) in sums.iter_mut().zip(taps) {
                *s = s.plus(S::product(*v, *t));
            }
        }
    }
}

/// The gradient of a convolution with respect to its input: `x [n, h, w, c]`, `filter [o, kh, kw, c]`, result of `out_shape`.
pub fn transpose_conv<C: Code, W: Code, S: Sum>(
    x: Image<'_, C>,
    f: Filter<'_, W, S>,
    out_shape: &[usize],
    params: ConvParams,
    out: &Requant,
) -> Result<Vec<C>> {
    let [n, h, w, c] = rank_4(x.shape)?;
    let o = rank_4(f.shape)?[0];
    out.fits(o)?;
    let bias = start(f.bias, o)?;
    let win = transposed_window(x.shape, f.shape, out_shape, params)?;
    whole(x.data, x.shape)?;
    whole(f.data, f.shape)?;
    let (oh, ow, taps) = (out_shape[1], out_shape[2], win.y.taps * win.x.taps);
    ensure(c > 0 && o > 0, || "an image or a filter without channels".into())?;
    let (image, weights) = (rows(x.data, x.zero, c), rows(f.data, 0, c));
    let mut products = vec![S::default(); o * taps];
    let mut sums = vec![S::default(); elements(out_shape)?];
    for (pixel, values) in image.chunks(padded(c)).enumerate().take(n * h * w) {
        let (b, iy, ix) = (pixel / (h * w), pixel / w % h, pixel % w);
        dots(values, &weights, &mut products);
        for ky in 0..win.y.taps {
            let Some(ty) = win.y.source(iy, ky) else { continue };
            for kx in 0..win.x.taps {
                let Some(tx) = win.x.source(ix, kx) else { continue };
                let at = ((b * oh + ty) * ow + tx) * o;
                for (k, sum) in sums[at..][..o].iter_mut().enumerate() {
                    *sum = sum.plus(products[k * taps + ky * win.x.taps + kx]);
                }
            }
        }
    }
    let mut y = Vec::with_capacity(sums.len());
    for pixel in sums.chunks_mut(o.max(1)) {
        pixel.iter_mut().zip(&bias).for_each(|(s, b)| *s = s.plus(*b));
        out.push(pixel, &mut y);
    }
    Ok(y)
}

/// The window of the forward convolution, from the result of a transposed one to its input.
pub(super) fn transposed_window(
    x_shape: &[usize],
    f_shape: &[usize],
    out_shape: &[usize],
    params: ConvParams,
) -> Result<Window> {
    let [n, h, w, c] = rank_4(x_shape)?;
    let [o, kh, kw, fc] = rank_4(f_shape)?;
    let [on, oh, ow, oc] = rank_4(out_shape)?;
    ensure(fc == c && oc == o && on == n, || "filter, input and output shape do not fit".into())?;
    let win = params.window([oh, ow], [kh, kw])?;
    ensure(win.y.output == h && win.x.output == w, || format!("an output of {oh}x{ow} does not come from {h}x{w}"))?;
    Ok(win)
}
