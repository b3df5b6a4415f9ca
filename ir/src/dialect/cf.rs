//! `cf`: branches between the blocks of a function.

use crate::attr::Attr;
use crate::body::{Operation, Value};
use crate::infer;
use crate::types::Elem;

crate::ops! {
    /// Branches.
    pub CF = "cf";

    /// Goes to a block, whose arguments the operands are.
    "cf.br" = Branch {
        ins: (destOperands: ANY variadic), outs: (), attrs: (),
        traits: TERMINATOR, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: None,
    }
    /// Goes to its first block where the condition, an `i1`, holds, and else to its second. `operandSegmentSizes` counts the condition and
    /// the arguments of each block.
    "cf.cond_br" = CondBranch {
        ins: (condition: ANY, operands: ANY variadic), outs: (),
        attrs: (operandSegmentSizes: Attr = Attr::DenseArray(Elem::I32, vec![1, 0, 0])),
        traits: TERMINATOR, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: None,
    }
}

/// The operands of a terminator that become the arguments of its successor number `i`; `None` if that is not known.
pub fn passed(op: &Operation, i: usize) -> Option<&[Value]> {
    let operands = op.operands();
    if op.is::<Branch>() {
        return (i == 0).then_some(operands);
    }
    if op.is::<CondBranch>() {
        let Some(Attr::DenseArray(_, sizes)) = op.attr("operandSegmentSizes") else { return None };
        let [1, yes, no] = sizes[..] else { return None };
        let (yes, no) = (usize::try_from(yes).ok()?, usize::try_from(no).ok()?);
        let start = if i == 0 { 1 } else { yes.checked_add(1)? };
        return operands.get(start..start.checked_add(if i == 0 { yes } else { no })?);
    }
    op.successors.get(i).map(|s| s.args.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Loc, OpSpec, Type};

    #[test]
    fn operands_are_passed_by_segment() {
        let mut body = crate::Body::new();
        let entry = body.entry();
        let values: Vec<Value> = (0..4).map(|_| body.add_arg(entry, Type::Scalar(Elem::BOOL), Loc::UNKNOWN)).collect();
        let mut passes = |sizes: &[i64]| {
            let row = CondBranch { operandSegmentSizes: Attr::DenseArray(Elem::I32, sizes.to_vec()) };
            let op = body.insert(crate::At::End(entry), OpSpec::row(&row, Loc::UNKNOWN).operands(&values));
            [0, 1].map(|i| passed(body.op(op), i).map(<[Value]>::to_vec))
        };
        assert_eq!(passes(&[1, 1, 2]), [Some(values[1..2].to_vec()), Some(values[2..].to_vec())]);
        assert_eq!(passes(&[1, 9, 2]), [None, None]);
        assert_eq!(passes(&[2, 1, 1]), [None, None]);
    }
}
