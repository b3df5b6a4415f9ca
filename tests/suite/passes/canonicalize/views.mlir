// RUN: --pass-pipeline='canonicalize'
// EVAL: @main([1, 2, 3, 4]) == [1, 2, 3, 4]
// Two reshapes are one, and one to the same shape is none.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = arith.constant dense<2> : tensor<2xi32>
  %0 = "tfl.reshape"(%x, %a) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  %b = arith.constant dense<4> : tensor<1xi32>
  %1 = "tfl.reshape"(%0, %b) : (tensor<2x2xf32>, tensor<1xi32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
