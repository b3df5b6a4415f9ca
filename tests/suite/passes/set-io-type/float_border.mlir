// RUN: --pass-pipeline='set-io-type{io=int8}'
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/wave")
  return %0 : tensor<4xf32>
}
