//! Operations on shapes, indices and element types.

use half::f16;
use ir::{Elem, Sign, Tensor, TensorType};

use super::{Call, one};
use crate::error::{KernelError, Result, ensure};
use crate::float::reduce::arg_reduce;
use crate::geometry::{axis, elements, strides};

/// An integer (or boolean) tensor of given values; of given codes, if it is quantized.
pub(super) fn from_ints(shape: &[usize], elem: &Elem, values: &[i64]) -> Result<Tensor> {
    let bytes: Vec<u8> = match elem.storage() {
        Elem::Int(1, _) => values.iter().map(|v| u8::from(*v != 0)).collect(),
        Elem::Int(8, _) => values.iter().map(|v| *v as u8).collect(),
        Elem::Int(16, _) => values.iter().flat_map(|v| (*v as i16).to_le_bytes()).collect(),
        Elem::Int(32, _) => values.iter().flat_map(|v| (*v as i32).to_le_bytes()).collect(),
        Elem::Int(64, _) | Elem::Index => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        other => return Err(KernelError::new(format!("{other:?} is no integer type"))),
    };
    let ty = TensorType::of(shape, elem.clone());
    Tensor::new(ty, bytes.into()).map_err(|e| KernelError::new(e.to_string()))
}

pub(super) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    Some(match c.op.name.as_str().strip_prefix("tfl.")? {
        "shape" => shape(c),
        "rank" => c.shape(0).map(|s| vec![Tensor::i32(&[], vec![s.len() as i32])]),
        "range" => range(c),
        "fill" => fill(c),
        "zeros_like" => zeros_like(c),
        "cast" => cast(c),
        "one_hot" => one_hot(c),
        "where" => coordinates(c),
        "select" | "select_v2" => select(c),
        "arg_max" => arg(c, true),
        "arg_min" => arg(c, false),
        "topk_v2" => topk(c),
        "scatter_nd" => scatter_nd(c),
        _ => return None,
    })
}

fn shape(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let s: Vec<i64> = c.shape(0)?.into_iter().map(|d| d as i64).collect();
    Ok(vec![from_ints(&[s.len()], c.elem(0)?, &s)?])
}

fn range(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let at = |i: usize| c.tensor(i).map(|t| t.to_f64().and_then(|v| v.first().copied()).unwrap_or(0.0));
    let (start, limit, delta) = (at(0)?, at(1)?, at(2)?);
    let n = ((limit - start) / delta).ceil().max(0.0);
    ensure(n.is_finite(), || format!("a range of {n} elements"))?;
    let values = (0..elements(&[n as usize])?).map(|i| start + i as f64 * delta);
    if *c.elem(0)? == Elem::F32 {
        let v: Vec<f32> = values.map(|v| v as f32).collect();
        return one(&[v.len()], v);
    }
    let v: Vec<i64> = values.map(|v| v as i64).collect();
    Ok(vec![from_ints(&[v.len()], c.elem(0)?, &v)?])
}

fn fill(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.sizes(0)?;
    let value = c.tensor(1)?;
    Ok(vec![c.raw(0, &shape, value.bytes().repeat(elements(&shape)?))?])
}

fn zeros_like(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let t = c.tensor(0)?;
    Ok(vec![c.raw(0, &t.shape(), vec![0u8; t.bytes().len()])?])
}

fn cast(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let t = c.tensor(0)?;
    let (shape, to) = (t.shape(), c.elem(0)?);
    let integer = |v: f64| if v.is_nan() { 0 } else { v as i64 };
    match to {
        Elem::F32 | Elem::F16 => {
            let v = t.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
            if *to == Elem::F32 {
                return one(&shape, v.into_iter().map(|v| v as f32).collect());
            }
            let bytes: Vec<u8> = v.into_iter().flat_map(|v| f16::from_f64(v).to_le_bytes()).collect();
            Ok(vec![c.raw(0, &shape, bytes)?])
        }
        Elem::Int(1, _) => {
            let v = t.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
            Ok(vec![Tensor::bool(&shape, v.into_iter().map(|v| v != 0.0).collect())])
        }
        _ => {
            let v = match t.to_i64() {
                Some(v) => v,
                None => {
                    t.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?.into_iter().map(integer).collect()
                }
            };
            Ok(vec![from_ints(&shape, to, &saturated_floats(t, to, v))?])
        }
    }
}

/// A float beyond the range of the integer becomes its nearest; integers wrap.
fn saturated_floats(from: &Tensor, to: &Elem, mut v: Vec<i64>) -> Vec<i64> {
    if from.ty().elem.is_float()
        && let Elem::Int(w, sign) = to
        && *w < 64
    {
        let (lo, hi) = ir::QuantType::default_range(*sign != Sign::Unsigned, *w);
        v.iter_mut().for_each(|v| *v = (*v).clamp(lo, hi));
    }
    v
}

fn one_hot(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (indices, shape) = (c.ints(0)?, c.shape(0)?);
    let depth = usize::try_from(c.int(1)?).map_err(|_| KernelError::new("the depth is negative"))?;
    let a = c.attr_int("axis");
    let at = if a < 0 { shape.len() } else { axis(a, shape.len() + 1)? };
    let inner: usize = shape[at..].iter().product();
    let outer: usize = shape[..at].iter().product();
    let (on, off) = (c.tensor(2)?.bytes(), c.tensor(3)?.bytes());
    ensure(c.tensor(2)?.len() == 1 && on.len() == off.len(), || "two values, one element each".into())?;
    let mut out_shape = shape;
    out_shape.insert(at, depth);
    let mut out = Vec::with_capacity(elements(&out_shape)? * on.len());
    for o in 0..outer {
        for d in 0..depth {
            for i in 0..inner {
                out.extend_from_slice(if indices[o * inner + i] == d as i64 { &on } else { &off });
            }
        }
    }
    Ok(vec![c.raw(0, &out_shape, out)?])
}

fn coordinates(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (x, shape) = (c.ints(0)?, c.shape(0)?);
    let own = strides(&shape);
    let mut out = Vec::new();
    let mut n = 0;
    for i in (0..x.len()).filter(|i| x[*i] != 0) {
        n += 1;
        out.extend((0..shape.len()).map(|d| (i / own[d] % shape[d]) as i64));
    }
    Ok(vec![from_ints(&[n, shape.len()], c.elem(0)?, &out)?])
}

fn select(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let cond: Vec<bool> = c.ints(0)?.into_iter().map(|v| v != 0).collect();
    let (x, y) = (c.tensor(1)?, c.tensor(2)?);
    if x.ty().elem.storage() != y.ty().elem.storage() {
        return Err(KernelError::new("it chooses between elements of different types"));
    }
    let (xb, yb) = (x.bytes(), y.bytes());
    let size = x.ty().elem.byte_width().ok_or_else(|| KernelError::new("it takes elements of whole bytes"))?;
    let mut cs = c.shape(0)?;
    if cs.len() == 1 && x.shape().len() > 1 && c.op.name.as_str() == "tfl.select" {
        // A vector chooses whole rows.
        cs.resize(x.shape().len(), 1);
    }
    let shape = crate::float::elementwise::broadcast_shape(
        &cs,
        &crate::float::elementwise::broadcast_shape(&x.shape(), &y.shape())?,
    )?;
    let index = |s: &[usize]| crate::float::elementwise::indices(s, &shape);
    let (ic, ix, iy) = (index(&cs), index(&x.shape()), index(&y.shape()));
    let mut out = Vec::with_capacity(ic.len() * size);
    for i in 0..ic.len() {
        out.extend_from_slice(if cond[ic[i]] { &xb[ix[i] * size..][..size] } else { &yb[iy[i] * size..][..size] });
    }
    Ok(vec![c.raw(0, &shape, out)?])
}

fn arg(c: &Call<'_>, max: bool) -> Result<Vec<Tensor>> {
    let mut shape = c.shape(0)?;
    let at = axis(c.int(1)?, shape.len())?;
    let v = match c.tensor(0)?.as_f32() {
        Some(x) => arg_reduce(&x, &shape, at, |a, b| if max { a > b } else { a < b }),
        None => arg_reduce(&c.ints(0)?, &shape, at, |a, b| if max { a > b } else { a < b }),
    };
    shape.remove(at);
    Ok(vec![from_ints(&shape, c.elem(0)?, &v)?])
}

fn topk(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let t = c.tensor(0)?;
    let mut shape = t.shape();
    let depth = shape.last().copied().unwrap_or(1);
    let k = usize::try_from(c.int(1)?).unwrap_or(0);
    ensure(k <= depth, || format!("the {k} largest of {depth}"))?;
    let values = t.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
    let size = t.ty().elem.byte_width().unwrap_or(1);
    let bytes = t.bytes();
    let (mut picked, mut indices) = (Vec::new(), Vec::new());
    for (r, row) in values.chunks(depth.max(1)).enumerate() {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|a, b| row[*b].total_cmp(&row[*a]).then(a.cmp(b)));
        for i in order.into_iter().take(k) {
            picked.extend_from_slice(&bytes[(r * depth + i) * size..][..size]);
            indices.push(i as i64);
        }
    }
    if let Some(last) = shape.last_mut() {
        *last = k;
    }
    Ok(vec![c.raw(0, &shape, picked)?, from_ints(&shape, c.elem(1)?, &indices)?])
}

fn scatter_nd(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (indices, shape) = (c.ints(0)?, c.sizes(2)?);
    let depth = c.shape(0)?.last().copied().ok_or_else(|| KernelError::new("its indices are no list"))?;
    let updates = c.tensor(1)?.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
    ensure(depth <= shape.len(), || "more coordinates than dimensions".into())?;
    let own = strides(&shape);
    let run: usize = shape[depth..].iter().product();
    let mut out = vec![0f64; elements(&shape)?];
    for (row, values) in indices.chunks(depth.max(1)).zip(updates.chunks(run.max(1))) {
        let mut at = 0;
        for (d, i) in row.iter().enumerate() {
            ensure((0..shape[d] as i64).contains(i), || format!("index {i} is out of range"))?;
            at += *i as usize * own[d];
        }
        out[at..at + run].iter_mut().zip(values).for_each(|(o, v)| *o += v);
    }
    if *c.elem(0)? == Elem::F32 {
        return one(&shape, out.into_iter().map(|v| v as f32).collect());
    }
    Ok(vec![from_ints(&shape, c.elem(0)?, &out.into_iter().map(|v| v as i64).collect::<Vec<_>>())?])
}
