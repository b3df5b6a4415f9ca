//! `keep-float`: the user's choice of operations that are not quantized.

use ir::{Attr, Diagnostic, Failed, Module, Operation};
use wildmatch::WildMatch;

use super::rules;
use crate::pass::{Cx, for_each_func};
use crate::symbols::SymbolUses;

crate::pass! {
    /// Marks operations by TensorFlow node name or operation type to stay float.
    ///
    /// A pattern may hold `*` and `?`. It is compared with every node name of an operation's (fused) location and with the operation's type
    /// in the spelling of the IR (`tfl.conv_2d`, `conv_2d`) and of the TFLite schema (`CONV_2D`). A pattern that matches nothing is an error.
    "keep-float" = KeepFloat on module {
        options: {
            /// The patterns.
            ops: Vec<String> = Vec::new(),
        },
        expects: ANY, ensures: ANY,
        keeps: [SymbolUses],
        given: "ops=*/logits",
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.tanh"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("net/logits")
              return %0 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.tanh"(%x) {quant.float_reason = "it was asked to stay float"} : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
    }
}

impl KeepFloat {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let mut unmatched: Vec<&String> = self.ops.iter().collect();
        let patterns: Vec<(&String, WildMatch)> = self.ops.iter().map(|p| (p, WildMatch::new(p))).collect();
        for_each_func(module, |body, _| {
            for id in body.walk() {
                let op = body.op(id);
                if rules::is_constant(op) || rules::is_conversion(op) {
                    continue;
                }
                let mut hit = false;
                for (text, pattern) in &patterns {
                    if matches(pattern, op) {
                        unmatched.retain(|u| u != text);
                        hit = true;
                    }
                }
                if hit {
                    body.op_mut(id).attrs.set(rules::FLOAT_REASON, Attr::str("it was asked to stay float"));
                    cx.count("operations kept float");
                }
            }
            Ok(())
        })?;
        match unmatched[..] {
            [] => Ok(()),
            [first, ..] => {
                let d = Diagnostic::error("quant/no-match", format!("no operation matches `{first}`")).help(
                    "patterns are compared with TensorFlow node names and with types such as CONV_2D; \
                           `quant-opt MODEL -o - --mlir-print-debuginfo` shows them",
                );
                Err(cx.sink.error(d))
            }
        }
    }
}

fn matches(pattern: &WildMatch, op: &Operation) -> bool {
    let full = op.name.as_str();
    let short = full.split_once('.').map_or(full, |(_, s)| s);
    pattern.matches(full)
        || pattern.matches(short)
        || pattern.matches(&short.to_uppercase())
        || op.loc.nodes().iter().any(|n| pattern.matches(n))
}
