// RUN: --pass-pipeline='lower-for-int8,dce'
// EVAL: @main([1, -2], [3, 5]) == [-2, -1]
// Operations without an int8 kernel become some that have one.
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "tfl.square"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.neg"(%y) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = "tfl.add_n"(%0, %1, %x, %x) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %3 = "tfl.sub"(%2, %x) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %4 = "tfl.sub"(%3, %x) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %5 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %6 = "tfl.add"(%4, %5) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %7 = "tfl.add"(%6, %x) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %7 : tensor<2xf32>
}
