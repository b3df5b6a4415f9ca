//! What is seen of a running pipeline: printed IR, times, counters.

use std::fmt::Write;
use std::time::{Duration, Instant};

use ir::text::{PrintOptions, print};
use ir::{Failed, Module};
use passes::pass::Pass;
use passes::pipeline::Observer;
use passes::{PassDef, Stats, pipeline::nearest};

use crate::args::PassArgs;

/// Collects text for stderr while passes run.
pub struct Instruments<'a> {
    args: &'a PassArgs,
    print: PrintOptions,
    /// Printed IR, in order.
    pub out: String,
    before: Option<String>,
    started: Instant,
    times: Vec<(&'static str, Duration)>,
    stats: Vec<(&'static str, Stats)>,
}

impl<'a> Instruments<'a> {
    /// For one pipeline.
    pub fn new(args: &'a PassArgs, print: PrintOptions) -> Instruments<'a> {
        let out = String::new();
        Instruments { args, print, out, before: None, started: Instant::now(), times: Vec::new(), stats: Vec::new() }
    }

    fn dump(&mut self, when: &str, pass: &str, module: &Module) {
        let _ = writeln!(self.out, "// -----// IR Dump {when} {pass} //----- //\n{}", print(module, &self.print));
    }

    /// The tables that stand behind the printed IR.
    pub fn report(&self) -> String {
        let mut out = String::new();
        if self.args.timing {
            let total: Duration = self.times.iter().map(|(_, t)| *t).sum();
            out.push_str("  seconds      %  pass\n");
            for (name, t) in &self.times {
                let share = 100.0 * t.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
                let _ = writeln!(out, "{:9.4}  {share:5.1}  {name}", t.as_secs_f64());
            }
            let _ = writeln!(out, "{:9.4}  100.0  total", total.as_secs_f64());
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
        self.times.push((name, self.started.elapsed()));
        self.stats.push((name, stats.clone()));
        if outcome.is_err() {
            if self.args.print_after_failure {
                self.dump("After (failed)", name, module);
            }
            return;
        }
        let wanted = self.args.print_after_all || self.args.print_after.iter().any(|p| p == name);
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
