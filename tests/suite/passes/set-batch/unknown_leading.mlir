// RUN: --pass-pipeline='set-batch{batch=2}'
// The unknown leading dimension becomes a number everywhere; others stay unknown.
func.func @main(%x: tensor<?x4xf32>, %y: tensor<3x?xf32>) -> (tensor<?x4xf32>, tensor<3x?xf32>) {
  %0 = "tfl.relu"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0, %y : tensor<?x4xf32>, tensor<3x?xf32>
}
