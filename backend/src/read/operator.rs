//! Operators.

use ir::dialect::tfl;
use ir::{Arity, At, Attr, Attrs, Loc, OpDef, OpName, OpRow, OpSpec, Region, Type, Value};

use super::codes;
use super::error::{ReadError, Result, malformed};
use super::function::{Callees, Function, index};
use crate::plan::INTERMEDIATES;
use crate::schema::tflite as fb;
use crate::{calls, custom, names, options};

impl<'a> Function<'a> {
    /// Reads an operator; its operands were read before.
    pub(super) fn operator(&mut self, callees: &Callees, operator: &fb::Operator<'a>) -> Result<()> {
        let code = codes::code(&self.file.codes, operator)?;
        let Some(def) = code.def.map(|def| options::variant(def, operator)) else {
            return Err(ReadError::Unsupported(format!("operator {}", code.name)));
        };
        let inputs = operator.inputs();
        let mut operands = Vec::with_capacity(inputs.map_or(0, |v| v.len()));
        for t in inputs.iter().flatten() {
            operands.push(match t {
                -1 => self.absent(),
                t => self.value(index(t, self.tensors.len(), self.number, "an operand")?)?,
            });
        }
        for _ in def.operands.iter().skip(operands.len()).filter(|d| d.arity == Arity::Optional) {
            operands.push(self.absent());
        }
        let mut outputs = Vec::new();
        let mut results = Vec::new();
        for t in operator.outputs().iter().flatten() {
            let t = index(t, self.tensors.len(), self.number, "a result")?;
            results.push(Type::Tensor(self.info(t)?.ty));
            outputs.push(t);
        }
        let Some(mut props) = options::read(def, operator, &results) else {
            return malformed(format!("an operator {} of subgraph {} has wrong options", code.name, self.number));
        };
        if def == tfl::Custom::DEF {
            let bytes = operator.custom_options().map(|v| v.bytes()).unwrap_or_default();
            props.set("custom_code", Attr::str(code.name.as_str()));
            props.set("custom_option", custom::to_attr(bytes));
        }
        let names: Vec<&str> = outputs.iter().map(|t| self.tensors[*t].name().unwrap_or_default()).collect();
        for (attr, t) in INTERMEDIATES.into_iter().zip(operator.intermediates().iter().flatten()) {
            if def.attrs.iter().any(|a| a.name == attr) && t != -1 {
                let t = index(t, self.tensors.len(), self.number, "an intermediate")?;
                props.set(attr, Attr::Type(Type::Tensor(self.info(t)?.ty)));
            }
        }
        let loc = names::to_loc(&names);
        let (operands, regions) = self.calls(callees, operator, def, (operands, &mut props), &loc)?;
        let spec = OpSpec::new(OpName::Known(def), loc).operands(&operands).results(results);
        let op = self.body.insert(At::End(self.body.entry()), OpSpec { props, regions, ..spec });
        for (t, v) in outputs.into_iter().zip(self.body.op(op).results().to_vec()) {
            if self.values[t].replace(v).is_some() {
                return malformed(format!("{} is computed twice", self.name(t)));
            }
        }
        Ok(())
    }

    /// What an operator calls: the operands that are its own, and its regions.
    fn calls(
        &mut self,
        functions: &Callees,
        operator: &fb::Operator<'a>,
        def: &'static OpDef,
        (mut operands, props): (Vec<Value>, &mut Attrs),
        loc: &Loc,
    ) -> Result<(Vec<Value>, Vec<Region>)> {
        let wrong = |what: &str| malformed(format!("an operator {} of subgraph {} {what}", def.name, self.number));
        if def == tfl::Lstm::DEF {
            return Ok((operands, vec![Region::Inline(self.body.add_region())]));
        }
        if ![tfl::If::DEF, tfl::While::DEF, tfl::CallOnce::DEF].contains(&def) {
            return Ok((operands, vec![]));
        }
        let mut callees = Vec::new();
        for number in calls::subgraphs(operator) {
            match usize::try_from(number).ok().and_then(|i| functions.get(i)) {
                Some((name, ty)) => callees.push((name.as_str(), ty)),
                None => return wrong(&format!("calls subgraph {number}, which does not exist")),
            }
        }
        if callees.is_empty() {
            return wrong("calls no subgraph");
        }
        if def == tfl::CallOnce::DEF {
            props.set("session_init_function", Attr::str(callees[0].0));
            return Ok((operands, vec![]));
        }
        let captured = if def == tfl::If::DEF && !operands.is_empty() { Some(operands.split_off(1)) } else { None };
        let mut regions = Vec::with_capacity(callees.len());
        for callee in callees {
            match calls::region(&mut self.body, callee, captured.as_deref(), loc) {
                Some(region) => regions.push(Region::Inline(region)),
                None => return wrong(&format!("calls `{}` with another number of operands", callee.0)),
            }
        }
        Ok((operands, regions))
    }
}
