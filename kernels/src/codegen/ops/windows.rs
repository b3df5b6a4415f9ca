//! Pooling and resizing of images.

use ir::dialect::tfl;

use super::elementwise::limits_text;
use super::weighted::{image, rank_4};
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result, ensure};
use crate::eval::quantized::whole;
use crate::float::resize::Placement;
use crate::geometry::{Axis, Window};
use crate::reference::{Code, resize};

/// The window of a pooling operation over operand 0.
fn window(layer: &Layer<'_, '_, '_>) -> Result<Window> {
    let [_, h, w, _] = rank_4(&layer.shape(0)?)?;
    let get = |n: &str| {
        let v = usize::try_from(layer.attr_int(n)).unwrap_or(0);
        ensure(v > 0, || format!("`{n}` is not positive")).map(|()| v)
    };
    let same = layer.op.attr("padding").and_then(ir::Attr::as_str) == Some("SAME");
    Ok(Window {
        y: Axis::new(h, get("filter_height")?, get("stride_h")?, 1, same)?,
        x: Axis::new(w, get("filter_width")?, get("stride_w")?, 1, same)?,
    })
}

pub(super) fn pool(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let [n, _, _, c] = rank_4(&layer.shape(0)?)?;
    let image = image(n, c, c, &window(layer)?);
    let kind = layer.kind().trim_end_matches("_pool_2d").to_owned();
    if layer.elem(0)?.quant().is_some() {
        let codes = whole::pool_codes(&layer.types)?;
        let (c_type, least) = (layer.c_type(0)?, layer.types.range(0)?.min);
        let name = format!("{kind}_pool_{}", layer.suffix(0)?);
        match kind.as_str() {
            "average" => layer.instance("average_pool", format!("AVERAGE_POOL({name}, {c_type})")),
            "max" => layer.instance("max_pool", format!("MAX_POOL({name}, {c_type}, {least})")),
            _ => return Err(KernelError::new("no integer kernel computes it")),
        }
        let fields = [("image", image), ("min", codes.min.to_string()), ("max", codes.max.to_string())];
        let k = layer.structure("pool", &fields);
        let args = [k, layer.ptr(0)?, layer.out(0)?];
        layer.call(&name, &args);
        return Ok(());
    }
    let (start, step, end) = match kind.as_str() {
        "average" => ("0.0f", "old + v", "v / taps"),
        "max" => ("-HUGE_VALF", "v > old || old != old ? v : old", "v"),
        _ => ("0.0f", "old + v * v", "sqrtf(v / taps)"),
    };
    let act = layer.types.activation()?;
    let out = limits_text(layer, act);
    let name = format!("{kind}_pool_f32");
    layer.instance("pool_f32", format!("POOL_F32({name}, {start}, {step}, {end})"));
    let k = layer.structure("pool_f32", &[("image", image), ("out", out)]);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

pub(super) fn resize_bilinear(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::ResizeBilinear = layer.row()?;
    let place = Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers };
    let [n, h, w, c] = rank_4(&layer.shape(0)?)?;
    let [_, rows, columns, _] = rank_4(&layer.out_shape(0)?)?;
    ensure(h > 0 && w > 0, || "an image without pixels".into())?;
    // LiteRT resizes images of uint8 in float32.
    let range = layer.elem(0)?.quant().map(|_| layer.types.range(0)).transpose()?;
    let in_float = range.is_none_or(|r| r == u8::ALL);
    let sources = |layer: &mut Layer<'_, '_, '_>, what: &str, sources: Vec<[usize; 2]>| {
        layer.i32s(what, sources.into_iter().flatten().map(|i| i as i32))
    };
    let (y, x, y_weights, x_weights);
    if !in_float {
        let (ys, xs) = (resize::sources(h, rows, place), resize::sources(w, columns, place));
        y = sources(layer, "rows", ys.iter().map(|s| s.map(|(i, _)| i)).collect());
        x = sources(layer, "columns", xs.iter().map(|s| s.map(|(i, _)| i)).collect());
        y_weights = layer.i32s("row_weights", ys.iter().flatten().map(|(_, w)| *w as i32));
        x_weights = layer.i32s("column_weights", xs.iter().flatten().map(|(_, w)| *w as i32));
    } else {
        let all = |input, output| (0..output).map(|o| place.linear(o, input, output)).collect::<Vec<_>>();
        let (ys, xs) = (all(h, rows), all(w, columns));
        y = sources(layer, "rows", ys.iter().map(|(a, b, _)| [*a, *b]).collect());
        x = sources(layer, "columns", xs.iter().map(|(a, b, _)| [*a, *b]).collect());
        y_weights = layer.f32s("row_weights", &ys.iter().map(|s| s.2).collect::<Vec<_>>());
        x_weights = layer.f32s("column_weights", &xs.iter().map(|s| s.2).collect::<Vec<_>>());
    }
    let of = text::list([n, h, w, c, rows, columns]);
    let of = format!("{}, {y}, {x}}}", of.trim_end_matches('}'));
    let name = format!("resize_bilinear_{}", layer.suffix(0)?);
    let c_type = layer.c_type(0)?;
    let kind = if in_float { "resize_values" } else { "resize_codes" };
    let text = match (in_float, range) {
        (false, _) => format!("RESIZE_CODES({name}, {c_type})"),
        (true, None) => format!("RESIZE_VALUES({name}, {c_type}, v)"),
        (true, Some(_)) => format!("RESIZE_VALUES({name}, {c_type}, v + 0.5f)"),
    };
    layer.instance(kind, text);
    let k = layer.structure(kind, &[("of", of), ("y_weights", y_weights), ("x_weights", x_weights)]);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}
