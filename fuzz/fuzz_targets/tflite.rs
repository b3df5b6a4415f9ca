//! No bytes make the reader of `.tflite` files panic, nor the writer on what was read.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use quant_opt_ir::Sink;

fuzz_target!(|data: &[u8]| {
    let Ok(model) = quant_opt_backend::read(Bytes::copy_from_slice(data)) else { return };
    let _ = quant_opt_backend::emit(&model.module, &mut Sink::new());
});
