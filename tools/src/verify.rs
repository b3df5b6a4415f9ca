//! `--verify`: the emitted bytes are read back and run on this project's kernels.
//!
//! Every value must be that of the module they were emitted from, bit for bit; against the float model the signal-to-noise ratio
//! `10 log10(sum float² / sum (float - file)²)` of each output is told.

use bytes::Bytes;
use ir::{Body, Diagnostic, Elem, Failed, Module, Signature, Sink, Tensor, TensorType};
use kernels::codegen::{Options, generate};
use kernels::eval::{EvalError, EvalOptions, Evaluator};
use passes::data::{Datasets, Samples, Streams};

use crate::batch::{is_dynamic, with_batch};
use crate::cc::Toolchain;
use crate::npz::NumpyFiles;
use crate::run::{real_values, stored_values};
use crate::witness::Witness;

/// At most so many samples are run.
const SAMPLES: usize = 16;
/// So many random samples are run where no data is given.
const RANDOM: usize = 4;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// The emitted bytes.
    pub file: &'a Bytes,
    /// The module they were emitted from.
    pub module: &'a Module,
    /// The float model; `None` if the input was none.
    pub float: Option<&'a Module>,
    /// Datasets: `PATH` or `KEY=PATH`.
    pub datasets: &'a [String],
    /// Whose roundings generated C follows.
    pub options: EvalOptions,
    /// What compiles it.
    pub toolchain: &'a Toolchain,
}

/// Runs the check; gives the report.
pub fn verify(check: &Check<'_>, sink: &mut Sink) -> Result<String, Failed> {
    let fail = |text: String, sink: &mut Sink| Err(sink.error(Diagnostic::error("verify/emitted", text)));
    let read = match backend::read(check.file.clone()) {
        Ok(model) => model.module,
        Err(e) => return fail(format!("the emitted file cannot be read back: {e}"), sink),
    };
    let signatures = ir::signatures(check.module);
    let emitted = ir::signatures(&read);
    let mut report = String::new();
    // C has fixed shapes: a batch of one, where the file leaves it open.
    let fixed = match is_dynamic(&read) {
        true => Some(with_batch(&read, 1).map_err(|e| sink.error(Diagnostic::error("verify/emitted", e)))?),
        false => None,
    };
    let mut witness = match second(check, fixed.as_ref().unwrap_or(&read)) {
        Ok(witness) => witness,
        Err(e) => return fail(e, sink),
    };
    for signature in &signatures {
        let Some(of_file) = emitted.iter().find(|s| s.key == signature.key) else {
            return fail(format!("the emitted file has no signature `{}`", signature.key), sink);
        };
        match one(check, signature, &read, of_file, witness.as_mut()) {
            Ok(text) => report.push_str(&text),
            Err(text) => return fail(format!("signature `{}`: {text}", signature.key), sink),
        }
    }
    Ok(report)
}

/// The generated C of what was emitted, or why there is none: not every operation has a generator, not every machine a compiler.
fn second<'m>(check: &Check<'_>, module: &'m Module) -> Result<std::result::Result<Witness<'m>, String>, String> {
    let stem = Options { stem: "model", rounding: check.options.rounding };
    let c = match generate(module, &stem) {
        Ok(c) => c,
        Err(e) => return Ok(Err(e.to_string())),
    };
    if let Err(e) = check.toolchain.available() {
        return Ok(Err(e));
    }
    Witness::new(module, c, check.options, check.toolchain).map(Ok)
}

fn body<'m>(module: &'m Module, signature: &Signature) -> Result<&'m Body, String> {
    module.body.op(signature.func).body(0).ok_or_else(|| "it has no body".to_owned())
}

fn one(
    check: &Check<'_>,
    signature: &Signature,
    read: &Module,
    of_file: &Signature,
    mut witness: Result<&mut Witness<'_>, &mut String>,
) -> Result<String, String> {
    let float = check.float.and_then(|m| Some((m, ir::signatures(m).into_iter().find(|s| s.key == signature.key)?)));
    let ours = body(check.module, signature)?;
    let theirs = body(read, of_file)?;
    let (data, mut samples) = match &float {
        Some((m, s)) => samples(check.datasets, s, body(m, s)?)?,
        None => samples(check.datasets, signature, ours)?,
    };
    let evaluator = |b| Evaluator::new(b).map_err(|e: EvalError| e.to_string());
    let (ours_run, theirs_run) = (evaluator(ours)?, evaluator(theirs)?);
    let float_run = match &float {
        Some((m, s)) => Some(evaluator(body(m, s)?)?),
        None => None,
    };
    let types = argument_types(ours);
    let count = samples.len().min(SAMPLES);
    let mut tensors = 0;
    let mut noise = vec![Noise::default(); signature.outputs.len()];
    for i in 0..count {
        let Some((_, given)) = samples.next_sample()? else { break };
        let inputs: Vec<Tensor> =
            given.iter().zip(&types).map(|(t, ty)| stored_values(t, ty)).collect::<Result<_, _>>()?;
        let mut expected = Vec::new();
        let outputs =
            ours_run.run(&inputs, &mut |v, t| expected.push((v, t.clone()))).map_err(|e| format!("sample {i}: {e}"))?;
        compare(ours, &expected, &theirs_run, &inputs, i)?;
        if let Ok(c) = &mut witness {
            tensors = c.check(of_file, &inputs).map_err(|e| format!("sample {i}: {e}"))?;
        }
        if let Some(run) = &float_run {
            let reference = run.run(&given, &mut |_, _| {}).map_err(|e| format!("float model, sample {i}: {e}"))?;
            for (n, (file, float)) in noise.iter_mut().zip(outputs.iter().zip(&reference)) {
                n.add(file, float);
            }
        }
    }
    let mut out =
        format!("{}: the emitted file gives the module's values bit for bit on {count} {data}\n", signature.key);
    out.push_str(&match witness {
        Ok(_) => format!("  so does its generated C, in {tensors} tensors\n"),
        Err(why) => format!("  its generated C was not checked: {why}\n"),
    });
    if float_run.is_some() {
        for (name, n) in signature.outputs.iter().zip(&noise) {
            out.push_str(&format!("  {name}: {:.1} dB against the float model\n", n.decibels()));
        }
    }
    Ok(out)
}

/// Runs the file's function and compares every value with those of the module's.
fn compare(
    ours: &Body,
    expected: &[(ir::Value, Tensor)],
    theirs: &Evaluator<'_>,
    inputs: &[Tensor],
    sample: usize,
) -> Result<(), String> {
    let mut at = 0;
    let mut wrong = None;
    let mut see = |_, found: &Tensor| {
        if wrong.is_none() {
            wrong = match expected.get(at) {
                Some((v, t)) if t.bytes() != found.bytes() => Some(difference(ours, *v, t, found)),
                Some(_) => None,
                None => Some("it computes more values than the module".to_owned()),
            };
        }
        at += 1;
    };
    theirs.run(inputs, &mut see).map_err(|e| format!("the emitted file, sample {sample}: {e}"))?;
    match wrong {
        Some(text) => Err(format!("sample {sample}: {text}")),
        None if at < expected.len() => Err("it computes fewer values than the module".into()),
        None => Ok(()),
    }
}

fn difference(body: &Body, v: ir::Value, expected: &Tensor, found: &Tensor) -> String {
    let name = body.loc(v).node().unwrap_or("(unnamed)");
    let (e, f) = (expected.bytes(), found.bytes());
    let width = expected.ty().elem.byte_width().unwrap_or(1);
    let element = e.iter().zip(f.iter()).position(|(a, b)| a != b).unwrap_or(e.len().min(f.len())) / width;
    format!("tensor `{name}` differs first at element {element} of the emitted file")
}

fn argument_types(body: &Body) -> Vec<TensorType> {
    body.args(body.entry()).iter().filter_map(|v| body.tensor_ty(*v).cloned()).collect()
}

fn samples(datasets: &[String], signature: &Signature, body: &Body) -> Result<(String, Samples), String> {
    let types = argument_types(body);
    let keyed = datasets.iter().find_map(|d| d.strip_prefix(signature.key.as_str())?.strip_prefix('='));
    match keyed.or_else(|| datasets.first().map(String::as_str)) {
        Some(path) => {
            let arrays = NumpyFiles.open(path.as_ref())?;
            let samples = Samples::new(arrays, &signature.inputs, &types).map_err(|e| format!("{path}: {e}"))?;
            Ok((format!("samples of {path}"), samples))
        }
        None => {
            let arrays = random(signature, &types)?;
            Ok(("random samples".into(), Samples::new(arrays, &signature.inputs, &types)?))
        }
    }
}

/// Numbers between 0 and 1 for float inputs, zeros for others; the same ones each time.
fn random(signature: &Signature, types: &[TensorType]) -> Result<Streams, String> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32
    };
    let mut out = Streams::new();
    for (name, ty) in signature.inputs.iter().zip(types) {
        let dims = ty.shape.as_ref().ok_or_else(|| format!("input `{name}` has no known rank; give data"))?;
        let mut shape = vec![RANDOM];
        shape.extend(dims.iter().map(|d| d.unwrap_or(1)));
        let ty = TensorType::of(&shape, ty.elem.storage());
        let count = ty.num_elements().ok_or_else(|| format!("input `{name}` is too large"))?;
        let tensor = if ty.elem == Elem::F32 {
            Tensor::f32(&shape, (0..count).map(|_| next()).collect())
        } else {
            let width = ty.elem.byte_width().ok_or_else(|| format!("input `{name}` holds no numbers; give data"))?;
            Tensor::new(ty, vec![0; count * width].into()).map_err(|e| e.to_string())?
        };
        out.insert(name.clone(), tensor.into());
    }
    Ok(out)
}

#[derive(Clone, Debug, Default)]
struct Noise {
    signal: f64,
    noise: f64,
}

impl Noise {
    fn add(&mut self, file: &Tensor, float: &Tensor) {
        let (Some(a), Some(b)) = (real_values(file).to_f64(), float.to_f64()) else { return };
        for (x, y) in a.iter().zip(&b) {
            self.signal += y * y;
            self.noise += (x - y) * (x - y);
        }
    }
    /// Infinite where nothing differs.
    fn decibels(&self) -> f64 {
        10.0 * (self.signal / self.noise).log10()
    }
}
