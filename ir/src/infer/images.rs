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
    let out = s.iter().zip(p.chunks(2)).map(|(d, p)| usize::try_from((*d)? as i64 + p[0] + p[1]).ok()).collect();
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
    one(Some(vec![s[0], s[1].map(|d| d / b), s[2].map(|d| d / b), s[3].map(|d| d * b * b)]), cx.elem(0)?)
}

/// `depth_to_space` by `block_size`.
pub fn depth_to_space(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape_of_rank(0, 4)? else { return one(None, cx.elem(0)?) };
    let b = cx.size("block_size")?;
    one(Some(vec![s[0], s[1].map(|d| d * b), s[2].map(|d| d * b), s[3].map(|d| d / (b * b))]), cx.elem(0)?)
}

fn blocks(cx: &InferCx<'_>, to_batch: bool) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let (Some(b), Some(p)) = (cx.ints(1), cx.ints(2)) else { return one(Some(vec![None; s.len()]), elem) };
    if s.len() <= b.len() || p.len() != 2 * b.len() || b.iter().any(|v| *v <= 0) {
        return Err(InferError::new("block shape and paddings do not fit the input"));
    }
    let all: usize = b.iter().map(|v| *v as usize).product();
    let mut out = s.to_vec();
    out[0] = s[0].map(|d| if to_batch { d * all } else { d / all });
    for (i, (b, p)) in b.iter().zip(p.chunks(2)).enumerate() {
        out[i + 1] = s[i + 1].and_then(|d| {
            let d = d as i64;
            usize::try_from(if to_batch { (d + p[0] + p[1]) / b } else { d * b - p[0] - p[1] }).ok()
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
