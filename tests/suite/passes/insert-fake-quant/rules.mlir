// RUN: --pass-pipeline='insert-fake-quant'
// EVAL: @main(0.5) == 0.0625 within 0.001
// A range becomes a pair, unless a rule decides: behind a fixed output range, and around a same-scale operation.
func.func @main(%x: tensor<1x2x2x4xf32>) -> tensor<1x4xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
  %s = arith.constant dense<[1, 16]> : tensor<2xi32>
  %1 = "tfl.reshape"(%0, %s) : (tensor<1x2x2x4xf32>, tensor<2xi32>) -> tensor<1x16xf32>
  %2 = "quantfork.stats"(%1) <{layerStats = dense<[-0.9, 1.0]> : tensor<2xf32>}> : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %3 = "tfl.softmax"(%2) <{beta = 1.0 : f32}> : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %4 = "quantfork.stats"(%3) <{layerStats = dense<[0.0, 0.7]> : tensor<2xf32>}> : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %b = arith.constant dense<[0, 0]> : tensor<2xi32>
  %n = arith.constant dense<[1, 4]> : tensor<2xi32>
  %5 = "tfl.slice"(%4, %b, %n) : (tensor<1x16xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x4xf32>
  return %5 : tensor<1x4xf32>
}
