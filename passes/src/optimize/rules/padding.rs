//! Padding and dilation that are attributes of a convolution rather than operations around it.

use ir::dialect::tfl::{self, Padding};
use ir::{Attr, Dim, OpId, Operation, Tensor, Value};

use crate::optimize::rewrite::Rewriter;

/// How a convolution's window moves along one dimension of the image.
#[derive(Clone, Copy)]
struct Window {
    size: i64,
    stride: i64,
    dilation: i64,
}

impl Window {
    /// The padding in front and behind that SAME means for an image of a size.
    fn same(self, image: i64) -> [i64; 2] {
        let out = (image + self.stride - 1) / self.stride;
        let total = ((out - 1) * self.stride + (self.size - 1) * self.dilation + 1 - image).max(0);
        [total / 2, total - total / 2]
    }
}

/// The windows along height and width of a convolution.
fn windows(r: &Rewriter<'_>, op: &Operation) -> Option<[Window; 2]> {
    let [_, Some(h), Some(w), _] = *r.shape(*op.operands().get(1)?)? else { return None };
    let attr = |name: &str| op.attr(name).and_then(Attr::as_int).filter(|v| *v > 0);
    let window = |size: usize, stride: &str, dilation: &str| {
        Some(Window { size: size as i64, stride: attr(stride)?, dilation: attr(dilation)? })
    };
    Some([window(h, "stride_h", "dilation_h_factor")?, window(w, "stride_w", "dilation_w_factor")?])
}

fn is_valid(op: &Operation) -> bool {
    op.attr("padding").and_then(Attr::as_str) == Some(Padding::Valid.as_str())
}

/// Whether pads of height and width, given as `[front, behind]`, are what SAME means.
fn is_same(image: &[Dim], windows: [Window; 2], pads: [[i64; 2]; 2]) -> bool {
    let [_, Some(h), Some(w), _] = *image else { return false };
    [h, w].iter().zip(windows).zip(pads).all(|((d, window), pad)| window.same(*d as i64) == pad)
}

/// A convolution without padding behind a pad of zeros, which together are one of padding SAME
pub fn pad_to_same(r: &mut Rewriter<'_>) -> Option<Value> {
    let pad = r.def::<tfl::Pad>(r.input(0)?)?;
    let [0, 0, top, bottom, left, right, 0, 0] = r.ints(pad.ins[1])?[..] else { return None };
    let x = pad.ins[0];
    if !is_valid(r.op()) || !is_same(r.shape(x)?, windows(r, r.op())?, [[top, bottom], [left, right]]) {
        return None;
    }
    let mut operands = r.op().operands().to_vec();
    operands[0] = x;
    let v = r.root_with(&operands)?;
    r.set(v, "padding", Attr::str(Padding::Same.as_str()));
    Some(v)
}

/// `batch_to_space_nd(op(space_to_batch_nd(x)))` is a dilated convolution.
///
/// What is padded in front and not cropped again behind is the convolution's own padding.
pub fn dilation(r: &mut Rewriter<'_>) -> Option<Value> {
    let y = r.input(0)?;
    let id: OpId = r.body.def_op(y).filter(|_| r.body.has_one_use(y))?;
    let op = r.body.op(id);
    if !op.name.def().is_some_and(|d| CONVOLUTIONS.contains(&d.name)) || !is_valid(op) {
        return None;
    }
    let unit = windows(r, op)?;
    if unit.iter().any(|w| w.stride != 1 || w.dilation != 1) {
        return None;
    }
    let mut operands = op.operands().to_vec();
    let to_batch = r.only::<tfl::SpaceToBatchNd>(operands[0])?;
    let x = to_batch.ins[0];
    let blocks = r.ints(r.input(1)?)?;
    let [bh, bw] = blocks[..] else { return None };
    if r.ints(to_batch.ins[1])? != blocks {
        return None;
    }
    let (pads, crops) = (r.ints(to_batch.ins[2])?, r.ints(r.input(2)?)?);
    let [top, bottom, left, right] = pads.iter().zip(&crops).map(|(p, c)| p - c).collect::<Vec<_>>()[..] else {
        return None;
    };
    if [top, bottom, left, right].iter().any(|p| *p < 0) {
        return None;
    }
    let dilated = [Window { dilation: bh, ..unit[0] }, Window { dilation: bw, ..unit[1] }];
    let mut padding = Padding::Valid;
    operands[0] = x;
    if is_same(r.shape(x)?, dilated, [[top, bottom], [left, right]]) && [top, bottom, left, right] != [0; 4] {
        padding = Padding::Same;
    } else if [top, bottom, left, right] != [0; 4] {
        let pads = [0, 0, top, bottom, left, right, 0, 0].map(|p| p as i32).to_vec();
        let pads = r.new_constant(Tensor::i32(&[4, 2], pads));
        operands[0] = r.emit(&tfl::Pad {}, &[x, pads])?;
    }
    let v = r.again(id, &operands, None)?;
    r.set(v, "padding", Attr::str(padding.as_str()));
    r.set(v, "dilation_h_factor", Attr::i32(bh as i32));
    r.set(v, "dilation_w_factor", Attr::i32(bw as i32));
    Some(v)
}

const CONVOLUTIONS: [&str; 2] = ["tfl.conv_2d", "tfl.depthwise_conv_2d"];
