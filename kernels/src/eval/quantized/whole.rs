//! Functions of rows, windows and whole tensors.

use ir::Elem;
use ir::dialect::tfl;

use super::stored::{Stored, coded, codes, operand};
use super::{Prepared, Types, by_code, by_stored, unfit};
use crate::error::{KernelError, Result, ensure};
use crate::eval::Call;
use crate::eval::compute::pool_window;
use crate::float::reduce::plan;
use crate::float::resize::Placement;
use crate::reference::rows::{LogSoftmax, Softmax, l2_normalization as l2};
use crate::reference::wide_softmax::WideSoftmax;
use crate::reference::{Affine, Codes, pool as pooling, reduce as reduction, resize};
use crate::rounding::Rounding;

/// Scales no further apart than this are one scale to LiteRT.
const SAME_SCALE: f32 = 1e-6;

/// The parameters that operand 0 shares with the result.
fn shared<C: Stored>(t: &Types<'_>) -> Result<Affine> {
    let (x, out) = (t.affine_of::<C>(0)?, t.out_of::<C>()?);
    let same = x.zero == out.zero && (x.scale - out.scale).abs() <= SAME_SCALE;
    ensure(same, || "operand and result have other parameters".into())?;
    Ok(x)
}

/// The codes that a pooling may give.
pub(crate) fn pool_codes(t: &Types<'_>) -> Result<Codes> {
    by_stored!(t, 0, pooled)
}

fn pooled<C: Stored>(t: &Types<'_>) -> Result<Codes> {
    shared::<C>(t)?;
    t.codes_of::<C>()
}

pub(super) fn pool<C: Stored>(t: &Types<'_>, max: bool) -> Prepared {
    let range = pooled::<C>(t)?;
    Ok(Box::new(move |c| {
        let (x, shape) = operand::<C>(c, 0)?;
        let (y, s) = pooling::pool_2d(&x, &shape, &pool_window(c.op, &shape)?, max, range)?;
        coded(c, &s, y)
    }))
}

/// Size of the last dimension of operand 0.
fn depth(c: &Call<'_>) -> Result<usize> {
    Ok(c.shape(0)?.last().copied().unwrap_or(1))
}

/// Whether LiteRT's optimized kernel of means over whole images computes a mean of int8 codes.
pub(crate) fn takes_images(rounding: Rounding, rank: usize, axes: &[i64], keep_dims: bool) -> bool {
    let mut axes = axes.iter().map(|a| a.rem_euclid(4)).collect::<Vec<_>>();
    axes.sort_unstable();
    rounding == Rounding::Optimized && keep_dims && rank == 4 && axes == [1, 2]
}

/// The mean of int8 codes; LiteRT's optimized kernel takes those of whole images in another way.
pub(super) fn mean(t: &Types<'_>) -> Prepared {
    let (x, out) = (t.affine_of::<i8>(0)?, t.out_of::<i8>()?);
    let rounding = t.rounding;
    Ok(Box::new(move |c| {
        let (shape, axes, keep_dims) = (c.shape(0)?, c.ints(1)?, c.attr_flag("keep_dims"));
        let plan = plan(&shape, &axes, keep_dims)?;
        let codes = codes(c, 0)?;
        let y = if takes_images(rounding, shape.len(), &axes, keep_dims) {
            reduction::mean_of_images(&codes, &plan, shape[3], x, out)?
        } else {
            reduction::mean(&codes, &plan, x, out)?
        };
        coded(c, &plan.shape, y)
    }))
}

/// A softmax for the types' parameters, of 8 bits.
pub(crate) fn softmax_of(t: &Types<'_>) -> Result<Softmax> {
    by_code!(t, [i8 u8], softmax_in)
}

fn softmax_in<C: Stored>(t: &Types<'_>) -> Result<Softmax> {
    Softmax::new::<C>(t.affine_of::<C>(0)?, t.out_of::<C>()?, t.row::<tfl::Softmax>()?.beta)
}

pub(super) fn softmax<C: Stored>(t: &Types<'_>) -> Prepared {
    let k = softmax_in::<C>(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, k.apply(&codes::<C>(c, 0)?, depth(c)?))))
}

/// A softmax for the types' int16 parameters.
pub(crate) fn wide_softmax_of(t: &Types<'_>) -> Result<WideSoftmax> {
    WideSoftmax::new(t.affine_of::<i16>(0)?, t.out_of::<i16>()?, t.row::<tfl::Softmax>()?.beta)
}

pub(super) fn softmax_16(t: &Types<'_>) -> Prepared {
    let k = wide_softmax_of(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, k.apply(&codes(c, 0)?, depth(c)?))))
}

/// A log-softmax for the types' parameters, of 8 bits.
pub(crate) fn log_softmax_of(t: &Types<'_>) -> Result<LogSoftmax> {
    by_code!(t, [i8 u8], log_softmax_in)
}

fn log_softmax_in<C: Stored>(t: &Types<'_>) -> Result<LogSoftmax> {
    LogSoftmax::new::<C>(t.affine_of::<C>(0)?, t.out_of::<C>()?)
}

pub(super) fn log_softmax<C: Stored>(t: &Types<'_>) -> Prepared {
    let k = log_softmax_in::<C>(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, k.apply(&codes::<C>(c, 0)?, depth(c)?))))
}

/// The operand's code of 0, of a normalization.
pub(crate) fn l2_zero(t: &Types<'_>) -> Result<i32> {
    by_code!(t, [i8 u8], normalized)
}

fn normalized<C: Stored>(t: &Types<'_>) -> Result<i32> {
    let (x, out) = (t.affine_of::<C>(0)?, t.out_of::<C>()?);
    let fits = out == Affine { scale: 1.0 / 128.0, zero: C::ALL.middle() };
    ensure(fits, || format!("the result of a normalization is 1/128 from {}", C::ALL.middle()))?;
    Ok(x.zero)
}

pub(super) fn l2_normalization<C: Stored>(t: &Types<'_>) -> Prepared {
    let zero = normalized::<C>(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, l2(&codes::<C>(c, 0)?, zero, depth(c)?))))
}

pub(super) fn reduce<C: Stored>(t: &Types<'_>, name: &str) -> Prepared {
    let (x, out) = (t.affine_of::<C>(0)?, t.out_of::<C>()?);
    let run: fn(&[C], &_, Affine, Affine) -> Result<Vec<C>> = match name {
        "mean" => reduction::mean,
        "sum" if t.rounding == Rounding::Micro => reduction::sum_in_fixed_point,
        "sum" => reduction::sum,
        "reduce_prod" => reduction::product,
        _ => {
            shared::<C>(t)?;
            if name == "reduce_max" {
                |x, plan, _, _| Ok(reduction::extreme(x, plan, true))
            } else {
                |x, plan, _, _| Ok(reduction::extreme(x, plan, false))
            }
        }
    };
    Ok(Box::new(move |c| {
        let plan = plan(&c.shape(0)?, &c.ints(1)?, c.attr_flag("keep_dims"))?;
        let y = run(&codes(c, 0)?, &plan, x, out)?;
        coded(c, &plan.shape, y)
    }))
}

/// The rows and columns of a resized image, from operand 1.
fn image_size(c: &Call<'_>) -> Result<[usize; 2]> {
    c.sizes(1)?.try_into().map_err(|_| KernelError::new("a size is two numbers"))
}

fn placement(t: &Types<'_>) -> Result<Placement> {
    let r: tfl::ResizeBilinear = t.row()?;
    Ok(Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers })
}

pub(super) fn resize_bilinear<C: Stored>(t: &Types<'_>) -> Prepared {
    t.affine_of::<C>(0)?;
    let place = placement(t)?;
    Ok(Box::new(move |c| {
        let (x, shape) = operand::<C>(c, 0)?;
        let (y, s) = resize::bilinear(&x, &shape, image_size(c)?, place)?;
        coded(c, &s, y)
    }))
}

pub(super) fn resize_bilinear_u8(t: &Types<'_>) -> Prepared {
    t.affine_of::<u8>(0)?;
    let place = placement(t)?;
    Ok(Box::new(move |c| {
        let (x, shape) = operand::<u8>(c, 0)?;
        let (y, s) = resize::bilinear_in_float(&x, &shape, image_size(c)?, place)?;
        coded(c, &s, y)
    }))
}
