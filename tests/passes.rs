//! Passes of a host: crashes and what is left of them, files of printed IR.

use std::path::Path;

use ir::{Body, Failed};
use passes::Cx;
use quant_opt::{Host, Status};
use quant_opt_tests::{Ran, quant_opt_of};

passes::pass! {
    /// Crashes on a division.
    "crash-on-div" = CrashOnDiv on func {
        options: {
            /// What it says.
            text: String = "a division".to_owned(),
        },
        expects: ANY, ensures: ANY,
        before: "func.func @f() { return }",
        after: "func.func @f() { return }",
    }
}

impl CrashOnDiv {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        for op in body.walk() {
            assert!(!body.op(op).is::<ir::dialect::tfl::Div>(), "{}", self.text);
            cx.count("operations");
        }
        Ok(())
    }
}

const MODULE: &str = "
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = \"tfl.neg\"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = \"tfl.neg\"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %2 = \"tfl.div\"(%1, %y) <{fused_activation_function = \"NONE\"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %3 = \"tfl.sin\"(%c) : (tensor<2xf32>) -> tensor<2xf32>
  return %2, %3 : tensor<2xf32>, tensor<2xf32>
}
";

fn run(args: &[&str], stdin: &str) -> Ran {
    quant_opt_of(&Host::standard().with_pass(CrashOnDiv::DEF), args, stdin)
}

const PIPELINE: &str = "--pass-pipeline=canonicalize,crash-on-div{text=\"it's a division\"},dce";

#[test]
fn a_crash_is_reproduced() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("crash.mlir").display().to_string();
    let flag = format!("--mlir-pass-pipeline-crash-reproducer={file}");
    let crash = "error: pass `crash-on-div` crashed: it's a division [pass/crash]";
    for (extra, pipeline, negations) in [
        (&[][..], r#"// RUN: --pass-pipeline='canonicalize,crash-on-div{text="it'\''s a division"},dce'"#, 2),
        (
            &["--mlir-pass-pipeline-local-reproducer"],
            r#"// RUN: --pass-pipeline='crash-on-div{text="it'\''s a division"}'"#,
            0,
        ),
    ] {
        let ran = run(&[&["-", PIPELINE, &flag], extra].concat(), MODULE);
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Failed, ""));
        assert!(ran.stderr.contains(crash), "{}", ran.stderr);
        assert!(ran.stderr.contains("crash.mlir reproduces this with --run-reproducer"), "{}", ran.stderr);
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().next(), Some(pipeline));
        assert_eq!(text.matches("tfl.neg").count(), negations, "{text}");
        let again = run(&[&file, "--run-reproducer"], "");
        assert_eq!(again.status, Status::Failed);
        assert!(again.stderr.contains(crash), "{}", again.stderr);
    }
    let small = run(&[&file, "--run-reproducer", "--reduce"], "");
    assert_eq!(small.status, Status::Done, "{}", small.stderr);
    assert!(small.stdout.contains("tfl.div") && !small.stdout.contains("tfl.sin"), "{}", small.stdout);
    assert!(small.stderr.contains("2 of 3 operations still fail with pass/crash"), "{}", small.stderr);
    std::fs::write(&file, &small.stdout).unwrap();
    let again = run(&[&file, "--run-reproducer"], "");
    assert!(again.stderr.contains(crash), "{}", again.stderr);
}

#[test]
fn success_leaves_no_reproducer() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("none.mlir");
    let flag = format!("--mlir-pass-pipeline-crash-reproducer={}", file.display());
    let ran = run(&["-", "--pass-pipeline=dce", &flag], MODULE);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    assert!(!file.exists());
}

#[test]
fn printed_ir_goes_to_a_tree_of_files() {
    let dir = tempfile::tempdir().unwrap();
    let flag = format!("--mlir-print-ir-tree-dir={}", dir.path().display());
    let files = |dir: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(dir.join("builtin_module_no-symbol-name")).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let ran = run(&["-", "--pass-pipeline=canonicalize,cse,symbol-dce", &flag], MODULE);
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Done, ""));
    assert_eq!(files(dir.path()), ["0_canonicalize.mlir", "1_cse.mlir", "2_symbol-dce.mlir"]);
    let text = std::fs::read_to_string(dir.path().join("builtin_module_no-symbol-name/2_symbol-dce.mlir")).unwrap();
    assert_eq!(text.split_once('\n').unwrap().1, ran.stdout);
    let other = tempfile::tempdir().unwrap();
    let flag = format!("--mlir-print-ir-tree-dir={}", other.path().display());
    let ran = run(&["-", "--pass-pipeline=cse,dce", &flag, "--mlir-print-ir-before=dce"], MODULE);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    assert_eq!(files(other.path()), ["1_before_dce.mlir"]);
}

#[test]
fn times_nest_as_passes_do() {
    let ran = run(&["-", "--pass-pipeline=symbol-dce,func.func(cse,dce),symbol-dce", "--mlir-timing"], MODULE);
    let names: Vec<&str> = ran.stderr.lines().filter_map(|l| l.get(18..)).collect();
    assert_eq!(names, ["pass", "symbol-dce", "func.func", "  cse", "  dce", "symbol-dce", "total"]);
}

#[test]
fn passes_of_a_host_are_listed() {
    assert!(run(&["--list-passes"], "").stdout.contains("crash-on-div"));
    assert!(run(&["--help-pass=ptq"], "").stdout.contains("keep-float: "));
    let ran = run(&["-", "--pass-pipeline=crash-on-dif"], MODULE);
    assert!(ran.stderr.contains("unknown pass `crash-on-dif`; did you mean `crash-on-div`?"), "{}", ran.stderr);
}
