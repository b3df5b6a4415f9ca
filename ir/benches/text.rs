//! Reading and writing the text of a module of the size of a MobileNet: the weights are some 30 MB of hexadecimal digits.
#![allow(clippy::print_stdout, reason = "a table of results")]

use std::time::Instant;

use quant_opt_ir::dialect::{arith, builtin, tfl};
use quant_opt_ir::text::{ParseOptions, PrintOptions, parse, print};
use quant_opt_ir::{At, Attr, Elem, FunctionType, Loc, Module, OpName, OpRow, OpSpec, Registry, Sink, Tensor, Type};

const LAYERS: usize = 60;
const CHANNELS: usize = 250;
const ROUNDS: usize = 9;

/// Layers of `x + w * x`, each with weights of its own.
fn module() -> Module {
    let ty = Type::tensor(&[CHANNELS, CHANNELS], Elem::F32);
    let mut m = Module::new();
    let func = m.add_func("main", FunctionType { inputs: vec![ty.clone()], results: vec![ty.clone()] }, Loc::UNKNOWN);
    let body = m.func_body_mut(func).expect("a new function has a body");
    let entry = body.entry();
    let mut x = body.args(entry)[0];
    for layer in 0..LAYERS {
        let weights = (0..CHANNELS * CHANNELS).map(|i| (i * 7919 + layer) as f32 / 1e6).collect();
        let value = Attr::Dense(Tensor::f32(&[CHANNELS, CHANNELS], weights));
        let none = tfl::Activation::None;
        let w = OpSpec::row(&arith::Constant { value }, Loc::UNKNOWN).results([ty.clone()]);
        let w = body.insert(At::End(entry), w);
        let w = body.op(w).results()[0];
        let row = tfl::Mul { fused_activation_function: none };
        let y = OpSpec::row(&row, Loc::UNKNOWN).operands(&[x, w]).results([ty.clone()]);
        let y = body.insert(At::End(entry), y);
        let y = body.op(y).results()[0];
        let row = tfl::Add { fused_activation_function: none };
        let sum = OpSpec::row(&row, Loc::UNKNOWN).operands(&[x, y]).results([ty.clone()]);
        let sum = body.insert(At::End(entry), sum);
        x = body.op(sum).results()[0];
    }
    body.insert(At::End(entry), OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(&[x]));
    m
}

/// The shortest of some runs, in seconds.
fn shortest<T>(run: impl Fn() -> T) -> f64 {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    let m = module();
    let registry = Registry::standard();
    let text = print(&m, &PrintOptions::default());
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "bench.mlir" };
    let megabytes = text.len() as f64 / 1e6;
    let report = |what: &str, seconds: f64| {
        println!("{what} {megabytes:.1} MB: {:.1} ms, {:.0} MB/s", seconds * 1e3, megabytes / seconds);
    };
    report("print", shortest(|| print(&m, &PrintOptions::default())));
    report("parse", shortest(|| parse(&text, &options, &mut Sink::new()).expect("what is printed can be read")));
}
