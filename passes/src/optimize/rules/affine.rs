//! Arithmetic with constants around convolutions and fully connected operations goes into their weights and bias.
//!
//! Every folded element is computed in float32 in the order it is written here, so that it equals what TensorFlow's converter computes.
//! New constants are made; those that others use too stay as they are.

use ir::dialect::tfl::{self, Activation, Padding};
use ir::{Attr, Dim, OpId, QuantRule, Tensor, Value};

use super::activation::takes_activation;
use super::arith::keeps_shape;
use crate::optimize::rewrite::Rewriter;

/// An operation with weights.
struct Weighted {
    id: OpId,
    operands: Vec<Value>,
    input: usize,
    weight: usize,
    bias: usize,
    /// The dimension of the weights that counts output channels.
    axis: usize,
}

/// How an operation is folded in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    Add,
    Sub,
    Mul,
}

impl Fold {
    /// What the root does with its constant, and its activation.
    fn of_root(r: &Rewriter<'_>) -> Option<(Fold, Activation)> {
        if let Some(row) = r.row::<tfl::Add>() {
            return Some((Fold::Add, row.fused_activation_function));
        }
        if let Some(row) = r.row::<tfl::Sub>() {
            return Some((Fold::Sub, row.fused_activation_function));
        }
        Some((Fold::Mul, r.row::<tfl::Mul>()?.fused_activation_function))
    }

    /// The operation that makes a value for one user only: what it does, to which value, with which constant.
    fn in_front(r: &Rewriter<'_>, v: Value) -> Option<(Fold, Value, Value)> {
        let (fold, act, ins) = if let Some(f) = r.only::<tfl::Add>(v) {
            (Fold::Add, f.row.fused_activation_function, f.ins)
        } else if let Some(f) = r.only::<tfl::Sub>(v) {
            (Fold::Sub, f.row.fused_activation_function, f.ins)
        } else {
            let f = r.only::<tfl::Mul>(v)?;
            (Fold::Mul, f.row.fused_activation_function, f.ins)
        };
        (act == Activation::None).then_some((fold, ins[0], ins[1]))
    }

    fn apply(self, a: f32, b: f32) -> f32 {
        match self {
            Fold::Add => a + b,
            Fold::Sub => a - b,
            Fold::Mul => a * b,
        }
    }
}

impl Weighted {
    fn new(r: &Rewriter<'_>, id: OpId) -> Option<Weighted> {
        let op = r.body.op(id);
        let QuantRule::Weighted { input, weight, axis: Some(axis), bias: Some(bias) } = op.name.def()?.quant else {
            return None;
        };
        Some(Weighted { id, operands: op.operands().to_vec(), input, weight, bias, axis })
    }

    /// The bias: zeros where there is none; `None` if it is no constant.
    fn bias(&self, r: &Rewriter<'_>, channels: usize) -> Option<Vec<f32>> {
        match self.operands.get(self.bias) {
            Some(b) if *r.body.ty(*b) != ir::Type::None => Some(r.f32_constant(*b)?.as_f32()?.into_owned()),
            _ => Some(vec![0.0; channels]),
        }
    }

    fn channels(&self, r: &Rewriter<'_>) -> Option<usize> {
        *r.shape(self.operands[self.weight])?.get(self.axis)?
    }

    fn set_bias(&mut self, v: Value) {
        if self.bias < self.operands.len() {
            self.operands[self.bias] = v;
        } else {
            self.operands.push(v);
        }
    }
}

/// Weights times a number for each output channel, or, for `axis` the last one, for each input channel.
fn scaled(weights: &Tensor, axis: usize, factors: &[f32]) -> Option<Tensor> {
    let shape = weights.shape();
    let inner: usize = shape[axis + 1..].iter().product();
    let values = weights.as_f32()?;
    let out = values.iter().enumerate().map(|(i, w)| w * factors[i / inner % factors.len()]).collect();
    Some(Tensor::f32(&shape, out))
}

/// A constant as one number for each of the last dimension's elements, if it is the same along all others.
fn per_channel(r: &Rewriter<'_>, c: Value, channels: usize) -> Option<Vec<f32>> {
    let t = r.f32_constant(c)?;
    let values = t.as_f32()?;
    if let [one] = values[..] {
        return Some(vec![one; channels]);
    }
    if values.len() == channels && t.shape().last() == Some(&channels) {
        return Some(values.into_owned());
    }
    t.splat_f64().map(|v| vec![v as f32; channels])
}

/// `op(x) + c`, `- c`, `* c` with a number for each output channel
pub fn fold_behind(r: &mut Rewriter<'_>) -> Option<Value> {
    let (fold, act) = Fold::of_root(r)?;
    let (x, c) = (r.input(0)?, r.input(1)?);
    let id = r.body.def_op(x).filter(|_| r.body.has_one_use(x))?;
    if r.activation(id)? != Activation::None || !keeps_shape(r, x, c) {
        return None;
    }
    let mut op = Weighted::new(r, id)?;
    let channels = op.channels(r)?;
    let numbers = per_channel(r, c, channels)?;
    let bias: Vec<f32> = op.bias(r, channels)?.iter().zip(&numbers).map(|(b, n)| fold.apply(*b, *n)).collect();
    if fold == Fold::Mul {
        let w = op.operands[op.weight];
        let weights = scaled(r.f32_constant(w)?, op.axis, &numbers)?;
        op.operands[op.weight] = r.constant_for(w, weights);
    }
    let has_bias = op.operands.get(op.bias).is_some_and(|b| *r.body.ty(*b) != ir::Type::None);
    if has_bias || fold != Fold::Mul {
        let bias = r.constant_for(c, Tensor::f32(&[channels], bias));
        op.set_bias(bias);
    }
    r.again(op.id, &op.operands, Some(act))
}

/// `op(x * c)`, `op(x + c)`, `op(x - c)` with one number, or, for a product in front of a fully connected operation, one for each input channel
pub fn fold_in_front(r: &mut Rewriter<'_>) -> Option<Value> {
    let id = r.body.def_op(r.output()?)?;
    let mut op = Weighted::new(r, id)?;
    let pre = op.operands[op.input];
    let (fold, x, c) = Fold::in_front(r, pre)?;
    if !keeps_shape(r, x, c) {
        return None;
    }
    let w = op.operands[op.weight];
    let weights = r.f32_constant(w)?.clone();
    if fold == Fold::Mul {
        let last = weights.shape().len() - 1;
        let numbers = match r.f32_constant(c)?.as_f32()?[..] {
            [one] => vec![one],
            _ if r.op().is::<tfl::FullyConnected>() && r.rank(x)? == r.rank(pre)? => {
                per_channel(r, c, weights.shape()[last])?
            }
            _ => return None,
        };
        op.operands[op.weight] = r.constant_for(w, scaled(&weights, last, &numbers)?);
    } else {
        // Around the image there are zeros, not the constant.
        let padded = r.op().attr("padding").and_then(Attr::as_str).is_some_and(|p| p != Padding::Valid.as_str());
        let [number] = r.f32_constant(c)?.as_f32()?[..] else { return None };
        if padded {
            return None;
        }
        let channels = op.channels(r)?;
        let inner: usize = weights.shape()[op.axis + 1..].iter().product();
        let mut sums = vec![0f32; channels];
        for (i, v) in weights.as_f32()?.iter().enumerate() {
            sums[i / inner % channels] += v;
        }
        let bias = op.bias(r, channels)?;
        let bias = bias.iter().zip(&sums).map(|(b, s)| fold.apply(*b, number * s)).collect();
        let bias = r.new_constant(Tensor::f32(&[channels], bias));
        op.set_bias(bias);
    }
    op.operands[op.input] = x;
    r.root_with(&op.operands)
}

/// Arithmetic with a constant behind a reshape that keeps or splits the channels goes in front of it, where it can be folded.
pub fn constant_through_reshape(r: &mut Rewriter<'_>) -> Option<Value> {
    let (y, c) = (r.input(0)?, r.input(1)?);
    let reshape = r.only::<tfl::Reshape>(y)?;
    let x = reshape.ins[0];
    let id = r.body.def_op(x).filter(|_| r.body.has_one_use(x))?;
    let channels = Weighted::new(r, id)?.channels(r)?;
    if r.activation(id)? != Activation::None || *r.shape(x)?.last()? != Some(channels) || !keeps_shape(r, y, c) {
        return None;
    }
    let t = r.f32_constant(c)?;
    let numbers = match t.as_f32()? {
        all if all.len() == channels && is_split(r.shape(y)?, &t.shape(), channels) => all.into_owned(),
        _ => vec![t.splat_f64()? as f32; channels],
    };
    let ty = r.body.ty(x).clone();
    let vector = r.constant_for(c, Tensor::f32(&[channels], numbers));
    let root = r.body.def_op(r.output()?)?;
    let moved = r.again_typed(root, &[x, vector], None, ty);
    r.emit_as_root(&tfl::Reshape {}, &[moved, reshape.ins[1]])
}

/// Whether a constant has one element for each of a number of channels, which its dimensions and a tensor's last ones count alike.
fn is_split(tensor: &[Dim], constant: &[usize], channels: usize) -> bool {
    let skip = constant.iter().take_while(|d| **d == 1).count();
    let dims = &constant[skip..];
    let last = &tensor[tensor.len().saturating_sub(dims.len())..];
    dims.iter().product::<usize>() == channels && last.iter().copied().eq(dims.iter().map(|d| Some(*d)))
}

/// The sign of a convolution's result is that of its weights and bias.
pub fn neg_behind(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = r.input(0)?;
    let id = r.body.def_op(x).filter(|_| r.body.has_one_use(x))?;
    let op = Weighted::new(r, id)?;
    if r.activation(id)? != Activation::None || r.f32_constant(op.operands[op.weight]).is_none() {
        return None;
    }
    let minus_one = r.new_constant(Tensor::f32(&[], vec![-1.0]));
    r.emit_as_root(&tfl::Mul::default(), &[x, minus_one])
}

/// An activation or a change of sign behind a reshape goes in front of it, where it can be fused.
pub fn unary_through_reshape(r: &mut Rewriter<'_>) -> Option<Value> {
    let reshape = r.only::<tfl::Reshape>(r.input(0)?)?;
    let x = reshape.ins[0];
    let id = takes_activation(r, x)?;
    if r.op().is::<tfl::Neg>() {
        Weighted::new(r, id)?;
    }
    let y = r.root_on(&[x])?;
    r.emit_as_root(&tfl::Reshape {}, &[y, reshape.ins[1]])
}
