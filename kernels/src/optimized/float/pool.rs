//! Pooling of NHWC images.

use super::BAND;
use crate::error::{Result, ensure};
use crate::float::Clamp;
use crate::float::conv::rank_4;
use crate::float::pool::Pool;
use crate::geometry::{Window, elements};
use crate::simd::wide;

/// A pooling.
pub struct Pooling {
    x_shape: [usize; 4],
    y_shape: [usize; 4],
    win: Window,
    kind: Pool,
    act: Clamp,
}

impl Pooling {
    /// Of images of shape `[n, h, w, c]`.
    pub fn new(x_shape: &[usize], win: Window, kind: Pool, act: Clamp) -> Result<Pooling> {
        let x_shape @ [n, _, _, c] = rank_4(x_shape)?;
        let y_shape = [n, win.y.output, win.x.output, c];
        elements(&x_shape)?;
        elements(&y_shape)?;
        let reached = |a: &crate::geometry::Axis| (0..a.output).all(|out| !a.inside(out).is_empty());
        ensure(reached(&win.y) && reached(&win.x), || "a window lies outside the image".into())?;
        Ok(Pooling { x_shape, y_shape, win, kind, act })
    }

    /// Elements of the result that are best computed at a time: whole pixels.
    pub fn band(&self) -> usize {
        let c = self.x_shape[3].max(1);
        (BAND / c).max(1) * c
    }

    /// Computes the pixels that fill `y`, from pixel `first` on, of the whole image `x`.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32]) {
        let [_, h, w, c] = self.x_shape;
        let [_, oh, ow, _] = self.y_shape;
        for (pixel, out) in (first..).zip(y.chunks_exact_mut(c)) {
            let (b, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
            let (rows, columns) = (self.win.y.inside(oy), self.win.x.inside(ox));
            let count = rows.len() * columns.len();
            out.fill(if self.kind == Pool::Max { f32::NEG_INFINITY } else { 0.0 });
            for iy in rows.filter_map(|t| self.win.y.source(oy, t)) {
                for ix in columns.clone().filter_map(|t| self.win.x.source(ox, t)) {
                    let pixel = &x[((b * h + iy) * w + ix) * c..][..c];
                    match self.kind {
                        Pool::Average => add(pixel, out),
                        Pool::Max => largest(pixel, out),
                        Pool::L2 => add_squares(pixel, out),
                    }
                }
            }
            match self.kind {
                Pool::Average => out.iter_mut().for_each(|o| *o /= count as f32),
                Pool::L2 => out.iter_mut().for_each(|o| *o = (*o / count as f32).sqrt()),
                Pool::Max => {}
            }
        }
        self.act.apply(y);
    }
}

wide! {
    /// Adds a pixel.
    pub(super) fn add(x: &[f32], out: &mut [f32]) {
        out.iter_mut().zip(x).for_each(|(o, v)| *o += v);
    }
}

wide! {
    fn add_squares(x: &[f32], out: &mut [f32]) {
        out.iter_mut().zip(x).for_each(|(o, v)| *o += v * v);
    }
}

wide! {
    fn largest(x: &[f32], out: &mut [f32]) {
        out.iter_mut().zip(x).for_each(|(o, v)| *o = if *v > *o { *v } else { *o });
    }
}
