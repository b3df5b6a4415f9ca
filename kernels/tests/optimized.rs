//! Every variant of the optimized kernels against the reference kernels: random shapes, equal bits.

mod random;

use quant_opt_kernels::KernelError;
use quant_opt_kernels::float::conv::ConvParams;
use quant_opt_kernels::geometry::{Axis, Window};
use quant_opt_kernels::optimized::{self, Conv, Depthwise, FullyConnected, Join, Pool, Product, VARIANTS, Variant};
use quant_opt_kernels::reference::conv::{Filter, Image, conv_2d, depthwise_conv_2d};
use quant_opt_kernels::reference::matmul::fully_connected;
use quant_opt_kernels::reference::rows::Softmax;
use quant_opt_kernels::reference::{Affine, Codes, elementwise, pool};
use random::Random;

/// Runs every available variant and compares with what is expected; gives how many ran.
fn compare(
    case: &str,
    expected: &[i8],
    rows: usize,
    run: impl Fn(&'static Variant, std::ops::Range<usize>, &mut [i8]) -> Result<(), KernelError>,
) -> usize {
    let mut ran = 0;
    for variant in VARIANTS.iter().filter(|v| (v.available)()) {
        let mut found = vec![99; expected.len()];
        // In two bands, as two threads would.
        let (middle, row) = (rows / 2, expected.len() / rows.max(1));
        let (top, bottom) = found.split_at_mut(middle * row);
        let done = run(variant, 0..middle, top).and_then(|()| run(variant, middle..rows, bottom));
        match done {
            Ok(()) => ran += 1,
            Err(e) if e.to_string().contains("weights of -128") => continue,
            Err(e) => panic!("{case}: {e}"),
        }
        let wrong = found.iter().zip(expected).position(|(f, e)| f != e);
        if let Some(at) = wrong {
            panic!("{}, {case}: {} instead of {} at {at}", variant.name, found[at], expected[at]);
        }
    }
    assert!(ran > 0, "{case}: no variant");
    ran
}

#[test]
fn convolutions_equal_the_reference() {
    let mut r = Random::new(0x0dd0_5eed);
    let mut compared = 0;
    for case in 0..400 {
        let groups = r.of(&[1, 1, 1, 2, 3]);
        let (fc, per_group) = (r.within(1..40), r.within(1..40));
        let taps = r.of(&[[1, 1], [1, 1], [3, 3], [2, 3], [5, 1]]);
        let params = ConvParams { stride: r.of(&[[1, 1], [1, 1], [2, 2], [1, 3]]), ..r.conv() };
        let x_shape = [r.within(1..3), r.within(1..14), r.within(1..14), fc * groups];
        let f_shape = [per_group * groups, taps[0], taps[1], fc];
        let depth = fc * taps[0] * taps[1];
        let lowest = r.of(&[-127, -127, -128]);
        let (x, f) = (r.codes(x_shape.iter().product(), -128), r.codes(f_shape.iter().product(), lowest));
        let (zero, out, bias) = (r.zero(), r.requant(f_shape[0], depth), r.bias(f_shape[0]));
        let filter = Filter { data: &f, shape: &f_shape, bias: bias.as_deref() };
        let image = Image { data: &x, shape: &x_shape, zero };
        let name = format!("case {case}: {x_shape:?} by {f_shape:?}, {params:?}");
        let Ok((expected, shape)) = conv_2d(image, filter, params, &out) else {
            assert!(Conv::new(&x_shape, zero, filter, params, &out).is_err(), "{name}");
            continue;
        };
        compared += compare(&name, &expected, shape[0] * shape[1], |variant, rows, y| {
            let conv = Conv::new(&x_shape, zero, filter, params, &out)?.with(variant)?;
            assert_eq!(conv.shape()[..], shape);
            conv.run(&x, rows, y, &mut vec![7; conv.scratch()])
        });
    }
    assert!(compared > 300);
}

#[test]
fn depthwise_convolutions_equal_the_reference() {
    let mut r = Random::new(0xdeb7_5eed);
    let mut compared = 0;
    for case in 0..400 {
        let (c, multiplier) = (r.within(1..50), r.of(&[1, 1, 1, 2, 5]));
        let taps = r.of(&[[3, 3], [3, 3], [5, 5], [2, 3], [1, 1], [7, 1]]);
        let params = r.conv();
        let x_shape = [r.within(1..3), r.within(1..14), r.within(1..14), c];
        let f_shape = [1, taps[0], taps[1], c * multiplier];
        let (x, f) = (r.codes(x_shape.iter().product(), -128), r.codes(f_shape.iter().product(), -128));
        let (zero, out, bias) = (r.zero(), r.requant(f_shape[3], taps[0] * taps[1]), r.bias(f_shape[3]));
        let filter = Filter { data: &f, shape: &f_shape, bias: bias.as_deref() };
        let image = Image { data: &x, shape: &x_shape, zero };
        let name = format!("case {case}: {x_shape:?} by {f_shape:?}, {params:?}");
        let Ok((expected, shape)) = depthwise_conv_2d(image, filter, params, &out) else {
            assert!(Depthwise::new(&x_shape, zero, filter, params, &out).is_err(), "{name}");
            continue;
        };
        compared += compare(&name, &expected, shape[0] * shape[1], |variant, rows, y| {
            let conv = Depthwise::new(&x_shape, zero, filter, params, &out)?.with(variant)?;
            assert_eq!(conv.shape()[..], shape);
            conv.run(&x, rows, y, &mut vec![7; conv.scratch()])
        });
    }
    assert!(compared > 300);
}

#[test]
fn fully_connected_operations_equal_the_reference() {
    let mut r = Random::new(0xfc_5eed);
    for case in 0..400 {
        // Some go beyond the rows that become codes together, or the stretch of the depth that is multiplied at a time.
        let (rows, depth) = (r.within(1..9), r.within(1..150));
        let (rows, depth) = (r.of(&[rows, rows, 33 + rows]), r.of(&[depth, depth, 380 + 10 * depth]));
        let outputs = r.within(1..70);
        let lowest = r.of(&[-127, -127, -128]);
        let (x, w) = (r.codes(rows * depth, -128), r.codes(outputs * depth, lowest));
        let out = r.scaling(outputs, depth);
        let (zero, bias) = (r.zero(), r.bias(outputs));
        let shape = [outputs, depth];
        let expected = fully_connected((&x, zero), (&w, 0), bias.as_deref(), shape, &out).unwrap();
        compare(&format!("case {case}: {rows} by {shape:?}"), &expected, rows, |variant, rows, y| {
            FullyConnected::new(zero, &w, shape, bias.as_deref(), &out)?.with(variant)?.run(&x, rows, y)
        });
    }
}

#[test]
fn functions_of_two_tensors_equal_the_reference() {
    use elementwise::Joined;
    let mut r = Random::new(0xadd);
    let mut compared = 0;
    for case in 0..600 {
        let n = r.within(1..100);
        let (a, b) = (r.codes(n, -128), r.codes(n, -128));
        let affine = |r: &mut Random| Affine { scale: 0.01 * (1 + r.within(0..300)) as f32, zero: r.zero() };
        let (x, y, out) = (affine(&mut r), affine(&mut r), affine(&mut r));
        let codes = r.limits();
        // One element may meet all.
        let b = if r.of(&[true, false, false]) { vec![b[0]] } else { b };
        let (p, q) = if r.of(&[true, false]) { (&a, &b) } else { (&b, &a) };
        let shapes = ([p.len()], [q.len()]);
        let ops = ((&p[..], &shapes.0[..]), (&q[..], &shapes.1[..]));
        for kind in [Joined::Sum, Joined::Difference, Joined::SquaredDifference] {
            let Ok(reference) = elementwise::Join::new(kind, x, y, out, codes) else { continue };
            let (expected, _) = reference.apply(ops.0, ops.1).unwrap();
            compared += compare(&format!("{kind:?} {case}: {x:?} {y:?} {out:?}"), &expected, 1, |variant, rows, y| {
                if rows.is_empty() { Ok(()) } else { Join::new(&reference).with(variant)?.run(p, q, y) }
            });
        }
        let reference = elementwise::Product::new(x, y, out, codes).unwrap();
        let (expected, _) = reference.apply(ops.0, ops.1).unwrap();
        compared += compare(&format!("product {case}: {x:?} {y:?} {out:?}"), &expected, 1, |variant, rows, y| {
            if rows.is_empty() { Ok(()) } else { Product::new(&reference).with(variant)?.run(p, q, y) }
        });
    }
    assert!(compared > 1800);
}

#[test]
fn pools_equal_the_reference() {
    let mut r = Random::new(0x9001);
    for case in 0..300 {
        let shape = [r.within(1..3), r.within(1..12), r.within(1..12), r.within(1..40)];
        let p = r.conv();
        let axis = |r: &mut Random, size: usize, i: usize| Axis::new(size, r.within(1..5), p.stride[i], 1, p.same);
        let (Ok(y), Ok(x)) = (axis(&mut r, shape[1], 0), axis(&mut r, shape[2], 1)) else { continue };
        let (win, codes, max) = (Window { y, x }, r.limits(), r.of(&[true, false]));
        let x = r.codes(shape.iter().product(), -128);
        let Ok((expected, out)) = pool::pool_2d(&x, &shape, &win, max, codes) else {
            assert!(Pool::new(&shape, win, max, codes).is_err());
            continue;
        };
        let pool = Pool::new(&shape, win, max, codes).unwrap();
        assert_eq!(pool.shape()[..], out);
        let (mut found, mut scratch) = (vec![0; expected.len()], vec![0; pool.scratch()]);
        let (middle, row) = (pool.rows() / 2, out[2] * out[3]);
        let (top, bottom) = found.split_at_mut(middle * row);
        pool.run(&x, 0..middle, top, &mut scratch).unwrap();
        pool.run(&x, middle..pool.rows(), bottom, &mut scratch).unwrap();
        assert_eq!(found, expected, "case {case}: {shape:?} {win:?} {codes:?}");
    }
}

#[test]
fn runs_with_wrong_sizes_are_errors() {
    let codes = Codes::I8;
    let win = Window { y: Axis::new(4, 2, 1, 1, false).unwrap(), x: Axis::new(4, 2, 1, 1, false).unwrap() };
    let pool = Pool::new(&[1, 4, 4, 3], win, true, codes).unwrap();
    let (x, mut y, mut scratch) = (vec![0; 48], vec![0; 27], vec![0; pool.scratch()]);
    assert!(pool.run(&x, 0..3, &mut y, &mut scratch).is_ok());
    assert!(pool.run(&x[1..], 0..3, &mut y, &mut scratch).is_err());
    assert!(pool.run(&x, 0..3, &mut y[1..], &mut scratch).is_err());
    assert!(pool.run(&x, 0..3, &mut y, &mut scratch[8..]).is_err());
    assert!(pool.run(&x, 3..4, &mut y[..9], &mut scratch).is_err());
}

#[test]
fn softmax_equals_the_reference() {
    let mut r = Random::new(0x50f7);
    for case in 0..300 {
        let (rows, depth) = (r.within(1..5), r.of(&[1, 2, 10, 257, 1000]));
        let x = r.codes(rows * depth, -128);
        let affine = Affine { scale: 0.002 * (1 + r.within(0..400)) as f32, zero: r.zero() };
        let out = Affine { scale: 1.0 / 256.0, zero: -128 };
        let reference = Softmax::new::<i8>(affine, out, r.of(&[1.0, 0.3, 4.0])).unwrap();
        let mut y = vec![0; x.len()];
        optimized::Softmax::new(&reference, depth).run(&x, 0..rows, &mut y);
        assert_eq!(y, reference.apply(&x, depth), "{case}: {rows} rows of {depth}, {affine:?}");
    }
}
