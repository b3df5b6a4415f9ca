// RUN: --pass-pipeline='builtin.module(func.func(dce,set-batch{bach=2}))'
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
