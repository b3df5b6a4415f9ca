// RUN: --pass-pipeline='quantize-weights{min-elements=4}'
// EVAL: @main([[1, 2]]) == [[3.27, -3.34]] within 0.02
// A fully connected operation takes int8 weights and quantizes its input at run time; small constants stay.
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<[[1.27, 0.5], [-2.54, 0.1]]> : tensor<2x2xf32>
  %b = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %1 = "tfl.fully_connected"(%x, %w, %b) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
