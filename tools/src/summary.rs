//! What a conversion came to: how many operations compute on integers, which stayed float and why.

use std::fmt::Write;

use ir::dialect::tfl;
use ir::{Attr, Body, Elem, Module, Type};
use kernels::codegen::Generated;
use passes::quant::rules;

/// Operators of a file by what they compute on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On integers and booleans.
    pub integer: usize,
    /// On float32, with whatever weights.
    pub float: usize,
    /// Unknown to TFLite.
    pub custom: usize,
    /// Between element types: quantize, dequantize, cast.
    pub conversions: usize,
}

fn bodies(module: &Module) -> impl Iterator<Item = &Body> {
    module.funcs().into_iter().filter_map(|f| module.body.op(f).body(0))
}

/// Counts the operators of a module.
pub fn count(module: &Module) -> Counts {
    let mut counts = Counts::default();
    for body in bodies(module) {
        for op in body.walk().into_iter().map(|id| body.op(id)).filter(|op| rules::is_operator(op)) {
            let own = op.name.def().is_some_and(|d| d.custom.is_some());
            let slot = if op.is::<tfl::Custom>() || own {
                &mut counts.custom
            } else if rules::is_conversion(op) {
                &mut counts.conversions
            } else if rules::touches_float(body, op) {
                &mut counts.float
            } else {
                &mut counts.integer
            };
            *slot += 1;
        }
    }
    counts
}

/// The number of operations in a module's functions.
pub fn count_all(module: &Module) -> usize {
    bodies(module).map(|body| body.walk().len()).sum()
}

/// The float operations of a module that an integer scheme left, one line each with its reason.
pub fn left_float(module: &Module) -> Vec<String> {
    let mut out = Vec::new();
    for body in bodies(module) {
        for op in rules::float_ops(body).into_iter().map(|id| body.op(id)) {
            let node = op.loc.node().unwrap_or("(unnamed)");
            let reason = op.attrs.get(rules::FLOAT_REASON).and_then(Attr::as_str).unwrap_or("it was added later");
            out.push(format!("{node} ({}): {reason}", op.name.as_str()));
        }
    }
    out
}

/// Whether a module holds quantized values already.
pub fn is_quantized(module: &Module) -> bool {
    let quantized = |ty: &Type| ty.elem().is_some_and(|e| e.quant().is_some());
    bodies(module).any(|body| {
        body.walk().into_iter().any(|id| {
            let op = body.op(id);
            let half = op.is::<tfl::Dequantize>()
                && op.operands().iter().any(|v| matches!(body.ty(*v).elem(), Some(Elem::F16)));
            half || op.operands().iter().chain(op.results()).any(|v| quantized(body.ty(*v)))
        })
    })
}

/// The line that ends a conversion.
pub fn line(output: &str, counts: Counts, bytes_in: u64, bytes_out: usize, seconds: f64) -> String {
    let mut out =
        format!("{output}: {} integer, {} float, {} custom operations", counts.integer, counts.float, counts.custom);
    if counts.conversions > 0 {
        let _ = write!(out, ", {} conversions between them", counts.conversions);
    }
    let _ = writeln!(out, "; {} bytes in, {} out; {seconds:.2} s", grouped(bytes_in), grouped(bytes_out as u64));
    out
}

/// The line about the memory of generated C.
pub fn memory(c: &Generated) -> String {
    let [arena, stack, constants] = [c.arena, c.stack, c.constants].map(|n| grouped(n as u64));
    format!("  {arena} bytes of arena, {stack} at most in an array on the stack, {constants} bytes of constants\n")
}

/// A number in groups of three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_operator_is_not_counted() {
        let text = r#"func.func @main(%x: tensor<2xf32>, %p: tensor<i1>) -> tensor<2xf32> {
          %c = arith.constant dense<1.0> : tensor<2xf32>
          %s = "tfl.pseudo_sparse_const"() <{compressed_data = dense<1.0> : tensor<2xf32>, s_param = #tfl.sparsity_parameter<traversal_order = [0], block_map = [], dim_metadata = <format = DENSE, dense_size = 2, segments = [], indices = []>>, value = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
          %d = "tfl.densify"(%s) : (tensor<2xf32>) -> tensor<2xf32>
          %0 = "tfl.if"(%p) ({
            %1 = "tfl.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
            "tfl.yield"(%1) : (tensor<2xf32>) -> ()
          }, {
            "tfl.yield"(%c) : (tensor<2xf32>) -> ()
          }) : (tensor<i1>) -> tensor<2xf32>
          %2, %t = tfl.control_node controls "tfl.abs"(%d) : (tensor<2xf32>) -> tensor<2xf32>
          %3 = "tfl.equal"(%0, %2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
          return %0 : tensor<2xf32>
        }"#;
        let registry = ir::Registry::standard();
        let options = ir::text::ParseOptions { registry: &registry, allow_unregistered: false, file: "f" };
        let module = ir::text::parse(text, &options, &mut ir::Sink::new()).unwrap();
        // densify, if, neg, abs; equal compares floats.
        assert_eq!(count(&module), Counts { float: 5, ..Counts::default() });
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            ["0", "999", "1,000", "12,345,678"],
            [0, 999, 1000, 12_345_678].map(grouped).each_ref().map(|s| &**s)
        );
    }
}
