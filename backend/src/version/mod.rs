//! Versions of operators, and the oldest runtime that has them.
//!
//! A version tells a runtime which types and options it must know. The rules are those of TFLite's own converter (`op_version.cc`), the
//! runtimes those of its table (`runtime_version.cc`). Int16 convolutions with int8 weights, for which the converter has no rule, take the
//! version that brought int16.

mod rules;
mod table;

use ir::OpDef;

use crate::view::View;
use table::{ROWS, Row};

/// The version of an operation: that of its first rule that holds, else 1.
pub fn version(view: View<'_>) -> i32 {
    let rules = row(view.op.name.as_str()).map_or(&[][..], |(.., rules)| rules);
    rules.iter().find(|(_, when)| when.holds(view)).map_or(1, |(version, _)| *version)
}

/// The oldest runtime that knows a version of an operation, such as `2.3.0`.
pub fn min_runtime(def: &OpDef, version: i32) -> Option<&'static str> {
    if version == 1 {
        return def.since;
    }
    let (_, runtimes, _) = row(def.name)?;
    runtimes.get(usize::try_from(version).ok()?.checked_sub(2)?).copied().filter(|r| !r.is_empty())
}

/// The newer of two runtimes.
pub fn newer<'a>(a: &'a str, b: &'a str) -> &'a str {
    let key = |v: &str| -> Vec<u32> { v.split('.').map(|n| n.parse().unwrap_or(0)).collect() };
    std::cmp::max_by_key(a, b, |v| key(v))
}

fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|(op, ..)| *op == name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ir::dialect::tfl::{self, TFL};
    use ir::{At, Body, Elem, Loc, OpRow, OpSpec, QuantType, Type};

    use super::rules::When;
    use super::*;

    /// The version of an operation with these operand types and result type.
    fn of<R: OpRow>(row: &R, operands: &[Type], result: Type) -> i32 {
        let mut body = Body::new();
        let entry = body.entry();
        let operands: Vec<_> = operands.iter().map(|t| body.add_arg(entry, t.clone(), Loc::UNKNOWN)).collect();
        let spec = OpSpec::row(row, Loc::UNKNOWN).operands(&operands).results([result]);
        let op = body.insert(At::End(entry), spec);
        version(View { body: &body, op: body.op(op), callees: &[] })
    }

    #[test]
    fn versions_follow_types_shapes_and_attributes() {
        let tensor = |shape: &[usize], elem: &Elem| Type::tensor(shape, elem.clone());
        let quant = |q: QuantType| Elem::Quant(Arc::new(q));
        let (image, filter, out) = ([1, 4, 4, 2], [3, 1, 1, 2], [1, 4, 4, 3]);
        let (float, q8) = (Elem::F32, quant(QuantType::per_tensor(8, 0.5, 0)));
        let per_axis = quant(QuantType::per_axis(8, 0, vec![0.5; 3]));
        let conv = tfl::Conv2D::default();
        let of_conv = |x: &Elem, w: &Elem| of(&conv, &[tensor(&image, x), tensor(&filter, w)], tensor(&out, x));
        assert_eq!(of_conv(&float, &float), 1);
        assert_eq!(of_conv(&q8, &per_axis), 3);
        assert_eq!(of_conv(&float, &per_axis), 5);
        assert_eq!(of_conv(&float, &q8), 2);
        let grouped = [tensor(&[1, 4, 4, 4], &float), tensor(&filter, &float)];
        assert_eq!(of(&conv, &grouped, tensor(&out, &float)), 6);

        let scaled = |scale: f64| tensor(&[4], &quant(QuantType::per_tensor(8, scale, 0)));
        let mul = tfl::Mul::default();
        assert_eq!(of(&mul, &[scaled(0.5), scaled(0.5)], scaled(0.5)), 2);
        assert_eq!(of(&mul, &[scaled(0.5), scaled(0.5)], scaled(0.25)), 3);

        let gather = |batch_dims| tfl::Gather { batch_dims: Some(batch_dims), ..Default::default() };
        let ints = tensor(&[2], &Elem::I32);
        assert_eq!(of(&gather(0), &[tensor(&[4], &float), ints.clone()], tensor(&[2], &float)), 1);
        assert_eq!(of(&gather(1), &[tensor(&[4], &float), ints], tensor(&[2], &float)), 5);
        assert_eq!(of(&tfl::BroadcastTo {}, &[tensor(&[1], &float)], tensor(&[2], &float)), 2);
    }

    /// Versions that the converter gives, and for which its table has no runtime.
    const NO_RUNTIME: [(&str, i32); 2] = [("tfl.lstm", 5), ("tfl.unidirectional_sequence_lstm", 5)];

    #[test]
    fn every_version_has_a_runtime() {
        for (name, _, rules) in ROWS {
            let def = TFL.ops.iter().find(|d| d.name == *name).unwrap_or_else(|| panic!("{name} is no operation"));
            let newest = rules.iter().map(|(v, _)| *v).max().unwrap_or(1);
            let oldest = if rules.iter().any(|(_, w)| matches!(w, When::Always)) { 2 } else { 1 };
            for version in oldest..=newest {
                let stated = min_runtime(def, version).is_some();
                assert!(stated != NO_RUNTIME.contains(&(*name, version)), "{name} version {version} has no runtime");
            }
        }
    }

    #[test]
    fn runtimes_compare_by_number() {
        assert_eq!(newer("2.9.0", "2.12.0"), "2.12.0");
        assert_eq!(newer("1.14.0", "1.5.0"), "1.14.0");
    }
}
