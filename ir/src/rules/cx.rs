//! What rules see of an operation.

use super::Broken;
use crate::attr::Attr;
use crate::body::{Body, Operation, Region, RegionId};
use crate::types::{Dim, TensorType, Type};

/// An operation in its body.
#[derive(Clone, Copy)]
pub struct OpCx<'a> {
    /// The body.
    pub body: &'a Body,
    /// The operation.
    pub op: &'a Operation,
}

impl<'a> OpCx<'a> {
    /// Types of the operands.
    pub fn operands(&self) -> impl Iterator<Item = &'a Type> + use<'a> {
        let body = self.body;
        self.op.operands().iter().map(|v| body.ty(*v))
    }
    /// Types of the results.
    pub fn results(&self) -> impl Iterator<Item = &'a Type> + use<'a> {
        let body = self.body;
        self.op.results().iter().map(|v| body.ty(*v))
    }
    /// The type of an operand.
    pub fn operand(&self, i: usize) -> Option<&'a TensorType> {
        self.operands().nth(i)?.as_tensor()
    }
    /// The type of a result.
    pub fn result(&self, i: usize) -> Option<&'a TensorType> {
        self.results().nth(i)?.as_tensor()
    }
    /// The sizes of an operand of known rank.
    pub fn shape(&self, i: usize) -> Option<&'a [Dim]> {
        self.operand(i)?.shape.as_deref()
    }
    /// The sizes of an operand, if all are known.
    pub fn sizes(&self, i: usize) -> Option<Vec<usize>> {
        self.shape(i)?.iter().copied().collect()
    }
    /// The sizes of a result, if all are known.
    pub fn result_sizes(&self, i: usize) -> Option<Vec<usize>> {
        self.result(i)?.shape.as_deref()?.iter().copied().collect()
    }
    /// The integers of an operand that is a constant.
    pub fn ints(&self, i: usize) -> Option<Vec<i64>> {
        self.body.constant(*self.op.operands().get(i)?)?.to_i64()
    }
    /// Whether an operand is left out.
    pub fn absent(&self, i: usize) -> bool {
        self.operands().nth(i).is_none_or(|t| *t == Type::None)
    }
    /// An attribute.
    pub fn attr(&self, name: &str) -> Option<&'a Attr> {
        self.op.attr(name)
    }
    /// An integer attribute.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.attr(name)?.as_int()
    }
    /// How many regions there are.
    pub fn regions(&self) -> usize {
        self.op.regions.len()
    }
    /// A region that values from above may be used in.
    pub fn region(&self, i: usize) -> Option<RegionId> {
        match self.op.regions.get(i)? {
            Region::Inline(r) => Some(*r),
            Region::Isolated(_) => None,
        }
    }

    pub(super) fn rank(&self, i: usize, fits: impl Fn(usize) -> bool, what: &str) -> Result<(), Broken> {
        match self.shape(i) {
            Some(s) if !fits(s.len()) => Err(format!("operand #{i} must have rank {what}, not {}", s.len())),
            _ => Ok(()),
        }
    }

    pub(super) fn number(&self, name: &str, fits: impl Fn(f64) -> bool, what: &str) -> Result<(), Broken> {
        let value = match self.attr(name) {
            Some(Attr::Int(n, _)) => *n as f64,
            Some(Attr::Float(x, _)) => x.0,
            _ => return Ok(()),
        };
        if fits(value) { Ok(()) } else { Err(format!("attribute '{name}' must be {what}, not {value}")) }
    }

    pub(super) fn kind(&self, name: &str, what: &str, fits: impl Fn(&Attr) -> bool) -> Result<(), Broken> {
        match self.attr(name) {
            Some(a) if !fits(a) => Err(format!("attribute '{name}' must be {what}")),
            _ => Ok(()),
        }
    }
}
