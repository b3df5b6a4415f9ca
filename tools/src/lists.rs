//! `--list-passes`, `--help-pass` and `--list-ops`: the tables, for a person.

use std::fmt::Write;

use ir::{Arity, OpDef, Registry};
use passes::PassDef;

fn first_line(doc: &str) -> &str {
    doc.trim().lines().next().unwrap_or_default()
}

/// Every pass with its first sentence.
pub fn list_passes(passes: &[&'static PassDef]) -> String {
    let width = passes.iter().map(|p| p.name.len()).max().unwrap_or(0);
    passes.iter().map(|p| format!("{:width$}  {}\n", p.name, first_line(p.doc))).collect()
}

/// One pass; the error is a sentence.
pub fn help_pass(passes: &[&'static PassDef], name: &str) -> Result<String, String> {
    let Some(pass) = passes.iter().find(|p| p.name == name) else {
        let hint = passes::pipeline::nearest(name, passes.iter().map(|p| p.name));
        return Err(format!("there is no pass `{name}`{hint}"));
    };
    let mut out = format!("{}\n\n", pass.name);
    out.extend(pass.doc.trim().lines().flat_map(|l| [l.trim(), "\n"]));
    for o in pass.options {
        let default = (o.default)();
        let default = if default.is_empty() { String::new() } else { format!(", default {default}") };
        let _ = writeln!(out, "\n  {}: {} ({}{default})", o.name.replace('_', "-"), o.doc.trim(), o.kind);
    }
    let _ = writeln!(out, "\nExample:\n  {}", pass.example);
    Ok(out)
}

/// Every operation of every dialect: operands, results, attributes, first sentence.
pub fn list_ops(registry: &Registry) -> String {
    registry.dialects().iter().flat_map(|d| d.ops).map(|op| operation(op)).collect()
}

fn operation(op: &OpDef) -> String {
    let values = |defs: &[ir::op::ValueDef]| -> String {
        let items: Vec<String> = defs
            .iter()
            .map(|v| match v.arity {
                Arity::One => v.name.to_owned(),
                Arity::Optional => format!("{}?", v.name),
                Arity::Variadic => format!("{}...", v.name),
            })
            .collect();
        items.join(", ")
    };
    let attrs: Vec<String> = op
        .attrs
        .iter()
        .map(|a| format!("{}{}: {}", a.name, if a.optional { "?" } else { "" }, a.kind.trim()))
        .collect();
    let attrs = if attrs.is_empty() { String::new() } else { format!(" {{{}}}", attrs.join(", ")) };
    format!("{}({}) -> ({}){attrs}\n    {}\n", op.name, values(op.operands), values(op.results), first_line(op.doc))
}
