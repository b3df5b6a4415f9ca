//! Resizing of NHWC images. Input and result have the same parameters.

use super::conv::rank_4;
use super::{Code, whole};
use crate::error::{Result, ensure};
use crate::float::resize::Placement;
use crate::geometry::elements;

/// One of both dimensions.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: i64,
    /// Input elements from one output to the next, in 1/1024.
    step: i64,
    /// Input element of output 0, in 1/1024.
    start: i64,
}

impl Axis {
    fn new(input: usize, output: usize, place: Placement) -> Axis {
        let (i, o) = (input as i64, output as i64);
        let step = if place.align_corners && o > 1 {
            (1024 * (i - 1) + (o - 1) / 2) / (o - 1)
        } else {
            (1024 * i + o / 2) / o
        };
        Axis { input: i, step, start: if place.half_pixel_centers { step / 2 - 512 } else { 0 } }
    }

    /// The elements around output `o`, each with its weight in 1/1024.
    fn around(&self, o: usize) -> [(usize, i64); 2] {
        let at = o as i64 * self.step + self.start;
        let low = (at / 1024).max(0);
        let high = ((at + 1023) / 1024).min(self.input - 1);
        let far = at - 1024 * low;
        [(low.min(self.input - 1) as usize, 1024 - far), (high.max(0) as usize, far)]
    }
}

/// The input elements around each of `output` ones, each with its weight in 1/1024.
pub fn sources(input: usize, output: usize, place: Placement) -> Vec<[(usize, i64); 2]> {
    let axis = Axis::new(input, output, place);
    (0..output).map(|o| axis.around(o)).collect()
}

/// Linear interpolation of `x [n, h, w, c]` to `size` (rows, columns), in integers.
pub fn bilinear<C: Code>(x: &[C], shape: &[usize], size: [usize; 2], place: Placement) -> Result<(Vec<C>, Vec<usize>)> {
    let [n, h, w, c] = rank_4(shape)?;
    whole(x, shape)?;
    ensure(h > 0 && w > 0 && !size.contains(&0), || "an image without pixels".into())?;
    let out_shape = vec![n, size[0], size[1], c];
    let mut out = Vec::with_capacity(elements(&out_shape)?);
    let (rows, columns) = (Axis::new(h, size[0], place), Axis::new(w, size[1], place));
    for image in x.chunks((h * w * c).max(1)) {
        for oy in 0..size[0] {
            let ys = rows.around(oy);
            for ox in 0..size[1] {
                let xs = columns.around(ox);
                out.extend((0..c).map(|k| {
                    let mut sum = 0;
                    for (iy, wy) in ys {
                        for (ix, wx) in xs {
                            sum += Into::<i64>::into(image[(iy * w + ix) * c + k]) * wy * wx;
                        }
                    }
                    C::of(((sum + if sum > 0 { 1 << 19 } else { -(1 << 19) }) / (1 << 20)) as i32)
                }));
            }
        }
    }
    Ok((out, out_shape))
}

/// The same of uint8 codes, in float32 and with halves upwards, as LiteRT has it.
pub fn bilinear_in_float(
    x: &[u8],
    shape: &[usize],
    size: [usize; 2],
    place: Placement,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let [n, _, _, c] = rank_4(shape)?;
    whole(x, shape)?;
    let real: Vec<f32> = x.iter().map(|q| f32::from(*q)).collect();
    let y = crate::float::resize::bilinear(&real, shape, size, place)?;
    Ok((y.into_iter().map(|v| (v + 0.5) as u8).collect(), vec![n, size[0], size[1], c]))
}
