// RUN: --pass-pipeline='tf-freeze-variables'
module {
  "tf_saved_model.global_tensor"() {sym_name = "w", value = dense<[1.0, 2.0]> : tensor<2xf32>, type = tensor<2xf32>} : () -> ()
  func.func @serving_default(%x: tensor<2xf32>) -> tensor<*xf32> {
    %0 = "tf.VarHandleOp"() {shared_name = "w"} : () -> tensor<!tf_type.resource>
    %1 = "tf.ReadVariableOp"(%0) : (tensor<!tf_type.resource>) -> tensor<*xf32>
    %2 = "tf.AddV2"(%x, %1) {T = f32} : (tensor<2xf32>, tensor<*xf32>) -> tensor<*xf32>
    return %2 : tensor<*xf32>
  }
}
