//! Products of matrices, and what is close to them.

use super::{Checked, OpCx};
use crate::attr::Attr;
use crate::infer;
use crate::rules::{are_alike, compatible, sizes};
use crate::types::Dim;

/// `conv_2d`: its window fits the image.
pub fn conv_2d(cx: &OpCx<'_>) -> Checked {
    let (Some(x), Some(w)) = (cx.shape(0), cx.shape(1)) else { return Ok(()) };
    let same = cx.attr("padding").and_then(Attr::as_str) == Some("SAME");
    for (dim, axis) in [(1, "h"), (2, "w")] {
        let (Some(Some(size)), Some(Some(filter))) = (x.get(dim), w.get(dim)) else { continue };
        let positive = |name: String| match cx.int(&name) {
            Some(n) if n < 1 => Err(format!("attribute '{name}' must be positive, not {n}")),
            n => Ok(usize::try_from(n.unwrap_or(1)).unwrap_or(usize::MAX)),
        };
        positive(format!("stride_{axis}"))?;
        let dilation = positive(format!("dilation_{axis}_factor"))?;
        let reach = filter.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
        if !same && reach > *size {
            return Err(format!("has a window of {reach} on dimension {dim} of {size}"));
        }
    }
    Ok(())
}

/// `transpose_conv`: the result has the shape that operand 0 states.
pub fn transpose_conv(cx: &OpCx<'_>) -> Checked {
    let Some(out) = cx.result(0).and_then(|t| t.shape.as_deref()) else { return Ok(()) };
    if let Some([Some(rank)]) = cx.shape(0)
        && *rank != out.len()
    {
        return Err(format!("states {rank} sizes for a result of rank {}", out.len()));
    }
    let Some(stated) = cx.ints(0) else { return Ok(()) };
    let stated: Vec<Dim> = stated.into_iter().map(|n| usize::try_from(n).ok()).collect();
    if compatible(out, &stated) {
        return Ok(());
    }
    Err(format!("must make a result of shape {}, not {}", sizes(&stated), sizes(out)))
}

/// `fully_connected`: rows of the input are as long as those of the filter, and there are as many of the result.
pub fn fully_connected(cx: &OpCx<'_>) -> Checked {
    if let Some(w) = cx.shape(1)
        && w.len() != 2
    {
        return Err(format!("must have a filter of rank 2, not {}", w.len()));
    }
    let (Some(input), Some(filter)) = (cx.operand(0).and_then(|t| t.num_elements()), cx.sizes(1)) else {
        return Ok(());
    };
    let (out_depth, in_depth) = (filter[0], filter[1]);
    if in_depth != 0 && input % in_depth != 0 {
        return Err(format!("has {input} input elements, no rows of {in_depth}"));
    }
    if cx.attr("weights_format").and_then(Attr::as_str) != Some("DEFAULT") {
        return Ok(());
    }
    let Some(output) = cx.result(0).and_then(|t| t.num_elements()) else { return Ok(()) };
    if out_depth == 0 || output % out_depth != 0 {
        return Err(format!("has {output} output elements, no rows of {out_depth}"));
    }
    if in_depth != 0 && input / in_depth != output / out_depth {
        return Err(format!("has {} rows of input and {} of output", input / in_depth, output / out_depth));
    }
    Ok(())
}

/// `batch_matmul`: batch dimensions broadcast; the result has theirs, rows of the first matrix and columns of the second.
pub fn batch_matmul(cx: &OpCx<'_>) -> Checked {
    let (Some(x), Some(y)) = (cx.shape(0), cx.shape(1)) else { return Ok(()) };
    if x.len() < 2 || y.len() < 2 {
        return Ok(());
    }
    let ((x_batch, x_matrix), (y_batch, y_matrix)) = (x.split_at(x.len() - 2), y.split_at(y.len() - 2));
    let batch = infer::broadcast(&[Some(x_batch), Some(y_batch)]).map_err(|e| e.to_string())?.unwrap_or_default();
    let Some(out) = cx.result(0).and_then(|t| t.shape.as_deref()) else { return Ok(()) };
    let flag = |name: &str| cx.attr(name).and_then(Attr::as_bool) == Some(true);
    let mut expected = batch;
    expected.push(x_matrix[usize::from(flag("adj_x"))]);
    expected.push(y_matrix[usize::from(!flag("adj_y"))]);
    if compatible(&expected, out) {
        return Ok(());
    }
    Err(format!("must make a result of shape {}, not {}", sizes(&expected), sizes(out)))
}

/// `prelu`: one slope for each element of an image, or for each of a dimension; the result has the input's shape.
/// Slopes have the elements of the input, or, of quantized int16, int8 ones, which a kernel takes and upstream refuses.
pub fn prelu(cx: &OpCx<'_>) -> Checked {
    if let (Some(x), Some(alpha)) = (cx.operand(0), cx.operand(1)) {
        let narrower = x.elem.quant().zip(alpha.elem.quant()).is_some_and(|(x, a)| (x.width, a.width) == (16, 8));
        if !narrower && !are_alike(&x.elem, &alpha.elem) {
            return Err("must have slopes of elements like its input's".to_owned());
        }
    }
    if let (Some(x), Some(alpha)) = (cx.sizes(0), cx.sizes(1)) {
        if x.len() != alpha.len() + 1 {
            return Err(format!("must have slopes of rank {}, not {}", x.len().saturating_sub(1), alpha.len()));
        }
        if let Some(i) = (0..alpha.len()).find(|i| alpha[*i] != x[*i + 1] && alpha[*i] != 1) {
            return Err(format!("has {} slopes for dimension {} of {}", alpha[i], i + 1, x[i + 1]));
        }
    }
    match (cx.sizes(0), cx.result_sizes(0)) {
        (Some(x), Some(out)) if x != out => Err("must make a result of the shape of its input".to_owned()),
        _ => Ok(()),
    }
}
