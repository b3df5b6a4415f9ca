//! Passes over functions: one after another, or on the threads of a pool as if one after another.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ir::{Body, Failed, Loc, Module, Sink};
use rayon::prelude::*;

use crate::pass::{Cx, Stats};

/// Runs a function over the body of every function of the module, with the function's location, one after another.
pub fn for_each_func(
    module: &mut Module,
    mut f: impl FnMut(&mut Body, &Loc) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let mut failed = None;
    for func in module.funcs() {
        let loc = module.body.op(func).loc.clone();
        if let Some(body) = module.func_body_mut(func)
            && let Err(e) = f(body, &loc)
        {
            failed = Some(e);
        }
        ir::module::sync_function_type(module.body.op_mut(func));
    }
    failed.map_or(Ok(()), Err)
}

/// One function of a module, taken out to be changed on any thread.
struct Task {
    func: ir::OpId,
    body: Body,
    sink: Sink,
    stats: Stats,
    outcome: Result<Result<(), Failed>, Box<dyn Any + Send>>,
}

/// Runs a pass over functions on the threads of the current pool. Diagnostics, counters and a panic come out as if one function had been
/// done after another.
pub fn over_funcs(
    module: &mut Module,
    cx: &mut Cx<'_>,
    run: impl Fn(&mut Body, &mut Cx<'_>) -> Result<(), Failed> + Sync,
) -> Result<(), Failed> {
    let mut tasks = Vec::new();
    for func in module.funcs() {
        let Some(body) = module.func_body_mut(func) else { continue };
        let body = std::mem::take(body);
        tasks.push(Task { func, body, sink: Sink::new(), stats: Stats::new(), outcome: Ok(Ok(())) });
    }
    let (datasets, progress) = (cx.datasets, cx.progress);
    tasks.par_iter_mut().for_each(|task| {
        let mut own = Cx::new(&mut task.sink).with_datasets(datasets).with_progress(progress);
        // The body goes back into its function even if the pass panics.
        task.outcome = catch_unwind(AssertUnwindSafe(|| run(&mut task.body, &mut own)));
        task.stats = own.stats;
    });
    let mut outcomes = Vec::new();
    for mut task in tasks {
        let func = module.body.op_mut(task.func);
        if let Some(body) = func.body_mut(0) {
            *body = task.body;
        }
        cx.sink.append(&mut task.sink);
        for (what, n) in task.stats {
            *cx.stats.entry(what).or_default() += n;
        }
        if task.outcome.is_ok() {
            ir::module::sync_function_type(func);
        }
        outcomes.push(task.outcome);
    }
    let mut failed = Ok(());
    for outcome in outcomes {
        failed = failed.and(outcome.unwrap_or_else(|panic| resume_unwind(panic)));
    }
    failed
}
