//! The integers that codes are stored in, and those that products are summed in.

use super::Codes;
use crate::fixed::Multiplier;

/// An integer type of codes.
pub trait Code: Copy + Ord + Into<i32> + Into<i64> + Into<f32> + Send + Sync + 'static {
    /// All its values.
    const ALL: Codes;

    /// A value that is in range; others lose their upper bits.
    fn of(code: i32) -> Self;

    /// How many values lie below it.
    #[inline]
    fn index(self) -> usize {
        let code: i32 = self.into();
        (code - Self::ALL.min) as usize
    }
}

macro_rules! code {
    ($($int:ty),*) => {$(
        impl Code for $int {
            const ALL: Codes = Codes { min: <$int>::MIN as i32, max: <$int>::MAX as i32 };

            #[inline]
            fn of(code: i32) -> Self {
                code as Self
            }
        }
    )*};
}
code!(i8, u8, i16);

/// An integer type of sums of products; sums wrap.
pub trait Sum: Copy + Default + Send + Sync + 'static {
    /// The product of two codes less their zeros.
    fn product(a: i16, b: i16) -> Self;

    /// The sum.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// The sum times a factor: wide sums take one of 15 bits.
    fn scaled(self, by: Multiplier) -> i32;

    /// The nearest double.
    fn to_f64(self) -> f64;
}

impl Sum for i32 {
    #[inline]
    fn product(a: i16, b: i16) -> i32 {
        i32::from(a) * i32::from(b)
    }
    #[inline]
    fn plus(self, other: i32) -> i32 {
        self.wrapping_add(other)
    }
    #[inline]
    fn scaled(self, by: Multiplier) -> i32 {
        by.apply(self)
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Sum for i64 {
    #[inline]
    fn product(a: i16, b: i16) -> i64 {
        (i32::from(a) * i32::from(b)).into()
    }
    #[inline]
    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }
    #[inline]
    fn scaled(self, by: Multiplier) -> i32 {
        by.apply_wide(self)
    }
    fn to_f64(self) -> f64 {
        self as f64
    }
}
