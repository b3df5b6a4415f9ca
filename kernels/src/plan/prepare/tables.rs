//! Functions of one 8-bit code: a table of every result.

use ir::{Tensor, TensorType};

use super::{Found, Site};
use crate::error::{Result, ensure};
use crate::eval::{Call, kernel, run};
use crate::plan::kernel::Kernel;
use crate::plan::memory::Operands;
use crate::rounding::Rounding;

/// Operations of one operand whose result at an element depends on that element alone.
const FUNCTIONS: &[&str] = &[
    "abs",
    "ceil",
    "cos",
    "dequantize",
    "elu",
    "exp",
    "floor",
    "gelu",
    "hard_swish",
    "leaky_relu",
    "log",
    "logistic",
    "neg",
    "quantize",
    "relu",
    "relu6",
    "relu_0_to_1",
    "relu_n1_to_1",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sqrt",
    "square",
    "tanh",
];

/// How many codes there are.
const CODES: usize = 256;
/// Codes that are looked up at a time.
const BAND: usize = 16 << 10;

struct Table {
    /// The result of each code, by its byte.
    results: Vec<u8>,
    /// Bytes of a result.
    width: usize,
}

/// Lets the evaluator compute every result.
pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    let [Some(x)] = s.types else { return None };
    // LiteRT's optimized conversions round by place.
    if s.rounding == Rounding::Optimized && matches!(name, "quantize" | "dequantize") {
        return None;
    }
    if !FUNCTIONS.contains(&name) || x.elem.quant()?.width != 8 || x.num_elements() != s.out()?.num_elements() {
        return None;
    }
    let codes: Vec<u8> = (0..=u8::MAX).collect();
    let codes = Tensor::new(TensorType::of(&[CODES], x.elem.clone()), codes.into()).ok()?;
    let k = kernel(&s.quantized()).ok()?;
    let found = run(&Call { op: s.op, ins: &[Some(codes)], outs: s.elems }, k.as_ref()).ok()?;
    let [found] = &found[..] else { return None };
    let width = s.elems.first()?.byte_width().filter(|w| found.bytes().len() == CODES * w)?;
    Some(Box::new(Table { results: found.bytes().to_vec(), width }))
}

impl Kernel for Table {
    fn operands(&self) -> &[usize] {
        &[0]
    }
    fn band(&self) -> usize {
        BAND * self.width
    }
    fn run(&self, x: Operands<'_>, first: usize, y: &mut [u8], _: &mut [u8]) -> Result<()> {
        let (at, count) = (first / self.width, y.len() / self.width);
        let x = x.bytes(0)?;
        ensure(x.len() >= at + count, || "an operand is too short".into())?;
        let codes = &x[at..at + count];
        match self.width {
            1 => look_up::<1>(&self.results, codes, y),
            2 => look_up::<2>(&self.results, codes, y),
            _ => look_up::<4>(&self.results, codes, y),
        }
        Ok(())
    }
}

/// Copies the `W` bytes of each code's result.
fn look_up<const W: usize>(results: &[u8], codes: &[u8], y: &mut [u8]) {
    let (results, _) = results.as_chunks::<W>();
    for (y, code) in y.as_chunks_mut::<W>().0.iter_mut().zip(codes) {
        *y = results[usize::from(*code)];
    }
}
