// RUN: --pass-pipeline='canonicalize,calibrate{datasets=%S/data/four.npz}'
// A pass that does not take an operation says which pass is to run first.
func.func @main(%x: tensor<1x4xf32>) -> tensor<*xf32> {
  %0 = "tfl.neg"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "tf.Relu"(%0) {T = f32} : (tensor<1x4xf32>) -> tensor<*xf32> loc("net/relu")
  return %1 : tensor<*xf32>
}
