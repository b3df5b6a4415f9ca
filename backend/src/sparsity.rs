//! Where the elements of a sparse tensor stand: a table of the file, `#tfl.sparsity_parameter<…>` in the IR.
//!
//! The widths of the index lists are not in the IR: the narrowest that holds all indices is written, as upstream's writer does.

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};
use ir::Attr;

use crate::record::{Item, Record};
use crate::schema::tflite as fb;

const NAME: &str = "#tfl.sparsity_parameter";
const DENSE: &str = "DENSE";
const SPARSE: &str = "SPARSE_CSR";

/// The attribute of a table; `None` if an index list is missing or of an unknown kind.
pub fn read(table: fb::SparsityParameters<'_>) -> Option<Attr> {
    let ints = |list: Option<flatbuffers::Vector<'_, i32>>| Item::Ints(list.iter().flatten().map(i64::from).collect());
    let dims: Option<Vec<Record>> = table.dim_metadata().iter().flatten().map(dimension).collect();
    let record = Record::default()
        .with("traversal_order", ints(table.traversal_order()))
        .with("block_map", ints(table.block_map()))
        .with("dim_metadata", Item::Records(dims?));
    Some(record.to_attr(NAME))
}

fn dimension(table: fb::DimensionMetadata<'_>) -> Option<Record> {
    let (word, size, segments, indices) = match table.format() {
        fb::DimensionType::DENSE => (DENSE, table.dense_size(), vec![], vec![]),
        fb::DimensionType::SPARSE_CSR => (SPARSE, 0, segments(table)?, indices(table)?),
        _ => return None,
    };
    let record = Record::default()
        .with("format", Item::Word(word.to_owned()))
        .with("dense_size", Item::Int(i64::from(size)))
        .with("segments", Item::Ints(segments))
        .with("indices", Item::Ints(indices));
    Some(record)
}

/// Defines the reader of one of the two index lists.
macro_rules! index_list {
    ($name:ident, $narrow:ident, $middle:ident, $wide:ident) => {
        fn $name(table: fb::DimensionMetadata<'_>) -> Option<Vec<i64>> {
            if let Some(v) = table.$narrow() {
                return Some(v.values().iter().flatten().map(i64::from).collect());
            }
            if let Some(v) = table.$middle() {
                return Some(v.values().iter().flatten().map(i64::from).collect());
            }
            Some(table.$wide()?.values().iter().flatten().map(i64::from).collect())
        }
    };
}
index_list!(
    segments,
    array_segments_as_uint_8_vector,
    array_segments_as_uint_16_vector,
    array_segments_as_int_32_vector
);
index_list!(indices, array_indices_as_uint_8_vector, array_indices_as_uint_16_vector, array_indices_as_int_32_vector);

/// Bytes that the table of an attribute takes at most.
pub fn size(attr: &Attr) -> usize {
    match attr {
        // No index takes fewer characters than a quarter of its bytes.
        Attr::Opaque(text) => 4 * text.len() + 256,
        _ => 0,
    }
}

/// Writes the table of an attribute; `None` if it is of another form.
pub fn write<'f>(fbb: &mut FlatBufferBuilder<'f>, attr: &Attr) -> Option<WIPOffset<fb::SparsityParameters<'f>>> {
    let record = Record::from_attr(attr, NAME)?;
    let mut dims = Vec::new();
    for dim in record.records("dim_metadata")? {
        dims.push(write_dimension(fbb, dim)?);
    }
    let traversal_order = narrow::<i32>(record.ints("traversal_order")?)?;
    let block_map = narrow::<i32>(record.ints("block_map")?)?;
    let args = fb::SparsityParametersArgs {
        traversal_order: Some(fbb.create_vector(&traversal_order)),
        block_map: Some(fbb.create_vector(&block_map)),
        dim_metadata: Some(fbb.create_vector(&dims)),
    };
    Some(fb::SparsityParameters::create(fbb, &args))
}

fn write_dimension<'f>(fbb: &mut FlatBufferBuilder<'f>, dim: &Record) -> Option<WIPOffset<fb::DimensionMetadata<'f>>> {
    let dense_size = i32::try_from(dim.int("dense_size")?).ok()?;
    if dim.word("format")? == DENSE {
        let args = fb::DimensionMetadataArgs { format: fb::DimensionType::DENSE, dense_size, ..Default::default() };
        return Some(fb::DimensionMetadata::create(fbb, &args));
    }
    let (array_segments_type, segments) = write_indices(fbb, dim.ints("segments")?)?;
    let (array_indices_type, indices) = write_indices(fbb, dim.ints("indices")?)?;
    let args = fb::DimensionMetadataArgs {
        format: fb::DimensionType::SPARSE_CSR,
        dense_size,
        array_segments_type,
        array_segments: Some(segments),
        array_indices_type,
        array_indices: Some(indices),
    };
    Some(fb::DimensionMetadata::create(fbb, &args))
}

fn write_indices(
    fbb: &mut FlatBufferBuilder<'_>,
    indices: &[i64],
) -> Option<(fb::SparseIndexVector, WIPOffset<UnionWIPOffset>)> {
    if let Some(bytes) = narrow::<u8>(indices) {
        let values = Some(fbb.create_vector(&bytes));
        let table = fb::Uint8Vector::create(fbb, &fb::Uint8VectorArgs { values });
        return Some((fb::SparseIndexVector::Uint8Vector, table.as_union_value()));
    }
    if let Some(words) = narrow::<u16>(indices) {
        let values = Some(fbb.create_vector(&words));
        let table = fb::Uint16Vector::create(fbb, &fb::Uint16VectorArgs { values });
        return Some((fb::SparseIndexVector::Uint16Vector, table.as_union_value()));
    }
    let values = Some(fbb.create_vector(&narrow::<i32>(indices)?));
    let table = fb::Int32Vector::create(fbb, &fb::Int32VectorArgs { values });
    Some((fb::SparseIndexVector::Int32Vector, table.as_union_value()))
}

fn narrow<T: TryFrom<i64>>(ints: &[i64]) -> Option<Vec<T>> {
    ints.iter().map(|v| T::try_from(*v).ok()).collect()
}
