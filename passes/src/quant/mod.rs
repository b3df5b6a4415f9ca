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

use crate::pass::passes;

pub use calibrate::Method;
pub use io::Io;

passes![
    calibrate::Calibrate,
    check::CheckInt8Only,
    fold::FoldQuantDequant,
    insert::InsertFakeQuant,
    keep_float::KeepFloat,
    propagate::PropagateParams,
    quantize::QuantizeOps,
    weights::QuantizeWeights,
    io::SetIoType,
    weights::WeightsToFloat16,
];
