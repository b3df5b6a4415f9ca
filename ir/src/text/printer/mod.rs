//! The printer.

use crate::attr::Attrs;
use crate::body::{BlockId, Body, OpId, Operation, Region, RegionId, Value};
use crate::loc::Loc;
use crate::module::Module;

mod attributes;
mod constants;
mod forms;
mod locations;
mod names;

pub(super) use attributes::Writer;
use names::Names;

/// How a module is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// Every operation in the generic form.
    pub generic: bool,
    /// With `loc(…)` behind every operation and block argument.
    pub locations: bool,
    /// Constants of more elements are left out (`dense_resource<__elided__>`).
    pub elide_larger_than: Option<usize>,
}

/// The text of a module. Quantized types of many scales stand in front of it as aliases, locations behind it.
pub fn print(module: &Module, options: &PrintOptions) -> String {
    let mut p = Printer::new(*options);
    p.w.aliases = Some(std::collections::HashMap::new());
    p.module(module);
    p.newline();
    p.w.location_lines();
    constants::blobs(&mut p.w);
    let aliases = p.w.alias_lines();
    p.w.out.insert_str(0, &aliases);
    p.w.out
}

/// Elements of a constant in the one-line text of an operation.
const EXCERPT_ELEMENTS: usize = 16;

/// One operation on one line, for diagnostics: large constants and the insides of regions are left out.
pub fn print_op(body: &Body, op: OpId) -> String {
    let options = PrintOptions { elide_larger_than: Some(EXCERPT_ELEMENTS), ..PrintOptions::default() };
    let mut p = Printer { regions: false, in_func: true, names: Names::of(body), ..Printer::new(options) };
    p.op(body, body.op(op));
    p.w.out
}

struct Printer {
    w: Writer,
    options: PrintOptions,
    /// Whether the insides of regions are written.
    regions: bool,
    names: Names,
    indent: usize,
    /// Whether operations stand in the short form of a function, where `func.` is understood.
    in_func: bool,
}

impl Printer {
    fn new(options: PrintOptions) -> Printer {
        let w = Writer { elide_larger_than: options.elide_larger_than, ..Writer::default() };
        Printer { w, options, regions: true, names: Names::default(), indent: 0, in_func: false }
    }

    fn newline(&mut self) {
        self.w.out.push('\n');
        self.w.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    fn location(&mut self, loc: &Loc) {
        if self.options.locations {
            self.w.out.push(' ');
            self.w.aliased_location(loc);
        }
    }

    fn values(&mut self, values: &[Value]) {
        let names = &self.names;
        self.w.list(values, |w, v| names.write(w, *v));
    }

    fn types(&mut self, body: &Body, values: &[Value]) {
        self.w.list(values, |w, v| w.ty(body.ty(*v)));
    }

    /// A space and the attributes, if there are any.
    fn attributes(&mut self, keyword: &str, attrs: &Attrs) {
        if !attrs.is_empty() {
            self.w.push(keyword);
            self.w.dict(attrs);
        }
    }

    // ---- operations ----

    fn op(&mut self, body: &Body, op: &Operation) {
        self.names.write_results(&mut self.w, op.results());
        let short = !self.options.generic && self.short_form(body, op);
        if !short {
            self.generic(body, op);
        }
        self.location(&op.loc);
    }

    fn generic(&mut self, body: &Body, op: &Operation) {
        self.w.string(op.name.as_str());
        self.w.out.push('(');
        // Block arguments are operands to upstream.
        let operands: Vec<Value> =
            op.operands().iter().chain(op.successors.iter().flat_map(|s| &s.args)).copied().collect();
        self.values(&operands);
        self.w.out.push(')');
        if !op.successors.is_empty() {
            self.w.out.push('[');
            let names = &self.names;
            self.w.list(&op.successors, |w, s| names.write_block(w, s.block));
            self.w.out.push(']');
        }
        if !op.props.is_empty() {
            self.w.push(" <");
            self.w.dict(&op.props);
            self.w.out.push('>');
        }
        if !op.regions.is_empty() {
            self.w.push(" (");
            let outer = std::mem::replace(&mut self.in_func, false);
            for (i, region) in op.regions.iter().enumerate() {
                if i > 0 {
                    self.w.push(", ");
                }
                self.region(body, region, Entry::Labelled);
            }
            self.in_func = outer;
            self.w.out.push(')');
        }
        self.attributes(" ", &op.attrs);
        self.w.push(" : ");
        self.w.function_type(operands.iter().map(|v| body.ty(*v)), op.results().iter().map(|v| body.ty(*v)));
    }

    // ---- regions ----

    fn region(&mut self, body: &Body, region: &Region, entry: Entry) {
        match region {
            Region::Inline(id) => self.blocks(body, *id, entry),
            Region::Isolated(inner) => {
                let outer = std::mem::replace(&mut self.names, Names::of(inner));
                self.blocks(inner, inner.root(), entry);
                self.names = outer;
            }
        }
    }

    fn blocks(&mut self, body: &Body, region: RegionId, entry: Entry) {
        if !self.regions {
            return self.w.push("{...}");
        }
        self.w.out.push('{');
        for (i, block) in body.blocks(region).iter().enumerate() {
            let labelled =
                entry == Entry::Labelled && (!body.args(*block).is_empty() || body.terminator(*block).is_none());
            if i > 0 || labelled {
                self.newline();
                self.label(body, *block);
            }
            self.ops(body, *block);
        }
        self.newline();
        self.w.out.push('}');
    }

    fn label(&mut self, body: &Body, block: BlockId) {
        self.names.write_block(&mut self.w, block);
        let args = body.args(block);
        if !args.is_empty() {
            self.w.out.push('(');
            for (i, v) in args.iter().enumerate() {
                if i > 0 {
                    self.w.push(", ");
                }
                self.names.write(&mut self.w, *v);
                self.w.push(": ");
                self.w.ty(body.ty(*v));
                self.location(body.loc(*v));
            }
            self.w.out.push(')');
        }
        self.w.out.push(':');
    }

    fn ops(&mut self, body: &Body, block: BlockId) {
        self.indent += 1;
        for op in body.ops(block) {
            self.newline();
            self.op(body, body.op(op));
        }
        self.indent -= 1;
    }
}

/// The label of a region's first block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// It has one if it has arguments or no operations: a region without blocks is something else.
    Labelled,
    /// It has none; its arguments stand in front of the region.
    Bare,
}
