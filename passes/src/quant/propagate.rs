//! `propagate-params`: every float value of an operation with an int8 form gets parameters by the operation's rule.
//!
//! Values that a pair already states are fixed. A same-scale operation takes the parameters of its one fixed operand, else of its one fixed
//! result, else of the first fixed value, and in the same order of those known so far; where that contradicts a value, a second pair is put
//! in between, which becomes a requantization. (The worklist algorithm of TFLite's quantization driver.)

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ir::{At, Body, Builder, Failed, OpId, QuantRule, QuantType, Value};

use super::{pairs, params, rules};
use crate::pass::Cx;

crate::pass! {
    /// Gives parameters to weights, biases, other constants and all values whose parameters follow from others.
    "propagate-params" = PropagateParams on func {
        options: {
            /// One scale for each output channel of weights, instead of one for the tensor.
            per_channel: bool = true,
        },
        expects: TFL | PAIRS, ensures: TFL | PAIRS,
        before: r#"
            func.func @f(%x: tensor<4xf32>, %shape: tensor<2xi32>) -> tensor<2x2xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              %2 = "tfl.reshape"(%1, %shape) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
              return %2 : tensor<2x2xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>, %shape: tensor<2xi32>) -> tensor<2x2xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              %2 = "tfl.reshape"(%1, %shape) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
              %3 = "tfl.quantize"(%2) <{qtype = tensor<2x2x!quant.uniform<i8:f32, 0.5>>}> {volatile} : (tensor<2x2xf32>) -> tensor<2x2x!quant.uniform<i8:f32, 0.5>>
              %4 = "tfl.dequantize"(%3) : (tensor<2x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x2xf32>
              return %4 : tensor<2x2xf32>
            }
        "#,
    }
}

impl PropagateParams {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        split_shared_constants(body);
        let mut driver = Driver { body, per_channel: self.per_channel, states: HashMap::new(), conflicts: Vec::new() };
        driver.run();
        let (states, conflicts) = (driver.states, driver.conflicts);
        apply(body, states, conflicts, cx);
        Ok(())
    }
}

/// Gives each use of a constant as a bias or beside same-scale values a constant of its own: its parameters depend on the user.
fn split_shared_constants(body: &mut Body) {
    for op in body.walk() {
        if !rules::is_constant(body.op(op)) {
            continue;
        }
        let v = body.op(op).results()[0];
        if !rules::is_float(body, v) || body.uses(v).len() < 2 {
            continue;
        }
        let mut users: Vec<OpId> = body.uses(v).to_vec();
        users.sort_unstable();
        users.dedup();
        for user in users {
            for i in 0..body.op(user).operands().len() {
                if body.op(user).operands()[i] != v || body.has_one_use(v) || is_weight_use(body, user, i) {
                    continue;
                }
                if rules::rule(body, body.op(user)) == QuantRule::Float {
                    continue;
                }
                let (Some(tensor), loc) = (body.constant(v).cloned(), body.op(op).loc.clone()) else { continue };
                let copy = Builder::new(body, At::After(op), loc).constant(tensor);
                body.set_operand(user, i, copy);
            }
        }
    }
}

/// Whether a constant operand's parameters come from its content.
fn is_weight_use(body: &Body, user: OpId, index: usize) -> bool {
    let rule = rules::rule(body, body.op(user));
    rules::bias_operand(rule) != Some(index) && rule != QuantRule::SameScale
}

#[derive(Clone, Debug)]
struct State {
    ty: Arc<QuantType>,
    /// Stated by a pair in the IR: not to be changed.
    fixed: bool,
}

struct Conflict {
    op: OpId,
    /// Operand or result number.
    index: usize,
    is_result: bool,
    ty: Arc<QuantType>,
}

struct Driver<'b> {
    body: &'b Body,
    per_channel: bool,
    states: HashMap<Value, State>,
    conflicts: Vec<Conflict>,
}

impl Driver<'_> {
    fn run(&mut self) {
        let ops: Vec<OpId> = self.body.walk().into_iter().filter(|op| self.takes_part(*op)).collect();
        for op in &ops {
            for v in self.body.op(*op).operands().to_vec() {
                if let Some(ty) = pairs::dequantized_from(self.body, v) {
                    self.states.insert(v, State { ty, fixed: true });
                }
            }
            for v in self.body.op(*op).results().to_vec() {
                if let Some(ty) = pairs::quantized_to(self.body, v) {
                    self.states.insert(v, State { ty, fixed: true });
                }
            }
        }
        for op in &ops {
            self.weights(*op);
        }
        let mut work = ops;
        work.reverse();
        let mut queued: HashSet<OpId> = work.iter().copied().collect();
        while let Some(op) = work.pop() {
            queued.remove(&op);
            for v in self.visit(op) {
                let neighbours = self.body.uses(v).iter().copied().chain(self.body.def_op(v));
                for n in neighbours {
                    if n != op && self.takes_part(n) && queued.insert(n) {
                        work.push(n);
                    }
                }
            }
        }
    }

    fn takes_part(&self, op: OpId) -> bool {
        let op = self.body.op(op);
        !rules::is_conversion(op)
            && rules::touches_float(self.body, op)
            && rules::rule(self.body, op) != QuantRule::Float
    }

    /// Parameters of constant weights and other constants, from their content.
    fn weights(&mut self, op: OpId) {
        let body = self.body;
        let rule = rules::rule(body, body.op(op));
        for (i, v) in body.op(op).operands().iter().enumerate() {
            if !rules::is_float(body, *v) || self.states.contains_key(v) || !is_weight_use(body, op, i) {
                continue;
            }
            let Some(tensor) = body.constant(*v) else { continue };
            // An infinite number has no parameters, so its user stays float.
            let Some(values) = tensor.as_f32().filter(|v| v.iter().all(|v| v.is_finite())) else { continue };
            let ty = match rules::weight_operand(rule) {
                Some((w, axis)) if w == i => {
                    let axis = axis.filter(|a| self.per_channel && *a < tensor.shape().len());
                    params::weight(&values, &tensor.shape(), axis)
                }
                _ => params::constant(&values),
            };
            self.states.insert(*v, State { ty: Arc::new(ty), fixed: false });
        }
    }

    /// Applies the rule of one operation; gives back the values whose parameters are new.
    fn visit(&mut self, op: OpId) -> Vec<Value> {
        let body = self.body;
        match rules::rule(body, body.op(op)) {
            QuantRule::SameScale => {
                let Some(ty) = self.shared(op) else { return Vec::new() };
                self.assign(op, |_| true, &ty)
            }
            QuantRule::Fixed { scale, zero_point } => {
                let ty = Arc::new(QuantType::per_tensor(8, scale, zero_point));
                self.assign(op, |is_result| is_result, &ty)
            }
            QuantRule::Weighted { input, weight, bias: Some(bias), .. } => self.bias(op, input, weight, bias),
            QuantRule::Weighted { bias: None, .. } | QuantRule::Plain | QuantRule::Float => Vec::new(),
        }
    }

    /// The parameters the values of a same-scale operation share.
    fn shared(&self, op: OpId) -> Option<Arc<QuantType>> {
        let op = self.body.op(op);
        let known = |vs: &[Value], fixed: bool| -> Vec<Arc<QuantType>> {
            vs.iter().filter_map(|v| self.states.get(v)).filter(|s| s.fixed == fixed).map(|s| s.ty.clone()).collect()
        };
        for fixed in [true, false] {
            let (operands, results) = (known(op.operands(), fixed), known(op.results(), fixed));
            if let [only] = &operands[..] {
                return Some(only.clone());
            }
            if let [only] = &results[..] {
                return Some(only.clone());
            }
            if let Some(first) = operands.into_iter().chain(results).next() {
                return Some(first);
            }
        }
        None
    }

    fn assign(&mut self, op: OpId, which: impl Fn(bool) -> bool, ty: &Arc<QuantType>) -> Vec<Value> {
        let body = self.body;
        let operands = body.op(op).operands().iter().enumerate().map(|(i, v)| (i, *v, false));
        let results = body.op(op).results().iter().enumerate().map(|(i, v)| (i, *v, true));
        let mut changed = Vec::new();
        for (index, v, is_result) in operands.chain(results) {
            if !which(is_result) || !rules::is_float(body, v) {
                continue;
            }
            match self.states.get(&v) {
                None => {
                    self.states.insert(v, State { ty: ty.clone(), fixed: false });
                    changed.push(v);
                }
                Some(s) if s.ty == *ty => {}
                Some(_) => {
                    self.conflicts.retain(|c| !(c.op == op && c.index == index && c.is_result == is_result));
                    self.conflicts.push(Conflict { op, index, is_result, ty: ty.clone() });
                }
            }
        }
        changed
    }

    fn bias(&mut self, op: OpId, input: usize, weight: usize, bias: usize) -> Vec<Value> {
        let body = self.body;
        let operands = body.op(op).operands();
        let (Some(x), Some(w), Some(b)) = (operands.get(input), operands.get(weight), operands.get(bias)) else {
            return Vec::new();
        };
        let Some(tensor) = body.constant(*b).filter(|_| !self.states.contains_key(b)) else { return Vec::new() };
        let (Some(xs), Some(ws), Some(values)) = (self.states.get(x), self.states.get(w), tensor.as_f32()) else {
            return Vec::new();
        };
        let Some((scale, _)) = xs.ty.as_per_tensor() else { return Vec::new() };
        let constant = body.constant(*w).is_some() && body.has_one_use(*w);
        let (ty, raised) = params::bias(scale, &ws.ty, &values, constant);
        if let Some(raised) = raised {
            self.states.insert(*w, State { ty: Arc::new(raised), fixed: false });
        }
        self.states.insert(*b, State { ty: Arc::new(ty), fixed: false });
        Vec::new()
    }
}

/// Writes the parameters into the IR as pairs.
fn apply(body: &mut Body, states: HashMap<Value, State>, conflicts: Vec<Conflict>, cx: &mut Cx<'_>) {
    let mut new: Vec<(Value, Arc<QuantType>)> =
        states.into_iter().filter(|(_, s)| !s.fixed).map(|(v, s)| (v, s.ty)).collect();
    // Map order is random; output is not.
    new.sort_by_key(|(v, _)| *v);
    for (v, ty) in new {
        pairs::insert(body, v, &ty);
        cx.count("values given parameters");
    }
    for c in conflicts {
        cx.count("requantizations");
        if c.is_result {
            // The value is stated otherwise behind the operation: the operation's own parameters come first.
            let v = body.op(c.op).results()[c.index];
            pairs::insert(body, v, &c.ty);
        } else {
            pairs::insert_on_operand(body, c.op, c.index, &c.ty);
        }
    }
}
