//! How each operation computes the same elements on operands whose dimensions stand in another order.

use std::sync::Arc;

use egg::Id;
use ir::dialect::tfl;
use ir::{Attr, Dim, Elem, QuantParams, Tensor, infer};

use super::family::{self, Family, is_data};
use super::language::{Call, Graph, Term};
use super::views::{self, Map};

/// Broadcasting kernels take no more dimensions than this.
const BROADCAST_RANK: usize = 4;
/// Kernels that move elements take no more dimensions than this.
const MOVE_RANK: usize = 5;

/// What a view does to an operand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum View {
    /// Puts dimensions elsewhere.
    Dims(Map),
    /// Gives a shape.
    Shape(Vec<Dim>),
}

/// An operation on viewed operands, and the view of the operation's own result that it gives.
pub(super) struct Relabeled {
    pub term: Term,
    pub result: View,
}

/// A class or constant under a view.
pub(super) fn apply(term: Term, shape: &[Dim], view: &View) -> Option<Term> {
    let map = match view {
        View::Shape(to) if to == shape => return Some(term),
        View::Shape(to) => return Some(Term::Reshape(to.clone(), Box::new(term))),
        View::Dims(map) => map,
    };
    let to = views::shape(map, shape)?;
    if views::is_identity(map, shape.len()) {
        return Some(term);
    }
    let perm = views::as_perm(map, shape.len());
    let moves_units = perm.as_ref().is_some_and(|p| views::moves_units(p, shape));
    if (views::keeps_order(map) || moves_units) && views::is_nameable(&to) {
        return Some(Term::Reshape(to, Box::new(term)));
    }
    Some(Term::Transpose(perm?, Box::new(term)))
}

/// The operation on operands under a view of operand space. `None` where it would compute something else, or other roundings.
pub(super) fn relabel(g: &Graph, call: &Arc<Call>, xs: &[Id], view: &View) -> Option<Relabeled> {
    let family = family::of(call)?;
    let map = match view {
        View::Dims(map) => map,
        View::Shape(to) => return reshape(g, call, xs, family, to),
    };
    match family {
        Family::Map => elementwise(g, call, xs, map),
        Family::Rows(k) => {
            let rank = g.shape(xs[0])?.len();
            let fixed = map.len() >= k && rank >= k && (1..=k).all(|i| map[map.len() - i] == Some(rank - i));
            let same = xs.iter().all(|x| g.shape(*x).is_some_and(|s| s.len() == rank));
            if !fixed || !same || map.len() > rank.max(BROADCAST_RANK) {
                return None;
            }
            rebuilt(g, call.clone(), xs, family, map, Vec::new(), map.clone())
        }
        Family::Concat => {
            let rank = g.shape(xs[0])?.len();
            let axis = infer::axis(call.props.get("axis")?.as_int()?, rank).ok()?;
            let axis = map.iter().position(|m| *m == Some(axis))?;
            rebuilt(g, with(call, "axis", axis as i64), xs, family, map, Vec::new(), map.clone())
        }
        Family::Pack => {
            let rank = g.shape(xs[0])?.len();
            let axis = infer::axis(call.props.get("axis")?.as_int()?, rank + 1).ok()?;
            let at = if axis == rank { map.len() } else { axis.min(map.len()) };
            let mut result: Map = map.iter().map(|m| m.map(|i| i + usize::from(i >= axis))).collect();
            result.insert(at, Some(axis));
            rebuilt(g, with(call, "axis", at as i64), xs, family, map, Vec::new(), result)
        }
        Family::Pad => {
            let pads = by_dim(&g.ints(*xs.get(1)?)?, map, &[0, 0])?;
            rebuilt(g, call.clone(), xs, family, map, vec![(1, pads, vec![map.len(), 2])], map.clone())
        }
        Family::Slice => {
            let begin = by_dim(&g.ints(*xs.get(1)?)?, map, &[0])?;
            let size = by_dim(&g.ints(*xs.get(2)?)?, map, &[1])?;
            let n = vec![map.len()];
            rebuilt(g, call.clone(), xs, family, map, vec![(1, begin, n.clone()), (2, size, n)], map.clone())
        }
        Family::StridedSlice => strided_slice(g, call, xs, map),
        Family::Reduce => reduce(g, call, xs, map),
        Family::Move => None,
    }
}

/// The view of operand space under which an operation gives a view of its result. Only [`relabel`] can say whether it does.
pub(super) fn lift(g: &Graph, call: &Call, xs: &[Id], view: &View) -> Option<View> {
    let View::Dims(map) = view else { return Some(view.clone()) };
    match family::of(call)? {
        Family::Reduce if !keeps_dims(call) => {
            let rank = g.shape(xs[0])?.len();
            let axes = axes(&g.ints(*xs.get(1)?)?, rank)?;
            let kept: Vec<usize> = (0..rank).filter(|i| !axes.contains(i)).collect();
            let through = |m: &Option<usize>| match m {
                Some(i) => kept.get(*i).map(|k| Some(*k)),
                None => Some(None),
            };
            let mut moved = map.iter().map(through);
            let lifted: Option<Map> = if axes.iter().all(|a| *a >= kept.len()) {
                moved.chain((kept.len()..rank).map(|a| Some(Some(a)))).collect()
            } else if map.len() == kept.len() {
                (0..rank).map(|i| if axes.contains(&i) { Some(Some(i)) } else { moved.next()? }).collect()
            } else {
                None
            };
            lifted.map(View::Dims)
        }
        Family::Pack => {
            let axis = infer::axis(call.props.get("axis")?.as_int()?, map.len()).ok()?;
            let rest = map.iter().filter(|m| **m != Some(axis));
            Some(View::Dims(rest.map(|m| m.map(|i| i - usize::from(i > axis))).collect()))
        }
        _ => Some(view.clone()),
    }
}

fn with(call: &Call, name: &str, value: i64) -> Arc<Call> {
    Arc::new(Call { props: call.props.clone().with(name, Attr::i32(value as i32)), ..call.clone() })
}

fn keeps_dims(call: &Call) -> bool {
    call.props.get("keep_dims").and_then(Attr::as_bool) == Some(true)
}

fn axes(given: &[i64], rank: usize) -> Option<Vec<usize>> {
    given.iter().map(|a| infer::axis(*a, rank).ok()).collect()
}

/// Numbers of each dimension, `new.len()` a dimension, in the order of a map. Those of dimensions that go must be the ones of a new dimension.
fn by_dim(values: &[i64], map: &Map, new: &[i64]) -> Option<Vec<i64>> {
    let dims: Vec<&[i64]> = values.chunks(new.len()).collect();
    if (0..dims.len()).any(|i| !map.contains(&Some(i)) && dims[i] != new) {
        return None;
    }
    let parts: Vec<&[i64]> =
        map.iter().map(|m| m.map_or(Some(new), |i| dims.get(i).copied())).collect::<Option<_>>()?;
    Some(parts.concat())
}

/// An operation with its data operands under a map and some operands replaced by integers: (operand, values, shape).
fn rebuilt(
    g: &Graph,
    call: Arc<Call>,
    xs: &[Id],
    family: Family,
    map: &Map,
    params: Vec<(usize, Vec<i64>, Vec<usize>)>,
    result: Map,
) -> Option<Relabeled> {
    let moves = !matches!(family, Family::Map | Family::Rows(_));
    if moves && map.len() > g.shape(xs[0])?.len().max(MOVE_RANK) {
        return None;
    }
    let mut operands = Vec::new();
    for (i, x) in xs.iter().enumerate() {
        operands.push(match params.iter().find(|p| p.0 == i) {
            Some((_, values, shape)) => Term::Constant(integers(values, shape, &g.ty(*x)?.elem)?),
            None if is_data(family, i) => apply(Term::Is(*x), g.shape(*x)?, &View::Dims(map.clone()))?,
            None => Term::Is(*x),
        });
    }
    Some(Relabeled { term: Term::Call(call, operands), result: View::Dims(result) })
}

fn integers(values: &[i64], shape: &[usize], elem: &Elem) -> Option<Tensor> {
    Some(match elem {
        Elem::Int(32, _) => {
            Tensor::i32(shape, values.iter().map(|v| i32::try_from(*v)).collect::<Result<_, _>>().ok()?)
        }
        Elem::Int(64, _) => Tensor::i64(shape, values.to_vec()),
        _ => return None,
    })
}

/// Operands of fewer dimensions than the result get them first; one number alone stays as it is.
fn elementwise(g: &Graph, call: &Arc<Call>, xs: &[Id], map: &Map) -> Option<Relabeled> {
    let rank = xs.iter().map(|x| g.shape(*x).map(<[Dim]>::len)).collect::<Option<Vec<_>>>()?.into_iter().max()?;
    let broadcasts = xs.iter().any(|x| g.shape(*x) != g.shape(xs[0]));
    if broadcasts && map.len() > rank.max(BROADCAST_RANK) {
        return None;
    }
    let mut operands = Vec::new();
    for x in xs {
        let shape = g.shape(*x)?;
        let is_number = g.value(*x).is_some_and(|t| t.len() == 1);
        // Slopes have no dimension for the first of the input.
        let is_slopes = call.is::<tfl::Prelu>() && !operands.is_empty();
        operands.push(if is_number && xs.len() > 1 {
            if is_slopes && shape.len() + 1 != map.len() {
                return None;
            }
            Term::Is(*x)
        } else {
            let mut wide = vec![Some(1); rank - shape.len()];
            wide.extend(shape);
            let is_wide = wide.len() == shape.len();
            if !is_wide && !views::is_nameable(&wide) {
                return None;
            }
            let x = if is_wide { Term::Is(*x) } else { Term::Reshape(wide.clone(), Box::new(Term::Is(*x))) };
            let viewed = apply(x, &wide, &View::Dims(map.clone()))?;
            match is_slopes {
                true => Term::Reshape(without_first(&views::shape(map, &wide)?)?, Box::new(viewed)),
                false => viewed,
            }
        });
    }
    Some(Relabeled { term: Term::Call(call.clone(), operands), result: View::Dims(map.clone()) })
}

/// A shape without its first dimension, if that is 1.
fn without_first(shape: &[Dim]) -> Option<Vec<Dim>> {
    match shape {
        [Some(1), rest @ ..] => Some(rest.to_vec()),
        _ => None,
    }
}

/// Under any reshape: operations on single elements, and on rows that stay whole.
fn reshape(g: &Graph, call: &Arc<Call>, xs: &[Id], family: Family, to: &[Dim]) -> Option<Relabeled> {
    if !views::is_nameable(to) {
        return None;
    }
    let view = View::Shape(to.to_vec());
    let mut operands = Vec::new();
    match family {
        Family::Map => {
            let from =
                xs.iter().map(|x| g.shape(*x)).collect::<Option<Vec<_>>>()?.into_iter().max_by_key(|s| s.len())?;
            for x in xs {
                let is_number = g.value(*x).is_some_and(|t| t.len() == 1);
                operands.push(match g.shape(*x)? {
                    shape if shape == from => apply(Term::Is(*x), shape, &view)?,
                    // Slopes have the rank of the input less one.
                    _ if call.is::<tfl::Prelu>() && to.len() != from.len() => return None,
                    _ if is_number && to.len() <= from.len().max(BROADCAST_RANK) => Term::Is(*x),
                    _ => return None,
                });
            }
        }
        Family::Rows(1) => {
            let [x] = xs else { return None };
            let shape = g.shape(*x)?;
            if shape.last()? != to.last()? || to.len() > shape.len().max(BROADCAST_RANK) {
                return None;
            }
            operands.push(apply(Term::Is(*x), shape, &view)?);
        }
        _ => return None,
    }
    Some(Relabeled { term: Term::Call(call.clone(), operands), result: view })
}

const MASKS: [&str; 2] = ["begin_mask", "end_mask"];
const OTHER_MASKS: [&str; 3] = ["ellipsis_mask", "new_axis_mask", "shrink_axis_mask"];

fn strided_slice(g: &Graph, call: &Arc<Call>, xs: &[Id], map: &Map) -> Option<Relabeled> {
    let int = |name: &str| call.props.get(name).and_then(Attr::as_int);
    let offset = call.props.get("offset").and_then(Attr::as_bool);
    if OTHER_MASKS.iter().any(|m| int(m) != Some(0)) || offset != Some(false) {
        return None;
    }
    let rank = g.shape(xs[0])?.len();
    let mut lists = (1..4).map(|i| g.ints(*xs.get(i)?)).collect::<Option<Vec<_>>>()?;
    let given = lists[0].len();
    let masks = MASKS.map(|m| int(m).unwrap_or(0));
    // Dimensions that are not named are taken whole, as are new ones.
    for (list, whole) in lists.iter_mut().zip([0, 0, 1]) {
        list.resize(rank, whole);
    }
    let bit = |mask: i64, i: Option<usize>| i.is_none_or(|i| i >= given || mask >> i & 1 == 1);
    let whole = |i: usize| {
        let (from, to) = (bit(masks[0], Some(i)) || lists[0][i] == 0, bit(masks[1], Some(i)) || lists[1][i] >= 1);
        from && to && lists[2][i] == 1
    };
    if (0..rank).any(|i| !map.contains(&Some(i)) && !whole(i)) {
        return None;
    }
    let masks = masks.map(|mask| (0..map.len()).filter(|j| bit(mask, map[*j])).map(|j| 1 << j).sum());
    let mut call = call.clone();
    for (name, mask) in MASKS.iter().zip(masks) {
        call = with(&call, name, mask);
    }
    let params = lists
        .iter()
        .zip([0, 0, 1])
        .enumerate()
        .map(|(i, (list, whole))| {
            let values = map.iter().map(|m| m.map_or(whole, |d| list[d])).collect();
            (i + 1, values, vec![map.len()])
        })
        .collect();
    rebuilt(g, call, xs, Family::StridedSlice, map, params, map.clone())
}

/// Sums of floats depend on their order: what is reduced must lie together, last, as before.
fn reduce(g: &Graph, call: &Arc<Call>, xs: &[Id], map: &Map) -> Option<Relabeled> {
    let x = g.ty(xs[0])?;
    let rank = x.rank()?;
    let axes = axes(&g.ints(*xs.get(1)?)?, rank)?;
    let kept: Vec<usize> = (0..rank).filter(|i| !axes.contains(i)).collect();
    let n = rank - kept.len();
    let last = map.len() >= n && (1..=n).all(|i| axes.contains(&(rank - i)) && map[map.len() - i] == Some(rank - i));
    if !last && (!is_integer(&x.elem) || map.iter().flatten().filter(|i| axes.contains(i)).count() != n) {
        return None;
    }
    let moved: Vec<i64> =
        (0..map.len()).filter(|j| map[*j].is_some_and(|i| axes.contains(&i))).map(|j| j as i64).collect();
    let result: Map = if keeps_dims(call) {
        map.clone()
    } else {
        let rest = map.iter().filter(|m| m.is_none_or(|i| !axes.contains(&i)));
        rest.map(|m| m.map(|i| kept.iter().position(|k| *k == i).unwrap_or(0))).collect()
    };
    let shape = vec![moved.len()];
    rebuilt(g, call.clone(), xs, Family::Reduce, map, vec![(1, moved, shape)], result)
}

fn is_integer(elem: &Elem) -> bool {
    match elem {
        Elem::Int(..) => true,
        Elem::Quant(q) => matches!(q.params, QuantParams::PerTensor { .. }),
        _ => false,
    }
}
