//! `EVAL:` lines: what a function of a test file gives for some arguments.
//!
//! `// EVAL: @f([[1, 2], [3, 4]], true) == [4, 6], [[0.5]] within 0.01`: arguments, then results, one literal each. Nested lists state the
//! shape; a flat list holds the elements in row-major order; one number alone fills its tensor. Elements are numbers as they are stored, so
//! those of a quantized tensor are its codes; `i1` holds `true` and `false`; `inf` and `nan` are numbers. `==` asks for equality, `~=` for
//! a relative difference of at most 1e-5, `within` for an absolute one.

use ir::{Elem, Module, Sign, Tensor, TensorType};
use kernels::eval::Evaluator;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    func: String,
    args: Vec<Literal>,
    results: Vec<Literal>,
    /// Largest relative difference.
    relative: f64,
    /// Largest absolute difference.
    absolute: f64,
}

/// The elements of one tensor.
#[derive(Clone, Debug, Default, PartialEq)]
struct Literal {
    /// The lengths of nested lists; empty for one number alone.
    shape: Vec<usize>,
    values: Vec<f64>,
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
    let (call, results, relative) = match line.split_once("==") {
        Some((c, r)) => (c, r, 0.0),
        None => line.split_once("~=").map(|(c, r)| (c, r, 1e-5))?,
    };
    let (results, absolute) = match results.split_once("within") {
        Some((r, bound)) => (r, bound.trim().parse().ok()?),
        None => (results, 0.0),
    };
    let (func, args) = call.trim().strip_prefix('@')?.strip_suffix(')')?.split_once('(')?;
    Some(Expectation { func: func.to_owned(), args: literals(args)?, results: literals(results)?, relative, absolute })
}

/// Literals separated by commas.
fn literals(text: &str) -> Option<Vec<Literal>> {
    let mut rest = text.trim();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (literal, behind) = literal(rest)?;
        out.push(literal);
        rest = match behind.trim_start() {
            "" => "",
            more => more.strip_prefix(',')?.trim_start(),
        };
    }
    Some(out)
}

/// One literal and the text behind it.
fn literal(text: &str) -> Option<(Literal, &str)> {
    let Some(mut rest) = text.strip_prefix('[') else {
        let end = text.find([',', ']']).unwrap_or(text.len());
        return Some((Literal { shape: Vec::new(), values: vec![number(text[..end].trim())?] }, &text[end..]));
    };
    let (mut values, mut count, mut inner) = (Vec::new(), 0, None);
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix(']') {
            let shape = std::iter::once(count).chain(inner.unwrap_or_default()).collect();
            return Some((Literal { shape, values }, behind));
        }
        let (item, behind) = literal(rest)?;
        if inner.replace(item.shape.clone()).is_some_and(|shape| shape != item.shape) {
            return None;
        }
        values.extend(item.values);
        count += 1;
        rest = behind.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => text.parse().ok(),
    }
}

/// Checks one line on a module.
///
/// # Errors
/// A sentence that says what differs.
pub fn check(module: &Module, e: &Expectation) -> Result<(), String> {
    let func = module.symbol(&e.func).ok_or_else(|| format!("there is no function @{}", e.func))?;
    let body = module.body.op(func).body(0).ok_or("the function has no body")?;
    let params = body.args(body.entry());
    if params.len() != e.args.len() {
        return Err(format!("@{} takes {} arguments, not {}", e.func, params.len(), e.args.len()));
    }
    let types = params.iter().map(|v| body.tensor_ty(*v).ok_or("an argument is no tensor"));
    let args = types.zip(&e.args).map(|(ty, literal)| tensor(ty?, literal)).collect::<Result<Vec<_>, String>>()?;
    let found = Evaluator::new(body).and_then(|f| f.run(&args, &mut |_, _| {})).map_err(|e| e.to_string())?;
    if found.len() != e.results.len() {
        return Err(format!("@{} gives {} results, not {}", e.func, found.len(), e.results.len()));
    }
    for (i, (found, wanted)) in found.iter().zip(&e.results).enumerate() {
        let values = found.to_f64().unwrap_or_default();
        if !shape_fits(&found.shape(), wanted) || !values_fit(&values, wanted, e) {
            let (shape, wanted) = (found.shape(), &wanted.values);
            return Err(format!("result {i} of @{} is {values:?} of shape {shape:?}, not {wanted:?}", e.func));
        }
    }
    Ok(())
}

/// Whether a literal may be of a shape: nested lists are of just that, a flat one has as many elements, one number fills any.
fn shape_fits(shape: &[usize], literal: &Literal) -> bool {
    match literal.shape[..] {
        [] => true,
        [count] => count == shape.iter().product(),
        _ => literal.shape == shape,
    }
}

fn values_fit(found: &[f64], wanted: &Literal, e: &Expectation) -> bool {
    let same = |a: f64, b: f64| {
        let bound = e.absolute.max(e.relative * a.abs().max(b.abs()).max(e.relative));
        a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= bound
    };
    match (&wanted.shape[..], &wanted.values[..]) {
        ([], [only]) => found.iter().all(|v| same(*v, *only)),
        _ => found.len() == wanted.values.len() && found.iter().zip(&wanted.values).all(|(a, b)| same(*a, *b)),
    }
}

fn tensor(ty: &TensorType, literal: &Literal) -> Result<Tensor, String> {
    let dims = ty.shape.as_ref().ok_or("an argument has no known rank")?;
    let values = &literal.values;
    let known: usize = dims.iter().flatten().product();
    let shape: Vec<usize> = match literal.shape.len() == dims.len() {
        true => literal.shape.iter().zip(dims).map(|(given, dim)| dim.unwrap_or(*given)).collect(),
        false => dims.iter().map(|d| d.unwrap_or(values.len() / known.max(1))).collect(),
    };
    if !shape_fits(&shape, literal) {
        return Err(format!("an argument of shape {:?} is given for one of {shape:?}", literal.shape));
    }
    let count = shape.iter().product();
    let all = if literal.shape.is_empty() { vec![values[0]; count] } else { values.clone() };
    let elem = ty.elem.storage();
    let data = all.into_iter().map(|v| bytes(&elem, v)).collect::<Result<Vec<_>, String>>()?.concat();
    Tensor::new(TensorType::of(&shape, ty.elem.clone()), data.into()).map_err(|e| e.to_string())
}

/// A number as it is stored.
fn bytes(elem: &Elem, v: f64) -> Result<Vec<u8>, String> {
    if *elem == Elem::F32 {
        return Ok((v as f32).to_le_bytes().to_vec());
    }
    let Elem::Int(width @ (1 | 8 | 16 | 32 | 64), sign) = elem else {
        return Err(format!("arguments of type {elem:?} are not supported"));
    };
    let unsigned = *width == 1 || *sign == Sign::Unsigned;
    let (lowest, highest) = match unsigned {
        true => (0, (1i128 << width) - 1),
        false => (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1),
    };
    let whole = v as i128;
    if whole as f64 != v || !(lowest..=highest).contains(&whole) {
        return Err(format!("{v} is no value of type {elem:?}"));
    }
    Ok(whole.to_le_bytes()[..usize::from(width.div_ceil(8) as u8)].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_states_shapes_and_bounds() {
        let e = expectation("@f([[1, 2], [3, inf]], true) == [-0.5], [] within 0.25").unwrap();
        assert_eq!(e.func, "f");
        assert_eq!(e.args[0], Literal { shape: vec![2, 2], values: vec![1.0, 2.0, 3.0, f64::INFINITY] });
        assert_eq!(e.args[1], Literal { shape: vec![], values: vec![1.0] });
        assert_eq!(e.results[1], Literal { shape: vec![0], values: vec![] });
        assert_eq!((e.relative, e.absolute), (0.0, 0.25));
        for wrong in ["@f([1) == [1]", "@f([1]) = [1]", "@f([[1], 2]) == [1]", "@f([one]) == [1]", "f() == 1"] {
            assert_eq!(expectation(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_differs_is_told() {
        let text = "func.func @f(%x: tensor<2x!quant.uniform<i8:f32, 0.5:3>>, %b: tensor<i1>)
            -> (tensor<2xf32>, tensor<i1>) {
          %0 = \"tfl.dequantize\"(%x) : (tensor<2x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2xf32>
          return %0, %b : tensor<2xf32>, tensor<i1>
        }";
        let registry = ir::Registry::standard();
        let options = ir::text::ParseOptions { registry: &registry, allow_unregistered: false, file: "f" };
        let module = ir::text::parse(text, &options, &mut ir::Sink::new()).unwrap();
        let says = |line: &str| check(&module, &expectation(line).unwrap()).err().unwrap_or_default();
        assert_eq!(says("@f([5, -1], true) == [1, -2], true"), "");
        assert_eq!(says("@f([5, -1], true) == [1.1, -2], true within 0.11"), "");
        assert_eq!(says("@f(3, false) == 0, false"), "");
        let wrong = "result 0 of @f is [1.0, -2.0] of shape [2], not [1.0, 2.0]";
        assert_eq!(says("@f([5, -1], true) == [1, 2], true"), wrong);
        assert_eq!(says("@f([5, 128], true) == 0, true"), "128 is no value of type Int(8, Signless)");
        assert_eq!(says("@f([5, 0.5], true) == 0, true"), "0.5 is no value of type Int(8, Signless)");
        assert_eq!(says("@f([1, 1], 2) == 0, true"), "2 is no value of type Int(1, Signless)");
        assert_eq!(says("@f([1, 1, 1], true) == 0, true"), "an argument of shape [3] is given for one of [2]");
        assert_eq!(says("@f([1, 1]) == 0, true"), "@f takes 2 arguments, not 1");
        assert_eq!(says("@g() == 0"), "there is no function @g");
    }
}
