// RUN: --dump-pass-pipeline --pass-pipeline='inline,ptq{mode=int8-only io=int8 datasets=four.npz}'
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
