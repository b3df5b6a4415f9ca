//! Reproducers: a module and the command that fails on it, as one `.mlir` that is also a case of a test suite.

use std::path::Path;

use clap::Parser;
use ir::text::{PrintOptions, print};
use ir::{Diagnostic, Failed, Module, Sink};
use passes::pass::Pass;
use passes::pipeline::{Observer, pass_text};
use passes::{Pipeline, Stats};

use crate::args::Compile;
use crate::output::write_whole;

/// The flags of a text whose first line is `// RUN: flags`. Quotes and backslashes mean what they mean to a shell.
pub fn run_line(text: &str) -> Option<Vec<String>> {
    let line = text.lines().next()?.strip_prefix("// RUN:")?;
    let (mut out, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() && !quoted => out.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    Some(out)
}

/// Takes over the flags of a reproducer's first line that say which passes run, and how. The error is a sentence.
pub fn follow(text: &str, args: &mut Compile) -> Result<(), String> {
    let flags = run_line(text).ok_or("the first line of a reproducer is `// RUN: flags`")?;
    let line = ["quant-opt", "-"].into_iter().map(str::to_owned).chain(flags);
    let line = Compile::try_parse_from(line).map_err(|e| format!("the first line of the reproducer: {e}"))?;
    args.passes.pass_pipeline = line.passes.pass_pipeline;
    args.passes.verify_each &= line.passes.verify_each;
    args.text.allow_unregistered_dialect |= line.text.allow_unregistered_dialect;
    Ok(())
}

/// A reproducer's text.
pub fn text(module: &Module, pipeline: &str, args: &Compile) -> String {
    let mut flags = format!("--pass-pipeline='{}'", pipeline.replace('\'', "'\\''"));
    if !args.passes.verify_each {
        flags += " --verify-each=false";
    }
    if args.text.allow_unregistered_dialect {
        flags += " --allow-unregistered-dialect";
    }
    let options = PrintOptions { locations: true, ..PrintOptions::default() };
    format!("// RUN: {flags}\n{}", print(module, &options))
}

/// Keeps the module that a failure starts from, and writes the reproducer when it comes to that.
pub struct Reproducer<'a> {
    args: &'a Compile,
    file: &'a Path,
    pipeline: String,
    before: Option<Module>,
    failed: bool,
}

impl<'a> Reproducer<'a> {
    /// For one run of a pipeline, if a reproducer is asked for.
    pub fn new(args: &'a Compile, pipeline: &Pipeline) -> Option<Reproducer<'a>> {
        let file = args.passes.reproducer.as_deref()?;
        Some(Reproducer { args, file, pipeline: pipeline.text(), before: None, failed: false })
    }

    /// Writes the file, if a pass failed.
    pub fn write(&self, sink: &mut Sink) -> Result<(), Failed> {
        let Some(module) = self.before.as_ref().filter(|_| self.failed) else { return Ok(()) };
        let text = text(module, &self.pipeline, self.args);
        let written = write_whole(self.file, |f| std::io::Write::write_all(f, text.as_bytes()));
        written.map_err(|e| sink.error(Diagnostic::error("output/write", e)))?;
        let text = format!("{} reproduces this with --run-reproducer", self.file.display());
        sink.emit(Diagnostic::remark("pass/reproducer", text));
        Ok(())
    }
}

impl Observer for Reproducer<'_> {
    fn before(&mut self, pass: &dyn Pass, module: &Module) {
        let local = self.args.passes.local_reproducer;
        if local {
            self.pipeline = pass_text(pass);
        }
        // Constants are shared with the module, so the copy is small.
        if local || self.before.is_none() {
            self.before = Some(module.clone());
        }
    }
    fn after(&mut self, _: &dyn Pass, _: &Module, _: &Stats, outcome: Result<(), Failed>) {
        self.failed |= outcome.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_line_is_read_like_a_shell_does() {
        let line = r"// RUN: --a='b c' --d='it'\''s'  e\ f ''";
        assert_eq!(run_line(line).unwrap(), ["--a=b c", "--d=it's", "e f", ""]);
        assert_eq!(run_line("// run"), None);
    }

    #[test]
    fn a_reproducer_names_its_command() {
        let mut args = Compile::parse_from(["quant-opt", "-", "--verify-each=false"]);
        let text = text(&Module::new(), "keep-float{ops=\"it's\"}", &args);
        assert_eq!(
            text.lines().next(),
            Some(r#"// RUN: --pass-pipeline='keep-float{ops="it'\''s"}' --verify-each=false"#)
        );
        args.passes.verify_each = true;
        follow(&text, &mut args).unwrap();
        assert_eq!(args.passes.pass_pipeline.as_deref(), Some("keep-float{ops=\"it's\"}"));
        assert!(!args.passes.verify_each);
        assert!(follow("module {}", &mut args).is_err());
    }
}
