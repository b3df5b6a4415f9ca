//! Tensors: of values, of constants, and of the types within an LSTM.

use bytes::Bytes;
use flatbuffers::FLATBUFFERS_MAX_BUFFER_SIZE;
use ir::dialect::tfl;
use ir::{Attr, Body, Loc, Operation, QuantParams, TensorType, Value};

use super::{ABSENT, INTERMEDIATES, IS_VARIABLE, NO_DATA, Numbers, Planner, Tensor, too_large};
use crate::schema::tflite as fb;
use crate::types::{self, Blocks, FileQuant, QUANTIZATION};
use crate::{blockwise, buffers};

impl Planner<'_, '_> {
    /// Appends a tensor and gives its number.
    pub(super) fn push(&mut self, tensor: Tensor) -> i32 {
        self.tensors.push(tensor);
        i32::try_from(self.tensors.len() - 1).expect("a body has fewer than 2^31 values")
    }

    /// Appends the tensor of a value.
    pub(super) fn number(&mut self, tensor: Tensor, numbers: &mut Numbers, v: Value) -> i32 {
        let number = self.push(tensor);
        numbers.0[v.index()] = Some(number);
        number
    }

    /// The tensor of a value, without data.
    pub(super) fn tensor(&mut self, body: &Body, v: Value, name: String, loc: &Loc, of: &str) -> Option<Tensor> {
        self.typed(body.tensor_ty(v), name, loc, of)
    }

    /// A tensor of a type, without data.
    fn typed(&mut self, ty: Option<&TensorType>, name: String, loc: &Loc, of: &str) -> Option<Tensor> {
        let Some(ty) = ty else {
            self.error("emit/type", loc, format!("'{of}' op has a value that is no tensor"));
            return None;
        };
        let Some(stored) = types::tensor_type(&ty.elem) else {
            self.error("emit/type", loc, format!("'{of}' op has a value whose element type TFLite does not have"));
            return None;
        };
        let Some(shape) = types::file_shape(ty) else {
            self.error("emit/type", loc, format!("'{of}' op has a value with a dimension of 2^31 or more"));
            return None;
        };
        let quant = match ty.elem.quant().map(|q| self.quant(ty, &q.params, q, &name)).transpose() {
            Ok(quant) => quant,
            Err(what) => {
                self.error("emit/type", loc, format!("'{of}' op has a value whose quantized type {what}"));
                return None;
            }
        };
        Some(Tensor { name, shape, ty: stored, quant, variant: types::variant(&ty.elem), ..Tensor::default() })
    }

    /// The quantization of a tensor; scales by blocks are tensors of their own.
    fn quant(
        &mut self,
        ty: &TensorType,
        params: &QuantParams,
        q: &ir::QuantType,
        name: &str,
    ) -> Result<FileQuant, &'static str> {
        if !matches!(params, QuantParams::SubChannel { .. }) {
            return types::file_quant(q);
        }
        let blocks = blockwise::write(ty, params)?;
        let scales = self.data(format!("{name}_scales"), &blocks.scales);
        let zero_points = blocks.zero_points.as_ref().map(|z| self.data(format!("{name}_zero_points"), z));
        let zero_points = zero_points.unwrap_or(ABSENT);
        Ok(FileQuant::Blocks(Blocks { scales, zero_points, extent: blocks.extent }))
    }

    /// Appends a tensor that no value is.
    fn data(&mut self, name: String, tensor: &ir::Tensor) -> i32 {
        let ty = types::tensor_type(&tensor.ty().elem).unwrap_or(fb::TensorType::FLOAT32);
        let shape = types::file_shape(tensor.ty()).unwrap_or_default();
        let buffer = self.buffers.add(tensor.bytes());
        self.push(Tensor { name, shape, ty, buffer, ..Tensor::default() })
    }

    /// The tensor of an operation that holds data.
    pub(super) fn constant(&mut self, body: &Body, op: &Operation, v: Value, name: String) -> Option<Tensor> {
        if op.is::<tfl::ExternalConst>() {
            return self.external(body, op, v, name);
        }
        let mut tensor = self.tensor(body, v, name, &op.loc, op.name.as_str())?;
        if let Some(attr) = op.attrs.get(QUANTIZATION) {
            tensor.quant = types::quant_from_attr(attr);
        }
        if op.attrs.get(NO_DATA).is_some() {
            return Some(tensor);
        }
        if op.attrs.get(IS_VARIABLE).is_some() {
            return Some(Tensor { is_variable: true, ..tensor });
        }
        let sparsity = op.attr("s_param").cloned();
        let value = if sparsity.is_some() { "compressed_data" } else { "value" };
        let Some(value) = op.attr(value).and_then(Attr::as_tensor) else {
            let text = format!("'{}' op has no value; it may have been left out of the text", op.name.as_str());
            self.error("emit/constant", &op.loc, text);
            return None;
        };
        let ty = if sparsity.is_some() { value.ty() } else { body.tensor_ty(v)? };
        // What is stored has a size; of a splat it may be beyond all numbers.
        let size = buffers::stored_size(ty).unwrap_or(if value.is_splat() { usize::MAX } else { 0 });
        if size > FLATBUFFERS_MAX_BUFFER_SIZE {
            // A splat is written out: not even its bytes may be made.
            self.failed = Some(self.sink.error(too_large(size).at(&op.loc)));
            return None;
        }
        let Some(payload): Option<Bytes> = buffers::payload(value, ty) else {
            let text = format!("'{}' op has a value of another size than its type", op.name.as_str());
            self.error("emit/constant", &op.loc, text);
            return None;
        };
        Some(Tensor { buffer: self.buffers.add(payload), sparsity, ..tensor })
    }

    /// Tensors of the types that an LSTM states for what it computes within; absent where it states none.
    pub(super) fn intermediates(&mut self, op: &Operation) -> Vec<i32> {
        if INTERMEDIATES.iter().all(|name| op.attr(name).is_none()) {
            return vec![];
        }
        let mut numbers = Vec::with_capacity(INTERMEDIATES.len());
        for attr in INTERMEDIATES {
            let Some(Attr::Type(ty)) = op.attr(attr) else {
                numbers.push(ABSENT);
                continue;
            };
            let name = op.loc.node().map_or_else(|| attr.to_owned(), |node| format!("{node}/{attr}"));
            if let Some(tensor) = self.typed(ty.as_tensor(), name, &op.loc, op.name.as_str()) {
                numbers.push(self.push(tensor));
            }
        }
        numbers
    }
}
