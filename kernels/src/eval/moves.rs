//! Operations that move elements.

use ir::dialect::tfl::{self, MirrorPadMode};
use ir::{Elem, QuantParams, Tensor};

use super::Call;
use crate::error::{KernelError, Result, ensure};
use crate::float::resize::Placement;
use crate::geometry::axis;
use crate::movement::{self, Border, Masks};

pub(crate) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    Some(match c.op.name.as_str().strip_prefix("tfl.")? {
        "reshape" => reshape(c),
        "squeeze" | "expand_dims" => view(c),
        "transpose" => transpose(c),
        "concatenation" => concatenation(c),
        "pack" => pack(c),
        "unpack" => unpack(c),
        "split" => split(c),
        "split_v" => split_v(c),
        "slice" => slice(c),
        "strided_slice" => strided_slice(c),
        "gather" => gather(c),
        "gather_nd" => gather_nd(c),
        "embedding_lookup" => embedding_lookup(c),
        "tile" => tile(c),
        "broadcast_to" => broadcast_to(c),
        "pad" | "padv2" => pad(c),
        "mirror_pad" => mirror_pad(c),
        "reverse_v2" => reverse(c),
        "reverse_sequence" => reverse_sequence(c),
        "matrix_diag" => matrix_diag(c),
        "space_to_depth" => blocks(c, movement::space_to_depth),
        "depth_to_space" => blocks(c, movement::depth_to_space),
        "space_to_batch_nd" => space_to_batch(c),
        "batch_to_space_nd" => batch_to_space(c),
        "resize_nearest_neighbor" => resize_nearest(c),
        _ => return None,
    })
}

/// Bytes of an element of operand `i`.
pub(super) fn size(c: &Call<'_>, i: usize) -> Result<usize> {
    c.tensor(i)?.ty().elem.byte_width().ok_or_else(|| KernelError::new("it moves elements of whole bytes"))
}

fn reshape(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let total = c.tensor(0)?.len();
    let sizes = c.ints(1)?;
    let known = sizes.iter().filter(|v| **v >= 0).fold(1usize, |n, v| n.saturating_mul(*v as usize));
    let shape: Vec<usize> = sizes
        .iter()
        .map(|v| usize::try_from(*v).unwrap_or(if known == 0 { 0 } else { total / known.max(1) }))
        .collect();
    let fits = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) == Some(total);
    ensure(fits, || format!("{total} elements cannot take shape {sizes:?}"))?;
    Ok(vec![c.raw(0, &shape, c.tensor(0)?.bytes())?])
}

/// The same elements in the shape that inference gives.
fn view(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let t = c.tensor(0)?;
    let mut shape = t.shape();
    if c.op.is::<tfl::ExpandDims>() {
        let at = axis(c.int(1)?, shape.len() + 1)?;
        shape.insert(at, 1);
    } else {
        let dims = c.op.attr("squeeze_dims").and_then(ir::Attr::as_ints).unwrap_or_default();
        let drop = dims.into_iter().map(|d| axis(d, shape.len())).collect::<Result<Vec<_>>>()?;
        let keep = |i: usize, d: usize| if drop.is_empty() { d != 1 } else { !drop.contains(&i) };
        shape = shape.iter().enumerate().filter(|(i, d)| keep(*i, **d)).map(|(_, d)| *d).collect();
    }
    Ok(vec![c.raw(0, &shape, t.bytes())?])
}

fn transpose(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let perm = c.ints(1)?.into_iter().map(|p| axis(p, shape.len())).collect::<Result<Vec<_>>>()?;
    let mut seen = perm.clone();
    seen.sort_unstable();
    ensure(seen == (0..shape.len()).collect::<Vec<_>>(), || format!("{perm:?} is no permutation"))?;
    let (y, s) = movement::transpose(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &perm);
    Ok(vec![c.raw(0, &s, y)?])
}

fn join(c: &Call<'_>, shapes: &[Vec<usize>], at: usize) -> Result<(Vec<u8>, Vec<usize>)> {
    let elem = c.tensor(0)?.ty().elem.storage();
    let alike = c.ins.iter().flatten().all(|t| t.ty().elem.storage() == elem);
    ensure(alike, || "it joins elements of different types".into())?;
    let bytes = (0..c.ins.len()).map(|i| Ok(c.tensor(i)?.bytes())).collect::<Result<Vec<_>>>()?;
    let parts: Vec<(&[u8], &[usize])> = bytes.iter().zip(shapes).map(|(b, s)| (&b[..], &s[..])).collect();
    movement::concatenation(&parts, size(c, 0)?, at)
}

/// The shapes of all operands, of which there is one at least.
fn shapes(c: &Call<'_>) -> Result<Vec<Vec<usize>>> {
    ensure(!c.ins.is_empty(), || "it has no operands".into())?;
    (0..c.ins.len()).map(|i| c.shape(i)).collect()
}

fn concatenation(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shapes = shapes(c)?;
    let at = axis(c.attr_int("axis"), shapes[0].len())?;
    let (y, s) = join(c, &shapes, at)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn pack(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let mut shapes = shapes(c)?;
    let at = axis(c.attr_int("axis"), shapes[0].len() + 1)?;
    ensure(shapes.iter().all(|s| *s == shapes[0]), || format!("it takes tensors of one shape, not of {shapes:?}"))?;
    shapes.iter_mut().for_each(|s| s.insert(at, 1));
    let (y, s) = join(c, &shapes, at)?;
    Ok(vec![c.raw(0, &s, y)?])
}

/// Pieces of operand `i` along an axis; `squeeze` drops the axis.
fn pieces(c: &Call<'_>, i: usize, at: usize, lens: &[usize], squeeze: bool) -> Result<Vec<Tensor>> {
    let shape = c.shape(i)?;
    let total = lens.iter().fold(0usize, |n, l| n.saturating_add(*l));
    ensure(total == shape[at], || format!("pieces of {lens:?} of a dimension of {}", shape[at]))?;
    let (bytes, size) = (c.tensor(i)?.bytes(), size(c, i)?);
    let mut begin = vec![0; shape.len()];
    let mut out = Vec::new();
    for (k, n) in lens.iter().enumerate() {
        let mut len = shape.clone();
        len[at] = *n;
        let y = movement::slice(&bytes, size, &shape, &begin, &vec![1; shape.len()], &len);
        begin[at] += n;
        if squeeze {
            len.remove(at);
        }
        out.push(c.raw(k, &len, y)?);
    }
    Ok(out)
}

fn unpack(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let at = axis(c.attr_int("axis"), shape.len())?;
    pieces(c, 0, at, &vec![1; shape[at]], true)
}

fn split(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(1)?;
    let at = axis(c.int(0)?, shape.len())?;
    let n = c.outs.len().max(1);
    pieces(c, 1, at, &vec![shape[at] / n; n], false)
}

fn split_v(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let at = axis(c.int(2)?, shape.len())?;
    let sizes = c.ints(1)?;
    let known = sizes.iter().filter(|v| **v >= 0).fold(0usize, |n, v| n.saturating_add(*v as usize));
    let lens: Vec<usize> =
        sizes.iter().map(|v| usize::try_from(*v).unwrap_or(shape[at].saturating_sub(known))).collect();
    pieces(c, 0, at, &lens, false)
}

fn slice(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let (begin, sizes) = (c.sizes(1)?, c.ints(2)?);
    ensure(begin.len() == shape.len() && sizes.len() == shape.len(), || {
        "a begin and a size for each dimension".into()
    })?;
    let mut len = Vec::new();
    for d in 0..shape.len() {
        let rest = shape[d].checked_sub(begin[d]);
        let n = usize::try_from(sizes[d]).ok().or(rest);
        let n = n.filter(|n| rest.is_some_and(|r| *n <= r));
        len.push(n.ok_or_else(|| KernelError::new(format!("a slice lies outside dimension {d} of {}", shape[d])))?);
    }
    let y = movement::slice(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &begin, &vec![1; shape.len()], &len);
    Ok(vec![c.raw(0, &len, y)?])
}

fn strided_slice(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::StridedSlice = c.row()?;
    let shape = c.shape(0)?;
    let plan = movement::strided_slice(&shape, &c.ints(1)?, &c.ints(2)?, &c.ints(3)?, masks(&r))?;
    let y = match plan.len.contains(&0) {
        true => Vec::new(),
        false => movement::slice(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &plan.begin, &plan.step, &plan.len),
    };
    Ok(vec![c.raw(0, &plan.shape, y)?])
}

/// The masks of an operation.
pub(crate) fn masks(r: &tfl::StridedSlice) -> Masks {
    let (new_axis, shrink_axis) = (r.new_axis_mask, r.shrink_axis_mask);
    Masks { begin: r.begin_mask, end: r.end_mask, ellipsis: r.ellipsis_mask, new_axis, shrink_axis }
}

fn gather(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, i_shape) = (c.shape(0)?, c.shape(1)?);
    let at = axis(c.attr_int("axis"), shape.len())?;
    let b = c.attr_int("batch_dims");
    let b = usize::try_from(if b < 0 { b + i_shape.len() as i64 } else { b }).unwrap_or(0);
    ensure(b <= i_shape.len(), || "more batch dimensions than indices have".into())?;
    let y = movement::gather(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &c.ints(1)?, at, b)?;
    let out: Vec<usize> = shape[..at].iter().chain(&i_shape[b..]).chain(&shape[at + 1..]).copied().collect();
    Ok(vec![c.raw(0, &out, y)?])
}

fn embedding_lookup(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(1)?;
    ensure(!shape.is_empty(), || "a table has rows".into())?;
    let y = movement::gather(&c.tensor(1)?.bytes(), size(c, 1)?, &shape, &c.ints(0)?, 0, 0)?;
    Ok(vec![c.raw(0, &[&c.shape(0)?, &shape[1..]].concat(), y)?])
}

fn gather_nd(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, i_shape) = (c.shape(0)?, c.shape(1)?);
    let (depth, outer) = i_shape.split_last().ok_or_else(|| KernelError::new("indices have rank 1 or more"))?;
    ensure(*depth <= shape.len(), || "more coordinates than dimensions".into())?;
    let y = movement::gather_nd(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &c.ints(1)?, *depth)?;
    let out: Vec<usize> = outer.iter().chain(&shape[*depth..]).copied().collect();
    Ok(vec![c.raw(0, &out, y)?])
}

fn tile(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, times) = (c.shape(0)?, c.sizes(1)?);
    ensure(times.len() == shape.len(), || "a multiple for each dimension".into())?;
    let (y, s) = movement::tile(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &times)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn broadcast_to(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let to = c.sizes(1)?;
    let y = movement::broadcast_to(&c.tensor(0)?.bytes(), size(c, 0)?, &c.shape(0)?, &to)?;
    Ok(vec![c.raw(0, &to, y)?])
}

fn pairs(c: &Call<'_>, i: usize, rank: usize) -> Result<Vec<(usize, usize)>> {
    let p = c.sizes(i)?;
    ensure(p.len() == 2 * rank, || format!("{} paddings for {rank} dimensions", p.len()))?;
    Ok(p.chunks(2).map(|p| (p[0], p[1])).collect())
}

/// What stands for zero in operand `i`.
fn zero(c: &Call<'_>, i: usize) -> Result<Vec<u8>> {
    zero_of(&c.tensor(i)?.ty().elem).ok_or_else(|| KernelError::new("it moves elements of whole bytes"))
}

/// The bytes that stand for zero: the zero point of a quantized type.
pub(crate) fn zero_of(elem: &Elem) -> Option<Vec<u8>> {
    let mut fill = vec![0u8; elem.byte_width()?];
    if let Some(q) = elem.quant()
        && let QuantParams::PerTensor { zero_point, .. } = &q.params
    {
        let n = fill.len();
        fill.copy_from_slice(&zero_point.to_le_bytes()[..n]);
    }
    Some(fill)
}

fn pad(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let fill = match c.ins.get(2) {
        Some(Some(t)) => t.bytes().to_vec(),
        _ => zero(c, 0)?,
    };
    let (y, s) =
        movement::pad(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &pairs(c, 1, shape.len())?, Border::Fill(&fill))?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn mirror_pad(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::MirrorPad = c.row()?;
    let border = match r.mode {
        MirrorPadMode::Reflect => Border::Reflect,
        MirrorPadMode::Symmetric => Border::Symmetric,
    };
    let shape = c.shape(0)?;
    let (y, s) = movement::pad(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &pairs(c, 1, shape.len())?, border)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn reverse(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let axes = c.ints(1)?.into_iter().map(|a| axis(a, shape.len())).collect::<Result<Vec<_>>>()?;
    let y = movement::reverse(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &axes);
    Ok(vec![c.raw(0, &shape, y)?])
}

fn reverse_sequence(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, lengths) = (c.shape(0)?, c.sizes(1)?);
    let (seq, batch) = (axis(c.attr_int("seq_dim"), shape.len())?, axis(c.attr_int("batch_dim"), shape.len())?);
    let y = movement::reverse_sequence(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &lengths, seq, batch)?;
    Ok(vec![c.raw(0, &shape, y)?])
}

fn matrix_diag(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (y, s) = movement::matrix_diag(&c.tensor(0)?.bytes(), size(c, 0)?, &c.shape(0)?)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn blocks(c: &Call<'_>, f: impl Fn(&[u8], usize, &[usize], usize) -> (Vec<u8>, Vec<usize>)) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let block = usize::try_from(c.attr_int("block_size")).unwrap_or(0);
    ensure(shape.len() == 4 && block > 0, || "an image and a positive block size".into())?;
    let fits = if c.op.is::<tfl::SpaceToDepth>() {
        shape[1] % block == 0 && shape[2] % block == 0
    } else {
        shape[3] % (block * block) == 0
    };
    ensure(fits, || format!("blocks of {block} do not fit {shape:?}"))?;
    let (y, s) = f(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, block);
    Ok(vec![c.raw(0, &s, y)?])
}

fn space_to_batch(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, block) = (c.shape(0)?, c.sizes(1)?);
    ensure(block.len() < shape.len() && !block.contains(&0), || "the block does not fit the input".into())?;
    let pads = pairs(c, 2, block.len())?;
    let (y, s) = movement::space_to_batch_nd(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &block, &pads, &zero(c, 0)?)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn batch_to_space(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let (shape, block) = (c.shape(0)?, c.sizes(1)?);
    ensure(block.len() < shape.len() && !block.contains(&0), || "the block does not fit the input".into())?;
    let crops = pairs(c, 2, block.len())?;
    let (y, s) = movement::batch_to_space_nd(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, &block, &crops)?;
    Ok(vec![c.raw(0, &s, y)?])
}

fn resize_nearest(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::ResizeNearestNeighbor = c.row()?;
    let place = Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers };
    let [h, w] = c.sizes(1)?[..] else { return Err(KernelError::new("a size is two numbers")) };
    let shape = c.shape(0)?;
    let y = movement::resize_nearest(&c.tensor(0)?.bytes(), size(c, 0)?, &shape, [h, w], place)?;
    Ok(vec![c.raw(0, &[shape[0], h, w, shape[3]], y)?])
}
