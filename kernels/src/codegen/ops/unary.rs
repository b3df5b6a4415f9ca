//! Functions of one element.

use ir::Elem;
use ir::dialect::tfl;

use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result};
use crate::eval::quantized::elementwise;
use crate::fixed::Multiplier;
use crate::reference::activation::{Form, Table};
use crate::reference::sigmoid::{Input, LOGISTIC};
use crate::reference::{Code, Codes};

/// float32 functions of `x` and what they need.
const FLOAT: &[(&str, &str, &str)] = &[
    ("abs", "fabsf(x)", "libm"),
    ("ceil", "ceilf(x)", "libm"),
    ("cos", "cosf(x)", "libm"),
    ("elu", "x < 0.0f ? expm1f(x) : x", "libm"),
    ("exp", "expf(x)", "libm"),
    ("floor", "floorf(x)", "libm"),
    ("gelu", "gelu_f32(x)", "gelu_f32"),
    ("gelu_tanh", "gelu_tanh_f32(x)", "gelu_tanh_f32"),
    ("hard_swish", "x * (x < -3.0f ? 0.0f : x > 3.0f ? 6.0f : x + 3.0f) / 6.0f", "base"),
    ("log", "logf(x)", "libm"),
    ("logistic", "1.0f / (1.0f + expf(-x))", "libm"),
    ("neg", "-x", "base"),
    ("relu", "x > 0.0f ? x : 0.0f", "base"),
    ("relu6", "x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x", "base"),
    ("relu_0_to_1", "x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x", "base"),
    ("relu_n1_to_1", "x < -1.0f ? -1.0f : x > 1.0f ? 1.0f : x", "base"),
    ("round", "rintf(x)", "libm"),
    ("rsqrt", "1.0f / sqrtf(x)", "libm"),
    ("sign", "x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x", "base"),
    ("sin", "sinf(x)", "libm"),
    ("sqrt", "sqrtf(x)", "libm"),
    ("square", "x * x", "base"),
    ("tanh", "tanhf(x)", "libm"),
];

/// Integer functions of `x`; products and negatives wrap.
const INTEGER: &[(&str, &str)] = &[
    ("abs", "x < 0 ? 0 - (uint64_t)x : (uint64_t)x"),
    ("logical_not", "x == 0"),
    ("neg", "0 - (uint64_t)x"),
    ("relu", "x > 0 ? x : 0"),
    ("sign", "(x > 0) - (x < 0)"),
    ("square", "(uint64_t)x * (uint64_t)x"),
];

pub(super) fn unary(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let n = layer.len(0)?.to_string();
    let (x, y) = (layer.ptr(0)?, layer.out(0)?);
    if layer.elem(0)?.quant().is_some() {
        return of_codes(layer, x, y, n);
    }
    let (x_type, y_type) = (layer.c_type(0)?, layer.out_c_type(0)?);
    let kind = layer.kind().to_owned();
    let suffix = x_type.trim_end_matches("_t");
    if layer.elem(0)? != Elem::F32 {
        let missing = || KernelError::new("generated C computes it on floats only");
        let (_, value) = INTEGER.iter().find(|(k, _)| *k == kind).ok_or_else(missing)?;
        let name = format!("{kind}_{suffix}");
        layer.instance("unary", format!("UNARY({name}, {x_type}, {y_type}, {value})"));
        layer.call(&name, &[x, y, n]);
        return Ok(());
    }
    if kind == "leaky_relu" {
        let alpha = layer.row::<tfl::LeakyRelu>()?.alpha;
        let name = format!("leaky_relu_{:08x}", alpha.to_bits());
        layer.instance("unary", format!("UNARY({name}, f32, f32, x >= 0.0f ? x : {} * x)", text::f32(alpha)));
        layer.call(&name, &[x, y, n]);
        return Ok(());
    }
    let form = if kind == "gelu" && layer.flag("approximate") { "gelu_tanh" } else { kind.as_str() };
    let missing = || KernelError::new("generated C has no float form of it");
    let (_, value, needs) = FLOAT.iter().find(|(k, ..)| *k == form).ok_or_else(missing)?;
    let name = format!("{form}_all_f32");
    layer.needs(needs);
    layer.instance("unary", format!("UNARY({name}, f32, f32, {value})"));
    layer.call(&name, &[x, y, n]);
    Ok(())
}

/// A function of codes.
fn of_codes(layer: &mut Layer<'_, '_, '_>, x: String, y: String, n: String) -> Result<()> {
    let kind = layer.kind().to_owned();
    match layer.types.range(0)? {
        r if r == i16::ALL => wide(layer, elementwise::wide_table(&layer.types, &kind)?, x, y, n),
        r if r == u8::ALL => lookup(layer, elementwise::table::<u8>(&layer.types, &kind)?, x, y, n),
        _ => lookup(layer, elementwise::table::<i8>(&layer.types, &kind)?, x, y, n),
    }
}

/// Refuses codes below those that a function takes.
fn at_least<C: Code>(layer: &mut Layer<'_, '_, '_>, table: &Table<C>, x: &str, n: &str) -> Result<()> {
    let least = table.least();
    if least > C::ALL.min {
        let (name, c_type) = (format!("all_at_least_{}", layer.suffix(0)?), layer.c_type(0)?);
        layer.instance("all_at_least", format!("ALL_AT_LEAST({name}, {c_type})"));
        layer.require(&format!("{name}({x}, {n}, {least})"));
    }
    Ok(())
}

/// By the table.
fn lookup<C: Code>(layer: &mut Layer<'_, '_, '_>, table: Table<C>, x: String, y: String, n: String) -> Result<()> {
    at_least(layer, &table, &x, &n)?;
    let (name, c_type) = (format!("lookup_{}", layer.suffix(0)?), layer.c_type(0)?);
    let codes: Vec<i32> = table.codes().iter().map(|q| (*q).into()).collect();
    let codes = layer.array(c_type, "table", codes.iter().map(i32::to_string).collect(), size_of::<C>());
    layer.instance("lookup", format!("LOOKUP({name}, {c_type}, {})", C::ALL.min));
    layer.call(&name, &[codes, x, y, n]);
    Ok(())
}

/// By what the table is made of: it has 65536 codes.
fn wide(layer: &mut Layer<'_, '_, '_>, table: Table<i16>, x: String, y: String, n: String) -> Result<()> {
    at_least(layer, &table, &x, &n)?;
    let (from, to) = (layer.types.affine(0)?, layer.types.out()?);
    let rescale = |layer: &mut Layer<'_, '_, '_>, by: &Multiplier, codes: Codes| {
        let fields = [
            ("from_zero", from.zero.to_string()),
            ("zero", to.zero.to_string()),
            ("min", codes.min.to_string()),
            ("max", codes.max.to_string()),
            ("by", text::multiplier(*by)),
        ];
        layer.structure("rescale", &fields)
    };
    let sigmoid = |layer: &mut Layer<'_, '_, '_>, of: &Input| {
        let points = layer.array("uint16_t", "points", LOGISTIC.iter().map(u16::to_string).collect(), 2);
        let fields = [("multiplier", of.multiplier.to_string()), ("shift", of.shift.to_string()), ("points", points)];
        layer.structure("sigmoid", &fields)
    };
    let (function, k) = match table.form() {
        Form::Listed => return lookup(layer, table, x, y, n),
        Form::Rescaled(by, codes) => {
            layer.instance("rescale", "RESCALE(rescale_i16_i16, i16, i16)".to_owned());
            let k = rescale(layer, by, *codes);
            layer.call("rescale_i16_i16", &[k, x, y, n]);
            return Ok(());
        }
        Form::Size(by) => ("abs_i16", rescale(layer, by, i16::ALL)),
        Form::Bent { positive, negative, falls } => {
            let fields = [
                ("from_zero", from.zero.to_string()),
                ("zero", to.zero.to_string()),
                ("falls", u8::from(*falls).to_string()),
                ("positive", text::multiplier(*positive)),
                ("negative", text::multiplier(*negative)),
            ];
            ("bent_i16", layer.structure("bent", &fields))
        }
        Form::Root => {
            let fields = [
                ("scale", text::f32(from.scale)),
                ("step", text::f32(to.scale)),
                ("from_zero", from.zero.to_string()),
                ("zero", to.zero.to_string()),
            ];
            ("sqrt_i16", layer.structure("root", &fields))
        }
        Form::Curve(curve) => ("curve_i16", layer.i16s("points", curve.points())),
        Form::Logistic(of) => ("logistic_i16", sigmoid(layer, of)),
        Form::Tanh(of) => ("tanh_i16", sigmoid(layer, of)),
    };
    layer.needs(function);
    layer.call(function, &[k, x, y, n]);
    Ok(())
}
