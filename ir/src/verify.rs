//! The verifier: structure, and what the rows state.
//!
//! All errors are emitted, each at its operation. A module that passes keeps every promise that passes and the backend rely on.

use std::collections::HashSet;

use crate::body::{Body, OpId, Operation, Region, RegionId, Value};
use crate::diag::{Diagnostic, Failed, Sink};
use crate::module::{self, Module};
use crate::op::{Arity, OpDef, Traits, ValueDef};
use crate::types::{Elem, QuantParams, QuantType, TensorType, Type};

/// The rules that runtimes have and upstream's dialects do not: which elements an operation takes (upstream keeps them in a verifier that
/// runs on demand), and that the parameters of a quantized type fit its tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeRules {
    /// Breaking one is an error.
    Enforced,
    /// Breaking one is a warning.
    Warned,
    /// They are not looked at.
    Ignored,
}

/// Checks a module, as it must be before it is written to a file.
pub fn verify(module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    verify_with(module, RuntimeRules::Enforced, sink)
}

/// Checks a module that was read from a text: whatever upstream accepts is no error.
pub fn verify_text(module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    verify_with(module, RuntimeRules::Warned, sink)
}

/// Checks a module.
pub fn verify_with(module: &Module, runtime: RuntimeRules, sink: &mut Sink) -> Result<(), Failed> {
    let mut names = HashSet::new();
    let mut failed = None;
    for op in module.ops() {
        let op = module.body.op(op);
        if let Some(name) = module::sym_name(op)
            && !names.insert(name)
        {
            let d = Diagnostic::error("verify/symbol", format!("symbol `@{name}` is defined twice")).at(&op.loc);
            failed = Some(sink.error(d));
        }
    }
    let mut v = Verifier { sink, failed, runtime };
    v.body(&module.body, true);
    v.failed.map_or(Ok(()), Err)
}

struct Verifier<'s> {
    sink: &'s mut Sink,
    failed: Option<Failed>,
    runtime: RuntimeRules,
}

impl Verifier<'_> {
    fn error(&mut self, op: &Operation, code: &'static str, text: impl Into<String>) {
        let text = format!("'{}' op {}", op.name.as_str(), text.into());
        self.failed = Some(self.sink.error(Diagnostic::error(code, text).at(&op.loc)));
    }

    /// One of the rules of runtimes is broken.
    fn unfit(&mut self, op: &Operation, code: &'static str, text: impl Into<String>) {
        match self.runtime {
            RuntimeRules::Enforced => self.error(op, code, text),
            RuntimeRules::Warned => {
                let text = format!("'{}' op {}", op.name.as_str(), text.into());
                self.sink.emit(Diagnostic::warning(code, text).at(&op.loc));
            }
            RuntimeRules::Ignored => {}
        }
    }

    fn body(&mut self, body: &Body, is_module: bool) {
        let mut seen = HashSet::new();
        self.region(body, body.root(), &mut seen, is_module);
    }

    fn region(&mut self, body: &Body, region: RegionId, seen: &mut HashSet<Value>, is_module: bool) {
        // With several blocks a value may be defined in a later one that comes first at run time: only single blocks are ordered.
        let one = body.blocks(region).len() == 1;
        for block in body.blocks(region) {
            seen.extend(body.args(*block));
            if !one {
                for op in body.ops(*block) {
                    seen.extend(body.op(op).results());
                }
            }
        }
        for block in body.blocks(region) {
            let ops = body.ops(*block);
            for id in &ops {
                let op = body.op(*id);
                for (i, v) in op.operands().iter().enumerate() {
                    if !seen.contains(v) {
                        self.error(op, "verify/dominance", format!("operand #{i} is used before it is defined"));
                    }
                }
                self.operation(body, *id);
                let terminator = op.name.def().is_some_and(|d| d.traits.has(Traits::TERMINATOR));
                if terminator && ops.last() != Some(id) {
                    self.error(op, "verify/terminator", "must be the last operation of its block");
                }
                for r in &op.regions {
                    match r {
                        Region::Inline(r) => self.region(body, *r, seen, false),
                        Region::Isolated(inner) => {
                            let free = op.name.def().is_some_and(|d| d.traits.has(Traits::NO_TERMINATOR));
                            self.body(inner, free);
                        }
                    }
                }
                seen.extend(op.results());
            }
            if !is_module
                && let Some(last) = ops.last()
                && body.op(*last).name.def().is_some_and(|d| !d.traits.has(Traits::TERMINATOR))
            {
                self.error(body.op(*last), "verify/terminator", "ends a block but is no terminator");
            }
        }
    }

    fn operation(&mut self, body: &Body, id: OpId) {
        let op = body.op(id);
        for v in op.results() {
            if let Type::Tensor(t) = body.ty(*v)
                && let Some(text) = quantized(t)
            {
                self.unfit(op, "verify/quant-type", text);
            }
        }
        let Some(def) = op.name.def() else { return };
        self.values(body, op, def.operands, op.operands(), "operand");
        self.values(body, op, def.results, op.results(), "result");
        self.attributes(op, def);
        if module::is_func(op) {
            self.function(op);
        }
    }

    fn values(&mut self, body: &Body, op: &Operation, defs: &[ValueDef], given: &[Value], what: &str) {
        let fixed = defs.iter().filter(|d| d.arity == Arity::One).count();
        let variadic = defs.iter().any(|d| d.arity == Arity::Variadic);
        let most = if variadic { usize::MAX } else { defs.len() };
        if given.len() < fixed || given.len() > most {
            let n = if fixed == most { fixed.to_string() } else { format!("{fixed} or more") };
            self.error(op, "verify/arity", format!("takes {n} {what}s, but {} are given", given.len()));
            return;
        }
        for (i, v) in given.iter().enumerate() {
            let Some(def) = defs.get(i).or_else(|| defs.iter().find(|d| d.arity == Arity::Variadic)) else { continue };
            let absent = def.arity == Arity::Optional && *body.ty(*v) == Type::None;
            if !absent && !def.elems.has(body.ty(*v)) {
                self.unfit(op, "verify/elem", format!("{what} #{i} (`{}`) is of a type it does not take", def.name));
            }
        }
    }

    fn attributes(&mut self, op: &Operation, def: &OpDef) {
        for a in def.attrs {
            match op.attr(a.name) {
                Some(value) if !(a.check)(value) => {
                    self.error(op, "verify/attribute", format!("attribute '{}' must be {}", a.name, a.kind));
                }
                None if !a.optional => {
                    self.error(op, "verify/attribute", format!("requires attribute '{}'", a.name));
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, op: &Operation) {
        let (Some(body), Some(ty)) = (op.body(0).filter(|b| b.has_entry()), module::function_type(op)) else { return };
        let args: Vec<&Type> = body.args(body.entry()).iter().map(|v| body.ty(*v)).collect();
        if args != ty.inputs.iter().collect::<Vec<_>>() {
            self.error(op, "verify/function", "entry block arguments differ from the function type's inputs");
        }
        if let [only] = body.blocks(body.root())
            && let Some(end) = body.terminator(*only)
            && body.op(end).is::<crate::dialect::builtin::Return>()
        {
            let results: Vec<&Type> = body.op(end).operands().iter().map(|v| body.ty(*v)).collect();
            if results != ty.results.iter().collect::<Vec<_>>() {
                self.error(body.op(end), "verify/function", "returned types differ from the function type's results");
            }
        }
    }
}

/// What is wrong with a quantized tensor type.
fn quantized(t: &TensorType) -> Option<String> {
    let Elem::Quant(q) = &t.elem else { return None };
    if q.min >= q.max {
        return Some(format!("its storage range {}:{} is empty", q.min, q.max));
    }
    let bad_scale = q.scales().into_iter().find(|s| !(s.is_finite() && *s > 0.0));
    if let Some(s) = bad_scale {
        return Some(format!("its scale {s} is not positive and finite"));
    }
    let (lowest, highest) = QuantType::default_range(q.signed, q.width);
    // A narrow range is what weights use; a zero point may lie beside it, as upstream's import of Google's files has it.
    if q.width <= 16
        && let Some(z) = q.zero_points().into_iter().find(|z| !(lowest..=highest).contains(z))
    {
        return Some(format!("its zero point {z} lies outside {lowest}:{highest}"));
    }
    if let (QuantParams::PerAxis { axis, scales, .. }, Some(shape)) = (&q.params, &t.shape) {
        match shape.get(*axis) {
            None => return Some(format!("its quantized dimension {axis} does not exist")),
            Some(Some(n)) if *n != scales.len() => {
                return Some(format!("it has {} scales for a dimension of {n}", scales.len()));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{builtin, tfl};
    use crate::{At, FunctionType, Loc, OpName, OpRow, OpSpec, QuantType};

    fn check(build: impl FnOnce(&mut Body, Value)) -> Vec<String> {
        let mut m = Module::new();
        let x = Type::tensor(&[4], Elem::F32);
        let func = m.add_func("main", FunctionType { inputs: vec![x], results: vec![] }, Loc::UNKNOWN);
        let body = m.func_body_mut(func).unwrap();
        let arg = body.args(body.entry())[0];
        build(body, arg);
        module::sync_function_type(m.body.op_mut(func));
        let mut sink = Sink::new();
        let _ = verify(&m, &mut sink);
        sink.take().into_iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
    }

    fn ret(body: &mut Body, v: &[Value]) {
        let spec = OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(v);
        body.insert(At::End(body.entry()), spec);
    }

    #[test]
    fn a_valid_function_passes() {
        assert!(check(|b, x| ret(b, &[x])).is_empty());
    }

    #[test]
    fn rows_are_enforced() {
        let errors = check(|b, x| {
            let spec = OpSpec::new(OpName::Known(tfl::Add::DEF), Loc::UNKNOWN).operands(&[x]);
            let op = b.insert(At::End(b.entry()), spec.results([Type::tensor(&[4], Elem::F32)]));
            let y = b.op(op).results()[0];
            ret(b, &[y]);
        });
        assert_eq!(
            errors,
            [
                "verify/arity: 'tfl.add' op takes 2 operands, but 1 are given",
                "verify/attribute: 'tfl.add' op requires attribute 'fused_activation_function'",
            ]
        );
    }

    #[test]
    fn rules_of_runtimes_are_warnings_on_a_text() {
        let source = r#"func.func @f(%x: tensor<2xi32>) -> tensor<2xi32> {
            %y = "tfl.elu"(%x) : (tensor<2xi32>) -> tensor<2xi32>
            return %y : tensor<2xi32>
        }"#;
        let registry = crate::Registry::standard();
        let options = crate::text::ParseOptions { registry: &registry, allow_unregistered: false, file: "t" };
        let mut sink = Sink::new();
        let m = crate::text::parse(source, &options, &mut sink).unwrap();
        assert!(verify_text(&m, &mut sink).is_ok());
        assert_eq!(sink.take().len(), 2);
        assert!(verify_with(&m, RuntimeRules::Ignored, &mut sink).is_ok());
        assert!(sink.take().is_empty());
        assert!(verify(&m, &mut sink).is_err());
    }

    #[test]
    fn quantized_types_fit_their_tensors() {
        let errors = check(|b, x| {
            let q = QuantType::per_axis(8, 0, vec![0.5, 0.25]);
            let ty = Type::tensor(&[4], Elem::Quant(q.into()));
            let spec = OpSpec::row(&tfl::Quantize { qtype: ty.clone() }, Loc::UNKNOWN).operands(&[x]).results([ty]);
            b.insert(At::End(b.entry()), spec);
            ret(b, &[x]);
        });
        assert_eq!(errors, ["verify/quant-type: 'tfl.quantize' op it has 2 scales for a dimension of 4"]);
    }
}
