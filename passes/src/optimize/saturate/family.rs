//! Which operations may be terms, and how they look at the dimensions of their operands.

use ir::dialect::tfl::*;
use ir::{OpRow, Traits};

use super::language::Call;

/// How an operation looks at the dimensions of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Computes each element from the operands' elements at its place; operands broadcast.
    Map,
    /// Computes on the last dimensions, as many as given, and on each index of the others alike.
    Rows(usize),
    /// Joins all operands along `axis`.
    Concat,
    /// Joins all operands along a new dimension `axis`.
    Pack,
    /// Operand 1 holds what is added in front of and behind each dimension.
    Pad,
    /// Operands 1 and 2 hold the first index and the size of each dimension.
    Slice,
    /// Operands 1, 2 and 3 hold first, last and step of each dimension, masks its bits.
    StridedSlice,
    /// Operand 1 holds the dimensions that are reduced.
    Reduce,
    /// Moves elements of operand 0 in a way that views do not pass.
    Move,
}

/// The family of a row, if operations of it may be terms.
pub(super) fn of(call: &Call) -> Option<Family> {
    let def = call.def.0;
    let rows: &[(&[&ir::OpDef], Family)] = &[
        (&[Quantize::DEF, Dequantize::DEF, Prelu::DEF], Family::Map),
        (&[Softmax::DEF, LogSoftmax::DEF, L2Normalization::DEF], Family::Rows(1)),
        (&[BatchMatMul::DEF], Family::Rows(2)),
        (&[Concatenation::DEF], Family::Concat),
        (&[Pack::DEF], Family::Pack),
        (&[Pad::DEF, PadV2::DEF, MirrorPad::DEF], Family::Pad),
        (&[Slice::DEF], Family::Slice),
        (&[StridedSlice::DEF], Family::StridedSlice),
        (&[Mean::DEF, Sum::DEF, ReduceMax::DEF, ReduceMin::DEF], Family::Reduce),
        (&[Gather::DEF, Tile::DEF, ReverseV2::DEF, SpaceToDepth::DEF, DepthToSpace::DEF], Family::Move),
    ];
    let listed = rows.iter().find(|(defs, _)| defs.contains(&def)).map(|(_, f)| *f);
    listed.or_else(|| (def.traits.has(Traits::MAP) && def.dialect() == TFL.name).then_some(Family::Map))
}

/// Whether operand `i` holds the elements an operation of a family computes on.
pub(super) fn is_data(family: Family, i: usize) -> bool {
    match family {
        Family::Map | Family::Rows(_) | Family::Concat | Family::Pack => true,
        _ => i == 0,
    }
}
