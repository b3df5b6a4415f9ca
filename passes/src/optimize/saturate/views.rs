//! Views: the same elements in another order of dimensions or in another shape. Arithmetic on shapes alone.
//!
//! A [`Map`] says where the dimensions of a view come from. A transpose is a map that is a permutation; a reshape that only adds and drops
//! dimensions of size 1 is a map that keeps the order.

use ir::Dim;

/// New dimension `j` is old dimension `map[j]`, or a new one of size 1. Old dimensions that are left out have size 1.
pub(super) type Map = Vec<Option<usize>>;

/// The map of a transpose.
pub(super) fn of_perm(perm: &[usize]) -> Map {
    perm.iter().map(|p| Some(*p)).collect()
}

/// The map of a reshape that only adds and drops dimensions of size 1.
pub(super) fn of_units(from: &[Dim], to: &[Dim]) -> Option<Map> {
    let mut i = 0;
    let mut map = Map::new();
    for d in to {
        if *d == Some(1) {
            let unit = from.get(i) == Some(&Some(1));
            map.push(unit.then_some(i));
            i += usize::from(unit);
            continue;
        }
        while from.get(i) == Some(&Some(1)) {
            i += 1;
        }
        if from.get(i) != Some(d) {
            return None;
        }
        map.push(Some(i));
        i += 1;
    }
    from[i..].iter().all(|d| *d == Some(1)).then_some(map)
}

/// The map that undoes another one of a tensor of `rank` dimensions.
pub(super) fn inverse(map: &Map, rank: usize) -> Map {
    (0..rank).map(|i| map.iter().position(|m| *m == Some(i))).collect()
}

/// The shape of a mapped tensor; `None` if a dimension that is left out is not of size 1.
pub(super) fn shape(map: &Map, of: &[Dim]) -> Option<Vec<Dim>> {
    let dropped = (0..of.len()).filter(|i| !map.contains(&Some(*i)));
    if dropped.into_iter().any(|i| of[i] != Some(1)) {
        return None;
    }
    map.iter().map(|m| m.map_or(Some(Some(1)), |i| of.get(i).copied())).collect()
}

/// Whether a map changes nothing.
pub(super) fn is_identity(map: &Map, rank: usize) -> bool {
    map.len() == rank && map.iter().enumerate().all(|(j, m)| *m == Some(j))
}

/// The permutation a map is, if it is one.
pub(super) fn as_perm(map: &Map, rank: usize) -> Option<Vec<usize>> {
    let perm: Vec<usize> = map.iter().copied().collect::<Option<_>>()?;
    (perm.len() == rank).then_some(perm)
}

/// Whether a map keeps dimensions in order.
pub(super) fn keeps_order(map: &Map) -> bool {
    map.iter().flatten().is_sorted()
}

/// Whether a permutation moves dimensions of size 1 only.
pub(super) fn moves_units(perm: &[usize], shape: &[Dim]) -> bool {
    perm.iter().filter(|p| shape.get(**p) != Some(&Some(1))).is_sorted()
}

/// First `first`, then `then`.
pub(super) fn compose(first: &[usize], then: &[usize]) -> Option<Vec<usize>> {
    then.iter().map(|p| first.get(*p).copied()).collect()
}

/// Whether at most one dimension is unknown, so that a reshape can name the shape.
pub(super) fn is_nameable(shape: &[Dim]) -> bool {
    shape.iter().filter(|d| d.is_none()).count() <= 1
}

/// Whether two shapes that a reshape can name hold the same number of elements, whatever an unknown dimension is.
pub(super) fn same_count(a: &[Dim], b: &[Dim]) -> bool {
    let count = |s: &[Dim]| s.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d));
    let unknown = |s: &[Dim]| s.iter().filter(|d| d.is_none()).count();
    count(a).is_some() && count(a) == count(b) && unknown(a) == unknown(b) && is_nameable(a)
}

/// A transpose and a reshape, in the order that the function which makes them says.
#[derive(Debug, PartialEq)]
pub(super) struct Exchanged {
    /// The permutation.
    pub perm: Vec<usize>,
    /// The shape to take.
    pub shape: Vec<Dim>,
}

/// Reshaping to `to` behind a transpose by `perm` of shape `of`, as a reshape and a transpose behind it. Dimensions that are split or joined
/// must lie together in front of the transpose too.
pub(super) fn reshape_first(of: &[Dim], perm: &[usize], to: &[Dim]) -> Option<Exchanged> {
    let moved: Vec<Dim> = perm.iter().map(|p| of.get(*p).copied()).collect::<Option<_>>()?;
    let blocks = blocks(&moved, to)?;
    let together = |b: &Block| perm[b.from.clone()].windows(2).all(|w| w[0] + 1 == w[1]);
    if !blocks.iter().all(together) {
        return None;
    }
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|b| perm[blocks[*b].from.start]);
    let places: Vec<usize> = order.iter().flat_map(|b| blocks[*b].to.clone()).collect();
    let shape = places.iter().map(|j| to[*j]).collect();
    let perm = (0..to.len()).map(|j| places.iter().position(|p| *p == j)).collect::<Option<_>>()?;
    Some(Exchanged { perm, shape })
}

/// A transpose by `perm` of a reshape of shape `of` to `to`, as a transpose and a reshape behind it. Dimensions that were split or joined must
/// stay together.
pub(super) fn transpose_first(of: &[Dim], to: &[Dim], perm: &[usize]) -> Option<Exchanged> {
    let blocks = blocks(of, to)?;
    let mut order = Vec::new();
    let mut at = 0;
    while at < perm.len() {
        let b = blocks.iter().position(|b| b.to.start == perm[at] && !b.to.is_empty())?;
        let wanted = blocks[b].to.clone();
        if perm.get(at..at + wanted.len())? != wanted.clone().collect::<Vec<_>>() {
            return None;
        }
        at += wanted.len();
        order.push(b);
    }
    // Dimensions of size 1 that the reshape drops go last.
    order.extend((0..blocks.len()).filter(|b| blocks[*b].to.is_empty()));
    let moved = order.iter().flat_map(|b| blocks[*b].from.clone()).collect();
    let shape = perm.iter().map(|p| to.get(*p).copied()).collect::<Option<_>>()?;
    Some(Exchanged { perm: moved, shape })
}

/// Dimensions of one shape that hold the elements of dimensions of another.
#[derive(Debug)]
struct Block {
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
}

/// Stands for an unknown dimension: sizes that agree with it in place agree without.
const UNKNOWN: usize = 1_000_003;

/// The smallest blocks two shapes of equally many elements fall into; each takes a dimension of `from` at least.
fn blocks(from: &[Dim], to: &[Dim]) -> Option<Vec<Block>> {
    let size = |d: &Dim| d.unwrap_or(UNKNOWN);
    if !is_nameable(from) || !is_nameable(to) || from.iter().chain(to).any(|d| *d == Some(0)) {
        return None;
    }
    let (mut i, mut j) = (0, 0);
    let mut out: Vec<Block> = Vec::new();
    while i < from.len() {
        let (start, begin) = (i, j);
        let (mut a, mut b) = (size(&from[i]), 1usize);
        i += 1;
        // A dimension of size 1 meets one of size 1, or none.
        if a == 1 && to.get(j).map(size) != Some(1) {
            out.push(Block { from: start..i, to: begin..j });
            continue;
        }
        loop {
            if b < a || j == begin {
                b = b.checked_mul(size(to.get(j)?))?;
                j += 1;
            } else if a < b {
                a = a.checked_mul(size(from.get(i)?))?;
                i += 1;
            } else {
                break;
            }
        }
        // Dimensions of size 1 that nothing in front stands for.
        while to.get(j) == Some(&Some(1)) && from.get(i) != Some(&Some(1)) {
            j += 1;
        }
        out.push(Block { from: start..i, to: begin..j });
    }
    (j == to.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(shape: &[usize]) -> Vec<Dim> {
        shape.iter().map(|d| if *d == 0 { None } else { Some(*d) }).collect()
    }

    #[test]
    fn units_come_and_go() {
        let map = of_units(&dims(&[2, 1, 3]), &dims(&[2, 3, 1])).unwrap();
        assert_eq!(map, [Some(0), Some(2), None]);
        assert_eq!(shape(&map, &dims(&[2, 1, 3])), Some(dims(&[2, 3, 1])));
        assert_eq!(inverse(&map, 3), [Some(0), None, Some(1)]);
        assert_eq!(of_units(&dims(&[2, 3]), &dims(&[3, 2])), None);
        assert_eq!(shape(&vec![Some(0)], &dims(&[2, 3])), None);
    }

    #[test]
    fn a_channel_shuffle_is_reshaped_first() {
        // [n, h, w, c] to NCHW, channels in groups.
        let e = reshape_first(&dims(&[0, 4, 5, 6]), &[0, 3, 1, 2], &dims(&[0, 2, 3, 4, 5])).unwrap();
        assert_eq!(e, Exchanged { perm: vec![0, 3, 4, 1, 2], shape: dims(&[0, 4, 5, 2, 3]) });
        // Height and width do not lie together in front of the transpose.
        assert_eq!(reshape_first(&dims(&[2, 3, 4]), &[1, 0, 2], &dims(&[3, 8])), None);
    }

    #[test]
    fn heads_are_transposed_first() {
        let e = transpose_first(&dims(&[0, 6, 4]), &dims(&[0, 2, 3, 4]), &[0, 3, 1, 2]).unwrap();
        assert_eq!(e, Exchanged { perm: vec![0, 2, 1], shape: dims(&[0, 4, 2, 3]) });
        assert_eq!(transpose_first(&dims(&[6, 4]), &dims(&[2, 3, 4]), &[1, 0, 2]), None);
        let e = transpose_first(&dims(&[2, 1, 3]), &dims(&[2, 3]), &[1, 0]).unwrap();
        assert_eq!(e, Exchanged { perm: vec![2, 0, 1], shape: dims(&[3, 2]) });
    }

    #[test]
    fn sizes_that_do_not_fit_have_no_blocks() {
        assert!(blocks(&dims(&[0, 4]), &dims(&[0, 2])).is_none());
        assert!(blocks(&dims(&[0, 0]), &dims(&[0, 0])).is_none());
        assert_eq!(blocks(&dims(&[1, 2]), &dims(&[2, 1, 1])).unwrap().len(), 2);
        assert_eq!(blocks(&dims(&[4]), &dims(&[2, 2, 1])).unwrap().len(), 1);
    }
}
