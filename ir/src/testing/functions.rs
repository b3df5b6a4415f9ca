//! Functions, and what operations stand in them.

use std::sync::Arc;

use super::operations::Scope;
use super::{Choices, attrs, types};
use crate::attr::Attr;
use crate::body::{At, OpName, OpSpec, Region, RegionId, Successor, Value};
use crate::dialect::{builtin, cf, tfl};
use crate::loc::Loc;
use crate::module::{self, Module};
use crate::op::{ElemSet, OpRow};
use crate::types::{Elem, FunctionType, Type};

/// A function that was made, to be called by those behind it.
pub(super) type Callee = (String, Arc<FunctionType>);

/// Adds a function that computes something.
pub(super) fn add(c: &mut Choices<'_>, m: &mut Module, name: &str, callees: &[Callee]) -> Callee {
    let inputs = (0..1 + c.below(3)).map(|_| types::value(c)).collect();
    let ty = FunctionType { inputs, results: Vec::new() };
    let func = m.add_func(name, ty, attrs::location(c));
    if let Some(body) = m.func_body_mut(func) {
        let block = body.entry();
        let visible = body.args(block).to_vec();
        let mut scope = Scope { body, block, visible };
        fill(c, &mut scope, callees, 2);
        if c.one_in(5) {
            branches(c, &mut scope);
        } else {
            let results = returned(c, &scope.visible);
            scope.body.insert(At::End(block), spec::<builtin::Return>().operands(&results));
        }
    }
    let op = m.body.op_mut(func);
    module::sync_function_type(op);
    decorate(c, op);
    let ty = module::function_type(op)
        .cloned()
        .unwrap_or_else(|| Arc::new(FunctionType { inputs: vec![], results: vec![] }));
    (name.to_owned(), ty)
}

fn spec<R: OpRow>() -> OpSpec {
    OpSpec::new(OpName::Known(R::DEF), Loc::UNKNOWN)
}

fn unknown(name: &str) -> OpSpec {
    OpSpec::new(OpName::Unknown(name.into()), Loc::UNKNOWN)
}

/// Visibility and attributes.
fn decorate(c: &mut Choices<'_>, op: &mut crate::Operation) {
    if c.one_in(3) {
        op.props.set("sym_visibility", Attr::str(*c.pick(&["private", "nested", "public"])));
    }
    let count = module::function_type(op).map_or(0, |t| t.inputs.len());
    if c.one_in(4) {
        let dicts = (0..count).map(|_| Attr::Dict(attrs::discardable(c))).collect();
        op.props.set("arg_attrs", Attr::Array(dicts));
    }
    op.attrs = attrs::discardable(c);
}

/// Puts operations into a block.
fn fill(c: &mut Choices<'_>, scope: &mut Scope<'_>, callees: &[Callee], depth: usize) {
    for _ in 0..c.below(16) {
        match c.below(24) {
            20 => scope.any_constant(c),
            21 => scope.quantized_constant(c),
            22 => call(c, scope, callees),
            23 if depth > 0 => match c.below(3) {
                0 => conditional(c, scope, callees, depth),
                1 => repeated(c, scope),
                _ => carried(c, scope, callees, depth),
            },
            _ => scope.row(c),
        }
    }
}

fn returned(c: &mut Choices<'_>, visible: &[Value]) -> Vec<Value> {
    let last = visible.last().copied().into_iter();
    last.chain((0..c.below(3)).map(|_| *c.pick(visible))).collect()
}

fn call(c: &mut Choices<'_>, scope: &mut Scope<'_>, callees: &[Callee]) {
    if callees.is_empty() {
        return;
    }
    let (name, ty) = c.pick(callees);
    let find = |t: &Type| scope.visible.iter().rev().copied().find(|v| scope.body.ty(*v) == t);
    let operands: Option<Vec<Value>> = ty.inputs.iter().map(find).collect();
    let Some(operands) = operands else { return };
    let spec = spec::<builtin::Call>().prop("callee", Attr::symbol(name.as_str())).operands(&operands);
    scope.insert(c, spec.results(ty.results.iter().cloned()));
}

/// Makes a region of one block, with values from around.
fn region(
    scope: &mut Scope<'_>,
    args: &[Type],
    inside: impl FnOnce(&mut Scope<'_>, &[Value]) -> Vec<Value>,
) -> RegionId {
    let region = scope.body.add_region();
    let block = scope.body.add_block(region);
    let args: Vec<Value> = args.iter().map(|t| scope.body.add_arg(block, t.clone(), Loc::UNKNOWN)).collect();
    let visible = scope.visible.iter().chain(&args).copied().collect();
    let mut inner = Scope { body: &mut *scope.body, block, visible };
    let results = inside(&mut inner, &args);
    inner.body.insert(At::End(block), spec::<tfl::Yield>().operands(&results));
    region
}

/// `tfl.if`: both regions give the same value of the outside, or one of their own.
fn conditional(c: &mut Choices<'_>, scope: &mut Scope<'_>, callees: &[Callee], depth: usize) {
    let Some(condition) = scope.constant(c, ElemSet::BOOL) else { return };
    let result = *c.pick(&scope.visible);
    let ty = scope.body.ty(result).clone();
    if ty.as_tensor().is_none() {
        return;
    }
    let mut spec = spec::<tfl::If>().operands(&[condition]).results([ty.clone()]);
    for _ in 0..2 {
        let id = region(scope, &[], |inner, _| {
            fill(c, inner, callees, depth - 1);
            let mut own = inner.visible.iter().rev().copied().filter(|v| *inner.body.ty(*v) == ty);
            vec![own.next().unwrap_or(result)]
        });
        spec = spec.region(Region::Inline(id));
    }
    scope.insert(c, spec);
}

/// `tfl.while`: counts to a number.
fn repeated(c: &mut Choices<'_>, scope: &mut Scope<'_>) {
    let counter = Type::tensor(&[], Elem::I32);
    let number = |scope: &mut Scope<'_>, c: &mut Choices<'_>, n: i32| {
        let value = Attr::Dense(crate::Tensor::i32(&[], vec![n]));
        scope.insert(
            c,
            OpSpec::row(&crate::dialect::arith::Constant { value }, Loc::UNKNOWN)
                .results([Type::tensor(&[], Elem::I32)]),
        );
        scope.visible.last().copied()
    };
    let Some(start) = number(scope, c, 0) else { return };
    let test = region(scope, std::slice::from_ref(&counter), |inner, args| {
        let Some(end) = number(inner, c, 3) else { return Vec::new() };
        let less = OpSpec::row(&tfl::Less {}, Loc::UNKNOWN).operands(&[args[0], end]);
        inner.insert(c, less.results([Type::tensor(&[], Elem::BOOL)]));
        inner.visible.last().copied().into_iter().collect()
    });
    let step = region(scope, std::slice::from_ref(&counter), |inner, args| {
        let Some(one) = number(inner, c, 1) else { return Vec::new() };
        let row = tfl::Add { fused_activation_function: tfl::Activation::None };
        inner.insert(
            c,
            OpSpec::row(&row, Loc::UNKNOWN).operands(&[args[0], one]).results([Type::tensor(&[], Elem::I32)]),
        );
        inner.visible.last().copied().into_iter().collect()
    });
    let spec = spec::<tfl::While>().operands(&[start]).results([counter]);
    scope.insert(c, spec.region(Region::Inline(test)).region(Region::Inline(step)));
}

/// An operation of no dialect, with any properties, types and a region.
fn carried(c: &mut Choices<'_>, scope: &mut Scope<'_>, callees: &[Callee], depth: usize) {
    let args = c.some(3, |c| types::value(c));
    let id = region(scope, &args, |inner, _| {
        fill(c, inner, callees, depth - 1);
        returned(c, &inner.visible)
    });
    let operands: Vec<Value> = c.some(3, |c| *c.pick(&scope.visible));
    let results = c.some(3, |c| if c.one_in(2) { Type::None } else { types::value(c) });
    let mut spec = unknown("test.op").operands(&operands).results(results).region(Region::Inline(id));
    spec.props = c.some(3, |c| (attrs::name(c), super::attr(c))).into_iter().collect();
    scope.insert(c, spec);
}

/// Ends a function with two ways that meet in a block with an argument.
fn branches(c: &mut Choices<'_>, scope: &mut Scope<'_>) {
    let root = scope.body.root();
    let result = *c.pick(&scope.visible);
    let ty = scope.body.ty(result).clone();
    let [yes, no, end] = [0; 3].map(|_| scope.body.add_block(root));
    let out = scope.body.add_arg(end, ty, attrs::location(c));
    scope.insert(c, unknown("test.flag").results([Type::Scalar(Elem::BOOL)]));
    let Some(flag) = scope.visible.pop() else { return };
    let to = |blocks: &[crate::BlockId]| blocks.iter().map(|b| Successor { block: *b, args: Vec::new() }).collect();
    let entry = scope.block;
    let split = OpSpec { successors: to(&[yes, no]), ..spec::<cf::CondBranch>() }.operands(&[flag]);
    let counts = Attr::DenseArray(Elem::I32, vec![1, 0, 0]);
    scope.body.insert(At::End(entry), split.prop("operandSegmentSizes", counts));
    for block in [yes, no] {
        scope.block = block;
        let before = scope.visible.len();
        scope.row(c);
        scope.visible.truncate(before);
        let jump = OpSpec { successors: to(&[end]), ..spec::<cf::Branch>() }.operands(&[result]);
        scope.body.insert(At::End(block), jump);
    }
    scope.body.insert(At::End(end), spec::<builtin::Return>().operands(&[out]));
}
