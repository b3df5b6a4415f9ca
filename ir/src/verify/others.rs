//! Operations of upstream's dialects that have no row: how many operands, results and regions they have.

use super::Verifier;
use crate::body::{Body, Operation};
use crate::rules::{self, OpCx, Rule};

/// The dialects whose operations are all known: a row, or a line of [`OTHERS`].
pub(super) const CLOSED: &[&str] =
    &["arith", "builtin", "cf", "chlo", "func", "quant", "quantfork", "stablehlo", "tfl", "vhlo"];

const MANY: usize = usize::MAX;

const NONE: &[Rule] = &[];
const SAME: &[Rule] = &[Rule::SameType];
const SHAPE: &[Rule] = &[Rule::SameShape];
const CONSTANT: &[Rule] = &[Rule::Constant("value"), Rule::Check(rules::constant_shape)];
const PASSED: &[Rule] = &[Rule::Check(rules::passed_on)];
const TUPLE: &[Rule] = &[Rule::Check(rules::tuple)];
const LIKE: &[Rule] = &[Rule::SameShape, Rule::LikeElem];

/// Least and most.
type Count = (usize, usize);

/// Dialect, operands, results, regions, what else holds, and the operations.
type Line = (&'static str, Count, Count, Count, &'static [Rule], &'static str);

const OTHERS: &[Line] = &[
    ("arith", (1, 1), (1, 1), (0, 0), SAME, "negf"),
    (
        "arith",
        (1, 1),
        (1, 1),
        (0, 0),
        NONE,
        "extui extsi extf trunci truncf uitofp sitofp fptoui fptosi index_cast index_castui bitcast flush_denormals \
         convertf",
    ),
    (
        "arith",
        (2, 2),
        (1, 1),
        (0, 0),
        SAME,
        "addi subi muli divui divsi ceildivui ceildivsi floordivsi remui remsi andi ori xori shli shrui shrsi addf \
         subf maximumf maxnumf maxsi maxui minimumf minnumf minsi minui mulf divf remf",
    ),
    ("arith", (2, 2), (1, 1), (0, 0), NONE, "scaling_extf scaling_truncf cmpi cmpf"),
    ("arith", (2, 2), (2, 2), (0, 0), NONE, "addui_extended mulsi_extended mului_extended subui_extended"),
    ("arith", (3, 3), (1, 1), (0, 0), NONE, "select"),
    ("cf", (0, MANY), (0, 0), (0, 0), NONE, "switch"),
    ("cf", (1, 1), (0, 0), (0, 0), NONE, "assert"),
    ("chlo", (0, MANY), (0, MANY), (1, 1), NONE, "scan"),
    ("chlo", (0, 0), (1, 1), (0, 0), NONE, "constant"),
    (
        "chlo",
        (1, 1),
        (1, 1),
        (0, 0),
        NONE,
        "_asin_acos_kernel acos acosh asin asinh atan atanh bessel_i1e conj constant_like cosh digamma erf erf_inv \
         erfc is_inf is_neg_inf is_pos_inf lgamma sinh square tan",
    ),
    ("chlo", (1, 1), (2, 2), (0, 0), NONE, "top_k"),
    (
        "chlo",
        (2, 2),
        (1, 1),
        (0, 0),
        NONE,
        "broadcast_add broadcast_and broadcast_atan2 broadcast_compare broadcast_complex broadcast_divide \
         broadcast_maximum broadcast_minimum broadcast_multiply broadcast_next_after broadcast_or \
         broadcast_polygamma broadcast_power broadcast_remainder broadcast_shift_left \
         broadcast_shift_right_arithmetic broadcast_shift_right_logical broadcast_subtract broadcast_xor \
         broadcast_zeta mulhi next_after polygamma zeta",
    ),
    ("chlo", (3, 3), (1, 1), (0, 0), NONE, "broadcast_select ragged_dot"),
    ("func", (0, 0), (1, 1), (0, 0), NONE, "constant"),
    ("func", (1, MANY), (0, MANY), (0, 0), NONE, "call_indirect"),
    ("quant", (1, 1), (1, 1), (0, 0), SHAPE, "dcast qcast scast"),
    ("quantfork", (0, MANY), (0, MANY), (1, 1), NONE, "region"),
    ("quantfork", (0, MANY), (0, 0), (0, 0), NONE, "return"),
    (
        "quantfork",
        (1, 1),
        (1, 1),
        (0, 0),
        NONE,
        "stats_ref coupled_ref dcast qcast scast const_fake_quant const_fake_quant_per_axis",
    ),
    ("stablehlo", (0, MANY), (0, MANY), (0, 0), NONE, "all_gather all_to_all collective_broadcast"),
    ("stablehlo", (0, MANY), (0, MANY), (1, 1), NONE, "all_reduce collective_reduce"),
    ("stablehlo", (0, MANY), (1, 1), (0, 0), NONE, "after_all"),
    ("stablehlo", (0, MANY), (1, 1), (0, 0), TUPLE, "tuple"),
    ("stablehlo", (0, MANY), (1, 1), (1, 1), NONE, "async_start map"),
    ("stablehlo", (0, 0), (1, 1), (0, 0), CONSTANT, "constant"),
    ("stablehlo", (0, 0), (1, 1), (0, 0), NONE, "create_token partition_id replica_id"),
    ("stablehlo", (0, MANY), (0, MANY), (0, 0), PASSED, "optimization_barrier"),
    ("stablehlo", (1, MANY), (1, 1), (0, 0), NONE, "outfeed send"),
    ("stablehlo", (1, 1), (0, MANY), (0, 0), NONE, "infeed recv"),
    ("stablehlo", (1, 1), (0, MANY), (2, 2), NONE, "if"),
    (
        "stablehlo",
        (1, 1),
        (1, 1),
        (0, 0),
        LIKE,
        "ceil cholesky count_leading_zeros exponential_minus_one log_plus_one not popcnt reduce_precision reverse \
         round_nearest_afz round_nearest_even sign sine sqrt tan",
    ),
    (
        "stablehlo",
        (1, 1),
        (1, 1),
        (0, 0),
        NONE,
        "async_done bitcast_convert broadcast collective_permute cross-replica-sum dynamic_iota fft get_dimension_size \
         get_tuple_element imag is_finite real unary_einsum uniform_dequantize uniform_quantize",
    ),
    ("stablehlo", (1, 1), (1, 1), (1, 1), NONE, "reduce_scatter"),
    ("stablehlo", (2, 2), (1, 1), (0, 0), LIKE, "atan2 shift_right_arithmetic shift_right_logical xor"),
    (
        "stablehlo",
        (2, 2),
        (1, 1),
        (0, 0),
        NONE,
        "complex dot dynamic_broadcast_in_dim dynamic_reshape einsum set_dimension_size torch_index_select \
         triangular_solve",
    ),
    ("stablehlo", (3, 3), (1, 1), (0, 0), NONE, "dynamic_conv dynamic_gather rng"),
    ("stablehlo", (3, 3), (1, 1), (2, 2), NONE, "select_and_scatter"),
    ("stablehlo", (3, 3), (3, 3), (0, 0), NONE, "batch_norm_training"),
    ("stablehlo", (4, 4), (1, 1), (0, 0), NONE, "real_dynamic_slice"),
    ("stablehlo", (5, 5), (1, 1), (0, 0), NONE, "batch_norm_inference dynamic_pad"),
    ("stablehlo", (5, 5), (3, 3), (0, 0), NONE, "batch_norm_grad"),
    (
        "vhlo",
        (0, MANY),
        (0, MANY),
        (0, 0),
        NONE,
        "all_gather_v2 all_to_all_v2 call_v1 collective_broadcast_v2 composite_v1 composite_v2 custom_call_v1 \
         custom_call_v2 optimization_barrier_v1",
    ),
    (
        "vhlo",
        (0, MANY),
        (0, MANY),
        (1, 1),
        NONE,
        "all_reduce_v2 collective_reduce_v1 reduce_v1 reduce_window_v1 sort_v1",
    ),
    ("vhlo", (0, MANY), (0, MANY), (2, 2), NONE, "while_v1"),
    ("vhlo", (0, MANY), (0, 0), (0, 0), NONE, "return_v1"),
    ("vhlo", (0, MANY), (1, 1), (0, 0), NONE, "after_all_v1 concatenate_v1 tuple_v1"),
    ("vhlo", (0, MANY), (1, 1), (1, 1), NONE, "async_start_v1 map_v1"),
    ("vhlo", (0, 0), (0, 0), (1, 1), NONE, "func_v1"),
    ("vhlo", (0, 0), (1, 1), (0, 0), NONE, "constant_v1 create_token_v1 iota_v1 partition_id_v1 replica_id_v1"),
    ("vhlo", (1, MANY), (0, MANY), (1, 1), NONE, "scatter_v1 scatter_v2"),
    ("vhlo", (1, MANY), (1, 1), (0, 0), NONE, "dynamic_slice_v1 outfeed_v1 send_v1 send_v2"),
    ("vhlo", (1, 1), (0, MANY), (0, MANY), NONE, "case_v1"),
    ("vhlo", (1, 1), (0, MANY), (0, 0), NONE, "infeed_v1 recv_v1 recv_v2"),
    ("vhlo", (1, 1), (0, MANY), (2, 2), NONE, "if_v1"),
    (
        "vhlo",
        (1, 1),
        (1, 1),
        (0, 0),
        NONE,
        "abs_v1 all_gather_v1 all_to_all_v1 async_done_v1 bitcast_convert_v1 broadcast_in_dim_v1 broadcast_v1 \
         cbrt_v1 cbrt_v2 ceil_v1 cholesky_v1 collective_broadcast_v1 collective_permute_v1 convert_v1 cosine_v1 \
         cosine_v2 count_leading_zeros_v1 dynamic_iota_v1 exponential_minus_one_v1 exponential_minus_one_v2 \
         exponential_v1 exponential_v2 fft_v1 floor_v1 get_dimension_size_v1 get_tuple_element_v1 imag_v1 \
         is_finite_v1 log_plus_one_v1 log_plus_one_v2 log_v1 log_v2 logistic_v1 logistic_v2 negate_v1 not_v1 \
         popcnt_v1 real_v1 reduce_precision_v1 reshape_v1 reverse_v1 round_nearest_afz_v1 round_nearest_even_v1 \
         rsqrt_v1 rsqrt_v2 sign_v1 sine_v1 sine_v2 slice_v1 sqrt_v1 sqrt_v2 tan_v1 tan_v2 tanh_v1 tanh_v2 \
         transpose_v1 unary_einsum_v1 uniform_dequantize_v1 uniform_quantize_v1",
    ),
    ("vhlo", (1, 1), (1, 1), (1, 1), NONE, "all_reduce_v1 reduce_scatter_v1"),
    ("vhlo", (1, 1), (2, 2), (0, 0), NONE, "rng_bit_generator_v1"),
    ("vhlo", (2, MANY), (1, 1), (0, 0), NONE, "dynamic_update_slice_v1"),
    (
        "vhlo",
        (2, 2),
        (1, 1),
        (0, 0),
        NONE,
        "add_v1 and_v1 atan2_v1 compare_v1 complex_v1 convolution_v1 divide_v1 dot_general_v1 dot_general_v2 dot_v1 \
         dynamic_broadcast_in_dim_v1 dynamic_reshape_v1 einsum_v1 gather_v1 gather_v2 maximum_v1 minimum_v1 \
         multiply_v1 or_v1 pad_v1 power_v1 remainder_v1 set_dimension_size_v1 shift_left_v1 \
         shift_right_arithmetic_v1 shift_right_logical_v1 subtract_v1 torch_index_select_v1 triangular_solve_v1 \
         xor_v1",
    ),
    (
        "vhlo",
        (3, 3),
        (1, 1),
        (0, 0),
        NONE,
        "clamp_v1 dynamic_conv_v1 dynamic_conv_v2 dynamic_gather_v1 dynamic_gather_v2 rng_v1 select_v1",
    ),
    ("vhlo", (3, 3), (1, 1), (2, 2), NONE, "select_and_scatter_v1"),
    ("vhlo", (3, 3), (3, 3), (0, 0), NONE, "batch_norm_training_v1"),
    ("vhlo", (4, 4), (1, 1), (0, 0), NONE, "real_dynamic_slice_v1"),
    ("vhlo", (5, 5), (1, 1), (0, 0), NONE, "batch_norm_inference_v1 dynamic_pad_v1"),
    ("vhlo", (5, 5), (3, 3), (0, 0), NONE, "batch_norm_grad_v1"),
];

/// Operations without a row, and the attributes that they must have.
const REQUIRED: &[(&str, &str)] = &[
    ("arith.cmpf arith.cmpi", "predicate"),
    ("cf.assert", "msg"),
    ("chlo.broadcast_compare", "comparison_direction"),
    ("chlo.ragged_dot", "ragged_dot_dimension_numbers"),
    ("chlo.top_k", "k"),
    ("stablehlo.collective_permute", "source_target_pairs"),
    ("stablehlo.dynamic_gather", "dimension_numbers"),
    ("vhlo.all_gather_v1 vhlo.all_gather_v2", "all_gather_dim channel_id replica_groups use_global_device_ids"),
    ("vhlo.all_reduce_v1 vhlo.all_reduce_v2", "channel_id replica_groups use_global_device_ids"),
    ("vhlo.all_to_all_v1 vhlo.all_to_all_v2", "channel_id concat_dimension replica_groups split_count split_dimension"),
    (
        "vhlo.batch_norm_grad_v1 vhlo.batch_norm_inference_v1 vhlo.batch_norm_training_v1 \
         stablehlo.batch_norm_grad stablehlo.batch_norm_inference stablehlo.batch_norm_training",
        "epsilon feature_index",
    ),
    ("vhlo.broadcast_in_dim_v1 stablehlo.dynamic_broadcast_in_dim", "broadcast_dimensions"),
    ("vhlo.broadcast_v1 stablehlo.broadcast", "broadcast_sizes"),
    ("vhlo.call_v1", "callee"),
    (
        "vhlo.cbrt_v2 vhlo.cosine_v2 vhlo.exponential_minus_one_v2 vhlo.exponential_v2 vhlo.log_plus_one_v2 \
         vhlo.log_v2 vhlo.logistic_v2 vhlo.rsqrt_v2 vhlo.sine_v2 vhlo.sqrt_v2 vhlo.tan_v2 vhlo.tanh_v2",
        "result_accuracy",
    ),
    ("vhlo.cholesky_v1", "lower"),
    ("vhlo.collective_broadcast_v1", "channel_id replica_groups"),
    ("vhlo.collective_broadcast_v2", "channel_id has_dynamic_root replica_groups"),
    ("vhlo.collective_permute_v1", "channel_id source_target_pairs"),
    ("vhlo.collective_reduce_v1", "channel_id has_dynamic_root replica_groups use_global_device_ids"),
    ("vhlo.compare_v1", "compare_type comparison_direction"),
    ("vhlo.composite_v1 vhlo.composite_v2", "composite_attributes decomposition name version"),
    (
        "vhlo.concatenate_v1 vhlo.get_dimension_size_v1 vhlo.set_dimension_size_v1 stablehlo.get_dimension_size \
         stablehlo.set_dimension_size",
        "dimension",
    ),
    ("vhlo.constant_v1 chlo.constant chlo.constant_like func.constant stablehlo.constant", "value"),
    (
        "vhlo.convolution_v1 vhlo.dynamic_conv_v1",
        "batch_group_count feature_group_count input_batch_dimension input_feature_dimension \
         input_spatial_dimensions kernel_input_feature_dimension kernel_output_feature_dimension \
         kernel_spatial_dimensions lhs_dilation output_batch_dimension output_feature_dimension \
         output_spatial_dimensions padding precision_config rhs_dilation window_reversal window_strides",
    ),
    (
        "vhlo.custom_call_v1",
        "api_version backend_config call_target_name called_computations has_side_effect operand_layouts \
         output_operand_aliases result_layouts",
    ),
    (
        "vhlo.custom_call_v2",
        "api_version backend_config call_target_name called_computations has_side_effect operand_layouts \
         output_operand_aliases result_layouts result_tilings",
    ),
    (
        "vhlo.dot_general_v1",
        "lhs_batching_dimensions lhs_contracting_dimensions precision_config rhs_batching_dimensions \
         rhs_contracting_dimensions",
    ),
    (
        "vhlo.dot_general_v2",
        "accumulation_type allow_imprecise_accumulation lhs_batching_dimensions lhs_component_count \
         lhs_contracting_dimensions lhs_precision_type num_primitive_operations precision_config \
         rhs_batching_dimensions rhs_component_count rhs_contracting_dimensions rhs_precision_type",
    ),
    ("vhlo.dot_v1", "precision_config"),
    (
        "vhlo.dynamic_broadcast_in_dim_v1",
        "broadcast_dimensions known_expanding_dimensions known_nonexpanding_dimensions",
    ),
    (
        "vhlo.dynamic_conv_v2",
        "batch_group_count feature_group_count input_batch_dimension input_feature_dimension \
         input_spatial_dimensions kernel_input_feature_dimension kernel_output_feature_dimension \
         kernel_spatial_dimensions lhs_dilation output_batch_dimension output_feature_dimension \
         output_spatial_dimensions precision_config rhs_dilation window_reversal window_strides",
    ),
    ("vhlo.dynamic_gather_v1", "collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims start_index_map"),
    (
        "vhlo.dynamic_gather_v2",
        "collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims operand_batching_dims \
         start_index_map start_indices_batching_dims",
    ),
    ("vhlo.dynamic_iota_v1 vhlo.iota_v1 stablehlo.dynamic_iota", "iota_dimension"),
    ("vhlo.dynamic_slice_v1", "slice_sizes"),
    ("vhlo.einsum_v1 vhlo.unary_einsum_v1 stablehlo.einsum stablehlo.unary_einsum", "einsum_config"),
    ("vhlo.fft_v1 stablehlo.fft", "fft_length fft_type"),
    ("vhlo.func_v1", "arg_attrs function_type res_attrs sym_name sym_visibility"),
    (
        "vhlo.gather_v1",
        "collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims slice_sizes start_index_map",
    ),
    (
        "vhlo.gather_v2",
        "collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims operand_batching_dims slice_sizes \
         start_index_map start_indices_batching_dims",
    ),
    ("vhlo.get_tuple_element_v1 stablehlo.get_tuple_element", "index"),
    ("vhlo.infeed_v1", "infeed_config layout"),
    ("vhlo.map_v1 vhlo.reduce_v1 vhlo.reverse_v1 stablehlo.map stablehlo.reverse", "dimensions"),
    ("vhlo.outfeed_v1", "outfeed_config"),
    ("vhlo.pad_v1", "edge_padding_high edge_padding_low interior_padding"),
    ("vhlo.recv_v1 vhlo.send_v1", "channel_id channel_type is_host_transfer"),
    ("vhlo.recv_v2 vhlo.send_v2", "channel_id channel_type is_host_transfer source_target_pairs"),
    ("vhlo.reduce_precision_v1 stablehlo.reduce_precision", "exponent_bits mantissa_bits"),
    ("vhlo.reduce_scatter_v1", "channel_id replica_groups scatter_dimension use_global_device_ids"),
    ("vhlo.reduce_window_v1", "base_dilations padding window_dilations window_dimensions window_strides"),
    ("vhlo.rng_bit_generator_v1", "rng_algorithm"),
    ("vhlo.rng_v1 stablehlo.rng", "rng_distribution"),
    (
        "vhlo.scatter_v1",
        "index_vector_dim indices_are_sorted inserted_window_dims scatter_dims_to_operand_dims unique_indices \
         update_window_dims",
    ),
    (
        "vhlo.scatter_v2",
        "index_vector_dim indices_are_sorted input_batching_dims inserted_window_dims scatter_dims_to_operand_dims \
         scatter_indices_batching_dims unique_indices update_window_dims",
    ),
    ("vhlo.select_and_scatter_v1", "padding window_dimensions window_strides"),
    ("vhlo.slice_v1", "limit_indices start_indices strides"),
    ("vhlo.sort_v1", "dimension is_stable"),
    ("vhlo.torch_index_select_v1 stablehlo.torch_index_select", "batch_dims dim"),
    ("vhlo.transpose_v1", "permutation"),
    ("vhlo.triangular_solve_v1 stablehlo.triangular_solve", "left_side lower transpose_a unit_diagonal"),
];

/// Whether an operation without a row is known, and ends no block.
pub(super) fn ends_no_block(name: &str) -> bool {
    let ends = |op: &str| op.starts_with("return") || op == "switch";
    name.split_once('.').is_some_and(|(dialect, op)| CLOSED.contains(&dialect) && !ends(op))
}

impl Verifier<'_, '_> {
    /// An operation without a row is none of a dialect that is known in full, unless a line says what it has.
    pub(super) fn other(&mut self, body: &Body, op: &Operation) {
        let full = op.name.as_str();
        let Some((dialect, name)) = full.split_once('.').filter(|(d, _)| CLOSED.contains(d)) else { return };
        let line = OTHERS.iter().find(|line| line.0 == dialect && line.5.split(' ').any(|n| n == name));
        let Some((_, operands, results, regions, rules, _)) = line else {
            return self.error(op, "verify/unregistered", format!("is none of the dialect '{dialect}'"));
        };
        for (what, (least, most), given) in [
            ("operands", operands, op.operands().len()),
            ("results", results, op.results().len()),
            ("regions", regions, op.regions.len()),
        ] {
            if given < *least || given > *most {
                let n = if least == most { least.to_string() } else { format!("{least} or more") };
                self.error(op, "verify/arity", format!("must have {n} {what}, not {given}"));
            }
        }
        let required = REQUIRED.iter().filter(|(ops, _)| ops.split(' ').any(|o| o == full));
        for name in required.flat_map(|(_, names)| names.split(' ')).filter(|name| op.attr(name).is_none()) {
            self.error(op, "verify/attribute", format!("requires attribute '{name}'"));
        }
        self.keeps(op, rules, OpCx { body, op });
        self.named_function(op);
    }
}
