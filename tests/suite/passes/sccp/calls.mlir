// RUN: --pass-pipeline='sccp,symbol-dce'
// A private function has the arguments of its calls: one is the same in both, one is not. What it returns comes back to them.
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %one = arith.constant dense<1.0> : tensor<2xf32>
  %two = arith.constant dense<2.0> : tensor<2xf32>
  %0:2 = func.call @helper(%one, %x) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %1:2 = func.call @helper(%one, %two) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  %2 = "tfl.neg"(%1#0) : (tensor<2xf32>) -> tensor<2xf32>
  return %2, %1#1 : tensor<2xf32>, tensor<2xf32>
}
func.func private @helper(%a: tensor<2xf32>, %b: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = "tfl.neg"(%a) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.neg"(%b) : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
// Somebody else may call a public function.
func.func @public(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "tfl.neg"(%a) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
