//! Element-wise operations.

use ir::dialect::tfl::{self, Activation};
use ir::{AttrValue, Elem, Tensor};

use super::compute::clamp;
use super::shapes::from_ints;
use super::{Call, one};
use crate::error::{KernelError, Result};
use crate::float::elementwise::{self, binary};

pub(super) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    let name = c.op.name.as_str().strip_prefix("tfl.").or_else(|| c.op.name.as_str().strip_prefix("tf."))?;
    if let Some(f) = unary(name, c) {
        return Some(map(c, f));
    }
    Some(match name {
        "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "squared_difference" | "floor_div" | "floor_mod"
        | "pow" | "atan2" => arithmetic(c, name),
        "prelu" => prelu(c),
        "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal" => comparison(c, name),
        "logical_and" | "logical_or" => logical(c, name == "logical_and"),
        "logical_not" => {
            c.ints(0).and_then(|x| Ok(vec![Tensor::bool(&c.shape(0)?, x.into_iter().map(|v| v == 0).collect())]))
        }
        "add_n" => add_n(c),
        "neg" | "abs" | "square" | "sign" | "relu" => integer_unary(c, name),
        _ => return None,
    })
}

type Unary = Box<dyn Fn(f32) -> f32>;

/// The float function of a unary operation.
fn unary(name: &str, c: &Call<'_>) -> Option<Unary> {
    if c.ins.first()?.as_ref()?.ty().elem != Elem::F32 {
        return None;
    }
    Some(match name {
        "abs" => Box::new(f32::abs),
        "ceil" => Box::new(f32::ceil),
        "cos" => Box::new(f32::cos),
        "elu" => Box::new(|x| if x < 0.0 { x.exp_m1() } else { x }),
        "exp" => Box::new(f32::exp),
        "floor" => Box::new(f32::floor),
        "hard_swish" => Box::new(elementwise::hard_swish),
        "log" => Box::new(f32::ln),
        "neg" => Box::new(|x| -x),
        "relu" => Box::new(|x| x.max(0.0)),
        "relu6" => Box::new(|x| x.clamp(0.0, 6.0)),
        "relu_n1_to_1" => Box::new(|x| x.clamp(-1.0, 1.0)),
        "relu_0_to_1" => Box::new(|x| x.clamp(0.0, 1.0)),
        "round" => Box::new(f32::round_ties_even),
        "rsqrt" => Box::new(|x| 1.0 / x.sqrt()),
        "sign" => Box::new(|x| {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x
            }
        }),
        "sin" => Box::new(f32::sin),
        "sqrt" => Box::new(f32::sqrt),
        "square" => Box::new(|x| x * x),
        "logistic" => Box::new(elementwise::logistic),
        "tanh" => Box::new(f32::tanh),
        // Not a TFLite operation; it stands in the IR until a GELU takes it in.
        "Erf" => Box::new(|x| elementwise::erf(f64::from(x)) as f32),
        "leaky_relu" => {
            let alpha = tfl_alpha(c)?;
            Box::new(move |x| if x >= 0.0 { x } else { alpha * x })
        }
        "gelu" => {
            let approximate = c.attr_flag("approximate");
            Box::new(move |x| elementwise::gelu(x, approximate))
        }
        _ => return None,
    })
}

fn tfl_alpha(c: &Call<'_>) -> Option<f32> {
    c.row::<tfl::LeakyRelu>().ok().map(|r| r.alpha)
}

fn map(c: &Call<'_>, f: Unary) -> Result<Vec<Tensor>> {
    one(&c.shape(0)?, c.f32(0)?.iter().map(|v| f(*v)).collect())
}

fn arithmetic(c: &Call<'_>, name: &str) -> Result<Vec<Tensor>> {
    let (sa, sb) = (c.shape(0)?, c.shape(1)?);
    if let (Some(a), Some(b)) = (c.tensor(0)?.as_f32(), c.tensor(1)?.as_f32()) {
        // One closure for each function, so that each loop is compiled for itself.
        let (mut y, shape) = match name {
            "add" => binary(&a, &sa, &b, &sb, |x, y| x + y),
            "sub" => binary(&a, &sa, &b, &sb, |x, y| x - y),
            "mul" => binary(&a, &sa, &b, &sb, |x, y| x * y),
            "div" => binary(&a, &sa, &b, &sb, |x, y| x / y),
            "maximum" => binary(&a, &sa, &b, &sb, f32::max),
            "minimum" => binary(&a, &sa, &b, &sb, f32::min),
            "squared_difference" => binary(&a, &sa, &b, &sb, |x, y| (x - y) * (x - y)),
            "floor_div" => binary(&a, &sa, &b, &sb, |x, y| (x / y).floor()),
            "floor_mod" => binary(&a, &sa, &b, &sb, elementwise::floor_mod),
            "pow" => binary(&a, &sa, &b, &sb, f32::powf),
            _ => binary(&a, &sa, &b, &sb, f32::atan2),
        }?;
        let act = c.op.attr("fused_activation_function").and_then(Activation::from_attr);
        clamp(act.unwrap_or(Activation::None))?.apply(&mut y);
        return one(&shape, y);
    }
    let (a, b) = (c.ints(0)?, c.ints(1)?);
    if matches!(name, "div" | "floor_div" | "floor_mod") && b.contains(&0) {
        return Err(KernelError::new("a divisor is zero"));
    }
    let (y, shape) = match name {
        "add" => binary(&a, &sa, &b, &sb, i64::wrapping_add),
        "sub" => binary(&a, &sa, &b, &sb, i64::wrapping_sub),
        "mul" => binary(&a, &sa, &b, &sb, i64::wrapping_mul),
        "div" => binary(&a, &sa, &b, &sb, i64::wrapping_div),
        "maximum" => binary(&a, &sa, &b, &sb, i64::max),
        "minimum" => binary(&a, &sa, &b, &sb, i64::min),
        "squared_difference" => binary(&a, &sa, &b, &sb, |x, y| x.wrapping_sub(y).wrapping_pow(2)),
        "floor_div" => binary(&a, &sa, &b, &sb, |x, y| x.wrapping_div(y) - i64::from(x % y != 0 && (x < 0) != (y < 0))),
        "floor_mod" => binary(&a, &sa, &b, &sb, |x, y| {
            let r = x.wrapping_rem(y);
            if r != 0 && (r < 0) != (y < 0) { r + y } else { r }
        }),
        "pow" => binary(&a, &sa, &b, &sb, |x, y| x.wrapping_pow(u32::try_from(y).unwrap_or(0))),
        _ => return Err(KernelError::new("it takes floats")),
    }?;
    Ok(vec![from_ints(&shape, c.elem(0)?, &y)?])
}

fn prelu(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let f = |x: f32, a: f32| if x >= 0.0 { x } else { x * a };
    let (y, shape) = binary(&c.f32(0)?, &c.shape(0)?, &c.f32(1)?, &c.shape(1)?, f)?;
    one(&shape, y)
}

fn comparison(c: &Call<'_>, name: &str) -> Result<Vec<Tensor>> {
    fn compare<T: PartialOrd + Copy>(
        name: &str,
        a: &[T],
        sa: &[usize],
        b: &[T],
        sb: &[usize],
    ) -> Result<(Vec<bool>, Vec<usize>)> {
        match name {
            "equal" => binary(a, sa, b, sb, |x, y| x == y),
            "not_equal" => binary(a, sa, b, sb, |x, y| x != y),
            "less" => binary(a, sa, b, sb, |x, y| x < y),
            "less_equal" => binary(a, sa, b, sb, |x, y| x <= y),
            "greater" => binary(a, sa, b, sb, |x, y| x > y),
            _ => binary(a, sa, b, sb, |x, y| x >= y),
        }
    }
    let (sa, sb) = (c.shape(0)?, c.shape(1)?);
    let (y, shape) = match (c.tensor(0)?.as_f32(), c.tensor(1)?.as_f32()) {
        (Some(a), Some(b)) => compare(name, &a, &sa, &b, &sb)?,
        _ => compare(name, &c.ints(0)?, &sa, &c.ints(1)?, &sb)?,
    };
    Ok(vec![Tensor::bool(&shape, y)])
}

fn logical(c: &Call<'_>, and: bool) -> Result<Vec<Tensor>> {
    let f = |x: i64, y: i64| if and { x != 0 && y != 0 } else { x != 0 || y != 0 };
    let (y, shape) = binary(&c.ints(0)?, &c.shape(0)?, &c.ints(1)?, &c.shape(1)?, f)?;
    Ok(vec![Tensor::bool(&shape, y)])
}

fn add_n(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    if c.tensor(0)?.as_f32().is_none() {
        let mut sum = c.ints(0)?;
        for i in 1..c.ins.len() {
            for (s, v) in sum.iter_mut().zip(c.ints(i)?) {
                *s = s.wrapping_add(v);
            }
        }
        return Ok(vec![from_ints(&shape, c.elem(0)?, &sum)?]);
    }
    let mut sum = c.f32(0)?.into_owned();
    for i in 1..c.ins.len() {
        for (s, v) in sum.iter_mut().zip(c.f32(i)?.iter()) {
            *s += v;
        }
    }
    one(&shape, sum)
}

fn integer_unary(c: &Call<'_>, name: &str) -> Result<Vec<Tensor>> {
    let y: Vec<i64> = c
        .ints(0)?
        .into_iter()
        .map(|v| match name {
            "neg" => v.wrapping_neg(),
            "abs" => v.wrapping_abs(),
            "square" => v.wrapping_mul(v),
            "relu" => v.max(0),
            _ => v.signum(),
        })
        .collect();
    Ok(vec![from_ints(&c.shape(0)?, c.elem(0)?, &y)?])
}
