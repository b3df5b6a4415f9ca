//! Result types from operand types and attributes.
//!
//! A dimension that depends on what is not known yet is `?`; an operand of unknown rank makes results of unknown rank. Element types of
//! results are those of the first operand unless the operation says otherwise. Formulas follow TFLite's `Prepare` functions.

mod elementwise;
mod images;
mod joins;
mod known;
mod matmul;
mod reduce;
mod shapes;
mod slices;
mod values;
mod windows;

use crate::attr::{Attr, Attrs};
use crate::body::{Body, Value};
use crate::op::OpDef;
use crate::tensor::Tensor;
use crate::types::{Dim, Elem, TensorType, Type};

pub use elementwise::*;
pub use images::*;
pub use joins::*;
pub use known::known_ints;
pub use matmul::*;
pub use reduce::*;
pub use shapes::*;
pub use slices::*;
pub use values::*;
pub use windows::*;

/// Why result types cannot be had: operands that do not fit each other or the attributes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InferError {
    message: String,
}

impl InferError {
    /// With a sentence.
    pub fn new(message: impl Into<String>) -> InferError {
        InferError { message: message.into() }
    }
}

/// A result of inference: one type for each result.
pub type Inferred = Result<Vec<Type>, InferError>;
/// Infers the result types of one operation.
pub type InferFn = fn(&InferCx<'_>) -> Inferred;

/// What an inference function sees: attributes, operand types, and the constants among the operands.
pub struct InferCx<'a> {
    attrs: &'a Attrs,
    types: Vec<&'a Type>,
    constants: Vec<Option<&'a Tensor>>,
    /// What is known of integer operands that are no constants, such as a shape with an unknown batch.
    known: Vec<Option<Vec<Option<i64>>>>,
}

/// Infers the result types of a row for operands of a body.
pub fn infer(body: &Body, def: &OpDef, attrs: &Attrs, operands: &[Value]) -> Inferred {
    let types = operands.iter().map(|v| body.ty(*v)).collect();
    let constants = operands.iter().map(|v| body.constant(*v)).collect();
    let known = operands.iter().map(|v| known_ints(body, *v)).collect();
    InferCx { known, ..InferCx::new(attrs, types, constants) }.run(def)
}

impl<'a> InferCx<'a> {
    /// A context over operand types and the constants among them (as many as types).
    pub fn new(attrs: &'a Attrs, types: Vec<&'a Type>, constants: Vec<Option<&'a Tensor>>) -> Self {
        InferCx { attrs, types, constants, known: Vec::new() }
    }
    /// Infers the result types of a row.
    pub fn run(&self, def: &OpDef) -> Inferred {
        let need = def.operands.iter().filter(|o| o.arity == crate::op::Arity::One).count();
        if self.types.len() < need {
            return Err(InferError::new(format!("{} takes {need} operands, {} given", def.name, self.types.len())));
        }
        match def.infer {
            Some(f) => f(self),
            None => Err(InferError::new(format!("{} does not infer its result types", def.name))),
        }
    }
    fn ty(&self, i: usize) -> Result<&'a TensorType, InferError> {
        self.types
            .get(i)
            .and_then(|t| t.as_tensor())
            .ok_or_else(|| InferError::new(format!("operand {i} is not a tensor")))
    }
    fn elem(&self, i: usize) -> Result<Elem, InferError> {
        Ok(self.ty(i)?.elem.clone())
    }
    fn shape(&self, i: usize) -> Result<Option<&'a [Dim]>, InferError> {
        Ok(self.ty(i)?.shape.as_deref())
    }
    fn shape_of_rank(&self, i: usize, rank: usize) -> Result<Option<&'a [Dim]>, InferError> {
        match self.shape(i)? {
            Some(s) if s.len() != rank => Err(InferError::new(format!("operand {i} has rank {}, not {rank}", s.len()))),
            s => Ok(s),
        }
    }
    /// Sizes, axes or places along dimensions, of which there are not many.
    fn ints(&self, i: usize) -> Option<Vec<i64>> {
        self.constants.get(i).copied().flatten().filter(|t| t.len() <= 1 << 16)?.to_i64()
    }
    fn int(&self, name: &str, default: i64) -> i64 {
        self.attrs.get(name).and_then(Attr::as_int).unwrap_or(default)
    }
    fn flag(&self, name: &str) -> bool {
        self.attrs.get(name).and_then(Attr::as_bool).unwrap_or(false)
    }
    fn same_padding(&self) -> bool {
        self.attrs.get("padding").and_then(Attr::as_str) == Some("SAME")
    }
    fn size(&self, name: &str) -> Result<usize, InferError> {
        usize::try_from(self.int(name, 1))
            .ok()
            .filter(|v| *v > 0)
            .ok_or_else(|| InferError::new(format!("{name} must be positive")))
    }
}

fn one(shape: Option<Vec<Dim>>, elem: Elem) -> Inferred {
    // A text holds sizes of 63 bits.
    let held = |d: Dim| d.filter(|n| i64::try_from(*n).is_ok());
    let shape = shape.map(|s| s.into_iter().map(held).collect());
    Ok(vec![Type::Tensor(TensorType { shape, elem, encoding: None })])
}

/// A dimension counted from the end if negative, as a position below `rank`.
pub fn axis(a: i64, rank: usize) -> Result<usize, InferError> {
    let r = rank as i64;
    let i = if a < 0 { a + r } else { a };
    usize::try_from(i)
        .ok()
        .filter(|i| *i < rank)
        .ok_or_else(|| InferError::new(format!("axis {a} is out of range for rank {rank}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::tfl;
    use crate::op::OpRow;
    use crate::types::FunctionType;
    use crate::{At, Builder, Loc, Module};

    fn dims(t: &Type) -> Vec<Dim> {
        t.as_tensor().unwrap().shape.clone().unwrap()
    }

    #[test]
    fn a_convolution_keeps_an_unknown_batch() {
        let x = TensorType::ranked(vec![None, Some(24), Some(24), Some(3)], Elem::F32).into();
        let w = Type::tensor(&[8, 3, 3, 3], Elem::F32);
        let attrs = tfl::Conv2D { padding: tfl::Padding::Valid, stride_h: 2, ..Default::default() }.write();
        let out = InferCx::new(&attrs, vec![&x, &w], vec![None, None]).run(tfl::Conv2D::DEF).unwrap();
        assert_eq!(dims(&out[0]), [None, Some(11), Some(22), Some(8)]);
    }

    #[test]
    fn operands_that_do_not_fit_are_refused() {
        let (a, b) = (Type::tensor(&[2, 3], Elem::F32), Type::tensor(&[4, 3], Elem::F32));
        let attrs = tfl::Add::default().write();
        let e = InferCx::new(&attrs, vec![&a, &b], vec![None, None]).run(tfl::Add::DEF).unwrap_err();
        assert_eq!(e.to_string(), "dimensions 2 and 4 do not broadcast");
    }

    #[test]
    fn sizes_beyond_all_numbers_are_unknown() {
        let (x, list) = (Type::tensor(&[usize::MAX >> 1, 4, 4, 4], Elem::F32), Type::tensor(&[3], Elem::I64));
        let attrs = Attrs::new();
        let infer = |def, constants: [Option<&Tensor>; 3]| {
            dims(&InferCx::new(&attrs, vec![&x, &list, &list], constants.to_vec()).run(def).unwrap()[0])
        };
        let border = Tensor::i64(&[4, 2], vec![i64::MAX, i64::MAX, 0, 0, 1, 0, 0, 0]);
        assert_eq!(infer(tfl::Pad::DEF, [None, Some(&border), None])[1..], [Some(4), Some(5), Some(4)]);
        let (block, crops) = (Tensor::i64(&[3], vec![1 << 30, 1 << 30, 16]), Tensor::i64(&[3, 2], vec![0; 6]));
        assert_eq!(infer(tfl::BatchToSpaceNd::DEF, [None, Some(&block), Some(&crops)])[0], Some(0));
        assert_eq!(infer(tfl::SpaceToBatchNd::DEF, [None, Some(&block), Some(&crops)])[0], None);
        let times = Tensor::i64(&[4], vec![1, i64::MAX, 2, 1]);
        assert_eq!(infer(tfl::Tile::DEF, [None, Some(&times), None])[1..], [None, Some(8), Some(4)]);
        let (begin, step) = (Tensor::i64(&[4], vec![i64::MIN; 4]), Tensor::i64(&[4], vec![i64::MAX; 4]));
        let out = InferCx::new(&attrs, vec![&x; 4], vec![None, Some(&begin), Some(&step), Some(&step)]);
        assert_eq!(out.run(tfl::StridedSlice::DEF).map(|t| t.len()), Ok(1));
    }

    #[test]
    fn more_sizes_than_a_tensor_has_dimensions_make_no_shape() {
        let (x, sizes) = (Type::tensor(&[2, 3], Elem::F32), |n| Type::tensor(&[n], Elem::I32));
        let infer = |n| {
            let (attrs, sizes) = (Attrs::new(), sizes(n));
            let out = InferCx::new(&attrs, vec![&x, &sizes], vec![None, None]).run(tfl::Reshape::DEF).unwrap();
            out[0].as_tensor().and_then(|t| t.shape.as_ref().map(|s| s.len()))
        };
        assert_eq!([infer(3), infer(50_331_651)], [Some(3), None]);
    }

    #[test]
    fn a_reshape_fills_in_the_missing_size() {
        let mut module = Module::new();
        let ty = FunctionType { inputs: vec![Type::tensor(&[2, 6], Elem::F32)], results: vec![] };
        let func = module.add_func("main", ty, Loc::UNKNOWN);
        let body = module.func_body_mut(func).unwrap();
        let x = body.args(body.entry())[0];
        let entry = body.entry();
        let mut b = Builder::new(body, At::End(entry), Loc::name("reshape"));
        let shape = b.i32s(&[-1, 4]);
        let y = b.value(&tfl::Reshape {}, &[x, shape]).unwrap();
        assert_eq!(*body.ty(y), Type::tensor(&[3, 4], Elem::F32));
        assert_eq!(body.uses(x).len(), 1);
        assert_eq!(body.loc(y).node(), Some("reshape"));
    }
}
