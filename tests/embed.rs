//! A host program: a compiler with a dialect, a kernel and a pass of its own, which takes a module it built to the bytes of a `.tflite`.

use ir::dialect::tfl;
use ir::{At, Body, Builder, Elem, Failed, FunctionType, Loc, Module, OpSpec, Sink, Tensor, TensorType, Type};
use kernels::eval::Evaluator;
use passes::data::Arrays;
use passes::pipeline::Observer;
use passes::{Cx, Pass, Pipeline, Stats};
use quant_opt::Host;

ir::ops! {
    /// The host's dialect.
    pub MINE = "mine";

    /// Reverses the order of all elements. It only moves values, so it moves stored ones too.
    "mine.reverse" = Reverse {
        ins: (x: ANY), outs: (y: ANY),
        attrs: (times: i32 = 1),
        traits: PURE, infer: Some(ir::infer::same_as_first), quant: SameScale, dynamic: Float, builtin: None,
        custom: Some(ir::CustomCode { code: "MineReverse", options: |op| op.as_row::<Reverse>().map_or(vec![], |r| vec![r.times as u8]) }),
        eval: Some(reverse),
    }
}

fn reverse(_: &ir::Operation, ins: &[Option<Tensor>], _: &[Elem]) -> Result<Vec<Tensor>, String> {
    let [Some(x)] = ins else { return Err("it takes one operand".into()) };
    let all = x.bytes();
    let bytes: Vec<u8> = all.chunks((all.len() / x.len().max(1)).max(1)).rev().flatten().copied().collect();
    Ok(vec![Tensor::new(x.ty().clone(), bytes.into()).map_err(|e| e.to_string())?])
}

passes::pass! {
    /// The host knows `tfl.reverse_v2` as an operation of its own.
    "to-mine" = ToMine on func {
        options: {}, expects: ANY, ensures: ANY,
        before: r#"func.func @f(%x: tensor<4xf32>, %axis: tensor<1xi32>) -> tensor<4xf32> {
            %y = "tfl.reverse_v2"(%x, %axis) : (tensor<4xf32>, tensor<1xi32>) -> tensor<4xf32> return %y : tensor<4xf32> }"#,
        after: r#"func.func @f(%x: tensor<4xf32>, %axis: tensor<1xi32>) -> tensor<4xf32> {
            %y = "mine.reverse"(%x) <{times = 1 : i32}> : (tensor<4xf32>) -> tensor<4xf32> return %y : tensor<4xf32> }"#,
    }
}

impl ToMine {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let found = |body: &Body| body.walk().into_iter().find(|op| body.op(*op).is::<tfl::ReverseV2>());
        while let Some(op) = found(body) {
            let (x, y, loc) = (body.op(op).operands()[0], body.op(op).results()[0], body.op(op).loc.clone());
            let ty = body.ty(y).clone();
            let new = Builder::new(body, At::Before(op), loc).typed_value(&Reverse::default(), &[x], ty);
            body.replace_all_uses(y, new);
            body.erase(op);
            cx.count("operations taken over");
        }
        Ok(())
    }
}

#[derive(Default)]
struct Seen(Vec<(&'static str, Stats)>);

impl Observer for Seen {
    fn after(&mut self, pass: &dyn Pass, _: &Module, stats: &Stats, _: Result<(), Failed>) {
        self.0.push((pass.def().name, stats.clone()));
    }
}

/// `relu(reverse(x))` on four numbers.
fn build() -> Module {
    let ty = Type::Tensor(TensorType::of(&[4], Elem::F32));
    let mut module = Module::new();
    let func = module.add_func("main", FunctionType { inputs: vec![ty.clone()], results: vec![] }, Loc::UNKNOWN);
    let body = module.func_body_mut(func).unwrap();
    let (entry, x) = (body.entry(), body.args(body.entry())[0]);
    let mut b = Builder::new(body, At::End(entry), Loc::name("host/model"));
    let axis = b.i32s(&[0]);
    let reversed = b.typed_value(&tfl::ReverseV2::default(), &[x, axis], ty);
    let y = b.value(&tfl::Relu::default(), &[reversed]).unwrap();
    b.insert(OpSpec::row(&ir::dialect::builtin::Return {}, Loc::UNKNOWN).operands(&[y]));
    ir::module::sync_function_type(module.body.op_mut(func));
    module
}

/// What a pipeline makes of the model, and what passes counted.
fn compile(host: &Host, pipeline: &str) -> (Module, Seen) {
    let mut module = build();
    let pipeline = Pipeline::parse(pipeline, &host.passes).unwrap();
    let (mut sink, mut seen) = (Sink::new(), Seen::default());
    let values = (0..64).map(|i| (i as f32 - 32.0) / 32.0).collect();
    let samples = Arrays::from([("arg0".to_owned(), Tensor::f32(&[16, 4], values))]);
    let mut cx = Cx::new(&mut sink).with_datasets(&samples);
    pipeline.run(&mut module, &mut cx, &mut seen, Some(&host.registry)).unwrap();
    assert!(sink.diagnostics().is_empty(), "{:?}", sink.diagnostics());
    (module, seen)
}

/// What the only function makes of four stored numbers.
fn evaluate(module: &Module) -> Vec<Tensor> {
    let body = module.body.op(module.funcs()[0]).body(0).unwrap();
    let ty = body.tensor_ty(body.args(body.entry())[0]).unwrap().clone();
    let input = Tensor::new(ty, vec![100, 0, 50, 127].into()).unwrap();
    Evaluator::new(body).unwrap().run(&[input], &mut |_, _| {}).unwrap()
}

#[test]
fn a_host_compiles_its_own_operation() {
    let host = Host::standard().with_dialect(&MINE).with_pass(ToMine::DEF);
    passes::example::check(ToMine::DEF, &host.registry, &Arrays::new()).unwrap();
    let (module, seen) = compile(&host, "to-mine,ptq{mode=int8-only io=int8 datasets=memory}");
    let module = std::thread::spawn(move || module).join().unwrap();
    assert_eq!(seen.0[0], ("to-mine", Stats::from([("operations taken over", 1)])));
    let ours = compile(&host, "ptq{mode=int8-only io=int8 datasets=memory}").0;
    assert_eq!(evaluate(&module), evaluate(&ours), "the host's kernel does what ours does");
    let read = backend::read(backend::emit(&module, &mut Sink::new()).unwrap().into()).unwrap().module;
    let text = ir::text::print(&read, &ir::text::PrintOptions::default());
    let expected = r##"<{custom_code = "MineReverse", custom_option = #tfl<const_bytes : "0x01">}>"##;
    assert!(text.contains(expected), "{text}");
}
