// RUN: --pass-pipeline='canonicalize,optimize,canonicalize,cse,dce,place-views' --mlir-pass-statistics
// The channel shuffle of a ShuffleNet unit in NCHW: three transposes and two reshapes, of which one transpose and two reshapes are needed.
func.func @main(%x: tensor<?x8x8x24xf32>) -> tensor<?x8x8x24xf32> {
  %w = arith.constant dense<0.125> : tensor<24x1x1x24xf32>
  %b = arith.constant dense<0.5> : tensor<24xf32>
  %to_nchw = arith.constant dense<[0, 3, 1, 2]> : tensor<4xi32>
  %to_nhwc = arith.constant dense<[0, 2, 3, 1]> : tensor<4xi32>
  %groups = arith.constant dense<[-1, 3, 8, 8, 8]> : tensor<5xi32>
  %mixed = arith.constant dense<[0, 2, 1, 3, 4]> : tensor<5xi32>
  %flat = arith.constant dense<[-1, 24, 8, 8]> : tensor<4xi32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x8x8x24xf32>, tensor<24x1x1x24xf32>, tensor<24xf32>) -> tensor<?x8x8x24xf32>
  %1 = "tfl.transpose"(%0, %to_nchw) : (tensor<?x8x8x24xf32>, tensor<4xi32>) -> tensor<?x24x8x8xf32>
  %2 = "tfl.relu"(%1) : (tensor<?x24x8x8xf32>) -> tensor<?x24x8x8xf32>
  %3 = "tfl.reshape"(%2, %groups) : (tensor<?x24x8x8xf32>, tensor<5xi32>) -> tensor<?x3x8x8x8xf32>
  %4 = "tfl.transpose"(%3, %mixed) : (tensor<?x3x8x8x8xf32>, tensor<5xi32>) -> tensor<?x8x3x8x8xf32>
  %5 = "tfl.reshape"(%4, %flat) : (tensor<?x8x3x8x8xf32>, tensor<4xi32>) -> tensor<?x24x8x8xf32>
  %6 = "tfl.transpose"(%5, %to_nhwc) : (tensor<?x24x8x8xf32>, tensor<4xi32>) -> tensor<?x8x8x24xf32>
  %7 = "tfl.conv_2d"(%6, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x8x8x24xf32>, tensor<24x1x1x24xf32>, tensor<24xf32>) -> tensor<?x8x8x24xf32>
  return %7 : tensor<?x8x8x24xf32>
}
