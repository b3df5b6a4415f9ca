//! Operations that call functions or keep state go through a file and back.

use bytes::Bytes;
use ir::text::{ParseOptions, parse};
use ir::{Body, Module, Operation, Registry, Sink};
use quant_opt_backend::{emit, read};

const CONTROL: &str = r#"
func.func @main(%x: tensor<4xf32>, %n: tensor<i32>) -> tensor<4xf32> attributes {tf.entry_function = {inputs = "x,n", outputs = "y"}} {
  "tfl.call_once"() <{session_init_function = "init"}> : () -> ()
  %0:2 = "tfl.while"(%n, %x) ({
  ^bb0(%a: tensor<i32>, %b: tensor<4xf32>):
    %c = func.call @cond(%a, %b) : (tensor<i32>, tensor<4xf32>) -> tensor<i1>
    "tfl.yield"(%c) : (tensor<i1>) -> ()
  }, {
  ^bb0(%a: tensor<i32>, %b: tensor<4xf32>):
    %c:2 = func.call @body(%a, %b) : (tensor<i32>, tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>)
    "tfl.yield"(%c#0, %c#1) : (tensor<i32>, tensor<4xf32>) -> ()
  }) : (tensor<i32>, tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>)
  return %0#1 : tensor<4xf32>
}
func.func private @init() {
  %0 = "tfl.var_handle"() <{container = "c", shared_name = "v"}> : () -> tensor<!tf_type.resource>
  %1 = arith.constant dense<2.0> : tensor<4xf32>
  "tfl.assign_variable"(%0, %1) : (tensor<!tf_type.resource>, tensor<4xf32>) -> ()
  return
}
func.func private @cond(%a: tensor<i32>, %b: tensor<4xf32>) -> tensor<i1> {
  %0 = arith.constant dense<0> : tensor<i32>
  %1 = tfl.greater(%a, %0) : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %2 = "tfl.if"(%1) ({
    %3 = func.call @same(%1) : (tensor<i1>) -> tensor<i1>
    "tfl.yield"(%3) : (tensor<i1>) -> ()
  }, {
    %3 = func.call @not(%1) : (tensor<i1>) -> tensor<i1>
    "tfl.yield"(%3) : (tensor<i1>) -> ()
  }) : (tensor<i1>) -> tensor<i1>
  return %2 : tensor<i1>
}
func.func private @body(%a: tensor<i32>, %b: tensor<4xf32>) -> (tensor<i32>, tensor<4xf32>) {
  %0 = arith.constant dense<1> : tensor<i32>
  %1 = tfl.sub %a, %0 {fused_activation_function = "NONE"} : tensor<i32>
  %2 = tfl.add %b, %b {fused_activation_function = "NONE"} : tensor<4xf32>
  return %1, %2 : tensor<i32>, tensor<4xf32>
}
func.func private @same(%a: tensor<i1>) -> tensor<i1> {
  return %a : tensor<i1>
}
func.func private @not(%a: tensor<i1>) -> tensor<i1> {
  %0 = "tfl.logical_not"(%a) : (tensor<i1>) -> tensor<i1>
  return %0 : tensor<i1>
}
func.func private @nobody_calls() {
  return
}
"#;

const RECURRENT: &str = r#"
func.func @main(%x: tensor<1x2x3xf32>, %w: tensor<4x3xf32>, %r: tensor<4x4xf32>, %b: tensor<4xf32>) -> tensor<1x2x4xf32> {
  %no = "tfl.no_value"() <{value}> : () -> none
  %s = arith.constant {tfl.is_variable} dense<0.0> : tensor<1x4xf32>
  %c = arith.constant {tfl.is_variable} dense<0.0> : tensor<1x4xf32>
  %0 = "tfl.unidirectional_sequence_lstm"(%x, %no, %w, %w, %w, %no, %r, %r, %r, %no, %no, %no, %no, %b, %b, %b, %no, %no, %s, %c, %no, %no, %no, %no) <{asymmetric_quantize_inputs = false, cell_clip = 10.0 : f32, diagonal_recurrent_tensors = false, effective_hidden_scale_intermediate = tensor<0x!quant.uniform<i8:f32, 0.5:2>>, fused_activation_function = "TANH", input_to_cell_intermediate = tensor<0x!quant.uniform<i16:f32, 0.25>>, input_to_forget_intermediate = tensor<0x!quant.uniform<i16:f32, 0.25>>, input_to_input_intermediate = tensor<0x!quant.uniform<i16:f32, 0.25>>, input_to_output_intermediate = tensor<0x!quant.uniform<i16:f32, 0.25>>, proj_clip = 0.0 : f32, time_major = false}> : (tensor<1x2x3xf32>, none, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, none, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, none, none, none, none, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, none, none, tensor<1x4xf32>, tensor<1x4xf32>, none, none, none, none) -> tensor<1x2x4xf32> loc("lstm")
  return %0 : tensor<1x2x4xf32>
}
"#;

fn module(text: &str) -> Module {
    let mut sink = Sink::new();
    let registry = Registry::standard();
    let parsed =
        parse(text, &ParseOptions { registry: &registry, allow_unregistered: false, file: "calls.mlir" }, &mut sink);
    parsed.unwrap_or_else(|_| panic!("{:?}", sink.take()))
}

fn emitted(module: &Module) -> Bytes {
    let mut sink = Sink::new();
    emit(module, &mut sink).map(Bytes::from).unwrap_or_else(|_| panic!("{:?}", sink.take()))
}

fn names(module: &Module) -> Vec<String> {
    module.funcs().into_iter().filter_map(|f| Some(ir::module::sym_name(module.body.op(f))?.to_owned())).collect()
}

/// An operation with its attributes, and those in its regions.
fn listed(body: &Body) -> Vec<String> {
    let attrs = |op: &Operation| op.props.iter().map(|(k, v)| format!(" {k} = {v}")).collect::<String>();
    body.walk().into_iter().map(|id| body.op(id)).map(|op| format!("{}{}", op.name.as_str(), attrs(op))).collect()
}

fn main_body(module: &Module) -> &Body {
    module.body.op(module.funcs()[0]).body(0).expect("a function has a body")
}

#[test]
fn called_functions_are_subgraphs() {
    let before = module(CONTROL);
    let bytes = emitted(&before);
    let after = read(bytes.clone()).unwrap().module;
    assert_eq!(names(&after), ["main", "init", "cond", "body", "same", "not"], "what nobody calls is left out");
    assert_eq!(listed(main_body(&after)), listed(main_body(&before)));
    assert_eq!(emitted(&after), bytes);
}

#[test]
fn types_within_an_lstm_and_its_state_return() {
    let before = module(RECURRENT);
    let bytes = emitted(&before);
    let after = read(bytes.clone()).unwrap().module;
    let lstm = |m: &Module| listed(main_body(m)).into_iter().find(|op| op.starts_with("tfl.unidirectional"));
    assert_eq!(lstm(&after), lstm(&before));
    assert_eq!(emitted(&after), bytes);
}

#[test]
fn regions_that_are_no_call_are_named() {
    let text = CONTROL.replace("\"tfl.yield\"(%c#0, %c#1)", "\"tfl.yield\"(%a, %c#1)");
    let mut sink = Sink::new();
    emit(&module(&text), &mut sink).unwrap_err();
    assert_eq!(sink.take()[0].message, "'tfl.while' op needs regions of one call each");
    emit(&module(&CONTROL.replace("@cond(%a, %b) :", "@none(%a, %b) :")), &mut sink).unwrap_err();
    assert_eq!(sink.take()[0].message, "'func.call' op calls `@none`, which is no function here");
}

#[test]
fn damaged_files_are_refused_or_read_but_never_panic() {
    let mut read_again = 0;
    for text in [CONTROL, RECURRENT] {
        let bytes = emitted(&module(text));
        for at in 8..bytes.len() {
            for bit in [0x01, 0x80] {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= bit;
                if let Ok(model) = read(Bytes::from(damaged)) {
                    read_again += 1;
                    let _ = emit(&model.module, &mut Sink::new());
                }
            }
        }
    }
    assert!(read_again > 0);
}
