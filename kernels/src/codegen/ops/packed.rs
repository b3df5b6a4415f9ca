//! int8 convolutions and products with packed weights: the algorithms and the packing of [`crate::optimized`], in C.

use super::weighted::image;
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::Result;
use crate::fixed::Rule;
use crate::geometry::Window;
use crate::optimized::{Conv, Depthwise, FullyConnected, Output, Panels, Scaling};

/// A `struct from_sums`.
fn from_sums(layer: &mut Layer<'_, '_, '_>, out: &Output, what: &str) -> String {
    let (rule, mantissas, shifts, ratios) = match &out.rule {
        Scaling::Fixed { mantissas, shifts, rule } => {
            let mantissas = layer.i32s(&format!("mantissas{what}"), mantissas.iter().copied());
            let shifts = layer.i32s(&format!("shifts{what}"), shifts.iter().copied());
            let rule = if *rule == Rule::Single { "ONE_ROUNDING" } else { "TWO_ROUNDINGS" };
            (rule, mantissas, shifts, "0".to_owned())
        }
        Scaling::Real { ratios } => {
            let items = ratios.iter().map(|r| text::f64(*r)).collect();
            ("REAL", "0".to_owned(), "0".to_owned(), layer.array("double", &format!("ratios{what}"), items, 8))
        }
    };
    format!("{{{rule}, {mantissas}, {shifts}, {ratios}, {}, {}, {}}}", out.zero, out.codes.min, out.codes.max)
}

/// An initializer of `struct panels_i8`.
fn panels(layer: &mut Layer<'_, '_, '_>, p: &Panels, what: &str) -> String {
    let weights = layer.array("int8_t", &format!("weights{what}"), p.weights.iter().map(i8::to_string).collect(), 1);
    let bias = layer.i32s(&format!("bias{what}"), p.bias.iter().copied());
    let out = from_sums(layer, &p.out, what);
    format!("{{{}, {}, {}, {weights}, {bias}, {out}}}", p.outputs, p.depth, u8::from(p.lowest))
}

/// Calls a kernel with its struct, input, result and scratch.
fn call(layer: &mut Layer<'_, '_, '_>, function: &'static str, k: String, scratch: usize) -> Result<()> {
    let mut args = vec![k, layer.ptr(0)?, layer.out(0)?];
    args.push(if scratch > 0 { layer.scratch("int8_t", scratch) } else { "0".into() });
    layer.call(function, &args);
    Ok(())
}

pub(super) fn conv_2d(layer: &mut Layer<'_, '_, '_>, conv: &Conv, batch: usize, channels: usize, zero: i32) -> Result<()> {
    layer.needs("conv_packed_i8");
    let groups = conv.groups();
    let mut items = Vec::new();
    for (g, p) in groups.iter().enumerate() {
        let what = if groups.len() > 1 { format!("_{g}") } else { String::new() };
        items.push(panels(layer, p, &what));
    }
    let count = groups.len();
    let filters: usize = groups.iter().map(|p| p.outputs).sum();
    let panels = layer.array("struct panels_i8", "panels", items, 0);
    let fields = [
        ("image", image(batch, channels, filters, conv.window())),
        ("groups", count.to_string()),
        ("tile", conv.tile().to_string()),
        ("x_zero", zero.to_string()),
        ("panels", panels),
    ];
    let k = layer.structure("conv_packed_i8", &fields);
    call(layer, "conv_packed_i8", k, conv.scratch())
}

pub(super) fn depthwise_conv_2d(
    layer: &mut Layer<'_, '_, '_>,
    conv: &Depthwise,
    batch: usize,
    channels: usize,
    zero: i32,
) -> Result<()> {
    layer.needs("depthwise_packed_i8");
    let taps = conv.taps();
    let weights = layer.array("int8_t", "weights", taps.weights.iter().map(i8::to_string).collect(), 1);
    let bias = layer.i32s("bias", taps.bias.iter().copied());
    let out = from_sums(layer, &taps.out, "");
    let offsets = layer.i32s("offsets", conv.offsets().iter().map(|o| *o as i32));
    let window: &Window = conv.window();
    let filters = conv.shape()[3];
    let per_line = conv.offsets().len() / conv.reach().max(1);
    let fields = [
        ("image", image(batch, channels, filters, window)),
        ("x_zero", zero.to_string()),
        ("reach", conv.reach().to_string()),
        ("line", conv.line().to_string()),
        ("taps", per_line.to_string()),
        ("offsets", offsets),
        ("weights", weights),
        ("bias", bias),
        ("out", out),
    ];
    let k = layer.structure("depthwise_packed_i8", &fields);
    call(layer, "depthwise_packed_i8", k, conv.scratch())
}

pub(super) fn fully_connected(layer: &mut Layer<'_, '_, '_>, of: &FullyConnected, rows: usize) -> Result<()> {
    layer.needs("fully_connected_packed_i8");
    let panels = panels(layer, of.panels(), "");
    let items = vec![panels];
    let k = layer.array("struct panels_i8", "panels", items, 0);
    let args = [k, rows.to_string(), layer.ptr(0)?, layer.out(0)?];
    layer.call("fully_connected_packed_i8", &args);
    Ok(())
}
