//! The packed kernels in C against the reference kernels: random shapes, equal bits.
//!
//! Writes one program with every case in it. `KERNELS_CC` names another compiler with its flags, `KERNELS_RUN` what runs its programs, for another
//! processor: `KERNELS_CC='aarch64-linux-gnu-gcc -static' KERNELS_RUN=qemu-aarch64`.

mod random;

use std::fmt::Write;
use std::process::Command;

use quant_opt_kernels::float::conv::ConvParams;
use quant_opt_kernels::geometry::{Axis, Window};
use quant_opt_kernels::optimized::{
    Blend, Conv, Depthwise, Factors, FullyConnected, Join, Output, Panels, Product, Side,
};
use quant_opt_kernels::reference::Affine;
use quant_opt_kernels::reference::conv::{Filter, Image, conv_2d, depthwise_conv_2d};
use quant_opt_kernels::reference::elementwise::{self, Joined};
use quant_opt_kernels::reference::matmul::fully_connected;
use random::Random;

/// What runs the cases.
const HARNESS: &str = "
#include <stdio.h>
static i16 scratch[1 << 16];
static int8_t result[1 << 16];
static int differ(const char *name, const int8_t *expected, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        if (result[i] != expected[i]) {
            printf(\"%s: %d instead of %d at %d\\n\", name, result[i], expected[i], (int)i);
            return 1;
        }
    return 0;
}
";

const BASE: &str = include_str!("../src/codegen/c/base.c");
const WINDOW: &str = include_str!("../src/codegen/c/window.c");

/// The C text of all kernels, with the sections of other files that they need.
fn kernels() -> String {
    let section = |(name, file): (&str, &'static str)| {
        let found = file.split("/*@ ").find(|s| s.split([':', ' ']).next() == Some(name));
        found.and_then(|s| s.split_once(" */\n")).expect("a section").1
    };
    let needed =
        [("base", BASE), ("copy", BASE), ("window", WINDOW), ("source", WINDOW), ("image", WINDOW)].map(section);
    let kernels = [
        include_str!("../src/codegen/c/sixteen.c"),
        include_str!("../src/codegen/c/quads.c"),
        include_str!("../src/codegen/c/packed_i8.c"),
    ];
    needed.into_iter().chain(kernels).collect()
}

/// The program, as it grows.
#[derive(Default)]
struct Program {
    data: String,
    main: String,
    cases: usize,
}

impl Program {
    fn array<T: std::fmt::Display>(&mut self, ty: &str, name: &str, values: impl IntoIterator<Item = T>) -> String {
        let name = format!("{name}_{}", self.cases);
        let items: Vec<String> = values.into_iter().map(|v| v.to_string()).collect();
        writeln!(self.data, "static const {ty} {name}[] = {{{}}};", items.join(",")).unwrap();
        name
    }

    fn scaling(&mut self, out: &Output, what: &str) -> String {
        let ends = format!("{}, {}, {}", out.zero, out.codes.min, out.codes.max);
        match &out.factors {
            Factors::Fixed { mantissas, shifts } => {
                let mantissas = self.array("int32_t", &format!("mantissas{what}"), mantissas);
                let shifts = self.array("int32_t", &format!("shifts{what}"), shifts);
                format!("{{{mantissas}, {shifts}, 0, {ends}}}")
            }
            Factors::Real { ratios } => {
                let ratios = self.array("double", "ratios", ratios.iter().map(|r| format!("{r:e}")));
                format!("{{0, 0, {ratios}, {ends}}}")
            }
        }
    }

    fn panels(&mut self, p: &Panels, what: &str) -> String {
        let weights = self.array("int8_t", &format!("weights{what}"), &p.weights);
        let bias = self.array("int32_t", &format!("bias{what}"), p.bias.iter().map(|b| format!("{}", i64::from(*b))));
        let out = self.scaling(&p.out, what);
        format!("{{{}, {}, {}, {weights}, {bias}, {out}}}", p.outputs, p.depth, u8::from(p.lowest))
    }

    /// Calls a kernel with its constants, and compares.
    fn case(&mut self, name: &str, kernel: &str, init: &str, args: &str, x: &[i8], expected: &[i8]) {
        assert!(expected.len() <= 1 << 16, "{name}: a large result");
        let x = self.array("int8_t", "x", x);
        let e = self.array("int8_t", "y", expected);
        writeln!(self.data, "static const struct {kernel} k_{} = {init};", self.cases).unwrap();
        let args = args.replace("$k", &format!("&k_{}", self.cases)).replace("$x", &x);
        writeln!(self.main, "    {args};\n    wrong += differ(\"{name}\", {e}, {});", expected.len()).unwrap();
        self.cases += 1;
    }

    fn text(&self) -> String {
        format!(
            "{}{HARNESS}\n{}\nint main(void)\n{{\n    int wrong = 0;\n{}    return wrong > 0;\n}}\n",
            kernels(),
            self.data.replace("-2147483648", "(-2147483647 - 1)"),
            self.main
        )
    }
}

fn axis(a: &Axis) -> String {
    format!("{{{}, {}, {}, {}, {}, {}}}", a.input, a.output, a.taps, a.stride, a.dilation, a.pad)
}

fn image(batch: usize, channels: usize, filters: usize, win: &Window) -> String {
    format!("{{{batch}, {channels}, {filters}, {}, {}}}", axis(&win.y), axis(&win.x))
}

fn convolution(r: &mut Random, p: &mut Program) {
    let groups = r.of(&[1, 1, 1, 2]);
    let (fc, per_group) = (r.within(1..40), r.within(1..40));
    let taps = r.of(&[[1, 1], [1, 1], [3, 3], [2, 3]]);
    let params = ConvParams { stride: r.of(&[[1, 1], [1, 1], [2, 2], [1, 3]]), ..r.conv() };
    let x_shape = [r.within(1..3), r.within(1..9), r.within(1..9), fc * groups];
    let f_shape = [per_group * groups, taps[0], taps[1], fc];
    let lowest = r.of(&[-127, -127, -128]);
    let (x, f) = (r.codes(x_shape.iter().product(), -128), r.codes(f_shape.iter().product(), lowest));
    let (zero, out, bias) = (r.zero(), r.requant(f_shape[0], fc * taps[0] * taps[1]), r.bias(f_shape[0]));
    let filter = Filter { data: &f, shape: &f_shape, bias: bias.as_deref() };
    let Ok((expected, _)) = conv_2d(Image { data: &x, shape: &x_shape, zero }, filter, params, &out) else { return };
    let conv = Conv::new(&x_shape, zero, filter, params, &out).unwrap();
    let panels: Vec<String> = conv.groups().iter().enumerate().map(|(g, c)| p.panels(c, &format!("{g}"))).collect();
    let panels = p.array("struct panels_i8", "panels", panels);
    let image = image(x_shape[0], x_shape[3], f_shape[0], conv.window());
    let init = format!("{{{image}, {groups}, {}, {zero}, {panels}}}", conv.tile());
    let name = format!("conv {} {x_shape:?} {f_shape:?}", p.cases);
    p.case(&name, "conv_packed_i8", &init, "conv_packed_i8($k, $x, result, (int8_t *)scratch)", &x, &expected);
}

fn depthwise(r: &mut Random, p: &mut Program) {
    let (c, multiplier) = (r.within(1..50), r.of(&[1, 1, 1, 2]));
    let taps = r.of(&[[3, 3], [3, 3], [5, 5], [2, 3], [1, 1]]);
    let params = r.conv();
    let x_shape = [r.within(1..3), r.within(1..9), r.within(1..9), c];
    let f_shape = [1, taps[0], taps[1], c * multiplier];
    let (x, f) = (r.codes(x_shape.iter().product(), -128), r.codes(f_shape.iter().product(), -128));
    let (zero, out, bias) = (r.zero(), r.requant(f_shape[3], taps[0] * taps[1]), r.bias(f_shape[3]));
    let filter = Filter { data: &f, shape: &f_shape, bias: bias.as_deref() };
    let image_of = Image { data: &x, shape: &x_shape, zero };
    let Ok((expected, _)) = depthwise_conv_2d(image_of, filter, params, &out) else { return };
    let conv = Depthwise::new(&x_shape, zero, filter, params, &out).unwrap();
    let (taps, reach, across) = (conv.taps(), conv.reach(), conv.across());
    let lines = p.array("int32_t", "lines", conv.lines());
    let columns = p.array("int32_t", "columns", conv.columns());
    let weights = p.array("int8_t", "weights", &taps.weights);
    let bias = p.array("int32_t", "bias", &taps.bias);
    let from = p.scaling(&taps.out, "");
    let image = image(x_shape[0], x_shape[3], f_shape[3], conv.window());
    let per_line = conv.columns().len();
    let init =
        format!("{{{image}, {zero}, {reach}, {across}, {per_line}, {lines}, {columns}, {weights}, {bias}, {from}}}");
    let name = format!("depthwise {} {x_shape:?} {f_shape:?}", p.cases);
    p.case(&name, "depthwise_packed_i8", &init, "depthwise_packed_i8($k, $x, result, scratch)", &x, &expected);
}

fn product(r: &mut Random, p: &mut Program) {
    // Some go beyond the rows that become codes together, or the stretch of the depth that is multiplied at a time.
    let (rows, depth) = (r.within(1..9), r.within(1..90));
    let (rows, depth) = (r.of(&[rows, rows, 33 + rows]), r.of(&[depth, depth, 380 + 10 * depth]));
    let outputs = r.within(1..50);
    let lowest = r.of(&[-127, -127, -128]);
    let (x, w) = (r.codes(rows * depth, -128), r.codes(outputs * depth, lowest));
    let (zero, out, bias) = (r.zero(), r.scaling(outputs, depth), r.bias(outputs));
    let shape = [outputs, depth];
    let expected = fully_connected((&x, zero), (&w, 0), bias.as_deref(), shape, &out).unwrap();
    let kernel = FullyConnected::new(zero, &w, shape, bias.as_deref(), &out).unwrap();
    let init = p.panels(kernel.panels(), "");
    let name = format!("product {} {rows} {shape:?}", p.cases);
    let args = format!("fully_connected_packed_i8($k, {rows}, $x, result)");
    p.case(&name, "panels_i8", &init, &args, &x, &expected);
}

fn side(s: &Side) -> String {
    let by = s.by.one();
    format!("{{{}, {}, {}, {}}}", s.zero, s.left, by.mantissa, by.shift)
}

fn blend(b: &Blend) -> String {
    format!("{{{{{}, {}}}, {{{}, {}}}, {}, {}}}", b.a[0], b.a[1], b.b[0], b.b[1], b.add, b.right)
}

fn pairs(r: &mut Random, p: &mut Program) {
    let n = r.within(1..100);
    let (a, b) = (r.codes(n, -128), r.codes(n, -128));
    let b = if r.of(&[true, false]) { vec![b[0]] } else { b };
    let operands = ((&a[..], &[n][..]), (&b[..], &[b.len()][..]));
    let affine = |r: &mut Random| Affine { scale: 0.01 * (1 + r.within(0..300)) as f32, zero: r.zero() };
    let (x, y, out, codes) = (affine(r), affine(r), affine(r), r.limits());
    let second = p.array("int8_t", "b", &b);
    let args = format!("join_packed_i8($k, $x, 1, {second}, {}, result, {n})", u8::from(b.len() == n));
    let reference = elementwise::Product::new(x, y, out, codes).unwrap();
    let product = Product::new(&reference);
    let (k, by) = (product.multiplying(), product.multiplying().out.one());
    let [za, zb, zero] = k.zeros;
    let ends = format!("{}, {}", codes.min, codes.max);
    let init = format!(
        "{{PRODUCT, {{{za}, 0, 0, 0}}, {{{zb}, 0, 0, 0}}, {}, {}, {zero}, {ends}, {{{{0}}, {{0}}, 0, 0}}}}",
        by.mantissa, by.shift
    );
    let (expected, _) = reference.apply(operands.0, operands.1).unwrap();
    p.case(&format!("product {}", p.cases), "join_packed_i8", &init, &args, &a, &expected);
    for (kind, name) in
        [(Joined::Sum, "SUM"), (Joined::Difference, "DIFFERENCE"), (Joined::SquaredDifference, "SQUARED_DIFFERENCE")]
    {
        let Ok(reference) = elementwise::Join::new(kind, x, y, out, codes) else { continue };
        let second = p.array("int8_t", "b", &b);
        let args = format!("join_packed_i8($k, $x, 1, {second}, {}, result, {n})", u8::from(b.len() == n));
        let join = Join::new(&reference);
        let (k, by) = (join.joining(), join.joining().out.one());
        let ends = format!("{}, {}, {}, {ends}", by.mantissa, by.shift, k.zero);
        let (expected, _) = reference.apply(operands.0, operands.1).unwrap();
        for blend in join.blend().map(blend).into_iter().chain(["{{0}, {0}, 0, 0}".into()]) {
            let init = format!("{{{name}, {}, {}, {ends}, {blend}}}", side(&k.a), side(&k.b));
            p.case(&format!("{name} {}", p.cases), "join_packed_i8", &init, &args, &a, &expected);
        }
    }
}

/// Compiles and runs the program; gives what it says about wrong results.
fn run(program: &std::path::Path, compiler: &[&str], runner: &[&str]) -> String {
    let binary = program.with_extension("out");
    let flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"];
    let built = Command::new(compiler[0]).args(&compiler[1..]).args(flags).arg(program).arg("-o").arg(&binary).output();
    let built = built.unwrap_or_else(|e| panic!("{}: {e}", compiler[0]));
    assert!(built.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&built.stderr));
    let line: Vec<&std::ffi::OsStr> = runner.iter().map(std::ffi::OsStr::new).chain([binary.as_os_str()]).collect();
    let ran = Command::new(line[0]).args(&line[1..]).output().expect("the program runs");
    assert_eq!(ran.status.success(), ran.stdout.is_empty(), "{:?}", ran.status);
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn c_kernels_equal_the_reference() {
    let (mut r, mut p) = (Random::new(0xc0de), Program::default());
    for _ in 0..40 {
        convolution(&mut r, &mut p);
        depthwise(&mut r, &mut p);
        product(&mut r, &mut p);
        pairs(&mut r, &mut p);
    }
    assert!(p.cases > 200);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kernels.c");
    std::fs::write(&path, p.text()).expect("a file");
    let words = |name: &str| std::env::var(name).unwrap_or_default();
    let (cc, runner) = (words("KERNELS_CC"), words("KERNELS_RUN"));
    let runner: Vec<&str> = runner.split_whitespace().collect();
    let compilers: Vec<Vec<&str>> = match &cc[..] {
        "" => vec![vec!["cc", "-DPORTABLE"], vec!["cc", "-march=native"]],
        cc => vec![cc.split_whitespace().collect()],
    };
    for compiler in compilers {
        assert_eq!(run(&path, &compiler, &runner), "", "{compiler:?}");
    }
}
