//! `quant-run`: a model on this project's kernels, from `.npz` to `.npz`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ir::{Body, Diagnostic, Elem, Failed, Module, QuantType, Registry, Signature, Sink, Tensor, TensorType, Value};
use kernels::eval::{EvalOptions, Evaluator};
use passes::data::{Arrays, Datasets, Samples};
use passes::pass::Progress;
use passes::pipelines::{Mode, Ptq};
use rayon::prelude::*;

use crate::args::{ModelArgs, Run};
use crate::bench::bench;
use crate::input::{Input, Kind};
use crate::npz::NumpyFiles;
use crate::output::{check_directory, write_whole};
use crate::progress::Bar;
use crate::render::{Source, render};
use crate::{Status, Streams, compile};

/// Runs the tool.
pub fn main(registry: &Registry, args: &Run, io: &mut Streams<'_>) -> std::io::Result<Status> {
    let mut sink = Sink::new();
    let outcome = compile::with_threads(args.threads, || run(registry, args, io, &mut sink));
    let name = args.model.display().to_string();
    for d in sink.diagnostics() {
        write!(io.stderr, "{}", render(d, Source { name: &name, text: None }))?;
    }
    Ok(if outcome.is_ok() { Status::Done } else { Status::Failed })
}

fn run(registry: &Registry, args: &Run, io: &mut Streams<'_>, sink: &mut Sink) -> Result<(), Failed> {
    for path in [&args.output, &args.all_tensors].into_iter().flatten() {
        check_directory(path).map_err(|e| sink.error(Diagnostic::error("output/directory", e)))?;
    }
    let file = tflite_bytes(registry, args, io, sink)?;
    let model = match backend::read(file) {
        Ok(model) => model,
        Err(e) => return Err(sink.error(Diagnostic::error("import/tflite", e.to_string()))),
    };
    let signature = choose(&model.module, args.signature.as_deref(), sink)?;
    let results = Session::new(&model, &signature, &args.options()).and_then(|s| {
        let report = s.bench(args)?;
        Ok((s.all(args, io.interactive)?, report))
    });
    let ((outputs, tensors), report) = results.map_err(|e| sink.error(Diagnostic::error("run/failed", e)))?;
    for (path, arrays) in [(&args.output, &outputs), (&args.all_tensors, &tensors)] {
        if let Some(path) = path {
            let written = write_whole(path, |f| NumpyFiles::write(f, arrays));
            written.map_err(|e| sink.error(Diagnostic::error("output/write", e)))?;
        }
    }
    // What cannot be printed is no fault of the run.
    let _ = write!(io.stdout, "{report}");
    if args.output.is_none() && args.all_tensors.is_none() && args.bench.is_none() {
        for (name, t) in &outputs {
            let _ = writeln!(io.stdout, "{name}: {}", passes::data::describe(t.ty()));
        }
    }
    Ok(())
}

/// The model as a TFLite file; one of another kind is emitted in memory.
fn tflite_bytes(registry: &Registry, args: &Run, io: &mut Streams<'_>, sink: &mut Sink) -> Result<Bytes, Failed> {
    let input = Input::open(&args.model, io.stdin, sink)?;
    if let Some(bytes) = input.tflite() {
        return Ok(bytes.clone());
    }
    let model = ModelArgs {
        signature: args.signature.iter().cloned().collect(),
        tag: args.tag.clone(),
        input_arrays: Vec::new(),
        output_arrays: Vec::new(),
        batch: None,
    };
    let mut module = match input.text() {
        Some(text) => crate::input::parse(text, &input.name, registry, false, sink)?,
        None => input.load(&args.model, &model, sink)?,
    };
    if input.kind == Kind::TensorFlow {
        let request = Ptq { from_tf: true, ..Ptq::new(Mode::None) };
        compile::run_quietly(&passes::pipelines::ptq(&request), &mut module, registry, sink)?;
    }
    backend::emit(&module, sink).map(Bytes::from)
}

fn choose(module: &Module, key: Option<&str>, sink: &mut Sink) -> Result<Signature, Failed> {
    let mut all = ir::signatures(module);
    let wanted = key.unwrap_or("serving_default");
    match all.iter().position(|s| s.key == wanted) {
        Some(i) => Ok(all.swap_remove(i)),
        None if key.is_none() && all.len() == 1 => Ok(all.remove(0)),
        None => {
            let present: Vec<String> = all.iter().map(|s| format!("`{}`", s.key)).collect();
            let present = if present.is_empty() { "none".into() } else { present.join(", ") };
            let text = format!("the model has no signature `{wanted}`; it has {present}");
            Err(sink.error(Diagnostic::error("run/signature", text).help("choose one by --signature=KEY")))
        }
    }
}

/// A signature, ready to run.
struct Session<'m> {
    signature: &'m Signature,
    body: &'m Body,
    types: Vec<TensorType>,
    evaluator: Evaluator<'m>,
    /// Key of each tensor in `--all-tensors`.
    keys: HashMap<Value, String>,
}

impl<'m> Session<'m> {
    fn new(model: &'m backend::Model, signature: &'m Signature, options: &EvalOptions) -> Result<Session<'m>, String> {
        let body: &Body = model.module.body.op(signature.func).body(0).ok_or("the signature has no body")?;
        let args = body.args(body.entry());
        let types = args
            .iter()
            .map(|v| body.tensor_ty(*v).cloned().ok_or_else(|| "an input is no tensor".to_owned()))
            .collect::<Result<_, _>>()?;
        let evaluator = Evaluator::with(body, options).map_err(|e| e.to_string())?;
        let mut keys = HashMap::new();
        for (subgraph, tensors) in model.tensors.iter().enumerate().filter(|(_, t)| t.func == signature.func) {
            let prefix = if subgraph == 0 { String::new() } else { format!("{subgraph}:") };
            keys.extend(tensors.index.iter().map(|(v, i)| (*v, format!("{prefix}{i}"))));
        }
        Ok(Session { signature, body, types, evaluator, keys })
    }

    /// Times the first sample, if that is asked for.
    fn bench(&self, args: &Run) -> Result<String, String> {
        let Some(runs) = args.bench else { return Ok(String::new()) };
        let sample = self.samples(&args.inputs)?.get(0);
        bench(self.body, &self.evaluator, &sample, runs as usize, args.profile)
    }

    /// Runs every sample; gives the outputs, and all tensors of the first sample if they are asked for.
    fn all(&self, args: &Run, interactive: bool) -> Result<(Arrays, Arrays), String> {
        let place = |e: String| format!("{}: {e}", args.inputs.display());
        let samples = self.samples(&args.inputs)?;
        if samples.dropped() > 0 {
            return Err(place(format!("the last {} samples fill no batch", samples.dropped())));
        }
        let mut tensors = Arrays::new();
        if args.all_tensors.is_some() {
            let mut see = |v: Value, t: &Tensor| {
                if let Some(key) = self.keys.get(&v) {
                    tensors.insert(key.clone(), t.clone());
                }
            };
            self.evaluator.run(&samples.get(0), &mut see).map_err(|e| e.to_string())?;
        }
        let (bar, done, total) = (Bar::new(interactive), AtomicUsize::new(0), samples.len());
        let results: Vec<Vec<Tensor>> = (0..total)
            .into_par_iter()
            .map(|i| {
                let outputs = self.evaluator.run(&samples.get(i), &mut |_, _| {});
                bar.step("running", done.fetch_add(1, Ordering::Relaxed) + 1, total);
                outputs.map_err(|e| format!("sample {i}: {e}"))
            })
            .collect::<Result<_, _>>()?;
        let mut outputs = Arrays::new();
        for (i, name) in self.signature.outputs.iter().enumerate() {
            let values: Vec<Tensor> = results
                .iter()
                .filter_map(|r| r.get(i))
                .map(|t| if args.dequantize { real_values(t) } else { t.clone() })
                .collect();
            outputs.insert(name.clone(), stack(&values).map_err(|e| format!("output `{name}`: {e}"))?);
        }
        Ok((outputs, tensors))
    }

    fn samples(&self, path: &Path) -> Result<Samples, String> {
        let mut arrays = NumpyFiles.load(path)?;
        for (name, ty) in self.signature.inputs.iter().zip(&self.types) {
            let only = self.signature.inputs.len() == 1 && arrays.len() == 1;
            let key = if arrays.contains_key(name) || !only { name.as_str() } else { "" };
            if let Some(array) = arrays.get_mut(key) {
                *array = stored_values(array, ty)?;
            }
        }
        Samples::new(arrays, &self.signature.inputs, &self.types).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// Values for an input: float ones for a quantized input are quantized with its parameters (halves to even, as numpy rounds).
pub fn stored_values(array: &Tensor, ty: &TensorType) -> Result<Tensor, String> {
    let Some(q) = ty.elem.quant().filter(|_| array.ty().elem.is_float()) else { return Ok(array.clone()) };
    let (scale, zero) = q.as_per_tensor().ok_or("an input has more than one scale")?;
    let values = array.to_f64().ok_or("an array holds no numbers")?;
    let stored = values.into_iter().map(|v| {
        let code = f64::from((v as f32 / scale as f32).round_ties_even()) + zero as f64;
        code.clamp(q.min as f64, q.max as f64) as i64
    });
    let width = usize::from(q.width / 8);
    let data: Vec<u8> = stored.flat_map(|v| v.to_le_bytes().into_iter().take(width)).collect();
    let ty = array.ty().with_elem(Elem::Quant(q.clone()));
    Tensor::new(ty, data.into()).map_err(|e| e.to_string())
}

/// The real values of a tensor that is quantized per tensor; any other tensor itself.
pub fn real_values(t: &Tensor) -> Tensor {
    let Some((scale, zero)) = t.ty().elem.quant().and_then(|q| QuantType::as_per_tensor(q)) else { return t.clone() };
    let Some(stored) = t.to_i64() else { return t.clone() };
    Tensor::f32(&t.shape(), stored.into_iter().map(|v| (scale * (v - zero) as f64) as f32).collect())
}

/// Tensors of one shape on a new first axis.
fn stack(values: &[Tensor]) -> Result<Tensor, String> {
    let first = values.first().ok_or("there is no value")?;
    if let Some(other) = values.iter().find(|t| t.ty() != first.ty()) {
        return Err(format!("its shape is {:?} for one sample and {:?} for another", first.shape(), other.shape()));
    }
    let mut shape = vec![values.len()];
    shape.extend(first.shape());
    let data: Vec<u8> = values.iter().flat_map(|t| t.bytes().to_vec()).collect();
    Tensor::new(TensorType::of(&shape, first.ty().elem.clone()), data.into()).map_err(|e| e.to_string())
}
