// RUN: --pass-pipeline='canonicalize,cse,fold-quant-dequant,dce,place-views' --mlir-pass-statistics
// Attention whose heads are split in one order of dimensions and scaled, biased and joined in another; the score is dequantized and quantized around a view.
!q = !quant.uniform<i8:f32, 0.05:3>
!s = !quant.uniform<i8:f32, 0.1:-10>
!p = !quant.uniform<i8:f32, 0.00390625:-128>
func.func @main(%q: tensor<1x16x32x!q>, %k: tensor<1x16x32x!q>, %v: tensor<1x16x32x!q>) -> tensor<1x16x32x!q> {
  %scale = "tfl.pseudo_qconst"() <{qtype = tensor<!q>, value = dense<23> : tensor<i8>}> : () -> tensor<!q>
  %split = arith.constant dense<[1, 16, 4, 8]> : tensor<4xi32>
  %joined = arith.constant dense<[1, 16, 32]> : tensor<3xi32>
  %heads = arith.constant dense<[0, 2, 1, 3]> : tensor<4xi32>
  %turned = arith.constant dense<[0, 1, 3, 2]> : tensor<4xi32>
  %flat = arith.constant dense<[4, 16, 16]> : tensor<3xi32>
  %deep = arith.constant dense<[1, 4, 16, 16]> : tensor<4xi32>
  %0 = "tfl.reshape"(%q, %split) : (tensor<1x16x32x!q>, tensor<4xi32>) -> tensor<1x16x4x8x!q>
  %1 = "tfl.transpose"(%0, %heads) : (tensor<1x16x4x8x!q>, tensor<4xi32>) -> tensor<1x4x16x8x!q>
  %2 = "tfl.mul"(%1, %scale) <{fused_activation_function = "NONE"}> : (tensor<1x4x16x8x!q>, tensor<!q>) -> tensor<1x4x16x8x!q>
  %3 = "tfl.reshape"(%k, %split) : (tensor<1x16x32x!q>, tensor<4xi32>) -> tensor<1x16x4x8x!q>
  %4 = "tfl.transpose"(%3, %heads) : (tensor<1x16x4x8x!q>, tensor<4xi32>) -> tensor<1x4x16x8x!q>
  %5 = "tfl.tanh"(%4) : (tensor<1x4x16x8x!q>) -> tensor<1x4x16x8x!quant.uniform<i8:f32, 0.0078125>>
  %6 = "tfl.transpose"(%5, %turned) : (tensor<1x4x16x8x!quant.uniform<i8:f32, 0.0078125>>, tensor<4xi32>) -> tensor<1x4x8x16x!quant.uniform<i8:f32, 0.0078125>>
  %7 = "tfl.batch_matmul"(%2, %6) <{adj_x = false, adj_y = false}> : (tensor<1x4x16x8x!q>, tensor<1x4x8x16x!quant.uniform<i8:f32, 0.0078125>>) -> tensor<1x4x16x16x!s>
  %8 = "tfl.dequantize"(%7) : (tensor<1x4x16x16x!s>) -> tensor<1x4x16x16xf32>
  %9 = "tfl.reshape"(%8, %flat) : (tensor<1x4x16x16xf32>, tensor<3xi32>) -> tensor<4x16x16xf32>
  %10 = "tfl.quantize"(%9) <{qtype = tensor<4x16x16x!s>}> : (tensor<4x16x16xf32>) -> tensor<4x16x16x!s>
  %11 = "tfl.softmax"(%10) <{beta = 1.0 : f32}> : (tensor<4x16x16x!s>) -> tensor<4x16x16x!p>
  %12 = "tfl.reshape"(%11, %deep) : (tensor<4x16x16x!p>, tensor<4xi32>) -> tensor<1x4x16x16x!p>
  %13 = "tfl.reshape"(%v, %split) : (tensor<1x16x32x!q>, tensor<4xi32>) -> tensor<1x16x4x8x!q>
  %14 = "tfl.transpose"(%13, %heads) : (tensor<1x16x4x8x!q>, tensor<4xi32>) -> tensor<1x4x16x8x!q>
  %15 = "tfl.batch_matmul"(%12, %14) <{adj_x = false, adj_y = false}> : (tensor<1x4x16x16x!p>, tensor<1x4x16x8x!q>) -> tensor<1x4x16x8x!q>
  %16 = "tfl.transpose"(%15, %heads) : (tensor<1x4x16x8x!q>, tensor<4xi32>) -> tensor<1x16x4x8x!q>
  %17 = "tfl.reshape"(%16, %joined) : (tensor<1x16x4x8x!q>, tensor<3xi32>) -> tensor<1x16x32x!q>
  return %17 : tensor<1x16x32x!q>
}
