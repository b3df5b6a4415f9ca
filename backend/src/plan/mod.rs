//! What a file will hold, decided before a byte is written: tensors, operators and payloads, by number.

mod external;
mod metadata;
mod names;
mod operators;
mod tensors;

use std::collections::HashMap;

use ir::dialect::{builtin, tfl};
use ir::{Attr, Body, Diagnostic, Failed, Loc, Module, OpId, OpRow, Operation, Region, Signature, Sink, Value};

use crate::buffers::Buffers;
use crate::schema::tflite as fb;
use crate::types::{FileQuant, FileShape};
use crate::view::View;
use crate::{calls, names as unique};
pub use external::{ExternalBuffer, ExternalBuffers, to_attr as external_buffer};

/// The metadata entry that names the oldest runtime.
pub const MIN_RUNTIME: &str = "min_runtime_version";
/// The discardable attribute of a constant that is a variable: state that starts as zeros.
pub const IS_VARIABLE: &str = "tfl.is_variable";
/// The discardable attribute of a constant whose tensor has no data in the file: memory that custom operators work in.
pub const NO_DATA: &str = "tfl.no_data";
/// The discardable attribute of an operation that says which version of it is meant: of a custom one where it is not 1, of another where it is
/// above what its types and attributes need.
pub const VERSION: &str = "tfl.op_version";
/// The module attribute of metadata, a dictionary.
pub const METADATA: &str = "tfl.metadata";
/// The module attribute of the description.
pub const DESCRIPTION: &str = "tfl.description";

/// A whole file.
pub struct Plan<'m> {
    pub graphs: Vec<Graph<'m>>,
    pub codes: Vec<Code>,
    pub buffers: Buffers,
    pub external: ExternalBuffers,
    /// Names and buffers.
    pub metadata: Vec<(String, u32)>,
    pub description: String,
}

/// A subgraph.
pub struct Graph<'m> {
    pub name: String,
    /// How it is called outside; none if by number, or by other subgraphs only.
    pub signatures: Vec<Signature>,
    pub body: &'m Body,
    pub tensors: Vec<Tensor>,
    pub inputs: Vec<i32>,
    pub outputs: Vec<i32>,
    pub operators: Vec<Operator>,
    /// Pairs of operators, the first of which runs first.
    pub control: Vec<(usize, usize)>,
}

/// A tensor of a subgraph.
#[derive(Default)]
pub struct Tensor {
    pub name: String,
    pub shape: FileShape,
    pub ty: fb::TensorType,
    pub buffer: u32,
    pub quant: Option<FileQuant>,
    pub is_variable: bool,
    /// Where the elements stand that are stored.
    pub sparsity: Option<Attr>,
    /// What a variant holds.
    pub variant: Option<(FileShape, fb::TensorType)>,
    /// The number of its external buffer; 0 is none.
    pub external: u32,
}

/// An operator of a subgraph.
pub struct Operator {
    pub op: OpId,
    pub code: u32,
    pub inputs: Vec<i32>,
    pub outputs: Vec<i32>,
    pub custom_options: Option<Vec<u8>>,
    /// The tensors that hold the types within an LSTM.
    pub intermediates: Vec<i32>,
    /// The subgraphs it calls.
    pub callees: Vec<i32>,
}

/// An operator code: what to run, and the newest version that one of its operators needs.
pub struct Code {
    pub builtin: i32,
    pub custom: Option<String>,
    pub version: i32,
}

/// The tensor number of an operand that is absent.
const ABSENT: i32 = -1;

/// Operations whose kernels want all operands listed, the absent ones too.
const LISTS_ABSENT: &[&str] = &[<tfl::FullyConnected as OpRow>::DEF.name];
/// Operations whose operands are listed as they are given.
const AS_GIVEN: &[&str] = &[
    <tfl::Custom as OpRow>::DEF.name,
    <tfl::Lstm as OpRow>::DEF.name,
    <tfl::UnidirectionalSequenceLstm as OpRow>::DEF.name,
    <tfl::BidirectionalSequenceLstm as OpRow>::DEF.name,
];

/// The operands of an operation in which it keeps state.
const STATE: &[(&str, &[usize])] = &[
    (<tfl::Lstm as OpRow>::DEF.name, &[18, 19]),
    (<tfl::UnidirectionalSequenceLstm as OpRow>::DEF.name, &[18, 19]),
    (<tfl::BidirectionalSequenceLstm as OpRow>::DEF.name, &[35, 36, 37, 38]),
    (<tfl::UnidirectionalSequenceRnn as OpRow>::DEF.name, &[4]),
    (<tfl::Svdf as OpRow>::DEF.name, &[4]),
];

/// The attributes with the types within an LSTM, in the order of the file.
pub const INTERMEDIATES: [&str; 5] = [
    "input_to_input_intermediate",
    "input_to_forget_intermediate",
    "input_to_cell_intermediate",
    "input_to_output_intermediate",
    "effective_hidden_scale_intermediate",
];

/// Decides what the file of a module holds. Reports every operation and type that has no place in one.
pub fn plan<'m>(module: &'m Module, sink: &mut Sink) -> Result<Plan<'m>, Failed> {
    let constants = module.funcs().iter().filter_map(|f| module.body.op(*f).body(0)).map(|b| b.walk().len()).sum();
    let mut planner = Planner {
        sink,
        buffers: Buffers::new(constants),
        external: ExternalBuffers::default(),
        tensors: Vec::new(),
        codes: Vec::new(),
        code_numbers: HashMap::new(),
        runtime: None,
        failed: None,
        graph_numbers: HashMap::new(),
    };
    let mut signed: Vec<(OpId, Vec<Signature>)> = Vec::new();
    for signature in ir::signatures(module) {
        match signed.iter_mut().find(|(func, _)| *func == signature.func) {
            Some((_, signatures)) => signatures.push(signature),
            None => signed.push((signature.func, vec![signature])),
        }
    }
    let called = calls::others(module, &signed.iter().map(|(func, _)| *func).collect::<Vec<_>>());
    let written: Vec<_> = signed
        .into_iter()
        .chain(called.into_iter().map(|func| (func, vec![])))
        .filter_map(|(func, signatures)| {
            let func = module.body.op(func);
            Some((func, func.body(0).filter(|b| b.has_entry())?, signatures))
        })
        .collect();
    for (number, (func, ..)) in (0..).zip(&written) {
        planner.graph_numbers.entry(ir::module::sym_name(func).unwrap_or("main")).or_insert(number);
    }
    let mut graphs = Vec::new();
    let mut graph_names = unique::Unique::default();
    for (func, body, signatures) in written {
        let name = graph_names.name(ir::module::sym_name(func).unwrap_or("main"));
        graphs.push(planner.graph(name, signatures, body, &func.loc));
    }
    if graphs.is_empty() {
        let d = Diagnostic::error("emit/no-function", "the module has no function to write")
            .help("name one `main`, or mark it with `tf.entry_function`");
        return Err(planner.sink.error(d));
    }
    let metadata = planner.metadata(module, &graphs);
    if let Some(failed) = planner.failed {
        return Err(failed);
    }
    let description = module.attrs.get(DESCRIPTION).and_then(Attr::as_str).unwrap_or("quant-opt").to_owned();
    let Planner { codes, buffers, external, .. } = planner;
    Ok(Plan { graphs, codes, buffers, external, metadata, description })
}

struct Planner<'s, 'm> {
    sink: &'s mut Sink,
    buffers: Buffers,
    external: ExternalBuffers,
    /// The tensors of the subgraph that is being planned.
    tensors: Vec<Tensor>,
    codes: Vec<Code>,
    code_numbers: HashMap<(i32, Option<String>, Option<i32>), usize>,
    /// The oldest runtime that runs every operation so far.
    runtime: Option<&'static str>,
    failed: Option<Failed>,
    /// The number of each function's subgraph.
    graph_numbers: HashMap<&'m str, i32>,
}

/// The tensor number of each value of a body.
struct Numbers(Vec<Option<i32>>);

impl Numbers {
    fn get(&self, v: Value) -> Option<i32> {
        self.0.get(v.index()).copied().flatten()
    }
}

impl<'m> Planner<'_, 'm> {
    fn error(&mut self, code: &'static str, loc: &Loc, text: impl Into<String>) {
        self.failed = Some(self.sink.error(Diagnostic::error(code, text).at(loc)));
    }

    /// Numbers follow the order of the IR: arguments, constants, results.
    fn graph(&mut self, name: String, signatures: Vec<Signature>, body: &'m Body, loc: &Loc) -> Graph<'m> {
        let mut graph = Graph {
            name,
            signatures,
            body,
            tensors: vec![],
            inputs: vec![],
            outputs: vec![],
            operators: vec![],
            control: vec![],
        };
        if body.blocks(body.root()).len() != 1 {
            self.error("emit/blocks", loc, format!("function `@{}` has several blocks", graph.name));
            return graph;
        }
        let mut numbers = Numbers(vec![None; body.num_values()]);
        let mut names = names::of_values(body, graph.signatures.first());
        let mut name = |v: Value| std::mem::take(&mut names[v.index()]);
        for v in body.args(body.entry()) {
            if let Some(mut tensor) = self.tensor(body, *v, name(*v), loc, "func.func") {
                tensor.is_variable = is_state(body, *v);
                graph.inputs.push(self.number(tensor, &mut numbers, *v));
            }
        }
        let ops = body.ops(body.entry());
        for op in ops.iter().map(|id| body.op(*id)) {
            let Some(v) = written_data(body, op) else { continue };
            if let Some(tensor) = self.constant(body, op, v, name(v)) {
                self.number(tensor, &mut numbers, v);
            }
        }
        // The operator that each token says has run.
        let mut tokens: HashMap<Value, usize> = HashMap::new();
        for id in ops {
            let outer = body.op(id);
            if holds_data(outer) || outer.is::<tfl::NoValue>() {
                continue;
            }
            if outer.is::<builtin::Return>() {
                let results = outer.operands().iter();
                graph.outputs = results.filter_map(|v| self.operand(body, outer, *v, &numbers)).collect();
                continue;
            }
            let id = inner(body, outer).unwrap_or(id);
            let op = body.op(id);
            let (callees, captured) = self.calls(body, op);
            let Some(code) = self.code(View { body, op, callees: &callees }) else { continue };
            let inputs = self.operands(body, op, captured, &numbers);
            let mut results = Vec::with_capacity(op.results().len());
            for v in outputs(body, outer) {
                if let Some(tensor) = self.tensor(body, *v, name(*v), &op.loc, op.name.as_str()) {
                    results.push(self.number(tensor, &mut numbers, *v));
                }
            }
            if outer.is::<tfl::ControlNode>() {
                let number = graph.operators.len();
                let before = outer.operands().iter().filter_map(|token| tokens.get(token));
                graph.control.extend(before.map(|before| (*before, number)));
                tokens.extend(outer.results().last().map(|token| (*token, number)));
            }
            let custom_options = self.custom_options(op);
            let intermediates = self.intermediates(op);
            graph.operators.push(Operator {
                op: id,
                code,
                inputs,
                outputs: results,
                custom_options,
                intermediates,
                callees,
            });
        }
        graph.tensors = std::mem::take(&mut self.tensors);
        graph
    }
}

/// A model or a constant of so many bytes has no place in a flatbuffer.
pub fn too_large(bytes: usize) -> Diagnostic {
    let text = format!("{bytes} bytes are needed, and a TFLite file holds at most 2 GB");
    Diagnostic::error("emit/too-large", text).help("quantize the weights")
}

/// Whether an operation is a tensor with data, or a variable.
fn holds_data(op: &Operation) -> bool {
    let constant = op.name.def().is_some_and(|d| d.is_constant() && d.dialect() != "tf");
    constant || op.is::<tfl::PseudoSparseConst>() || op.is::<tfl::PseudoSparseQConst>() || op.is::<tfl::ExternalConst>()
}

/// The operation in a `tfl.control_node`.
fn inner(body: &Body, op: &Operation) -> Option<OpId> {
    let Region::Inline(region) = op.regions.first().filter(|_| op.is::<tfl::ControlNode>())? else { return None };
    body.ops(*body.blocks(*region).first()?).first().copied()
}

/// The results that are tensors: all but the token of a `tfl.control_node`.
fn outputs<'b>(body: &Body, op: &'b Operation) -> &'b [Value] {
    match op.results().split_last() {
        Some((_, outputs)) if inner(body, op).is_some() => outputs,
        _ => op.results(),
    }
}

/// Whether an operation keeps its state in a value.
fn is_state(body: &Body, v: Value) -> bool {
    body.uses(v).iter().map(|user| body.op(*user)).any(|op| {
        let state = STATE.iter().find(|(name, _)| *name == op.name.as_str()).map_or(&[][..], |(_, at)| at);
        state.iter().any(|i| op.operands().get(*i) == Some(&v))
    })
}

/// The value of an operation with data that somebody uses.
fn written_data(body: &Body, op: &Operation) -> Option<Value> {
    op.result().filter(|v| holds_data(op) && !body.uses(*v).is_empty())
}
