//! `calibrate`: runs the float model on representative data and leaves the range of each value in the IR.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use ir::dialect::quantfork::Stats;
use ir::{At, Attr, Body, Builder, Def, Diagnostic, Elem, Failed, Module, Tensor, Value};
use kernels::eval::Evaluator;
use rayon::prelude::*;

use super::{rules, shared_buffers};
use crate::data::Samples;
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

/// Lowest and highest value seen.
///
/// The highest starts at the smallest positive number, not at minus infinity: so does TFLite's calibrator, and zero is in every range anyway.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    min: f32,
    max: f32,
}

impl Range {
    const EMPTY: Range = Range { min: f32::MAX, max: f32::MIN_POSITIVE };

    /// The range of some values, and whether one of them is no number.
    fn of(values: &[f32]) -> (Range, bool) {
        // Independent lanes, so that the loop vectorizes; a comparison with NaN does not hold.
        const LANES: usize = 16;
        let (mut lo, mut hi, mut nan) = ([f32::MAX; LANES], [f32::MIN_POSITIVE; LANES], [0u32; LANES]);
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        let mut see = |i: usize, v: f32| {
            lo[i] = if v < lo[i] { v } else { lo[i] };
            hi[i] = if v > hi[i] { v } else { hi[i] };
            nan[i] |= u32::from(v.is_nan());
        };
        for chunk in chunks {
            for (i, v) in chunk.iter().enumerate() {
                see(i, *v);
            }
        }
        for v in rest {
            see(0, *v);
        }
        let min = lo.into_iter().fold(f32::MAX, f32::min);
        let max = hi.into_iter().fold(f32::MIN_POSITIVE, f32::max);
        (Range { min, max }, nan.into_iter().any(|n| n != 0))
    }

    fn merge(self, other: Range) -> Range {
        Range { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

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
    let arrays = match cx.datasets.load(path.as_ref()) {
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
    let evaluator = match Evaluator::new(body) {
        Ok(e) => e,
        Err(e) => return Err(cx.sink.error(Diagnostic::error("calibrate/eval", e.to_string()))),
    };
    let done = AtomicUsize::new(0);
    let progress = cx.progress;
    let total = samples.len();
    let outcome = (0..total)
        .into_par_iter()
        .map(|i| {
            let ranges = observe_sample(body, signature, &evaluator, &samples.get(i), i);
            progress.step("calibrating", done.fetch_add(1, Ordering::Relaxed) + 1, total);
            ranges
        })
        .try_reduce(Ranges::new, |a, b| Ok(merge(a, b)));
    outcome.map_err(|d| cx.sink.error(*d))
}

/// Widens the range of each operand that TFLite overwrites by the result's.
fn cover_overwritten(body: &Body, ranges: &mut Ranges) {
    for (operand, result) in shared_buffers::overwritten(body) {
        if let (Some(a), Some(b)) = (ranges.get(&operand).copied(), ranges.get(&result)) {
            let wide = a.merge(*b);
            ranges.insert(operand, wide);
        }
    }
}

fn merge(mut a: Ranges, b: Ranges) -> Ranges {
    for (v, r) in b {
        let e = a.entry(v).or_insert(Range::EMPTY);
        *e = e.merge(r);
    }
    a
}

fn observe_sample(
    body: &Body,
    signature: &Signature,
    evaluator: &Evaluator<'_>,
    inputs: &[Tensor],
    index: usize,
) -> Result<Ranges, Box<Diagnostic>> {
    let mut ranges = Ranges::new();
    let mut nan = None;
    let mut see = |v: Value, t: &Tensor| {
        if t.ty().elem != Elem::F32 {
            return;
        }
        if let Some(values) = t.as_f32() {
            let (range, is_nan) = Range::of(&values);
            ranges.insert(v, range);
            if is_nan && nan.is_none() {
                nan = Some(v);
            }
        }
    };
    evaluator
        .run(inputs, &mut see)
        .map_err(|e| Box::new(Diagnostic::error("calibrate/eval", format!("sample {index}: {e}"))))?;
    match nan {
        Some(v) => Err(Box::new(
            Diagnostic::error(
                "calibrate/nan",
                format!("{} is NaN for sample {index}", tensor_name(body, signature, v)),
            )
            .at(body.loc(v))
            .help("look for a division by zero or a logarithm of zero in front of it, and for NaN in the data"),
        )),
        None => Ok(ranges),
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
    if n > 1 {
        let first = samples.get(0);
        if (1..n).all(|i| samples.get(i) == first) {
            let text = format!("{path}: all {n} samples are the same");
            cx.sink.emit(Diagnostic::warning("calibrate/repeated", text));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_pass_over_nothing_and_merge() {
        let range = |min, max| Range { min, max };
        let values: Vec<f32> = (-5..30).map(|v| v as f32).collect();
        assert_eq!(Range::of(&values), (range(-5.0, 29.0), false));
        assert_eq!(Range::of(&[-2.0, -1.0]), (range(-2.0, f32::MIN_POSITIVE), false));
        assert_eq!(Range::of(&[1.0, f32::NAN]), (range(1.0, 1.0), true));
        assert_eq!(range(1.0, 1.0).merge(range(3.0, 3.0)), range(1.0, 3.0));
        assert_eq!(Range::EMPTY.merge(range(3.0, 3.0)), range(3.0, 3.0));
    }
}
