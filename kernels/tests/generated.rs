//! Generated C against LiteRT: every case of `golden/*.txt` becomes a function of a C file, compiled with the sanitizers, element for element.
//! Of the other roundings, the evaluator's results are asked for where they differ.
//!
//! `KERNELS_CC` names another compiler with its flags, `KERNELS_RUN` what runs its programs.

mod cases;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use cases::Case;
use ir::{Attr, Loc, Module, Tensor};
use libtest_mimic::{Arguments, Failed, Trial};
use quant_opt_kernels::Rounding;
use quant_opt_kernels::codegen::{Entry, Options, generate};

const FLAGS: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Werror"];
const COMPILER: &str = "cc -O0 -fsanitize=address,undefined -fno-sanitize-recover=all";

/// Calls a function and compares what it writes.
const HARNESS: &str = "
#include <stdio.h>
#include <string.h>
static int differs(const char *name, int output, const void *found, const void *expected, size_t n)
{
    if (memcmp(found, expected, n) == 0)
        return 0;
    printf(\"%s: output %d differs\\n\", name, output);
    return 1;
}
";

fn main() {
    let trials = cases::files().into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || check(&path))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let cases = text.split("\n\n").map(Case::new).collect::<Result<Vec<_>, _>>()?;
    let expected: Vec<_> = cases.iter().map(|c| c.expected.clone()).collect();
    compare(&cases, &expected, Rounding::Reference)?;
    for rounding in [Rounding::Optimized, Rounding::Micro] {
        let found = cases.iter().map(|c| c.evaluate(rounding)).collect::<Result<Vec<_>, _>>()?;
        if found.iter().flatten().ne(expected.iter().flatten()) {
            compare(&cases, &found, rounding)?;
        }
    }
    Ok(())
}

/// A module with a function for each case.
fn module(cases: &[Case]) -> Result<Module, Failed> {
    let mut module = Module::new();
    for (i, case) in cases.iter().enumerate() {
        let name = format!("case_{i}");
        let func = module.add_func(&name, case.ty(), Loc::name(name.as_str()));
        module.body.op_mut(func).attrs.set("tf.entry_function", Attr::Unit);
        case.write(module.func_body_mut(func).ok_or("a function without a body")?, Loc::name(case.name()));
    }
    Ok(module)
}

/// Writes, compiles and runs the C of some cases, which must give the expected results.
fn compare(cases: &[Case], expected: &[Vec<Tensor>], rounding: Rounding) -> Result<(), Failed> {
    let generated = generate(&module(cases)?, &Options { stem: "m", rounding })?;
    let mut main = format!("#include \"m.h\"\n{HARNESS}\nint main(void)\n{{\n    int wrong = 0;\n");
    for ((entry, case), expected) in generated.entries.iter().zip(cases).zip(expected) {
        call(&mut main, entry, &case.inputs(), expected)?;
    }
    main.push_str("    return wrong > 0;\n}\n");
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("m.c"), &generated.source)?;
    std::fs::write(at("m.h"), &generated.header)?;
    std::fs::write(at("main.c"), main)?;
    let words = |name: &str, or: &str| std::env::var(name).unwrap_or_else(|_| or.to_owned());
    let (compiler, runner) = (words("KERNELS_CC", COMPILER), words("KERNELS_RUN", ""));
    let mut line = compiler.split_whitespace();
    let built = Command::new(line.next().unwrap_or("cc"))
        .args(line)
        .args(FLAGS)
        .args([at("m.c"), at("main.c")])
        .args([std::ffi::OsStr::new("-o"), at("program").as_os_str(), "-lm".as_ref()])
        .output()?;
    if !built.status.success() {
        return Err(format!("{rounding:?}: {}", String::from_utf8_lossy(&built.stderr)).into());
    }
    let program = at("program").display().to_string();
    let line: Vec<&str> = runner.split_whitespace().chain([program.as_str()]).collect();
    let ran = Command::new(line[0]).args(&line[1..]).output()?;
    if ran.status.success() {
        return Ok(());
    }
    let said = [&ran.stdout[..], &ran.stderr[..]].map(String::from_utf8_lossy).concat();
    Err(format!("{rounding:?}: {said}").into())
}

/// A block that runs one function.
fn call(main: &mut String, entry: &Entry, inputs: &[Tensor], expected: &[Tensor]) -> Result<(), Failed> {
    let bytes = |name: &str, t: &Tensor| {
        let items: Vec<String> = t.bytes().iter().map(u8::to_string).collect();
        format!("        static const uint8_t {name}[] __attribute__((aligned(16))) = {{{}}};\n", items.join(","))
    };
    let (mut declared, mut given, mut compared) = (String::new(), String::new(), String::new());
    for (i, (port, t)) in entry.inputs.iter().zip(inputs).enumerate() {
        declared.push_str(&bytes(&format!("x{i}"), t));
        writeln!(given, "        in.{} = (const void *)x{i};", port.field)?;
    }
    for (i, (port, t)) in entry.outputs.iter().zip(expected).enumerate() {
        let n = t.bytes().len();
        if port.bytes() != n {
            return Err(format!("{}: {} bytes of results instead of {n}", entry.key, port.bytes()).into());
        }
        declared.push_str(&bytes(&format!("e{i}"), t));
        writeln!(declared, "        static uint8_t y{i}[{n}] __attribute__((aligned(16)));")?;
        writeln!(given, "        out.{} = (void *)y{i};", port.field)?;
        writeln!(compared, "        wrong += differs(\"{}\", {i}, y{i}, e{i}, {n});", entry.key)?;
    }
    let name = &entry.name;
    writeln!(main, "    {{\n{declared}        struct {name}_inputs in = {{0}};\n        struct {name}_outputs out;")?;
    writeln!(main, "{given}        if ({name}_invoke(&in, &out) != 0) {{")?;
    writeln!(
        main,
        "            puts(\"{}: no result\");\n            wrong++;\n        }}\n{compared}    }}",
        entry.key
    )?;
    Ok(())
}
