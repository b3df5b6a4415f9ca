//! One operation as its emitter sees it.

use ir::dialect::tfl;
use ir::{Attr, Elem, OpRow, Operation, Tensor, Value};

use super::CodegenError;
use super::function::Writer;
use super::text;
use crate::error::{KernelError, Result};
use crate::eval::quantized::Types;

/// More memory than this many bytes is never taken of the stack.
const MOST_STACK: usize = 4096;

/// An operation that becomes C.
pub(super) struct Layer<'a, 'p, 'm> {
    pub(super) op: &'a Operation,
    pub(super) types: Types<'a>,
    pub(super) writer: &'a mut Writer<'p, 'm>,
}

impl Layer<'_, '_, '_> {
    /// The operation's name without its dialect.
    pub(super) fn kind(&self) -> &str {
        self.op.name.as_str().trim_start_matches("tfl.")
    }

    pub(super) fn row<R: OpRow>(&self) -> Result<R> {
        self.types.row()
    }

    pub(super) fn attr_int(&self, name: &str) -> i64 {
        self.op.attr(name).and_then(Attr::as_int).unwrap_or(0)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.op.attr(name).and_then(Attr::as_bool).unwrap_or(false)
    }

    fn operand(&self, i: usize) -> Result<Value> {
        let v = self.op.operands().get(i).copied().filter(|_| self.has(i));
        v.ok_or_else(|| KernelError::new(format!("operand {i} is missing")))
    }

    fn result(&self, i: usize) -> Result<Value> {
        self.op.results().get(i).copied().ok_or_else(|| KernelError::new("it has too few results"))
    }

    /// Whether an optional operand is there.
    pub(super) fn has(&self, i: usize) -> bool {
        let body = self.writer.body;
        let given = |v: &Value| !body.def_op(*v).is_some_and(|op| body.op(op).is::<tfl::NoValue>());
        self.op.operands().get(i).is_some_and(given)
    }

    fn shape_of(&self, v: Value) -> Result<Vec<usize>> {
        let ty = self.writer.body.tensor_ty(v).and_then(ir::TensorType::static_shape);
        ty.ok_or_else(|| KernelError::new("a shape is not known"))
    }

    /// Shape of an operand.
    pub(super) fn shape(&self, i: usize) -> Result<Vec<usize>> {
        self.shape_of(self.operand(i)?)
    }

    /// Shape of a result.
    pub(super) fn out_shape(&self, i: usize) -> Result<Vec<usize>> {
        self.shape_of(self.result(i)?)
    }

    /// Number of elements of an operand.
    pub(super) fn len(&self, i: usize) -> Result<usize> {
        Ok(self.shape(i)?.iter().product())
    }

    /// Number of elements of a result.
    pub(super) fn out_len(&self, i: usize) -> Result<usize> {
        Ok(self.out_shape(i)?.iter().product())
    }

    /// Element type of an operand.
    pub(super) fn elem(&self, i: usize) -> Result<Elem> {
        let elem = self.writer.body.ty(self.operand(i)?).elem();
        elem.cloned().ok_or_else(|| KernelError::new(format!("operand {i} is no tensor")))
    }

    /// Element type of a result.
    pub(super) fn out_elem(&self, i: usize) -> Result<Elem> {
        self.types.outs.get(i).cloned().ok_or_else(|| KernelError::new("it has too few results"))
    }

    /// Bytes of an element of an operand.
    pub(super) fn width(&self, i: usize) -> Result<usize> {
        self.elem(i)?.byte_width().ok_or_else(|| KernelError::new("it moves elements of whole bytes"))
    }

    /// The type by which kernels reach the elements of an operand.
    pub(super) fn c_type(&self, i: usize) -> Result<&'static str> {
        text::memory_type(&self.elem(i)?)
    }

    /// The stored type of an operand as part of a name: `i8`.
    pub(super) fn suffix(&self, i: usize) -> Result<String> {
        Ok(text::short(self.c_type(i)?))
    }

    /// The type by which kernels reach the elements of a result.
    pub(super) fn out_c_type(&self, i: usize) -> Result<&'static str> {
        text::memory_type(&self.out_elem(i)?)
    }

    /// The tensor of a constant operand.
    pub(super) fn constant(&self, i: usize) -> Option<&Tensor> {
        self.writer.body.constant(self.writer.root(self.operand(i).ok()?))
    }

    /// The tensor of an operand that must be constant; codes of less than 8 bits stand in a byte each.
    pub(super) fn fixed(&self, i: usize) -> Result<Tensor> {
        let fixed = self.constant(i).ok_or_else(|| {
            KernelError::new(format!("operand {i} is computed at run time; generated C needs a constant"))
        })?;
        let packed = fixed.ty().elem.byte_width().is_none();
        let unpacked = fixed.to_i8().filter(|_| packed).map(|q| Tensor::i8(&fixed.shape(), Elem::I8, q.into_owned()));
        Ok(unpacked.unwrap_or_else(|| fixed.clone()))
    }

    /// The integers of an operand that must be constant.
    pub(super) fn ints(&self, i: usize) -> Result<Vec<i64>> {
        self.fixed(i)?.to_i64().ok_or_else(|| KernelError::new(format!("operand {i} is not an integer tensor")))
    }

    /// The sizes in an operand that must be constant.
    pub(super) fn sizes(&self, i: usize) -> Result<Vec<usize>> {
        let size =
            |v: i64| usize::try_from(v).map_err(|_| KernelError::new(format!("operand {i} holds a negative size")));
        self.ints(i)?.into_iter().map(size).collect()
    }

    /// The first integer of an operand that must be constant.
    pub(super) fn int(&self, i: usize) -> Result<i64> {
        self.ints(i)?.first().copied().ok_or_else(|| KernelError::new(format!("operand {i} is empty")))
    }

    /// The C expression of an operand.
    pub(super) fn ptr(&mut self, i: usize) -> Result<String> {
        let v = self.operand(i)?;
        self.writer.pointer(v)
    }

    /// The C expression of a result.
    pub(super) fn out(&mut self, i: usize) -> Result<String> {
        let v = self.result(i)?;
        self.writer.pointer(v)
    }

    /// Asks for a section of the runtime.
    pub(super) fn needs(&mut self, section: &'static str) {
        self.writer.program.unit.runtime.section(section);
    }

    /// Asks for a function that a macro of a section makes.
    pub(super) fn instance(&mut self, section: &'static str, text: String) {
        self.writer.program.unit.runtime.instance(section, text);
    }

    /// Defines an array; gives its name.
    pub(super) fn array(&mut self, c_type: &str, what: &str, items: Vec<String>, width: usize) -> String {
        let (title, stem) = (self.writer.title.clone(), format!("{}_{what}", self.writer.stem));
        let bytes = items.len() * width;
        self.writer.program.unit.array(&title, c_type, &stem, items, bytes)
    }

    /// Defines an array of int32.
    pub(super) fn i32s(&mut self, what: &str, items: impl IntoIterator<Item = i32>) -> String {
        self.array("int32_t", what, items.into_iter().map(|v| v.to_string()).collect(), 4)
    }

    /// Defines an array of int16.
    pub(super) fn i16s(&mut self, what: &str, items: &[i16]) -> String {
        self.array("int16_t", what, items.iter().map(i16::to_string).collect(), 2)
    }

    /// Defines an array of float32.
    pub(super) fn f32s(&mut self, what: &str, items: &[f32]) -> String {
        self.array("float", what, items.iter().map(|v| text::f32(*v)).collect(), 4)
    }

    /// Defines a struct of constants; gives a pointer to it.
    pub(super) fn structure(&mut self, kind: &'static str, fields: &[(&str, String)]) -> String {
        let (title, stem) = (self.writer.title.clone(), format!("{}_{kind}", self.writer.stem));
        format!("&{}", self.writer.program.unit.structure(&title, kind, &stem, fields))
    }

    /// The name of a constant operand's array, or of null where there is none.
    pub(super) fn optional_array(&mut self, i: usize) -> Result<String> {
        if !self.has(i) {
            return Ok("0".into());
        }
        self.fixed(i)?;
        self.ptr(i)
    }

    /// Bytes of memory for this layer alone that make the arena no larger.
    pub(super) fn room(&self) -> usize {
        self.writer.room()
    }

    /// Memory for this layer alone.
    pub(super) fn scratch(&mut self, c_type: &'static str, bytes: usize) -> String {
        self.writer.scratch(c_type, bytes)
    }

    /// A call.
    pub(super) fn call(&mut self, function: &str, args: &[String]) {
        self.writer.line(format!("{function}({});", args.join(", ")));
    }

    /// A call whose last argument is memory for this layer alone: of the arena, if that does not grow it or much is needed, else of the stack.
    pub(super) fn call_with_scratch(
        &mut self,
        function: &str,
        mut args: Vec<String>,
        c_type: &'static str,
        bytes: usize,
    ) {
        if bytes <= self.writer.room() || bytes > MOST_STACK {
            args.push(self.scratch(c_type, bytes));
            return self.call(function, &args);
        }
        let width = if c_type == "int8_t" { 1 } else { 2 };
        let unit = &mut self.writer.program.unit;
        unit.stack = unit.stack.max(bytes);
        let name = unit.names.name(&format!("{}_scratch", self.writer.stem));
        args.push(name.clone());
        self.line("{");
        self.line(format!("    {c_type} {name}[{}];", bytes.div_ceil(width)));
        self.line(format!("    {function}({});", args.join(", ")));
        self.line("}");
    }

    /// A condition without which the function ends.
    pub(super) fn require(&mut self, condition: &str) {
        let number = self.writer.program.unit.layer;
        self.writer.line(format!("if (!{condition})"));
        self.writer.line(format!("    return {number};"));
    }

    /// Any other statement.
    pub(super) fn line(&mut self, text: impl Into<String>) {
        self.writer.line(text.into());
    }

    /// An error at this operation.
    pub(super) fn fail(&self, e: KernelError) -> CodegenError {
        CodegenError::at(self.op, e)
    }
}
