// RUN: --allow-unregistered-dialect --mlir-print-debuginfo
// Types and attributes come back as they were written.
"a.types"() {t = [i0, i77, si5, tf32, vector<[4]xi8>, tuple<i32, tuple<>>, complex<f64>, (i32) -> (() -> ()),
  memref<?x4xf32, strided<[4, 1], offset: ?>>, tensor<*xf32>, tensor<0x?xf32, #foo.bar<1>>, tensor<2x!foo<"x>">>]} : () -> () loc(unknown)
"a.quant"() {t = [!quant.any<ui8:f32>, !quant.any<u8>, !quant.uniform<si8<-127:127>:f32, 0.5:3>, !quant.calibrated<f32<-1.0:2.5>>,
  !quant.uniform<i4:f32:1, {0.5,0.25:1}>, !quant.uniform<i8:f32:{0:1, 1:32}, {{0.5, 0.25:1}, {1.0, 2.0:-3}}>]} : () -> () loc(unknown)
"a.numbers"() {t = [0xFF : i8, 18446744073709551615 : ui64, 12345678901234567890123 : i77, 0 : i0, 0x7FC12345 : f32, 0x7C01 : f16,
  1.0 : f8E4M3FN, -0.0, 1.0e-320, array<i16: 7, -8>, array<bf16: 1.5>]} : () -> () loc(unknown)
"a.constants"() {t = [dense<[1, -8, 7]> : tensor<3xi4>, dense<(1, 2)> : tensor<2xcomplex<i32>>, dense<[[], []]> : tensor<2x0xf32>,
  sparse<[[0, 0]], [1]> : tensor<3x4xi32>, dense_resource<spread> : tensor<3xi4>, dense_resource<packed> : tensor<3xi4>]} : () -> () loc(unknown)
"a.others"() {t = ["\00\FF\n\22\\", @a::@"b c", affine_set<(d0)[N] : (d0 - 1 >= 0, -d0 + N == 0)>, distinct[1]<"a">, unit, #foo<"a">]} : () -> () loc(unknown)
"a.places"() : () -> () loc("a":1:2 to 3:4)
"a.places"() : () -> () loc("a":1:2 to :4)
"a.places"() : () -> () loc(fused<"m">["a":1:1, callsite("b":2:2 at "c":3:3), unknown])

{-#
  dialect_resources: {
    builtin: {
      spread: "0x01000000010203",
      packed: "0x040000002103"
    }
  }
#-}
