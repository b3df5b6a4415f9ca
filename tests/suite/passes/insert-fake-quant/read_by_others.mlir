// RUN: --pass-pipeline='insert-fake-quant'
// EVAL: @main([-0.5, 2, 0.25, -1], [-0.5, -0.25, 0.5, 0], 0) == [-0.5, 0, 0, -1], [-0.47943, 0.9093, 0.2474, -0.84147], [-0.5, -0.25, 0, 0] within 0.01
// The sine reads values that the minimum cuts off: they keep their range. An operand that only the minimum reads takes that of its result.
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>, %zero: tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 3.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "tfl.minimum"(%0, %zero) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "quantfork.stats"(%1) <{layerStats = dense<[-1.0, 0.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "tfl.sin"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %4 = "quantfork.stats"(%y) <{layerStats = dense<[-1.0, 3.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %5 = "tfl.minimum"(%4, %zero) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %6 = "quantfork.stats"(%5) <{layerStats = dense<[-1.0, 0.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %3, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
