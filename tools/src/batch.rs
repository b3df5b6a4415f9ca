//! A batch for models that leave it open.

use ir::{Body, Module, Sink, Value};
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};

/// A copy of a module whose unknown leading dimensions are `batch`.
pub fn with_batch(module: &Module, batch: usize) -> Result<Module, String> {
    let mut module = module.clone();
    let text = format!("set-batch{{batch={batch}}},canonicalize,dce");
    let pipeline = Pipeline::parse(&text, &passes::known()).map_err(|e| e.to_string())?;
    let mut sink = Sink::new();
    let mut cx = Cx::new(&mut sink);
    let done = pipeline.run(&mut module, &mut cx, &mut NoObserver, None);
    done.map_err(|_| format!("a batch of {batch} does not fit the model"))?;
    Ok(module)
}

/// Whether a signature has a dimension that is not known.
pub fn is_dynamic(module: &Module) -> bool {
    let unknown = |body: &Body, v: &Value| body.tensor_ty(*v).is_some_and(|t| t.static_shape().is_none());
    let bodies = module.funcs().into_iter().filter_map(|f| module.body.op(f).body(0));
    bodies.into_iter().any(|b| b.args(b.entry()).iter().any(|v| unknown(b, v)))
}
