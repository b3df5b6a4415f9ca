//! The command lines, as a user meets them: what is said, how it ends, and that no file is left behind by a failure.

use std::fs::File;
use std::path::Path;

use ir::{Elem, Tensor};
use passes::data::Arrays;
use quant_opt::{NumpyFiles, Status};
use quant_opt_tests::{Ran, here, model, quant_opt, quant_run};
use tempfile::TempDir;

/// A folder for one test. Its path is written `$DIR` in what is compared.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
    fn npz(&self, name: &str, arrays: &[(&str, Tensor)]) -> String {
        let arrays: Arrays = arrays.iter().map(|(k, t)| ((*k).to_owned(), t.clone())).collect();
        let path = self.path(name);
        NumpyFiles::write(&mut File::create(&path).unwrap(), &arrays).unwrap();
        path
    }
    fn clean(&self, text: &str) -> String {
        text.replace(&self.0.path().display().to_string(), "$DIR").replace(&here("").display().to_string(), "")
    }
    /// Runs `quant-opt` on a digits model, which must fail and leave nothing; gives what it said.
    fn fails(&self, name: &str, flags: &[&str]) -> String {
        let before = self.count();
        let (input, output) = (model(name, "saved_model"), self.path("out.tflite"));
        let args: Vec<&str> = [&input, "-o", &output].into_iter().chain(flags.iter().copied()).collect();
        let ran = quant_opt(&args, "");
        assert_eq!((ran.status, ran.stdout.as_str()), (Status::Failed, ""), "{}", ran.stderr);
        assert_eq!(self.count(), before, "nothing is left behind");
        self.clean(&ran.stderr)
    }
    fn count(&self) -> usize {
        std::fs::read_dir(self.0.path()).unwrap().count()
    }
}

fn images(n: usize, value: impl Fn(usize) -> f32) -> Tensor {
    Tensor::f32(&[n, 24, 24, 1], (0..n * 576).map(value).collect())
}

/// One image of doubles.
fn doubles(value: f64) -> Tensor {
    let data: Vec<u8> = (0..576).flat_map(|_| value.to_le_bytes()).collect();
    Tensor::new(ir::TensorType::of(&[1, 24, 24, 1], Elem::F64), data.into()).unwrap()
}

fn load(path: &str) -> Arrays {
    NumpyFiles::load(Path::new(path)).unwrap()
}

#[test]
fn datasets_that_do_not_fit_are_explained() {
    let s = Scratch::new();
    let int8 = |path: &str| s.fails("digits_cnn", &["--quantize=int8", &format!("--representative-dataset={path}")]);
    insta::assert_snapshot!("missing_dataset", s.fails("digits_cnn", &["--quantize=int8"]));
    insta::assert_snapshot!("absent_dataset", int8(&s.path("nowhere.npz")));
    insta::assert_snapshot!("wrong_key", int8(&s.npz("key.npz", &[("img", images(1, |_| 0.0))])));
    insta::assert_snapshot!("wrong_shape", int8(&s.npz("shape.npz", &[("image", Tensor::f32(&[1, 3], vec![0.0; 3]))])));
    insta::assert_snapshot!("wrong_type", int8(&s.npz("type.npz", &[("image", doubles(0.1))])));
    insta::assert_snapshot!("no_samples", int8(&s.npz("none.npz", &[("image", images(0, |_| 0.0))])));
    insta::assert_snapshot!(
        "nan",
        int8(&s.npz("nan.npz", &[("image", images(12, |i| if i == 4000 { f32::NAN } else { i as f32 * 1e-4 }))]))
    );
    std::fs::write(s.path("text.npz"), "not an archive").unwrap();
    insta::assert_snapshot!("no_archive", int8(&s.path("text.npz")));
}

#[test]
fn a_summary_counts_casts_as_conversions() {
    let s = Scratch::new();
    let text = r#"
func.func @main(%x: tensor<4xi32>) -> tensor<4xi32> {
  %0 = "tfl.add"(%x, %x) <{fused_activation_function = "NONE"}> : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %1 = "tfl.cast"(%0) : (tensor<4xi32>) -> tensor<4xf32>
  %2 = "tfl.exp"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "tfl.cast"(%2) : (tensor<4xf32>) -> tensor<4xi32>
  return %3 : tensor<4xi32>
}"#;
    let ran = quant_opt(&["-", "-o", &s.path("out.tflite")], text);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let counted = "$DIR/out.tflite: 1 integer, 1 float, 0 custom operations, 2 conversions between them; ";
    assert!(s.clean(&ran.stderr).starts_with(counted), "{}", ran.stderr);
}

#[test]
fn poor_datasets_are_warned_about() {
    let s = Scratch::new();
    let zeros = s.npz("zeros.npz", &[("image", images(3, |_| 0.0))]);
    let ran = quant_opt(
        &[
            &model("digits_cnn", "saved_model"),
            "-o",
            &s.path("out.tflite"),
            "--quantize=int8",
            &format!("--representative-dataset={zeros}"),
        ],
        "",
    );
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let warnings: Vec<String> =
        s.clean(&ran.stderr).lines().take_while(|l| !l.contains("operations")).map(str::to_owned).collect();
    insta::assert_snapshot!("poor_dataset", warnings.join("\n"));
}

#[test]
fn models_that_cannot_be_read_are_explained() {
    let s = Scratch::new();
    insta::assert_snapshot!("absent_signature", s.fails("digits_cnn", &["--signature=predict"]));
    insta::assert_snapshot!("absent_tag", s.fails("digits_cnn", &["--tag=train"]));
    insta::assert_snapshot!("absent_directory", {
        let output = s.path("no/such/out.tflite");
        let ran = quant_opt(&[&model("digits_cnn", "saved_model"), "-o", &output], "");
        assert_eq!(ran.status, Status::Failed);
        s.clean(&ran.stderr)
    });
    let fails = |path: &str| {
        let ran = quant_opt(&[path, "-o", &s.path("out.tflite")], "");
        assert_eq!(ran.status, Status::Failed, "{}", ran.stderr);
        assert!(!Path::new(&s.path("out.tflite")).exists());
        s.clean(&ran.stderr)
    };
    insta::assert_snapshot!("absent_input", fails(&s.path("nowhere")));
    std::fs::create_dir(s.path("empty")).unwrap();
    insta::assert_snapshot!("empty_directory", fails(&s.path("empty")));
    let whole = std::fs::read(here("models/digits_cnn/saved_model/saved_model.pb")).unwrap();
    std::fs::create_dir(s.path("cut")).unwrap();
    std::fs::write(s.path("cut/saved_model.pb"), &whole[..whole.len() / 2]).unwrap();
    insta::assert_snapshot!("truncated_model", fails(&s.path("cut")));
    std::fs::write(s.path("short.tflite"), b"\x1c\0\0\0TFL3\0\0\0\0").unwrap();
    insta::assert_snapshot!("truncated_tflite", fails(&s.path("short.tflite")));
}

#[test]
fn options_that_do_not_fit_are_explained() {
    let s = Scratch::new();
    insta::assert_snapshot!("float_io", s.fails("digits_mlp", &["--quantize=dynamic", "--io=int8"]));
    insta::assert_snapshot!(
        "keep_float_nothing",
        s.fails("digits_mlp", &["--quantize=dynamic", "--keep-float=no/such/*"])
    );
    let file = s.path("m.tflite");
    let ran = quant_opt(&[&model("digits_mlp", "saved_model"), "-o", &file, "--quantize=dynamic"], "");
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let again = quant_opt(&[&file, "-o", &s.path("n.tflite"), "--quantize=float16"], "");
    assert_eq!(again.status, Status::Failed);
    insta::assert_snapshot!("quantized_twice", s.clean(&again.stderr));
    for (flags, what) in [
        (&["--pass-pipeline=dce", "--quantize=int8"][..], "cannot be used with"),
        (&["--pass-pipeline=dcee"], "did you mean `dce`?"),
        (&["--pass-pipeline=set-batch{batch=x}"], "takes a count"),
        (&["--quantize=int9"], "int8-only"),
        (&["-o", "model.onnx"], "ends in none of"),
        (&["--batch=0"], "0 is not in 1.."),
        (&["--mlir-print-ir-after=cce"], "did you mean `cse`?"),
    ] {
        let input = model("digits_mlp", "saved_model");
        let ran = quant_opt(&[&[input.as_str()], flags].concat(), "");
        assert_eq!(ran.status, Status::Usage, "{flags:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(what), "{flags:?}: {}", ran.stderr);
    }
}

#[test]
fn float_operations_are_listed_or_refused() {
    let s = Scratch::new();
    let text = r#"
func.func @serving_default(%x: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
  %0 = "tfl.sin"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("net/wave")
  %1 = "tfl.cos"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("net/shift")
  %2 = "tfl.relu"(%1) : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("net/relu")
  return %2 : tensor<1x4xf32>
}"#;
    let data = format!("--representative-dataset={}", here("suite/data/four.npz").display());
    let output = s.path("m.tflite");
    let run = |mode: &str| quant_opt(&["-", "-o", &output, mode, &data], text);
    let refused = run("--quantize=int8-only");
    assert_eq!(refused.status, Status::Failed);
    assert!(!Path::new(&output).exists());
    insta::assert_snapshot!("int8_only_refused", s.clean(&refused.stderr));
    let done = run("--quantize=int8");
    assert_eq!(done.status, Status::Done, "{}", done.stderr);
    let shown: Vec<&str> =
        done.stderr.lines().take_while(|l| !l.contains("seconds")).filter(|l| l.starts_with("  ")).collect();
    assert_eq!(
        shown,
        [
            "  net/wave (tfl.sin): TFLite has no int8 kernel for it",
            "  net/shift (tfl.cos): TFLite has no int8 kernel for it"
        ]
    );
}

/// Every mode, then the file on our own kernels: outputs by name, first axis samples.
#[test]
fn every_mode_converts_and_runs() {
    let s = Scratch::new();
    let data = format!("--representative-dataset={}", model("digits_multi_io", "calib.npz"));
    for mode in ["none", "float16", "dynamic", "weights", "int8", "int8-only"] {
        let (file, out) = (s.path(&format!("{mode}.tflite")), s.path(&format!("{mode}.npz")));
        let mode = format!("--quantize={mode}");
        let mut args =
            vec![model("digits_multi_io", "saved_model"), "-o".into(), file.clone(), mode, "--verify".into()];
        args.push(data.clone());
        let ran = quant_opt(&args.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
        assert!(ran.stderr.contains("bit for bit"), "{}", ran.stderr);
        let ran = quant_run(&[&file, "--inputs", &model("digits_multi_io", "eval.npz"), "-o", &out]);
        assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
        let (ours, reference) = (load(&out), load(&model("digits_multi_io", "float_outputs.npz")));
        for (name, r) in &reference {
            assert_eq!(ours[name].shape(), r.shape(), "{name}");
            let (a, b) = (ours[name].to_f64().unwrap(), r.to_f64().unwrap());
            let noise: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
            let signal: f64 = b.iter().map(|b| b * b).sum();
            assert!(10.0 * (signal / noise).log10() > 15.0, "{name} in {}", ran.stderr);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    let s = Scratch::new();
    let data = format!("--representative-dataset={}", model("digits_resnet_dw", "calib.npz"));
    let convert = |threads: &str| {
        let file = s.path("m.tflite");
        let args = [&model("digits_resnet_dw", "saved_model"), "-o", &file, "--quantize=int8", &data, threads];
        let ran = quant_opt(&args, "");
        assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
        std::fs::read(file).unwrap()
    };
    assert_eq!(convert("--threads=1"), convert("--threads=3"));
}

/// A pipeline is cut at every comma and continued from the printed module: the same file comes out.
#[test]
fn a_pipeline_can_be_cut_at_any_comma() {
    let s = Scratch::new();
    let input = model("digits_cnn", "saved_model");
    let data = format!("--representative-dataset={}", model("digits_cnn", "calib.npz"));
    let dumped = quant_opt(&[&input, "--quantize=int8", &data, "--dump-pass-pipeline"], "");
    assert_eq!(dumped.status, Status::Done, "{}", dumped.stderr);
    let pipeline = dumped.stdout.trim().to_owned();
    let whole = s.path("whole.tflite");
    let done = |ran: Ran| assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    done(quant_opt(&[&input, "-o", &whole, "--quantize=int8", &data], ""));
    let bytes = std::fs::read(&whole).unwrap();
    let commas: Vec<usize> = pipeline.match_indices(',').map(|(i, _)| i).collect();
    assert!(commas.len() > 8, "{pipeline}");
    for at in commas {
        let (first, second) = (&pipeline[..at], &pipeline[at + 1..]);
        let (half, file) = (s.path("half.mlir"), s.path("half.tflite"));
        done(quant_opt(&[&input, "-o", &half, &format!("--pass-pipeline={first}")], ""));
        done(quant_opt(&[&half, "-o", &file, &format!("--pass-pipeline={second}")], ""));
        assert!(std::fs::read(&file).unwrap() == bytes, "cut behind `{first}`");
    }
}

#[test]
fn a_written_file_reads_back_as_the_same_file() {
    let s = Scratch::new();
    let data = format!("--representative-dataset={}", model("digits_cnn", "calib.npz"));
    let (file, text, again) = (s.path("a.tflite"), s.path("a.mlir"), s.path("b.tflite"));
    let done = |ran: Ran| assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    done(quant_opt(&[&model("digits_cnn", "saved_model"), "-o", &file, "--quantize=int8", &data], ""));
    done(quant_opt(&[&file, "-o", &text], ""));
    done(quant_opt(&[&text, "-o", &again], ""));
    assert!(std::fs::read(&file).unwrap() == std::fs::read(&again).unwrap());
}

/// Variables cut up and stored in two shards.
#[test]
fn partitioned_variables_are_put_together() {
    let s = Scratch::new();
    let out = s.path("y.npz");
    let ran =
        quant_run(&[&model("partitioned", "saved_model"), "--inputs", &model("partitioned", "eval.npz"), "-o", &out]);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let (ours, reference) = (load(&out), load(&model("partitioned", "float_outputs.npz")));
    for (a, b) in ours["y"].as_f32().unwrap().iter().zip(reference["y"].as_f32().unwrap().iter()) {
        assert!((a - b).abs() <= 1e-5, "{a} is not {b}");
    }
}

#[test]
fn a_remainder_is_an_error_of_quant_run() {
    let s = Scratch::new();
    let inputs = s.npz("five.npz", &[("x", Tensor::f32(&[5, 6], vec![0.5; 30]))]);
    let file = s.path("two.tflite");
    let ran = quant_opt(&[&model("partitioned", "saved_model"), "-o", &file, "--batch=2"], "");
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let ran = quant_run(&[&file, "--inputs", &inputs, "-o", &s.path("y.npz")]);
    assert_eq!(ran.status, Status::Failed);
    assert!(ran.stderr.contains("the last 1 samples fill no batch"), "{}", ran.stderr);
    assert!(!Path::new(&s.path("y.npz")).exists());
}

#[test]
fn operations_are_timed() {
    let inputs = model("digits_mlp", "eval.npz");
    let ran = quant_run(&[&model("digits_mlp", "saved_model"), "--inputs", &inputs, "--bench=3", "--profile"]);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("3 runs: median ") && lines[0].ends_with(" ms"), "{}", lines[0]);
    assert_eq!(lines[1..].iter().filter(|l| l.ends_with("(tfl.fully_connected)")).count(), 3);
}

#[test]
fn all_tensors_are_stored_by_index() {
    let s = Scratch::new();
    let data = format!("--representative-dataset={}", model("digits_mlp", "calib.npz"));
    let (file, tensors) = (s.path("m.tflite"), s.path("t.npz"));
    quant_opt(&[&model("digits_mlp", "saved_model"), "-o", &file, "--quantize=int8", &data, "--io=int8"], "");
    let ran = quant_run(&[&file, "--inputs", &model("digits_mlp", "eval.npz"), "--all-tensors", &tensors]);
    assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
    let all = load(&tensors);
    assert!(all.len() >= 5, "{:?}", all.keys());
    assert!(all.keys().all(|k| k.parse::<usize>().is_ok()));
    assert!(all.values().all(|t| t.ty().elem == Elem::I8));
}

#[test]
fn tables_are_listed() {
    assert!(quant_opt(&["--list-passes"], "").stdout.contains("  Folds quantize and dequantize operations.\n"));
    assert!(quant_opt(&["--list-ops"], "").stdout.contains("tfl.conv_2d(input, filter, bias?) -> (output)"));
    assert!(quant_opt(&["--help-pass=set-batch"], "").stdout.contains("batch: The size. (a count, default 1)"));
    assert_eq!(quant_opt(&["--help-pass=set-bath"], "").status, Status::Usage);
    insta::assert_snapshot!("help_pass", quant_opt(&["--help-pass=set-io-type"], "").stdout);
}
