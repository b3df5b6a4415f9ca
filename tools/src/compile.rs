//! `quant-opt`: any kind of input to any kind of output, with passes between.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bytes::Bytes;
use ir::text::{PrintOptions, print};
use ir::{Diagnostic, Failed, Module, Registry, Sink};
use kernels::codegen;
use passes::pipeline::NoObserver;
use passes::pipelines::{Mode, Ptq, ptq};
use passes::quant::Io;
use passes::{Cx, PassDef, Pipeline};

use crate::args::{Compile, usage};
use crate::batch::with_batch;
use crate::input::{Input, Kind};
use crate::npz::NumpyFiles;
use crate::observe::Instruments;
use crate::output::{Target, check_directory, write_pair, write_whole};
use crate::progress::Bar;
use crate::reduce::reduce;
use crate::render::{Source, render};
use crate::reproduce::{self, Reproducer};
use crate::verify::{Check, verify};
use crate::{Host, Status, Streams, dot, expect, lists, observe, summary};

/// Runs the tool.
pub fn main(host: &Host, args: Compile, io: &mut Streams<'_>) -> std::io::Result<Status> {
    let (registry, known) = (&host.registry, &host.passes[..]);
    if let Some(name) = &args.help_pass {
        return match lists::help_pass(known, name) {
            Ok(text) => write!(io.stdout, "{text}").map(|()| Status::Done),
            Err(e) => usage(io, &e),
        };
    }
    if args.list_passes || args.list_ops {
        let text = if args.list_passes { lists::list_passes(known) } else { lists::list_ops(registry) };
        return write!(io.stdout, "{text}").map(|()| Status::Done);
    }
    let Some(path) = args.input.clone() else { return usage(io, "an input is missing") };
    let target = match Target::of(&args.output) {
        Ok(target) => target,
        Err(e) => return usage(io, &e),
    };
    if let Some(e) = observe::unknown_pass(&args.passes, known) {
        return usage(io, &e);
    }
    let started = Instant::now();
    let (name, threads) = (path.display().to_string(), args.threads);
    let mut job = Job { registry, args, known, path, target, name, started };
    with_threads(threads, || job.run(io))
}

/// Runs a function on a pool of its own, if a number of threads is asked for.
pub fn with_threads<T: Send>(threads: Option<usize>, f: impl FnOnce() -> T + Send) -> T {
    match threads.map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build()) {
        Some(Ok(pool)) => pool.install(f),
        // Without threads of its own the work is done on the common pool.
        Some(Err(_)) | None => f(),
    }
}

/// Runs a pipeline that needs no data and shows nothing.
pub fn run_quietly(
    pipeline: &Pipeline,
    module: &mut Module,
    registry: &Registry,
    sink: &mut Sink,
) -> Result<(), Failed> {
    let mut cx = Cx::new(sink);
    pipeline.run(module, &mut cx, &mut NoObserver, Some(registry))
}

struct Job<'a> {
    registry: &'a Registry,
    args: Compile,
    known: &'a [&'static PassDef],
    path: PathBuf,
    target: Target,
    name: String,
    started: Instant,
}

/// What is written of a module, and said when it is written.
struct Output {
    data: Bytes,
    /// The header, of C.
    header: Option<Bytes>,
    summary: String,
}

impl From<String> for Output {
    fn from(text: String) -> Output {
        Output { data: text.into(), header: None, summary: String::new() }
    }
}

/// Why there is no output.
enum Stop {
    /// The errors are in the sink.
    Failed,
    /// The command line does not fit the input.
    Usage(String),
    /// All is said; nothing is to be written.
    Done,
}

impl From<Failed> for Stop {
    fn from(_: Failed) -> Stop {
        Stop::Failed
    }
}

impl Job<'_> {
    fn run(&mut self, io: &mut Streams<'_>) -> std::io::Result<Status> {
        let mut sink = Sink::new();
        if let Some(Err(e)) = self.target.path().map(check_directory) {
            let failed = sink.error(Diagnostic::error("output/directory", e).help("make it first"));
            return self.end(io, &sink, None, Err(failed.into()));
        }
        let input = match Input::open(&self.path, io.stdin, &mut sink) {
            Ok(input) => input,
            Err(e) => return self.end(io, &sink, None, Err(e.into())),
        };
        let Some(text) = input.text().map(str::to_owned) else {
            if self.args.passes.run_reproducer {
                return usage(io, "--run-reproducer needs MLIR text");
            }
            let outcome = input
                .load(&self.path, &self.args.model, &mut sink)
                .map_err(Stop::from)
                .and_then(|module| self.module(&input, module, io, &mut sink))
                .and_then(|output| self.write(&[output], io, &mut sink));
            return self.end(io, &sink, None, outcome);
        };
        if self.args.passes.run_reproducer
            && let Err(e) = reproduce::follow(&text, &mut self.args)
        {
            return usage(io, &e);
        }
        self.text(&input, &text, io)
    }

    /// MLIR text, perhaps of several modules.
    fn text(&self, input: &Input, text: &str, io: &mut Streams<'_>) -> std::io::Result<Status> {
        let mut outputs = Vec::new();
        let mut status = Status::Done;
        for (first, part) in split(text, self.args.text.split_input_file) {
            let mut sink = Sink::new();
            // Empty lines in front keep the line numbers of the file.
            let padded = "\n".repeat(first - 1) + part;
            let allow = self.args.text.allow_unregistered_dialect;
            let outcome = crate::input::parse(&padded, &self.name, self.registry, allow, &mut sink)
                .map_err(Stop::from)
                .and_then(|module| self.module(input, module, io, &mut sink))
                .map(|output| {
                    outputs.push(output);
                    String::new()
                });
            if self.args.text.verify_diagnostics {
                let differences = expect::differences(part, first, sink.diagnostics());
                for d in &differences {
                    writeln!(io.stderr, "{}: {d}", self.name)?;
                }
                if !differences.is_empty() {
                    status = Status::Failed;
                }
                continue;
            }
            match self.end(io, &sink, Some(text), outcome)? {
                Status::Done => {}
                worse => status = worse,
            }
        }
        let mut sink = Sink::new();
        let outcome = if outputs.is_empty() { Ok(String::new()) } else { self.write(&outputs, io, &mut sink) };
        match self.end(io, &sink, Some(text), outcome)? {
            Status::Done => Ok(status),
            worse => Ok(worse),
        }
    }

    /// Reports how a module fared; a summary comes last.
    fn end(
        &self,
        io: &mut Streams<'_>,
        sink: &Sink,
        text: Option<&str>,
        outcome: Result<String, Stop>,
    ) -> std::io::Result<Status> {
        for d in sink.diagnostics() {
            write!(io.stderr, "{}", render(d, Source { name: &self.name, text }))?;
        }
        match outcome {
            Ok(summary) => write!(io.stderr, "{summary}").map(|()| Status::Done),
            Err(Stop::Done) => Ok(Status::Done),
            Err(Stop::Failed) => Ok(Status::Failed),
            Err(Stop::Usage(e)) => usage(io, &e),
        }
    }

    /// Runs the passes over one module and turns it into what is written.
    fn module(&self, input: &Input, mut module: Module, io: &mut Streams<'_>, sink: &mut Sink) -> Result<Output, Stop> {
        let pipeline = self.pipeline(input, &module, sink)?;
        if self.args.passes.dump_pass_pipeline {
            let _ = writeln!(io.stdout, "{}", pipeline.text());
            return Err(Stop::Done);
        }
        if self.args.passes.reduce {
            let each = self.args.passes.verify_each.then_some(self.registry);
            let small = reduce(&module, &pipeline, &NumpyFiles, each, sink)?;
            return match &self.target {
                Target::Stdout | Target::Mlir(_) => Ok(reproduce::text(&small, &pipeline.text(), &self.args).into()),
                Target::Tflite(_) | Target::C(_) | Target::Dot(_) => Err(Stop::Usage("--reduce writes MLIR".into())),
            };
        }
        let float = (self.args.quant.verify && !summary::is_quantized(&module)).then(|| module.clone());
        self.run_passes(&pipeline, &mut module, io, sink)?;
        let path = match &self.target {
            Target::Stdout | Target::Mlir(_) => {
                if self.args.quant.verify {
                    let bytes = Bytes::from(backend::emit(&module, sink)?);
                    self.verify(&bytes, &module, float, io, sink)?;
                }
                return Ok(print(&module, &self.print_options()).into());
            }
            Target::Dot(_) => return Ok(dot::dot(&module).into()),
            Target::Tflite(path) | Target::C(path) => path,
        };
        let bytes = Bytes::from(backend::emit(&module, sink)?);
        self.verify(&bytes, &module, float, io, sink)?;
        if matches!(self.target, Target::C(_)) {
            return Ok(self.generate(input, &module, path, bytes, sink)?);
        }
        let summary = self.summary(input, &module, path, bytes.len());
        Ok(Output { data: bytes, header: None, summary })
    }

    /// C of the emitted bytes, so that it is the file's meaning that is generated.
    fn generate(
        &self,
        input: &Input,
        module: &Module,
        path: &Path,
        bytes: Bytes,
        sink: &mut Sink,
    ) -> Result<Output, Failed> {
        let fail = |code: &'static str, text: String, sink: &mut Sink| sink.error(Diagnostic::error(code, text));
        let mut read = backend::read(bytes).map_err(|e| fail("import/tflite", e.to_string(), sink))?.module;
        if let Some(batch) = self.args.model.batch {
            read = with_batch(&read, batch as usize).map_err(|e| fail("codegen/batch", e, sink))?;
        }
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("model");
        let options = codegen::Options { stem, rounding: self.args.quant.options().rounding };
        let c = codegen::generate(&read, &options).map_err(|e| fail("codegen/unsupported", e.to_string(), sink))?;
        let mut summary = self.summary(input, module, path, c.source.len() + c.header.len());
        summary.push_str(&summary::memory(&c));
        Ok(Output { data: c.source.into(), header: Some(c.header.into()), summary })
    }

    fn summary(&self, input: &Input, module: &Module, path: &Path, bytes: usize) -> String {
        let mut text = String::new();
        if self.mode().is_some_and(Mode::is_integer) {
            let left = summary::left_float(module);
            if !left.is_empty() {
                text.push_str("operations that stay float:\n");
                text.extend(left.iter().flat_map(|l| ["  ", l, "\n"]));
            }
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let counts = summary::count(module);
        text + &summary::line(&path.display().to_string(), counts, input.size, bytes, seconds)
    }

    fn verify(
        &self,
        bytes: &Bytes,
        module: &Module,
        float: Option<Module>,
        io: &mut Streams<'_>,
        sink: &mut Sink,
    ) -> Result<(), Failed> {
        if !self.args.quant.verify {
            return Ok(());
        }
        let float = match float {
            Some(mut float) => {
                let request = Ptq {
                    from_tf: holds_tf(&float),
                    batch: self.args.model.batch.map(|n| n as usize),
                    ..Ptq::new(Mode::None)
                };
                run_quietly(&ptq(&request), &mut float, self.registry, sink)?;
                Some(float)
            }
            None => None,
        };
        let datasets = &self.args.quant.representative_dataset;
        let (options, toolchain) = (self.args.quant.options(), self.args.toolchain.toolchain());
        let check = Check { file: bytes, module, float: float.as_ref(), datasets, options, toolchain: &toolchain };
        let report = verify(&check, sink)?;
        let _ = write!(io.stderr, "{report}");
        Ok(())
    }

    fn print_options(&self) -> PrintOptions {
        let t = &self.args.text;
        // A file is read again, and its diagnostics shall name the TensorFlow nodes.
        let locations = t.debuginfo || matches!(self.target, Target::Mlir(_));
        PrintOptions { generic: t.generic, locations, elide_larger_than: t.elide }
    }

    fn mode(&self) -> Option<Mode> {
        self.args.quant.quantize.as_deref().and_then(Mode::parse)
    }

    /// The passes that run over a module.
    fn pipeline(&self, input: &Input, module: &Module, sink: &mut Sink) -> Result<Pipeline, Stop> {
        let quant = &self.args.quant;
        if let Some(text) = &self.args.passes.pass_pipeline {
            self.refuse_mode_options("--pass-pipeline runs exactly its passes")?;
            return Pipeline::parse(text, self.known).map_err(|e| {
                let caret = " ".repeat(text.get(..e.at).map_or(0, |t| t.chars().count()));
                Stop::Usage(format!("{e}\n  {text}\n  {caret}^"))
            });
        }
        let from_tf = holds_tf(module) || input.kind == Kind::TensorFlow;
        let mode = match self.mode() {
            Some(mode) => mode,
            None if input.kind == Kind::TensorFlow => Mode::None,
            None => {
                self.refuse_mode_options("without --quantize no pass runs over this input")?;
                return Ok(Pipeline::new());
            }
        };
        if self.mode().is_some() && summary::is_quantized(module) {
            let d = Diagnostic::error("quant/quantized", "the input is quantized already")
                .help("give the float model, or leave out --quantize");
            return Err(sink.error(d).into());
        }
        if quant.io != Io::Float32 && !mode.is_integer() {
            let text =
                format!("--io needs integer inputs and outputs, but --quantize={} computes in float", mode.name());
            return Err(sink
                .error(Diagnostic::error("quant/io", text).help("use --quantize=int8 or int8-only"))
                .into());
        }
        Ok(ptq(&Ptq {
            mode,
            io: quant.io,
            datasets: quant.representative_dataset.clone(),
            calibration: quant.calibration,
            keep_float: quant.keep_float.clone(),
            batch: self.args.model.batch.map(|n| n as usize),
            from_tf,
        }))
    }

    /// Options that only a mode's pipeline reads, where there is none.
    fn refuse_mode_options(&self, why: &str) -> Result<(), Stop> {
        let (quant, model) = (&self.args.quant, &self.args.model);
        let given = [
            ("--batch", model.batch.is_some() && !matches!(self.target, Target::C(_))),
            ("--keep-float", !quant.keep_float.is_empty()),
            ("--io", quant.io != Io::Float32),
            ("--representative-dataset", !quant.representative_dataset.is_empty() && !quant.verify),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Stop::Usage(format!("{why}, so {name} would have no effect"))),
            None => Ok(()),
        }
    }

    fn run_passes(
        &self,
        pipeline: &Pipeline,
        module: &mut Module,
        io: &mut Streams<'_>,
        sink: &mut Sink,
    ) -> Result<(), Failed> {
        let bar = Bar::new(io.interactive);
        let mut cx = Cx::new(sink).with_datasets(&NumpyFiles).with_progress(&bar);
        let instruments = Instruments::new(&self.args.passes, self.print_options());
        let mut observer = (instruments, Reproducer::new(&self.args, pipeline));
        let each = self.args.passes.verify_each.then_some(self.registry);
        let outcome = pipeline.run(module, &mut cx, &mut observer, each);
        let (instruments, reproducer) = observer;
        let _ = write!(io.stderr, "{}{}", instruments.out, instruments.report());
        if let Some(reproducer) = reproducer {
            reproducer.write(sink)?;
        }
        if let Some(e) = instruments.unwritten {
            return Err(sink.error(Diagnostic::error("output/write", e)));
        }
        outcome
    }

    /// Writes what came out; gives the summary.
    fn write(&self, outputs: &[Output], io: &mut Streams<'_>, sink: &mut Sink) -> Result<String, Stop> {
        let joined = |out: &mut dyn Write| {
            for (i, part) in outputs.iter().enumerate() {
                if i > 0 {
                    out.write_all(b"// -----\n")?;
                }
                out.write_all(&part.data)?;
            }
            out.flush()
        };
        let outcome = match (&self.target, outputs.len()) {
            (Target::Stdout, _) => joined(io.stdout).map_err(|e| format!("cannot write the output: {e}")),
            (Target::Mlir(path), _) | (Target::Tflite(path) | Target::Dot(path), 1) => write_whole(path, |f| joined(f)),
            (Target::C(path), 1) => {
                let header = outputs[0].header.clone().unwrap_or_default();
                write_pair([(path, &outputs[0].data), (&path.with_extension("h"), &header)])
            }
            (Target::Tflite(path) | Target::C(path) | Target::Dot(path), n) => {
                Err(format!("{n} modules do not go into one file {}", path.display()))
            }
        };
        outcome.map_err(|e| sink.error(Diagnostic::error("output/write", e)))?;
        Ok(outputs.iter().map(|o| o.summary.as_str()).collect())
    }
}

/// Whether a module holds TensorFlow operations.
fn holds_tf(module: &Module) -> bool {
    module
        .funcs()
        .into_iter()
        .filter_map(|f| module.body.op(f).body(0))
        .any(|body| body.walk().into_iter().any(|id| body.op(id).name.as_str().starts_with("tf.")))
}

/// The parts of a text between `// -----` lines, each with its first line's number.
fn split(text: &str, wanted: bool) -> Vec<(usize, &str)> {
    if !wanted {
        return vec![(1, text)];
    }
    let mut out = Vec::new();
    let (mut start, mut first, mut at) = (0, 1, 0);
    for (i, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end().starts_with("// -----") {
            out.push((first, &text[start..at]));
            (start, first) = (at + line.len(), i + 2);
        }
        at += line.len();
    }
    out.push((first, &text[start..]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_at_its_rules() {
        assert_eq!(split("a\n// -----\nb\nc\n// -----\n", true), [(1, "a\n"), (3, "b\nc\n"), (6, "")]);
        assert_eq!(split("a\n// -----\nb", false).len(), 1);
    }
}
