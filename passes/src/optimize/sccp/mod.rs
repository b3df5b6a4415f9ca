//! `sccp`: constants along the branches that can be taken.

mod solver;

use ir::dialect::{cf, tfl};
use ir::{At, BlockId, Body, Builder, Def, Failed, Loc, Module, OpId, OpSpec, Region, Successor, Value};

use self::solver::{Solver, truth, type_of};
use crate::legalize::dce;
use crate::pass::Cx;
use crate::symbols::SymbolUses;

crate::pass! {
    /// Propagates constants through branches, regions and calls (sparse conditional constant propagation).
    ///
    /// A value that is the same constant on every way that can be taken becomes that constant, a branch on one goes straight on, and blocks
    /// that cannot be reached disappear, with what is not used any more. Arguments of a private function follow from its calls.
    "sccp" = Sccp on module {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<f32>) -> tensor<f32> {
              %true = arith.constant true
              %one = arith.constant dense<1.0> : tensor<f32>
              cf.cond_br %true, ^bb1(%one : tensor<f32>), ^bb2
            ^bb1(%y: tensor<f32>):
              %0 = "tfl.neg"(%y) : (tensor<f32>) -> tensor<f32>
              return %0 : tensor<f32>
            ^bb2:
              return %x : tensor<f32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<f32>) -> tensor<f32> {
              %one = arith.constant dense<1.0> : tensor<f32>
              cf.br ^bb1(%one : tensor<f32>)
            ^bb1(%y: tensor<f32>):
              %0 = arith.constant dense<-1.0> : tensor<f32>
              return %0 : tensor<f32>
            }
        "#,
    }
}

impl Sccp {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let uses = cx.analysis::<SymbolUses>(module);
        let has_entry = |f: &OpId| module.body.op(*f).body(0).is_some_and(Body::has_entry);
        let funcs: Vec<OpId> = module.funcs().into_iter().filter(has_entry).collect();
        let solver = Solver::solve(module, &funcs, &uses);
        let plans: Vec<Plan> = funcs
            .iter()
            .enumerate()
            .filter_map(|(f, func)| Some(plan(&solver, f, module.body.op(*func).body(0)?)))
            .collect();
        if plans.iter().all(Plan::is_empty) {
            cx.keep_analyses();
            return Ok(());
        }
        for (func, plan) in funcs.into_iter().zip(plans) {
            if let Some(body) = module.func_body_mut(func) {
                apply(body, plan, cx);
            }
            ir::module::sync_function_type(module.body.op_mut(func));
        }
        Ok(())
    }
}

/// What is to be done to one function.
#[derive(Default)]
struct Plan {
    /// Values and the constants that they are.
    constants: Vec<(Value, ir::Attr)>,
    /// Operations that choose, and whether the condition holds.
    decided: Vec<(OpId, bool)>,
    /// Blocks of the function that cannot be reached.
    dead: Vec<BlockId>,
}

impl Plan {
    fn is_empty(&self) -> bool {
        self.constants.is_empty() && self.decided.is_empty() && self.dead.is_empty()
    }
}

fn plan(solver: &Solver<'_>, f: usize, body: &Body) -> Plan {
    let mut plan = Plan::default();
    let reached = |block: &BlockId| solver.is_live(f, *block);
    if !reached(&body.entry()) {
        // Nobody calls it.
        return plan;
    }
    let blocks = body.blocks(body.root());
    plan.dead = blocks.iter().filter(|b| !reached(b)).copied().collect();
    let mut waiting: Vec<BlockId> = blocks.iter().rev().filter(|b| reached(b)).copied().collect();
    while let Some(block) = waiting.pop() {
        consider(solver, f, body, body.args(block), &mut plan);
        for id in body.ops(block) {
            let op = body.op(id);
            if !op.name.def().is_some_and(ir::OpDef::is_constant) {
                consider(solver, f, body, op.results(), &mut plan);
            }
            let condition = op.operands().first().and_then(|v| solver.constant(f, *v)).and_then(truth);
            if let Some(holds) = condition.filter(|_| op.is::<cf::CondBranch>() || op.is::<tfl::If>()) {
                plan.decided.push((id, holds));
            }
            for region in &op.regions {
                if let Region::Inline(region) = region {
                    waiting.extend(body.blocks(*region).iter().filter(|b| reached(b)));
                }
            }
        }
    }
    plan
}

fn consider(solver: &Solver<'_>, f: usize, body: &Body, values: &[Value], plan: &mut Plan) {
    for v in values.iter().filter(|v| !body.uses(**v).is_empty()) {
        if let Some(attr) = solver.constant(f, *v)
            && type_of(attr).as_ref() == Some(body.ty(*v))
        {
            plan.constants.push((*v, attr.clone()));
        }
    }
}

fn apply(body: &mut Body, plan: Plan, cx: &mut Cx<'_>) {
    for (v, value) in plan.constants {
        let at = match body.def(v) {
            Def::Result(op, _) => At::Before(op),
            Def::Arg(block, _) => At::Start(block),
        };
        let (ty, loc) = (body.ty(v).clone(), body.loc(v).clone());
        let constant = Builder::new(body, at, loc).constant_attr(value, ty);
        body.replace_all_uses(v, constant);
        cx.count("values replaced");
    }
    for (op, holds) in plan.decided {
        let done = if body.op(op).is::<tfl::If>() { take_region(body, op, holds) } else { go(body, op, holds) };
        if done {
            cx.count("branches decided");
        }
    }
    if body.erase_blocks(&plan.dead) {
        plan.dead.iter().for_each(|_| cx.count("blocks removed"));
    }
    dce::remove(body);
}

/// Makes a branch on a condition go straight on.
fn go(body: &mut Body, id: OpId, holds: bool) -> bool {
    let op = body.op(id);
    let i = usize::from(!holds);
    let (Some(successor), Some(args)) = (op.successors.get(i), cf::passed(op, i)) else { return false };
    let (block, args, loc): (BlockId, Vec<Value>, Loc) = (successor.block, args.to_vec(), op.loc.clone());
    let successors = vec![Successor { block, args: Vec::new() }];
    body.insert(At::Before(id), OpSpec { successors, ..OpSpec::row(&cf::Branch {}, loc).operands(&args) });
    body.erase(id);
    true
}

/// Puts the operations of the region that is chosen in the place of their `tfl.if`.
fn take_region(body: &mut Body, id: OpId, holds: bool) -> bool {
    let Some(Region::Inline(region)) = body.op(id).regions.get(usize::from(!holds)) else { return false };
    let [block] = body.blocks(*region) else { return false };
    let ops = body.ops(*block);
    let Some((end, inner)) = ops.split_last().filter(|(end, _)| body.op(**end).is::<tfl::Yield>()) else {
        return false;
    };
    let (yielded, results) = (body.op(*end).operands().to_vec(), body.op(id).results().to_vec());
    if yielded.len() != results.len() || yielded.iter().zip(&results).any(|(a, b)| body.ty(*a) != body.ty(*b)) {
        return false;
    }
    inner.iter().for_each(|op| body.move_op(*op, At::Before(id)));
    results.into_iter().zip(yielded).for_each(|(from, to)| body.replace_all_uses(from, to));
    body.erase(id);
    true
}
