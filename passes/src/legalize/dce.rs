//! `dce`: operations whose results nobody uses.

use ir::dialect::tfl;
use ir::{Body, Failed, OpId};

use crate::pass::Cx;

crate::pass! {
    /// Removes operations without side effects whose results are not used.
    "dce" = Dce on func {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %x : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              return %x : tensor<4xf32>
            }
        "#,
    }
}

impl Dce {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        for _ in 0..remove(body) {
            cx.count("operations removed");
        }
        Ok(())
    }
}

/// Removes unused operations of a body; gives their number.
pub fn remove(body: &mut Body) -> usize {
    let mut count = 0;
    for id in body.walk().into_iter().rev() {
        if is_dead(body, id) {
            body.erase(id);
            count += 1;
        }
    }
    count
}

/// Whether an operation stands in a block for nothing: it has no effect and nobody uses it.
pub(crate) fn is_dead(body: &Body, id: OpId) -> bool {
    let op = body.op(id);
    // A random number that nobody reads need not be drawn.
    let effectless = op.name.def().is_some_and(ir::OpDef::is_pure) || op.is::<tfl::RandomUniform>();
    effectless && op.block().is_some() && op.results().iter().all(|v| body.uses(*v).is_empty())
}
