//! StableHLO operations go through a file and back: each attribute has its field.

mod trip;

use trip::{refused, returns};

const T: &str = "tensor<4x6xf32>";

/// An operation `stablehlo.NAME` of `operands`, with properties, to a result.
fn op(name: &str, props: &str, operands: &[&str], result: &str) {
    let args: Vec<String> = operands.iter().enumerate().map(|(i, t)| format!("%arg{i}: {t}")).collect();
    let values: Vec<String> = (0..operands.len()).map(|i| format!("%arg{i}")).collect();
    let props = if props.is_empty() { String::new() } else { format!(" <{{{props}}}>") };
    returns(&format!(
        "func.func @main({}) -> {result} {{\n%0 = \"stablehlo.{name}\"({}){props} : ({}) -> {result}\nreturn %0 : {result}\n}}",
        args.join(", "),
        values.join(", "),
        operands.join(", ")
    ));
}

#[test]
fn operations_without_options_return() {
    for name in ["abs", "cbrt", "cosine", "exponential", "floor", "log", "logistic", "negate", "rsqrt", "tanh"] {
        op(name, "", &[T], T);
    }
    for name in ["add", "divide", "maximum", "minimum", "multiply", "power", "remainder", "subtract"] {
        op(name, "", &[T, T], T);
    }
    op("convert", "", &[T], "tensor<4x6xi32>");
    op("reshape", "", &[T], "tensor<24xf32>");
    op("select", "", &["tensor<4x6xi1>", T, T], T);
    op("clamp", "", &["tensor<f32>", T, "tensor<f32>"], T);
    op("dynamic_update_slice", "", &[T, "tensor<1x2xf32>", "tensor<i32>", "tensor<i32>"], T);
}

#[test]
fn lists_and_numbers_return() {
    op("concatenate", "dimension = 1 : i64", &[T, T], "tensor<4x12xf32>");
    op("broadcast_in_dim", "broadcast_dimensions = array<i64: 1>", &["tensor<6xf32>"], T);
    let slice = "limit_indices = array<i64: 4, 5>, start_indices = array<i64: 0, 1>, strides = array<i64: 1, 2>";
    op("slice", slice, &[T], "tensor<4x2xf32>");
    op("dynamic_slice", "slice_sizes = array<i64: 1, 2>", &[T, "tensor<i32>", "tensor<i32>"], "tensor<1x2xf32>");
    let pad = "edge_padding_high = array<i64: 1, 0>, edge_padding_low = array<i64: 0, -1>, interior_padding = array<i64: 0, 1>";
    op("pad", pad, &[T, "tensor<f32>"], "tensor<5x10xf32>");
    op("iota", "iota_dimension = 1 : i64", &[], T);
    op("transpose", "permutation = array<i64: 1, 0>", &[T], "tensor<6x4xf32>");
}

#[test]
fn keywords_return() {
    let compare = |direction: &str| format!("comparison_direction = #stablehlo<comparison_direction {direction}>");
    for direction in ["EQ", "NE", "GE", "GT", "LE", "LT"] {
        op("compare", &compare(direction), &[T, T], "tensor<4x6xi1>");
    }
    let props = format!("compare_type = #stablehlo<comparison_type TOTALORDER>, {}", compare("LT"));
    // Properties are printed in the order of their names.
    let props = props.split(", ").collect::<Vec<_>>();
    op("compare", &[props[0], props[1]].join(", "), &[T, T], "tensor<4x6xi1>");
}

#[test]
fn dimension_numbers_return() {
    let precision = "precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision HIGHEST>]";
    let dot = "dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>";
    op("dot_general", &format!("{dot}, {precision}"), &["tensor<2x4x6xf32>", "tensor<2x6x3xf32>"], "tensor<2x4x3xf32>");
    let conv = format!(
        "batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, \
         feature_group_count = 3 : i64, lhs_dilation = array<i64: 1, 2>, padding = dense<[[0, 1], [2, 3]]> : tensor<2x2xi64>, \
         {precision}, rhs_dilation = array<i64: 2, 1>, window_reversal = array<i1: false, true>, window_strides = array<i64: 1, 2>"
    );
    op("convolution", &conv, &["tensor<1x8x8x3xf32>", "tensor<3x3x1x6xf32>"], "tensor<1x5x9x6xf32>");
    let gather = "dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = true, slice_sizes = array<i64: 1, 6>";
    op("gather", gather, &[T, "tensor<3x1xi32>"], "tensor<3x6xf32>");
}

#[test]
fn what_the_schema_has_no_field_for_is_refused() {
    let message = refused(
        r#"func.func @main(%a: tensor<4x6xf32>, %b: tensor<3x1xi32>) -> tensor<3x6xf32> {
  %0 = "stablehlo.gather"(%a, %b) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], operand_batching_dims = [0], start_index_map = [0]>, slice_sizes = array<i64: 1, 6>}> : (tensor<4x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  return %0 : tensor<3x6xf32>
}"#,
    );
    assert_eq!(message, "'stablehlo.gather' op has attributes that are missing or of another kind");
}

#[test]
fn regions_are_subgraphs() {
    let scalar = r#"func.func private @f(%arg0: tensor<f32>, %arg1: tensor<f32>) -> tensor<f32> {
  %0 = "stablehlo.add"(%arg0, %arg1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}"#;
    let region = r#"({
^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
  %1 = "func.call"(%arg2, %arg3) <{callee = @f}> : (tensor<f32>, tensor<f32>) -> tensor<f32>
  "stablehlo.return"(%1) : (tensor<f32>) -> ()
})"#;
    let window = "base_dilations = array<i64: 1, 1>, padding = dense<0> : tensor<2x2xi64>, window_dilations = array<i64: 1, 1>, window_dimensions = array<i64: 1, 2>, window_strides = array<i64: 1, 2>";
    for (name, props, result) in
        [("reduce", "dimensions = array<i64: 1>", "tensor<4xf32>"), ("reduce_window", window, "tensor<4x3xf32>")]
    {
        returns(&format!(
            "func.func @main(%arg0: {T}, %arg1: tensor<f32>) -> {result} {{\n\
             %0 = \"stablehlo.{name}\"(%arg0, %arg1) <{{{props}}}> {region} : ({T}, tensor<f32>) -> {result}\n\
             return %0 : {result}\n}}\n{scalar}"
        ));
    }
}

#[test]
fn branches_capture_values() {
    returns(
        r#"func.func @main(%arg0: tensor<i32>, %arg1: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.case"(%arg0) ({
    %1 = "func.call"(%arg1) <{callee = @f}> : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%1) : (tensor<4xf32>) -> ()
  }, {
    %1 = "func.call"(%arg1) <{callee = @g}> : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%1) : (tensor<4xf32>) -> ()
  }, {
    %1 = "func.call"(%arg1) <{callee = @f}> : (tensor<4xf32>) -> tensor<4xf32>
    "stablehlo.return"(%1) : (tensor<4xf32>) -> ()
  }) : (tensor<i32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
func.func private @g(%arg0: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.abs"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}"#,
    );
}

#[test]
fn composites_and_custom_calls_return() {
    returns(
        r#"func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "stablehlo.composite"(%arg0) <{composite_attributes = {a = 1 : i64, b = "s", c = true, d = 5.000000e-01 : f32, e = [1 : i64, "x"], t = dense<[1, 2]> : tensor<2xi32>}, decomposition = @my.op, name = "my.op", version = 3 : i32}> : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "stablehlo.custom_call"(%0) <{api_version = 2 : i32, backend_config = "cfg", call_target_name = "foo", has_side_effect = true}> : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func private @my.op(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}"#,
    );
}
