//! Depthwise convolutions of NHWC images: padded rows of the image, and sixteen channels at a time.

use std::ops::Range;

use super::isa::{Isa, Writer};
use super::pack::{LANES, coupled, couples};
use super::scale::{Output, biases};
use super::variant::{Variant, best};
use super::{roomy, sized};
use crate::error::{Result, ensure};
use crate::float::conv::ConvParams;
use crate::geometry::{Window, elements};
use crate::reference::Requant;
use crate::reference::conv::{Filter, rank_4};

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
            for (i, to) in to[left * LANES..][..n * LANES].as_chunks_mut().0.iter_mut().enumerate() {
                if o == c {
                    widen(&from[i * c + at..], to);
                } else {
                    let outputs = to.iter_mut().zip(at..o);
                    outputs.for_each(|(to, output)| *to = from[i * c + output / (o / c)].into());
                }
            }
        }
    }
}

/// Widens sixteen codes, or as many as there are.
#[inline(always)]
fn widen(from: &[i8], to: &mut [i16; LANES]) {
    match from.first_chunk::<LANES>() {
        Some(from) => *to = from.map(i16::from),
        None => to.iter_mut().zip(from).for_each(|(t, f)| *t = (*f).into()),
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
    let reach = (c.div_ceil(LANES) - 1) * r.block + last * r.step + LANES;
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
            let mut pixel = 0;
            while pixel < pixels {
                let x = r.x.as_ptr().add(at / LANES * r.block + pixel * r.step);
                let y = r.y.as_mut_ptr().add(pixel * c + at);
                pixel += match pixels - pixel {
                    1 => tile::<I, 1>(&r, x, w, bias, &writer, y),
                    2 | 3 => tile::<I, 2>(&r, x, w, bias, &writer, y),
                    _ => tile::<I, 4>(&r, x, w, bias, &writer, y),
                };
            }
        }
    }
}

/// `M` pixels of sixteen channels; gives `M`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn tile<I: Isa, const M: usize>(
    r: &Row<'_>,
    x: *const i16,
    mut w: *const i8,
    bias: I::Sums,
    writer: &Writer<'_, I>,
    y: *mut i8,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [bias; M];
        for pair in r.taps.chunks_exact(2) {
            let (a, b) = (x.add(pair[0]), x.add(pair[1]));
            let weights = I::pairs(w);
            w = w.add(LANES * 2);
            for (m, s) in sums.iter_mut().enumerate() {
                *s = I::dot_pair(*s, weights, a.add(m * r.step), b.add(m * r.step));
            }
        }
        writer.write(sums, y, r.channels);
    }
    M
}
