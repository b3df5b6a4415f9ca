// RUN: --pass-pipeline='set-batch'
// Arguments of blocks follow what branches hand them.
func.func @f(%x: tensor<?x4xf32>, %c: i1) -> tensor<?x4xf32> {
  cf.cond_br %c, ^a, ^b(%x : tensor<?x4xf32>)
^a:
  %0 = "tfl.neg"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  cf.br ^b(%0 : tensor<?x4xf32>)
^b(%y: tensor<?x4xf32>):
  return %y : tensor<?x4xf32>
}
