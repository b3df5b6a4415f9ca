// RUN:
// EVAL: @slice([[1, 2, 3], [4, 5, 6]], [[7, 8]], [1, 0]) == [[1, 2, 3], [7, 8, 6]]
// EVAL: @slice([[1, 2, 3], [4, 5, 6]], [[7, 8]], [-2, 9]) == [[1, 7, 8], [4, 5, 6]]
// A start that lies too far out is moved until the update fits.
func.func @slice(%x: tensor<2x3xf32>, %u: tensor<1x2xf32>, %at: tensor<2xi32>) -> tensor<2x3xf32> {
  %0 = "tfl.dynamic_update_slice"(%x, %u, %at) : (tensor<2x3xf32>, tensor<1x2xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----
// EVAL: @diagonal([[1, 2, 3], [4, 5, 6]], [7, 8]) == [[7, 2, 3], [4, 8, 6]]
// A diagonal is as long as the shorter side.
func.func @diagonal(%x: tensor<2x3xf32>, %d: tensor<2xf32>) -> tensor<2x3xf32> {
  %0 = "tfl.matrix_set_diag"(%x, %d) : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----
// EVAL: @scattered([[1], [3]], [5, 6]) == [9, 5, 9, 6]
func.func @scattered(%i: tensor<2x1xi32>, %v: tensor<2xf32>) -> tensor<4xf32> {
  %n = arith.constant dense<4> : tensor<1xi32>
  %d = arith.constant dense<9.0> : tensor<f32>
  %0 = "tfl.sparse_to_dense"(%i, %n, %v, %d) : (tensor<2x1xi32>, tensor<1xi32>, tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----
// EVAL: @rows([1, 0]) == [[30, -40], [1, 2]]
// Each row of the table has a scale of its own.
func.func @rows(%i: tensor<2xi32>) -> tensor<2x2xf32> {
  %t = "tfl.pseudo_qconst"() <{qtype = tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 10.0}>>, value = dense<[[2, 4], [3, -4]]> : tensor<2x2xi8>}> : () -> tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 10.0}>>
  %0 = "tfl.embedding_lookup"(%i, %t) : (tensor<2xi32>, tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 10.0}>>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
