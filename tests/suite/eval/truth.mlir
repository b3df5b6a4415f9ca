// RUN: --pass-pipeline='canonicalize'
// EVAL: @choose([[true, false], [false, false]], true, [[1, 2], [3, 4]], -1) == [[1, -1], [-1, -1]], [[true, false], [false, false]]
// EVAL: @choose(true, false, [[1, 2], [3, inf]], [5, 6, 7, 8]) == [5, 6, 7, 8], false
func.func @choose(%a: tensor<2x2xi1>, %b: tensor<i1>, %x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xi1>) {
  %0 = "tfl.logical_and"(%b, %a) : (tensor<i1>, tensor<2x2xi1>) -> tensor<2x2xi1>
  %1 = "tfl.select_v2"(%0, %x, %y) : (tensor<2x2xi1>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1, %0 : tensor<2x2xf32>, tensor<2x2xi1>
}
