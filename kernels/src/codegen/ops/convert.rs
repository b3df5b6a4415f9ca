//! Conversions between element types.

use ir::{Elem, QuantType, Sign};

use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result};
use crate::eval::quantized::convert;

/// `i8` of `int8_t` and of `i8`.
fn short(c_type: &str) -> String {
    c_type.trim_end_matches("_t").replace("uint", "u").replace("int", "i")
}

pub(super) fn quantize(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    layer.rounds_alike()?;
    let to_type = layer.out_c_type(0)?;
    let n = layer.len(0)?.to_string();
    let (x, y) = (layer.ptr(0)?, layer.out(0)?);
    if layer.elem(0)? == Elem::F32 {
        let (to, codes) = convert::to_codes(&layer.types)?;
        let k = layer.structure(
            "codes",
            &[
                ("scale", text::f32(to.scale)),
                ("zero", to.zero.to_string()),
                ("min", codes.min.to_string()),
                ("max", codes.max.to_string()),
            ],
        );
        let name = format!("quantize_{}", short(to_type));
        layer.instance("quantize", format!("QUANTIZE({name}, {to_type})"));
        layer.call(&name, &[k, x, y, n]);
        return Ok(());
    }
    let from_type = layer.c_type(0)?;
    let (to, codes) = convert::to_codes(&layer.types)?;
    let (from, by) = convert::from_codes(&layer.types)?;
    let k = layer.structure(
        "rescale",
        &[
            ("from_zero", from.zero.to_string()),
            ("zero", to.zero.to_string()),
            ("min", codes.min.to_string()),
            ("max", codes.max.to_string()),
            ("by", text::multiplier(by)),
        ],
    );
    let name = format!("rescale_{}_{}", short(from_type), short(to_type));
    layer.instance("rescale", format!("RESCALE({name}, {from_type}, {to_type})"));
    layer.call(&name, &[k, x, y, n]);
    Ok(())
}

pub(super) fn dequantize(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let n = layer.len(0)?.to_string();
    let (x, y) = (layer.ptr(0)?, layer.out(0)?);
    if layer.elem(0)? == Elem::F16 {
        layer.needs("from_f16");
        layer.call("from_f16", &[x, y, n]);
        return Ok(());
    }
    layer.rounds_alike()?;
    let shape = layer.shape(0)?;
    let (axis, params) = convert::params(&layer.types)?;
    let inner = axis.map_or(1, |a| shape[(a + 1).min(shape.len())..].iter().product::<usize>().max(1));
    let scales: Vec<f32> = params.iter().map(|p| p.scale).collect();
    let scales = layer.f32s("scales", &scales);
    let zeros = layer.i32s("zeros", params.iter().map(|p| p.zero));
    let k = layer.structure(
        "dequantize",
        &[("scales", scales), ("zeros", zeros), ("params", params.len().to_string()), ("inner", inner.to_string())],
    );
    let from = layer.c_type(0)?;
    let name = format!("dequantize_{}", short(from));
    layer.instance("dequantize", format!("DEQUANTIZE({name}, {from})"));
    layer.call(&name, &[k, x, y, n]);
    Ok(())
}

pub(super) fn cast(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (from, to) = (layer.elem(0)?, layer.out_elem(0)?);
    let (x_type, y_type) = (layer.c_type(0)?, layer.out_c_type(0)?);
    let n = layer.len(0)?.to_string();
    let (x, y) = (layer.ptr(0)?, layer.out(0)?);
    if from == Elem::F16 && to == Elem::F32 {
        layer.needs("from_f16");
        layer.call("from_f16", &[x, y, n]);
        return Ok(());
    }
    if from == Elem::F16 || to == Elem::F16 {
        return Err(KernelError::new("generated C casts float16 to float32 only"));
    }
    let name = format!("cast_{}_{}", short(x_type), if to == Elem::BOOL { "bool".into() } else { short(y_type) });
    let value = match &to {
        Elem::Int(1, _) => "x != 0".to_owned(),
        Elem::Int(width, sign) if from == Elem::F32 => {
            layer.needs("whole");
            let (min, max) = match width {
                64 => ("INT64_MIN".to_owned(), "INT64_MAX".to_owned()),
                _ => {
                    let (min, max) = QuantType::default_range(*sign != Sign::Unsigned, *width);
                    (format!("(int64_t){min}"), format!("(int64_t){max}"))
                }
            };
            format!("whole(x, {min}, {max})")
        }
        _ => "x".to_owned(),
    };
    layer.instance("cast", format!("CAST({name}, {x_type}, {y_type}, {value})"));
    layer.call(&name, &[x, y, n]);
    Ok(())
}
