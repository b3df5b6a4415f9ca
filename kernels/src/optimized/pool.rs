//! Pooling of NHWC images. Input and result have the same parameters.

use std::ops::Range;

use super::{roomy, sized};
use crate::error::{Result, ensure};
use crate::geometry::{Window, elements};
use crate::reference::Codes;
use crate::reference::conv::rank_4;
use crate::simd::wide;

/// A mean or maximum of windows.
#[derive(Clone, Debug)]
pub struct Pool {
    x_shape: [usize; 4],
    win: Window,
    max: bool,
    codes: Codes,
}

/// Windows of more elements are divided as integers.
const MOST_AS_FLOAT: usize = 1 << 15;

impl Pool {
    /// Of images of shape `[n, h, w, c]`; the maximum if `max`, else the mean. A window that lies outside the image is an error.
    pub fn new(x_shape: &[usize], win: Window, max: bool, codes: Codes) -> Result<Pool> {
        let [n, h, w, c] = rank_4(x_shape)?;
        ensure(win.y.input == h && win.x.input == w, || "a window of another image".into())?;
        elements(x_shape)?;
        elements(&[n, win.y.output, win.x.output, c])?;
        let full = |axis: &crate::geometry::Axis| (0..axis.output).all(|o| !axis.inside(o).is_empty());
        ensure(full(&win.y) && full(&win.x), || "a window lies outside the image".into())?;
        Ok(Pool { x_shape: [n, h, w, c], win, max, codes })
    }

    /// Shape of the result.
    pub fn shape(&self) -> [usize; 4] {
        let [n, _, _, c] = self.x_shape;
        [n, self.win.y.output, self.win.x.output, c]
    }

    /// Rows of the result, of all images.
    pub fn rows(&self) -> usize {
        self.x_shape[0] * self.win.y.output
    }

    /// Bytes of scratch that a run needs: a sum a channel, and what aligns them.
    pub fn scratch(&self) -> usize {
        size_of::<i32>() * (self.x_shape[3] + 1)
    }

    /// Computes rows `rows` of the result, which fill `y`, of the whole image `x`.
    pub fn run(&self, x: &[i8], rows: Range<usize>, y: &mut [i8], scratch: &mut [u8]) -> Result<()> {
        let [_, h, w, c] = self.x_shape;
        let (oh, ow) = (self.win.y.output, self.win.x.output);
        ensure(rows.start <= rows.end && rows.end <= self.rows(), || format!("rows {rows:?} of {}", self.rows()))?;
        sized("an image", x.len(), self.x_shape.iter().product())?;
        sized("a result", y.len(), rows.len() * ow * c)?;
        roomy(scratch.len(), self.scratch())?;
        let (_, sums, _) = bytemuck::pod_align_to_mut::<u8, i32>(scratch);
        let pixels = rows.start * ow..rows.end * ow;
        for (pixel, y) in pixels.zip(y.chunks_exact_mut(c.max(1))) {
            let (image, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
            let (ys, xs) = (self.win.y.inside(oy), self.win.x.inside(ox));
            let taps = ys.len() * xs.len();
            let lines = ys.filter_map(|t| self.win.y.source(oy, t)).map(|iy| (image * h + iy) * w);
            let pixels = lines
                .flat_map(|line| xs.clone().filter_map(|t| self.win.x.source(ox, t)).map(move |ix| (line + ix) * c));
            if self.max {
                y.fill(i8::MIN);
                pixels.for_each(|at| highest(y, &x[at..][..c]));
                limit(y, self.codes.min as i8, self.codes.max as i8);
                continue;
            }
            let sums = &mut sums[..c];
            sums.fill(0);
            pixels.for_each(|at| add(sums, &x[at..][..c]));
            if taps > MOST_AS_FLOAT {
                let (n, half) = (taps as i32, taps as i32 / 2);
                let mean = |s: i32| if s > 0 { (s + half) / n } else { (s - half) / n };
                y.iter_mut().zip(&*sums).for_each(|(y, s)| *y = self.codes.clamp(mean(*s)));
                continue;
            }
            means(y, sums, taps as i32, self.codes);
        }
        Ok(())
    }
}

wide! {
    fn highest(most: &mut [i8], codes: &[i8]) {
        most.iter_mut().zip(codes).for_each(|(m, c)| *m = (*m).max(*c));
    }
}

wide! {
    fn limit(codes: &mut [i8], min: i8, max: i8) {
        codes.iter_mut().for_each(|c| *c = (*c).min(max).max(min));
    }
}

wide! {
    fn add(sums: &mut [i32], codes: &[i8]) {
        sums.iter_mut().zip(codes).for_each(|(s, c)| *s += i32::from(*c));
    }
}

wide! {
    /// Quotients rounded half away from zero. A sum is at most `128 n`, so for `n` up to 2^15 no quotient of floats rounds up to a whole number.
    fn means(y: &mut [i8], sums: &[i32], n: i32, codes: Codes) {
        let half = n / 2;
        for (y, s) in y.iter_mut().zip(sums) {
            let s = if *s > 0 { *s + half } else { *s - half };
            *y = codes.clamp((s as f32 / n as f32) as i32);
        }
    }
}
