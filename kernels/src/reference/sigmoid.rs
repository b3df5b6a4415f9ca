//! Logistic and hyperbolic tangent of int16 codes, between the points of one table.

use super::activation::{Form, Table};
use super::{Affine, Code};
use crate::error::{Result, ensure};

/// `65536 / (1 + e^(-i / 24))`, as LiteRT has it: some are one above the nearest integer.
#[rustfmt::skip]
pub(crate) const LOGISTIC: [u16; 256] = [
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
    43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
    51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
    57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
    61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
    63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
    64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
    65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
    65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
    65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
    65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
    65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
    65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
];

/// Codes of the operand as numbers of `1 / 24 / 512` (logistic).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) multiplier: i32,
    /// To the right, at most 31.
    pub(crate) shift: u32,
}

impl Input {
    /// LiteRT shifts powers of two that are close enough to one of `powers` (of `scale * 4096`), and scales others by 16 bits.
    fn new(x: Affine, powers: std::ops::RangeInclusive<i32>) -> Result<Input> {
        ensure(x.zero == 0, || "the zero point of int16 codes is 0".into())?;
        let log = f64::from(x.scale).log2();
        let power = log.round() as i32 + 12;
        if (log - log.round()).abs() < 1e-3 && powers.contains(&power) {
            return Ok(Input { multiplier: 3 << power, shift: 0 });
        }
        let (mut real, mut shift) = (f64::from(x.scale) * 4096.0 * 3.0, 0);
        while real <= f64::from(i16::MAX) / 2.0 && shift <= 30 {
            shift += 1;
            real *= 2.0;
        }
        Ok(Input { multiplier: real as i32, shift })
    }

    fn of(&self, code: i32) -> i32 {
        let round = if self.shift > 0 { 1i32.wrapping_shl(self.shift - 1) } else { 0 };
        code.wrapping_mul(self.multiplier).wrapping_add(round) >> self.shift.min(31)
    }
}

/// The table at `size`, of which the lowest `bits` bits lie between points, times `2^bits`; `None` beyond its end.
fn between(size: u32, bits: u32) -> Option<i32> {
    let at = (size >> bits) as usize;
    let (low, high) = (LOGISTIC.get(at)?, LOGISTIC.get(at + 1)?);
    let (low, high) = (u32::from(*low), u32::from(*high));
    Some(((low << bits) + (size & ((1 << bits) - 1)) * (high - low)) as i32)
}

/// `1 / (1 + e^-x)` in steps of 1/32768.
pub fn logistic(x: Affine, out: Affine) -> Result<Table<i16>> {
    fits(out, "a logistic")?;
    let input = Input::new(x, 0..=0)?;
    let table = Table::new(|q| {
        let v = input.of(q);
        let y = between(v.unsigned_abs(), 9).unwrap_or(0x7fff << 10);
        i16::of(if v >= 0 { y + (1 << 9) } else { (1 << 25) - y + (1 << 9) - 1 } >> 10)
    });
    Ok(table.with(Form::Logistic(input)))
}

/// Hyperbolic tangent in steps of 1/32768: `2 logistic(2 x) - 1`.
pub fn tanh(x: Affine, out: Affine) -> Result<Table<i16>> {
    fits(out, "a tanh")?;
    let input = Input::new(x, 0..=1)?;
    let table = Table::new(|q| {
        let v = input.of(q);
        let y = between(v.unsigned_abs(), 8).unwrap_or(0xffff << 8);
        i16::of(if v >= 0 { y - (1 << 23) + (1 << 7) } else { -y + (1 << 23) + (1 << 7) - 1 } >> 8)
    });
    Ok(table.with(Form::Tanh(input)))
}

fn fits(out: Affine, what: &str) -> Result<()> {
    ensure(out == Affine { scale: 1.0 / 32768.0, zero: 0 }, || format!("the result of {what} is 1/32768 from 0"))
}
