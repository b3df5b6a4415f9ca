//! Functions of one or two codes.

use ir::Tensor;
use ir::dialect::tfl;

use super::{Prepared, Types, coded, codes, operand};
use crate::error::Result;
use crate::reference::activation::{self, Table};
use crate::reference::elementwise::{Comparison, Join, Joined, Operand, Prelu, Product, Quotient, extreme};

/// The kernel of an element-wise operation; `None` if it has no integer form.
pub(super) fn prepare(t: &Types<'_>, name: &str) -> Option<Prepared> {
    Some(match name {
        "add" => join(t, Joined::Sum),
        "sub" => join(t, Joined::Difference),
        "squared_difference" => join(t, Joined::SquaredDifference),
        "mul" => mul(t),
        "div" => div(t),
        "prelu" => prelu(t),
        "maximum" => Ok(binary(|a, b| extreme(a, b, true))),
        "minimum" => Ok(binary(|a, b| extreme(a, b, false))),
        "equal" => comparison(t, |a, b| a == b),
        "not_equal" => comparison(t, |a, b| a != b),
        "less" => comparison(t, |a, b| a < b),
        "less_equal" => comparison(t, |a, b| a <= b),
        "greater" => comparison(t, |a, b| a > b),
        "greater_equal" => comparison(t, |a, b| a >= b),
        "abs" | "relu" | "relu6" | "relu_n1_to_1" | "relu_0_to_1" | "leaky_relu" | "hard_swish" | "logistic"
        | "tanh" | "gelu" | "exp" | "elu" | "log" | "sqrt" | "rsqrt" => unary(t, name),
        _ => return None,
    })
}

fn binary(f: impl Fn(Operand<'_>, Operand<'_>) -> Result<(Vec<i8>, Vec<usize>)> + Send + Sync + 'static) -> super::Run {
    Box::new(move |c| {
        let ((a, sa), (b, sb)) = (operand(c, 0)?, operand(c, 1)?);
        let (y, shape) = f((&a, &sa), (&b, &sb))?;
        coded(c, &shape, y)
    })
}

/// A sum or difference for the types' parameters.
pub(crate) fn join_of(t: &Types<'_>, kind: Joined) -> Result<Join> {
    Join::new(kind, t.affine(0)?, t.affine(1)?, t.out()?, t.codes()?)
}

/// A product for the types' parameters.
pub(crate) fn product(t: &Types<'_>) -> Result<Product> {
    Product::new(t.affine(0)?, t.affine(1)?, t.out()?, t.codes()?)
}

/// A quotient for the types' parameters.
pub(crate) fn quotient(t: &Types<'_>) -> Result<Quotient> {
    Quotient::new(t.affine(0)?, t.affine(1)?, t.out()?, t.codes()?)
}

/// A PReLU for the types' parameters.
pub(crate) fn prelu_of(t: &Types<'_>) -> Result<Prelu> {
    Prelu::new(t.affine(0)?, t.affine(1)?, t.out()?)
}

/// A comparison for the types' parameters.
pub(crate) fn comparison_of(t: &Types<'_>) -> Result<Comparison> {
    Comparison::new(t.affine(0)?, t.affine(1)?)
}

fn join(t: &Types<'_>, kind: Joined) -> Prepared {
    let k = join_of(t, kind)?;
    Ok(binary(move |a, b| k.apply(a, b)))
}

fn mul(t: &Types<'_>) -> Prepared {
    let k = product(t)?;
    Ok(binary(move |a, b| k.apply(a, b)))
}

fn div(t: &Types<'_>) -> Prepared {
    let k = quotient(t)?;
    Ok(binary(move |a, b| k.apply(a, b)))
}

fn prelu(t: &Types<'_>) -> Prepared {
    let k = prelu_of(t)?;
    Ok(binary(move |x, alpha| k.apply(x, alpha)))
}

fn comparison(t: &Types<'_>, holds: fn(i32, i32) -> bool) -> Prepared {
    let k = comparison_of(t)?;
    Ok(Box::new(move |c| {
        let ((a, sa), (b, sb)) = (operand(c, 0)?, operand(c, 1)?);
        let (y, shape) = k.apply((&a, &sa), (&b, &sb), holds)?;
        Ok(vec![Tensor::bool(&shape, y)])
    }))
}

fn unary(t: &Types<'_>, name: &str) -> Prepared {
    let table = table(t, name)?;
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, table.apply(&codes(c, 0)?)?)))
}

/// The table of a function of one code.
pub(crate) fn table(t: &Types<'_>, name: &str) -> Result<Table> {
    let (x, out) = (t.affine(0)?, t.out()?);
    match name {
        "abs" => activation::abs(x, out),
        "relu" => activation::relu(x, out, 0.0, f32::INFINITY),
        "relu6" => activation::relu(x, out, 0.0, 6.0),
        "relu_n1_to_1" => activation::relu(x, out, -1.0, 1.0),
        "relu_0_to_1" => activation::relu(x, out, 0.0, 1.0),
        "leaky_relu" => activation::leaky_relu(x, out, t.row::<tfl::LeakyRelu>()?.alpha),
        "hard_swish" => activation::hard_swish(x, out),
        "logistic" => activation::logistic(x, out),
        "tanh" => activation::tanh(x, out),
        "gelu" => Ok(activation::gelu(x, out, t.row::<tfl::Gelu>()?.approximate)),
        "exp" => Ok(activation::exp(x, out)),
        "elu" => Ok(activation::elu(x, out)),
        "log" => Ok(activation::log(x, out)),
        "sqrt" => Ok(activation::sqrt(x, out)),
        _ => activation::rsqrt(x, out),
    }
}
