// RUN: --split-input-file --verify-diagnostics --allow-unregistered-dialect
// What only runtimes refuse is a warning on a text. Before a file is written it is an error.
func.func @elements(%x: tensor<2xi32>) {
  // expected-warning@+2 [verify/elem] {{operand #0 (`x`)}}
  // expected-warning@+1 [verify/elem] {{result #0 (`y`)}}
  %0 = "tfl.elu"(%x) : (tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----
func.func @zero_point() {
  // expected-warning@+1 [verify/quant-type] {{its zero point 128 lies outside -128:127}}
  %0 = "a.b"() : () -> tensor<2x!quant.uniform<i8:f32, 0.5:128>>
  // expected-warning@+1 [verify/quant-type] {{its zero point -1 lies outside 0:255}}
  %1 = "a.b"() : () -> tensor<2x!quant.uniform<u8:f32:0, {0.5, 0.5:-1}>>
  return
}

// -----
// expected-warning@+1 [verify/quant-type] {{its quantized dimension 2 does not exist}}
func.func @axis(%x: tensor<3x2x!quant.uniform<i8:f32:2, {0.5, 0.25}>>) {
  // expected-warning@+1 [verify/quant-type] {{it has 2 scales for a dimension of 3}}
  %0 = "a.b"() : () -> tensor<3x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  %1 = "a.b"() : () -> tensor<?x2x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  return
}

// -----
func.func @blocks() {
  %0 = "a.b"() : () -> tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.5}, {0.5, 0.5}}>>
  // expected-warning@+1 [verify/quant-type] {{blocks of 3 do not fill dimension 1 of 4}}
  %1 = "a.b"() : () -> tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:3}, {{0.5}, {0.5}}>>
  // expected-warning@+1 [verify/quant-type] {{it has 1 scales along dimension 0, not 2}}
  %2 = "a.b"() : () -> tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.5}}>>
  return
}

// -----
func.func @bias(%x: tensor<1x2x!quant.uniform<i8:f32, 0.5>>, %w: tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.25>>,
    %b: tensor<3x!quant.uniform<i32:f32, 0.1>>) -> tensor<1x3x!quant.uniform<i8:f32, 1.0>> {
  // expected-warning@+1 [verify/bias-scale] {{its bias has scale 0.1, not input scale 0.5 times weight scale 0.25}}
  %0 = "tfl.fully_connected"(%x, %w, %b) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}>
    : (tensor<1x2x!quant.uniform<i8:f32, 0.5>>, tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.25>>,
       tensor<3x!quant.uniform<i32:f32, 0.1>>) -> tensor<1x3x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<1x3x!quant.uniform<i8:f32, 1.0>>
}

// -----
func.func @symbols() {
  // expected-warning@+1 [verify/symbol] {{names `@nobody`, which is not defined}}
  "tf.PartitionedCall"() {f = @nobody, config = "", config_proto = "", executor_type = ""} : () -> ()
  return
}

// -----
func.func @shape(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x2x2xf32> {
  // expected-warning@+1 [verify/shape] {{result #0 is declared with shape 1x3x2x2, but its operands give 1x2x2x2}}
  %0 = "tfl.max_pool_2d"(%x) <{filter_height = 2 : i32, filter_width = 2 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 2 : i32, stride_w = 2 : i32}>
    : (tensor<1x4x4x2xf32>) -> tensor<1x3x2x2xf32>
  return %0 : tensor<1x3x2x2xf32>
}

// -----
func.func @elements(%x: tensor<4xi1>) -> tensor<4xi32> {
  // expected-warning@+2 [verify/elem] {{result #0 (`output`) is of a type it does not take}}
  // expected-warning@+1 [verify/elem] {{result #0 is declared with elements i32, but its operands give i1}}
  %0 = "tfl.logical_and"(%x, %x) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
