// RUN: --split-input-file --verify-diagnostics --allow-unregistered-dialect
// What upstream refuses is an error; all of them are reported.
func.func @rows(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [verify/arity] {{takes 2 operands, but 1 are given}}
  %0 = "tfl.add"(%x) {fused_activation_function = "NONE"} : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [verify/attribute] {{requires attribute 'fused_activation_function'}}
  %1 = "tfl.add"(%x, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // expected-error@+1 [verify/attribute] {{attribute 'fused_activation_function' must be}}
  %2 = "tfl.add"(%x, %x) {fused_activation_function = "SOFT"} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
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
// A value of one branch is not one of the other, nor behind both; one in front of them is.
func.func @branches(%c: i1) -> i32 {
  %0 = "a.b"() : () -> i32
  cf.cond_br %c, ^yes, ^no
^yes:
  %1 = "a.c"(%0) : (i32) -> i32
  cf.br ^end
^no:
  // expected-error@+1 [verify/dominance] {{operand #0 is used before it is defined}}
  %2 = "a.c"(%1) : (i32) -> i32
  cf.br ^end
^end:
  // expected-error@+1 [verify/dominance] {{operand #0 is used before it is defined}}
  %3 = "a.c"(%2) : (i32) -> i32
  return %0 : i32
}

// -----
// What is defined in a region stays in it.
func.func @regions(%c: i1) {
  "a.region"() ({
    %0 = "a.b"() : () -> i32
  }, {
    // expected-error@+1 [parse/undefined] {{use of undefined value '%0'}}
    "a.c"(%0) : (i32) -> ()
  }) : () -> ()
  return
}

// -----
func.func @isolated(%x: i32) {
  // expected-error@+3 [parse/undefined] {{use of undefined value '%x'}}
  module {
    func.func @inner() {
      "a.b"(%x) : (i32) -> ()
      return
    }
  }
  return
}

// -----
func.func @end(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 [verify/terminator] {{ends a block but is no terminator}}
  %0 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
}

// -----
// expected-error@+1 [verify/terminator] {{has a block without a terminator}}
func.func @empty(%c: i1) {
  cf.br ^next
^next:
}

// -----
func.func @early(%c: i1) {
  // expected-error@+1 [verify/terminator] {{must be the last operation of its block}}
  return
  "a.b"() : () -> ()
  return
}

// -----
func.func @again() {
^first:
  // expected-error@+1 [verify/successor] {{goes back to the first block}}
  cf.br ^first
}

// -----
func.func @handed(%c: i1, %x: i32) {
  // expected-error@+1 [verify/successor] {{hands successor #1 other values than it takes}}
  cf.cond_br %c, ^yes(%x : i32), ^yes(%c : i1)
^yes(%y: i32):
  return
}

// -----
func.func @results(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error@+1 [verify/function] {{returned types differ}}
  return %x : tensor<2xf32>
}

// -----
func.func @blocks(%c: i1, %x: i32) -> i32 {
  cf.cond_br %c, ^yes, ^no
^yes:
  return %x : i32
^no:
  // expected-error@+1 [verify/function] {{returned types differ}}
  return
}

// -----
func.func @elsewhere() {
  "a.region"() ({
    // expected-error@+1 [verify/function] {{does not stand in a function}}
    "func.return"() : () -> ()
  }) : () -> ()
  return
}

// -----
// expected-error@+1 [verify/function] {{has no body, so it must be private}}
func.func @declared()

// -----
func.func @twice() {
  return
}
// expected-error@+1 [verify/symbol] {{symbol `@twice` is defined twice}}
func.func @twice() {
  return
}

// -----
module {
  module {
    func.func private @twice()
    // expected-error@+1 [verify/symbol] {{symbol `@twice` is defined twice}}
    func.func private @twice()
  }
  func.func private @twice()
}

// -----
func.func private @callee(i32) -> i32
func.func @calls(%x: i32, %y: f32) {
  // expected-error@+1 [verify/symbol] {{calls `@nobody`, which is no function here}}
  call @nobody() : () -> ()
  // expected-error@+1 [verify/call] {{has other types of operands than `@callee`}}
  %0 = call @callee(%y) : (f32) -> i32
  // expected-error@+1 [verify/call] {{has other types of results than `@callee`}}
  call @callee(%x) : (i32) -> ()
  return
}

// -----
// expected-error@+1 [verify/attribute] {{has an attribute 'a' of no dialect}}
module attributes {a = 1 : i32, b.c = 1 : i32} {
  // expected-error@+1 [verify/attribute] {{'arg_attrs' has an attribute 'x' of no dialect}}
  func.func private @f(i32 {x})
}
