//! Windows over images: sizes, padding, strides. Shared by float and integer kernels.

use crate::error::{KernelError, Result, ensure};

/// One spatial dimension of a convolution or pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Elements of the input.
    pub input: usize,
    /// Elements of the output.
    pub output: usize,
    /// Taps of the window.
    pub taps: usize,
    /// Input elements from one output to the next.
    pub stride: usize,
    /// Input elements from one tap to the next.
    pub dilation: usize,
    /// Elements in front of the first input element.
    pub pad: usize,
}

impl Axis {
    /// TFLite's rule: SAME gives `ceil(in / stride)` outputs and half the padding, rounded down, in front; VALID pads nothing.
    pub fn new(input: usize, taps: usize, stride: usize, dilation: usize, same: bool) -> Result<Axis> {
        ensure(taps > 0 && stride > 0 && dilation > 0, || "a window of no size".into())?;
        let reach = (taps - 1) * dilation + 1;
        if same {
            let output = input.div_ceil(stride);
            let total = (output.saturating_sub(1) * stride + reach).saturating_sub(input);
            return Ok(Axis { input, output, taps, stride, dilation, pad: total / 2 });
        }
        ensure(input >= reach, || format!("a window of {reach} does not fit an input of {input}"))?;
        Ok(Axis { input, output: (input - reach) / stride + 1, taps, stride, dilation, pad: 0 })
    }

    /// The input element that tap `tap` of output `out` reads; `None` in the padding.
    pub fn source(&self, out: usize, tap: usize) -> Option<usize> {
        (out * self.stride + tap * self.dilation).checked_sub(self.pad).filter(|i| *i < self.input)
    }

    /// The taps of output `out` that read the image.
    pub fn inside(&self, out: usize) -> std::ops::Range<usize> {
        let start = out * self.stride;
        let first = self.pad.saturating_sub(start).div_ceil(self.dilation).min(self.taps);
        let end = (self.pad + self.input).saturating_sub(start).div_ceil(self.dilation).min(self.taps);
        first..end.max(first)
    }
}

/// Both dimensions of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows.
    pub y: Axis,
    /// Columns.
    pub x: Axis,
}

/// Larger tensors than this are not made: one of float32 takes 2 GB.
const MOST_ELEMENTS: usize = 1 << 29;

/// The number of elements of a shape; an error if it is larger than any tensor is.
pub fn elements(shape: &[usize]) -> Result<usize> {
    let n = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n <= MOST_ELEMENTS);
    n.ok_or_else(|| KernelError::new(format!("a tensor of shape {shape:?} is too large")))
}

/// Row-major strides of a shape, in elements.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut out = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        out[i - 1] = out[i] * shape[i];
    }
    out
}

/// The position of dimension `axis`, counted from the end if negative.
pub fn axis(axis: i64, rank: usize) -> Result<usize> {
    let at = if axis < 0 { axis + rank as i64 } else { axis };
    ensure((0..rank as i64).contains(&at), || format!("axis {axis} is out of range for rank {rank}"))?;
    Ok(at as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_element_behind() {
        let a = Axis::new(8, 3, 2, 1, true).unwrap();
        assert_eq!((a.output, a.pad), (4, 0));
        let a = Axis::new(7, 3, 2, 1, true).unwrap();
        assert_eq!((a.output, a.pad), (4, 1));
        assert_eq!(a.source(0, 0), None);
        assert_eq!(a.inside(0), 1..3);
        assert!(Axis::new(2, 3, 1, 1, false).is_err());
        let a = Axis::new(5, 3, 1, 3, true).unwrap();
        let inside = |o: usize| (0..3).filter(|t| a.source(o, *t).is_some()).collect::<Vec<_>>();
        assert!((0..5).all(|o| a.inside(o).collect::<Vec<_>>() == inside(o)));
    }
}
