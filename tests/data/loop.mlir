// Input of tests/generated.rs: a loop whose result decides a branch.
module {
  func.func @main(%x: tensor<2xi32>, %y: tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>) attributes {tf.entry_function = {inputs = "x,y", outputs = "a,b"}} {
    %r:2 = "tfl.while"(%x, %y) <{is_stateless = true}> ({
    ^bb0(%a: tensor<2xi32>, %b: tensor<2xi32>):
      %c = func.call @cond(%a, %b) : (tensor<2xi32>, tensor<2xi32>) -> tensor<i1>
      "tfl.yield"(%c) : (tensor<i1>) -> ()
    }, {
    ^bb0(%a: tensor<2xi32>, %b: tensor<2xi32>):
      %c:2 = func.call @step(%a, %b) : (tensor<2xi32>, tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>)
      "tfl.yield"(%c#0, %c#1) : (tensor<2xi32>, tensor<2xi32>) -> ()
    }) : (tensor<2xi32>, tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>)
    %axes = arith.constant dense<[0]> : tensor<1xi32>
    %limit = arith.constant dense<1000> : tensor<i32>
    %s = "tfl.sum"(%r#0, %axes) <{keep_dims = false}> : (tensor<2xi32>, tensor<1xi32>) -> tensor<i32>
    %big = "tfl.greater"(%s, %limit) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %f = "tfl.if"(%big) ({
      %c = func.call @then(%r#0, %r#1) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
      "tfl.yield"(%c) : (tensor<2xi32>) -> ()
    }, {
      %c = func.call @else(%r#0, %r#1) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
      "tfl.yield"(%c) : (tensor<2xi32>) -> ()
    }) : (tensor<i1>) -> tensor<2xi32>
    return %f, %r#0 : tensor<2xi32>, tensor<2xi32>
  }
  func.func private @cond(%a: tensor<2xi32>, %b: tensor<2xi32>) -> tensor<i1> {
    %axes = arith.constant dense<[0]> : tensor<1xi32>
    %limit = arith.constant dense<100> : tensor<i32>
    %s = "tfl.sum"(%a, %axes) <{keep_dims = false}> : (tensor<2xi32>, tensor<1xi32>) -> tensor<i32>
    %c = "tfl.less"(%s, %limit) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    return %c : tensor<i1>
  }
  func.func private @step(%a: tensor<2xi32>, %b: tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>) {
    %one = arith.constant dense<1> : tensor<i32>
    %c = "tfl.add"(%a, %b) <{fused_activation_function = "NONE"}> : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    %d = "tfl.add"(%c, %one) <{fused_activation_function = "NONE"}> : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
    return %d, %a : tensor<2xi32>, tensor<2xi32>
  }
  func.func private @then(%a: tensor<2xi32>, %b: tensor<2xi32>) -> tensor<2xi32> {
    return %b : tensor<2xi32>
  }
  func.func private @else(%a: tensor<2xi32>, %b: tensor<2xi32>) -> tensor<2xi32> {
    %c = "tfl.sub"(%a, %b) <{fused_activation_function = "NONE"}> : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
    return %c : tensor<2xi32>
  }
}
