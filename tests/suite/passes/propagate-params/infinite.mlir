// RUN: --pass-pipeline='propagate-params,quantize-ops'
// EVAL: @main([1, 2, -3, 0]) == [true, true, true, true]
// A constant that is not finite has no parameters, and the comparison with it stays float.
func.func @main(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xi1> {
  %0 = "tfl.dequantize"(%x) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
  %infinity = arith.constant dense<0x7F800000> : tensor<f32>
  %1 = "tfl.less"(%0, %infinity) : (tensor<4xf32>, tensor<f32>) -> tensor<4xi1>
  return %1 : tensor<4xi1>
}
