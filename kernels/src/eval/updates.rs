//! Operations that put elements into a tensor.

use ir::Tensor;

use super::Call;
use super::moves::size;
use crate::error::{KernelError, Result, ensure};
use crate::updates;

pub(crate) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    Some(match c.op.name.as_str().strip_prefix("tfl.")? {
        "dynamic_update_slice" => dynamic_update_slice(c),
        "matrix_set_diag" => matrix_set_diag(c),
        "sparse_to_dense" => sparse_to_dense(c),
        _ => return None,
    })
}

/// Operands of elements of one width.
fn alike(c: &Call<'_>, i: usize, k: usize) -> Result<()> {
    ensure(size(c, i)? == size(c, k)?, || "its operands hold elements of different types".into())
}

fn dynamic_update_slice(c: &Call<'_>) -> Result<Vec<Tensor>> {
    alike(c, 0, 1)?;
    let shape = c.shape(0)?;
    let update = (&c.tensor(1)?.bytes()[..], &c.shape(1)?[..]);
    let y = updates::dynamic_update_slice(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, update, &c.ints(2)?)?;
    Ok(vec![c.raw(0, &shape, y)?])
}

fn matrix_set_diag(c: &Call<'_>) -> Result<Vec<Tensor>> {
    alike(c, 0, 1)?;
    let shape = c.shape(0)?;
    let matrix = shape.last_chunk().ok_or_else(|| KernelError::new("a matrix has rank 2 or more"))?;
    let y = updates::matrix_set_diag(&c.tensor(0)?.bytes(), size(c, 0)?, *matrix, &c.tensor(1)?.bytes())?;
    Ok(vec![c.raw(0, &shape, y)?])
}

fn sparse_to_dense(c: &Call<'_>) -> Result<Vec<Tensor>> {
    alike(c, 2, 3)?;
    let (places, shape) = (c.shape(0)?, c.sizes(1)?);
    // A list, or a single index, is one of places in a vector.
    let depth = if places.len() < 2 { 1 } else { places[1] };
    ensure(depth == shape.len(), || format!("{depth} coordinates for {} dimensions", shape.len()))?;
    ensure(c.tensor(3)?.len() == 1, || "its default is one element".into())?;
    let y = updates::sparse_to_dense(&shape, &c.ints(0)?, &c.tensor(2)?.bytes(), &c.tensor(3)?.bytes())?;
    Ok(vec![c.raw(0, &shape, y)?])
}
