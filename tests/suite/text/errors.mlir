// RUN: --split-input-file --verify-diagnostics
// Several errors of one function are reported, each at its place.
func.func @names(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [parse/undefined] {{use of undefined value '%a'}}
  %0 = "tfl.neg"(%a) : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [parse/type] {{expects type tensor<3xf32>}}
  %1 = "tfl.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  // expected-error@+1 [parse/redefinition] {{redefinition of value '%x'}}
  %x = "tfl.neg"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----
func.func @unknown(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [parse/unregistered] {{'tfl.neq'}}
  %0 = "tfl.neq"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [parse/unregistered] {{custom op 'mine.op' is unknown}}
  %1 = mine.op %x : tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----
// expected-error@+1 [parse/syntax] {{either all arguments have names or none}}
func.func @mixed(%x: tensor<2xf32>, tensor<2xf32>) {
  return
}

// -----
func.func @literals() {
  // expected-error@+1 [parse/literal] {{300 does not fit type i8}}
  %0 = arith.constant dense<300> : tensor<2xi8>
  // expected-error@+1 [parse/alias] {{undefined alias '#a'}}
  %1 = arith.constant #a
  // expected-error@+1 [parse/syntax] {{expected}}
  %2 = arith.constant )
  return
}
