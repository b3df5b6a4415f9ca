// RUN: --reduce --pass-pipeline='cse,check-int8-only,dce'
// One float operation is enough for the error.
func.func @other(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>, %y: tensor<2xi32>) -> (tensor<2xf32>, tensor<2xi32>) {
  %0 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.sin"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = "tfl.abs"(%1) : (tensor<2xf32>) -> tensor<2xf32>
  %3 = "tfl.abs"(%y) : (tensor<2xi32>) -> tensor<2xi32>
  return %2, %3 : tensor<2xf32>, tensor<2xi32>
}
