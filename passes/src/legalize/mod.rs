//! From imported `tf` operations to a float `tfl` function.

mod batch;
mod composed;
pub(crate) mod dce;
mod einsum;
mod freeze;
mod inline;
mod lower;
mod nn;
mod rules;

pub use batch::SetBatch;
pub use dce::Dce;
pub use freeze::FreezeVariables;
pub use inline::{Inline, InlineTf};
pub use lower::Legalize;

use crate::pass::PassDef;

/// The passes of this module.
pub const PASSES: &[&PassDef] =
    &[Dce::DEF, FreezeVariables::DEF, Inline::DEF, InlineTf::DEF, Legalize::DEF, SetBatch::DEF];
