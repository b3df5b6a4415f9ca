// RUN: --pass-pipeline='insert-fake-quant,propagate-params,quantize-ops'
// EVAL: @main([0.5, -0.5, 1, 0.25], [1, 0.5, -1, 0.5]) == [0.47943, 0, -0.84147, 0.49481] within 0.05
// An operation between pairs computes on integers. A sine has no int8 kernel, and a division whose divisor may be zero is not safe: the reason stays.
func.func @main(%x: tensor<4xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "quantfork.stats"(%d) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "tfl.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "quantfork.stats"(%2) <{layerStats = dense<[0.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %4 = "tfl.sin"(%3) : (tensor<4xf32>) -> tensor<4xf32>
  %5 = "quantfork.stats"(%4) <{layerStats = dense<[0.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  %6 = "tfl.div"(%5, %1) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %7 = "quantfork.stats"(%6) <{layerStats = dense<[-9.0, 9.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  return %7 : tensor<4xf32>
}
