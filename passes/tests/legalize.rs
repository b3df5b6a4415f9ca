//! Legalizes the models of the test suite and runs them: the result is what TensorFlow computed.

use std::path::Path;

use passes::data::NoDatasets;
use passes::pass::Quiet;
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};
use quant_opt_passes as passes;

fn float_module(name: &str) -> ir::Module {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models").join(name).join("saved_model");
    let mut module = frontend::load(&dir, &frontend::Options::default()).unwrap();
    let mut sink = ir::Sink::new();
    let mut cx = Cx { sink: &mut sink, stats: passes::Stats::new(), datasets: &NoDatasets, progress: &Quiet };
    let pipeline = Pipeline::parse("tf-inline,tf-freeze-variables,tf-legalize", &passes::passes()).unwrap();
    let outcome = pipeline.run(&mut module, &mut cx, &mut NoObserver, Some(&ir::Registry::standard()));
    assert!(outcome.is_ok(), "{name}: {:?}", sink.diagnostics());
    module
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
