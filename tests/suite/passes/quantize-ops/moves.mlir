// RUN: --pass-pipeline='insert-fake-quant,propagate-params,quantize-ops,fold-quant-dequant'
// Operations whose int8 kernels copy codes have one scale and zero point.
func.func @update(%x: tensor<4x3xf32>, %u: tensor<2x2xf32>, %i: tensor<2xi32>) -> tensor<4x3xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = "quantfork.stats"(%u) <{layerStats = dense<[-1.0, 2.0]> : tensor<2xf32>}> : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = "tfl.dynamic_update_slice"(%0, %1, %i) : (tensor<4x3xf32>, tensor<2x2xf32>, tensor<2xi32>) -> tensor<4x3xf32>
  %3 = "quantfork.stats"(%2) <{layerStats = dense<[-1.0, 2.0]> : tensor<2xf32>}> : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %3 : tensor<4x3xf32>
}

// -----

func.func @diagonal(%x: tensor<3x3xf32>, %d: tensor<3xf32>) -> tensor<3x3xf32> {
  %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %1 = "quantfork.stats"(%d) <{layerStats = dense<[-1.0, 2.0]> : tensor<2xf32>}> : (tensor<3xf32>) -> tensor<3xf32>
  %2 = "tfl.matrix_set_diag"(%0, %1) : (tensor<3x3xf32>, tensor<3xf32>) -> tensor<3x3xf32>
  %3 = "quantfork.stats"(%2) <{layerStats = dense<[-1.0, 2.0]> : tensor<2xf32>}> : (tensor<3x3xf32>) -> tensor<3x3xf32>
  return %3 : tensor<3x3xf32>
}

// -----

func.func @rows(%i: tensor<2xi32>) -> tensor<2x2xf32> {
  %c = arith.constant dense<[[1.0, 2.0], [-1.0, 0.5], [0.25, 0.0]]> : tensor<3x2xf32>
  %0 = "tfl.embedding_lookup"(%i, %c) : (tensor<2xi32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %1 = "quantfork.stats"(%0) <{layerStats = dense<[-1.0, 2.0]> : tensor<2xf32>}> : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

func.func @places(%v: tensor<2xf32>, %i: tensor<2x1xi32>) -> tensor<4xf32> {
  %n = arith.constant dense<4> : tensor<1xi32>
  %d = arith.constant dense<0.0> : tensor<f32>
  %0 = "quantfork.stats"(%v) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.sparse_to_dense"(%i, %n, %0, %d) : (tensor<2x1xi32>, tensor<1xi32>, tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "quantfork.stats"(%1) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
