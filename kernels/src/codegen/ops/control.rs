//! Control flow: the functions of branches and loops are C functions of their own, with a part of the arena each.

use ir::dialect::builtin;
use ir::{Attr, Region, Value};

use crate::codegen::CodegenError;
use crate::codegen::function::ALIGN;
use crate::codegen::layer::Layer;
use crate::codegen::program::Function;
use crate::error::{KernelError, Result};

/// The function that a region calls, and the values it is given.
fn callee(layer: &Layer<'_, '_, '_>, region: usize) -> Result<(String, Vec<Value>)> {
    let body = layer.writer.body;
    let shape = || KernelError::new("a region is not one call");
    let Some(Region::Inline(region)) = layer.op.regions.get(region) else { return Err(shape()) };
    let [block] = body.blocks(*region) else { return Err(shape()) };
    let ops = body.ops(*block);
    let call = ops.first().map(|op| body.op(*op)).filter(|op| op.is::<builtin::Call>() && ops.len() == 2);
    let Some(call) = call else { return Err(shape()) };
    let Some(Attr::Symbol(path)) = call.attr("callee") else { return Err(shape()) };
    let name = path.first().ok_or_else(shape)?.to_string();
    Ok((name, call.operands().to_vec()))
}

fn function(layer: &mut Layer<'_, '_, '_>, name: &str) -> std::result::Result<Function, CodegenError> {
    let symbol = layer.writer.program.module.symbol(name);
    let func = symbol.ok_or_else(|| layer.fail(KernelError::new(format!("there is no function @{name}"))))?;
    let (title, stem) = (layer.writer.title.clone(), layer.writer.stem.clone());
    let done = layer.writer.program.function(func, None)?;
    // What stands in a callee was numbered meanwhile.
    layer.writer.program.unit.layer += 1;
    (layer.writer.title, layer.writer.stem) = (title, stem);
    Ok(done)
}

/// A call whose failure is the caller's.
fn call(layer: &mut Layer<'_, '_, '_>, indent: &str, f: &Function, memory: &str, args: &[String]) {
    let args: String = std::iter::once(memory).chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(", ");
    layer.line(format!("{indent}status = {}({args});", f.name));
    layer.line(format!("{indent}if (status)"));
    layer.line(format!("{indent}    return status;"));
}

pub(super) fn if_else(layer: &mut Layer<'_, '_, '_>) -> std::result::Result<(), CodegenError> {
    let (then, operands) = callee(layer, 0).map_err(|e| layer.fail(e))?;
    let (otherwise, others) = callee(layer, 1).map_err(|e| layer.fail(e))?;
    let (then, otherwise) = (function(layer, &then)?, function(layer, &otherwise)?);
    let memory = layer.scratch("uint8_t", then.arena.max(otherwise.arena));
    let mut write = || {
        let pointers = |layer: &mut Layer<'_, '_, '_>, vs: &[Value]| {
            vs.iter().map(|v| layer.writer.pointer(*v)).collect::<Result<Vec<_>>>()
        };
        let results = (0..layer.op.results().len()).map(|i| layer.out(i)).collect::<Result<Vec<_>>>()?;
        let condition = layer.ptr(0)?;
        let yes = [pointers(layer, &operands)?, results.clone()].concat();
        let no = [pointers(layer, &others)?, results].concat();
        layer.line("{");
        layer.line("    int status;");
        layer.line(format!("    if (*{condition}) {{"));
        call(layer, "        ", &then, &memory, &yes);
        layer.line("    } else {");
        call(layer, "        ", &otherwise, &memory, &no);
        layer.line("    }");
        layer.line("}");
        Ok(())
    };
    let written: Result<()> = write();
    written.map_err(|e| layer.fail(e))
}

pub(super) fn while_loop(layer: &mut Layer<'_, '_, '_>) -> std::result::Result<(), CodegenError> {
    let (condition, _) = callee(layer, 0).map_err(|e| layer.fail(e))?;
    let (body, _) = callee(layer, 1).map_err(|e| layer.fail(e))?;
    let (condition, body) = (function(layer, &condition)?, function(layer, &body)?);
    let memory = layer.scratch("uint8_t", condition.arena.max(body.arena));
    layer.needs("copy");
    let sizes: Vec<usize> = body.results.iter().map(|(_, bytes)| *bytes).collect();
    let mut write = || {
        let count = layer.op.results().len();
        let state = (0..count).map(|i| layer.out(i)).collect::<Result<Vec<_>>>()?;
        // The next state is written beside the old one, which the body still reads.
        let mut next = Vec::new();
        for (i, size) in sizes.iter().enumerate() {
            let c_type = layer.out_c_type(i)?;
            next.push(layer.scratch(c_type, size.next_multiple_of(ALIGN)));
        }
        for (i, to) in state.iter().enumerate() {
            let from = layer.ptr(i)?;
            layer.line(format!("copy({to}, {from}, {});", sizes.get(i).copied().unwrap_or(0)));
        }
        layer.line("for (;;) {");
        layer.line("    uint8_t more;");
        layer.line("    int status;");
        call(layer, "    ", &condition, &memory, &[state.clone(), vec!["&more".into()]].concat());
        layer.line("    if (!more)");
        layer.line("        break;");
        call(layer, "    ", &body, &memory, &[state.clone(), next.clone()].concat());
        for ((to, from), size) in state.iter().zip(&next).zip(&sizes) {
            layer.line(format!("    copy({to}, {from}, {size});"));
        }
        layer.line("}");
        Ok(())
    };
    let written: Result<()> = write();
    written.map_err(|e| layer.fail(e))
}
