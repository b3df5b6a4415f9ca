// RUN: --pass-pipeline='tf-inline'
func.func @serving_default(%x: tensor<2xf32>) -> tensor<*xf32> {
  %0 = "tf.StatefulPartitionedCall"(%x) {f = @outer} : (tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
func.func private @outer(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = "tf.PartitionedCall"(%x) {f = @inner} : (tensor<*xf32>) -> tensor<*xf32>
  %1 = "tf.PartitionedCall"(%0) {f = @inner} : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
func.func private @inner(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = "tf.Relu"(%x) {T = f32} : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
