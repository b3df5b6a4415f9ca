//! The command lines. Names and meanings are mlir-opt's where it has them; a leading `mlir-` may be left out.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Parser};
use kernels::Rounding;
use kernels::eval::EvalOptions;
use kernels::plan::{Kernels, Options};
use passes::pass::OptionValue;
use passes::pipelines::Mode;
use passes::quant::{Io, Method};

use crate::cc::Toolchain;
use crate::{Status, Streams};

/// Reads a command line. Help goes to stdout, wrong usage to stderr.
pub fn parse<A: Parser>(
    args: impl IntoIterator<Item = OsString>,
    io: &mut Streams<'_>,
) -> std::io::Result<Result<A, Status>> {
    match A::try_parse_from(args) {
        Ok(args) => Ok(Ok(args)),
        Err(e) if e.use_stderr() => {
            write!(io.stderr, "{e}")?;
            Ok(Err(Status::Usage))
        }
        Err(e) => {
            write!(io.stdout, "{e}")?;
            Ok(Err(Status::Done))
        }
    }
}

/// Says on stderr why a command line makes no sense.
pub fn usage(io: &mut Streams<'_>, message: &str) -> std::io::Result<Status> {
    writeln!(io.stderr, "error: {message}\n\nFor more information, try '--help'.")?;
    Ok(Status::Usage)
}

fn modes() -> PossibleValuesParser {
    Mode::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()
}

/// Besides the evaluator's sets of kernels: generated C.
const GENERATED: &str = "generated";

fn kernels() -> PossibleValuesParser {
    Kernels::ALL.iter().map(|(name, _)| *name).chain([GENERATED]).collect::<Vec<_>>().into()
}

fn roundings() -> PossibleValuesParser {
    Rounding::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()
}

fn option<T: OptionValue>(text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("expected {}", T::KIND))
}

/// Compiles TensorFlow models to quantized TFLite files, and runs passes on MLIR.
#[derive(Debug, Parser)]
#[command(name = "quant-opt", version, max_term_width = 120)]
pub struct Compile {
    /// A SavedModel directory, a frozen GraphDef (.pb), a .tflite, or MLIR text (`-` for stdin)
    #[arg(required_unless_present_any = ["list_passes", "list_ops", "help_pass"])]
    pub input: Option<PathBuf>,
    /// A file ending in .tflite, .mlir, .c (generated kernels, with a header beside it) or .dot; `-` prints MLIR
    #[arg(short, long, default_value = "-")]
    pub output: PathBuf,

    #[command(flatten, next_help_heading = "Model")]
    pub model: ModelArgs,
    #[command(flatten, next_help_heading = "Quantization")]
    pub quant: QuantArgs,
    #[command(flatten, next_help_heading = "Generated C")]
    pub toolchain: ToolchainArgs,
    #[command(flatten, next_help_heading = "Passes")]
    pub passes: PassArgs,
    #[command(flatten, next_help_heading = "Text")]
    pub text: TextArgs,

    /// Work with N threads [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// List the passes
    #[arg(long)]
    pub list_passes: bool,
    /// List the operations of the known dialects
    #[arg(long)]
    pub list_ops: bool,
    /// Explain one pass
    #[arg(long, value_name = "PASS")]
    pub help_pass: Option<String>,
}

/// What to take of a TensorFlow model.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    /// A signature to convert, repeatable [default: serving_default, else the only one]
    #[arg(long, value_name = "KEY")]
    pub signature: Vec<String>,
    /// Tags of the meta graph, separated by commas [default: serve]
    #[arg(long, value_name = "SET", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// Inputs of a frozen graph, by node name [default: its placeholders]
    #[arg(long, value_name = "NODES", value_delimiter = ',')]
    pub input_arrays: Vec<String>,
    /// Outputs of a frozen graph, by node name [default: the nodes nobody reads]
    #[arg(long, value_name = "NODES", value_delimiter = ',')]
    pub output_arrays: Vec<String>,
    /// Fix the unknown leading dimension of the inputs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
}

impl ModelArgs {
    /// The importer's options.
    pub fn options(&self) -> frontend::Options {
        frontend::Options {
            signatures: self.signature.clone(),
            tags: self.tag.clone(),
            input_arrays: self.input_arrays.clone(),
            output_arrays: self.output_arrays.clone(),
        }
    }
}

/// The C compiler of checks and generated kernels.
#[derive(Debug, clap::Args)]
pub struct ToolchainArgs {
    /// The C compiler, with options of its own, that --verify and --kernels=generated call
    #[arg(long, value_name = "COMMAND", default_value_t = Toolchain::default().compiler)]
    pub cc: String,
    /// What runs the programs of --cc, if they are not for this machine: qemu-aarch64, for example
    #[arg(long, value_name = "COMMAND", default_value = "")]
    pub emulator: String,
}

impl ToolchainArgs {
    /// The toolchain.
    pub fn toolchain(&self) -> Toolchain {
        Toolchain { compiler: self.cc.clone(), emulator: self.emulator.clone() }
    }
}

/// What to quantize, and how.
#[derive(Debug, clap::Args)]
pub struct QuantArgs {
    /// none: float32; float16: float16 weights; dynamic: int8 weights, activations quantized at run time; weights: int8 weights,
    /// dequantized; int8: int8 weights and activations, the rest stays float and is reported; int8-only: a float operation is an error
    #[arg(long, value_name = "MODE", value_parser = modes())]
    pub quantize: Option<String>,
    /// Samples: a .npz with an array for each input, a .npy for the only one, or a directory of them; KEY=PATH for several signatures
    #[arg(long, value_name = "[KEY=]PATH")]
    pub representative_dataset: Vec<String>,
    /// How observed values become a range
    #[arg(long, value_name = "METHOD", default_value = "minmax", value_parser = option::<Method>)]
    pub calibration: Method,
    /// Type of the file's float inputs and outputs: float32, int8 or uint8
    #[arg(long, value_name = "TYPE", default_value = "float32", value_parser = option::<Io>)]
    pub io: Io,
    /// Keep operations float by TensorFlow node name or type, repeatable; * and ? match
    #[arg(long, value_name = "GLOB")]
    pub keep_float: Vec<String>,
    /// Run what was emitted on this project's kernels: bit for bit against the module, against its generated C through `cc`, and against the
    /// float model
    #[arg(long)]
    pub verify: bool,
    /// Whose roundings the integer operations of generated C follow: LiteRT's reference or optimized kernels, or TFLite Micro's
    #[arg(long, value_name = "SET", default_value = "reference", value_parser = roundings())]
    pub rounding: String,
}

/// Which passes run, and what is seen of them.
#[derive(Debug, clap::Args)]
pub struct PassArgs {
    /// Run exactly these passes
    #[arg(long, value_name = "PIPELINE", conflicts_with = "quantize")]
    pub pass_pipeline: Option<String>,
    /// Run the passes that the first line of a reproducer names
    #[arg(long, conflicts_with_all = ["pass_pipeline", "quantize"])]
    pub run_reproducer: bool,
    /// Where the passes fail, shrink the module while they fail in the same way, and write that
    #[arg(long)]
    pub reduce: bool,
    /// Where a pass fails or crashes, write the module in front of the passes and the command to FILE
    #[arg(long = "mlir-pass-pipeline-crash-reproducer", alias = "pass-pipeline-crash-reproducer", value_name = "FILE")]
    pub reproducer: Option<PathBuf>,
    /// Write the module in front of the pass that failed, and only that pass, to the reproducer
    #[arg(
        long = "mlir-pass-pipeline-local-reproducer",
        alias = "pass-pipeline-local-reproducer",
        requires = "reproducer"
    )]
    pub local_reproducer: bool,
    /// Print the pipeline and stop
    #[arg(long)]
    pub dump_pass_pipeline: bool,
    /// Verify the module after each pass
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub verify_each: bool,
    /// Print the IR before these passes
    #[arg(long = "mlir-print-ir-before", alias = "print-ir-before", value_name = "PASSES", value_delimiter = ',')]
    pub print_before: Vec<String>,
    /// Print the IR after these passes
    #[arg(long = "mlir-print-ir-after", alias = "print-ir-after", value_name = "PASSES", value_delimiter = ',')]
    pub print_after: Vec<String>,
    /// Print the IR before every pass
    #[arg(long = "mlir-print-ir-before-all", alias = "print-ir-before-all")]
    pub print_before_all: bool,
    /// Print the IR after every pass
    #[arg(long = "mlir-print-ir-after-all", alias = "print-ir-after-all")]
    pub print_after_all: bool,
    /// Print the IR after every pass that changed it
    #[arg(long = "mlir-print-ir-after-change", alias = "print-ir-after-change")]
    pub print_after_change: bool,
    /// Print the IR after a pass that failed
    #[arg(long = "mlir-print-ir-after-failure", alias = "print-ir-after-failure")]
    pub print_after_failure: bool,
    /// Print the IR to a file for each pass under DIR [after every pass, if no other option says when]
    #[arg(long = "mlir-print-ir-tree-dir", alias = "print-ir-tree-dir", value_name = "DIR")]
    pub print_tree_dir: Option<PathBuf>,
    /// Print how long each pass took
    #[arg(long = "mlir-timing", alias = "timing")]
    pub timing: bool,
    /// Print what each pass counted
    #[arg(long = "mlir-pass-statistics", alias = "pass-statistics")]
    pub statistics: bool,
}

/// How text is read and printed.
#[derive(Debug, clap::Args)]
pub struct TextArgs {
    /// Take each part between `// -----` lines as a module
    #[arg(long)]
    pub split_input_file: bool,
    /// Check diagnostics against `expected-error` comments
    #[arg(long)]
    pub verify_diagnostics: bool,
    /// Carry operations that no dialect declares
    #[arg(long)]
    pub allow_unregistered_dialect: bool,
    /// Print every operation in its generic form
    #[arg(long = "mlir-print-op-generic", alias = "print-op-generic")]
    pub generic: bool,
    /// Print locations
    #[arg(long = "mlir-print-debuginfo", alias = "print-debuginfo")]
    pub debuginfo: bool,
    /// Leave out the values of constants of more elements
    #[arg(long = "mlir-elide-elementsattrs-if-larger", alias = "elide-elementsattrs-if-larger", value_name = "N")]
    pub elide: Option<usize>,
}

/// Runs a model on this project's kernels.
#[derive(Debug, Parser)]
#[command(name = "quant-run", version, max_term_width = 120)]
pub struct Run {
    /// A .tflite, or whatever quant-opt reads
    pub model: PathBuf,
    /// Samples, in the layout of a representative dataset
    #[arg(long, value_name = "PATH")]
    pub inputs: PathBuf,
    /// Outputs, stacked over the samples on a new first axis, under the signature's names
    #[arg(short, long, value_name = "Y.npz")]
    pub output: Option<PathBuf>,
    /// Every tensor of the first sample as it is stored, by TFLite tensor index
    #[arg(long, value_name = "T.npz")]
    pub all_tensors: Option<PathBuf>,
    /// Give quantized outputs as real values
    #[arg(long)]
    pub dequantize: bool,
    /// The signature to run [default: serving_default, else the only one]
    #[arg(long, value_name = "KEY")]
    pub signature: Option<String>,
    /// Tags of the meta graph, separated by commas [default: serve]
    #[arg(long, value_name = "SET", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// Kernels written to be read, prepared ones in planned memory, or the model's generated C, which the C compiler of --cc compiles; integer
    /// results are the same
    #[arg(long, value_name = "SET", default_value = "optimized", value_parser = kernels())]
    pub kernels: String,
    /// Hold the model's generated C against the reference kernels on the samples, every tensor
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
    /// Whose roundings integer operations follow: LiteRT's reference or optimized kernels, or TFLite Micro's
    #[arg(long, value_name = "SET", default_value = "reference", value_parser = roundings())]
    pub rounding: String,
    /// Time N runs of the first sample after a warm-up: median and minimum
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub bench: Option<u32>,
    /// Time each operation too
    #[arg(long, requires = "bench")]
    pub profile: bool,
    /// Work with N threads [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// The evaluator's options for a set of roundings.
fn eval_options(rounding: &str) -> EvalOptions {
    let named = Rounding::ALL.iter().find(|(name, _)| *name == rounding);
    EvalOptions { rounding: named.map_or(Rounding::Reference, |(_, r)| *r) }
}

impl Run {
    /// Whether generated C runs instead of a set of kernels.
    pub fn generated(&self) -> bool {
        self.kernels == GENERATED
    }

    /// How C is generated and compiled.
    pub fn c(&self) -> (EvalOptions, Toolchain) {
        (eval_options(&self.rounding), self.toolchain.toolchain())
    }

    /// How a function runs on so many threads.
    pub fn options(&self, threads: usize) -> Options {
        let kernels = Kernels::ALL.iter().find(|(name, _)| *name == self.kernels);
        let rounding = eval_options(&self.rounding).rounding;
        Options { kernels: kernels.map_or(Kernels::Optimized, |(_, k)| *k), rounding, threads }
    }
}

impl QuantArgs {
    /// The evaluator's options.
    pub fn options(&self) -> EvalOptions {
        eval_options(&self.rounding)
    }
}
