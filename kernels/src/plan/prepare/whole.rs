//! Windows, rows and reductions.

use ir::dialect::tfl;

use super::{Found, Site, float};
use crate::eval::compute::pool_window;
use crate::float::pool::Pool;
use crate::optimized::float::{Pooling, Reduction, Softmax};

pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    if !s.is_float(&[0]) {
        return None;
    }
    match name {
        "average_pool_2d" => pool(s, Pool::Average),
        "max_pool_2d" => pool(s, Pool::Max),
        "l2_pool_2d" => pool(s, Pool::L2),
        "mean" => reduce(s, true),
        "sum" => reduce(s, false),
        "softmax" => softmax(s),
        _ => None,
    }
}

fn pool(s: &Site<'_>, kind: Pool) -> Found {
    let shape = s.shape(0)?;
    let pool = Pooling::new(&shape, pool_window(s.op, &shape).ok()?, kind, s.activation()?).ok()?;
    let c = shape[3];
    float(&[0], pool.band(), 0, move |x, first, y, _| {
        pool.run(x.of(0)?, first / c, y);
        Ok(())
    })
}

fn reduce(s: &Site<'_>, mean: bool) -> Found {
    let reduction = Reduction::new(&s.shape(0)?, &s.ints(1)?, mean)?;
    float(&[0], reduction.band(), 0, move |x, first, y, _| {
        reduction.run(x.of(0)?, first, y);
        Ok(())
    })
}

fn softmax(s: &Site<'_>) -> Found {
    let r: tfl::Softmax = s.row()?;
    let softmax = Softmax::new(*s.shape(0)?.last()?, r.beta);
    float(&[0], softmax.band(), 0, move |x, first, y, _| {
        softmax.run(x.of(0)?, first, y);
        Ok(())
    })
}
