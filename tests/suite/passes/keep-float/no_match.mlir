// RUN: --pass-pipeline='keep-float{ops=net/logit}'
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/logits")
  return %0 : tensor<4xf32>
}
