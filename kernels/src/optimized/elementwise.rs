//! Functions of two tensors, element by element.

use super::blend::Blend;
use super::isa::Isa;
use super::pack::LANES;
use super::variant::{Variant, best};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, Rule};
use crate::reference::Codes;
use crate::reference::elementwise::{self, Joined};

/// A multiplier that every lane has.
#[derive(Clone, Copy, Debug)]
pub struct Uniform {
    mantissas: [i32; LANES],
    shifts: [i32; LANES],
    rule: Rule,
}

impl Uniform {
    fn new(m: Multiplier) -> Uniform {
        Uniform { mantissas: [m.mantissa; LANES], shifts: [m.shift; LANES], rule: m.rule }
    }

    /// The multiplier.
    pub fn one(&self) -> Multiplier {
        Multiplier { mantissa: self.mantissas[0], shift: self.shifts[0], rule: self.rule }
    }

    /// Whether variants have its rule.
    fn known(&self) -> bool {
        self.rule == Rule::Double
    }

    /// # Safety
    ///
    /// As for [`Isa`].
    #[inline(always)]
    #[allow(unsafe_code)]
    unsafe fn scale<I: Isa>(&self, zero: i32) -> I::Scale {
        // SAFETY: the caller's promise; both have 16 elements.
        unsafe { I::scale(self.mantissas.as_ptr(), self.shifts.as_ptr(), zero, i32::MIN) }
    }
}

/// What makes an operand's codes values of a common scale: less the zero, shifted left, times a factor.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Code of 0.
    pub zero: i32,
    /// Shift of the codes less the zero.
    pub left: i32,
    /// Factor.
    pub by: Uniform,
}

impl Side {
    fn new((zero, left, by): (i32, u32, Multiplier)) -> Side {
        Side { zero, left: left as i32, by: Uniform::new(by) }
    }

    pub(super) fn at(&self, code: i8) -> i32 {
        self.by.one().apply((i32::from(code) - self.zero) << self.left)
    }
}

/// A sum, difference or squared difference; see [`elementwise::Join`].
pub struct Join {
    by: Joining,
    blend: Option<Blend>,
    variant: &'static Variant,
}

/// The numbers of a [`Join`].
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    /// What joins the operands.
    pub kind: Joined,
    /// Left operand.
    pub a: Side,
    /// Right operand.
    pub b: Side,
    /// Factor of the result.
    pub out: Uniform,
    /// Code of 0 in the result.
    pub zero: i32,
    /// Codes of the result.
    pub codes: Codes,
}

/// A product; see [`elementwise::Product`].
pub struct Product {
    by: Multiplying,
    variant: &'static Variant,
}

/// The numbers of a [`Product`].
#[derive(Clone, Copy, Debug)]
pub struct Multiplying {
    /// Codes of 0 of both operands and the result.
    pub zeros: [i32; 3],
    /// Factor of the result.
    pub out: Uniform,
    /// Codes of the result.
    pub codes: Codes,
}

/// Two operands and a result: as many elements each, or one element that meets all.
pub(super) struct Pairs<'a> {
    pub a: &'a [i8],
    pub b: &'a [i8],
    pub y: &'a mut [i8],
}

impl Pairs<'_> {
    fn check(&self) -> Result<()> {
        let n = self.y.len();
        let fits = |x: &[i8]| x.len() == n || x.len() == 1;
        ensure(fits(self.a) && fits(self.b), || {
            format!("operands of {} and {} elements for {n} of the result", self.a.len(), self.b.len())
        })
    }
}

impl Join {
    /// The same function.
    pub fn new(of: &elementwise::Join) -> Join {
        let out = Uniform::new(of.out);
        let (a, b) = (Side::new(of.a.parts()), Side::new(of.b.parts()));
        let by = Joining { kind: of.kind, a, b, out, zero: of.zero, codes: of.codes };
        Join { by, blend: Blend::of(&by), variant: best(false) }
    }

    /// The same with another variant, which must be available.
    pub fn with(self, variant: &'static Variant) -> Result<Join> {
        variant.takes(false)?;
        Ok(Join { variant, ..self })
    }

    /// Its numbers.
    pub fn joining(&self) -> &Joining {
        &self.by
    }

    /// The same as one affine function, if it is one.
    pub fn blend(&self) -> Option<&Blend> {
        self.blend.as_ref()
    }

    /// Computes `y` of operands that have as many elements, or one.
    pub fn run(&self, a: &[i8], b: &[i8], y: &mut [i8]) -> Result<()> {
        let pairs = Pairs { a, b, y };
        pairs.check()?;
        // SAFETY: a variant is only chosen if the processor has it.
        #[allow(unsafe_code)]
        unsafe {
            (self.variant.join)(&self.by, self.blend.as_ref(), pairs);
        }
        Ok(())
    }
}

impl Product {
    /// The same function.
    pub fn new(of: &elementwise::Product) -> Product {
        let by = Multiplying { zeros: of.zeros, out: Uniform::new(of.multiplier), codes: of.codes };
        Product { by, variant: best(false) }
    }

    /// The same with another variant, which must be available.
    pub fn with(self, variant: &'static Variant) -> Result<Product> {
        variant.takes(false)?;
        Ok(Product { variant, ..self })
    }

    /// Its numbers.
    pub fn multiplying(&self) -> &Multiplying {
        &self.by
    }

    /// Computes `y` of operands that have as many elements, or one.
    pub fn run(&self, a: &[i8], b: &[i8], y: &mut [i8]) -> Result<()> {
        let pairs = Pairs { a, b, y };
        pairs.check()?;
        // SAFETY: a variant is only chosen if the processor has it.
        #[allow(unsafe_code)]
        unsafe {
            (self.variant.product)(&self.by, pairs);
        }
        Ok(())
    }
}

/// Where the lanes of an operand begin: those of element `i`, or of a copy of what is left over, or of the only element.
struct Source<'a> {
    all: &'a [i8],
    /// The last elements, or the only one in every lane.
    rest: [i8; LANES],
    one: bool,
}

impl<'a> Source<'a> {
    /// Of `n` pairs.
    fn new(all: &'a [i8], n: usize) -> Source<'a> {
        let mut rest = [0; LANES];
        let one = all.len() == 1;
        if one {
            rest = [all[0]; LANES];
        } else {
            let last = &all[n - n % LANES..];
            rest[..last.len()].copy_from_slice(last);
        }
        Source { all, rest, one }
    }

    #[inline(always)]
    fn at(&self, i: usize) -> *const i8 {
        if self.one || i + LANES > self.all.len() { self.rest.as_ptr() } else { self.all[i..].as_ptr() }
    }
}

/// Writes `of(a, b)` for each pair of operands, sixteen at a time.
macro_rules! each_sixteen {
    ($isa:ident, $p:ident, $codes:expr, |$a:ident, $b:ident| $of:expr) => {{
        let n = $p.y.len();
        let limits = $isa::limits($codes);
        let (left, right) = (Source::new($p.a, n), Source::new($p.b, n));
        for i in (0..n).step_by(LANES) {
            let ($a, $b) = (left.at(i), right.at(i));
            let codes = $of;
            let to = &mut $p.y[i..n.min(i + LANES)];
            if to.len() == LANES {
                $isa::store(codes, limits, to.as_mut_ptr());
                continue;
            }
            let mut rest = [0; LANES];
            $isa::store(codes, limits, rest.as_mut_ptr());
            to.copy_from_slice(&rest[..to.len()]);
        }
    }};
}

/// Joins pairs.
///
/// # Safety
///
/// The processor has the instruction set; the pairs are checked.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) unsafe fn join<I: Isa>(k: &Joining, blend: Option<&Blend>, p: Pairs<'_>) {
    if let Some(by) = blend {
        // SAFETY: sources and results are valid for 16.
        unsafe { each_sixteen!(I, p, k.codes, |a, b| I::blend(a, b, by)) }
        return;
    }
    if !(k.a.by.known() && k.b.by.known() && k.out.known()) {
        return one_by_one(p, |a, b| joined(k, k.a.at(a), k.b.at(b)));
    }
    // SAFETY: sources and results are valid for 16.
    unsafe {
        let (by_a, by_b, by_out) = (k.a.by.scale::<I>(0), k.b.by.scale::<I>(0), k.out.scale::<I>(k.zero));
        each_sixteen!(I, p, k.codes, |a, b| {
            let a = I::rescale(I::shift(I::codes(a, k.a.zero), k.a.left), &by_a);
            let b = I::rescale(I::shift(I::codes(b, k.b.zero), k.b.left), &by_b);
            let value = match k.kind {
                Joined::Sum => I::add(a, b),
                Joined::Difference => I::sub(a, b),
                Joined::SquaredDifference => I::mul(I::sub(a, b), I::sub(a, b)),
            };
            I::rescale(value, &by_out)
        });
    }
}

/// Multiplies pairs.
///
/// # Safety
///
/// The processor has the instruction set; the pairs are checked.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) unsafe fn product<I: Isa>(k: &Multiplying, p: Pairs<'_>) {
    let [za, zb, zero] = k.zeros;
    if !k.out.known() {
        let one = |a, b| (i32::from(a) - za) * (i32::from(b) - zb);
        return one_by_one(p, |a, b| k.codes.clamp(k.out.one().apply(one(a, b)).wrapping_add(zero)));
    }
    // SAFETY: sources and results are valid for 16.
    unsafe {
        let by = k.out.scale::<I>(zero);
        each_sixteen!(I, p, k.codes, |a, b| I::rescale(I::mul(I::codes(a, za), I::codes(b, zb)), &by));
    }
}

/// What two values of the common scale give.
pub(super) fn joined(k: &Joining, a: i32, b: i32) -> i8 {
    let value = match k.kind {
        Joined::Sum => a.wrapping_add(b),
        Joined::Difference => a.wrapping_sub(b),
        Joined::SquaredDifference => a.wrapping_sub(b).wrapping_mul(a.wrapping_sub(b)),
    };
    k.codes.clamp(k.out.one().apply(value).wrapping_add(k.zero))
}

/// Factors that a variant does not take.
fn one_by_one(p: Pairs<'_>, of: impl Fn(i8, i8) -> i8) {
    let at = |x: &[i8], i: usize| if x.len() == 1 { x[0] } else { x[i] };
    p.y.iter_mut().enumerate().for_each(|(i, y)| *y = of(at(p.a, i), at(p.b, i)));
}
