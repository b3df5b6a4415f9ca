//! Tensors with data, and variables.

use std::collections::BTreeSet;

use bytes::Bytes;
use ir::dialect::tfl;
use ir::{At, Attr, Builder, Elem, Loc, OpSpec, Tensor, TensorType, Type, Value};

use super::codes;
use super::error::{Result, malformed};
use super::function::{Function, index};
use super::tensor::TensorInfo;
use crate::plan::{IS_VARIABLE, NO_DATA};
use crate::schema::tflite as fb;
use crate::types::{self, QUANTIZATION};
use crate::{buffers, names};

impl Function<'_> {
    /// Every tensor with data that is used, and variables, in the order of their indices.
    pub(super) fn constants(&mut self) -> Result<()> {
        let mut used: BTreeSet<usize> = self.outputs.iter().copied().collect();
        let mut computed = BTreeSet::new();
        // Custom operators may be given memory to work in.
        let mut memory = BTreeSet::new();
        for operator in &self.operators {
            let custom = codes::code(&self.file.codes, operator)?.1.is_custom();
            for t in operator.inputs().iter().flatten().filter(|t| *t != -1) {
                let t = index(t, self.tensors.len(), self.number, "an operand")?;
                used.insert(t);
                memory.extend(custom.then_some(t));
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
            if info.data.is_some() || info.is_variable || info.external.is_some() || empty || memory.contains(&t) {
                self.values[t] = Some(self.constant(t, info)?);
            }
        }
        Ok(())
    }

    /// The constant operation of tensor `t`.
    fn constant(&mut self, t: usize, info: TensorInfo) -> Result<Value> {
        let loc = names::of_tensor(self.tensors[t].name().unwrap_or_default());
        if info.external.is_some() {
            let row = tfl::ExternalConst { external_buffer: info.external, buffer_index: None };
            return Ok(self.insert(OpSpec::row(&row, loc).results([Type::Tensor(info.ty)])));
        }
        if let Some(sparsity) = info.sparsity.clone() {
            return self.sparse(t, info, sparsity, loc);
        }
        let (is_variable, stored) = (info.is_variable, info.data.is_some() || info.ty.num_elements() == Some(0));
        let tensor = self.elements(t, info)?;
        let at = At::End(self.body.entry());
        let v = Builder::new(&mut self.body, at, loc).constant(tensor);
        let quantization = self.wide_quantization(t);
        if let Some(op) = self.body.def_op(v) {
            let attrs = &mut self.body.op_mut(op).attrs;
            if is_variable {
                attrs.set(IS_VARIABLE, Attr::Unit);
            } else if !stored {
                attrs.set(NO_DATA, Attr::Unit);
            }
            if let Some(quantization) = quantization {
                attrs.set(QUANTIZATION, quantization);
            }
        }
        Ok(v)
    }

    /// The parameters of a tensor of 64-bit integers, which no quantized type stores.
    fn wide_quantization(&self, t: usize) -> Option<Attr> {
        let wide = [fb::TensorType::INT64, fb::TensorType::UINT64].contains(&self.tensors[t].type_());
        let quant = self.tensors[t].quantization().filter(|_| wide)?;
        let scales: Vec<f32> = quant.scale()?.iter().collect();
        let zero_points: Vec<i64> = quant.zero_point().iter().flatten().collect();
        let zero_points = if zero_points.is_empty() { vec![0; scales.len()] } else { zero_points };
        (!scales.is_empty()).then(|| types::quant_to_attr(scales, zero_points, quant.quantized_dimension()))
    }

    /// The elements of tensor `t`; zeros where it has no data.
    fn elements(&self, t: usize, info: TensorInfo) -> Result<Tensor> {
        let fits = buffers::stored_size(&info.ty);
        let found = info.data.as_ref().map_or(0, Bytes::len);
        let data = match (&info.data, fits, info.ty.num_elements()) {
            // One of the zeros is stored.
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
        Tensor::new(info.ty, data).or_else(|e| malformed(format!("{}: {e}", self.name(t))))
    }

    /// The operation of a sparse tensor: the elements that are stored, and where they stand.
    fn sparse(&mut self, t: usize, info: TensorInfo, s_param: Attr, loc: Loc) -> Result<Value> {
        let elem = info.ty.elem.storage();
        let (Some(width), Some(_)) = (elem.byte_width(), info.ty.num_elements()) else {
            return malformed(format!("{} is sparse and of a type that cannot be", self.name(t)));
        };
        let data = info.data.unwrap_or_default();
        let stored = TensorType::of(&[data.len() / width], elem.clone());
        let compressed = Tensor::new(stored, data).or_else(|e| malformed(format!("{}: {e}", self.name(t))))?;
        // The dense elements are not looked at: upstream has zeros in their place.
        let zeros = Tensor::new(info.ty.with_elem(elem), Bytes::from(vec![0; width]));
        let zeros = zeros.or_else(|e| malformed(format!("{}: {e}", self.name(t))))?;
        let (value, compressed_data) = (Attr::Dense(zeros), Attr::Dense(compressed));
        let ty = Type::Tensor(info.ty);
        let spec = match ty.elem() {
            Some(Elem::Quant(_)) => {
                let row = tfl::PseudoSparseQConst { compressed_data, qtype: ty.clone(), s_param, value };
                OpSpec::row(&row, loc)
            }
            _ => OpSpec::row(&tfl::PseudoSparseConst { compressed_data, s_param, value }, loc),
        };
        Ok(self.insert(spec.results([ty])))
    }

    /// Inserts an operation of one result at the end.
    pub(super) fn insert(&mut self, spec: OpSpec) -> Value {
        let op = self.body.insert(At::End(self.body.entry()), spec);
        self.body.op(op).results()[0]
    }

    /// The value of absent operands.
    pub(super) fn absent(&mut self) -> Value {
        let at = At::End(self.body.entry());
        let body = &mut self.body;
        *self.no_value.get_or_insert_with(|| Builder::new(body, at, Loc::UNKNOWN).no_value())
    }
}
