//! `quant-run`: a model on this project's kernels, from `.npz` to `.npz`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use ir::{Body, Diagnostic, Elem, Failed, Module, QuantType, Registry, Signature, Sink, Tensor, TensorType, Value};
use kernels::plan::{Program, Watch};
use passes::data::{self, Arrays, Datasets, Samples, on_every_sample};
use passes::pass::Progress;
use passes::pipelines::{Mode, Ptq};

use crate::args::{ModelArgs, Run};
use crate::bench::bench;
use crate::generated::{self, Generated};
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
    let results = Session::new(&model, &signature, args)
        .and_then(|s| Ok((s.verify()? + &s.bench()?, s.tensors()?, s.outputs(io.interactive)?)));
    let (report, tensors, outputs) = results.map_err(|e| sink.error(Diagnostic::error("run/failed", e)))?;
    for (path, arrays) in [(&args.output, &outputs), (&args.all_tensors, &tensors)] {
        if let Some(path) = path {
            let written = write_whole(path, |f| NumpyFiles::write(f, arrays));
            written.map_err(|e| sink.error(Diagnostic::error("output/write", e)))?;
        }
    }
    // What cannot be printed is no fault of the run.
    let _ = write!(io.stdout, "{report}");
    if args.output.is_none() && !only_other_things(args) {
        for (name, t) in &outputs {
            let _ = writeln!(io.stdout, "{name}: {}", passes::data::describe(t.ty()));
        }
    }
    Ok(())
}

/// Whether something else than the outputs is asked for.
fn only_other_things(args: &Run) -> bool {
    args.bench.is_some() || args.all_tensors.is_some() || args.verify
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
    module: &'m Module,
    signature: &'m Signature,
    body: &'m Body,
    types: Vec<TensorType>,
    /// Key of each tensor in `--all-tensors`.
    keys: HashMap<Value, String>,
    args: &'m Run,
}

impl<'m> Session<'m> {
    fn new(model: &'m backend::Model, signature: &'m Signature, args: &'m Run) -> Result<Session<'m>, String> {
        let body: &Body = model.module.body.op(signature.func).body(0).ok_or("the signature has no body")?;
        let inputs = body.args(body.entry());
        let types = inputs
            .iter()
            .map(|v| body.tensor_ty(*v).cloned().ok_or_else(|| "an input is no tensor".to_owned()))
            .collect::<Result<_, _>>()?;
        let mut keys = HashMap::new();
        for (subgraph, tensors) in model.tensors.iter().enumerate().filter(|(_, t)| t.func == signature.func) {
            let prefix = if subgraph == 0 { String::new() } else { format!("{subgraph}:") };
            keys.extend(tensors.index.iter().map(|(v, i)| (*v, format!("{prefix}{i}"))));
        }
        Ok(Session { module: &model.module, signature, body, types, keys, args })
    }

    /// Holds generated C against the reference kernels, if that is asked for.
    fn verify(&self) -> Result<String, String> {
        if !self.args.verify {
            return Ok(String::new());
        }
        let (options, toolchain) = self.args.c();
        generated::verify(self.module, &self.signature.key, self.samples()?, &options, &toolchain)
    }

    /// The model's generated C for the samples, if that is to run.
    fn generated(&self, samples: &Given) -> Result<Option<Generated>, String> {
        if !self.args.generated() {
            return Ok(None);
        }
        let (options, toolchain) = self.args.c();
        Generated::new(self.module, &self.signature.key, samples.batch(), &options, &toolchain).map(Some)
    }

    /// The function, prepared for the samples; one alone is shared by all threads.
    fn program(&self, samples: &Given, threads: usize) -> Result<Program<'m>, String> {
        Program::new(self.body, &samples.types, &self.args.options(threads)).map_err(|e| e.to_string())
    }

    /// Times the first sample, if that is asked for.
    fn bench(&self) -> Result<String, String> {
        let Some(runs) = self.args.bench else { return Ok(String::new()) };
        let mut samples = self.samples()?;
        if let Some(mut c) = self.generated(&samples)? {
            return c.bench(&samples.first()?, runs);
        }
        let program = self.program(&samples, rayon::current_num_threads())?;
        bench(self.body, &program, &samples.first()?, runs as usize, self.args.profile)
    }

    /// All tensors of the first sample, if they are asked for.
    fn tensors(&self) -> Result<Arrays, String> {
        let mut tensors = Arrays::new();
        if self.args.all_tensors.is_none() {
            return Ok(tensors);
        }
        let mut samples = self.samples()?;
        let program = self.program(&samples, rayon::current_num_threads())?;
        let mut see = |v: Value, ty: &TensorType, bytes: &[u8]| {
            let tensor = Tensor::new(ty.clone(), Bytes::copy_from_slice(bytes));
            if let (Some(key), Ok(t)) = (self.keys.get(&v), tensor) {
                tensors.insert(key.clone(), t);
            }
        };
        let ran = program.run(&mut program.worker(), &samples.first()?, Watch::Values(&mut see));
        ran.map_err(|e| e.to_string())?;
        Ok(tensors)
    }

    /// Runs every sample; gives the outputs, unless only other things are asked for.
    fn outputs(&self, interactive: bool) -> Result<Arrays, String> {
        if self.args.output.is_none() && only_other_things(self.args) {
            return Ok(Arrays::new());
        }
        let mut given = self.samples()?;
        if given.samples.dropped() > 0 {
            return Err(self.place(format!("the last {} samples fill no batch", given.samples.dropped())));
        }
        let (bar, done, total) = (Bar::new(interactive), AtomicUsize::new(0), given.samples.len());
        if let Some(mut c) = self.generated(&given)? {
            let mut results = Vec::new();
            while let Some((i, inputs)) = given.next()? {
                results.push(c.run(&inputs).map_err(|e| format!("sample {i}: {e}"))?);
                bar.step("running", i + 1, total);
            }
            return self.stacked(&results);
        }
        let program = self.program(&given, if total == 1 { rayon::current_num_threads() } else { 1 })?;
        let start = || (program.worker(), Vec::new());
        let states = on_every_sample(given.samples, start, |(worker, results), i, inputs| {
            let inputs = stored(&inputs, &given.types)?;
            let outputs = program.run(worker, &inputs, Watch::Nothing).map_err(|e| format!("sample {i}: {e}"))?;
            results.push((i, outputs));
            bar.step("running", done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok::<_, String>(())
        })?;
        let mut results: Vec<(usize, Vec<Tensor>)> = states.into_iter().flat_map(|(_, results)| results).collect();
        results.sort_by_key(|(i, _)| *i);
        self.stacked(&results.into_iter().map(|(_, r)| r).collect::<Vec<_>>())
    }

    /// Each output over all samples.
    fn stacked(&self, results: &[Vec<Tensor>]) -> Result<Arrays, String> {
        let mut outputs = Arrays::new();
        for (i, name) in self.signature.outputs.iter().enumerate() {
            let values: Vec<Tensor> = results
                .iter()
                .filter_map(|r| r.get(i))
                .map(|t| if self.args.dequantize { real_values(t) } else { t.clone() })
                .collect();
            outputs.insert(name.clone(), stack(&values).map_err(|e| format!("output `{name}`: {e}"))?);
        }
        Ok(outputs)
    }

    fn place(&self, e: String) -> String {
        format!("{}: {e}", self.args.inputs.display())
    }

    fn samples(&self) -> Result<Given, String> {
        let streams = NumpyFiles.open(&self.args.inputs)?;
        Given::new(streams, &self.signature.inputs, &self.types).map_err(|e| self.place(e))
    }
}

/// Samples for inputs of which some are quantized.
pub struct Given {
    /// With real values for quantized inputs where the arrays hold such.
    pub samples: Samples,
    /// What the inputs are.
    pub types: Vec<TensorType>,
}

impl Given {
    /// Cuts arrays for inputs of these names and types.
    pub fn new(streams: data::Streams, names: &[String], types: &[TensorType]) -> Result<Given, String> {
        let only = names.len() == 1 && streams.len() == 1;
        let wanted = names.iter().zip(types).map(|(name, ty)| {
            let stream = streams.get(name).or_else(|| streams.values().next().filter(|_| only));
            let real = ty.elem.quant().is_some() && stream.is_some_and(|s| s.ty.elem.is_float());
            if real { ty.with_elem(Elem::F32) } else { ty.clone() }
        });
        let wanted: Vec<TensorType> = wanted.collect();
        let samples = Samples::new(streams, names, &wanted)?;
        let types = samples.types().iter().zip(types).map(|(given, ty)| given.with_elem(ty.elem.clone())).collect();
        Ok(Given { samples, types })
    }

    /// The next sample and its number, as it is stored.
    pub fn next(&mut self) -> Result<Option<(usize, Vec<Tensor>)>, String> {
        let Some((i, inputs)) = self.samples.next_sample()? else { return Ok(None) };
        Ok(Some((i, stored(&inputs, &self.types)?)))
    }

    /// The first sample, as it is stored.
    pub fn first(&mut self) -> Result<Vec<Tensor>, String> {
        Ok(self.next()?.ok_or("there is no sample")?.1)
    }

    /// The leading dimension of the inputs.
    pub fn batch(&self) -> usize {
        let leading = |t: &TensorType| t.static_shape()?.first().copied();
        self.types.first().and_then(leading).unwrap_or(1)
    }
}

/// Values for inputs as they are stored.
fn stored(inputs: &[Tensor], types: &[TensorType]) -> Result<Vec<Tensor>, String> {
    inputs.iter().zip(types).map(|(t, ty)| stored_values(t, ty)).collect()
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
