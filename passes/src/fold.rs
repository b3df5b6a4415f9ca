//! Constant folding: an operation without side effects whose operands are constants is computed by its kernel.

use ir::dialect::{cf, quantfork, tfl};
use ir::{At, Body, Builder, Elem, OpId, Operation, Tensor, Type, Value, infer};
use kernels::eval::eval_op;

/// Constants of more bytes than this are not made from smaller ones.
const LARGEST_GROWTH: usize = 1 << 24;

/// Replaces an operation whose value is known by constants, and erases it; false if it is not.
pub fn fold(body: &mut Body, op: OpId) -> bool {
    match value(body, op, &|v| body.constant(v).cloned()) {
        Some(results) => {
            let loc = body.op(op).loc.clone();
            for (v, t) in body.op(op).results().to_vec().into_iter().zip(results) {
                let c = Builder::new(body, At::Before(op), loc.clone()).constant(t);
                body.replace_all_uses(v, c);
            }
            body.erase(op);
            true
        }
        None => false,
    }
}

/// The results of an operation without side effects, if they are known: computed from the operands that `constant` knows.
pub fn value(body: &Body, op: OpId, constant: &dyn Fn(Value) -> Option<Tensor>) -> Option<Vec<Tensor>> {
    let o = body.op(op);
    let def = o.name.def()?;
    if !def.is_pure() || def.is_constant() || o.results().is_empty() {
        return None;
    }
    if let Some(shape) = known_shape(body, op) {
        return Some(vec![shape]);
    }
    let ins: Vec<Option<Tensor>> = o
        .operands()
        .iter()
        .map(|v| match body.ty(*v) {
            Type::None => Some(None),
            _ => constant(*v).map(Some),
        })
        .collect::<Option<_>>()?;
    let outs: Vec<Elem> = o.results().iter().map(|v| body.ty(*v).elem().cloned()).collect::<Option<_>>()?;
    // What states a range or parameters is not only its value.
    if outs.iter().any(|e| e.quant().is_some()) || o.is::<tfl::Dequantize>() || o.is::<quantfork::Stats>() {
        return None;
    }
    let largest = o.results().iter().filter_map(|v| body.tensor_ty(*v)?.num_elements()).max().unwrap_or(0);
    let given: usize = ins.iter().flatten().map(Tensor::len).sum();
    if largest > LARGEST_GROWTH && largest > 4 * given {
        return None;
    }
    eval_op(o, &ins, &outs).ok()
}

/// The value of an integer vector all of whose elements are known although its operands are no constants, such as part of a shape.
fn known_shape(body: &Body, op: OpId) -> Option<Tensor> {
    let v = body.op(op).result()?;
    let ty = body.tensor_ty(v)?;
    let ints: Vec<i64> = infer::known_ints(body, v)?.into_iter().collect::<Option<_>>()?;
    let dims = ty.static_shape()?;
    match &ty.elem {
        Elem::Int(32, _) => {
            let v: Vec<i32> = ints.into_iter().map(i32::try_from).collect::<Result<_, _>>().ok()?;
            (dims.iter().product::<usize>() == v.len()).then(|| Tensor::i32(&dims, v))
        }
        Elem::Int(64, _) => (dims.iter().product::<usize>() == ints.len()).then(|| Tensor::i64(&dims, ints)),
        _ => None,
    }
}

/// Gives arguments of blocks the types of what a branch hands them.
fn hand_over(body: &mut Body, branch: OpId) {
    let op = body.op(branch);
    let mut types = Vec::new();
    for (i, s) in op.successors.iter().enumerate() {
        let given = cf::passed(op, i).unwrap_or_default().iter().map(|v| body.ty(*v).clone());
        types.extend(body.args(s.block).iter().copied().zip(given));
    }
    for (v, ty) in types {
        body.set_ty(v, ty);
    }
}

/// Infers the result types of a function's operations anew, from its arguments on. What cannot be inferred stays as it was known.
pub fn infer_again(body: &mut Body) {
    infer_where(body, |_, _| true);
}

/// Infers anew the types that leave something unknown.
pub(crate) fn infer_unknown(body: &mut Body) {
    let is_known = |body: &Body, v: &Value| match body.tensor_ty(*v).map(|t| &t.shape) {
        Some(Some(dims)) => dims.iter().all(Option::is_some),
        Some(None) => false,
        None => true,
    };
    infer_where(body, |body, op| !op.results().iter().all(|v| is_known(body, v)));
}

fn infer_where(body: &mut Body, wanted: impl Fn(&Body, &Operation) -> bool) {
    for id in body.walk() {
        hand_over(body, id);
        let op = body.op(id);
        let Some(def) = op.name.def().filter(|d| d.infer.is_some() && !d.is_constant()) else { continue };
        if !wanted(body, op) {
            continue;
        }
        if let Ok(types) = infer::infer(body, def, &op.props, op.operands()) {
            for (v, ty) in op.results().to_vec().into_iter().zip(types) {
                // An element type that inference does not know, such as a quantized one, stays.
                if let (Type::Tensor(new), Type::Tensor(old)) = (ty, body.ty(v)) {
                    let ty = Type::Tensor(new.or(old).with_elem(old.elem.clone()));
                    body.set_ty(v, ty);
                }
            }
        }
    }
}
