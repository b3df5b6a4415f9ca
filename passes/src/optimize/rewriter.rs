//! What a rule sees of a body, and what it may build.

use ir::dialect::tfl::{self, Activation};
use ir::{At, Attr, Body, Builder, Dim, Elem, OpId, OpRow, OpSpec, Operation, Tensor, Type, Value, infer};

const ACTIVATION: &str = "fused_activation_function";

/// An operation of a known row that a rule found.
pub(crate) struct Found<R> {
    /// Its attributes.
    pub row: R,
    /// Its operands.
    pub ins: Vec<Value>,
}

/// What a rule sees of the body and may build in front of the root.
pub(crate) struct Rewriter<'b> {
    /// The body.
    pub body: &'b mut Body,
    root: OpId,
    added: Vec<OpId>,
}

impl<'b> Rewriter<'b> {
    /// For a root of a body.
    pub(super) fn new(body: &'b mut Body, root: OpId) -> Rewriter<'b> {
        Rewriter { body, root, added: Vec::new() }
    }
    /// What was built, in order.
    pub(super) fn into_added(self) -> Vec<OpId> {
        self.added
    }
}

impl Rewriter<'_> {
    // ---- reading ----

    /// Whether both have the same elements, or quantized ones.
    pub fn alike(&self, a: Value, b: Value) -> bool {
        let [a, b] = [a, b].map(|v| self.body.ty(v).elem());
        a == b || [a, b].iter().all(|e| e.is_some_and(|e| e.quant().is_some()))
    }

    /// The root.
    pub fn op(&self) -> &Operation {
        self.body.op(self.root)
    }
    /// The attributes of the root.
    pub fn row<R: OpRow>(&self) -> Option<R> {
        self.op().as_row()
    }
    /// An operand of the root.
    pub fn input(&self, i: usize) -> Option<Value> {
        self.op().operands().get(i).copied()
    }
    /// The result of the root.
    pub fn output(&self) -> Option<Value> {
        self.op().result()
    }
    /// The operation of row `R` that makes a value.
    pub fn def<R: OpRow>(&self, v: Value) -> Option<Found<R>> {
        let op = self.body.op(self.body.def_op(v)?);
        Some(Found { row: op.as_row()?, ins: op.operands().to_vec() })
    }
    /// The operation of row `R` that makes a value for one user only.
    pub fn only<R: OpRow>(&self, v: Value) -> Option<Found<R>> {
        if self.body.has_one_use(v) { self.def(v) } else { None }
    }
    /// The operand of the operation of a name that makes a value.
    pub fn operand_of(&self, v: Value, name: &str) -> Option<Value> {
        let op = self.body.op(self.body.def_op(v)?);
        if op.name.as_str() == name { op.operands().first().copied() } else { None }
    }
    /// The tensor of a constant.
    pub fn constant(&self, v: Value) -> Option<&Tensor> {
        self.body.constant(v)
    }
    /// A float32 constant.
    pub fn f32_constant(&self, v: Value) -> Option<&Tensor> {
        self.constant(v).filter(|t| t.ty().elem == Elem::F32)
    }
    /// The one number all elements of a constant are; not of a quantized one.
    pub fn splat(&self, v: Value) -> Option<f64> {
        let t = self.constant(v)?;
        if t.ty().elem.quant().is_some() { None } else { t.splat_f64() }
    }
    /// All elements of an integer constant.
    pub fn ints(&self, v: Value) -> Option<Vec<i64>> {
        self.constant(v)?.to_i64()
    }
    /// The dimensions of a tensor.
    pub fn shape(&self, v: Value) -> Option<&[Dim]> {
        self.body.tensor_ty(v)?.shape.as_deref()
    }
    /// The number of dimensions of a tensor.
    pub fn rank(&self, v: Value) -> Option<usize> {
        self.shape(v).map(<[Dim]>::len)
    }
    /// Whether a value is of float32.
    pub fn is_f32(&self, v: Value) -> bool {
        self.body.ty(v).elem() == Some(&Elem::F32)
    }
    /// Whether two tensors are known to have the same type; of their dimensions one may be unknown, if the number of elements is the same.
    pub fn same_type(&self, a: Value, b: Value) -> bool {
        self.body.ty(a) == self.body.ty(b)
            && self.shape(a).is_some_and(|s| s.iter().filter(|d| d.is_none()).count() <= 1)
    }
    /// The fused activation of an operation that may have one.
    pub fn activation(&self, id: OpId) -> Option<Activation> {
        self.body.op(id).attr(ACTIVATION).and_then(<Activation as ir::AttrValue>::from_attr)
    }
    /// The fused activation of the root.
    pub fn root_activation(&self) -> Option<Activation> {
        self.activation(self.root)
    }

    // ---- building ----

    fn builder(&mut self) -> Builder<'_> {
        let loc = self.op().loc.clone();
        Builder::new(self.body, At::Before(self.root), loc)
    }
    fn insert(&mut self, spec: OpSpec) -> Value {
        let id = self.builder().insert(spec);
        let v = self.body.op(id).results()[0];
        self.note(v)
    }
    /// A new operation with one result, whose type is inferred.
    pub fn emit<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Option<Value> {
        let loc = self.op().loc.clone();
        let spec = OpSpec::row(row, loc).operands(operands);
        let types = infer::infer(self.body, R::DEF, &spec.props, operands).ok()?;
        Some(self.insert(spec.results(types)))
    }
    /// A new operation with the type of the root's result.
    pub fn emit_as_root<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Option<Value> {
        let ty = self.body.ty(self.output()?).clone();
        let spec = OpSpec::row(row, self.op().loc.clone()).operands(operands).results([ty]);
        Some(self.insert(spec))
    }
    /// An operation once more, with other operands and, if given, another activation; its result has the type of the root's.
    pub fn again(&mut self, id: OpId, operands: &[Value], activation: Option<Activation>) -> Option<Value> {
        let ty = self.body.ty(self.output()?).clone();
        Some(self.again_typed(id, operands, activation, ty))
    }
    /// The same with a type of its own.
    pub fn again_typed(&mut self, id: OpId, operands: &[Value], activation: Option<Activation>, ty: Type) -> Value {
        let op = self.body.op(id);
        let mut spec = OpSpec {
            props: op.props.clone(),
            attrs: op.attrs.clone(),
            ..OpSpec::new(op.name.clone(), self.op().loc.clone())
        };
        if let Some(a) = activation {
            spec.props.set(ACTIVATION, Attr::str(a.as_str()));
        }
        spec = spec.operands(operands).results([ty]);
        self.insert(spec)
    }
    /// The root once more, with other operands.
    pub fn root_with(&mut self, operands: &[Value]) -> Option<Value> {
        self.again(self.root, operands, None)
    }
    /// Sets an attribute of the operation, just made, of a value.
    pub fn set(&mut self, v: Value, name: &str, attr: Attr) {
        if let Some(id) = self.body.def_op(v) {
            self.body.op_mut(id).props.set(name, attr);
        }
    }
    /// Sets a discardable attribute of the operation, just made, of a value.
    pub fn mark(&mut self, v: Value, name: &str, attr: Attr) {
        if let Some(id) = self.body.def_op(v) {
            self.body.op_mut(id).attrs.set(name, attr);
        }
    }
    /// The root once more, with other operands, from which its type is inferred.
    pub fn root_on(&mut self, operands: &[Value]) -> Option<Value> {
        let op = self.op();
        let ty = infer::infer(self.body, op.name.def()?, &op.props, operands).ok()?;
        let elem = self.body.ty(self.output()?).elem()?.clone();
        let ty = ty.first()?.as_tensor()?.with_elem(elem);
        Some(self.again_typed(self.root, operands, None, Type::Tensor(ty)))
    }
    /// A constant that comes from the root.
    pub fn new_constant(&mut self, t: Tensor) -> Value {
        let v = self.builder().constant(t);
        self.note(v)
    }
    /// A constant that takes the place of another value, whose location it keeps.
    pub fn constant_for(&mut self, of: Value, t: Tensor) -> Value {
        let loc = self.body.loc(of).clone();
        let v = Builder::new(self.body, At::Before(self.root), loc).constant(t);
        self.note(v)
    }
    /// An int32 vector.
    pub fn i32s(&mut self, values: &[i32]) -> Value {
        self.new_constant(Tensor::i32(&[values.len()], values.to_vec()))
    }
    /// The absent optional operand.
    pub fn no_value(&mut self) -> Value {
        let v = self.builder().no_value();
        self.note(v)
    }
    fn note(&mut self, v: Value) -> Value {
        self.added.extend(self.body.def_op(v));
        v
    }
    /// The same elements in a shape of which at most one dimension is unknown.
    pub fn reshape(&mut self, x: Value, shape: &[Dim]) -> Option<Value> {
        let sizes = sizes(shape)?;
        let sizes = self.i32s(&sizes);
        self.emit(&tfl::Reshape {}, &[x, sizes])
    }
    /// Dimensions in another order.
    pub fn transpose(&mut self, x: Value, perm: &[usize]) -> Option<Value> {
        let perm: Vec<i32> = perm.iter().map(|p| *p as i32).collect();
        let perm = self.i32s(&perm);
        self.emit(&tfl::Transpose {}, &[x, perm])
    }
}

/// The shape operand of a reshape: -1 stands for an unknown dimension, of which there is at most one.
pub(crate) fn sizes(shape: &[Dim]) -> Option<Vec<i32>> {
    let sizes: Vec<i32> = shape.iter().map(|d| d.map_or(Ok(-1), i32::try_from)).collect::<Result<_, _>>().ok()?;
    (sizes.iter().filter(|d| **d < 0).count() <= 1).then_some(sizes)
}
