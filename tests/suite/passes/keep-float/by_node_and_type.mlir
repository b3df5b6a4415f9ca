// RUN: --pass-pipeline='keep-float{ops=net/logits*;SIN}'
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/body")
  %1 = "tfl.tanh"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc("net/logits/tanh")
  %2 = "tfl.sin"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
