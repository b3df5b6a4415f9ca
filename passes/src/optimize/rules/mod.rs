//! The rules, by what they are about. Which pass uses which stands in the passes' tables.

pub(super) mod activation;
pub(super) mod affine;
pub(super) mod arith;
pub(super) mod gelu;
pub(super) mod matmul;
pub(super) mod normalize;
pub(super) mod padding;
pub(super) mod shape;
pub(super) mod transpose;
