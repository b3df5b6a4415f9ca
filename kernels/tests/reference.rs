//! Integer kernels against LiteRT: every case of `golden/*.txt`, element for element.
//!
//! `tests/oracle/kernel_golden.py` writes the files and describes their form; `tests/oracle/kernels.py` compares more cases, in LiteRT itself.

mod cases;

use std::path::Path;

use cases::{Case, numbers, tensor};
use ir::{Tensor, TensorType};
use libtest_mimic::{Arguments, Failed, Trial};
use quant_opt_kernels::Rounding;
use quant_opt_kernels::plan::{Options, Program, Watch};

fn main() {
    let trials = cases::files().into_iter().flat_map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let damaged = format!("damaged::{name}");
        let float = format!("float::{name}");
        let (second, third) = (path.clone(), path.clone());
        [
            Trial::test(name, move || check_file(&path)),
            Trial::test(damaged, move || check_damaged(&second)),
            Trial::test(float, move || check_float(&third)),
        ]
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check_file(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let wrong: Vec<String> = text
        .split("\n\n")
        .enumerate()
        .filter_map(|(i, case)| Some(format!("case {i}: {}\n  {}", check(case).err()?, case.lines().next()?)))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Evaluates the cases of a file, and the same in float, with one thing wrong; whatever comes of it is fine, but not a panic.
fn check_damaged(path: &Path) -> Result<(), Failed> {
    const DAMAGES: usize = 50;
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below.max(1)
    };
    for case in std::fs::read_to_string(path)?.split("\n\n") {
        let float = in_float(case)?;
        for i in 0..2 * DAMAGES {
            let text = damage(if i % 2 == 0 { case } else { &float }, &mut random);
            std::panic::catch_unwind(|| check(&text)).map_err(|_| format!("a panic at\n{text}"))?.ok();
        }
    }
    Ok(())
}

/// Evaluates the cases of a file with real values in place of codes: optimized kernels give what those written to be read do, but for the
/// order of sums.
fn check_float(path: &Path) -> Result<(), Failed> {
    for case in std::fs::read_to_string(path)?.split("\n\n") {
        let case = Case::new(&in_float(case)?)?;
        // A case that has no meaning in float.
        let Ok(expected) = case.evaluate(Rounding::Reference) else { continue };
        for threads in [1, 3] {
            let found = run(&case, threads)?;
            for (f, e) in found.iter().zip(&expected) {
                near(f, e).map_err(|e| format!("{}, {threads} threads: {e}", case.name()))?;
            }
        }
    }
    Ok(())
}

/// Compares to 1e-5 of the largest value.
fn near(found: &Tensor, expected: &Tensor) -> Result<(), String> {
    if found.ty() != expected.ty() {
        return Err(format!("a result is {:?} instead of {:?}", found.ty(), expected.ty()));
    }
    let values = |t: &Tensor| t.to_f64().ok_or("a result is no tensor of numbers");
    let (f, e) = (values(found)?, values(expected)?);
    let largest = e.iter().filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
    let same =
        |f: f64, e: f64| (f - e).abs() <= 1e-5 * largest || f.to_bits() == e.to_bits() || f.is_nan() && e.is_nan();
    match (0..e.len()).find(|i| !same(f[*i], e[*i])) {
        Some(i) => Err(format!("element {i} is {} instead of {}", f[i], e[i])),
        None => Ok(()),
    }
}

/// A case with the real values in place of codes.
fn in_float(case: &str) -> Result<String, String> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [role, _, shape, scales, zeros, _] = words[..] else { return Ok(line.to_owned()) };
        if scales == "-" {
            return Ok(line.to_owned());
        }
        let codes = tensor(&words[1..].join(" "))?.to_f64().ok_or("codes are numbers")?;
        let scale = numbers::<f64>(scales.split(['@', '/']).next().unwrap_or_default(), ',')?[0];
        let zero = numbers::<f64>(zeros, ',')?[0];
        let bytes = codes.into_iter().flat_map(|q| ((scale * (q - zero)) as f32).to_le_bytes());
        let hex: String = bytes.map(|b| format!("{b:02x}")).collect();
        Ok::<_, String>(format!("{role} f32 {shape} - - {hex}"))
    };
    Ok(case.lines().map(line).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// Replaces a number of the attributes, a stored number, a size, a scale or a zero point, or leaves an operand out.
fn damage(case: &str, random: &mut impl FnMut(usize) -> usize) -> String {
    const NUMBERS: [i32; 10] = [i32::MIN, -129, -2, -1, 0, 1, 2, 3, 1000, i32::MAX];
    const SCALES: [&str; 7] = ["0", "-1", "nan", "inf", "1e-30", "1e30", "-"];
    let mut lines: Vec<String> = case.lines().map(str::to_owned).collect();
    let at = random(lines.len());
    let number = NUMBERS[random(NUMBERS.len())];
    let mut words: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
    match random(5) {
        _ if at == 0 => {
            let i = random(words.len());
            if let Some((key, _)) = words[i].split_once("=i:") {
                words[i] = format!("{key}=i:{number}");
            }
        }
        0 => drop(words.drain(..)),
        1 if words.len() == 6 => {
            // Another size, and as many bytes as it takes.
            let mut sizes: Vec<usize> = numbers(&words[2], 'x').unwrap_or_default();
            let old = sizes.iter().product::<usize>().max(1);
            match sizes.last_mut() {
                Some(last) => *last = random(5),
                None => sizes.push(random(3)),
            }
            sizes.rotate_right(random(2));
            let width = words[5].len() / old;
            words[5] = words[5].repeat(5).chars().take(width * sizes.iter().product::<usize>()).collect();
            words[2] = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        }
        2 if words.len() == 6 => words[3] = SCALES[random(SCALES.len())].to_owned(),
        3 if words.len() == 6 => words[4] = number.to_string(),
        _ if words.len() == 6 && words[1] == "i32" && words[5].len() >= 8 => {
            let i = random(words[5].len() / 8) * 8;
            let hex: String = number.to_le_bytes().iter().map(|b| format!("{b:02x}")).collect();
            words[5].replace_range(i..i + 8, &hex);
        }
        _ => {}
    }
    lines[at] = words.join(" ");
    lines.retain(|l| !l.is_empty());
    lines.join("\n")
}

/// Evaluates one case and compares its results.
fn check(case: &str) -> Result<(), String> {
    let case = Case::new(case)?;
    same(&case.evaluate(Rounding::Reference)?, &case.expected)?;
    for threads in [1, 3] {
        same(&run(&case, threads)?, &case.expected).map_err(|e| format!("optimized, {threads} threads: {e}"))?;
    }
    Ok(())
}

/// What optimized kernels make of a case.
fn run(case: &Case, threads: usize) -> Result<Vec<Tensor>, String> {
    let (body, inputs) = (case.body(), case.inputs());
    let types: Vec<TensorType> = inputs.iter().map(|t| t.ty().clone()).collect();
    let options = Options { threads, ..Options::default() };
    let program = Program::new(&body, &types, &options).map_err(|e| e.to_string())?;
    program.run(&mut program.worker(), &inputs, Watch::Nothing).map_err(|e| e.to_string())
}

fn same(found: &[Tensor], expected: &[Tensor]) -> Result<(), String> {
    if found.len() != expected.len() || found.is_empty() {
        return Err(format!("{} results instead of {}", found.len(), expected.len()));
    }
    found.iter().zip(expected).try_for_each(|(f, e)| compare(f, e))
}

fn compare(found: &Tensor, expected: &Tensor) -> Result<(), String> {
    if found.ty() != expected.ty() {
        return Err(format!("a result is {:?} instead of {:?}", found.ty(), expected.ty()));
    }
    let values = |t: &Tensor| t.to_f64().ok_or("a result is no tensor of numbers");
    let (f, e) = (values(found)?, values(expected)?);
    let differing: Vec<usize> = (0..e.len()).filter(|i| f[*i].to_bits() != e[*i].to_bits()).collect();
    let Some(first) = differing.first() else { return Ok(()) };
    let (n, all) = (differing.len(), e.len());
    Err(format!("{n} of {all} elements differ; first at {first}: {} instead of {}", f[*first], e[*first]))
}
