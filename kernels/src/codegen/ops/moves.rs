//! Operations that move elements: copies of runs along strides, or along tables of places.

use ir::dialect::tfl::{self, MirrorPadMode};

use super::indexed::zero;
use crate::codegen::layer::Layer;
use crate::codegen::text::list;
use crate::codegen::walk::{Walk, broadcast_steps, own_steps};
use crate::error::{KernelError, Result, ensure};
use crate::float::resize::Placement;
use crate::geometry::{axis, strides};
use crate::movement;

/// A result that is operand 0 in another shape.
pub(super) fn view(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let same = layer.len(0)? * layer.width(0)? == layer.out_len(0)? * layer.types.outs[0].byte_width().unwrap_or(0);
    ensure(same, || "operand and result differ in size".into())
}

/// A block of elements that is copied; distances and places count elements.
pub(super) struct Block {
    pub(super) count: Vec<usize>,
    pub(super) from: Vec<i64>,
    pub(super) to: Vec<i64>,
    pub(super) from_at: usize,
    pub(super) to_at: usize,
}

/// `p` moved by some bytes.
fn moved(p: &str, bytes: usize, constant: &str) -> String {
    if bytes == 0 { p.to_owned() } else { format!("({constant}uint8_t *){p} + {bytes}") }
}

/// Copies a block of elements of `width` bytes.
pub(super) fn copy(layer: &mut Layer<'_, '_, '_>, x: &str, y: &str, width: usize, block: Block) -> Result<()> {
    if block.count.contains(&0) {
        return Ok(());
    }
    let mut walk = Walk::new(&block.count, vec![block.from, block.to]);
    let mut run = width;
    if walk.step.iter().all(|s| s.last() == Some(&1)) {
        run *= walk.split_inner().0;
    }
    walk.step.iter_mut().flatten().for_each(|s| *s *= width as i64);
    let (x, y) = (moved(x, block.from_at * width, "const "), moved(y, block.to_at * width, ""));
    if walk.count.is_empty() {
        layer.needs("copy");
        layer.call("copy", &[y, x, run.to_string()]);
        return Ok(());
    }
    layer.needs("copy_strided");
    let k = layer.structure("walk", &walk_fields(&walk)?);
    layer.call("copy_strided", &[k, run.to_string(), x, y]);
    Ok(())
}

fn walk_fields(walk: &Walk) -> Result<[(&'static str, String); 3]> {
    walk.text()?;
    let steps = walk.step.iter().map(list);
    Ok([("rank", walk.count.len().to_string()), ("count", list(&walk.count)), ("step", list(steps))])
}

/// The only operand to the only result.
fn copy_all(layer: &mut Layer<'_, '_, '_>, block: Block) -> Result<()> {
    let (x, y, width) = (layer.ptr(0)?, layer.out(0)?, layer.width(0)?);
    copy(layer, &x, &y, width, block)
}

/// Every result element from where `from` leads, in order.
fn gathered(count: &[usize], from: Vec<i64>, from_at: usize) -> Block {
    Block { count: count.to_vec(), to: own_steps(count), from, from_at, to_at: 0 }
}

pub(super) fn transpose(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let perm = layer.ints(1)?.into_iter().map(|p| axis(p, shape.len())).collect::<Result<Vec<_>>>()?;
    transposed(layer, &shape, &perm)
}

pub(super) fn transposed(layer: &mut Layer<'_, '_, '_>, shape: &[usize], perm: &[usize]) -> Result<()> {
    let own = own_steps(shape);
    let mut seen = perm.to_vec();
    seen.sort_unstable();
    ensure(seen == (0..shape.len()).collect::<Vec<_>>(), || format!("{perm:?} is no permutation"))?;
    let count: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
    copy_all(layer, gathered(&count, perm.iter().map(|p| own[*p]).collect(), 0))
}

/// Copies each operand to its place along a dimension of the result.
fn join(layer: &mut Layer<'_, '_, '_>, at: usize, sizes: &[usize]) -> Result<()> {
    let out = layer.out_shape(0)?;
    let (own, y) = (own_steps(&out), layer.out(0)?);
    let mut begin = 0;
    for (i, size) in sizes.iter().enumerate() {
        let mut count = out.clone();
        count[at] = *size;
        let (x, width) = (layer.ptr(i)?, layer.width(i)?);
        let block =
            Block { from: own_steps(&count), to: own.clone(), from_at: 0, to_at: begin * own[at] as usize, count };
        copy(layer, &x, &y, width, block)?;
        begin += size;
    }
    Ok(())
}

pub(super) fn concatenation(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let at = axis(layer.attr_int("axis"), layer.out_shape(0)?.len())?;
    let sizes = (0..layer.op.operands().len()).map(|i| Ok(layer.shape(i)?[at])).collect::<Result<Vec<_>>>()?;
    join(layer, at, &sizes)
}

pub(super) fn pack(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let at = axis(layer.attr_int("axis"), layer.out_shape(0)?.len())?;
    join(layer, at, &vec![1; layer.op.operands().len()])
}

/// Copies pieces of operand `i` along a dimension to the results.
fn pieces(layer: &mut Layer<'_, '_, '_>, i: usize, at: usize, sizes: &[usize]) -> Result<()> {
    let shape = layer.shape(i)?;
    let (own, x, width) = (own_steps(&shape), layer.ptr(i)?, layer.width(i)?);
    ensure(sizes.iter().sum::<usize>() == shape[at], || {
        format!("pieces of {sizes:?} of a dimension of {}", shape[at])
    })?;
    let mut begin = 0;
    for (k, size) in sizes.iter().enumerate() {
        let mut count = shape.clone();
        count[at] = *size;
        let y = layer.out(k)?;
        let block =
            Block { to: own_steps(&count), from: own.clone(), from_at: begin * own[at] as usize, to_at: 0, count };
        copy(layer, &x, &y, width, block)?;
        begin += size;
    }
    Ok(())
}

pub(super) fn unpack(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let at = axis(layer.attr_int("axis"), layer.shape(0)?.len())?;
    pieces(layer, 0, at, &vec![1; layer.op.results().len()])
}

pub(super) fn split(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (input, dim) = if layer.kind() == "split" { (1, 0) } else { (0, 2) };
    let at = axis(layer.int(dim)?, layer.shape(input)?.len())?;
    let drop_axis = |i: usize| layer.out_shape(i).map(|s| s.get(at).copied().unwrap_or(1));
    let sizes = (0..layer.op.results().len()).map(drop_axis).collect::<Result<Vec<_>>>()?;
    pieces(layer, input, at, &sizes)
}

pub(super) fn slice(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, out) = (layer.shape(0)?, layer.out_shape(0)?);
    let own = own_steps(&shape);
    if layer.constant(1).is_some() {
        let begin = layer.sizes(1)?;
        let inside = begin.len() == shape.len() && (0..shape.len()).all(|d| begin[d] + out[d] <= shape[d]);
        ensure(inside, || format!("a slice lies outside of {shape:?}"))?;
        let at = begin.iter().zip(&own).map(|(b, s)| b * *s as usize).sum();
        return copy_all(layer, gathered(&out, own, at));
    }
    // A start that is computed: checked, then added to the place of the first element.
    let room = layer.i32s("room", (0..shape.len()).map(|d| (shape[d] - out[d]) as i32));
    let width = layer.width(0)?;
    let steps = layer.i32s("step", own.iter().map(|s| (*s as usize * width) as i32));
    let i_type = layer.c_type(1)?;
    let name = format!("slice_at_{}", i_type.trim_end_matches("_t"));
    layer.instance("slice_at", format!("SLICE_AT({name}, {i_type})"));
    let (x, begin, y) = (layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?);
    layer.line("{");
    layer.line("ptrdiff_t offset = 0;");
    layer.require(&format!("{name}({begin}, {}, {room}, {steps}, &offset)", shape.len()));
    copy(layer, &format!("((const uint8_t *){x} + offset)"), &y, width, gathered(&out, own, 0))?;
    layer.line("}");
    Ok(())
}

pub(super) fn strided_slice(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::StridedSlice = layer.row()?;
    let shape = layer.shape(0)?;
    let plan =
        movement::strided_slice(&shape, &layer.ints(1)?, &layer.ints(2)?, &layer.ints(3)?, crate::eval::masks(&r))?;
    let own = own_steps(&shape);
    let at = plan.begin.iter().zip(&own).map(|(b, s)| b * *s as usize).sum();
    let from = plan.step.iter().zip(&own).map(|(a, b)| a * b).collect();
    copy_all(layer, gathered(&plan.len, from, at))
}

pub(super) fn reverse(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let mut own = own_steps(&shape);
    let mut at = 0;
    let mut axes = layer.ints(1)?.into_iter().map(|a| axis(a, shape.len())).collect::<Result<Vec<_>>>()?;
    axes.sort_unstable();
    axes.dedup();
    for a in axes {
        at += (shape[a] - 1) * own[a] as usize;
        own[a] = -own[a];
    }
    copy_all(layer, gathered(&shape, own, at))
}

pub(super) fn broadcast_to(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let out = layer.out_shape(0)?;
    let from = broadcast_steps(&layer.shape(0)?, &out);
    copy_all(layer, gathered(&out, from, 0))
}

pub(super) fn tile(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, out) = (layer.shape(0)?, layer.out_shape(0)?);
    let own = own_steps(&shape);
    let fits = shape.len() == out.len() && shape.iter().zip(&out).all(|(s, o)| *s > 0 && o % s == 0);
    ensure(fits, || "the result's shape does not fit".into())?;
    // Each dimension is one of repetitions and one of elements.
    let count: Vec<usize> = shape.iter().zip(&out).flat_map(|(s, o)| [o / s, *s]).collect();
    copy_all(layer, gathered(&count, own.iter().flat_map(|s| [0, *s]).collect(), 0))
}

/// Fills the result with the operand's zero, or another value.
pub(super) fn fill(layer: &mut Layer<'_, '_, '_>, value: Option<usize>) -> Result<()> {
    let width = layer.width(value.unwrap_or(0))?;
    let value = match value {
        Some(i) => layer.ptr(i)?,
        None => {
            let zero = zero(&layer.elem(0)?)?;
            let (c_type, items) =
                (crate::codegen::text::c_type(&zero.ty().elem)?, crate::codegen::text::elements(&zero)?);
            layer.array(c_type, "zero", items, width)
        }
    };
    layer.needs("fill");
    let args = [value, width.to_string(), layer.out(0)?, layer.out_len(0)?.to_string()];
    layer.call("fill", &args);
    Ok(())
}

/// Pairs of paddings or crops in operand `i`, for each of `rank` dimensions.
pub(super) fn pairs(layer: &Layer<'_, '_, '_>, i: usize, rank: usize) -> Result<Vec<(usize, usize)>> {
    let p = layer.sizes(i)?;
    ensure(p.len() == 2 * rank, || format!("{} paddings for {rank} dimensions", p.len()))?;
    Ok(p.chunks(2).map(|p| (p[0], p[1])).collect())
}

pub(super) fn pad(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (shape, out) = (layer.shape(0)?, layer.out_shape(0)?);
    let pads = pairs(layer, 1, shape.len())?;
    let value = layer.has(2).then_some(2);
    fill(layer, value)?;
    let to = own_steps(&out);
    let to_at = pads.iter().zip(&to).map(|((a, _), s)| a * *s as usize).sum();
    copy_all(layer, Block { from: own_steps(&shape), to, from_at: 0, to_at, count: shape })
}

/// Copies along tables of places: for each dimension, the element of the operand that each index reads.
fn mapped(layer: &mut Layer<'_, '_, '_>, shape: &[usize], maps: &[Vec<usize>]) -> Result<()> {
    let own = strides(shape);
    let width = layer.width(0)?;
    // A tail that keeps its places moves in one piece.
    let kept = |d: usize| maps[d].iter().copied().eq(0..shape[d]);
    let lead = (0..shape.len()).rev().find(|d| !kept(*d)).map_or(0, |d| d + 1);
    ensure(lead <= 8, || format!("it takes loops in {lead} dimensions"))?;
    let run = shape[lead..].iter().product::<usize>() * width;
    let names: Vec<String> = (0..lead)
        .map(|d| layer.i32s(&format!("map_{d}"), maps[d].iter().map(|i| (i * own[d] * width) as i32)))
        .collect();
    let fields = [
        ("rank", lead.to_string()),
        ("count", list(maps[..lead].iter().map(Vec::len))),
        ("maps", list(names)),
        ("run", run.to_string()),
    ];
    layer.needs("copy_mapped");
    let k = layer.structure("mapped", &fields);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.call("copy_mapped", &args);
    Ok(())
}

pub(super) fn mirror_pad(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::MirrorPad = layer.row()?;
    let skip = usize::from(matches!(r.mode, MirrorPadMode::Reflect));
    let shape = layer.shape(0)?;
    let pads = pairs(layer, 1, shape.len())?;
    let fits = shape.iter().zip(&pads).all(|(d, (a, b))| (*a).max(*b) + skip <= *d);
    ensure(fits, || "a mirror image is no larger than the image".into())?;
    let map = |(n, (a, b)): (&usize, &(usize, usize))| {
        let front = (0..*a).map(|i| a - 1 - i + skip);
        let behind = (0..*b).map(|i| n - 1 - skip - i);
        front.chain(0..*n).chain(behind).collect()
    };
    let maps: Vec<Vec<usize>> = shape.iter().zip(&pads).map(map).collect();
    mapped(layer, &shape, &maps)
}

pub(super) fn resize_nearest(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::ResizeNearestNeighbor = layer.row()?;
    let place = Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers };
    let shape = layer.shape(0)?;
    let [n, h, w, c] = super::weighted::rank_4(&shape)?;
    let [_, rows, columns, _] = super::weighted::rank_4(&layer.out_shape(0)?)?;
    ensure(h > 0 && w > 0, || "an image without pixels".into())?;
    let nearest = |input, output| (0..output).map(|o| place.nearest(o, input, output)).collect();
    mapped(layer, &shape, &[(0..n).collect(), nearest(h, rows), nearest(w, columns), (0..c).collect()])
}

pub(super) fn matrix_diag(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let n = *shape.last().ok_or_else(|| KernelError::new("a diagonal has rank 1 or more"))?;
    let rows = shape[..shape.len() - 1].iter().product();
    layer.needs("fill");
    let zero = layer.array("uint8_t", "zero", vec!["0".into()], 1);
    let bytes = (layer.out_len(0)? * layer.width(0)?).to_string();
    let args = [zero, "1".into(), layer.out(0)?, bytes];
    layer.call("fill", &args);
    let to = vec![(n * n) as i64, n as i64 + 1];
    copy_all(layer, Block { count: vec![rows, n], from: vec![n as i64, 1], to, from_at: 0, to_at: 0 })
}
