//! Operations over int8 codes: convolutions and products with constant weights, pooling, sums and products of two tensors.

use std::borrow::Cow;
use std::ops::Range;

use ir::Elem;
use ir::dialect::tfl;

use super::{Found, Site};
use crate::error::Result;
use crate::eval::compute::{params, pool_window};
use crate::eval::quantized::weighted::Scaling;
use crate::eval::quantized::{convert, elementwise, weighted, whole};
use crate::fixed::Rule;
use crate::optimized::pairing::Pairing;
use crate::optimized::{self, Conv, Depthwise, FullyConnected, Join, Pool, Product, Softmax};
use crate::plan::kernel::Kernel;
use crate::plan::memory::Operands;
use crate::reference::Requant;
use crate::reference::conv::Filter;
use crate::reference::elementwise::Joined;
use crate::rounding::Rounding;

pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    let int8 = |elem: &Elem| elem.quant().is_some_and(|q| q.storage() == Elem::I8);
    let operand = &s.types.first()?.as_ref()?.elem;
    if !int8(&s.out()?.elem) || !(int8(operand) || *operand == Elem::F32) {
        return None;
    }
    // Vectors round as the reference and TFLite Micro do.
    if s.rounding == Rounding::Optimized {
        return None;
    }
    match name {
        "conv_2d" => conv_2d(s),
        "depthwise_conv_2d" => depthwise_conv_2d(s),
        "fully_connected" => fully_connected(s),
        "average_pool_2d" => pool(s, false),
        "max_pool_2d" => pool(s, true),
        "add" => join(s, Joined::Sum),
        "sub" => join(s, Joined::Difference),
        "squared_difference" => join(s, Joined::SquaredDifference),
        "mul" => mul(s),
        "quantize" => quantize(s),
        "softmax" => softmax(s),
        _ => None,
    }
}

/// A kernel of codes: `run` is given the operands, the first code of the band, the band, and scratch.
struct Coded<F> {
    operands: &'static [usize],
    /// Codes of a band, and bytes of scratch.
    band: usize,
    scratch: usize,
    run: F,
}

impl<F> Kernel for Coded<F>
where
    F: Fn(Operands<'_>, usize, &mut [i8], &mut [u8]) -> Result<()> + Send + Sync,
{
    fn operands(&self) -> &[usize] {
        self.operands
    }
    fn band(&self) -> usize {
        self.band
    }
    fn scratch(&self) -> usize {
        self.scratch
    }
    fn run(&self, x: Operands<'_>, first: usize, y: &mut [u8], scratch: &mut [u8]) -> Result<()> {
        (self.run)(x, first, bytemuck::cast_slice_mut(y), scratch)
    }
}

/// Wraps a kernel over operand 0 of so many rows of so many codes, of which some are computed at a time.
fn by_rows<F>(rows: usize, row: usize, scratch: usize, run: F) -> Found
where
    F: Fn(&[i8], Range<usize>, &mut [i8], &mut [u8]) -> Result<()> + Send + Sync + 'static,
{
    let band = rows.div_ceil(BANDS).max(LEAST_CODES.div_ceil(row.max(1))) * row;
    let run = move |x: Operands<'_>, first: usize, y: &mut [i8], scratch: &mut [u8]| {
        let rows = first / row..(first + y.len()) / row;
        run(x.of(0)?, rows, y, scratch)
    };
    Some(Box::new(Coded { operands: &[0], band, scratch, run }))
}

/// Wraps a kernel over operands 0 and 1, element by element.
fn by_pairs<F>(s: &Site<'_>, run: F) -> Found
where
    F: Fn(&[i8], &[i8], &mut [i8]) -> Result<()> + Send + Sync + 'static,
{
    let pairing = Pairing::new(&s.shape(0)?, &s.shape(1)?, &s.out_shape()?)?;
    let run = move |x: Operands<'_>, first: usize, y: &mut [i8], _: &mut [u8]| {
        pairing.each((x.of(0)?, x.of(1)?), first, y, &run)
    };
    Some(Box::new(Coded { operands: &[0, 1], band: pairing.band(), scratch: 0, run }))
}

/// A result is made in so many bands at most, for threads to share, and of no fewer codes.
const BANDS: usize = 8;
const LEAST_CODES: usize = 16 << 10;

fn codes<'a>(s: &'a Site<'_>, i: usize) -> Option<Cow<'a, [i8]>> {
    s.constants.get(i).copied().flatten()?.as_i8()
}

/// The values of an optional bias; `None` if it is there but no constant.
fn bias<'a>(s: &'a Site<'_>, i: usize) -> Option<Option<Cow<'a, [i32]>>> {
    match s.types.get(i) {
        Some(Some(_)) => s.constants.get(i).copied().flatten()?.as_i32().map(Some),
        _ => Some(None),
    }
}

/// The code of 0 of an image, and what becomes of the sums of a filter with a scale per index of its axis `channels`.
fn scaling(s: &Site<'_>, channels: usize, rule: Rule) -> Option<(i32, Requant)> {
    let t = s.quantized();
    let x = t.affine(0).ok()?;
    let out = weighted::requant(&t, x, &t.symmetric_scales(1, channels).ok()?, rule).ok()?;
    Some((x.zero, out))
}

fn conv_2d(s: &Site<'_>) -> Found {
    let r: tfl::Conv2D = s.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding).ok()?;
    let (x, out) = scaling(s, 0, Rule::Double)?;
    let (weights, shape, bias) = (codes(s, 1)?, s.shape(1)?, bias(s, 2)?);
    let filter = Filter { data: &weights, shape: &shape, bias: bias.as_deref() };
    let conv = Conv::new(&s.shape(0)?, x, filter, p, &out).ok()?;
    let [_, _, ow, o] = conv.shape();
    by_rows(conv.rows(), ow * o, conv.scratch(), move |x, rows, y, scratch| conv.run(x, rows, y, scratch))
}

fn depthwise_conv_2d(s: &Site<'_>) -> Found {
    let r: tfl::DepthwiseConv2D = s.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding).ok()?;
    let (x, out) = scaling(s, 3, Rule::Double)?;
    let (weights, shape, bias) = (codes(s, 1)?, s.shape(1)?, bias(s, 2)?);
    let filter = Filter { data: &weights, shape: &shape, bias: bias.as_deref() };
    let conv = Depthwise::new(&s.shape(0)?, x, filter, p, &out).ok()?;
    let [_, _, ow, o] = conv.shape();
    by_rows(conv.rows(), ow * o, conv.scratch(), move |x, rows, y, scratch| conv.run(x, rows, y, scratch))
}

fn fully_connected(s: &Site<'_>) -> Found {
    let Scaling { zeros: [x, w_zero], out } = weighted::product_scaling(&s.quantized()).ok()?;
    let [outputs, depth] = s.shape(1)?[..] else { return None };
    let count = s.types.first()?.as_ref()?.num_elements()?;
    if w_zero != 0 || depth == 0 || count % depth != 0 {
        return None;
    }
    let (weights, bias) = (codes(s, 1)?, bias(s, 2)?);
    let product = FullyConnected::new(x, &weights, [outputs, depth], bias.as_deref(), &out).ok()?;
    by_rows(count / depth, outputs, 0, move |x, rows, y, _| product.run(x, rows, y))
}

fn pool(s: &Site<'_>, max: bool) -> Found {
    let codes = whole::pool_codes(&s.quantized()).ok()?;
    let shape = s.shape(0)?;
    let pool = Pool::new(&shape, pool_window(s.op, &shape).ok()?, max, codes).ok()?;
    let [_, _, ow, c] = pool.shape();
    by_rows(pool.rows(), ow * c, pool.scratch(), move |x, rows, y, scratch| pool.run(x, rows, y, scratch))
}

fn join(s: &Site<'_>, kind: Joined) -> Found {
    let join = Join::new(&elementwise::join_of(&s.quantized(), kind).ok()?);
    by_pairs(s, move |a, b, y| join.run(a, b, y))
}

fn mul(s: &Site<'_>) -> Found {
    let product = Product::new(&elementwise::product(&s.quantized()).ok()?);
    by_pairs(s, move |a, b, y| product.run(a, b, y))
}

fn softmax(s: &Site<'_>) -> Found {
    let count = s.types.first()?.as_ref()?.num_elements()?;
    let depth = s.shape(0)?.last().copied().filter(|d| *d > 0)?;
    let softmax = Softmax::new(&whole::softmax_of(&s.quantized()).ok()?, depth);
    by_rows(count / depth, depth, 0, move |x, rows, y, _| {
        softmax.run(x, rows, y);
        Ok(())
    })
}

/// Real values to int8 codes.
fn quantize(s: &Site<'_>) -> Found {
    let real = s.types.first()?.as_ref()?.elem == Elem::F32;
    let q = s.out()?.elem.quant().filter(|_| real)?;
    let (to, codes) = convert::to_codes(&s.quantized()).ok().filter(|_| q.as_per_tensor().is_some())?;
    let run = move |x: Operands<'_>, first: usize, y: &mut [i8], _: &mut [u8]| {
        let x: &[f32] = x.of(0)?;
        optimized::quantize(&x[first..first + y.len()], to, codes, y);
        Ok(())
    };
    Some(Box::new(Coded { operands: &[0], band: LEAST_CODES, scratch: 0, run }))
}
