//! Functions of two or more tensors, element by element.

use ir::Elem;

use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::codegen::walk::{Walk, broadcast_steps, own_steps};
use crate::error::{KernelError, Result};
use crate::eval::quantized::elementwise;
use crate::fixed::Multiplier;
use crate::float::Clamp;
use crate::optimized::{Blend, Join, Product, Side};
use crate::reference::Codes;
use crate::reference::elementwise::{Joined, Scaled};

/// float32 functions of `p` and `q`, and what they need.
const FLOAT: &[(&str, &str, &str)] = &[
    ("add", "p + q", "base"),
    ("atan2", "atan2f(p, q)", "libm"),
    ("div", "p / q", "base"),
    ("floor_div", "floorf(p / q)", "libm"),
    ("floor_mod", "floor_mod_f32(p, q)", "floor_mod_f32"),
    ("maximum", "p > q || q != q ? p : q", "base"),
    ("minimum", "p < q || q != q ? p : q", "base"),
    ("mul", "p * q", "base"),
    ("pow", "powf(p, q)", "libm"),
    ("prelu", "p >= 0.0f ? p : p * q", "base"),
    ("squared_difference", "(p - q) * (p - q)", "base"),
    ("sub", "p - q", "base"),
];

/// Integer functions of `p` and `q`; sums and products wrap.
const INTEGER: &[(&str, &str, &str)] = &[
    ("add", "(uint64_t)p + (uint64_t)q", "base"),
    ("div", "q == -1 ? 0 - (uint64_t)p : (uint64_t)(p / q)", "base"),
    ("floor_div", "floor_div_int(p, q)", "floor_div_int"),
    ("floor_mod", "floor_mod_int(p, q)", "floor_mod_int"),
    ("maximum", "p > q ? p : q", "base"),
    ("minimum", "p < q ? p : q", "base"),
    ("mul", "(uint64_t)p * (uint64_t)q", "base"),
    ("pow", "pow_int(p, q)", "pow_int"),
    ("squared_difference", "((uint64_t)p - (uint64_t)q) * ((uint64_t)p - (uint64_t)q)", "base"),
    ("sub", "(uint64_t)p - (uint64_t)q", "base"),
];

/// Conditions on numbers.
const CONDITIONS: &[(&str, &str)] = &[
    ("equal", "p == q"),
    ("greater", "p > q"),
    ("greater_equal", "p >= q"),
    ("less", "p < q"),
    ("less_equal", "p <= q"),
    ("logical_and", "p && q"),
    ("logical_or", "p || q"),
    ("not_equal", "p != q"),
];

fn condition(kind: &str) -> Option<&'static str> {
    CONDITIONS.iter().find(|(k, _)| *k == kind).map(|(_, c)| *c)
}

/// The loop over two operands and the result: `&name` of a `struct pairs`.
fn pairs(layer: &mut Layer<'_, '_, '_>) -> Result<String> {
    let out = layer.out_shape(0)?;
    let steps = vec![broadcast_steps(&layer.shape(0)?, &out), broadcast_steps(&layer.shape(1)?, &out), own_steps(&out)];
    let mut walk = Walk::new(&out, steps);
    let (n, step) = walk.split_inner();
    let fields = [
        ("runs", walk.text()?),
        ("n", n.to_string()),
        ("step_a", step[0].to_string()),
        ("step_b", step[1].to_string()),
    ];
    Ok(layer.structure("pairs", &fields))
}

/// Calls a function that `PAIRWISE` makes of an expression; `k` is its struct and the pointer to one.
fn pairwise(
    layer: &mut Layer<'_, '_, '_>,
    section: &'static str,
    name: &str,
    (kind, k): (&str, String),
    expression: &str,
) -> Result<()> {
    let pairs = pairs(layer)?;
    let (a, b, y) = (layer.c_type(0)?, layer.c_type(1)?, layer.out_c_type(0)?);
    layer.needs("pairwise");
    layer.instance(section, format!("PAIRWISE({name}, struct {kind}, {a}, {b}, {y}, {expression})"));
    let args = [pairs, k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
    layer.call(name, &args);
    Ok(())
}

const NOTHING: &str = "(const struct none *)0";

pub(super) fn binary(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let kind = layer.kind().to_owned();
    if layer.elem(0)?.quant().is_some() {
        return codes(layer, &kind);
    }
    let suffix = layer.suffix(0)?;
    if let Some(c) = condition(&kind) {
        return pairwise(layer, "none", &format!("{kind}_{suffix}"), ("none", NOTHING.into()), c);
    }
    let float = layer.elem(0)? == Elem::F32;
    let missing = || KernelError::new("generated C does not compute it on this type");
    let table = if float { FLOAT } else { INTEGER };
    let (_, expression, needs) = table.iter().find(|(k, ..)| *k == kind).ok_or_else(missing)?;
    layer.needs(needs);
    if !float && ["div", "floor_div", "floor_mod"].contains(&kind.as_str()) {
        divides(layer, 0)?;
    }
    let act = layer.types.activation()?;
    if !float || act == Clamp::NONE {
        return pairwise(layer, "none", &format!("{kind}_{suffix}"), ("none", NOTHING.into()), expression);
    }
    let k = limits(layer, act);
    pairwise(layer, "limits", &format!("{kind}_limited_f32"), ("limits", k), &format!("limited({expression}, k)"))
}

/// A pointer to the limits of a float result.
pub(super) fn limits(layer: &mut Layer<'_, '_, '_>, act: Clamp) -> String {
    layer.needs("libm");
    layer.structure("limits", &[("min", text::f32(act.min)), ("max", text::f32(act.max))])
}

/// The limits of a float result as an initializer.
pub(super) fn limits_text(layer: &mut Layer<'_, '_, '_>, act: Clamp) -> String {
    layer.needs("libm");
    format!("{{{}, {}}}", text::f32(act.min), text::f32(act.max))
}

fn scaled(s: &Scaled) -> String {
    let (zero, left, by) = s.parts();
    format!("{{{zero}, {left}, {}}}", text::multiplier(by))
}

/// The end of a struct: the code of 0 and the codes of the result.
fn ending(zero: i32, codes: Codes) -> [(&'static str, String); 3] {
    [("zero", zero.to_string()), ("min", codes.min.to_string()), ("max", codes.max.to_string())]
}

/// Calls a function of pairs of codes that `PAIRWISE` makes.
fn of_codes(layer: &mut Layer<'_, '_, '_>, section: &'static str, k: (&str, String), expression: &str) -> Result<()> {
    let name = format!("{}_codes_{}", layer.kind(), layer.suffix(0)?);
    pairwise(layer, section, &name, k, expression)
}

/// Refuses a divisor that is `zero` somewhere.
fn divides(layer: &mut Layer<'_, '_, '_>, zero: i32) -> Result<()> {
    let (b, n) = (layer.ptr(1)?, layer.len(1)?);
    let (name, b_type) = (format!("none_is_{}", layer.suffix(1)?), layer.c_type(1)?);
    layer.instance("none_is", format!("NONE_IS({name}, {b_type})"));
    layer.require(&format!("{name}({b}, {n}, {zero})"));
    Ok(())
}

/// Operations on codes.
fn codes(layer: &mut Layer<'_, '_, '_>, kind: &str) -> Result<()> {
    let int8 = layer.types.range(0)? == Codes::I8;
    match kind {
        "add" if elementwise::shifts(&layer.types) => shifted(layer, "+"),
        "sub" if elementwise::shifts(&layer.types) => shifted(layer, "-"),
        "add" => join(layer, Joined::Sum, int8),
        "sub" => join(layer, Joined::Difference, int8),
        "squared_difference" => join(layer, Joined::SquaredDifference, int8),
        "mul" if int8 => {
            let k = Product::new(&elementwise::product(&layer.types)?);
            let by = k.multiplying();
            let [a, b, zero] = by.zeros.map(|z| z.to_string());
            let side = |zero: String| format!("{{{zero}, 0, 0, 0}}");
            call_join(layer, "PRODUCT", [side(a), side(b)], by.out.one(), zero, by.codes, None)
        }
        "mul" => {
            let p = elementwise::product(&layer.types)?;
            let k = product(layer, p.zeros, p.multiplier, p.codes);
            of_codes(layer, "product", ("product", k), "product(k, p, q)")
        }
        "div" => {
            let q = elementwise::quotient(&layer.types)?;
            divides(layer, q.zeros[1])?;
            let k = product(layer, q.zeros, q.multiplier, q.codes);
            of_codes(layer, "quotient", ("product", k), "quotient(k, p, q)")
        }
        "prelu" => {
            let k = elementwise::prelu_of(&layer.types)?;
            let mut fields = vec![("x_zero", k.zeros[0].to_string()), ("alpha_zero", k.zeros[1].to_string())];
            fields.extend(ending(k.zeros[2], layer.types.range(0)?));
            fields.push(("positive", text::multiplier(k.positive)));
            fields.push(("negative", text::multiplier(k.negative)));
            let k = layer.structure("prelu", &fields);
            of_codes(layer, "prelu", ("prelu", k), "prelu(k, p, q)")
        }
        "maximum" => of_codes(layer, "none", ("none", NOTHING.into()), "p > q ? p : q"),
        "minimum" => of_codes(layer, "none", ("none", NOTHING.into()), "p < q ? p : q"),
        _ => {
            let missing = || KernelError::new("no integer kernel computes it");
            let c = condition(kind).ok_or_else(missing)?;
            if elementwise::compares_codes(&layer.types, kind)? {
                return of_codes(layer, "none", ("none", NOTHING.into()), c);
            }
            let k = elementwise::comparison_of(&layer.types)?;
            let k = layer.structure("comparison", &[("a", scaled(&k.a)), ("b", scaled(&k.b))]);
            let c = c.replace('p', "scaled(&k->a, p)").replace(" q", " scaled(&k->b, q)");
            of_codes(layer, "comparison", ("comparison", k), &c)
        }
    }
}

/// A sum or difference of int16 codes whose scales are powers of two.
fn shifted(layer: &mut Layer<'_, '_, '_>, operator: &str) -> Result<()> {
    let k = elementwise::shifted_of(&layer.types)?;
    let [a, b] = k.right.map(|r| r.to_string());
    let fields = [("a", a), ("b", b), ("min", k.codes.min.to_string()), ("max", k.codes.max.to_string())];
    let k = layer.structure("shifted", &fields);
    let value = format!("clamp(round_shift(p, k->a) {operator} round_shift(q, k->b), k->min, k->max)");
    pairwise(layer, "shifted", &format!("{}_shifted", layer.kind()), ("shifted", k), &value)
}

/// A sum or difference of codes of any type but int8, which has a kernel of its own.
fn join_plainly(layer: &mut Layer<'_, '_, '_>, kind: Joined) -> Result<()> {
    let k = elementwise::join_of(&layer.types, kind)?;
    let mut fields = vec![("a", scaled(&k.a)), ("b", scaled(&k.b)), ("by", text::multiplier(k.out))];
    fields.extend(ending(k.zero, k.codes));
    let k = layer.structure("join", &fields);
    let (section, join) = match kind {
        Joined::Sum => ("wrap", "add"),
        Joined::Difference => ("wrapping_sub", "sub"),
        Joined::SquaredDifference => return Err(KernelError::new("no integer kernel takes the type of its operand")),
    };
    layer.needs(section);
    of_codes(layer, "joined", ("join", k), &format!("joined(k, {join}(scaled(&k->a, p), scaled(&k->b, q)))"))
}

fn join(layer: &mut Layer<'_, '_, '_>, kind: Joined, int8: bool) -> Result<()> {
    if !int8 {
        return join_plainly(layer, kind);
    }
    let k = Join::new(&elementwise::join_of(&layer.types, kind)?);
    let by = k.joining();
    let name = match kind {
        Joined::Sum => "SUM",
        Joined::Difference => "DIFFERENCE",
        Joined::SquaredDifference => "SQUARED_DIFFERENCE",
    };
    let side = |s: &Side| format!("{{{}, {}, {}, {}}}", s.zero, s.left, s.by.one().mantissa, s.by.one().shift);
    call_join(layer, name, [side(&by.a), side(&by.b)], by.out.one(), by.zero.to_string(), by.codes, k.blend())
}

/// Calls the kernel of sums, differences and products.
fn call_join(
    layer: &mut Layer<'_, '_, '_>,
    kind: &str,
    [a, b]: [String; 2],
    by: Multiplier,
    zero: String,
    codes: Codes,
    blend: Option<&Blend>,
) -> Result<()> {
    let pairs = pairs(layer)?;
    layer.needs("join_pairs_i8");
    let mut fields = vec![
        ("kind", kind.to_owned()),
        ("a", a),
        ("b", b),
        ("mantissa", by.mantissa.to_string()),
        ("shift", by.shift.to_string()),
        ("zero", zero),
        ("min", codes.min.to_string()),
        ("max", codes.max.to_string()),
    ];
    fields.extend(blend.map(|b| ("blend", text::blend(b))));
    let k = layer.structure("join_packed_i8", &fields);
    let args = [pairs, k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
    layer.call("join_pairs_i8", &args);
    Ok(())
}

/// A `struct product`.
fn product(layer: &mut Layer<'_, '_, '_>, zeros: [i32; 3], by: Multiplier, codes: Codes) -> String {
    let mut fields = vec![("a_zero", zeros[0].to_string()), ("b_zero", zeros[1].to_string())];
    fields.extend(ending(zeros[2], codes));
    fields.push(("by", text::multiplier(by)));
    layer.structure("product", &fields)
}

/// A sum of any number of float tensors of one shape.
pub(super) fn add_n(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    if layer.elem(0)? != Elem::F32 {
        return Err(KernelError::new("generated C adds floats only"));
    }
    let (n, y) = (layer.len(0)?, layer.out(0)?);
    let first = layer.ptr(0)?;
    if first != y {
        layer.needs("copy");
        // Operands that share the result's memory are equal to the first.
        layer.line(format!("if ((const void *){first} != (const void *){y})"));
        layer.line(format!("    copy({y}, {first}, {});", 4 * n));
    }
    layer.needs("add_to_f32");
    for i in 1..layer.op.operands().len() {
        let x = layer.ptr(i)?;
        layer.call("add_to_f32", &[x, y.clone(), n.to_string()]);
    }
    Ok(())
}

pub(super) fn select(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let out = layer.out_shape(0)?;
    let mut condition = layer.shape(0)?;
    let values = layer.shape(1)?.len();
    if condition.len() == 1 && values > 1 && layer.kind() == "select" {
        // A vector chooses whole rows.
        condition.resize(values, 1);
    }
    let steps = vec![
        broadcast_steps(&condition, &out),
        broadcast_steps(&layer.shape(1)?, &out),
        broadcast_steps(&layer.shape(2)?, &out),
    ];
    let mut walk = Walk::new(&out, steps);
    let (n, step) = walk.split_inner();
    let k = layer.structure("select", &[("runs", walk.text()?), ("n", n.to_string()), ("step", text::list(step))]);
    let c_type = layer.c_type(1)?;
    let name = format!("select_{}", c_type.trim_end_matches("_t"));
    layer.instance("select", format!("SELECT({name}, {c_type})"));
    let args = [k, layer.ptr(0)?, layer.ptr(1)?, layer.ptr(2)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}
