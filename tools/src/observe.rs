//! What is seen of a running pipeline: printed IR, times, counters.

use std::fmt::Write;
use std::io::Write as _;
use std::time::{Duration, Instant};

use ir::text::{PrintOptions, print};
use ir::{Failed, Module};
use passes::pass::{Anchor, Pass};
use passes::pipeline::Observer;
use passes::{PassDef, Stats, pipeline::nearest};

use crate::args::PassArgs;
use crate::output::write_whole;

/// Collects text for stderr while passes run.
pub struct Instruments<'a> {
    args: &'a PassArgs,
    print: PrintOptions,
    /// Printed IR, in order.
    pub out: String,
    /// Why a file of printed IR could not be written.
    pub unwritten: Option<String>,
    before: Option<String>,
    started: Instant,
    times: Vec<(&'static PassDef, Duration)>,
    stats: Vec<(&'static str, Stats)>,
}

impl<'a> Instruments<'a> {
    /// For one pipeline.
    pub fn new(args: &'a PassArgs, print: PrintOptions) -> Instruments<'a> {
        let (out, started) = (String::new(), Instant::now());
        Instruments { args, print, out, unwritten: None, before: None, started, times: Vec::new(), stats: Vec::new() }
    }

    fn dump(&mut self, when: &str, pass: &str, module: &Module) {
        let text = format!("// -----// IR Dump {when} {pass} //----- //\n{}", print(module, &self.print));
        let Some(dir) = &self.args.print_tree_dir else {
            let _ = writeln!(self.out, "{text}");
            return;
        };
        // One folder for each module and one file for each pass that ran, as mlir-opt lays them out.
        let dir = dir.join(format!("builtin_module_{}", module.name.as_deref().unwrap_or("no-symbol-name")));
        let before = if when == "Before" { "before_" } else { "" };
        let number = self.times.len() - usize::from(when != "Before");
        let file = dir.join(format!("{number}_{before}{pass}.mlir"));
        let written = std::fs::create_dir_all(&dir)
            .map_err(|e| format!("cannot make {}: {e}", dir.display()))
            .and_then(|()| write_whole(&file, |f| f.write_all(text.as_bytes())));
        self.unwritten = self.unwritten.take().or(written.err());
    }

    /// Whether the tree of files is all that is said of printing.
    fn only_tree(&self) -> bool {
        let a = self.args;
        let chosen = !a.print_before.is_empty() || !a.print_after.is_empty();
        let by_kind = a.print_before_all || a.print_after_change || a.print_after_failure;
        a.print_tree_dir.is_some() && !chosen && !by_kind
    }

    /// The tables that stand behind the printed IR.
    pub fn report(&self) -> String {
        let mut out = String::new();
        if self.args.timing {
            out.push_str(&self.times());
        }
        if self.args.statistics {
            for (name, stats) in self.stats.iter().filter(|(_, s)| !s.is_empty()) {
                let _ = writeln!(out, "{name}");
                for (what, n) in stats {
                    let _ = writeln!(out, "{n:9}  {what}");
                }
            }
        }
        out
    }
}

impl Instruments<'_> {
    /// Seconds and shares: passes over functions stand under the functions they run over together.
    fn times(&self) -> String {
        let total: Duration = self.times.iter().map(|(_, t)| *t).sum();
        let line = |name: &str, t: Duration| {
            let share = 100.0 * t.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
            format!("{:9.4}  {share:5.1}  {name}\n", t.as_secs_f64())
        };
        let mut out = "  seconds      %  pass\n".to_owned();
        for group in self.times.chunk_by(|a, b| a.0.anchor == b.0.anchor) {
            let over_funcs = group[0].0.anchor == Anchor::Func;
            if over_funcs {
                out += &line(Anchor::Func.op(), group.iter().map(|(_, t)| *t).sum());
            }
            let indent = if over_funcs { "  " } else { "" };
            out.extend(group.iter().map(|(def, t)| line(&format!("{indent}{}", def.name), *t)));
        }
        out + &line("total", total)
    }
}

impl Observer for Instruments<'_> {
    fn before(&mut self, pass: &dyn Pass, module: &Module) {
        let name = pass.def().name;
        if self.args.print_before_all || self.args.print_before.iter().any(|p| p == name) {
            self.dump("Before", name, module);
        }
        if self.args.print_after_change {
            self.before = Some(print(module, &self.print));
        }
        self.started = Instant::now();
    }

    fn after(&mut self, pass: &dyn Pass, module: &Module, stats: &Stats, outcome: Result<(), Failed>) {
        let name = pass.def().name;
        self.times.push((pass.def(), self.started.elapsed()));
        self.stats.push((name, stats.clone()));
        if outcome.is_err() {
            if self.args.print_after_failure {
                self.dump("After (failed)", name, module);
            }
            return;
        }
        let wanted = self.args.print_after_all || self.only_tree() || self.args.print_after.iter().any(|p| p == name);
        let changed = self.before.take().is_some_and(|b| b != print(module, &self.print));
        if wanted || changed {
            self.dump("After", name, module);
        }
    }
}

/// A pass that is to be printed but does not exist, as a sentence.
pub fn unknown_pass(args: &PassArgs, known: &[&'static PassDef]) -> Option<String> {
    let name =
        args.print_before.iter().chain(&args.print_after).find(|n| known.iter().all(|d| d.name != n.as_str()))?;
    Some(format!("there is no pass `{name}`{}", nearest(name, known.iter().map(|d| d.name))))
}
