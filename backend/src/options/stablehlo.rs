//! The options of StableHLO operations: one row says which fields hold which attributes.

use std::sync::Arc;

use flatbuffers::{FlatBufferBuilder, Vector, WIPOffset};
use ir::attr::AttrValue;
use ir::dialect::stablehlo as hlo;
use ir::{Attr, Attrs, Elem, OpRow, Tensor, TensorType};

use super::conv_dims::{self, Dims};
use super::fields::Field;
use super::{Codec, Options, composite};
use crate::record::{Item, Record};
use crate::schema::tflite as fb;
use crate::view::View;

type Longs<'f> = Option<WIPOffset<Vector<'f, i64>>>;
type Strings<'f> = Option<WIPOffset<&'f str>>;

/// Each row: an operation, the table that holds its options, its arguments and accessor in the generated code; fields named like
/// attributes; fields with a value that is derived; attributes with a value that is derived.
macro_rules! options {
    ($($row:ident: $table:ident $args:ident $get:ident {
        $($field:ident),* $(; write $($derived:ident = $write:expr),+)? $(; read $($attr:ident = $read:expr),+)?
    })*) => {
        pub(super) static CODECS: &[Codec] = &[$(Codec {
            def: <hlo::$row as OpRow>::DEF,
            #[allow(clippy::needless_update, unused_variables, reason = "not every table has fields of each kind")]
            write: |view, fbb| {
                let row = view.op.as_row::<hlo::$row>()?;
                let args = fb::$args {
                    $($field: Field::store(&row.$field, fbb)?,)*
                    $($($derived: $write(&row, view, fbb)?,)*)?
                    ..Default::default()
                };
                let table = fb::$table::create(fbb, &args);
                Some(Options::Second(fb::BuiltinOptions2::$table, table.as_union_value()))
            },
            #[allow(clippy::needless_update, unused_variables, reason = "not every attribute is read from a field")]
            read: |operator| {
                let table = operator.$get()?;
                let row = hlo::$row {
                    $($field: Field::load(table.$field())?,)*
                    $($($attr: $read(table)?,)*)?
                    ..Default::default()
                };
                Some(row.write())
            },
        }),*];
    };
}

const DOT: &str = "#stablehlo.dot";
const GATHER: &str = "#stablehlo.gather";
const SCATTER: &str = "#stablehlo.scatter";

fn store<'f>(fbb: &mut FlatBufferBuilder<'f>, values: &[i64]) -> Longs<'f> {
    Some(fbb.create_vector(values))
}

fn load(list: Option<Vector<'_, i64>>) -> Vec<i64> {
    list.iter().flatten().collect()
}

/// A list of a record.
fn list<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Attr, name: &str, key: &str) -> Option<Longs<'f>> {
    let record = Record::from_attr(attr, name)?;
    Some(store(fbb, record.ints(key)?))
}

/// The dimension that index vectors run along; 0 is left out.
fn index_dim(attr: &Attr, name: &str) -> Option<i64> {
    let record = Record::from_attr(attr, name)?;
    let batches = record.0.iter().any(|(key, _)| key.contains("batching"));
    // The schema has no fields for batches.
    (!batches).then(|| record.int("index_vector_dim").unwrap_or(0))
}

fn with_index_dim(record: Record, dim: i64) -> Record {
    if dim == 0 { record } else { record.with("index_vector_dim", Item::Int(dim)) }
}

fn dot(table: fb::StablehloDotGeneralOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("lhs_batching_dimensions", load(table.lhs_batching_dimensions()))
        .with_ints("rhs_batching_dimensions", load(table.rhs_batching_dimensions()))
        .with_ints("lhs_contracting_dimensions", load(table.lhs_contracting_dimensions()))
        .with_ints("rhs_contracting_dimensions", load(table.rhs_contracting_dimensions()));
    Some(record.to_attr(DOT))
}

fn gather(table: fb::StablehloGatherOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("offset_dims", load(table.offset_dims()))
        .with_ints("collapsed_slice_dims", load(table.collapsed_slice_dims()))
        .with_ints("start_index_map", load(table.start_index_map()));
    Some(with_index_dim(record, table.index_vector_dim()).to_attr(GATHER))
}

fn scatter(table: fb::StablehloScatterOptions<'_>) -> Option<Attr> {
    let record = Record::default()
        .with_ints("update_window_dims", load(table.update_window_dims()))
        .with_ints("inserted_window_dims", load(table.inserted_window_dims()))
        .with_ints("scatter_dims_to_operand_dims", load(table.scatter_dims_to_operand_dims()));
    Some(with_index_dim(record, table.index_vector_dim()).to_attr(SCATTER))
}

fn conv(table: fb::StablehloConvolutionOptions<'_>) -> Option<Attr> {
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
fn dims(row: &hlo::Convolution, tensor: usize) -> Option<Dims> {
    Some(conv_dims::from_attr(&row.dimension_numbers)?[tensor].clone())
}

/// Pairs of sizes before and behind, one for each dimension.
fn load_padding(list: Option<Vector<'_, i64>>) -> Option<Option<Attr>> {
    let values = load(list);
    if values.is_empty() {
        return Some(None);
    }
    let ty = TensorType::of(&[values.len() / 2, 2], Elem::I64);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Tensor::new(ty, bytes.into()).ok().map(|t| Some(Attr::Dense(t)))
}

fn store_padding<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Option<Attr>) -> Option<Longs<'f>> {
    let Some(attr) = attr else { return Some(None) };
    Some(store(fbb, &attr.as_tensor()?.to_i64()?))
}

type Precisions<'f> = Option<WIPOffset<Vector<'f, fb::StablehloPrecisionConfig>>>;

fn load_precisions(list: Option<Vector<'_, fb::StablehloPrecisionConfig>>) -> Option<Option<Attr>> {
    let word = |p: fb::StablehloPrecisionConfig| hlo::Precision::ALL.get(p.0 as usize)?.to_attr();
    let words = list.iter().flatten().map(word).collect::<Option<Vec<Attr>>>()?;
    Some((!words.is_empty()).then_some(Attr::Array(words)))
}

fn store_precisions<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Option<Attr>) -> Option<Precisions<'f>> {
    let Some(attr) = attr else { return Some(None) };
    let number = |a: &Attr| {
        let word = hlo::Precision::from_attr(a)?;
        let number = hlo::Precision::ALL.iter().position(|p| *p == word)?;
        u32::try_from(number).ok().map(fb::StablehloPrecisionConfig)
    };
    let numbers = attr.as_array()?.iter().map(number).collect::<Option<Vec<_>>>()?;
    Some(Some(fbb.create_vector(&numbers)))
}

fn load_flags(list: Option<Vector<'_, bool>>) -> Option<Option<Attr>> {
    let flags: Vec<i64> = list.iter().flatten().map(i64::from).collect();
    Some((!flags.is_empty()).then_some(Attr::DenseArray(Elem::BOOL, flags)))
}

fn store_flags<'f>(
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
fn load_number<T: Default + PartialEq>(number: T) -> Option<Option<T>> {
    Some((number != T::default()).then_some(number))
}

fn load_text(text: Option<&str>) -> Option<Arc<str>> {
    Some(text.unwrap_or_default().into())
}

fn store_text<'f>(fbb: &mut FlatBufferBuilder<'f>, text: &str) -> Option<Strings<'f>> {
    Some(Some(WIPOffset::new(fbb.create_string(text).value())))
}

/// How the elements of a comparison are taken; the first way is left out.
fn comparison(table: fb::StablehloCompareOptions<'_>) -> Option<Option<hlo::ComparisonType>> {
    let ty: hlo::ComparisonType = Field::load(table.compare_type())?;
    Some((ty != hlo::ComparisonType::NoType).then_some(ty))
}

/// What a custom call carries besides its attributes has no form in the IR.
fn target(table: fb::StablehloCustomCallOptions<'_>) -> Option<Arc<str>> {
    let calls = table.called_computations().is_some_and(|c| !c.is_empty());
    let more = custom_attributes(table)?.iter().any(|(name, _)| &**name != SIDE_EFFECT);
    if calls || more { None } else { load_text(table.call_target_name()) }
}

/// Upstream reads it from a map, where it stands beside its field.
const SIDE_EFFECT: &str = "has_side_effect";

fn custom_attributes(table: fb::StablehloCustomCallOptions<'_>) -> Option<Attrs> {
    composite::read(table.custom_attributes().map(|v| v.bytes()).unwrap_or_default())
}

fn side_effect(table: fb::StablehloCustomCallOptions<'_>) -> Option<Option<bool>> {
    let stated = custom_attributes(table)?.get(SIDE_EFFECT).and_then(Attr::as_bool).unwrap_or_default();
    load_number(stated || table.has_side_effect())
}

fn store_side_effect<'f>(
    row: &hlo::CustomCall,
    _: View<'_>,
    fbb: &mut FlatBufferBuilder<'f>,
) -> Option<Option<WIPOffset<Vector<'f, u8>>>> {
    let Some(stated) = row.has_side_effect else { return Some(None) };
    let map = composite::write(&Attrs::new().with(SIDE_EFFECT, Attr::Bool(stated)))?;
    Some(Some(fbb.create_vector(&map)))
}

fn attributes(table: fb::StableHLOCompositeOptions<'_>) -> Option<Option<Attr>> {
    let attrs = composite::read(table.composite_attributes().map(|v| v.bytes()).unwrap_or_default())?;
    Some((!attrs.is_empty()).then_some(Attr::Dict(attrs)))
}

fn store_attributes<'f>(
    row: &hlo::Composite,
    _: View<'_>,
    fbb: &mut FlatBufferBuilder<'f>,
) -> Option<Option<WIPOffset<Vector<'f, u8>>>> {
    let none = Attrs::new();
    let attrs = row.composite_attributes.as_ref().map_or(Some(&none), Attr::as_dict)?;
    Some(Some(fbb.create_vector(&composite::write(attrs)?)))
}

type Builder<'f> = FlatBufferBuilder<'f>;

/// The subgraph of the only region.
fn callee<R>(_: &R, view: View<'_>, _: &mut Builder<'_>) -> Option<i32> {
    Some(view.callee(0))
}

/// The subgraph of the second region.
fn second_callee<R>(_: &R, view: View<'_>, _: &mut Builder<'_>) -> Option<i32> {
    Some(view.callee(1))
}

/// The subgraphs of all regions.
fn callees<'f, R>(_: &R, view: View<'_>, fbb: &mut Builder<'f>) -> Option<Option<WIPOffset<Vector<'f, i32>>>> {
    Some(Some(fbb.create_vector(view.callees)))
}

options! {
    Concatenate: StablehloConcatenateOptions StablehloConcatenateOptionsArgs
        builtin_options_2_as_stablehlo_concatenate_options { dimension }
    BroadcastInDim: StablehloBroadcastInDimOptions StablehloBroadcastInDimOptionsArgs
        builtin_options_2_as_stablehlo_broadcast_in_dim_options { broadcast_dimensions }
    Slice: StablehloSliceOptions StablehloSliceOptionsArgs
        builtin_options_2_as_stablehlo_slice_options { start_indices, limit_indices, strides }
    DynamicSlice: StablehloDynamicSliceOptions StablehloDynamicSliceOptionsArgs
        builtin_options_2_as_stablehlo_dynamic_slice_options { slice_sizes }
    Pad: StablehloPadOptions StablehloPadOptionsArgs
        builtin_options_2_as_stablehlo_pad_options { edge_padding_low, edge_padding_high, interior_padding }
    Iota: StablehloIotaOptions StablehloIotaOptionsArgs builtin_options_2_as_stablehlo_iota_options { iota_dimension }
    Transpose: StablehloTransposeOptions StablehloTransposeOptionsArgs
        builtin_options_2_as_stablehlo_transpose_options { permutation }
    Compare: StablehloCompareOptions StablehloCompareOptionsArgs builtin_options_2_as_stablehlo_compare_options {
        comparison_direction
        ; write compare_type = |r: &hlo::Compare, _, fbb| r.compare_type.unwrap_or(hlo::ComparisonType::NoType).store(fbb)
        ; read compare_type = comparison
    }
    RngBitGenerator: StablehloRngBitGeneratorOptions StablehloRngBitGeneratorOptionsArgs
        builtin_options_2_as_stablehlo_rng_bit_generator_options {
        ; write algorithm = |r: &hlo::RngBitGenerator, _, fbb| r.rng_algorithm.store(fbb)
        ; read rng_algorithm = |t: fb::StablehloRngBitGeneratorOptions<'_>| Field::load(t.algorithm())
    }
    DotGeneral: StablehloDotGeneralOptions StablehloDotGeneralOptionsArgs
        builtin_options_2_as_stablehlo_dot_general_options {
        ; write lhs_batching_dimensions = |r: &hlo::DotGeneral, _, b| list(b, &r.dot_dimension_numbers, DOT, "lhs_batching_dimensions"),
          rhs_batching_dimensions = |r: &hlo::DotGeneral, _, b| list(b, &r.dot_dimension_numbers, DOT, "rhs_batching_dimensions"),
          lhs_contracting_dimensions = |r: &hlo::DotGeneral, _, b| list(b, &r.dot_dimension_numbers, DOT, "lhs_contracting_dimensions"),
          rhs_contracting_dimensions = |r: &hlo::DotGeneral, _, b| list(b, &r.dot_dimension_numbers, DOT, "rhs_contracting_dimensions"),
          precision_config = |r: &hlo::DotGeneral, _, b| store_precisions(b, &r.precision_config)
        ; read dot_dimension_numbers = dot,
          precision_config = |t: fb::StablehloDotGeneralOptions<'_>| load_precisions(t.precision_config())
    }
    Convolution: StablehloConvolutionOptions StablehloConvolutionOptionsArgs
        builtin_options_2_as_stablehlo_convolution_options {
        batch_group_count, feature_group_count, lhs_dilation, rhs_dilation, window_strides
        ; write padding = |r: &hlo::Convolution, _, b| store_padding(b, &r.padding),
          window_reversal = |r: &hlo::Convolution, _, b| store_flags(b, &r.window_reversal),
          precision_config = |r: &hlo::Convolution, _, b| store_precisions(b, &r.precision_config),
          input_batch_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 0)?.first),
          input_feature_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 0)?.second),
          input_spatial_dimensions = |r, _, b| Some(store(b, &dims(r, 0)?.spatial)),
          kernel_input_feature_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 1)?.first),
          kernel_output_feature_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 1)?.second),
          kernel_spatial_dimensions = |r, _, b| Some(store(b, &dims(r, 1)?.spatial)),
          output_batch_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 2)?.first),
          output_feature_dimension = |r, _, _: &mut Builder<'_>| Some(dims(r, 2)?.second),
          output_spatial_dimensions = |r, _, b| Some(store(b, &dims(r, 2)?.spatial))
        ; read dimension_numbers = conv,
          padding = |t: fb::StablehloConvolutionOptions<'_>| load_padding(t.padding()),
          window_reversal = |t: fb::StablehloConvolutionOptions<'_>| load_flags(t.window_reversal()),
          precision_config = |t: fb::StablehloConvolutionOptions<'_>| load_precisions(t.precision_config())
    }
    Gather: StablehloGatherOptions StablehloGatherOptionsArgs builtin_options_2_as_stablehlo_gather_options {
        slice_sizes
        ; write offset_dims = |r: &hlo::Gather, _, b| list(b, &r.dimension_numbers, GATHER, "offset_dims"),
          collapsed_slice_dims = |r: &hlo::Gather, _, b| list(b, &r.dimension_numbers, GATHER, "collapsed_slice_dims"),
          start_index_map = |r: &hlo::Gather, _, b| list(b, &r.dimension_numbers, GATHER, "start_index_map"),
          index_vector_dim = |r: &hlo::Gather, _, _: &mut Builder<'_>| index_dim(&r.dimension_numbers, GATHER),
          indices_are_sorted = |r: &hlo::Gather, _, b| r.indices_are_sorted.store(b)
        ; read dimension_numbers = gather,
          indices_are_sorted = |t: fb::StablehloGatherOptions<'_>| load_number(t.indices_are_sorted())
    }
    Scatter: StablehloScatterOptions StablehloScatterOptionsArgs builtin_options_2_as_stablehlo_scatter_options {
        ; write update_window_dims = |r: &hlo::Scatter, _, b| list(b, &r.scatter_dimension_numbers, SCATTER, "update_window_dims"),
          inserted_window_dims = |r: &hlo::Scatter, _, b| list(b, &r.scatter_dimension_numbers, SCATTER, "inserted_window_dims"),
          scatter_dims_to_operand_dims = |r: &hlo::Scatter, _, b| list(b, &r.scatter_dimension_numbers, SCATTER, "scatter_dims_to_operand_dims"),
          index_vector_dim = |r: &hlo::Scatter, _, _: &mut Builder<'_>| index_dim(&r.scatter_dimension_numbers, SCATTER),
          indices_are_sorted = |r: &hlo::Scatter, _, b| r.indices_are_sorted.store(b),
          unique_indices = |r: &hlo::Scatter, _, b| r.unique_indices.store(b),
          update_computation_subgraph_index = callee
        ; read scatter_dimension_numbers = scatter,
          indices_are_sorted = |t: fb::StablehloScatterOptions<'_>| load_number(t.indices_are_sorted()),
          unique_indices = |t: fb::StablehloScatterOptions<'_>| load_number(t.unique_indices())
    }
    Reduce: StablehloReduceOptions StablehloReduceOptionsArgs builtin_options_2_as_stablehlo_reduce_options {
        dimensions; write body_subgraph_index = callee
    }
    ReduceWindow: StablehloReduceWindowOptions StablehloReduceWindowOptionsArgs
        builtin_options_2_as_stablehlo_reduce_window_options {
        base_dilations, window_dilations, window_dimensions, window_strides
        ; write padding = |r: &hlo::ReduceWindow, _, b| store_padding(b, &r.padding), body_subgraph_index = callee
        ; read padding = |t: fb::StablehloReduceWindowOptions<'_>| load_padding(t.padding())
    }
    Sort: StablehloSortOptions StablehloSortOptionsArgs builtin_options_2_as_stablehlo_sort_options {
        dimension
        ; write is_stable = |r: &hlo::Sort, _, b| r.is_stable.store(b), comparator_subgraph_index = callee
        ; read is_stable = |t: fb::StablehloSortOptions<'_>| load_number(t.is_stable())
    }
    While: StablehloWhileOptions StablehloWhileOptionsArgs builtin_options_2_as_stablehlo_while_options {
        ; write cond_subgraph_index = callee, body_subgraph_index = second_callee
    }
    Case: StablehloCaseOptions StablehloCaseOptionsArgs builtin_options_2_as_stablehlo_case_options {
        ; write branch_subgraph_indices = callees
    }
    CustomCall: StablehloCustomCallOptions StablehloCustomCallOptionsArgs
        builtin_options_2_as_stablehlo_custom_call_options {
        backend_config
        ; write call_target_name = |r: &hlo::CustomCall, _, b| store_text(b, &r.call_target_name),
          has_side_effect = |r: &hlo::CustomCall, _, b| r.has_side_effect.store(b),
          api_version = |r: &hlo::CustomCall, _, b| r.api_version.store(b),
          custom_attributes = store_side_effect
        ; read call_target_name = target,
          has_side_effect = side_effect,
          api_version = |t: fb::StablehloCustomCallOptions<'_>| load_number(t.api_version())
    }
    Composite: StableHLOCompositeOptions StableHLOCompositeOptionsArgs
        builtin_options_2_as_stable_hlocomposite_options {
        ; write name = |r: &hlo::Composite, _, b| store_text(b, &r.name),
          version = |r: &hlo::Composite, _, b| r.version.store(b),
          decomposition_subgraph_index = callee,
          composite_attributes = store_attributes
        ; read name = |t: fb::StableHLOCompositeOptions<'_>| load_text(t.name()),
          version = |t: fb::StableHLOCompositeOptions<'_>| load_number(t.version()),
          composite_attributes = attributes
    }
}
