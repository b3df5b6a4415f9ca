//! `check-int8-only`: a module in which nothing computes in float.

use ir::{Attr, Diagnostic, Failed, Loc, Module};

use super::rules;
use crate::pass::{Cx, for_each_func};
use crate::symbols::SymbolUses;

crate::pass! {
    /// Makes every operation that computes in float an error.
    ///
    /// Quantize and dequantize operations, and operations on integers and booleans, do not count.
    "check-int8-only" = CheckInt8Only on module {
        options: {},
        expects: TFL | PAIRS | QUANT, ensures: TFL | PAIRS | QUANT,
        keeps: [SymbolUses],
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.sin"(%x) {quant.float_reason = "TFLite has no int8 kernel for it"} : (tensor<4xf32>) -> tensor<4xf32> loc("net/wave")
              return %0 : tensor<4xf32>
            }
        "#,
        after: "error: 1 operation has no int8 form: `net/wave` (tfl.sin): TFLite has no int8 kernel for it",
    }
}

impl CheckInt8Only {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let mut left: Vec<(Loc, String)> = Vec::new();
        for_each_func(module, |body, _| {
            for id in rules::float_ops(body) {
                let op = body.op(id);
                let node = op.loc.node().unwrap_or("(unnamed)");
                let reason = op.attrs.get(rules::FLOAT_REASON).and_then(Attr::as_str).unwrap_or("no reason is known");
                left.push((op.loc.clone(), format!("`{node}` ({}): {reason}", op.name.as_str())));
            }
            Ok(())
        })?;
        if left.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = left.iter().map(|(_, s)| s.as_str()).collect();
        let (count, noun) = (left.len(), if left.len() == 1 { "operation has" } else { "operations have" });
        let mut d = Diagnostic::error("quant/float-left", format!("{count} {noun} no int8 form: {}", names.join("; ")))
            .at(&left[0].0)
            .help("use --quantize=int8 to leave them in float, or change the model");
        for (loc, text) in left.iter().skip(1) {
            d = d.note(loc, text.clone());
        }
        Err(cx.sink.error(d))
    }
}
