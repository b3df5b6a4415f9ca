//! `quant-run` on generated C: running a signature, and `--verify`.

use ir::{Body, Module, Signature, Tensor, TensorType};
use kernels::codegen::{self, Options, generate};
use kernels::eval::EvalOptions;

use crate::batch::{is_dynamic, with_batch};
use crate::cc::{Build, Compiled, Ran, Toolchain};
use crate::run::Given;
use crate::witness::Witness;

/// A signature as compiled C.
#[derive(Debug)]
pub struct Generated {
    key: String,
    outputs: Vec<TensorType>,
    compiled: Compiled,
}

/// A module with the shapes that C needs: where it leaves the batch open, with a batch of `batch`.
fn fixed(module: &Module, batch: usize) -> Result<Module, String> {
    if is_dynamic(module) { with_batch(module, batch) } else { Ok(module.clone()) }
}

fn c_of(module: &Module, options: &EvalOptions) -> Result<codegen::Generated, String> {
    generate(module, &Options { stem: "model", rounding: options.rounding }).map_err(|e| e.to_string())
}

fn find(module: &Module, key: &str) -> Result<Signature, String> {
    let found = ir::signatures(module).into_iter().find(|s| s.key == key);
    found.ok_or_else(|| format!("there is no signature `{key}`"))
}

fn body<'m>(module: &'m Module, signature: &Signature) -> Result<&'m Body, String> {
    module.body.op(signature.func).body(0).ok_or_else(|| "the signature has no body".to_owned())
}

impl Generated {
    /// Generates C for a module and compiles it for this machine, for batches of `batch` samples.
    pub fn new(
        module: &Module,
        key: &str,
        batch: usize,
        options: &EvalOptions,
        toolchain: &Toolchain,
    ) -> Result<Generated, String> {
        let module = fixed(module, batch)?;
        let signature = find(&module, key)?;
        let body = body(&module, &signature)?;
        let returned = body.terminator(body.entry()).map(|t| body.op(t).operands()).unwrap_or_default();
        let outputs = returned.iter().filter_map(|v| body.tensor_ty(*v).cloned()).collect();
        let c = c_of(&module, options)?;
        let compiled = Compiled::new(&c, Build::Fast, toolchain)?;
        Ok(Generated { key: key.to_owned(), outputs, compiled })
    }

    fn call(&mut self, inputs: &[Tensor], times: u32) -> Result<Ran, String> {
        let bytes: Vec<_> = inputs.iter().map(Tensor::bytes).collect();
        let ran = self.compiled.run(&self.key, &bytes, times)?;
        if ran.status != 0 {
            return Err(format!("layer {} of the generated C has no result for these inputs", ran.status));
        }
        Ok(ran)
    }

    /// Runs one sample.
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        let outputs = self.call(inputs, 0)?.outputs;
        let tensor =
            |(data, ty): (Vec<u8>, &TensorType)| Tensor::new(ty.clone(), data.into()).map_err(|e| e.to_string());
        outputs.into_iter().zip(&self.outputs).map(tensor).collect()
    }

    /// Median and minimum of `runs` runs after a warm-up.
    pub fn bench(&mut self, inputs: &[Tensor], runs: u32) -> Result<String, String> {
        let mut times = self.call(inputs, runs)?.times;
        times.sort_unstable();
        let millis = |ns: Option<&u64>| format!("{:.3} ms", ns.map_or(0.0, |ns| *ns as f64 / 1e6));
        Ok(format!("{runs} runs: median {}, minimum {}\n", millis(times.get(times.len() / 2)), millis(times.first())))
    }
}

/// Holds the generated C of a module against the reference kernels on samples; gives the report.
pub fn verify(
    module: &Module,
    key: &str,
    mut samples: Given,
    options: &EvalOptions,
    toolchain: &Toolchain,
) -> Result<String, String> {
    let module = fixed(module, samples.batch())?;
    let signature = find(&module, key)?;
    let c = c_of(&module, options)?;
    let mut witness = Witness::new(&module, c, *options, toolchain)?;
    let (mut tensors, mut count) = (0, 0);
    while let Some((i, inputs)) = samples.next()? {
        tensors = witness.check(&signature, &inputs).map_err(|e| format!("sample {i}: {e}"))?;
        count += 1;
    }
    Ok(format!("{key}: reference kernels and generated C are equal in {tensors} tensors on {count} samples\n"))
}
