// RUN: --pass-pipeline='symbol-dce'
// A private function that nothing refers to goes; one that is called stays.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @used(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @used(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
func.func private @unused(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
