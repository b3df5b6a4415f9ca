//! Files made by hand, and what is wrong with them.

use flatbuffers::{FlatBufferBuilder, WIPOffset};

use super::*;

/// `y = x + c`, with what the tests change.
struct Made {
    code: i32,
    options: fb::BuiltinOptions,
    buffer: fb::BufferArgs<'static>,
    /// The operands.
    inputs: Vec<i32>,
    scales: Vec<f32>,
    /// The size of blocks of `y`, whose scales are `c`.
    block_size: Option<i32>,
}

impl Default for Made {
    fn default() -> Made {
        Made {
            code: fb::BuiltinOperator::ADD.0,
            options: fb::BuiltinOptions::NONE,
            buffer: fb::BufferArgs { offset: 1024, size: 8, ..Default::default() },
            inputs: vec![0, 1],
            scales: vec![],
            block_size: None,
        }
    }
}

impl Made {
    /// The flatbuffer, and behind it, at byte 1024, two floats.
    fn bytes(&self) -> Bytes {
        let mut b = FlatBufferBuilder::new();
        let buffers = [fb::Buffer::create(&mut b, &Default::default()), fb::Buffer::create(&mut b, &self.buffer)];
        let tensors: Vec<_> = ["x", "c", "y"]
            .into_iter()
            .map(|name| {
                let quantization = if name == "y" { self.quantization(&mut b) } else { None };
                let args = fb::TensorArgs {
                    shape: Some(b.create_vector(&[2])),
                    type_: if quantization.is_some() { fb::TensorType::INT8 } else { fb::TensorType::FLOAT32 },
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
            inputs: Some(b.create_vector(&self.inputs)),
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

    fn quantization<'f>(&self, b: &mut FlatBufferBuilder<'f>) -> Option<WIPOffset<fb::QuantizationParameters<'f>>> {
        let args = match self.block_size {
            None if self.scales.is_empty() => return None,
            None => fb::QuantizationParametersArgs { scale: Some(b.create_vector(&self.scales)), ..Default::default() },
            Some(block_size) => {
                let quantized_dimensions = Some(b.create_vector(&[0, 1]));
                let args =
                    fb::MultiAxisQuantizationArgs { scales: 1, zero_points: -1, block_size, quantized_dimensions };
                let details = fb::MultiAxisQuantization::create(b, &args).as_union_value();
                fb::QuantizationParametersArgs {
                    details_type: fb::QuantizationDetails::MultiAxisQuantization,
                    details: Some(details),
                    ..Default::default()
                }
            }
        };
        Some(fb::QuantizationParameters::create(b, &args))
    }

    fn error(&self) -> String {
        read(self.bytes()).map(|_| ()).unwrap_err().to_string()
    }
}

#[test]
fn payloads_behind_the_flatbuffer_are_read_in_place() {
    let bytes = Made::default().bytes();
    let model = read(bytes.clone()).unwrap();
    let body = model.module.body.op(model.tensors[0].func).body(0).unwrap();
    let constant = body.walk().into_iter().find_map(|op| body.op(op).attr("value")?.as_tensor()).unwrap();
    assert_eq!(constant.to_f64().unwrap(), [1.5, -2.0]);
    assert_eq!(constant.raw().as_ptr(), bytes[1024..].as_ptr());
}

#[test]
fn a_file_without_signatures_is_called_by_its_tensors() {
    let module = read(Made::default().bytes()).unwrap().module;
    let [signature] = &ir::signatures(&module)[..] else { panic!("one signature") };
    assert_eq!(
        (&*signature.key, &*signature.inputs, &*signature.outputs),
        ("main", &["x".into()][..], &["y".into()][..])
    );
}

#[test]
fn errors_name_what_is_wrong() {
    let unknown = Made { code: fb::BuiltinOperator::CALL.0, ..Made::default() };
    assert_eq!(unknown.error(), "not supported: operators CALL (1)");
    let nowhere = Made { code: fb::BuiltinOperator::WHILE.0, ..Made::default() };
    assert_eq!(nowhere.error(), "damaged TFLite file: an operator tfl.while of subgraph 0 calls no subgraph");
    let outside = Made { buffer: fb::BufferArgs { offset: 1028, size: 8, ..Default::default() }, ..Made::default() };
    assert_eq!(outside.error(), "damaged TFLite file: buffer 1 lies outside the file");
    let short = Made { buffer: fb::BufferArgs { offset: 1024, size: 7, ..Default::default() }, ..Made::default() };
    let text = "damaged TFLite file: tensor 1 (`c`) of subgraph 0 takes 8 bytes, but its buffer has 7";
    assert_eq!(short.error(), text);
    let own = Made { inputs: vec![0, 2], ..Made::default() };
    assert_eq!(own.error(), "damaged TFLite file: tensor 2 (`y`) of subgraph 0 is used before it is computed");
    let nowhere = Made { inputs: vec![0, 3], ..Made::default() };
    assert_eq!(nowhere.error(), "damaged TFLite file: an operand of subgraph 0 is tensor 3, which does not exist");
    let options = Made { options: fb::BuiltinOptions::AbsOptions, ..Made::default() };
    assert_eq!(options.error(), "damaged TFLite file: an operator ADD of subgraph 0 has wrong options");
    let scales = Made { scales: vec![0.0], ..Made::default() };
    let text = "damaged TFLite file: tensor 2 (`y`) of subgraph 0 has the scale 0, which is not positive and finite";
    assert_eq!(scales.error(), text);
    let axes = Made { block_size: Some(0), ..Made::default() };
    let text = "damaged TFLite file: tensor 2 (`y`) of subgraph 0 has scales along the dimensions [0, 1], which are none of its own in \
                rising order";
    assert_eq!(axes.error(), text);
    let blocks = Made { block_size: Some(32), ..Made::default() };
    let text = "not supported: the blocks of 32 along one of several dimensions of tensor 2 (`y`) of subgraph 0";
    assert_eq!(blocks.error(), text);
}

#[test]
fn an_old_reshape_is_given_its_shape() {
    let file = Made { code: fb::BuiltinOperator::RESHAPE.0, inputs: vec![0], ..Made::default() };
    let model = read(file.bytes()).unwrap();
    let body = model.module.body.op(model.tensors[0].func).body(0).unwrap();
    let reshape = body.walk().into_iter().map(|op| body.op(op)).find(|op| op.name.as_str() == "tfl.reshape").unwrap();
    let shape = body.constant(reshape.operands()[1]).and_then(ir::Tensor::to_i64);
    assert_eq!(shape, Some(vec![2]));
}
