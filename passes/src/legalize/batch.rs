//! `set-batch`: an unknown leading dimension becomes a number.

use ir::{Body, Failed, Type};

use crate::pass::Cx;
use crate::symbols::SymbolUses;

crate::pass! {
    /// Fixes the unknown leading dimension of every input.
    "set-batch" = SetBatch on func {
        options: {
            /// The size.
            batch: usize = 1,
        },
        expects: ANY, ensures: ANY,
        keeps: [SymbolUses],
        before: r#"
            func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
              return %0 : tensor<?x4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
              %0 = "tfl.neg"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
              return %0 : tensor<1x4xf32>
            }
        "#,
    }
}

impl SetBatch {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        for v in body.args(body.entry()).to_vec() {
            let Type::Tensor(t) = body.ty(v) else { continue };
            let mut t = t.clone();
            if let Some(first @ None) = t.shape.as_mut().and_then(|s| s.first_mut()) {
                *first = Some(self.batch);
                body.set_ty(v, Type::Tensor(t));
                cx.count("inputs fixed");
            }
        }
        // Of imported functions the types follow in legalization; others are inferred anew.
        crate::fold::infer_again(body);
        Ok(())
    }
}
