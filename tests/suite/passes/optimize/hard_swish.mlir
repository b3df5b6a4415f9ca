// RUN: --pass-pipeline='optimize,canonicalize,dce'
// EVAL: @main([-4, -1, 0, 2]) ~= [0, -0.33333333, 0, 1.66666667]
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %sixth = arith.constant dense<0.166666672> : tensor<f32>
  %0 = "tfl.add"(%x, %three) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = "tfl.relu6"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "tfl.mul"(%x, %1) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = "tfl.mul"(%2, %sixth) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}
