//! What rows promise is checked: the operations a pass takes and leaves, and the analyses it leaves right.

use ir::dialect::tfl::{Neg, Quantize};
use ir::text::{ParseOptions, parse};
use ir::{At, Body, Builder, Failed, Module, OpRow, QuantType, Sink, Type};
use quant_opt_passes as passes;

use passes::optimize::SymbolDce;
use passes::pipeline::NoObserver;
use passes::symbols::SymbolUses;
use passes::{Cx, Pass, Pipeline};

passes::pass! {
    /// Puts a quantize behind every negation, although it says that it does not.
    "quantize-quietly" = QuantizeQuietly on func {
        options: {},
        expects: TFL, ensures: TFL,
        before: "func.func @f() { return }",
        after: "func.func @f() { return }",
    }
}

impl QuantizeQuietly {
    fn run(&self, body: &mut Body, _: &mut Cx<'_>) -> Result<(), Failed> {
        for op in body.walk() {
            if body.op(op).name.as_str() == Neg::DEF.name {
                let x = body.op(op).results()[0];
                let elem = ir::Elem::Quant(QuantType::per_tensor(8, 0.5, 0).into());
                let ty = Type::Tensor(body.tensor_ty(x).unwrap().with_elem(elem));
                let loc = body.op(op).loc.clone();
                Builder::new(body, At::After(op), loc).typed(&Quantize { qtype: ty.clone() }, &[x], &[ty]);
            }
        }
        Ok(())
    }
}

passes::pass! {
    /// Erases private functions, although it says that symbols stay.
    "drop-private" = DropPrivate on module {
        options: {},
        expects: ANY, ensures: ANY,
        keeps: [SymbolUses],
        before: "func.func @f() { return }",
        after: "func.func @f() { return }",
    }
}

impl DropPrivate {
    fn run(&self, module: &mut Module, _: &mut Cx<'_>) -> Result<(), Failed> {
        for func in module.funcs() {
            if passes::symbols::is_private(module.body.op(func)) {
                module.body.erase(func);
            }
        }
        Ok(())
    }
}

const MODULE: &str = "
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = \"tfl.neg\"(%x) : (tensor<2xf32>) -> tensor<2xf32> loc(\"net/neg\")
  %1 = func.call @used(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
func.func private @used(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}";

/// What is said when a pass runs behind another that has computed the uses of symbols.
fn said(pass: impl Pass + 'static) -> Vec<(&'static str, String)> {
    let registry = ir::Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "module" };
    let mut sink = Sink::new();
    let mut module = parse(MODULE, &options, &mut sink).unwrap();
    let pipeline = Pipeline::new().then(SymbolDce::default()).then(pass);
    let outcome = pipeline.run(&mut module, &mut Cx::new(&mut sink), &mut NoObserver, Some(&registry));
    assert_eq!(outcome.is_err(), !sink.diagnostics().is_empty());
    sink.take().into_iter().map(|d| (d.code, d.message)).collect()
}

#[test]
fn a_pass_that_leaves_what_it_promised_not_to_is_told() {
    let text = "pass `quantize-quietly` left conversions between real and stored values, against its promise: \
                `tfl.quantize` (`net/neg`)";
    assert_eq!(said(QuantizeQuietly::default()), [("pass/ensures", text.to_owned())]);
}

#[test]
fn a_pass_that_keeps_an_analysis_it_made_wrong_is_told() {
    let text = "pass `drop-private` keeps an analysis that it changed: symbol uses";
    assert_eq!(said(DropPrivate::default()), [("pass/analysis", text.to_owned())]);
    assert!(said(SymbolDce::default()).is_empty());
}
