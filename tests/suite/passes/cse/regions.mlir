// RUN: --pass-pipeline='cse'
// What stands around a region stands for what is in it; what is in one region does not for what is in another or behind.
func.func @regions(%x: tensor<2xf32>, %p: tensor<i1>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = "tfl.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.if"(%p) ({
    %2 = "tfl.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    %3 = "tfl.neg"(%2) : (tensor<2xf32>) -> tensor<2xf32>
    "tfl.yield"(%3) : (tensor<2xf32>) -> ()
  }, {
    %2 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
    %3 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
    %4 = "tfl.add"(%2, %3) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    "tfl.yield"(%4) : (tensor<2xf32>) -> ()
  }) : (tensor<i1>) -> tensor<2xf32>
  %5 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %1, %5 : tensor<2xf32>, tensor<2xf32>
}

// -----

// The first block dominates all; of two ways neither dominates the other, nor the block where they meet.
func.func @blocks(%x: tensor<2xf32>, %p: i1) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = "tfl.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  cf.cond_br %p, ^bb1, ^bb2
^bb1:
  %1 = "tfl.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = "tfl.neg"(%1) : (tensor<2xf32>) -> tensor<2xf32>
  cf.br ^bb3(%2 : tensor<2xf32>)
^bb2:
  %3 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  cf.br ^bb3(%3 : tensor<2xf32>)
^bb3(%4: tensor<2xf32>):
  %5 = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %4, %5 : tensor<2xf32>, tensor<2xf32>
}
