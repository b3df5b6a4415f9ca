//! Named pipelines: what `--quantize` stands for. A pipeline text may name one too; it stands for its passes.

use crate::legalize::{Dce, FreezeVariables, InlineTf, Legalize, SetBatch};
use crate::optimize::{Canonicalize, Cse, LowerForInt8, Optimize, PlaceViews, SymbolDce};
use crate::pass::{Anchor, Example, Groups, OptionValue, Options};
use crate::quant::{
    Calibrate, CheckInt8Only, FoldQuantDequant, InsertFakeQuant, Io, KeepFloat, Method, PropagateParams, QuantizeOps,
    QuantizeWeights, SetIoType, WeightsToFloat16,
};
use crate::{PassDef, Pipeline};

/// What `--quantize` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// float32
    None,
    /// float16 weights
    Float16,
    /// int8 weights, activations quantized at run time
    Dynamic,
    /// int8 weights, dequantized
    Weights,
    /// int8 weights and activations; what has no int8 form stays float
    Int8,
    /// The same, and a float operation left over is an error
    Int8Only,
}

impl Mode {
    /// All modes with their names.
    pub const ALL: &[(&str, Mode)] = &[
        ("none", Mode::None),
        ("float16", Mode::Float16),
        ("dynamic", Mode::Dynamic),
        ("weights", Mode::Weights),
        ("int8", Mode::Int8),
        ("int8-only", Mode::Int8Only),
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Mode> {
        Mode::ALL.iter().find(|(n, _)| *n == name).map(|(_, m)| *m)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Mode::ALL.iter().find(|(_, m)| *m == self).map_or("none", |(n, _)| n)
    }

    /// Whether activations are integers, so that representative data is needed.
    pub fn is_integer(self) -> bool {
        matches!(self, Mode::Int8 | Mode::Int8Only)
    }
}

impl OptionValue for Mode {
    const KIND: &'static str = "none, float16, dynamic, weights, int8 or int8-only";
    fn parse(text: &str) -> Option<Self> {
        Mode::parse(text)
    }
    fn print(&self) -> String {
        self.name().to_owned()
    }
}

/// The pipelines with names.
pub const PIPELINES: &[&PassDef] = &[&PassDef {
    name: "ptq",
    doc: "Post-training quantization: what `--quantize=MODE` runs.",
    anchor: Anchor::Module,
    options: Ptq::OPTIONS,
    expects: Groups::ANY,
    ensures: Groups::ANY,
    keeps: &[],
    example: Example {
        given: "mode=float16",
        before: r#"
            func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
              %c = arith.constant dense<[1.5, 2.5]> : tensor<2xf32>
              %0 = "tfl.maximum"(%x, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
              return %0 : tensor<2xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
              %c = arith.constant dense<[1.5, 2.5]> : tensor<2xf16>
              %real = "tfl.dequantize"(%c) : (tensor<2xf16>) -> tensor<2xf32>
              %0 = "tfl.maximum"(%x, %real) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
              return %0 : tensor<2xf32>
            }
        "#,
    },
    make: |given| Ok(ptq(&Ptq::read("ptq", given)?).into_passes()),
}];

crate::options! {
    /// A request for post-training quantization.
    Ptq {
        /// How far to quantize.
        mode: Mode = Mode::None,
        /// The type of float inputs and outputs.
        io: Io = Io::Float32,
        /// Representative data: `PATH` or `KEY=PATH`.
        datasets: Vec<String> = Vec::new(),
        /// How values become a range.
        calibration: Method = Method::Minmax,
        /// Patterns of operations that stay float.
        keep_float: Vec<String> = Vec::new(),
        /// The size of an unknown leading dimension.
        batch: Option<usize> = None,
        /// Whether the module is of TensorFlow operations.
        from_tf: bool = false,
    }
}

impl Ptq {
    /// A mode with nothing else asked for.
    pub fn new(mode: Mode) -> Ptq {
        Ptq { mode, ..Ptq::default() }
    }
}

/// The pipeline of a request.
pub fn ptq(request: &Ptq) -> Pipeline {
    let mut p = Pipeline::new();
    if request.from_tf {
        // One function for each signature, without calls, so that values can be followed.
        p = p.then(InlineTf::default());
        // Weights become constants, which legalization transposes and folds.
        p = p.then(FreezeVariables::default());
    }
    if let Some(batch) = request.batch {
        // In front of shape inference, which spreads it.
        p = p.then(SetBatch { batch });
    }
    if request.from_tf {
        p = p.then(Legalize::default());
        // Batch norms, biases and activations go into the operations they follow: quantization sees the fused graph.
        p = p.then(Canonicalize::default()).then(Optimize::default());
        // Fusion leaves equal constants and unused ones.
        p = p.then(Canonicalize::default()).then(Cse::default()).then(Dce::default()).then(SymbolDce::default());
    }
    if !request.keep_float.is_empty() {
        // Before anything asks for an operation's rule.
        p = p.then(KeepFloat { ops: request.keep_float.clone() });
    }
    p = match request.mode {
        Mode::None => p,
        Mode::Float16 => p.then(WeightsToFloat16::default()).then(Dce::default()),
        Mode::Dynamic => p.then(QuantizeWeights::default()).then(Dce::default()),
        Mode::Weights => p.then(QuantizeWeights { dequantize: true, ..Default::default() }).then(Dce::default()),
        Mode::Int8 | Mode::Int8Only => {
            p = p
                // Operations without an int8 kernel become some that have one.
                .then(LowerForInt8::default())
                // On the graph that is quantized, so that every value has its own range.
                .then(Calibrate { datasets: request.datasets.clone(), method: request.calibration })
                .then(InsertFakeQuant::default())
                .then(PropagateParams::default())
                .then(QuantizeOps::default());
            if request.io != Io::Float32 {
                // While each input still has its own quantize.
                p = p.then(SetIoType { io: request.io });
            }
            p.then(FoldQuantDequant::default()).then(Dce::default())
        }
    };
    // Last, so that ranges and parameters are those of the graph as it was: it keeps every bit.
    p = p.then(PlaceViews::default());
    if request.mode == Mode::Int8Only { p.then(CheckInt8Only::default()) } else { p }
}

/// The text of the pipeline of a request.
pub fn text(request: &Ptq) -> String {
    ptq(request).text()
}
