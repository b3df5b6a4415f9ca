//! What a file will hold, decided before a byte is written: tensors, operators and payloads, by number.

use std::collections::HashMap;

use bytes::Bytes;
use flatbuffers::FLATBUFFERS_MAX_BUFFER_SIZE;
use ir::dialect::{builtin, tfl};
use ir::{
    Attr, Body, Diagnostic, Failed, Loc, Module, OpId, OpRow, Operation, Signature, Sink, TensorType, Type, Value,
};

use crate::buffers::{self, Buffers};
use crate::schema::tflite as fb;
use crate::types::{self, FileQuant, FileShape};
use crate::view::View;
use crate::{calls, custom, names, version};

/// The metadata entry that names the oldest runtime.
pub const MIN_RUNTIME: &str = "min_runtime_version";
/// The discardable attribute of a constant that is a variable: state that starts as zeros.
pub const IS_VARIABLE: &str = "tfl.is_variable";
/// The module attribute of metadata, a dictionary.
pub const METADATA: &str = "tfl.metadata";
/// The module attribute of the description.
pub const DESCRIPTION: &str = "tfl.description";

/// A whole file.
pub struct Plan<'m> {
    pub graphs: Vec<Graph<'m>>,
    pub codes: Vec<Code>,
    pub buffers: Buffers,
    /// Names and buffers.
    pub metadata: Vec<(String, u32)>,
    pub description: String,
}

/// A subgraph.
pub struct Graph<'m> {
    pub name: String,
    /// How it is called outside; `None` if by number, or by other subgraphs only.
    pub signature: Option<Signature>,
    pub body: &'m Body,
    pub tensors: Vec<Tensor>,
    pub inputs: Vec<i32>,
    pub outputs: Vec<i32>,
    pub operators: Vec<Operator>,
}

/// A tensor of a subgraph.
pub struct Tensor {
    pub name: String,
    pub shape: FileShape,
    pub ty: fb::TensorType,
    pub buffer: u32,
    pub quant: Option<FileQuant>,
    pub is_variable: bool,
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
        codes: Vec::new(),
        code_numbers: HashMap::new(),
        runtime: None,
        failed: None,
        graph_numbers: HashMap::new(),
    };
    let signed: Vec<(OpId, Option<Signature>)> =
        ir::signatures(module).into_iter().map(|s| (s.func, Some(s))).collect();
    let called = calls::others(module, &signed.iter().map(|(func, _)| *func).collect::<Vec<_>>());
    let mut graphs = Vec::new();
    let mut graph_names = names::Unique::default();
    let written =
        signed.into_iter().chain(called.into_iter().map(|func| (func, None))).filter_map(|(func, signature)| {
            let func = module.body.op(func);
            Some((func, func.body(0).filter(|b| b.has_entry())?, signature))
        });
    let written: Vec<_> = written.collect();
    for (number, (func, ..)) in (0..).zip(&written) {
        planner.graph_numbers.entry(ir::module::sym_name(func).unwrap_or("main")).or_insert(number);
    }
    for (func, body, signature) in written {
        let name = graph_names.name(ir::module::sym_name(func).unwrap_or("main"));
        graphs.push(planner.graph(name, signature, body, &func.loc));
    }
    if graphs.is_empty() {
        let d = Diagnostic::error("emit/no-function", "the module has no function to write")
            .help("name one `main`, or mark it with `tf.entry_function`");
        return Err(planner.sink.error(d));
    }
    let metadata = planner.metadata(module);
    if let Some(failed) = planner.failed {
        return Err(failed);
    }
    let description = module.attrs.get(DESCRIPTION).and_then(Attr::as_str).unwrap_or("quant-opt").to_owned();
    Ok(Plan { graphs, codes: planner.codes, buffers: planner.buffers, metadata, description })
}

struct Planner<'s, 'm> {
    sink: &'s mut Sink,
    buffers: Buffers,
    codes: Vec<Code>,
    code_numbers: HashMap<(i32, Option<String>), usize>,
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
    fn graph(&mut self, name: String, signature: Option<Signature>, body: &'m Body, loc: &Loc) -> Graph<'m> {
        let mut graph =
            Graph { name, signature, body, tensors: vec![], inputs: vec![], outputs: vec![], operators: vec![] };
        if body.blocks(body.root()).len() != 1 {
            self.error("emit/blocks", loc, format!("function `@{}` has several blocks", graph.name));
            return graph;
        }
        let mut numbers = Numbers(vec![None; body.num_values()]);
        let mut names = tensor_names(body, graph.signature.as_ref());
        let mut name = |v: Value| std::mem::take(&mut names[v.index()]);
        for v in body.args(body.entry()) {
            if let Some(mut tensor) = self.tensor(body, *v, name(*v), loc, "func.func") {
                tensor.is_variable = is_state(body, *v);
                graph.inputs.push(number(&mut graph.tensors, tensor, &mut numbers, *v));
            }
        }
        let ops = body.ops(body.entry());
        for op in ops.iter().map(|id| body.op(*id)) {
            let Some(v) = written_constant(body, op) else { continue };
            if let Some(tensor) = self.constant(body, op, v, name(v)) {
                number(&mut graph.tensors, tensor, &mut numbers, v);
            }
        }
        for id in ops {
            let op = body.op(id);
            if is_constant(op) || op.is::<tfl::NoValue>() {
                continue;
            }
            if op.is::<builtin::Return>() {
                graph.outputs = op.operands().iter().filter_map(|v| self.operand(body, op, *v, &numbers)).collect();
                continue;
            }
            let (callees, captured) = self.calls(body, op);
            let Some(code) = self.code(View { body, op, callees: &callees }) else { continue };
            let inputs = self.operands(body, op, captured, &numbers);
            let mut outputs = Vec::with_capacity(op.results().len());
            for v in op.results() {
                if let Some(tensor) = self.tensor(body, *v, name(*v), &op.loc, op.name.as_str()) {
                    outputs.push(number(&mut graph.tensors, tensor, &mut numbers, *v));
                }
            }
            let custom_options = self.custom_options(op);
            let intermediates = self.intermediates(op, &mut graph.tensors);
            graph.operators.push(Operator { op: id, code, inputs, outputs, custom_options, intermediates, callees });
        }
        graph
    }

    /// The subgraphs that an operation calls, and what they get besides its operands.
    fn calls<'b>(&mut self, body: &'b Body, op: &'b Operation) -> (Vec<i32>, &'b [Value]) {
        let calls = match calls::of(body, op) {
            Ok(calls) => calls,
            Err(what) => {
                self.error("emit/call", &op.loc, format!("'{}' op {what}", op.name.as_str()));
                return Default::default();
            }
        };
        let mut numbers = Vec::with_capacity(calls.functions.len());
        for name in calls.functions {
            match self.graph_numbers.get(name) {
                Some(number) => numbers.push(*number),
                None => {
                    let text = format!("'{}' op calls `@{name}`, which is no function of the module", op.name.as_str());
                    self.error("emit/call", &op.loc, text);
                }
            }
        }
        (numbers, calls.captured)
    }

    /// Tensors of the types that an LSTM states for what it computes within; absent where it states none.
    fn intermediates(&mut self, op: &Operation, tensors: &mut Vec<Tensor>) -> Vec<i32> {
        if INTERMEDIATES.iter().all(|name| op.attr(name).is_none()) {
            return vec![];
        }
        let mut numbers = Vec::with_capacity(INTERMEDIATES.len());
        for attr in INTERMEDIATES {
            let Some(Attr::Type(ty)) = op.attr(attr) else {
                numbers.push(ABSENT);
                continue;
            };
            let name = op.loc.node().map_or_else(|| attr.to_owned(), |node| format!("{node}/{attr}"));
            if let Some(tensor) = self.typed(ty.as_tensor(), name, &op.loc, op.name.as_str()) {
                numbers.push(i32::try_from(tensors.len()).unwrap_or(ABSENT));
                tensors.push(tensor);
            }
        }
        numbers
    }

    fn operands(&mut self, body: &Body, op: &Operation, captured: &[Value], numbers: &Numbers) -> Vec<i32> {
        let values = op.operands().iter().chain(captured);
        let mut inputs: Vec<i32> = values.filter_map(|v| self.operand(body, op, *v, numbers)).collect();
        if LISTS_ABSENT.contains(&op.name.as_str()) {
            inputs.resize(op.name.def().map_or(0, |d| d.operands.len()).max(inputs.len()), ABSENT);
        } else if !AS_GIVEN.contains(&op.name.as_str()) {
            // Kernels tell an absent bias by the number of operands.
            inputs.truncate(inputs.iter().rposition(|i| *i != ABSENT).map_or(0, |last| last + 1));
        }
        inputs
    }

    /// The tensor of an operand. An operand whose tensor could not be made was reported.
    fn operand(&mut self, body: &Body, op: &Operation, v: Value, numbers: &Numbers) -> Option<i32> {
        let number = numbers.get(v);
        if number.is_some() {
            return number;
        }
        if *body.ty(v) == Type::None && !op.is::<builtin::Return>() {
            return Some(ABSENT);
        }
        if self.failed.is_none() {
            self.error(
                "emit/operand",
                &op.loc,
                format!("'{}' op uses a value that nothing computes", op.name.as_str()),
            );
        }
        None
    }

    /// The tensor of a value, without data.
    fn tensor(&mut self, body: &Body, v: Value, name: String, loc: &Loc, of: &str) -> Option<Tensor> {
        self.typed(body.tensor_ty(v), name, loc, of)
    }

    /// A tensor of a type, without data.
    fn typed(&mut self, ty: Option<&TensorType>, name: String, loc: &Loc, of: &str) -> Option<Tensor> {
        let Some(ty) = ty else {
            self.error("emit/type", loc, format!("'{of}' op has a value that is no tensor"));
            return None;
        };
        let Some(stored) = types::tensor_type(&ty.elem) else {
            self.error("emit/type", loc, format!("'{of}' op has a value whose element type TFLite does not have"));
            return None;
        };
        let quant = ty.elem.quant().map(|q| types::file_quant(q));
        let (shape, quant) = match (types::file_shape(ty), quant.transpose()) {
            (Some(shape), Ok(quant)) => (shape, quant),
            (None, _) => {
                self.error("emit/type", loc, format!("'{of}' op has a value with a dimension of 2^31 or more"));
                return None;
            }
            (_, Err(what)) => {
                self.error("emit/type", loc, format!("'{of}' op has a value whose quantized type {what}"));
                return None;
            }
        };
        Some(Tensor { name, shape, ty: stored, buffer: 0, quant, is_variable: false })
    }

    fn constant(&mut self, body: &Body, op: &Operation, v: Value, name: String) -> Option<Tensor> {
        let tensor = self.tensor(body, v, name, &op.loc, op.name.as_str())?;
        if op.attrs.get(IS_VARIABLE).is_some() {
            return Some(Tensor { is_variable: true, ..tensor });
        }
        let Some(value) = op.attr("value").and_then(Attr::as_tensor) else {
            let text = format!("'{}' op has no value; it may have been left out of the text", op.name.as_str());
            self.error("emit/constant", &op.loc, text);
            return None;
        };
        let size = body.tensor_ty(v).and_then(buffers::stored_size).unwrap_or(0);
        if size > FLATBUFFERS_MAX_BUFFER_SIZE {
            // A splat is written out: not even its bytes may be made.
            self.failed = Some(self.sink.error(too_large(size).at(&op.loc)));
            return None;
        }
        let Some(payload) = body.tensor_ty(v).and_then(|ty| buffers::payload(value, ty)) else {
            let text = format!("'{}' op has a value of another size than its type", op.name.as_str());
            self.error("emit/constant", &op.loc, text);
            return None;
        };
        Some(Tensor { buffer: self.buffers.add(payload), ..tensor })
    }

    /// The number of an operation's code. All operators of a code share its entry, as other converters write it.
    fn code(&mut self, view: View<'_>) -> Option<u32> {
        let name = view.op.name.as_str();
        let def = view.op.name.def();
        let custom = def.and_then(|d| d.custom);
        let Some(builtin) = def.and_then(|d| d.builtin).or(custom.and(tfl::Custom::DEF.builtin)) else {
            let node = view.op.loc.node().map(|n| format!(" (node `{n}`)")).unwrap_or_default();
            self.error("emit/op", &view.op.loc, format!("'{name}' op{node} has no form in a TFLite file"));
            return None;
        };
        let custom = match custom {
            Some(custom) => Some(custom.code.to_owned()),
            None => view.op.as_row::<tfl::Custom>().map(|c| c.custom_code.to_string()),
        };
        let version = version::version(view);
        if let Some(runtime) = version::min_runtime(name, version) {
            self.runtime = Some(self.runtime.map_or(runtime, |r| version::newer(r, runtime)));
        }
        let codes = &mut self.codes;
        let number = *self.code_numbers.entry((builtin, custom)).or_insert_with_key(|(builtin, custom)| {
            codes.push(Code { builtin: *builtin, custom: custom.clone(), version });
            codes.len() - 1
        });
        codes[number].version = codes[number].version.max(version);
        u32::try_from(number).ok()
    }

    fn custom_options(&mut self, op: &Operation) -> Option<Vec<u8>> {
        if let Some(custom) = op.name.def().and_then(|d| d.custom) {
            return Some((custom.options)(op)).filter(|b| !b.is_empty());
        }
        if !op.is::<tfl::Custom>() {
            return None;
        }
        let bytes = op.attr("custom_option").and_then(custom::to_bytes);
        let named = op.attr("custom_code").and_then(Attr::as_str).is_some_and(|c| !c.is_empty());
        if bytes.is_none() || !named {
            self.error(
                "emit/attribute",
                &op.loc,
                "'tfl.custom' op needs a `custom_code` and a `custom_option` of bytes",
            );
        }
        bytes.filter(|b| !b.is_empty())
    }

    /// What the module carries, and the oldest runtime that runs the file.
    fn metadata(&mut self, module: &Module) -> Vec<(String, u32)> {
        let mut out = Vec::new();
        for (name, value) in module.attrs.get(METADATA).and_then(Attr::as_dict).iter().flat_map(|d| d.iter()) {
            let bytes = match value {
                _ if &**name == MIN_RUNTIME => continue,
                Attr::Str(s) => Bytes::from(s.to_string()),
                Attr::Dense(t) => t.bytes(),
                _ => {
                    self.error("emit/metadata", &module.loc, format!("metadata `{name}` is neither text nor bytes"));
                    continue;
                }
            };
            out.push((name.to_string(), self.buffers.append(bytes)));
        }
        if let Some(runtime) = self.runtime {
            let mut text = runtime.as_bytes().to_vec();
            text.resize(16, 0);
            out.push((MIN_RUNTIME.to_owned(), self.buffers.append(Bytes::from(text))));
        }
        out
    }
}

/// A model or a constant of so many bytes has no place in a flatbuffer.
pub fn too_large(bytes: usize) -> Diagnostic {
    let text = format!("{bytes} bytes are needed, and a TFLite file holds at most 2 GB");
    Diagnostic::error("emit/too-large", text).help("quantize the weights")
}

/// Appends a tensor and gives its number to a value.
fn number(tensors: &mut Vec<Tensor>, tensor: Tensor, numbers: &mut Numbers, v: Value) -> i32 {
    let number = i32::try_from(tensors.len()).expect("a body has fewer than 2^31 values");
    tensors.push(tensor);
    numbers.0[v.index()] = Some(number);
    number
}

fn is_constant(op: &Operation) -> bool {
    op.name.def().is_some_and(|d| d.is_constant() && d.dialect() != "tf")
}

/// Whether an operation keeps its state in a value.
fn is_state(body: &Body, v: Value) -> bool {
    body.uses(v).iter().map(|user| body.op(*user)).any(|op| {
        let state = STATE.iter().find(|(name, _)| *name == op.name.as_str()).map_or(&[][..], |(_, at)| at);
        state.iter().any(|i| op.operands().get(*i) == Some(&v))
    })
}

/// The value of a constant that somebody uses.
fn written_constant(body: &Body, op: &Operation) -> Option<Value> {
    op.result().filter(|v| is_constant(op) && !body.uses(*v).is_empty())
}

/// The tensor name of each value. A node's result bears its name; constants that came from the same node are numbered.
fn tensor_names(body: &Body, signature: Option<&Signature>) -> Vec<String> {
    let mut out = vec![String::new(); body.num_values()];
    let mut unique = names::Unique::default();
    for (i, v) in body.args(body.entry()).iter().enumerate() {
        let name = body.loc(*v).node().or_else(|| signature?.inputs.get(i).map(String::as_str));
        out[v.index()] = unique.name(name.unwrap_or("arg"));
    }
    let ops: Vec<&Operation> = body.ops(body.entry()).into_iter().map(|id| body.op(id)).collect();
    for op in ops.iter().filter(|op| !is_constant(op)) {
        for (i, v) in op.results().iter().enumerate() {
            let name = names::of_result(&op.loc, i, op.results().len());
            out[v.index()] = unique.name(name.as_deref().unwrap_or(stem(op)));
        }
    }
    for op in ops {
        if let Some(v) = written_constant(body, op) {
            out[v.index()] = unique.name(op.loc.node().unwrap_or("constant"));
        }
    }
    out
}

/// The name of a tensor that came from no node.
fn stem(op: &Operation) -> &str {
    let name = op.name.as_str();
    name.split_once('.').map_or(name, |(_, stem)| stem)
}
