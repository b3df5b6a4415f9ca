// RUN: --pass-pipeline='fold-quant-dequant'
// EVAL: @main([1, -4, 100, -128]) == [1, -4, 100, -128], [5, -5, 127, -128]
// A quantize of what was just dequantized is the stored value, or one requantization where the parameters differ.
func.func @main(%q: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> (tensor<4x!quant.uniform<i8:f32, 0.5>>, tensor<4x!quant.uniform<i8:f32, 0.25:3>>) {
  %0 = "tfl.dequantize"(%q) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
  %1 = "tfl.quantize"(%0) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  %2 = "tfl.quantize"(%0) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.25:3>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.25:3>>
  return %1, %2 : tensor<4x!quant.uniform<i8:f32, 0.5>>, tensor<4x!quant.uniform<i8:f32, 0.25:3>>
}
