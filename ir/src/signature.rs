//! Signatures: how a function's arguments and results are called outside.

use crate::attr::Attr;
use crate::body::{OpId, Operation};
use crate::module::{self, Module};

/// The attribute of a function that several signatures call: for each key behind the first `{inputs = […], outputs = […]}`.
pub const ALIASES: &str = "tfl.signature_aliases";

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

/// The signatures of a module, in order; those of one function follow each other. They are of functions with
/// `tf_saved_model.exported_names` or `tf.entry_function`; where there are none, of the only function or the one called `main`.
pub fn signatures(module: &Module) -> Vec<Signature> {
    let funcs = module.funcs();
    let marked: Vec<OpId> = funcs.iter().copied().filter(|f| is_entry(module.body.op(*f))).collect();
    let chosen = match (marked.is_empty(), &funcs[..]) {
        (false, _) => marked,
        (true, [only]) => vec![*only],
        (true, many) => many.iter().copied().filter(|f| module::sym_name(module.body.op(*f)) == Some("main")).collect(),
    };
    chosen.into_iter().flat_map(|f| std::iter::once(signature(module, f)).chain(aliases(module, f))).collect()
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

/// The signatures of a function beside its first: each further exported name, with names of its own for arguments and results where
/// [`ALIASES`] has them.
fn aliases(module: &Module, func: OpId) -> Vec<Signature> {
    let op = module.body.op(func);
    let first = signature(module, func);
    let keys = op.attr("tf_saved_model.exported_names").and_then(Attr::as_array).unwrap_or_default();
    let named = |key: &str, list: &str, or: &[String]| {
        let names = op.attr(ALIASES).and_then(|a| a.as_dict()?.get(key)?.as_dict()?.get(list)?.as_array());
        let names: Option<Vec<String>> = names.map(|n| n.iter().filter_map(Attr::as_str).map(str::to_owned).collect());
        names.filter(|n| n.len() == or.len()).unwrap_or_else(|| or.to_vec())
    };
    let keys = keys.iter().skip(1).filter_map(Attr::as_str);
    keys.map(|key| Signature {
        func,
        key: key.to_owned(),
        inputs: named(key, "inputs", &first.inputs),
        outputs: named(key, "outputs", &first.outputs),
    })
    .collect()
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
