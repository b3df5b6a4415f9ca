// RUN: --pass-pipeline='optimize,canonicalize,dce'
// EVAL: @main([1, 2]) == [6, 0, 6, 0]
// A batch norm goes into the filter and the bias, the activation into the convolution.
func.func @main(%x: tensor<1x1x2x1xf32>) -> tensor<1x1x2x2xf32> {
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x1x2x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x1x2x2xf32> loc("net/conv")
  %m = arith.constant dense<[4.0, -3.0]> : tensor<2xf32>
  %1 = "tfl.mul"(%0, %m) <{fused_activation_function = "NONE"}> : (tensor<1x1x2x2xf32>, tensor<2xf32>) -> tensor<1x1x2x2xf32> loc("net/bn/mul")
  %s = arith.constant dense<[-1.0, 1.0]> : tensor<2xf32>
  %2 = "tfl.add"(%1, %s) <{fused_activation_function = "NONE"}> : (tensor<1x1x2x2xf32>, tensor<2xf32>) -> tensor<1x1x2x2xf32> loc("net/bn/add")
  %3 = "tfl.relu6"(%2) : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> loc("net/relu6")
  return %3 : tensor<1x1x2x2xf32>
}
