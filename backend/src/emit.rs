//! Writes a module as a TFLite flatbuffer.
//!
//! The same module gives the same bytes. Payloads of constants start at multiples of 16 bytes and are written once, however many constants
//! share them; a flatbuffer grows from its end, so they stand last in the file. Equal lists and parameters are shared too.

mod quant;

use std::collections::HashMap;

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Vector, WIPOffset};
use ir::{Diagnostic, Failed, Module, Signature, Sink};

use crate::options::{self, Options};
use crate::plan::{self, Code, ExternalBuffer, Graph, Operator, Plan, Tensor};
use crate::schema::tflite as fb;
use crate::sparsity;
use crate::types::{FileQuant, FileShape};
use crate::view::View;

/// The version of the schema.
pub const SCHEMA_VERSION: u32 = 3;
/// What readers that map a file may rely on.
const ALIGNMENT: usize = 16;
/// Codes above it are only in the newer of the two code fields.
const PLACEHOLDER_FOR_GREATER_OP_CODES: i8 = 127;

/// Writes a module whose functions hold only `tfl` operations and constants. Every function of a signature becomes a subgraph.
///
/// The module must pass the verifier with the rules of runtimes. Operations and types that a file cannot hold are reported, each with its
/// node; so is a model above 2 GB.
pub fn emit(module: &Module, sink: &mut Sink) -> Result<Vec<u8>, Failed> {
    ir::verify::verify(module, sink)?;
    let plan = plan::plan(module, sink)?;
    let capacity = capacity(&plan);
    if capacity > flatbuffers::FLATBUFFERS_MAX_BUFFER_SIZE {
        return Err(sink.error(plan::too_large(capacity)));
    }
    let mut writer =
        Writer { fbb: FlatBufferBuilder::with_capacity(capacity), ints: HashMap::new(), quants: HashMap::new() };
    writer.model(&plan, sink)?;
    let (mut bytes, start) = writer.fbb.collapse();
    debug_assert_eq!(bytes.len(), capacity, "the buffer never grew");
    bytes.drain(..start);
    Ok(bytes)
}

/// Bytes that the file takes at most. Each table is counted with its table of fields, each list with its length and padding: a buffer that
/// is too small would be copied to one of twice the size.
fn capacity(plan: &Plan<'_>) -> usize {
    let text = |s: &str| s.len() + 12;
    let list = |n: usize, width: usize| n * width + 16;
    let payloads: usize = plan.buffers.payloads().iter().map(|p| p.len() + 64).sum();
    let codes: usize = plan.codes.iter().map(|c| c.custom.as_deref().map_or(0, text) + 48).sum();
    let metadata: usize = plan.metadata.iter().map(|(name, _)| text(name) + 40).sum();
    let graphs = plan.graphs.iter().map(|g| {
        let tensors = g.tensors.iter().map(|t| {
            let quant = match &t.quant {
                Some(FileQuant::Scales(q)) => 2 * list(q.zero_points.len(), 12) + 64,
                Some(FileQuant::Blocks(blocks)) => list(blocks.extent.listed(), 4) + 96,
                None => 0,
            };
            let sparsity = t.sparsity.as_ref().map_or(0, sparsity::size);
            let variant = t.variant.as_ref().map_or(0, |(shape, _)| list(shape.shape.len(), 4) + 80);
            text(&t.name) + 2 * list(t.shape.shape.len(), 4) + quant + sparsity + variant + 88
        });
        let operators = g.operators.iter().map(|o| {
            let custom = o.custom_options.as_ref().map_or(0, |c| list(c.len(), 1));
            let op = g.body.op(o.op);
            let attrs = op.props.iter().chain(op.attrs.iter()).map(|(_, a)| match a {
                ir::Attr::Array(items) => list(items.len(), 4),
                ir::Attr::DenseArray(_, items) => list(items.len(), 8),
                ir::Attr::Str(s) => text(s),
                ir::Attr::Opaque(s) => list(s.len(), 4),
                ir::Attr::Dict(_) => 16 * a.to_string().len(),
                ir::Attr::Dense(t) => list(t.bytes().len(), 1),
                _ => 0,
            });
            let lists = [&o.inputs, &o.outputs, &o.intermediates].map(|l| list(l.len(), 4));
            lists.iter().sum::<usize>() + attrs.sum::<usize>() + custom + 192
        });
        let signature = g
            .signatures
            .iter()
            .map(|s| text(&s.key) + 96 + s.inputs.iter().chain(&s.outputs).map(|n| text(n) + 40).sum::<usize>());
        let lists = list(g.inputs.len() + g.outputs.len(), 4);
        text(&g.name) + lists + 96 + tensors.chain(operators).chain(signature).sum::<usize>()
    });
    let groups: usize = plan.external.groups.iter().map(|g| text(g) + 32).sum();
    let external: usize = plan.external.buffers.iter().map(|b| text(&b.packing) + 72).sum();
    text(&plan.description) + groups + external + payloads + codes + metadata + graphs.sum::<usize>() + 512
}

type Tables<'f, T> = WIPOffset<Vector<'f, ForwardsUOffset<T>>>;

struct Writer<'f> {
    fbb: FlatBufferBuilder<'f>,
    ints: HashMap<Vec<i32>, WIPOffset<Vector<'f, i32>>>,
    quants: HashMap<FileQuant, WIPOffset<fb::QuantizationParameters<'f>>>,
}

impl<'f> Writer<'f> {
    fn model(&mut self, plan: &Plan<'_>, sink: &mut Sink) -> Result<(), Failed> {
        let buffers: Vec<_> = plan.buffers.payloads().iter().map(|p| self.buffer(p)).collect();
        let mut subgraphs = Vec::with_capacity(plan.graphs.len());
        for graph in &plan.graphs {
            subgraphs.push(self.graph(graph, sink)?);
        }
        let signed = (0..).zip(&plan.graphs).flat_map(|(i, graph)| graph.signatures.iter().map(move |s| (i, graph, s)));
        let signatures: Vec<_> = signed.map(|(i, graph, signature)| self.signature(graph, signature, i)).collect();
        let metadata: Vec<_> = plan.metadata.iter().map(|(name, buffer)| self.metadata(name, *buffer)).collect();
        let codes: Vec<_> = plan.codes.iter().map(|c| self.code(c)).collect();
        let groups: Vec<_> = plan.external.groups.iter().map(|name| self.group(name)).collect();
        let external: Vec<_> = (1..).zip(&plan.external.buffers).map(|(id, b)| self.external(id, b)).collect();
        let args = fb::ModelArgs {
            version: SCHEMA_VERSION,
            operator_codes: Some(self.fbb.create_vector(&codes)),
            subgraphs: Some(self.fbb.create_vector(&subgraphs)),
            description: Some(self.fbb.create_string(&plan.description)),
            buffers: Some(self.fbb.create_vector(&buffers)),
            metadata: self.tables(&metadata),
            signature_defs: self.tables(&signatures),
            external_buffer_groups: self.tables(&groups),
            external_buffers: self.tables(&external),
            ..Default::default()
        };
        let model = fb::Model::create(&mut self.fbb, &args);
        // The root's offset and the identifier stand in front; with them the length is a multiple, so that payloads keep their places.
        self.pad(size_of::<u32>() + fb::MODEL_IDENTIFIER.len());
        fb::finish_model_buffer(&mut self.fbb, model);
        Ok(())
    }

    fn tables<T>(&mut self, tables: &[WIPOffset<T>]) -> Option<Tables<'f, T>> {
        (!tables.is_empty()).then(|| WIPOffset::new(self.fbb.create_vector(tables).value()))
    }

    /// Makes what is written so far, and `len` bytes more, a multiple of the alignment.
    fn pad(&mut self, len: usize) {
        let written = self.fbb.unfinished_data().len() + len;
        for _ in written..written.next_multiple_of(ALIGNMENT) {
            self.fbb.push(0u8);
        }
    }

    fn buffer(&mut self, payload: &[u8]) -> WIPOffset<fb::Buffer<'f>> {
        let data = (!payload.is_empty()).then(|| {
            self.pad(payload.len());
            WIPOffset::new(self.fbb.create_vector(payload).value())
        });
        fb::Buffer::create(&mut self.fbb, &fb::BufferArgs { data, ..Default::default() })
    }

    fn ints(&mut self, values: &[i32]) -> WIPOffset<Vector<'f, i32>> {
        if let Some(shared) = self.ints.get(values) {
            return *shared;
        }
        let written = WIPOffset::new(self.fbb.create_vector(values).value());
        self.ints.insert(values.to_vec(), written);
        written
    }

    /// What a variant holds.
    fn variant(&mut self, shape: &FileShape, ty: fb::TensorType) -> Tables<'f, fb::VariantSubType<'f>> {
        // Sizes that are not known have no field beside the shape's own.
        let dims = shape.signature.as_ref().unwrap_or(&shape.shape);
        let dims = Some(self.ints(dims));
        let args = fb::VariantSubTypeArgs { shape: dims, type_: ty, has_rank: shape.has_rank };
        let table = fb::VariantSubType::create(&mut self.fbb, &args);
        WIPOffset::new(self.fbb.create_vector(&[table]).value())
    }

    fn sparsity(
        &mut self,
        tensor: &Tensor,
        sink: &mut Sink,
    ) -> Result<Option<WIPOffset<fb::SparsityParameters<'f>>>, Failed> {
        let Some(attr) = &tensor.sparsity else { return Ok(None) };
        match sparsity::write(&mut self.fbb, attr) {
            Some(table) => Ok(Some(table)),
            None => {
                let text = format!("tensor `{}` has a sparsity of another form", tensor.name);
                Err(sink.error(Diagnostic::error("emit/sparsity", text)))
            }
        }
    }

    fn tensor(&mut self, tensor: &Tensor, sink: &mut Sink) -> Result<WIPOffset<fb::Tensor<'f>>, Failed> {
        let shape = &tensor.shape;
        let args = fb::TensorArgs {
            shape: (!shape.shape.is_empty()).then(|| self.ints(&shape.shape)),
            type_: tensor.ty,
            buffer: tensor.buffer,
            name: Some(self.fbb.create_shared_string(&tensor.name)),
            quantization: tensor.quant.as_ref().map(|q| self.quant(q)),
            is_variable: tensor.is_variable,
            shape_signature: shape.signature.as_ref().map(|s| self.ints(s)),
            has_rank: shape.has_rank,
            sparsity: self.sparsity(tensor, sink)?,
            variant_tensors: tensor.variant.as_ref().map(|(shape, ty)| self.variant(shape, *ty)),
            external_buffer: tensor.external,
        };
        Ok(fb::Tensor::create(&mut self.fbb, &args))
    }

    fn operator(
        &mut self,
        graph: &Graph<'_>,
        operator: &Operator,
        sink: &mut Sink,
    ) -> Result<WIPOffset<fb::Operator<'f>>, Failed> {
        let view = View { body: graph.body, op: graph.body.op(operator.op), callees: &operator.callees };
        let Some(written) = options::write(view, &mut self.fbb) else {
            let text = format!("'{}' op has attributes that are missing or of another kind", view.op.name.as_str());
            return Err(sink.error(Diagnostic::error("emit/attribute", text).at(&view.op.loc)));
        };
        let (first, second) = match written {
            Options::None => Default::default(),
            Options::First(ty, table) => (Some((ty, table)), None),
            Options::Second(ty, table) => (None, Some((ty, table))),
        };
        let custom_options = operator.custom_options.as_ref();
        let args = fb::OperatorArgs {
            opcode_index: operator.code,
            inputs: Some(self.ints(&operator.inputs)),
            outputs: Some(self.ints(&operator.outputs)),
            builtin_options_type: first.map(|o| o.0).unwrap_or_default(),
            builtin_options: first.map(|o| o.1),
            builtin_options_2_type: second.map(|o| o.0).unwrap_or_default(),
            builtin_options_2: second.map(|o| o.1),
            intermediates: (!operator.intermediates.is_empty()).then(|| self.ints(&operator.intermediates)),
            custom_options: custom_options.map(|c| WIPOffset::new(self.fbb.create_vector(c).value())),
            ..Default::default()
        };
        Ok(fb::Operator::create(&mut self.fbb, &args))
    }

    fn graph(&mut self, graph: &Graph<'_>, sink: &mut Sink) -> Result<WIPOffset<fb::SubGraph<'f>>, Failed> {
        let mut operators = Vec::with_capacity(graph.operators.len());
        for operator in &graph.operators {
            operators.push(self.operator(graph, operator, sink)?);
        }
        let mut tensors = Vec::with_capacity(graph.tensors.len());
        for tensor in &graph.tensors {
            tensors.push(self.tensor(tensor, sink)?);
        }
        let args = fb::SubGraphArgs {
            tensors: Some(self.fbb.create_vector(&tensors)),
            inputs: Some(self.ints(&graph.inputs)),
            outputs: Some(self.ints(&graph.outputs)),
            operators: Some(self.fbb.create_vector(&operators)),
            name: Some(self.fbb.create_shared_string(&graph.name)),
            ..Default::default()
        };
        Ok(fb::SubGraph::create(&mut self.fbb, &args))
    }

    fn signature(
        &mut self,
        graph: &Graph<'_>,
        signature: &Signature,
        subgraph_index: u32,
    ) -> WIPOffset<fb::SignatureDef<'f>> {
        let inputs = self.tensor_maps(&signature.inputs, &graph.inputs);
        let outputs = self.tensor_maps(&signature.outputs, &graph.outputs);
        let args = fb::SignatureDefArgs {
            inputs: Some(inputs),
            outputs: Some(outputs),
            signature_key: Some(self.fbb.create_shared_string(&signature.key)),
            subgraph_index,
        };
        fb::SignatureDef::create(&mut self.fbb, &args)
    }

    fn tensor_maps(&mut self, names: &[String], tensors: &[i32]) -> Tables<'f, fb::TensorMap<'f>> {
        let maps: Vec<_> = names
            .iter()
            .zip(tensors)
            .map(|(name, tensor)| {
                let name = Some(self.fbb.create_shared_string(name));
                fb::TensorMap::create(&mut self.fbb, &fb::TensorMapArgs { name, tensor_index: tensor.unsigned_abs() })
            })
            .collect();
        WIPOffset::new(self.fbb.create_vector(&maps).value())
    }

    fn metadata(&mut self, name: &str, buffer: u32) -> WIPOffset<fb::Metadata<'f>> {
        let name = Some(self.fbb.create_string(name));
        fb::Metadata::create(&mut self.fbb, &fb::MetadataArgs { name, buffer })
    }

    fn group(&mut self, name: &str) -> WIPOffset<fb::ExternalBufferGroup<'f>> {
        let name = Some(self.fbb.create_string(name));
        fb::ExternalBufferGroup::create(&mut self.fbb, &fb::ExternalBufferGroupArgs { name })
    }

    fn external(&mut self, id: u32, buffer: &ExternalBuffer) -> WIPOffset<fb::ExternalBuffer<'f>> {
        let packing = Some(self.fbb.create_string(&buffer.packing));
        let ExternalBuffer { group, offset, length, .. } = *buffer;
        fb::ExternalBuffer::create(&mut self.fbb, &fb::ExternalBufferArgs { id, group, offset, length, packing })
    }

    fn code(&mut self, code: &Code) -> WIPOffset<fb::OperatorCode<'f>> {
        let args = fb::OperatorCodeArgs {
            deprecated_builtin_code: i8::try_from(code.builtin).unwrap_or(PLACEHOLDER_FOR_GREATER_OP_CODES),
            custom_code: code.custom.as_deref().map(|c| self.fbb.create_string(c)),
            version: code.version,
            builtin_code: fb::BuiltinOperator(code.builtin),
        };
        fb::OperatorCode::create(&mut self.fbb, &args)
    }
}
