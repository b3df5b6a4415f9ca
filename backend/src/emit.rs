//! Modules of `tfl` operations become TFLite files.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use ir::dialect::{builtin, tfl};
use ir::{
    Attr, Body, Diagnostic, Elem, Failed, Module, OpId, Operation, QuantParams, QuantType, Signature, Sink, Tensor,
    TensorType, Type, Value,
};

use crate::buffers::Buffers;
use crate::options::Values;
use crate::schema::tflite as schema;
use crate::{bytes_attr, elem, runtime, strings, version};

/// The largest flatbuffer: offsets have 31 bits.
const LARGEST: usize = (1 << 31) - 1;

/// Writes a module as a TFLite flatbuffer.
///
/// Every function becomes a subgraph, those of signatures first; tensors are called by the nodes of their locations. Equal modules give equal
/// bytes.
///
/// # Errors
/// All operations that have no place in a TFLite file, and a model of more than 2 GB.
pub fn emit(module: &Module, sink: &mut Sink) -> Result<Vec<u8>, Failed> {
    let signatures = ir::signatures(module);
    let mut funcs: Vec<OpId> = signatures.iter().map(|s| s.func).collect();
    funcs.extend(module.funcs().into_iter().filter(|f| !signatures.iter().any(|s| s.func == *f)));
    if funcs.is_empty() {
        return Err(sink.error(Diagnostic::error("emit/empty", "the module has no function")));
    }
    let mut model = Model { buffers: Buffers::new(), codes: Vec::new(), graphs: Vec::new(), release: "1.5.0" };
    let mut failed = None;
    for func in funcs {
        let signature = signatures.iter().find(|s| s.func == func);
        match graph(module, func, signature, &mut model, sink) {
            Ok(graph) => model.graphs.push(graph),
            Err(e) => failed = Some(e),
        }
    }
    if let Some(e) = failed {
        return Err(e);
    }
    let size = model.buffers.size();
    if size > LARGEST {
        let d = Diagnostic::error(
            "emit/too-large",
            format!("its constants take {size} bytes, more than a flatbuffer of 2 GB"),
        );
        return Err(sink.error(d.help("quantize the weights; larger files are not supported")));
    }
    Ok(write(&mut model, module, &signatures))
}

/// What is known of a file before its first byte is written.
struct Model<'m> {
    buffers: Buffers,
    /// Builtin code (or custom name) and version.
    codes: Vec<(i32, Option<&'m str>, i32)>,
    graphs: Vec<Graph<'m>>,
    /// The first release that can run the file.
    release: &'static str,
}

struct Graph<'m> {
    name: &'m str,
    tensors: Vec<TensorSpec<'m>>,
    index: HashMap<Value, i32>,
    ops: Vec<Op<'m>>,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
}

struct Op<'m> {
    op: &'m Operation,
    /// The number of its code.
    code: u32,
    options: Option<Values>,
}

struct TensorSpec<'m> {
    name: String,
    ty: &'m TensorType,
    buffer: u32,
}

fn error(sink: &mut Sink, body: &Body, op: OpId, code: &'static str, text: &str) -> Failed {
    let o = body.op(op);
    let text = match o.loc.node() {
        Some(node) => format!("`{node}` ({}): {text}", o.name.as_str()),
        None => format!("{}: {text}", o.name.as_str()),
    };
    sink.error(Diagnostic::error(code, text).at(&o.loc))
}

/// Lists the tensors and operations of a function.
fn graph<'m>(
    module: &'m Module,
    func: OpId,
    signature: Option<&Signature>,
    model: &mut Model<'m>,
    sink: &mut Sink,
) -> Result<Graph<'m>, Failed> {
    let op = module.body.op(func);
    let no_body = || Diagnostic::error("emit/function", "a function without a body").at(&op.loc);
    let Some(body) = op.body(0).filter(|b| b.has_entry()) else { return Err(sink.error(no_body())) };
    let name = ir::module::sym_name(op).unwrap_or("main");
    let mut g = Builder {
        body,
        names: HashSet::new(),
        graph: Graph { name, tensors: vec![], index: HashMap::new(), ops: vec![], inputs: vec![], outputs: vec![] },
    };
    let mut failed = None;
    for (i, v) in body.args(body.entry()).iter().enumerate() {
        let fallback = signature.and_then(|s| s.inputs.get(i)).map_or("input", String::as_str);
        match g.tensor(*v, fallback, 0) {
            Some(n) => g.graph.inputs.push(n),
            None => {
                let text = format!("input {i} of function `{name}` is no tensor");
                failed = Some(sink.error(Diagnostic::error("emit/type", text).at(body.loc(*v))));
            }
        }
    }
    for id in body.ops(body.entry()) {
        let op = body.op(id);
        let outcome = if op.name.def().is_some_and(ir::OpDef::is_constant) {
            g.constant(op, &mut model.buffers)
        } else if op.is::<builtin::Return>() {
            g.graph.outputs = op.operands().iter().filter_map(|v| g.graph.index.get(v).copied()).collect();
            if g.graph.outputs.len() == op.operands().len() { Ok(()) } else { Err("a result is no tensor".to_owned()) }
        } else if op.is::<tfl::NoValue>() {
            Ok(())
        } else {
            g.operation(id, model)
        };
        if let Err(text) = outcome {
            failed = Some(error(sink, body, id, "emit/operation", &text));
        }
    }
    failed.map_or(Ok(g.graph), Err)
}

struct Builder<'m> {
    body: &'m Body,
    names: HashSet<String>,
    graph: Graph<'m>,
}

impl<'m> Builder<'m> {
    /// A tensor for a value, named by its node; `None` if the value is none.
    fn tensor(&mut self, v: Value, fallback: &str, buffer: u32) -> Option<i32> {
        let ty = self.body.tensor_ty(v)?;
        elem::to_schema(&ty.elem)?;
        let name = self.unique(self.body.loc(v).node().unwrap_or(fallback));
        let n = i32::try_from(self.graph.tensors.len()).ok()?;
        self.graph.tensors.push(TensorSpec { name, ty, buffer });
        self.graph.index.insert(v, n);
        Some(n)
    }

    fn unique(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut n = 0;
        while !self.names.insert(name.clone()) {
            n += 1;
            name = format!("{base}_{n}");
        }
        name
    }

    fn constant(&mut self, op: &Operation, buffers: &mut Buffers) -> Result<(), String> {
        let v = op.result().ok_or("a constant has one result")?;
        if self.body.uses(v).is_empty() {
            return Ok(());
        }
        let tensor = match op.attr("value") {
            Some(Attr::Elided(_)) => return Err("its value was left out of the text".into()),
            other => other.and_then(Attr::as_tensor).ok_or("its value is no tensor")?,
        };
        let buffer = buffers.add(stored_bytes(tensor)?);
        self.tensor(v, "constant", buffer).map(|_| ()).ok_or_else(|| "TFLite has no such element type".into())
    }

    fn operation(&mut self, id: OpId, model: &mut Model<'m>) -> Result<(), String> {
        let op = self.body.op(id);
        let def = op.name.def().filter(|d| d.builtin.is_some());
        let code = def.and_then(|d| d.builtin).ok_or("it is no TFLite operation")?;
        if !op.regions.is_empty() {
            return Err("its regions have no place in a TFLite file".into());
        }
        for v in op.operands() {
            if *self.body.ty(*v) != Type::None && !self.graph.index.contains_key(v) {
                return Err("an operand has an element type that TFLite has not".into());
            }
        }
        for (i, v) in op.results().iter().enumerate() {
            // Results nobody reads are written too: an operator names all its outputs.
            let fallback = if i == 0 { op.name.as_str() } else { "output" };
            self.tensor(*v, fallback, 0).ok_or("TFLite has no such element type")?;
        }
        let custom = op.is::<tfl::Custom>().then(|| op.attr("custom_code").and_then(Attr::as_str)).flatten();
        let version = version::version(self.body, id);
        let operator = schema::BuiltinOperator(code).variant_name().unwrap_or_default();
        if let Some(release) = runtime::release(operator, version) {
            model.release = runtime::later(model.release, release);
        }
        let key = (code, custom, version);
        let at = model.codes.iter().position(|c| *c == key).unwrap_or_else(|| {
            model.codes.push(key);
            model.codes.len() - 1
        });
        let code = u32::try_from(at).map_err(|_| "too many operators")?;
        self.graph.ops.push(Op { op, code, options: Values::of(self.body, op)? });
        Ok(())
    }
}

/// The bytes of a constant as TFLite stores them.
fn stored_bytes(tensor: &Tensor) -> Result<Bytes, String> {
    match tensor.ty().elem {
        Elem::String => strings::to_tflite(&tensor.bytes()).map(Bytes::from),
        _ => Ok(tensor.bytes()),
    }
}

type Fbb = FlatBufferBuilder<'static>;
type Table<T> = WIPOffset<T>;

/// Vectors and parameter tables that several tensors share are written once.
#[derive(Default)]
struct Shared {
    ints: HashMap<Vec<i32>, WIPOffset<flatbuffers::Vector<'static, i32>>>,
    params: HashMap<QuantType, Table<schema::QuantizationParameters<'static>>>,
}

impl Shared {
    fn ints(&mut self, fbb: &mut Fbb, v: Vec<i32>) -> WIPOffset<flatbuffers::Vector<'static, i32>> {
        *self.ints.entry(v).or_insert_with_key(|v| fbb.create_vector(v))
    }

    fn params(&mut self, fbb: &mut Fbb, q: &QuantType) -> Table<schema::QuantizationParameters<'static>> {
        if let Some(t) = self.params.get(q) {
            return *t;
        }
        let scales: Vec<f32> = q.scales().into_iter().map(|s| s as f32).collect();
        let args = schema::QuantizationParametersArgs {
            scale: Some(fbb.create_vector(&scales)),
            zero_point: Some(fbb.create_vector(&q.zero_points())),
            quantized_dimension: q.axis().and_then(|a| i32::try_from(a).ok()).unwrap_or(0),
            ..Default::default()
        };
        let t = schema::QuantizationParameters::create(fbb, &args);
        self.params.insert(q.clone(), t);
        t
    }
}

fn write(model: &mut Model<'_>, module: &Module, signatures: &[Signature]) -> Vec<u8> {
    let mut metadata = metadata(module);
    if !metadata.iter().any(|(n, _)| n == "min_runtime_version") {
        let mut release = model.release.as_bytes().to_vec();
        release.resize(16, 0);
        metadata.push(("min_runtime_version".to_owned(), release.into()));
    }
    let metadata: Vec<(String, u32)> = metadata.into_iter().map(|(n, data)| (n, model.buffers.add(data))).collect();

    let mut fbb: Fbb = FlatBufferBuilder::with_capacity(model.buffers.size() + (1 << 16));
    let buffers = model.buffers.write(&mut fbb);
    let metadata: Vec<_> = metadata
        .into_iter()
        .map(|(name, buffer)| {
            let name = Some(fbb.create_string(&name));
            schema::Metadata::create(&mut fbb, &schema::MetadataArgs { name, buffer })
        })
        .collect();
    let metadata = Some(fbb.create_vector(&metadata));
    let signature_defs: Vec<_> = signatures
        .iter()
        .enumerate()
        .filter_map(|(i, s)| Some(signature_def(&mut fbb, s, model.graphs.get(i)?, i)))
        .collect();
    let signature_defs = (!signature_defs.is_empty()).then(|| fbb.create_vector(&signature_defs));
    let mut shared = Shared::default();
    let graphs: Vec<_> = model.graphs.iter().map(|g| subgraph(&mut fbb, g, &mut shared)).collect();
    let subgraphs = Some(fbb.create_vector(&graphs));
    let codes: Vec<_> = model.codes.iter().map(|c| operator_code(&mut fbb, *c)).collect();
    let operator_codes = Some(fbb.create_vector(&codes));
    let description = module.attrs.get("tfl.description").and_then(Attr::as_str).map(|d| fbb.create_string(d));
    let args = schema::ModelArgs {
        version: 3,
        operator_codes,
        subgraphs,
        description,
        buffers: Some(buffers),
        metadata,
        signature_defs,
        ..Default::default()
    };
    let root = schema::Model::create(&mut fbb, &args);
    schema::finish_model_buffer(&mut fbb, root);
    fbb.finished_data().to_vec()
}

/// The metadata entries that a module carries (`tfl.metadata`).
fn metadata(module: &Module) -> Vec<(String, Bytes)> {
    let Some(entries) = module.attrs.get("tfl.metadata").and_then(Attr::as_dict) else { return Vec::new() };
    entries.iter().filter_map(|(name, v)| Some((name.to_string(), bytes_attr::bytes(v)?))).collect()
}

/// `deprecated_builtin_code` holds codes up to 126; 127 says that the code is larger.
fn operator_code(
    fbb: &mut Fbb,
    (code, custom, version): (i32, Option<&str>, i32),
) -> Table<schema::OperatorCode<'static>> {
    let custom_code = custom.map(|c| fbb.create_string(c));
    let args = schema::OperatorCodeArgs {
        deprecated_builtin_code: i8::try_from(code.min(127)).unwrap_or(127),
        custom_code,
        version,
        builtin_code: schema::BuiltinOperator(code),
    };
    schema::OperatorCode::create(fbb, &args)
}

fn signature_def(fbb: &mut Fbb, s: &Signature, g: &Graph<'_>, at: usize) -> Table<schema::SignatureDef<'static>> {
    let mut maps = |names: &[String], tensors: &[i32]| {
        let maps: Vec<_> = names
            .iter()
            .zip(tensors)
            .map(|(name, t)| {
                let args = schema::TensorMapArgs {
                    name: Some(fbb.create_shared_string(name)),
                    tensor_index: u32::try_from(*t).unwrap_or(0),
                };
                schema::TensorMap::create(fbb, &args)
            })
            .collect();
        Some(fbb.create_vector(&maps))
    };
    let (inputs, outputs) = (maps(&s.inputs, &g.inputs), maps(&s.outputs, &g.outputs));
    let args = schema::SignatureDefArgs {
        inputs,
        outputs,
        signature_key: Some(fbb.create_shared_string(&s.key)),
        subgraph_index: u32::try_from(at).unwrap_or(0),
    };
    schema::SignatureDef::create(fbb, &args)
}

fn subgraph(fbb: &mut Fbb, g: &Graph<'_>, shared: &mut Shared) -> Table<schema::SubGraph<'static>> {
    let tensors: Vec<_> = g.tensors.iter().map(|t| tensor(fbb, t, shared)).collect();
    let tensors = Some(fbb.create_vector(&tensors));
    let operators: Vec<_> = g.ops.iter().map(|op| operator(fbb, g, op, shared)).collect();
    let args = schema::SubGraphArgs {
        tensors,
        inputs: Some(shared.ints(fbb, g.inputs.clone())),
        outputs: Some(shared.ints(fbb, g.outputs.clone())),
        operators: Some(fbb.create_vector(&operators)),
        name: Some(fbb.create_shared_string(g.name)),
        ..Default::default()
    };
    schema::SubGraph::create(fbb, &args)
}

fn tensor(fbb: &mut Fbb, t: &TensorSpec<'_>, shared: &mut Shared) -> Table<schema::Tensor<'static>> {
    let size = |d: usize| i32::try_from(d).unwrap_or(i32::MAX);
    let dims = t.ty.shape.as_deref();
    let shape = dims.filter(|d| !d.is_empty()).map(|d| d.iter().map(|d| d.map_or(1, size)).collect());
    let dynamic = dims.filter(|d| d.contains(&None)).map(|d| d.iter().map(|d| d.map_or(-1, size)).collect());
    let parameters = t.ty.elem.quant().filter(|q| !matches!(q.params, QuantParams::Any));
    let args = schema::TensorArgs {
        shape: shape.map(|s| shared.ints(fbb, s)),
        type_: elem::to_schema(&t.ty.elem).unwrap_or(schema::TensorType::FLOAT32),
        buffer: t.buffer,
        name: Some(fbb.create_shared_string(&t.name)),
        quantization: parameters.map(|q| shared.params(fbb, q)),
        shape_signature: dynamic.map(|s| shared.ints(fbb, s)),
        has_rank: t.ty.shape.is_some(),
        ..Default::default()
    };
    schema::Tensor::create(fbb, &args)
}

fn operator(fbb: &mut Fbb, g: &Graph<'_>, op: &Op<'_>, shared: &mut Shared) -> Table<schema::Operator<'static>> {
    // An absent optional operand is -1, also at the end.
    let index = |v: &Value| g.index.get(v).copied().unwrap_or(-1);
    let inputs: Vec<i32> = op.op.operands().iter().map(index).collect();
    let outputs: Vec<i32> = op.op.results().iter().map(index).collect();
    let options = op.options.as_ref().map(|o| o.write(fbb));
    let custom = op.op.is::<tfl::Custom>().then(|| op.op.attr("custom_option").and_then(bytes_attr::bytes)).flatten();
    let args = schema::OperatorArgs {
        opcode_index: op.code,
        inputs: Some(shared.ints(fbb, inputs)),
        outputs: Some(shared.ints(fbb, outputs)),
        builtin_options_type: options.map_or(schema::BuiltinOptions::NONE, |(union, _)| union),
        builtin_options: options.map(|(_, table)| table),
        custom_options: custom.map(|c| fbb.create_vector(&c)),
        ..Default::default()
    };
    schema::Operator::create(fbb, &args)
}
