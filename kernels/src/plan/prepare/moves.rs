//! Operations that move elements: what goes where is known once shapes and indices are.
//!
//! The plan of such an operation is found by letting the evaluator move numbers in place of elements.

use ir::{Elem, Tensor};

use super::{Found, Site};
use crate::error::{Result, ensure};
use crate::eval::{Call, moves, updates};
use crate::plan::kernel::Kernel;
use crate::plan::memory::Operands;

/// Which operands' elements are moved.
enum Moved {
    First,
    These(&'static [usize]),
    All,
}

const MOVES: &[(&str, Moved)] = &[
    ("batch_to_space_nd", Moved::First),
    ("broadcast_to", Moved::First),
    ("concatenation", Moved::All),
    ("depth_to_space", Moved::First),
    ("dynamic_update_slice", Moved::These(&[0, 1])),
    ("embedding_lookup", Moved::These(&[1])),
    ("gather", Moved::First),
    ("gather_nd", Moved::First),
    ("matrix_diag", Moved::First),
    ("matrix_set_diag", Moved::These(&[0, 1])),
    ("mirror_pad", Moved::First),
    ("pack", Moved::All),
    ("pad", Moved::First),
    ("padv2", Moved::First),
    ("resize_nearest_neighbor", Moved::First),
    ("reverse_sequence", Moved::First),
    ("reverse_v2", Moved::First),
    ("slice", Moved::First),
    ("space_to_batch_nd", Moved::First),
    ("space_to_depth", Moved::First),
    ("sparse_to_dense", Moved::These(&[2, 3])),
    ("strided_slice", Moved::First),
    ("tile", Moved::First),
    ("transpose", Moved::First),
];

/// Neighbouring elements of the result that come from neighbours.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The first element of the result.
    at: u32,
    /// The operand, among those that are moved; [`FILL`] for what is made up.
    operand: u32,
    /// Its first element.
    from: u32,
}

const FILL: u32 = u32::MAX;
/// A list of more runs than this costs more memory than copies do.
const MOST_RUNS: usize = 1 << 20;
/// Bytes of the result that are moved at a time.
const BAND: usize = 64 << 10;

struct Mover {
    operands: Vec<usize>,
    runs: Vec<Run>,
    /// Bytes of an element.
    width: usize,
    /// What stands where no element goes.
    fill: Vec<u8>,
}

pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    let (_, moved) = MOVES.iter().find(|(n, _)| *n == name)?;
    let operands = match moved {
        Moved::First => vec![0],
        Moved::These(operands) => operands.to_vec(),
        Moved::All => (0..s.types.len()).collect(),
    };
    let out = s.out()?;
    let width = out.elem.byte_width()?;
    let mut starts = Vec::new();
    // 0 is what the evaluator fills with; numbers of elements begin at 1.
    let mut next = 1i32;
    let mut ins: Vec<Option<Tensor>> = s.constants.iter().map(|c| c.cloned()).collect();
    for i in &operands {
        let ty = s.types.get(*i)?.as_ref().filter(|ty| ty.elem.byte_width() == Some(width))?;
        let end = next.checked_add(i32::try_from(ty.num_elements()?).ok()?)?;
        ins[*i] = Some(Tensor::i32(&ty.static_shape()?, (next..end).collect()));
        starts.push(next);
        next = end;
    }
    let fill = match (name, s.constants.get(2)) {
        ("padv2", Some(Some(t))) => {
            let fill = t.raw().to_vec();
            ins[2] = Some(Tensor::i32(&[], vec![0]));
            fill
        }
        ("padv2", _) => return None,
        ("matrix_diag", _) => vec![0; width],
        _ => moves::zero_of(&out.elem)?,
    };
    let absent = |i: usize| matches!(s.types.get(i), Some(None));
    if (0..ins.len()).any(|i| ins[i].is_none() && !absent(i)) {
        return None;
    }
    let call = Call { op: s.op, ins: &ins, outs: &[Elem::I32] };
    let numbers = moves::eval(&call).or_else(|| updates::eval(&call))?.ok()?;
    let [numbers] = &numbers[..] else { return None };
    let runs = runs(&numbers.as_i32().filter(|_| numbers.shape() == s.out_shape().unwrap_or_default())?, &starts)?;
    Some(Box::new(Mover { operands, runs, width, fill }))
}

/// Joins numbers to runs; `starts` are the first numbers of the operands.
fn runs(numbers: &[i32], starts: &[i32]) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    let mut last = None;
    for (at, n) in numbers.iter().enumerate() {
        let operand = starts.iter().rposition(|s| s <= n);
        let goes_on = match last {
            Some((of, m)) => of == operand && (operand.is_none() || *n == m + 1),
            None => false,
        };
        last = Some((operand, *n));
        if goes_on {
            continue;
        }
        if runs.len() == MOST_RUNS {
            return None;
        }
        let (operand, from) = match operand {
            Some(i) => (u32::try_from(i).ok()?, (n - starts[i]) as u32),
            None => (FILL, 0),
        };
        runs.push(Run { at: u32::try_from(at).ok()?, operand, from });
    }
    Some(runs)
}

impl Kernel for Mover {
    fn operands(&self) -> &[usize] {
        &self.operands
    }
    fn band(&self) -> usize {
        BAND / self.width * self.width
    }
    fn run(&self, x: Operands<'_>, first: usize, y: &mut [u8], _: &mut [u8]) -> Result<()> {
        let (begin, end) = (first / self.width, (first + y.len()) / self.width);
        let start = self.runs.partition_point(|r| r.at as usize <= begin) - 1;
        for (i, run) in self.runs.iter().enumerate().skip(start).take_while(|(_, r)| (r.at as usize) < end) {
            let at = (run.at as usize).max(begin);
            let until = self.runs.get(i + 1).map_or(end, |next| (next.at as usize).min(end));
            let to = &mut y[(at - begin) * self.width..(until - begin) * self.width];
            if run.operand == FILL {
                to.chunks_exact_mut(self.width).for_each(|element| element.copy_from_slice(&self.fill));
                continue;
            }
            let from = (run.from as usize + at - run.at as usize) * self.width;
            let bytes = x.bytes(run.operand as usize)?;
            ensure(bytes.len() >= from + to.len(), || "an operand is too short".into())?;
            match (self.width, to.len()) {
                // Most runs of a transposition are one element.
                (1, 1) => to[0] = bytes[from],
                (4, 4) => to.copy_from_slice(&bytes[from..from + 4]),
                (_, n) => to.copy_from_slice(&bytes[from..from + n]),
            }
        }
        Ok(())
    }
}
