// RUN: --pass-pipeline='cse'
// EVAL: @main([1, -2]) == [4, 0]
// Equal constants are one, and so are operations on the same operands; different attributes keep them apart.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = arith.constant dense<1.0> : tensor<f32>
  %d = arith.constant dense<1.0> : tensor<f32>
  %0 = "tfl.add"(%x, %c) <{fused_activation_function = "RELU"}> : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = "tfl.add"(%x, %d) <{fused_activation_function = "RELU"}> : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %2 = "tfl.add"(%0, %1) <{fused_activation_function = "RELU"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}
