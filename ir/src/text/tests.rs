//! What is read, what is written, and what is refused.

use super::*;
use crate::attr::Attrs;
use crate::body::{At, Body};
use crate::build::Builder;
use crate::dialect::tfl;
use crate::tensor::Tensor;
use crate::types::{FunctionType, QuantType};

fn read(source: &str, allow_unregistered: bool) -> Result<Module, Vec<String>> {
    let mut sink = Sink::new();
    let registry = Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered, file: "t" };
    parse(source, &options, &mut sink).map_err(|_| {
        let spell = |d: &crate::Diagnostic| {
            let (_, line, col) = d.loc.text().expect("an error has a place");
            format!("{line}:{col}: {} [{}]", d.message, d.code)
        };
        sink.diagnostics().iter().map(spell).collect()
    })
}

fn module(source: &str) -> Module {
    read(source, true).unwrap_or_else(|errors| panic!("{errors:#?}\n{source}"))
}

fn errors(source: &str) -> Vec<String> {
    read(source, true).map(|m| print(&m, &PrintOptions::default())).expect_err("the text is wrong")
}

const GENERIC: PrintOptions = PrintOptions { generic: true, locations: false, elide_larger_than: None };
const LOCATED: PrintOptions = PrintOptions { generic: false, locations: true, elide_larger_than: None };

/// An attribute, read from the text of an operation that has it.
fn attr(text: &str) -> Attr {
    let m = module(&format!("\"a.b\"() {{x = {text}}} : () -> ()"));
    m.body.op(m.ops()[0]).attr("x").expect("the attribute").clone()
}

#[track_caller]
fn stays(text: &str) {
    becomes(text, text);
}

#[track_caller]
fn becomes(text: &str, written: &str) {
    assert_eq!(attr(text).to_string(), written);
    assert_eq!(attr(written), attr(text));
}

// ---- attributes and types ----

#[test]
fn types_stay_what_they_are() {
    for text in [
        "i1",
        "si8",
        "ui64",
        "index",
        "bf16",
        "f8E4M3FN",
        "none",
        "tuple<i32, tensor<2xf32>>",
        "complex<f32>",
        "vector<4x2xf32>",
        "vector<4x[4]xf32>",
        "memref<?x4xf32, strided<[4, 1], offset: ?>>",
        "tensor<f32>",
        "tensor<*xf32>",
        "tensor<1x?x0x3xi8>",
        "tensor<2x!tf_type.string>",
        "tensor<!tf_type.resource<tensor<3xf32>>>",
        "tensor<2xf32, #x.layout<(d0) -> (d0)>>",
        "tensor<2xvector<4xf32>>",
        "(i32, (f32) -> ()) -> ((f32) -> i1)",
        "!tfl.control",
        "!vhlo<tensor \"a>b\" [1]>",
        "!quant.any<i8<-8:7>:f32>",
        "!quant.any<u4>",
        "!quant.calibrated<f32<-1.000000e+00:2.500000e+00>>",
        "!quant.uniform<u8:f32, 0.015801213681697845:128>",
        "tensor<2x3x!quant.uniform<i8<-127:127>:f32:1, {1.000000e-01,2.000000e-01:-3,1.000000e-30}>>",
        "!quant.uniform<i4:f32:{0:1, 1:2}, {{5.000000e-01:1, 1.000000e+00}, {2.500000e-01, 2.000000e+00}}>",
    ] {
        stays(text);
    }
    becomes("tensor<0x4xf32>", "tensor<0x4xf32>");
    becomes("!quant.uniform<i8<-128:127>:f32, 1.0>", "!quant.uniform<i8:f32, 1.000000e+00>");
}

#[test]
fn attributes_stay_what_they_are() {
    for text in [
        "true",
        "5 : i32",
        "-5 : si8",
        "18446744073709551615 : ui64",
        "-1 : index",
        "5 : i128",
        "1.0 : f8E4M3FN",
        "1.500000e+00 : bf16",
        "0x7FC00001 : f32",
        "0xFFF0000000000001 : f64",
        r#""a\22\0A\\\FF\00""#,
        r#""text" : i32"#,
        r#"@a::@"b c""#,
        "array<i32>",
        "array<i1: true, false>",
        "array<f16: 1.000000e+00, 0x7E01>",
        r#"[1 : i64, [], {"a b", c}]"#,
        "affine_map<(d0, d1)[s0] -> (d0 + s0, d1 mod 2)>",
        "affine_set<(d0) : (d0 - 1 >= 0, d0 == 0)>",
        "#tfl<mirror_pad_attr REFLECT>",
        "#tf_type.shape<1x?>",
        "distinct[0]<\"a\">",
        "loc(callsite(\"a\" at fused<\"m\">[\"b\"(\"f\":1:2), unknown]))",
        "sparse<[[0]], [1.0]> : tensor<4xf32>",
        "dense<[1.0, 2.0]> : vector<2xf32>",
        "dense_resource<__elided__> : tensor<4xf32>",
        "dense_resource<nothing> : tensor<4xf32>",
    ] {
        stays(text);
    }
    becomes("1", "1 : i64");
    becomes("1.0", "1.000000e+00 : f64");
    becomes("0xFF : i8", "-1 : i8");
    becomes("1 : i1", "true");
    becomes("\"\u{e9}\"", r#""\C3\A9""#);
}

#[test]
fn constants_are_read_in_every_form() {
    for text in [
        "dense<> : tensor<0x3xf32>",
        "dense<[[1, -2], [3, 4]]> : tensor<2x2xi8>",
        "dense<1.500000e+00> : tensor<1000000000xf32>",
        "dense<[true, false]> : tensor<2xi1>",
        "dense<[-8, 7, 1]> : tensor<3xi4>",
        "dense<[(1.000000e+00,-2.000000e+00), (0.000000e+00,1.000000e+00)]> : tensor<2xcomplex<f32>>",
        r#"dense<["a\00", ""]> : tensor<2x!tf_type.string>"#,
        r#"dense<"one"> : tensor<!tf_type.string>"#,
        "dense<[18446744073709551615, 0]> : tensor<2xui64>",
    ] {
        stays(text);
    }
    becomes("dense<[[2, 2]]> : tensor<1x2xi32>", "dense<2> : tensor<1x2xi32>");
    becomes(r#"dense<"0x0000803f00000040"> : tensor<2xf32>"#, "dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>");
    becomes(
        r#"dense<"0x0D01"> : tensor<9xi1>"#,
        "dense<[true, false, true, true, false, false, false, false, true]> : tensor<9xi1>",
    );
    becomes(r#"dense<"0x010100"> : tensor<3xi1>"#, "dense<[true, true, false]> : tensor<3xi1>");
    becomes(r#"dense<"0x080F"> : tensor<2xi4>"#, "dense<[-8, -1]> : tensor<2xi4>");
    becomes(r#"dense<"s"> : tensor<2x!tf_type.string>"#, r#"dense<["s", "s"]> : tensor<2x!tf_type.string>"#);
}

#[test]
fn large_constants_are_bytes() {
    let t = Tensor::i8(&[300], Elem::I8, (0..300).map(|i| i as i8).collect());
    let text = Attr::Dense(t.clone()).to_string();
    assert!(text.starts_with("dense<\"0x000102") && text.ends_with("2A2B\"> : tensor<300xi8>"), "{text}");
    assert_eq!(attr(&text), Attr::Dense(t));
    let nibbles = attr(&format!("dense<[{}]> : tensor<300xi4>", ["3, -4, 7"; 100].join(", ")));
    assert!(nibbles.to_string().starts_with("dense<\"0x030C07030C07"));
    assert_eq!(attr(&nibbles.to_string()), nibbles);
}

#[test]
fn quantized_constants_are_written_as_they_are_stored() {
    let mut m = Module::new();
    let f = m.add_func("main", FunctionType { inputs: vec![], results: vec![] }, Loc::UNKNOWN);
    let body = m.func_body_mut(f).expect("a body");
    let q = Elem::Quant(QuantType::per_axis(8, 0, vec![0.5, 0.25]).with_range(-127, 127).into());
    let entry = body.entry();
    let mut b = Builder::new(body, At::End(entry), Loc::UNKNOWN);
    let v = b.constant(Tensor::i8(&[2], q, vec![-127, 3]));
    let text = print(&m, &PrintOptions::default());
    let ty = "tensor<2x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01}>>";
    let op =
        format!(r#""tfl.pseudo_qconst"() <{{qtype = {ty}, value = dense<[-127, 3]> : tensor<2xi8>}}> : () -> {ty}"#);
    assert!(text.contains(&op), "{text}");
    let again = module(&text);
    let (was, is) = (m.body.op(f).body(0).expect("a body"), again.body.op(again.funcs()[0]).body(0).expect("a body"));
    assert_eq!(is.constant(is.op(is.ops(is.entry())[0]).results()[0]), was.constant(v));
}

#[test]
fn resources_keep_their_bytes() {
    let source = r#"module {
  "a.b"() {x = dense_resource<k> : tensor<2xf32>, y = dense_resource<"a b"> : tensor<2xi1>} : () -> ()
}

{-#
  dialect_resources: {
    builtin: {
      k: "0x040000000000803F00000040",
      "a b": "0x400000000100"
    }
  }
#-}
"#;
    assert_eq!(print(&module(source), &PrintOptions::default()), source);
    let elided = print(&module(source), &PrintOptions { elide_larger_than: Some(1), ..PrintOptions::default() });
    assert!(elided.contains("x = dense_resource<__elided__> : tensor<2xf32>") && !elided.contains("{-#"), "{elided}");
    let other = "{-# external_resources: { mlir_reproducer: { pipeline: \"a,b\", verify_each: true } } #-}";
    assert!(module(other).ops().is_empty());
}

#[test]
fn one_key_for_two_blobs_is_two_keys() {
    let mut m = Module::new();
    let blob = |x| Attr::Resource("k".into(), Tensor::f32(&[1], vec![x]));
    m.attrs = Attrs::new().with("a", blob(1.0)).with("b", blob(2.0)).with("c", blob(1.0));
    let again = module(&print(&m, &PrintOptions::default()));
    for name in ["a", "b", "c"] {
        assert_eq!(again.attrs.get(name).and_then(Attr::as_tensor), m.attrs.get(name).and_then(Attr::as_tensor));
    }
}

// ---- operations ----

/// What upstream writes for it, but for the comments that name a block's predecessors.
const UPSTREAM: &str = r#"module @foo attributes {a.x = 1 : i32, tf.v = dense<[1, 2, 3]> : tensor<3xi4>} {
  func.func private @decl(tensor<1xf32> {tf.a = 1 : i64}, i32) -> (tensor<*xf32> {x.y}, f32)
  func.func @f(%arg0: tensor<2xf32> {tf.name = "a"}, %arg1: i1) -> tensor<2xf32> attributes {tf.entry_function = {inputs = "a"}} {
    %0:2 = "x.y"(%arg0) <{u}> ({
    ^bb0(%arg2: tensor<2xf32>):
      %4 = "tfl.neg"(%arg2) : (tensor<2xf32>) -> tensor<2xf32>
      "x.yield"(%4) : (tensor<2xf32>) -> ()
    }) {z.a = 1 : i64} : (tensor<2xf32>) -> (tensor<2xf32>, i32)
    %1 = "tfl.softmax"(%0#0) <{beta = 1.000000e+00 : f32}> : (tensor<2xf32>) -> tensor<2xf32>
    "x.branch"(%arg1, %1, %1)[^bb1, ^bb2] <{segments = array<i32: 1, 1, 1>}> : (i1, tensor<2xf32>, tensor<2xf32>) -> ()
  ^bb1(%2: tensor<2xf32>):
    return %2 : tensor<2xf32>
  ^bb2(%3: tensor<2xf32>):
    return {a} %3 : tensor<2xf32>
  }
  module @inner {
  }
}
"#;

#[test]
fn what_upstream_writes_stays() {
    let m = module(UPSTREAM);
    assert_eq!(print(&m, &PrintOptions::default()), UPSTREAM);
    let generic = print(&m, &GENERIC);
    assert_eq!(print(&module(&generic), &PrintOptions::default()), UPSTREAM);
    assert!(
        generic.starts_with("\"builtin.module\"() <{sym_name = \"foo\"}> ({\n  \"func.func\"() <{arg_attrs = "),
        "{generic}"
    );
    assert!(!generic.contains("func.func @"), "{generic}");
}

#[test]
fn short_forms_are_read() {
    let m = module(
        r#"
!t = tensor<2xf32>
func.func @f(%x: !t, %y: tensor<2x!quant.uniform<i8:f32, 0.5>>) -> !t {
  %a = tfl.add %x, %x {fused_activation_function = "RELU", note} : !t
  %b = tfl.less(%a, %x) : (!t, !t) -> tensor<2xi1>
  %c = tfl.mul(%a, %x) <{fused_activation_function = "NONE"}> : (!t, !t) -> !t
  %d = tfl.pseudo_qconst() <{qtype = tensor<2x!quant.uniform<i8:f32, 0.5>>, value = dense<1> : tensor<2xi8>}> : () -> tensor<2x!quant.uniform<i8:f32, 0.5>>
  %e = "quantfork.stats"(%c) {layerStats = dense<[0.0, 1.0]> : tensor<2xf32>} : (!t) -> !t
  %g = func.call @f(%e, %d) : (!t, tensor<2x!quant.uniform<i8:f32, 0.5>>) -> !t
  func.return %g : !t
}"#,
    );
    let text = print(&m, &PrintOptions::default());
    for line in [
        r#"%0 = "tfl.add"(%arg0, %arg0) <{fused_activation_function = "RELU"}> {note} : "#,
        r#"%1 = "tfl.less"(%0, %arg0) : "#,
        r#"%4 = "quantfork.stats"(%2) <{layerStats = dense<[0.000000e+00, 1.000000e+00]> : tensor<2xf32>}> : "#,
        r#"%5 = "func.call"(%4, %3) <{callee = @f}> : "#,
        "return %5 : tensor<2xf32>",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn other_dialects_have_short_forms() {
    let m = module(
        r#"
func.func private @f(tensor<1xf32>) -> tensor<1xf32>
func.func @g(tensor<1xf32>, tensor<1xi32>) -> tensor<1xf32> {
^bb0(%0: tensor<1xf32>, %i: tensor<1xi32>):
  %1, %c1 = tfl.control_node controls "tfl.neg"(%0) : (tensor<1xf32>) -> tensor<1xf32>
  %2, %c2 = tfl.control_node(%c1) controls "tfl.neg"(%1) : (tensor<1xf32>) -> tensor<1xf32>
  %3 = stablehlo.constant {a.b} dense<1.0> : tensor<1xf32>
  %4:2 = stablehlo.optimization_barrier %i, %2 : tensor<1xi32>, tensor<1xf32>
  %5 = stablehlo.composite "a.b" %4#1 {decomposition = @f} : (tensor<1xf32>) -> tensor<1xf32>
  %6 = stablehlo.convert %5 : (tensor<1xf32>) -> tensor<1xi32>
  %7 = stablehlo.add %5, %3 : tensor<1xf32>
  %8 = arith.sitofp %6 : tensor<1xi32> to tensor<1xf32>
  return %8 : tensor<1xf32>
}
"#,
    );
    assert_eq!(
        print(&m, &PrintOptions::default()),
        r#"module {
  func.func private @f(tensor<1xf32>) -> tensor<1xf32>
  func.func @g(%arg0: tensor<1xf32>, %arg1: tensor<1xi32>) -> tensor<1xf32> {
    %0:2 = "tfl.control_node"() ({
      %8 = "tfl.neg"(%arg0) : (tensor<1xf32>) -> tensor<1xf32>
      "tfl.yield"(%8) : (tensor<1xf32>) -> ()
    }) : () -> (tensor<1xf32>, !tfl.control)
    %1:2 = "tfl.control_node"(%0#1) ({
      %8 = "tfl.neg"(%0#0) : (tensor<1xf32>) -> tensor<1xf32>
      "tfl.yield"(%8) : (tensor<1xf32>) -> ()
    }) : (!tfl.control) -> (tensor<1xf32>, !tfl.control)
    %2 = "stablehlo.constant"() <{value = dense<1.000000e+00> : tensor<1xf32>}> {a.b} : () -> tensor<1xf32>
    %3:2 = "stablehlo.optimization_barrier"(%arg1, %1#0) : (tensor<1xi32>, tensor<1xf32>) -> (tensor<1xi32>, tensor<1xf32>)
    %4 = "stablehlo.composite"(%3#1) <{decomposition = @f, name = "a.b"}> : (tensor<1xf32>) -> tensor<1xf32>
    %5 = "stablehlo.convert"(%4) : (tensor<1xf32>) -> tensor<1xi32>
    %6 = "stablehlo.add"(%4, %2) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %7 = "arith.sitofp"(%5) : (tensor<1xi32>) -> tensor<1xf32>
    return %7 : tensor<1xf32>
  }
}
"#
    );
}

#[test]
fn branches_hand_over_operands() {
    let m = module(
        r#"func.func @f(%c: i1, %x: i32) -> i32 {
  cf.cond_br %c, ^bb1(%x, %x : i32, i32), ^bb2
^bb1(%a: i32, %b: i32):
  return %a : i32
^bb2:
  cf.br ^bb1(%x, %x : i32, i32)
}"#,
    );
    let text = print(&m, &PrintOptions::default());
    for line in [
        r#""cf.cond_br"(%arg0, %arg1, %arg1)[^bb1, ^bb2] <{operandSegmentSizes = array<i32: 1, 2, 0>}> : (i1, i32, i32) -> ()"#,
        r#""cf.br"(%arg1, %arg1)[^bb1] : (i32, i32) -> ()"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn attributes_of_tf_operations_stay_where_they_were() {
    for text in [
        r#""tf.Const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>"#,
        r#""tf.Const"() <{value = dense<1> : tensor<i32>}> : () -> tensor<i32>"#,
    ] {
        let m = module(text);
        assert_eq!(print_op(&m.body, m.ops()[0]), format!("%0 = {text}"));
        assert!(m.body.constant(m.body.op(m.ops()[0]).results()[0]).is_some());
    }
}

#[test]
fn operations_are_one_line_in_diagnostics() {
    let m = module(
        "\"a.b\"() ({\n \"c.d\"() : () -> ()\n}) {x = dense<\"0x00\"> : tensor<1xi8>, y = dense<[1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8]> : tensor<17xi8>} : () -> ()",
    );
    let text =
        r#""a.b"() ({...}) {x = dense<0> : tensor<1xi8>, y = dense_resource<__elided__> : tensor<17xi8>} : () -> ()"#;
    assert_eq!(print_op(&m.body, m.ops()[0]), text);
}

#[test]
fn aliases_stand_anywhere() {
    let m = module(
        r#"
"a.b"() {x = #late, y = #wrap.attr<#late, !ty>} : () -> () loc(#loc1)
#late = dense<1> : tensor<2x!elem>
!elem = i32
!ty = tensor<2x!elem>
#loc1 = loc("node"(#loc))
#loc = loc("f":1:2)
"#,
    );
    let op = m.body.op(m.ops()[0]);
    assert_eq!(op.attr("x"), Some(&attr("dense<1> : tensor<2xi32>")));
    assert_eq!(op.attr("y"), Some(&Attr::Opaque("#wrap.attr<dense<1> : tensor<2xi32>, tensor<2xi32>>".into())));
    assert_eq!(op.loc.to_string(), r#"loc("node"("f":1:2))"#);
}

#[test]
fn operations_know_their_place_and_their_node() {
    let m = module(
        r#"
"a.b"() : () -> ()
%0 = "a.b"() : () -> i32 loc("node")
"a.b"() : () -> () loc(fused<"m">[unknown, "one", "two"])
"a.b"() : () -> () loc("node"("f":7:8))
"a.b"() : () -> () loc(unknown)
"a.b"() : () -> () loc(callsite("callee" at "caller"))
"#,
    );
    let locs: Vec<_> = m.ops().iter().map(|op| &m.body.op(*op).loc).collect();
    assert_eq!(
        locs.iter().map(|l| (l.to_string(), l.text())).collect::<Vec<_>>(),
        [
            (r#"loc("t":2:1)"#.to_owned(), Some(("t", 2, 1))),
            (r#"loc("node")"#.to_owned(), Some(("t", 3, 6))),
            (r#"loc(fused<"m">[unknown, "one", "two"])"#.to_owned(), Some(("t", 4, 1))),
            (r#"loc("node"("f":7:8))"#.to_owned(), Some(("f", 7, 8))),
            ("loc(unknown)".to_owned(), None),
            (r#"loc(callsite("callee" at "caller"))"#.to_owned(), Some(("t", 7, 1))),
        ]
    );
    let text = print(&m, &LOCATED);
    let again = module(&text);
    assert_eq!(print(&again, &LOCATED), text);
    let written = |m: &Module| m.ops().iter().map(|op| m.body.op(*op).loc.to_string()).collect::<Vec<_>>();
    assert_eq!(written(&again), written(&m));
    // Equal ones and parts have one alias, which stands before those made of it.
    let aliases: Vec<&str> = text.lines().filter(|l| l.starts_with('#')).collect();
    assert_eq!(
        aliases,
        [
            r#"#loc1 = loc("t":2:1)"#,
            r#"#loc2 = loc("node")"#,
            r#"#loc3 = loc("one")"#,
            r#"#loc4 = loc("two")"#,
            r#"#loc5 = loc(fused<"m">[unknown, #loc3, #loc4])"#,
            r#"#loc6 = loc("f":7:8)"#,
            r#"#loc7 = loc("node"(#loc6))"#,
            r#"#loc8 = loc("callee")"#,
            r#"#loc9 = loc("caller")"#,
            r#"#loc10 = loc(callsite(#loc8 at #loc9))"#,
            r#"#loc11 = loc("t":0:0)"#,
        ]
    );
    assert!(text.contains(r#""a.b"() : () -> i32 loc(#loc2)"#), "{text}");
}

#[test]
fn values_may_be_used_before_they_are_defined() {
    let m = module(
        r#"func.func @f(%c: i1) -> i32 {
  "cf.br"()[^bb2] : () -> ()
^bb1:
  "a.region"() ({
    "a.use"(%x, %c) : (i32, i1) -> ()
  }) : () -> ()
  return %x#1 : i32
^bb2:
  %x:2 = "a.def"() : () -> (i32, i32)
  "cf.br"()[^bb1] : () -> ()
}"#,
    );
    let body: &Body = m.body.op(m.funcs()[0]).body(0).expect("a body");
    let def = body.walk().into_iter().find(|op| body.op(*op).name.as_str() == "a.def").expect("the definition");
    let [first, second] = body.op(def).results()[..] else { panic!("two results") };
    let user = |v| body.op(body.uses(v)[0]).name.as_str();
    assert_eq!((user(first), user(second)), ("a.use", "func.return"));
}

#[test]
fn attributes_are_those_of_the_rows() {
    let m = module(
        r#"%0 = "a.b"() : () -> tensor<4xf32>
%1 = "a.c"() : () -> tensor<1x2xi32>
%2 = "tfl.mirror_pad"(%0, %1) <{mode = #tfl<mirror_pad_attr SYMMETRIC>}> : (tensor<4xf32>, tensor<1x2xi32>) -> tensor<6xf32>"#,
    );
    let row = m.body.op(m.ops()[2]).as_row::<tfl::MirrorPad>();
    assert_eq!(row.map(|r| r.mode), Some(tfl::MirrorPadMode::Symmetric));
}

// ---- errors ----

#[test]
fn errors_name_their_place() {
    for (source, expected) in [
        ("\"a.b\"(%0) : (i32) -> ()", "1:7: use of undefined value '%0' [parse/undefined]"),
        (
            "%0 = \"a.b\"() : () -> i32\n%0 = \"a.b\"() : () -> i32",
            "2:1: redefinition of value '%0' [parse/redefinition]",
        ),
        (
            "%0 = \"a.b\"() : () -> i32\n\"a.b\"(%0) : (f32) -> ()",
            "2:7: use of value '%0' expects type f32, but it is of type i32 [parse/type]",
        ),
        ("%0:2 = \"a.b\"() : () -> i32", "1:8: the operation has 1 results, but 2 are named [parse/type]"),
        ("\"a.b\"() : (i32) -> ()", "1:1: 0 operands are given, but the types of 1 [parse/type]"),
        ("\"a.b\"()[^x] : () -> ()", "1:9: use of undefined block '^x' [parse/undefined]"),
        ("\"a.b\"() ({^a:\n^a:\n}) : () -> ()", "2:1: redefinition of block '^a' [parse/redefinition]"),
        ("foo.bar %0 : i32", "1:1: custom op 'foo.bar' is unknown [parse/unregistered]"),
        ("\"a.b\"() {x = 300 : i8} : () -> ()", "1:14: 300 does not fit type i8 [parse/literal]"),
        ("\"a.b\"() {x = -1 : ui8} : () -> ()", "1:14: -1 does not fit type ui8 [parse/literal]"),
        (
            "\"a.b\"() {x = 1 : f32} : () -> ()",
            "1:14: expected a number with a decimal point, found '1' [parse/syntax]",
        ),
        ("\"a.b\"() {x = 1, x = 2} : () -> ()", "1:17: attribute 'x' is given twice [parse/syntax]"),
        (
            "\"a.b\"() {x = dense<[1, 2]> : tensor<3xi8>} : () -> ()",
            "1:20: expected 3 elements in this list, found 2 [parse/literal]",
        ),
        (
            "\"a.b\"() {x = dense<\"0x0102\"> : tensor<3xi8>} : () -> ()",
            "1:20: 2 bytes given for tensor<3xi8>, which takes 3 [parse/literal]",
        ),
        (
            "\"a.b\"() {x = dense<1> : tensor<?xi8>} : () -> ()",
            "1:20: a constant has no shape in its type tensor<?xi8> [parse/literal]",
        ),
        ("\"a.b\"() {x = #a} : () -> ()", "1:14: undefined alias '#a' [parse/alias]"),
        ("#a = [#a]", "1:7: alias '#a' is defined by itself [parse/alias]"),
        ("#a = 1 : i32\n#a = 2 : i32", "2:1: redefinition of alias '#a' [parse/alias]"),
        ("\"a.b\"() {x = #d<(]>} : () -> ()", "1:18: this closes a bracket that is not open [parse/syntax]"),
        ("\"a.b\"() {x = \"abc", "1:14: expected '\"' at the end of the string [parse/syntax]"),
        ("\"a.b\"() {x = \"\\q\"} : () -> ()", "1:14: unknown escape in a string [parse/syntax]"),
        (
            "func.func @f(%a: i32) { ^bb0:\n return }",
            "1:25: expected an operation: the first block has the function's arguments and no label, found '^bb0' [parse/syntax]",
        ),
        ("func.func @f() {}", "1:16: expected a function body that is not empty [parse/syntax]"),
        ("\"a.b\"() : () -> tensor<2xq>", "1:26: expected a type, found 'q' [parse/syntax]"),
        (
            "\"a.b\"() : () -> !quant.uniform<i8<5:200>:f32, 1.0>",
            "1:32: 5:200 is no range of i8, which holds -128:127 [parse/type]",
        ),
        ("}", "1:1: expected an operation, found '}' [parse/syntax]"),
        ("module {", "1:9: expected '}' at the end of a region, found the end of the text [parse/syntax]"),
    ] {
        assert_eq!(errors(source)[0], expected, "{source}");
    }
}

#[test]
fn unregistered_operations_are_refused_unless_allowed() {
    let refused = read("%0 = \"tfl.ad\"() : () -> i32\n\"foo.bar\"(%0) : (i32) -> ()", false);
    assert_eq!(
        refused.expect_err("both names are wrong"),
        [
            "1:6: operation 'tfl.ad' is in no registered dialect [parse/unregistered]",
            "2:1: operation 'foo.bar' is in no registered dialect [parse/unregistered]",
        ]
    );
}

#[test]
fn reading_goes_on_at_the_next_operation() {
    let source = r#"module {
  func.func @broken(%x: tensor<2xf32> -> tensor<2xf32> {
    %0 = "a.b"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func @good(%x: i32) {
    %0 = "a.b"(%x) {x = } : (i32) -> i32
    %1 = "a.b"(%0) : (i32) -> i32
    %2 = "a.b"(%y) : (i32) -> i32
    %3 = "a.b"() ({
      %4 = "a.b"() :
      "a.c"(%x) : (f32) -> ()
    }) : () -> i32
    return
  }
}"#;
    let places: Vec<String> = errors(source).iter().map(|e| e[..e.find(' ').unwrap_or(0)].to_owned()).collect();
    assert_eq!(places, ["2:39:", "7:25:", "12:7:", "12:13:", "9:16:"]);
}

#[test]
fn errors_end_at_a_limit() {
    let source = "\"a.b\"(%x) :\n".repeat(1000);
    assert!(errors(&source).len() < 100);
}

#[test]
fn deep_nesting_is_an_error() {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for source in [
        nested("\"a.b\"() ({\n", "}) : () -> ()\n"),
        nested("module {\n", "}\n"),
        format!("\"a.b\"() {{x = {}}} : () -> ()", nested("[", "]")),
        format!("\"a.b\"() {{x = {}}} : () -> ()", nested("{x = ", "}")),
        format!("\"a.b\"() : () -> {}", nested("tuple<", ">")),
        format!("\"a.b\"() : () -> {}", nested("(", ") -> ()")),
        format!("\"a.b\"() : () -> () loc({})", nested("callsite(", " at unknown)")),
        format!("\"a.b\"() : () -> !quant.uniform<i8:f32:{{0:1}}, {}>", nested("{", "}")),
        format!(
            "\"a.b\"() {{x = dense<{}> : tensor<{}xi8>}} : () -> ()",
            nested("[", "]"),
            "1x".repeat(100_000).trim_end_matches('x')
        ),
        format!("{{-# a: {{b: {}}} #-}}", nested("{a: ", "}")),
    ] {
        let first = &errors(&source)[0];
        assert!(first.contains("nested more than"), "{first}");
    }
}

#[test]
fn aliases_that_grow_without_bounds_are_refused() {
    let mut source = "#a0 = [1, 2]\n".to_owned();
    for i in 1..64 {
        source.push_str(&format!("#a{i} = [#a{j}, #a{j}]\n", j = i - 1));
    }
    assert!(errors(&source)[0].contains("more than can be read"));
}

#[test]
fn no_text_panics() {
    // Every prefix of a text with everything in it, and the text with each token left out.
    let source = UPSTREAM.replace("%5", "%6");
    let whole = format!(
        "{source}#a = loc(fused<\"m\">[\"b\"(\"f\":1:2)])\n\"x.y\"() {{d = dense<\"0x01\"> : tensor<3xi4>, e = array<f16: 0x7E01>, q = !quant.uniform<i8<-127:127>:f32:{{0:1}}, {{1.0:2}}>}} : () -> () loc(#a)\n{{-# dialect_resources: {{builtin: {{k: \"0x0400000001\"}}}} #-}}"
    );
    for (i, _) in whole.char_indices() {
        let _ = read(&whole[..i], true);
        let mut without = whole.clone();
        without.remove(i);
        let _ = read(&without, false);
        without.insert_str(i, "\u{e9}<");
        let _ = read(&without, true);
    }
}
