//! GELU from its written-out forms, and what products are made of.

use ir::Value;
use ir::dialect::tfl::{self, Activation};

use crate::optimize::rewrite::{Rewriter, about};

/// A product taken apart.
pub struct Product {
    /// The product of the constant factors.
    pub number: f64,
    /// The others, in order.
    pub factors: Vec<Value>,
}

/// The root's factors. Products inside that have one use are taken apart too.
pub fn product(r: &Rewriter<'_>) -> Option<Product> {
    let plain = r.row::<tfl::Mul>()?.fused_activation_function == Activation::None;
    let mut product = Product { number: 1.0, factors: Vec::new() };
    for v in plain.then(|| r.op().operands().to_vec())? {
        collect(r, v, 4, &mut product);
    }
    Some(product)
}

/// The factors of any value; a value that is no product is its own.
fn factors(r: &Rewriter<'_>, v: Value) -> Product {
    let mut product = Product { number: 1.0, factors: Vec::new() };
    collect(r, v, 4, &mut product);
    product
}

fn collect(r: &Rewriter<'_>, v: Value, depth: usize, out: &mut Product) {
    if let Some(number) = r.splat(v).filter(|_| r.is_f32(v)) {
        out.number *= number;
        return;
    }
    match r.only::<tfl::Mul>(v) {
        Some(m) if depth > 0 && m.row.fused_activation_function == Activation::None => {
            m.ins.iter().for_each(|i| collect(r, *i, depth - 1, out));
        }
        _ => out.factors.push(v),
    }
}

/// `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`, `0.5 x (1 + erf(x / sqrt 2))`, `0.5 x erfc(-x / sqrt 2)`
pub fn gelu(r: &mut Rewriter<'_>) -> Option<Value> {
    let product = product(r)?;
    let [a, b] = product.factors[..] else { return None };
    if !about(product.number, 0.5) {
        return None;
    }
    let found = normal(r, a, b).map(|approximate| (a, approximate));
    let (x, approximate) = match found {
        Some(f) => f,
        None => (b, normal(r, b, a)?),
    };
    r.emit(&tfl::Gelu { approximate }, &[x])
}

/// Whether a value is twice the normal distribution function of `x`, and by which formula: true for the one by tanh.
fn normal(r: &Rewriter<'_>, x: Value, v: Value) -> Option<bool> {
    if let Some(u) = r.operand_of(v, "tf.Erfc") {
        return is_scaled(r, u, x, -std::f64::consts::FRAC_1_SQRT_2).then_some(false);
    }
    let add = r.def::<tfl::Add>(v)?;
    if add.row.fused_activation_function != Activation::None || r.splat(add.ins[1])? != 1.0 {
        return None;
    }
    if let Some(u) = r.operand_of(add.ins[0], "tf.Erf") {
        return is_scaled(r, u, x, std::f64::consts::FRAC_1_SQRT_2).then_some(false);
    }
    let u = r.def::<tfl::Tanh>(add.ins[0])?.ins[0];
    is_tanh_argument(r, u, x).then_some(true)
}

/// `v = number * x`, where the sign may stand in a negation.
fn is_scaled(r: &Rewriter<'_>, v: Value, x: Value, number: f64) -> bool {
    let product = factors(r, v);
    let [factor] = product.factors[..] else { return false };
    match r.def::<tfl::Neg>(factor) {
        Some(neg) if factor != x => neg.ins[0] == x && about(-product.number, number),
        _ => factor == x && about(product.number, number),
    }
}

/// `sqrt(2/pi) (x + 0.044715 x^3)`, also with `x` outside the bracket
fn is_tanh_argument(r: &Rewriter<'_>, v: Value, x: Value) -> bool {
    let product = factors(r, v);
    if !about(product.number, (2.0 / std::f64::consts::PI).sqrt()) {
        return false;
    }
    match product.factors[..] {
        [sum] => addends(r, sum)
            .is_some_and(|[a, b]| a == x && is_cubic_term(r, b, x, 3) || b == x && is_cubic_term(r, a, x, 3)),
        [a, b] => {
            let sum = if a == x { b } else { a };
            (a == x || b == x)
                && addends(r, sum).is_some_and(|[t, one]| r.splat(one) == Some(1.0) && is_cubic_term(r, t, x, 2))
        }
        _ => false,
    }
}

fn addends(r: &Rewriter<'_>, v: Value) -> Option<[Value; 2]> {
    let add = r.def::<tfl::Add>(v)?;
    (add.row.fused_activation_function == Activation::None).then_some([add.ins[0], add.ins[1]])
}

/// `0.044715 x^power`
fn is_cubic_term(r: &Rewriter<'_>, v: Value, x: Value, power: usize) -> bool {
    let product = factors(r, v);
    let exponents: Option<usize> = product.factors.iter().map(|f| exponent(r, *f, x)).sum();
    about(product.number, 0.044715) && exponents == Some(power)
}

/// `n` of `v = x^n`
fn exponent(r: &Rewriter<'_>, v: Value, x: Value) -> Option<usize> {
    if v == x {
        return Some(1);
    }
    if let Some(square) = r.def::<tfl::Square>(v) {
        return (square.ins[0] == x).then_some(2);
    }
    if let Some(mul) = r.def::<tfl::Mul>(v) {
        return (mul.ins == [x, x]).then_some(2);
    }
    let pow = r.def::<tfl::Pow>(v)?;
    (pow.ins[0] == x && r.splat(pow.ins[1])? == 3.0).then_some(3)
}
