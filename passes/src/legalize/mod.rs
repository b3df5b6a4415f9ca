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

use crate::pass::passes;

passes![dce::Dce, freeze::FreezeVariables, inline::Inline, inline::InlineTf, lower::Legalize, batch::SetBatch,];
