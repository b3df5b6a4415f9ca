// RUN: --pass-pipeline='insert-fake-quant,propagate-params,quantize-ops,fold-quant-dequant'
// EVAL: @main([-0.5, 1]) == [[-0.5, 1, 0.37754, 0.73106]] within 0.01
// A sigmoid's range is fixed, so its value is requantized in front of the concatenation.
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x4xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = "tfl.logistic"(%0) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = "quantfork.stats"(%1) <{layerStats = dense<[0.2, 0.8]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = "tfl.concatenation"(%0, %2) <{axis = 1 : i32, fused_activation_function = "NONE"}> : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x4xf32>
  %4 = "quantfork.stats"(%3) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}
