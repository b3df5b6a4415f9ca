// RUN: --pass-pipeline='func.func(quantize-weights),calibrate{datasets=%S/data/four.npz}'
// An order of passes that cannot be right is refused before anything runs.
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
