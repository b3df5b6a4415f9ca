//! Pooling of NHWC images.

use super::Clamp;
use crate::error::{Result, ensure};
use crate::geometry::Window;

/// What is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The mean of the elements inside the image.
    Average,
    /// The maximum.
    Max,
    /// The root of the mean square.
    L2,
}

/// Pools `x [n, h, w, c]`; gives the result and its shape.
pub fn pool_2d(x: &[f32], shape: &[usize], win: &Window, kind: Pool, act: Clamp) -> Result<(Vec<f32>, Vec<usize>)> {
    ensure(shape.len() == 4, || format!("rank {} is not 4", shape.len()))?;
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3]);
    let (oh, ow) = (win.y.output, win.x.output);
    let start = if kind == Pool::Max { f32::NEG_INFINITY } else { 0.0 };
    let mut y = vec![start; n * oh * ow * c];
    for (i, out) in y.chunks_mut(c.max(1)).enumerate() {
        let (b, oy, ox) = (i / (oh * ow), i / ow % oh, i % ow);
        let mut count = 0usize;
        for iy in win.y.inside(oy).filter_map(|t| win.y.source(oy, t)) {
            for ix in win.x.inside(ox).filter_map(|t| win.x.source(ox, t)) {
                count += 1;
                let pixel = &x[((b * h + iy) * w + ix) * c..][..c];
                match kind {
                    Pool::Average => out.iter_mut().zip(pixel).for_each(|(o, p)| *o += p),
                    Pool::Max => out.iter_mut().zip(pixel).for_each(|(o, p)| *o = o.max(*p)),
                    Pool::L2 => out.iter_mut().zip(pixel).for_each(|(o, p)| *o += p * p),
                }
            }
        }
        ensure(count > 0, || "a window lies outside the image".into())?;
        match kind {
            Pool::Average => out.iter_mut().for_each(|o| *o /= count as f32),
            Pool::L2 => out.iter_mut().for_each(|o| *o = (*o / count as f32).sqrt()),
            Pool::Max => {}
        }
    }
    act.apply(&mut y);
    Ok((y, vec![n, oh, ow, c]))
}
