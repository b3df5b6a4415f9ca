//! Reads a TFLite flatbuffer as a module.
//!
//! Nothing in the bytes is trusted: the flatbuffer is verified first, with limits that follow from its size, and every number is checked
//! where it is used. Constants are slices of the bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use flatbuffers::VerifierOptions;
use ir::dialect::{arith, builtin, tfl};
use ir::{
    Arity, At, Attr, Attrs, Body, Builder, Elem, FunctionType, Loc, Module, OpDef, OpId, OpName, OpRow, OpSpec, Region,
    Sink, TensorType, Type, Value,
};

use crate::emit::SCHEMA_VERSION;
use crate::plan::{DESCRIPTION, INTERMEDIATES, IS_VARIABLE, METADATA, MIN_RUNTIME};
use crate::schema::tflite as fb;
use crate::{buffers, calls, custom, names, options, types};

/// A module that was read, and the tensors its values are.
#[derive(Debug)]
pub struct Model {
    /// The module: one function for each subgraph, in order.
    pub module: Module,
    /// The tensors of each subgraph, in order.
    pub tensors: Vec<Tensors>,
}

/// Which tensor of its subgraph a value is.
#[derive(Debug)]
pub struct Tensors {
    /// The function of the subgraph.
    pub func: OpId,
    /// The index of each value's tensor; of constants too.
    pub index: BTreeMap<Value, usize>,
}

/// Why bytes cannot be read as a module.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Another kind of file.
    #[error("not a TFLite file: the identifier `TFL3` is missing")]
    Identifier,
    /// No valid flatbuffer.
    #[error("damaged TFLite file: {0}")]
    Flatbuffer(String),
    /// Another version of the schema.
    #[error("the file has schema version {0}; version 3 is read")]
    Version(u32),
    /// A valid flatbuffer that is no valid model.
    #[error("damaged TFLite file: {0}")]
    Malformed(String),
    /// A valid model with parts that are not known here.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A model whose operations break their own rules.
    #[error("invalid model: {0}")]
    Invalid(String),
}

type Result<T> = std::result::Result<T, ReadError>;

fn malformed<T>(what: impl Into<String>) -> Result<T> {
    Err(ReadError::Malformed(what.into()))
}

/// The metadata entry in which a converter describes itself; it would not be true of a file that is written again.
const CONVERSION: &str = "CONVERSION_METADATA";
/// The metadata entry of files whose payloads stand behind the flatbuffer; a file that is written again has them inside.
const BUFFER_LOCATION: &str = "buffer_location";

/// Reads the bytes of a `.tflite` file. The module is verified.
///
/// Versions of operators, and metadata that a new file gets anew, are not kept.
pub fn read(bytes: Bytes) -> Result<Model> {
    if bytes.len() < 8 || !fb::model_buffer_has_identifier(&bytes) {
        return Err(ReadError::Identifier);
    }
    let limits = VerifierOptions {
        // Files share little: what is listed many times over was made to take long.
        max_tables: 1_000 + bytes.len() / 4,
        max_apparent_size: (1 << 20) + bytes.len().saturating_mul(16),
        ..VerifierOptions::default()
    };
    let model = fb::root_as_model_with_opts(&limits, &bytes).map_err(|e| ReadError::Flatbuffer(first_line(&e)))?;
    if model.version() != SCHEMA_VERSION {
        return Err(ReadError::Version(model.version()));
    }
    let mut reader = Reader {
        bytes: &bytes,
        model,
        codes: codes(&model)?,
        module: Module::new(),
        functions: vec![],
        called: BTreeSet::new(),
    };
    let out = reader.model()?;
    let mut sink = Sink::new();
    match ir::verify::verify(&out.module, &mut sink) {
        Ok(()) => Ok(out),
        Err(_) => {
            let first = sink.take().into_iter().next();
            let place = |d: &ir::Diagnostic| d.loc.node().map(|n| format!(" (tensor `{n}`)")).unwrap_or_default();
            Err(ReadError::Invalid(first.map(|d| format!("{}{}", d.message, place(&d))).unwrap_or_default()))
        }
    }
}

fn first_line(error: &flatbuffers::InvalidFlatbuffer) -> String {
    error.to_string().lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// An operator code: its row, if there is one, and what it is called.
struct Code {
    def: Option<&'static OpDef>,
    name: String,
}

fn codes(model: &fb::Model<'_>) -> Result<Vec<Code>> {
    let mut rows: HashMap<i32, &'static OpDef> = HashMap::new();
    for def in tfl::TFL.ops {
        rows.extend(def.builtin.filter(|code| !rows.contains_key(code)).map(|code| (code, *def)));
    }
    let code = |c: fb::OperatorCode<'_>| {
        // Files from before the wider field have only the old one.
        let builtin = c.builtin_code().0.max(i32::from(c.deprecated_builtin_code()));
        let def = rows.get(&builtin).copied();
        let name = match fb::BuiltinOperator(builtin).variant_name() {
            _ if def == Some(tfl::Custom::DEF) => c.custom_code().unwrap_or_default().to_owned(),
            Some(name) => name.to_owned(),
            None => format!("with code {builtin}"),
        };
        Code { def, name }
    };
    let codes: Vec<Code> = model.operator_codes().iter().flatten().map(code).collect();
    match codes.iter().find(|c| c.def == Some(tfl::Custom::DEF) && c.name.is_empty()) {
        Some(_) => malformed("a custom operator has no name"),
        None => Ok(codes),
    }
}

struct Reader<'a> {
    bytes: &'a Bytes,
    model: fb::Model<'a>,
    codes: Vec<Code>,
    module: Module,
    /// The name and the type of each subgraph's function.
    functions: Vec<(String, FunctionType)>,
    /// The subgraphs that operators call.
    called: BTreeSet<usize>,
}

impl<'a> Reader<'a> {
    fn model(&mut self) -> Result<Model> {
        let graphs: Vec<fb::SubGraph<'a>> = self.model.subgraphs().iter().flatten().collect();
        if graphs.is_empty() {
            return malformed("it has no subgraph");
        }
        self.check_operators(&graphs)?;
        self.module_attributes()?;
        let operators = graphs.iter().flat_map(|g| g.operators().into_iter().flatten());
        self.called = operators.flat_map(|o| calls::subgraphs(&o)).filter_map(|i| usize::try_from(i).ok()).collect();
        let mut unique = names::Unique::default();
        let mut functions = Vec::with_capacity(graphs.len());
        for (i, graph) in graphs.iter().enumerate() {
            let name = graph.name().filter(|n| !n.is_empty());
            let name =
                name.map_or_else(|| if i == 0 { "main".to_owned() } else { format!("subgraph_{i}") }, str::to_owned);
            let function = Function::new(i, *graph)?;
            self.functions.push((unique.name(&name), function.ty(self)?));
            functions.push(function);
        }
        let mut tensors = Vec::with_capacity(graphs.len());
        for function in functions {
            tensors.push(function.read(self)?);
        }
        Ok(Model { module: std::mem::take(&mut self.module), tensors })
    }

    /// Names every operator that is not known, before one of them makes another error.
    fn check_operators(&self, graphs: &[fb::SubGraph<'a>]) -> Result<()> {
        let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
        for operator in graphs.iter().flat_map(|g| g.operators().into_iter().flatten()) {
            let code = self.code(&operator)?;
            if code.def.is_none() {
                *unknown.entry(&code.name).or_default() += 1;
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let items: Vec<String> = unknown.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        Err(ReadError::Unsupported(format!("operators {}", items.join(", "))))
    }

    fn code(&self, operator: &fb::Operator<'_>) -> Result<&Code> {
        let index = operator.opcode_index();
        match usize::try_from(index).ok().and_then(|i| self.codes.get(i)) {
            Some(code) => Ok(code),
            None => malformed(format!("operator code {index} does not exist")),
        }
    }

    fn module_attributes(&mut self) -> Result<()> {
        let mut metadata = Attrs::new();
        for entry in self.model.metadata().iter().flatten() {
            let name = entry.name().unwrap_or_default();
            if [MIN_RUNTIME, CONVERSION, BUFFER_LOCATION].contains(&name) {
                continue;
            }
            let bytes = self.payload(entry.buffer())?.unwrap_or_default();
            let value = match std::str::from_utf8(&bytes) {
                Ok(text) => Attr::str(text),
                Err(_) => {
                    let ty = TensorType::of(&[bytes.len()], Elem::U8);
                    ir::Tensor::new(ty, bytes).map(Attr::Dense).or_else(|e| malformed(e.to_string()))?
                }
            };
            metadata.set(name, value);
        }
        let attrs = &mut self.module.attrs;
        attrs.set("tfl.schema_version", Attr::i32(SCHEMA_VERSION.cast_signed()));
        if let Some(text) = self.model.description() {
            attrs.set(DESCRIPTION, Attr::str(text));
        }
        if !metadata.is_empty() {
            attrs.set(METADATA, Attr::Dict(metadata));
        }
        Ok(())
    }

    /// The bytes of a buffer, a slice of the file; `None` if it has no data.
    fn payload(&self, buffer: u32) -> Result<Option<Bytes>> {
        let list = self.model.buffers();
        let Some(found) = list.filter(|l| u64::from(buffer) < l.len() as u64).map(|l| l.get(buffer as usize)) else {
            // Buffer 0 stands for "no data" even where there is none.
            return if buffer == 0 { Ok(None) } else { malformed(format!("buffer {buffer} does not exist")) };
        };
        if let Some(data) = found.data().filter(|d| !d.is_empty()) {
            return Ok(Some(self.bytes.slice_ref(data.bytes())));
        }
        // Files above 2 GB have their payloads behind the flatbuffer; 0 and 1 stand for "none".
        if found.offset() <= 1 || found.size() <= 1 {
            return Ok(None);
        }
        let range = || {
            let start = usize::try_from(found.offset()).ok()?;
            let end = start.checked_add(usize::try_from(found.size()).ok()?)?;
            (end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
        };
        match range() {
            Some(bytes) => Ok(Some(bytes)),
            None => malformed(format!("buffer {buffer} lies outside the file")),
        }
    }

    /// Signatures of a subgraph.
    fn signatures(&self, graph: usize) -> Vec<fb::SignatureDef<'a>> {
        let all = self.model.signature_defs();
        all.iter().flatten().filter(|s| u64::from(s.subgraph_index()) == graph as u64).collect()
    }
}

/// What a tensor is before it is a value.
struct TensorInfo {
    ty: TensorType,
    data: Option<Bytes>,
    is_variable: bool,
}

/// A subgraph on its way to a function.
struct Function<'a> {
    /// The index of the subgraph.
    number: usize,
    tensors: Vec<fb::Tensor<'a>>,
    operators: Vec<fb::Operator<'a>>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    values: Vec<Option<Value>>,
    body: Body,
    no_value: Option<Value>,
}

impl<'a> Function<'a> {
    fn new(number: usize, graph: fb::SubGraph<'a>) -> Result<Function<'a>> {
        let tensors: Vec<fb::Tensor<'a>> = graph.tensors().iter().flatten().collect();
        let list = |list: Option<flatbuffers::Vector<'a, i32>>, what: &str| -> Result<Vec<usize>> {
            list.iter().flatten().map(|t| index(t, tensors.len(), number, what)).collect()
        };
        Ok(Function {
            number,
            inputs: list(graph.inputs(), "an input")?,
            outputs: list(graph.outputs(), "an output")?,
            operators: graph.operators().iter().flatten().collect(),
            values: vec![None; tensors.len()],
            tensors,
            body: Body::new(),
            no_value: None,
        })
    }

    /// The type of the function.
    fn ty(&self, reader: &Reader<'a>) -> Result<FunctionType> {
        let list = |tensors: &[usize]| -> Result<Vec<Type>> {
            tensors.iter().map(|t| Ok(Type::Tensor(self.info(reader, *t)?.ty))).collect()
        };
        Ok(FunctionType { inputs: list(&self.inputs)?, results: list(&self.outputs)? })
    }

    fn read(mut self, reader: &mut Reader<'a>) -> Result<Tensors> {
        let name = reader.functions[self.number].0.clone();
        let entry = self.body.entry();
        for t in self.inputs.clone() {
            if self.values[t].is_some() {
                return malformed(format!("{} is an input twice", self.name(t)));
            }
            let ty = self.info(reader, t)?.ty;
            let loc = names::of_tensor(self.tensors[t].name().unwrap_or_default());
            self.values[t] = Some(self.body.add_arg(entry, Type::Tensor(ty), loc));
        }
        self.constants(reader)?;
        for operator in self.operators.clone() {
            self.operator(reader, &operator)?;
        }
        let results = self.outputs.iter().map(|t| self.value(*t)).collect::<Result<Vec<Value>>>()?;
        let end = OpName::Known(builtin::Return::DEF);
        self.body.insert(At::End(entry), OpSpec::new(end, Loc::UNKNOWN).operands(&results));
        let ty = FunctionType { inputs: vec![], results: vec![] };
        let func = reader.module.add_func(&name, ty, Loc::name(name.as_str()));
        self.attributes(reader, func);
        let index = self.values.iter().enumerate().filter_map(|(t, v)| Some(((*v)?, t))).collect();
        if let Some(body) = reader.module.func_body_mut(func) {
            *body = self.body;
        }
        ir::module::sync_function_type(reader.module.body.op_mut(func));
        Ok(Tensors { func, index })
    }

    /// How an error calls a tensor.
    fn name(&self, t: usize) -> String {
        match self.tensors[t].name() {
            Some(name) if !name.is_empty() => format!("tensor {t} (`{name}`) of subgraph {}", self.number),
            _ => format!("tensor {t} of subgraph {}", self.number),
        }
    }

    fn value(&self, t: usize) -> Result<Value> {
        match self.values[t] {
            Some(v) => Ok(v),
            None => malformed(format!("{} is used before it is computed", self.name(t))),
        }
    }

    fn info(&self, reader: &Reader<'a>, t: usize) -> Result<TensorInfo> {
        let tensor = &self.tensors[t];
        if tensor.sparsity().is_some() {
            return Err(ReadError::Unsupported(format!("the sparse storage of {}", self.name(t))));
        }
        if tensor.external_buffer() != 0 {
            return Err(ReadError::Unsupported(format!("the data of {} in another file", self.name(t))));
        }
        let Some(storage) = types::elem(tensor.type_()) else {
            return malformed(format!("{} has the unknown type {}", self.name(t), tensor.type_().0));
        };
        let data = reader.payload(tensor.buffer())?;
        let ints = |v: Option<flatbuffers::Vector<'_, i32>>| -> Vec<i32> { v.iter().flatten().collect() };
        let (shape, mut signature) = (ints(tensor.shape()), ints(tensor.shape_signature()));
        if data.is_some() {
            // A constant has all its elements.
            signature.clear();
        }
        let Some(shape) = types::ir_shape(&shape, &signature, tensor.has_rank(), data.is_some()) else {
            return malformed(format!("{} has a negative dimension", self.name(t)));
        };
        let elem = self.elem(t, storage, shape.as_deref())?;
        Ok(TensorInfo { ty: TensorType { shape, elem, encoding: None }, data, is_variable: tensor.is_variable() })
    }

    fn elem(&self, t: usize, storage: Elem, shape: Option<&[ir::Dim]>) -> Result<Elem> {
        let Some(quant) = self.tensors[t].quantization() else { return Ok(storage) };
        match quant.details_type() {
            fb::QuantizationDetails::NONE | fb::QuantizationDetails::CustomQuantization => {}
            _ => return Err(ReadError::Unsupported(format!("the scales by blocks of {}", self.name(t)))),
        }
        let scales: Vec<f32> = quant.scale().iter().flatten().collect();
        if scales.is_empty() {
            return Ok(storage);
        }
        let zero_points = quant.zero_point().iter().flatten().collect();
        types::ir_quant(&storage, scales, zero_points, quant.quantized_dimension(), shape)
            .or_else(|what| malformed(format!("{} {what}", self.name(t))))
    }

    /// Every tensor with data that is used, and variables, in the order of their indices.
    fn constants(&mut self, reader: &Reader<'a>) -> Result<()> {
        let mut used: BTreeSet<usize> = self.outputs.iter().copied().collect();
        let mut computed = BTreeSet::new();
        for operator in &self.operators {
            for t in operator.inputs().iter().flatten().filter(|t| *t != -1) {
                used.insert(index(t, self.tensors.len(), self.number, "an operand")?);
            }
            for t in operator.outputs().iter().flatten() {
                computed.insert(index(t, self.tensors.len(), self.number, "a result")?);
            }
        }
        for t in used.into_iter().filter(|t| !computed.contains(t)) {
            if self.values[t].is_some() {
                continue;
            }
            let info = self.info(reader, t)?;
            let empty = info.ty.num_elements() == Some(0);
            if info.data.is_some() || info.is_variable || empty {
                self.values[t] = Some(self.constant(t, info)?);
            }
        }
        Ok(())
    }

    fn constant(&mut self, t: usize, info: TensorInfo) -> Result<Value> {
        let loc = names::of_tensor(self.tensors[t].name().unwrap_or_default());
        let fits = buffers::stored_size(&info.ty);
        let found = info.data.as_ref().map_or(0, Bytes::len);
        let data = match (&info.data, fits, info.ty.num_elements()) {
            // Zeros, one element of which is stored.
            (None, Some(size), Some(_)) => Bytes::from(vec![0; size.min(info.ty.elem.byte_width().unwrap_or(1))]),
            (Some(data), _, Some(count)) if info.ty.elem == Elem::String => match buffers::read_strings(data, count) {
                Some(strings) => strings,
                None => return malformed(format!("the strings of {} do not fit its shape", self.name(t))),
            },
            (Some(data), Some(size), _) if data.len() == size => data.clone(),
            (Some(data), None, Some(_)) => data.clone(),
            (Some(_), Some(size), _) => {
                return malformed(format!("{} takes {size} bytes, but its buffer has {found}", self.name(t)));
            }
            _ => return malformed(format!("{} has more elements than can be counted", self.name(t))),
        };
        let tensor = ir::Tensor::new(info.ty, data).or_else(|e| malformed(format!("{}: {e}", self.name(t))))?;
        if !info.is_variable {
            let at = At::End(self.body.entry());
            return Ok(Builder::new(&mut self.body, at, loc).constant(tensor));
        }
        let ty = Type::Tensor(tensor.ty().clone());
        let row = arith::Constant { value: Attr::Dense(tensor) };
        let spec = OpSpec::row(&row, loc).results([ty]).attr(IS_VARIABLE, Attr::Unit);
        let op = self.body.insert(At::End(self.body.entry()), spec);
        Ok(self.body.op(op).results()[0])
    }

    fn operator(&mut self, reader: &Reader<'a>, operator: &fb::Operator<'a>) -> Result<()> {
        let code = reader.code(operator)?;
        let Some(def) = code.def.map(|def| options::variant(def, operator)) else {
            return Err(ReadError::Unsupported(format!("operator {}", code.name)));
        };
        let inputs = operator.inputs();
        let mut operands = Vec::with_capacity(inputs.map_or(0, |v| v.len()));
        for t in inputs.iter().flatten() {
            operands.push(match t {
                -1 => self.absent(),
                t => self.value(index(t, self.tensors.len(), self.number, "an operand")?)?,
            });
        }
        for _ in def.operands.iter().skip(operands.len()).filter(|d| d.arity == Arity::Optional) {
            operands.push(self.absent());
        }
        let mut outputs = Vec::new();
        let mut results = Vec::new();
        for t in operator.outputs().iter().flatten() {
            let t = index(t, self.tensors.len(), self.number, "a result")?;
            results.push(Type::Tensor(self.info(reader, t)?.ty));
            outputs.push(t);
        }
        let Some(mut props) = options::read(def, operator, &results) else {
            return malformed(format!("an operator {} of subgraph {} has wrong options", code.name, self.number));
        };
        if def == tfl::Custom::DEF {
            let bytes = operator.custom_options().map(|v| v.bytes()).unwrap_or_default();
            props.set("custom_code", Attr::str(code.name.as_str()));
            props.set("custom_option", custom::to_attr(bytes));
        }
        let names: Vec<&str> = outputs.iter().map(|t| self.tensors[*t].name().unwrap_or_default()).collect();
        for (attr, t) in INTERMEDIATES.into_iter().zip(operator.intermediates().iter().flatten()) {
            if def.attrs.iter().any(|a| a.name == attr) && t != -1 {
                let t = index(t, self.tensors.len(), self.number, "an intermediate")?;
                props.set(attr, Attr::Type(Type::Tensor(self.info(reader, t)?.ty)));
            }
        }
        let loc = names::to_loc(&names);
        let (operands, regions) = self.calls(reader, operator, def, (operands, &mut props), &loc)?;
        let spec = OpSpec::new(OpName::Known(def), loc).operands(&operands).results(results);
        let op = self.body.insert(At::End(self.body.entry()), OpSpec { props, regions, ..spec });
        for (t, v) in outputs.into_iter().zip(self.body.op(op).results().to_vec()) {
            if self.values[t].replace(v).is_some() {
                return malformed(format!("{} is computed twice", self.name(t)));
            }
        }
        Ok(())
    }

    /// What an operator calls: the operands that are its own, and its regions.
    fn calls(
        &mut self,
        reader: &Reader<'a>,
        operator: &fb::Operator<'a>,
        def: &'static OpDef,
        (mut operands, props): (Vec<Value>, &mut Attrs),
        loc: &Loc,
    ) -> Result<(Vec<Value>, Vec<Region>)> {
        let wrong = |what: &str| malformed(format!("an operator {} of subgraph {} {what}", def.name, self.number));
        if def == tfl::Lstm::DEF {
            return Ok((operands, vec![Region::Inline(self.body.add_region())]));
        }
        if ![tfl::If::DEF, tfl::While::DEF, tfl::CallOnce::DEF].contains(&def) {
            return Ok((operands, vec![]));
        }
        let mut callees = Vec::new();
        for number in calls::subgraphs(operator) {
            match usize::try_from(number).ok().and_then(|i| reader.functions.get(i)) {
                Some((name, ty)) => callees.push((name.as_str(), ty)),
                None => return wrong(&format!("calls subgraph {number}, which does not exist")),
            }
        }
        if callees.is_empty() {
            return wrong("calls no subgraph");
        }
        if def == tfl::CallOnce::DEF {
            props.set("session_init_function", Attr::str(callees[0].0));
            return Ok((operands, vec![]));
        }
        let captured = if def == tfl::If::DEF && !operands.is_empty() { Some(operands.split_off(1)) } else { None };
        let mut regions = Vec::with_capacity(callees.len());
        for callee in callees {
            match calls::region(&mut self.body, callee, captured.as_deref(), loc) {
                Some(region) => regions.push(Region::Inline(region)),
                None => return wrong(&format!("calls `{}` with another number of operands", callee.0)),
            }
        }
        Ok((operands, regions))
    }

    /// The value of absent operands.
    fn absent(&mut self) -> Value {
        let at = At::End(self.body.entry());
        let body = &mut self.body;
        *self.no_value.get_or_insert_with(|| Builder::new(body, at, Loc::UNKNOWN).no_value())
    }

    /// The names by which the function is called. Of several signatures of one subgraph the first names arguments and results.
    fn attributes(&self, reader: &mut Reader<'a>, func: OpId) {
        let signatures = reader.signatures(self.number);
        let keys: Vec<&str> = signatures.iter().filter_map(|s| s.signature_key()).filter(|k| !k.is_empty()).collect();
        let first = signatures.first();
        let ins = self.names(&self.inputs, first.and_then(|s| s.inputs()));
        let outs = self.names(&self.outputs, first.and_then(|s| s.outputs()));
        let op = reader.module.body.op_mut(func);
        if keys.is_empty() && self.number != 0 {
            if reader.called.contains(&self.number) {
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
    }

    /// The names of tensors in a signature, else their own.
    fn names(
        &self,
        tensors: &[usize],
        maps: Option<flatbuffers::Vector<'a, flatbuffers::ForwardsUOffset<fb::TensorMap<'a>>>>,
    ) -> Vec<String> {
        let mut by_tensor: HashMap<u64, std::collections::VecDeque<&str>> = HashMap::new();
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

/// A tensor index, checked.
fn index(t: i32, count: usize, graph: usize, what: &str) -> Result<usize> {
    match usize::try_from(t).ok().filter(|t| *t < count) {
        Some(t) => Ok(t),
        None => malformed(format!("{what} of subgraph {graph} is tensor {t}, which does not exist")),
    }
}

#[cfg(test)]
mod tests {
    use flatbuffers::FlatBufferBuilder;

    use super::*;

    /// `y = x + c`, with what the tests change.
    struct File {
        code: i32,
        options: fb::BuiltinOptions,
        buffer: fb::BufferArgs<'static>,
        operand: i32,
        scales: Vec<f32>,
    }

    impl Default for File {
        fn default() -> File {
            File {
                code: fb::BuiltinOperator::ADD.0,
                options: fb::BuiltinOptions::NONE,
                buffer: fb::BufferArgs { offset: 1024, size: 8, ..Default::default() },
                operand: 1,
                scales: vec![],
            }
        }
    }

    impl File {
        /// The flatbuffer, and behind it, at byte 1024, two floats.
        fn bytes(&self) -> Bytes {
            let mut b = FlatBufferBuilder::new();
            let buffers = [fb::Buffer::create(&mut b, &Default::default()), fb::Buffer::create(&mut b, &self.buffer)];
            let tensors: Vec<_> = ["x", "c", "y"]
                .into_iter()
                .map(|name| {
                    let scale = (name == "y" && !self.scales.is_empty()).then(|| b.create_vector(&self.scales));
                    let args = fb::QuantizationParametersArgs { scale, ..Default::default() };
                    let quantization = scale.map(|_| fb::QuantizationParameters::create(&mut b, &args));
                    let args = fb::TensorArgs {
                        shape: Some(b.create_vector(&[2])),
                        type_: if scale.is_some() { fb::TensorType::INT8 } else { fb::TensorType::FLOAT32 },
                        buffer: u32::from(name == "c"),
                        name: Some(b.create_string(name)),
                        quantization,
                        ..Default::default()
                    };
                    fb::Tensor::create(&mut b, &args)
                })
                .collect();
            let builtin_options = match self.options {
                fb::BuiltinOptions::NONE => None,
                _ => Some(fb::AbsOptions::create(&mut b, &Default::default()).as_union_value()),
            };
            let args = fb::OperatorArgs {
                inputs: Some(b.create_vector(&[0, self.operand])),
                outputs: Some(b.create_vector(&[2])),
                builtin_options_type: self.options,
                builtin_options,
                ..Default::default()
            };
            let operators = [fb::Operator::create(&mut b, &args)];
            let args = fb::SubGraphArgs {
                tensors: Some(b.create_vector(&tensors)),
                inputs: Some(b.create_vector(&[0])),
                outputs: Some(b.create_vector(&[2])),
                operators: Some(b.create_vector(&operators)),
                ..Default::default()
            };
            let graphs = [fb::SubGraph::create(&mut b, &args)];
            let args = fb::OperatorCodeArgs { builtin_code: fb::BuiltinOperator(self.code), ..Default::default() };
            let codes = [fb::OperatorCode::create(&mut b, &args)];
            let args = fb::ModelArgs {
                version: SCHEMA_VERSION,
                operator_codes: Some(b.create_vector(&codes)),
                subgraphs: Some(b.create_vector(&graphs)),
                buffers: Some(b.create_vector(&buffers)),
                ..Default::default()
            };
            let model = fb::Model::create(&mut b, &args);
            fb::finish_model_buffer(&mut b, model);
            let mut bytes = b.finished_data().to_vec();
            bytes.resize(1024, 0);
            bytes.extend([1.5f32, -2.0].map(f32::to_le_bytes).concat());
            Bytes::from(bytes)
        }

        fn error(&self) -> String {
            read(self.bytes()).map(|_| ()).unwrap_err().to_string()
        }
    }

    #[test]
    fn payloads_behind_the_flatbuffer_are_read_in_place() {
        let bytes = File::default().bytes();
        let model = read(bytes.clone()).unwrap();
        let body = model.module.body.op(model.tensors[0].func).body(0).unwrap();
        let constant = body.walk().into_iter().find_map(|op| body.op(op).attr("value")?.as_tensor()).unwrap();
        assert_eq!(constant.to_f64().unwrap(), [1.5, -2.0]);
        assert_eq!(constant.raw().as_ptr(), bytes[1024..].as_ptr());
    }

    #[test]
    fn a_file_without_signatures_is_called_by_its_tensors() {
        let module = read(File::default().bytes()).unwrap().module;
        let [signature] = &ir::signatures(&module)[..] else { panic!("one signature") };
        assert_eq!(
            (&*signature.key, &*signature.inputs, &*signature.outputs),
            ("main", &["x".into()][..], &["y".into()][..])
        );
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let unknown = File { code: fb::BuiltinOperator::CALL.0, ..File::default() };
        assert_eq!(unknown.error(), "not supported: operators CALL (1)");
        let nowhere = File { code: fb::BuiltinOperator::WHILE.0, ..File::default() };
        assert_eq!(nowhere.error(), "damaged TFLite file: an operator tfl.while of subgraph 0 calls no subgraph");
        let outside =
            File { buffer: fb::BufferArgs { offset: 1028, size: 8, ..Default::default() }, ..File::default() };
        assert_eq!(outside.error(), "damaged TFLite file: buffer 1 lies outside the file");
        let short = File { buffer: fb::BufferArgs { offset: 1024, size: 7, ..Default::default() }, ..File::default() };
        let text = "damaged TFLite file: tensor 1 (`c`) of subgraph 0 takes 8 bytes, but its buffer has 7";
        assert_eq!(short.error(), text);
        let own = File { operand: 2, ..File::default() };
        assert_eq!(own.error(), "damaged TFLite file: tensor 2 (`y`) of subgraph 0 is used before it is computed");
        let nowhere = File { operand: 3, ..File::default() };
        assert_eq!(nowhere.error(), "damaged TFLite file: an operand of subgraph 0 is tensor 3, which does not exist");
        let options = File { options: fb::BuiltinOptions::AbsOptions, ..File::default() };
        assert_eq!(options.error(), "damaged TFLite file: an operator ADD of subgraph 0 has wrong options");
        let scales = File { scales: vec![0.0], ..File::default() };
        let text =
            "damaged TFLite file: tensor 2 (`y`) of subgraph 0 has the scale 0, which is not positive and finite";
        assert_eq!(scales.error(), text);
    }
}
