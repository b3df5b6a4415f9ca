//! Graphs become functions of the `tf` dialect.
//!
//! Only what a signature's outputs need is imported. Each signature is a function of its key, whose arguments and results are ordered by name;
//! functions of the library that are called become private functions. Control edges are dropped: they order side effects, which inference
//! has none of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ir::dialect::tf::{self, OutType};
use ir::{At, Attr, Attrs, Elem, FunctionType, Loc, Module, OpName, OpSpec, TensorType, Type, Value};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::DiGraph;

use crate::dtype;
use crate::proto::{AttrValue, FunctionDef, NodeDef, SignatureDef};
use crate::saved_model::{ImportError, Model, function, function_of, node_of};

/// Imports the chosen signatures of a model.
pub fn import(model: &Model) -> Result<Module, ImportError> {
    let mut importer = Importer { model, module: Module::new(), called: Vec::new() };
    importer.module.attrs.set("tf_saved_model.semantics", Attr::Unit);
    for (key, signature) in &model.signatures {
        importer.signature(key, signature)?;
    }
    let mut done = BTreeSet::new();
    while let Some(name) = importer.called.pop() {
        if done.insert(name.clone()) {
            let f = function(&model.graph, &name)
                .ok_or_else(|| malformed(model, format!("function `{name}` is missing")))?;
            importer.function(f)?;
        }
    }
    importer.variables()?;
    Ok(importer.module)
}

fn malformed(model: &Model, what: impl Into<String>) -> ImportError {
    ImportError::Malformed { path: model.path.clone(), what: what.into() }
}

/// The references among some nodes and returned values to nodes that the table does not know.
fn references<'n>(order: &[&'n NodeDef], returns: &'n [String]) -> References<'n> {
    let mut out: References<'n> = order
        .iter()
        .filter(|n| n.op != "Const" && tf::lookup(&n.op).is_none())
        .map(|n| (n.name.as_str(), Vec::new()))
        .collect();
    let inputs = order.iter().flat_map(|n| &n.input).filter(|i| !i.starts_with('^'));
    for input in inputs.chain(returns) {
        if let Some(seen) = out.get_mut(node_of(input)).filter(|seen| !seen.contains(&input.as_str())) {
            seen.push(input);
        }
    }
    out
}

struct Importer<'m> {
    model: &'m Model,
    module: Module,
    /// Functions that are called and not yet imported.
    called: Vec<String>,
}

/// A value by the name that inputs use: node and output number, or argument.
type Values = BTreeMap<(String, usize), Value>;

/// The references to the outputs of nodes whose operation is not in the table: they tell how many outputs there are.
type References<'n> = BTreeMap<&'n str, Vec<&'n str>>;

impl<'m> Importer<'m> {
    fn signature(&mut self, key: &str, signature: &SignatureDef) -> Result<(), ImportError> {
        let nodes: BTreeMap<&str, &NodeDef> = self.model.graph.node.iter().map(|n| (n.name.as_str(), n)).collect();
        let mut args = Vec::new();
        for (name, info) in &signature.inputs {
            let node = nodes.get(node_of(&info.name));
            let node = node.ok_or_else(|| malformed(self.model, format!("input `{name}` names no node")))?;
            let dtype = node.attr.get("dtype").and_then(|a| a.r#type).unwrap_or(info.dtype);
            let elem =
                dtype::elem(dtype).ok_or_else(|| malformed(self.model, format!("the type of input `{name}`")))?;
            let shape = dtype::shape(info.tensor_shape.as_ref())
                .or_else(|| dtype::shape(node.attr.get("shape").and_then(|a| a.shape.as_deref())));
            args.push((node.name.clone(), Type::Tensor(TensorType { shape, elem, encoding: None })));
        }
        let outputs: Vec<(&String, String)> = signature.outputs.iter().map(|(k, i)| (k, i.name.clone())).collect();
        let returns: Vec<String> = outputs.iter().map(|(_, t)| t.clone()).collect();
        let func = self.body(key, &args, &nodes, &returns)?;
        let path = |k: &str| Attr::Dict(Attrs::new().with("tf_saved_model.index_path", Attr::strs([k])));
        let (ins, outs): (Vec<&str>, Vec<&str>) =
            (signature.inputs.keys().map(|k| &**k).collect(), signature.outputs.keys().map(|k| &**k).collect());
        let entry = Attrs::new().with("inputs", Attr::str(ins.join(","))).with("outputs", Attr::str(outs.join(",")));
        let op = self.module.body.op_mut(func);
        op.props.set("arg_attrs", Attr::Array(ins.iter().map(|k| path(k)).collect()));
        op.props.set("res_attrs", Attr::Array(outs.iter().map(|k| path(k)).collect()));
        op.attrs.set("tf.entry_function", Attr::Dict(entry));
        op.attrs.set("tf_saved_model.exported_names", Attr::strs([key]));
        Ok(())
    }

    fn function(&mut self, f: &'m FunctionDef) -> Result<(), ImportError> {
        let sig = f.signature.as_ref().ok_or_else(|| malformed(self.model, "a function without a signature"))?;
        let nodes: BTreeMap<&str, &NodeDef> = f.node_def.iter().map(|n| (n.name.as_str(), n)).collect();
        let args = sig
            .input_arg
            .iter()
            .map(|a| {
                let elem = dtype::elem(a.r#type).ok_or_else(|| {
                    malformed(self.model, format!("argument `{}` of function `{}`", a.name, sig.name))
                })?;
                Ok((a.name.clone(), Type::Tensor(TensorType::unranked(elem))))
            })
            .collect::<Result<Vec<_>, ImportError>>()?;
        let returns = sig
            .output_arg
            .iter()
            .map(|a| f.ret.get(&a.name).cloned().ok_or_else(|| malformed(self.model, format!("result `{}`", a.name))))
            .collect::<Result<Vec<_>, _>>()?;
        let func = self.body(&sig.name, &args, &nodes, &returns)?;
        self.module.body.op_mut(func).props.set("sym_visibility", Attr::str("private"));
        Ok(())
    }

    /// A function of arguments (node or argument name and type) and returned references.
    fn body(
        &mut self,
        name: &str,
        args: &[(String, Type)],
        nodes: &BTreeMap<&str, &'m NodeDef>,
        returns: &[String],
    ) -> Result<ir::OpId, ImportError> {
        let order = self.order(args, nodes, returns)?;
        let unknown = references(&order, returns);
        let ty = FunctionType { inputs: vec![], results: vec![] };
        let func = self.module.add_func(name, ty, Loc::name(name));
        let mut body = std::mem::take(
            self.module.func_body_mut(func).ok_or_else(|| malformed(self.model, "a function without a body"))?,
        );
        let entry = body.entry();
        let mut values = Values::new();
        for (arg, ty) in args {
            let v = body.add_arg(entry, ty.clone(), Loc::name(arg.as_str()));
            values.insert((arg.clone(), 0), v);
        }
        for node in order {
            if node.op == "Const" {
                let v = self.constant(&mut body, node)?;
                values.insert((node.name.clone(), 0), v);
                continue;
            }
            let inputs = node.input.iter().filter(|i| !i.starts_with('^'));
            let operands = inputs.map(|i| self.resolve(i, nodes, &unknown, &values)).collect::<Result<Vec<_>, _>>()?;
            let (name, results) = match tf::lookup(&node.op) {
                Some(row) => (OpName::Known(&row.def), self.results(node, row)?),
                None => {
                    // Carried as it is, so that all that cannot be legalized is reported together.
                    let one = Type::Tensor(TensorType::unranked(Elem::Variant));
                    let count = unknown.get(node.name.as_str()).map_or(0, Vec::len);
                    (OpName::Unknown(format!("tf.{}", node.op).into()), vec![one; count])
                }
            };
            if let (OpName::Known(_), Some(callee)) = (&name, function_of(node, "f")) {
                self.called.push(callee.to_owned());
            }
            let spec = OpSpec {
                attrs: self.attributes(node)?,
                ..OpSpec::new(name, Loc::name(node.name.as_str())).operands(&operands).results(results)
            };
            let op = body.insert(At::End(entry), spec);
            for (i, v) in body.op(op).results().iter().enumerate() {
                values.insert((node.name.clone(), i), *v);
            }
        }
        let operands: Vec<Value> =
            returns.iter().map(|r| self.resolve(r, nodes, &unknown, &values)).collect::<Result<_, _>>()?;
        let ret = OpName::Known(<ir::dialect::builtin::Return as ir::OpRow>::DEF);
        body.insert(At::End(entry), OpSpec::new(ret, Loc::UNKNOWN).operands(&operands));
        if let Some(b) = self.module.func_body_mut(func) {
            *b = body;
        }
        ir::module::sync_function_type(self.module.body.op_mut(func));
        Ok(func)
    }

    /// The nodes that the returned values need, operands first.
    fn order(
        &self,
        args: &[(String, Type)],
        nodes: &BTreeMap<&str, &'m NodeDef>,
        returns: &[String],
    ) -> Result<Vec<&'m NodeDef>, ImportError> {
        let args: BTreeSet<&str> = args.iter().map(|(n, _)| n.as_str()).collect();
        let mut graph = DiGraph::<&'m NodeDef, ()>::new();
        let mut index = BTreeMap::new();
        let mut work: Vec<&str> = returns.iter().map(|r| node_of(r)).collect();
        let mut needed = Vec::new();
        while let Some(name) = work.pop() {
            if args.contains(name) || index.contains_key(name) {
                continue;
            }
            let node = *nodes.get(name).ok_or_else(|| malformed(self.model, format!("node `{name}` is missing")))?;
            index.insert(node.name.as_str(), graph.add_node(node));
            needed.push(node);
            work.extend(node.input.iter().filter(|i| !i.starts_with('^')).map(|i| node_of(i)));
        }
        for node in needed {
            for input in node.input.iter().filter(|i| !i.starts_with('^')) {
                if let (Some(a), Some(b)) = (index.get(node_of(input)), index.get(node.name.as_str())) {
                    graph.add_edge(*a, *b, ());
                }
            }
        }
        match toposort(&graph, None) {
            Ok(order) => Ok(order.into_iter().map(|i| graph[i]).collect()),
            Err(_) => {
                let cycle = tarjan_scc(&graph).into_iter().find(|c| c.len() > 1).unwrap_or_default();
                let names: Vec<&str> = cycle.iter().take(5).map(|i| graph[*i].name.as_str()).collect();
                Err(malformed(
                    self.model,
                    format!("TensorFlow 1 control flow is not supported; a loop runs through {}", names.join(", ")),
                ))
            }
        }
    }

    /// The value of a reference: `node`, `node:2`, `node:output:0`, or an argument.
    fn resolve(
        &self,
        input: &str,
        nodes: &BTreeMap<&str, &'m NodeDef>,
        unknown: &References<'_>,
        values: &Values,
    ) -> Result<Value, ImportError> {
        let name = node_of(input);
        let index = match (unknown.get(name), nodes.get(name)) {
            (Some(seen), _) => seen.iter().position(|r| *r == input),
            (None, node) => self.output(input, node.copied()),
        };
        let value = index.and_then(|i| values.get(&(name.to_owned(), i)));
        value.copied().ok_or_else(|| malformed(self.model, format!("reference `{input}` names no output")))
    }

    /// The output number of a reference to a node of the table, or to an argument.
    fn output(&self, input: &str, node: Option<&NodeDef>) -> Option<usize> {
        let mut parts = input.split(':').skip(1);
        match (parts.next(), parts.next()) {
            (None, _) => Some(0),
            (Some(i), None) => i.parse().ok(),
            (Some(out), Some(i)) => {
                let offset = match node.and_then(|n| Some((n, tf::lookup(&n.op)?))) {
                    Some((node, row)) => self.offset(node, row, out)?,
                    None => 0,
                };
                Some(offset + i.parse::<usize>().ok()?)
            }
        }
    }

    fn offset(&self, node: &NodeDef, row: &tf::TfOp, out: &str) -> Option<usize> {
        let mut at = 0;
        for o in row.outs {
            if o.name == out {
                return Some(at);
            }
            at += self.elems(node, o).ok()?.len();
        }
        None
    }

    /// The element types of one output argument.
    fn elems(&self, node: &NodeDef, out: &tf::Out) -> Result<Vec<Elem>, ImportError> {
        let bad = || {
            malformed(self.model, format!("the type of output `{}` of node `{}` ({})", out.name, node.name, node.op))
        };
        let one = match out.ty {
            OutType::Fixed(e) => e.clone(),
            OutType::Attr(name, default) => match node.attr.get(name).and_then(|a| a.r#type) {
                Some(t) => dtype::elem(t).ok_or_else(bad)?,
                None => default.cloned().ok_or_else(bad)?,
            },
            OutType::List(name) => {
                let list =
                    node.attr.get(name).and_then(|a| a.list.as_deref()).map(|l| l.r#type.clone()).unwrap_or_default();
                return list.into_iter().map(|t| dtype::elem(t).ok_or_else(bad)).collect();
            }
        };
        let count = match out.count {
            Some(name) => {
                node.attr.get(name).and_then(|a| a.i).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < 1 << 16)
            }
            None => Some(1),
        };
        Ok(vec![one; count.ok_or_else(bad)?])
    }

    fn results(&self, node: &NodeDef, row: &tf::TfOp) -> Result<Vec<Type>, ImportError> {
        let mut out = Vec::new();
        for o in row.outs {
            out.extend(self.elems(node, o)?.into_iter().map(|e| Type::Tensor(TensorType::unranked(e))));
        }
        if matches!(node.op.as_str(), "VarHandleOp" | "VariableV2" | "Placeholder" | "PlaceholderWithDefault")
            && let [Type::Tensor(t)] = &mut out[..]
            && t.elem != Elem::Resource
        {
            t.shape = dtype::shape(node.attr.get("shape").and_then(|a| a.shape.as_deref()));
        }
        Ok(out)
    }

    fn constant(&self, body: &mut ir::Body, node: &NodeDef) -> Result<Value, ImportError> {
        let proto = node.attr.get("value").and_then(|a| a.tensor.as_deref());
        let tensor = proto.ok_or("no value".to_owned()).and_then(dtype::tensor);
        let tensor = tensor.map_err(|e| malformed(self.model, format!("constant `{}`: {e}", node.name)))?;
        let ty = Type::Tensor(tensor.ty().clone());
        let spec = OpSpec::new(OpName::Known(<tf::Const as ir::OpRow>::DEF), Loc::name(node.name.as_str()))
            .attr("value", Attr::Dense(tensor))
            .results([ty]);
        let op = body.insert(At::End(body.entry()), spec);
        Ok(body.op(op).results()[0])
    }

    /// The attributes an inference compiler can use: not those of devices, execution and debugging.
    fn attributes(&self, node: &NodeDef) -> Result<Attrs, ImportError> {
        let mut out = Attrs::new();
        for (name, value) in &node.attr {
            if name.starts_with('_') || matches!(name.as_str(), "config" | "config_proto" | "executor_type") {
                continue;
            }
            if let Some(a) = attribute(value) {
                out.set(name.as_str(), a);
            }
        }
        if matches!(node.op.as_str(), "VarHandleOp" | "VariableV2" | "Variable") {
            // Names of variables need not be unique, nodes are.
            out.set("shared_name", Attr::str(node.name.as_str()));
        }
        Ok(out)
    }

    /// One `tf_saved_model.global_tensor` for each variable that is used.
    fn variables(&mut self) -> Result<(), ImportError> {
        let mut used = BTreeSet::new();
        for func in self.module.funcs() {
            let Some(body) = self.module.body.op(func).body(0) else { continue };
            for op in body.walk() {
                let op = body.op(op);
                if matches!(op.name.as_str(), "tf.VarHandleOp" | "tf.VariableV2" | "tf.Variable")
                    && let Some(name) = op.attr("shared_name").and_then(Attr::as_str)
                {
                    used.insert(name.to_owned());
                }
            }
        }
        for (at, node) in used.into_iter().enumerate() {
            let Some(bundle) = &self.model.bundle else {
                return Err(malformed(self.model, format!("variable `{node}` has no value: there is no checkpoint")));
            };
            let tensor = match self.model.variables.get(&node) {
                Some((key, slice)) if slice.is_empty() => bundle.tensor(key)?,
                Some((key, slice)) => bundle.slice(key, slice)?,
                None => bundle.tensor(&node)?,
            };
            let ty = Type::Tensor(tensor.ty().clone());
            let row = tf::GlobalTensor { sym_name: Arc::from(node.as_str()), value: Some(Attr::Dense(tensor)) };
            let spec = OpSpec::row(&row, Loc::name(node.as_str())).attr("type", Attr::Type(ty));
            let place = match at {
                0 => At::Start(self.module.body.entry()),
                _ => self.module.funcs().first().map_or(At::End(self.module.body.entry()), |f| At::Before(*f)),
            };
            self.module.body.insert(place, spec);
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Attr {
    Attr::str(String::from_utf8_lossy(bytes).into_owned())
}

fn type_attr(dtype: i32) -> Option<Attr> {
    Some(Attr::Type(Type::Scalar(dtype::elem(dtype)?)))
}

fn attribute(value: &AttrValue) -> Option<Attr> {
    let shape = |s: &crate::proto::TensorShapeProto| {
        let dims = dtype::shape(Some(s));
        let text = match dims {
            Some(d) => d.iter().map(|d| d.map_or("?".to_owned(), |d| d.to_string())).collect::<Vec<_>>().join("x"),
            None => "*".to_owned(),
        };
        Attr::Opaque(format!("#tf_type.shape<{text}>").into())
    };
    if let Some(s) = &value.s {
        return Some(text(s));
    }
    if let Some(i) = value.i {
        return Some(Attr::i64(i));
    }
    if let Some(f) = value.f {
        return Some(Attr::f32(f));
    }
    if let Some(b) = value.b {
        return Some(Attr::Bool(b));
    }
    if let Some(t) = value.r#type {
        return type_attr(t);
    }
    if let Some(s) = &value.shape {
        return Some(shape(s));
    }
    if let Some(t) = &value.tensor {
        return dtype::tensor(t).ok().map(Attr::Dense);
    }
    if let Some(f) = &value.func {
        return Some(Attr::symbol(f.name.as_str()));
    }
    let l = value.list.as_deref()?;
    let mut items: Vec<Attr> = l.s.iter().map(|s| text(s)).collect();
    items.extend(l.i.iter().map(|v| Attr::i64(*v)));
    items.extend(l.f.iter().map(|v| Attr::f32(*v)));
    items.extend(l.b.iter().map(|v| Attr::Bool(*v)));
    items.extend(l.r#type.iter().filter_map(|v| type_attr(*v)));
    items.extend(l.shape.iter().map(shape));
    items.extend(l.func.iter().map(|f| Attr::symbol(f.name.as_str())));
    Some(Attr::Array(items))
}
