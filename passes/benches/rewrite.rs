//! How long rewriting takes: `canonicalize` and `cse` over a function of 10,000 operations (to stay under 100 ms together).
//!
//! `cargo bench --package quant-opt-passes`

use std::fmt::Write;

use ir::text::{ParseOptions, parse};
use ir::{Module, Registry, Sink};
use quant_opt_passes as passes;

use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};

const OPERATIONS: usize = 10_000;

fn main() {
    divan::main();
}

/// A chain of operations of which some can be said shorter, some were computed before, and some constants are alike.
fn module() -> Module {
    const T: &str = "tensor<4x8xf32>";
    const PLAIN: &str = "<{fused_activation_function = \"NONE\"}>";
    let mut text = format!("func.func @main(%v: {T}) -> {T} {{\n");
    text += "  %zero = arith.constant dense<0.0> : tensor<f32>\n";
    text += "  %to = arith.constant dense<[8, 4]> : tensor<2xi32>\n  %back = arith.constant dense<[4, 8]> : tensor<2xi32>\n";
    let mut last = "%v".to_owned();
    for i in 0..OPERATIONS / 8 {
        let half = (i % 4) as f32 + 0.5;
        let _ = write!(
            text,
            "  %a{i} = \"tfl.add\"({last}, %zero) {PLAIN} : ({T}, tensor<f32>) -> {T}
  %b{i} = \"tfl.abs\"(%a{i}) : ({T}) -> {T}
  %c{i} = \"tfl.abs\"(%a{i}) : ({T}) -> {T}
  %d{i} = \"tfl.sub\"(%b{i}, {last}) {PLAIN} : ({T}, {T}) -> {T}
  %e{i} = arith.constant dense<{half:?}> : tensor<8xf32>
  %f{i} = \"tfl.mul\"(%e{i}, %d{i}) {PLAIN} : (tensor<8xf32>, {T}) -> {T}
  %g{i} = \"tfl.reshape\"(%f{i}, %to) : ({T}, tensor<2xi32>) -> tensor<8x4xf32>
  %h{i} = \"tfl.reshape\"(%g{i}, %back) : (tensor<8x4xf32>, tensor<2xi32>) -> {T}
"
        );
        last = format!("%h{i}");
    }
    let _ = write!(text, "  return {last} : {T}\n}}\n");
    let registry = Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "generated" };
    parse(&text, &options, &mut Sink::new()).expect("the generated text is well formed")
}

#[divan::bench(args = ["canonicalize", "cse", "canonicalize,cse", "sccp", "dce"])]
fn ten_thousand_operations(bencher: divan::Bencher<'_, '_>, text: &str) {
    let pipeline = Pipeline::parse(text, &passes::known()).expect("a pipeline of passes");
    let module = module();
    bencher.with_inputs(|| module.clone()).bench_local_values(|mut module| {
        let mut sink = Sink::new();
        pipeline.run(&mut module, &mut Cx::new(&mut sink), &mut NoObserver, None).expect("the passes succeed");
        module
    });
}
