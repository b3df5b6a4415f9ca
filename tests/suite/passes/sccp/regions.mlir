// RUN: --pass-pipeline='sccp'
// Of a choice that is known the region that is taken stays; a value that a loop hands on unchanged is what it was before.
func.func @main(%x: tensor<2xf32>, %n: tensor<i32>) -> (tensor<2xf32>, tensor<f32>, tensor<i32>) {
  %true = arith.constant dense<true> : tensor<i1>
  %0 = "tfl.if"(%true) ({
    %1 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "tfl.yield"(%1) : (tensor<2xf32>) -> ()
  }, {
    %1 = "tfl.sin"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "tfl.yield"(%1) : (tensor<2xf32>) -> ()
  }) : (tensor<i1>) -> tensor<2xf32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %zero = arith.constant dense<0> : tensor<i32>
  %2:2 = "tfl.while"(%half, %n) ({
  ^bb0(%a: tensor<f32>, %i: tensor<i32>):
    %3 = "tfl.greater"(%i, %zero) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "tfl.yield"(%3) : (tensor<i1>) -> ()
  }, {
  ^bb0(%a: tensor<f32>, %i: tensor<i32>):
    %one = arith.constant dense<1> : tensor<i32>
    %3 = "tfl.sub"(%i, %one) <{fused_activation_function = "NONE"}> : (tensor<i32>, tensor<i32>) -> tensor<i32>
    "tfl.yield"(%a, %3) : (tensor<f32>, tensor<i32>) -> ()
  }) : (tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)
  %4 = "tfl.neg"(%2#0) : (tensor<f32>) -> tensor<f32>
  return %0, %4, %2#1 : tensor<2xf32>, tensor<f32>, tensor<i32>
}
