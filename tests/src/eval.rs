//! `EVAL:` lines: what a function of a test file gives for some arguments.
//!
//! `// EVAL: @f([1, 2], [3, 4]) == [4, 6]`: each list holds the elements of one tensor in row-major order (one number alone fills it), results
//! follow each other. `==` asks for equality, `~=` for a relative difference of at most 1e-5.

use ir::{Elem, Module, Tensor, TensorType};
use kernels::eval::Evaluator;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    func: String,
    args: Vec<Vec<f64>>,
    results: Vec<Vec<f64>>,
    exact: bool,
}

/// The lines of a text.
///
/// # Errors
/// A sentence about the first line that cannot be read.
pub fn expectations(text: &str) -> Result<Vec<Expectation>, String> {
    let lines = text.lines().filter_map(|l| l.trim().strip_prefix("// EVAL:"));
    lines.map(|l| expectation(l.trim()).ok_or_else(|| format!("cannot read `EVAL: {}`", l.trim()))).collect()
}

fn expectation(line: &str) -> Option<Expectation> {
    let (call, results, exact) = match line.split_once("==") {
        Some((c, r)) => (c, r, true),
        None => line.split_once("~=").map(|(c, r)| (c, r, false))?,
    };
    let (func, args) = call.trim().strip_prefix('@')?.strip_suffix(')')?.split_once('(')?;
    Some(Expectation { func: func.to_owned(), args: lists(args)?, results: lists(results)?, exact })
}

/// `[1, 2], [3]`
fn lists(text: &str) -> Option<Vec<Vec<f64>>> {
    let mut rest = text.trim();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (list, behind) = rest.strip_prefix('[')?.split_once(']')?;
        let items = list.split(',').map(str::trim).filter(|s| !s.is_empty());
        out.push(items.map(|s| s.parse().ok()).collect::<Option<_>>()?);
        rest = behind.trim().trim_start_matches(',').trim();
    }
    Some(out)
}

/// Checks one line on a module.
///
/// # Errors
/// A sentence that says what differs.
pub fn check(module: &Module, e: &Expectation) -> Result<(), String> {
    let func = module.symbol(&e.func).ok_or_else(|| format!("there is no function @{}", e.func))?;
    let body = module.body.op(func).body(0).ok_or("the function has no body")?;
    let types = body.args(body.entry()).iter().map(|v| body.tensor_ty(*v).cloned());
    let args = types
        .zip(&e.args)
        .map(|(ty, values)| tensor(&ty.ok_or("an argument is no tensor")?, values))
        .collect::<Result<Vec<_>, String>>()?;
    let found = Evaluator::new(body).and_then(|f| f.run(&args, &mut |_, _| {})).map_err(|e| e.to_string())?;
    let found: Vec<Vec<f64>> = found.iter().map(|t| t.to_f64().unwrap_or_default()).collect();
    let close = |a: f64, b: f64| a == b || !e.exact && (a - b).abs() <= 1e-5 * a.abs().max(b.abs()).max(1e-5);
    let same = found.len() == e.results.len()
        && found.iter().zip(&e.results).all(|(f, w)| f.len() == w.len() && f.iter().zip(w).all(|(a, b)| close(*a, *b)));
    if same { Ok(()) } else { Err(format!("@{} gives {found:?}, not {:?}", e.func, e.results)) }
}

fn tensor(ty: &TensorType, values: &[f64]) -> Result<Tensor, String> {
    let dims = ty.shape.as_ref().ok_or("an argument has no known rank")?;
    let known: usize = dims.iter().flatten().product();
    let shape: Vec<usize> = dims.iter().map(|d| d.unwrap_or(values.len() / known.max(1))).collect();
    let count = shape.iter().product();
    let all: Vec<f64> = if values.len() == 1 { vec![values[0]; count] } else { values.to_vec() };
    if all.len() != count {
        return Err(format!("{} values for shape {shape:?}", all.len()));
    }
    let data: Vec<u8> = match ty.elem.storage() {
        Elem::F32 => all.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
        Elem::Int(1 | 8, _) => all.iter().map(|v| *v as i64 as u8).collect(),
        Elem::Int(16, _) => all.iter().flat_map(|v| (*v as i64 as i16).to_le_bytes()).collect(),
        Elem::Int(32, _) => all.iter().flat_map(|v| (*v as i64 as i32).to_le_bytes()).collect(),
        Elem::Int(64, _) => all.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect(),
        other => return Err(format!("arguments of type {other:?} are not supported")),
    };
    Tensor::new(TensorType::of(&shape, ty.elem.clone()), data.into()).map_err(|e| e.to_string())
}
