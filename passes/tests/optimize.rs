//! Small functions, optimized: which operations are left, and that they compute what they did.

use ir::dialect::builtin::Return;
use ir::dialect::tfl::{self, Activation, Padding};
use ir::{At, Attr, Body, Builder, Elem, FunctionType, Loc, Module, Tensor, TensorType, Type, Value};
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};
use quant_opt_passes as passes;

type Build = fn(&mut B<'_>, Value) -> Value;

/// Builds operations whose operands fit.
struct B<'b>(Builder<'b>);

impl B<'_> {
    fn op<R: ir::OpRow>(&mut self, row: &R, operands: &[Value]) -> Value {
        self.0.value(row, operands).unwrap()
    }
    fn named<R: ir::OpRow>(&mut self, name: &str, row: &R, operands: &[Value]) -> Value {
        self.0.loc = Loc::name(name);
        let v = self.op(row, operands);
        self.0.loc = Loc::UNKNOWN;
        v
    }
    fn number(&mut self, v: f32) -> Value {
        self.0.constant(Tensor::f32(&[], vec![v]))
    }
    /// Numbers between -1 and 1 that differ.
    fn numbers(&mut self, shape: &[usize]) -> Value {
        self.0.constant(wave(shape, 0.7))
    }
    fn ints(&mut self, shape: &[usize], v: &[i32]) -> Value {
        self.0.constant(Tensor::i32(shape, v.to_vec()))
    }
    fn add(&mut self, a: Value, b: Value) -> Value {
        self.op(&tfl::Add::default(), &[a, b])
    }
    fn mul(&mut self, a: Value, b: Value) -> Value {
        self.op(&tfl::Mul::default(), &[a, b])
    }
    fn scaled(&mut self, x: Value, by: f32) -> Value {
        let c = self.number(by);
        self.mul(x, c)
    }
    fn shifted(&mut self, x: Value, by: f32) -> Value {
        let c = self.number(by);
        self.add(x, c)
    }
    fn transpose(&mut self, x: Value, perm: &[i32]) -> Value {
        let perm = self.ints(&[perm.len()], perm);
        self.op(&tfl::Transpose {}, &[x, perm])
    }
    fn reshape(&mut self, x: Value, shape: &[i32]) -> Value {
        let shape = self.ints(&[shape.len()], shape);
        self.op(&tfl::Reshape {}, &[x, shape])
    }
    fn conv(&mut self, x: Value, filter: [usize; 4], padding: Padding) -> Value {
        let (w, b) = (self.numbers(&filter), self.numbers(&filter[..1]));
        self.op(&tfl::Conv2D { padding, ..Default::default() }, &[x, w, b])
    }
    fn over_last(&mut self) -> Value {
        self.ints(&[1], &[-1])
    }
}

fn wave(shape: &[usize], step: f32) -> Tensor {
    let n = shape.iter().product();
    Tensor::f32(shape, (0..n).map(|i| (i as f32 * step).sin()).collect())
}

fn module(shape: &[Option<usize>], build: Build) -> Module {
    let mut module = Module::new();
    let input = Type::Tensor(TensorType::ranked(shape.to_vec(), Elem::F32));
    let func = module.add_func("main", FunctionType { inputs: vec![input], results: vec![] }, Loc::UNKNOWN);
    let body = module.func_body_mut(func).unwrap();
    let entry = body.entry();
    let x = body.args(entry)[0];
    let mut b = B(Builder::new(body, At::End(entry), Loc::UNKNOWN));
    let y = build(&mut b, x);
    b.0.typed(&Return {}, &[y], &[]);
    ir::module::sync_function_type(module.body.op_mut(func));
    module
}

fn run(module: &mut Module, pipeline: &str) -> Result<passes::Stats, Vec<ir::Diagnostic>> {
    let mut sink = ir::Sink::new();
    let mut cx = Cx::new(&mut sink);
    let pipeline = Pipeline::parse(pipeline, &passes::passes()).unwrap();
    let outcome = pipeline.run(module, &mut cx, &mut NoObserver, Some(&ir::Registry::standard()));
    let stats = cx.stats;
    outcome.map(|()| stats).map_err(|_| sink.take())
}

fn body(module: &Module) -> &Body {
    module.body.op(module.funcs()[0]).body(0).unwrap()
}

/// The operations but constants, by name, with their activations.
fn ops(module: &Module) -> Vec<String> {
    let body = body(module);
    let is_shown =
        |o: &ir::Operation| o.name.as_str().starts_with("tfl.") && !o.is::<tfl::NoValue>() && o.attr("value").is_none();
    let all = body.walk().into_iter().map(|id| body.op(id)).filter(|o| is_shown(o));
    all.map(|o| {
        let name = o.name.as_str().trim_start_matches("tfl.");
        match o.attr("fused_activation_function").and_then(Attr::as_str) {
            Some(act) if act != Activation::None.as_str() => format!("{name} {act}"),
            _ => name.to_owned(),
        }
    })
    .collect()
}

fn evaluate(module: &Module, shape: &[usize]) -> Vec<f32> {
    let e = kernels::eval::Evaluator::new(body(module)).unwrap();
    let x = Tensor::f32(shape, wave(shape, 0.37).as_f32().unwrap().iter().map(|v| v * 4.0).collect());
    e.run(&[x], &mut |_, _| {}).unwrap()[0].as_f32().unwrap().into_owned()
}

/// Runs a pipeline over a function: these operations are left, and they compute the same.
fn check(pipeline: &str, shape: &[usize], build: Build, left: &[&str]) -> Module {
    let mut m = module(&shape.iter().map(|d| Some(*d)).collect::<Vec<_>>(), build);
    let before = evaluate(&m, shape);
    let outcome = run(&mut m, pipeline);
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(ops(&m), left);
    let after = evaluate(&m, shape);
    assert_eq!(before.len(), after.len());
    for (a, b) in before.iter().zip(&after) {
        assert!((a - b).abs() <= 1e-5 * a.abs().max(1.0), "{a} became {b}: {left:?}");
    }
    m
}

const IMAGE: &[usize] = &[1, 6, 6, 3];

#[test]
fn a_convolution_takes_in_what_follows_and_its_tensor_bears_the_last_name() {
    let m = check(
        "optimize",
        IMAGE,
        |b, x| {
            let (w, zero) = (b.numbers(&[4, 3, 3, 3]), b.numbers(&[4]));
            let x = b.named("conv", &tfl::Conv2D::default(), &[x, w, zero]);
            let (m, s) = (b.numbers(&[4]), b.numbers(&[4]));
            let x = b.named("norm/mul", &tfl::Mul::default(), &[x, m]);
            let x = b.named("norm/add", &tfl::Add::default(), &[x, s]);
            b.named("relu", &tfl::Relu6 {}, &[x])
        },
        &["conv_2d RELU6"],
    );
    let body = body(&m);
    let conv = body.walk().into_iter().find(|id| body.op(*id).is::<tfl::Conv2D>()).unwrap();
    assert_eq!(body.op(conv).loc.nodes(), ["relu", "norm/add", "norm/mul", "conv"]);
}

#[test]
fn weights_of_two_operations_are_not_changed_for_one() {
    let build: Build = |b, x| {
        let (w, bias) = (b.numbers(&[3, 1, 1, 3]), b.numbers(&[3]));
        let y = b.op(&tfl::Conv2D::default(), &[x, w, bias]);
        let z = b.op(&tfl::Conv2D::default(), &[x, w, bias]);
        let z = b.scaled(z, 3.0);
        let z = b.op(&tfl::Tanh {}, &[z]);
        b.add(y, z)
    };
    check("optimize", IMAGE, build, &["conv_2d", "conv_2d", "tanh", "add"]);
}

#[test]
fn constants_in_front_go_into_weights_where_there_is_no_padding() {
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let x = b.scaled(x, 0.5);
            let x = b.shifted(x, -1.0);
            b.conv(x, [4, 3, 3, 3], Padding::Valid)
        },
        &["conv_2d"],
    );
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let x = b.shifted(x, -1.0);
            b.conv(x, [4, 3, 3, 3], Padding::Same)
        },
        &["add", "conv_2d"],
    );
}

#[test]
fn every_weighted_operation_takes_in_bias_and_factor() {
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let w = b.numbers(&[1, 3, 3, 6]);
            let bias = b.numbers(&[6]);
            let y = b.op(&tfl::DepthwiseConv2D { depth_multiplier: 2, ..Default::default() }, &[x, w, bias]);
            let c = b.numbers(&[1, 1, 1, 6]);
            let y = b.mul(y, c);
            b.op(&tfl::Relu {}, &[y])
        },
        &["depthwise_conv_2d RELU"],
    );
    check(
        "optimize",
        &[2, 3, 3, 2],
        |b, x| {
            let (shape, w) = (b.ints(&[4], &[2, 6, 6, 4]), b.numbers(&[4, 2, 2, 2]));
            let row = tfl::TransposeConv { stride_h: 2, stride_w: 2, ..Default::default() };
            let y = b.op(&row, &[shape, w, x]);
            let c = b.numbers(&[4]);
            let y = b.mul(y, c);
            let y = b.add(y, c);
            b.op(&tfl::Sub::default(), &[y, c])
        },
        &["transpose_conv"],
    );
    check(
        "optimize",
        &[2, 5],
        |b, x| {
            let c = b.numbers(&[5]);
            let x = b.mul(x, c);
            let w = b.numbers(&[4, 5]);
            let none = b.0.no_value();
            let y = b.op(&tfl::FullyConnected::default(), &[x, w, none]);
            let y = b.scaled(y, 2.0);
            let y = b.shifted(y, 1.0);
            b.op(&tfl::Neg {}, &[y])
        },
        &["fully_connected"],
    );
}

#[test]
fn patterns_become_the_operation_they_spell_out() {
    let patterns: &[(Build, &[&str])] = &[
        (
            |b, x| {
                let s = b.scaled(x, 0.2);
                b.op(&tfl::Maximum {}, &[x, s])
            },
            &["leaky_relu"],
        ),
        (
            |b, x| {
                let z = b.number(0.0);
                let s = b.scaled(x, 0.2);
                let c = b.op(&tfl::GreaterEqual {}, &[x, z]);
                b.op(&tfl::SelectV2 {}, &[c, x, s])
            },
            &["leaky_relu"],
        ),
        (
            |b, x| {
                let (z, six) = (b.number(0.0), b.number(6.0));
                let m = b.op(&tfl::Maximum {}, &[x, z]);
                b.op(&tfl::Minimum {}, &[m, six])
            },
            &["relu6"],
        ),
        (
            |b, x| {
                let (z, six) = (b.number(0.0), b.number(6.0));
                let y = b.add(x, x);
                let m = b.op(&tfl::Maximum {}, &[z, y]);
                b.op(&tfl::Minimum {}, &[m, six])
            },
            &["add RELU6"],
        ),
        (
            |b, x| {
                let (lo, hi) = (b.number(-1.0), b.number(1.0));
                let m = b.op(&tfl::Maximum {}, &[x, lo]);
                b.op(&tfl::Minimum {}, &[m, hi])
            },
            &["relu_n1_to_1"],
        ),
        (
            |b, x| {
                let c = b.numbers(&[3]);
                let p = b.op(&tfl::Relu {}, &[x]);
                let n = b.op(&tfl::Neg {}, &[x]);
                let n = b.op(&tfl::Relu {}, &[n]);
                let n = b.mul(n, c);
                b.add(p, n)
            },
            &["prelu"],
        ),
        (
            |b, x| {
                let one = b.number(1.0);
                let n = b.op(&tfl::Neg {}, &[x]);
                let e = b.op(&tfl::Exp {}, &[n]);
                let s = b.add(one, e);
                b.op(&tfl::Div::default(), &[one, s])
            },
            &["logistic"],
        ),
        (
            |b, x| {
                let s = b.shifted(x, 3.0);
                let g = b.op(&tfl::Relu6 {}, &[s]);
                let p = b.mul(g, x);
                let six = b.number(6.0);
                b.op(&tfl::Div::default(), &[p, six])
            },
            &["hard_swish"],
        ),
        (
            |b, x| {
                let three = b.number(3.0);
                let p = b.op(&tfl::Pow {}, &[x, three]);
                let p = b.scaled(p, 0.044715);
                let s = b.add(x, p);
                let s = b.scaled(s, 0.797_884_6);
                let t = b.op(&tfl::Tanh {}, &[s]);
                let t = b.shifted(t, 1.0);
                let h = b.scaled(x, 0.5);
                b.mul(h, t)
            },
            &["gelu"],
        ),
        (
            |b, x| {
                let a = b.over_last();
                let m = b.op(&tfl::ReduceMax { keep_dims: true }, &[x, a]);
                let d = b.op(&tfl::Sub::default(), &[x, m]);
                let e = b.op(&tfl::Exp {}, &[d]);
                let s = b.op(&tfl::Sum { keep_dims: true }, &[e, a]);
                b.op(&tfl::Div::default(), &[e, s])
            },
            &["softmax"],
        ),
        (
            |b, x| {
                let a = b.over_last();
                let q = b.op(&tfl::Square {}, &[x]);
                let s = b.op(&tfl::Sum { keep_dims: true }, &[q, a]);
                let e = b.number(1e-12);
                let s = b.op(&tfl::Maximum {}, &[s, e]);
                let r = b.op(&tfl::Rsqrt {}, &[s]);
                b.mul(x, r)
            },
            &["l2_normalization"],
        ),
    ];
    for (build, left) in patterns {
        check("optimize", IMAGE, *build, left);
    }
}

#[test]
fn a_pad_becomes_same_only_if_it_is_what_same_means() {
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let pads = b.ints(&[4, 2], &[0, 0, 1, 1, 1, 1, 0, 0]);
            let x = b.op(&tfl::Pad {}, &[x, pads]);
            b.conv(x, [2, 3, 3, 3], Padding::Valid)
        },
        &["conv_2d"],
    );
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let pads = b.ints(&[4, 2], &[0, 0, 0, 2, 1, 1, 0, 0]);
            let x = b.op(&tfl::Pad {}, &[x, pads]);
            b.conv(x, [2, 3, 3, 3], Padding::Valid)
        },
        &["pad", "conv_2d"],
    );
}

#[test]
fn blocks_become_dilation_with_the_padding_that_is_left() {
    check(
        "optimize",
        IMAGE,
        |b, x| {
            let (block, none) = (b.ints(&[2], &[2, 2]), b.ints(&[2, 2], &[0; 4]));
            let pads = b.ints(&[2, 2], &[2, 2, 2, 2]);
            let x = b.op(&tfl::SpaceToBatchNd {}, &[x, block, pads]);
            let y = b.conv(x, [2, 3, 3, 3], Padding::Valid);
            b.op(&tfl::BatchToSpaceNd {}, &[y, block, none])
        },
        &["conv_2d"],
    );
    check(
        "optimize",
        &[1, 7, 7, 3],
        |b, x| {
            let (block, crops) = (b.ints(&[2], &[2, 2]), b.ints(&[2, 2], &[0, 2, 0, 2]));
            let pads = b.ints(&[2, 2], &[2, 3, 2, 3]);
            let x = b.op(&tfl::SpaceToBatchNd {}, &[x, block, pads]);
            let y = b.conv(x, [2, 2, 2, 3], Padding::Valid);
            b.op(&tfl::BatchToSpaceNd {}, &[y, block, crops])
        },
        &["pad", "conv_2d"],
    );
}

#[test]
fn transposes_of_an_nchw_graph_meet() {
    check(
        "optimize",
        &[1, 3, 6, 6],
        |b, x| {
            let x = b.transpose(x, &[0, 2, 3, 1]);
            let x = b.conv(x, [3, 3, 3, 3], Padding::Same);
            let x = b.transpose(x, &[0, 3, 1, 2]);
            let c = b.numbers(&[3, 1, 1]);
            let x = b.mul(x, c);
            let x = b.op(&tfl::Relu {}, &[x]);
            let pads = b.ints(&[4, 2], &[0, 0, 0, 0, 1, 1, 0, 1]);
            let x = b.op(&tfl::Pad {}, &[x, pads]);
            let axes = b.ints(&[2], &[2, 3]);
            b.op(&tfl::Mean { keep_dims: false }, &[x, axes])
        },
        &["transpose", "conv_2d RELU", "pad", "mean"],
    );
}

#[test]
fn products_lose_the_views_around_them() {
    check(
        "optimize",
        &[2, 3, 5],
        |b, x| {
            let flat = b.reshape(x, &[-1, 5]);
            let w = b.numbers(&[4, 5]);
            let none = b.0.no_value();
            let y = b.op(&tfl::FullyConnected::default(), &[flat, w, none]);
            let y = b.reshape(y, &[2, 3, 4]);
            let bias = b.numbers(&[4]);
            let y = b.add(y, bias);
            b.op(&tfl::Relu {}, &[y])
        },
        &["fully_connected RELU"],
    );
    check(
        "optimize",
        &[2, 3, 5],
        |b, x| {
            let t = b.transpose(x, &[0, 2, 1]);
            b.op(&tfl::BatchMatMul::default(), &[x, t])
        },
        &["batch_matmul"],
    );
    check(
        "optimize",
        &[2, 3, 5],
        |b, x| {
            let w = b.numbers(&[4, 3]);
            let y = b.op(&tfl::BatchMatMul::default(), &[w, x]);
            let w = b.numbers(&[5, 4]);
            b.op(&tfl::BatchMatMul::default(), &[y, w])
        },
        &["transpose", "fully_connected", "transpose", "fully_connected"],
    );
}

#[test]
fn views_become_one_or_none() {
    check(
        "canonicalize",
        &[2, 1, 3],
        |b, x| {
            let y = b.transpose(x, &[1, 0, 2]);
            let y = b.reshape(y, &[6]);
            let y = b.reshape(y, &[2, 3]);
            let (begin, size) = (b.ints(&[2], &[0, 0]), b.ints(&[2], &[2, -1]));
            b.op(&tfl::Slice {}, &[y, begin, size])
        },
        &["reshape"],
    );
    check(
        "canonicalize",
        &[2, 3],
        |b, x| {
            let y = b.transpose(x, &[1, 0]);
            let y = b.transpose(y, &[1, 0]);
            let y = b.shifted(y, 0.0);
            let y = b.scaled(y, 1.0);
            let y = b.op(&tfl::Neg {}, &[y]);
            b.op(&tfl::Neg {}, &[y])
        },
        &[],
    );
}

#[test]
fn a_shape_known_but_for_the_batch_is_a_constant() {
    let mut m = module(&[None, Some(4), Some(3)], |b, x| {
        let shape = b.op(&tfl::Shape {}, &[x]);
        let (zero, one) = (b.ints(&[1], &[0]), b.ints(&[1], &[1]));
        let row = tfl::StridedSlice { shrink_axis_mask: 1, ..Default::default() };
        let batch = b.op(&row, &[shape, zero, one, one]);
        let rest = b.ints(&[], &[12]);
        let shape = b.op(&tfl::Pack { axis: 0, values_count: 2 }, &[batch, rest]);
        b.op(&tfl::Reshape {}, &[x, shape])
    });
    run(&mut m, "canonicalize").unwrap();
    assert_eq!(ops(&m), ["reshape"]);
    assert_eq!(evaluate(&m, &[2, 4, 3]).len(), 24);
}

#[test]
fn a_dropout_of_rate_0_goes_and_any_other_is_an_error_that_names_the_node() {
    fn dropout(b: &mut B<'_>, x: Value, rate: f32) -> Value {
        let shape = b.ints(&[2], &[2, 3]);
        let random = b.named("dropout/random", &tfl::RandomUniform::default(), &[shape]);
        let (rate, zero) = (b.number(rate), b.number(0.0));
        let keep = b.op(&tfl::GreaterEqual {}, &[random, rate]);
        b.op(&tfl::SelectV2 {}, &[keep, x, zero])
    }
    let mut m = module(&[Some(2), Some(3)], |b, x| dropout(b, x, 0.0));
    run(&mut m, "optimize").unwrap();
    assert_eq!(ops(&m), Vec::<String>::new());
    let mut m = module(&[Some(2), Some(3)], |b, x| dropout(b, x, 0.1));
    let errors = run(&mut m, "optimize").unwrap_err();
    assert_eq!(errors[0].message, "`dropout/random` draws random numbers that reach an output");
}

#[test]
fn what_has_no_int8_kernel_becomes_what_has_one() {
    check(
        "lower-for-int8",
        &[2, 3],
        |b, x| {
            let s = b.op(&tfl::Square {}, &[x]);
            let n = b.op(&tfl::Neg {}, &[x]);
            let y = b.op(&tfl::AddN {}, &[x, s, n]);
            let three = b.number(3.0);
            let y = b.op(&tfl::Pow {}, &[y, three]);
            b.op(&tfl::Div::default(), &[y, three])
        },
        &["mul", "mul", "add", "add", "mul", "mul", "mul"],
    );
}

#[test]
fn equal_operations_and_constants_are_merged_and_no_others() {
    let m = check(
        "cse",
        &[2, 3],
        |b, x| {
            let (a, c, d) = (b.number(2.0), b.number(2.0), b.number(3.0));
            let (p, q, r) = (b.mul(x, a), b.mul(x, c), b.mul(x, d));
            let s = b.add(p, q);
            b.add(s, r)
        },
        &["mul", "mul", "add", "add"],
    );
    assert_eq!(body(&m).walk().iter().filter(|o| body(&m).op(**o).name.as_str() == "arith.constant").count(), 2);
}

#[test]
fn private_functions_stay_while_somebody_calls_them() {
    let mut m = module(&[Some(2)], |_, x| x);
    for (name, callee) in [("used", "inner"), ("inner", "inner"), ("unused", "inner")] {
        let f = m.add_func(name, FunctionType { inputs: vec![], results: vec![] }, Loc::UNKNOWN);
        m.body.op_mut(f).props.set("sym_visibility", Attr::str("private"));
        m.body.op_mut(f).attrs.set("calls", Attr::symbol(callee));
        let body = m.func_body_mut(f).unwrap();
        let entry = body.entry();
        Builder::new(body, At::End(entry), Loc::UNKNOWN).typed(&Return {}, &[], &[]);
    }
    let main = m.funcs()[0];
    m.body.op_mut(main).attrs.set("calls", Attr::symbol("used"));
    run(&mut m, "symbol-dce").unwrap();
    assert!(m.symbol("used").is_some() && m.symbol("inner").is_some() && m.symbol("unused").is_none());
}
