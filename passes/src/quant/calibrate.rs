//! `calibrate`: runs the float model on representative data and leaves the range of each value in the IR.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ir::dialect::quantfork::Stats;
use ir::{At, Attr, Body, Builder, Def, Diagnostic, Failed, Module, Tensor, Value};
use kernels::plan::{Options, Program, Watch, Worker};
use kernels::range::Range;

use super::{rules, shared_buffers};
use crate::data::{Samples, on_every_sample};
use crate::pass::{Cx, OptionValue};
use ir::{Signature, signatures};

/// How observed values become a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The lowest and the highest value seen, as TFLite's converter does.
    Minmax,
}

impl OptionValue for Method {
    const KIND: &'static str = "minmax";
    fn parse(text: &str) -> Option<Self> {
        (text == "minmax").then_some(Method::Minmax)
    }
    fn print(&self) -> String {
        "minmax".to_owned()
    }
}

crate::pass! {
    /// Runs every signature on its representative data and puts a `quantfork.stats` behind each float value.
    ///
    /// Samples run in parallel; the ranges do not depend on the number of threads, and memory does not grow with the number of samples.
    "calibrate" = Calibrate on module {
        options: {
            /// Datasets: `PATH`, or `KEY=PATH` for one signature of several.
            datasets: Vec<String> = Vec::new(),
            /// How values become a range.
            method: Method = Method::Minmax,
        },
        expects: TFL, ensures: TFL | STATS,
        given: "datasets=calib.npz",
        before: r#"
            func.func @f(%x: tensor<1x2xf32>) -> tensor<1x2xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
              %0 = "tfl.relu"(%x) : (tensor<1x2xf32>) -> tensor<1x2xf32>
              return %0 : tensor<1x2xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<1x2xf32>) -> tensor<1x2xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
              %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
              %1 = "tfl.relu"(%0) : (tensor<1x2xf32>) -> tensor<1x2xf32>
              %2 = "quantfork.stats"(%1) <{layerStats = dense<[0.0, 1.0]> : tensor<2xf32>}> : (tensor<1x2xf32>) -> tensor<1x2xf32>
              return %2 : tensor<1x2xf32>
            }
        "#,
    }
}

/// Fewer samples than these are warned about.
const FEW: usize = 10;

/// The range that no value has widened. TFLite's calibrator begins there too: its highest value is never below the smallest positive number,
/// and zero is in every range anyway.
const UNSEEN: Range = Range { min: f32::MAX, max: f32::MIN_POSITIVE, nan: false };

type Ranges = BTreeMap<Value, Range>;

impl Calibrate {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let Method::Minmax = self.method;
        let all = signatures(module);
        let datasets = self.assign(&all, cx)?;
        for (signature, path) in all.iter().zip(datasets) {
            let mut ranges = observe(module, signature, &path, cx)?;
            if let Some(body) = module.body.op(signature.func).body(0) {
                cover_overwritten(body, &mut ranges);
            }
            warn_degenerate(module, signature, &ranges, cx);
            if let Some(body) = module.func_body_mut(signature.func) {
                insert(body, ranges, cx);
            }
        }
        Ok(())
    }

    /// The dataset of each signature.
    fn assign(&self, all: &[Signature], cx: &mut Cx<'_>) -> Result<Vec<String>, Failed> {
        if self.datasets.is_empty() {
            let d = Diagnostic::error("calibrate/no-dataset", "full integer quantization needs representative data")
                .help("give --representative-dataset=FILE.npz, whose keys are the signature's inputs");
            return Err(cx.sink.error(d));
        }
        let keyed = |s: &Signature| {
            self.datasets.iter().find_map(|d| d.strip_prefix(s.key.as_str())?.strip_prefix('=').map(str::to_owned))
        };
        let plain = match (&self.datasets[..], all) {
            ([only], [_]) => Some(only.clone()),
            _ => None,
        };
        let mut out = Vec::new();
        for s in all {
            match keyed(s).or_else(|| plain.clone()) {
                Some(path) => out.push(path),
                None => {
                    let d = Diagnostic::error(
                        "calibrate/no-dataset",
                        format!("signature `{}` has no representative data", s.key),
                    )
                    .help(format!("give --representative-dataset={}=FILE.npz for each signature", s.key));
                    return Err(cx.sink.error(d));
                }
            }
        }
        Ok(out)
    }
}

/// Runs one signature on its dataset.
fn observe(module: &Module, signature: &Signature, path: &str, cx: &mut Cx<'_>) -> Result<Ranges, Failed> {
    let arrays = match cx.datasets.open(path.as_ref()) {
        Ok(arrays) => arrays,
        Err(e) => return Err(cx.sink.error(Diagnostic::error("calibrate/dataset", e))),
    };
    let Some(body) = module.body.op(signature.func).body(0) else { return Ok(Ranges::new()) };
    let types: Vec<_> = body.args(body.entry()).iter().filter_map(|v| body.tensor_ty(*v).cloned()).collect();
    let samples = match Samples::new(arrays, &signature.inputs, &types) {
        Ok(samples) => samples,
        Err(e) => {
            let d = Diagnostic::error("calibrate/dataset", format!("{path}: {e}")).help(format!(
                "signature `{}` takes {}",
                signature.key,
                describe(signature, &types)
            ));
            return Err(cx.sink.error(d));
        }
    };
    warn_samples(&samples, path, cx);
    // A function of one sample uses all threads; of several, each runs on a thread of its own.
    let threads = if samples.len() == 1 { rayon::current_num_threads() } else { 1 };
    let options = Options { threads, ..Options::default() };
    let program = match Program::new(body, &samples.types(), &options) {
        Ok(p) => p,
        Err(e) => return Err(cx.sink.error(Diagnostic::error("calibrate/eval", e.to_string()))),
    };
    let (done, progress, total) = (AtomicUsize::new(0), cx.progress, samples.len());
    let repeated = Repeated::default();
    let outcome = on_every_sample(
        samples,
        || Observed::new(&program),
        |observed, i, inputs| {
            repeated.see(&inputs);
            observed.run(&program, i, &inputs)?;
            progress.step("calibrating", done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok(())
        },
    );
    let states = match outcome {
        Ok(states) => states,
        Err(Stopped::Dataset(e)) => {
            return Err(cx.sink.error(Diagnostic::error("calibrate/dataset", format!("{path}: {e}"))));
        }
        Err(Stopped::Eval(e)) => return Err(cx.sink.error(Diagnostic::error("calibrate/eval", e))),
        Err(Stopped::Nan(v, i)) => {
            let text = format!("{} is NaN for sample {i}", tensor_name(body, signature, v));
            let d = Diagnostic::error("calibrate/nan", text).at(body.loc(v));
            return Err(cx.sink.error(
                d.help("look for a division by zero or a logarithm of zero in front of it, and for NaN in the data"),
            ));
        }
    };
    if total > 1 && repeated.is_so() {
        let text = format!("{path}: all {total} samples are the same");
        cx.sink.emit(Diagnostic::warning("calibrate/repeated", text));
    }
    let mut ranges = Ranges::new();
    for state in states {
        for (v, range) in program.values().iter().zip(state.ranges) {
            ranges.entry(*v).or_insert(UNSEEN).merge(range);
        }
    }
    Ok(ranges)
}

/// Why calibration stops.
enum Stopped {
    Dataset(String),
    Eval(String),
    /// A value is NaN for a sample.
    Nan(Value, usize),
}

impl From<String> for Stopped {
    fn from(e: String) -> Stopped {
        Stopped::Dataset(e)
    }
}

/// What one thread sees.
struct Observed {
    worker: Worker,
    /// For each value of the program.
    ranges: Vec<Range>,
}

impl Observed {
    fn new(program: &Program<'_>) -> Observed {
        Observed { worker: program.worker(), ranges: vec![Range::EMPTY; program.values().len()] }
    }

    fn run(&mut self, program: &Program<'_>, sample: usize, inputs: &[Tensor]) -> Result<(), Stopped> {
        let ran = program.run(&mut self.worker, inputs, Watch::Ranges(&mut self.ranges));
        ran.map_err(|e| Stopped::Eval(format!("sample {sample}: {e}")))?;
        match self.ranges.iter().position(|r| r.nan) {
            Some(i) => Err(Stopped::Nan(program.values()[i], sample)),
            None => Ok(()),
        }
    }
}

/// Whether all samples are the same.
#[derive(Default)]
struct Repeated {
    first: OnceLock<Vec<Tensor>>,
    differs: AtomicBool,
}

impl Repeated {
    fn see(&self, sample: &[Tensor]) {
        if !self.differs.load(Ordering::Relaxed) && self.first.get_or_init(|| sample.to_vec()) != sample {
            self.differs.store(true, Ordering::Relaxed);
        }
    }

    fn is_so(&self) -> bool {
        !self.differs.load(Ordering::Relaxed)
    }
}

/// Widens the range of each operand that TFLite overwrites by the result's.
fn cover_overwritten(body: &Body, ranges: &mut Ranges) {
    for (operand, result) in shared_buffers::overwritten(body) {
        if let (Some(a), Some(b)) = (ranges.get(&operand).copied(), ranges.get(&result)) {
            let mut wide = a;
            wide.merge(*b);
            ranges.insert(operand, wide);
        }
    }
}

/// What the user calls a value: an input by its name in the signature, any other by its node.
fn tensor_name(body: &Body, signature: &Signature, v: Value) -> String {
    match body.def(v) {
        Def::Arg(_, i) => signature.inputs.get(i).map_or_else(|| format!("input {i}"), |n| format!("input `{n}`")),
        Def::Result(..) => {
            body.loc(v).node().map_or_else(|| "a tensor without a name".into(), |n| format!("tensor `{n}`"))
        }
    }
}

fn describe(signature: &Signature, types: &[ir::TensorType]) -> String {
    let items: Vec<String> =
        signature.inputs.iter().zip(types).map(|(n, t)| format!("`{n}`: {}", crate::data::describe(t))).collect();
    items.join(", ")
}

fn warn_samples(samples: &Samples, path: &str, cx: &mut Cx<'_>) {
    let n = samples.len();
    if samples.dropped() > 0 {
        let text = format!("{path}: the last {} samples fill no batch and are not used", samples.dropped());
        cx.sink.emit(Diagnostic::warning("calibrate/remainder", text));
    }
    if n < FEW {
        let text = format!("{path}: {n} samples are few; ranges may be too narrow");
        cx.sink.emit(Diagnostic::warning("calibrate/few-samples", text).help("give some hundred typical inputs"));
    }
}

fn warn_degenerate(module: &Module, signature: &Signature, ranges: &Ranges, cx: &mut Cx<'_>) {
    let Some(body) = module.body.op(signature.func).body(0) else { return };
    for (v, r) in ranges {
        let width = f64::from(r.max.max(0.0)) - f64::from(r.min.min(0.0));
        if width < 1e-6 {
            let text =
                format!("{} is always (nearly) zero on the representative data", tensor_name(body, signature, *v));
            let d = Diagnostic::warning("calibrate/degenerate", text).at(body.loc(*v));
            cx.sink.emit(
                d.help("what differs from zero later will be cut off; give data that reaches this part of the model"),
            );
        }
    }
}

fn insert(body: &mut Body, ranges: Ranges, cx: &mut Cx<'_>) {
    for (v, r) in ranges {
        let constant = body.def_op(v).is_some_and(|op| rules::is_constant(body.op(op)));
        if constant || !rules::is_float(body, v) {
            continue;
        }
        let at = match body.def(v) {
            Def::Result(op, _) => At::After(op),
            Def::Arg(block, _) => At::Start(block),
        };
        let (ty, loc) = (body.ty(v).clone(), body.loc(v).clone());
        let stats =
            Stats { layerStats: Attr::Dense(Tensor::f32(&[2], vec![r.min, r.max])), axisStats: None, axis: None };
        let op = Builder::new(body, at, loc).typed(&stats, &[v], &[ty]);
        let result = body.op(op).results()[0];
        body.replace_uses_except(v, result, op);
        cx.count("ranges");
    }
}
