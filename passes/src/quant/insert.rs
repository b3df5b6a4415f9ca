//! `insert-fake-quant`: calibrated ranges become parameters.

use std::collections::HashSet;
use std::sync::Arc;

use ir::dialect::quantfork::Stats;
use ir::{Body, Diagnostic, Failed, OpId, OpRow, QuantRule, Value};

use super::{pairs, params, rules};
use crate::pass::Cx;

crate::pass! {
    /// Turns `quantfork.stats` into quantize/dequantize pairs.
    ///
    /// A range is dropped first where the operation's own rule decides: behind operations with a fixed output range, and around operations
    /// whose operands and results share their parameters. There the range of the one operand is kept, or, of several, the range of the
    /// result. An operand that others read too keeps a range that the result's does not cover: `min(x, 0)` must not cut `x` off for them.
    "insert-fake-quant" = InsertFakeQuant on func {
        options: {},
        expects: TFL | STATS, ensures: TFL | PAIRS,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "quantfork.stats"(%x) <{layerStats = dense<[-1.0, 1.0]> : tensor<2xf32>}> : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.0078431377187371254:-1>>}> {volatile} : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.0078431377187371254:-1>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.0078431377187371254:-1>>) -> tensor<4xf32>
              return %1 : tensor<4xf32>
            }
        "#,
    }
}

impl InsertFakeQuant {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        for op in redundant(body) {
            remove(body, op);
            cx.count("ranges dropped");
        }
        for op in all_stats(body) {
            let Some((min, max)) = range(body, op) else {
                let d = Diagnostic::error("quant/bad-range", "`layerStats` is not a pair of numbers")
                    .at(&body.op(op).loc)
                    .help("write `layerStats = dense<[min, max]> : tensor<2xf32>`");
                return Err(cx.sink.error(d));
            };
            let v = remove(body, op);
            if !min.is_finite() || !max.is_finite() {
                let d = Diagnostic::error("quant/infinite-range", format!("its range is [{min}, {max}]"))
                    .at(body.loc(v))
                    .help("look for overflow or masks of infinity in the model, or keep the operation float");
                return Err(cx.sink.error(d));
            }
            pairs::insert(body, v, &Arc::new(params::activation(min, max, 1e-6)));
            cx.count("pairs inserted");
        }
        Ok(())
    }
}

fn all_stats(body: &Body) -> Vec<OpId> {
    body.walk().into_iter().filter(|op| body.op(*op).is::<Stats>()).collect()
}

/// The calibrated range of a `quantfork.stats`.
pub(super) fn range(body: &Body, op: OpId) -> Option<(f32, f32)> {
    debug_assert_eq!(body.op(op).name.as_str(), Stats::DEF.name);
    match body.op(op).attr("layerStats")?.as_tensor()?.to_f64()?[..] {
        [min, max] => Some((min as f32, max as f32)),
        _ => None,
    }
}

fn remove(body: &mut Body, op: OpId) -> Value {
    let (from, to) = (body.op(op).results()[0], body.op(op).operands()[0]);
    body.replace_all_uses(from, to);
    body.erase(op);
    to
}

fn float_operands(body: &Body, op: OpId) -> Vec<Value> {
    body.op(op).operands().iter().copied().filter(|v| rules::is_float(body, *v)).collect()
}

/// The stats whose range another rule decides.
fn redundant(body: &Body) -> Vec<OpId> {
    let stats = all_stats(body);
    let mut drop: HashSet<OpId> = HashSet::new();
    // Forward: fixed output ranges, and results of same-scale operations with one float operand.
    let mut work = stats.clone();
    while let Some(s) = work.pop() {
        if let Some(def) = body.def_op(body.op(s).operands()[0])
            && matches!(rules::rule(body, body.op(def)), QuantRule::Fixed { .. })
        {
            drop.insert(s);
        }
        for user in body.uses(body.op(s).results()[0]) {
            if !rules::same_scale(body, body.op(*user)) || float_operands(body, *user).len() > 1 {
                continue;
            }
            for r in body.op(*user).results() {
                if let [next] = body.uses(*r)
                    && body.op(*next).is::<Stats>()
                    && drop.insert(*next)
                {
                    work.push(*next);
                }
            }
        }
    }
    // Backward: operands of the same-scale operations whose result keeps its range, also through ranges dropped above.
    let kept = stats.iter().copied().filter(|s| !drop.contains(s));
    let mut work: Vec<(OpId, OpId)> = kept.map(|s| (s, s)).collect();
    let mut seen: HashSet<OpId> = work.iter().map(|(s, _)| *s).collect();
    while let Some((s, root)) = work.pop() {
        let Some(def) = body.def_op(body.op(s).operands()[0]) else { continue };
        if !rules::same_scale(body, body.op(def)) {
            continue;
        }
        for input in float_operands(body, def) {
            let Some(prev) = body.def_op(input).filter(|p| body.op(*p).is::<Stats>()) else { continue };
            if !body.has_one_use(input) && !covers(body, root, prev) {
                continue;
            }
            drop.insert(prev);
            if seen.insert(prev) {
                work.push((prev, root));
            }
        }
    }
    stats.into_iter().filter(|s| drop.contains(s)).collect()
}

/// Whether one range holds another. One that cannot be read holds all: it is an error later.
fn covers(body: &Body, outer: OpId, inner: OpId) -> bool {
    let (Some(outer), Some(inner)) = (range(body, outer), range(body, inner)) else { return true };
    outer.0 <= inner.0 && inner.1 <= outer.1
}
