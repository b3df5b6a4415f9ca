//! Rules that one operation has alone.

use super::{Broken, OpCx};
use crate::types::Type;

mod blocks;
mod joins;
mod products;
mod recurrent;
mod regions;
mod values;
mod views;

pub use blocks::*;
pub use joins::*;
pub use products::*;
pub use recurrent::*;
pub use regions::*;
pub use values::*;
pub use views::*;

type Checked = Result<(), Broken>;

/// `no_value`: its result is none.
pub fn no_value(cx: &OpCx<'_>) -> Checked {
    if cx.results().all(|t| *t == Type::None) { Ok(()) } else { Err("must make a value of type none".to_owned()) }
}

/// A dimension counted from the end if negative; `None` if it does not exist.
fn dimension(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    let axis = if axis < 0 { axis.checked_add(rank)? } else { axis };
    usize::try_from(axis).ok().filter(|_| axis < rank)
}

/// A dimension that an operation works along.
fn along(axis: i64, rank: usize) -> Result<usize, Broken> {
    dimension(axis, rank).ok_or_else(|| format!("works along dimension {axis}, which rank {rank} does not have"))
}
