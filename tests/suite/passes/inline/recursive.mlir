// RUN: --pass-pipeline='inline'
// What calls itself stays, as does a call of what the module does not define.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @ping(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = func.call @outside(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
func.func private @ping(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @pong(%a) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @pong(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = func.call @ping(%a) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @outside(tensor<2xf32>) -> tensor<2xf32>
