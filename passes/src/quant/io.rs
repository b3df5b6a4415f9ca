//! `set-io-type`: the type of a model's float inputs and outputs.

use std::sync::Arc;

use ir::dialect::tfl;
use ir::{At, BlockId, Body, Builder, Diagnostic, Elem, Failed, QuantType, Type, Value};

use super::{pairs, rules};
use crate::pass::{Cx, OptionValue};

/// What a model's float inputs and outputs are in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// They stay float32.
    Float32,
    /// The int8 values the model computes on.
    Int8,
    /// The same, shifted by 128.
    Uint8,
}

impl OptionValue for Io {
    const KIND: &'static str = "float32, int8 or uint8";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "float32" => Some(Io::Float32),
            "int8" => Some(Io::Int8),
            "uint8" => Some(Io::Uint8),
            _ => None,
        }
    }
    fn print(&self) -> String {
        match self {
            Io::Float32 => "float32",
            Io::Int8 => "int8",
            Io::Uint8 => "uint8",
        }
        .to_owned()
    }
}

crate::pass! {
    /// Makes the quantized values behind a model's float inputs and in front of its float outputs the inputs and outputs themselves.
    ///
    /// Integer and boolean inputs and outputs stay as they are.
    "set-io-type" = SetIoType on func {
        options: {
            /// `float32`, `int8` or `uint8`.
            io: Io = Io::Float32,
        },
        expects: TFL | PAIRS | QUANT, ensures: TFL | PAIRS | QUANT,
        given: "io=int8",
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              return %1 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5>> {
              %0 = "tfl.dequantize"(%x) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              return %x : tensor<4x!quant.uniform<i8:f32, 0.5>>
            }
        "#,
    }
}

impl SetIoType {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        if self.io == Io::Float32 {
            return Ok(());
        }
        let unsigned = self.io == Io::Uint8;
        let entry = body.entry();
        for (i, arg) in body.args(entry).to_vec().into_iter().enumerate() {
            if rules::is_float(body, arg) && !input(body, entry, arg, unsigned) {
                return Err(cx.sink.error(no_range(body, arg, &format!("input {i}"), self.io)));
            }
        }
        let Some(end) = body.terminator(entry) else { return Ok(()) };
        for (i, v) in body.op(end).operands().to_vec().into_iter().enumerate() {
            if !rules::is_float(body, v) {
                continue;
            }
            let Some(stored) = stored(body, v) else {
                return Err(cx.sink.error(no_range(body, v, &format!("output {i}"), self.io)));
            };
            let out = if unsigned { shifted(body, At::Before(end), stored) } else { stored };
            body.set_operand(end, i, out);
        }
        Ok(())
    }
}

fn no_range(body: &Body, v: Value, which: &str, io: Io) -> Diagnostic {
    let name = body.loc(v).node().map(|n| format!(" (`{n}`)")).unwrap_or_default();
    Diagnostic::error(
        "quant/io-float",
        format!("{which}{name} is float and has no int8 form, so it cannot be {}", io.print()),
    )
    .at(body.loc(v))
    .help("leave out --io, or let the operations at the model's border be quantized")
}

fn stored(body: &Body, v: Value) -> Option<Value> {
    let def = body.op(body.def_op(v)?);
    def.is::<tfl::Dequantize>().then(|| def.operands()[0])
}

/// The same values shifted by 128 into uint8.
fn unsigned_type(q: &QuantType) -> Arc<QuantType> {
    let (scale, zero) = q.as_per_tensor().unwrap_or((1.0, 0));
    Arc::new(QuantType { signed: false, min: 0, max: 255, ..QuantType::per_tensor(8, scale, zero + 128) })
}

fn shifted(body: &mut Body, at: At, stored: Value) -> Value {
    let ty = body.ty(stored).clone();
    let Some(q) = ty.elem().and_then(Elem::quant) else { return stored };
    let to = pairs::quantized_type(&ty, &unsigned_type(q));
    let loc = body.loc(stored).clone();
    Builder::new(body, at, loc).typed_value(&tfl::Quantize { qtype: to.clone() }, &[stored], to)
}

/// Makes an argument quantized; false if no quantize reads it.
fn input(body: &mut Body, entry: BlockId, arg: Value, unsigned: bool) -> bool {
    if body.uses(arg).is_empty() {
        return true;
    }
    let [user] = body.uses(arg)[..] else { return false };
    if !body.op(user).is::<tfl::Quantize>() {
        return false;
    }
    let q = body.op(user).results()[0];
    let ty: Type = body.ty(q).clone();
    body.replace_all_uses(q, arg);
    body.erase(user);
    body.set_ty(arg, ty.clone());
    if unsigned && let Some(quant) = ty.elem().and_then(Elem::quant) {
        let outside = pairs::quantized_type(&ty, &unsigned_type(quant));
        let loc = body.loc(arg).clone();
        let inside =
            Builder::new(body, At::Start(entry), loc).typed(&tfl::Quantize { qtype: ty.clone() }, &[arg], &[ty]);
        let result = body.op(inside).results()[0];
        body.replace_uses_except(arg, result, inside);
        body.set_ty(arg, outside);
    }
    true
}
