//! Functions of rows and reductions.

use ir::dialect::tfl;
use ir::{Elem, Sign};

use super::weighted::rank_4;
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::codegen::walk::{Walk, own_steps};
use crate::error::{KernelError, Result, ensure};
use crate::eval::quantized::whole;
use crate::geometry::axis;
use crate::reference::curve::Curve;
use crate::reference::reduce::{Mean, MeanOfImages, Sum, product_multiplier};
use crate::reference::{Code, Codes};
use crate::rounding::Rounding;

/// Rows and depth of operand 0, as arguments.
fn rows(layer: &Layer<'_, '_, '_>) -> Result<[String; 2]> {
    let shape = layer.shape(0)?;
    let depth = shape.last().copied().unwrap_or(1);
    Ok([(layer.len(0)? / depth.max(1)).to_string(), depth.to_string()])
}

/// Calls a function of rows: what it is given first, then operand, result, rows and depth.
fn call_rows(layer: &mut Layer<'_, '_, '_>, function: &str, first: Vec<String>) -> Result<()> {
    let mut args = first;
    args.extend([layer.ptr(0)?, layer.out(0)?]);
    args.extend(rows(layer)?);
    layer.call(function, &args);
    Ok(())
}

fn is_quantized(layer: &Layer<'_, '_, '_>) -> Result<bool> {
    Ok(layer.elem(0)?.quant().is_some())
}

pub(super) fn softmax(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    if !is_quantized(layer)? {
        let beta = text::f32(layer.row::<tfl::Softmax>()?.beta);
        layer.needs("softmax_f32");
        return call_rows(layer, "softmax_f32", vec![beta]);
    }
    if layer.types.range(0)? == i16::ALL {
        return softmax_i16(layer);
    }
    let (by, least) = whole::softmax_of(&layer.types)?.parts();
    let maker = of_exponentials(layer, "softmax", "SOFTMAX")?;
    let k = layer.structure("exponentials", &[("by", text::multiplier(by)), ("least", least.to_string())]);
    call_rows(layer, &maker, vec![k])
}

fn softmax_i16(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let k = whole::wide_softmax_of(&layer.types)?;
    let (by, exponential, inverse) = k.parts();
    let points = |layer: &mut Layer<'_, '_, '_>, what: &str, c: &Curve| layer.i16s(what, c.points());
    let fields = [
        ("by", text::multiplier(by)),
        ("exponential", points(layer, "exponential", exponential)),
        ("inverse", points(layer, "inverse", inverse)),
    ];
    layer.needs("softmax_i16");
    let k = layer.structure("softmax_i16", &fields);
    call_rows(layer, "softmax_i16", vec![k])
}

/// Makes a function of rows from their sums of exponentials; gives its name.
fn of_exponentials(layer: &mut Layer<'_, '_, '_>, section: &'static str, maker: &str) -> Result<String> {
    let (suffix, c_type) = (layer.suffix(0)?, layer.c_type(0)?);
    let (max, sum) = (format!("row_max_{suffix}"), format!("sum_of_exponentials_{suffix}"));
    layer.instance("exponentials", format!("ROW({max}, {sum}, {c_type})"));
    let name = format!("{section}_{suffix}");
    let least = layer.types.range(0)?.min;
    layer.instance(section, format!("{maker}({name}, {max}, {sum}, {c_type}, {least})"));
    Ok(name)
}

pub(super) fn log_softmax(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    if !is_quantized(layer)? {
        layer.needs("log_softmax_f32");
        return call_rows(layer, "log_softmax_f32", Vec::new());
    }
    let ((by, least), back) = whole::log_softmax_of(&layer.types)?.parts();
    let of = format!("{{{}, {least}}}", text::multiplier(by));
    let maker = of_exponentials(layer, "log_softmax", "LOG_SOFTMAX")?;
    let k = layer.structure("log_softmax", &[("of", of), ("back", text::multiplier(back))]);
    call_rows(layer, &maker, vec![k])
}

pub(super) fn l2_normalization(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    if !is_quantized(layer)? {
        layer.needs("l2_normalization_f32");
        return call_rows(layer, "l2_normalization_f32", Vec::new());
    }
    let zero = whole::l2_zero(&layer.types)?;
    let least = layer.types.range(0)?.min;
    // Uint8 codes are multiplied by 128, the factor of int8 codes is.
    let (up, left) = if least < 0 { (7, 1) } else { (0, 128) };
    let (name, c_type) = (format!("l2_normalization_{}", layer.suffix(0)?), layer.c_type(0)?);
    layer.instance("l2_normalization", format!("L2_NORMALIZATION({name}, {c_type}, {least}, {up}, {left})"));
    call_rows(layer, &name, vec![zero.to_string()])
}

pub(super) fn local_response(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::LocalResponseNormalization = layer.row()?;
    let [rows, depth] = rows(layer)?;
    let fields = [
        ("rows", rows),
        ("depth", depth),
        ("radius", r.radius.max(0).to_string()),
        ("bias", text::f32(r.bias)),
        ("alpha", text::f32(r.alpha)),
        ("beta", text::f32(r.beta)),
    ];
    layer.needs("local_response_f32");
    let k = layer.structure("local_response", &fields);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.call("local_response_f32", &args);
    Ok(())
}

/// The walks of a reduction of operand 0 over constant axes: `&name` of a `struct reduction`, and how many values a result takes in.
fn reduction(layer: &mut Layer<'_, '_, '_>) -> Result<(String, usize)> {
    let shape = layer.shape(0)?;
    let mut reduced = vec![false; shape.len()];
    for a in layer.ints(1)? {
        reduced[axis(a, shape.len())?] = true;
    }
    let own = own_steps(&shape);
    let part = |wanted: bool| {
        let dims: Vec<usize> = (0..shape.len()).filter(|d| reduced[*d] == wanted).collect();
        let count: Vec<usize> = dims.iter().map(|d| shape[*d]).collect();
        Walk::new(&count, vec![dims.iter().map(|d| own[*d]).collect()])
    };
    let count: usize = (0..shape.len()).filter(|d| reduced[*d]).map(|d| shape[d]).product();
    let fields = [("outer", part(false).text()?), ("inner", part(true).text()?), ("count", count.to_string())];
    layer.needs("reduction");
    Ok((layer.structure("reduction", &fields), count))
}

/// A reduction as C: its struct and the pointer to one, the accumulator, where it starts, how it takes in `v`, what it gives.
struct Fold {
    section: &'static str,
    kind: &'static str,
    k: String,
    acc: &'static str,
    start: String,
    step: &'static str,
    end: String,
}

impl Fold {
    fn plain(acc: &'static str, start: &str, step: &'static str, end: &str) -> Fold {
        let k = "(const struct none *)0".to_owned();
        Fold { section: "none", kind: "none", k, acc, start: start.into(), step, end: end.into() }
    }
}

/// The mean over whole int8 images in LiteRT's optimized kernel.
fn mean_of_images(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let [n, h, w, c] = rank_4(&layer.shape(0)?)?;
    let m = MeanOfImages::new(layer.types.affine(0)?, layer.types.out()?, h * w)?;
    let fields = [
        ("batch", n.to_string()),
        ("pixels", (h * w).to_string()),
        ("channels", c.to_string()),
        ("bias", m.bias.to_string()),
        ("by", text::multiplier(m.multiplier)),
    ];
    layer.needs("mean_of_images_i8");
    let k = layer.structure("mean_of_images", &fields);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.call("mean_of_images_i8", &args);
    Ok(())
}

/// Whether LiteRT's optimized kernel of means over whole int8 images is to be followed.
fn is_mean_of_images(layer: &Layer<'_, '_, '_>) -> Result<bool> {
    let codes = matches!(layer.elem(0)?.quant(), Some(q) if q.storage() == Elem::I8);
    let rank = layer.shape(0)?.len();
    let images = |axes: &[i64]| whole::takes_images(layer.types.rounding, rank, axes, layer.flag("keep_dims"));
    Ok(layer.kind() == "mean" && codes && images(&layer.ints(1)?))
}

pub(super) fn reduce(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    if is_mean_of_images(layer)? {
        return mean_of_images(layer);
    }
    let (walks, count) = reduction(layer)?;
    let kind = layer.kind().to_owned();
    let (x_type, y_type) = (layer.c_type(0)?, layer.out_c_type(0)?);
    let fold = match layer.elem(0)? {
        Elem::F32 => float_fold(layer, &kind),
        Elem::Quant(_) => codes_fold(layer, &kind, count),
        elem => integer_fold(&kind, &elem),
    }?;
    let name = format!("{kind}_of_{}{}", if is_quantized(layer)? { "codes_" } else { "" }, layer.suffix(0)?);
    layer.needs("reduction");
    let Fold { section, kind, k, acc, start, step, end } = fold;
    let text = format!("REDUCE({name}, struct {kind}, {x_type}, {y_type}, {acc}, {start}, {step}, {end})");
    layer.instance(section, text);
    let args = [walks, k, layer.ptr(0)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

fn float_fold(layer: &mut Layer<'_, '_, '_>, kind: &str) -> Result<Fold> {
    layer.needs("libm");
    Ok(match kind {
        "mean" => Fold::plain("float", "0.0f", "acc + v", "acc / (float)n"),
        "sum" => Fold::plain("float", "0.0f", "acc + v", "acc"),
        "reduce_max" => Fold::plain("float", "-HUGE_VALF", "v > acc || acc != acc ? v : acc", "acc"),
        "reduce_min" => Fold::plain("float", "HUGE_VALF", "v < acc || acc != acc ? v : acc", "acc"),
        "reduce_prod" => Fold::plain("float", "1.0f", "acc * v", "acc"),
        _ => return Err(KernelError::new("it takes booleans")),
    })
}

/// Sums and products of integers wrap in 64 bits.
fn integer_fold(kind: &str, elem: &Elem) -> Result<Fold> {
    let unsigned = matches!(elem, Elem::Int(64, Sign::Unsigned));
    ensure(!unsigned, || "generated C has no elements of unsigned 64 bits".into())?;
    Ok(match kind {
        "mean" => Fold::plain("uint64_t", "0", "acc + (uint64_t)v", "(int64_t)acc / (n > 0 ? n : 1)"),
        "sum" => Fold::plain("uint64_t", "0", "acc + (uint64_t)v", "acc"),
        "reduce_max" => Fold::plain("int64_t", "INT64_MIN", "v > acc ? v : acc", "acc"),
        "reduce_min" => Fold::plain("int64_t", "INT64_MAX", "v < acc ? v : acc", "acc"),
        "reduce_prod" => Fold::plain("uint64_t", "1", "acc * (uint64_t)v", "acc"),
        "reduce_any" => Fold::plain("int", "0", "acc || v", "acc"),
        _ => Fold::plain("int", "1", "acc && v", "acc"),
    })
}

fn codes_fold(layer: &mut Layer<'_, '_, '_>, kind: &str, count: usize) -> Result<Fold> {
    let (x, out) = (layer.types.affine(0)?, layer.types.out()?);
    let Codes { min, max } = layer.types.range(0)?;
    let fold = |section: &'static str, k: String, start: &str, step: &'static str, value: &str| {
        let end = format!("clamp({value}, {min}, {max})");
        Fold { section, kind: section, k, acc: "int32_t", start: start.into(), step, end }
    };
    Ok(match kind {
        "sum" if layer.types.rounding != Rounding::Micro => {
            let s = Sum::new(x, out, count)?;
            let fields = [("scale", text::f32(s.scale)), ("bias", text::f32(s.bias)), ("zero", s.zero.to_string())];
            let k = layer.structure("sum", &fields);
            let value = "add_saturating(round_f32((float)acc * k->scale + k->bias), k->zero)";
            fold("sum", k, "0", "add(acc, v)", value)
        }
        "mean" | "sum" => {
            let m = if kind == "mean" { Mean::new(x, out, count) } else { Mean::of_sum(x, out, count) }?;
            let fields =
                [("by", text::multiplier(m.multiplier)), ("zeros", m.zeros.to_string()), ("zero", m.zero.to_string())];
            let k = layer.structure("mean", &fields);
            fold("mean", k, "0", "add(acc, v)", "add(multiply(sub(acc, k->zeros), k->by), k->zero)")
        }
        "reduce_prod" => {
            let by = product_multiplier(x, out, count)?;
            let fields =
                [("by", text::multiplier(by)), ("from_zero", x.zero.to_string()), ("zero", out.zero.to_string())];
            let k = layer.structure("product_of_codes", &fields);
            let step = "n == 0 ? v - k->from_zero : multiply_wide((int64_t)acc * (v - k->from_zero), k->by)";
            fold("product_of_codes", k, "1", step, "add_saturating(multiply_wide(acc, k->by), k->zero)")
        }
        "reduce_max" => Fold::plain("int32_t", &min.to_string(), "v > acc ? v : acc", "acc"),
        "reduce_min" => Fold::plain("int32_t", &max.to_string(), "v < acc ? v : acc", "acc"),
        _ => return Err(KernelError::new("no integer kernel computes it")),
    })
}

/// A shape around an axis: `{outer, n, inner}`.
fn lanes(layer: &mut Layer<'_, '_, '_>, shape: &[usize], at: usize) -> String {
    let outer: usize = shape[..at].iter().product();
    let inner: usize = shape[at + 1..].iter().product();
    layer.needs("lanes");
    layer
        .structure("lanes", &[("outer", outer.to_string()), ("n", shape[at].to_string()), ("inner", inner.to_string())])
}

pub(super) fn cumsum(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::Cumsum = layer.row()?;
    let shape = layer.shape(0)?;
    let at = axis(layer.int(1)?, shape.len())?;
    let lanes = lanes(layer, &shape, at);
    let c_type = layer.c_type(0)?;
    let acc = if c_type == "f32" { "float" } else { "uint64_t" };
    let name = format!("cumsum_{}", c_type.trim_end_matches("_t"));
    layer.instance("cumsum", format!("CUMSUM({name}, {c_type}, {acc})"));
    let flag = |b: bool| u8::from(b).to_string();
    let args = [lanes, flag(r.exclusive), flag(r.reverse), layer.ptr(0)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

pub(super) fn arg(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let at = axis(layer.int(1)?, shape.len())?;
    let lanes = lanes(layer, &shape, at);
    let (x_type, y_type) = (layer.c_type(0)?, layer.out_c_type(0)?);
    let kind = layer.kind().to_owned();
    let better = if kind == "arg_max" { "v > old" } else { "v < old" };
    let name = format!("{kind}_{}_{}", x_type.trim_end_matches("_t"), y_type);
    layer.instance("arg", format!("ARG({name}, {x_type}, {y_type}, {better})"));
    let args = [lanes, layer.ptr(0)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

pub(super) fn topk(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let shape = layer.shape(0)?;
    let depth = shape.last().copied().unwrap_or(1);
    let k = usize::try_from(layer.int(1)?).unwrap_or(0);
    ensure(k <= depth, || format!("the {k} largest of {depth}"))?;
    let rows = layer.len(0)? / depth.max(1);
    let (x_type, i_type) = (layer.c_type(0)?, layer.out_c_type(1)?);
    let name = format!("topk_{}_{}", x_type.trim_end_matches("_t"), i_type);
    layer.instance("topk", format!("TOPK({name}, {x_type}, {i_type}, a > b)"));
    let args = [rows.to_string(), depth.to_string(), k.to_string(), layer.ptr(0)?, layer.out(0)?, layer.out(1)?];
    layer.call(&name, &args);
    Ok(())
}
