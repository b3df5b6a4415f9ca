//! How fast the int8 kernels are on one core, by kernel and variant.
//!
//! `cargo bench -p quant-opt-kernels --bench int8 [FILTER]`. Every figure is of the fastest of many short runs, so that other work on the machine
//! matters little. Cycles are those of a chain of dependent additions, one a cycle, timed beside the runs.
#![allow(clippy::print_stdout, reason = "a table of results")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use quant_opt_kernels::fixed::Multiplier;
use quant_opt_kernels::float::conv::ConvParams;
use quant_opt_kernels::optimized::{Conv, Depthwise, FullyConnected, VARIANTS};
use quant_opt_kernels::reference::conv::Filter;
use quant_opt_kernels::reference::matmul::FromSums;
use quant_opt_kernels::reference::{Codes, Requant};

/// Time that each kernel is run for.
const BUDGET: Duration = Duration::from_millis(400);
/// Multiply-accumulates a cycle that one Zen 3 core can do by `vpsignb`, `vpmaddubsw`, `vpmaddwd` and `vpaddd`.
const BOUND: f64 = 32.0;

/// The shortest time of a run, and of a chain of [`CHAIN`] additions, in seconds.
fn fastest(mut run: impl FnMut()) -> (f64, f64) {
    let timed = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    let end = Instant::now() + BUDGET;
    let (mut best, mut cycles) = (f64::INFINITY, f64::INFINITY);
    while Instant::now() < end {
        best = best.min(timed(&mut run));
        cycles = cycles.min(timed(&mut || chain(CHAIN)));
    }
    (best, cycles)
}

/// Dependent additions in a chain.
const CHAIN: u64 = 20_000;

/// Takes `n` cycles.
fn chain(n: u64) {
    let mut x = black_box(1u64);
    for _ in 0..n / 8 {
        for _ in 0..8 {
            // Opaque to the optimizer, which would fold the additions.
            x = black_box_add(x);
        }
    }
    black_box(x);
}

#[inline(always)]
fn black_box_add(x: u64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut x = x;
        // SAFETY: adds to a register.
        #[allow(unsafe_code)]
        unsafe {
            std::arch::asm!("add {0}, 1", inout(reg) x, options(pure, nomem, nostack));
        }
        x
    }
    #[cfg(not(target_arch = "x86_64"))]
    black_box(x.wrapping_add(1))
}

fn report(name: &str, variant: &str, macs: usize, (time, cycles): (f64, f64)) {
    let (macs, hertz) = (macs as f64, CHAIN as f64 / cycles);
    let a_cycle = macs / time / hertz;
    let share = if variant == "avx2" { format!("{:4.0} %", 100.0 * a_cycle / BOUND) } else { "     -".into() };
    println!(
        "{name:<34} {variant:<12} {:8.3} ms {:7.1} GMAC/s {a_cycle:6.1} MAC/cycle {share}",
        time * 1e3,
        macs / time / 1e9
    );
}

fn codes(n: usize) -> Vec<i8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 32) as i8).max(-127)
    };
    (0..n).map(|_| next()).collect()
}

fn requant(depth: usize) -> Requant {
    let multiplier = Multiplier::new(1.0 / (64.0 * depth as f64)).expect("a factor below 1");
    Requant { multipliers: vec![multiplier], zero: -3, codes: Codes::I8 }
}

/// Image `[h, w, c]`, filter `[o, kh, kw]` and stride.
type Shape = ([usize; 3], [usize; 3], usize);

const CONVOLUTIONS: &[(&str, Shape)] = &[
    ("conv 3x3/2, 224x224x3 to 32", ([224, 224, 3], [32, 3, 3], 2)),
    ("conv 1x1, 112x112x16 to 96", ([112, 112, 16], [96, 1, 1], 1)),
    ("conv 1x1, 28x28x192 to 32", ([28, 28, 192], [32, 1, 1], 1)),
    ("conv 1x1, 14x14x64 to 384", ([14, 14, 64], [384, 1, 1], 1)),
    ("conv 1x1, 7x7x160 to 960", ([7, 7, 160], [960, 1, 1], 1)),
    ("conv 3x3, 56x56x64 to 64", ([56, 56, 64], [64, 3, 3], 1)),
    ("conv 3x3, 14x14x256 to 256", ([14, 14, 256], [256, 3, 3], 1)),
];

const DEPTHWISE: &[(&str, Shape)] = &[
    ("depthwise 3x3, 112x112x32", ([112, 112, 32], [32, 3, 3], 1)),
    ("depthwise 3x3/2, 112x112x96", ([112, 112, 96], [96, 3, 3], 2)),
    ("depthwise 3x3, 14x14x384", ([14, 14, 384], [384, 3, 3], 1)),
    ("depthwise 5x5, 14x14x240", ([14, 14, 240], [240, 5, 5], 1)),
];

fn main() {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let wanted = |name: &str| name.contains(&filter);
    for variant in VARIANTS.iter().filter(|v| (v.available)()) {
        for size in [512usize, 128].into_iter().filter(|s| wanted(&format!("gemm {s}"))) {
            let (x, w) = (codes(size * size), codes(size * size));
            let out = FromSums::Fixed(requant(size));
            let kernel = FullyConnected::new(3, &w, [size, size], None, &out).and_then(|k| k.with(variant));
            let (kernel, mut y) = (kernel.expect("weights that fit"), vec![0; size * size]);
            let time = fastest(|| kernel.run(black_box(&x), 0..size, &mut y).expect("a run"));
            report(&format!("gemm {size}x{size}x{size}"), variant.name, size * size * size, time);
        }
        for (name, ([h, w, c], [o, kh, kw], stride)) in CONVOLUTIONS.iter().filter(|(n, _)| wanted(n)) {
            let (x, f) = (codes(h * w * c), codes(o * kh * kw * c));
            let filter = Filter { data: &f, shape: &[*o, *kh, *kw, *c], bias: None };
            let params = ConvParams { stride: [*stride; 2], dilation: [1, 1], same: true };
            let kernel = Conv::new(&[1, *h, *w, *c], 3, filter, params, &requant(kh * kw * c));
            let kernel = kernel.and_then(|k| k.with(variant)).expect("shapes that fit");
            let (mut y, mut scratch) = (vec![0; kernel.shape().iter().product()], vec![0; kernel.scratch()]);
            let time = fastest(|| kernel.run(black_box(&x), 0..kernel.rows(), &mut y, &mut scratch).expect("a run"));
            report(name, variant.name, y.len() * kh * kw * c, time);
        }
        for (name, ([h, w, c], [_, kh, kw], stride)) in DEPTHWISE.iter().filter(|(n, _)| wanted(n)) {
            let (x, f) = (codes(h * w * c), codes(kh * kw * c));
            let filter = Filter { data: &f, shape: &[1, *kh, *kw, *c], bias: None };
            let params = ConvParams { stride: [*stride; 2], dilation: [1, 1], same: true };
            let kernel = Depthwise::new(&[1, *h, *w, *c], 3, filter, params, &requant(kh * kw));
            let kernel = kernel.and_then(|k| k.with(variant)).expect("shapes that fit");
            let (mut y, mut scratch) = (vec![0; kernel.shape().iter().product()], vec![0; kernel.scratch()]);
            let time = fastest(|| kernel.run(black_box(&x), 0..kernel.rows(), &mut y, &mut scratch).expect("a run"));
            report(name, variant.name, y.len() * kh * kw, time);
        }
    }
}
