// RUN: --pass-pipeline='weights-to-float16,dce'
// EVAL: @main([2, 0]) == [3, 0], 2
// Values beyond float16 become its largest; a constant that is a result stays.
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %c = arith.constant dense<[1.5, 1.0e6]> : tensor<2xf32>
  %r = arith.constant dense<2.0> : tensor<f32>
  %0 = "tfl.mul"(%x, %c) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0, %r : tensor<2xf32>, tensor<f32>
}
