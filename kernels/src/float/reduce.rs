//! Reductions over axes.

use crate::error::Result;
use crate::geometry::{axis, strides};

/// Where each element of a reduction goes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For each input element, in order, its output element.
    pub target: Vec<usize>,
    /// Shape of the result.
    pub shape: Vec<usize>,
    /// How many elements each output takes.
    pub count: usize,
}

/// Plans a reduction of `shape` over `axes` (which may be negative or repeated).
pub fn plan(shape: &[usize], axes: &[i64], keep_dims: bool) -> Result<Plan> {
    let mut reduced = vec![false; shape.len()];
    for a in axes {
        reduced[axis(*a, shape.len())?] = true;
    }
    let kept: Vec<usize> = (0..shape.len()).map(|i| if reduced[i] { 1 } else { shape[i] }).collect();
    let target = super::elementwise::indices(&kept, shape);
    let out = (0..shape.len()).filter(|i| keep_dims || !reduced[*i]).map(|i| kept[i]).collect();
    let count = (0..shape.len()).filter(|i| reduced[*i]).map(|i| shape[i]).product();
    debug_assert_eq!(strides(&kept).len(), kept.len());
    Ok(Plan { target, shape: out, count })
}

impl Plan {
    /// Folds every element into its output.
    pub fn fold<T: Copy, A: Clone>(&self, x: &[T], start: A, f: impl Fn(&mut A, T)) -> Vec<A> {
        let mut out = vec![start; self.shape.iter().product()];
        for (v, t) in x.iter().zip(&self.target) {
            f(&mut out[*t], *v);
        }
        out
    }
}

/// Index of the first extreme element along an axis; `better(new, old)` says what is extreme.
pub fn arg_reduce<T: Copy>(x: &[T], shape: &[usize], at: usize, better: impl Fn(T, T) -> bool) -> Vec<i64> {
    let inner: usize = shape[at + 1..].iter().product();
    let (outer, n) = (shape[..at].iter().product::<usize>(), shape[at]);
    let mut out = Vec::with_capacity(outer * inner);
    for o in 0..outer {
        for i in 0..inner {
            let value = |k: usize| x[(o * n + k) * inner + i];
            let best = (1..n).fold(0, |b, k| if better(value(k), value(b)) { k } else { b });
            out.push(best as i64);
        }
    }
    out
}

/// The running sum along an axis.
pub fn cumsum(x: &[f32], shape: &[usize], at: usize, exclusive: bool, reverse: bool) -> Vec<f32> {
    let inner: usize = shape[at + 1..].iter().product();
    let (outer, n) = (shape[..at].iter().product::<usize>(), shape[at]);
    let mut out = vec![0.0; x.len()];
    for o in 0..outer {
        for i in 0..inner {
            let mut sum = 0.0;
            for k in 0..n {
                let k = if reverse { n - 1 - k } else { k };
                let j = (o * n + k) * inner + i;
                if exclusive {
                    out[j] = sum;
                    sum += x[j];
                } else {
                    sum += x[j];
                    out[j] = sum;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_axes() {
        let x: Vec<f32> = (1..=6).map(|v| v as f32).collect();
        let p = plan(&[2, 3], &[-1], false).unwrap();
        assert_eq!((p.fold(&x, 0.0, |a, v| *a += v), p.shape.clone(), p.count), (vec![6.0, 15.0], vec![2], 3));
        let p = plan(&[2, 3], &[0], true).unwrap();
        assert_eq!((p.fold(&x, 0.0, |a, v| *a += v), p.shape.clone()), (vec![5.0, 7.0, 9.0], vec![1, 3]));
        assert!(plan(&[2], &[1], true).is_err());
        assert_eq!(arg_reduce(&[1.0, 3.0, 3.0, 2.0], &[2, 2], 1, |a, b| a > b), [1, 0]);
        assert_eq!(cumsum(&[1.0, 2.0, 3.0], &[3], 0, true, true), [5.0, 3.0, 0.0]);
    }
}
