//! Examples of passes: a module before and after, which documentation shows and a test runs.

use ir::text::{ParseOptions, PrintOptions, parse, print};
use ir::{Module, Registry, Severity, Sink};

use crate::data::Datasets;
use crate::pass::{Cx, PassDef};
use crate::pipeline::{NoObserver, Pipeline};

/// A module before a pass and after it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Options of the pass, as a pipeline writes them between braces; none if empty.
    pub given: &'static str,
    /// The module before.
    pub before: &'static str,
    /// The module after; or `error: …`, the message of the pass that fails.
    pub after: &'static str,
}

impl Example {
    /// The pipeline that the example runs.
    pub fn pipeline(&self, name: &str) -> String {
        if self.given.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", self.given) }
    }

    /// Both texts without the indentation of the source.
    pub fn texts(&self) -> (String, String) {
        (unindented(self.before), unindented(self.after))
    }
}

/// A text without the lines' common indentation, and without empty lines around it.
fn unindented(text: &str) -> String {
    let lines: Vec<&str> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    let indent = |l: &&str| l.len() - l.trim_start().len();
    let common = lines.iter().filter(|l| !l.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|l| l.get(common..).unwrap_or_default()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Runs the example of a row and compares, as text, what comes out.
///
/// # Errors
/// A sentence that says what differs.
pub fn check(def: &'static PassDef, registry: &Registry, datasets: &dyn Datasets) -> Result<(), String> {
    let (before, after) = def.example.texts();
    let text = def.example.pipeline(def.name);
    let pipeline = Pipeline::parse(&text, &[def]).map_err(|e| format!("`{text}`: {e}"))?;
    let mut module = read(&before, registry)?;
    let mut sink = Sink::new();
    let mut cx = Cx::new(&mut sink).with_datasets(datasets);
    let outcome = pipeline.run(&mut module, &mut cx, &mut NoObserver, Some(registry));
    let found = match outcome {
        Ok(()) => print(&module, &PrintOptions::default()),
        Err(_) => first_error(&sink),
    };
    let wanted = match after.starts_with("error: ") {
        true => after,
        false => print(&read(&after, registry)?, &PrintOptions::default()),
    };
    if found == wanted { Ok(()) } else { Err(format!("`{text}` gives\n{found}\nand not\n{wanted}")) }
}

fn first_error(sink: &Sink) -> String {
    let first = sink.diagnostics().iter().find(|d| d.severity == Severity::Error);
    first.map_or_else(String::new, |d| format!("error: {}", d.message))
}

fn read(text: &str, registry: &Registry) -> Result<Module, String> {
    let mut sink = Sink::new();
    let options = ParseOptions { registry, allow_unregistered: false, file: "example" };
    parse(text, &options, &mut sink).map_err(|_| format!("{}\nin\n{text}", first_error(&sink)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_of_the_source_is_no_part_of_an_example() {
        assert_eq!(unindented("\n    a {\n      b\n\n    }\n    "), "a {\n  b\n\n}");
    }
}
