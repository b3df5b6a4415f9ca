// RUN: --pass-pipeline='insert-fake-quant,propagate-params'
// Weights get a scale for each output channel, the bias the product of the scales.
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[0.0, 2.55]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %w = arith.constant dense<[[1.27, 0.5], [-2.54, 0.1]]> : tensor<2x2xf32>
  %b = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %1 = "tfl.fully_connected"(%0, %w, %b) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %2 = "quantfork.stats"(%1) <{layerStats = dense<[-5.0, 5.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}
