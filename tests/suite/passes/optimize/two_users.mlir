// RUN: --pass-pipeline='optimize,canonicalize,dce'
// EVAL: @main([1, -2]) == [[[[2, 2], [-1, -4]]]], [[[[2, 2], [0, 0]]]]
// A convolution that somebody else reads keeps its value.
func.func @main(%x: tensor<1x1x2x1xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x1x2x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x1x2x2xf32>
  %1 = "tfl.relu"(%0) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %0, %1 : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>
}
