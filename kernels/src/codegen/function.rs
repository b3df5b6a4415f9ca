//! A C function under construction: pointers, layers, memory.

use std::collections::HashMap;

use ir::{Body, Elem, OpId, Operation, Signature, Value};

use super::layer::Layer;
use super::names::comment;
use super::program::Program;
use super::{CodegenError, ops, text};
use crate::arena::{Buffer, layout, least, load};
use crate::error::{KernelError, Result};
use crate::eval::quantized::Types;
use crate::lifetimes::{Lifetimes, Sharing, lifetimes, sharing};

/// Buffers stand at multiples of this many bytes.
pub(super) const ALIGN: usize = 16;

/// A line of a function, or a pointer into the arena that is declared there.
enum Item {
    Text(String),
    Pointer { c_type: &'static str, name: String, buffer: usize },
}

/// A function under construction.
pub(super) struct Writer<'p, 'm> {
    pub(super) program: &'p mut Program<'m>,
    pub(super) body: &'m Body,
    func: OpId,
    /// The value whose memory a view has.
    roots: HashMap<Value, Value>,
    /// The C expression of each value that is no view and no constant.
    pointers: HashMap<Value, String>,
    memory: Lifetimes,
    /// The bytes that tensors alone take.
    peak: usize,
    items: Vec<Item>,
    /// Arguments and results: C type and name.
    args: Vec<(String, String)>,
    outs: Vec<(String, String)>,
    /// The layer's place in the block.
    step: usize,
    /// The layer's heading.
    pub(super) title: String,
    /// What its constants are named after.
    pub(super) stem: String,
}

fn static_bytes(body: &Body, v: Value) -> Option<usize> {
    let ty = body.tensor_ty(v)?;
    ty.num_elements()?.checked_mul(ty.elem.byte_width()?)
}

impl<'p, 'm> Writer<'p, 'm> {
    pub(super) fn new(
        program: &'p mut Program<'m>,
        func: OpId,
        body: &'m Body,
        signature: Option<&Signature>,
    ) -> std::result::Result<Writer<'p, 'm>, CodegenError> {
        let entry = body.entry();
        let mut roots = HashMap::new();
        for id in body.ops(entry) {
            let op = body.op(id);
            check_shapes(body, op)?;
            if let (Sharing::View, Some(v), Some(from)) = (sharing(op), op.result(), op.operands().first()) {
                roots.insert(v, roots.get(from).copied().unwrap_or(*from));
            }
        }
        let mut writer = Writer {
            program,
            body,
            func,
            roots,
            pointers: HashMap::new(),
            memory: Lifetimes::default(),
            peak: 0,
            items: Vec::new(),
            args: Vec::new(),
            outs: Vec::new(),
            step: 0,
            title: String::new(),
            stem: String::new(),
        };
        let at = |e| CodegenError::at(writer.program.module.body.op(func), e);
        let (args, outs) = writer.interface(signature).map_err(at)?;
        (writer.args, writer.outs) = (args, outs);
        for (v, (_, name)) in body.args(entry).iter().zip(&writer.args) {
            writer.pointers.insert(*v, name.clone());
        }
        for v in body.args(entry) {
            writer.trace(*v).map_err(|e| CodegenError::at(writer.program.module.body.op(func), e))?;
        }
        // What is returned is computed in the caller's memory.
        let returned = body.terminator(entry).map(|t| body.op(t).operands().to_vec()).unwrap_or_default();
        for (v, (_, name)) in returned.iter().zip(&writer.outs) {
            let root = writer.root(*v);
            if writer.is_computed(root) {
                writer.pointers.entry(root).or_insert_with(|| name.clone());
            }
        }
        let size = |v: Value| {
            let root = writer.root(v);
            let own = writer.is_computed(root) && !writer.pointers.contains_key(&root);
            if own { static_bytes(body, v) } else { None }
        };
        let rounding = writer.program.unit.rounding;
        let within = |op: &Operation| if ops::runs_within(body, op, rounding) { Sharing::Within } else { sharing(op) };
        // A small result within a large operand keeps all of it, which may cost more than it saves.
        let [apart, within] = [lifetimes(body, entry, size, sharing), lifetimes(body, entry, size, within)];
        let smaller = layout(&within.buffers, ALIGN).size <= layout(&apart.buffers, ALIGN).size;
        writer.memory = if smaller { within } else { apart };
        writer.peak = least(&writer.memory.buffers, ALIGN);
        Ok(writer)
    }

    /// C types and names of arguments and results.
    #[allow(clippy::type_complexity, reason = "two lists of the same pairs")]
    fn interface(&mut self, signature: Option<&Signature>) -> Result<(Vec<(String, String)>, Vec<(String, String)>)> {
        let body = self.body;
        let entry = body.entry();
        let node = |v: Value| body.loc(v).node().unwrap_or("x").to_owned();
        let mut args = Vec::new();
        for (i, v) in body.args(entry).iter().enumerate() {
            let name = signature.and_then(|s| s.inputs.get(i).cloned()).unwrap_or_else(|| node(*v));
            args.push((format!("const {} *", memory_type(body, *v)?), self.program.unit.names.name(&name)));
        }
        let mut outs = Vec::new();
        let returned = body.terminator(entry).map(|t| body.op(t).operands().to_vec()).unwrap_or_default();
        for (i, v) in returned.iter().enumerate() {
            let name = signature.and_then(|s| s.outputs.get(i).cloned()).unwrap_or_else(|| format!("result_{i}"));
            outs.push((format!("{} *", memory_type(body, *v)?), self.program.unit.names.name(&name)));
        }
        Ok((args, outs))
    }

    pub(super) fn root(&self, v: Value) -> Value {
        self.roots.get(&v).copied().unwrap_or(v)
    }

    /// Whether a value is the result of an operation that runs.
    fn is_computed(&self, v: Value) -> bool {
        self.body.def_op(v).is_some() && self.body.constant(v).is_none()
    }

    /// The pointer to a value.
    pub(super) fn pointer(&mut self, v: Value) -> Result<String> {
        let root = self.root(v);
        if let Some(t) = self.body.constant(root) {
            let node = self.body.loc(root).node().unwrap_or("constant");
            return self.program.unit.tensor(&self.title, node, t);
        }
        let found = self.pointers.get(&root).cloned();
        found.ok_or_else(|| KernelError::new("an operand is computed nowhere"))
    }

    pub(super) fn layer(&mut self, step: usize, op: &'m Operation) -> std::result::Result<(), CodegenError> {
        self.program.unit.layer += 1;
        let number = self.program.unit.layer;
        let node = op.loc.node().unwrap_or(op.name.as_str());
        let kind = op.name.as_str().trim_start_matches("tfl.");
        let describe = |vs: &[Value]| {
            let tensors = vs.iter().filter_map(|v| self.body.tensor_ty(*v)?.static_shape());
            tensors.map(|s| text::shape(&s)).collect::<Vec<_>>().join(", ")
        };
        let shapes = format!("{} -> {}", describe(op.operands()), describe(op.results()));
        self.title = format!("{number}. {}: {kind} {shapes}", comment(node));
        self.stem = node.to_owned();
        self.step = step;
        self.items.push(Item::Text(format!("\n    /* {} */", self.title)));
        self.declare(op).map_err(|e| CodegenError::at(op, e))?;
        let elem = |v: &Value| self.body.ty(*v).elem().cloned();
        let ins = op.operands().iter().map(elem).collect();
        let outs: Vec<Elem> = op.results().iter().map(|v| elem(v).unwrap_or(Elem::F32)).collect();
        let types = Types { op, ins, outs: &outs, rounding: self.program.unit.rounding };
        ops::emit(&mut Layer { op, types, writer: self })?;
        for v in op.results() {
            self.trace(*v).map_err(|e| CodegenError::at(op, e))?;
        }
        Ok(())
    }

    /// Declares pointers to the results that stand in the arena.
    fn declare(&mut self, op: &Operation) -> Result<()> {
        let count = op.results().len();
        for (i, v) in op.results().iter().enumerate() {
            if self.root(*v) != *v || self.pointers.contains_key(v) {
                continue;
            }
            let Some(buffer) = self.memory.of.get(v).copied() else { continue };
            let stem = if count > 1 { format!("{}_{i}", self.stem) } else { self.stem.clone() };
            let name = self.program.unit.names.name(&stem);
            let c_type = memory_type(self.body, *v)?;
            self.items.push(Item::Pointer { c_type, name: name.clone(), buffer });
            self.pointers.insert(*v, name);
        }
        Ok(())
    }

    fn trace(&mut self, v: Value) -> Result<()> {
        let Some(bytes) = static_bytes(self.body, v) else { return Ok(()) };
        if self.body.constant(self.root(v)).is_some() {
            return Ok(());
        }
        let at = self.program.traced.len();
        self.program.traced.push((self.func, v));
        let pointer = self.pointer(v)?;
        self.line(format!("{}({at}, {pointer}, {bytes});", self.program.trace));
        Ok(())
    }

    /// A statement.
    pub(super) fn line(&mut self, text: String) {
        self.items.push(Item::Text(format!("    {text}")));
    }

    /// Bytes that the layer may take for itself without making the arena larger.
    pub(super) fn room(&self) -> usize {
        self.peak.saturating_sub(load(&self.memory.buffers, self.step, ALIGN))
    }

    /// Memory for the layer alone; gives its pointer.
    pub(super) fn scratch(&mut self, c_type: &'static str, bytes: usize) -> String {
        let buffer = self.memory.buffers.len();
        self.memory.buffers.push(Buffer { size: bytes, first: self.step, last: self.step });
        let name = self.program.unit.names.name(&format!("{}_scratch", self.stem));
        self.items.push(Item::Pointer { c_type, name: name.clone(), buffer });
        name
    }

    /// Copies what is returned but not computed in the caller's memory.
    pub(super) fn outputs(&mut self, end: &Operation) -> Result<()> {
        self.title = "results".into();
        for (i, v) in end.operands().iter().enumerate() {
            let to = self.outs.get(i).map(|(_, name)| name.clone()).unwrap_or_default();
            let from = self.pointer(*v)?;
            if from != to {
                let bytes =
                    static_bytes(self.body, *v).ok_or_else(|| KernelError::new("a result has no known size"))?;
                self.program.unit.runtime.section("copy");
                self.line(format!("copy({to}, {from}, {bytes});"));
            }
        }
        Ok(())
    }

    pub(super) fn results(&self) -> Vec<(Elem, usize)> {
        let end = self.body.terminator(self.body.entry());
        let values = end.map(|t| self.body.op(t).operands()).unwrap_or_default();
        let one = |v: &Value| Some((self.body.ty(*v).elem()?.clone(), static_bytes(self.body, *v)?));
        values.iter().filter_map(one).collect()
    }

    /// The C text, and the bytes of the arena.
    pub(super) fn finish(&self, name: &str) -> (String, usize) {
        let plan = layout(&self.memory.buffers, ALIGN);
        let mut lines = String::new();
        for item in &self.items {
            match item {
                Item::Text(t) => lines.push_str(t),
                Item::Pointer { c_type, name, buffer } => {
                    let at = plan.offsets[*buffer];
                    lines.push_str(&format!("    {c_type} *const {name} = ({c_type} *)(memory + {at});"));
                }
            }
            lines.push('\n');
        }
        let params = self.args.iter().chain(&self.outs).map(|(ty, name)| format!(", {ty}{name}"));
        let mut out = format!("static int {name}(uint8_t *memory{})\n{{\n", params.collect::<String>());
        let unused = self.args.iter().map(|(_, name)| name.as_str()).chain(["memory"]);
        // A trace is compiled in where it is asked for.
        let trace = format!("    {}(", self.program.trace);
        let always: Vec<&str> = lines.lines().filter(|l| !l.starts_with(&trace)).collect();
        for name in unused.filter(|name| !mentions(&always, name)) {
            out.push_str(&format!("    (void){name};\n"));
        }
        out.push_str(&lines);
        out.push_str("    return 0;\n}\n\n");
        (out, plan.size)
    }
}

/// Whether lines of C hold an identifier outside of comments.
fn mentions(code: &[&str], name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.iter().filter(|l| !l.trim_start().starts_with("/*")).any(|l| l.split(|c| !part(c)).any(|word| word == name))
}

fn memory_type(body: &Body, v: Value) -> Result<&'static str> {
    let elem = body.ty(v).elem().ok_or_else(|| KernelError::new("a value is no tensor"))?;
    text::memory_type(elem)
}

/// Every size must be known: generated code has its memory planned.
fn check_shapes(body: &Body, op: &Operation) -> std::result::Result<(), CodegenError> {
    for v in op.operands().iter().chain(op.results()) {
        if let Some(ty) = body.tensor_ty(*v)
            && ty.static_shape().is_none()
        {
            let fixed = "its shape is known at run time only; generated C needs fixed shapes (give --batch=1 if it is the batch)";
            return Err(CodegenError::at(op, KernelError::new(fixed)));
        }
    }
    Ok(())
}
