//! What a tensor of a file is.

use bytes::Bytes;
use ir::{Attr, Elem, TensorType};

use super::error::{ReadError, Result, malformed};
use super::function::{Function, index};
use crate::schema::tflite as fb;
use crate::{blockwise, plan, sparsity, types};

/// What a tensor is before it is a value.
pub(super) struct TensorInfo {
    pub(super) ty: TensorType,
    pub(super) data: Option<Bytes>,
    pub(super) is_variable: bool,
    /// Where the elements of a sparse tensor stand.
    pub(super) sparsity: Option<Attr>,
    /// In which other file the data is, and where.
    pub(super) external: Option<Attr>,
}

impl Function<'_> {
    /// Reads tensor `t`.
    pub(super) fn info(&self, t: usize) -> Result<TensorInfo> {
        let tensor = &self.tensors[t];
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
        let elem = match tensor.variant_tensors().filter(|v| v.len() == 1) {
            Some(variants) => self.variant(t, &variants.get(0))?,
            None => self.elem(t, storage, shape.as_deref())?,
        };
        Ok(TensorInfo {
            ty: TensorType { shape, elem, encoding: None },
            data,
            is_variable: tensor.is_variable(),
            sparsity: self.sparsity(t)?,
            external: self.external(t)?,
        })
    }

    /// The element of a variant that states what it holds.
    fn variant(&self, t: usize, held: &fb::VariantSubType<'_>) -> Result<Elem> {
        let shape: Vec<i32> = held.shape().iter().flatten().collect();
        let shape = types::ir_shape(&shape, &[], held.has_rank(), false);
        match shape.zip(types::elem(held.type_())) {
            Some((shape, elem)) => Ok(types::variant_of(TensorType { shape, elem, encoding: None })),
            None => malformed(format!("{} holds tensors of an unknown type", self.name(t))),
        }
    }

    fn sparsity(&self, t: usize) -> Result<Option<Attr>> {
        let Some(table) = self.tensors[t].sparsity() else { return Ok(None) };
        match sparsity::read(table) {
            Some(attr) => Ok(Some(attr)),
            None => malformed(format!("{} has an unknown sparse storage", self.name(t))),
        }
    }

    fn external(&self, t: usize) -> Result<Option<Attr>> {
        let id = self.tensors[t].external_buffer();
        if id == 0 {
            return Ok(None);
        }
        let model = &self.file.model;
        let buffer = model.external_buffers().iter().flatten().find(|b| b.id() == id);
        let group = |b: &fb::ExternalBuffer<'_>| {
            let groups = model.external_buffer_groups()?;
            let at = usize::try_from(b.group()).ok().filter(|at| *at < groups.len())?;
            Some(groups.get(at).name().unwrap_or_default().to_owned())
        };
        let attr = buffer.and_then(|b| {
            let (offset, length) = (i64::try_from(b.offset()).ok()?, i64::try_from(b.length()).ok()?);
            Some(plan::external_buffer(&group(&b)?, offset, length, b.packing().unwrap_or_default()))
        });
        match attr {
            Some(attr) => Ok(Some(attr)),
            None => malformed(format!("{} has data in a file that is not listed", self.name(t))),
        }
    }

    /// The element of tensor `t`, which stores `storage`.
    fn elem(&self, t: usize, storage: Elem, shape: Option<&[ir::Dim]>) -> Result<Elem> {
        let Some(quant) = self.tensors[t].quantization() else { return Ok(storage) };
        match quant.details_type() {
            fb::QuantizationDetails::NONE | fb::QuantizationDetails::CustomQuantization => {}
            _ => return self.blocks(t, &storage, shape, &quant),
        }
        let scales: Vec<f32> = quant.scale().iter().flatten().collect();
        if scales.is_empty() {
            return Ok(storage);
        }
        let zero_points = quant.zero_point().iter().flatten().collect();
        types::ir_quant(&storage, scales, zero_points, quant.quantized_dimension(), shape)
            .or_else(|what| malformed(format!("{} {what}", self.name(t))))
    }

    /// The element of a tensor whose scales are a tensor of their own.
    fn blocks(
        &self,
        t: usize,
        storage: &Elem,
        shape: Option<&[ir::Dim]>,
        quant: &fb::QuantizationParameters<'_>,
    ) -> Result<Elem> {
        let read = if let Some(details) = quant.details_as_blockwise_quantization() {
            let held = self.held(details.scales(), details.zero_points())?;
            let block: Vec<i32> = details.block_shape().iter().flatten().collect();
            blockwise::read(storage, shape, &held, (details.block_size(), &block))
        } else if let Some(details) = quant.details_as_multi_axis_quantization() {
            let size = details.block_size();
            if size != 0 {
                // The schema does not say which of the dimensions.
                let what = format!("the blocks of {size} along one of several dimensions of {}", self.name(t));
                return Err(ReadError::Unsupported(what));
            }
            let held = self.held(details.scales(), details.zero_points())?;
            let axes: Vec<i32> = details.quantized_dimensions().iter().flatten().collect();
            blockwise::read_axes(storage, shape, &held, &axes)
        } else {
            Err("has no parameters of blocks".to_owned())
        };
        read.or_else(|what| malformed(format!("{} {what}", self.name(t))))
    }

    /// The parameters that two tensors hold.
    fn held(&self, scales: i32, zero_points: i32) -> Result<blockwise::Held> {
        // 0 was once written where there are none; no scales are their own zero points.
        let zero_points = match zero_points {
            -1 => None,
            z if z == scales => None,
            z => Some(self.data(z)?).filter(|z| !z.ty().elem.is_float()),
        };
        Ok(blockwise::Held { scales: self.data(scales)?, zero_points })
    }

    /// The elements of a tensor of plain numbers.
    fn data(&self, t: i32) -> Result<ir::Tensor> {
        let t = index(t, self.tensors.len(), self.number, "a tensor of scales")?;
        let tensor = &self.tensors[t];
        let shape: Option<Vec<usize>> = tensor.shape().iter().flatten().map(|d| usize::try_from(d).ok()).collect();
        let ty = shape.zip(types::elem(tensor.type_())).map(|(shape, elem)| TensorType::of(&shape, elem));
        let bytes = self.file.payload(tensor.buffer())?.unwrap_or_default();
        match ty.and_then(|ty| ir::Tensor::new(ty, bytes).ok()) {
            Some(tensor) => Ok(tensor),
            None => malformed(format!("{} holds no scales", self.name(t))),
        }
    }
}
