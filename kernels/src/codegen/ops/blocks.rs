//! Operations that move blocks of an image into its channels or its batch, and back.

use super::moves::{Block, copy, fill, pairs, transposed};
use super::weighted::rank_4;
use crate::codegen::layer::Layer;
use crate::codegen::walk::own_steps;
use crate::error::{Result, ensure};
use crate::geometry::strides;

pub(super) fn space_to_depth(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let ([n, h, w, c], b) = image_and_block(layer)?;
    ensure(h % b == 0 && w % b == 0, || format!("blocks of {b} do not fit"))?;
    transposed(layer, &[n, h / b, b, w / b, b, c], &[0, 1, 3, 2, 4, 5])
}

pub(super) fn depth_to_space(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let ([n, h, w, c], b) = image_and_block(layer)?;
    ensure(c % (b * b) == 0, || format!("blocks of {b} do not fit"))?;
    transposed(layer, &[n, h, w, b, b, c / (b * b)], &[0, 1, 3, 2, 4, 5])
}

fn image_and_block(layer: &Layer<'_, '_, '_>) -> Result<([usize; 4], usize)> {
    let block = usize::try_from(layer.attr_int("block_size")).unwrap_or(0);
    ensure(block > 0, || "a positive block size".into())?;
    Ok((rank_4(&layer.shape(0)?)?, block))
}

/// Blocks of the spatial dimensions, from operand `i`.
fn block_sizes(layer: &Layer<'_, '_, '_>, i: usize, rank: usize) -> Result<Vec<usize>> {
    let block = layer.sizes(i)?;
    ensure(block.len() < rank && !block.contains(&0), || "the block does not fit the input".into())?;
    Ok(block)
}

/// How a tensor of blocks lies over the space they come from: for each position in a block (a batch of the former), the elements it has in each
/// spatial dimension that lie inside of `inside`, from `front` on.
struct Phase {
    /// First index in the batched tensor, first index in space, number; for each spatial dimension.
    dims: Vec<(usize, usize, usize)>,
}

/// The phases of blocks over space of sizes `inside`, `front` elements of which stand before the first.
fn phases(block: &[usize], inside: &[usize], front: &[usize]) -> Vec<Phase> {
    let all: usize = block.iter().product();
    let place = strides(block);
    let phase = |p: usize| {
        let dim = |d: usize| {
            let at = p / place[d] % block[d];
            // Index j in the batched tensor is element j * block + at of the padded space.
            let first = front[d].saturating_sub(at).div_ceil(block[d]);
            let end = (front[d] + inside[d]).saturating_sub(at).div_ceil(block[d]);
            (first, (first * block[d] + at).saturating_sub(front[d]), end.saturating_sub(first))
        };
        Phase { dims: (0..block.len()).map(dim).collect() }
    };
    (0..all).map(phase).collect()
}

/// Copies between space `[n, spatial.., rest..]` and its blocks `[all * n, spatial.., rest..]`.
fn copy_phases(
    layer: &mut Layer<'_, '_, '_>,
    block: &[usize],
    space: &[usize],
    batched: &[usize],
    front: &[usize],
    to_batched: bool,
) -> Result<()> {
    let (k, n) = (block.len(), space[0]);
    let (of_space, of_batched) = (own_steps(space), own_steps(batched));
    let (x, y, width) = (layer.ptr(0)?, layer.out(0)?, layer.width(0)?);
    for (p, phase) in phases(block, &space[1..=k], front).into_iter().enumerate() {
        let mut count = vec![n];
        count.extend(phase.dims.iter().map(|d| d.2));
        count.extend(&space[k + 1..]);
        let mut in_space = of_space.clone();
        let (mut space_at, mut batched_at) = (0, p * n * of_batched[0] as usize);
        for (d, (first, at, _)) in phase.dims.iter().enumerate() {
            space_at += at * of_space[d + 1] as usize;
            batched_at += first * of_batched[d + 1] as usize;
            in_space[d + 1] *= block[d] as i64;
        }
        let block = match to_batched {
            true => Block { count, from: in_space, to: of_batched.clone(), from_at: space_at, to_at: batched_at },
            false => Block { count, from: of_batched.clone(), to: in_space, from_at: batched_at, to_at: space_at },
        };
        copy(layer, &x, &y, width, block)?;
    }
    Ok(())
}

pub(super) fn space_to_batch(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (space, batched) = (layer.shape(0)?, layer.out_shape(0)?);
    let block = block_sizes(layer, 1, space.len())?;
    let pads = pairs(layer, 2, block.len())?;
    if pads.iter().any(|p| *p != (0, 0)) {
        fill(layer, None)?;
    }
    let front: Vec<usize> = pads.iter().map(|p| p.0).collect();
    copy_phases(layer, &block, &space, &batched, &front, true)
}

pub(super) fn batch_to_space(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (batched, space) = (layer.shape(0)?, layer.out_shape(0)?);
    let block = block_sizes(layer, 1, batched.len())?;
    let crops = pairs(layer, 2, block.len())?;
    let front: Vec<usize> = crops.iter().map(|p| p.0).collect();
    copy_phases(layer, &block, &space, &batched, &front, false)
}
