//! Subgraphs that operators call. In the IR an `if` or `while` has regions of one `func.call` and its `tfl.yield` each, and `call_once` a
//! symbol.

use std::collections::{BTreeMap, BTreeSet};

use ir::dialect::{builtin, tfl};
use ir::{At, Attr, Body, FunctionType, Loc, Module, OpId, OpSpec, Operation, Region, RegionId, Value};

use crate::schema::tflite as fb;

/// What an operation calls.
#[derive(Debug, Default)]
pub struct Calls<'a> {
    /// The functions, in the order of the options' fields.
    pub functions: Vec<&'a str>,
    /// Values from above that they get besides the operation's operands.
    pub captured: &'a [Value],
}

/// What an operation calls; `Err` says what has no form in a file.
pub fn of<'a>(body: &'a Body, op: &'a Operation) -> Result<Calls<'a>, &'static str> {
    if let Some(init) = op.is::<tfl::CallOnce>().then(|| op.attr("session_init_function")?.as_str()).flatten() {
        return Ok(Calls { functions: vec![init], captured: &[] });
    }
    let is_loop = op.is::<tfl::While>();
    if !is_loop && !op.is::<tfl::If>() {
        return Ok(Calls::default());
    }
    let regions: Option<Vec<_>> = op.regions.iter().map(|r| call(body, r)).collect();
    let Some([first, second]) = regions.as_deref() else { return Err("needs two regions of one call each") };
    let functions = vec![first.function, second.function];
    if is_loop {
        let whole = [first, second].iter().all(|call| call.operands == call.args);
        return if whole {
            Ok(Calls { functions, captured: &[] })
        } else {
            Err("has a region that does not call its function with all arguments in order")
        };
    }
    if first.operands != second.operands {
        return Err("has regions that call their functions with different operands");
    }
    Ok(Calls { functions, captured: first.operands })
}

/// A region of one call.
struct Call<'a> {
    function: &'a str,
    operands: &'a [Value],
    /// The arguments of the region.
    args: &'a [Value],
}

fn call<'a>(body: &'a Body, region: &Region) -> Option<Call<'a>> {
    let Region::Inline(region) = region else { return None };
    let [block] = body.blocks(*region) else { return None };
    let [call, end] = body.ops(*block)[..] else { return None };
    let (call, end) = (body.op(call), body.op(end));
    if !call.is::<builtin::Call>() || !end.is::<tfl::Yield>() || call.results() != end.operands() {
        return None;
    }
    let Some(Attr::Symbol(path)) = call.attr("callee") else { return None };
    Some(Call { function: path.first()?, operands: call.operands(), args: body.args(*block) })
}

/// The functions beside some: those that are public, and those that are called from any of them, at any depth. In the order of the module.
pub fn others(module: &Module, signed: &[OpId]) -> Vec<OpId> {
    let funcs = module.funcs();
    let private = |f: OpId| module.body.op(f).attr("sym_visibility").and_then(Attr::as_str) == Some("private");
    let from: Vec<OpId> = funcs.iter().copied().filter(|f| signed.contains(f) || !private(*f)).collect();
    let by_name: BTreeMap<&str, OpId> =
        funcs.iter().filter_map(|f| Some((ir::module::sym_name(module.body.op(*f))?, *f))).collect();
    let mut seen: BTreeSet<OpId> = from.iter().copied().collect();
    let mut open = from;
    while let Some(func) = open.pop() {
        let Some(body) = module.body.op(func).body(0) else { continue };
        for op in body.walk() {
            let calls = of(body, body.op(op)).unwrap_or_default();
            open.extend(calls.functions.iter().filter_map(|name| by_name.get(name)).filter(|f| seen.insert(**f)));
        }
    }
    funcs.into_iter().filter(|f| seen.contains(f) && !signed.contains(f)).collect()
}

/// The subgraphs that an operator of a file calls.
pub fn subgraphs(operator: &fb::Operator<'_>) -> Vec<i32> {
    if let Some(o) = operator.builtin_options_as_if_options() {
        return vec![o.then_subgraph_index(), o.else_subgraph_index()];
    }
    if let Some(o) = operator.builtin_options_as_while_options() {
        return vec![o.cond_subgraph_index(), o.body_subgraph_index()];
    }
    operator.builtin_options_as_call_once_options().map(|o| vec![o.init_subgraph_index()]).unwrap_or_default()
}

/// Makes a region that calls a function, with values from above or else with arguments of its own. `None` if it takes another number.
pub fn region(
    body: &mut Body,
    function: (&str, &FunctionType),
    captured: Option<&[Value]>,
    loc: &Loc,
) -> Option<RegionId> {
    let (name, ty) = function;
    let region = body.add_region();
    let block = body.add_block(region);
    let operands: Vec<Value> = match captured {
        Some(values) => values.to_vec(),
        None => ty.inputs.iter().map(|t| body.add_arg(block, t.clone(), loc.clone())).collect(),
    };
    if operands.len() != ty.inputs.len() {
        return None;
    }
    let row = builtin::Call { callee: Attr::symbol(name) };
    let spec = OpSpec::row(&row, loc.clone()).operands(&operands).results(ty.results.iter().cloned());
    let call = body.insert(At::End(block), spec);
    let results = body.op(call).results().to_vec();
    body.insert(At::End(block), OpSpec::row(&tfl::Yield {}, loc.clone()).operands(&results));
    Some(region)
}
