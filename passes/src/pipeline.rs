//! Pipelines: parsed, printed, run.
//!
//! `a,b{x=1 y=2},builtin.module(func.func(c))`: nesting is read and may be left out, since a pass knows what it runs over.

use ir::{Diagnostic, Failed, Module, Registry};

use crate::pass::{Cx, OptionError, Pass, PassDef, Stats};

/// A list of configured passes.
#[derive(Default)]
pub struct Pipeline {
    passes: Vec<Box<dyn Pass>>,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.text())
    }
}

/// Why a pipeline text cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PipelineError {
    /// What is wrong.
    pub message: String,
    /// Byte offset into the text.
    pub at: usize,
}

/// `; did you mean \`x\`?` for the nearest of some names, or nothing.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|n| (strsim::damerau_levenshtein(name, n), n))
        .filter(|(d, n)| *d <= 1 + n.len() / 3)
        .min()
        .map(|(_, n)| format!("; did you mean `{n}`?"))
        .unwrap_or_default()
}

/// Looks at a pipeline while it runs: timing, printing, cancellation.
pub trait Observer {
    /// Before a pass.
    fn before(&mut self, _pass: &dyn Pass, _module: &Module) {}
    /// After a pass; `Err` if it failed.
    fn after(&mut self, _pass: &dyn Pass, _module: &Module, _stats: &Stats, _outcome: Result<(), Failed>) {}
}

/// An [`Observer`] that looks away.
#[derive(Debug, Default)]
pub struct NoObserver;
impl Observer for NoObserver {}

impl Pipeline {
    /// No passes.
    pub fn new() -> Pipeline {
        Pipeline::default()
    }

    /// With one more pass.
    #[must_use]
    pub fn then(mut self, pass: impl Pass + 'static) -> Pipeline {
        self.passes.push(Box::new(pass));
        self
    }

    /// The passes, in order.
    pub fn passes(&self) -> &[Box<dyn Pass>] {
        &self.passes
    }

    /// Reads a pipeline; `known` are the passes that may occur.
    pub fn parse(text: &str, known: &[&'static PassDef]) -> Result<Pipeline, PipelineError> {
        let mut p = Parser { text, at: 0, known, out: Pipeline::new() };
        p.list()?;
        if p.at < text.len() {
            return Err(p.error("expected `,` or the end of the pipeline"));
        }
        Ok(p.out)
    }

    /// The text that [`Pipeline::parse`] reads as the same pipeline.
    pub fn text(&self) -> String {
        let items: Vec<String> = self
            .passes
            .iter()
            .map(|p| {
                let options: Vec<String> =
                    p.options().into_iter().map(|(k, v)| format!("{}={}", k.replace('_', "-"), quote(&v))).collect();
                if options.is_empty() {
                    p.def().name.to_owned()
                } else {
                    format!("{}{{{}}}", p.def().name, options.join(" "))
                }
            })
            .collect();
        items.join(",")
    }

    /// Runs the passes in order; after each the verifier, if `verify_each` is set. Stops at the first that fails.
    pub fn run(
        &self,
        module: &mut Module,
        cx: &mut Cx<'_>,
        observer: &mut dyn Observer,
        verify_each: Option<&Registry>,
    ) -> Result<(), Failed> {
        for pass in &self.passes {
            observer.before(&**pass, module);
            cx.stats = Stats::new();
            let mut outcome = pass.run(module, cx);
            if outcome.is_ok() && verify_each.is_some() {
                let before = cx.sink.diagnostics().len();
                if ir::verify::verify(module, cx.sink).is_err() {
                    debug_assert!(cx.sink.diagnostics().len() > before);
                    let d =
                        Diagnostic::error("pass/invalid", format!("pass `{}` left an invalid module", pass.def().name))
                            .help("this is a fault of the pass; please report it with the module in front of it");
                    outcome = Err(cx.sink.error(d));
                }
            }
            observer.after(&**pass, module, &cx.stats, outcome);
            outcome?;
        }
        Ok(())
    }
}

fn quote(v: &str) -> String {
    let plain = !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/*+;:".contains(&b));
    if plain { v.to_owned() } else { format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\"")) }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    known: &'t [&'static PassDef],
    out: Pipeline,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> PipelineError {
        PipelineError { message: message.into(), at: self.at }
    }
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }
    fn eat(&mut self, c: char) -> bool {
        self.space();
        let hit = self.rest().starts_with(c);
        if hit {
            self.at += c.len_utf8();
        }
        hit
    }
    fn word(&mut self, stop: &[char]) -> String {
        self.space();
        let end = self.rest().find(|c: char| c.is_whitespace() || stop.contains(&c)).unwrap_or(self.rest().len());
        let word = self.rest()[..end].to_owned();
        self.at += end;
        word
    }
    fn list(&mut self) -> Result<(), PipelineError> {
        self.space();
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return Ok(());
        }
        loop {
            self.item()?;
            if !self.eat(',') {
                return Ok(());
            }
        }
    }
    fn item(&mut self) -> Result<(), PipelineError> {
        self.space();
        let start = self.at;
        let name = self.word(&[',', '{', '(', ')', '}', '=']);
        if self.eat('(') {
            if !matches!(name.as_str(), "builtin.module" | "func.func" | "any") {
                self.at = start;
                return Err(self.error(format!("no pass runs over `{name}`; expected `builtin.module` or `func.func`")));
            }
            self.list()?;
            if !self.eat(')') {
                return Err(self.error("expected `)`"));
            }
            return Ok(());
        }
        let Some(def) = self.known.iter().find(|d| d.name == name) else {
            self.at = start;
            let hint = nearest(&name, self.known.iter().map(|d| d.name));
            return Err(self.error(format!("unknown pass `{name}`{hint}")));
        };
        let options = if self.eat('{') { self.options()? } else { Vec::new() };
        match (def.make)(&options) {
            Ok(pass) => self.out.passes.push(pass),
            Err(e) => {
                self.at = start;
                return Err(match e {
                    OptionError::Unknown { .. } | OptionError::Value { .. } => self.error(e.to_string()),
                });
            }
        }
        Ok(())
    }
    fn options(&mut self) -> Result<Vec<(String, String)>, PipelineError> {
        let mut out = Vec::new();
        loop {
            if self.eat('}') {
                return Ok(out);
            }
            let name = self.word(&['=', '}', ',']);
            if name.is_empty() {
                return Err(self.error("expected an option or `}`"));
            }
            let value = if self.eat('=') { self.value()? } else { "true".to_owned() };
            out.push((name, value));
            self.eat(',');
        }
    }
    fn value(&mut self) -> Result<String, PipelineError> {
        self.space();
        if !self.rest().starts_with('"') {
            return Ok(self.word(&['}', ',']));
        }
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                c => out.push(c),
            }
        }
        Err(self.error("the text in quotes does not end"))
    }
}
