//! Options that upstream's operations have no property for. In the IR they are discardable attributes of the operation, so that a file that
//! is read and written again keeps them.

use flatbuffers::{FlatBufferBuilder, Vector, WIPOffset};
use ir::{Attr, Attrs, Type};

use super::composite;
use crate::schema::tflite as fb;
use crate::types;
use crate::view::View;

/// How a fully connected operation is quantized, a dictionary. The name is upstream's.
pub const QUANT_SPEC: &str = "tfl.quant_spec";
/// The type of the bias and of the sums of an operation on int16, a type.
pub const QUANTIZED_BIAS_TYPE: &str = "tfl.quantized_bias_type";
/// The attributes of an operation. `None` if an option is of an unknown form.
pub fn read(operator: &fb::Operator<'_>) -> Option<Attrs> {
    let mut attrs = Attrs::new();
    let conv = operator.builtin_options_as_conv_2_doptions().map(|o| o.quantized_bias_type());
    let transposed = operator.builtin_options_as_transpose_conv_options().map(|o| o.quantized_bias_type());
    let connected = operator.builtin_options_as_fully_connected_options();
    let bias = conv.or(transposed).or(connected.map(|o| o.quantized_bias_type()));
    if let Some(ty) = bias.filter(|ty| *ty != fb::TensorType::FLOAT32) {
        attrs.set(QUANTIZED_BIAS_TYPE, Attr::Type(Type::Scalar(types::elem(ty)?)));
    }
    if let Some(spec) = connected.and_then(|o| o.quant_spec()) {
        attrs.set(QUANT_SPEC, Attr::Dict(composite::read(spec.bytes())?));
    }
    Some(attrs)
}

/// [`QUANT_SPEC`] as a map, in the form of a composite operation's.
pub(super) fn quant_spec<'f>(
    view: View<'_>,
    fbb: &mut FlatBufferBuilder<'f>,
) -> Option<Option<WIPOffset<Vector<'f, u8>>>> {
    let Some(spec) = view.op.attrs.get(QUANT_SPEC) else { return Some(None) };
    let map = composite::write(spec.as_dict()?)?;
    Some(Some(fbb.create_vector(&map)))
}

/// [`QUANTIZED_BIAS_TYPE`]; where there is none, the type of the bias if runtimes would take another for it, else the schema's first type.
pub(super) fn bias_type(view: View<'_>, _: &mut FlatBufferBuilder<'_>) -> Option<fb::TensorType> {
    of_bias(view, 2)
}

/// The same of a transposed convolution.
pub(super) fn transposed_bias_type(view: View<'_>, _: &mut FlatBufferBuilder<'_>) -> Option<fb::TensorType> {
    of_bias(view, 3)
}

fn of_bias(view: View<'_>, bias: usize) -> Option<fb::TensorType> {
    match view.op.attrs.get(QUANTIZED_BIAS_TYPE) {
        None => Some(view.stated_bias(bias).unwrap_or(fb::TensorType::FLOAT32)),
        Some(Attr::Type(Type::Scalar(elem))) => types::tensor_type(elem),
        Some(_) => None,
    }
}
