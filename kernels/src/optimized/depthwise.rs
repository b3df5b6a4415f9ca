//! Depthwise convolutions of NHWC images: padded rows of the image, and sixteen channels at a time.

use std::ops::Range;

use super::isa::{Isa, TOGETHER, Writer};
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
    /// For each line of the ring where a window may begin: where its taps stand.
    offsets: Vec<usize>,
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
    /// Where the first output's taps stand in them; an even number of taps.
    pub taps: &'a [usize],
    /// Codes from the taps of one output to those of the next.
    pub step: usize,
    /// Codes from one block of channels to the next.
    pub block: usize,
    /// The stride, if the window is of 3x3 taps side by side.
    pub small: Option<usize>,
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
        let offsets = Vec::new();
        let mut conv =
            Depthwise { x_shape: [n, h, w, c], y_shape, win, zero: zero as i8, by, offsets, variant: best(false) };
        elements(&[conv.reach(), conv.line()])?;
        conv.offsets = (0..conv.reach()).flat_map(|start| conv.taps_from(start)).collect();
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

    /// Where the taps of the first output of a row stand in the ring of padded rows: an even number for each line where the window may begin.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
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

    /// Codes of a padded row, which is `[block][pixel][LANES]`, with as many channels as the result has, filled up.
    fn line(&self) -> usize {
        self.y_shape[3].next_multiple_of(LANES) * self.across()
    }

    /// Where the taps of the first output stand if the first line is `start`. A tap that is alone stands twice.
    fn taps_from(&self, start: usize) -> Vec<usize> {
        let Window { y, x } = self.win;
        let line = |ky: usize| (start + ky * y.dilation) % self.reach() * self.line();
        let stands = |tap: usize| line(tap / x.taps) + tap % x.taps * x.dilation * LANES;
        let couple = |[first, second]: [Option<usize>; 2]| [first, second.or(first)].map(|t| t.map_or(0, stands));
        couples([y.taps, x.taps]).into_iter().flat_map(couple).collect()
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
            let taps = self.offsets.len() / reach;
            let row = Row {
                x: &scratch[..reach * length + LANES],
                taps: &self.offsets[first % reach * taps..][..taps],
                step: self.win.x.stride * LANES,
                block: self.across() * LANES,
                small: (self.win.y.taps == 3 && self.win.x.taps == 3 && self.win.x.dilation == 1)
                    .then_some(self.win.x.stride),
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
        for (block, to) in to.chunks_exact_mut(across * LANES).enumerate() {
            let at = block * LANES;
            to[..left * LANES].fill(zero);
            to[(left + n) * LANES..].fill(zero);
            let to = &mut to[left * LANES..][..n * LANES];
            if o == c {
                widen(&from[at..], c, to);
                continue;
            }
            for (i, to) in to.chunks_exact_mut(LANES).enumerate() {
                let outputs = to.iter_mut().zip(at..o);
                outputs.for_each(|(to, output)| *to = from[i * c + output / (o / c)].into());
            }
        }
    }
}

wide! {
    /// Widens sixteen codes of every pixel of `channels`, or as many as there are: behind the last channel are those of the next pixel, which
    /// are not used.
    fn widen(from: &[i8], channels: usize, to: &mut [i16]) {
        for (i, to) in to.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let from = &from[i * channels..];
            match from.first_chunk::<LANES>() {
                Some(from) => *to = from.map(i16::from),
                None => to.iter_mut().zip(from).for_each(|(t, f)| *t = (*f).into()),
            }
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
    // A couple of a last tap may reach a pixel further.
    let reach = (c.div_ceil(LANES) - 1) * r.block + last * r.step + 2 * LANES;
    assert!(r.taps.iter().all(|tap| tap + reach <= r.x.len()));
    let block = r.taps.len() * LANES;
    assert!(r.by.weights.len() == c.div_ceil(LANES) * block);
    assert!(r.by.bias.len() >= c && r.by.out.lanes() >= c);
    for at in (0..c).step_by(LANES) {
        // SAFETY: outputs `pixel..pixel + M` read inside `x` by the assertions; packed values are in whole groups of lanes.
        unsafe {
            let writer = Writer::<I>::new(&r.by.out, at, c);
            let bias = I::load(r.by.bias.as_ptr().add(at));
            let w = r.by.weights.as_ptr().add(at / LANES * block);
            let x = r.x.as_ptr().add(at / LANES * r.block);
            let mut sums = [bias; TOGETHER];
            for first in (0..pixels).step_by(TOGETHER) {
                let some = TOGETHER.min(pixels - first);
                let x = x.add(first * r.step);
                let mut done = 0;
                while done < some {
                    // The last ones are computed together with some before them again.
                    let pixel = if some < 4 { done } else { done.min(some - 4) };
                    let (x, sums) = (x.add(pixel * r.step), &mut sums[pixel..]);
                    done = pixel
                        + match (some.min(4), r.small) {
                            (4, Some(1)) => four_of_3x3::<I, 1>(&r, x, w, bias, sums),
                            (4, Some(2)) => four_of_3x3::<I, 2>(&r, x, w, bias, sums),
                            (4, _) => tile::<I, 4>(&r, x, w, bias, sums),
                            _ => tile::<I, 1>(&r, x, w, bias, sums),
                        };
                }
                writer.write(&mut sums[..some], r.y.as_mut_ptr().add(first * c + at), c);
            }
        }
    }
}

/// Sums of `M` pixels of sixteen channels; gives `M`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tile<I: Isa, const M: usize>(
    r: &Row<'_>,
    x: *const i16,
    mut w: *const i8,
    bias: I::Sums,
    sums: &mut [I::Sums],
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut acc = [bias; M];
        for pair in r.taps.chunks_exact(2) {
            let (a, b) = (x.add(pair[0]), x.add(pair[1]));
            let weights = I::pairs(w);
            w = w.add(LANES * 2);
            for (m, s) in acc.iter_mut().enumerate() {
                *s = I::dot_couples(*s, weights, I::couple(a.add(m * r.step), b.add(m * r.step)));
            }
        }
        sums[..M].copy_from_slice(&acc);
    }
    M
}

/// Sums of four pixels of a window of 3x3 with a stride of 1 or 2, which share what is made of the columns; gives 4.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn four_of_3x3<I: Isa, const STRIDE: usize>(
    r: &Row<'_>,
    x: *const i16,
    w: *const i8,
    bias: I::Sums,
    sums: &mut [I::Sums],
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let (top, middle, last) = (x.add(r.taps[0]), x.add(r.taps[1]), x.add(r.taps[6]));
        let couple = |i: usize| w.add(i * LANES * 2);
        let mut acc = [bias; 4];
        let weights = [I::pairs(couple(0)), I::pairs(couple(1)), I::pairs(couple(2))];
        for column in 0..3 * STRIDE + 3 {
            let codes = I::couple(top.add(column * LANES), middle.add(column * LANES));
            for (m, s) in acc.iter_mut().enumerate() {
                if let Some(weights) = column.checked_sub(m * STRIDE).and_then(|tap| weights.get(tap)) {
                    *s = I::dot_couples(*s, *weights, codes);
                }
            }
        }
        // Couples of the last row are of columns 0 and 1, and of column 2 and nothing.
        let weights = [Some(I::pairs(couple(3))), None, Some(I::pairs(couple(4)))];
        for column in 0..3 * STRIDE + 3 {
            let codes = I::couple(last.add(column * LANES), last.add(column * LANES + LANES));
            for (m, s) in acc.iter_mut().enumerate() {
                if let Some(Some(weights)) = column.checked_sub(m * STRIDE).and_then(|tap| weights.get(tap)) {
                    *s = I::dot_couples(*s, *weights, codes);
                }
            }
        }
        sums[..4].copy_from_slice(&acc);
    }
    4
}
