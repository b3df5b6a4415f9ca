//! Resizing of NHWC images.

use crate::error::{Result, ensure};
use crate::geometry::elements;

/// How output pixels are placed over the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The corner pixels of both images coincide.
    pub align_corners: bool,
    /// Pixels are squares whose centers are compared.
    pub half_pixel_centers: bool,
}

impl Placement {
    fn scale(self, input: usize, output: usize) -> f32 {
        if self.align_corners && output > 1 {
            (input - 1) as f32 / (output - 1) as f32
        } else {
            input as f32 / output as f32
        }
    }

    /// The nearest input element of output `o`.
    pub fn nearest(self, o: usize, input: usize, output: usize) -> usize {
        let offset = if self.half_pixel_centers { 0.5 } else { 0.0 };
        let at = (o as f32 + offset) * self.scale(input, output);
        let at = if self.align_corners { at.round() } else { at.floor() };
        (at.max(0.0) as usize).min(input - 1)
    }

    /// The input elements around output `o`, and the weight of the second.
    pub fn linear(self, o: usize, input: usize, output: usize) -> (usize, usize, f32) {
        let scale = self.scale(input, output);
        let at = if self.half_pixel_centers { (o as f32 + 0.5) * scale - 0.5 } else { o as f32 * scale };
        let low = at.floor().max(0.0);
        let high = (at.ceil().max(0.0) as usize).min(input - 1);
        ((low as usize).min(input - 1), high, at - low)
    }
}

/// Linear interpolation of `x [n, h, w, c]` to `size` (rows, columns).
pub fn bilinear(x: &[f32], shape: &[usize], size: [usize; 2], place: Placement) -> Result<Vec<f32>> {
    ensure(shape.len() == 4 && shape[1] > 0 && shape[2] > 0, || "an image without pixels".into())?;
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3]);
    let mut y = Vec::with_capacity(elements(&[n, size[0], size[1], c])?);
    for b in 0..n {
        for oy in 0..size[0] {
            let (y0, y1, fy) = place.linear(oy, h, size[0]);
            for ox in 0..size[1] {
                let (x0, x1, fx) = place.linear(ox, w, size[1]);
                let at = |iy: usize, ix: usize, k: usize| x[((b * h + iy) * w + ix) * c + k];
                for k in 0..c {
                    y.push(
                        at(y0, x0, k) * (1.0 - fy) * (1.0 - fx)
                            + at(y1, x0, k) * fy * (1.0 - fx)
                            + at(y0, x1, k) * (1.0 - fy) * fx
                            + at(y1, x1, k) * fy * fx,
                    );
                }
            }
        }
    }
    Ok(y)
}
