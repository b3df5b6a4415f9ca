//! Planned memory: what a run allocates, what it shows, and that threads and reuse change nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ir::text::ParseOptions;
use ir::{Body, Elem, Module, Registry, Sink, Tensor, TensorType, Value};
use quant_opt_kernels::eval::Evaluator;
use quant_opt_kernels::plan::{Kernels, Options, Program, Watch};
use quant_opt_kernels::range::Range;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what the current thread allocates.
struct Counting;

// SAFETY: it hands every request to the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn module(text: &str) -> Module {
    let registry = Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "-" };
    ir::text::parse(text, &options, &mut Sink::new()).expect("it parses")
}

fn body(module: &Module) -> &Body {
    module.body.op(module.funcs()[0]).body(0).expect("a body")
}

fn input(seed: usize) -> Tensor {
    let values = (0..2 * 9 * 10 * 8).map(|i| ((i * 7919 + seed * 31) % 201) as f32 / 50.0 - 2.0);
    Tensor::f32(&[2, 9, 10, 8], values.collect())
}

/// A network of everything that has an optimized float kernel.
const NETWORK: &str = r#"
func.func @main(%x: tensor<?x9x10x8xf32>) -> (tensor<?x6xf32>, tensor<?x5x5x12xf32>) {
  %none = "tfl.no_value"() <{value}> : () -> none
  %w0 = arith.constant dense<0.0625> : tensor<12x3x3x8xf32>
  %b0 = arith.constant dense<[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, -0.1, -0.2, -0.3, -0.4, -0.5, -0.6]> : tensor<12xf32>
  %0 = "tfl.conv_2d"(%x, %w0, %b0) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "RELU6", padding = "SAME", stride_h = 2 : i32, stride_w = 2 : i32}> : (tensor<?x9x10x8xf32>, tensor<12x3x3x8xf32>, tensor<12xf32>) -> tensor<?x5x5x12xf32>
  %w1 = arith.constant dense<0.25> : tensor<1x3x3x12xf32>
  %1 = "tfl.depthwise_conv_2d"(%0, %w1, %b0) <{depth_multiplier = 1 : i32, dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x5x5x12xf32>, tensor<1x3x3x12xf32>, tensor<12xf32>) -> tensor<?x5x5x12xf32>
  %w2 = arith.constant dense<0.5> : tensor<12x1x1x12xf32>
  %2 = "tfl.conv_2d"(%1, %w2, %none) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "RELU", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<?x5x5x12xf32>, tensor<12x1x1x12xf32>, none) -> tensor<?x5x5x12xf32>
  %3 = "tfl.add"(%2, %0) <{fused_activation_function = "NONE"}> : (tensor<?x5x5x12xf32>, tensor<?x5x5x12xf32>) -> tensor<?x5x5x12xf32>
  %4 = "tfl.mul"(%3, %b0) <{fused_activation_function = "NONE"}> : (tensor<?x5x5x12xf32>, tensor<12xf32>) -> tensor<?x5x5x12xf32>
  %5 = "tfl.logistic"(%4) : (tensor<?x5x5x12xf32>) -> tensor<?x5x5x12xf32>
  %6 = "tfl.max_pool_2d"(%5) <{filter_height = 2 : i32, filter_width = 2 : i32, fused_activation_function = "NONE", padding = "SAME", stride_h = 2 : i32, stride_w = 2 : i32}> : (tensor<?x5x5x12xf32>) -> tensor<?x3x3x12xf32>
  %axes = arith.constant dense<[1, 2]> : tensor<2xi32>
  %7 = "tfl.mean"(%6, %axes) <{keep_dims = false}> : (tensor<?x3x3x12xf32>, tensor<2xi32>) -> tensor<?x12xf32>
  %shape = arith.constant dense<[-1, 12]> : tensor<2xi32>
  %8 = "tfl.reshape"(%7, %shape) : (tensor<?x12xf32>, tensor<2xi32>) -> tensor<?x12xf32>
  %w9 = arith.constant dense<0.125> : tensor<6x12xf32>
  %b9 = arith.constant dense<[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]> : tensor<6xf32>
  %9 = "tfl.fully_connected"(%8, %w9, %b9) <{fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"}> : (tensor<?x12xf32>, tensor<6x12xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %10 = "tfl.softmax"(%9) <{beta = 1.0 : f32}> : (tensor<?x6xf32>) -> tensor<?x6xf32>
  return %10, %3 : tensor<?x6xf32>, tensor<?x5x5x12xf32>
}"#;

/// The same operation so many times in a row.
fn chain(length: usize) -> String {
    let ty = "tensor<2x9x10x8xf32>";
    let one = |i: usize| format!("%{} = \"tfl.relu\"(%{i}) : ({ty}) -> {ty}\n", i + 1);
    let ops: String = (0..length).map(one).collect();
    format!("func.func @main(%0: {ty}) -> {ty} {{\n{ops}return %{length} : {ty}\n}}")
}

fn program<'b>(body: &'b Body, options: &Options) -> Program<'b> {
    let program = Program::new(body, &[TensorType::of(&[2, 9, 10, 8], Elem::F32)], options).expect("it is prepared");
    assert_eq!(program.is_planned(), options.kernels == Kernels::Optimized);
    program
}

/// What one more run allocates.
fn allocations(text: &str) -> usize {
    let m = module(text);
    let program = program(body(&m), &Options::default());
    let (mut worker, inputs) = (program.worker(), [input(0)]);
    let mut ranges = vec![Range::EMPTY; program.values().len()];
    program.run(&mut worker, &inputs, Watch::Ranges(&mut ranges)).expect("it runs");
    let before = ALLOCATIONS.with(Cell::get);
    program.run(&mut worker, &inputs, Watch::Ranges(&mut ranges)).expect("it runs");
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn only_results_are_allocated() {
    // For one result: the list of results, the tensor's shape, its bytes and who owns them.
    let one = allocations(&chain(1));
    assert!(one <= 5, "{one} allocations for one result");
    assert_eq!(allocations(&chain(40)), one, "an operation allocates");
    let two = allocations(NETWORK);
    assert!(two <= 2 * one, "{two} allocations for two results");
}

#[test]
fn memory_is_used_again() {
    let size = |length| {
        let m = module(&chain(length));
        program(body(&m), &Options::default()).memory_size()
    };
    assert_eq!(size(40), size(2));
}

/// Every value that is shown: its number, its shape and its bytes.
fn values(program: &Program<'_>, seed: usize) -> Vec<(Value, Vec<usize>, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut see = |v, ty: &TensorType, bytes: &[u8]| seen.push((v, ty.static_shape().expect("sizes"), bytes.to_vec()));
    program.run(&mut program.worker(), &[input(seed)], Watch::Values(&mut see)).expect("it runs");
    seen
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
}

#[test]
fn every_value_is_that_of_the_evaluator() {
    let m = module(NETWORK);
    let optimized = values(&program(body(&m), &Options::default()), 3);
    let mut expected = Vec::new();
    let evaluator = Evaluator::new(body(&m)).expect("it is prepared");
    evaluator.run(&[input(3)], &mut |v, t| expected.push((v, t.clone()))).expect("it runs");
    assert_eq!(optimized.len(), expected.len());
    for ((v, shape, bytes), (e, t)) in optimized.iter().zip(&expected) {
        assert_eq!((v, shape), (e, &t.shape()));
        let wanted = t.as_f32().expect("floats");
        let off = floats(bytes).iter().zip(wanted.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-5, "{v:?} is off by {off}");
    }
}

#[test]
fn threads_change_no_bit() {
    let m = module(NETWORK);
    let one = values(&program(body(&m), &Options::default()), 1);
    for threads in [2, 3, 7] {
        assert_eq!(values(&program(body(&m), &Options { threads, ..Options::default() }), 1), one, "{threads} threads");
    }
}

#[test]
fn a_worker_forgets_the_run_before() {
    let m = module(NETWORK);
    let program = program(body(&m), &Options::default());
    let mut worker = program.worker();
    let mut run = |seed| program.run(&mut worker, &[input(seed)], Watch::Nothing).expect("it runs");
    let first = run(1);
    assert_ne!(run(2), first);
    assert_eq!(run(1), first);
}

#[test]
fn ranges_are_those_of_the_values() {
    let m = module(NETWORK);
    for kernels in [Kernels::Optimized, Kernels::Reference] {
        let program = program(body(&m), &Options { kernels, ..Options::default() });
        let mut ranges = vec![Range::EMPTY; program.values().len()];
        program.run(&mut program.worker(), &[input(5)], Watch::Ranges(&mut ranges)).expect("it runs");
        let seen = values(&program, 5);
        assert_eq!(seen.len(), ranges.len());
        for (i, (v, _, bytes)) in seen.iter().enumerate() {
            assert_eq!(*v, program.values()[i]);
            let mut expected = Range::EMPTY;
            expected.see(&floats(bytes));
            assert_eq!(ranges[i], expected);
        }
    }
}

#[test]
fn other_inputs_are_an_error() {
    let m = module(NETWORK);
    let program = program(body(&m), &Options::default());
    let other = Tensor::f32(&[1, 9, 10, 8], vec![0.0; 720]);
    let e = program.run(&mut program.worker(), &[other], Watch::Nothing).unwrap_err();
    assert_eq!(e.to_string(), "the function: it was prepared for inputs of other types");
}
