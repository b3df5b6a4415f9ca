//! Tensors with data, and variables.

use std::collections::BTreeSet;

use bytes::Bytes;
use ir::dialect::arith;
use ir::{At, Attr, Builder, Elem, Loc, OpSpec, Type, Value};

use super::error::{Result, malformed};
use super::function::{Function, index};
use super::tensor::TensorInfo;
use crate::plan::IS_VARIABLE;
use crate::{buffers, names};

impl Function<'_> {
    /// Every tensor with data that is used, and variables, in the order of their indices.
    pub(super) fn constants(&mut self) -> Result<()> {
        let mut used: BTreeSet<usize> = self.outputs.iter().copied().collect();
        let mut computed = BTreeSet::new();
        for operator in &self.operators {
            for t in operator.inputs().iter().flatten().filter(|t| *t != -1) {
                used.insert(index(t, self.tensors.len(), self.number, "an operand")?);
            }
            for t in operator.outputs().iter().flatten() {
                computed.insert(index(t, self.tensors.len(), self.number, "a result")?);
            }
        }
        for t in used.into_iter().filter(|t| !computed.contains(t)) {
            if self.values[t].is_some() {
                continue;
            }
            let info = self.info(t)?;
            let empty = info.ty.num_elements() == Some(0);
            if info.data.is_some() || info.is_variable || empty {
                self.values[t] = Some(self.constant(t, info)?);
            }
        }
        Ok(())
    }

    /// The constant operation of tensor `t`.
    fn constant(&mut self, t: usize, info: TensorInfo) -> Result<Value> {
        let loc = names::of_tensor(self.tensors[t].name().unwrap_or_default());
        let fits = buffers::stored_size(&info.ty);
        let found = info.data.as_ref().map_or(0, Bytes::len);
        let data = match (&info.data, fits, info.ty.num_elements()) {
            // Zeros, one element of which is stored.
            (None, Some(size), Some(_)) => Bytes::from(vec![0; size.min(info.ty.elem.byte_width().unwrap_or(1))]),
            (Some(data), _, Some(count)) if info.ty.elem == Elem::String => match buffers::read_strings(data, count) {
                Some(strings) => strings,
                None => return malformed(format!("the strings of {} do not fit its shape", self.name(t))),
            },
            (Some(data), Some(size), _) if data.len() == size => data.clone(),
            (Some(data), None, Some(_)) => data.clone(),
            (Some(_), Some(size), _) => {
                return malformed(format!("{} takes {size} bytes, but its buffer has {found}", self.name(t)));
            }
            _ => return malformed(format!("{} has more elements than can be counted", self.name(t))),
        };
        let tensor = ir::Tensor::new(info.ty, data).or_else(|e| malformed(format!("{}: {e}", self.name(t))))?;
        if !info.is_variable {
            let at = At::End(self.body.entry());
            return Ok(Builder::new(&mut self.body, at, loc).constant(tensor));
        }
        let ty = Type::Tensor(tensor.ty().clone());
        let row = arith::Constant { value: Attr::Dense(tensor) };
        let spec = OpSpec::row(&row, loc).results([ty]).attr(IS_VARIABLE, Attr::Unit);
        let op = self.body.insert(At::End(self.body.entry()), spec);
        Ok(self.body.op(op).results()[0])
    }

    /// The value of absent operands.
    pub(super) fn absent(&mut self) -> Value {
        let at = At::End(self.body.entry());
        let body = &mut self.body;
        *self.no_value.get_or_insert_with(|| Builder::new(body, at, Loc::UNKNOWN).no_value())
    }
}
