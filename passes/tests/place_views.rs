//! `place-views`: what it makes computes the same bits, costs less than what greedy passes leave, and depends on nothing but the module.

use std::path::{Path, PathBuf};

use ir::dialect::builtin::Return;
use ir::dialect::tfl::{self, Activation};
use ir::text::{ParseOptions, PrintOptions, parse, print};
use ir::{
    At, Attr, Body, Builder, Elem, FunctionType, Loc, Module, OpName, OpRow, OpSpec, QuantType, Registry, Sink, Tensor,
    TensorType, Type, Value, infer,
};
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline, Stats};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quant_opt_passes as passes;

/// The snapshot cases, whose greedy twins are left out.
fn cases() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/suite/passes/place-views");
    let files = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let is_case = |p: &PathBuf| p.extension().is_some_and(|e| e == "mlir") && !p.to_string_lossy().contains(".greedy.");
    let mut out: Vec<PathBuf> = files.filter(is_case).collect();
    out.sort();
    assert!(out.len() >= 5);
    out
}

fn read(text: &str) -> Module {
    let registry = Registry::standard();
    let mut sink = Sink::new();
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "case" };
    parse(text, &options, &mut sink).unwrap_or_else(|_| panic!("{:?}", sink.diagnostics()))
}

/// Runs a pipeline, which says nothing and whose result is well formed.
fn run(module: &mut Module, pipeline: &str) -> Stats {
    let mut sink = Sink::new();
    let mut cx = Cx::new(&mut sink);
    let pipeline = Pipeline::parse(pipeline, &passes::passes()).unwrap();
    let done = pipeline.run(module, &mut cx, &mut NoObserver, Some(&Registry::standard()));
    let stats = cx.stats;
    assert!(done.is_ok() && sink.diagnostics().is_empty(), "{:?}", sink.diagnostics());
    stats
}

/// What the greedy passes of a case's first line leave.
fn greedy(path: &Path) -> Module {
    let text = std::fs::read_to_string(path).unwrap();
    let (_, flags) = text.lines().next().and_then(|l| l.split_once("--pass-pipeline='")).unwrap();
    let mut module = read(&text);
    run(&mut module, flags.split_once(",place-views").unwrap().0);
    module
}

fn main(module: &Module) -> &Body {
    module.body.op(module.funcs()[0]).body(0).unwrap()
}

/// Bytes that look random, and differ from seed to seed.
fn noise(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u32
    }
}

/// An input of a type, whose unknown dimensions are 2.
fn input(ty: &TensorType, seed: u64) -> Tensor {
    let shape: Vec<usize> = ty.shape.as_ref().unwrap().iter().map(|d| d.unwrap_or(2)).collect();
    let mut next = noise(seed);
    let count = shape.iter().product::<usize>();
    match ty.elem.storage() {
        Elem::F32 => Tensor::f32(&shape, (0..count).map(|_| (next() % 2001) as f32 / 250.0 - 4.0).collect()),
        _ => Tensor::i8(&shape, ty.elem.clone(), (0..count).map(|_| next() as u8 as i8).collect()),
    }
}

/// The bytes of all results.
fn evaluate(module: &Module, seed: u64) -> Vec<Vec<u8>> {
    let body = main(module);
    let args = body.args(body.entry()).iter().enumerate();
    let inputs: Vec<Tensor> = args.map(|(i, v)| input(body.tensor_ty(*v).unwrap(), seed + i as u64)).collect();
    let evaluator = kernels::eval::Evaluator::new(body).unwrap();
    evaluator.run(&inputs, &mut |_, _| {}).unwrap().iter().map(|t| t.bytes().to_vec()).collect()
}

#[test]
fn cases_compute_the_same_bits() {
    for path in cases() {
        let before = greedy(&path);
        let mut after = before.clone();
        run(&mut after, "place-views");
        for seed in [1, 100, 10_000] {
            assert!(evaluate(&before, seed) == evaluate(&after, seed), "{}", path.display());
        }
    }
}

#[test]
fn cases_cost_less_than_what_greedy_passes_leave() {
    for path in cases() {
        let mut module = greedy(&path);
        let text = print(&module, &PrintOptions::default());
        let stats = run(&mut module, "place-views");
        let cost = |when: &str| {
            let of = |what: &str| stats.iter().find(|(k, _)| **k == format!("{what} {when}")).map(|(_, n)| *n).unwrap();
            (of("operations"), of("bytes"))
        };
        assert!(cost("after").0 < cost("before").0 && cost("after").1 <= cost("before").1, "{}", path.display());
        assert_ne!(print(&module, &PrintOptions::default()), text);
        // A second run finds nothing, and then leaves every byte.
        let text = print(&module, &PrintOptions::default());
        let again = run(&mut module, "place-views");
        assert_eq!(again.get("operations after"), again.get("operations before"), "{}", path.display());
        assert_eq!(print(&module, &PrintOptions::default()), text);
    }
}

#[test]
fn neither_threads_nor_runs_change_anything() {
    for path in &cases()[..3] {
        let text = std::fs::read_to_string(path).unwrap();
        let at = text.find("func.func").unwrap();
        let copies: String = (0..2).map(|i| text[at..].replace("@main", &format!("@main{i}"))).collect();
        let module = read(&format!("{}{copies}", &text[..at]));
        let mut first = None;
        for round in 0..20 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + round % 4).build().unwrap();
            let mut module = module.clone();
            let stats = pool.install(|| run(&mut module, "place-views{nodes=1000}"));
            let result = (print(&module, &PrintOptions::default()), stats);
            assert!(*first.get_or_insert_with(|| result.clone()) == result, "{}", path.display());
        }
    }
}

/// A module of one function over arguments of given types.
fn module(inputs: Vec<Type>, build: impl FnOnce(&mut Builder<'_>, Vec<Value>) -> Vec<Value>) -> Module {
    let mut module = Module::new();
    let func = module.add_func("main", FunctionType { inputs, results: vec![] }, Loc::UNKNOWN);
    let body = module.func_body_mut(func).unwrap();
    let entry = body.entry();
    let args = body.args(entry).to_vec();
    let mut b = Builder::new(body, At::End(entry), Loc::UNKNOWN);
    let results = build(&mut b, args);
    b.typed(&Return {}, &results, &[]);
    ir::module::sync_function_type(module.body.op_mut(func));
    module
}

fn transposed(b: &mut Builder<'_>, x: Value, perm: &[i32]) -> Value {
    let perm = b.i32s(perm);
    b.value(&tfl::Transpose {}, &[x, perm]).unwrap()
}

#[test]
fn a_long_chain_ends_within_the_limits() {
    let chain = module(vec![Type::tensor(&[1, 4, 6, 8], Elem::F32)], |b, args| {
        let mut x = args[0];
        let mut results = Vec::new();
        for _ in 0..400 {
            x = transposed(b, x, &[0, 3, 1, 2]);
            results.push(x);
            x = b.value(&tfl::Abs {}, &[x]).unwrap();
            x = transposed(b, x, &[0, 2, 3, 1]);
            x = b.value(&tfl::Tanh {}, &[x]).unwrap();
        }
        vec![x, results[200]]
    });
    for pipeline in ["place-views", "place-views{nodes=50}", "place-views{iterations=1}", "place-views{operations=1}"] {
        let mut module = chain.clone();
        let stats = run(&mut module, pipeline);
        assert!(stats["operations after"] <= stats["operations before"], "{pipeline}");
        assert!(evaluate(&chain, 7) == evaluate(&module, 7), "{pipeline}");
        if pipeline == "place-views" {
            assert_eq!((stats["operations before"], stats["operations after"]), (1600, 801));
        }
    }
}

/// One step of a random program: what to do, to which values, how.
type Step = (u8, u8, u8, u32);

/// Adds random operations, of which those that fit stay.
struct Program<'p, 'b> {
    b: &'p mut Builder<'b>,
    pool: Vec<Value>,
}

fn int8(scale: f64, zero: i64) -> Elem {
    Elem::Quant(QuantType::per_tensor(8, scale, zero).into())
}

impl Program<'_, '_> {
    fn pick(&self, i: u8) -> Value {
        self.pool[usize::from(i) % self.pool.len()]
    }
    fn shape(&self, v: Value) -> Vec<usize> {
        self.b.body.tensor_ty(v).unwrap().static_shape().unwrap()
    }
    fn elem(&self, v: Value) -> Elem {
        self.b.body.ty(v).elem().unwrap().clone()
    }
    /// An operation whose elements are those of its first operand, or given.
    fn add<R: OpRow>(&mut self, row: &R, operands: &[Value], elem: Option<Elem>) -> Option<()> {
        let elem = elem.unwrap_or_else(|| self.elem(operands[0]));
        let ty = infer::infer(self.b.body, R::DEF, &row.write(), operands).ok()?;
        let ty = ty.first()?.as_tensor()?.with_elem(elem);
        if ty.num_elements().is_none_or(|n| n == 0 || n > 5000) || ty.rank()? > 5 {
            return None;
        }
        let v = self.b.typed_value(row, operands, Type::Tensor(ty));
        self.pool.push(v);
        Some(())
    }
    fn ints(&mut self, shape: &[usize], v: Vec<i32>) -> Value {
        self.b.constant(Tensor::i32(shape, v))
    }

    fn step(&mut self, (what, x, y, how): Step) -> Option<()> {
        let (x, y) = (self.pick(x), self.pick(y));
        let (shape, elem) = (self.shape(x), self.elem(x));
        let float = elem == Elem::F32;
        let mut next = noise(u64::from(how) + 1);
        let act = Activation::None;
        match what % 14 {
            0 | 1 => {
                let mut perm: Vec<i32> = (0..shape.len() as i32).collect();
                (1..perm.len()).for_each(|i| perm.swap(i, next() as usize % (i + 1)));
                let perm = self.ints(&[shape.len()], perm);
                self.add(&tfl::Transpose {}, &[x, perm], None)
            }
            2 | 3 => {
                let to = reshaped(&shape, &mut next);
                let to = self.ints(&[to.len()], to.iter().map(|d| *d as i32).collect());
                self.add(&tfl::Reshape {}, &[x, to], None)
            }
            4 if float => self.add(&tfl::Tanh {}, &[x], None),
            4 | 5 if !float => self.add(&tfl::Relu {}, &[x], None),
            5 => self.add(&tfl::Neg {}, &[x], None),
            6 if self.elem(y) == elem => self.add(&tfl::Add { fused_activation_function: act }, &[x, y], None),
            6 => {
                let c = self.b.constant(input(&TensorType::of(&shape[shape.len() / 2..], elem), u64::from(how)));
                self.add(&tfl::Mul { fused_activation_function: act }, &[x, c], None)
            }
            7 | 8 => {
                let ty = [int8(0.05, 3), int8(0.1, 3), int8(0.05, -20)][how as usize % 3].clone();
                let qtype = Type::tensor(&shape, ty.clone());
                self.add(&tfl::Quantize { qtype }, &[x], Some(ty))
            }
            9 if !float => self.add(&tfl::Dequantize {}, &[x], Some(Elem::F32)),
            10 if self.elem(y) == elem => {
                let axis = next() as i32 % shape.len().max(1) as i32;
                self.add(&tfl::Concatenation { axis, fused_activation_function: act }, &[x, y], None)
            }
            11 => {
                let pads = (0..2 * shape.len()).map(|_| i32::from(next().is_multiple_of(4))).collect();
                let pads = self.ints(&[shape.len(), 2], pads);
                self.add(&tfl::Pad {}, &[x, pads], None)
            }
            12 => {
                let begin: Vec<i32> = shape.iter().map(|d| (next() as usize % d) as i32).collect();
                let size = shape.iter().zip(&begin).map(|(d, b)| *d as i32 - b).collect();
                let (begin, size) = (self.ints(&[shape.len()], begin), self.ints(&[shape.len()], size));
                self.add(&tfl::Slice {}, &[x, begin, size], None)
            }
            13 if shape.len() > 1 => {
                let axes = self.ints(&[1], vec![next() as i32 % shape.len() as i32]);
                self.add(&tfl::ReduceMax { keep_dims: how % 2 == 0 }, &[x, axes], None)
            }
            _ if self.shape(y) == shape && self.elem(y) == elem => {
                let axis = next() as i32 % (shape.len() as i32 + 1);
                self.add(&tfl::Pack { axis, values_count: 2 }, &[x, y], None)
            }
            _ => None,
        }
    }
}

/// Another shape of as many elements: dimensions joined, split, or of size 1 added.
fn reshaped(shape: &[usize], next: &mut impl FnMut() -> u32) -> Vec<usize> {
    let mut to = shape.to_vec();
    for _ in 0..2 {
        let at = next() as usize % to.len().max(1);
        match next() % 4 {
            0 if at + 1 < to.len() => {
                let d = to.remove(at);
                to[at] *= d;
            }
            1 if to.get(at).is_some_and(|d| d % 2 == 0) => {
                to[at] /= 2;
                to.insert(at + 1, 2);
            }
            2 => to.insert(at.min(to.len()), 1),
            _ => {
                if let Some(unit) = to.iter().position(|d| *d == 1) {
                    to.remove(unit);
                }
            }
        }
    }
    to
}

#[test]
fn random_programs_compute_the_same_bits() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 150, failure_persistence: None, ..Config::default() },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let steps = prop::collection::vec(any::<Step>(), 8..40);
    let cheaper = std::cell::Cell::new(0);
    let outcome = runner.run(&steps, |steps| {
        let inputs = vec![Type::tensor(&[2, 3, 4], Elem::F32), Type::tensor(&[2, 6, 4], int8(0.05, 3))];
        let before = module(inputs, |b, args| {
            let mut program = Program { b, pool: args };
            steps.iter().for_each(|s| {
                program.step(*s);
            });
            let n = program.pool.len();
            vec![program.pool[n - 1], program.pool[n / 2], program.pool[n.saturating_sub(3)]]
        });
        let mut after = before.clone();
        run(&mut after, "dce");
        let stats = run(&mut after, "place-views");
        cheaper.set(cheaper.get() + u32::from(stats.get("bytes after") < stats.get("bytes before")));
        prop_assert!(!stats.contains_key("operations after") || evaluate(&before, 5) == evaluate(&after, 5));
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(cheaper.get() > 15, "{} programs are cheaper", cheaper.get());
}

#[test]
fn a_new_operation_bears_the_names_of_what_it_computes() {
    let mut module = module(vec![Type::tensor(&[1, 4, 6, 8], Elem::F32)], |b, args| {
        b.loc = Loc::name("to");
        let x = transposed(b, args[0], &[0, 3, 1, 2]);
        b.loc = Loc::name("act");
        let y = b.insert(
            OpSpec::new(OpName::Known(tfl::Abs::DEF), b.loc.clone())
                .operands(&[x])
                .results([b.body.ty(x).clone()])
                .attr("mark", Attr::Unit),
        );
        let y = b.body.op(y).results()[0];
        b.loc = Loc::name("back");
        vec![transposed(b, y, &[0, 2, 3, 1])]
    });
    run(&mut module, "place-views");
    let body = main(&module);
    let ops = body.ops(body.entry());
    let [abs, _] = ops[..] else { panic!("{}", print(&module, &PrintOptions::default())) };
    assert!(body.op(abs).is::<tfl::Abs>() && body.op(abs).attrs.get("mark").is_some());
    assert_eq!(body.op(abs).loc.nodes(), ["back", "act"]);
}
