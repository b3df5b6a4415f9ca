// RUN: --run-reproducer --pass-pipeline='check-int8-only'
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
