// RUN: --pass-pipeline='canonicalize,cse,fold-quant-dequant,dce,place-views' --mlir-pass-statistics
// Heads of a detector that were dequantized one by one: joining codes moves a quarter of the bytes and dequantizes once.
!q = !quant.uniform<i8:f32, 0.02:5>
func.func @main(%a: tensor<1x8x8x12x!q>, %b: tensor<1x4x4x24x!q>, %c: tensor<1x2x2x24x!q>) -> (tensor<1x112x4xf32>, tensor<1x112x4xf32>) {
  %sa = arith.constant dense<[1, 192, 4]> : tensor<3xi32>
  %sb = arith.constant dense<[1, 96, 4]> : tensor<3xi32>
  %sc = arith.constant dense<[1, 24, 4]> : tensor<3xi32>
  %zero = arith.constant dense<[0, 0, 0]> : tensor<3xi32>
  %some = arith.constant dense<[1, 112, 4]> : tensor<3xi32>
  %pads = arith.constant dense<[[0, 0], [0, 8], [0, 0]]> : tensor<3x2xi32>
  %fa = "tfl.dequantize"(%a) : (tensor<1x8x8x12x!q>) -> tensor<1x8x8x12xf32>
  %fb = "tfl.dequantize"(%b) : (tensor<1x4x4x24x!q>) -> tensor<1x4x4x24xf32>
  %fc = "tfl.dequantize"(%c) : (tensor<1x2x2x24x!q>) -> tensor<1x2x2x24xf32>
  %ra = "tfl.reshape"(%fa, %sa) : (tensor<1x8x8x12xf32>, tensor<3xi32>) -> tensor<1x192x4xf32>
  %rb = "tfl.reshape"(%fb, %sb) : (tensor<1x4x4x24xf32>, tensor<3xi32>) -> tensor<1x96x4xf32>
  %rc = "tfl.reshape"(%fc, %sc) : (tensor<1x2x2x24xf32>, tensor<3xi32>) -> tensor<1x24x4xf32>
  %0 = "tfl.concatenation"(%ra, %rb, %rc) <{axis = 1 : i32, fused_activation_function = "NONE"}> : (tensor<1x192x4xf32>, tensor<1x96x4xf32>, tensor<1x24x4xf32>) -> tensor<1x312x4xf32>
  %1 = "tfl.pad"(%0, %pads) : (tensor<1x312x4xf32>, tensor<3x2xi32>) -> tensor<1x320x4xf32>
  %2 = "tfl.slice"(%1, %zero, %some) : (tensor<1x320x4xf32>, tensor<3xi32>, tensor<3xi32>) -> tensor<1x112x4xf32>
  %3 = "tfl.exp"(%2) : (tensor<1x112x4xf32>) -> tensor<1x112x4xf32>
  return %2, %3 : tensor<1x112x4xf32>, tensor<1x112x4xf32>
}
