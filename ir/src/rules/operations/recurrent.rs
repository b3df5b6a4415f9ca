//! Recurrent layers: which of their operands go together.

use super::{Checked, OpCx};
use crate::rules::elems::are_alike;
use crate::rules::{compatible, sizes};
use crate::types::{Dim, TensorType};

/// Operands of `lstm` and `unidirectional_sequence_lstm`, by number.
mod lstm {
    pub const INPUT_TO_INPUT: usize = 1;
    pub const INPUT_TO_OUTPUT: usize = 4;
    pub const RECURRENT_TO_INPUT: usize = 5;
    pub const RECURRENT_TO_OUTPUT: usize = 8;
    pub const CELL_TO_INPUT: usize = 9;
    pub const CELL_TO_FORGET: usize = 10;
    pub const CELL_TO_OUTPUT: usize = 11;
    pub const INPUT_GATE_BIAS: usize = 12;
    pub const PROJECTION: usize = 16;
    pub const PROJECTION_BIAS: usize = 17;
    pub const ACTIVATION_STATE: usize = 18;
    pub const CELL_STATE: usize = 19;
    pub const INPUT_NORM: usize = 20;
    pub const FORGET_NORM: usize = 21;
}

/// The operands that `lstm` and `unidirectional_sequence_lstm` have together or not at all.
pub fn lstm_operands(cx: &OpCx<'_>) -> Checked {
    use lstm::*;
    let absent = |i: usize| cx.absent(i);
    let without_input_gate = absent(INPUT_TO_INPUT) && absent(CELL_TO_INPUT);
    if !goes_with(cx, CELL_TO_FORGET, CELL_TO_OUTPUT)
        || !(goes_with(cx, CELL_TO_INPUT, CELL_TO_FORGET) || without_input_gate)
    {
        return Err("must have all of its peephole weights or none".to_owned());
    }
    if absent(PROJECTION) && !absent(PROJECTION_BIAS) {
        return Err("has a projection bias without projection weights".to_owned());
    }
    let gate = [INPUT_TO_INPUT, RECURRENT_TO_INPUT, INPUT_GATE_BIAS];
    let no_gate = gate.into_iter().chain([CELL_TO_INPUT, INPUT_NORM]).all(absent);
    if !no_gate && gate.into_iter().any(absent) {
        return Err("must have all operands of its input gate or none".to_owned());
    }
    Ok(())
}

/// `bidirectional_sequence_lstm`: the same, for both directions.
pub fn bidirectional_operands(cx: &OpCx<'_>) -> Checked {
    const PEEPHOLES: &[usize] = &[9, 10, 11, 26, 27, 28];
    const PROJECTIONS: &[usize] = &[16, 33];
    const PROJECTION_BIASES: &[usize] = &[17, 34];
    if PEEPHOLES.windows(2).any(|pair| !goes_with(cx, pair[0], pair[1])) {
        return Err("must have all of its peephole weights or none".to_owned());
    }
    let none = |of: &[usize]| of.iter().all(|i| cx.absent(*i));
    if PROJECTIONS.iter().any(|i| cx.absent(*i)) && !(none(PROJECTIONS) && none(PROJECTION_BIASES)) {
        return Err("must have all of its projection weights, or neither them nor projection biases".to_owned());
    }
    Ok(())
}

/// `lstm`: sizes of states and weights are those of one layer.
pub fn lstm_sizes(cx: &OpCx<'_>) -> Checked {
    let Some(input) = cx.sizes(0) else { return Ok(()) };
    let [batch, depth] = match input[..] {
        [_, _] => [input[0], input[1]],
        [_, batch, ..] => [batch, input[input.len() - 1]],
        _ => return Err(format!("must have an input of rank 2 or more, not {}", input.len())),
    };
    let count = |i: usize| cx.operand(i).and_then(TensorType::num_elements);
    let (Some(activation), Some(state)) = (count(lstm::ACTIVATION_STATE), count(lstm::CELL_STATE)) else {
        return Ok(());
    };
    let (Some(weights), Some(recurrent)) = (cx.sizes(lstm::INPUT_TO_OUTPUT), cx.sizes(lstm::RECURRENT_TO_OUTPUT))
    else {
        return Ok(());
    };
    let ([cells, width], [again, outputs]) = (&weights[..], &recurrent[..]) else {
        return Err("must have weights of rank 2".to_owned());
    };
    let fits = *width == depth
        && again == cells
        && batch.checked_mul(*outputs) == Some(activation)
        && batch.checked_mul(*cells) == Some(state);
    if !fits {
        return Err("has states and weights of sizes that do not fit each other".to_owned());
    }
    match cx.operand(lstm::FORGET_NORM).map(|t| t.shape.as_deref()) {
        Some(norm) if norm != Some(&[Some(*cells)]) => {
            Err(format!("must have {cells} coefficients to normalize its forget gate"))
        }
        _ => Ok(()),
    }
}

/// `unidirectional_sequence_lstm`: the result has the outputs of each step.
pub fn sequence_lstm_result(cx: &OpCx<'_>) -> Checked {
    let (x, state) = (cx.shape(0), cx.shape(lstm::ACTIVATION_STATE));
    if x.is_some_and(|s| s.len() != 3) || state.is_some_and(|s| s.len() != 2) {
        return Err("must have an input of rank 3 and a state of rank 2".to_owned());
    }
    let (Some([a, b, _]), Some([_, outputs])) = (x, state) else { return Ok(()) };
    let expected: [Dim; 3] = [*a, *b, *outputs];
    match cx.result(0).and_then(|t| t.shape.as_deref()) {
        Some(out) if !compatible(out, &expected) => {
            Err(format!("must make a result of shape {}, not {}", sizes(&expected), sizes(out)))
        }
        _ => Ok(()),
    }
}

/// Both are absent, or have elements that are alike.
fn goes_with(cx: &OpCx<'_>, i: usize, j: usize) -> bool {
    match (cx.operand(i), cx.operand(j)) {
        (Some(a), Some(b)) => are_alike(&a.elem, &b.elem),
        _ => cx.operands().nth(i) == cx.operands().nth(j),
    }
}
