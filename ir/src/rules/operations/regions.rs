//! Operations with regions.

use super::{Checked, OpCx};
use crate::body::Value;
use crate::rules::compatible;
use crate::types::Type;

/// `while`: as many results as operands; both regions take the same.
pub fn while_loop(cx: &OpCx<'_>) -> Checked {
    let (operands, results) = (cx.operands().count(), cx.results().count());
    if operands != results {
        return Err(format!("has {operands} operands and {results} results"));
    }
    let (Some(cond), Some(body)) = (arguments(cx, 0), arguments(cx, 1)) else { return Ok(()) };
    if cond.len() != body.len() {
        return Err(format!("has a condition of {} values and a body of {}", cond.len(), body.len()));
    }
    let ty = |v: &Value| cx.body.ty(*v);
    match cond.iter().zip(body).find(|(a, b)| !one_shape(ty(a), ty(b))) {
        Some((a, b)) => Err(format!("has a condition that takes {} where its body takes {}", ty(a), ty(b))),
        None => Ok(()),
    }
}

/// Regions without arguments.
pub fn no_arguments(cx: &OpCx<'_>) -> Checked {
    match (0..cx.regions()).find(|i| arguments(cx, *i).is_some_and(|a| !a.is_empty())) {
        Some(i) => Err(format!("has a region #{i} that takes values, which none gives")),
        None => Ok(()),
    }
}

/// Each region has one block, which an operation of this name ends; those behind the first `least` may be empty.
pub(in crate::rules) fn blocks(cx: &OpCx<'_>, least: usize, end: &str) -> Checked {
    for i in 0..cx.regions() {
        let Some(region) = cx.region(i) else { continue };
        let block = match cx.body.blocks(region) {
            [] if i >= least => continue,
            [one] => *one,
            many => return Err(format!("has {} blocks in its region #{i}, not one", many.len())),
        };
        match cx.body.terminator(block).map(|op| cx.body.op(op).name.as_str()) {
            Some(name) if name != end => return Err(format!("ends its region #{i} with '{name}', not with '{end}'")),
            _ => {}
        }
    }
    Ok(())
}

/// `control_node`: its results, but the last, are what its region yields.
pub fn control_node(cx: &OpCx<'_>) -> Checked {
    let Some(block) = cx.region(0).and_then(|r| cx.body.blocks(r).first()) else { return Ok(()) };
    let Some(end) = cx.body.terminator(*block).map(|op| cx.body.op(op)) else { return Ok(()) };
    let yielded = end.operands().iter().map(|v| cx.body.ty(*v));
    if yielded.eq(cx.results().take(cx.results().count().saturating_sub(1))) {
        return Ok(());
    }
    Err("yields other values than its results".to_owned())
}

/// The arguments of a region.
fn arguments<'a>(cx: &OpCx<'a>, i: usize) -> Option<&'a [Value]> {
    let body = cx.body;
    Some(body.args(*body.blocks(cx.region(i)?).first()?))
}

fn one_shape(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Tensor(a), Type::Tensor(b)) => match (&a.shape, &b.shape) {
            (Some(a), Some(b)) => compatible(a, b),
            _ => true,
        },
        (Type::Tensor(_), _) | (_, Type::Tensor(_)) => false,
        _ => true,
    }
}
