//! `builtin`, `func`, `arith` and `quantfork`: what every module needs.

use crate::attr::Attr;
use crate::infer;

crate::ops! {
    /// Modules.
    pub BUILTIN = "builtin";

    /// A list of symbols.
    "builtin.module" = ModuleOp {
        ins: (), outs: (),
        rules: [Regions(1)],
        attrs: (sym_name: Option<std::sync::Arc<str>> = None, sym_visibility: Option<std::sync::Arc<str>> = None),
        traits: ISOLATED | SYMBOL | NO_TERMINATOR, infer: None, quant: Float, dynamic: Float, builtin: None,
    }
    /// Reconciles types during a conversion.
    "builtin.unrealized_conversion_cast" = UnrealizedConversionCast {
        ins: (inputs: ANY variadic), outs: (outputs: ANY variadic), attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }
}

pub use func::*;
mod func {
    use super::infer;
    use crate::types::Type;
    use std::sync::Arc;
    crate::ops! {
        /// Functions.
        pub FUNC = "func";

        /// A function. Its body is isolated from above.
        "func.func" = Func {
            ins: (), outs: (),
            rules: [Regions(1)],
            attrs: (sym_name: Arc<str> = "f".into(), function_type: Type = Type::None,
                    arg_attrs: Option<crate::attr::Attr> = None, res_attrs: Option<crate::attr::Attr> = None,
                    sym_visibility: Option<Arc<str>> = None),
            traits: ISOLATED | SYMBOL, infer: None, quant: Float, dynamic: Float, builtin: None,
        }
        /// Ends a function with its results.
        "func.return" = Return {
            ins: (operands: ANY variadic), outs: (), attrs: (),
            traits: TERMINATOR, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: None,
        }
        /// Calls a function of the module.
        "func.call" = Call {
            ins: (operands: ANY variadic), outs: (results: ANY variadic),
            attrs: (callee: crate::attr::Attr = crate::attr::Attr::symbol("f")),
            traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: None,
        }
    }
}

/// The `arith` dialect.
pub mod arith {
    use super::{Attr, infer};
    crate::ops! {
        /// Constants.
        pub ARITH = "arith";

        /// A constant; the type is that of the attribute.
        ///
        /// `%c = arith.constant dense<1.0> : tensor<4xf32>`
        "arith.constant" = Constant {
            ins: (), outs: (result: ANY), rules: [Check(rules::constant)], attrs: (value: Attr = Attr::Unit),
            traits: PURE | CONSTANT, infer: Some(infer::constant), quant: Float, dynamic: Float, builtin: None,
        }
    }
}

/// The `quantfork` dialect.
pub mod quantfork {
    use super::{Attr, infer};
    use crate::body::Operation;
    use crate::tensor::Tensor;
    use crate::types::Elem;
    crate::ops! {
        /// What calibration leaves in the IR.
        pub QUANTFORK = "quantfork";

        /// The range a tensor was seen in: `layerStats` is `dense<[min, max]> : tensor<2xf32>`.
        "quantfork.stats" = Stats {
            ins: (arg: F32), outs: (res: F32),
            rules: [SameType, Constant("layerStats"), Constant("axisStats"), Check(rules::stats)],
            attrs: (layerStats: Attr = Attr::Unit, axisStats: Option<Attr> = None, axis: Option<i64> = None),
            traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: None,
            eval: Some(unchanged),
        }
    }

    /// The operand itself.
    fn unchanged(_: &Operation, ins: &[Option<Tensor>], _: &[Elem]) -> Result<Vec<Tensor>, String> {
        match ins {
            [Some(x)] => Ok(vec![x.clone()]),
            _ => Err("it takes one operand".to_owned()),
        }
    }
}
