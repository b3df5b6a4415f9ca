//! Cases of operators with what LiteRT's kernels make of them: `golden/*.txt`, whose form `tests/oracle/kernel_golden.py` describes.

use std::path::{Path, PathBuf};

use ir::{
    At, Attr, Body, Builder, Elem, F64, FunctionType, Loc, OpSpec, QuantParams, QuantType, Registry, Sign, Tensor,
    TensorType, Type, Value,
};
use quant_opt_kernels::Rounding;
use quant_opt_kernels::eval::{EvalOptions, Evaluator};

/// The files, sorted; the environment variable `KERNEL_GOLDEN` names another folder.
pub fn files() -> Vec<PathBuf> {
    let committed = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folder = std::env::var_os("KERNEL_GOLDEN").map_or_else(committed, PathBuf::from);
    let entries = std::fs::read_dir(&folder).expect("the folder of golden files");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("a golden file").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds golden files", folder.display());
    files
}

/// An operand of a case.
enum Operand {
    Absent,
    Constant(Tensor),
    Input(Tensor),
}

/// One operation with its operands and results.
pub struct Case {
    name: String,
    attributes: Vec<(String, Attr)>,
    operands: Vec<Operand>,
    /// LiteRT's results.
    pub expected: Vec<Tensor>,
}

impl Case {
    /// From a block of lines.
    pub fn new(case: &str) -> Result<Case, String> {
        let mut lines = case.lines();
        let mut head = lines.next().unwrap_or_default().split(' ');
        let name = head.next().unwrap_or_default().to_owned();
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').ok_or("an attribute has no value")?;
            Ok::<_, String>((key.to_owned(), attribute(value)?))
        };
        let attributes = head.map(pair).collect::<Result<_, _>>()?;
        let (mut operands, mut expected) = (Vec::new(), Vec::new());
        for line in lines {
            let (role, rest) = line.split_once(' ').unwrap_or((line, ""));
            match role {
                "none" => operands.push(Operand::Absent),
                "const" => operands.push(Operand::Constant(tensor(rest)?)),
                "in" => operands.push(Operand::Input(tensor(rest)?)),
                _ => expected.push(tensor(rest)?),
            }
        }
        Ok(Case { name, attributes, operands, expected })
    }

    /// The operation's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operands that are no constants.
    pub fn inputs(&self) -> Vec<Tensor> {
        let input = |o: &Operand| if let Operand::Input(t) = o { Some(t.clone()) } else { None };
        self.operands.iter().filter_map(input).collect()
    }

    /// The type of a function of it.
    pub fn ty(&self) -> FunctionType {
        let types = |tensors: &[Tensor]| tensors.iter().map(|t| Type::Tensor(t.ty().clone())).collect();
        FunctionType { inputs: types(&self.inputs()), results: types(&self.expected) }
    }

    /// Writes it into an empty function of its type.
    pub fn write(&self, body: &mut Body, loc: Loc) {
        let registry = Registry::standard();
        let entry = body.entry();
        let mut args = body.args(entry).to_vec().into_iter();
        let operands: Vec<Value> = self
            .operands
            .iter()
            .map(|o| match o {
                Operand::Absent => Builder::new(body, At::End(entry), Loc::UNKNOWN).no_value(),
                Operand::Constant(t) => Builder::new(body, At::End(entry), Loc::UNKNOWN).constant(t.clone()),
                Operand::Input(_) => args.next().expect("an argument for each input"),
            })
            .collect();
        let spec = OpSpec::new(registry.name(&self.name), loc);
        let spec = self.attributes.iter().fold(spec, |spec, (key, value)| match value {
            Attr::Unit => spec.attr(key, Attr::Unit),
            value => spec.prop(key, value.clone()),
        });
        let op = body.insert(At::End(entry), spec.operands(&operands).results(self.ty().results));
        let results = body.op(op).results().to_vec();
        body.insert(At::End(entry), OpSpec::new(registry.name("func.return"), Loc::UNKNOWN).operands(&results));
    }

    /// A function of it.
    pub fn body(&self) -> Body {
        let mut body = Body::new();
        let entry = body.entry();
        for input in self.ty().inputs {
            body.add_arg(entry, input, Loc::UNKNOWN);
        }
        self.write(&mut body, Loc::UNKNOWN);
        body
    }

    /// What the evaluator makes of it.
    pub fn evaluate(&self, rounding: Rounding) -> Result<Vec<Tensor>, String> {
        let body = self.body();
        let evaluator = Evaluator::with(&body, &EvalOptions { rounding }).map_err(|e| e.to_string())?;
        evaluator.run(&self.inputs(), &mut |_, _| {}).map_err(|e| e.to_string())
    }
}

fn attribute(text: &str) -> Result<Attr, String> {
    let (kind, value) = text.split_once(':').ok_or("an attribute has no kind")?;
    let bad = || format!("{value}: not a number");
    Ok(match kind {
        "i" => Attr::i32(value.parse().map_err(|_| bad())?),
        "f" => Attr::f32(value.parse().map_err(|_| bad())?),
        "b" => Attr::Bool(value == "true"),
        "a" => Attr::Array(numbers(value, ',')?.into_iter().map(Attr::i64).collect()),
        "u" => Attr::Unit,
        "m" => Attr::Opaque(format!("#tfl<mirror_pad_attr {value}>").into()),
        _ => Attr::str(value),
    })
}

/// `TYPE SHAPE SCALES ZEROS HEX`
pub fn tensor(text: &str) -> Result<Tensor, String> {
    let fields: Vec<&str> = text.split(' ').collect();
    let [elem, shape, scales, zeros, hex] = fields[..] else { return Err(format!("{text}: not a tensor")) };
    let shape: Vec<usize> = numbers(if shape == "()" { "" } else { shape }, 'x')?;
    let elem = match elem {
        "i1" => Elem::BOOL,
        "i4" => Elem::Int(4, Sign::Signless),
        "i8" => Elem::I8,
        "u8" => Elem::U8,
        "i16" => Elem::I16,
        "i32" => Elem::I32,
        "i64" => Elem::I64,
        "f16" => Elem::F16,
        "f32" => Elem::F32,
        other => return Err(format!("{other}: no element type")),
    };
    let elem = if scales == "-" { elem } else { quantized(&elem, shape.first().copied().unwrap_or(1), scales, zeros)? };
    let digits = |i: usize| u8::from_str_radix(hex.get(i..i + 2).unwrap_or("?"), 16).map_err(|e| e.to_string());
    let bytes = (0..hex.len()).step_by(2).map(digits).collect::<Result<Vec<u8>, _>>()?;
    Tensor::new(TensorType::of(&shape, elem), bytes.into()).map_err(|e| e.to_string())
}

/// The symmetric type with a scale for each block of `size` elements of each row.
fn by_blocks(width: u16, rows: usize, scales: &[f32], size: usize) -> Result<Elem, String> {
    let params = QuantParams::SubChannel {
        blocks: vec![(0, 1), (1, size)],
        shape: vec![rows, scales.len() / rows.max(1)],
        scales: scales.iter().map(|s| F64(f64::from(*s))).collect(),
        zero_points: vec![0; scales.len()],
    };
    Ok(Elem::Quant(QuantType { params, ..QuantType::per_tensor(width, 1.0, 0) }.into()))
}

/// The quantized type over a storage integer; scales are float32, as in files.
fn quantized(storage: &Elem, rows: usize, scales: &str, zeros: &str) -> Result<Elem, String> {
    let Elem::Int(width, sign) = storage else { return Err("only integers have scales".into()) };
    if let Some((scales, size)) = scales.split_once('/') {
        return by_blocks(*width, rows, &numbers(scales, ',')?, size.parse().map_err(|_| "no size of blocks")?);
    }
    let (scales, axis) = scales.split_once('@').map_or((scales, None), |(s, a)| (s, Some(a)));
    let scales: Vec<f64> = numbers::<f32>(scales, ',')?.into_iter().map(f64::from).collect();
    let zero_points: Vec<i64> = numbers(zeros, ',')?;
    let base = match axis {
        None => QuantType::per_tensor(*width, scales[0], zero_points[0]),
        Some(axis) => QuantType::per_axis(*width, axis.parse().map_err(|_| "no axis")?, scales),
    };
    let signed = *sign != Sign::Unsigned;
    let (min, max) = QuantType::default_range(signed, *width);
    Ok(Elem::Quant(QuantType { signed, min, max, ..base }.into()))
}

/// Numbers between separators.
pub fn numbers<T: std::str::FromStr>(text: &str, separator: char) -> Result<Vec<T>, String> {
    let parse = |s: &str| s.parse().map_err(|_| format!("{s}: not a number"));
    text.split(separator).filter(|s| !s.is_empty()).map(parse).collect()
}
