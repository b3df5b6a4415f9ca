//! Damaged files, whole pipelines: whatever comes in, an answer comes out.

use std::path::Path;

use quant_opt::Status;
use quant_opt_tests::{here, model, quant_opt};

/// A small generator of numbers: files are damaged in the same way each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
    fn damage(&mut self, data: &[u8]) -> Vec<u8> {
        let mut out = data.to_vec();
        match self.next() % 4 {
            0 => out.truncate(self.next() % data.len()),
            1 => {
                let at = self.next() % data.len();
                let len = (1 + self.next() % 64).min(data.len() - at);
                out.drain(at..at + len);
            }
            _ => {
                for _ in 0..1 + self.next() % 8 {
                    let at = self.next() % data.len();
                    out[at] = self.next() as u8;
                }
            }
        }
        out
    }
}

/// Converts a damaged input; it may fail, but not otherwise than with an error.
fn answer(input: &str, flags: &[&str]) -> bool {
    let ran = quant_opt(&[&[input], flags].concat(), "");
    assert_ne!(ran.status, Status::Usage, "{}", ran.stderr);
    assert_eq!(ran.status == Status::Failed, ran.stderr.contains("error: "), "{}", ran.stderr);
    ran.status == Status::Done
}

fn rounds(original: &Path, damaged: &Path, seed: u64, count: usize, run: impl Fn() -> bool) {
    let data = std::fs::read(original).unwrap();
    let mut numbers = Numbers(seed);
    let mut survived = 0;
    for _ in 0..count {
        std::fs::write(damaged, numbers.damage(&data)).unwrap();
        survived += usize::from(run());
    }
    std::fs::write(damaged, &data).unwrap();
    assert!(survived < count, "damage is noticed");
    assert!(run(), "the undamaged file converts");
}

#[test]
fn damaged_saved_models() {
    let dir = tempfile::tempdir().unwrap();
    let source = here("models/digits_v1_variables/saved_model");
    std::fs::create_dir(dir.path().join("variables")).unwrap();
    let files = ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"];
    for file in files {
        std::fs::copy(source.join(file), dir.path().join(file)).unwrap();
    }
    let input = dir.path().display().to_string();
    let output = dir.path().join("out.tflite").display().to_string();
    let data = format!("--representative-dataset={}", model("digits_v1_variables", "calib.npz"));
    for (i, (file, count)) in files.into_iter().zip([100, 30, 10]).enumerate() {
        let flags = ["-o", &output, "--quantize=int8", &data];
        rounds(&source.join(file), &dir.path().join(file), i as u64, count, || answer(&input, &flags));
    }
}

#[test]
fn damaged_tflite_files() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, damaged) = (dir.path().join("whole.tflite"), dir.path().join("damaged.tflite"));
    let data = format!("--representative-dataset={}", model("digits_v1_frozen", "calib.npz"));
    let saved_model = model("digits_v1_frozen", "saved_model");
    for (seed, mode) in ["int8", "dynamic", "none"].into_iter().enumerate() {
        let (mode, whole) = (format!("--quantize={mode}"), whole.display().to_string());
        let made = quant_opt(&[&saved_model, "-o", &whole, &mode, &data], "");
        assert_eq!(made.status, Status::Done, "{}", made.stderr);
        let (input, output) = (damaged.display().to_string(), dir.path().join("out.tflite").display().to_string());
        rounds(Path::new(&whole), &damaged, seed as u64, 40, || answer(&input, &["-o", &output, "--verify"]));
    }
}

#[test]
fn damaged_text() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, damaged) = (dir.path().join("whole.mlir"), dir.path().join("damaged.mlir"));
    let data = format!("--representative-dataset={}", model("digits_v1_frozen", "calib.npz"));
    let args =
        [&model("digits_v1_frozen", "saved_model"), "-o", &whole.display().to_string(), "--quantize=int8", &data];
    let made = quant_opt(&args, "");
    assert_eq!(made.status, Status::Done, "{}", made.stderr);
    let (input, output) = (damaged.display().to_string(), dir.path().join("out.tflite").display().to_string());
    rounds(&whole, &damaged, 3, 100, || answer(&input, &["-o", &output]));
}
