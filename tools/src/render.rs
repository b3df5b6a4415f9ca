//! Diagnostics as text: `FILE:L:C: error: MESSAGE [group/slug]`, the excerpt, the TensorFlow node, the next step.

use std::fmt::Write;

use ir::{Diagnostic, Loc, Severity};

/// What diagnostics are about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// How the user calls the input.
    pub name: &'a str,
    /// Its text, if it is one.
    pub text: Option<&'a str>,
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Remark => "remark",
    }
}

fn place(source: Source<'_>, loc: &Loc) -> String {
    match loc.text() {
        Some((file, line, col)) => format!("{file}:{line}:{col}"),
        None => source.name.to_owned(),
    }
}

/// The line a location points at, and a caret under the column.
fn excerpt(source: Source<'_>, loc: &Loc) -> Option<String> {
    let (file, line, col) = loc.text().filter(|(file, ..)| *file == source.name)?;
    debug_assert_eq!(file, source.name);
    let text = source.text?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let before: String = text.chars().take(usize::try_from(col).ok()?.saturating_sub(1)).collect();
    // A long constant would hide what it is about.
    let (shown, caret) = match before.chars().count() {
        0..=100 => (text.chars().take(160).collect::<String>(), before),
        n => (text.chars().skip(n - 20).take(140).collect(), before.chars().skip(n - 20).collect()),
    };
    let pad: String = caret.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    Some(format!("{shown}\n{pad}^\n"))
}

/// One diagnostic.
pub fn render(d: &Diagnostic, source: Source<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}: {}: {} [{}]", place(source, &d.loc), word(d.severity), d.message, d.code);
    match excerpt(source, &d.loc) {
        Some(lines) => out.push_str(&lines),
        None => out.extend(d.excerpt.iter().flat_map(|e| ["  ", e, "\n"])),
    }
    let nodes = d.loc.nodes();
    if !nodes.is_empty() {
        let _ = writeln!(out, "  note: TensorFlow node: {}", nodes.join(", "));
    }
    for (loc, text) in &d.notes {
        match loc.text() {
            Some(_) => {
                let _ = writeln!(out, "{}: note: {text}", place(source, loc));
                out.extend(excerpt(source, loc));
            }
            None => {
                let _ = writeln!(out, "  note: {text}");
            }
        }
    }
    if let Some(help) = &d.help {
        let _ = writeln!(out, "  hint: {help}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_text_and_node() {
        let loc = Loc::fused([Loc::name("net/conv"), Loc::file("a.mlir", 2, 3)]);
        let d = Diagnostic::error("quant/no-range", "it has no range").at(&loc).help("run `calibrate` first");
        let source = Source { name: "a.mlir", text: Some("func\n  %0 = x\n") };
        let expected = "a.mlir:2:3: error: it has no range [quant/no-range]\n  %0 = x\n  ^\n  note: TensorFlow node: net/conv\n  \
                        hint: run `calibrate` first\n";
        assert_eq!(render(&d, source), expected);
        let d = Diagnostic::warning("a/b", "so").excerpt("%0 = y");
        assert_eq!(render(&d, Source { name: "dir", text: None }), "dir: warning: so [a/b]\n  %0 = y\n");
    }
}
