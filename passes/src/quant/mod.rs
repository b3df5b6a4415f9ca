//! Quantization: calibration, parameters, and the operations that compute on stored values.

mod calibrate;
mod check;
mod fold;
mod insert;
mod io;
mod keep_float;
mod pairs;
mod params;
mod propagate;
mod quantize;
pub mod rules;
mod shared_buffers;
mod weights;

pub use calibrate::{Calibrate, Method};
pub use check::CheckInt8Only;
pub use fold::FoldQuantDequant;
pub use insert::InsertFakeQuant;
pub use io::{Io, SetIoType};
pub use keep_float::KeepFloat;
pub use propagate::PropagateParams;
pub use quantize::QuantizeOps;
pub use weights::{QuantizeWeights, WeightsToFloat16};

use crate::pass::PassDef;

/// The passes of this module.
pub const PASSES: &[&PassDef] = &[
    Calibrate::DEF,
    CheckInt8Only::DEF,
    FoldQuantDequant::DEF,
    InsertFakeQuant::DEF,
    KeepFloat::DEF,
    PropagateParams::DEF,
    QuantizeOps::DEF,
    QuantizeWeights::DEF,
    SetIoType::DEF,
    WeightsToFloat16::DEF,
];
