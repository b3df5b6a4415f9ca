//! The dialects: nothing but rows.

pub mod builtin;
pub mod cf;
pub mod stablehlo;
pub mod tf;
pub mod tfl;

pub use builtin::{arith, quantfork};

use crate::op::Dialect;

/// All dialects of this crate.
pub const ALL: &[&Dialect] = &[
    &builtin::BUILTIN,
    &builtin::FUNC,
    &arith::ARITH,
    &cf::CF,
    &quantfork::QUANTFORK,
    &tf::TF,
    &tf::TF_SAVED_MODEL,
    &tfl::TFL,
    &stablehlo::STABLEHLO,
];

/// Names for the element sets that rows use.
pub mod sets {
    use crate::op::ElemSet;
    /// No restriction.
    pub const ANY: ElemSet = ElemSet::ANY;
    /// `f32`
    pub const F32: ElemSet = ElemSet::F32;
    /// `i32`
    pub const I32: ElemSet = ElemSet::I32;
    /// Indices and sizes: `i32` or `i64`.
    pub const IDX: ElemSet = ElemSet::I32.or(ElemSet::I64);
    /// Indices of any width.
    pub const IDX_ANY: ElemSet = IDX.or(ElemSet::I16).or(ElemSet::I8).or(ElemSet::U8);
    /// `i1`
    pub const BOOL: ElemSet = ElemSet::BOOL;
    /// Float and what stands for it: `f32`, quantized int8 and int16.
    pub const FQ: ElemSet = ElemSet::F32.or(ElemSet::FX).or(ElemSet::Q8).or(ElemSet::Q16);
    /// The same, and the bare numbers that 8 bits store.
    pub const FQ_INT8: ElemSet = FQ.or(ElemSet::I8).or(ElemSet::U8);
    /// Float, quantized, and plain integers: arithmetic.
    pub const NUM: ElemSet =
        FQ.or(ElemSet::I8).or(ElemSet::U8).or(ElemSet::I16).or(ElemSet::I32).or(ElemSet::I64).or(ElemSet::UX);
    /// A bias: float or a quantized 32-bit or 64-bit integer.
    pub const BIAS: ElemSet = ElemSet::F32.or(ElemSet::FX).or(ElemSet::QBIAS).or(ElemSet::I32).or(ElemSet::I64);
    /// A weight of a recurrent layer: float or quantized, or its int8 numbers.
    pub const WEIGHT: ElemSet = FQ.or(ElemSet::I8);
    /// Whole numbers of up to 32 bits.
    pub const INT: ElemSet = ElemSet::I8.or(ElemSet::U8).or(ElemSet::I16).or(ElemSet::I32).or(ElemSet::UX);
    /// Float of any width.
    pub const FLOAT: ElemSet = ElemSet::F32.or(ElemSet::FX);
    /// Complex numbers.
    pub const COMPLEX: ElemSet = ElemSet::OTHER;
    /// Arithmetic with complex numbers too.
    pub const NUM_COMPLEX: ElemSet = NUM.or(COMPLEX);
    /// Variables and tables.
    pub const RESOURCE: ElemSet = ElemSet::OTHER;
    /// Any tensor.
    pub const TENSOR: ElemSet = ElemSet(u32::MAX - (1 << 31));
}
