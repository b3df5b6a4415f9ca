//! Which rule legalizes which operation.

use ir::dialect::tfl::{self, MirrorPadMode};
use ir::infer::InferError;
use ir::{Dim, Elem, OpRow, Tensor, Type, Value};

use super::lower::{Lower, Lowered};
use super::{composed, einsum, nn};

/// Applies the rule of an operation; `None` if there is none.
pub(super) fn apply(l: &mut Lower<'_>) -> Result<Option<Vec<Value>>, InferError> {
    let name = l.op.name.as_str().trim_start_matches("tf.").to_owned();
    let one = |r: Lowered| r.map(|v| Some(vec![v]));
    if let Some(v) = elementwise(l, &name) {
        return one(v);
    }
    match name.as_str() {
        "Const" => {
            let t = l.op.attr("value").and_then(ir::Attr::as_tensor).cloned();
            one(t.map(|t| l.constant(t)).ok_or_else(|| InferError::new("it has no value")))
        }
        "Identity"
        | "StopGradient"
        | "PreventGradient"
        | "Snapshot"
        | "CheckNumerics"
        | "PlaceholderWithDefault"
        | "EnsureShape" => one(l.input(0)),
        "IdentityN" => Ok(Some(l.op.operands().to_vec())),
        "NoOp" | "Assert" => Ok(Some(Vec::new())),

        "Conv2D" => one(nn::conv_2d(l)),
        "DepthwiseConv2dNative" => one(nn::depthwise(l)),
        "Conv2DBackpropInput" => one(nn::conv_2d_backprop_input(l)),
        "Conv3D" => one(nn::conv_3d(l)),
        "MatMul" => one(nn::mat_mul(l)),
        "BatchMatMul" | "BatchMatMulV2" | "BatchMatMulV3" => one(nn::batch_mat_mul(l)),
        "Einsum" => one(einsum::einsum(l)),
        "BiasAdd" | "BiasAddV1" => one(nn::bias_add(l)),
        "FusedBatchNorm" | "FusedBatchNormV2" | "FusedBatchNormV3" => one(nn::fused_batch_norm(l)),
        "MaxPool" => one(nn::pool(l, true)),
        "AvgPool" => one(nn::pool(l, false)),
        "Softmax" => one(nn::softmax(l)),
        "LogSoftmax" => one(same(l, &tfl::LogSoftmax {}, 1)),
        "LRN" => {
            let row = tfl::LocalResponseNormalization {
                alpha: l.attr_f32("alpha", 1.0),
                beta: l.attr_f32("beta", 0.5),
                bias: l.attr_f32("bias", 1.0),
                radius: l.attr_int("depth_radius", 5) as i32,
            };
            one(same(l, &row, 1))
        }

        "Mean" => one(reduce(l, |keep_dims| tfl::Mean { keep_dims })),
        "Sum" => one(reduce(l, |keep_dims| tfl::Sum { keep_dims })),
        "Max" => one(reduce(l, |keep_dims| tfl::ReduceMax { keep_dims })),
        "Min" => one(reduce(l, |keep_dims| tfl::ReduceMin { keep_dims })),
        "Prod" => one(reduce(l, |keep_dims| tfl::ReduceProd { keep_dims })),
        "Any" => one(reduce(l, |keep_dims| tfl::ReduceAny { keep_dims })),
        "All" => one(reduce(l, |keep_dims| tfl::ReduceAll { keep_dims })),
        "ArgMax" => one(arg_reduce(l, &tfl::ArgMax {})),
        "ArgMin" => one(arg_reduce(l, &tfl::ArgMin {})),
        "TopKV2" => {
            let (x, k) = (l.input(0)?, l.input(1)?);
            let k = l.index(k)?;
            l.emit_all(&tfl::TopKV2 {}, &[x, k]).map(Some)
        }
        "Cumsum" => {
            let (x, axis) = (l.input(0)?, l.input(1)?);
            let axis = l.index(axis)?;
            let row =
                tfl::Cumsum { exclusive: l.attr_bool("exclusive", false), reverse: l.attr_bool("reverse", false) };
            one(l.emit(&row, &[x, axis]))
        }

        "Reshape" => one(reshape(l)),
        "Squeeze" => one(squeeze(l)),
        "ExpandDims" => one(expand_dims(l)),
        "Transpose" => one(indexed(l, &tfl::Transpose {}, &[1])),
        "ConcatV2" => concat(l, true).map(|v| Some(vec![v])),
        "Concat" => concat(l, false).map(|v| Some(vec![v])),
        "Pack" => one(pack(l)),
        "Unpack" => {
            let x = l.input(0)?;
            let row = tfl::Unpack { axis: l.attr_int("axis", 0) as i32, num: l.op.results().len() as i32 };
            l.emit_all(&row, &[x]).map(Some)
        }
        "Split" => {
            let (axis, x) = (l.input(0)?, l.input(1)?);
            l.emit_all(&tfl::Split { num_splits: l.op.results().len() as i32 }, &[axis, x]).map(Some)
        }
        "SplitV" => {
            let (x, sizes, axis) = (l.input(0)?, l.input(1)?, l.input(2)?);
            let (sizes, axis) = (l.index(sizes)?, l.index(axis)?);
            l.emit_all(&tfl::SplitV { num_splits: l.op.results().len() as i32 }, &[x, sizes, axis]).map(Some)
        }
        "Slice" => one(indexed(l, &tfl::Slice {}, &[1, 2])),
        "StridedSlice" => one(strided_slice(l)),
        "Gather" | "GatherV2" => one(gather(l)),
        "GatherNd" => one(same(l, &tfl::GatherNd {}, 2)),
        "ScatterNd" => one(indexed(l, &tfl::ScatterNd {}, &[0, 2])),
        "OneHot" => {
            let (i, d, on, off) = (l.input(0)?, l.input(1)?, l.input(2)?, l.input(3)?);
            one(l.emit(&tfl::OneHot { axis: l.attr_int("axis", -1) as i32 }, &[i, d, on, off]))
        }
        "Pad" => one(indexed(l, &tfl::Pad {}, &[1])),
        "PadV2" => one(indexed(l, &tfl::PadV2 {}, &[1])),
        "MirrorPad" => {
            let mode =
                if l.attr_str("mode") == "SYMMETRIC" { MirrorPadMode::Symmetric } else { MirrorPadMode::Reflect };
            one(indexed(l, &tfl::MirrorPad { mode }, &[1]))
        }
        "Tile" => one(indexed(l, &tfl::Tile {}, &[1])),
        "BroadcastTo" => one(indexed(l, &tfl::BroadcastTo {}, &[1])),
        "Fill" => one(indexed(l, &tfl::Fill {}, &[0])),
        "Range" => one(same(l, &tfl::Range {}, 3)),
        "Shape" => {
            let out = l.attr_elem("out_type", Elem::I32);
            let x = l.input(0)?;
            one(l.emit_as(&tfl::Shape {}, &[x], out))
        }
        "Rank" => {
            let x = l.input(0)?;
            match l.rank(x) {
                Ok(r) => Ok(Some(vec![l.i32(r as i64)])),
                Err(_) => one(l.emit(&tfl::Rank {}, &[x])),
            }
        }
        "Size" => one(size(l)),
        "ZerosLike" => one(filled_like(l, 0.0)),
        "OnesLike" => one(filled_like(l, 1.0)),
        "Where" => one(same(l, &tfl::Where {}, 1)),
        "Select" | "SelectV2" => one(select(l)),
        "Cast" => {
            let x = l.input(0)?;
            let to = l.attr_elem("DstT", Elem::F32);
            one(cast(l, x, to))
        }
        "ResizeBilinear" => {
            let row = tfl::ResizeBilinear {
                align_corners: l.attr_bool("align_corners", false),
                half_pixel_centers: l.attr_bool("half_pixel_centers", false),
            };
            one(resize(l, &row))
        }
        "ResizeNearestNeighbor" => {
            let row = tfl::ResizeNearestNeighbor {
                align_corners: l.attr_bool("align_corners", false),
                half_pixel_centers: l.attr_bool("half_pixel_centers", false),
            };
            one(resize(l, &row))
        }
        "SpaceToDepth" => one(same(l, &tfl::SpaceToDepth { block_size: l.attr_int("block_size", 1) as i32 }, 1)),
        "DepthToSpace" => one(same(l, &tfl::DepthToSpace { block_size: l.attr_int("block_size", 1) as i32 }, 1)),
        "SpaceToBatchND" => one(indexed(l, &tfl::SpaceToBatchNd {}, &[1, 2])),
        "BatchToSpaceND" => one(indexed(l, &tfl::BatchToSpaceNd {}, &[1, 2])),
        "SpaceToBatch" => one(square_block(l, &tfl::SpaceToBatchNd {})),
        "BatchToSpace" => one(square_block(l, &tfl::BatchToSpaceNd {})),
        "ReverseV2" => one(indexed(l, &tfl::ReverseV2 {}, &[1])),
        "MatrixDiag" | "MatrixDiagV2" | "MatrixDiagV3" => one(same(l, &tfl::MatrixDiag {}, 1)),
        "RandomUniform" => {
            let shape = l.input(0)?;
            let shape = l.index(shape)?;
            let row = tfl::RandomUniform { seed: l.attr_int("seed", 0), seed2: l.attr_int("seed2", 0) };
            one(l.emit(&row, &[shape]))
        }
        _ => Ok(None),
    }
}

/// The same operands and no attributes that differ.
fn same<R: OpRow>(l: &mut Lower<'_>, row: &R, operands: usize) -> Lowered {
    let ins = (0..operands).map(|i| l.input(i)).collect::<Result<Vec<_>, _>>()?;
    l.emit(row, &ins)
}

/// The same operands, of which some are indices that TFLite wants as int32.
fn indexed<R: OpRow>(l: &mut Lower<'_>, row: &R, indices: &[usize]) -> Lowered {
    let mut ins = l.op.operands().to_vec();
    for i in indices {
        let v = l.input(*i)?;
        ins[*i] = l.index(v)?;
    }
    l.emit(row, &ins)
}

/// An operation on square blocks of height and width, their size an attribute, as one on blocks of any shape.
fn square_block<R: OpRow>(l: &mut Lower<'_>, row: &R) -> Lowered {
    let (x, border) = (l.input(0)?, l.input(1)?);
    let border = l.index(border)?;
    let size = l.attr_int("block_size", 1);
    let block = l.i32s(&[size, size]);
    l.emit(row, &[x, block, border])
}

/// Element-wise operations, and those made of a few of them.
fn elementwise(l: &mut Lower<'_>, name: &str) -> Option<Lowered> {
    Some(match name {
        "Add" | "AddV2" => binary(l, &tfl::Add::default(), true),
        "Sub" => binary(l, &tfl::Sub::default(), false),
        "Mul" => binary(l, &tfl::Mul::default(), true),
        "RealDiv" | "Div" => div(l),
        "TruncateDiv" => binary(l, &tfl::Div::default(), false),
        "FloorDiv" => binary(l, &tfl::FloorDiv {}, false),
        "FloorMod" => binary(l, &tfl::FloorMod {}, false),
        "Maximum" => binary(l, &tfl::Maximum {}, true),
        "Minimum" => binary(l, &tfl::Minimum {}, true),
        "SquaredDifference" => binary(l, &tfl::SquaredDifference {}, false),
        "Pow" => pow(l),
        "Atan2" => binary(l, &tfl::Atan2 {}, false),
        "Equal" => binary(l, &tfl::Equal {}, true),
        "NotEqual" => binary(l, &tfl::NotEqual {}, true),
        "Less" => binary(l, &tfl::Less {}, false),
        "LessEqual" => binary(l, &tfl::LessEqual {}, false),
        "Greater" => binary(l, &tfl::Greater {}, false),
        "GreaterEqual" => binary(l, &tfl::GreaterEqual {}, false),
        "LogicalAnd" => binary(l, &tfl::LogicalAnd {}, false),
        "LogicalOr" => binary(l, &tfl::LogicalOr {}, false),
        "LogicalNot" => same(l, &tfl::LogicalNot {}, 1),
        "AddN" => add_n(l),
        "Abs" => same(l, &tfl::Abs {}, 1),
        "Ceil" => same(l, &tfl::Ceil {}, 1),
        "Cos" => same(l, &tfl::Cos {}, 1),
        "Elu" => same(l, &tfl::Elu {}, 1),
        "Exp" => same(l, &tfl::Exp {}, 1),
        "Floor" => same(l, &tfl::Floor {}, 1),
        "Log" => same(l, &tfl::Log {}, 1),
        "Neg" => same(l, &tfl::Neg {}, 1),
        "Relu" => same(l, &tfl::Relu {}, 1),
        "Relu6" => same(l, &tfl::Relu6 {}, 1),
        "LeakyRelu" => same(l, &tfl::LeakyRelu { alpha: l.attr_f32("alpha", 0.2) }, 1),
        "Round" | "Rint" => same(l, &tfl::Round {}, 1),
        "Rsqrt" => same(l, &tfl::Rsqrt {}, 1),
        "Sign" => same(l, &tfl::Sign {}, 1),
        "Sin" => same(l, &tfl::Sin {}, 1),
        "Sqrt" => same(l, &tfl::Sqrt {}, 1),
        "Square" => same(l, &tfl::Square {}, 1),
        "Sigmoid" => same(l, &tfl::Logistic {}, 1),
        "Tanh" => same(l, &tfl::Tanh {}, 1),
        _ => return composed::apply(l, name),
    })
}

/// Two operands; of a commutative operation a constant goes to the right.
fn binary<R: OpRow>(l: &mut Lower<'_>, row: &R, commutative: bool) -> Lowered {
    let (mut a, mut b) = (l.input(0)?, l.input(1)?);
    if commutative && l.is_constant(a) && !l.is_constant(b) {
        std::mem::swap(&mut a, &mut b);
    }
    l.emit(row, &[a, b])
}

/// Division by a constant is a product with its reciprocal.
fn div(l: &mut Lower<'_>) -> Lowered {
    let (a, b) = (l.input(0)?, l.input(1)?);
    let inverse = l.body.constant(b).and_then(|t| {
        let values = t.as_f32()?;
        if l.is_constant(a) || values.contains(&0.0) {
            return None;
        }
        Some(Tensor::f32(&t.shape(), values.iter().map(|v| 1.0 / v).collect()))
    });
    match inverse {
        Some(t) => {
            let c = l.constant(t);
            l.emit(&tfl::Mul::default(), &[a, c])
        }
        None => l.emit(&tfl::Div::default(), &[a, b]),
    }
}

fn pow(l: &mut Lower<'_>) -> Lowered {
    let (a, b) = (l.input(0)?, l.input(1)?);
    let scalar = l.shape(b).is_some_and(|s| s.is_empty());
    match l.splat(b).filter(|_| scalar) {
        Some(1.0) => Ok(a),
        Some(2.0) => l.emit(&tfl::Mul::default(), &[a, a]),
        Some(0.5) => l.emit(&tfl::Sqrt {}, &[a]),
        Some(-0.5) => l.emit(&tfl::Rsqrt {}, &[a]),
        _ => l.emit(&tfl::Pow {}, &[a, b]),
    }
}

fn add_n(l: &mut Lower<'_>) -> Lowered {
    match l.op.operands() {
        [only] => Ok(*only),
        all => {
            let all = all.to_vec();
            l.emit(&tfl::AddN {}, &all)
        }
    }
}

fn reduce<R: OpRow>(l: &mut Lower<'_>, row: impl Fn(bool) -> R) -> Lowered {
    let (x, axes) = (l.input(0)?, l.input(1)?);
    let axes = l.index(axes)?;
    // A single axis may be a scalar in TensorFlow.
    let axes = if l.shape(axes).is_some_and(|s| s.is_empty()) { l.reshape(axes, &[Some(1)])? } else { axes };
    l.emit(&row(l.attr_bool("keep_dims", false)), &[x, axes])
}

fn arg_reduce<R: OpRow>(l: &mut Lower<'_>, row: &R) -> Lowered {
    let (x, axis) = (l.input(0)?, l.input(1)?);
    let axis = l.index(axis)?;
    let out = l.attr_elem("output_type", Elem::I64);
    l.emit_as(row, &[x, axis], out)
}

fn reshape(l: &mut Lower<'_>) -> Lowered {
    let (x, shape) = (l.input(0)?, l.input(1)?);
    let shape = l.index(shape)?;
    let y = l.emit(&tfl::Reshape {}, &[x, shape])?;
    // A size of -1 that is known by now is written out.
    let (now, given) = (l.shape(y).and_then(|s| s.into_iter().collect::<Option<Vec<usize>>>()), l.body.constant(shape));
    match (now, given.and_then(Tensor::to_i64)) {
        (Some(now), Some(given)) if given.contains(&-1) => {
            let now: Vec<Dim> = now.into_iter().map(Some).collect();
            l.reshape(x, &now)
        }
        _ => Ok(y),
    }
}

fn squeeze(l: &mut Lower<'_>) -> Lowered {
    let x = l.input(0)?;
    let mut dims = l.attr_ints("squeeze_dims");
    if dims.is_empty() {
        dims = l.attr_ints("axis");
    }
    let rank = l.rank(x)?;
    let shape = l.shape(x).unwrap_or_default();
    let drop: Vec<usize> = match dims.is_empty() {
        true => (0..rank).filter(|i| shape[*i] == Some(1)).collect(),
        false => dims.iter().map(|d| ir::infer::axis(*d, rank)).collect::<Result<_, _>>()?,
    };
    let kept: Vec<Dim> = (0..rank).filter(|i| !drop.contains(i)).map(|i| shape[i]).collect();
    if kept.iter().filter(|d| d.is_none()).count() <= 1 {
        return l.reshape(x, &kept);
    }
    let squeeze_dims = ir::Attr::Array(drop.iter().map(|d| ir::Attr::i64(*d as i64)).collect());
    l.emit(&tfl::Squeeze { squeeze_dims: Some(squeeze_dims) }, &[x])
}

fn expand_dims(l: &mut Lower<'_>) -> Lowered {
    let (x, dim) = (l.input(0)?, l.input(1)?);
    let shape = l.shape(x);
    if let (Some(mut shape), Some([d])) = (shape, l.ints(dim, "axis").ok().as_deref()) {
        let at = ir::infer::axis(*d, shape.len() + 1)?;
        shape.insert(at, Some(1));
        if shape.iter().filter(|d| d.is_none()).count() <= 1 {
            return l.reshape(x, &shape);
        }
    }
    let dim = l.index(dim)?;
    l.emit(&tfl::ExpandDims {}, &[x, dim])
}

fn concat(l: &mut Lower<'_>, axis_last: bool) -> Lowered {
    let mut values = l.op.operands().to_vec();
    let axis = if axis_last { values.pop() } else { (!values.is_empty()).then(|| values.remove(0)) };
    let axis = axis.ok_or_else(|| InferError::new("it has no axis"))?;
    let axis = l.ints(axis, "axis")?.first().copied().unwrap_or(0);
    if let [only] = values[..] {
        return Ok(only);
    }
    let fused_activation_function = tfl::Activation::None;
    l.emit(&tfl::Concatenation { axis: axis as i32, fused_activation_function }, &values)
}

fn pack(l: &mut Lower<'_>) -> Lowered {
    let values = l.op.operands().to_vec();
    l.emit(&tfl::Pack { axis: l.attr_int("axis", 0) as i32, values_count: values.len() as i32 }, &values)
}

fn gather(l: &mut Lower<'_>) -> Lowered {
    let (x, i) = (l.input(0)?, l.input(1)?);
    let axis = match l.op.operands().get(2) {
        Some(a) => l.ints(*a, "axis")?.first().copied().unwrap_or(0),
        None => 0,
    };
    let axis = ir::infer::axis(axis, l.rank(x)?)? as i32;
    l.emit(&tfl::Gather { axis, batch_dims: Some(l.attr_int("batch_dims", 0) as i32) }, &[x, i])
}

fn size(l: &mut Lower<'_>) -> Lowered {
    let x = l.input(0)?;
    let out = l.attr_elem("out_type", Elem::I32);
    let n = match l.body.tensor_ty(x).and_then(|t| t.num_elements()) {
        Some(n) => l.i32(n as i64),
        None => {
            let s = l.emit(&tfl::Shape {}, &[x])?;
            let zero = l.i32s(&[0]);
            l.emit(&tfl::ReduceProd { keep_dims: false }, &[s, zero])?
        }
    };
    cast(l, n, out)
}

/// A value of another element type; itself if it has the type.
fn cast(l: &mut Lower<'_>, x: Value, to: Elem) -> Lowered {
    if l.elem(x) == to {
        return Ok(x);
    }
    let ty = l.body.tensor_ty(x).map(|t| t.with_elem(to)).ok_or_else(|| InferError::new("it takes a tensor"))?;
    Ok(l.emit_typed(&tfl::Cast {}, &[x], Type::Tensor(ty)))
}

fn filled_like(l: &mut Lower<'_>, value: f32) -> Lowered {
    let x = l.input(0)?;
    if value == 0.0 && l.body.tensor_ty(x).and_then(|t| t.num_elements()).is_none() {
        return l.emit(&tfl::ZerosLike {}, &[x]);
    }
    let one = l.scalar(value);
    let elem = l.elem(x);
    let one = cast(l, one, elem)?;
    let shape = l.emit(&tfl::Shape {}, &[x])?;
    l.emit(&tfl::Fill {}, &[shape, one])
}

fn select(l: &mut Lower<'_>) -> Lowered {
    let (c, x, y) = (l.input(0)?, l.input(1)?, l.input(2)?);
    let shapes: Vec<_> = [c, x, y].iter().map(|v| l.body.tensor_ty(*v).and_then(|t| t.static_shape())).collect();
    let equal = shapes[0].is_some() && shapes.iter().all(|s| *s == shapes[0]);
    if equal || l.op.name.as_str() == "tf.Select" {
        return l.emit(&tfl::Select {}, &[c, x, y]);
    }
    l.emit(&tfl::SelectV2 {}, &[c, x, y])
}

fn resize<R: OpRow>(l: &mut Lower<'_>, row: &R) -> Lowered {
    let (x, size) = (l.input(0)?, l.input(1)?);
    let x = cast(l, x, Elem::F32)?;
    let size = l.index(size)?;
    l.emit(row, &[x, size])
}

/// New axes become a reshape of the input, an ellipsis full dimensions.
fn strided_slice(l: &mut Lower<'_>) -> Lowered {
    let mut x = l.input(0)?;
    let mask = |l: &Lower<'_>, name: &str| l.attr_int(name, 0);
    let (ellipsis, new_axis) = (mask(l, "ellipsis_mask"), mask(l, "new_axis_mask"));
    let (mut begin_mask, mut end_mask, mut shrink) =
        (mask(l, "begin_mask"), mask(l, "end_mask"), mask(l, "shrink_axis_mask"));
    let (mut b, mut e, mut s) = (l.input(1)?, l.input(2)?, l.input(3)?);
    if ellipsis != 0 || new_axis != 0 {
        let rank = l.rank(x)?;
        let (bv, ev, sv) = (l.ints(b, "begin")?, l.ints(e, "end")?, l.ints(s, "strides")?);
        let shape = l.shape(x).unwrap_or_default();
        let bit = |m: i64, i: usize| m >> i & 1 == 1;
        let news = (0..bv.len()).filter(|i| bit(new_axis, *i) && !bit(ellipsis, *i)).count();
        let mut with_news = Vec::new();
        let (mut nb, mut ne, mut ns) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bm, mut em, mut sm) = (0i64, 0i64, 0i64);
        let mut dim = 0;
        for i in 0..bv.len() {
            let at = nb.len();
            if bit(ellipsis, i) {
                let skip = (rank + 1 + news).saturating_sub(bv.len());
                for d in shape.iter().skip(dim).take(skip) {
                    bm |= 1 << nb.len();
                    em |= 1 << nb.len();
                    with_news.push(*d);
                    nb.push(0);
                    ne.push(0);
                    ns.push(1);
                }
                dim += skip;
                continue;
            }
            if bit(new_axis, i) {
                with_news.push(Some(1));
                bm |= 1 << at;
                em |= 1 << at;
                nb.push(0);
                ne.push(0);
                ns.push(1);
                continue;
            }
            with_news.push(*shape.get(dim).ok_or_else(|| InferError::new("more slices than dimensions"))?);
            dim += 1;
            bm |= i64::from(bit(begin_mask, i)) << at;
            em |= i64::from(bit(end_mask, i)) << at;
            sm |= i64::from(bit(shrink, i)) << at;
            nb.push(bv[i]);
            ne.push(ev[i]);
            ns.push(sv[i]);
        }
        with_news.extend_from_slice(shape.get(dim..).unwrap_or(&[]));
        if news > 0 {
            x = l.reshape(x, &with_news)?;
        }
        (begin_mask, end_mask, shrink) = (bm, em, sm);
        (b, e, s) = (l.i32s(&nb), l.i32s(&ne), l.i32s(&ns));
    }
    let (b, e, s) = (l.index(b)?, l.index(e)?, l.index(s)?);
    let row = tfl::StridedSlice {
        begin_mask: begin_mask as i32,
        end_mask: end_mask as i32,
        shrink_axis_mask: shrink as i32,
        ..Default::default()
    };
    l.emit(&row, &[x, b, e, s])
}
