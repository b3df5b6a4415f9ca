//! Operations that put elements into a tensor.

use super::indexed::{coordinates, suffix};
use super::moves::{Block, copy, fill};
use crate::codegen::layer::Layer;
use crate::codegen::walk::own_steps;
use crate::error::{KernelError, Result, ensure};
use crate::updates::nearest_start;

/// Copies operand 0 to the result.
fn whole(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    layer.needs("copy");
    let bytes = layer.out_len(0)? * layer.width(0)?;
    let args = [layer.out(0)?, layer.ptr(0)?, bytes.to_string()];
    layer.call("copy", &args);
    Ok(())
}

pub(super) fn dynamic_update_slice(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, update, width) = (layer.shape(0)?, layer.shape(1)?, layer.width(0)?);
    ensure(width == layer.width(1)?, || "its operands hold elements of different types".into())?;
    whole(layer)?;
    let own = own_steps(&shape);
    let (x, y) = (layer.ptr(1)?, layer.out(0)?);
    let block = |to_at| Block { from: own_steps(&update), to: own.clone(), from_at: 0, to_at, count: update.clone() };
    if layer.constant(2).is_some() {
        let start = nearest_start(&shape, &update, &layer.ints(2)?)?;
        let at = start.iter().zip(&own).map(|(i, step)| i * *step as usize).sum();
        return copy(layer, &x, &y, width, block(at));
    }
    nearest_start(&shape, &update, &vec![0; shape.len()])?;
    let room = layer.i32s("room", (0..shape.len()).map(|d| (shape[d] - update[d]) as i32));
    let steps = layer.i32s("step", own.iter().map(|s| (*s as usize * width) as i32));
    let i_type = layer.c_type(2)?;
    let name = format!("update_at_{}", suffix(i_type));
    layer.instance("update_at", format!("UPDATE_AT({name}, {i_type})"));
    let at = format!("{name}({}, {}, {room}, {steps})", layer.ptr(2)?, shape.len());
    copy(layer, &x, &format!("((uint8_t *){y} + {at})"), width, block(0))
}

pub(super) fn matrix_set_diag(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, width) = (layer.shape(0)?, layer.width(0)?);
    let [matrices @ .., rows, columns] = &shape[..] else {
        return Err(KernelError::new("a matrix has rank 2 or more"));
    };
    let (n, count) = ((*rows).min(*columns), matrices.iter().product::<usize>());
    ensure(layer.len(1)? == count * n && width == layer.width(1)?, || format!("{count} diagonals of {n} elements"))?;
    whole(layer)?;
    let (x, y) = (layer.ptr(1)?, layer.out(0)?);
    let to = vec![(rows * columns) as i64, *columns as i64 + 1];
    copy(layer, &x, &y, width, Block { count: vec![count, n], from: vec![n as i64, 1], to, from_at: 0, to_at: 0 })
}

pub(super) fn sparse_to_dense(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, mut indices, width) = (layer.out_shape(0)?, layer.shape(0)?, layer.width(2)?);
    if indices.len() < 2 {
        // A list of places in a vector.
        indices = vec![indices.iter().product(), 1];
    }
    let (rows, depth, values) = (indices[0], indices[1], layer.len(2)?);
    ensure(depth == shape.len(), || format!("{depth} coordinates for {} dimensions", shape.len()))?;
    ensure(values == 1 || values == rows, || "a value for each row of indices".into())?;
    fill(layer, Some(3))?;
    let k = coordinates(layer, &indices, &shape, width)?;
    let i_type = layer.c_type(0)?;
    let name = format!("put_at_coordinates_{}", suffix(i_type));
    layer.instance("put_at_coordinates", format!("PUT_AT_COORDINATES({name}, {i_type})"));
    let step = if values == 1 { 0 } else { width };
    let args = [k, layer.ptr(0)?, layer.ptr(2)?, step.to_string(), layer.out(0)?];
    layer.require(&format!("{name}({})", args.join(", ")));
    Ok(())
}
