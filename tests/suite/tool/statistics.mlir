// RUN: --mlir-pass-statistics --pass-pipeline='inline,symbol-dce,func.func(canonicalize,dce),sccp'
// Counters of each pass in name order, and how often an analysis was computed or still known.
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = "tfl.abs"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
func.func private @unused() {
  return
}
