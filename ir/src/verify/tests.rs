use super::*;
use crate::dialect::tfl;
use crate::{At, Elem, FunctionType, OpName, OpRow, OpSpec, QuantType, Severity, Type, Value, module};

fn check(build: impl FnOnce(&mut Body, Value)) -> Vec<String> {
    let mut m = Module::new();
    let x = Type::tensor(&[4], Elem::F32);
    let func = m.add_func("main", FunctionType { inputs: vec![x], results: vec![] }, Loc::UNKNOWN);
    let body = m.func_body_mut(func).unwrap();
    let arg = body.args(body.entry())[0];
    build(body, arg);
    module::sync_function_type(m.body.op_mut(func));
    let mut sink = Sink::new();
    let _ = verify(&m, &mut sink);
    sink.take().into_iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
}

fn ret(body: &mut Body, v: &[Value]) {
    let spec = OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(v);
    body.insert(At::End(body.entry()), spec);
}

#[test]
fn a_valid_function_passes() {
    assert!(check(|b, x| ret(b, &[x])).is_empty());
}

#[test]
fn rows_are_enforced() {
    let errors = check(|b, x| {
        let spec = OpSpec::new(OpName::Known(tfl::Add::DEF), Loc::UNKNOWN).operands(&[x]);
        let op = b.insert(At::End(b.entry()), spec.results([Type::tensor(&[4], Elem::F32)]));
        let y = b.op(op).results()[0];
        ret(b, &[y]);
    });
    assert_eq!(
        errors,
        [
            "verify/arity: 'tfl.add' op takes 2 operands, but 1 are given",
            "verify/attribute: 'tfl.add' op requires attribute 'fused_activation_function'",
        ]
    );
}

#[test]
fn rules_of_runtimes_are_warnings_on_a_text() {
    let source = r#"func.func @f(%x: tensor<2xi32>) -> tensor<2xi32> {
        %y = "tfl.elu"(%x) : (tensor<2xi32>) -> tensor<2xi32>
        return %y : tensor<2xi32>
    }"#;
    let registry = crate::Registry::standard();
    let options = crate::text::ParseOptions { registry: &registry, allow_unregistered: false, file: "t" };
    let mut sink = Sink::new();
    let m = crate::text::parse(source, &options, &mut sink).unwrap();
    assert!(verify_text(&m, &mut sink).is_ok());
    assert_eq!(sink.take().len(), 2);
    assert!(verify_with(&m, RuntimeRules::Ignored, &mut sink).is_ok());
    assert!(sink.take().is_empty());
    assert!(verify(&m, &mut sink).is_err());
}

#[test]
fn quantized_types_fit_their_tensors() {
    let errors = check(|b, x| {
        let q = QuantType::per_axis(8, 0, vec![0.5, 0.25]);
        let ty = Type::tensor(&[4], Elem::Quant(q.into()));
        let spec = OpSpec::row(&tfl::Quantize { qtype: ty.clone() }, Loc::UNKNOWN).operands(&[x]).results([ty]);
        b.insert(At::End(b.entry()), spec);
        ret(b, &[x]);
    });
    assert_eq!(errors, ["verify/quant-type: 'tfl.quantize' op it has 2 scales for a dimension of 4"]);
}

/// What the verifier says of a text: as it is read, or before it is written to a file.
fn said(source: &str, rules: RuntimeRules) -> (bool, Vec<Diagnostic>) {
    let registry = crate::Registry::standard();
    let options = crate::text::ParseOptions { registry: &registry, allow_unregistered: true, file: "t" };
    let mut sink = Sink::new();
    let m = crate::text::parse(source, &options, &mut sink).unwrap();
    let outcome = verify_with(&m, rules, &mut sink);
    (outcome.is_ok(), sink.take())
}

#[test]
fn errors_name_the_text_and_the_node() {
    let (_, all) = said("\"func.return\"() : () -> () loc(\"a/node\")", RuntimeRules::Warned);
    assert_eq!(all[0].loc.text(), Some(("t", 1, 1)));
    assert_eq!(all[0].loc.node(), Some("a/node"));
}

#[test]
fn rules_of_runtimes_are_errors_before_emission() {
    let types = [
        "2x!quant.uniform<i8:f32, 0.5:128>",
        "2x!quant.uniform<i8:f32:1, {0.5}>",
        "2x!quant.uniform<i8:f32:0, {0.5}>",
        "4x!quant.uniform<i8:f32:{0:3}, {0.5}>",
    ];
    let makers = types.map(|ty| (format!("%0 = \"a.b\"() : () -> tensor<{ty}>"), "verify/quant-type"));
    let others = [
        ("\"tf.PartitionedCall\"() {f = @nobody} : () -> ()".to_owned(), "verify/symbol"),
        (
            r#"func.func @f(%x: tensor<1x2x!quant.uniform<i8:f32, 0.5>>, %w: tensor<3x2x!quant.uniform<i8:f32, 0.25>>,
                            %b: tensor<3x!quant.uniform<i32:f32, 0.1>>) {
                %0 = "tfl.fully_connected"(%x, %w, %b) <{
                  fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"
                }> : (tensor<1x2x!quant.uniform<i8:f32, 0.5>>, tensor<3x2x!quant.uniform<i8:f32, 0.25>>,
                      tensor<3x!quant.uniform<i32:f32, 0.1>>) -> tensor<1x3x!quant.uniform<i8:f32, 1.0>>
                return
            }"#
            .to_owned(),
            "verify/bias-scale",
        ),
    ];
    for (source, code) in makers.into_iter().chain(others) {
        let codes = |all: &[Diagnostic]| all.iter().map(|d| (d.code, d.severity)).collect::<Vec<_>>();
        let (read, warned) = said(&source, RuntimeRules::Warned);
        assert!(read && codes(&warned).contains(&(code, Severity::Warning)), "{warned:#?}");
        let (written, refused) = said(&source, RuntimeRules::Enforced);
        assert!(!written && codes(&refused).contains(&(code, Severity::Error)), "{refused:#?}");
    }
}
