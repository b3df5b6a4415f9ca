// RUN: --split-input-file --verify-diagnostics --allow-unregistered-dialect
// The rules of rows: one case for each kind of them.
func.func @ranks(%x: tensor<2x3xf32>, %p: tensor<2x2xi32>, %i: tensor<1x1xi32>, %s: tensor<*xi32>, %b: tensor<2x5xf32>, %n: tensor<i32>, %t: tensor<f32>) {
  // expected-error@+3 [verify/shape] {{operand #0 must have rank 4, not 2}}
  // expected-error@+2 [verify/shape] {{operand #1 must have rank 1, not 0}}
  // expected-error@+1 [verify/shape] {{dimension 0 of operand #1 must be 2, not absent}}
  %0 = "tfl.resize_bilinear"(%x, %n) <{align_corners = false, half_pixel_centers = false}> : (tensor<2x3xf32>, tensor<i32>) -> tensor<?x?xf32>
  // expected-error@+1 [verify/shape] {{operand #0 must have rank 1 or more, not 0}}
  %1 = "tfl.softmax"(%t) <{beta = 1.0 : f32}> : (tensor<f32>) -> tensor<f32>
  // expected-error@+2 [verify/shape] {{operand #1 must have rank 1, not an unknown one}}
  // expected-error@+1 [verify/shape] {{operand #2 must have rank 0, not 2}}
  %2:2 = "tfl.split_v"(%x, %s, %i) <{num_splits = 2 : i32}> : (tensor<2x3xf32>, tensor<*xi32>, tensor<1x1xi32>) -> (tensor<2x1xf32>, tensor<2x2xf32>)
  // expected-error@+1 [verify/shape] {{operand #0 must be a scalar or a vector of one element}}
  %3 = "tfl.split"(%i, %x) <{num_splits = 1 : i32}> : (tensor<1x1xi32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = "test.scores"() : () -> tensor<2xf32>
  // expected-error@+1 [verify/shape] {{dimension 1 of operand #0 must be 4, not 5}}
  %4:2 = "tfl.non_max_suppression_v4"(%b, %5, %n, %t, %t) : (tensor<2x5xf32>, tensor<2xf32>, tensor<i32>, tensor<f32>, tensor<f32>) -> (tensor<?xi32>, tensor<i32>)
  return
}

// -----
func.func @padding(%x: tensor<2x3x4xf32>, %p: tensor<2x2xi32>) -> tensor<4x5x6xf32> {
  // expected-error@+1 [verify/shape] {{operand #0 has rank 3, but operand #1 is for rank 2}}
  %0 = "tfl.pad"(%x, %p) : (tensor<2x3x4xf32>, tensor<2x2xi32>) -> tensor<4x5x6xf32>
  return %0 : tensor<4x5x6xf32>
}

// -----
func.func @elements(%x: tensor<2xf32>, %i: tensor<2xi32>, %q: tensor<2x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error@+1 [verify/elem] {{result #0 must have elements like operand #0, f32, not i32}}
  %0 = "tfl.pack"(%x) <{axis = 0 : i32, values_count = 1 : i32}> : (tensor<2xf32>) -> tensor<1x2xi32>
  // expected-error@+1 [verify/elem] {{operand #0 must have elements like operand #1, i32, not f32}}
  %1 = "tfl.sub"(%x, %i) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  // expected-error@+1 [verify/elem] {{must make a value of the type of its operand, tensor<2xf32>, not tensor<?xf32>}}
  %2 = "tfl.sign"(%x) : (tensor<2xf32>) -> tensor<?xf32>
  // expected-error@+1 [verify/same-scale] {{must have the same quantization parameters everywhere}}
  %3 = "tfl.maximum"(%q, %q) : (tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<2x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x!quant.uniform<i8:f32, 0.25>>
  %5 = "test.number"() : () -> f32
  // expected-error@+1 [verify/type] {{operand #0 (`x`) must be a tensor, not f32}}
  %4 = "tfl.abs"(%5) : (f32) -> tensor<f32>
  return
}

// -----
func.func @broadcast(%x: tensor<2x3xf32>, %y: tensor<4xf32>) {
  // expected-error@+1 [verify/shape] {{has operands that do not broadcast: dimensions 3 and 4 do not broadcast}}
  %0 = "tfl.add"(%x, %y) <{fused_activation_function = "NONE"}> : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // expected-error@+1 [verify/shape] {{makes shape 2x4, but its operands broadcast to 2x3}}
  %1 = "tfl.add"(%x, %x) <{fused_activation_function = "NONE"}> : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x4xf32>
  // A result may have more dimensions for upstream; no runtime makes them.
  // expected-warning@+1 [verify/shape] {{result #0 is declared with shape 1x?x3, but its operands give 2x3}}
  %2 = "tfl.add"(%x, %x) <{fused_activation_function = "NONE"}> : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<1x?x3xf32>
  return
}

// -----
func.func @attributes(%x: tensor<1x4x4x4xf32>) {
  // expected-error@+1 [verify/attribute] {{attribute 'block_size' must be positive, not 0}}
  %0 = "tfl.depth_to_space"(%x) <{block_size = 0 : i32}> : (tensor<1x4x4x4xf32>) -> tensor<1x8x8x1xf32>
  // expected-error@+1 [verify/attribute] {{attribute 'block_size' must be i32}}
  %1 = "tfl.depth_to_space"(%x) <{block_size = 2 : i64}> : (tensor<1x4x4x4xf32>) -> tensor<1x8x8x1xf32>
  %3 = "test.dimension"() : () -> tensor<i32>
  // expected-error@+1 [verify/attribute] {{attribute 'num_splits' is 2, but it has 1 results}}
  %2 = "tfl.split"(%3, %x) <{num_splits = 2 : i32}> : (tensor<i32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return
}

// -----
func.func @shapes(%x: tensor<1x4x4x3xf32>, %w: tensor<8x3x3x3xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 [verify/shape] {{result #0 is declared with shape 1x9x9x8, but its operands give 1x4x4x8}}
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}>
    : (tensor<1x4x4x3xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<1x9x9x8xf32>
  %shape = arith.constant dense<[3, -1]> : tensor<2xi32>
  // expected-error@+1 [verify/operation] {{must make a result of shape 3x16, not 16x3}}
  %1 = "tfl.reshape"(%x, %shape) : (tensor<1x4x4x3xf32>, tensor<2xi32>) -> tensor<16x3xf32>
  // expected-error@+1 [verify/operation] {{dimension 3 of the result must be 6, the sum of its operands', not 5}}
  %2 = "tfl.concatenation"(%x, %x) <{axis = -1 : i32, fused_activation_function = "NONE"}> : (tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>) -> tensor<1x4x4x5xf32>
  return
}

// -----
func.func @regions(%c: tensor<i1>) {
  // expected-error@+1 [verify/terminator] {{ends its region #0 with 'test.end', not with 'tfl.yield'}}
  "tfl.if"(%c) ({
    "test.end"() : () -> ()
  }, {
  }) : (tensor<i1>) -> ()
  // expected-error@+1 [verify/arity] {{must have 2 regions, not 1}}
  "tfl.if"(%c) ({
    "tfl.yield"() : () -> ()
  }) : (tensor<i1>) -> ()
  // expected-error@+1 [verify/arity] {{must have no regions, not 1}}
  %0 = "tfl.logical_not"(%c) ({
  }) : (tensor<i1>) -> tensor<i1>
  return
}

// -----
// Dialects that are known in full have no other operations.
func.func @others(%x: tensor<2xf32>) {
  // expected-error@+1 [verify/unregistered] {{is none of the dialect 'tfl'}}
  %0 = "tfl.nothing"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [verify/arity] {{must have 2 operands, not 1}}
  %1 = "stablehlo.atan2"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [verify/attribute] {{requires attribute 'dimension'}}
  %2 = "stablehlo.get_dimension_size"(%x) : (tensor<2xf32>) -> tensor<i32>
  "mine.anything"() : () -> ()
  return
}

// -----
func.func @blocks(%x: tensor<4x64xf32>, %u: tensor<?x64xi4>, %c: tensor<4x64xi4>, %s: tensor<4x2xf32>, %z: tensor<1x1xi4>, %w: tensor<4x64xf32>) {
  %0:3 = "tfl.blockwise_quantize"(%x) <{block_shape = [1, 32], scale_type = f32, symmetric = true}> : (tensor<4x64xf32>) -> (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>)
  %1 = "tfl.blockwise_dequantize"(%c, %s, %z) <{block_shape = [1, 32], symmetric = true}> : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 [verify/attribute] {{attribute 'block_shape' must be an array of i64}}
  %2 = "tfl.blockwise_dequantize"(%c, %s, %z) <{block_shape = [1 : i32, 32 : i32], symmetric = true}> : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{attribute 'block_shape' must hold sizes above 0}}
  %3 = "tfl.blockwise_dequantize"(%c, %s, %z) <{block_shape = [0, 32], symmetric = true}> : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{attribute 'block_shape' must have 2 sizes, not 1}}
  %4 = "tfl.blockwise_dequantize"(%c, %s, %z) <{block_shape = [32], symmetric = true}> : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{has 64 elements along dimension 1 in blocks of 24}}
  %5 = "tfl.blockwise_dequantize"(%c, %s, %z) <{block_shape = [1, 24], symmetric = true}> : (tensor<4x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{must have an operand #0 of known shape}}
  %6 = "tfl.blockwise_dequantize"(%u, %s, %z) <{block_shape = [1, 32], symmetric = true}> : (tensor<?x64xi4>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{must have scales of shape 4x2 or with sizes of 1, not 4x64}}
  %7 = "tfl.blockwise_dequantize"(%c, %w, %z) <{block_shape = [1, 32], symmetric = true}> : (tensor<4x64xi4>, tensor<4x64xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{must have codes of i2, i4, i8 or i16, not f32}}
  %8 = "tfl.blockwise_dequantize"(%x, %s, %z) <{block_shape = [1, 32], symmetric = true}> : (tensor<4x64xf32>, tensor<4x2xf32>, tensor<1x1xi4>) -> tensor<4x64xf32>
  // expected-error@+1 {{has scales of f16, but its attribute 'scale_type' says f32}}
  %9:3 = "tfl.blockwise_quantize"(%x) <{block_shape = [1, 32], scale_type = f32, symmetric = true}> : (tensor<4x64xf32>) -> (tensor<4x64xi4>, tensor<4x2xf16>, none)
  return
}
