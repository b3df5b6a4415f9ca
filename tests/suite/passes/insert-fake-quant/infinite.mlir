// RUN: --pass-pipeline='insert-fake-quant'
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[0xFF800000, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32> loc("net/mask")
  return %0 : tensor<4xf32>
}
