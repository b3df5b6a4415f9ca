//! Groups of operations: what a pass takes and what it leaves, so that passes in a wrong order are refused before they do harm.
//!
//! A pass states two sets, `expects` and `ensures`. What it ensures and did not expect, it makes. A later pass that does not expect that is
//! refused when the pipeline is read; a module that holds what the next pass does not expect is refused when the pass is to run. What stands
//! in no group, such as functions, constants and operations of a host, every pass takes.

use ir::dialect::{quantfork, tfl};
use ir::{Body, Diagnostic, Failed, Module, OpId, Operation, Sink, Value};

use crate::pass::{Pass, PassDef};

/// A set of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups(u8);

/// Each group with its word and with what a sentence calls its operations.
const TABLE: &[(Groups, &str, &str)] = &[
    (Groups::TF, "TF", "TensorFlow operations"),
    (Groups::PATTERN, "PATTERN", "TensorFlow operations that are to be fused"),
    (Groups::TFL, "TFL", "TFLite operations on numbers as they are"),
    (Groups::STATS, "STATS", "calibrated ranges"),
    (Groups::PAIRS, "PAIRS", "conversions between real and stored values"),
    (Groups::QUANT, "QUANT", "operations on quantized values"),
];

impl Groups {
    /// None.
    pub const NONE: Groups = Groups(0);
    /// Operations of TensorFlow.
    pub const TF: Groups = Groups(1);
    /// Operations of TensorFlow that legalization leaves, since a pattern of several operations takes them in.
    pub const PATTERN: Groups = Groups(2);
    /// Operations of TFLite on float and integer values.
    pub const TFL: Groups = Groups(4);
    /// `quantfork.stats`: calibrated ranges.
    pub const STATS: Groups = Groups(8);
    /// `tfl.quantize` of real values and `tfl.dequantize` of quantized ones.
    pub const PAIRS: Groups = Groups(16);
    /// Operations that compute on quantized values, and quantized constants.
    pub const QUANT: Groups = Groups(32);
    /// All.
    pub const ANY: Groups = Groups(63);

    /// Both sets.
    #[must_use]
    pub const fn or(self, other: Groups) -> Groups {
        Groups(self.0 | other.0)
    }
    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Groups) -> Groups {
        Groups(self.0 & other.0)
    }
    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Groups) -> Groups {
        Groups(self.0 & !other.0)
    }
    /// Whether all of `other` are in this set.
    pub const fn has(self, other: Groups) -> bool {
        self.0 & other.0 == other.0
    }

    /// The words of the set, as rows spell it: `TFL | STATS`.
    pub fn words(self) -> String {
        if self == Groups::ANY {
            return "ANY".to_owned();
        }
        let words: Vec<&str> = TABLE.iter().filter(|(g, ..)| self.has(*g)).map(|(_, word, _)| *word).collect();
        words.join(" | ")
    }

    /// The word of each group and what it stands for.
    pub fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.iter().map(|(_, word, noun)| (*word, *noun))
    }

    /// What sentences call the first group of the set.
    fn noun(self) -> &'static str {
        TABLE.iter().find(|(g, ..)| self.has(*g)).map_or("no operations", |(.., noun)| noun)
    }

    /// The group of an operation, or none.
    pub fn of(body: &Body, op: &Operation) -> Groups {
        let Some(def) = op.name.def() else { return by_name(op.name.as_str()) };
        let quantized = |v: &Value| body.ty(*v).elem().is_some_and(|e| e.quant().is_some());
        let (reads, makes) = (op.operands().iter().any(quantized), op.results().iter().any(quantized));
        if op.is::<quantfork::Stats>() {
            return Groups::STATS;
        }
        match def.dialect() {
            "builtin" | "func" | "arith" | "cf" => Groups::NONE,
            "tf" => by_name(def.name),
            _ if op.is::<tfl::Quantize>() && !reads => Groups::PAIRS,
            _ if op.is::<tfl::Dequantize>() && reads => Groups::PAIRS,
            _ if reads || makes => Groups::QUANT,
            "tfl" => Groups::TFL,
            _ => Groups::NONE,
        }
    }

    /// All groups of a module's operations.
    pub fn of_module(module: &Module) -> Groups {
        operations(module).fold(Groups::NONE, |all, (body, op)| all.or(Groups::of(body, body.op(op))))
    }
}

fn by_name(name: &str) -> Groups {
    match name {
        "tf.Erf" | "tf.Erfc" => Groups::PATTERN,
        _ if name.starts_with("tf.") => Groups::TF,
        _ => Groups::NONE,
    }
}

fn operations(module: &Module) -> impl Iterator<Item = (&Body, OpId)> {
    let bodies = module.funcs().into_iter().filter_map(|f| module.body.op(f).body(0));
    bodies.flat_map(|body| body.walk().into_iter().map(move |op| (body, op)))
}

/// The first operation of a module that stands outside of a set.
fn outside(module: &Module, set: Groups) -> Option<(&Operation, Groups)> {
    if set == Groups::ANY {
        return None;
    }
    let mut all = operations(module).map(|(body, op)| (body.op(op), Groups::of(body, body.op(op))));
    all.find(|(_, group)| !set.has(*group))
}

/// Refuses a module that holds what a pass does not expect.
pub(crate) fn check_expects(def: &PassDef, module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    let Some((op, group)) = outside(module, def.expects) else { return Ok(()) };
    let text = format!("pass `{}` does not take {}, such as {}", def.name, group.noun(), named(op));
    let d = Diagnostic::error("pass/expects", text).at(&op.loc);
    Err(sink.error(match remover(group, &crate::passes()) {
        Some(first) => d.help(format!("run `{first}` first")),
        None => d.help("give it the module from before they were made"),
    }))
}

/// Reports a pass that leaves what it promises not to.
pub(crate) fn check_ensures(def: &PassDef, module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    let Some((op, group)) = outside(module, def.ensures) else { return Ok(()) };
    let text = format!("pass `{}` left {}, against its promise: {}", def.name, group.noun(), named(op));
    let d = Diagnostic::error("pass/ensures", text).at(&op.loc);
    Err(sink.error(d.help("this is a fault of the pass; please report it with the module in front of it")))
}

fn named(op: &Operation) -> String {
    match op.loc.node() {
        Some(node) => format!("`{}` (`{node}`)", op.name.as_str()),
        None => format!("`{}`", op.name.as_str()),
    }
}

/// The number of the first pass that meets what one in front of it makes and it does not expect, and a sentence about it.
pub(crate) fn wrong_order(passes: &[Box<dyn Pass>], known: &[&'static PassDef]) -> Option<(usize, String)> {
    let mut made: Vec<(Groups, &str)> = Vec::new();
    for (i, def) in passes.iter().map(|p| p.def()).enumerate() {
        if let Some((group, maker)) = made.iter().find(|(group, _)| !def.expects.has(*group)) {
            let cure = match remover(*group, known) {
                Some(between) => format!("run `{between}` in between"),
                None => format!("run it before `{maker}`"),
            };
            let text = format!("pass `{}` does not take {}, which `{maker}` leaves; {cure}", def.name, group.noun());
            return Some((i, text));
        }
        made.retain(|(group, _)| def.ensures.has(*group));
        let new = def.ensures.without(def.expects);
        made.extend(TABLE.iter().filter(|(group, ..)| new.has(*group)).map(|(group, ..)| (*group, def.name)));
    }
    None
}

/// The pass that takes a group and does not leave it.
fn remover(group: Groups, known: &[&'static PassDef]) -> Option<&'static str> {
    known.iter().find(|d| d.expects.has(group) && !d.ensures.has(group)).map(|d| d.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_word_and_all_are_any() {
        let all = TABLE.iter().fold(Groups::NONE, |all, (group, ..)| all.or(*group));
        assert_eq!(all, Groups::ANY);
        assert_eq!(Groups::TFL.or(Groups::STATS).words(), "TFL | STATS");
    }
}
