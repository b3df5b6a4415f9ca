//! Convolutions of NHWC images.

use super::Clamp;
use super::matmul::{Matrix, add_bias, gemm};
use crate::error::{Result, ensure};
use crate::geometry::{Axis, Window, elements};
use crate::simd::wide;

/// Strides, dilations and padding of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvParams {
    /// Rows and columns from one output to the next.
    pub stride: [usize; 2],
    /// Rows and columns from one tap to the next.
    pub dilation: [usize; 2],
    /// SAME padding instead of VALID.
    pub same: bool,
}

impl ConvParams {
    /// The window of a filter of `taps` over an image of `size` (rows, columns).
    pub fn window(&self, size: [usize; 2], taps: [usize; 2]) -> Result<Window> {
        Ok(Window {
            y: Axis::new(size[0], taps[0], self.stride[0], self.dilation[0], self.same)?,
            x: Axis::new(size[1], taps[1], self.stride[1], self.dilation[1], self.same)?,
        })
    }
}

pub(crate) fn rank_4(shape: &[usize]) -> Result<[usize; 4]> {
    shape.try_into().map_err(|_| crate::error::KernelError::new(format!("rank {} is not 4", shape.len())))
}

/// `x [n, h, w, c]` with `filter [o, kh, kw, c / groups]`; gives the result and its shape.
pub fn conv_2d(
    x: &[f32],
    x_shape: &[usize],
    filter: &[f32],
    f_shape: &[usize],
    bias: Option<&[f32]>,
    params: ConvParams,
    act: Clamp,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let [n, h, w, c] = rank_4(x_shape)?;
    let [o, kh, kw, fc] = rank_4(f_shape)?;
    ensure(fc > 0 && c > 0 && o > 0 && c % fc == 0 && o % (c / fc) == 0, || {
        format!("{c} channels and a filter of {fc}")
    })?;
    let groups = c / fc;
    let win = params.window([h, w], [kh, kw])?;
    let (oh, ow) = (win.y.output, win.x.output);
    let pixels = oh * ow;
    let depth = kh * kw * fc;
    let mut y = vec![0.0; elements(&[n, oh, ow, o])?];
    let pointwise = kh == 1 && kw == 1 && params.stride == [1, 1] && groups == 1;
    if pointwise {
        let (a, b) = (Matrix { data: x, row: c, col: 1 }, Matrix { data: filter, row: 1, col: c });
        gemm(n * pixels, c, o, a, b, &mut y);
    } else {
        let per_group = o / groups;
        // Rows are unfolded in pieces that stay in the cache.
        let rows = (64 * 1024 / (ow * depth).max(1)).clamp(1, oh.max(1));
        let mut patch = vec![0.0; rows * ow * depth];
        let mut part = vec![0.0; if groups > 1 { rows * ow * per_group } else { 0 }];
        for b in 0..n {
            let image = &x[b * h * w * c..][..h * w * c];
            for y0 in (0..oh).step_by(rows) {
                let count = rows.min(oh - y0);
                for g in 0..groups {
                    unfold(image, w, c, g * fc, fc, &win, y0, count, &mut patch);
                    let a = Matrix { data: &patch[..count * ow * depth], row: depth, col: 1 };
                    let f = Matrix { data: &filter[g * per_group * depth..][..per_group * depth], row: 1, col: depth };
                    let at = (b * pixels + y0 * ow) * o;
                    if groups == 1 {
                        gemm(count * ow, depth, o, a, f, &mut y[at..][..count * ow * o]);
                    } else {
                        gemm(count * ow, depth, per_group, a, f, &mut part);
                        for (row, values) in part.chunks(per_group).take(count * ow).enumerate() {
                            y[at + row * o + g * per_group..][..per_group].copy_from_slice(values);
                        }
                    }
                }
            }
        }
    }
    add_bias(&mut y, bias);
    act.apply(&mut y);
    Ok((y, vec![n, oh, ow, o]))
}

/// Writes the taps of `count` output rows from `y0` on, `fc` channels from `c0` on; padding is 0.
#[allow(clippy::too_many_arguments, reason = "the loop nest's bounds")]
fn unfold(
    image: &[f32],
    w: usize,
    c: usize,
    c0: usize,
    fc: usize,
    win: &Window,
    y0: usize,
    count: usize,
    out: &mut [f32],
) {
    let (kh, kw, ow) = (win.y.taps, win.x.taps, win.x.output);
    let mut at = 0;
    for oy in y0..y0 + count {
        for ox in 0..ow {
            for ky in 0..kh {
                let Some(iy) = win.y.source(oy, ky) else {
                    out[at..at + kw * fc].fill(0.0);
                    at += kw * fc;
                    continue;
                };
                for kx in 0..kw {
                    match win.x.source(ox, kx) {
                        Some(ix) => out[at..at + fc].copy_from_slice(&image[(iy * w + ix) * c + c0..][..fc]),
                        None => out[at..at + fc].fill(0.0),
                    }
                    at += fc;
                }
            }
        }
    }
}

/// `x [n, h, w, c]` with `filter [1, kh, kw, c * multiplier]`.
pub fn depthwise_conv_2d(
    x: &[f32],
    x_shape: &[usize],
    filter: &[f32],
    f_shape: &[usize],
    bias: Option<&[f32]>,
    params: ConvParams,
    act: Clamp,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let [n, h, w, c] = rank_4(x_shape)?;
    let [one, kh, kw, o] = rank_4(f_shape)?;
    ensure(one == 1 && c > 0 && o > 0 && o % c == 0, || format!("{c} channels and a filter of {f_shape:?}"))?;
    let multiplier = o / c;
    let win = params.window([h, w], [kh, kw])?;
    let (oh, ow) = (win.y.output, win.x.output);
    let mut y = vec![0.0; elements(&[n, oh, ow, o])?];
    // With a multiplier each input channel is repeated, so that every output channel has a value and a tap of its own.
    let repeated: Vec<f32>;
    let x = if multiplier == 1 {
        x
    } else {
        repeated = x.iter().flat_map(|v| std::iter::repeat_n(*v, multiplier)).collect();
        &repeated
    };
    // Where a tap's values stand in the image and its weights in the filter, the values from the first tap's on.
    let place =
        |ky: usize, kx: usize| ((ky * params.dilation[0] * w + kx * params.dilation[1]) * o, (ky * kw + kx) * o);
    let all: Vec<_> = (0..kh).flat_map(|ky| (0..kw).map(move |kx| place(ky, kx))).collect();
    let mut some = Vec::with_capacity(kh * kw);
    let mut pixels = y.chunks_mut(o);
    for (b, oy) in (0..n).flat_map(|b| (0..oh).map(move |oy| (b, oy))) {
        let rows = win.y.inside(oy);
        for (ox, out) in (0..ow).zip(&mut pixels) {
            let columns = win.x.inside(ox);
            let (Some(iy), Some(ix)) = (win.y.source(oy, rows.start), win.x.source(ox, columns.start)) else {
                continue;
            };
            let from = &x[((b * h + iy) * w + ix) * o..];
            if rows.len() == kh && columns.len() == kw {
                sum_taps(from, filter, &all, out);
                continue;
            }
            let first = place(rows.start, columns.start).0;
            let inside = rows.clone().flat_map(|ky| columns.clone().map(move |kx| place(ky, kx)));
            some.clear();
            some.extend(inside.map(|(value, weight)| (value - first, weight)));
            sum_taps(from, filter, &some, out);
        }
    }
    add_bias(&mut y, bias);
    act.apply(&mut y);
    Ok((y, vec![n, oh, ow, o]))
}

/// Channels whose sums stay in registers.
const BLOCK: usize = 32;

wide! {
    /// The sums of one output pixel; a tap is where its values stand in the input and its weights in the filter.
    fn sum_taps(x: &[f32], filter: &[f32], taps: &[(usize, usize)], out: &mut [f32]) {
        let mut blocks = out.chunks_exact_mut(BLOCK);
        let mut at = 0;
        for block in &mut blocks {
            let mut sums = [0f32; BLOCK];
            for (value, weight) in taps {
                let (values, weights) = (&x[value + at..][..BLOCK], &filter[weight + at..][..BLOCK]);
                for k in 0..BLOCK {
                    sums[k] += values[k] * weights[k];
                }
            }
            block.copy_from_slice(&sums);
            at += BLOCK;
        }
        let rest = blocks.into_remainder();
        for (value, weight) in taps {
            for ((s, v), t) in rest.iter_mut().zip(&x[value + at..]).zip(&filter[weight + at..]) {
                *s += v * t;
            }
        }
    }
}

/// The gradient of a convolution with respect to its input: `x [n, h, w, c]`, `filter [o, kh, kw, c]`, result of `out_shape`.
#[allow(clippy::too_many_arguments, reason = "three tensors with their shapes")]
pub fn transpose_conv(
    x: &[f32],
    x_shape: &[usize],
    filter: &[f32],
    f_shape: &[usize],
    bias: Option<&[f32]>,
    out_shape: &[usize],
    params: ConvParams,
    act: Clamp,
) -> Result<Vec<f32>> {
    let [n, h, w, c] = rank_4(x_shape)?;
    let [o, kh, kw, fc] = rank_4(f_shape)?;
    let [on, oh, ow, oc] = rank_4(out_shape)?;
    ensure(fc == c && oc == o && on == n, || "filter, input and output shape do not fit".into())?;
    let win = params.window([oh, ow], [kh, kw])?;
    ensure(win.y.output == h && win.x.output == w, || format!("an output of {oh}x{ow} does not come from {h}x{w}"))?;
    let mut y = vec![0.0; elements(out_shape)?];
    let mut taps = vec![0.0; kh * kw * o];
    for (pixel, values) in x.chunks(c.max(1)).enumerate() {
        let (b, iy, ix) = (pixel / (h * w), pixel / w % h, pixel % w);
        // taps[ky, kx, o] = filter[o, ky, kx, :] . x
        for (i, t) in taps.iter_mut().enumerate() {
            let (k, oc) = (i / o, i % o);
            let f = &filter[(oc * kh * kw + k) * c..][..c];
            *t = f.iter().zip(values).map(|(a, b)| a * b).sum();
        }
        for ky in 0..kh {
            let Some(ty) = win.y.source(iy, ky) else { continue };
            for kx in 0..kw {
                let Some(tx) = win.x.source(ix, kx) else { continue };
                let out = &mut y[((b * oh + ty) * ow + tx) * o..][..o];
                for (v, t) in out.iter_mut().zip(&taps[(ky * kw + kx) * o..][..o]) {
                    *v += t;
                }
            }
        }
    }
    add_bias(&mut y, bias);
    act.apply(&mut y);
    Ok(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: ConvParams = ConvParams { stride: [1, 1], dilation: [1, 1], same: true };

    #[test]
    fn a_box_filter_counts_its_taps_inside_the_image() {
        let x = [1.0; 9];
        let (y, shape) = conv_2d(&x, &[1, 3, 3, 1], &[1.0; 9], &[1, 3, 3, 1], Some(&[0.5]), UNIT, Clamp::NONE).unwrap();
        assert_eq!(shape, [1, 3, 3, 1]);
        assert_eq!(y, [4.5, 6.5, 4.5, 6.5, 9.5, 6.5, 4.5, 6.5, 4.5]);
        let (d, _) =
            depthwise_conv_2d(&x, &[1, 3, 3, 1], &[1.0; 9], &[1, 3, 3, 1], Some(&[0.5]), UNIT, Clamp::NONE).unwrap();
        assert_eq!(d, y);
    }

    #[test]
    fn groups_see_their_own_channels() {
        let (y, _) = conv_2d(
            &[1.0, 2.0, 3.0, 4.0],
            &[1, 1, 1, 4],
            &[1.0, 1.0, 10.0, 10.0],
            &[2, 1, 1, 2],
            None,
            UNIT,
            Clamp::NONE,
        )
        .unwrap();
        assert_eq!(y, [3.0, 70.0]);
    }

    #[test]
    fn a_transposed_convolution_spreads_a_pixel() {
        let p = ConvParams { stride: [2, 2], ..UNIT };
        let y = transpose_conv(
            &[2.0],
            &[1, 1, 1, 1],
            &[1.0, 2.0, 3.0, 4.0],
            &[1, 2, 2, 1],
            None,
            &[1, 2, 2, 1],
            p,
            Clamp::NONE,
        )
        .unwrap();
        assert_eq!(y, [2.0, 4.0, 6.0, 8.0]);
    }
}
