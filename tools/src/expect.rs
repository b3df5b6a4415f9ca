//! `--verify-diagnostics`: comments in the text say which diagnostics belong to which line.
//!
//! `// expected-error@+1 [group/slug] {{part of the message}}`; the offset and the code may be left out, `@-2` and `@+1` count lines,
//! and `error` may be `warning` or `remark`.

use ir::{Diagnostic, Severity};

#[derive(Debug)]
struct Expectation {
    severity: Severity,
    /// From 1.
    line: usize,
    code: Option<String>,
    text: String,
}

impl Expectation {
    fn fits(&self, d: &Diagnostic) -> bool {
        self.severity == d.severity
            && d.loc.text().is_some_and(|(_, line, _)| line as usize == self.line)
            && self.code.as_ref().is_none_or(|c| c == d.code)
            && d.message.contains(&self.text)
    }
}

fn parse(line: &str, number: usize) -> Result<Option<Expectation>, String> {
    let Some((_, rest)) = line.split_once("// expected-") else { return Ok(None) };
    let bad = |what: &str| Err(format!("line {number}: {what} in an `expected-` comment"));
    let words = [("error", Severity::Error), ("warning", Severity::Warning), ("remark", Severity::Remark)];
    let Some((severity, rest)) = words.iter().find_map(|(w, s)| Some((*s, rest.strip_prefix(w)?))) else {
        return bad("expected `error`, `warning` or `remark`");
    };
    let rest = rest.trim_start();
    let (offset, rest) = match rest.strip_prefix('@') {
        Some(r) => {
            let end = r.find(|c: char| !(c.is_ascii_digit() || c == '+' || c == '-')).unwrap_or(r.len());
            match r[..end].parse::<isize>() {
                Ok(n) => (n, r[end..].trim_start()),
                Err(_) => return bad("a wrong line offset"),
            }
        }
        None => (0, rest),
    };
    let (code, rest) = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((code, r)) => (Some(code.to_owned()), r.trim_start()),
        None => (None, rest),
    };
    let Some((text, _)) = rest.strip_prefix("{{").and_then(|r| r.split_once("}}")) else {
        return bad("expected `{{part of the message}}`");
    };
    match number.checked_add_signed(offset) {
        Some(line) => Ok(Some(Expectation { severity, line, code, text: text.to_owned() })),
        None => bad("a wrong line offset"),
    }
}

/// What differs between the comments of `text` (whose first line has number `first`) and the diagnostics: one sentence each.
pub fn differences(text: &str, first: usize, diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut out = Vec::new();
    let mut expected = Vec::new();
    for (i, line) in text.lines().enumerate() {
        match parse(line, first + i) {
            Ok(e) => expected.extend(e),
            Err(e) => out.push(e),
        }
    }
    for d in diagnostics {
        match expected.iter().position(|e| e.fits(d)) {
            Some(i) => drop(expected.remove(i)),
            None => {
                let line = d.loc.text().map_or_else(|| "no line".into(), |(_, l, _)| format!("line {l}"));
                out.push(format!("unexpected {:?} at {line}: {} [{}]", d.severity, d.message, d.code).to_lowercase());
            }
        }
    }
    for e in expected {
        out.push(format!("line {}: no {:?} `{}` was produced", e.line, e.severity, e.text).to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::Loc;

    #[test]
    fn comments_and_diagnostics_are_matched() {
        let text = "x\n// expected-error@+1 [a/b] {{is bad}}\nbad\n// expected-warning@-1 {{odd}}\n";
        let at = |line| Loc::file("f", line, 1);
        let error = Diagnostic::error("a/b", "it is bad").at(&at(3));
        let warning = Diagnostic::warning("c/d", "odd thing").at(&at(3));
        assert!(differences(text, 1, &[error.clone(), warning]).is_empty());
        let left = differences(text, 1, &[error]);
        assert_eq!(left, ["line 3: no warning `odd` was produced"]);
        let left = differences("", 1, &[Diagnostic::error("a/b", "it").at(&at(9))]);
        assert_eq!(left, ["unexpected error at line 9: it [a/b]"]);
    }
}
