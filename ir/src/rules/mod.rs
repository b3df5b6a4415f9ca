//! What upstream's verifier asks of an operation beyond the kinds of its operands and attributes: a column of the rows.
//!
//! Breaking a rule is an error wherever a module comes from. What is not known (`?`, `*`, operands that are no constants) breaks none.

mod cx;
mod elems;
mod operations;
mod shapes;

use crate::attr::Attr;
use crate::types::{Elem, Type};

pub use cx::OpCx;
pub(crate) use elems::are_alike;
pub use operations::*;
pub(crate) use shapes::{compatible, sizes};

/// A clause that says how a rule is broken, to follow "'tfl.add' op ".
pub type Broken = String;

/// A rule of one operation that no other has.
pub type CheckFn = fn(&OpCx<'_>) -> Result<(), Broken>;

/// A rule. Operands, results and dimensions are given by their numbers; absent operands break none.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Operands and results are tensors of known rank.
    Ranked,
    /// The operand has this rank.
    Rank(usize, usize),
    /// The operand has this rank or a higher one.
    RankAtLeast(usize, usize),
    /// The operand has this rank or a lower one.
    RankAtMost(usize, usize),
    /// The operand has this rank, and is not of an unknown one.
    KnownRank(usize, usize),
    /// The result has this rank, and is not of an unknown one.
    ResultRank(usize, usize),
    /// The rank of the first operand is the number of rows or elements of the second.
    RankIsSize(usize, usize),
    /// The operand is a scalar or a vector of one element.
    OneElement(usize),
    /// The operand has so many elements.
    Elements(usize, usize),
    /// Of the operand, this dimension has this size, and is not unknown.
    Size(usize, usize, usize),
    /// Of the operand, this dimension has this size, if it is known.
    SizeIfKnown(usize, usize, usize),
    /// Of the operand, this dimension has at most this size.
    SizeAtMost(usize, usize, usize),
    /// Of two operands, (operand, dimension) each, these dimensions have one size.
    SameSize((usize, usize), (usize, usize)),
    /// The operand has as many elements as the dimension of another operand is long.
    ElementsAreSize(usize, (usize, usize)),
    /// All operands and results have one shape.
    SameShape,
    /// All operands have one shape.
    SameOperandShape,
    /// All operands and results have one element type.
    SameElem,
    /// All operands and results have one element type, but for quantization.
    LikeElem,
    /// All operands and results have one shape, as far as it is known, and one element type.
    LikeType,
    /// Operands have one shape and one element type; results have the type of the first.
    SameType,
    /// Operands broadcast, and the result has the shape they broadcast to.
    Broadcast,
    /// The result has the elements of the operand, or quantized ones of the same storage.
    ResultElem(usize, usize),
    /// Two operands have the same elements, or quantized ones of the same storage.
    OperandElem(usize, usize),
    /// The operand is of `i32`.
    I32(usize),
    /// All quantized operands and results have the same parameters.
    SameScale,
    /// The same, but the quantized dimension may be another.
    SameScaleAcross,
    /// The same, but unsigned 8-bit parameters may differ.
    SameScaleUnlessU8,
    /// Results have the shapes that inference gives.
    Inferred,
    /// So many results as the attribute tells.
    Results(&'static str),
    /// The attribute is above zero.
    Positive(&'static str),
    /// The attribute is zero or above.
    NotNegative(&'static str),
    /// The attribute lies in a range, its ends included.
    Within(&'static str, i64, i64),
    /// The attribute, where it is present, is this one.
    Is(&'static str, fn() -> Option<Attr>),
    /// The array has at most so many elements.
    AtMost(&'static str, usize),
    /// The attribute is an array of `i64`.
    Ints(&'static str),
    /// The attribute is a constant tensor.
    Constant(&'static str),
    /// The attribute is the type of a tensor.
    TensorType(&'static str),
    /// The attribute is one of a dialect, `dialect.mnemonic`.
    Of(&'static str, &'static str),
    /// The operation has so many regions; without the rule, none.
    Regions(usize),
    /// The operation may have regions.
    AnyRegions,
    /// The operation has a region or more.
    SomeRegions,
    /// Regions have one block, which an operation of this name ends; those behind the first so many may be empty.
    Blocks(usize, &'static str),
    /// What one operation alone asks.
    Check(CheckFn),
}

impl Rule {
    /// The code of a diagnostic about it.
    pub fn code(self) -> &'static str {
        match self {
            Rule::SameElem
            | Rule::LikeElem
            | Rule::LikeType
            | Rule::SameType
            | Rule::ResultElem(..)
            | Rule::OperandElem(..)
            | Rule::I32(_) => "verify/elem",
            Rule::SameScale | Rule::SameScaleAcross | Rule::SameScaleUnlessU8 => "verify/same-scale",
            Rule::Results(_)
            | Rule::Positive(_)
            | Rule::NotNegative(_)
            | Rule::Within(..)
            | Rule::Is(..)
            | Rule::AtMost(..)
            | Rule::Ints(_)
            | Rule::Constant(_)
            | Rule::TensorType(_)
            | Rule::Of(..) => "verify/attribute",
            Rule::Regions(_) | Rule::AnyRegions | Rule::SomeRegions => "verify/arity",
            Rule::Blocks(..) => "verify/terminator",
            Rule::Check(_) => "verify/operation",
            _ => "verify/shape",
        }
    }

    /// Whether it is about attributes and regions, without which nothing can read an operation; the others are upstream's opinion of what an
    /// operation computes, which runtimes need not share.
    pub fn is_structure(self) -> bool {
        matches!(self.code(), "verify/attribute" | "verify/arity" | "verify/terminator")
    }

    /// Whether an operation keeps it. [`Rule::Inferred`] is left to the verifier, which infers in any case.
    pub fn check(self, cx: &OpCx<'_>) -> Result<(), Broken> {
        match self {
            Rule::Ranked => operations::ranked(cx),
            Rule::Rank(i, n) => cx.rank(i, |r| r == n, &n.to_string()),
            Rule::RankAtLeast(i, n) => cx.rank(i, |r| r >= n, &format!("{n} or more")),
            Rule::RankAtMost(i, n) => cx.rank(i, |r| r <= n, &format!("{n} or less")),
            Rule::KnownRank(i, n) => shapes::known_rank(&format!("operand #{i}"), cx.operand(i), n),
            Rule::ResultRank(i, n) => shapes::known_rank(&format!("result #{i}"), cx.result(i), n),
            Rule::RankIsSize(x, y) => shapes::rank_is_size(cx, x, y),
            Rule::OneElement(i) => shapes::one_element(cx, i),
            Rule::Elements(i, n) => shapes::elements(cx, i, n),
            Rule::Size(i, dim, n) => shapes::size(cx, i, dim, n, false),
            Rule::SizeIfKnown(i, dim, n) => shapes::size(cx, i, dim, n, true),
            Rule::SizeAtMost(i, dim, n) => shapes::size_at_most(cx, i, dim, n),
            Rule::SameSize(x, y) => shapes::same_size(cx, x, y),
            Rule::ElementsAreSize(i, of) => shapes::elements_are_size(cx, i, of),
            Rule::SameShape => shapes::same_shape(cx.operands().chain(cx.results())),
            Rule::SameOperandShape => shapes::same_shape(cx.operands()),
            Rule::SameElem => elems::same(cx),
            Rule::LikeElem => elems::like(cx),
            Rule::LikeType => elems::same(cx).and_then(|()| shapes::same_shape(cx.operands().chain(cx.results()))),
            Rule::SameType => Rule::LikeType.check(cx).and_then(|()| elems::typed_like_first(cx)),
            Rule::Broadcast => shapes::broadcast_results(cx),
            Rule::ResultElem(r, i) => elems::alike("result", (r, cx.result(r)), (i, cx.operand(i))),
            Rule::OperandElem(i, j) => elems::alike("operand", (i, cx.operand(i)), (j, cx.operand(j))),
            Rule::I32(i) => match cx.operand(i) {
                Some(t) if t.elem != Elem::I32 => Err(format!("operand #{i} must be of i32")),
                _ => Ok(()),
            },
            Rule::SameScale => elems::same_scale(cx, |a, b| a == b),
            Rule::SameScaleAcross => elems::same_scale(cx, elems::equal_but_for_axis),
            Rule::SameScaleUnlessU8 => elems::same_scale(cx, elems::equal_or_u8),
            Rule::Inferred | Rule::AnyRegions => Ok(()),
            Rule::Results(name) => cx.int(name).map_or(Ok(()), |n| match usize::try_from(n) {
                Ok(n) if n == cx.results().count() => Ok(()),
                _ => Err(format!("attribute '{name}' is {n}, but it has {} results", cx.results().count())),
            }),
            Rule::Positive(name) => cx.number(name, |n| n > 0.0, "positive"),
            Rule::NotNegative(name) => cx.number(name, |n| !n.is_sign_negative(), "zero or more"),
            Rule::Within(name, from, to) => {
                cx.number(name, |n| (from as f64..=to as f64).contains(&n), &format!("from {from} to {to}"))
            }
            Rule::Is(name, value) => match (cx.attr(name), value()) {
                (Some(given), Some(only)) if *given != only => Err(format!("attribute '{name}' must be {only}")),
                _ => Ok(()),
            },
            Rule::AtMost(name, n) => match cx.attr(name).and_then(Attr::as_array) {
                Some(a) if a.len() > n => Err(format!("attribute '{name}' has {} elements, more than {n}", a.len())),
                _ => Ok(()),
            },
            Rule::Ints(name) => cx.kind(name, "an array of i64", |a| {
                a.as_array().is_some_and(|all| all.iter().all(|a| matches!(a, Attr::Int(_, Elem::I64))))
            }),
            Rule::Constant(name) => cx.kind(name, "a constant tensor", |a| {
                matches!(a, Attr::Dense(_) | Attr::Resource(..) | Attr::Elided(_) | Attr::Opaque(_))
            }),
            Rule::TensorType(name) => {
                cx.kind(name, "the type of a tensor", |a| matches!(a.as_type(), Some(Type::Tensor(_))))
            }
            Rule::Of(name, of) => cx.kind(name, &format!("#{of}<…>"), |a| match a {
                // Printed as `#dialect.mnemonic<…>` or as `#dialect<mnemonic …>`.
                Attr::Opaque(text) => {
                    let spelled = text.strip_prefix('#').unwrap_or(text).replacen('<', ".", 1);
                    spelled.strip_prefix(of).is_some_and(|rest| rest.starts_with(['.', ' ', '<', ':']))
                }
                _ => false,
            }),
            Rule::SomeRegions => match cx.regions() {
                0 => Err("must have a region".to_owned()),
                _ => Ok(()),
            },
            Rule::Blocks(least, end) => operations::blocks(cx, least, end),
            Rule::Regions(n) => match cx.regions() {
                given if given == n => Ok(()),
                given => Err(format!("must have {n} regions, not {given}")),
            },
            Rule::Check(f) => f(cx),
        }
    }
}
