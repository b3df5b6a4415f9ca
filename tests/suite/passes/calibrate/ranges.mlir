// RUN: --pass-pipeline='calibrate{datasets=%S/data/four.npz}'
// Every float value gets the lowest and highest value seen; constants and integers get none.
func.func @serving_default(%x: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
  %c = arith.constant dense<2.0> : tensor<4xf32>
  %0 = "tfl.mul"(%x, %c) <{fused_activation_function = "NONE"}> : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  %1 = "tfl.relu"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}
