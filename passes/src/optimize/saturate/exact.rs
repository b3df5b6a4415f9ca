//! Which chains of conversions give the same as a shorter one: tried on every code there is.

use ir::Elem;
use kernels::Rounding;
use kernels::reference::{Affine, Codes, convert};

/// A quantized type of 8 bits and one scale.
#[derive(Clone, Copy)]
struct Coded {
    affine: Affine,
    codes: Codes,
}

impl Coded {
    fn of(elem: &Elem) -> Option<Coded> {
        let q = elem.quant().filter(|q| q.width == 8)?;
        let (scale, zero) = q.as_per_tensor()?;
        let (min, max) = ir::QuantType::default_range(q.signed, q.width);
        let codes = Codes { min: i32::try_from(min).ok()?, max: i32::try_from(max).ok()? };
        Some(Coded { affine: Affine { scale: scale as f32, zero: i32::try_from(zero).ok()? }, codes })
    }
    fn all(self) -> Vec<i32> {
        (self.codes.min..=self.codes.max).collect()
    }
    fn values(self, codes: &[i32]) -> Vec<f32> {
        codes.iter().map(|q| convert::dequantize(*q, self.affine)).collect()
    }
    /// The codes of this type made of those of another one.
    fn requantized(self, codes: Vec<i32>, from: Coded) -> Option<Vec<i32>> {
        convert::requantize(&codes, from.affine, self.affine, self.codes, Rounding::Reference).ok()
    }
    fn quantized(self, values: &[f32]) -> Vec<i32> {
        convert::quantize(values, self.affine, self.codes)
    }
}

/// Whether codes that are dequantized and quantized again come back.
pub(super) fn comes_back(elem: &Elem) -> bool {
    Coded::of(elem).is_some_and(|q| q.quantized(&q.values(&q.all())) == q.all())
}

/// Whether quantizing what is dequantized is requantizing.
pub(super) fn is_requantization(from: &Elem, to: &Elem) -> bool {
    let (Some(from), Some(to)) = (Coded::of(from), Coded::of(to)) else { return false };
    to.requantized(from.all(), from) == Some(to.quantized(&from.values(&from.all())))
}

/// Whether requantizing to `between` and then to `to` is requantizing to `to`, or nothing where that is `from`.
pub(super) fn skips(from: &Elem, between: &Elem, to: &Elem) -> bool {
    let same = from == to;
    let (Some(from), Some(between), Some(to)) = (Coded::of(from), Coded::of(between), Coded::of(to)) else {
        return false;
    };
    let long = between.requantized(from.all(), from).and_then(|codes| to.requantized(codes, between));
    let short = if same { Some(from.all()) } else { to.requantized(from.all(), from) };
    long.is_some() && long == short
}

/// Whether codes requantized to `to` mean what they did.
pub(super) fn means_the_same(from: &Elem, to: &Elem) -> bool {
    let (Some(from), Some(to)) = (Coded::of(from), Coded::of(to)) else { return false };
    let Some(codes) = to.requantized(from.all(), from) else { return false };
    let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    bits(to.values(&codes)) == bits(from.values(&from.all()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::QuantType;

    fn q(scale: f64, zero: i64) -> Elem {
        Elem::Quant(QuantType::per_tensor(8, scale, zero).into())
    }

    #[test]
    fn conversions_that_keep_every_code() {
        assert!(comes_back(&q(0.0123, -7)));
        assert!(!comes_back(&Elem::Quant(QuantType::per_tensor(16, 0.1, 0).into())), "only 8 bits are tried");
        assert!(skips(&q(0.5, 3), &q(0.5, 3), &q(0.5, 3)));
        assert!(!skips(&q(0.5, 0), &q(1.0, 0), &q(0.5, 0)), "a coarser scale loses codes");
        assert!(!means_the_same(&q(0.5, 0), &q(0.25, 0)), "large codes do not fit");
        assert!(!means_the_same(&q(0.3, 0), &q(0.2, 0)));
    }
}
