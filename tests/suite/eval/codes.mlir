// RUN:
// EVAL: @add([10, -4], [6, -4]) == [8, -4]
// EVAL: @add(127, 127) == 127
// Numbers of a quantized tensor are its codes; the sum of the largest is cut off at the largest.
func.func @add(%x: tensor<2x!quant.uniform<i8:f32, 0.5>>, %y: tensor<2x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x!quant.uniform<i8:f32, 1.0>> {
  %0 = "tfl.add"(%x, %y) <{fused_activation_function = "NONE"}> : (tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<2x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<2x!quant.uniform<i8:f32, 1.0>>
}
