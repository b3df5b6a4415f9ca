//! Conversions between element types.

use ir::{Elem, QuantType, Sign};

use crate::codegen::layer::Layer;
use crate::codegen::text::{self, short};
use crate::error::{KernelError, Result};
use crate::eval::quantized::convert;
use crate::reference::convert::dequantized_zero;

pub(super) fn quantize(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let to_type = layer.out_c_type(0)?;
    let in_blocks = convert::quantizes_in_blocks(&layer.types)?;
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
        let (section, maker) =
            if in_blocks { ("quantize_in_blocks", "QUANTIZE_IN_BLOCKS") } else { ("quantize", "QUANTIZE") };
        layer.instance(section, format!("{maker}({name}, {to_type})"));
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
    let (section, maker) = if in_blocks { ("rescale_in_blocks", "RESCALE_IN_BLOCKS") } else { ("rescale", "RESCALE") };
    layer.instance(section, format!("{maker}({name}, {from_type}, {to_type})"));
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
    let from = layer.c_type(0)?;
    let name = format!("dequantize_{}", short(from));
    let shape = layer.shape(0)?;
    let (axis, params) = convert::params(&layer.types)?;
    if convert::dequantizes_in_blocks(&layer.types) {
        let of = params[0];
        let fields = [
            ("scale", text::f32(of.scale)),
            ("offset", text::f32(dequantized_zero(of))),
            ("zero", of.zero.to_string()),
        ];
        let k = layer.structure("dequantize_in_blocks", &fields);
        layer.instance("dequantize_in_blocks", format!("DEQUANTIZE_IN_BLOCKS({name}, {from})"));
        layer.call(&name, &[k, x, y, n]);
        return Ok(());
    }
    let inner = axis.map_or(1, |a| shape[(a + 1).min(shape.len())..].iter().product::<usize>().max(1));
    let scales: Vec<f32> = params.iter().map(|p| p.scale).collect();
    let scales = layer.f32s("scales", &scales);
    let zeros = layer.i32s("zeros", params.iter().map(|p| p.zero));
    let k = layer.structure(
        "dequantize",
        &[("scales", scales), ("zeros", zeros), ("params", params.len().to_string()), ("inner", inner.to_string())],
    );
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
