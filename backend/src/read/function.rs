//! A subgraph on its way to a function.

use std::collections::{BTreeSet, HashMap};

use flatbuffers::Vector;
use ir::dialect::builtin;
use ir::{At, Body, FunctionType, Loc, Module, OpName, OpRow, OpSpec, Type, Value};

use super::Tensors;
use super::error::{Result, malformed};
use super::file::File;
use super::versions::Uses;
use crate::names;
use crate::schema::tflite as fb;

/// The name and the type of each subgraph's function.
pub(super) type Callees = Vec<(String, FunctionType)>;

/// A subgraph on its way to a function.
pub(super) struct Function<'a> {
    pub(super) file: &'a File<'a>,
    /// The index of the subgraph.
    pub(super) number: usize,
    pub(super) tensors: Vec<fb::Tensor<'a>>,
    pub(super) operators: Vec<fb::Operator<'a>>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    /// The value of each tensor that has one yet.
    pub(super) values: Vec<Option<Value>>,
    pub(super) body: Body,
    pub(super) no_value: Option<Value>,
    /// The operators that others wait for or that wait, and for which they do.
    pub(super) control: HashMap<usize, BTreeSet<usize>>,
    /// The tokens of operators that others wait for.
    pub(super) tokens: HashMap<usize, Value>,
    /// The operators that were read.
    pub(super) uses: Uses,
}

impl<'a> Function<'a> {
    /// Lists the parts of a subgraph.
    pub(super) fn new(
        file: &'a File<'a>,
        number: usize,
        graph: fb::SubGraph<'a>,
        control: Vec<(usize, usize)>,
    ) -> Result<Function<'a>> {
        let tensors: Vec<fb::Tensor<'a>> = graph.tensors().iter().flatten().collect();
        let mut waiting: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for (from, to) in control {
            waiting.entry(from).or_default();
            waiting.entry(to).or_default().insert(from);
        }
        let list = |list: Option<Vector<'a, i32>>, what: &str| -> Result<Vec<usize>> {
            list.iter().flatten().map(|t| index(t, tensors.len(), number, what)).collect()
        };
        Ok(Function {
            file,
            number,
            inputs: list(graph.inputs(), "an input")?,
            outputs: list(graph.outputs(), "an output")?,
            operators: graph.operators().iter().flatten().collect(),
            values: vec![None; tensors.len()],
            tensors,
            body: Body::new(),
            no_value: None,
            control: waiting,
            tokens: HashMap::new(),
            uses: vec![],
        })
    }

    /// The type of the function.
    pub(super) fn ty(&self) -> Result<FunctionType> {
        let list = |tensors: &[usize]| -> Result<Vec<Type>> {
            tensors.iter().map(|t| Ok(Type::Tensor(self.info(*t)?.ty))).collect()
        };
        Ok(FunctionType { inputs: list(&self.inputs)?, results: list(&self.outputs)? })
    }

    /// Adds the function to the module; the tensors of its values, and its operators.
    pub(super) fn read(mut self, callees: &Callees, module: &mut Module, private: bool) -> Result<(Tensors, Uses)> {
        let name = callees[self.number].0.as_str();
        let entry = self.body.entry();
        for t in self.inputs.clone() {
            if self.values[t].is_some() {
                return malformed(format!("{} is an input twice", self.name(t)));
            }
            let ty = self.info(t)?.ty;
            let loc = names::of_tensor(self.tensors[t].name().unwrap_or_default());
            self.values[t] = Some(self.body.add_arg(entry, Type::Tensor(ty), loc));
        }
        self.constants()?;
        for (number, operator) in self.operators.clone().iter().enumerate() {
            self.operator(callees, number, operator)?;
        }
        let results = self.outputs.iter().map(|t| self.value(*t)).collect::<Result<Vec<Value>>>()?;
        let end = OpName::Known(builtin::Return::DEF);
        self.body.insert(At::End(entry), OpSpec::new(end, Loc::UNKNOWN).operands(&results));
        let ty = FunctionType { inputs: vec![], results: vec![] };
        let func = module.add_func(name, ty, Loc::name(name));
        self.attributes(module, func, private);
        let index = self.values.iter().enumerate().filter_map(|(t, v)| Some(((*v)?, t))).collect();
        if let Some(body) = module.func_body_mut(func) {
            *body = self.body;
        }
        ir::module::sync_function_type(module.body.op_mut(func));
        Ok((Tensors { func, index }, self.uses))
    }

    /// How an error calls a tensor.
    pub(super) fn name(&self, t: usize) -> String {
        match self.tensors[t].name() {
            Some(name) if !name.is_empty() => format!("tensor {t} (`{name}`) of subgraph {}", self.number),
            _ => format!("tensor {t} of subgraph {}", self.number),
        }
    }

    /// The value of tensor `t`.
    pub(super) fn value(&self, t: usize) -> Result<Value> {
        match self.values[t] {
            Some(v) => Ok(v),
            None => malformed(format!("{} is used before it is computed", self.name(t))),
        }
    }
}

/// A tensor index, checked.
pub(super) fn index(t: i32, count: usize, graph: usize, what: &str) -> Result<usize> {
    match usize::try_from(t).ok().filter(|t| *t < count) {
        Some(t) => Ok(t),
        None => malformed(format!("{what} of subgraph {graph} is tensor {t}, which does not exist")),
    }
}
