// RUN: --pass-pipeline='calibrate'
func.func @serving_default(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
