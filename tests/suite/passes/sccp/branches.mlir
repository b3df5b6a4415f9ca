// RUN: --pass-pipeline='sccp'
// A loop variable that is the same on both ways in is a constant; one that changes is not. What only a false condition leads to goes.
func.func @loop(%n: i1, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  cf.br ^head(%zero, %x : tensor<2xf32>, tensor<2xf32>)
^head(%same: tensor<2xf32>, %other: tensor<2xf32>):
  %negated = "tfl.neg"(%same) : (tensor<2xf32>) -> tensor<2xf32>
  %again = "tfl.abs"(%negated) : (tensor<2xf32>) -> tensor<2xf32>
  %next = "tfl.neg"(%other) : (tensor<2xf32>) -> tensor<2xf32>
  cf.cond_br %n, ^head(%again, %next : tensor<2xf32>, tensor<2xf32>), ^exit
^exit:
  %no = arith.constant false
  cf.cond_br %no, ^never(%x : tensor<2xf32>), ^end(%same : tensor<2xf32>)
^never(%y: tensor<2xf32>):
  %1 = "tfl.sin"(%y) : (tensor<2xf32>) -> tensor<2xf32>
  cf.br ^end(%1 : tensor<2xf32>)
^end(%z: tensor<2xf32>):
  return %z, %other : tensor<2xf32>, tensor<2xf32>
}
