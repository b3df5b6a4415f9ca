// RUN: --pass-pipeline='tf-legalize'
// The filter is transposed and folded, shapes are inferred, a missing bias is zero.
func.func @serving_default(%x: tensor<?x4x4x1xf32>) -> tensor<*xf32> {
  %w = "tf.Const"() {value = dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>} : () -> tensor<1x1x1x2xf32>
  %0 = "tf.Conv2D"(%x, %w) {T = f32, strides = [1, 2, 2, 1], padding = "SAME"} : (tensor<?x4x4x1xf32>, tensor<1x1x1x2xf32>) -> tensor<*xf32>
  %b = "tf.Const"() {value = dense<[0.5, -0.5]> : tensor<2xf32>} : () -> tensor<2xf32>
  %1 = "tf.BiasAdd"(%0, %b) {T = f32} : (tensor<*xf32>, tensor<2xf32>) -> tensor<*xf32>
  %2 = "tf.Relu6"(%1) {T = f32} : (tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}
