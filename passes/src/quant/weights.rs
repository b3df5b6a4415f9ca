//! `quantize-weights` and `weights-to-float16`: smaller constants, float computation.

use std::collections::HashMap;
use std::sync::Arc;

use ir::dialect::tfl;
use ir::{At, Attr, Body, Builder, DynamicRule, Elem, Failed, OpId, Tensor, TensorType, Type, Value};

use super::{pairs, params, rules};
use crate::pass::Cx;

crate::pass! {
    /// Stores large constant weights as int8.
    ///
    /// Operations with a hybrid kernel take the int8 weights themselves and quantize their activations at run time; with `dequantize` they
    /// read float weights behind a `tfl.dequantize`.
    "quantize-weights" = QuantizeWeights on func {
        options: {
            /// Put a dequantize behind the weights, so that nothing is computed in int8.
            dequantize: bool = false,
            /// Constants of fewer elements stay float.
            min_elements: usize = 1024,
            /// One scale for each output channel, instead of one for the tensor.
            per_channel: bool = true,
        },
        expects: TFL, ensures: TFL | PAIRS | QUANT,
        given: "min-elements=4",
        before: r#"
            func.func @f(%x: tensor<1x2xf32>, %b: tensor<2xf32>) -> tensor<1x2xf32> {
              %w = arith.constant dense<[[1.27, 0.5], [-2.54, 0.1]]> : tensor<2x2xf32>
              %0 = "tfl.fully_connected"(%x, %w, %b) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
              return %0 : tensor<1x2xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<1x2xf32>, %b: tensor<2xf32>) -> tensor<1x2xf32> {
              %w = arith.constant dense<[[1.27, 0.5], [-2.54, 0.1]]> : tensor<2x2xf32>
              %q = "tfl.pseudo_qconst"() <{qtype = tensor<2x2x!quant.uniform<i8<-127:127>:f32:0, {0.0099999997764825821,0.019999999552965164}>>, value = dense<[[127, 50], [-127, 5]]> : tensor<2x2xi8>}> : () -> tensor<2x2x!quant.uniform<i8<-127:127>:f32:0, {0.0099999997764825821,0.019999999552965164}>>
              %0 = "tfl.fully_connected"(%x, %q, %b) <{asymmetric_quantize_inputs = true, fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<1x2xf32>, tensor<2x2x!quant.uniform<i8<-127:127>:f32:0, {0.0099999997764825821,0.019999999552965164}>>, tensor<2xf32>) -> tensor<1x2xf32>
              return %0 : tensor<1x2xf32>
            }
        "#,
    }
}

impl QuantizeWeights {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let mut made: HashMap<(Value, Option<usize>), Value> = HashMap::new();
        for op in body.walk() {
            match rules::dynamic(body.op(op)) {
                DynamicRule::Float => {}
                DynamicRule::Hybrid { weight, axis, asymmetric } => {
                    let Some(q) = self.stored(body, op, weight, axis, &mut made) else { continue };
                    if self.dequantize {
                        let float = dequantized(body, q);
                        body.set_operand(op, weight, float);
                    } else {
                        body.set_operand(op, weight, q);
                        if asymmetric {
                            body.op_mut(op).props.set("asymmetric_quantize_inputs", Attr::Bool(true));
                        }
                    }
                    cx.count("weights quantized");
                }
                DynamicRule::Move { weight } => {
                    let Some(q) = self.stored(body, op, weight, None, &mut made) else { continue };
                    if self.dequantize {
                        let float = dequantized(body, q);
                        body.set_operand(op, weight, float);
                    } else {
                        move_stored(body, op, weight, q);
                    }
                    cx.count("weights quantized");
                }
            }
        }
        Ok(())
    }

    /// The int8 form of a constant operand that is large enough.
    fn stored(
        &self,
        body: &mut Body,
        op: OpId,
        index: usize,
        axis: Option<usize>,
        made: &mut HashMap<(Value, Option<usize>), Value>,
    ) -> Option<Value> {
        let v = *body.op(op).operands().get(index)?;
        let axis = axis.filter(|_| self.per_channel);
        if let Some(q) = made.get(&(v, axis)) {
            return Some(*q);
        }
        let tensor = body.constant(v).filter(|t| t.len() >= self.min_elements)?;
        let values = tensor.as_f32()?;
        let ty = Arc::new(params::weight(&values, &tensor.shape(), axis.filter(|a| *a < tensor.shape().len())));
        let stored = params::quantize(tensor, &ty)?;
        let def = body.def_op(v)?;
        let loc = body.loc(v).clone();
        let q = Builder::new(body, At::After(def), loc).constant(stored);
        made.insert((v, axis), q);
        Some(q)
    }
}

/// The dequantize of a stored constant, made once.
fn dequantized(body: &mut Body, q: Value) -> Value {
    if let Some(user) = body.uses(q).iter().find(|u| body.op(**u).is::<tfl::Dequantize>()) {
        return body.op(*user).results()[0];
    }
    let ty = match body.ty(q) {
        Type::Tensor(t) => Type::Tensor(t.with_elem(Elem::F32)),
        other => other.clone(),
    };
    let loc = body.loc(q).clone();
    let at = body.def_op(q).map_or(At::Start(body.entry()), At::After);
    Builder::new(body, at, loc).typed_value(&tfl::Dequantize {}, &[q], ty)
}

/// An operation that only moves values moves the stored ones; its result is dequantized.
fn move_stored(body: &mut Body, op: OpId, index: usize, q: Value) {
    let Some(ty) = body.ty(q).elem().and_then(Elem::quant).cloned() else { return };
    body.set_operand(op, index, q);
    for v in body.op(op).results().to_vec() {
        let float = body.ty(v).clone();
        body.set_ty(v, pairs::quantized_type(&float, &ty));
        let loc = body.loc(v).clone();
        let d = Builder::new(body, At::After(op), loc).typed(&tfl::Dequantize {}, &[v], &[float]);
        let real = body.op(d).results()[0];
        body.replace_uses_except(v, real, d);
    }
}

crate::pass! {
    /// Stores float32 constants as float16, with a `tfl.dequantize` behind each.
    ///
    /// Values beyond the range of float16 become its largest; a constant that is itself a result of the function stays.
    "weights-to-float16" = WeightsToFloat16 on func {
        options: {},
        expects: TFL | PAIRS | QUANT, ensures: TFL | PAIRS | QUANT,
        before: r#"
            func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
              %c = arith.constant dense<[1.5, 2.5]> : tensor<2xf32>
              %0 = "tfl.maximum"(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
              return %0 : tensor<2xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
              %c = arith.constant dense<[1.5, 2.5]> : tensor<2xf32>
              %half = arith.constant dense<[1.5, 2.5]> : tensor<2xf16>
              %real = "tfl.dequantize"(%half) : (tensor<2xf16>) -> tensor<2xf32>
              %0 = "tfl.maximum"(%x, %real) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
              return %0 : tensor<2xf32>
            }
        "#,
    }
}

impl WeightsToFloat16 {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        for op in body.walk() {
            if !rules::is_constant(body.op(op)) {
                continue;
            }
            let v = body.op(op).results()[0];
            let users: Vec<OpId> = body.uses(v).to_vec();
            let wanted = users.iter().any(|u| {
                let user = body.op(*u);
                user.name.as_str().starts_with("tfl.") && user.attrs.get(rules::FLOAT_REASON).is_none()
            });
            let Some(half) = body.constant(v).filter(|_| wanted).and_then(to_half) else { continue };
            let (ty, loc) = (body.ty(v).clone(), body.op(op).loc.clone());
            let mut b = Builder::new(body, At::After(op), loc);
            let stored = b.constant(half);
            let real = b.typed_value(&tfl::Dequantize {}, &[stored], ty);
            for u in users {
                let user = body.op(u);
                if !user.name.as_str().starts_with("tfl.") || user.attrs.get(rules::FLOAT_REASON).is_some() {
                    continue;
                }
                for i in 0..body.op(u).operands().len() {
                    if body.op(u).operands()[i] == v {
                        body.set_operand(u, i, real);
                    }
                }
            }
            cx.count("constants stored as float16");
        }
        Ok(())
    }
}

fn to_half(tensor: &Tensor) -> Option<Tensor> {
    let limit = f32::from(half::f16::MAX);
    let bytes: Vec<u8> =
        tensor.as_f32()?.iter().flat_map(|v| half::f16::from_f32(v.clamp(-limit, limit)).to_le_bytes()).collect();
    Tensor::new(TensorType::of(&tensor.shape(), Elem::F16), bytes.into()).ok()
}
