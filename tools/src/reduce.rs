//! `--reduce`: the smallest module that fails as a given one does.

use ir::{Diagnostic, Failed, Module, Registry, Severity, Sink};
use passes::data::Datasets;
use passes::pipeline::NoObserver;
use passes::{Cx, Pipeline};

use crate::summary::count_all;

/// Shrinks a module while the passes fail with the same first error; a remark says how far.
pub fn reduce(
    module: &Module,
    pipeline: &Pipeline,
    datasets: &dyn Datasets,
    verify_each: Option<&Registry>,
    sink: &mut Sink,
) -> Result<Module, Failed> {
    let error = |module: &Module| -> Option<Diagnostic> {
        let mut sink = Sink::new();
        // What is no valid module does not come out of any pass.
        ir::verify::verify(module, &mut sink).ok()?;
        let mut cx = Cx::new(&mut sink).with_datasets(datasets);
        pipeline.run(&mut module.clone(), &mut cx, &mut NoObserver, verify_each).err()?;
        sink.take().into_iter().find(|d| d.severity == Severity::Error)
    };
    let Some(first) = error(module) else {
        let d = Diagnostic::error("reduce/succeeds", "the passes do not fail on this module, so it cannot be reduced");
        return Err(sink.error(d.help("name the passes that fail with --pass-pipeline or --run-reproducer")));
    };
    let small = passes::reduce::reduce(module, &mut |m| error(m).is_some_and(|d| d.code == first.code));
    let (before, after) = (count_all(module), count_all(&small));
    let text = format!("{after} of {before} operations still fail with {}", first.code);
    sink.emit(Diagnostic::remark("reduce/done", text));
    Ok(small)
}
