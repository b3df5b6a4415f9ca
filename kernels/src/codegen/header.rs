//! What a caller sees of generated C, and the frame of both files.

use ir::{Elem, Module, Signature};

use super::program::{Function, Program};
use super::{names, text};
use crate::error::{KernelError, Result};

/// One input or output of a signature.
#[derive(Clone, Debug)]
pub struct Port {
    /// The signature's name for it.
    pub key: String,
    /// The field of the struct.
    pub field: String,
    /// Its elements.
    pub elem: Elem,
    /// Its sizes.
    pub shape: Vec<usize>,
}

impl Port {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.len() * self.elem.byte_width().unwrap_or(1)
    }

    fn c_type(&self) -> &'static str {
        text::c_type(&self.elem).unwrap_or("void")
    }
}

/// A signature as C.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The signature key.
    pub key: String,
    /// `PREFIX_KEY`, with which its structs and its function begin.
    pub name: String,
    /// Inputs in the signature's order.
    pub inputs: Vec<Port>,
    /// Outputs in the signature's order.
    pub outputs: Vec<Port>,
    /// The static function behind it.
    function: String,
    /// Bytes of the arena it needs.
    pub(super) arena: usize,
}

impl Entry {
    pub(super) fn new(module: &Module, signature: &Signature, prefix: &str, f: Function) -> Result<Entry> {
        let body = module.body.op(signature.func).body(0).ok_or_else(|| KernelError::new("it has no body"))?;
        let ports = |keys: &[String], values: &[ir::Value]| {
            let mut unique = names::Unique::default();
            let one = |(key, v): (&String, &ir::Value)| {
                let ty = body.tensor_ty(*v).ok_or_else(|| KernelError::new("an input or output is no tensor"))?;
                text::c_type(&ty.elem)?;
                let shape = ty.static_shape().ok_or_else(|| KernelError::new("a shape is not known"))?;
                Ok(Port { key: key.clone(), field: unique.name(key), elem: ty.elem.clone(), shape })
            };
            keys.iter().zip(values).map(one).collect::<Result<Vec<_>>>()
        };
        let returned = body.terminator(body.entry()).map(|t| body.op(t).operands()).unwrap_or_default();
        Ok(Entry {
            key: signature.key.clone(),
            name: format!("{prefix}_{}", names::identifier(&signature.key)),
            inputs: ports(&signature.inputs, body.args(body.entry()))?,
            outputs: ports(&signature.outputs, returned)?,
            function: f.name,
            arena: f.arena,
        })
    }

    fn structs(&self) -> String {
        let mut out = String::new();
        for (what, ports, constant) in [("inputs", &self.inputs, "const "), ("outputs", &self.outputs, "")] {
            out.push_str(&format!("struct {}_{what} {{\n", self.name));
            for p in ports {
                let comment = names::comment(&format!("`{}`, {}", p.key, text::shape(&p.shape)));
                out.push_str(&format!("    {constant}{} *{}; /* {comment} */\n", p.c_type(), p.field));
            }
            if ports.is_empty() {
                out.push_str("    char none;\n");
            }
            out.push_str("};\n");
        }
        out
    }

    /// Sizes and parameters of inputs and outputs.
    fn facts(&self) -> String {
        let mut out = String::new();
        for p in self.inputs.iter().chain(&self.outputs) {
            let stem = format!("{}_{}", self.name, p.field).to_uppercase();
            out.push_str(&format!("#define {stem}_SIZE {}\n", p.len()));
            if let Some((scale, zero)) = p.elem.quant().and_then(|q| q.as_per_tensor()) {
                out.push_str(&format!(
                    "#define {stem}_SCALE {}\n#define {stem}_ZERO_POINT {zero}\n",
                    text::f32(scale as f32)
                ));
            }
        }
        out
    }

    fn declaration(&self) -> String {
        format!("int {0}_invoke(const struct {0}_inputs *in, struct {0}_outputs *out)", self.name)
    }

    /// `PREFIX_invoke` of a model with one input and one output.
    fn short(&self, prefix: &str) -> Option<String> {
        let ([x], [y]) = (&self.inputs[..], &self.outputs[..]) else { return None };
        Some(format!("int {prefix}_invoke(const {} *in, {} *out)", x.c_type(), y.c_type()))
    }

    fn definition(&self) -> String {
        let ins = self.inputs.iter().map(|p| format!(", in->{}", p.field));
        let outs = self.outputs.iter().map(|p| format!(", out->{}", p.field));
        let args: String = ins.chain(outs).collect();
        let mut unused = String::new();
        for (ports, name) in [(&self.inputs, "in"), (&self.outputs, "out")] {
            if ports.is_empty() {
                unused.push_str(&format!("    (void){name};\n"));
            }
        }
        format!("{}\n{{\n{unused}    return {}(arena.bytes{args});\n}}\n", self.declaration(), self.function)
    }

    fn short_definition(&self, prefix: &str) -> Option<String> {
        let call = format!("{}(arena.bytes, in, out)", self.function);
        Some(format!("\n{}\n{{\n    return {call};\n}}\n", self.short(prefix)?))
    }
}

/// Bytes of what is static.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) arena: usize,
    pub(super) constants: usize,
    /// Of the largest array on the stack.
    pub(super) stack: usize,
}

/// The header.
pub(super) fn header(prefix: &str, entries: &[Entry], sizes: Sizes, libm: bool) -> String {
    let upper = prefix.to_uppercase();
    let needs = if libm { "It needs C99 and the functions of math.h (-lm)." } else { "It needs C99 and no library." };
    let mut out = format!(
        "/* Written by quant-opt. Do not edit.\n\
         \x20*\n\
         \x20* {prefix}_*_invoke computes one signature: it reads the tensors behind `in` and writes those behind `out`, row-major, which must not\n\
         \x20* overlap. It gives 0, or the number of the layer in {prefix}.c that has no result for these inputs. A quantized tensor's code q means\n\
         \x20* SCALE * (q - ZERO_POINT). {needs} Intermediate tensors stand in a static arena, so one call\n\
         \x20* must end before the next begins.\n\
         \x20*/\n\
         #ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         #define {upper}_ARENA_BYTES {}\n#define {upper}_CONSTANT_BYTES {}\n/* The largest array on the stack. */\n\
         #define {upper}_STACK_BYTES {}\n",
        sizes.arena, sizes.constants, sizes.stack
    );
    for e in entries {
        out.push_str(&format!(
            "\n/* Signature `{}` */\n{}{}{};\n",
            names::comment(&e.key),
            e.facts(),
            e.structs(),
            e.declaration()
        ));
    }
    if let [only] = entries
        && let Some(short) = only.short(prefix)
    {
        out.push_str(&format!("\n/* The same, of the only input and output. */\n{short};\n"));
    }
    out.push_str(&format!(
        "\n#ifdef {upper}_TRACE\n/* Called with each tensor as it is computed, if {prefix}.c is compiled with {upper}_TRACE too. */\n\
         void {prefix}_trace(int tensor, const void *data, long bytes);\n#endif\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif\n"
    ));
    out
}

/// The source.
pub(super) fn source(program: &Program<'_>, prefix: &str, entries: &[Entry], sizes: Sizes) -> String {
    let upper = prefix.to_uppercase();
    let mut out = format!(
        "/* Written by quant-opt. Do not edit. What to call stands in {prefix}.h. */\n#include \"{prefix}.h\"\n\n"
    );
    out.push_str(&program.unit.runtime.text());
    out.push_str(&format!(
        "#ifdef {upper}_TRACE\n#define {0}(tensor, data, bytes) {prefix}_trace(tensor, data, bytes)\n#else\n\
         #define {0}(tensor, data, bytes) ((void)0)\n#endif\n",
        program.trace
    ));
    out.push_str(&program.unit.constants);
    out.push_str(&format!(
        "\n/* Intermediate tensors, where they overlap in time side by side. */\nstatic union {{\n    int64_t align;\n    \
         uint8_t bytes[{}];\n}} arena ALIGNED;\n\n",
        sizes.arena.max(1)
    ));
    out.push_str(&program.text);
    for e in entries {
        out.push_str(&e.definition());
        out.push('\n');
    }
    if let [only] = entries
        && let Some(short) = only.short_definition(prefix)
    {
        out.push_str(short.trim_start());
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
