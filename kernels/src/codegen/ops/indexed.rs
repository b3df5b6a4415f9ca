//! Operations whose indices or values come at run time, and those whose result is known.

use ir::{Elem, Tensor};

use super::hybrid;
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result, ensure};
use crate::geometry::{axis, strides};

pub(super) fn suffix(c_type: &str) -> String {
    text::short(c_type)
}

pub(super) fn gather(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, indices) = (layer.shape(0)?, layer.shape(1)?);
    let at = axis(layer.attr_int("axis"), shape.len())?;
    let b = layer.attr_int("batch_dims");
    let b = usize::try_from(if b < 0 { b + indices.len() as i64 } else { b }).unwrap_or(0);
    ensure(b <= at && b <= indices.len(), || format!("axis {at} with {b} batch dimensions"))?;
    let of = |dims: &[usize]| dims.iter().product::<usize>();
    let fields = [
        ("batch", of(&shape[..b])),
        ("outer", of(&shape[b..at])),
        ("n", shape[at]),
        ("indices", of(&indices[b..])),
        ("run", of(&shape[at + 1..]) * layer.width(0)?),
    ];
    picked(layer, 0, 1, fields)
}

/// Runs of a table that indices pick; `fields` are those of a `struct gather`.
fn picked(layer: &mut Layer<'_, '_, '_>, table: usize, indices: usize, fields: [(&str, usize); 5]) -> Result<()> {
    let k = layer.structure("gather", &fields.map(|(name, v)| (name, v.to_string())));
    let i_type = layer.c_type(indices)?;
    let name = format!("gather_{}", suffix(i_type));
    layer.instance("gather", format!("GATHER({name}, {i_type})"));
    let args = [k, layer.ptr(table)?, layer.ptr(indices)?, layer.out(0)?];
    layer.require(&format!("{name}({})", args.join(", ")));
    Ok(())
}

pub(super) fn embedding_lookup(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (indices, table) = (layer.len(0)?, layer.shape(1)?);
    let (rows, row) = table.split_first().ok_or_else(|| KernelError::new("a table has rows"))?;
    let run = row.iter().product::<usize>();
    if layer.elem(1)?.quant().is_some() && layer.out_elem(0)? == Elem::F32 {
        return hybrid::embedding_lookup(layer, indices, *rows, run);
    }
    let run = run * layer.width(1)?;
    picked(layer, 1, 0, [("batch", 1), ("outer", 1), ("n", *rows), ("indices", indices), ("run", run)])
}

/// A `struct coordinates`: rows of `depth` indices into `shape`, elements `scale` bytes (or 1, where elements are counted) apart.
pub(super) fn coordinates(
    layer: &mut Layer<'_, '_, '_>,
    indices: &[usize],
    shape: &[usize],
    scale: usize,
) -> Result<String> {
    let (depth, outer) = indices.split_last().ok_or_else(|| KernelError::new("indices have rank 1 or more"))?;
    ensure(*depth <= shape.len() && *depth <= 8, || "more coordinates than dimensions".into())?;
    let own = strides(shape);
    let fields = [
        ("rows", outer.iter().product::<usize>().to_string()),
        ("depth", depth.to_string()),
        ("size", text::list(&shape[..*depth])),
        ("step", text::list(own[..*depth].iter().map(|s| s * scale))),
        ("run", (shape[*depth..].iter().product::<usize>() * scale).to_string()),
    ];
    Ok(layer.structure("coordinates", &fields))
}

pub(super) fn gather_nd(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, indices, width) = (layer.shape(0)?, layer.shape(1)?, layer.width(0)?);
    let k = coordinates(layer, &indices, &shape, width)?;
    let i_type = layer.c_type(1)?;
    let name = format!("gather_nd_{}", suffix(i_type));
    layer.instance("gather_nd", format!("GATHER_ND({name}, {i_type})"));
    let args = [k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
    layer.require(&format!("{name}({})", args.join(", ")));
    Ok(())
}

pub(super) fn scatter_nd(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, indices) = (layer.out_shape(0)?, layer.shape(0)?);
    let k = coordinates(layer, &indices, &shape, 1)?;
    let (i_type, t) = (layer.c_type(0)?, layer.out_c_type(0)?);
    let sum = if t == "f32" { "float" } else { "uint64_t" };
    let name = format!("scatter_nd_{}_{}", suffix(i_type), suffix(t));
    layer.instance("scatter_nd", format!("SCATTER_ND({name}, {i_type}, {t}, {sum})"));
    let n = layer.out_len(0)?.to_string();
    let args = [k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?, n];
    layer.require(&format!("{name}({})", args.join(", ")));
    Ok(())
}

pub(super) fn one_hot(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let a = layer.attr_int("axis");
    let at = if a < 0 { shape.len() } else { axis(a, shape.len() + 1)? };
    let depth = *layer.out_shape(0)?.get(at).ok_or_else(|| KernelError::new("its axis is out of range"))?;
    let fields = [
        ("outer", shape[..at].iter().product::<usize>()),
        ("n", depth),
        ("inner", shape[at..].iter().product::<usize>()),
    ];
    let k = layer.structure("lanes", &fields.map(|(name, v)| (name, v.to_string())));
    let i_type = layer.c_type(0)?;
    let name = format!("one_hot_{}", suffix(i_type));
    layer.instance("one_hot", format!("ONE_HOT({name}, {i_type})"));
    let width = layer.width(2)?.to_string();
    let args = [k, layer.ptr(0)?, layer.ptr(2)?, layer.ptr(3)?, width, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

pub(super) fn fill(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    layer.needs("fill");
    let (width, n) = (layer.width(1)?.to_string(), layer.out_len(0)?.to_string());
    let args = [layer.ptr(1)?, width, layer.out(0)?, n];
    layer.call("fill", &args);
    Ok(())
}

/// All bytes 0, as the evaluator has it.
pub(super) fn zeros_like(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    layer.needs("fill");
    let zero = layer.array("uint8_t", "zero", vec!["0".into()], 1);
    let bytes = (layer.out_len(0)? * layer.width(0)?).to_string();
    let args = [zero, "1".into(), layer.out(0)?, bytes];
    layer.call("fill", &args);
    Ok(())
}

/// The shape or the rank of a tensor, which are known.
pub(super) fn known(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let values: Vec<i64> = match layer.kind() {
        "rank" => vec![shape.len() as i64],
        _ => shape.iter().map(|d| *d as i64).collect(),
    };
    let (c_type, width) = match layer.out_elem(0)? {
        Elem::Int(64, _) => ("int64_t", 8),
        _ => ("int32_t", 4),
    };
    let bytes = values.len() * width;
    let array = layer.array(c_type, "sizes", values.iter().map(i64::to_string).collect(), width);
    layer.needs("copy");
    let args = [layer.out(0)?, array, bytes.to_string()];
    layer.call("copy", &args);
    Ok(())
}

/// The element that stands for 0 in a tensor of a type.
pub(super) fn zero(elem: &Elem) -> Result<Tensor> {
    let width = elem.byte_width().ok_or_else(|| KernelError::new("it moves elements of whole bytes"))?;
    let mut bytes = vec![0; width];
    if let Some((_, zero)) = elem.quant().and_then(|q| q.as_per_tensor()) {
        bytes.copy_from_slice(&zero.to_le_bytes()[..width]);
    }
    let ty = ir::TensorType::of(&[1], elem.clone());
    Tensor::new(ty, bytes.into()).map_err(|e| KernelError::new(e.to_string()))
}
