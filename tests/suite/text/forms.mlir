// RUN: --allow-unregistered-dialect --mlir-print-op-generic
// Short forms of the dialects that upstream registers, and what they stand for.
func.func @integers(%a: i32, %b: i32, %t: tensor<2xi32>) {
  %0 = arith.addi %a, %b : i32
  %1 = arith.muli %a, %b overflow<nsw, nuw> {x = 1 : i32} : i32
  %2 = arith.shrui %a, %b exact : i32
  %3 = arith.cmpi slt, %t, %t : tensor<2xi32>
  %4 = arith.select %3, %t, %t : tensor<2xi1>, tensor<2xi32>
  %5:2 = arith.addui_extended %a, %b : i32, i1
  %6:2 = arith.mulsi_extended %a, %b : i32
  %7 = arith.extui %a nneg : i32 to i64
  %8 = arith.trunci %a overflow<nsw> : i32 to i8
  return
}

func.func @floats(%f: f32, %c: i1) {
  %0 = arith.addf %f, %f fastmath<nnan,ninf> : f32
  %1 = arith.negf %f : f32
  %2 = arith.cmpf ult, %f, %f : f32
  %3 = arith.select %c, %f, %f : f32
  %4 = arith.truncf %f toward_zero fastmath<fast> : f32 to f16
  %5 = arith.scaling_extf %f, %f : f32, f32 to f64
  return
}

func.func @branches(%c: i1, %x: i32) -> i32 {
  cf.assert %c, "it holds"
  cf.cond_br %c weights([1, 2]), ^a(%x : i32), ^b
^a(%y: i32):
  cf.br ^c(%y, %y : i32, i32)
^b:
  cf.switch %x : i32, [
    default: ^a(%x : i32),
    -1: ^b,
    2: ^c(%x, %x : i32, i32)
  ]
^c(%p: i32, %q: i32):
  return %q : i32
}

func.func @calls(%f: (i32) -> i32, %x: i32) -> i32 {
  %0 = call_indirect %f(%x) : (i32) -> i32
  %1 = constant @branches : (i1, i32) -> i32
  %2:2 = builtin.unrealized_conversion_cast %x : i32 to f32, i8
  return %0 : i32
}

func.func @composite(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2xf32>
  %0 = stablehlo.composite "mine.op" %x {decomposition = @composite} : (tensor<2xf32>) -> tensor<2xf32>
  %1:2 = stablehlo.optimization_barrier %0, %c : tensor<2xf32>, tensor<2xf32>
  %2 = tfl.add(%1#0, %x) <{fused_activation_function = "NONE"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

vhlo.func_v1 @portable(%x: !vhlo.tensor_v1<2x!vhlo.f32_v1>) -> !vhlo.tensor_v1<2x!vhlo.f32_v1> {
  "vhlo.return_v1"(%x) : (!vhlo.tensor_v1<2x!vhlo.f32_v1>) -> ()
} {arg_attrs = #vhlo.array_v1<[]>, res_attrs = #vhlo.array_v1<[]>, sym_visibility = #vhlo.string_v1<"public">}

// Properties that upstream fills in.
func.func @filled(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = "tfl.gelu"(%x) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = "tfl.batch_matmul"(%0, %x) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
