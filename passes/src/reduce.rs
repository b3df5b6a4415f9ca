//! Reduction: the smallest module that still fails.
//!
//! Delta debugging: a step lists the places of a module that can be made smaller, and takes out a range of them. Ranges start at half the
//! places and end at single ones; what still fails is kept. Steps are repeated until none helps.

use std::ops::Range;

use ir::dialect::builtin::{Func, Return};
use ir::{Attr, BlockId, Body, Loc, Module, OpId, Operation, Tensor, Traits, Type, Value};

use crate::legalize::dce;

/// One way to make a module smaller.
struct Step {
    /// The number of places; those behind a place do not move when it is taken out.
    places: fn(&Module) -> usize,
    /// Takes out a range of places.
    take_out: fn(&mut Module, &Range<usize>),
}

/// The steps, what takes out most first.
const STEPS: &[Step] = &[
    Step { places: |m| m.ops().len(), take_out: symbols },
    Step { places: |m| count(m, results), take_out: take_results },
    Step { places: |m| count(m, operations), take_out: to_operands },
    Step { places: |m| count(m, operations), take_out: to_arguments },
    Step { places: |m| count(m, unused_arguments), take_out: take_arguments },
    Step { places: |m| count(m, constants), take_out: to_splats },
];

/// The smallest module found for which `fails` holds, as it does for `module`. `fails` is asked with modules that may be invalid.
pub fn reduce(module: &Module, fails: &mut dyn FnMut(&Module) -> bool) -> Module {
    let mut best = module.clone();
    loop {
        let mut smaller = false;
        for step in STEPS {
            smaller |= run(step, &mut best, fails);
        }
        if !smaller {
            return best;
        }
    }
}

fn run(step: &Step, best: &mut Module, fails: &mut dyn FnMut(&Module) -> bool) -> bool {
    let mut smaller = false;
    let mut size = (step.places)(best);
    while size > 0 {
        // From the end, so that what is taken out does not move what is still to be tried.
        let mut end = (step.places)(best);
        while end > 0 {
            let range = end.saturating_sub(size)..end;
            let mut candidate = best.clone();
            (step.take_out)(&mut candidate, &range);
            tidy(&mut candidate);
            if fails(&candidate) {
                *best = candidate;
                smaller = true;
            }
            end = range.start.min((step.places)(best));
        }
        size /= 2;
    }
    smaller
}

/// Removes what the last step left unused.
fn tidy(module: &mut Module) {
    for func in module.funcs() {
        module.func_body_mut(func).map(dce::remove);
        ir::module::sync_function_type(module.body.op_mut(func));
    }
}

fn count<T>(module: &Module, places: fn(&Body) -> Vec<T>) -> usize {
    module.funcs().into_iter().filter_map(|f| module.body.op(f).body(0)).map(|b| places(b).len()).sum()
}

/// Runs `take` over those places of each function that are in the range.
fn each<T>(
    module: &mut Module,
    range: &Range<usize>,
    places: fn(&Body) -> Vec<T>,
    take: impl Fn(&mut Operation, Vec<T>),
) {
    let mut first = 0;
    for func in module.funcs() {
        let op = module.body.op_mut(func);
        let all = op.body(0).map(places).unwrap_or_default();
        let len = all.len();
        let chosen =
            all.into_iter().enumerate().filter(|(i, _)| range.contains(&(first + i))).map(|(_, p)| p).collect();
        take(op, chosen);
        first += len;
    }
}

fn symbols(module: &mut Module, range: &Range<usize>) {
    for op in module.ops().drain(range.clone()) {
        module.body.erase(op);
    }
}

fn end(body: &Body) -> Option<OpId> {
    body.terminator(body.entry()).filter(|t| body.op(*t).is::<Return>())
}

fn results(body: &Body) -> Vec<usize> {
    end(body).map_or(Vec::new(), |end| (0..body.op(end).operands().len()).collect())
}

fn take_results(module: &mut Module, range: &Range<usize>) {
    each(module, range, results, |func, taken| {
        let Some(body) = func.body_mut(0) else { return };
        let Some(end) = end(body) else { return };
        let all = body.op(end).operands().iter().enumerate();
        let kept: Vec<Value> = all.filter(|(i, _)| !taken.contains(i)).map(|(_, v)| *v).collect();
        body.set_operands(end, &kept);
        take_attrs(func, "res_attrs", &taken);
    });
}

/// Takes some items out of an array attribute of a function.
fn take_attrs(func: &mut Operation, name: &str, taken: &[usize]) {
    debug_assert!(func.is::<Func>());
    let Some(items) = func.props.get(name).and_then(Attr::as_array) else { return };
    let kept = items.iter().enumerate().filter(|(i, _)| !taken.contains(i)).map(|(_, a)| a.clone()).collect();
    func.props.set(name, Attr::Array(kept));
}

/// Operations that compute something.
fn operations(body: &Body) -> Vec<OpId> {
    let computes = |op: &Operation| match op.name.def() {
        Some(def) => !def.is_constant() && !def.traits.has(Traits::TERMINATOR),
        None => true,
    };
    body.walk().into_iter().filter(|id| computes(body.op(*id))).collect()
}

/// Replaces each result by an operand of its type; an operation without such operands stays.
fn to_operands(module: &mut Module, range: &Range<usize>) {
    each(module, range, operations, |func, taken| {
        let Some(body) = func.body_mut(0) else { return };
        replace(body, taken, |body, op, v| body.op(op).operands().iter().copied().find(|o| body.ty(*o) == body.ty(v)));
    });
}

/// Replaces each result by a new argument of the function.
fn to_arguments(module: &mut Module, range: &Range<usize>) {
    each(module, range, operations, |func, taken| {
        let Some(body) = func.body_mut(0) else { return };
        let before = body.args(body.entry()).len();
        replace(body, taken, |body, _, v| {
            let (entry, ty): (BlockId, Type) = (body.entry(), body.ty(v).clone());
            Some(body.add_arg(entry, ty, Loc::UNKNOWN))
        });
        let added = body.args(body.entry()).len() - before;
        if let Some(items) = func.props.get("arg_attrs").and_then(Attr::as_array) {
            let all = items.iter().cloned().chain((0..added).map(|_| Attr::Dict(ir::Attrs::new()))).collect();
            func.props.set("arg_attrs", Attr::Array(all));
        }
    });
}

/// Erases operations whose used results `other` can replace.
fn replace(body: &mut Body, ops: Vec<OpId>, other: impl Fn(&mut Body, OpId, Value) -> Option<Value>) {
    for op in ops.into_iter().rev() {
        if body.op(op).block().is_none() {
            continue;
        }
        for v in body.op(op).results().to_vec() {
            if !body.uses(v).is_empty()
                && let Some(other) = other(body, op, v)
            {
                body.replace_all_uses(v, other);
            }
        }
        if body.op(op).results().iter().all(|v| body.uses(*v).is_empty()) {
            body.erase(op);
        }
    }
}

fn unused_arguments(body: &Body) -> Vec<usize> {
    body.args(body.entry()).iter().enumerate().filter(|(_, v)| body.uses(**v).is_empty()).map(|(i, _)| i).collect()
}

fn take_arguments(module: &mut Module, range: &Range<usize>) {
    each(module, range, unused_arguments, |func, taken| {
        let Some(body) = func.body_mut(0) else { return };
        for i in taken.iter().rev() {
            body.remove_arg(body.entry(), *i);
        }
        take_attrs(func, "arg_attrs", &taken);
    });
}

/// Constants of several values.
fn constants(body: &Body) -> Vec<(OpId, Tensor)> {
    let tensor =
        |id: OpId| body.constant(body.op(id).result()?).filter(|t| !t.is_splat() && t.raw().len() > 1).cloned();
    let several = |t: &Tensor| t.shape().iter().product::<usize>() > 1;
    body.walk().into_iter().filter_map(|id| Some((id, tensor(id).filter(several)?))).collect()
}

/// Makes the first value of a constant that of all its elements.
fn to_splats(module: &mut Module, range: &Range<usize>) {
    each(module, range, constants, |func, taken| {
        let Some(body) = func.body_mut(0) else { return };
        for (op, tensor) in taken {
            let count = tensor.shape().iter().product::<usize>();
            let first = tensor.raw()[..tensor.raw().len() / count].to_vec();
            if let Ok(splat) = Tensor::new(tensor.ty().clone(), first.into()) {
                let attrs = &mut body.op_mut(op).props;
                attrs.set("value", Attr::Dense(splat));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::Sink;
    use ir::text::{ParseOptions, PrintOptions, parse, print};

    #[test]
    fn what_does_not_matter_goes() {
        let text = "
            func.func private @other(%x: tensor<2xf32>) -> tensor<2xf32> { return %x : tensor<2xf32> }
            func.func @main(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<2xf32>) {
              %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
              %0 = \"tfl.neg\"(%x) : (tensor<2xf32>) -> tensor<2xf32>
              %1 = \"tfl.maximum\"(%0, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
              %2 = \"tfl.sin\"(%1) : (tensor<2xf32>) -> tensor<2xf32>
              %3 = \"tfl.cos\"(%2) : (tensor<2xf32>) -> tensor<2xf32>
              %4 = \"tfl.abs\"(%y) : (tensor<3xf32>) -> tensor<3xf32>
              return %3, %4, %0 : tensor<2xf32>, tensor<3xf32>, tensor<2xf32>
            }";
        let registry = ir::Registry::standard();
        let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "test" };
        let module = parse(text, &options, &mut Sink::new()).unwrap();
        let mut fails = |m: &Module| {
            let text = print(m, &PrintOptions::default());
            ir::verify::verify(m, &mut Sink::new()).is_ok() && text.contains("tfl.maximum") && text.contains("tfl.cos")
        };
        let small = print(&reduce(&module, &mut fails), &PrintOptions::default());
        let expected = "module {
  func.func @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {
    %0 = arith.constant dense<1.000000e+00> : tensor<2xf32>
    %1 = \"tfl.maximum\"(%arg0, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %2 = \"tfl.cos\"(%1) : (tensor<2xf32>) -> tensor<2xf32>
    return %2 : tensor<2xf32>
  }
}
";
        assert_eq!(small, expected);
    }
}
