// RUN: --pass-pipeline='tf-legalize'
// What TFLite has no operator for, as a few that it has.
func.func @main(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %selu = "tf.Selu"(%x) {T = f32} : (tensor<2x4xf32>) -> tensor<*xf32>
  %xlogy = "tf.Xlogy"(%x, %y) {T = f32} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  %sinh = "tf.Sinh"(%x) {T = f32} : (tensor<2x4xf32>) -> tensor<*xf32>
  %finite = "tf.IsFinite"(%x) {T = f32} : (tensor<2x4xf32>) -> tensor<*xi1>
  %low = "tf.Const"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %high = "tf.Const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %clip = "tf.ClipByValue"(%x, %low, %high) {T = f32} : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %shift = "tf.Const"() {value = dense<[-1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %axis = "tf.Const"() {value = dense<[-1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %roll = "tf.Roll"(%x, %shift, %axis) {T = f32} : (tensor<2x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<*xf32>
  %image = "tf.Const"() {value = dense<0.5> : tensor<1x2x2x1xf32>} : () -> tensor<1x2x2x1xf32>
  %border = "tf.Const"() {value = dense<0> : tensor<2x2xi32>} : () -> tensor<2x2xi32>
  %batches = "tf.SpaceToBatch"(%image, %border) {T = f32, block_size = 2 : i64} : (tensor<1x2x2x1xf32>, tensor<2x2xi32>) -> tensor<*xf32>
  return %selu, %xlogy, %sinh, %finite, %clip, %roll, %batches : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
