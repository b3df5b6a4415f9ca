//! Legalizes the models of the test suite and runs them: the result is what TensorFlow computed.

use std::path::Path;

use ir::{At, Attr, Builder, Elem, FunctionType, Loc, OpSpec, Tensor, Type};
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};
use quant_opt_passes as passes;

fn float_module(name: &str) -> ir::Module {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models").join(name).join("saved_model");
    let mut module = frontend::load(&dir, &frontend::Options::default()).unwrap();
    run(&mut module, "tf-inline,tf-freeze-variables,tf-legalize");
    module
}

fn run(module: &mut ir::Module, pipeline: &str) {
    let mut sink = ir::Sink::new();
    let mut cx = Cx::new(&mut sink);
    let pipeline = Pipeline::parse(pipeline, &passes::passes()).unwrap();
    let outcome = pipeline.run(module, &mut cx, &mut NoObserver, Some(&ir::Registry::standard()));
    assert!(outcome.is_ok(), "{:?}", sink.diagnostics());
}

#[test]
fn every_operation_becomes_tfl() {
    for name in
        ["digits_cnn", "digits_mlp", "digits_multi_io", "digits_resnet_dw", "digits_v1_frozen", "digits_v1_variables"]
    {
        let module = float_module(name);
        for func in module.funcs() {
            let body = module.body.op(func).body(0).unwrap();
            for op in body.walk() {
                assert_ne!(body.op(op).name.as_str().split('.').next(), Some("tf"), "{name}");
            }
        }
    }
}

#[test]
fn a_constant_image_has_the_class_probabilities_of_a_softmax() {
    let module = float_module("digits_cnn");
    let body = module.body.op(module.funcs()[0]).body(0).unwrap();
    let image = ir::Tensor::f32(&[1, 24, 24, 1], vec![0.5; 576]);
    let out = kernels::eval::Evaluator::new(body).unwrap().run(&[image], &mut |_, _| {}).unwrap();
    let p = out[0].as_f32().unwrap();
    assert_eq!(p.len(), 10);
    assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{p:?}");
}

#[test]
fn pipelines_print_as_they_are_read_and_name_what_is_near() {
    let known = passes::passes();
    let text = "tf-inline,builtin.module(func.func(set-batch{batch=4})),quantize-weights{dequantize=true}";
    let pipeline = Pipeline::parse(text, &known).unwrap();
    assert_eq!(pipeline.text(), "tf-inline,set-batch{batch=4},quantize-weights{dequantize=true}");
    let e = Pipeline::parse("tf-inlin", &known).unwrap_err();
    assert_eq!(e.to_string(), "unknown pass `tf-inlin`; did you mean `tf-inline`?");
    let e = Pipeline::parse("set-batch{bach=4}", &known).unwrap_err();
    assert_eq!(e.to_string(), "pass `set-batch` has no option `bach`; did you mean `batch`?");
}

/// A function of one TensorFlow operation, legalized; its value for inputs that count up.
fn one_op(name: &str, attrs: &[(&str, Attr)], inputs: &[&[usize]]) -> Vec<f32> {
    let mut module = ir::Module::new();
    let types = inputs.iter().map(|s| Type::tensor(s, Elem::F32)).collect();
    let func = module.add_func("main", FunctionType { inputs: types, results: vec![] }, Loc::UNKNOWN);
    let body = module.func_body_mut(func).unwrap();
    let entry = body.entry();
    let mut operands = body.args(entry).to_vec();
    if name == "tf.Conv2DBackpropInput" {
        let nchw = attrs.contains(&("data_format", Attr::str("NCHW")));
        let sizes = if nchw { vec![1, 2, 4, 4] } else { vec![1, 4, 4, 2] };
        let sizes = Builder::new(body, At::End(entry), Loc::UNKNOWN).constant(Tensor::i32(&[4], sizes));
        operands.insert(0, sizes);
    }
    let result = Type::Tensor(ir::TensorType::unranked(Elem::F32));
    let spec =
        OpSpec::new(ir::Registry::standard().name(name), Loc::name("node")).operands(&operands).results([result]);
    let spec = attrs.iter().fold(spec, |s, (k, v)| s.attr(k, v.clone()));
    let op = body.insert(At::End(entry), spec);
    let y = body.op(op).results().to_vec();
    Builder::new(body, At::End(entry), Loc::UNKNOWN).typed(&ir::dialect::builtin::Return {}, &y, &[]);
    run(&mut module, "tf-legalize,optimize");
    let body = module.body.op(module.funcs()[0]).body(0).unwrap();
    let inputs: Vec<Tensor> = inputs.iter().map(|s| counting(s)).collect();
    let out = kernels::eval::Evaluator::new(body).unwrap().run(&inputs, &mut |_, _| {}).unwrap();
    out[0].as_f32().unwrap().into_owned()
}

fn counting(shape: &[usize]) -> Tensor {
    Tensor::f32(shape, (0..shape.iter().product::<usize>()).map(|i| (i % 7) as f32 - 3.0).collect())
}

/// Every term of an equation without an ellipsis, summed by definition.
fn einsum(equation: &str, inputs: &[&[usize]]) -> Vec<f32> {
    let (terms, result) = equation.split_once("->").unwrap();
    let terms: Vec<Vec<char>> = terms.split(',').map(|t| t.chars().collect()).collect();
    let mut labels: Vec<(char, usize)> = Vec::new();
    for (c, d) in terms.iter().zip(inputs).flat_map(|(t, s)| t.iter().copied().zip(s.iter().copied())) {
        if !labels.iter().any(|l| l.0 == c) {
            labels.push((c, d));
        }
    }
    let size = |c: char| labels.iter().find(|l| l.0 == c).unwrap().1;
    let result: Vec<char> = result.chars().collect();
    let mut out = vec![0.0; result.iter().map(|c| size(*c)).product()];
    let values: Vec<Tensor> = inputs.iter().map(|s| counting(s)).collect();
    for mut n in 0..labels.iter().map(|l| l.1).product::<usize>() {
        let at: Vec<(char, usize)> = labels
            .iter()
            .map(|(c, d)| {
                let i = n % d;
                n /= d;
                (*c, i)
            })
            .collect();
        let index = |t: &[char]| t.iter().fold(0, |i, c| i * size(*c) + at.iter().find(|a| a.0 == *c).unwrap().1);
        let term = terms.iter().zip(&values).map(|(t, v)| v.as_f32().unwrap()[index(t)]).product::<f32>();
        out[index(&result)] += term;
    }
    out
}

#[test]
fn einsum_is_what_its_equation_says() {
    let equations: &[(&str, &[&[usize]])] = &[
        ("bhwc,cd->bhwd", &[&[2, 2, 3, 4], &[4, 5]]),
        ("bqhd,bkhd->bhqk", &[&[2, 3, 2, 4], &[2, 5, 2, 4]]),
        ("bhqk,bkhd->bqhd", &[&[2, 2, 3, 4], &[2, 4, 2, 5]]),
        ("bhwc,wcd->bhd", &[&[2, 3, 2, 2], &[2, 2, 3]]),
        ("a,b->ba", &[&[3], &[2]]),
        ("ijk->kij", &[&[2, 3, 4]]),
        ("ijk->ki", &[&[2, 3, 4]]),
    ];
    for (equation, inputs) in equations {
        let got = one_op("tf.Einsum", &[("equation", Attr::str(*equation))], inputs);
        assert_eq!(got, einsum(equation, inputs), "{equation}");
    }
    let (x, w): (&[usize], &[usize]) = (&[2, 3, 4], &[4, 5]);
    let got = one_op("tf.Einsum", &[("equation", Attr::str("...c,cd->...d"))], &[x, w]);
    assert_eq!(got, einsum("abc,cd->abd", &[x, w]));
}

#[test]
fn a_transposed_convolution_of_nchw_images_computes_that_of_nhwc_ones() {
    let ints = |v: [i64; 4]| Attr::Array(v.into_iter().map(Attr::i64).collect());
    let same = ("padding", Attr::str("SAME"));
    // One input channel, so that both layouts of the image hold the same values.
    let nhwc = one_op(
        "tf.Conv2DBackpropInput",
        &[same.clone(), ("strides", ints([1, 2, 2, 1]))],
        &[&[3, 3, 2, 1], &[1, 2, 2, 1]],
    );
    let nchw = one_op(
        "tf.Conv2DBackpropInput",
        &[same, ("strides", ints([1, 1, 2, 2])), ("data_format", Attr::str("NCHW"))],
        &[&[3, 3, 2, 1], &[1, 1, 2, 2]],
    );
    let moved: Vec<f32> = (0..2).flat_map(|c| (0..16).map(move |p| (c, p))).map(|(c, p)| nhwc[2 * p + c]).collect();
    assert_eq!(nchw, moved);
    assert!(nchw.iter().any(|v| *v != 0.0));
}

#[test]
fn explicit_padding_never_wins_a_maximum() {
    let ints = |v: &[i64]| Attr::Array(v.iter().map(|v| Attr::i64(*v)).collect());
    let attrs = [
        ("padding", Attr::str("EXPLICIT")),
        ("explicit_paddings", ints(&[0, 0, 1, 0, 1, 0, 0, 0])),
        ("ksize", ints(&[1, 2, 2, 1])),
        ("strides", ints(&[1, 2, 2, 1])),
    ];
    // -3 alone in the corner that is padded.
    assert_eq!(one_op("tf.MaxPool", &attrs, &[&[1, 3, 3, 1]])[0], -3.0);
}
