//! Modules built by hand go through a file and back; damaged files are refused.

use std::sync::Arc;

use bytes::Bytes;
use ir::dialect::{builtin, tf, tfl};
use ir::{
    At, Attr, Attrs, Body, Builder, Elem, FunctionType, Loc, Module, OpName, OpRow, OpSpec, QuantType, Sign, Sink,
    Tensor, TensorType, Type, Value,
};
use quant_opt_backend::{ReadError, emit, read};

fn q8(shape: &[usize], scale: f64, zero_point: i64) -> Type {
    Type::tensor(shape, Elem::Quant(Arc::new(QuantType::per_tensor(8, scale, zero_point))))
}

fn f32(shape: &[usize]) -> Type {
    Type::tensor(shape, Elem::F32)
}

fn function(
    module: &mut Module,
    key: &str,
    inputs: &[(&str, Type)],
    outputs: &[&str],
    build: impl FnOnce(&mut Builder<'_>, &[Value]) -> Vec<Value>,
) {
    let types = inputs.iter().map(|(_, t)| t.clone()).collect();
    let func = module.add_func(key, FunctionType { inputs: types, results: vec![] }, Loc::name(key));
    let body = module.func_body_mut(func).unwrap();
    let (entry, args) = (body.entry(), body.args(body.entry()).to_vec());
    let mut b = Builder::new(body, At::End(entry), Loc::UNKNOWN);
    let results = build(&mut b, &args);
    b.insert(OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(&results));
    let op = module.body.op_mut(func);
    let path = |n: &str| Attr::Dict(Attrs::new().with("tf_saved_model.index_path", Attr::strs([n])));
    op.props.set("arg_attrs", Attr::Array(inputs.iter().map(|(n, _)| path(n)).collect()));
    op.props.set("res_attrs", Attr::Array(outputs.iter().map(|n| path(n)).collect()));
    op.attrs.set("tf_saved_model.exported_names", Attr::strs([key]));
    ir::module::sync_function_type(op);
}

fn at(b: &mut Builder<'_>, node: &str) {
    b.loc = Loc::name(node);
}

/// An int8 convolution and classifier, as the quantizer leaves them.
fn quantized(module: &mut Module) {
    let input = ("image", q8(&[1, 4, 4, 2], 0.5, -1));
    function(module, "classify", &[input], &["label", "scores"], |b, args| {
        let weights = QuantType::per_axis(8, 0, vec![0.25, 0.125, 0.5]);
        let bias = QuantType::per_axis(32, 0, vec![0.125, 0.0625, 0.25]);
        at(b, "conv/filter");
        let filter = b.constant(Tensor::i8(&[3, 1, 1, 2], Elem::Quant(Arc::new(weights)), vec![1, -2, 3, -4, 5, 127]));
        at(b, "conv/bias");
        let bias = Tensor::i32(&[3], vec![10, -20, 30]).retyped(TensorType::of(&[3], Elem::Quant(Arc::new(bias))));
        let bias = b.constant(bias.unwrap());
        at(b, "conv");
        let row = tfl::Conv2D { fused_activation_function: tfl::Activation::Relu6, stride_w: 2, ..Default::default() };
        let y = b.typed_value(&row, &[args[0], filter, bias], q8(&[1, 4, 2, 3], 0.0234375, -128));
        at(b, "flatten");
        let shape = b.i32s(&[1, 24]);
        let y = b.typed_value(&tfl::Reshape {}, &[y, shape], q8(&[1, 24], 0.0234375, -128));
        at(b, "dense/kernel");
        let kernel = QuantType::per_tensor(8, 0.0078125, 0);
        let kernel = b.constant(Tensor::i8(&[2, 24], Elem::Quant(Arc::new(kernel)), (0..48).collect()));
        at(b, "dense");
        let none = b.no_value();
        let row = tfl::FullyConnected { asymmetric_quantize_inputs: Some(false), ..Default::default() };
        let y = b.typed_value(&row, &[y, kernel, none], q8(&[1, 2], 0.125, 3));
        at(b, "softmax");
        let y = b.typed_value(&tfl::Softmax { beta: 0.5 }, &[y], q8(&[1, 2], 1.0 / 256.0, -128));
        at(b, "label");
        let dim = b.constant(Tensor::i32(&[], vec![1]));
        let row = tfl::ArgMax {};
        let label = b.typed_value(&row, &[y, dim], Type::tensor(&[1], Elem::I64));
        vec![label, y]
    });
}

/// Every other thing a file can hold: unknown dimensions, several results, packed and text constants, keywords, lists, custom operators.
fn mixed(module: &mut Module) {
    let batch = |elem: Elem| Type::Tensor(TensorType::ranked(vec![None, Some(6)], elem));
    function(module, "mixed", &[("x", batch(Elem::F32))], &["a", "b", "c"], |b, args| {
        at(b, "split");
        let axis = b.constant(Tensor::i32(&[], vec![1]));
        let half = Type::Tensor(TensorType::ranked(vec![None, Some(3)], Elem::F32));
        let split = b.typed(&tfl::Split { num_splits: 2 }, &[axis, args[0]], &[half.clone(), half.clone()]);
        let halves = b.body.op(split).results().to_vec();
        at(b, "mirror");
        let pad = b.constant(Tensor::i32(&[2, 2], vec![0, 0, 1, 1]));
        let row = tfl::MirrorPad { mode: tfl::MirrorPadMode::Symmetric };
        let wide = Type::Tensor(TensorType::ranked(vec![None, Some(5)], Elem::F32));
        let a = b.typed_value(&row, &[halves[1], pad], wide);
        at(b, "twice");
        let ones = b.constant(Tensor::f32(&[3], vec![1.0, 2.0, 3.0]));
        let same = b.constant(Tensor::f32(&[3], vec![1.0, 2.0, 3.0]));
        let sum = b.typed_value(&tfl::Add::default(), &[halves[0], ones], half.clone());
        at(b, "twice");
        let sum = b.typed_value(&tfl::Mul::default(), &[sum, same], half);
        at(b, "squeeze");
        let row = tfl::Squeeze { squeeze_dims: Some(Attr::Array(vec![Attr::i64(0)])) };
        let one = b.constant(Tensor::bool(&[1, 3], vec![true, false, true]));
        let flags = b.typed_value(&row, &[one], Type::tensor(&[3], Elem::BOOL));
        at(b, "custom");
        let nibbles = TensorType::of(&[3], Elem::Int(4, Sign::Signless));
        let nibbles = b.constant(Tensor::new(nibbles, Bytes::from_static(&[0x21, 0x03])).unwrap());
        let halfs = TensorType::of(&[2], Elem::F16);
        let halfs = b.constant(Tensor::new(halfs, Bytes::from_static(&[0, 0x3c, 0, 0x40])).unwrap());
        let texts = TensorType::of(&[2], Elem::String);
        let texts = b.constant(Tensor::new(texts, Bytes::from_static(b"\x02\0\0\0hi\x01\0\0\0!")).unwrap());
        let zeros = TensorType::of(&[4, 4], Elem::F32);
        let zeros = b.constant(Tensor::new(zeros, Bytes::from_static(&[0; 4])).unwrap());
        let empty = b.constant(Tensor::i32(&[0], vec![]));
        let row = tfl::Custom {
            custom_code: "Mine".into(),
            custom_option: Attr::Opaque("#tfl<const_bytes : \"0x01FF\">".into()),
        };
        let unranked = Type::Tensor(TensorType::unranked(Elem::F32));
        let c = b.typed_value(&row, &[flags, nibbles, halfs, texts, zeros, empty], unranked);
        vec![a, sum, c]
    });
}

fn sample() -> Module {
    let mut module = Module::new();
    quantized(&mut module);
    mixed(&mut module);
    module
}

fn emitted(module: &Module) -> Bytes {
    let mut sink = Sink::new();
    match emit(module, &mut sink) {
        Ok(bytes) => Bytes::from(bytes),
        Err(_) => panic!("{:?}", sink.take()),
    }
}

/// The operations of a function that compute something, with the types and bytes of their operands.
fn computations(body: &Body) -> Vec<String> {
    let operand = |v: &Value| match body.constant(*v) {
        Some(t) => format!("{:?} {:?}", t.ty(), t.bytes()),
        None => format!("{:?}", body.ty(*v)),
    };
    let ops = body.walk().into_iter().map(|id| body.op(id));
    ops.filter(|op| !op.name.def().unwrap().is_constant() && op.name.as_str() != "tfl.no_value")
        .map(|op| {
            let operands: Vec<String> = op.operands().iter().map(operand).collect();
            let results: Vec<&Type> = op.results().iter().map(|v| body.ty(*v)).collect();
            format!("{} {operands:?} {:?} -> {results:?}", op.name.as_str(), op.props)
        })
        .collect()
}

#[test]
fn the_sample_is_valid() {
    let mut sink = Sink::new();
    let _ = ir::verify::verify(&sample(), &mut sink);
    assert_eq!(sink.take(), []);
}

#[test]
fn a_file_that_was_read_is_written_the_same() {
    let bytes = emitted(&sample());
    assert_eq!(emitted(&sample()), bytes, "the same module gives the same bytes");
    assert_eq!(emitted(&read(bytes.clone()).unwrap().module), bytes);
}

#[test]
fn operations_return_with_types_attributes_and_constants() {
    let (before, after) = (sample(), read(emitted(&sample())).unwrap().module);
    assert_eq!(before.funcs().len(), after.funcs().len());
    for (a, b) in before.funcs().into_iter().zip(after.funcs()) {
        let (a, b) = (before.body.op(a).body(0).unwrap(), after.body.op(b).body(0).unwrap());
        assert_eq!(computations(a), computations(b));
    }
}

#[test]
fn signatures_keep_their_names_and_order() {
    let module = read(emitted(&sample())).unwrap().module;
    let names: Vec<_> = ir::signatures(&module).into_iter().map(|s| (s.key, s.inputs, s.outputs)).collect();
    let strings = |s: &[&str]| s.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            ("classify".to_owned(), strings(&["image"]), strings(&["label", "scores"])),
            ("mixed".to_owned(), strings(&["x"]), strings(&["a", "b", "c"])),
        ]
    );
}

#[test]
fn tensors_are_named_like_nodes_and_once() {
    let model = read(emitted(&sample())).unwrap();
    let body = model.module.body.op(model.tensors[1].func).body(0).unwrap();
    let ops = body.walk().into_iter().map(|id| body.op(id));
    let names: Vec<&str> =
        ops.filter(|op| !op.name.def().unwrap().is_constant()).flat_map(|op| op.loc.nodes()).collect();
    assert_eq!(names, ["split", "split:1", "mirror", "twice", "twice_1", "squeeze", "custom"]);
}

#[test]
fn every_value_has_its_tensor_index() {
    let model = read(emitted(&sample())).unwrap();
    for tensors in &model.tensors {
        let indices: Vec<usize> = tensors.index.values().copied().collect();
        assert_eq!(indices, (0..indices.len()).collect::<Vec<_>>(), "arguments, constants and results, in order");
    }
}

#[test]
fn payloads_are_aligned_shared_and_not_copied() {
    let bytes = emitted(&sample());
    let file = bytes.as_ptr_range();
    let model = read(bytes.clone()).unwrap();
    let mut places = Vec::new();
    for func in model.module.funcs() {
        let body = model.module.body.op(func).body(0).unwrap();
        let ops = body.walk().into_iter().map(|id| body.op(id));
        for tensor in ops.filter_map(|op| op.attr("value")?.as_tensor()).filter(|t| t.ty().elem != Elem::String) {
            let raw = tensor.raw().as_ptr_range();
            if tensor.is_empty() {
                continue;
            }
            assert!(file.start <= raw.start && raw.end <= file.end, "{:?} was copied", tensor.ty());
            let place = raw.start.addr() - file.start.addr();
            assert_eq!(place % 16, 0, "{:?} is not aligned", tensor.ty());
            places.push(place);
        }
    }
    let constants = places.len();
    places.sort_unstable();
    places.dedup();
    // `ones` and `same` are one payload, and so are the two axes.
    assert_eq!(places.len(), constants - 2);
}

#[test]
fn unused_constants_are_not_written() {
    let build = |unused: bool| {
        let mut module = Module::new();
        function(&mut module, "f", &[("x", f32(&[2]))], &["y"], |b, args| {
            if unused {
                b.constant(Tensor::f32(&[64], vec![1.5; 64]));
            }
            vec![b.value(&tfl::Abs {}, &[args[0]]).unwrap()]
        });
        emitted(&module)
    };
    assert_eq!(build(true), build(false));
}

#[test]
fn a_variable_has_no_data() {
    let mut module = Module::new();
    function(&mut module, "f", &[("x", f32(&[2]))], &["y"], |b, args| {
        let state = b.constant(Tensor::f32(&[2], vec![0.0, 0.0]));
        let op = b.body.def_op(state).unwrap();
        b.body.op_mut(op).attrs.set("tfl.is_variable", Attr::Unit);
        vec![b.value(&tfl::Add::default(), &[args[0], state]).unwrap()]
    });
    let bytes = emitted(&module);
    let after = read(bytes.clone()).unwrap().module;
    let body = after.body.op(after.funcs()[0]).body(0).unwrap();
    let variable = body.walk().into_iter().map(|id| body.op(id)).find(|op| op.attrs.get("tfl.is_variable").is_some());
    assert_eq!(variable.unwrap().attr("value").unwrap().as_tensor().unwrap().to_f64().unwrap(), [0.0, 0.0]);
    assert_eq!(emitted(&after), bytes);
}

#[test]
fn what_has_no_form_is_named() {
    let mut module = Module::new();
    function(&mut module, "f", &[("x", f32(&[2]))], &["y"], |b, args| {
        at(b, "model/relu");
        let spec = OpSpec::new(OpName::Known(&tf::lookup("Relu").unwrap().def), b.loc.clone());
        let op = b.insert(spec.operands(args).results([f32(&[2])]));
        b.body.op(op).results().to_vec()
    });
    let mut sink = Sink::new();
    assert!(emit(&module, &mut sink).is_err());
    let messages: Vec<_> = sink.take().into_iter().map(|d| (d.code, d.message)).collect();
    assert_eq!(messages, [("emit/op", "'tf.Relu' op (node `model/relu`) has no form in a TFLite file".to_owned())]);
}

#[test]
fn types_without_a_form_are_named() {
    let any = QuantType { params: ir::QuantParams::Any, ..QuantType::per_tensor(8, 1.0, 0) };
    let mut module = Module::new();
    function(&mut module, "f", &[("x", f32(&[2]))], &["y"], |b, args| {
        vec![b.typed_value(&tfl::Abs {}, args, Type::tensor(&[2], Elem::Quant(Arc::new(any))))]
    });
    let mut sink = Sink::new();
    assert!(emit(&module, &mut sink).is_err());
    assert_eq!(sink.diagnostics()[0].message, "'tfl.abs' op has a value whose quantized type has no scale");
}

#[test]
fn what_is_too_large_is_not_even_made() {
    let mut module = Module::new();
    function(&mut module, "f", &[("x", f32(&[1 << 30]))], &["y"], |b, args| {
        at(b, "embedding");
        let splat = Tensor::new(TensorType::of(&[1 << 30], Elem::F32), Bytes::from_static(&[0, 0, 0x80, 0x3f]));
        let splat = b.constant(splat.unwrap());
        vec![b.value(&tfl::Add::default(), &[args[0], splat]).unwrap()]
    });
    let mut sink = Sink::new();
    assert!(emit(&module, &mut sink).is_err());
    let [error] = sink.diagnostics() else { panic!("one error") };
    assert_eq!(error.message, "4294967296 bytes are needed, and a TFLite file holds at most 2 GB");
    assert_eq!(error.loc.node(), Some("embedding"));
}

#[test]
fn metadata_and_description_return() {
    let mut module = sample();
    let bytes = Tensor::new(TensorType::of(&[2], Elem::U8), Bytes::from_static(&[0xff, 0xfe])).unwrap();
    let metadata = Attrs::new().with("notes", Attr::str("by hand")).with("raw", Attr::Dense(bytes));
    module.attrs.set("tfl.metadata", Attr::Dict(metadata.clone()));
    module.attrs.set("tfl.description", Attr::str("A sample."));
    let after = read(emitted(&module)).unwrap().module;
    assert_eq!(after.attrs.get("tfl.metadata"), Some(&Attr::Dict(metadata)));
    assert_eq!(after.attrs.get("tfl.description"), Some(&Attr::str("A sample.")));
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match random.below(4) {
        0 => out.truncate(random.below(bytes.len())),
        1 => {
            // Offsets and counts are words.
            let words = [0, 1, 4, 16, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, u32::MAX];
            for _ in 0..=random.below(3) {
                let at = 4 * random.below(bytes.len() / 4);
                out[at..at + 4].copy_from_slice(&words[random.below(words.len())].to_le_bytes());
            }
        }
        2 => {
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                out[at] = u8::try_from(random.below(256)).unwrap();
            }
        }
        _ => {
            for _ in 0..=random.below(4) {
                out[random.below(bytes.len())] ^= 1 << random.below(8);
            }
        }
    }
    out
}

#[test]
fn damaged_files_are_refused_or_read_but_never_panic() {
    let bytes = emitted(&sample());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    for _ in 0..300 {
        match read(Bytes::from(damaged(&bytes, &mut random))) {
            Ok(model) => {
                let _ = emit(&model.module, &mut Sink::new());
            }
            Err(e) => {
                refused += 1;
                assert!(!e.to_string().is_empty());
            }
        }
    }
    assert!(refused > 100, "only {refused} of 300 were refused");
}

#[test]
fn other_files_are_refused() {
    assert!(matches!(read(Bytes::new()), Err(ReadError::Identifier)));
    assert!(matches!(read(Bytes::from_static(b"PK\x03\x04 a zip, not a model")), Err(ReadError::Identifier)));
    let headless = Bytes::from_static(b"\xff\xff\xff\xffTFL3");
    assert!(matches!(read(headless), Err(ReadError::Flatbuffer(_))));
}
