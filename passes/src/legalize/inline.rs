//! `inline` and `tf-inline`: functions are copied to where they are called.

use std::collections::HashMap;

use ir::{At, BlockId, Body, Diagnostic, Failed, Module, OpId, OpSpec, Region, Successor, Traits, Value};

use crate::pass::Cx;
use crate::symbols::{self, SymbolUses};

crate::pass! {
    /// Replaces `func.call` by the functions called.
    ///
    /// Functions of several blocks, and those that come to call themselves or another that does, stay. `symbol-dce` removes what nobody calls any more.
    "inline" = Inline on module {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = func.call @g(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
            func.func private @g(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
            func.func private @g(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
    }
}

crate::pass! {
    /// Replaces TensorFlow's calls by the functions they call, and drops private functions that nobody calls any more.
    "tf-inline" = InlineTf on module {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<*xf32> {
              %0 = "tf.PartitionedCall"(%x) {f = @g} : (tensor<4xf32>) -> tensor<*xf32>
              return %0 : tensor<*xf32>
            }
            func.func private @g(%x: tensor<*xf32>) -> tensor<*xf32> {
              %0 = "tf.Relu"(%x) {T = f32} : (tensor<*xf32>) -> tensor<*xf32>
              return %0 : tensor<*xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<*xf32> {
              %0 = "tf.Relu"(%x) {T = f32} : (tensor<4xf32>) -> tensor<*xf32>
              return %0 : tensor<*xf32>
            }
        "#,
    }
}

/// Operations that call, with the attribute that names the callee.
type Calls = &'static [(&'static str, &'static str)];

const FUNC: Calls = &[("func.call", "callee")];
const TF: Calls = &[("tf.PartitionedCall", "f"), ("tf.StatefulPartitionedCall", "f")];

impl Inline {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let library = library(module);
        let recursive = cx.analysis::<SymbolUses>(module).recursive();
        let one_block = |body: &Body| body.blocks(body.root()).len() == 1;
        let takes_in = |callee: &str| !recursive.contains(callee) && library.get(callee).is_some_and(one_block);
        let mut inlined = 0;
        for func in module.funcs() {
            inlined += inline(module, func, &library, FUNC, &takes_in, cx);
        }
        if inlined == 0 {
            cx.keep_analyses();
        }
        Ok(())
    }
}

impl InlineTf {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let library = library(module);
        let recursive = cx.analysis::<SymbolUses>(module).recursive();
        for func in module.funcs() {
            if symbols::is_private(module.body.op(func)) {
                continue;
            }
            let Some(body) = module.body.op(func).body(0) else { continue };
            let call = calls(body, TF).find(|(_, callee)| recursive.contains(callee.as_str()));
            if let Some((call, callee)) = call {
                let d = Diagnostic::error("inline/recursion", format!("function `{callee}` calls itself"));
                return Err(cx.sink.error(d.at(&body.op(call).loc)));
            }
            inline(module, func, &library, TF, &|callee| library.contains_key(callee), cx);
        }
        cx.forget_analyses();
        let unused = cx.analysis::<SymbolUses>(module).unreachable(module);
        for op in unused {
            if ir::module::is_func(module.body.op(op)) {
                module.body.erase(op);
            }
        }
        Ok(())
    }
}

/// The functions by name, as they were before anything was copied.
fn library(module: &Module) -> HashMap<String, Body> {
    let named = |f: OpId| {
        let op = module.body.op(f);
        Some((ir::module::sym_name(op)?.to_owned(), op.body(0)?.clone()))
    };
    module.funcs().into_iter().filter_map(named).collect()
}

/// The calls of a body with the names of what they call.
fn calls(body: &Body, kinds: Calls) -> impl Iterator<Item = (OpId, String)> {
    body.walk().into_iter().filter_map(move |id| {
        let op = body.op(id);
        let (_, attr) = kinds.iter().find(|(name, _)| *name == op.name.as_str())?;
        Some((id, op.attr(attr)?.as_symbol()?.to_owned()))
    })
}

/// Replaces calls of a function until none is left that may go; gives their number.
fn inline(
    module: &mut Module,
    func: OpId,
    library: &HashMap<String, Body>,
    kinds: Calls,
    takes_in: &dyn Fn(&str) -> bool,
    cx: &mut Cx<'_>,
) -> usize {
    let Some(body) = module.func_body_mut(func) else { return 0 };
    let mut count = 0;
    loop {
        let next = calls(body, kinds).find(|(_, callee)| takes_in(callee));
        let Some((call, inner)) = next.and_then(|(call, callee)| Some((call, library.get(&callee)?))) else { break };
        let mut copier = Copier { from: inner, to: body, values: HashMap::new(), blocks: HashMap::new() };
        copier.call(call);
        cx.count("calls inlined");
        count += 1;
    }
    ir::module::sync_function_type(module.body.op_mut(func));
    count
}

/// Copies operations from one body to another.
struct Copier<'b> {
    from: &'b Body,
    to: &'b mut Body,
    values: HashMap<Value, Value>,
    blocks: HashMap<BlockId, BlockId>,
}

impl Copier<'_> {
    /// Puts a function's operations in front of its call, and its results in the place of the call's.
    fn call(&mut self, call: OpId) {
        let entry = self.from.entry();
        self.values.extend(self.from.args(entry).iter().copied().zip(self.to.op(call).operands().to_vec()));
        for id in self.from.ops(entry) {
            let op = self.from.op(id);
            if !op.name.def().is_some_and(|d| d.traits.has(Traits::TERMINATOR)) {
                self.op(id, At::Before(call));
                continue;
            }
            let results = self.to.op(call).results().to_vec();
            for (r, v) in results.into_iter().zip(self.mapped(op.operands())) {
                self.to.replace_all_uses(r, v);
            }
            break;
        }
        self.to.erase(call);
    }

    fn mapped(&self, values: &[Value]) -> Vec<Value> {
        values.iter().filter_map(|v| self.values.get(v).copied()).collect()
    }

    fn op(&mut self, id: OpId, at: At) {
        let op = self.from.op(id);
        let regions = op.regions.iter().map(|r| match r {
            Region::Inline(region) => Region::Inline(self.region(*region)),
            isolated @ Region::Isolated(_) => isolated.clone(),
        });
        let regions = regions.collect();
        let successors = op
            .successors
            .iter()
            .filter_map(|s| Some(Successor { block: *self.blocks.get(&s.block)?, args: self.mapped(&s.args) }));
        let successors = successors.collect();
        let spec = OpSpec {
            props: op.props.clone(),
            attrs: op.attrs.clone(),
            regions,
            successors,
            ..OpSpec::new(op.name.clone(), op.loc.clone())
                .operands(&self.mapped(op.operands()))
                .results(op.results().iter().map(|v| self.from.ty(*v).clone()))
        };
        let new = self.to.insert(at, spec);
        self.values.extend(op.results().iter().copied().zip(self.to.op(new).results().to_vec()));
    }

    /// A copy of a region. All its blocks are there before the first operation is, since operations name blocks further on.
    fn region(&mut self, region: ir::RegionId) -> ir::RegionId {
        let new = self.to.add_region();
        let blocks = self.from.blocks(region);
        for block in blocks {
            let copy = self.to.add_block(new);
            self.blocks.insert(*block, copy);
            for v in self.from.args(*block) {
                let arg = self.to.add_arg(copy, self.from.ty(*v).clone(), self.from.loc(*v).clone());
                self.values.insert(*v, arg);
            }
        }
        for block in blocks {
            let copy = self.blocks[block];
            self.from.ops(*block).into_iter().for_each(|op| self.op(op, At::End(copy)));
        }
        new
    }
}
