//! Operations that only move elements, whatever they are: kernels over bytes and the size of an element.

use crate::error::{KernelError, Result, ensure};
use crate::float::resize::Placement;
use crate::geometry::{elements, strides};

/// Calls `f` with each index of a shape, in row-major order.
pub(crate) fn for_each_index(shape: &[usize], mut f: impl FnMut(&[usize])) {
    let mut at = vec![0; shape.len()];
    for _ in 0..shape.iter().product::<usize>() {
        f(&at);
        for d in (0..shape.len()).rev() {
            at[d] += 1;
            if at[d] < shape[d] {
                break;
            }
            at[d] = 0;
        }
    }
}

/// Dimension `i` of the result is dimension `perm[i]` of `x`.
pub fn transpose(x: &[u8], size: usize, shape: &[usize], perm: &[usize]) -> (Vec<u8>, Vec<usize>) {
    let own = strides(shape);
    let out_shape: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
    // A tail that keeps its place moves in one piece.
    let tail = (0..perm.len()).rev().take_while(|i| perm[*i] == *i).count();
    let (lead, run) = (perm.len() - tail, shape[perm.len() - tail..].iter().product::<usize>() * size);
    let mut out = Vec::with_capacity(x.len());
    for_each_index(&out_shape[..lead], |at| {
        let i: usize = at.iter().zip(&perm[..lead]).map(|(a, p)| a * own[*p]).sum();
        out.extend_from_slice(&x[i * size..][..run]);
    });
    (out, out_shape)
}

/// Joins tensors along `axis`; their other dimensions are equal.
pub fn concatenation(parts: &[(&[u8], &[usize])], size: usize, axis: usize) -> Result<(Vec<u8>, Vec<usize>)> {
    let first = parts.first().map_or(&[][..], |p| p.1);
    let mut shape = first.to_vec();
    shape[axis] = 0;
    for (_, s) in parts {
        let same = s.len() == first.len() && (0..s.len()).all(|d| d == axis || s[d] == first[d]);
        ensure(same, || format!("shapes {first:?} and {s:?} do not join along {axis}"))?;
        shape[axis] += s[axis];
    }
    let outer: usize = shape[..axis].iter().product();
    let mut out = Vec::with_capacity(shape.iter().product::<usize>() * size);
    for o in 0..outer {
        for (x, s) in parts {
            let run = s[axis..].iter().product::<usize>() * size;
            out.extend_from_slice(&x[o * run..][..run]);
        }
    }
    Ok((out, shape))
}

/// The block of `len` elements in each dimension from `begin`, every `step`-th; a step may be negative.
pub fn slice(x: &[u8], size: usize, shape: &[usize], begin: &[usize], step: &[i64], len: &[usize]) -> Vec<u8> {
    let own = strides(shape);
    let mut out = Vec::with_capacity(len.iter().product::<usize>() * size);
    let contiguous = step.last() == Some(&1);
    let lead = len.len() - usize::from(contiguous);
    let run = if contiguous { len[lead] } else { 1 };
    for_each_index(&len[..lead], |at| {
        let mut i = if contiguous { begin[lead] } else { 0 };
        for (d, a) in at.iter().enumerate() {
            i += (begin[d] as i64 + *a as i64 * step[d]) as usize * own[d];
        }
        out.extend_from_slice(&x[i * size..][..run * size]);
    });
    out
}

/// What the bits of a strided slice say of its dimensions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Masks {
    /// The begin counts for nothing.
    pub begin: i32,
    /// The end counts for nothing.
    pub end: i32,
    /// It stands for all dimensions that are not named.
    pub ellipsis: i32,
    /// A dimension of 1 is put in.
    pub new_axis: i32,
    /// The dimension is an index and falls away.
    pub shrink_axis: i32,
}

/// A slice: where it begins, how far each step leads, how many there are, and the shape of the result.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// First element of each dimension.
    pub begin: Vec<usize>,
    /// Elements from one to the next.
    pub step: Vec<i64>,
    /// Number of elements.
    pub len: Vec<usize>,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Slice {
    fn whole(&mut self, n: usize) {
        self.begin.push(0);
        self.step.push(1);
        self.len.push(n);
        self.shape.push(n);
    }
}

/// Plans a slice of `shape` as numpy's `x[begin:end:stride, ..]` has it.
pub fn strided_slice(shape: &[usize], b: &[i64], e: &[i64], s: &[i64], masks: Masks) -> Result<Slice> {
    let count = b.len();
    ensure(e.len() == count && s.len() == count && count <= 32, || "begin, end and strides differ in length".into())?;
    let bit = |mask: i32, i: usize| mask >> i & 1 == 1;
    let new_axes = (0..count).filter(|i| bit(masks.new_axis, *i)).count();
    let mut out = Slice::default();
    for i in 0..count {
        let d = out.begin.len();
        if bit(masks.ellipsis, i) {
            let skip = (shape.len() + 1 + new_axes).checked_sub(count);
            let skip = skip.ok_or_else(|| KernelError::new("more slices than dimensions"))?;
            shape.iter().skip(d).take(skip).for_each(|n| out.whole(*n));
            continue;
        }
        if bit(masks.new_axis, i) {
            out.shape.push(1);
            continue;
        }
        let n = *shape.get(d).ok_or_else(|| KernelError::new("more slices than dimensions"))? as i64;
        // Beyond any dimension, so that no sum overflows.
        let step = s[i].clamp(-(1 << 40), 1 << 40);
        ensure(step != 0, || "a stride is zero".into())?;
        let wrap = |v: i64| if v < 0 { v + n } else { v };
        if bit(masks.shrink_axis, i) {
            let at = wrap(b[i]);
            ensure((0..n).contains(&at), || format!("index {} is out of range for a dimension of {n}", b[i]))?;
            out.begin.push(at as usize);
            out.step.push(1);
            out.len.push(1);
            continue;
        }
        let (lo, hi) = if step > 0 { (0, n) } else { (-1, n - 1) };
        let (first, last) = if step > 0 { (lo, hi) } else { (hi, lo) };
        let from = if bit(masks.begin, i) { first } else { wrap(b[i]).clamp(lo, hi) };
        let to = if bit(masks.end, i) { last } else { wrap(e[i]).clamp(lo, hi) };
        let k = if step > 0 { (to - from + step - 1) / step } else { (from - to - step - 1) / -step };
        let k = usize::try_from(k).unwrap_or(0);
        out.begin.push(usize::try_from(from).unwrap_or(0));
        out.step.push(step);
        out.len.push(k);
        out.shape.push(k);
    }
    shape.iter().skip(out.begin.len()).for_each(|n| out.whole(*n));
    Ok(out)
}

/// Slices of `params` along `axis` picked by `indices`; the first `batch_dims` dimensions of both go together.
pub fn gather(
    params: &[u8],
    size: usize,
    shape: &[usize],
    indices: &[i64],
    axis: usize,
    batch_dims: usize,
) -> Result<Vec<u8>> {
    ensure(batch_dims <= axis && axis < shape.len(), || format!("axis {axis} with {batch_dims} batch dimensions"))?;
    let batch: usize = shape[..batch_dims].iter().product();
    let outer: usize = shape[batch_dims..axis].iter().product();
    let run = shape[axis + 1..].iter().product::<usize>() * size;
    let per_batch = indices.len() / batch.max(1);
    let mut out = Vec::with_capacity(outer * indices.len() * run);
    for b in 0..batch {
        for o in 0..outer {
            for i in &indices[b * per_batch..][..per_batch] {
                let ok = (0..shape[axis] as i64).contains(i);
                ensure(ok, || format!("index {i} is out of range for a dimension of {}", shape[axis]))?;
                let at = ((b * outer + o) * shape[axis] + *i as usize) * run;
                out.extend_from_slice(&params[at..][..run]);
            }
        }
    }
    Ok(out)
}

/// Slices of `params` picked by coordinates: rows of `depth` indices.
pub fn gather_nd(params: &[u8], size: usize, shape: &[usize], indices: &[i64], depth: usize) -> Result<Vec<u8>> {
    let own = strides(shape);
    let run = shape[depth..].iter().product::<usize>() * size;
    let mut out = Vec::new();
    for row in indices.chunks(depth.max(1)) {
        let mut at = 0;
        for (d, i) in row.iter().enumerate() {
            ensure((0..shape[d] as i64).contains(i), || {
                format!("index {i} is out of range for a dimension of {}", shape[d])
            })?;
            at += *i as usize * own[d];
        }
        out.extend_from_slice(&params[at * size..][..run]);
    }
    Ok(out)
}

/// What stands outside the input.
#[derive(Clone, Copy, Debug)]
pub enum Border<'a> {
    /// One element.
    Fill(&'a [u8]),
    /// The mirror image, without the border element itself.
    Reflect,
    /// The mirror image with the border element.
    Symmetric,
}

/// Adds `pads` (in front, behind) elements to each dimension.
pub fn pad(
    x: &[u8],
    size: usize,
    shape: &[usize],
    pads: &[(usize, usize)],
    border: Border<'_>,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let own = strides(shape);
    let out_shape: Vec<usize> =
        shape.iter().zip(pads).map(|(d, (a, b))| d.saturating_add(*a).saturating_add(*b)).collect();
    let skip = usize::from(matches!(border, Border::Reflect));
    if !matches!(border, Border::Fill(_)) {
        let fits = shape.iter().zip(pads).all(|(d, (a, b))| (*a).max(*b).saturating_add(skip) <= *d);
        ensure(fits, || "a mirror image is no larger than the image".into())?;
    }
    let fill = if let Border::Fill(f) = border { f } else { &[] };
    ensure(fill.len() == size || fill.is_empty(), || "the padding is one element".into())?;
    let mut out = Vec::with_capacity(elements(&out_shape)? * size);
    for_each_index(&out_shape, |at| {
        let mut i = Some(0usize);
        for d in 0..at.len() {
            let p = at[d] as i64 - pads[d].0 as i64;
            let n = shape[d] as i64;
            let p = match border {
                Border::Fill(_) => (0..n).contains(&p).then_some(p),
                _ if p < 0 => Some(-p - 1 + skip as i64),
                _ if p >= n => Some(2 * n - 1 - skip as i64 - p),
                _ => Some(p),
            };
            i = i.zip(p).map(|(i, p)| i + p as usize * own[d]);
        }
        out.extend_from_slice(i.map_or(fill, |i| &x[i * size..][..size]));
    });
    Ok((out, out_shape))
}

/// Repeats dimension `d` `times[d]` times.
pub fn tile(x: &[u8], size: usize, shape: &[usize], times: &[usize]) -> Result<(Vec<u8>, Vec<usize>)> {
    let own = strides(shape);
    let out_shape: Vec<usize> = shape.iter().zip(times).map(|(d, t)| d.saturating_mul(*t)).collect();
    let mut out = Vec::with_capacity(elements(&out_shape)? * size);
    for_each_index(&out_shape, |at| {
        let i: usize = at.iter().enumerate().map(|(d, a)| a % shape[d] * own[d]).sum();
        out.extend_from_slice(&x[i * size..][..size]);
    });
    Ok((out, out_shape))
}

/// Repeats dimensions of size 1 to reach `to`.
pub fn broadcast_to(x: &[u8], size: usize, from: &[usize], to: &[usize]) -> Result<Vec<u8>> {
    let shape = crate::float::elementwise::broadcast_shape(from, to)?;
    ensure(shape == to, || format!("{from:?} does not broadcast to {to:?}"))?;
    let mut out = Vec::with_capacity(elements(to)? * size);
    for i in crate::float::elementwise::indices(from, to) {
        out.extend_from_slice(&x[i * size..][..size]);
    }
    Ok(out)
}

/// Backwards along `axes`.
pub fn reverse(x: &[u8], size: usize, shape: &[usize], axes: &[usize]) -> Vec<u8> {
    let own = strides(shape);
    let mut out = Vec::with_capacity(x.len());
    for_each_index(shape, |at| {
        let from = |(d, a): (usize, &usize)| own[d] * if axes.contains(&d) { shape[d] - 1 - a } else { *a };
        let i: usize = at.iter().enumerate().map(from).sum();
        out.extend_from_slice(&x[i * size..][..size]);
    });
    out
}

/// The first `lengths[b]` elements of dimension `seq` backwards, for each index `b` of dimension `batch`.
pub fn reverse_sequence(
    x: &[u8],
    size: usize,
    shape: &[usize],
    lengths: &[usize],
    seq: usize,
    batch: usize,
) -> Result<Vec<u8>> {
    ensure(seq != batch && lengths.len() == shape[batch], || "a length for each sequence".into())?;
    ensure(lengths.iter().all(|n| *n <= shape[seq]), || "a sequence is longer than its dimension".into())?;
    let own = strides(shape);
    let mut out = Vec::with_capacity(x.len());
    for_each_index(shape, |at| {
        let n = lengths[at[batch]];
        let from = |(d, a): (usize, &usize)| own[d] * if d == seq && *a < n { n - 1 - a } else { *a };
        let i: usize = at.iter().enumerate().map(from).sum();
        out.extend_from_slice(&x[i * size..][..size]);
    });
    Ok(out)
}

/// Each row as the diagonal of a square matrix; zero bytes elsewhere.
pub fn matrix_diag(x: &[u8], size: usize, shape: &[usize]) -> Result<(Vec<u8>, Vec<usize>)> {
    let n = *shape.last().ok_or_else(|| KernelError::new("a diagonal has rank 1 or more"))?;
    let out_shape = [shape, &[n]].concat();
    let mut out = vec![0; elements(&out_shape)? * size];
    for (i, value) in x.chunks(size).enumerate() {
        out[(i * n + i % n) * size..][..size].copy_from_slice(value);
    }
    Ok((out, out_shape))
}

/// Blocks of `block` by `block` pixels become channels.
pub fn space_to_depth(x: &[u8], size: usize, shape: &[usize], block: usize) -> (Vec<u8>, Vec<usize>) {
    let (n, h, w, c) = (shape[0], shape[1] / block, shape[2] / block, shape[3]);
    let (y, _) = transpose(x, size, &[n, h, block, w, block, c], &[0, 1, 3, 2, 4, 5]);
    (y, vec![n, h, w, c * block * block])
}

/// Channels become blocks of `block` by `block` pixels.
pub fn depth_to_space(x: &[u8], size: usize, shape: &[usize], block: usize) -> (Vec<u8>, Vec<usize>) {
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3] / (block * block));
    let (y, _) = transpose(x, size, &[n, h, w, block, block, c], &[0, 1, 3, 2, 4, 5]);
    (y, vec![n, h * block, w * block, c])
}

/// Pads, then moves blocks of the spatial dimensions into the batch.
pub fn space_to_batch_nd(
    x: &[u8],
    size: usize,
    shape: &[usize],
    block: &[usize],
    pads: &[(usize, usize)],
    fill: &[u8],
) -> Result<(Vec<u8>, Vec<usize>)> {
    let mut all = vec![(0, 0); shape.len()];
    all[1..=pads.len()].copy_from_slice(pads);
    let (x, shape) = pad(x, size, shape, &all, Border::Fill(fill))?;
    let k = block.len();
    let mut split = vec![shape[0]];
    for (d, b) in block.iter().enumerate() {
        ensure(shape[d + 1] % b == 0, || format!("{} does not divide by {b}", shape[d + 1]))?;
        split.extend([shape[d + 1] / b, *b]);
    }
    split.extend(&shape[k + 1..]);
    let mut perm: Vec<usize> = (0..k).map(|d| 2 * d + 2).collect();
    perm.push(0);
    perm.extend((0..k).map(|d| 2 * d + 1));
    perm.extend(2 * k + 1..split.len());
    let (y, _) = transpose(&x, size, &split, &perm);
    let mut out = vec![shape[0] * block.iter().product::<usize>()];
    out.extend((0..k).map(|d| shape[d + 1] / block[d]));
    out.extend(&shape[k + 1..]);
    Ok((y, out))
}

/// Moves the batch into blocks of the spatial dimensions, then crops.
pub fn batch_to_space_nd(
    x: &[u8],
    size: usize,
    shape: &[usize],
    block: &[usize],
    crops: &[(usize, usize)],
) -> Result<(Vec<u8>, Vec<usize>)> {
    let k = block.len();
    let all: usize = block.iter().product();
    ensure(all > 0 && shape[0].is_multiple_of(all), || format!("a batch of {} does not divide by {all}", shape[0]))?;
    let mut split = block.to_vec();
    split.push(shape[0] / all);
    split.extend(&shape[1..]);
    let mut perm = vec![k];
    for d in 0..k {
        perm.extend([k + 1 + d, d]);
    }
    perm.extend(2 * k + 1..split.len());
    let (y, _) = transpose(x, size, &split, &perm);
    let mut full = vec![shape[0] / all];
    full.extend((0..k).map(|d| shape[d + 1] * block[d]));
    full.extend(&shape[k + 1..]);
    let mut begin = vec![0; full.len()];
    let mut len = full.clone();
    for (d, (a, b)) in crops.iter().enumerate() {
        ensure(a + b <= full[d + 1], || "crops are larger than the image".into())?;
        begin[d + 1] = *a;
        len[d + 1] -= a + b;
    }
    let y = slice(&y, size, &full, &begin, &vec![1; full.len()], &len);
    Ok((y, len))
}

/// The nearest pixels.
pub fn resize_nearest(x: &[u8], size: usize, shape: &[usize], to: [usize; 2], place: Placement) -> Result<Vec<u8>> {
    ensure(shape.len() == 4 && shape[1] > 0 && shape[2] > 0, || "an image without pixels".into())?;
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3]);
    let run = c * size;
    let mut out = Vec::with_capacity(elements(&[n, to[0], to[1], c])? * size);
    for b in 0..n {
        for oy in 0..to[0] {
            let iy = place.nearest(oy, h, to[0]);
            for ox in 0..to[1] {
                let at = ((b * h + iy) * w + place.nearest(ox, w, to[1])) * run;
                out.extend_from_slice(&x[at..][..run]);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_and_joins() {
        assert_eq!(transpose(&[1, 2, 3, 4, 5, 6], 1, &[2, 3], &[1, 0]).0, [1, 4, 2, 5, 3, 6]);
        assert_eq!(transpose(&[1, 2, 3, 4], 1, &[2, 1, 2], &[1, 0, 2]).0, [1, 2, 3, 4]);
        let (y, s) = concatenation(&[(&[1, 2], &[2, 1]), (&[3, 4, 5, 6], &[2, 2])], 1, 1).unwrap();
        assert_eq!((y, s), (vec![1, 3, 4, 2, 5, 6], vec![2, 3]));
    }

    #[test]
    fn slices_step_backwards() {
        assert_eq!(slice(&[1, 2, 3, 4, 5, 6], 1, &[2, 3], &[0, 2], &[1, -2], &[2, 2]), [3, 1, 6, 4]);
        assert_eq!(slice(&[1, 2, 3, 4, 5, 6], 1, &[2, 3], &[0, 1], &[1, 1], &[2, 2]), [2, 3, 5, 6]);
    }

    #[test]
    fn borders() {
        let f = |b| pad(&[1, 2, 3], 1, &[3], &[(2, 1)], b).unwrap().0;
        assert_eq!(f(Border::Fill(&[9])), [9, 9, 1, 2, 3, 9]);
        assert_eq!(f(Border::Reflect), [3, 2, 1, 2, 3, 2]);
        assert_eq!(f(Border::Symmetric), [2, 1, 1, 2, 3, 3]);
        assert!(pad(&[1], 1, &[1], &[(1, 0)], Border::Reflect).is_err());
    }

    #[test]
    fn batches_become_space_and_back() {
        let x: Vec<u8> = (0..16).collect();
        let (y, s) = space_to_batch_nd(&x, 1, &[1, 4, 4, 1], &[2, 2], &[(0, 0), (0, 0)], &[0]).unwrap();
        assert_eq!((s.clone(), &y[..4]), (vec![4, 2, 2, 1], &[0, 2, 8, 10][..]));
        assert_eq!(batch_to_space_nd(&y, 1, &s, &[2, 2], &[(0, 0), (0, 0)]).unwrap(), (x, vec![1, 4, 4, 1]));
        let x: Vec<u8> = (0..8).collect();
        let (y, s) = depth_to_space(&x, 1, &[1, 1, 2, 4], 2);
        assert_eq!((y.clone(), s.clone()), (vec![0, 1, 4, 5, 2, 3, 6, 7], vec![1, 2, 4, 1]));
        assert_eq!(space_to_depth(&y, 1, &s, 2).0, x);
    }

    #[test]
    fn gathers_refuse_indices_outside() {
        assert_eq!(gather(&[1, 2, 3, 4, 5, 6], 1, &[2, 3], &[2, 0], 1, 0).unwrap(), [3, 1, 6, 4]);
        assert!(gather(&[1, 2], 1, &[2], &[2], 0, 0).is_err());
    }
}
