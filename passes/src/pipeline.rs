//! Pipelines: parsed, printed, run.
//!
//! `a,b{x=1 y=2},builtin.module(func.func(c))`: nesting is read and may be left out, since a pass knows what it runs over. The name of a
//! pipeline stands for its passes. A pass that panics does not take the process with it: the panic is an error that names the pass.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ir::verify::RuntimeRules;
use ir::{Diagnostic, Failed, Module, Registry, Sink};

use crate::groups;
use crate::pass::{Anchor, Cx, Pass, PassDef, Stats};

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

/// Two observers, one after the other.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn before(&mut self, pass: &dyn Pass, module: &Module) {
        self.0.before(pass, module);
        self.1.before(pass, module);
    }
    fn after(&mut self, pass: &dyn Pass, module: &Module, stats: &Stats, outcome: Result<(), Failed>) {
        self.0.after(pass, module, stats, outcome);
        self.1.after(pass, module, stats, outcome);
    }
}

/// An observer that may be missing.
impl<A: Observer> Observer for Option<A> {
    fn before(&mut self, pass: &dyn Pass, module: &Module) {
        self.iter_mut().for_each(|o| o.before(pass, module));
    }
    fn after(&mut self, pass: &dyn Pass, module: &Module, stats: &Stats, outcome: Result<(), Failed>) {
        self.iter_mut().for_each(|o| o.after(pass, module, stats, outcome));
    }
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

    /// Reads a pipeline; `known` are the passes and the named pipelines that may occur. A pass that does not expect what one in front of it
    /// makes is an error (see [`groups`]).
    pub fn parse(text: &str, known: &[&'static PassDef]) -> Result<Pipeline, PipelineError> {
        let mut p = Parser { text, at: 0, known, out: Pipeline::new(), places: Vec::new() };
        p.list(None)?;
        if p.at < text.len() {
            return Err(p.error("expected `,` or the end of the pipeline"));
        }
        match groups::wrong_order(&p.out.passes, known) {
            Some((i, message)) => Err(PipelineError { message, at: p.places[i] }),
            None => Ok(p.out),
        }
    }

    /// The text that [`Pipeline::parse`] reads as the same pipeline.
    pub fn text(&self) -> String {
        self.passes.iter().map(|p| pass_text(&**p)).collect::<Vec<_>>().join(",")
    }

    /// Takes the passes out.
    pub fn into_passes(self) -> Vec<Box<dyn Pass>> {
        self.passes
    }

    /// Runs the passes in order; after each the verifier, if `verify_each` is set. Stops at the first that fails.
    ///
    /// A panic in a pass becomes the error `pass/crash`; the module then holds whatever the pass left.
    pub fn run(
        &self,
        module: &mut Module,
        cx: &mut Cx<'_>,
        observer: &mut dyn Observer,
        verify_each: Option<&Registry>,
    ) -> Result<(), Failed> {
        // What a text may break with a warning, a pass may leave as it is.
        let rules = match ir::verify::verify(module, &mut Sink::new()) {
            Ok(()) => RuntimeRules::Enforced,
            Err(_) => RuntimeRules::Ignored,
        };
        cx.analyses.clear();
        for pass in &self.passes {
            observer.before(&**pass, module);
            cx.stats = Stats::new();
            let caught = catch_unwind(AssertUnwindSafe(|| run_one(&**pass, module, cx, verify_each.map(|_| rules))));
            let outcome = caught.unwrap_or_else(|panic| Err(cx.sink.error(crash(&**pass, &*panic))));
            observer.after(&**pass, module, &cx.stats, outcome);
            outcome?;
        }
        Ok(())
    }
}

fn run_one(pass: &dyn Pass, module: &mut Module, cx: &mut Cx<'_>, rules: Option<RuntimeRules>) -> Result<(), Failed> {
    groups::check_expects(pass.def(), module, cx.sink)?;
    let outcome = pass.run(module, cx);
    cx.analyses.retain(pass.def().keeps);
    outcome?;
    let Some(rules) = rules else { return Ok(()) };
    if let Some(analysis) = cx.analyses.stale(module) {
        let text = format!("pass `{}` keeps an analysis that it changed: {analysis}", pass.def().name);
        return Err(cx.sink.error(Diagnostic::error("pass/analysis", text).help("this is a fault of the pass")));
    }
    if ir::verify::verify_with(module, rules, cx.sink).is_ok() {
        return groups::check_ensures(pass.def(), module, cx.sink);
    }
    let d = Diagnostic::error("pass/invalid", format!("pass `{}` left an invalid module", pass.def().name))
        .help("this is a fault of the pass; please report it with the module in front of it");
    Err(cx.sink.error(d))
}

fn crash(pass: &dyn Pass, panic: &(dyn Any + Send)) -> Diagnostic {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = format!("pass `{}` crashed: {}", pass.def().name, text.unwrap_or("nothing is known of the cause"));
    Diagnostic::error("pass/crash", text)
        .help("this is a fault of the pass; `--mlir-pass-pipeline-crash-reproducer=FILE` writes what to report")
}

/// A pass with its options, as [`Pipeline::parse`] reads it.
pub fn pass_text(pass: &dyn Pass) -> String {
    let options: Vec<String> =
        pass.options().into_iter().map(|(k, v)| format!("{}={}", k.replace('_', "-"), quote(&v))).collect();
    if options.is_empty() {
        pass.def().name.to_owned()
    } else {
        format!("{}{{{}}}", pass.def().name, options.join(" "))
    }
}

fn quote(v: &str) -> String {
    let plain = !v.is_empty() && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/*+;:".contains(&b));
    if plain { v.to_owned() } else { format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// Name and value of an option, and where it stands.
type Given = (usize, (String, String));

struct Parser<'t> {
    text: &'t str,
    at: usize,
    known: &'t [&'static PassDef],
    out: Pipeline,
    /// Where each pass stands.
    places: Vec<usize>,
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
    /// Items separated by commas, in the parentheses of an anchor.
    fn list(&mut self, inside: Option<Anchor>) -> Result<(), PipelineError> {
        self.space();
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return Ok(());
        }
        loop {
            self.item(inside)?;
            if !self.eat(',') {
                return Ok(());
            }
        }
    }
    fn item(&mut self, inside: Option<Anchor>) -> Result<(), PipelineError> {
        self.space();
        let start = self.at;
        let error = |message: String| PipelineError { message, at: start };
        let name = self.word(&[',', '{', '(', ')', '}', '=']);
        if self.eat('(') {
            let anchor = match name.as_str() {
                "builtin.module" => Anchor::Module,
                "func.func" => Anchor::Func,
                _ => {
                    return Err(error(format!("no pass runs over `{name}`; expected `builtin.module` or `func.func`")));
                }
            };
            if inside == Some(Anchor::Func) {
                return Err(error(format!("`{name}` does not stand in a `func.func`")));
            }
            self.list(Some(anchor))?;
            return if self.eat(')') { Ok(()) } else { Err(self.error("expected `,` or `)`")) };
        }
        let Some(def) = self.known.iter().find(|d| d.name == name) else {
            let hint = nearest(&name, self.known.iter().map(|d| d.name));
            return Err(error(format!("unknown pass `{name}`{hint}")));
        };
        if inside == Some(Anchor::Func) && def.anchor == Anchor::Module {
            return Err(error(format!("pass `{name}` runs over the module, not over each `func.func`")));
        }
        let options = if self.eat('{') { self.options()? } else { Vec::new() };
        let (places, options): (Vec<usize>, Vec<(String, String)>) = options.into_iter().unzip();
        let passes = (def.make)(&options).map_err(|e| {
            let which = options.iter().position(|(n, _)| n.replace('_', "-") == e.option().replace('_', "-"));
            PipelineError { message: e.to_string(), at: which.map_or(start, |i| places[i]) }
        })?;
        self.places.extend(passes.iter().map(|_| start));
        self.out.passes.extend(passes);
        Ok(())
    }
    /// Options with their places, behind `{`.
    fn options(&mut self) -> Result<Vec<Given>, PipelineError> {
        let mut out: Vec<Given> = Vec::new();
        loop {
            if self.eat('}') {
                return Ok(out);
            }
            let at = self.at;
            let name = self.word(&['=', '}', ',']);
            if name.is_empty() {
                return Err(self.error("expected an option or `}`"));
            }
            if out.iter().any(|(_, (n, _))| n.replace('_', "-") == name.replace('_', "-")) {
                return Err(PipelineError { message: format!("option `{name}` is given twice"), at });
            }
            let value = if self.eat('=') { self.value()? } else { "true".to_owned() };
            out.push((at, (name, value)));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pipeline: &str) -> String {
        Pipeline::parse(pipeline, &crate::known()).unwrap().text()
    }
    fn error(pipeline: &str) -> (String, &str) {
        let e = Pipeline::parse(pipeline, &crate::known()).unwrap_err();
        (e.message, &pipeline[e.at..])
    }

    #[test]
    fn nesting_may_be_left_out() {
        let nested = "builtin.module( tf-inline , func.func(dce,set-batch{ batch=2 }), symbol-dce )";
        assert_eq!(text(nested), "tf-inline,dce,set-batch{batch=2},symbol-dce");
        assert_eq!(text("func.func()"), "");
        assert_eq!(text(""), "");
    }

    #[test]
    fn what_is_printed_is_parsed() {
        let patterns = r#"keep-float{ops="a b;c\\d;e\"f;g,h}"}"#;
        for pipeline in ["dce", "quantize-weights{dequantize=true min-elements=3}", "set-io-type{io=int8}", patterns] {
            assert_eq!(text(pipeline), pipeline);
        }
        assert_eq!(text("quantize-weights{dequantize min_elements=1024}"), "quantize-weights{dequantize=true}");
    }

    #[test]
    fn a_name_stands_for_its_passes() {
        let given = text("ptq{mode=int8 io=uint8 datasets=a.npz},dce");
        assert!(given.starts_with("lower-for-int8,calibrate{datasets=a.npz},insert-fake-quant,"), "{given}");
        assert!(given.ends_with(",set-io-type{io=uint8},fold-quant-dequant,dce,place-views,dce"), "{given}");
        assert_eq!(text(&given), given);
        assert_eq!(text("ptq{mode=none batch=4 from-tf}").matches("set-batch{batch=4}").count(), 1);
        for (mode, _) in crate::pipelines::Mode::ALL {
            // In an order that no pass refuses, twice over where it is allowed to.
            text(&format!("ptq{{mode={mode} from-tf datasets=a.npz io=int8 batch=1 keep-float=a}}"));
        }
    }

    #[test]
    fn errors_point_at_their_cause() {
        let cases = [
            ("dce,cze", "unknown pass `cze`; did you mean `cse`?", "cze"),
            ("dce,set-batch{bach=1}", "pass `set-batch` has no option `bach`; did you mean `batch`?", "bach=1}"),
            ("set-batch{batch=x}", "option `batch` of pass `set-batch` takes a count, not `x`", "batch=x}"),
            ("set-batch{batch=1 batch=2}", "option `batch` is given twice", "batch=2}"),
            ("set-batch{=1}", "expected an option or `}`", "=1}"),
            ("keep-float{ops=\"a}", "the text in quotes does not end", "a}"),
            ("func.func(dce", "expected `,` or `)`", ""),
            ("dce)", "expected `,` or the end of the pipeline", ")"),
            (
                "calibrate{datasets=a.npz},dce,quantize-ops,dce",
                "pass `quantize-ops` does not take calibrated ranges, which `calibrate` leaves; run `insert-fake-quant` in between",
                "quantize-ops,dce",
            ),
            (
                "quantize-ops,calibrate{datasets=a.npz}",
                "pass `calibrate` does not take operations on quantized values, which `quantize-ops` leaves; run it before `quantize-ops`",
                "calibrate{datasets=a.npz}",
            ),
            (
                "func.func(dce,calibrate)",
                "pass `calibrate` runs over the module, not over each `func.func`",
                "calibrate)",
            ),
            ("func.func(func.func(dce))", "`func.func` does not stand in a `func.func`", "func.func(dce))"),
            (
                "tfl.while(dce)",
                "no pass runs over `tfl.while`; expected `builtin.module` or `func.func`",
                "tfl.while(dce)",
            ),
        ];
        for (pipeline, message, at) in cases {
            assert_eq!(error(pipeline), (message.to_owned(), at), "{pipeline}");
        }
    }
}
