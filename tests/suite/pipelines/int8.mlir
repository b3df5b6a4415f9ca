// RUN: --quantize=int8 --representative-dataset=%S/data/four.npz
// A whole float function to int8, float inputs and outputs.
func.func @serving_default(%x: tensor<1x4xf32>) -> tensor<1x2xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
  %w = arith.constant dense<[[1.0, 0.5, -0.5, 0.25], [-2.0, 0.1, 0.3, 1.0]]> : tensor<2x4xf32>
  %b = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %0 = "tfl.fully_connected"(%x, %w, %b) <{fused_activation_function = "RELU", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %1 = "tfl.softmax"(%0) <{beta = 1.0 : f32}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
