//! The names by which a function is called.

use std::collections::{HashMap, VecDeque};

use flatbuffers::{ForwardsUOffset, Vector};
use ir::signature::ALIASES;
use ir::{Attr, Attrs, Module, OpId};

use super::function::Function;
use crate::schema::tflite as fb;

impl<'a> Function<'a> {
    /// The names by which the function is called. Of several signatures of one subgraph the first names arguments and results, the others
    /// are aliases.
    pub(super) fn attributes(&self, module: &mut Module, func: OpId, private: bool) {
        let signatures = self.file.signatures(self.number);
        let named = |s: Option<&fb::SignatureDef<'a>>| {
            let ins = self.names(&self.inputs, s.and_then(fb::SignatureDef::inputs));
            (ins, self.names(&self.outputs, s.and_then(fb::SignatureDef::outputs)))
        };
        let (ins, outs) = named(signatures.first());
        let keyed = signatures.iter().filter_map(|s| Some((s.signature_key().filter(|k| !k.is_empty())?, s)));
        let keys: Vec<&str> = keyed.clone().map(|(key, _)| key).collect();
        let mut aliases = Attrs::new();
        for (key, signature) in keyed.skip(1) {
            let (ins, outs) = named(Some(signature));
            let strs = |names: &[String]| Attr::strs(names.iter().map(String::as_str));
            aliases.set(key, Attr::Dict(Attrs::new().with("inputs", strs(&ins)).with("outputs", strs(&outs))));
        }
        let op = module.body.op_mut(func);
        if keys.is_empty() && self.number != 0 {
            if private {
                op.props.set("sym_visibility", Attr::str("private"));
            }
            return;
        }
        let path = |n: &String| Attr::Dict(Attrs::new().with("tf_saved_model.index_path", Attr::strs([n.as_str()])));
        op.props.set("arg_attrs", Attr::Array(ins.iter().map(path).collect()));
        op.props.set("res_attrs", Attr::Array(outs.iter().map(path).collect()));
        let entry = Attrs::new().with("inputs", Attr::str(ins.join(","))).with("outputs", Attr::str(outs.join(",")));
        op.attrs.set("tf.entry_function", Attr::Dict(entry));
        if !keys.is_empty() {
            op.attrs.set("tf_saved_model.exported_names", Attr::strs(keys));
        }
        if !aliases.is_empty() {
            op.attrs.set(ALIASES, Attr::Dict(aliases));
        }
    }

    /// The names of tensors in a signature, else their own.
    fn names(&self, tensors: &[usize], maps: Option<Vector<'a, ForwardsUOffset<fb::TensorMap<'a>>>>) -> Vec<String> {
        let mut by_tensor: HashMap<u64, VecDeque<&str>> = HashMap::new();
        for map in maps.iter().flatten() {
            by_tensor.entry(u64::from(map.tensor_index())).or_default().extend(map.name());
        }
        tensors
            .iter()
            .map(|t| {
                let given = by_tensor.get_mut(&(*t as u64)).and_then(|names| names.pop_front());
                given.or(self.tensors[*t].name()).unwrap_or_default().to_owned()
            })
            .collect()
    }
}
