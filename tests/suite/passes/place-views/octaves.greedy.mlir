// RUN: --pass-pipeline='canonicalize,optimize,canonicalize,cse,dce,place-views{iterations=0}' --mlir-pass-statistics
// A constant-Q transform: each octave is a pair of convolutions along time whose results are turned round, stacked and joined one by one. This is what the greedy passes alone leave.
func.func @main(%x0: tensor<?x1x39xf32>, %x1: tensor<?x1x79xf32>, %x2: tensor<?x1x159xf32>) -> tensor<?x41x18xf32> {
  %wr = arith.constant dense<0.5> : tensor<6x1x3x1xf32>
  %wi = arith.constant dense<-0.25> : tensor<6x1x3x1xf32>
  %b = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<6xf32>
  %pads = arith.constant dense<[[0, 0], [0, 0], [2, 2]]> : tensor<3x2xi32>
  %narrow = arith.constant dense<[-1, 41, 6]> : tensor<3xi32>
  %swap = arith.constant dense<[0, 2, 1]> : tensor<3xi32>
  %lengths = arith.constant dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]], [[6.0]], [[7.0]], [[8.0]], [[9.0]], [[10.0]], [[11.0]], [[12.0]], [[13.0]], [[14.0]], [[15.0]], [[16.0]], [[17.0]], [[18.0]]]> : tensor<18x1x1xf32>
  %last = arith.constant dense<3> : tensor<1xi32>
  %pad0 = "tfl.mirror_pad"(%x0, %pads) <{mode = #tfl<mirror_pad_attr REFLECT>}> : (tensor<?x1x39xf32>, tensor<3x2xi32>) -> tensor<?x1x43xf32>
  %wide0 = arith.constant dense<[-1, 1, 43, 1]> : tensor<4xi32>
  %line0 = "tfl.reshape"(%pad0, %wide0) : (tensor<?x1x43xf32>, tensor<4xi32>) -> tensor<?x1x43x1xf32>
  %r0 = "tfl.conv_2d"(%line0, %wr, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x1x43x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %rs0 = "tfl.reshape"(%r0, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %rt0 = "tfl.transpose"(%rs0, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %i0 = "tfl.conv_2d"(%line0, %wi, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x1x43x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %is0 = "tfl.reshape"(%i0, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %it0 = "tfl.transpose"(%is0, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %octave0 = "tfl.pack"(%rt0, %it0) <{axis = -1 : i32, values_count = 2 : i32}> : (tensor<?x6x41xf32>, tensor<?x6x41xf32>) -> tensor<?x6x41x2xf32>
  %pad1 = "tfl.mirror_pad"(%x1, %pads) <{mode = #tfl<mirror_pad_attr REFLECT>}> : (tensor<?x1x79xf32>, tensor<3x2xi32>) -> tensor<?x1x83xf32>
  %wide1 = arith.constant dense<[-1, 1, 83, 1]> : tensor<4xi32>
  %line1 = "tfl.reshape"(%pad1, %wide1) : (tensor<?x1x83xf32>, tensor<4xi32>) -> tensor<?x1x83x1xf32>
  %r1 = "tfl.conv_2d"(%line1, %wr, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 2 : i32}> : (tensor<?x1x83x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %rs1 = "tfl.reshape"(%r1, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %rt1 = "tfl.transpose"(%rs1, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %i1 = "tfl.conv_2d"(%line1, %wi, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 2 : i32}> : (tensor<?x1x83x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %is1 = "tfl.reshape"(%i1, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %it1 = "tfl.transpose"(%is1, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %octave1 = "tfl.pack"(%rt1, %it1) <{axis = -1 : i32, values_count = 2 : i32}> : (tensor<?x6x41xf32>, tensor<?x6x41xf32>) -> tensor<?x6x41x2xf32>
  %pad2 = "tfl.mirror_pad"(%x2, %pads) <{mode = #tfl<mirror_pad_attr REFLECT>}> : (tensor<?x1x159xf32>, tensor<3x2xi32>) -> tensor<?x1x163xf32>
  %wide2 = arith.constant dense<[-1, 1, 163, 1]> : tensor<4xi32>
  %line2 = "tfl.reshape"(%pad2, %wide2) : (tensor<?x1x163xf32>, tensor<4xi32>) -> tensor<?x1x163x1xf32>
  %r2 = "tfl.conv_2d"(%line2, %wr, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 4 : i32}> : (tensor<?x1x163x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %rs2 = "tfl.reshape"(%r2, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %rt2 = "tfl.transpose"(%rs2, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %i2 = "tfl.conv_2d"(%line2, %wi, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 4 : i32}> : (tensor<?x1x163x1xf32>, tensor<6x1x3x1xf32>, tensor<6xf32>) -> tensor<?x1x41x6xf32>
  %is2 = "tfl.reshape"(%i2, %narrow) : (tensor<?x1x41x6xf32>, tensor<3xi32>) -> tensor<?x41x6xf32>
  %it2 = "tfl.transpose"(%is2, %swap) : (tensor<?x41x6xf32>, tensor<3xi32>) -> tensor<?x6x41xf32>
  %octave2 = "tfl.pack"(%rt2, %it2) <{axis = -1 : i32, values_count = 2 : i32}> : (tensor<?x6x41xf32>, tensor<?x6x41xf32>) -> tensor<?x6x41x2xf32>
  %0 = "tfl.concatenation"(%octave1, %octave0) <{axis = 1 : i32, fused_activation_function = "NONE"}> : (tensor<?x6x41x2xf32>, tensor<?x6x41x2xf32>) -> tensor<?x12x41x2xf32>
  %1 = "tfl.concatenation"(%octave2, %0) <{axis = 1 : i32, fused_activation_function = "NONE"}> : (tensor<?x6x41x2xf32>, tensor<?x12x41x2xf32>) -> tensor<?x18x41x2xf32>
  %2 = "tfl.mul"(%1, %lengths) <{fused_activation_function = "NONE"}> : (tensor<?x18x41x2xf32>, tensor<18x1x1xf32>) -> tensor<?x18x41x2xf32>
  %3 = "tfl.mul"(%2, %2) <{fused_activation_function = "NONE"}> : (tensor<?x18x41x2xf32>, tensor<?x18x41x2xf32>) -> tensor<?x18x41x2xf32>
  %4 = "tfl.sum"(%3, %last) <{keep_dims = false}> : (tensor<?x18x41x2xf32>, tensor<1xi32>) -> tensor<?x18x41xf32>
  %5 = "tfl.sqrt"(%4) : (tensor<?x18x41xf32>) -> tensor<?x18x41xf32>
  %6 = "tfl.transpose"(%5, %swap) : (tensor<?x18x41xf32>, tensor<3xi32>) -> tensor<?x41x18xf32>
  return %6 : tensor<?x41x18xf32>
}
