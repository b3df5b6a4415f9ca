//! `tf-inline`: functions are copied to where they are called.

use std::collections::{BTreeSet, HashMap};

use ir::{At, Attr, Body, Diagnostic, Failed, Module, OpId, OpSpec, Value};

use crate::pass::Cx;

crate::pass! {
    /// Replaces calls by the functions they call, and drops private functions that nobody calls any more.
    "tf-inline" = Inline {
        options: {},
        example: "%0 = \"tf.PartitionedCall\"(%arg0) {f = @callee} : (tensor<*xf32>) -> tensor<*xf32>",
    }
}

/// Deeper calls are taken for recursion.
const DEEPEST: usize = 64;

impl Inline {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let library: HashMap<String, Body> = module
            .funcs()
            .into_iter()
            .filter_map(|f| {
                let op = module.body.op(f);
                Some((ir::module::sym_name(op)?.to_owned(), op.body(0)?.clone()))
            })
            .collect();
        for func in module.funcs() {
            if is_private(module, func) {
                continue;
            }
            let Some(body) = module.func_body_mut(func) else { continue };
            let mut rounds = 0;
            while let Some((call, callee)) = next_call(body, &library) {
                rounds += 1;
                if rounds > DEEPEST * 1024 {
                    let d = Diagnostic::error("inline/recursion", "a function calls itself").at(&body.op(call).loc);
                    return Err(cx.sink.error(d));
                }
                let Some(inner) = library.get(&callee) else { break };
                copy(body, call, inner);
                cx.count("calls inlined");
            }
            ir::module::sync_function_type(module.body.op_mut(func));
        }
        drop_unused(module);
        Ok(())
    }
}

fn is_private(module: &Module, func: OpId) -> bool {
    module.body.op(func).attr("sym_visibility").and_then(Attr::as_str) == Some("private")
}

fn next_call(body: &Body, library: &HashMap<String, Body>) -> Option<(OpId, String)> {
    body.walk().into_iter().find_map(|id| {
        let op = body.op(id);
        if !matches!(op.name.as_str(), "tf.PartitionedCall" | "tf.StatefulPartitionedCall") {
            return None;
        }
        let callee = op.attr("f")?.as_symbol()?;
        library.contains_key(callee).then(|| (id, callee.to_owned()))
    })
}

/// Copies a function's operations in front of its call.
fn copy(body: &mut Body, call: OpId, inner: &Body) {
    let mut map: HashMap<Value, Value> = HashMap::new();
    for (arg, v) in inner.args(inner.entry()).iter().zip(body.op(call).operands().to_vec()) {
        map.insert(*arg, v);
    }
    for id in inner.ops(inner.entry()) {
        let op = inner.op(id);
        let operands: Vec<Value> = op.operands().iter().filter_map(|v| map.get(v).copied()).collect();
        if op.name.def().is_some_and(|d| d.traits.has(ir::Traits::TERMINATOR)) {
            let results = body.op(call).results().to_vec();
            for (r, v) in results.into_iter().zip(operands) {
                body.replace_all_uses(r, v);
            }
            break;
        }
        let spec = OpSpec {
            props: op.props.clone(),
            attrs: op.attrs.clone(),
            ..OpSpec::new(op.name.clone(), op.loc.clone())
                .operands(&operands)
                .results(op.results().iter().map(|v| inner.ty(*v).clone()))
        };
        let new = body.insert(At::Before(call), spec);
        for (old, v) in op.results().iter().zip(body.op(new).results()) {
            map.insert(*old, *v);
        }
    }
    body.erase(call);
}

fn drop_unused(module: &mut Module) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for func in module.funcs().into_iter().filter(|f| !is_private(module, *f)) {
        let Some(body) = module.body.op(func).body(0) else { continue };
        for id in body.walk() {
            for (_, a) in body.op(id).attrs.iter() {
                used.extend(a.as_symbol().map(str::to_owned));
            }
        }
    }
    for func in module.funcs() {
        let name = ir::module::sym_name(module.body.op(func)).unwrap_or_default().to_owned();
        if is_private(module, func) && !used.contains(&name) {
            module.body.erase(func);
        }
    }
}
