// RUN: --pass-pipeline='canonicalize,optimize,canonicalize,cse,dce,place-views' --mlir-pass-statistics
// An image network exported from NCHW: both the branch and the shortcut read the transposed value, so no transpose has one user.
func.func @main(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %w = arith.constant dense<0.0625> : tensor<16x1x1x16xf32>
  %b = arith.constant dense<0.5> : tensor<16xf32>
  %slope = arith.constant dense<0.25> : tensor<16x1x1xf32>
  %to_nchw = arith.constant dense<[0, 3, 1, 2]> : tensor<4xi32>
  %to_nhwc = arith.constant dense<[0, 2, 3, 1]> : tensor<4xi32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32>
  %1 = "tfl.transpose"(%0, %to_nchw) : (tensor<1x8x8x16xf32>, tensor<4xi32>) -> tensor<1x16x8x8xf32>
  %2 = "tfl.prelu"(%1, %slope) : (tensor<1x16x8x8xf32>, tensor<16x1x1xf32>) -> tensor<1x16x8x8xf32>
  %3 = "tfl.transpose"(%2, %to_nhwc) : (tensor<1x16x8x8xf32>, tensor<4xi32>) -> tensor<1x8x8x16xf32>
  %4 = "tfl.conv_2d"(%3, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32>
  %5 = "tfl.transpose"(%4, %to_nchw) : (tensor<1x8x8x16xf32>, tensor<4xi32>) -> tensor<1x16x8x8xf32>
  %6 = "tfl.add"(%5, %1) <{fused_activation_function = "NONE"}> : (tensor<1x16x8x8xf32>, tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %7 = "tfl.hard_swish"(%6) : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %8 = "tfl.transpose"(%7, %to_nhwc) : (tensor<1x16x8x8xf32>, tensor<4xi32>) -> tensor<1x8x8x16xf32>
  %9 = "tfl.conv_2d"(%8, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32>
  return %9 : tensor<1x8x8x16xf32>
}
