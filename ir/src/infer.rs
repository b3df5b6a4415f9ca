//! Result types from operand types and attributes.
//!
//! A dimension that depends on what is not known yet is `?`; an operand of unknown rank makes results of unknown rank. Element types of
//! results are those of the first operand unless the operation says otherwise. Formulas follow TFLite's `Prepare` functions.

use std::borrow::Cow;

use crate::attr::{Attr, Attrs};
use crate::body::{Body, Value};
use crate::op::OpDef;
use crate::tensor::Tensor;
use crate::types::{Dim, Elem, TensorType, Type};

/// Why result types cannot be had: operands that do not fit each other or the attributes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InferError {
    message: String,
}

impl InferError {
    /// With a sentence.
    pub fn new(message: impl Into<String>) -> InferError {
        InferError { message: message.into() }
    }
}

/// A result of inference: one type for each result.
pub type Inferred = Result<Vec<Type>, InferError>;
/// Infers the result types of one operation.
pub type InferFn = fn(&InferCx<'_>) -> Inferred;

/// What an inference function sees: attributes, operand types, and the constants among the operands.
pub struct InferCx<'a> {
    attrs: &'a Attrs,
    types: Vec<&'a Type>,
    constants: Vec<Option<&'a Tensor>>,
    /// What is known of integer operands that are no constants, such as a shape with an unknown batch.
    known: Vec<Option<Vec<Option<i64>>>>,
}

/// Infers the result types of a row for operands of a body.
pub fn infer(body: &Body, def: &OpDef, attrs: &Attrs, operands: &[Value]) -> Inferred {
    let types = operands.iter().map(|v| body.ty(*v)).collect();
    let constants = operands.iter().map(|v| body.constant(*v)).collect();
    let known = operands.iter().map(|v| known_ints(body, *v)).collect();
    InferCx { known, ..InferCx::new(attrs, types, constants) }.run(def)
}

/// The elements of an integer scalar or vector, as far as they are known: constants, sizes of known dimensions, and what is packed, joined,
/// sliced, picked or multiplied from them. `None` if not even their number is known.
pub fn known_ints(body: &Body, v: Value) -> Option<Vec<Option<i64>>> {
    known_at(body, v, 16)
}

fn known_at(body: &Body, v: Value, depth: usize) -> Option<Vec<Option<i64>>> {
    let ty = body.tensor_ty(v)?;
    if !matches!(ty.elem, Elem::Int(..)) || ty.rank()? > 1 || depth == 0 {
        return None;
    }
    if let Some(t) = body.constant(v) {
        return Some(t.to_i64()?.into_iter().map(Some).collect());
    }
    let unknown = || ty.num_elements().filter(|n| *n < 64).map(|n| vec![None; n]);
    let Some(op) = body.def_op(v).map(|o| body.op(o)) else { return unknown() };
    let operand = |i: usize| known_at(body, *op.operands().get(i)?, depth - 1);
    let found = match op.name.as_str() {
        "tfl.shape" => {
            let shape = body.tensor_ty(op.operands()[0])?.shape.clone()?;
            Some(shape.into_iter().map(|d| d.map(|d| d as i64)).collect())
        }
        "tfl.pack" | "tfl.concatenation" => {
            let parts: Option<Vec<_>> = (0..op.operands().len()).map(operand).collect();
            parts.map(|p| p.concat())
        }
        "tfl.cast" | "tfl.reshape" => operand(0),
        "tfl.strided_slice" => sliced(body, op, operand(0)),
        "tfl.gather" => picked(body, op, operand(0)),
        "tfl.reduce_prod" => operand(0).map(|v| vec![v.into_iter().try_fold(1i64, |n, d| n.checked_mul(d?))]),
        _ => None,
    };
    found.or_else(unknown)
}

/// Elements of a vector, picked by constant indices.
fn picked(body: &Body, op: &crate::body::Operation, of: Option<Vec<Option<i64>>>) -> Option<Vec<Option<i64>>> {
    let of = of?;
    let indices = body.constant(*op.operands().get(1)?)?.to_i64()?;
    indices.into_iter().map(|i| of.get(usize::try_from(i).ok()?).copied()).collect()
}

/// A strided slice of a vector with constant bounds.
fn sliced(body: &Body, op: &crate::body::Operation, of: Option<Vec<Option<i64>>>) -> Option<Vec<Option<i64>>> {
    let of = of?;
    let at = |i: usize| match &body.constant(*op.operands().get(i)?)?.to_i64()?[..] {
        [one] => Some(*one),
        _ => None,
    };
    let mask = |name: &str| op.attr(name).and_then(Attr::as_int).unwrap_or(0) & 1 == 1;
    let (begin, end, step) = (at(1)?, at(2)?, at(3)?);
    let n = of.len() as i64;
    if mask("shrink_axis_mask") {
        let i = if begin < 0 { begin + n } else { begin };
        return Some(vec![*of.get(usize::try_from(i).ok()?)?]);
    }
    if step != 1 || mask("new_axis_mask") || mask("ellipsis_mask") {
        return None;
    }
    let clamp = |v: i64| if v < 0 { v + n } else { v }.clamp(0, n) as usize;
    let from = if mask("begin_mask") { 0 } else { clamp(begin) };
    let to = if mask("end_mask") { n as usize } else { clamp(end) };
    Some(of.get(from..to.max(from))?.to_vec())
}

impl<'a> InferCx<'a> {
    /// A context over operand types and the constants among them (as many as types).
    pub fn new(attrs: &'a Attrs, types: Vec<&'a Type>, constants: Vec<Option<&'a Tensor>>) -> Self {
        InferCx { attrs, types, constants, known: Vec::new() }
    }
    /// Infers the result types of a row.
    pub fn run(&self, def: &OpDef) -> Inferred {
        let need = def.operands.iter().filter(|o| o.arity == crate::op::Arity::One).count();
        if self.types.len() < need {
            return Err(InferError::new(format!("{} takes {need} operands, {} given", def.name, self.types.len())));
        }
        match def.infer {
            Some(f) => f(self),
            None => Err(InferError::new(format!("{} does not infer its result types", def.name))),
        }
    }
    fn ty(&self, i: usize) -> Result<&'a TensorType, InferError> {
        self.types
            .get(i)
            .and_then(|t| t.as_tensor())
            .ok_or_else(|| InferError::new(format!("operand {i} is not a tensor")))
    }
    fn elem(&self, i: usize) -> Result<Elem, InferError> {
        Ok(self.ty(i)?.elem.clone())
    }
    fn shape(&self, i: usize) -> Result<Option<&'a [Dim]>, InferError> {
        Ok(self.ty(i)?.shape.as_deref())
    }
    fn shape_of_rank(&self, i: usize, rank: usize) -> Result<Option<&'a [Dim]>, InferError> {
        match self.shape(i)? {
            Some(s) if s.len() != rank => Err(InferError::new(format!("operand {i} has rank {}, not {rank}", s.len()))),
            s => Ok(s),
        }
    }
    fn ints(&self, i: usize) -> Option<Vec<i64>> {
        self.constants.get(i).copied().flatten()?.to_i64()
    }
    fn int(&self, name: &str, default: i64) -> i64 {
        self.attrs.get(name).and_then(Attr::as_int).unwrap_or(default)
    }
    fn flag(&self, name: &str) -> bool {
        self.attrs.get(name).and_then(Attr::as_bool).unwrap_or(false)
    }
    fn same_padding(&self) -> bool {
        self.attrs.get("padding").and_then(Attr::as_str) == Some("SAME")
    }
    fn size(&self, name: &str) -> Result<usize, InferError> {
        usize::try_from(self.int(name, 1))
            .ok()
            .filter(|v| *v > 0)
            .ok_or_else(|| InferError::new(format!("{name} must be positive")))
    }
}

fn one(shape: Option<Vec<Dim>>, elem: Elem) -> Inferred {
    Ok(vec![Type::Tensor(TensorType { shape, elem, encoding: None })])
}

/// A dimension counted from the end if negative, as a position below `rank`.
pub fn axis(a: i64, rank: usize) -> Result<usize, InferError> {
    let r = rank as i64;
    let i = if a < 0 { a + r } else { a };
    usize::try_from(i)
        .ok()
        .filter(|i| *i < rank)
        .ok_or_else(|| InferError::new(format!("axis {a} is out of range for rank {rank}")))
}

/// Output size of a window: `ceil(in / stride)` for SAME, `ceil((in - effective + 1) / stride)` for VALID.
fn window(input: Dim, filter: usize, stride: usize, dilation: usize, same: bool) -> Result<Dim, InferError> {
    let Some(input) = input else { return Ok(None) };
    let effective = (filter.max(1) - 1) * dilation + 1;
    if same {
        return Ok(Some(input.div_ceil(stride)));
    }
    if input < effective {
        return Err(InferError::new(format!("a window of {effective} does not fit an input of {input}")));
    }
    Ok(Some((input - effective) / stride + 1))
}

/// No results.
pub fn nothing(_: &InferCx<'_>) -> Inferred {
    Ok(vec![])
}

/// The type of operand 0.
pub fn same_as_first(cx: &InferCx<'_>) -> Inferred {
    Ok(vec![Type::Tensor(cx.ty(0)?.clone())])
}

/// The type of attribute `value`.
pub fn constant(cx: &InferCx<'_>) -> Inferred {
    match cx.attrs.get("value") {
        Some(Attr::Dense(t) | Attr::Resource(_, t)) => Ok(vec![Type::Tensor(t.ty().clone())]),
        Some(Attr::Elided(t)) => Ok(vec![t.clone()]),
        Some(Attr::Int(_, e) | Attr::Float(_, e)) => Ok(vec![Type::Scalar(e.clone())]),
        Some(Attr::Bool(_)) => Ok(vec![Type::Scalar(Elem::BOOL)]),
        _ => Err(InferError::new("attribute `value` is no constant")),
    }
}

/// The type attribute `qtype`, whose shape is operand 0's where there is one.
pub fn qtype(cx: &InferCx<'_>) -> Inferred {
    match cx.attrs.get("qtype").and_then(Attr::as_type) {
        Some(Type::Tensor(t)) if !cx.types.is_empty() => one(cx.ty(0)?.shape.clone(), t.elem.clone()),
        Some(t) => Ok(vec![t.clone()]),
        None => Err(InferError::new("attribute `qtype` is no type")),
    }
}

/// The shape that broadcasting makes (numpy's rule); `None` if a rank is unknown.
pub fn broadcast(shapes: &[Option<&[Dim]>]) -> Result<Option<Vec<Dim>>, InferError> {
    let Some(shapes) = shapes.iter().copied().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let rank = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out = vec![Some(1); rank];
    for s in shapes {
        for (o, d) in out[rank - s.len()..].iter_mut().zip(s) {
            *o = match (*o, *d) {
                (a, Some(1)) => a,
                (Some(1), b) => b,
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(a), Some(b)) => {
                    return Err(InferError::new(format!("dimensions {a} and {b} do not broadcast")));
                }
                (Some(a), None) | (None, Some(a)) => Some(a),
                (None, None) => None,
            };
        }
    }
    Ok(Some(out))
}

fn broadcast_all(cx: &InferCx<'_>, from: usize) -> Result<Option<Vec<Dim>>, InferError> {
    let shapes = (from..cx.types.len()).map(|i| cx.shape(i)).collect::<Result<Vec<_>, _>>()?;
    broadcast(&shapes)
}

/// Element-wise with broadcasting; the element type of operand 0.
pub fn elementwise(cx: &InferCx<'_>) -> Inferred {
    one(broadcast_all(cx, 0)?, cx.elem(0)?)
}

/// Element-wise with broadcasting; booleans.
pub fn comparison(cx: &InferCx<'_>) -> Inferred {
    one(broadcast_all(cx, 0)?, Elem::BOOL)
}

/// `select(condition, x, y)`: broadcast of all three, element type of `x`.
pub fn select(cx: &InferCx<'_>) -> Inferred {
    let shape = match (cx.shape(0)?, cx.shape(1)?) {
        // The old SELECT takes a vector that chooses whole rows.
        (Some([_]), Some(x)) if x.len() > 1 => Some(x.to_vec()),
        _ => broadcast_all(cx, 0)?,
    };
    one(shape, cx.elem(1)?)
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

/// The shape is operand 0, a vector of sizes.
fn shape_from(cx: &InferCx<'_>, i: usize) -> Result<Option<Vec<Dim>>, InferError> {
    if let Some(v) = cx.ints(i) {
        return Ok(Some(v.into_iter().map(|d| usize::try_from(d).ok()).collect()));
    }
    if let Some(Some(v)) = cx.known.get(i) {
        return Ok(Some(v.iter().map(|d| usize::try_from((*d)?).ok()).collect()));
    }
    Ok(match cx.shape(i)? {
        Some([Some(rank)]) => Some(vec![None; *rank]),
        _ => None,
    })
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

/// `[.., I] x [O, I]`: the batch dimensions are kept with `keep_num_dims`, else flattened to one.
pub fn fully_connected(cx: &InferCx<'_>) -> Inferred {
    let (Some(x), Some(w)) = (cx.shape(0)?, cx.shape_of_rank(1, 2)?) else { return one(None, cx.elem(0)?) };
    if cx.flag("keep_num_dims") {
        let mut out = x.to_vec();
        match (out.last_mut(), w[1]) {
            (Some(last), Some(i)) if last.is_none_or(|l| l == i) => *last = w[0],
            (Some(last), None) => *last = w[0],
            (last, i) => {
                return Err(InferError::new(format!("an input of depth {last:?} does not fit weights of depth {i:?}")));
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

/// Concatenation along `axis`.
pub fn concatenation(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(first) = cx.shape(0)? else { return one(None, elem) };
    let a = axis(cx.int("axis", 0), first.len())?;
    let mut out = first.to_vec();
    for i in 1..cx.types.len() {
        let Some(s) = cx.shape_of_rank(i, first.len())? else { return one(None, elem) };
        for (d, (o, x)) in out.iter_mut().zip(s).enumerate() {
            *o = if d == a {
                o.zip(*x).map(|(p, q)| p + q)
            } else {
                match (*o, *x) {
                    (Some(p), Some(q)) if p != q => {
                        return Err(InferError::new(format!("dimension {d} is {p} and {q}")));
                    }
                    (p, q) => p.or(q),
                }
            };
        }
    }
    one(Some(out), elem)
}

/// A new dimension of `values_count` at `axis`.
pub fn pack(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let a = axis(cx.int("axis", 0), s.len() + 1)?;
    let mut out = s.to_vec();
    out.insert(a, Some(cx.types.len()));
    one(Some(out), cx.elem(0)?)
}

/// `num` results without dimension `axis`.
pub fn unpack(cx: &InferCx<'_>) -> Inferred {
    let num = usize::try_from(cx.int("num", 0)).map_err(|_| InferError::new("num is negative"))?;
    let shape = match cx.shape(0)? {
        Some(s) => {
            let a = axis(cx.int("axis", 0), s.len())?;
            let mut out = s.to_vec();
            out.remove(a);
            Some(out)
        }
        None => None,
    };
    Ok(vec![one(shape, cx.elem(0)?)?.remove(0); num])
}

/// `split(axis, value)` into `num_splits` equal parts.
pub fn split(cx: &InferCx<'_>) -> Inferred {
    let num = cx.size("num_splits")?;
    let shape = match (cx.shape(1)?, cx.ints(0)) {
        (Some(s), Some(a)) => {
            let a = axis(a.first().copied().unwrap_or(0), s.len())?;
            let mut out = s.to_vec();
            if let Some(d) = out[a] {
                if d % num != 0 {
                    return Err(InferError::new(format!("a dimension of {d} does not split in {num}")));
                }
                out[a] = Some(d / num);
            }
            Some(out)
        }
        (Some(s), None) => Some(vec![None; s.len()]),
        _ => None,
    };
    Ok(vec![one(shape, cx.elem(1)?)?.remove(0); num])
}

/// `split_v(value, sizes, axis)`; one size may be -1.
pub fn split_v(cx: &InferCx<'_>) -> Inferred {
    let num = cx.size("num_splits")?;
    let (shape, elem) = (cx.shape(0)?, cx.elem(0)?);
    let (Some(s), Some(sizes), Some(a)) = (shape, cx.ints(1), cx.ints(2)) else {
        return Ok(vec![one(shape.map(|s| vec![None; s.len()]), elem)?.remove(0); num]);
    };
    let a = axis(a.first().copied().unwrap_or(0), s.len())?;
    let known: i64 = sizes.iter().filter(|v| **v >= 0).sum();
    let mut out = Vec::new();
    for size in sizes {
        let mut dims = s.to_vec();
        dims[a] = match (usize::try_from(size), s[a]) {
            (Ok(n), _) => Some(n),
            (Err(_), Some(d)) => usize::try_from(d as i64 - known).ok(),
            (Err(_), None) => None,
        };
        out.push(one(Some(dims), elem.clone())?.remove(0));
    }
    Ok(out)
}

/// `reshape(x, shape)`; one size may be -1.
pub fn reshape(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(mut out) = shape_from(cx, 1)? else { return one(None, elem) };
    let total = cx.ty(0)?.num_elements();
    if let Some(sizes) = cx.ints(1) {
        let unknown: Vec<usize> = (0..sizes.len()).filter(|i| sizes[*i] < 0).collect();
        let known = out.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d));
        match (&unknown[..], total, known) {
            ([i], Some(t), Some(k)) if k > 0 && t % k == 0 => out[*i] = Some(t / k),
            ([], Some(t), Some(k)) if t != k => {
                return Err(InferError::new(format!("{t} elements cannot take a shape of {k}")));
            }
            ([_], Some(t), Some(k)) if k > 0 => {
                return Err(InferError::new(format!("{t} elements cannot take a shape of a multiple of {k}")));
            }
            ([], ..) | ([_], ..) => {}
            _ => return Err(InferError::new("more than one size is -1")),
        }
    } else if let (Some(t), [i]) = (total, &(0..out.len()).filter(|i| out[*i].is_none()).collect::<Vec<_>>()[..]) {
        let known: usize = out.iter().flatten().product();
        out[*i] = (known > 0 && t % known == 0).then(|| t / known);
    }
    one(Some(out), elem)
}

/// `squeeze` of `squeeze_dims`, or of all dimensions of size 1.
pub fn squeeze(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let dims = cx.attrs.get("squeeze_dims").and_then(Attr::as_ints).unwrap_or_default();
    let drop: Vec<usize> = if dims.is_empty() {
        if s.contains(&None) {
            return one(None, cx.elem(0)?);
        }
        (0..s.len()).filter(|i| s[*i] == Some(1)).collect()
    } else {
        dims.into_iter().map(|d| axis(d, s.len())).collect::<Result<_, _>>()?
    };
    let out = s.iter().enumerate().filter(|(i, _)| !drop.contains(i)).map(|(_, d)| *d).collect();
    one(Some(out), cx.elem(0)?)
}

/// `expand_dims(x, dim)`.
pub fn expand_dims(cx: &InferCx<'_>) -> Inferred {
    let (Some(s), Some(a)) = (cx.shape(0)?, cx.ints(1)) else { return one(None, cx.elem(0)?) };
    let a = axis(a.first().copied().unwrap_or(0), s.len() + 1)?;
    let mut out = s.to_vec();
    out.insert(a, Some(1));
    one(Some(out), cx.elem(0)?)
}

/// `transpose(x, perm)`.
pub fn transpose(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let Some(perm) = cx.ints(1) else { return one(Some(vec![None; s.len()]), elem) };
    if perm.len() != s.len() {
        return Err(InferError::new(format!("a permutation of {} for rank {}", perm.len(), s.len())));
    }
    let out = perm.into_iter().map(|p| Ok(s[axis(p, s.len())?])).collect::<Result<_, InferError>>()?;
    one(Some(out), elem)
}

/// Reductions over the axes of operand 1.
pub fn reduce(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let keep = cx.flag("keep_dims");
    let Some(axes) = cx.ints(1) else {
        return one(keep.then(|| vec![None; s.len()]), elem);
    };
    let axes = axes.into_iter().map(|a| axis(a, s.len())).collect::<Result<Vec<_>, _>>()?;
    let out = (0..s.len())
        .filter_map(|i| match (axes.contains(&i), keep) {
            (true, true) => Some(Some(1)),
            (true, false) => None,
            (false, _) => Some(s[i]),
        })
        .collect();
    one(Some(out), elem)
}

/// `arg_max(x, dim)`: without dimension `dim`; of `i32`, which a builder may replace by `i64`.
pub fn arg_reduce(cx: &InferCx<'_>) -> Inferred {
    let (Some(s), Some(a)) = (cx.shape(0)?, cx.ints(1)) else { return one(None, Elem::I32) };
    let a = axis(a.first().copied().unwrap_or(0), s.len())?;
    let mut out = s.to_vec();
    out.remove(a);
    one(Some(out), Elem::I32)
}

/// `topk_v2(x, k)`: values and indices.
pub fn topk(cx: &InferCx<'_>) -> Inferred {
    let mut shape = cx.shape(0)?.map(<[Dim]>::to_vec);
    if let Some(last) = shape.as_mut().and_then(|s| s.last_mut()) {
        *last = cx.ints(1).and_then(|k| usize::try_from(*k.first()?).ok());
    }
    Ok(vec![one(shape.clone(), cx.elem(0)?)?.remove(0), one(shape, Elem::I32)?.remove(0)])
}

/// `shape(x)`: a vector of the rank; of `i32`, which a builder may replace by `i64`.
pub fn shape(cx: &InferCx<'_>) -> Inferred {
    one(Some(vec![cx.shape(0)?.map(<[Dim]>::len)]), Elem::I32)
}

/// A scalar `i32`.
pub fn rank(_: &InferCx<'_>) -> Inferred {
    one(Some(vec![]), Elem::I32)
}

/// `slice(x, begin, size)`; a size of -1 goes to the end.
pub fn slice(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let Some(size) = cx.ints(2) else { return one(Some(vec![None; s.len()]), elem) };
    let begin = cx.ints(1);
    let out = (0..s.len())
        .map(|i| match usize::try_from(size.get(i).copied().unwrap_or(-1)) {
            Ok(n) => Some(n),
            Err(_) => {
                let b = usize::try_from(*begin.as_ref()?.get(i)?).ok()?;
                s[i]?.checked_sub(b)
            }
        })
        .collect();
    one(Some(out), elem)
}

/// One dimension of a strided slice: first index, number of elements.
fn strided_dim(d: i64, begin: Option<i64>, end: Option<i64>, stride: i64) -> usize {
    let clamp = |v: i64| {
        let v = if v < 0 { v + d } else { v };
        if stride > 0 { v.clamp(0, d) } else { v.clamp(-1, d - 1) }
    };
    let b = begin.map_or(if stride > 0 { 0 } else { d - 1 }, clamp);
    let e = end.map_or(if stride > 0 { d } else { -1 }, clamp);
    let n = if stride > 0 { (e - b + stride - 1) / stride } else { (b - e - stride - 1) / -stride };
    usize::try_from(n).unwrap_or(0)
}

/// `strided_slice(x, begin, end, strides)` with its masks.
pub fn strided_slice(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let (begin, end, strides) = (cx.ints(1), cx.ints(2), cx.ints(3));
    let Some(count) = [1, 2, 3].iter().find_map(|i| match cx.shape(*i) {
        Ok(Some([Some(n)])) => Some(*n),
        _ => None,
    }) else {
        return one(None, elem);
    };
    let mask = |name: &str, i: usize| i < 63 && cx.int(name, 0) >> i & 1 == 1;
    let new_axes = (0..count).filter(|i| mask("new_axis_mask", *i)).count();
    let mut out = Vec::new();
    let mut dim = 0;
    for i in 0..count {
        if mask("ellipsis_mask", i) {
            let skip = s.len().saturating_sub(count - 1 - new_axes);
            out.extend_from_slice(&s[dim.min(s.len())..(dim + skip).min(s.len())]);
            dim += skip;
        } else if mask("new_axis_mask", i) {
            out.push(Some(1));
        } else {
            let Some(d) = s.get(dim) else {
                return Err(InferError::new(format!("a slice of {count} dimensions for rank {}", s.len())));
            };
            dim += 1;
            if mask("shrink_axis_mask", i) {
                continue;
            }
            let at = |v: &Option<Vec<i64>>| v.as_ref().and_then(|v| v.get(i).copied());
            let (b_masked, e_masked) = (mask("begin_mask", i), mask("end_mask", i));
            let stride = at(&strides);
            out.push(match (d, stride) {
                (Some(d), Some(st)) if st != 0 && (b_masked || begin.is_some()) && (e_masked || end.is_some()) => {
                    let b = if b_masked { None } else { at(&begin) };
                    let e = if e_masked { None } else { at(&end) };
                    Some(strided_dim(*d as i64, b, e, st))
                }
                _ => None,
            });
        }
    }
    out.extend_from_slice(s.get(dim..).unwrap_or(&[]));
    one(Some(out), elem)
}

/// `gather(params, indices)` along `axis` with `batch_dims`.
pub fn gather(cx: &InferCx<'_>) -> Inferred {
    let (Some(p), Some(i)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(0)?) };
    let a = axis(cx.int("axis", 0), p.len())?;
    let b = cx.int("batch_dims", 0);
    let b = usize::try_from(if b < 0 { b + i.len() as i64 } else { b }).unwrap_or(0).min(i.len());
    let mut out = p[..a].to_vec();
    out.extend_from_slice(&i[b..]);
    out.extend_from_slice(&p[a + 1..]);
    one(Some(out), cx.elem(0)?)
}

/// `gather_nd(params, indices)`.
pub fn gather_nd(cx: &InferCx<'_>) -> Inferred {
    let (Some(p), Some(i)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(0)?) };
    let Some((Some(n), outer)) = i.split_last() else { return one(None, cx.elem(0)?) };
    let mut out = outer.to_vec();
    out.extend_from_slice(p.get(*n..).unwrap_or(&[]));
    one(Some(out), cx.elem(0)?)
}

/// `scatter_nd(indices, updates, shape)`.
pub fn scatter_nd(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 2)?, cx.elem(1)?)
}

/// `tile(x, multiples)`.
pub fn tile(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let out = match cx.ints(1) {
        Some(m) => s.iter().zip(m).map(|(d, m)| Some((*d)? * usize::try_from(m).ok()?)).collect(),
        None => vec![None; s.len()],
    };
    one(Some(out), cx.elem(0)?)
}

/// The shape is operand 1.
pub fn broadcast_to(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 1)?, cx.elem(0)?)
}

/// `fill(dims, value)`.
pub fn fill(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 0)?, cx.elem(1)?)
}

/// `random_uniform(shape)`: floats.
pub fn random(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 0)?, Elem::F32)
}

/// `range(start, limit, delta)`: a vector; its length is known if the operands are.
pub fn range(cx: &InferCx<'_>) -> Inferred {
    let at =
        |i: usize| cx.constants.get(i).copied().flatten().and_then(Tensor::to_f64).and_then(|v| v.first().copied());
    let len = match (at(0), at(1), at(2)) {
        (Some(a), Some(b), Some(d)) if d != 0.0 => Some(((b - a) / d).ceil().max(0.0) as usize),
        _ => None,
    };
    one(Some(vec![len]), cx.elem(0)?)
}

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

/// `one_hot(indices, depth, on, off)` at `axis`.
pub fn one_hot(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(2)?) };
    let a = cx.int("axis", -1);
    let a = if a < 0 { s.len() } else { axis(a, s.len() + 1)? };
    let mut out = s.to_vec();
    out.insert(a, cx.ints(1).and_then(|d| usize::try_from(*d.first()?).ok()));
    one(Some(out), cx.elem(2)?)
}

/// `where(condition)`: coordinates, as many as are true.
pub fn where_(cx: &InferCx<'_>) -> Inferred {
    one(Some(vec![None, cx.shape(0)?.map(<[Dim]>::len)]), Elem::I64)
}

/// `embedding_lookup(ids, table)`.
pub fn embedding_lookup(cx: &InferCx<'_>) -> Inferred {
    let (Some(i), Some(t)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(1)?) };
    let mut out = i.to_vec();
    out.extend_from_slice(t.get(1..).unwrap_or(&[]));
    one(Some(out), cx.elem(1)?)
}

/// `dequantize(q)`: float32 of the same shape.
pub fn dequantize(cx: &InferCx<'_>) -> Inferred {
    one(cx.shape(0)?.map(<[Dim]>::to_vec), Elem::F32)
}

/// `matrix_diag(x)`: a square of the last dimension.
pub fn matrix_diag(cx: &InferCx<'_>) -> Inferred {
    let out: Option<Cow<'_, [Dim]>> = cx.shape(0)?.map(|s| {
        let mut s = s.to_vec();
        s.extend(s.last().copied());
        s.into()
    });
    one(out.map(Cow::into_owned), cx.elem(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::tfl;
    use crate::op::OpRow;
    use crate::types::FunctionType;
    use crate::{At, Builder, Loc, Module};

    fn dims(t: &Type) -> Vec<Dim> {
        t.as_tensor().unwrap().shape.clone().unwrap()
    }

    #[test]
    fn a_convolution_keeps_an_unknown_batch() {
        let x = TensorType::ranked(vec![None, Some(24), Some(24), Some(3)], Elem::F32).into();
        let w = Type::tensor(&[8, 3, 3, 3], Elem::F32);
        let attrs = tfl::Conv2D { padding: tfl::Padding::Valid, stride_h: 2, ..Default::default() }.write();
        let out = InferCx::new(&attrs, vec![&x, &w], vec![None, None]).run(tfl::Conv2D::DEF).unwrap();
        assert_eq!(dims(&out[0]), [None, Some(11), Some(22), Some(8)]);
    }

    #[test]
    fn operands_that_do_not_fit_are_refused() {
        let (a, b) = (Type::tensor(&[2, 3], Elem::F32), Type::tensor(&[4, 3], Elem::F32));
        let attrs = tfl::Add::default().write();
        let e = InferCx::new(&attrs, vec![&a, &b], vec![None, None]).run(tfl::Add::DEF).unwrap_err();
        assert_eq!(e.to_string(), "dimensions 2 and 4 do not broadcast");
    }

    #[test]
    fn a_reshape_fills_in_the_missing_size() {
        let mut module = Module::new();
        let ty = FunctionType { inputs: vec![Type::tensor(&[2, 6], Elem::F32)], results: vec![] };
        let func = module.add_func("main", ty, Loc::UNKNOWN);
        let body = module.func_body_mut(func).unwrap();
        let x = body.args(body.entry())[0];
        let entry = body.entry();
        let mut b = Builder::new(body, At::End(entry), Loc::name("reshape"));
        let shape = b.i32s(&[-1, 4]);
        let y = b.value(&tfl::Reshape {}, &[x, shape]).unwrap();
        assert_eq!(*body.ty(y), Type::tensor(&[3, 4], Elem::F32));
        assert_eq!(body.uses(x).len(), 1);
        assert_eq!(body.loc(y).node(), Some("reshape"));
    }

    #[test]
    fn a_strided_slice_counts_backwards() {
        assert_eq!(strided_dim(8, None, None, -1), 8);
        assert_eq!(strided_dim(8, Some(1), Some(-1), 2), 3);
        assert_eq!(strided_dim(8, Some(5), Some(2), -2), 2);
        assert_eq!(strided_dim(8, Some(5), Some(2), 1), 0);
    }
}
