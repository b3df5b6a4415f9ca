//! Element-wise functions.

use ir::dialect::tfl;

use super::{Found, Site, float};
use crate::optimized::float::{BINARY, Binary, UNARY, Unary};

pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    if let Some((_, run)) = UNARY.iter().find(|(n, _)| *n == name).filter(|_| s.is_float(&[0])) {
        let parameter = s.row::<tfl::LeakyRelu>().map_or(0.0, |r| r.alpha);
        let unary = Unary::new(*run, parameter);
        return float(&[0], unary.band(), 0, move |x, first, y, _| {
            unary.run(x.of(0)?, first, y);
            Ok(())
        });
    }
    let (_, run) = BINARY.iter().find(|(n, _)| *n == name).filter(|_| s.is_float(&[0, 1]))?;
    let binary = Binary::new(*run, &s.shape(0)?, &s.shape(1)?, &s.out_shape()?, s.activation()?)?;
    float(&[0, 1], binary.band(), 0, move |x, first, y, _| binary.run(x.of(0)?, x.of(1)?, first, y))
}
