//! `--list-passes`, `--help-pass` and `--list-ops`, and the same as Markdown: the tables, for a person.

use std::fmt::Write;

use ir::{Arity, OpDef, QuantRule, Registry};
use passes::{Groups, PassDef};

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
    let (before, after) = pass.example.texts();
    let _ = writeln!(out, "\nTakes {}, leaves {}.", pass.expects.words(), pass.ensures.words());
    let _ = writeln!(out, "\nBefore {}:\n\n{before}\n\nAfter:\n\n{after}", pass.example.pipeline(pass.name));
    Ok(out)
}

/// Every operation of every dialect: operands, results, attributes, first sentence.
pub fn list_ops(registry: &Registry) -> String {
    registry.dialects().iter().flat_map(|d| d.ops).map(|op| operation(op)).collect()
}

fn operation(op: &OpDef) -> String {
    format!("{}\n    {}\n", form(op), first_line(op.doc))
}

/// Every operation of every dialect as Markdown: its form, what it does, and how a file and the int8 scheme treat it.
pub fn ops_markdown(registry: &Registry) -> String {
    let mut out =
        "# Operations\n\nAn operand with `?` may be absent, one with `...` stands for any number.\n".to_owned();
    for dialect in registry.dialects() {
        let _ = writeln!(out, "\n## `{}`", dialect.name);
        for op in dialect.ops {
            let _ = write!(out, "\n`{}`\n\n", form(op));
            out.extend(op.doc.trim().lines().flat_map(|l| [l.trim(), "\n"]));
            out.extend(defaults(op).map(|d| format!("\nDefaults: {d}.\n")));
            out.extend(op.builtin.map(|code| format!("\nBuiltin operator {code}; {}.\n", quantization(op.quant))));
        }
    }
    out
}

/// Every pass as Markdown.
pub fn passes_markdown(passes: &[&'static PassDef]) -> String {
    let mut out =
        "# Passes\n\nA pass takes and leaves operations of these groups; what stands in none, every pass takes.\n\n"
            .to_owned();
    for (word, noun) in Groups::table() {
        let _ = writeln!(out, "- `{word}`: {noun}");
    }
    for pass in passes {
        let _ = write!(out, "\n## `{}`\n\n", pass.name);
        out.extend(pass.doc.trim().lines().flat_map(|l| [l.trim(), "\n"]));
        for (i, o) in pass.options.iter().enumerate() {
            let default = (o.default)();
            let default = if default.is_empty() { String::new() } else { format!(", default `{default}`") };
            let name = o.name.replace('_', "-");
            let gap = if i == 0 { "\n" } else { "" };
            let _ = writeln!(out, "{gap}- `{name}`: {} ({}{default})", o.doc.trim(), o.kind);
        }
        let (before, after) = pass.example.texts();
        let _ = writeln!(out, "\nTakes `{}`, leaves `{}`.", pass.expects.words(), pass.ensures.words());
        let text = pass.example.pipeline(pass.name);
        let _ = writeln!(out, "\n```mlir\n{before}\n```\n\n`{text}`\n\n```mlir\n{after}\n```");
    }
    out
}

/// The attributes that have a default, if any has.
fn defaults(op: &OpDef) -> Option<String> {
    let items: Vec<String> = op
        .attrs
        .iter()
        .filter_map(|a| Some((a.name, (a.default)().filter(|d| !matches!(d, ir::Attr::Unit | ir::Attr::Type(_)))?)))
        .map(|(name, value)| format!("`{name} = {value}`"))
        .collect();
    (!items.is_empty()).then(|| items.join(", "))
}

fn quantization(rule: QuantRule) -> String {
    match rule {
        QuantRule::Float => "stays float".to_owned(),
        QuantRule::Plain => "int8".to_owned(),
        QuantRule::SameScale => "int8, of one scale".to_owned(),
        QuantRule::Fixed { scale, zero_point } => format!("int8, of scale {scale} and zero point {zero_point}"),
        QuantRule::Weighted { axis: Some(axis), .. } => {
            format!("int8, with weights of a scale for each index of dimension {axis}")
        }
        QuantRule::Weighted { axis: None, .. } => "int8, with weights of one scale".to_owned(),
    }
}

/// Name, operands, results and attributes.
fn form(op: &OpDef) -> String {
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
    format!("{}({}) -> ({}){attrs}", op.name, values(op.operands), values(op.results))
}
