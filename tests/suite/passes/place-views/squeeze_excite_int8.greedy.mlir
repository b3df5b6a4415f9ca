// RUN: --pass-pipeline='canonicalize,cse,fold-quant-dequant,dce,place-views{iterations=0}' --mlir-pass-statistics
// A quantized squeeze-and-excite block in NCHW: the gate is no transpose but a reshape, and the image has two readers. This is what the greedy passes alone leave.
!x = !quant.uniform<i8:f32, 0.05:-3>
!w = !quant.uniform<i8<-127:127>:f32, 0.01>
!b = !quant.uniform<i32:f32, 5.0e-4>
!v = !quant.uniform<i32:f32, 5.0e-4>
!g = !quant.uniform<i8:f32, 0.00390625:-128>
func.func @main(%x: tensor<1x8x8x16x!x>) -> tensor<1x8x8x16x!x> {
  %w = "tfl.pseudo_qconst"() <{qtype = tensor<16x1x1x16x!w>, value = dense<3> : tensor<16x1x1x16xi8>}> : () -> tensor<16x1x1x16x!w>
  %b = "tfl.pseudo_qconst"() <{qtype = tensor<16x!b>, value = dense<7> : tensor<16xi32>}> : () -> tensor<16x!b>
  %fw = "tfl.pseudo_qconst"() <{qtype = tensor<16x16x!w>, value = dense<5> : tensor<16x16xi8>}> : () -> tensor<16x16x!w>
  %to_nchw = arith.constant dense<[0, 3, 1, 2]> : tensor<4xi32>
  %to_nhwc = arith.constant dense<[0, 2, 3, 1]> : tensor<4xi32>
  %axes = arith.constant dense<[2, 3]> : tensor<2xi32>
  %gate = arith.constant dense<[1, 16, 1, 1]> : tensor<4xi32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<16x!b>) -> tensor<1x8x8x16x!x>
  %1 = "tfl.transpose"(%0, %to_nchw) : (tensor<1x8x8x16x!x>, tensor<4xi32>) -> tensor<1x16x8x8x!x>
  %2 = "tfl.mean"(%1, %axes) <{keep_dims = false}> : (tensor<1x16x8x8x!x>, tensor<2xi32>) -> tensor<1x16x!x>
  %3 = "tfl.fully_connected"(%2, %fw, %b) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x16x!x>, tensor<16x16x!w>, tensor<16x!b>) -> tensor<1x16x!x>
  %4 = "tfl.logistic"(%3) : (tensor<1x16x!x>) -> tensor<1x16x!g>
  %5 = "tfl.reshape"(%4, %gate) : (tensor<1x16x!g>, tensor<4xi32>) -> tensor<1x16x1x1x!g>
  %6 = "tfl.mul"(%1, %5) <{fused_activation_function = "NONE"}> : (tensor<1x16x8x8x!x>, tensor<1x16x1x1x!g>) -> tensor<1x16x8x8x!x>
  %7 = "tfl.transpose"(%6, %to_nhwc) : (tensor<1x16x8x8x!x>, tensor<4xi32>) -> tensor<1x8x8x16x!x>
  %8 = "tfl.conv_2d"(%7, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x8x8x16x!x>, tensor<16x1x1x16x!w>, tensor<16x!b>) -> tensor<1x8x8x16x!x>
  return %8 : tensor<1x8x8x16x!x>
}
