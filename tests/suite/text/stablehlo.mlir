// RUN: --allow-unregistered-dialect --mlir-print-op-generic
// Short forms of StableHLO, and what they stand for.
func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %i: tensor<i64>, %p: tensor<f32>, %s: tensor<2xi64>, %t: tuple<tensor<2x3xf32>, tensor<f32>>, %im: tensor<1x8x8x3xf32>, %k: tensor<3x3x3x4xf32>, %pr: tensor<2x3xi1>) {
  %0 = stablehlo.iota dim = 0 : tensor<4xf32>
  %1 = stablehlo.dynamic_iota %s, dim = 1 : (tensor<2xi64>) -> tensor<?x?xf32>
  %2 = stablehlo.compare EQ, %a, %a, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  %3 = stablehlo.compare LT, %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
  %4 = stablehlo.slice %a [0:1, 0:3:2] : (tensor<2x3xf32>) -> tensor<1x2xf32>
  %5 = stablehlo.dynamic_slice %a, %i, %i, sizes = [1, 1] : (tensor<2x3xf32>, tensor<i64>, tensor<i64>) -> tensor<1x1xf32>
  %6 = stablehlo.broadcast %a, sizes = [1, 2] : (tensor<2x3xf32>) -> tensor<1x2x2x3xf32>
  %7 = stablehlo.broadcast_in_dim %a, dims = [0, 1] : (tensor<2x3xf32>) -> tensor<2x3x4xf32>
  %8 = stablehlo.concatenate %a, %a, dim = 0 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %9 = stablehlo.dot %a, %b, precision = [DEFAULT, HIGHEST] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %10 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %11 = stablehlo.dot_general %a, %b, batching_dims = [] x [], contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %12 = stablehlo.einsum %a, %b, config = "ab,bc->ac" : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %13 = stablehlo.fft %a, type = RFFT, length = [3] : (tensor<2x3xf32>) -> tensor<2x2xcomplex<f32>>
  %14 = stablehlo.get_dimension_size %a, dim = 1 : (tensor<2x3xf32>) -> tensor<i32>
  %15 = stablehlo.pad %a, %p, low = [0, 1], high = [0, 0], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x4xf32>
  %16 = stablehlo.transpose %a, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %17 = stablehlo.reverse %a, dims = [1] : tensor<2x3xf32>
  %18 = stablehlo.rng %p, %p, %s, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %19 = stablehlo.reduce_precision %a, format = e5m10 : tensor<2x3xf32>
  %20 = stablehlo.get_tuple_element %t[0] : (tuple<tensor<2x3xf32>, tensor<f32>>) -> tensor<2x3xf32>
  %21 = stablehlo.tuple %a, %p : tuple<tensor<2x3xf32>, tensor<f32>>
  %22 = stablehlo.custom_call @foo(%a) {backend_config = "bar", api_version = 2 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %23 = stablehlo.convolution(%im, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x4x4x4xf32>
  %24 = stablehlo.reduce(%a init: %p) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  %25 = stablehlo.select %pr, %a, %a : tensor<2x3xi1>, tensor<2x3xf32>
  %26 = stablehlo.complex %a, %a : tensor<2x3xcomplex<f32>>
  %27 = stablehlo.create_token : !stablehlo.token
  %28 = stablehlo.after_all %27, %27 : !stablehlo.token
  %29 = stablehlo.replica_id : tensor<ui32>
  %30 = stablehlo.is_finite %a : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return
}

func.func @regions(%a: tensor<2x3xf32>, %p: tensor<f32>, %i: tensor<2x3xi32>, %n: tensor<i32>) -> tensor<i32> {
  %0:2 = stablehlo.reduce(%a init: %p), (%i init: %n) across dimensions = [0, 1] {x.y} : (tensor<2x3xf32>, tensor<2x3xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)
    reducer(%x: tensor<f32>, %acc: tensor<f32>) (%j: tensor<i32>, %m: tensor<i32>) {
    %1 = stablehlo.maximum %x, %acc : tensor<f32>
    stablehlo.return %1, %j : tensor<f32>, tensor<i32>
  }
  %2:2 = stablehlo.while(%k = %n, %y = %p) : tensor<i32>, tensor<f32> attributes {x.z = 1 : i32}
  cond {
    %3 = stablehlo.compare LT, %k, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %3 : tensor<i1>
  } do {
    %3 = stablehlo.add %k, %k : tensor<i32>
    stablehlo.return %3, %y : tensor<i32>, tensor<f32>
  }
  return %2#0 : tensor<i32>
}

func.func @chlo(%a: tensor<2x3xf32>, %c: tensor<3xf32>) {
  %5, %6 = chlo.scan(%a) inits (%c) dimension = 0 attributes {is_reverse = true} {
  ^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
    %7 = stablehlo.add %x, %y : tensor<3xf32>
    stablehlo.return %7, %7 : tensor<3xf32>, tensor<3xf32>
  } : (tensor<2x3xf32>, tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>)
  %0 = chlo.erf %a : tensor<2x3xf32> -> tensor<2x3xf32>
  %1, %2 = chlo.top_k(%a, k = 2) : tensor<2x3xf32> -> (tensor<2x2xf32>, tensor<2x2xi32>)
  %3 = chlo.broadcast_add %a, %a {broadcast_dimensions = array<i64: 0, 1>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %4 = stablehlo.constant() {value = dense<[1, 2]> : tensor<2xi8>} : () -> tensor<2x!quant.uniform<i8:f32, 2.0>>
  return
}
