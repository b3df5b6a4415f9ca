//! Depthwise convolutions of NHWC images: padded rows of the image, and sixteen channels at a time.

use std::ops::Range;

use super::isa::{Isa, TOGETHER, Writer, parts};
use super::pack::{LANES, coupled, couples};
use super::scale::{Output, biases};
use super::variant::{Variant, best};
use super::{roomy, sized};
use crate::error::{Result, ensure};
use crate::float::conv::ConvParams;
use crate::geometry::{Window, elements};
use crate::reference::Requant;
use crate::reference::conv::{Filter, rank_4};
use crate::simd::wide;

/// A depthwise convolution with its weights packed.
pub struct Depthwise {
    x_shape: [usize; 4],
    y_shape: [usize; 4],
    win: Window,
    zero: i8,
    by: Taps,
    /// For each line of the ring where a window may begin: where the rows of its taps begin.
    lines: Vec<usize>,
    /// Pixels of the taps of a row's first output.
    columns: Vec<usize>,
    variant: &'static Variant,
}

/// Packed weights, with what sums begin with and become.
#[derive(Clone, Debug)]
pub struct Taps {
    /// As [`coupled`] orders them.
    pub weights: Vec<i8>,
    /// `bias - zero * sum(w)` of each channel, filled up.
    pub bias: Vec<i32>,
    /// Factors of the channels.
    pub out: Output,
}

/// One row of the result.
pub(super) struct Row<'a> {
    /// Padded rows of the image; [`LANES`] codes follow the last one.
    pub x: &'a [i16],
    /// Where the rows of the taps begin in them; an even number of taps.
    pub lines: &'a [usize],
    /// The pixels of the first output's taps.
    pub columns: &'a [usize],
    /// Pixels from the taps of one output to those of the next.
    pub stride: usize,
    /// Pixels of a padded row.
    pub across: usize,
    /// Whether the window is of 3x3 taps side by side.
    pub small: bool,
    pub by: &'a Taps,
    /// Channels.
    pub channels: usize,
    pub y: &'a mut [i8],
}

impl Depthwise {
    /// Of images of shape `[n, h, w, c]` whose code of 0 is `zero`, with `filter [1, kh, kw, c * multiplier]`.
    pub fn new(x_shape: &[usize], zero: i32, f: Filter<'_>, params: ConvParams, out: &Requant) -> Result<Depthwise> {
        let [n, h, w, c] = rank_4(x_shape)?;
        let [one, kh, kw, o] = rank_4(f.shape)?;
        ensure(f.data.len() == elements(f.shape)?, || format!("{} weights for shape {:?}", f.data.len(), f.shape))?;
        ensure(one == 1 && c > 0 && o > 0 && o % c == 0, || format!("{c} channels and a filter of {:?}", f.shape))?;
        ensure((-128..128).contains(&zero), || format!("a zero point of {zero}"))?;
        let win = params.window([h, w], [kh, kw])?;
        let y_shape = [n, win.y.output, win.x.output, o];
        elements(x_shape)?;
        elements(&y_shape)?;
        let sum = |channel: usize| f.data.iter().skip(channel).step_by(o).map(|w| i32::from(*w)).sum();
        let by = Taps {
            weights: coupled(f.data, &couples([kh, kw]), o),
            bias: biases(f.bias, o, zero, sum)?,
            out: Output::fixed(out, o)?,
        };
        let (lines, columns) = (Vec::new(), Vec::new());
        let mut conv = Depthwise {
            x_shape: [n, h, w, c],
            y_shape,
            win,
            zero: zero as i8,
            by,
            lines,
            columns,
            variant: best(false),
        };
        elements(&[conv.reach(), conv.line()])?;
        // A tap that is alone stands twice.
        let taps: Vec<usize> = couples([kh, kw]).iter().flat_map(|[a, b]| [*a, b.or(*a)]).flatten().collect();
        conv.columns = taps.iter().map(|tap| tap % kw * win.x.dilation).collect();
        let begins = |start: usize, tap: &usize| (start + tap / kw * win.y.dilation) % conv.reach() * conv.line();
        conv.lines = (0..conv.reach())
            .flat_map(|start| taps.iter().map(move |tap| (start, tap)))
            .map(|(s, t)| begins(s, t))
            .collect();
        Ok(conv)
    }

    /// The same with another variant, which must be available.
    pub fn with(self, variant: &'static Variant) -> Result<Depthwise> {
        variant.takes(false)?;
        Ok(Depthwise { variant, ..self })
    }

    /// Shape of the result.
    pub fn shape(&self) -> [usize; 4] {
        self.y_shape
    }

    /// Rows of the result, of all images.
    pub fn rows(&self) -> usize {
        self.y_shape[0] * self.y_shape[1]
    }

    /// Bytes of scratch that a run needs: as many padded rows as a window reaches over, of 16-bit codes, and what aligns them.
    pub fn scratch(&self) -> usize {
        size_of::<i16>() * (self.reach() * self.line() + LANES) + 1
    }

    /// Sizes of the window.
    pub fn window(&self) -> &Window {
        &self.win
    }

    /// The packed weights.
    pub fn taps(&self) -> &Taps {
        &self.by
    }

    /// Where the rows of the taps begin in the ring of padded rows: an even number for each line where the window may begin.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// The pixels of the taps of a row's first output, in the same order.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Rows of the image that a window reaches over.
    pub fn reach(&self) -> usize {
        (self.win.y.taps - 1) * self.win.y.dilation + 1
    }

    /// Pixels of a padded row: all that windows reach.
    pub fn across(&self) -> usize {
        let x = self.win.x;
        (x.output.max(1) - 1) * x.stride + (x.taps - 1) * x.dilation + 1
    }

    /// Codes of a padded row, which is `[block of LANES channels, or of the last ones][pixel][channel]`, with as many channels as the result has.
    fn line(&self) -> usize {
        self.y_shape[3] * self.across()
    }

    /// Computes rows `rows` of the result, which fill `y`, of the whole image `x`.
    pub fn run(&self, x: &[i8], rows: Range<usize>, y: &mut [i8], scratch: &mut [u8]) -> Result<()> {
        let [_, oh, ow, o] = self.y_shape;
        ensure(rows.start <= rows.end && rows.end <= self.rows(), || format!("rows {rows:?} of {}", self.rows()))?;
        sized("an image", x.len(), self.x_shape.iter().product())?;
        sized("a result", y.len(), rows.len() * ow * o)?;
        roomy(scratch.len(), self.scratch())?;
        if y.is_empty() {
            return Ok(());
        }
        let (_, scratch, _) = bytemuck::pod_align_to_mut::<u8, i16>(scratch);
        let (reach, length, axis) = (self.reach(), self.line(), self.win.y);
        let mut ready = 0;
        for (row, y) in rows.zip(y.chunks_exact_mut(ow * o)) {
            let (image, oy) = (row / oh, row % oh);
            // Lines are numbered through all padded images; the ring holds each at its number modulo the reach.
            let first = image * (oh * axis.stride + reach) + oy * axis.stride;
            for line in first.max(ready)..first + reach {
                let iy = (oy * axis.stride + line - first).checked_sub(axis.pad).filter(|iy| *iy < axis.input);
                self.pad(x, iy.map(|iy| image * axis.input + iy), &mut scratch[line % reach * length..][..length]);
            }
            ready = first + reach;
            let taps = self.columns.len();
            let row = Row {
                x: &scratch[..reach * length + LANES],
                lines: &self.lines[first % reach * taps..][..taps],
                columns: &self.columns,
                stride: self.win.x.stride,
                across: self.across(),
                small: self.win.y.taps == 3 && self.win.x.taps == 3 && self.win.x.dilation == 1,
                by: &self.by,
                channels: o,
                y,
            };
            // SAFETY: a variant is only chosen if the processor has it.
            #[allow(unsafe_code)]
            unsafe {
                (self.variant.depthwise)(row);
            }
        }
        Ok(())
    }

    /// Writes a padded row: that of the images numbered `row`, or padding alone; each channel as often as the result has it.
    fn pad(&self, x: &[i8], row: Option<usize>, to: &mut [i16]) {
        let [_, _, w, c] = self.x_shape;
        let (o, left) = (self.y_shape[3], self.win.x.pad);
        let (across, zero) = (self.across(), i16::from(self.zero));
        let Some(row) = row else {
            to.fill(zero);
            return;
        };
        let n = w.min(across - left);
        let from = &x[row * w * c..];
        for (block, to) in to.chunks_mut(across * LANES).enumerate() {
            let (at, width) = (block * LANES, to.len() / across);
            let pixels = left * width..(left + n) * width;
            if o == c {
                widen(&from[at..], c, width, &mut to[pixels.clone()]);
            } else {
                for (i, to) in to[pixels.clone()].chunks_exact_mut(width).enumerate() {
                    let outputs = to.iter_mut().zip(at..);
                    outputs.for_each(|(to, output)| *to = from[i * c + output / (o / c)].into());
                }
            }
            to[..pixels.start].fill(zero);
            to[pixels.end..].fill(zero);
        }
    }
}

wide! {
    /// Widens the first `width` codes of every pixel of `channels`. Sixteen at a time, where there are as many: codes behind those of a pixel are
    /// written over by the next one.
    fn widen(from: &[i8], channels: usize, width: usize, to: &mut [i16]) {
        let sixteens = |len: usize, step: usize| if len < LANES { 0 } else { (len - LANES) / step + 1 };
        let fast = sixteens(from.len(), channels).min(sixteens(to.len(), width)).min(to.len() / width);
        for i in 0..fast {
            let (from, to) = (&from[i * channels..][..LANES], &mut to[i * width..][..LANES]);
            to.iter_mut().zip(from).for_each(|(t, f)| *t = (*f).into());
        }
        for i in fast..to.len() / width {
            let (from, to) = (&from[i * channels..][..width], &mut to[i * width..][..width]);
            to.iter_mut().zip(from).for_each(|(t, f)| *t = (*f).into());
        }
    }
}

/// Computes one row of the result.
///
/// # Safety
///
/// The processor has the instruction set.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) unsafe fn run<I: Isa>(r: Row<'_>) {
    let c = r.channels;
    let pixels = r.y.len() / c;
    let Some(last) = pixels.checked_sub(1) else { return };
    let line = r.across * c;
    // Sixteen codes are read of each tap, and of a couple of a last tap one pixel further.
    assert!(r.lines.len() == r.columns.len() && r.lines.iter().all(|at| at + line + LANES <= r.x.len()));
    assert!(r.columns.iter().all(|column| column + last * r.stride < r.across));
    let block = r.columns.len() * LANES;
    assert!(r.by.weights.len() == c.div_ceil(LANES) * block);
    assert!(r.by.bias.len() >= c && r.by.out.lanes() >= c);
    // SAFETY: there are sixteen at least.
    let mut sums = [unsafe { I::load(r.by.bias.as_ptr()) }; TOGETHER];
    for at in (0..c).step_by(LANES) {
        // SAFETY: outputs `pixel..pixel + M` read inside `x` by the assertions; packed values are in whole groups of lanes.
        unsafe {
            let writer = Writer::<I>::new(&r.by.out, at, c);
            let bias = I::load(r.by.bias.as_ptr().add(at));
            let w = r.by.weights.as_ptr().add(at / LANES * block);
            let width = LANES.min(c - at);
            let x = r.x.as_ptr().add(at * r.across);
            for first in (0..pixels).step_by(TOGETHER) {
                let some = TOGETHER.min(pixels - first);
                let (x, sums) = (x.add(first * r.stride * width), &mut sums[..some]);
                // Without registers for what is kept, there is nothing to win.
                let kept = r.small && width == LANES && I::SIXTEENS >= 4;
                match r.stride {
                    1 if kept => {
                        half_3x3::<I, 1, 0>(&r, x, w, bias, sums);
                        half_3x3::<I, 1, 1>(&r, x, w, bias, sums);
                    }
                    2 if kept => {
                        half_3x3::<I, 2, 0>(&r, x, w, bias, sums);
                        half_3x3::<I, 2, 1>(&r, x, w, bias, sums);
                    }
                    _ => tiles::<I>(&r, x, width, w, bias, sums),
                }
                writer.write(sums, r.y.as_mut_ptr().add(first * c + at), c);
            }
        }
    }
}

/// Sums of pixels of `width` channels.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tiles<I: Isa>(r: &Row<'_>, x: *const i16, width: usize, w: *const i8, bias: I::Sums, sums: &mut [I::Sums]) {
    let (some, mut done) = (sums.len(), 0);
    while done < some {
        // The last ones are computed together with some before them again.
        let pixel = if some < 4 { done } else { done.min(some - 4) };
        // SAFETY: the caller's promise.
        unsafe {
            let (x, sums) = (x.add(pixel * r.stride * width), &mut sums[pixel..]);
            done = pixel
                + if some < 4 {
                    tile::<I, 1>(r, x, width, w, bias, sums)
                } else {
                    tile::<I, 4>(r, x, width, w, bias, sums)
                };
        }
    }
}

/// Sums of `M` pixels of sixteen channels; gives `M`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tile<I: Isa, const M: usize>(
    r: &Row<'_>,
    x: *const i16,
    width: usize,
    mut w: *const i8,
    bias: I::Sums,
    sums: &mut [I::Sums],
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut acc = [bias; M];
        for (line, column) in r.lines.chunks_exact(2).zip(r.columns.chunks_exact(2)) {
            let (a, b) = (x.add(line[0] + column[0] * width), x.add(line[1] + column[1] * width));
            let weights = I::pairs(w);
            w = w.add(LANES * 2);
            for (m, s) in acc.iter_mut().enumerate() {
                let step = m * r.stride * width;
                *s = I::dot_couples(*s, weights, I::couple(a.add(step), b.add(step)));
            }
        }
        sums[..M].copy_from_slice(&acc);
    }
    M
}

/// Sums of one half of the lanes, of pixels of a window of 3x3 with a stride of 1 or 2. Columns are couples of the two upper rows; those of the
/// last row are of pixels side by side, of which the window has columns 0 and 1, and column 2 and nothing. What is made of a column is kept for
/// the pixels that follow.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn half_3x3<I: Isa, const STRIDE: usize, const HALF: usize>(
    r: &Row<'_>,
    x: *const i16,
    w: *const i8,
    bias: I::Sums,
    sums: &mut [I::Sums],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let (top, middle, last) = (x.add(r.lines[0]), x.add(r.lines[1]), x.add(r.lines[6]));
        let weights = parts!(i in [0, 1, 2, 3, 4] => I::pairs(w.add(i * LANES * 2)));
        let mut a = couple_at::<I>(top, middle, 0);
        let mut b = couple_at::<I>(top, middle, 1);
        let mut d = couple_at::<I>(last, last.add(LANES), 0);
        let mut e = couple_at::<I>(last, last.add(LANES), 1);
        for (i, sums) in sums.iter_mut().enumerate() {
            let c = couple_at::<I>(top, middle, i * STRIDE + 2);
            let f = couple_at::<I>(last, last.add(LANES), i * STRIDE + 2);
            let mut s = I::dot_couples(bias, weights[0], a);
            s = I::dot_couples(s, weights[1], b);
            s = I::dot_couples(s, weights[2], c);
            s = I::dot_couples(s, weights[3], d);
            s = I::dot_couples(s, weights[4], f);
            I::keep_half::<HALF>(s, sums);
            [a, b, d, e] =
                if STRIDE == 1 { [b, c, e, f] } else { [c, couple_at::<I>(top, middle, i * STRIDE + 3), f, f] };
        }
    }
}

/// A couple of the codes of one pixel of two rows.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn couple_at<I: Isa>(first: *const i16, second: *const i16, pixel: usize) -> I::Couples {
    // SAFETY: the caller's promise.
    unsafe { I::couple(first.add(pixel * LANES), second.add(pixel * LANES)) }
}
