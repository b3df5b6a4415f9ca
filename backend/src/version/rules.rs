//! What an operator's version depends on.

use ir::dialect::tfl;
use ir::{Attr, Elem};

use crate::options::{QUANT_SPEC, QUANTIZED_BIAS_TYPE};
use crate::schema::tflite as fb;
use crate::view::View;

/// A condition on an operation.
#[derive(Clone, Copy)]
pub(super) enum When {
    /// Holds.
    Always,
    /// An operand is stored in one of these types.
    In(usize, &'static [fb::TensorType]),
    /// A result is.
    Out(usize, &'static [fb::TensorType]),
    /// The first operand or the first result is.
    From(&'static [fb::TensorType]),
    /// An operand is there.
    Present(usize),
    /// An operand has several scales.
    PerChannel(usize),
    /// An operand has more dimensions.
    RankAbove(usize, usize),
    /// The first two operands broadcast, one of them having more dimensions.
    Broadcast(usize),
    /// An attribute is true or not 0.
    Set(&'static str),
    /// Anything else.
    Is(fn(View<'_>) -> bool),
    /// All hold.
    All(&'static [When]),
    /// One holds.
    Any(&'static [When]),
}
impl When {
    /// Whether an operation meets it.
    pub(super) fn holds(self, v: View<'_>) -> bool {
        use When::{All, Always, Any, Broadcast, From, In, Is, Out, PerChannel, Present, RankAbove, Set};
        match self {
            Always => true,
            In(i, types) => v.stored_in(i).is_some_and(|t| types.contains(&t)),
            Out(i, types) => v.stored_out(i).is_some_and(|t| types.contains(&t)),
            From(types) => In(0, types).holds(v) || Out(0, types).holds(v),
            Present(i) => v.operand(i).is_some(),
            PerChannel(i) => v.quant_in(i).is_some_and(|q| q.scales().len() > 1),
            RankAbove(i, n) => v.rank(i).is_some_and(|r| r > n),
            Broadcast(n) => {
                let shapes = (v.operand(0).map(|t| &t.shape), v.operand(1).map(|t| &t.shape));
                shapes.0 != shapes.1 && (RankAbove(0, n).holds(v) || RankAbove(1, n).holds(v))
            }
            Set(attr) => v.is_set(attr),
            Is(f) => f(v),
            All(whens) => whens.iter().all(|w| w.holds(v)),
            Any(whens) => whens.iter().any(|w| w.holds(v)),
        }
    }
}

/// Several groups: the filter has fewer channels than the input.
pub(super) fn grouped(v: View<'_>) -> bool {
    let channels = |i| *v.operand(i)?.shape.as_ref()?.last()?;
    channels(0).zip(channels(1)).is_some_and(|(input, filter)| input != filter)
}

pub(super) fn dilated(v: View<'_>) -> bool {
    ["dilation_h_factor", "dilation_w_factor"]
        .iter()
        .any(|a| v.op.attr(a).and_then(Attr::as_int).is_some_and(|d| d != 1))
}

pub(super) fn activated(v: View<'_>) -> bool {
    v.op.attr("fused_activation_function").and_then(Attr::as_str).is_some_and(|a| a != "NONE")
}

pub(super) fn shuffled(v: View<'_>) -> bool {
    v.op.attr("weights_format").and_then(Attr::as_str).is_some_and(|f| f != "DEFAULT")
}

/// The weights are a sparse constant.
pub(super) fn sparse(v: View<'_>) -> bool {
    let weights = v.op.operands().get(1).and_then(|w| v.body.def_op(*w)).map(|id| v.body.op(id));
    weights.is_some_and(|op| op.is::<tfl::PseudoSparseConst>() || op.is::<tfl::PseudoSparseQConst>())
}

/// A sum of int16 of any scales.
pub(super) fn any_scale_i16(v: View<'_>) -> bool {
    let stored = [v.stored_in(0), v.stored_out(0)];
    stored == [Some(fb::TensorType::INT16); 2] && v.makes_q16(0) && v.op.attrs.get(tfl::POT_SCALE_INT16).is_none()
}

/// The type of its bias is among the options.
pub(super) fn bias_typed(v: View<'_>) -> bool {
    let bias = if v.op.is::<tfl::TransposeConv>() { 3 } else { 2 };
    v.op.attrs.get(QUANTIZED_BIAS_TYPE).is_some() || v.stated_bias(bias).is_some()
}

/// How it is quantized is among the options.
pub(super) fn specified(v: View<'_>) -> bool {
    v.op.attrs.get(QUANT_SPEC).is_some()
}

/// `s1 * s2 / s_out >= 1`, in the f32 of the file.
pub(super) fn scale_above_one(v: View<'_>) -> bool {
    let scale = |e: &Elem| Some(e.quant()?.as_per_tensor()?.0 as f32);
    let all = || Some((scale(&v.operand(0)?.elem)?, scale(&v.operand(1)?.elem)?, scale(&v.result(0)?.elem)?));
    all().is_some_and(|(a, b, out)| a * b / out >= 1.0)
}

pub(super) fn not_4d(v: View<'_>) -> bool {
    v.rank(0).is_some_and(|r| r != 4)
}

pub(super) fn makes_channels(v: View<'_>) -> bool {
    v.result(0).and_then(|t| t.elem.quant()).is_some_and(|q| q.scales().len() > 1)
}

/// A condition of numbers instead of booleans.
pub(super) fn counts(v: View<'_>) -> bool {
    v.stored_in(0).is_some_and(|t| t != fb::TensorType::BOOL)
}

pub(super) fn unquantized(v: View<'_>) -> bool {
    v.quant_in(0).is_none()
}
