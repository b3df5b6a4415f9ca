//! `tf-legalize`: one walk from operands to results.
//!
//! Operands are `tfl` values when an operation is reached, so its result types are inferred and, where its operands are constants, its value
//! is computed at once. Shape arithmetic disappears that way; what depends on an unknown batch stays.

use std::collections::{BTreeMap, HashSet};

use ir::dialect::{arith, tfl};
use ir::infer::{InferError, known_ints};
use ir::{
    At, Attr, Body, Builder, Def, Diagnostic, Dim, Elem, Failed, Loc, OpId, OpRow, Operation, Tensor, Type, Value,
};

use super::rules;
use crate::fold;
use crate::groups::Groups;
use crate::pass::Cx;

crate::pass! {
    /// Rewrites `tf` operations into `tfl` operations.
    ///
    /// Constants are folded and shapes inferred on the way. Operations without a TFLite form are reported together.
    "tf-legalize" = Legalize on func {
        options: {},
        expects: ANY, ensures: PATTERN | TFL | STATS | PAIRS | QUANT,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<*xf32> {
              %0 = "tf.Relu"(%x) {T = f32} : (tensor<4xf32>) -> tensor<*xf32>
              return %0 : tensor<*xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
    }
}

impl Legalize {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let mut unsupported: BTreeMap<String, Vec<(Loc, String)>> = BTreeMap::new();
        // What nothing can be said of, since an operation in front of it is reported already.
        let mut unknown: HashSet<Value> = HashSet::new();
        let mut failed = None;
        super::dce::remove(body);
        for id in body.walk() {
            if body.op(id).name.as_str().split('.').next() != Some("tf") {
                continue;
            }
            cx.count("operations");
            let op = body.op(id);
            let results = op.results().to_vec();
            let behind_unknown = op.operands().iter().any(|v| unknown.contains(v));
            match legalize(body, id) {
                Ok(Some(new)) if behind_unknown => unknown.extend(new),
                Ok(Some(_)) => {}
                // It stays until a pattern takes it in; the patterns' operations are of their operand's type.
                Ok(None) if Groups::of(body, body.op(id)) == Groups::PATTERN => {
                    let op = body.op(id);
                    let ty = op.operands().first().map(|x| body.ty(*x).clone());
                    if let (Some(y), Some(ty)) = (op.result(), ty) {
                        body.set_ty(y, ty);
                    }
                }
                Ok(None) => {
                    let op = body.op(id);
                    unsupported.entry(op.name.as_str().to_owned()).or_default().push((op.loc.clone(), node(op)));
                    unknown.extend(results);
                }
                Err(_) if behind_unknown => unknown.extend(results),
                Err(e) => {
                    let op = body.op(id);
                    let text = format!("`{}` ({}): {e}", node(op), op.name.as_str());
                    failed = Some(cx.sink.error(Diagnostic::error("legalize/invalid", text).at(&op.loc)));
                    unknown.extend(results);
                }
            }
        }
        super::dce::remove(body);
        unsupported.retain(|name, _| body.walk().iter().any(|o| body.op(*o).name.as_str() == name));
        if !unsupported.is_empty() {
            return Err(cx.sink.error(report(&unsupported)));
        }
        failed.map_or(Ok(()), Err)
    }
}

fn node(op: &Operation) -> String {
    op.loc.node().unwrap_or("(unnamed)").to_owned()
}

fn report(unsupported: &BTreeMap<String, Vec<(Loc, String)>>) -> Diagnostic {
    let items: Vec<String> = unsupported
        .iter()
        .map(|(op, nodes)| {
            let names: Vec<&str> = nodes.iter().map(|(_, n)| n.as_str()).collect();
            format!("{} ({})", op.trim_start_matches("tf."), names.join(", "))
        })
        .collect();
    let text = format!("TensorFlow operations without a TFLite form: {}", items.join("; "));
    let mut d =
        Diagnostic::error("legalize/unsupported", text).help("replace them in the model by supported operations");
    if let Some((loc, _)) = unsupported.values().flatten().next() {
        d = d.at(loc);
    }
    d
}

/// Legalizes one operation; gives the values in place of its results, or `None` if there is no rule.
fn legalize(body: &mut Body, id: OpId) -> Result<Option<Vec<Value>>, InferError> {
    let op = body.op(id).clone();
    let mut lower = Lower { body, id, op: &op };
    let Some(results) = rules::apply(&mut lower)? else { return Ok(None) };
    for (old, new) in op.results().iter().zip(&results) {
        lower.body.replace_all_uses(*old, *new);
    }
    let rest = op.results().len().saturating_sub(results.len());
    let unused = op.results()[op.results().len() - rest..].iter().all(|v| lower.body.uses(*v).is_empty());
    if !unused {
        return Err(InferError::new("an output that only training uses is read"));
    }
    body.erase(id);
    Ok(Some(results))
}

/// Builds the `tfl` operations for one `tf` operation.
pub(super) struct Lower<'a> {
    pub body: &'a mut Body,
    id: OpId,
    pub op: &'a Operation,
}

pub(super) type Lowered = Result<Value, InferError>;

impl Lower<'_> {
    pub fn input(&self, i: usize) -> Lowered {
        self.op.operands().get(i).copied().ok_or_else(|| InferError::new(format!("operand {i} is missing")))
    }

    fn builder(&mut self) -> Builder<'_> {
        Builder::new(self.body, At::Before(self.id), self.op.loc.clone())
    }

    /// A `tfl` operation with one result; a constant if its operands are.
    pub fn emit<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Lowered {
        self.emit_all(row, operands)?.first().copied().ok_or_else(|| InferError::new("an operation without a result"))
    }

    /// A `tfl` operation with all its results.
    pub fn emit_all<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Result<Vec<Value>, InferError> {
        let op = self.builder().op(row, operands)?;
        Ok(self.folded(op))
    }

    /// A `tfl` operation whose result type is given.
    pub fn emit_typed<R: OpRow>(&mut self, row: &R, operands: &[Value], ty: Type) -> Value {
        let op = self.builder().typed(row, operands, &[ty]);
        self.folded(op)[0]
    }

    /// A `tfl` operation whose result has another element type than inference gives it.
    pub fn emit_as<R: OpRow>(&mut self, row: &R, operands: &[Value], elem: Elem) -> Lowered {
        let types = ir::infer::infer(self.body, R::DEF, &row.write(), operands)?;
        let ty = types.first().and_then(Type::as_tensor).cloned();
        let ty = ty.ok_or_else(|| InferError::new("an operation without a result"))?;
        Ok(self.emit_typed(row, operands, Type::Tensor(ty.with_elem(elem))))
    }

    fn folded(&mut self, op: OpId) -> Vec<Value> {
        let count = self.body.op(op).results().len();
        let results = self.body.op(op).results().to_vec();
        let before = self.body.prev_op(self.id);
        if !fold::fold(self.body, op) {
            return results;
        }
        // The constants stand in front of this operation, in order.
        let mut out = Vec::new();
        let mut at = self.body.prev_op(self.id);
        while let Some(c) = at.filter(|_| out.len() < count) {
            out.push(self.body.op(c).results()[0]);
            at = self.body.prev_op(c);
        }
        debug_assert!(before.is_some());
        out.reverse();
        out
    }

    pub fn constant(&mut self, t: Tensor) -> Value {
        self.builder().constant(t)
    }
    pub fn scalar(&mut self, v: f32) -> Value {
        self.constant(Tensor::f32(&[], vec![v]))
    }
    pub fn i32s(&mut self, v: &[i64]) -> Value {
        self.constant(Tensor::i32(&[v.len()], v.iter().map(|v| *v as i32).collect()))
    }
    pub fn i32(&mut self, v: i64) -> Value {
        self.constant(Tensor::i32(&[], vec![v as i32]))
    }

    pub fn shape(&self, v: Value) -> Option<Vec<Dim>> {
        self.body.tensor_ty(v)?.shape.clone()
    }
    pub fn rank(&self, v: Value) -> Result<usize, InferError> {
        self.body
            .tensor_ty(v)
            .and_then(|t| t.rank())
            .ok_or_else(|| InferError::new("the rank of an operand is unknown"))
    }
    pub fn elem(&self, v: Value) -> Elem {
        self.body.ty(v).elem().cloned().unwrap_or(Elem::F32)
    }
    /// All elements of an integer operand, which must be known.
    pub fn ints(&self, v: Value, what: &str) -> Result<Vec<i64>, InferError> {
        if let Some(v) = self.body.constant(v).and_then(Tensor::to_i64) {
            return Ok(v);
        }
        let known = known_ints(self.body, v).and_then(|v| v.into_iter().collect());
        known.ok_or_else(|| InferError::new(format!("its {what} must be a constant")))
    }
    /// An index or size operand as int32.
    pub fn index(&mut self, v: Value) -> Lowered {
        if self.elem(v) == Elem::I32 {
            return Ok(v);
        }
        let ty = self.body.tensor_ty(v).map(|t| t.with_elem(Elem::I32));
        let ty = ty.ok_or_else(|| InferError::new("an index is no tensor"))?;
        Ok(self.emit_typed(&tfl::Cast {}, &[v], Type::Tensor(ty)))
    }

    pub fn attr_int(&self, name: &str, default: i64) -> i64 {
        self.op.attr(name).and_then(Attr::as_int).unwrap_or(default)
    }
    pub fn attr_bool(&self, name: &str, default: bool) -> bool {
        self.op.attr(name).and_then(Attr::as_bool).unwrap_or(default)
    }
    pub fn attr_f32(&self, name: &str, default: f32) -> f32 {
        self.op.attr(name).and_then(Attr::as_float).map_or(default, |v| v as f32)
    }
    pub fn attr_str(&self, name: &str) -> &str {
        self.op.attr(name).and_then(Attr::as_str).unwrap_or_default()
    }
    pub fn attr_ints(&self, name: &str) -> Vec<i64> {
        self.op.attr(name).and_then(Attr::as_ints).unwrap_or_default()
    }
    pub fn attr_elem(&self, name: &str, default: Elem) -> Elem {
        match self.op.attr(name).and_then(Attr::as_type) {
            Some(Type::Scalar(e)) => e.clone(),
            _ => default,
        }
    }

    /// The only value of a float constant.
    pub fn splat(&self, v: Value) -> Option<f32> {
        let t = self.body.constant(v)?;
        (t.ty().elem == Elem::F32).then(|| t.splat_f64())?.map(|v| v as f32)
    }

    pub fn transpose(&mut self, v: Value, perm: &[i64]) -> Lowered {
        let perm = self.i32s(perm);
        self.emit(&tfl::Transpose {}, &[v, perm])
    }

    /// The same elements in a shape at most one dimension of which is unknown.
    pub fn reshape(&mut self, v: Value, shape: &[Dim]) -> Lowered {
        let sizes: Vec<i64> = shape.iter().map(|d| d.map_or(-1, |d| d as i64)).collect();
        if sizes.iter().filter(|d| **d < 0).count() > 1 {
            return Err(InferError::new("more than one dimension is unknown"));
        }
        let sizes = self.i32s(&sizes);
        self.emit(&tfl::Reshape {}, &[v, sizes])
    }

    /// Whether a value is a constant.
    pub fn is_constant(&self, v: Value) -> bool {
        match self.body.def(v) {
            Def::Result(op, _) => self.body.op(op).is::<arith::Constant>() || self.body.constant(v).is_some(),
            Def::Arg(..) => false,
        }
    }
}
