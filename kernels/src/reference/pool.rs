//! Pooling of NHWC images. Input and result have the same parameters.

use super::conv::rank_4;
use super::{Code, Codes, whole};
use crate::error::{Result, ensure};
use crate::geometry::{Window, elements};

/// Mean or maximum of the codes of each window that lie inside the image.
pub fn pool_2d<C: Code>(
    x: &[C],
    shape: &[usize],
    win: &Window,
    max: bool,
    codes: Codes,
) -> Result<(Vec<C>, Vec<usize>)> {
    let [n, h, w, c] = rank_4(shape)?;
    whole(x, shape)?;
    let (oh, ow) = (win.y.output, win.x.output);
    let out_shape = vec![n, oh, ow, c];
    let mut y = vec![C::of(0); elements(&out_shape)?];
    let mut sums = vec![0i32; c];
    for (i, out) in y.chunks_mut(c.max(1)).enumerate() {
        let (b, oy, ox) = (i / (oh * ow), i / ow % oh, i % ow);
        sums.fill(if max { C::ALL.min } else { 0 });
        let mut taps = 0;
        for iy in win.y.inside(oy).filter_map(|t| win.y.source(oy, t)) {
            for ix in win.x.inside(ox).filter_map(|t| win.x.source(ox, t)) {
                taps += 1;
                let pixel = x[((b * h + iy) * w + ix) * c..][..c].iter().map(|q| Into::<i32>::into(*q));
                if max {
                    sums.iter_mut().zip(pixel).for_each(|(s, q)| *s = q.max(*s));
                } else {
                    sums.iter_mut().zip(pixel).for_each(|(s, q)| *s = s.wrapping_add(q));
                }
            }
        }
        ensure(taps > 0, || "a window lies outside the image".into())?;
        let mean = |s: i32| if s > 0 { (s + taps / 2) / taps } else { (s - taps / 2) / taps };
        out.iter_mut().zip(&sums).for_each(|(o, s)| *o = codes.clamp(if max { *s } else { mean(*s) }));
    }
    Ok((y, out_shape))
}
