// RUN: --pass-pipeline='insert-fake-quant,propagate-params'
// EVAL: @main([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, -0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.8]) == [[[[1.1], [1.3]], [[0.4], [0.2]]]] within 0.02
// A pool takes over the parameters of its operand; two ranges that meet in one addition stay apart.
func.func @main(%x: tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %1 = "tfl.max_pool_2d"(%0) <{filter_height = 2 : i32, filter_width = 2 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 2 : i32, stride_w = 2 : i32}> : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  %c = arith.constant dense<0.5> : tensor<f32>
  %2 = "tfl.add"(%1, %c) <{fused_activation_function = "NONE"}> : (tensor<1x2x2x1xf32>, tensor<f32>) -> tensor<1x2x2x1xf32>
  %3 = "quantfork.stats"(%2) <{layerStats = dense<[-0.5, 1.5]> : tensor<2xf32>}> : (tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %3 : tensor<1x2x2x1xf32>
}
