// RUN: --pass-pipeline='dce'
// EVAL: @main([1, -2]) == [1, 0]
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.abs"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = "tfl.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}
