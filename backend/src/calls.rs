//! Subgraphs that operators call. In the IR an operation has regions of one `func.call` and its terminator each, or names a function.

use std::collections::{BTreeMap, BTreeSet};

use ir::dialect::{builtin, stablehlo as hlo, tfl};
use ir::{At, Attr, Body, FunctionType, Loc, Module, OpDef, OpId, OpRow, OpSpec, Operation, Region, RegionId, Value};

use crate::schema::tflite as fb;

/// What an operation calls.
#[derive(Debug, Default)]
pub struct Calls<'a> {
    /// The functions, in the order of the options' fields.
    pub functions: Vec<&'a str>,
    /// Values from above that they get besides the operation's operands.
    pub captured: &'a [Value],
}

/// How the regions of an operation get their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regions {
    /// Of so many regions, each has arguments.
    Arguments(usize),
    /// Each takes the same values from above, which are operands of the file's operator behind the first.
    Captured,
}

/// How the regions of an operation get their values; `None` if it has none that call.
pub fn regions(def: &OpDef) -> Option<Regions> {
    let is = |row: &OpDef| def == row;
    if is(tfl::If::DEF) || is(hlo::Case::DEF) {
        return Some(Regions::Captured);
    }
    if is(tfl::While::DEF) || is(hlo::While::DEF) {
        return Some(Regions::Arguments(2));
    }
    let one = [hlo::Reduce::DEF, hlo::ReduceWindow::DEF, hlo::Scatter::DEF, hlo::Sort::DEF];
    one.contains(&def).then_some(Regions::Arguments(1))
}

/// The attribute that names the only function an operation calls.
pub fn symbol(def: &OpDef) -> Option<&'static str> {
    if def == tfl::CallOnce::DEF {
        return Some("session_init_function");
    }
    (def == hlo::Composite::DEF).then_some("decomposition")
}

/// What an operation calls; `Err` says what has no form in a file.
pub fn of<'a>(body: &'a Body, op: &'a Operation) -> Result<Calls<'a>, &'static str> {
    let Some(def) = op.name.def() else { return Ok(Calls::default()) };
    if let Some(function) = symbol(def).and_then(|name| op.attr(name)) {
        let name = function.as_str().or_else(|| function.as_symbol());
        return Ok(Calls { functions: name.into_iter().collect(), captured: &[] });
    }
    let Some(kind) = regions(def) else { return Ok(Calls::default()) };
    let calls: Option<Vec<Call<'_>>> = op.regions.iter().map(|r| call(body, r)).collect();
    let fits = |calls: &Vec<Call<'_>>| match kind {
        Regions::Arguments(count) => calls.len() == count,
        Regions::Captured => calls.len() == 2 || def == hlo::Case::DEF && !calls.is_empty(),
    };
    let Some(calls) = calls.filter(fits) else { return Err("needs regions of one call each") };
    let functions = calls.iter().map(|c| c.function).collect();
    if kind != Regions::Captured {
        let whole = calls.iter().all(|call| call.operands == call.args);
        return if whole {
            Ok(Calls { functions, captured: &[] })
        } else {
            Err("has a region that does not call its function with all arguments in order")
        };
    }
    let captured = calls[0].operands;
    if calls.iter().any(|c| c.operands != captured) {
        return Err("has regions that call their functions with different operands");
    }
    Ok(Calls { functions, captured })
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
    let ends = end.is::<tfl::Yield>() || end.is::<hlo::Return>();
    if !call.is::<builtin::Call>() || !ends || call.results() != end.operands() {
        return None;
    }
    Some(Call { function: call.attr("callee")?.as_symbol()?, operands: call.operands(), args: body.args(*block) })
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
    if let Some(o) = operator.builtin_options_as_call_once_options() {
        return vec![o.init_subgraph_index()];
    }
    if let Some(o) = operator.builtin_options_2_as_stablehlo_while_options() {
        return vec![o.cond_subgraph_index(), o.body_subgraph_index()];
    }
    if let Some(o) = operator.builtin_options_2_as_stablehlo_case_options() {
        return o.branch_subgraph_indices().iter().flatten().collect();
    }
    let one = operator
        .builtin_options_2_as_stable_hlocomposite_options()
        .map(|o| o.decomposition_subgraph_index())
        .or_else(|| operator.builtin_options_2_as_stablehlo_reduce_options().map(|o| o.body_subgraph_index()))
        .or_else(|| operator.builtin_options_2_as_stablehlo_reduce_window_options().map(|o| o.body_subgraph_index()))
        .or_else(|| operator.builtin_options_2_as_stablehlo_sort_options().map(|o| o.comparator_subgraph_index()))
        .or_else(|| {
            operator.builtin_options_2_as_stablehlo_scatter_options().map(|o| o.update_computation_subgraph_index())
        });
    one.into_iter().collect()
}

/// Makes a region of an operation `def` that calls a function, with values from above or else with arguments of its own. `None` if it
/// takes another number.
pub fn region(
    body: &mut Body,
    def: &OpDef,
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
    let end = if def.dialect() == hlo::STABLEHLO.name {
        OpSpec::row(&hlo::Return {}, loc.clone())
    } else {
        OpSpec::row(&tfl::Yield {}, loc.clone())
    };
    body.insert(At::End(block), end.operands(&results));
    Some(region)
}
