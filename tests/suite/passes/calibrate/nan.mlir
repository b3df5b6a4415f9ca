// RUN: --pass-pipeline='calibrate{datasets=%S/data/four.npz}'
// The logarithm of a negative number is no number: the tensor is named.
func.func @serving_default(%x: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
  %0 = "tfl.log"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("net/log")
  return %0 : tensor<1x4xf32>
}
