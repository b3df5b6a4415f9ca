//! Borders, sizes and blocks of images.

use super::shapes::shape_from;
use super::{InferCx, InferError, Inferred, one};

/// `pad(x, paddings)`: `paddings` is `[rank, 2]`.
pub fn pad(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let Some(p) = cx.ints(1) else { return one(Some(vec![None; s.len()]), cx.elem(0)?) };
    if p.len() != 2 * s.len() {
        return Err(InferError::new(format!("{} paddings for rank {}", p.len(), s.len())));
    }
    let padded = |d: usize, p: &[i64]| usize::try_from(d as i128 + i128::from(p[0]) + i128::from(p[1])).ok();
    let out = s.iter().zip(p.chunks(2)).map(|(d, p)| padded((*d)?, p)).collect();
    one(Some(out), cx.elem(0)?)
}

/// `resize(x, size)` with `size = [height, width]`.
pub fn resize(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape_of_rank(0, 4)? else { return one(None, cx.elem(0)?) };
    let size = shape_from(cx, 1)?.filter(|v| v.len() == 2).unwrap_or_else(|| vec![None; 2]);
    one(Some(vec![s[0], size[0], size[1], s[3]]), cx.elem(0)?)
}

/// `space_to_depth` by `block_size`.
pub fn space_to_depth(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape_of_rank(0, 4)? else { return one(None, cx.elem(0)?) };
    let b = cx.size("block_size")?;
    let channels = s[3].and_then(|d| d.checked_mul(b.checked_mul(b)?));
    one(Some(vec![s[0], s[1].map(|d| d / b), s[2].map(|d| d / b), channels]), cx.elem(0)?)
}

/// `depth_to_space` by `block_size`.
pub fn depth_to_space(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape_of_rank(0, 4)? else { return one(None, cx.elem(0)?) };
    let b = cx.size("block_size")?;
    let side = |d: crate::types::Dim| d.and_then(|d| d.checked_mul(b));
    one(Some(vec![s[0], side(s[1]), side(s[2]), s[3].map(|d| d / b.saturating_mul(b))]), cx.elem(0)?)
}

fn blocks(cx: &InferCx<'_>, to_batch: bool) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let (Some(b), Some(p)) = (cx.ints(1), cx.ints(2)) else { return one(Some(vec![None; s.len()]), elem) };
    if s.len() <= b.len() || p.len() != 2 * b.len() || b.iter().any(|v| *v <= 0) {
        return Err(InferError::new("block shape and paddings do not fit the input"));
    }
    let all = b.iter().fold(1usize, |n, v| n.saturating_mul(*v as usize));
    let mut out = s.to_vec();
    out[0] = s[0].and_then(|d| if to_batch { d.checked_mul(all) } else { Some(d / all) });
    for (i, (b, p)) in b.iter().zip(p.chunks(2)).enumerate() {
        out[i + 1] = s[i + 1].and_then(|d| {
            let (d, b, border) = (d as i128, i128::from(*b), i128::from(p[0]) + i128::from(p[1]));
            usize::try_from(if to_batch { (d + border) / b } else { d * b - border }).ok()
        });
    }
    one(Some(out), elem)
}

/// `space_to_batch_nd(x, block_shape, paddings)`.
pub fn space_to_batch_nd(cx: &InferCx<'_>) -> Inferred {
    blocks(cx, true)
}

/// `batch_to_space_nd(x, block_shape, crops)`.
pub fn batch_to_space_nd(cx: &InferCx<'_>) -> Inferred {
    blocks(cx, false)
}
