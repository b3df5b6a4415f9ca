//! The options table of each operation: one row says which fields hold which attributes, for writing and for reading.
//!
//! An operation of the dialect that has no row here has no attributes; its options, if the schema has any, are without fields and left out.

mod composite;
mod conv_dims;
mod fields;
mod forms;
mod stablehlo;
mod table;

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};
use ir::dialect::tfl;
use ir::{Attr, Attrs, OpDef, OpRow, Type};

use crate::schema::tflite as fb;
use crate::view::View;

/// The options table of an operator: in which of the schema's two unions, of which type, and where.
#[derive(Clone, Copy, Default)]
pub enum Options {
    /// There is none.
    #[default]
    None,
    /// In the union of the builtin operators.
    First(fb::BuiltinOptions, WIPOffset<UnionWIPOffset>),
    /// In the union of newer ones.
    Second(fb::BuiltinOptions2, WIPOffset<UnionWIPOffset>),
}

/// How the options of one operation are written and read.
pub struct Codec {
    /// The operation.
    pub def: &'static OpDef,
    write: fn(View<'_>, &mut FlatBufferBuilder<'_>) -> Option<Options>,
    read: fn(&fb::Operator<'_>) -> Option<Attrs>,
}

/// The options of an operation; `None` if it has none with fields.
pub fn codec(name: &str) -> Option<&'static Codec> {
    table::CODECS.iter().chain(stablehlo::CODECS).find(|c| c.def.name == name)
}

/// Writes the options of an operation. `None` if an attribute is missing or of another kind.
pub fn write(view: View<'_>, fbb: &mut FlatBufferBuilder<'_>) -> Option<Options> {
    match codec(view.op.name.as_str()) {
        Some(codec) => (codec.write)(view, fbb),
        None => Some(Options::None),
    }
}

/// Reads the attributes of an operation with given result types. `None` if the options are of another type or hold an unknown keyword.
pub fn read(def: &'static OpDef, operator: &fb::Operator<'_>, results: &[Type]) -> Option<Attrs> {
    let mut attrs = match codec(def.name) {
        Some(codec) => (codec.read)(operator)?,
        None => Attrs::new(),
    };
    if def == tfl::Quantize::DEF
        && let Some(ty) = results.first()
    {
        attrs.set("qtype", Attr::Type(ty.clone()));
    }
    Some(attrs)
}

/// Whether an operator says that it shifts int16 codes whose scales are powers of two.
pub fn shifts_int16(operator: &fb::Operator<'_>) -> bool {
    let add = operator.builtin_options_as_add_options().map(|o| o.pot_scale_int16());
    let sub = operator.builtin_options_as_sub_options().map(|o| o.pot_scale_int16());
    add.or(sub).unwrap_or(false)
}

/// The row of an operator: an `LSTM` has one of two.
pub fn variant(def: &'static OpDef, operator: &fb::Operator<'_>) -> &'static OpDef {
    let options = operator.builtin_options_as_lstmoptions();
    match options.is_some_and(|o| o.kernel_type() == fb::LSTMKernelType::BASIC) {
        true if def == tfl::Lstm::DEF => tfl::BasicLstm::DEF,
        _ => def,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_with_attributes_has_a_row() {
        let elsewhere = ["tfl.quantize", "tfl.custom", "tfl.call_once"];
        for def in tfl::TFL.ops.iter().filter(|d| d.builtin.is_some()) {
            let stated = codec(def.name).is_some() || elsewhere.contains(&def.name);
            assert!(stated || def.attrs.is_empty(), "{} has attributes and no options", def.name);
        }
    }

    #[test]
    fn no_operation_has_two_rows() {
        let mut names: Vec<&str> = table::CODECS.iter().map(|c| c.def.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|w| w[0] != w[1]), "{names:?}");
    }
}
