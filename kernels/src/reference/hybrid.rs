//! Products of float activations, quantized on the way, with int8 weights; results are float.

use std::borrow::Cow;

use super::conv::{Filter, Image, conv_sums, depthwise_sums, rank_4, transposed_window};
use super::matmul::{Batches, batches, transposed};
use super::{centered, dots, padded, rows, whole};
use crate::error::{KernelError, Result, ensure};
use crate::float::Clamp;
use crate::float::conv::ConvParams;
use crate::geometry::elements;

/// Some values with parameters of their own.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) codes: Vec<i8>,
    pub(super) scale: f32,
    pub(super) zero: i32,
}

/// Quantizes to the whole of int8.
pub(super) fn asymmetric(x: &[f32]) -> Row {
    let min = x.iter().fold(0f32, |m, v| m.min(*v));
    let max = x.iter().fold(0f32, |m, v| m.max(*v));
    if min == max {
        return Row { codes: vec![0; x.len()], scale: 1.0, zero: 0 };
    }
    let step = f64::from(max - min) / 255.0;
    let (low, high) = (f64::from(min) / step, f64::from(max) / step);
    let zero = if 128.0 + low.abs() < 127.0 + high.abs() { -128.0 - low } else { 127.0 - high };
    let zero = zero.round().clamp(-128.0, 127.0) as i32;
    let scale = step as f32;
    let inverse = 1.0 / scale;
    let code = |v: &f32| zero.saturating_add((v * inverse).round() as i32).clamp(-128, 127) as i8;
    Row { codes: x.iter().map(code).collect(), scale, zero }
}

/// Quantizes to `-127..=127` with 0 as 0.
fn symmetric(x: &[f32]) -> Row {
    let range = x.iter().fold(0f32, |m, v| m.max(v.abs()));
    if range == 0.0 {
        return Row { codes: vec![0; x.len()], scale: 1.0, zero: 0 };
    }
    let inverse = 127.0 / range;
    let code = |v: &f32| ((v * inverse).round() as i32).clamp(-127, 127) as i8;
    Row { codes: x.iter().map(code).collect(), scale: range / 127.0, zero: 0 }
}

/// One int8 weight tensor, symmetric, with one scale or one a channel, and what follows the product.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// Row-major codes.
    pub data: &'a [i8],
    /// Sizes.
    pub shape: &'a [usize],
    /// One scale, or one a channel.
    pub scales: &'a [f32],
    /// One addend a channel.
    pub bias: Option<&'a [f32]>,
    /// Limits of the result.
    pub act: Clamp,
}

impl Weights<'_> {
    fn fit(&self, channels: usize) -> Result<()> {
        whole(self.data, self.shape)?;
        let n = self.scales.len();
        ensure(n == 1 || n == channels, || format!("{n} scales for {channels} channels"))?;
        ensure(self.bias.is_none_or(|b| b.len() == channels), || format!("the bias has not {channels} elements"))
    }

    fn scale(&self, channel: usize) -> f32 {
        self.scales[channel % self.scales.len()]
    }

    fn finish(&self, channel: usize, product: f32) -> f32 {
        let y = match self.bias {
            Some(b) => product + b[channel],
            None => product,
        };
        y.max(self.act.min).min(self.act.max)
    }

    fn filter(&self) -> Filter<'_> {
        Filter { data: self.data, shape: self.shape, bias: None }
    }
}

/// `x [batch, depth]` times the transpose of `w [out, depth]`; each row is quantized by itself.
pub fn fully_connected(x: &[f32], w: Weights<'_>, asymmetric_inputs: bool) -> Result<Vec<f32>> {
    let [out, depth] = *w.shape else { return Err(KernelError::new("weights have rank 2")) };
    ensure(depth > 0 && x.len().is_multiple_of(depth), || {
        format!("{} input elements and weights of depth {depth}", x.len())
    })?;
    w.fit(out)?;
    let weights = rows(w.data, 0, depth);
    let mut sums = vec![0; out];
    let mut y = Vec::with_capacity(elements(&[x.len() / depth, out])?);
    for row in x.chunks(depth) {
        let row = if asymmetric_inputs { asymmetric(row) } else { symmetric(row) };
        dots(&rows(&row.codes, row.zero, depth), &weights, &mut sums);
        y.extend(sums.iter().enumerate().map(|(o, s)| w.finish(o, *s as f32 * (row.scale * w.scale(o)))));
    }
    Ok(y)
}

/// Rows of the table `w [rows, ..]`, each times its scale.
pub fn embedding_lookup(indices: &[i64], w: Weights<'_>) -> Result<Vec<f32>> {
    let rows = w.shape.first().copied().unwrap_or(0);
    w.fit(rows)?;
    let run = w.data.len() / rows.max(1);
    let mut y = Vec::with_capacity(elements(&[indices.len(), run])?);
    for i in indices {
        let row = usize::try_from(*i).ok().filter(|i| *i < rows);
        let row =
            row.ok_or_else(|| KernelError::new(format!("index {i} is out of range for a table of {rows} rows")))?;
        y.extend(w.data[row * run..][..run].iter().map(|q| f32::from(*q) * w.scale(row)));
    }
    Ok(y)
}

/// Whether a convolution of filters of `depth` over `channels` has one scale and no groups.
pub fn one_scale(scales: &[f32], channels: usize, depth: usize) -> bool {
    scales.windows(2).all(|s| s[0] == s[1]) && channels == depth
}

/// `x [n, h, w, c]` with `filter [o, kh, kw, c / groups]`. An image is quantized by itself: symmetric where one scale serves all channels of
/// a convolution without groups, else asymmetric.
pub fn conv_2d(x: &[f32], x_shape: &[usize], w: Weights<'_>, params: ConvParams) -> Result<(Vec<f32>, Vec<usize>)> {
    let ([_, _, _, c], [o, _, _, fc]) = (rank_4(x_shape)?, rank_4(w.shape)?);
    w.fit(o)?;
    let one_scale = one_scale(w.scales, c, fc);
    images(x, x_shape, if one_scale { symmetric } else { asymmetric }, |image, row, y| {
        conv_sums(image, w.filter(), params, |sums| {
            y.extend(sums.iter().enumerate().map(|(k, s)| {
                let product =
                    if one_scale { *s as f32 * (row.scale * w.scale(k)) } else { *s as f32 * w.scale(k) * row.scale };
                w.finish(k, product)
            }));
        })
    })
}

/// `x [n, h, w, c]` with `filter [1, kh, kw, c * multiplier]`; an image is quantized by itself.
pub fn depthwise_conv_2d(
    x: &[f32],
    x_shape: &[usize],
    w: Weights<'_>,
    params: ConvParams,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let o = rank_4(w.shape)?[3];
    w.fit(o)?;
    images(x, x_shape, asymmetric, |image, row, y| {
        depthwise_sums(image, w.filter(), params, |sums| {
            y.extend(sums.iter().enumerate().map(|(k, s)| w.finish(k, *s as f32 * (w.scale(k) * row.scale))));
        })
    })
}

/// Quantizes each image and lets `f` append its result; gives all results and their shape.
fn images(
    x: &[f32],
    shape: &[usize],
    quantize: fn(&[f32]) -> Row,
    mut f: impl FnMut(Image<'_>, &Row, &mut Vec<f32>) -> Result<Vec<usize>>,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let [n, h, w, c] = rank_4(shape)?;
    whole(x, shape)?;
    ensure(n > 0, || "no images".into())?;
    let (mut y, mut out_shape) = (Vec::new(), Vec::new());
    for b in 0..n {
        let row = quantize(&x[b * h * w * c..][..h * w * c]);
        out_shape = f(Image { data: &row.codes, shape: &[1, h, w, c], zero: row.zero }, &row, &mut y)?;
    }
    out_shape[0] = n;
    Ok((y, out_shape))
}

/// The gradient of a convolution with respect to its input: `x [n, h, w, c]`, `filter [o, kh, kw, c]`, result of `out_shape`. LiteRT adds
/// every single product as a float; so does this.
pub fn transpose_conv(
    x: &[f32],
    x_shape: &[usize],
    w: Weights<'_>,
    out_shape: &[usize],
    params: ConvParams,
) -> Result<Vec<f32>> {
    let [n, h, width, c] = rank_4(x_shape)?;
    let o = rank_4(w.shape)?[0];
    w.fit(o)?;
    whole(x, x_shape)?;
    let win = transposed_window(x_shape, w.shape, out_shape, params)?;
    let (oh, ow) = (out_shape[1], out_shape[2]);
    let (kh, kw) = (win.y.taps, win.x.taps);
    let mut y = vec![0f32; elements(out_shape)?];
    for b in 0..n {
        let row = asymmetric(&x[b * h * width * c..][..h * width * c]);
        let codes = centered(&row.codes, row.zero);
        for (i, value) in codes.iter().enumerate() {
            let (pixel, k) = (i / c, i % c);
            let (iy, ix) = (pixel / width, pixel % width);
            for ky in 0..kh {
                let Some(ty) = win.y.source(iy, ky) else { continue };
                for kx in 0..kw {
                    let Some(tx) = win.x.source(ix, kx) else { continue };
                    let at = ((b * oh + ty) * ow + tx) * o;
                    for (channel, sum) in y[at..][..o].iter_mut().enumerate() {
                        let tap = i32::from(w.data[((channel * kh + ky) * kw + kx) * c + k]);
                        *sum += (i32::from(*value) * tap) as f32 * w.scale(channel) * row.scale;
                    }
                }
            }
        }
    }
    y.iter_mut().enumerate().for_each(|(i, v)| *v = w.finish(i % o, *v));
    Ok(y)
}

/// A batched matrix product with int8 right matrices of one scale, or one a column; each row of the left ones is quantized by itself.
pub fn batch_matmul(
    (x, x_shape): (&[f32], &[usize]),
    w: Weights<'_>,
    adj_x: bool,
    adj_y: bool,
    asymmetric_inputs: bool,
) -> Result<(Vec<f32>, Vec<usize>)> {
    whole(x, x_shape)?;
    let Batches { size: [m, k, n], pairs, shape } = batches(x_shape, w.shape, adj_x, adj_y)?;
    w.fit(n)?;
    ensure(k > 0, || "matrices of depth 0".into())?;
    let x = if adj_x { Cow::Owned(transposed(x, k, m)) } else { Cow::Borrowed(x) };
    let weights = if adj_y { Cow::Borrowed(w.data) } else { Cow::Owned(transposed(w.data, k, n)) };
    let of_columns: Vec<f32> = weights.chunks(k).map(|c| c.iter().map(|q| i32::from(*q)).sum::<i32>() as f32).collect();
    let (weights, row_size) = (rows(&weights, 0, k), padded(k));
    let quantized: Vec<Row> =
        x.chunks(k).map(|r| if asymmetric_inputs { asymmetric(r) } else { symmetric(r) }).collect();
    let mut sums = vec![0; n];
    let mut y = Vec::with_capacity(elements(&shape)?);
    for (a, b) in pairs {
        for row in quantized.iter().skip(a * m).take(m) {
            dots(&rows(&row.codes, 0, k), &weights[b * n * row_size..][..n * row_size], &mut sums);
            for (column, sum) in sums.iter().enumerate() {
                // LiteRT takes the zero point off in float32.
                let sum = (*sum as f32 - of_columns[b * n + column] * row.zero as f32) as i32;
                y.push(w.finish(column, row.scale * w.scale(column) * sum as f32));
            }
        }
    }
    Ok((y, shape))
}
