//! The forms of StableHLO attributes, and of the fields that hold them.

use std::sync::Arc;

use flatbuffers::{FlatBufferBuilder, Vector, WIPOffset};
use ir::attr::AttrValue;
use ir::dialect::stablehlo as hlo;
use ir::{Attr, Attrs, Elem, Tensor, TensorType};

use super::composite;
use super::conv_dims::{self, Dims};
use super::fields::Field;
use crate::record::{Item, Record};
use crate::schema::tflite as fb;
use crate::view::View;

pub(super) type Longs<'f> = Option<WIPOffset<Vector<'f, i64>>>;
pub(super) type Strings<'f> = Option<WIPOffset<&'f str>>;

pub(super) const DOT: &str = "#stablehlo.dot";
pub(super) const GATHER: &str = "#stablehlo.gather";
pub(super) const SCATTER: &str = "#stablehlo.scatter";

pub(super) fn store<'f>(fbb: &mut FlatBufferBuilder<'f>, values: &[i64]) -> Longs<'f> {
    Some(fbb.create_vector(values))
}

pub(super) fn load(list: Option<Vector<'_, i64>>) -> Vec<i64> {
    list.iter().flatten().collect()
}

/// A list of a record.
pub(super) fn list<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Attr, name: &str, key: &str) -> Option<Longs<'f>> {
    let record = Record::from_attr(attr, name)?;
    Some(store(fbb, record.ints(key)?))
}

/// The dimension that index vectors run along; 0 is left out.
pub(super) fn index_dim(attr: &Attr, name: &str) -> Option<i64> {
    let record = Record::from_attr(attr, name)?;
    let batches = record.0.iter().any(|(key, _)| key.contains("batching"));
    // The schema has no fields for batches.
    (!batches).then(|| record.int("index_vector_dim").unwrap_or(0))
}

pub(super) fn with_index_dim(record: Record, dim: i64) -> Record {
    if dim == 0 { record } else { record.with("index_vector_dim", Item::Int(dim)) }
}

pub(super) fn dot(table: fb::StablehloDotGeneralOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("lhs_batching_dimensions", load(table.lhs_batching_dimensions()))
        .with_ints("rhs_batching_dimensions", load(table.rhs_batching_dimensions()))
        .with_ints("lhs_contracting_dimensions", load(table.lhs_contracting_dimensions()))
        .with_ints("rhs_contracting_dimensions", load(table.rhs_contracting_dimensions()));
    Some(record.to_attr(DOT))
}

pub(super) fn gather(table: fb::StablehloGatherOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("offset_dims", load(table.offset_dims()))
        .with_ints("collapsed_slice_dims", load(table.collapsed_slice_dims()))
        .with_ints("start_index_map", load(table.start_index_map()));
    Some(with_index_dim(record, table.index_vector_dim()).to_attr(GATHER))
}

pub(super) fn scatter(table: fb::StablehloScatterOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("update_window_dims", load(table.update_window_dims()))
        .with_ints("inserted_window_dims", load(table.inserted_window_dims()))
        .with_ints("scatter_dims_to_operand_dims", load(table.scatter_dims_to_operand_dims()));
    Some(with_index_dim(record, table.index_vector_dim()).to_attr(SCATTER))
}

pub(super) fn conv(table: fb::StablehloConvolutionOptions<'_>) -> Option<Attr> {
    let dims = |first, second, spatial| Dims { first, second, spatial: load(spatial) };
    conv_dims::to_attr(&[
        dims(table.input_batch_dimension(), table.input_feature_dimension(), table.input_spatial_dimensions()),
        dims(
            table.kernel_input_feature_dimension(),
            table.kernel_output_feature_dimension(),
            table.kernel_spatial_dimensions(),
        ),
        dims(table.output_batch_dimension(), table.output_feature_dimension(), table.output_spatial_dimensions()),
    ])
}

/// The dimensions of one tensor of a convolution.
pub(super) fn dims(row: &hlo::Convolution, tensor: usize) -> Option<Dims> {
    Some(conv_dims::from_attr(&row.dimension_numbers)?[tensor].clone())
}

/// Pairs of sizes before and behind, one for each dimension.
pub(super) fn load_padding(list: Option<Vector<'_, i64>>) -> Option<Option<Attr>> {
    let values = load(list);
    if values.is_empty() {
        return Some(None);
    }
    let ty = TensorType::of(&[values.len() / 2, 2], Elem::I64);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Tensor::new(ty, bytes.into()).ok().map(|t| Some(Attr::Dense(t)))
}

pub(super) fn store_padding<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Option<Attr>) -> Option<Longs<'f>> {
    let Some(attr) = attr else { return Some(None) };
    Some(store(fbb, &attr.as_tensor()?.to_i64()?))
}

pub(super) type Precisions<'f> = Option<WIPOffset<Vector<'f, fb::StablehloPrecisionConfig>>>;

pub(super) fn load_precisions(list: Option<Vector<'_, fb::StablehloPrecisionConfig>>) -> Option<Option<Attr>> {
    let word = |p: fb::StablehloPrecisionConfig| hlo::Precision::ALL.get(p.0 as usize)?.to_attr();
    let words = list.iter().flatten().map(word).collect::<Option<Vec<Attr>>>()?;
    Some((!words.is_empty()).then_some(Attr::Array(words)))
}

pub(super) fn store_precisions<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Option<Attr>) -> Option<Precisions<'f>> {
    let Some(attr) = attr else { return Some(None) };
    let number = |a: &Attr| {
        let word = hlo::Precision::from_attr(a)?;
        let number = hlo::Precision::ALL.iter().position(|p| *p == word)?;
        u32::try_from(number).ok().map(fb::StablehloPrecisionConfig)
    };
    let numbers = attr.as_array()?.iter().map(number).collect::<Option<Vec<_>>>()?;
    Some(Some(fbb.create_vector(&numbers)))
}

pub(super) fn load_flags(list: Option<Vector<'_, bool>>) -> Option<Option<Attr>> {
    let flags: Vec<i64> = list.iter().flatten().map(i64::from).collect();
    Some((!flags.is_empty()).then_some(Attr::DenseArray(Elem::BOOL, flags)))
}

pub(super) fn store_flags<'f>(
    fbb: &mut FlatBufferBuilder<'f>,
    attr: &Option<Attr>,
) -> Option<Option<WIPOffset<Vector<'f, bool>>>> {
    match attr {
        Some(Attr::DenseArray(_, flags)) => {
            let flags: Vec<bool> = flags.iter().map(|f| *f != 0).collect();
            Some(Some(fbb.create_vector(&flags)))
        }
        Some(_) => None,
        None => Some(None),
    }
}

/// Numbers that are 0 where they are left out.
pub(super) fn load_number<T: Default + PartialEq>(number: T) -> Option<Option<T>> {
    Some((number != T::default()).then_some(number))
}

pub(super) fn load_text(text: Option<&str>) -> Option<Arc<str>> {
    Some(text.unwrap_or_default().into())
}

pub(super) fn store_text<'f>(fbb: &mut FlatBufferBuilder<'f>, text: &str) -> Option<Strings<'f>> {
    Some(Some(WIPOffset::new(fbb.create_string(text).value())))
}

/// How the elements of a comparison are taken; the first way is left out.
pub(super) fn comparison(table: fb::StablehloCompareOptions<'_>) -> Option<Option<hlo::ComparisonType>> {
    let ty: hlo::ComparisonType = Field::load(table.compare_type())?;
    Some((ty != hlo::ComparisonType::NoType).then_some(ty))
}

/// What a custom call carries besides its attributes has no form in the IR.
pub(super) fn target(table: fb::StablehloCustomCallOptions<'_>) -> Option<Arc<str>> {
    let calls = table.called_computations().is_some_and(|c| !c.is_empty());
    let more = custom_attributes(table)?.iter().any(|(name, _)| &**name != SIDE_EFFECT);
    if calls || more { None } else { load_text(table.call_target_name()) }
}

/// Upstream reads it from a map, where it stands beside its field.
pub(super) const SIDE_EFFECT: &str = "has_side_effect";

pub(super) fn custom_attributes(table: fb::StablehloCustomCallOptions<'_>) -> Option<Attrs> {
    composite::read(table.custom_attributes().map(|v| v.bytes()).unwrap_or_default())
}

pub(super) fn side_effect(table: fb::StablehloCustomCallOptions<'_>) -> Option<Option<bool>> {
    let stated = custom_attributes(table)?.get(SIDE_EFFECT).and_then(Attr::as_bool).unwrap_or_default();
    load_number(stated || table.has_side_effect())
}

pub(super) fn store_side_effect<'f>(
    row: &hlo::CustomCall,
    _: View<'_>,
    fbb: &mut FlatBufferBuilder<'f>,
) -> Option<Option<WIPOffset<Vector<'f, u8>>>> {
    let Some(stated) = row.has_side_effect else { return Some(None) };
    let map = composite::write(&Attrs::new().with(SIDE_EFFECT, Attr::Bool(stated)))?;
    Some(Some(fbb.create_vector(&map)))
}

pub(super) fn attributes(table: fb::StableHLOCompositeOptions<'_>) -> Option<Option<Attr>> {
    let attrs = composite::read(table.composite_attributes().map(|v| v.bytes()).unwrap_or_default())?;
    Some((!attrs.is_empty()).then_some(Attr::Dict(attrs)))
}

pub(super) fn store_attributes<'f>(
    row: &hlo::Composite,
    _: View<'_>,
    fbb: &mut FlatBufferBuilder<'f>,
) -> Option<Option<WIPOffset<Vector<'f, u8>>>> {
    let none = Attrs::new();
    let attrs = row.composite_attributes.as_ref().map_or(Some(&none), Attr::as_dict)?;
    Some(Some(fbb.create_vector(&composite::write(attrs)?)))
}
