// RUN: --pass-pipeline='tf-legalize' --allow-unregistered-dialect
// All operations without a TFLite form are reported at once.
func.func @serving_default(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = "tf.Betainc"(%x, %x, %x) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32> loc("net/a")
  %1 = "tf.Igamma"(%0, %0) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32> loc("net/b")
  %2 = "tf.Igamma"(%1, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32> loc("net/c")
  return %2 : tensor<*xf32>
}
