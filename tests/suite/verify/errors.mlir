// RUN: --split-input-file --verify-diagnostics --allow-unregistered-dialect
// What upstream refuses is an error.
func.func @rows(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [verify/arity] {{takes 2 operands, but 1 are given}}
  %0 = "tfl.add"(%x) {fused_activation_function = "NONE"} : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [verify/attribute] {{requires attribute 'fused_activation_function'}}
  %1 = "tfl.add"(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----
func.func @order(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [verify/dominance] {{operand #0 is used before it is defined}}
  %0 = "tfl.neg"(%1) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----
func.func @end(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [verify/terminator] {{ends a block but is no terminator}}
  %0 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
}

// -----
func.func @results(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error@+1 [verify/function] {{returned types differ}}
  return %x : tensor<2xf32>
}

// -----
func.func @twice() {
  return
}
// expected-error@+1 [verify/symbol] {{symbol `@twice` is defined twice}}
func.func @twice() {
  return
}

// -----
// What only runtimes refuse is a warning on a text.
func.func @runtimes(%x: tensor<2xi32>) {
  // expected-warning@+2 [verify/elem] {{operand #0 (`x`)}}
  // expected-warning@+1 [verify/elem] {{result #0 (`y`)}}
  %0 = "tfl.elu"(%x) : (tensor<2xi32>) -> tensor<2xi32>
  // expected-warning@+1 [verify/quant-type] {{its zero point 128 lies outside -128:127}}
  %1 = "a.b"() : () -> tensor<2x!quant.uniform<i8:f32, 0.5:128>>
  return
}
