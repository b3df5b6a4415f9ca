// RUN: --pass-pipeline='keep-float{ops=net/logits*;SIN}'
// EVAL: @main([0, 1, -1, 2]) ~= [0, 0.69007607, 0, 0.82149482]
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/body")
  %1 = "tfl.tanh"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc("net/logits/tanh")
  %2 = "tfl.sin"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
