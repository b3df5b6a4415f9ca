//! Optimized kernels beside those written to be read, on whole models.

use std::path::Path;

use ir::{Elem, Tensor};
use passes::data::Arrays;
use quant_opt::{NumpyFiles, Status};
use quant_opt_tests::{here, model, quant_opt, quant_run};

/// Every model of `tests/models` that has data to calibrate on.
fn models() -> Vec<String> {
    let entries = std::fs::read_dir(here("models")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| Path::new(&model(name, "calib.npz")).exists()).collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    names
}

/// Every tensor of the first sample, and the outputs of all.
fn run(file: &str, name: &str, dir: &Path, kernels: &str, threads: usize) -> (Arrays, Arrays) {
    let (tensors, outputs) = (dir.join("t.npz").display().to_string(), dir.join("y.npz").display().to_string());
    let inputs = model(name, "eval.npz");
    let (kernels, threads) = (format!("--kernels={kernels}"), format!("--threads={threads}"));
    let ran = quant_run(&[file, "--inputs", &inputs, "--all-tensors", &tensors, "-o", &outputs, &kernels, &threads]);
    assert_eq!(ran.status, Status::Done, "{name}: {}", ran.stderr);
    let load = |path: &str| NumpyFiles::load(Path::new(path)).unwrap();
    (load(&tensors), load(&outputs))
}

fn near(a: &Tensor, b: &Tensor) -> bool {
    let (a, b) = (a.to_f64().unwrap(), b.to_f64().unwrap());
    let largest = b.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-5 * largest)
}

#[test]
fn integers_agree_to_the_bit_and_floats_nearly() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("m.tflite").display().to_string();
    for name in models() {
        let (input, data) = (model(&name, "saved_model"), model(&name, "calib.npz"));
        let data = format!("--representative-dataset={data}");
        for flags in [&["--quantize=none"][..], &["--quantize=int8", "--io=int8", &data]] {
            let args: Vec<&str> = [&input, "-o", &file].into_iter().chain(flags.iter().copied()).collect();
            let ran = quant_opt(&args, "");
            assert_eq!(ran.status, Status::Done, "{name}: {}", ran.stderr);
            let expected = run(&file, &name, dir.path(), "reference", 1);
            for threads in [1, 2] {
                let found = run(&file, &name, dir.path(), "optimized", threads);
                for (found, expected) in [(&found.0, &expected.0), (&found.1, &expected.1)] {
                    assert!(found.keys().eq(expected.keys()), "{name}");
                    for (key, f) in found {
                        let e = &expected[key];
                        let same = if e.ty().elem == Elem::F32 { near(f, e) } else { f == e };
                        assert!(same, "{name} {flags:?}, {threads} threads: tensor {key} differs");
                    }
                }
            }
        }
    }
}

#[test]
fn calibration_does_not_depend_on_threads() {
    let dir = tempfile::tempdir().unwrap();
    let data = format!("--representative-dataset={}", model("digits_resnet_dw", "calib.npz"));
    let made = |threads: usize| {
        let file = dir.path().join(format!("{threads}.tflite")).display().to_string();
        let threads = format!("--threads={threads}");
        let input = model("digits_resnet_dw", "saved_model");
        let ran = quant_opt(&[&input, "--quantize=int8", &data, "-o", &file, &threads], "");
        assert_eq!(ran.status, Status::Done, "{}", ran.stderr);
        std::fs::read(file).unwrap()
    };
    let one = made(1);
    assert!(made(2) == one && made(5) == one, "other bytes");
}
