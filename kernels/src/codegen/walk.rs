//! Loops over tensors as data: how many steps in each dimension, and how far each step moves in each tensor.

use super::text::list;
use crate::error::{KernelError, Result, ensure};
use crate::geometry::strides;

/// Dimensions of a loop nest that the runtime can walk.
const DEEPEST: usize = 8;

/// A loop nest: steps of each dimension, outermost first, and for each tensor the distance of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    pub(super) count: Vec<usize>,
    /// One list of distances for each tensor.
    pub(super) step: Vec<Vec<i64>>,
}

impl Walk {
    /// A nest with as few dimensions as do the same.
    pub(super) fn new(count: &[usize], step: Vec<Vec<i64>>) -> Walk {
        let mut out = Walk { count: Vec::new(), step: vec![Vec::new(); step.len()] };
        for d in 0..count.len() {
            if count[d] == 1 {
                continue;
            }
            let joins = out.count.last().is_some()
                && out.step.iter().zip(&step).all(|(o, s)| o.last() == Some(&(s[d] * count[d] as i64)));
            if joins {
                out.count.iter_mut().last().into_iter().for_each(|n| *n *= count[d]);
                out.step
                    .iter_mut()
                    .zip(&step)
                    .for_each(|(o, s)| o.iter_mut().last().into_iter().for_each(|v| *v = s[d]));
            } else {
                out.count.push(count[d]);
                out.step.iter_mut().zip(&step).for_each(|(o, s)| o.push(s[d]));
            }
        }
        out
    }

    /// Takes off the innermost dimension: its count and the distance in each tensor.
    pub(super) fn split_inner(&mut self) -> (usize, Vec<i64>) {
        match self.count.pop() {
            Some(n) => (n, self.step.iter_mut().map(|s| s.pop().unwrap_or(0)).collect()),
            None => (1, vec![1; self.step.len()]),
        }
    }

    /// As an initializer of `struct walk`.
    pub(super) fn text(&self) -> Result<String> {
        ensure(self.count.len() <= DEEPEST, || format!("it takes loops in {} dimensions", self.count.len()))?;
        let narrow = |v: i64| i32::try_from(v).map_err(|_| KernelError::new("a tensor is too large for generated C"));
        let count = self.count.iter().map(|n| narrow(*n as i64)).collect::<Result<Vec<_>>>()?;
        let mut steps = Vec::new();
        for s in &self.step {
            steps.push(list(s.iter().map(|v| narrow(*v)).collect::<Result<Vec<_>>>()?));
        }
        Ok(format!("{{{}, {}, {}}}", count.len(), list(count), list(steps)))
    }
}

/// The distances by which a tensor of shape `from` moves in a loop over `to`, to which it broadcasts; in elements.
pub(super) fn broadcast_steps(from: &[usize], to: &[usize]) -> Vec<i64> {
    let own = strides(from);
    let at = |i: usize| (i + from.len()).checked_sub(to.len());
    (0..to.len()).map(|i| at(i).filter(|d| from[*d] != 1).map_or(0, |d| own[d] as i64)).collect()
}

/// The distances of a whole tensor; in elements.
pub(super) fn own_steps(shape: &[usize]) -> Vec<i64> {
    strides(shape).into_iter().map(|s| s as i64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_that_run_together_are_one() {
        let shape = [2, 3, 1, 4];
        let w = Walk::new(&shape, vec![own_steps(&shape), own_steps(&shape)]);
        assert_eq!((w.count, w.step), (vec![24], vec![vec![1], vec![1]]));
        let w = Walk::new(&shape, vec![own_steps(&shape), broadcast_steps(&[4], &shape)]);
        assert_eq!((w.count, w.step), (vec![6, 4], vec![vec![4, 1], vec![0, 1]]));
    }
}
