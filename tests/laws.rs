//! Laws that hold for every valid module: a pass leaves a valid module or says why not, and one that only simplifies changes no result.

use std::collections::BTreeMap;

use ir::dialect::tfl;
use ir::testing::{self, Choices, seeded};
use ir::text::{PrintOptions, print};
use ir::{Attr, Module, OpId, Sink, Tensor};
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};
use quant_opt_tests::flow;

const SEEDS: std::ops::Range<u64> = 0..300;

/// Passes that leave what a function computes, to the bit.
const CANONICAL: &[&str] = &["canonicalize", "cse", "dce", "inline", "sccp", "symbol-dce"];

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
    match pipeline.run(m, &mut Cx::new(&mut sink), &mut NoObserver, Some(&registry)) {
        Ok(()) => Ok(()),
        Err(_) => Err(sink),
    }
}

/// What went wrong, once for each way, with the first seed and the module that shows it.
#[derive(Default)]
struct Broken(BTreeMap<String, String>);

impl Broken {
    fn add(&mut self, what: String, seed: u64, m: &Module) {
        self.0.entry(what).or_insert_with(|| format!("seed {seed}\n{}", print(m, &PrintOptions::default())));
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        let all: Vec<String> = self.0.iter().map(|(what, shown)| format!("{what}\n{shown}")).collect();
        assert!(all.is_empty() || std::thread::panicking(), "{}", all.join("\n"));
    }
}

#[test]
fn passes_keep_modules_valid() {
    let mut broken = Broken::default();
    for seed in SEEDS {
        let (_, m) = made(seed);
        for pass in passes::passes() {
            let mut after = m.clone();
            let Err(sink) = run(pass.name, &mut after) else { continue };
            let errors: Vec<_> = sink.diagnostics().iter().filter(|d| d.severity == ir::Severity::Error).collect();
            let at_fault = errors.is_empty() || errors.iter().any(|e| matches!(e.code, "pass/crash" | "pass/invalid"));
            if at_fault {
                let said: Vec<String> = errors.iter().map(|e| format!("{}: {}", e.code, e.message)).collect();
                broken.add(format!("{} fails with {said:?}", pass.name), seed, &m);
            }
        }
    }
}

#[test]
fn canonical_passes_change_no_result() {
    let mut broken = Broken::default();
    let (mut compared, mut with_regions) = (0, 0);
    for seed in SEEDS {
        let (bytes, m) = made(seed);
        let before = results(&m, &bytes);
        for pass in CANONICAL {
            let mut after = m.clone();
            if run(pass, &mut after).is_err() {
                continue;
            }
            let found = results(&after, &bytes);
            for (name, expected) in before.iter().filter_map(|(n, r)| Some((n, r.as_ref()?))) {
                // A function that nobody calls may be gone.
                let Some((_, found)) = found.iter().find(|(n, _)| n == name) else { continue };
                compared += 1;
                with_regions += usize::from(has_regions(&m, name));
                if !found.as_ref().is_some_and(|f| same(f, expected)) {
                    broken.add(format!("{pass} changes the results of @{name}:\n{expected:?}\n{found:?}"), seed, &m);
                }
            }
        }
    }
    assert!(
        compared > 200 && with_regions > 50,
        "only {compared} functions could be compared, {with_regions} with regions"
    );
}

/// What each function at the top gives for arguments that follow from bytes; `None` where it cannot be computed.
fn results(m: &Module, bytes: &[u8]) -> Vec<(String, Option<Vec<Tensor>>)> {
    let name = |id| m.body.op(id).attr("sym_name").and_then(Attr::as_str).map(str::to_owned);
    m.funcs().into_iter().filter_map(|id| Some((name(id)?, computed(m, id, bytes)))).collect()
}

fn computed(m: &Module, func: OpId, bytes: &[u8]) -> Option<Vec<Tensor>> {
    let body = m.body.op(func).body(0)?;
    let mut c = Choices::new(bytes);
    let args: Option<Vec<Tensor>> =
        body.args(body.entry()).iter().map(|v| testing::argument(&mut c, body.tensor_ty(*v)?)).collect();
    flow::run(m, func, &args?)
}

/// Whether a function branches or loops.
fn has_regions(m: &Module, name: &str) -> bool {
    let func = m.funcs().into_iter().map(|id| m.body.op(id)).find(|op| ir::module::sym_name(op) == Some(name));
    let body = func.and_then(|op| op.body(0));
    body.is_some_and(|b| b.walk().into_iter().any(|id| b.op(id).is::<tfl::If>() || b.op(id).is::<tfl::While>()))
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
