// RUN: --pass-pipeline='insert-fake-quant'
// EVAL: @main([1, 2], [-3, 0.5]) == [[1, 2, -3, 0.5]] within 0.02
// Of a concatenation the result's range is kept and given back to the operands.
func.func @main(%x: tensor<1x2xf32>, %y: tensor<1x2xf32>) -> tensor<1x4xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = "quantfork.stats"(%y) <{layerStats = dense<[-4.0, 2.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = "tfl.concatenation"(%0, %1) <{axis = 1 : i32, fused_activation_function = "NONE"}> : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x4xf32>
  %3 = "quantfork.stats"(%2) <{layerStats = dense<[-4.0, 2.0]> : tensor<2xf32>}> : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %3 : tensor<1x4xf32>
}
