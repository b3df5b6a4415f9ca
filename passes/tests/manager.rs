//! The pass manager: functions in parallel as if in order, and passes that crash.

use ir::text::{ParseOptions, PrintOptions, parse, print};
use ir::{Attr, Body, Diagnostic, Failed, Module, Severity, Sink};
use quant_opt_passes as passes;

use passes::pipeline::Observer;
use passes::{Cx, Pass, Pipeline, Stats};

passes::pass! {
    /// Remarks on every operation and marks it; a function of more than `limit` operations is an error.
    "mark" = Mark on func {
        options: {
            /// The limit.
            limit: usize = 6,
        },
        expects: ANY, ensures: ANY,
        before: "func.func @f() { return }",
        after: "func.func @f() { return }",
    }
}

impl Mark {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let ops = body.walk();
        for op in &ops {
            cx.count("operations");
            cx.sink.emit(Diagnostic::remark("mark/op", body.op(*op).name.as_str()).at(&body.op(*op).loc));
            body.op_mut(*op).attrs.set("mark", Attr::Unit);
        }
        if ops.len() > self.limit {
            return Err(cx.sink.error(Diagnostic::error("mark/long", format!("{} operations", ops.len()))));
        }
        Ok(())
    }
}

passes::pass! {
    /// Crashes on functions of more than three operations.
    "crash" = Crash on func {
        options: {},
        expects: ANY, ensures: ANY,
        before: "func.func @f() { return }",
        after: "func.func @f() { return }",
    }
}

impl Crash {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        cx.count("functions");
        let count = body.walk().len();
        assert!(count <= 3, "{count} operations are too many");
        Ok(())
    }
}

/// `count` functions; number `i` holds `i % 8` operations and a return.
fn functions(count: usize) -> Module {
    let mut text = String::new();
    for i in 0..count {
        text += &format!("func.func @f{i}(%x: tensor<2xf32>) -> tensor<2xf32> {{\n");
        let mut last = "%x".to_owned();
        for j in 0..i % 8 {
            text += &format!("  %{j} = \"tfl.neg\"({last}) : (tensor<2xf32>) -> tensor<2xf32>\n");
            last = format!("%{j}");
        }
        text += &format!("  return {last} : tensor<2xf32>\n}}\n");
    }
    let registry = ir::Registry::standard();
    let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "functions" };
    parse(&text, &options, &mut Sink::new()).unwrap()
}

/// Counts what passes count.
#[derive(Default)]
struct Counters(Vec<Stats>);

impl Observer for Counters {
    fn after(&mut self, _: &dyn Pass, _: &Module, stats: &Stats, _: Result<(), Failed>) {
        self.0.push(stats.clone());
    }
}

/// Runs a pipeline on some threads: the text that came out, diagnostics, counters, whether it succeeded.
fn run(pipeline: &Pipeline, threads: usize, count: usize) -> (String, Vec<Diagnostic>, Vec<Stats>, bool) {
    let mut module = functions(count);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (mut sink, mut counters) = (Sink::new(), Counters::default());
    let registry = ir::Registry::standard();
    let ok = pool.install(|| {
        let mut cx = Cx::new(&mut sink);
        pipeline.run(&mut module, &mut cx, &mut counters, Some(&registry)).is_ok()
    });
    (print(&module, &PrintOptions::default()), sink.take(), counters.0, ok)
}

#[test]
fn threads_change_nothing() {
    let standard = Pipeline::parse("canonicalize,cse,dce", &passes::known()).unwrap();
    for pipeline in [Pipeline::new().then(Mark { limit: 100 }), Pipeline::new().then(Mark::default()), standard] {
        let serial = run(&pipeline, 1, 100);
        assert!(!serial.2[0].is_empty(), "it does something");
        for threads in [2, 4, 7] {
            assert_eq!(run(&pipeline, threads, 100), serial, "{pipeline:?}");
        }
    }
    let (text, diagnostics, stats, ok) = run(&Pipeline::new().then(Mark::default()), 4, 16);
    let errors: Vec<&str> =
        diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.message.as_str()).collect();
    // Every function is looked at, so that all errors are said at once.
    assert_eq!((ok, &errors[..]), (false, &["7 operations", "8 operations", "7 operations", "8 operations"][..]));
    assert_eq!(stats[0]["operations"], 2 * (1..=8).sum::<u64>());
    assert_eq!(text.matches("mark").count(), 2 * (1..=8).sum::<usize>());
}

#[test]
fn a_crash_is_an_error_that_names_the_pass() {
    for threads in [1, 4] {
        let pipeline = Pipeline::new().then(Crash::default()).then(Mark::default());
        let (text, diagnostics, stats, ok) = run(&pipeline, threads, 8);
        assert!(!ok);
        let said: Vec<(&str, &str)> = diagnostics.iter().map(|d| (d.code, d.message.as_str())).collect();
        assert_eq!(said, [("pass/crash", "pass `crash` crashed: 4 operations are too many")]);
        assert_eq!(stats.len(), 1, "the passes behind it do not run");
        assert_eq!(stats[0]["functions"], 8);
        assert_eq!(text.matches("tfl.neg").count(), (0..8).sum::<usize>(), "functions keep their bodies");
    }
}
