//! Scales, zero points and stored values: the arithmetic of the int8 scheme.
//!
//! Formulas are those of TFLite's own quantizer ("legacy float scale" form), so that equal ranges give equal files. Every scale is a float32
//! value held in an `f64`. `round` is half away from zero throughout.

use ir::{Elem, QuantParams, QuantType, Tensor, TensorType};

/// Lowest and highest stored value of an int8 activation.
const LO: f64 = -128.0;
const HI: f64 = 127.0;
/// Largest bias that leaves room for the accumulator: half of the int32 range.
const BIAS_MAX: f64 = (i32::MAX / 2) as f64;

/// The asymmetric int8 type of an activation seen in `[min, max]`; 0 is always included. `widen` is added at both ends of a range narrower
/// than itself: 1e-6 for calibrated ranges, 5e-7 for constants.
pub fn activation(min: f32, max: f32, widen: f64) -> QuantType {
    let (mut lo, mut hi) = (f64::from(min).min(0.0), f64::from(max).max(0.0));
    if (hi - lo).abs() < 1e-6 {
        lo -= widen;
        hi += widen;
    }
    let scale = (hi as f32 - lo as f32) / 255.0;
    let zero = (LO - lo / f64::from(scale)) as f32;
    let zero_point = f64::from(zero).clamp(LO, HI).round() as i64;
    QuantType::per_tensor(8, f64::from(scale), zero_point)
}

/// The asymmetric int8 type of a constant that is no weight, from its content.
pub fn constant(values: &[f32]) -> QuantType {
    let (min, max) = min_max(values);
    activation(min, max, 5e-7)
}

/// Lowest and highest value; NaNs are passed over. Of nothing: (0, 0).
pub fn min_max(values: &[f32]) -> (f32, f32) {
    let (lo, hi) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    if lo <= hi { (lo, hi) } else { (0.0, 0.0) }
}

/// Iterates over `(channel, element index)` of a row-major tensor along `axis`.
fn channels(shape: &[usize], axis: usize) -> impl Fn(usize) -> usize {
    let inner: usize = shape[axis + 1..].iter().product();
    let count = shape[axis];
    move |i| i / inner.max(1) % count.max(1)
}

/// Largest magnitude of each channel along `axis`, or of the whole tensor.
pub fn abs_max(values: &[f32], shape: &[usize], axis: Option<usize>) -> Vec<f32> {
    let Some(axis) = axis else { return vec![values.iter().fold(0.0, |m, v| v.abs().max(m))] };
    let mut out = vec![0f32; shape[axis]];
    let channel = channels(shape, axis);
    for (i, v) in values.iter().enumerate() {
        let m = &mut out[channel(i)];
        *m = m.max(v.abs());
    }
    out
}

/// The symmetric, narrow-range int8 type of a weight: `scale = max|w| / 127`, no smaller than that of 5e-7.
pub fn weight(values: &[f32], shape: &[usize], axis: Option<usize>) -> QuantType {
    let scales = abs_max(values, shape, axis)
        .into_iter()
        .map(|m| {
            // A channel of (nearly) nothing gets the range the peer widens it to.
            let m = if 2.0 * f64::from(m) <= 1e-6 { f64::from(m).max(5e-7) } else { f64::from(m) };
            f64::from((m as f32 - -(m as f32)) / 254.0)
        })
        .collect::<Vec<_>>();
    weight_type(scales, axis)
}

fn weight_type(scales: Vec<f64>, axis: Option<usize>) -> QuantType {
    match axis {
        Some(axis) => QuantType::per_axis(8, axis, scales),
        None => QuantType::per_tensor(8, scales[0], 0),
    }
    .with_range(-127, 127)
}

/// The int32 type of a bias: `scale = input scale * weight scale`, by channel where the weight is.
///
/// A bias too large for its scale raises the weight's scale instead; the weight's type is then given back with the bias'.
pub fn bias(
    input_scale: f64,
    weight: &QuantType,
    bias: &[f32],
    constant_weight: bool,
) -> (QuantType, Option<QuantType>) {
    let mut weight_scales = weight.scales();
    let mut scales: Vec<f64> = weight_scales.iter().map(|w| f64::from((input_scale * w) as f32)).collect();
    let mut raised = false;
    if constant_weight {
        if scales.len() == bias.len() && weight.axis().is_some() {
            for (c, b) in bias.iter().enumerate() {
                let b = f64::from(b.abs());
                if b / scales[c] > BIAS_MAX {
                    scales[c] = f64::from((b / BIAS_MAX) as f32);
                    weight_scales[c] = f64::from((scales[c] / input_scale) as f32);
                    raised = true;
                }
            }
        } else if weight.axis().is_none() {
            let b = f64::from(bias.iter().fold(0f32, |m, v| m.max(v.abs())));
            if b / scales[0] >= BIAS_MAX {
                scales[0] = f64::from((b / BIAS_MAX) as f32);
                weight_scales[0] = f64::from((scales[0] / input_scale) as f32);
                raised = true;
            }
        }
    }
    let ty = match weight.axis() {
        Some(_) => QuantType::per_axis(32, 0, scales),
        None => QuantType::per_tensor(32, scales[0], 0),
    };
    (ty, raised.then(|| weight_type(weight_scales, weight.axis())))
}

/// The stored tensor of a float constant under a quantized type; `None` if the type is not one the scheme makes.
pub fn quantize(tensor: &Tensor, ty: &std::sync::Arc<QuantType>) -> Option<Tensor> {
    let values = tensor.as_f32()?;
    let shape = tensor.shape();
    let elem = Elem::Quant(ty.clone());
    let scales = ty.scales();
    let zeros = ty.zero_points();
    match (&ty.params, ty.width) {
        (QuantParams::PerTensor { .. } | QuantParams::PerAxis { .. }, 32) => {
            let inverse: Vec<f32> = scales.iter().map(|s| (1.0 / s) as f32).collect();
            let n = inverse.len();
            let limit = f64::from(i32::MAX);
            let out = values
                .iter()
                .enumerate()
                .map(|(i, v)| f64::from((v * inverse[i % n]).round()).clamp(-limit, limit) as i32)
                .collect();
            Tensor::i32(&shape, out).retyped(TensorType::of(&shape, elem)).ok()
        }
        (QuantParams::PerAxis { axis, .. }, 8) => {
            let inverse: Vec<f32> = scales.iter().map(|s| (1.0 / s) as f32).collect();
            let channel = channels(&shape, *axis);
            let (lo, hi) = (ty.min as f32, ty.max as f32);
            let out =
                values.iter().enumerate().map(|(i, v)| (v * inverse[channel(i)]).round().clamp(lo, hi) as i8).collect();
            Some(Tensor::i8(&shape, elem, out))
        }
        (QuantParams::PerTensor { scale, .. }, 8) if ty.min == -127 => {
            let range = abs_max(&values, &shape, None)[0];
            let own = f64::from(range / 127.0);
            // The peer quantizes by the content's range unless a bias has raised the scale.
            let inverse = if range == 0.0 {
                0.0
            } else if ((own - scale.0) / own).abs() < 1e-3 {
                127.0 / range
            } else {
                (1.0 / scale.0) as f32
            };
            let out = values.iter().map(|v| (v * inverse).round().clamp(-127.0, 127.0) as i8).collect();
            Some(Tensor::i8(&shape, elem, out))
        }
        (QuantParams::PerTensor { .. }, 8) => {
            let (scale, zero) = (scales[0], zeros[0] as f64);
            let (lo, hi) = (ty.min as f64, ty.max as f64);
            let out = values.iter().map(|v| (f64::from(*v) / scale + zero).round().clamp(lo, hi) as i8).collect();
            Some(Tensor::i8(&shape, elem, out))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges and what TFLite's converter makes of them (measured with TensorFlow 2.21).
    #[test]
    fn activation_parameters_are_the_peers() {
        for (min, max, scale, zero) in [
            (0.5, 2.0, 2.0 / 255.0, -128),
            (-3.0, -1.0, 3.0 / 255.0, 127),
            (-1.0, 1.0, 2.0 / 255.0, -1),
            (0.0, 0.0, 2e-6 / 255.0, 0),
            (-1e-8, 2e-8, 7.96078e-09, -1),
            (0.0, 3e-7, 9.01961e-09, -17),
        ] {
            let (s, z) = activation(min, max, 1e-6).as_per_tensor().unwrap();
            assert!((s / scale - 1.0).abs() < 1e-5, "[{min}, {max}]: {s} for {scale}");
            assert_eq!(z, zero, "[{min}, {max}]");
        }
    }

    #[test]
    fn weights_are_symmetric_and_narrow() {
        let t = weight(&[1.0, -2.0, 0.0, 0.0], &[2, 2], Some(0));
        assert_eq!((t.min, t.max, t.axis()), (-127, 127, Some(0)));
        assert_eq!(t.scales()[0] as f32, 2.0 / 127.0);
        assert!((t.scales()[1] - 3.937e-9).abs() < 1e-12, "a channel of zeros keeps a positive scale");
        let q = quantize(&Tensor::f32(&[2, 2], vec![1.0, -2.0, 0.0, 0.0]), &t.into()).unwrap();
        assert_eq!(q.as_i8().unwrap().as_ref(), [64, -127, 0, 0]);
    }

    #[test]
    fn a_large_bias_raises_the_weight_scale() {
        let w = weight(&[0.0; 4], &[1, 4], Some(0));
        let (b, raised) = bias(0.01, &w, &[1.0], true);
        assert!((b.scales()[0] * BIAS_MAX - 1.0).abs() < 1e-5);
        let raised = raised.expect("the weight's scale follows");
        assert!((raised.scales()[0] * 0.01 / b.scales()[0] - 1.0).abs() < 1e-6);
    }
}
