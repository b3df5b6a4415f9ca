//! What a tensor of a file is.

use bytes::Bytes;
use ir::{Elem, TensorType};

use super::error::{ReadError, Result, malformed};
use super::function::Function;
use crate::schema::tflite as fb;
use crate::types;

/// What a tensor is before it is a value.
pub(super) struct TensorInfo {
    pub(super) ty: TensorType,
    pub(super) data: Option<Bytes>,
    pub(super) is_variable: bool,
}

impl Function<'_> {
    /// Reads tensor `t`.
    pub(super) fn info(&self, t: usize) -> Result<TensorInfo> {
        let tensor = &self.tensors[t];
        if tensor.sparsity().is_some() {
            return Err(ReadError::Unsupported(format!("the sparse storage of {}", self.name(t))));
        }
        if tensor.external_buffer() != 0 {
            return Err(ReadError::Unsupported(format!("the data of {} in another file", self.name(t))));
        }
        let Some(storage) = types::elem(tensor.type_()) else {
            return malformed(format!("{} has the unknown type {}", self.name(t), tensor.type_().0));
        };
        let data = self.file.payload(tensor.buffer())?;
        let ints = |v: Option<flatbuffers::Vector<'_, i32>>| -> Vec<i32> { v.iter().flatten().collect() };
        let (shape, mut signature) = (ints(tensor.shape()), ints(tensor.shape_signature()));
        if data.is_some() {
            // A constant has all its elements.
            signature.clear();
        }
        let Some(shape) = types::ir_shape(&shape, &signature, tensor.has_rank(), data.is_some()) else {
            return malformed(format!("{} has a negative dimension", self.name(t)));
        };
        let elem = self.elem(t, storage, shape.as_deref())?;
        Ok(TensorInfo { ty: TensorType { shape, elem, encoding: None }, data, is_variable: tensor.is_variable() })
    }

    /// The element of tensor `t`, which stores `storage`.
    fn elem(&self, t: usize, storage: Elem, shape: Option<&[ir::Dim]>) -> Result<Elem> {
        let Some(quant) = self.tensors[t].quantization() else { return Ok(storage) };
        match quant.details_type() {
            fb::QuantizationDetails::NONE | fb::QuantizationDetails::CustomQuantization => {}
            _ => return Err(ReadError::Unsupported(format!("the scales by blocks of {}", self.name(t)))),
        }
        let scales: Vec<f32> = quant.scale().iter().flatten().collect();
        if scales.is_empty() {
            return Ok(storage);
        }
        let zero_points = quant.zero_point().iter().flatten().collect();
        types::ir_quant(&storage, scales, zero_points, quant.quantized_dimension(), shape)
            .or_else(|what| malformed(format!("{} {what}", self.name(t))))
    }
}
