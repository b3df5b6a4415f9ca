//! Functions of rows, windows and whole tensors.

use ir::dialect::tfl;

use super::{Prepared, Types, coded, codes, operand};
use crate::error::{KernelError, Result, ensure};
use crate::eval::Call;
use crate::eval::compute::pool_window;
use crate::float::reduce::plan;
use crate::float::resize::Placement;
use crate::reference::rows::{LogSoftmax, Softmax, l2_normalization as l2};
use crate::reference::{Affine, Codes, pool as pooling, reduce as reduction, resize};

/// Scales no further apart than this are one scale to LiteRT.
const SAME_SCALE: f32 = 1e-6;

/// The parameters that operand 0 shares with the result.
fn shared(t: &Types<'_>) -> Result<Affine> {
    let (x, out) = (t.affine(0)?, t.out()?);
    let same = x.zero == out.zero && (x.scale - out.scale).abs() <= SAME_SCALE;
    ensure(same, || "operand and result have other parameters".into())?;
    Ok(x)
}

/// The codes that a pooling may give.
pub(crate) fn pool_codes(t: &Types<'_>) -> Result<Codes> {
    shared(t)?;
    t.codes()
}

pub(super) fn pool(t: &Types<'_>, max: bool) -> Prepared {
    let range = pool_codes(t)?;
    Ok(Box::new(move |c| {
        let (x, shape) = operand(c, 0)?;
        let (y, s) = pooling::pool_2d(&x, &shape, &pool_window(c.op, &shape)?, max, range)?;
        coded(c, &s, y)
    }))
}

/// Size of the last dimension of operand 0.
fn depth(c: &Call<'_>) -> Result<usize> {
    Ok(c.shape(0)?.last().copied().unwrap_or(1))
}

/// A softmax for the types' parameters.
pub(crate) fn softmax_of(t: &Types<'_>) -> Result<Softmax> {
    Softmax::new(t.affine(0)?, t.out()?, t.row::<tfl::Softmax>()?.beta)
}

pub(super) fn softmax(t: &Types<'_>) -> Prepared {
    let k = softmax_of(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, k.apply(&codes(c, 0)?, depth(c)?))))
}

/// A log-softmax for the types' parameters.
pub(crate) fn log_softmax_of(t: &Types<'_>) -> Result<LogSoftmax> {
    LogSoftmax::new(t.affine(0)?, t.out()?)
}

pub(super) fn log_softmax(t: &Types<'_>) -> Prepared {
    let k = log_softmax_of(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, k.apply(&codes(c, 0)?, depth(c)?))))
}

/// The operand's code of 0, of a normalization.
pub(crate) fn l2_zero(t: &Types<'_>) -> Result<i32> {
    let (x, out) = (t.affine(0)?, t.out()?);
    ensure(out == Affine { scale: 1.0 / 128.0, zero: 0 }, || "the result of a normalization is 1/128 from 0".into())?;
    Ok(x.zero)
}

pub(super) fn l2_normalization(t: &Types<'_>) -> Prepared {
    let zero = l2_zero(t)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, l2(&codes(c, 0)?, zero, depth(c)?))))
}

pub(super) fn reduce(t: &Types<'_>, name: &str) -> Prepared {
    let (x, out) = (t.affine(0)?, t.out()?);
    let run: fn(&[i8], &_, Affine, Affine) -> Result<Vec<i8>> = match name {
        "mean" => reduction::mean,
        "sum" => reduction::sum,
        "reduce_prod" => reduction::product,
        _ => {
            shared(t)?;
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

pub(super) fn resize_bilinear(t: &Types<'_>) -> Prepared {
    let r: tfl::ResizeBilinear = t.row()?;
    t.affine(0)?;
    let place = Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers };
    Ok(Box::new(move |c| {
        let [h, w] = c.sizes(1)?[..] else { return Err(KernelError::new("a size is two numbers")) };
        let (x, shape) = operand(c, 0)?;
        let (y, s) = resize::bilinear(&x, &shape, [h, w], place)?;
        coded(c, &s, y)
    }))
}
