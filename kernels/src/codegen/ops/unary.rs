//! Functions of one element.

use ir::Elem;
use ir::dialect::tfl;

use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result};
use crate::eval::quantized::elementwise;

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
        return lookup(layer, x, y, n);
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

/// A function of int8 codes by its table.
fn lookup(layer: &mut Layer<'_, '_, '_>, x: String, y: String, n: String) -> Result<()> {
    let kind = layer.kind().to_owned();
    let table = elementwise::table(&layer.types, &kind)?;
    let (codes, least) = (table.codes(), table.least());
    if least > -128 {
        layer.needs("all_at_least");
        layer.require(&format!("all_at_least({x}, {n}, {least})"));
    }
    let codes = layer.array("int8_t", "table", codes.iter().map(i8::to_string).collect(), 1);
    layer.needs("lookup_i8");
    layer.call("lookup_i8", &[codes, x, y, n]);
    Ok(())
}
