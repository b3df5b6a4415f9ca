//! Functions of int16 codes as LiteRT has them: 513 points, lines between.

use super::Affine;

/// Codes from one point to the next.
const STEP: i32 = 128;
/// The number of lines.
const LINES: i32 = 512;

/// The codes of a function's result at every 128th code of its operand.
#[derive(Clone, Debug)]
pub struct Curve {
    points: Vec<i16>,
}

impl Curve {
    /// Of a function in float32.
    pub fn single(x: Affine, out: Affine, f: impl Fn(f32) -> f32) -> Curve {
        let cut = |v: f64| f64::from(v as f32);
        Curve::new((x.scale.into(), x.zero), (out.scale.into(), out.zero), cut, |v| f(v as f32).into())
    }

    /// Of a function in float64; scales and zero points of operand and result are given.
    pub fn double(x: (f64, i32), out: (f64, i32), f: impl Fn(f64) -> f64) -> Curve {
        Curve::new(x, out, |v| v, f)
    }

    /// `cut` rounds the result of each operation.
    ///
    /// A point is moved by half of what the line would miss the function by in its middle.
    fn new(x: (f64, i32), out: (f64, i32), cut: impl Fn(f64) -> f64, f: impl Fn(f64) -> f64) -> Curve {
        let ends = |(scale, zero): (f64, i32)| {
            let end = |code: i16| cut(scale * f64::from(i32::from(code) - zero));
            (end(i16::MIN), end(i16::MAX))
        };
        let ((low, high), (out_low, out_high)) = (ends(x), ends(out));
        let step = cut(cut(high - low) / f64::from(LINES));
        let half = step / 2.0;
        let codes = cut(65536.0 / cut(out_high - out_low));
        let at = |i: i32| cut(low + cut(f64::from(i) * step));
        let code = |v: f64| cut(v * codes);
        let point = |v: f64| v.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let mut points: Vec<i16> = (0..LINES)
            .map(|i| {
                let (here, middle, next) = (f(at(i)), f(cut(at(i) + half)), f(at(i + 1)));
                let start = code(here).round();
                let of_line = cut(cut(code(next) + start) / 2.0).round();
                let error = cut(of_line - code(middle).round());
                point(cut(start - (error / 2.0).round()))
            })
            .collect();
        points.push(point(code(f(high)).round()));
        Curve { points }
    }

    /// The points.
    pub(crate) fn points(&self) -> &[i16] {
        &self.points
    }

    /// The code of the result.
    pub fn at(&self, code: i32) -> i32 {
        let i = (LINES / 2 + code.div_euclid(STEP)) as usize;
        let (low, high) = (i32::from(self.points[i]), i32::from(self.points[i + 1]));
        // The slope is 16 bits wide.
        let slope = i32::from((high - low) as i16);
        low + ((slope * code.rem_euclid(STEP) + STEP / 2) >> 7)
    }
}
