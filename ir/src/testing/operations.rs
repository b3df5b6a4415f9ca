//! Operations of the `tfl` rows.

use super::{Choices, attrs, tensors, types};
use crate::attr::{Attr, Attrs};
use crate::body::{At, BlockId, Body, OpId, OpName, OpSpec, Value};
use crate::dialect::{arith, tfl};
use crate::infer::infer;
use crate::loc::Loc;
use crate::op::{Arity, AttrDef, ElemSet, OpDef, OpRow, QuantRule, ValueDef};
use crate::rules::OpCx;
use crate::types::{Elem, TensorType, Type};

/// Elements of the largest tensor made.
const MOST_ELEMENTS: usize = 1 << 10;

/// Where operations go, and what they may use.
pub(super) struct Scope<'b> {
    pub(super) body: &'b mut Body,
    pub(super) block: BlockId,
    pub(super) visible: Vec<Value>,
}

impl Scope<'_> {
    pub(super) fn insert(&mut self, c: &mut Choices<'_>, spec: OpSpec) -> OpId {
        let loc = if c.one_in(2) { attrs::location(c) } else { Loc::name("node") };
        let spec = OpSpec { loc, attrs: attrs::discardable(c), ..spec };
        let id = self.body.insert(At::End(self.block), spec);
        let results = self.body.op(id).results().to_vec();
        self.visible.extend(results);
        id
    }

    /// A constant to compute with, of one of the elements of a set.
    pub(super) fn constant(&mut self, c: &mut Choices<'_>, elems: ElemSet) -> Option<Value> {
        let elem = [Elem::F32, Elem::I32, Elem::I64, Elem::BOOL, Elem::I8, Elem::I16]
            .into_iter()
            .find(|e| elems.has(&Type::tensor(&[1], e.clone())))?;
        let shape = match elem {
            // As indices and sizes: short vectors.
            Elem::I32 | Elem::I64 => c.some(2, |c| 1 + c.below(4)),
            _ => c.some(4, |c| 1 + c.below(4)),
        };
        let value = tensors::argument(c, &TensorType::of(&shape, elem))?;
        let ty = Type::Tensor(value.ty().clone());
        let value = if c.one_in(4) { attrs::resource(c, value) } else { Attr::Dense(value) };
        self.insert(c, OpSpec::row(&arith::Constant { value }, Loc::UNKNOWN).results([ty]));
        self.visible.last().copied()
    }

    /// A constant of any kind, which nothing computes with.
    pub(super) fn any_constant(&mut self, c: &mut Choices<'_>) {
        let value = tensors::any(c);
        let ty = Type::Tensor(value.ty().clone());
        self.insert(c, OpSpec::row(&tfl::PseudoConst { value: Attr::Dense(value) }, Loc::UNKNOWN).results([ty]));
    }

    /// A constant of stored integers.
    pub(super) fn quantized_constant(&mut self, c: &mut Choices<'_>) {
        let ty = TensorType::of(&c.some(3, |c| 1 + c.below(4)), Elem::Quant(types::per_tensor(c).into()));
        let Some(value) = tensors::argument(c, &ty) else { return };
        let ty = Type::Tensor(ty);
        let row = tfl::PseudoQConst { qtype: ty.clone(), value: Attr::Dense(value) };
        self.insert(c, OpSpec::row(&row, Loc::UNKNOWN).results([ty]));
    }

    /// An operation of a row with values that fit it. Nothing is made where what was chosen does not fit together.
    pub(super) fn row(&mut self, c: &mut Choices<'_>) {
        let def = *c.pick(tfl::TFL.ops);
        let computes = def.infer.is_some() && !def.is_constant() && def.is_pure() && !def.results.is_empty();
        if !computes || def == tfl::Custom::DEF {
            return;
        }
        // The constants made for one that does not fit stay, unused.
        if let Some(spec) = self.fitting(c, def) {
            self.insert_kept(c, spec, def);
        }
    }

    /// An operation, unless it breaks a rule of its row.
    fn insert_kept(&mut self, c: &mut Choices<'_>, spec: OpSpec, def: &OpDef) {
        let known = self.visible.len();
        let id = self.insert(c, spec);
        let cx = OpCx { body: self.body, op: self.body.op(id) };
        // What rules say nothing about while it is unknown may turn out not to fit: ranks, and sizes for an operation that looks at whole
        // shapes only.
        let of = |known: fn(&TensorType) -> bool| cx.operands().filter_map(Type::as_tensor).all(known);
        let unsaid = match def == tfl::ScatterNd::DEF {
            true => !of(|t| t.num_elements().is_some()),
            false => !def.rules.is_empty() && !of(|t| t.shape.is_some()),
        };
        if unsaid || def.rules.iter().any(|r| r.check(&cx).is_err()) {
            self.visible.truncate(known);
            self.body.erase(id);
        }
    }

    fn fitting(&mut self, c: &mut Choices<'_>, def: &'static OpDef) -> Option<OpSpec> {
        let mut operands = Vec::new();
        for d in def.operands {
            let count = match d.arity {
                Arity::One => 1,
                Arity::Optional => c.below(2),
                Arity::Variadic => 1 + c.below(3),
            };
            for _ in 0..count {
                operands.push(self.operand(c, def, d)?);
            }
            if count == 0 {
                let spec = OpSpec::row(&tfl::NoValue { value: Attr::Unit }, Loc::UNKNOWN).results([Type::None]);
                self.insert(c, spec);
                operands.push(*self.visible.last()?);
            }
        }
        let props: Attrs = def.attrs.iter().filter_map(|a| Some((a.name.into(), attribute(c, a)?))).collect();
        let types = infer(self.body, def, &props, &operands).ok()?;
        let fit = types.len() == def.results.len()
            && types.iter().zip(def.results).all(|(ty, d)| d.elems.has(ty) && small(ty) && !mixed(ty));
        fit.then(|| OpSpec {
            props,
            ..OpSpec::new(OpName::Known(def), Loc::UNKNOWN).operands(&operands).results(types)
        })
    }

    fn operand(&mut self, c: &mut Choices<'_>, def: &OpDef, d: &ValueDef) -> Option<Value> {
        // A quantized bias would have to be of the right scale.
        let float = matches!(def.quant, QuantRule::Weighted { .. });
        let fits = |v: &Value| {
            let ty = self.body.ty(*v);
            d.elems.has(ty) && *ty != Type::None && !(float && ty.elem().is_some_and(|e| e.quant().is_some()))
        };
        let candidates: Vec<Value> = self.visible.iter().copied().filter(fits).collect();
        match candidates.is_empty() || c.one_in(4) {
            true => self.constant(c, d.elems),
            false => Some(*c.pick(&candidates)),
        }
    }
}

/// The default of a row, varied where that keeps it well formed.
fn attribute(c: &mut Choices<'_>, def: &AttrDef) -> Option<Attr> {
    let value = (def.default)()?;
    let varied = match &value {
        Attr::Bool(_) => Attr::Bool(c.one_in(2)),
        Attr::Int(v, elem) => Attr::Int(v + c.below(2) as i64, elem.clone()),
        // The kind of a keyword is the list of them.
        Attr::Str(_) => Attr::str(*c.pick(&def.kind.split_whitespace().collect::<Vec<_>>())),
        _ => return Some(value),
    };
    Some(if (def.check)(&varied) { varied } else { value })
}

fn small(ty: &Type) -> bool {
    ty.as_tensor().is_none_or(|t| t.num_elements().is_none_or(|n| n <= MOST_ELEMENTS))
}

/// Whether parameters run along a dimension that another shape may not have.
fn mixed(ty: &Type) -> bool {
    ty.elem().and_then(Elem::quant).is_some_and(|q| q.as_per_tensor().is_none())
}
