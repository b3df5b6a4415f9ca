//! Products of matrices.

use super::elementwise::broadcast;
use super::{InferCx, InferError, Inferred, one};
use crate::types::Dim;

/// `[.., I] x [O, I]`: the batch dimensions are kept with `keep_num_dims`, else flattened to one.
pub fn fully_connected(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(w)) = (cx.shape(0)?, cx.shape_of_rank(1, 2)?) else { return one(None, cx.elem(0)?) };
    if cx.flag("keep_num_dims") {
        let mut out = x.to_vec();
        match (out.last_mut(), w[1]) {
            (Some(last), Some(i)) if last.is_none_or(|l| l == i) => *last = w[0],
            (Some(last), None) => *last = w[0],
            (last, i) => {
                let size = |d: Option<Dim>| d.flatten().map_or("?".to_owned(), |n| n.to_string());
                let (input, weights) = (size(last.copied()), size(Some(i)));
                return Err(InferError::new(format!(
                    "an input of depth {input} does not fit weights of depth {weights}"
                )));
            }
        }
        return one(Some(out), cx.elem(0)?);
    }
    let total = x.iter().try_fold(1usize, |n, d| d.and_then(|d| n.checked_mul(d)));
    let batch = match (total, w[1], x) {
        (Some(n), Some(i), _) if i > 0 && n % i == 0 => Some(n / i),
        (Some(n), Some(i), _) => {
            return Err(InferError::new(format!("{n} input elements do not fit weights of depth {i}")));
        }
        (_, _, [b, _]) => *b,
        _ => None,
    };
    one(Some(vec![batch, w[0]]), cx.elem(0)?)
}

/// `[.., M, K] x [.., K, N]` with `adj_x`, `adj_y`; batch dimensions broadcast.
pub fn batch_matmul(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(y)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(0)?) };
    if x.len() < 2 || y.len() < 2 {
        return Err(InferError::new("a matrix has rank 2 or more"));
    }
    let ((xb, xm), (yb, ym)) = (x.split_at(x.len() - 2), y.split_at(y.len() - 2));
    let (m, kx) = if cx.flag("adj_x") { (xm[1], xm[0]) } else { (xm[0], xm[1]) };
    let (ky, n) = if cx.flag("adj_y") { (ym[1], ym[0]) } else { (ym[0], ym[1]) };
    if let (Some(a), Some(b)) = (kx, ky)
        && a != b
    {
        return Err(InferError::new(format!("inner dimensions {a} and {b} differ")));
    }
    let mut out = broadcast(&[Some(xb), Some(yb)])?.unwrap_or_default();
    out.extend([m, n]);
    one(Some(out), cx.elem(0)?)
}
