// RUN: --pass-pipeline='canonicalize'
// EVAL: @main([1, 2]) == [7, 8]
// Adding nothing goes, constants are computed and stand on the right.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %four = arith.constant dense<4.0> : tensor<f32>
  %0 = "tfl.add"(%x, %zero) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = "tfl.add"(%two, %four) <{fused_activation_function = "NONE"}> : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %2 = "tfl.add"(%1, %0) <{fused_activation_function = "NONE"}> : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}
