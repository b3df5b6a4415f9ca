//! TensorFlow operations.

use crate::attr::Attr;
use crate::infer;

crate::ops! {
    /// TensorFlow operations, as a graph has them.
    pub TF = "tf";

    /// A constant.
    "tf.Const" = Const {
        ins: (), outs: (output: ANY), attrs: (value: Attr = Attr::Unit),
        traits: PURE | CONSTANT, infer: Some(infer::constant), quant: Float, dynamic: Float, builtin: None,
    }
}

pub use saved_model::*;
mod saved_model {
    use crate::attr::Attr;
    use crate::types::Type;
    use std::sync::Arc;
    crate::ops! {
        /// What a SavedModel holds beside functions.
        pub TF_SAVED_MODEL = "tf_saved_model";

        /// The value of a variable.
        "tf_saved_model.global_tensor" = GlobalTensor {
            ins: (), outs: (),
            attrs: (sym_name: Arc<str> = "v".into(), value: Option<Attr> = None, r#type: Type = Type::None),
            traits: SYMBOL, infer: None, quant: Float, dynamic: Float, builtin: None,
        }
    }
}
