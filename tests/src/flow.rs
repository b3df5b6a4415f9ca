//! Runs functions with branches, loops and calls, one operation after the other.

use std::collections::HashMap;

use ir::dialect::{builtin, tfl};
use ir::{BlockId, Body, Elem, Module, OpId, Operation, Region, Tensor, Traits, Value};
use kernels::eval::eval_op;

/// No loop goes round more often, and calls lie no deeper in each other.
const ROUNDS: usize = 100;
const DEPTH: usize = 20;

/// What a function of a module gives for arguments; `None` where something in it has no kernel.
pub fn run(module: &Module, func: OpId, args: &[Tensor]) -> Option<Vec<Tensor>> {
    function(module, func, args, DEPTH)
}

fn function(module: &Module, func: OpId, args: &[Tensor], depth: usize) -> Option<Vec<Tensor>> {
    let body = module.body.op(func).body(0).filter(|b| b.has_entry())?;
    let run = Run { module, body, depth: depth.checked_sub(1)? };
    run.block(body.entry(), args, &mut HashMap::new())
}

/// A function that runs.
struct Run<'m> {
    module: &'m Module,
    body: &'m Body,
    /// How many calls may lie in each other.
    depth: usize,
}

type Values = HashMap<Value, Tensor>;

impl Run<'_> {
    /// What the terminator of a block hands on.
    fn block(&self, block: BlockId, args: &[Tensor], values: &mut Values) -> Option<Vec<Tensor>> {
        values.extend(self.body.args(block).iter().copied().zip(args.iter().cloned()));
        for id in self.body.ops(block) {
            let op = self.body.op(id);
            let ins: Vec<Option<Tensor>> = op.operands().iter().map(|v| values.get(v).cloned()).collect();
            if op.name.def().is_some_and(|d| d.traits.has(Traits::TERMINATOR)) {
                let ends = op.is::<builtin::Return>() || op.is::<tfl::Yield>();
                return ins.into_iter().collect::<Option<Vec<Tensor>>>().filter(|_| ends);
            }
            let results = self.results(op, &ins, values)?;
            values.extend(op.results().iter().copied().zip(results));
        }
        None
    }

    fn results(&self, op: &Operation, ins: &[Option<Tensor>], values: &Values) -> Option<Vec<Tensor>> {
        let all = || ins.iter().cloned().collect::<Option<Vec<Tensor>>>();
        if let Some(constant) = op.result().and_then(|v| self.body.constant(v)) {
            return Some(vec![constant.clone()]);
        }
        if op.is::<tfl::NoValue>() {
            return Some(vec![]);
        }
        if op.is::<builtin::Call>() {
            let name = op.attr("callee")?.as_symbol()?;
            let named = |f: &OpId| ir::module::sym_name(self.module.body.op(*f)) == Some(name);
            let callee = self.module.funcs().into_iter().find(named)?;
            return function(self.module, callee, &all()?, self.depth);
        }
        if op.is::<tfl::If>() {
            let way = if truth(ins.first()?.as_ref()?)? { 0 } else { 1 };
            return self.region(op, way, &[], values);
        }
        if op.is::<tfl::While>() {
            let mut state = all()?;
            for _ in 0..ROUNDS {
                if !truth(self.region(op, 0, &state, values)?.first()?)? {
                    return Some(state);
                }
                state = self.region(op, 1, &state, values)?;
            }
            return None;
        }
        let elems = op.results().iter().map(|v| self.body.ty(*v).elem().cloned());
        eval_op(op, ins, &elems.collect::<Option<Vec<Elem>>>()?).ok()
    }

    /// What a region of an operation gives; it sees the values around it.
    fn region(&self, op: &Operation, at: usize, args: &[Tensor], values: &Values) -> Option<Vec<Tensor>> {
        let Region::Inline(region) = op.regions.get(at)? else { return None };
        let [block] = self.body.blocks(*region) else { return None };
        self.block(*block, args, &mut values.clone())
    }
}

fn truth(condition: &Tensor) -> Option<bool> {
    Some(*condition.to_i64()?.first()? != 0)
}
