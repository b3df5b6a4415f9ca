//! Laws that hold for every valid module: a pass leaves a valid module or says why not, and one that only simplifies changes no result.

use ir::testing::{self, Choices, seeded};
use ir::text::{PrintOptions, print};
use ir::{Attr, Body, Module, Sink, Tensor};
use kernels::eval::Evaluator;
use passes::data::NoDatasets;
use passes::pass::Quiet;
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};

const SEEDS: std::ops::Range<u64> = 0..150;

/// Passes that leave what a function computes, to the bit.
const CANONICAL: &[&str] = &["canonicalize", "cse", "dce", "inline", "symbol-dce"];

fn made(seed: u64) -> (Vec<u8>, Module) {
    let bytes = seeded(seed);
    let m = testing::module(&mut Choices::new(&bytes));
    (bytes, m)
}

/// Runs a pass, with the verifier behind it; what it emitted, if it failed.
fn run(pass: &str, m: &mut Module) -> Result<(), Sink> {
    let mut sink = Sink::new();
    let registry = ir::Registry::standard();
    let pipeline = Pipeline::parse(pass, &passes::known()).unwrap_or_else(|e| panic!("{pass}: {e:?}"));
    let mut cx = Cx { sink: &mut sink, stats: passes::Stats::new(), datasets: &NoDatasets, progress: &Quiet };
    match pipeline.run(m, &mut cx, &mut NoObserver, Some(&registry)) {
        Ok(()) => Ok(()),
        Err(_) => Err(sink),
    }
}

fn text(m: &Module) -> String {
    print(m, &PrintOptions::default())
}

#[test]
fn passes_keep_modules_valid() {
    for seed in SEEDS {
        let (_, m) = made(seed);
        for pass in passes::passes() {
            let mut after = m.clone();
            let Err(sink) = run(pass.name, &mut after) else { continue };
            let errors: Vec<_> = sink.diagnostics().iter().filter(|d| d.severity == ir::Severity::Error).collect();
            assert!(!errors.is_empty(), "seed {seed}, {}: failed without an error\n{}", pass.name, text(&m));
            for e in errors {
                let fault = matches!(e.code, "pass/crash" | "pass/invalid");
                assert!(!fault, "seed {seed}, {}: {:#?}\n{}", pass.name, sink.diagnostics(), text(&m));
            }
        }
    }
}

#[test]
fn canonical_passes_change_no_result() {
    let mut compared = 0;
    for seed in SEEDS {
        let (bytes, m) = made(seed);
        let before = results(&m, &bytes);
        for pass in CANONICAL {
            let mut after = m.clone();
            if run(pass, &mut after).is_err() {
                continue;
            }
            let after_results = results(&after, &bytes);
            for (name, expected) in &before {
                let Some(expected) = expected else { continue };
                // A function that nobody calls may be gone.
                let Some((_, found)) = after_results.iter().find(|(n, _)| n == name) else { continue };
                let equal = found.as_ref().is_some_and(|f| same(f, expected));
                assert!(equal, "seed {seed}, {pass} changes @{name}: {expected:?} became {found:?}\n{}", text(&m));
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "only {compared} functions could be compared");
}

/// What each function at the top gives for arguments that follow from bytes; `None` where it cannot be computed.
fn results(m: &Module, bytes: &[u8]) -> Vec<(String, Option<Vec<Tensor>>)> {
    let named = m.funcs().into_iter().map(|id| m.body.op(id));
    named
        .filter_map(|op| Some((op.attr("sym_name").and_then(Attr::as_str)?.to_owned(), computed(op.body(0)?, bytes))))
        .collect()
}

fn computed(body: &Body, bytes: &[u8]) -> Option<Vec<Tensor>> {
    let mut c = Choices::new(bytes);
    let args: Option<Vec<Tensor>> =
        body.args(body.entry()).iter().map(|v| testing::argument(&mut c, body.tensor_ty(*v)?)).collect();
    Evaluator::new(body).ok()?.run(&args?, &mut |_, _| {}).ok()
}

/// Equal to the bit, but for which NaN it is.
fn same(a: &[Tensor], b: &[Tensor]) -> bool {
    let number = |t: &Tensor| {
        t.as_f32().map(|v| v.iter().map(|x| if x.is_nan() { None } else { Some(x.to_bits()) }).collect::<Vec<_>>())
    };
    a.len() == b.len()
        && a.iter().zip(b).all(|(x, y)| match (number(x), number(y)) {
            (Some(x), Some(y)) => x == y,
            _ => x.bytes() == y.bytes(),
        })
}
