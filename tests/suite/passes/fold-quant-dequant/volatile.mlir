// RUN: --pass-pipeline='fold-quant-dequant'
// EVAL: @main([0, 1, -2, 0.5], [1, 2, 3, 4]) ~= [1, 2.84147098, 2.09070257, 4.47942554]
// A pair that this compiler put around a float operation goes; one that was there before stays.
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> {volatile} : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
  %2 = "tfl.sin"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "tfl.quantize"(%y) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  %4 = "tfl.dequantize"(%3) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
  %5 = "tfl.add"(%2, %4) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %5 : tensor<4xf32>
}
