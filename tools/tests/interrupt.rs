//! Ctrl-C in the middle of long work.
#![cfg(unix)]

use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A function of an image that takes a while.
const MODEL: &str = r#"
func.func @serving_default(%x: tensor<1x64x64x8xf32>) -> tensor<1x64x64x8xf32> attributes {tf.entry_function = {inputs = "x", outputs = "y"}} {
  %w = arith.constant dense<0.01> : tensor<8x5x5x8xf32>
  %b = arith.constant dense<0.1> : tensor<8xf32>
  %0 = "tfl.conv_2d"(%x, %w, %b) <{dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32, fused_activation_function = "RELU", padding = "SAME", stride_h = 1 : i32, stride_w = 1 : i32}> : (tensor<1x64x64x8xf32>, tensor<8x5x5x8xf32>, tensor<8xf32>) -> tensor<1x64x64x8xf32>
  return %0 : tensor<1x64x64x8xf32>
}
"#;

#[test]
fn it_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (model, data) = (dir.path().join("m.mlir"), dir.path().join("x.npy"));
    std::fs::write(&model, MODEL).unwrap();
    // More samples than any machine runs in the time given; they are zeros that take no room on the disk.
    let samples = 100_000u64;
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({samples}, 64, 64, 8), }}").into_bytes();
    header.resize((10 + header.len() + 1).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let mut file = File::create(&data).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&u16::try_from(header.len()).unwrap().to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.set_len(10 + header.len() as u64 + samples * 64 * 64 * 8 * 4).unwrap();

    let mut child = Command::new(env!("CARGO_BIN_EXE_quant-opt"))
        .arg(&model)
        .arg("--quantize=int8")
        .arg(format!("--representative-dataset={}", data.display()))
        .arg("-o")
        .arg(dir.path().join("out.tflite"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(2), "{}", String::from_utf8_lossy(&ended.stderr));
    let mut left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["m.mlir", "x.npy"]);
}
