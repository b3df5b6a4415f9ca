//! Operators.

use ir::dialect::tfl;
use ir::{
    Arity, At, Attr, Attrs, Builder, Elem, Loc, OpDef, OpId, OpName, OpRow, OpSpec, QuantType, Region, Tensor, Type,
    Value,
};

use super::codes::{self, Code};
use super::error::{ReadError, Result, malformed};
use super::function::{Callees, Function, index};
use crate::calls::{self, Regions};
use crate::plan::INTERMEDIATES;
use crate::schema::tflite as fb;
use crate::{custom, names, options};

/// The type of the tokens that order operators.
const TOKEN: &str = "!tfl.control";

/// Whether a type has one scale, a power of two as LiteRT sees it.
fn is_power_of_two(q: &QuantType) -> bool {
    q.as_per_tensor().is_some_and(|(scale, _)| (scale.log2() - scale.log2().round()).abs() < 1e-3)
}

impl<'a> Function<'a> {
    /// Reads operator `number`; its operands were read before.
    pub(super) fn operator(&mut self, callees: &Callees, number: usize, operator: &fb::Operator<'a>) -> Result<()> {
        let (code_number, code) = codes::code(&self.file.codes, operator)?;
        let Some(def) = code.def.map(|def| options::variant(def, operator)) else {
            return Err(ReadError::Unsupported(format!("operator {}", code.name)));
        };
        let (mut outputs, mut results) = (Vec::new(), Vec::new());
        for t in operator.outputs().iter().flatten() {
            let t = index(t, self.tensors.len(), self.number, "a result")?;
            results.push(Type::Tensor(self.info(t)?.ty));
            outputs.push(t);
        }
        let names: Vec<&str> = outputs.iter().map(|t| self.tensors[*t].name().unwrap_or_default()).collect();
        let loc = names::to_loc(&names);
        let operands = self.operands(def, operator, &results, &loc)?;
        let mut props = self.props(def, code, operator, &results)?;
        let (operands, regions) = self.calls(callees, operator, def, (operands, &mut props), &loc)?;
        let Some(attrs) = options::read_discardable(operator) else { return self.wrong_options(code) };
        let spec = OpSpec::new(OpName::Known(def), loc).operands(&operands).results(results);
        let mut spec = OpSpec { props, attrs, regions, ..spec };
        let q16 = |ty: &Type| matches!(ty.elem(), Some(Elem::Quant(q)) if q.width == 16 && is_power_of_two(q));
        let types = operands.iter().map(|v| self.body.ty(*v)).chain(&spec.results);
        if options::shifts_int16(operator) && types.into_iter().all(q16) {
            spec = spec.attr(tfl::POT_SCALE_INT16, Attr::Unit);
        }
        let op = self.place(number, spec);
        self.uses.push((op, code_number));
        for (t, v) in outputs.into_iter().zip(self.body.op(op).results().to_vec()) {
            if self.values[t].replace(v).is_some() {
                return malformed(format!("{} is computed twice", self.name(t)));
            }
        }
        Ok(())
    }

    fn operands(
        &mut self,
        def: &OpDef,
        operator: &fb::Operator<'a>,
        results: &[Type],
        loc: &Loc,
    ) -> Result<Vec<Value>> {
        let inputs = operator.inputs();
        let mut operands = Vec::with_capacity(inputs.map_or(0, |v| v.len()));
        for t in inputs.iter().flatten() {
            operands.push(match t {
                -1 => self.absent(),
                t => self.value(index(t, self.tensors.len(), self.number, "an operand")?)?,
            });
        }
        if def == tfl::Reshape::DEF && operands.len() == 1 {
            operands.extend(self.shape_operand(operator, results, loc));
        }
        for _ in def.operands.iter().skip(operands.len()).filter(|d| d.arity == Arity::Optional) {
            operands.push(self.absent());
        }
        Ok(operands)
    }

    /// The shape of a reshape, which old files have among the options; where there it is not either, that of the result.
    fn shape_operand(&mut self, operator: &fb::Operator<'a>, results: &[Type], loc: &Loc) -> Option<Value> {
        let option = operator.builtin_options_as_reshape_options().and_then(|o| o.new_shape());
        let shape: Vec<i32> = match option {
            Some(shape) => shape.iter().collect(),
            None => {
                let dims = results.first()?.as_tensor()?.static_shape()?;
                dims.into_iter().map(i32::try_from).collect::<std::result::Result<_, _>>().ok()?
            }
        };
        let at = At::End(self.body.entry());
        Some(Builder::new(&mut self.body, at, loc.clone()).constant(Tensor::i32(&[shape.len()], shape)))
    }

    fn props(&self, def: &'static OpDef, code: &Code, operator: &fb::Operator<'a>, results: &[Type]) -> Result<Attrs> {
        let Some(mut props) = options::read(def, operator, results) else { return self.wrong_options(code) };
        if def == tfl::Custom::DEF {
            props.set("custom_code", Attr::str(code.name.as_str()));
            props.set("custom_option", custom::to_attr(&self.custom_options(operator)?));
        }
        for (attr, t) in INTERMEDIATES.into_iter().zip(operator.intermediates().iter().flatten()) {
            if def.attrs.iter().any(|a| a.name == attr) && t != -1 {
                let t = index(t, self.tensors.len(), self.number, "an intermediate")?;
                props.set(attr, Attr::Type(Type::Tensor(self.info(t)?.ty)));
            }
        }
        Ok(props)
    }

    fn wrong_options<T>(&self, code: &Code) -> Result<T> {
        malformed(format!("an operator {} of subgraph {} has wrong options", code.name, self.number))
    }

    /// The options of a custom operator, which stand behind the flatbuffer where they are large.
    fn custom_options(&self, operator: &fb::Operator<'a>) -> Result<bytes::Bytes> {
        if let Some(inside) = operator.custom_options() {
            return Ok(self.file.bytes.slice_ref(inside.bytes()));
        }
        let (offset, size) = (operator.large_custom_options_offset(), operator.large_custom_options_size());
        match self.file.behind(offset, size) {
            Some(bytes) => Ok(bytes),
            None => malformed(format!("the options of an operator of subgraph {} lie outside the file", self.number)),
        }
    }

    /// Inserts an operation; one that others wait for or that waits goes into a `tfl.control_node`.
    fn place(&mut self, number: usize, spec: OpSpec) -> OpId {
        let entry = self.body.entry();
        let Some(before) = self.control.get(&number) else { return self.body.insert(At::End(entry), spec) };
        let tokens: Vec<Value> = before.iter().filter_map(|from| self.tokens.get(from)).copied().collect();
        let region = self.body.add_region();
        let block = self.body.add_block(region);
        let loc = spec.loc.clone();
        let inner = self.body.insert(At::End(block), spec);
        let results = self.body.op(inner).results().to_vec();
        self.body.insert(At::End(block), OpSpec::row(&tfl::Yield {}, loc.clone()).operands(&results));
        let mut types: Vec<Type> = results.iter().map(|v| self.body.ty(*v).clone()).collect();
        types.push(Type::Opaque(TOKEN.into()));
        let spec = OpSpec::row(&tfl::ControlNode {}, loc).operands(&tokens).results(types);
        let node = self.body.insert(At::End(entry), spec.region(Region::Inline(region)));
        self.tokens.extend(self.body.op(node).results().last().map(|token| (number, *token)));
        node
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
        let (symbol, kind) = (calls::symbol(def), calls::regions(def));
        if symbol.is_none() && kind.is_none() {
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
        if let Some(attr) = symbol {
            let text = def == tfl::CallOnce::DEF;
            props.set(attr, if text { Attr::str(callees[0].0) } else { Attr::symbol(callees[0].0) });
            return Ok((operands, vec![]));
        }
        let captures = kind == Some(Regions::Captured) && !operands.is_empty();
        let captured = captures.then(|| operands.split_off(1));
        let mut regions = Vec::with_capacity(callees.len());
        for callee in callees {
            match calls::region(&mut self.body, def, callee, captured.as_deref(), loc) {
                Some(region) => regions.push(Region::Inline(region)),
                None => return wrong(&format!("calls `{}` with another number of operands", callee.0)),
            }
        }
        Ok((operands, regions))
    }
}
