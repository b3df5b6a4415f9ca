//! Signatures: how a function's arguments and results are called outside.

use crate::attr::Attr;
use crate::body::{OpId, Operation};
use crate::module::{self, Module};

/// A function that users call by a signature key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The function.
    pub func: OpId,
    /// The signature key.
    pub key: String,
    /// Names of the arguments, in order.
    pub inputs: Vec<String>,
    /// Names of the results, in order.
    pub outputs: Vec<String>,
}

/// The signatures of a module, in order: functions with `tf_saved_model.exported_names` or `tf.entry_function`; where there are none, the
/// only function or the one called `main`.
pub fn signatures(module: &Module) -> Vec<Signature> {
    let funcs = module.funcs();
    let marked: Vec<OpId> = funcs.iter().copied().filter(|f| is_entry(module.body.op(*f))).collect();
    let chosen = match (marked.is_empty(), &funcs[..]) {
        (false, _) => marked,
        (true, [only]) => vec![*only],
        (true, many) => many.iter().copied().filter(|f| module::sym_name(module.body.op(*f)) == Some("main")).collect(),
    };
    chosen.into_iter().map(|f| signature(module, f)).collect()
}

fn is_entry(func: &Operation) -> bool {
    func.attr("tf_saved_model.exported_names").is_some() || func.attr("tf.entry_function").is_some()
}

fn signature(module: &Module, func: OpId) -> Signature {
    let op = module.body.op(func);
    let key = op
        .attr("tf_saved_model.exported_names")
        .and_then(Attr::as_array)
        .and_then(|a| a.first()?.as_str())
        .or_else(|| module::sym_name(op))
        .unwrap_or_default()
        .to_owned();
    let ty = module::function_type(op);
    let count = |results: bool| ty.map_or(0, |t| if results { t.results.len() } else { t.inputs.len() });
    Signature {
        func,
        key,
        inputs: names(op, "arg_attrs", "inputs", "arg", count(false)),
        outputs: names(op, "res_attrs", "outputs", "output", count(true)),
    }
}

fn names(func: &Operation, attrs: &str, entry: &str, stem: &str, count: usize) -> Vec<String> {
    let entry: Vec<&str> = func
        .attr("tf.entry_function")
        .and_then(|a| a.as_dict()?.get(entry)?.as_str())
        .map(|s| s.split(',').collect())
        .unwrap_or_default();
    let paths = func.attr(attrs).and_then(Attr::as_array).unwrap_or_default();
    (0..count)
        .map(|i| {
            paths
                .get(i)
                .and_then(|d| d.as_dict()?.get("tf_saved_model.index_path")?.as_array()?.first()?.as_str())
                .or_else(|| entry.get(i).copied().filter(|s| !s.is_empty()))
                .map_or_else(|| format!("{stem}{i}"), str::to_owned)
        })
        .collect()
}
