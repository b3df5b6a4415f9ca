//! Float kernels on the shapes of a MobileNetV2 and some others: billions of multiplications and additions a second, and that as a share of what
//! the core does at most. Element-wise kernels: gigabytes read and written a second.
#![allow(clippy::print_stdout, reason = "a table of results")]

mod measure;

use measure::{float_bound, seconds};
use quant_opt_kernels::float::Clamp;
use quant_opt_kernels::float::conv::ConvParams;
use quant_opt_kernels::float::pool::Pool;
use quant_opt_kernels::optimized::float::{
    BINARY, Binary, Conv, Depthwise, Pooling, Reduction, Softmax, UNARY, Unary, Weights,
};
use quant_opt_kernels::range::Range;

const RELU6: Clamp = Clamp { min: 0.0, max: 6.0 };

fn data(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7919 % 251) as f32 / 125.0 - 1.0).collect()
}

fn params(stride: usize) -> ConvParams {
    ConvParams { stride: [stride; 2], dilation: [1, 1], same: true }
}

/// Prints work by its multiplications.
fn multiplied(bound: f64, name: &str, shape: &str, multiplications: usize, time: f64) {
    let rate = multiplications as f64 / time / 1e9;
    println!("{name:<16} {shape:<28} {:>9.1} us {rate:>7.2} GMAC/s {:>5.0} %", time * 1e6, 100.0 * rate / bound);
}

/// Prints work by the elements it reads and writes.
fn moved(name: &str, shape: &str, elements: usize, time: f64) {
    println!("{name:<16} {shape:<28} {:>9.1} us {:>7.2} GB/s", time * 1e6, 4.0 * elements as f64 / time / 1e9);
}

/// Calls `run` for each band of a result, as a plan does.
fn bands(y: &mut [f32], band: usize, mut run: impl FnMut(usize, &mut [f32])) {
    y.chunks_mut(band).enumerate().for_each(|(i, y)| run(i * band, y));
}

fn conv(bound: f64, [h, c, taps, stride, o]: [usize; 5]) {
    let (x, w, b) = (data(h * h * c), data(o * taps * taps * c), data(o));
    let conv = Conv::new(&[1, h, h, c], &w, &[o, taps, taps, c], Some(&b), params(stride), RELU6).expect("it fits");
    let [_, oh, ow, _] = conv.shape();
    let (mut y, mut scratch) = (vec![0.0; oh * ow * o], vec![0.0; conv.scratch()]);
    let time = seconds(|| {
        bands(&mut y, conv.band(), |first, y| conv.run(&x, first / o, y, &mut scratch).expect("it runs"));
    });
    let shape = format!("{h}x{h}x{c} {taps}x{taps}/{stride} -> {o}");
    multiplied(bound, "conv_2d", &shape, oh * ow * o * taps * taps * c, time);
}

fn depthwise(bound: f64, [h, c, taps, stride]: [usize; 4]) {
    let (x, w, b) = (data(h * h * c), data(taps * taps * c), data(c));
    let f_shape = [1, taps, taps, c];
    let conv = Depthwise::new(&[1, h, h, c], &w, &f_shape, Some(&b), params(stride), RELU6).expect("it fits");
    let [_, oh, ow, _] = conv.shape();
    let mut y = vec![0.0; oh * ow * c];
    let time = seconds(|| bands(&mut y, conv.band(), |first, y| conv.run(&x, first / (ow * c), y)));
    multiplied(bound, "depthwise", &format!("{h}x{h}x{c} {taps}x{taps}/{stride}"), oh * ow * c * taps * taps, time);
}

fn fully_connected(bound: f64, [rows, depth, outputs]: [usize; 3]) {
    let (x, w, b) = (data(rows * depth), data(outputs * depth), data(outputs));
    let weights = Weights::new(&w, [outputs, depth], Some(&b)).expect("it fits");
    let mut y = vec![0.0; rows * outputs];
    let time = seconds(|| weights.product(&x, &mut y).expect("it runs"));
    multiplied(bound, "fully_connected", &format!("{rows}x{depth} -> {outputs}"), rows * depth * outputs, time);
}

fn main() {
    let bound = float_bound();
    println!("bound of the core: {bound:.1} GMAC/s");
    for shape in [
        [224, 3, 3, 2, 32],
        [112, 16, 1, 1, 96],
        [56, 24, 1, 1, 144],
        [28, 192, 1, 1, 32],
        [14, 384, 1, 1, 96],
        [14, 96, 1, 1, 576],
        [7, 960, 1, 1, 320],
        [56, 64, 3, 1, 64],
        [28, 64, 5, 2, 96],
    ] {
        conv(bound, shape);
    }
    for shape in [
        [112, 32, 3, 1],
        [112, 96, 3, 2],
        [56, 144, 3, 1],
        [28, 192, 3, 1],
        [14, 576, 3, 1],
        [7, 960, 3, 1],
        [28, 48, 5, 1],
    ] {
        depthwise(bound, shape);
    }
    for shape in [[1, 1280, 1000], [64, 256, 1024]] {
        fully_connected(bound, shape);
    }
    let shape = [1, 56, 56, 64];
    let n = shape.iter().product();
    let (a, b, mut y) = (data(n), data(n), vec![0.0; n]);
    for (name, run) in BINARY {
        let kernel = Binary::new(*run, &shape, &shape, &shape, Clamp::NONE).expect("equal shapes");
        let time = seconds(|| bands(&mut y, kernel.band(), |first, y| kernel.run(&a, &b, first, y).expect("it runs")));
        moved(name, "56x56x64", 3 * n, time);
    }
    for (name, run) in UNARY {
        let kernel = Unary::new(*run, 0.1);
        let time = seconds(|| bands(&mut y, kernel.band(), |first, y| kernel.run(&a, first, y)));
        moved(name, "56x56x64", 2 * n, time);
    }
    for kind in [Pool::Average, Pool::Max] {
        let window = params(2).window([56, 56], [3, 3]).expect("it fits");
        let kernel = Pooling::new(&shape, window, kind, Clamp::NONE).expect("it fits");
        let mut y = vec![0.0; 28 * 28 * 64];
        let time = seconds(|| bands(&mut y, kernel.band(), |first, y| kernel.run(&a, first / 64, y)));
        moved(&format!("{kind:?} pool"), "56x56x64 3x3/2", n + n / 4, time);
    }
    let mean = Reduction::new(&shape, &[1, 2], true).expect("neighbours");
    let time = seconds(|| mean.run(&a, 0, &mut y[..64]));
    moved("mean", "56x56x64 over 56x56", n, time);
    let softmax = Softmax::new(1024, 1.0);
    let time = seconds(|| softmax.run(&a, 0, &mut y));
    moved("softmax", "196x1024", 2 * n, time);
    let time = seconds(|| {
        let mut range = Range::EMPTY;
        range.see(&a);
        std::hint::black_box(range);
    });
    moved("range", "56x56x64", n, time);
}
