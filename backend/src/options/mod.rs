//! The options table of each operation: one row says which fields hold which attributes, for writing and for reading.
//!
//! An operation of the dialect that has no row here has no attributes; its options, if the schema has any, are without fields and left out.

mod composite;
mod conv_dims;
mod discardable;
mod fields;
mod forms;
mod stablehlo;
mod table;

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};
use ir::dialect::tfl;
use ir::{Attr, Attrs, OpDef, OpRow, Type};

use crate::schema::tflite as fb;
use crate::view::View;
pub use discardable::{QUANT_SPEC, QUANTIZED_BIAS_TYPE, read as read_discardable};

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
    /// The table of the schema, and the fields of it that are written.
    #[cfg(test)]
    table: &'static str,
    #[cfg(test)]
    fields: &'static [&'static str],
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

    /// Tables of operators that the dialect has no operation for.
    const NO_OPERATION: &[&str] = &[
        "BidirectionalSequenceRNNOptions",
        "CallOptions",
        "ConcatEmbeddingsOptions",
        "EmbeddingLookupSparseOptions",
        "LSHProjectionOptions",
        "RNNOptions",
        "ReduceWindowOptions",
        "SkipGramOptions",
    ];

    /// Fields that no attribute holds.
    const DROPPED: &[(&str, &str, &str)] = &[
        ("CastOptions", "in_data_type", "the operand has it"),
        ("CastOptions", "out_data_type", "the result has it"),
        ("ReshapeOptions", "new_shape", "it becomes the operand that old files do not have"),
        ("ResizeBilinearOptions", "new_height", "deprecated: it is not read"),
        ("ResizeBilinearOptions", "new_width", "deprecated: it is not read"),
        ("SparseToDenseOptions", "validate_indices", "no kernel reads it"),
        ("StableHLOCompositeOptions", "composite_attributes_format", "there is one form"),
        ("StablehloCustomCallOptions", "called_computations", "an operator that has some is refused"),
    ];

    /// The tables of the schema, and their fields.
    fn tables() -> Vec<(&'static str, Vec<&'static str>)> {
        let schema = include_str!("../../schema/tflite.fbs");
        let body = |rest: &'static str| rest.split_once('}').map_or("", |(body, _)| body);
        let tables = schema.split("\ntable ").skip(1).filter_map(|rest| {
            let (name, rest) = rest.split_once(" {")?;
            let fields = body(rest).lines().filter_map(|line| Some(line.split_once(':')?.0.trim()));
            Some((name, fields.collect()))
        });
        let unions: Vec<&str> =
            schema.split("\nunion BuiltinOptions").skip(1).flat_map(|rest| body(rest).lines()).collect();
        let is_options = |name: &str| unions.iter().any(|line| line.trim().trim_end_matches(',') == name);
        tables.filter(|(name, _)| is_options(name)).collect()
    }

    #[test]
    fn every_field_of_the_schema_is_held_or_dropped_for_a_reason() {
        // A basic LSTM's kernel reads a part of the table that it shares.
        let codecs = || table::CODECS.iter().chain(stablehlo::CODECS).filter(|c| c.def != tfl::BasicLstm::DEF);
        let tables = tables();
        assert!(tables.len() > 140, "only {} tables of options are found", tables.len());
        for (name, fields) in &tables {
            let rows: Vec<&Codec> = codecs().filter(|c| c.table == *name).collect();
            for field in fields {
                let held = !rows.is_empty() && rows.iter().all(|c| c.fields.contains(field));
                let dropped = NO_OPERATION.contains(name) || DROPPED.iter().any(|(t, f, _)| t == name && f == field);
                assert!(held != dropped, "{name}.{field}: held is {held}, dropped is {dropped}");
            }
        }
        let known = |name: &str| tables.iter().any(|(table, _)| *table == name);
        let stated = NO_OPERATION.iter().copied().chain(DROPPED.iter().map(|(table, ..)| *table));
        assert_eq!(stated.filter(|table| !known(table)).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn no_operation_has_two_rows() {
        let mut names: Vec<&str> = table::CODECS.iter().map(|c| c.def.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|w| w[0] != w[1]), "{names:?}");
    }
}
