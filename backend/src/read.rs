//! TFLite files become modules of `tfl` operations.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use flatbuffers::VerifierOptions;
use ir::dialect::{builtin, tfl};
use ir::{
    At, Attr, Attrs, Body, Builder, Dim, Elem, FunctionType, Loc, Module, OpDef, OpId, OpName, OpRow, OpSpec,
    QuantParams, QuantType, Sign, Tensor, TensorType, Type, Value,
};

use crate::schema::tflite as schema;
use crate::table::TableView;
use crate::{bytes_attr, elem, options, strings};

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no flatbuffer of the schema.
    #[error("it is no valid TFLite file: {0}")]
    Malformed(String),
    /// It is one, but holds what has no place in the IR.
    #[error("{0}")]
    Unsupported(String),
}

fn malformed(text: impl Into<String>) -> ReadError {
    ReadError::Malformed(text.into())
}

/// Which tensors of the file the values of a function are.
#[derive(Clone, Debug, Default)]
pub struct Tensors {
    /// The subgraph's number.
    pub subgraph: usize,
    /// Tensor number of each value, constants too.
    pub indices: HashMap<Value, u32>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Model {
    /// One function for each subgraph; constants are slices of the file.
    pub module: Module,
    tensors: BTreeMap<OpId, Tensors>,
}

impl Model {
    /// The tensor numbers of a function's values; none for what is no function of this model.
    pub fn tensors_of(&self, func: OpId) -> Tensors {
        self.tensors.get(&func).cloned().unwrap_or_default()
    }
}

/// Reads a TFLite flatbuffer. Each subgraph becomes a function; signatures are marked as the importer of SavedModels marks them.
///
/// # Errors
/// A file that is damaged, and operators that the `tfl` dialect has not.
pub fn read(bytes: Bytes) -> Result<Model, ReadError> {
    if bytes.get(4..8) != Some(b"TFL3") {
        return Err(malformed("it lacks the identifier TFL3"));
    }
    let limits = VerifierOptions { max_depth: 64, max_tables: 4_000_000, ..VerifierOptions::default() };
    let root = schema::root_as_model_with_opts(&limits, &bytes).map_err(|e| malformed(first_line(&e.to_string())))?;
    if root.version() != 3 {
        return Err(malformed(format!("schema version {} is not 3", root.version())));
    }
    let mut reader = Reader { bytes: &bytes, root, module: Module::new(), names: HashSet::new() };
    let mut tensors = BTreeMap::new();
    for (i, graph) in root.subgraphs().iter().flatten().enumerate() {
        let (func, indices) = reader.subgraph(i, graph)?;
        tensors.insert(func, Tensors { subgraph: i, indices });
    }
    if tensors.is_empty() {
        return Err(malformed("it has no subgraph"));
    }
    reader.attributes()?;
    Ok(Model { module: reader.module, tensors })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text).trim_end_matches(['.', ' '])
}

struct Reader<'b> {
    bytes: &'b Bytes,
    root: schema::Model<'b>,
    module: Module,
    /// Names of functions.
    names: HashSet<String>,
}

impl<'b> Reader<'b> {
    /// The contents of a buffer; none of an empty one.
    fn buffer(&self, number: u32) -> Result<Option<Bytes>, ReadError> {
        let buffers = self.root.buffers();
        let number = number as usize;
        let buffer = buffers.filter(|b| number < b.len()).map(|b| b.get(number));
        let buffer = buffer.ok_or_else(|| malformed(format!("buffer {number} does not exist")))?;
        // Files over 2 GB keep their data behind the flatbuffer.
        if buffer.offset() > 1 {
            let range = usize::try_from(buffer.offset())
                .ok()
                .zip(usize::try_from(buffer.size()).ok())
                .and_then(|(o, n)| Some(o..o.checked_add(n)?))
                .filter(|r| r.end <= self.bytes.len());
            let range = range.ok_or_else(|| malformed(format!("buffer {number} lies outside of the file")))?;
            return Ok(Some(self.bytes.slice(range)));
        }
        Ok(buffer.data().filter(|d| !d.is_empty()).map(|d| self.bytes.slice_ref(d.bytes())))
    }

    /// Attributes of the module: what the file says beside its graphs.
    fn attributes(&mut self) -> Result<(), ReadError> {
        self.module.attrs.set("tfl.schema_version", Attr::i32(3));
        if let Some(text) = self.root.description().filter(|d| !d.is_empty()) {
            self.module.attrs.set("tfl.description", Attr::str(text));
        }
        let mut entries = Attrs::new();
        for m in self.root.metadata().iter().flatten() {
            let name = m.name().unwrap_or_default();
            // It follows from the operators, which passes change.
            if name != "min_runtime_version" {
                entries.set(name, bytes_attr::attr(&self.buffer(m.buffer())?.unwrap_or_default()));
            }
        }
        if !entries.is_empty() {
            self.module.attrs.set("tfl.metadata", Attr::Dict(entries));
        }
        Ok(())
    }

    fn subgraph(
        &mut self,
        number: usize,
        graph: schema::SubGraph<'b>,
    ) -> Result<(OpId, HashMap<Value, u32>), ReadError> {
        let base = graph.name().filter(|n| !n.is_empty()).map_or_else(|| default_name(number), str::to_owned);
        let mut name = base.clone();
        let mut n = 0;
        while !self.names.insert(name.clone()) {
            n += 1;
            name = format!("{base}_{n}");
        }
        let mut g = GraphReader {
            reader: self,
            tensors: graph.tensors(),
            body: Body::new(),
            values: HashMap::new(),
            produced: produced(graph),
            next_constant: 0,
        };
        g.fill(graph)?;
        let (body, values) = (g.body, g.values);
        let func =
            self.module.add_func(&name, FunctionType { inputs: vec![], results: vec![] }, Loc::name(name.as_str()));
        if let Some(b) = self.module.func_body_mut(func) {
            *b = body;
        }
        ir::module::sync_function_type(self.module.body.op_mut(func));
        self.mark(number, graph, func)?;
        let indices = values.into_iter().map(|(index, v)| (v, index)).collect();
        Ok((func, indices))
    }

    /// Marks a function as a signature, if it is one.
    fn mark(&mut self, number: usize, graph: schema::SubGraph<'b>, func: OpId) -> Result<(), ReadError> {
        let all = self.root.signature_defs();
        let Some(def) = all.iter().flatten().find(|s| s.subgraph_index() as usize == number) else { return Ok(()) };
        let key = def.signature_key().unwrap_or("serving_default");
        type Maps<'b> = Option<flatbuffers::Vector<'b, flatbuffers::ForwardsUOffset<schema::TensorMap<'b>>>>;
        let names =
            |tensors: Option<flatbuffers::Vector<'b, i32>>, maps: Maps<'b>| -> Result<Vec<&'b str>, ReadError> {
                let name = |t: i32| {
                    let found = maps.iter().flatten().find(|m| i64::from(m.tensor_index()) == i64::from(t));
                    found
                        .and_then(|m| m.name())
                        .ok_or_else(|| malformed(format!("signature `{key}` does not name tensor {t}")))
                };
                tensors.iter().flatten().map(name).collect()
            };
        let (inputs, outputs) = (names(graph.inputs(), def.inputs())?, names(graph.outputs(), def.outputs())?);
        let path = |k: &&str| Attr::Dict(Attrs::new().with("tf_saved_model.index_path", Attr::strs([*k])));
        let entry =
            Attrs::new().with("inputs", Attr::str(inputs.join(","))).with("outputs", Attr::str(outputs.join(",")));
        let op = self.module.body.op_mut(func);
        op.props.set("arg_attrs", Attr::Array(inputs.iter().map(path).collect()));
        op.props.set("res_attrs", Attr::Array(outputs.iter().map(path).collect()));
        op.attrs.set("tf.entry_function", Attr::Dict(entry));
        op.attrs.set("tf_saved_model.exported_names", Attr::strs([key]));
        Ok(())
    }
}

fn default_name(number: usize) -> String {
    if number == 0 { "main".into() } else { format!("subgraph_{number}") }
}

/// The tensors that are inputs or that an operator makes.
fn produced(graph: schema::SubGraph<'_>) -> HashSet<i32> {
    let outputs = graph.operators().into_iter().flatten().filter_map(|o| o.outputs());
    graph.inputs().into_iter().chain(outputs).flatten().collect()
}

type TensorList<'b> = Option<flatbuffers::Vector<'b, flatbuffers::ForwardsUOffset<schema::Tensor<'b>>>>;

struct GraphReader<'r, 'b> {
    reader: &'r Reader<'b>,
    tensors: TensorList<'b>,
    body: Body,
    values: HashMap<u32, Value>,
    produced: HashSet<i32>,
    /// Constants below this number are made.
    next_constant: i32,
}

impl<'b> GraphReader<'_, 'b> {
    fn at_end(&mut self, loc: Loc) -> Builder<'_> {
        let entry = self.body.entry();
        Builder::new(&mut self.body, At::End(entry), loc)
    }

    fn tensor(&self, index: i32) -> Result<(u32, schema::Tensor<'b>), ReadError> {
        let list = self.tensors.filter(|t| usize::try_from(index).is_ok_and(|i| i < t.len()));
        let list = list.ok_or_else(|| malformed(format!("tensor {index} does not exist")))?;
        let number = u32::try_from(index).unwrap_or(0);
        Ok((number, list.get(number as usize)))
    }

    fn fill(&mut self, graph: schema::SubGraph<'b>) -> Result<(), ReadError> {
        for index in graph.inputs().iter().flatten() {
            let (number, t) = self.tensor(index)?;
            let (ty, loc) = (tensor_type(t, false)?, location(t));
            let entry = self.body.entry();
            let v = self.body.add_arg(entry, Type::Tensor(ty), loc);
            if self.values.insert(number, v).is_some() {
                return Err(malformed(format!("tensor {index} is an input twice")));
            }
        }
        for op in graph.operators().iter().flatten() {
            self.operator(op)?;
        }
        let outputs: Vec<i32> = graph.outputs().iter().flatten().collect();
        let operands: Vec<Value> = outputs.into_iter().map(|i| self.value(i)).collect::<Result<_, _>>()?;
        let entry = self.body.entry();
        let spec = OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(&operands);
        self.body.insert(At::End(entry), spec);
        Ok(())
    }

    /// The value of a tensor that is an operand or a result of the graph.
    fn value(&mut self, index: i32) -> Result<Value, ReadError> {
        if index == -1 {
            return Ok(self.at_end(Loc::UNKNOWN).no_value());
        }
        let (number, t) = self.tensor(index)?;
        if let Some(v) = self.values.get(&number) {
            return Ok(*v);
        }
        if self.produced.contains(&index) {
            return Err(malformed(format!("tensor {index} is used before an operator makes it")));
        }
        self.constant(index, t)?;
        self.values.get(&number).copied().ok_or_else(|| malformed(format!("tensor {index} has no value")))
    }

    /// Makes the constant of a tensor, if it is not made yet.
    fn constant(&mut self, index: i32, t: schema::Tensor<'b>) -> Result<(), ReadError> {
        let number = u32::try_from(index).unwrap_or(0);
        if self.values.contains_key(&number) {
            return Ok(());
        }
        let name = t.name().unwrap_or_default();
        if t.is_variable() {
            return Err(ReadError::Unsupported(format!("tensor `{name}` is a variable, which is not supported")));
        }
        let data = self.reader.buffer(t.buffer())?;
        let ty = tensor_type(t, true)?;
        let data = match (data, &ty.elem) {
            (Some(data), Elem::String) => {
                let text = strings::from_tflite(&data);
                text.map(Bytes::from).ok_or_else(|| malformed(format!("the strings of tensor `{name}`")))?
            }
            (Some(data), _) => data,
            (None, _) if ty.num_elements() == Some(0) => Bytes::new(),
            (None, _) => {
                return Err(malformed(format!("tensor `{name}` is read, but has neither data nor an operator")));
            }
        };
        let expected = ty.elem.bits().zip(ty.num_elements()).and_then(|(b, n)| Some(n.checked_mul(b)?.div_ceil(8)));
        if expected.is_some_and(|n| n != data.len()) {
            return Err(malformed(format!(
                "tensor `{name}` has {} bytes of data, which do not fit its shape",
                data.len()
            )));
        }
        let tensor = Tensor::new(ty, data).map_err(|e| malformed(format!("tensor `{name}`: {e}")))?;
        let v = self.at_end(location(t)).constant(tensor);
        self.values.insert(number, v);
        Ok(())
    }

    /// Makes the constants that stand in front of a tensor in the file, so that reading keeps the file's order.
    fn constants_before(&mut self, index: i32) -> Result<(), ReadError> {
        for i in self.next_constant..index {
            let (_, t) = self.tensor(i)?;
            if !self.produced.contains(&i) && !t.is_variable() && self.reader.buffer(t.buffer())?.is_some() {
                self.constant(i, t)?;
            }
        }
        self.next_constant = self.next_constant.max(index);
        Ok(())
    }

    fn operator(&mut self, op: schema::Operator<'b>) -> Result<(), ReadError> {
        let codes = self.reader.root.operator_codes();
        let at = op.opcode_index() as usize;
        let code = codes.filter(|c| at < c.len()).map(|c| c.get(at));
        let code = code.ok_or_else(|| malformed(format!("operator code {at} does not exist")))?;
        let number = code.builtin_code().0.max(i32::from(code.deprecated_builtin_code()));
        let def = row(number)?;
        let outputs: Vec<i32> = op.outputs().iter().flatten().collect();
        if let Some(first) = outputs.iter().copied().filter(|i| *i >= 0).min() {
            self.constants_before(first)?;
        }
        let inputs: Vec<i32> = op.inputs().iter().flatten().collect();
        let operands: Vec<Value> = inputs.into_iter().map(|i| self.value(i)).collect::<Result<_, _>>()?;
        let mut results = Vec::new();
        let mut loc = Loc::UNKNOWN;
        for (i, index) in outputs.iter().enumerate() {
            let (number, t) = self.tensor(*index)?;
            if self.values.contains_key(&number) {
                return Err(malformed(format!("tensor {index} is made twice")));
            }
            if i == 0 {
                loc = location(t);
            }
            results.push(Type::Tensor(tensor_type(t, false)?));
        }
        let mut props = match options::options(def.name) {
            Some(row) if op.builtin_options_type() == row.union => {
                options::read(row, op.builtin_options().map(TableView::new))
            }
            Some(row) if op.builtin_options_type() == schema::BuiltinOptions::NONE => options::read(row, None),
            Some(_) => Err("its options are of another operator".into()),
            None => Ok(Attrs::new()),
        }
        .map_err(|e| malformed(format!("{}: {e}", def.name)))?;
        if def == tfl::Quantize::DEF {
            props.set("qtype", Attr::Type(results.first().cloned().unwrap_or(Type::None)));
        }
        if def == tfl::Custom::DEF {
            let data = op.custom_options().map(|d| d.bytes()).unwrap_or_default();
            props.set("custom_code", Attr::str(code.custom_code().unwrap_or_default()));
            props.set("custom_option", bytes_attr::attr(data));
        }
        let spec = OpSpec { props, ..OpSpec::new(OpName::Known(def), loc).operands(&operands).results(results) };
        let entry = self.body.entry();
        let id = self.body.insert(At::End(entry), spec);
        for (index, v) in outputs.iter().zip(self.body.op(id).results().to_vec()) {
            if self.values.insert(u32::try_from(*index).unwrap_or(0), v).is_some() {
                return Err(malformed(format!("tensor {index} is made twice")));
            }
        }
        Ok(())
    }
}

/// The row of a builtin code.
fn row(code: i32) -> Result<&'static OpDef, ReadError> {
    let def = tfl::TFL.ops.iter().find(|d| d.builtin == Some(code)).copied();
    def.ok_or_else(|| match schema::BuiltinOperator(code).variant_name() {
        Some(name) => ReadError::Unsupported(format!("operator {name} is not supported")),
        None => malformed(format!("operator code {code} is unknown")),
    })
}

fn location(t: schema::Tensor<'_>) -> Loc {
    t.name().filter(|n| !n.is_empty()).map_or(Loc::UNKNOWN, Loc::name)
}

/// The type of a tensor. Without a rank a constant is a scalar, as files of old writers mean it.
fn tensor_type(t: schema::Tensor<'_>, constant: bool) -> Result<TensorType, ReadError> {
    let name = t.name().unwrap_or_default();
    let plain = elem::from_schema(t.type_()).ok_or_else(|| {
        ReadError::Unsupported(format!("tensor `{name}` has element type {:?}, which is not supported", t.type_()))
    })?;
    let dims: Vec<i32> = t.shape().iter().flatten().collect();
    let signature: Vec<i32> = t.shape_signature().iter().flatten().collect();
    let dims = if signature.len() == dims.len() { signature } else { dims };
    let shape: Vec<Dim> = dims
        .iter()
        .map(|d| match d {
            -1 => Ok(None),
            d => {
                usize::try_from(*d).map(Some).map_err(|_| malformed(format!("tensor `{name}` has a dimension of {d}")))
            }
        })
        .collect::<Result<_, _>>()?;
    let elem = match t.quantization() {
        Some(q) if q.scale().is_some_and(|s| !s.is_empty()) && matches!(plain, Elem::Int(..)) => {
            quantized(name, &plain, q)?
        }
        _ => plain,
    };
    if shape.is_empty() && !t.has_rank() && !constant {
        return Ok(TensorType::unranked(elem));
    }
    Ok(TensorType::ranked(shape, elem))
}

fn quantized(name: &str, plain: &Elem, q: schema::QuantizationParameters<'_>) -> Result<Elem, ReadError> {
    let Elem::Int(width, sign) = plain else { return Ok(plain.clone()) };
    let scales: Vec<f64> = q.scale().iter().flatten().map(f64::from).collect();
    let mut zero_points: Vec<i64> = q.zero_point().iter().flatten().collect();
    if zero_points.is_empty() {
        zero_points = vec![0; scales.len()];
    }
    if zero_points.len() != scales.len() {
        return Err(malformed(format!(
            "tensor `{name}` has {} scales and {} zero points",
            scales.len(),
            zero_points.len()
        )));
    }
    let signed = *sign != Sign::Unsigned;
    let (min, max) = QuantType::default_range(signed, *width);
    let params = match (scales[..].as_ref(), &zero_points[..]) {
        ([scale], [zero_point]) => QuantParams::PerTensor { scale: (*scale).into(), zero_point: *zero_point },
        _ => QuantParams::PerAxis {
            axis: usize::try_from(q.quantized_dimension())
                .map_err(|_| malformed(format!("tensor `{name}` has a negative quantized dimension")))?,
            scales: scales.into_iter().map(Into::into).collect(),
            zero_points,
        },
    };
    Ok(Elem::Quant(Arc::new(QuantType { signed, width: *width, min, max, expressed: Some(Elem::F32), params })))
}
