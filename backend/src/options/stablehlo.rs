//! The options of StableHLO operations: one row says which fields hold which attributes.

use flatbuffers::{FlatBufferBuilder, Vector, WIPOffset};
use ir::dialect::stablehlo as hlo;
use ir::{Attr, OpRow};

use super::fields::Field;
use super::forms::{
    DOT, GATHER, SCATTER, attributes, comparison, conv, dims, dot, gather, index_dim, list, load_flags, load_number,
    load_padding, load_precisions, load_text, scatter, side_effect, store, store_attributes, store_flags,
    store_padding, store_precisions, store_side_effect, store_text, target,
};
use super::{Codec, Options};
use crate::schema::tflite as fb;
use crate::view::View;

/// Each row: an operation, the table that holds its options, its arguments and accessor in the generated code; fields named like
/// attributes; fields with a value that is derived; attributes with a value that is derived.
macro_rules! options {
    ($($row:ident: $table:ident $args:ident $get:ident {
        $($field:ident),* $(; write $($derived:ident = $write:expr),+)? $(; read $($attr:ident = $read:expr),+)?
    })*) => {
        pub(super) static CODECS: &[Codec] = &[$(Codec {
            def: <hlo::$row as OpRow>::DEF,
            #[cfg(test)]
            table: stringify!($table),
            #[cfg(test)]
            fields: &[$(stringify!($field),)* $($(stringify!($derived),)+)?],
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

type Builder<'f> = FlatBufferBuilder<'f>;

/// The subgraph of the only region.
fn callee<R>(_: &R, view: View<'_>, _: &mut Builder<'_>) -> Option<i32> {
    Some(view.callee(0))
}

/// The configuration of a custom call: text; a file has no place for a dictionary.
fn store_config<'f>(b: &mut Builder<'f>, config: Option<&Attr>) -> Option<Option<WIPOffset<&'f str>>> {
    match config {
        None => Some(None),
        Some(Attr::Str(text)) => store_text(b, text),
        Some(_) => None,
    }
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
        ; write call_target_name = |r: &hlo::CustomCall, _, b| store_text(b, &r.call_target_name),
          backend_config = |r: &hlo::CustomCall, _, b| store_config(b, r.backend_config.as_ref()),
          has_side_effect = |r: &hlo::CustomCall, _, b| r.has_side_effect.store(b),
          api_version = |r: &hlo::CustomCall, _, b| r.api_version.store(b),
          custom_attributes = store_side_effect
        ; read call_target_name = target,
          backend_config = |t: fb::StablehloCustomCallOptions<'_>| Some(t.backend_config().map(Attr::str)),
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
