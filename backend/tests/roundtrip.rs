//! Modules become files and files modules, without loss.

use backend::{emit, read};
use bytes::Bytes;
use ir::dialect::{builtin, tfl};
use ir::{
    At, Attr, Attrs, Builder, Elem, FunctionType, Loc, Module, OpName, OpRow, OpSpec, QuantType, Sink, Tensor, Type,
};
use quant_opt_backend as backend;

/// A quantized convolution and a squeeze, with options of every kind, a shared constant and an unknown batch.
fn module() -> Module {
    let mut m = Module::new();
    let q = |scale, zero| Elem::Quant(QuantType::per_tensor(8, scale, zero).into());
    let image = |c: usize, elem| Type::Tensor(ir::TensorType::ranked(vec![None, Some(4), Some(4), Some(c)], elem));
    let input = image(3, q(0.5, -3));
    let func = m.add_func("serving_default", FunctionType { inputs: vec![input], results: vec![] }, Loc::UNKNOWN);
    let path = Attr::Dict(Attrs::new().with("tf_saved_model.index_path", Attr::strs(["image"])));
    let op = m.body.op_mut(func);
    op.props.set("arg_attrs", Attr::Array(vec![path]));
    op.attrs.set("tf_saved_model.exported_names", Attr::strs(["serving_default"]));
    let body = m.func_body_mut(func).unwrap();
    let entry = body.entry();
    let x = body.args(entry)[0];
    let mut b = Builder::new(body, At::End(entry), Loc::name("net/conv"));
    let weights = QuantType::per_axis(8, 0, vec![0.25, 0.125]);
    let w = b.constant(Tensor::i8(&[2, 1, 1, 3], Elem::Quant(weights.into()), vec![1, -2, 3, 4, 5, -6]));
    let bias = QuantType::per_axis(32, 0, vec![0.125, 0.0625]);
    let bias = Tensor::i32(&[2], vec![7, -7]).retyped(ir::TensorType::of(&[2], Elem::Quant(bias.into()))).unwrap();
    let bias = b.constant(bias);
    let conv = tfl::Conv2D { padding: tfl::Padding::Valid, stride_w: 2, dilation_h_factor: 3, ..Default::default() };
    let y = b.typed_value(&conv, &[x, w, bias], image(2, q(1.0, 0)));
    let (axes, same) = (b.i32s(&[1, 2]), b.i32s(&[1, 2]));
    let row = tfl::Mean { keep_dims: true };
    let mean = Type::Tensor(ir::TensorType::ranked(vec![None, Some(1), Some(1), Some(2)], q(1.0, 0)));
    let z = b.typed_value(&row, &[y, axes], mean.clone());
    let z = b.typed_value(&row, &[z, same], mean);
    let squeezed = Type::Tensor(ir::TensorType::ranked(vec![None, Some(2)], q(1.0, 0)));
    let dims = Attr::Array(vec![Attr::i64(1), Attr::i64(2)]);
    let z = b.typed_value(&tfl::Squeeze { squeeze_dims: dims }, &[z], squeezed);
    b.insert(OpSpec::new(OpName::Known(builtin::Return::DEF), Loc::UNKNOWN).operands(&[z]));
    ir::module::sync_function_type(m.body.op_mut(func));
    m
}

fn file() -> Vec<u8> {
    let mut sink = Sink::new();
    emit(&module(), &mut sink).unwrap_or_else(|_| panic!("{:?}", sink.diagnostics()))
}

#[test]
fn a_file_is_written_again_as_it_was_read() {
    let bytes = file();
    let model = read(Bytes::from(bytes.clone())).unwrap();
    let signature = &ir::signatures(&model.module)[0];
    assert_eq!((signature.key.as_str(), &signature.inputs[..]), ("serving_default", &["image".to_owned()][..]));
    let mut sink = Sink::new();
    assert!(emit(&model.module, &mut sink).unwrap() == bytes);
    let body = model.module.body.op(signature.func).body(0).unwrap();
    let conv = body.walk().into_iter().find_map(|id| body.op(id).as_row::<tfl::Conv2D>()).unwrap();
    assert_eq!((conv.padding, conv.stride_w, conv.stride_h, conv.dilation_h_factor), (tfl::Padding::Valid, 2, 1, 3));
    let tensors = model.tensors_of(signature.func);
    assert_eq!(tensors.indices[&body.args(body.entry())[0]], 0);
}

#[test]
fn payloads_are_aligned_and_stored_once() {
    let bytes = file();
    let place = |needle: &[u8]| -> Vec<usize> {
        (0..=bytes.len() - needle.len()).filter(|i| bytes[*i..].starts_with(needle)).collect()
    };
    let weights: Vec<u8> = [1i8, -2, 3, 4, 5, -6].iter().map(|v| *v as u8).collect();
    let [at] = place(&weights)[..] else { panic!("the weights stand once") };
    assert_eq!(at % 16, 0);
    let axes: Vec<u8> = [8u32, 1, 2].iter().flat_map(|v| v.to_le_bytes()).collect();
    let found = place(&axes);
    assert_eq!(found.len(), 1, "two equal constants are one buffer");
    assert_eq!((found[0] + 4) % 16, 0);
}

#[test]
fn what_has_no_place_in_a_file_is_named() {
    let mut m = module();
    let func = m.funcs()[0];
    let body = m.func_body_mut(func).unwrap();
    let at = At::Start(body.entry());
    for node in ["net/a", "net/b"] {
        body.insert(at, OpSpec::new(OpName::Unknown("my.op".into()), Loc::name(node)));
    }
    let mut sink = Sink::new();
    assert!(emit(&m, &mut sink).is_err());
    let said: Vec<&str> = sink.diagnostics().iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, ["`net/b` (my.op): it is no TFLite operation", "`net/a` (my.op): it is no TFLite operation"]);
}

#[test]
fn damaged_files_give_errors() {
    let bytes = file();
    let mut state = 11u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut refused = 0;
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + next() % 6 {
            let at = next() % damaged.len();
            damaged[at] = next() as u8;
        }
        damaged.truncate(if next().is_multiple_of(8) { next() % bytes.len() } else { bytes.len() });
        refused += usize::from(read(Bytes::from(damaged)).is_err());
    }
    assert!(refused > 200, "{refused}");
}
