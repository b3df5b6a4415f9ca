// RUN: --pass-pipeline='set-io-type{io=uint8}'
func.func @main(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5:3>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<4xf32>
  return %1, %i : tensor<4xf32>, tensor<4xi32>
}
