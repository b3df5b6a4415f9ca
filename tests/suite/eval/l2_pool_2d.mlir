// RUN:
// EVAL: @f([3, 4, 0, 0, 6, 8, 0, 0]) == [2.5, 5]
// EVAL: @f([0, 0, 0, 0, 0, 0, 0, 0]) == 0
// The root of the mean of squares; upstream has no such operation.
func.func @f(%x: tensor<1x4x2x1xf32>) -> tensor<1x2x1x1xf32> {
  %0 = "tfl.l2_pool_2d"(%x) <{filter_height = 2 : i32, filter_width = 2 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 2 : i32, stride_w = 2 : i32}> : (tensor<1x4x2x1xf32>) -> tensor<1x2x1x1xf32>
  return %0 : tensor<1x2x1x1xf32>
}
