//! Convolutions and pools.

use super::shapes::shape_from;
use super::{InferCx, InferError, Inferred, one};
use crate::types::Dim;

/// Output size of a window: `ceil(in / stride)` for SAME, `ceil((in - effective + 1) / stride)` for VALID.
fn window(input: Dim, filter: usize, stride: usize, dilation: usize, same: bool) -> Result<Dim, InferError> {
    let Some(input) = input else { return Ok(None) };
    let effective = (filter.max(1) - 1).saturating_mul(dilation).saturating_add(1);
    if same {
        return Ok(Some(input.div_ceil(stride)));
    }
    if input < effective {
        return Err(InferError::new(format!("a window of {effective} does not fit an input of {input}")));
    }
    Ok(Some((input - effective) / stride + 1))
}

/// NHWC input, OHWI filter.
pub fn conv_2d(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(w)) = (cx.shape_of_rank(0, 4)?, cx.shape_of_rank(1, 4)?) else {
        return one(None, cx.elem(0)?);
    };
    if let (Some(c), Some(wc)) = (x[3], w[3])
        && (wc == 0 || c % wc != 0)
    {
        return Err(InferError::new(format!("{c} input channels do not fit a filter of {wc}")));
    }
    let (h, wd) = conv_window(cx, x, w)?;
    one(Some(vec![x[0], h, wd, w[0]]), cx.elem(0)?)
}

/// NHWC input, 1HWC filter.
pub fn depthwise_conv_2d(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(w)) = (cx.shape_of_rank(0, 4)?, cx.shape_of_rank(1, 4)?) else {
        return one(None, cx.elem(0)?);
    };
    let (h, wd) = conv_window(cx, x, w)?;
    one(Some(vec![x[0], h, wd, w[3]]), cx.elem(0)?)
}

fn conv_window(cx: &InferCx<'_>, x: &[Dim], w: &[Dim]) -> Result<(Dim, Dim), InferError> {
    let same = cx.same_padding();
    let dim = |input: Dim, filter: Dim, stride: &str, dilation: &str| match filter {
        Some(f) => window(input, f, cx.size(stride)?, cx.size(dilation)?, same),
        None => Ok(None),
    };
    Ok((dim(x[1], w[1], "stride_h", "dilation_h_factor")?, dim(x[2], w[2], "stride_w", "dilation_w_factor")?))
}

/// NDHWC input, DHWIO filter.
pub fn conv_3d(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(w)) = (cx.shape_of_rank(0, 5)?, cx.shape_of_rank(1, 5)?) else {
        return one(None, cx.elem(0)?);
    };
    let same = cx.same_padding();
    let mut out = vec![x[0]];
    for (i, d) in ["d", "h", "w"].iter().enumerate() {
        let (s, l) = (cx.size(&format!("stride_{d}"))?, cx.size(&format!("dilation_{d}_factor"))?);
        out.push(match w[i] {
            Some(f) => window(x[i + 1], f, s, l, same)?,
            None => None,
        });
    }
    out.push(w[4]);
    one(Some(out), cx.elem(0)?)
}

/// Window of `filter_height` by `filter_width`.
pub fn pool_2d(cx: &InferCx<'_>) -> Inferred {
    let Some(x) = cx.shape_of_rank(0, 4)? else { return one(None, cx.elem(0)?) };
    let same = cx.same_padding();
    let h = window(x[1], cx.size("filter_height")?, cx.size("stride_h")?, 1, same)?;
    let w = window(x[2], cx.size("filter_width")?, cx.size("stride_w")?, 1, same)?;
    one(Some(vec![x[0], h, w, x[3]]), cx.elem(0)?)
}

/// `transpose_conv(output_shape, filter OHWI, input)`.
pub fn transpose_conv(cx: &InferCx<'_>) -> Inferred {
    let mut shape = shape_from(cx, 0)?;
    if let (Some(s), Some(w)) = (shape.as_mut(), cx.shape_of_rank(1, 4)?)
        && s.len() == 4
    {
        s[3] = s[3].or(w[0]);
    }
    one(shape, cx.elem(2)?)
}
