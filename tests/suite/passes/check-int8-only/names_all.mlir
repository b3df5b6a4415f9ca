// RUN: --pass-pipeline='check-int8-only'
// Every operation that computes in float is named with its node; integers and conversions are not.
func.func @main(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %0 = "tfl.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/wave")
  %1 = "tfl.cos"(%0) {quant.float_reason = "TFLite has no int8 kernel for it"} : (tensor<4xf32>) -> tensor<4xf32> loc("net/shift")
  %c = "tfl.cast"(%i) : (tensor<4xi32>) -> tensor<4xf32> loc("net/image")
  %2 = "tfl.add"(%i, %i) <{fused_activation_function = "NONE"}> : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %3 = "tfl.quantize"(%1) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  %4 = "tfl.dequantize"(%3) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
  return %4, %2 : tensor<4xf32>, tensor<4xi32>
}
