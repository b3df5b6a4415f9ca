//! How sums become codes, a group of lanes at a time.

use super::pack::{LANES, lanes};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, Rule};
use crate::reference::matmul::FromSums;
use crate::reference::{Codes, Requant};

/// The factor of each output, as [`lanes`] orders them.
#[derive(Clone, Debug)]
pub enum Factors {
    /// A [`Multiplier`] each, of [`Rule::Double`].
    Fixed {
        /// Mantissas.
        mantissas: Vec<i32>,
        /// Left shifts where positive, right shifts where negative.
        shifts: Vec<i32>,
    },
    /// A real factor each, and one rounding of the product, halves away from zero.
    Real {
        /// Factors.
        ratios: Vec<f64>,
    },
}

/// How the sums of `outputs` channels become codes.
#[derive(Clone, Debug)]
pub struct Output {
    /// Factors.
    pub factors: Factors,
    /// Code of 0 in the result.
    pub zero: i32,
    /// Codes of the result.
    pub codes: Codes,
}

/// One value, or one for each of `outputs`, as one each.
fn each<T: Copy>(values: &[T], outputs: usize) -> Result<impl Iterator<Item = T>> {
    let n = values.len();
    ensure(n == 1 || n == outputs, || format!("{n} scales for {outputs} channels"))?;
    Ok((0..outputs).map(move |o| values[o % n]))
}

impl Output {
    /// Of a convolution.
    pub fn fixed(by: &Requant, outputs: usize) -> Result<Output> {
        let all: Vec<Multiplier> = each(&by.multipliers, outputs)?.collect();
        ensure(all.iter().all(|m| m.rule == Rule::Double), || "a multiplier rounds halves up twice".into())?;
        let (mantissas, shifts): (Vec<i32>, Vec<i32>) = all.iter().map(|m| (m.mantissa, m.shift)).unzip();
        let factors = Factors::Fixed { mantissas: lanes(&mantissas), shifts: lanes(&shifts) };
        Ok(Output { factors, zero: by.zero, codes: by.codes })
    }

    /// Of a fully connected operation.
    pub fn of(by: &FromSums, outputs: usize) -> Result<Output> {
        match by {
            FromSums::Fixed(by) => Output::fixed(by, outputs),
            FromSums::Real(by) => {
                let factors = Factors::Real { ratios: lanes(&each(&by.ratios, outputs)?.collect::<Vec<_>>()) };
                Ok(Output { factors, zero: by.zero, codes: by.codes })
            }
        }
    }

    /// Outputs, filled up.
    pub(super) fn lanes(&self) -> usize {
        match &self.factors {
            Factors::Fixed { mantissas, .. } => mantissas.len(),
            Factors::Real { ratios } => ratios.len(),
        }
    }
}

/// The bias of each output, and what makes up for codes of the operand not less their zero: `bias - zero * sum(w)`, as
/// [`lanes`] orders them.
pub(super) fn biases(bias: Option<&[i32]>, outputs: usize, zero: i32, sum: impl Fn(usize) -> i32) -> Result<Vec<i32>> {
    ensure(bias.is_none_or(|b| b.len() == outputs), || format!("the bias has not {outputs} elements"))?;
    let one = |o: usize| bias.map_or(0, |b| b[o]).wrapping_sub(zero.wrapping_mul(sum(o)));
    Ok(lanes(&(0..outputs).map(one).collect::<Vec<_>>()))
}

const _: () = assert!(LANES == 16, "instruction sets are written for groups of 16");
