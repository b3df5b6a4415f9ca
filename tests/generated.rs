//! Generated C: every model of `tests/models` in every mode compiles without a warning and gives the reference kernels' values, tensor by
//! tensor, also under the address and undefined-behaviour sanitizers; the text of a small one is a snapshot.

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use quant_opt::{NumpyFiles, Status};
use quant_opt_tests::{here, model, quant_opt, quant_run};

/// How models are made.
const MODES: &[&str] = &["none", "float16", "dynamic", "weights", "int8"];

/// The compilers of the comparisons: one for this machine, and one for any, whose programs look after memory and overflows.
const NATIVE: &str = "cc -march=native";
const SANITIZED: &str = "cc -DPORTABLE -g -fsanitize=address,undefined -fno-sanitize-recover=all";

const SMALL: &str = r#"
!x = tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5:-3>>
!w = tensor<3x1x1x2x!quant.uniform<i8:f32:0, {0.25,0.5,0.125}>>
!b = tensor<3x!quant.uniform<i32:f32:0, {0.125,0.25,0.0625}>>
!y = tensor<1x4x4x3x!quant.uniform<i8:f32, 0.75:1>>
!m = tensor<1x3x!quant.uniform<i8:f32, 0.5>>
func.func @main(%image: !x) -> !m attributes {tf.entry_function = {inputs = "image", outputs = "means"}} {
  %w = "tfl.pseudo_qconst"() <{qtype = !w, value = dense<[[[[1, 2]]], [[[3, -4]]], [[[-5, 6]]]]> : tensor<3x1x1x2xi8>}> : () -> !w
  %b = "tfl.pseudo_qconst"() <{qtype = !b, value = dense<[7, 8, 9]> : tensor<3xi32>}> : () -> !b
  %y = "tfl.conv_2d"(%image, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "RELU",
       padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (!x, !w, !b) -> !y loc("block/Conv")
  %axes = arith.constant dense<[1, 2]> : tensor<2xi32>
  %m = "tfl.mean"(%y, %axes) <{keep_dims = false}> : (!y, tensor<2xi32>) -> !m loc("block/Mean")
  return %m : !m
}
"#;

fn done(what: &str, ran: &quant_opt_tests::Ran) -> Result<(), Failed> {
    if ran.status == Status::Done { Ok(()) } else { Err(format!("{what}: {}", ran.stderr).into()) }
}

/// `path` must compile without a warning.
fn compiles(path: &Path) -> Result<(), Failed> {
    let object = path.with_extension("o");
    let compiler = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-c"])
        .arg(path)
        .arg("-o")
        .arg(object)
        .output()
        .map_err(|e| format!("cc cannot be run: {e}"))?;
    if compiler.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&compiler.stderr).into_owned().into()) }
}

/// Generates a model in a mode, and compares every tensor on its evaluation data.
fn check(name: &str, mode: &str) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let at = |file: &str| dir.path().join(file).display().to_string();
    let (saved, file, c) = (model(name, "saved_model"), at("m.tflite"), at("m.c"));
    let (quantize, calib) =
        (format!("--quantize={mode}"), format!("--representative-dataset={}", model(name, "calib.npz")));
    let mut args = vec![saved.as_str(), &quantize, "--batch=1", "-o", &file];
    if mode == "int8" {
        args.push(&calib);
    }
    done("quantize", &quant_opt(&args, ""))?;
    let generated = quant_opt(&[&file, "-o", &c], "");
    done("generate", &generated)?;
    if !generated.stderr.contains(" bytes of arena, ") {
        return Err(format!("the summary does not tell the arena: {}", generated.stderr).into());
    }
    compiles(c.as_ref())?;
    let inputs = format!("--inputs={}", model(name, "eval.npz"));
    for cc in [NATIVE, SANITIZED] {
        let ran = quant_run(&[&file, &inputs, "--verify", &format!("--cc={cc}")]);
        done(cc, &ran)?;
        if !ran.stdout.contains("generated C are equal") {
            return Err(format!("{cc} says {}", ran.stdout).into());
        }
    }
    Ok(())
}

/// Rounding by another set of kernels is generated too.
fn rounds_otherwise() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("m.tflite").display().to_string();
    let name = "digits_resnet_dw";
    let calib = format!("--representative-dataset={}", model(name, "calib.npz"));
    let saved = model(name, "saved_model");
    done("quantize", &quant_opt(&[&saved, "--quantize=int8", &calib, "--batch=1", "-o", &file], ""))?;
    let inputs = format!("--inputs={}", model(name, "eval.npz"));
    done("micro", &quant_run(&[&file, &inputs, "--verify", "--rounding=micro"]))?;
    done("optimized", &quant_run(&[&file, &inputs, "--verify", "--rounding=optimized"]))
}

/// `--kernels=generated` gives what the reference kernels give.
fn runs_generated() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let at = |file: &str| dir.path().join(file).display().to_string();
    let (file, calib) = (at("m.tflite"), format!("--representative-dataset={}", model("digits_cnn", "calib.npz")));
    let saved = model("digits_cnn", "saved_model");
    done("quantize", &quant_opt(&[&saved, "--quantize=int8-only", "--io=int8", &calib, "--batch=1", "-o", &file], ""))?;
    let inputs = format!("--inputs={}", model("digits_cnn", "eval.npz"));
    for kernels in ["reference", "generated"] {
        let (kernels, output) = (format!("--kernels={kernels}"), at(&format!("{kernels}.npz")));
        done(&kernels, &quant_run(&[&file, &inputs, &kernels, "-o", &output]))?;
    }
    let read = |kernels: &str| std::fs::read(dir.path().join(format!("{kernels}.npz")));
    if read("reference")? == read("generated")? { Ok(()) } else { Err("the outputs differ".into()) }
}

fn text_of_a_small_one() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (mlir, c) = (dir.path().join("small.mlir"), dir.path().join("small.c"));
    std::fs::write(&mlir, SMALL)?;
    done("generate", &quant_opt(&[&mlir.display().to_string(), "-o", &c.display().to_string()], ""))?;
    compiles(&c)?;
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(here("snapshots"));
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("generated.h", std::fs::read_to_string(c.with_extension("h")).unwrap_or_default());
        insta::assert_snapshot!("generated.c", std::fs::read_to_string(&c).unwrap_or_default());
    });
    Ok(())
}

/// Branches and loops become C's; what they call is compared too.
fn control_flow() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let at = |file: &str| dir.path().join(file);
    let write = |file: &str, arrays: [(&str, Vec<i32>); 2]| {
        let tensor = |(name, v): (&str, Vec<i32>)| (name.to_owned(), ir::Tensor::i32(&[v.len() / 2, 2], v));
        NumpyFiles::write(&mut std::fs::File::create(at(file))?, &arrays.into_iter().map(tensor).collect())
    };
    let samples = [[[1, 2], [3, 4]], [[60, 50], [0, 0]], [[0, 0], [-5, 1]], [[1, 1], [2000, 3000]]];
    let flat = |i: usize| samples.iter().flat_map(|s| s[i]).collect::<Vec<i32>>();
    write("in.npz", [("x", flat(0)), ("y", flat(1))])?;
    let (mut chosen, mut last) = (Vec::new(), Vec::new());
    for [mut a, mut b] in samples {
        while a.iter().sum::<i32>() < 100 {
            (a, b) = ([a[0] + b[0] + 1, a[1] + b[1] + 1], a);
        }
        let big = a.iter().sum::<i32>() > 1000;
        chosen.extend(if big { b } else { [a[0] - b[0], a[1] - b[1]] });
        last.extend(a);
    }
    write("expected.npz", [("a", chosen), ("b", last)])?;
    let text = here("data/loop.mlir").display().to_string();
    let (inputs, found) = (format!("--inputs={}", at("in.npz").display()), at("found.npz").display().to_string());
    let cc = format!("--cc={SANITIZED}");
    done("run", &quant_run(&[&text, &inputs, &cc, "--verify", "--kernels=generated", "-o", &found]))?;
    if std::fs::read(at("expected.npz"))? == std::fs::read(at("found.npz"))? {
        Ok(())
    } else {
        Err("the outputs differ".into())
    }
}

/// What cannot be generated is one sentence with the layer, and leaves no file.
fn refuses_unknown_shapes() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let c = dir.path().join("m.c");
    let ran = quant_opt(&[&model("digits_cnn", "saved_model"), "-o", &c.display().to_string()], "");
    let said = ran.stderr.contains("codegen/unsupported") && ran.stderr.contains("--batch=1");
    if ran.status == Status::Failed && said && std::fs::read_dir(dir.path())?.next().is_none() {
        return Ok(());
    }
    Err(format!("{:?}: {}", ran.status, ran.stderr).into())
}

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let folders = std::fs::read_dir(here("models")).into_iter().flatten().filter_map(Result::ok);
    let mut models: Vec<String> = folders
        .filter(|e| e.path().join("saved_model").is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    models.sort();
    assert!(!models.is_empty(), "there are models");
    let mut trials = vec![
        Trial::test("text_of_a_small_one", text_of_a_small_one),
        Trial::test("refuses_unknown_shapes", refuses_unknown_shapes),
        Trial::test("rounds_otherwise", rounds_otherwise),
        Trial::test("runs_generated", runs_generated),
        Trial::test("control_flow", control_flow),
    ];
    for name in models {
        for mode in MODES {
            let name = name.clone();
            trials.push(Trial::test(format!("{name}/{mode}"), move || check(&name, mode)));
        }
    }
    libtest_mimic::run(&args, trials).exit_code()
}
