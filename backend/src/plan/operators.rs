//! Operators: their codes, their operands and what they call.

use ir::dialect::{builtin, tfl};
use ir::{Attr, Body, OpRow, Operation, Type, Value};

use super::{ABSENT, AS_GIVEN, Code, LISTS_ABSENT, Numbers, Planner, VERSION};
use crate::view::View;
use crate::{calls, custom, version};

impl Planner<'_, '_> {
    /// The subgraphs that an operation calls, and what they get besides its operands.
    pub(super) fn calls<'b>(&mut self, body: &'b Body, op: &'b Operation) -> (Vec<i32>, &'b [Value]) {
        let calls = match calls::of(body, op) {
            Ok(calls) => calls,
            Err(what) => {
                self.error("emit/call", &op.loc, format!("'{}' op {what}", op.name.as_str()));
                return Default::default();
            }
        };
        let mut numbers = Vec::with_capacity(calls.functions.len());
        for name in calls.functions {
            match self.graph_numbers.get(name) {
                Some(number) => numbers.push(*number),
                None => {
                    let text = format!("'{}' op calls `@{name}`, which is no function of the module", op.name.as_str());
                    self.error("emit/call", &op.loc, text);
                }
            }
        }
        (numbers, calls.captured)
    }

    pub(super) fn operands(&mut self, body: &Body, op: &Operation, captured: &[Value], numbers: &Numbers) -> Vec<i32> {
        let values = op.operands().iter().chain(captured);
        let mut inputs: Vec<i32> = values.filter_map(|v| self.operand(body, op, *v, numbers)).collect();
        if LISTS_ABSENT.contains(&op.name.as_str()) {
            inputs.resize(op.name.def().map_or(0, |d| d.operands.len()).max(inputs.len()), ABSENT);
        } else if !AS_GIVEN.contains(&op.name.as_str()) {
            // Kernels tell an absent bias by the number of operands.
            inputs.truncate(inputs.iter().rposition(|i| *i != ABSENT).map_or(0, |last| last + 1));
        }
        inputs
    }

    /// The tensor of an operand. An operand whose tensor could not be made was reported.
    pub(super) fn operand(&mut self, body: &Body, op: &Operation, v: Value, numbers: &Numbers) -> Option<i32> {
        let number = numbers.get(v);
        if number.is_some() {
            return number;
        }
        if *body.ty(v) == Type::None && !op.is::<builtin::Return>() {
            return Some(ABSENT);
        }
        if self.failed.is_none() {
            self.error(
                "emit/operand",
                &op.loc,
                format!("'{}' op uses a value that nothing computes", op.name.as_str()),
            );
        }
        None
    }

    /// The number of an operation's code. All operators of a code share its entry, as other converters write it, with the highest version that
    /// one of them states or needs; custom ones that state a version have an entry of their own.
    pub(super) fn code(&mut self, view: View<'_>) -> Option<u32> {
        let name = view.op.name.as_str();
        let def = view.op.name.def();
        let custom = def.and_then(|d| d.custom);
        let Some(builtin) = def.and_then(|d| d.builtin).or(custom.and(tfl::Custom::DEF.builtin)) else {
            let node = view.op.loc.node().map(|n| format!(" (node `{n}`)")).unwrap_or_default();
            self.error("emit/op", &view.op.loc, format!("'{name}' op{node} has no form in a TFLite file"));
            return None;
        };
        let custom = match custom {
            Some(custom) => Some(custom.code.to_owned()),
            None => view.op.as_row::<tfl::Custom>().map(|c| c.custom_code.to_string()),
        };
        let stated = view.op.attrs.get(VERSION).and_then(Attr::as_int).and_then(|v| i32::try_from(v).ok());
        let version = match stated {
            Some(stated) if custom.is_some() => stated,
            stated => version::version(view).max(stated.unwrap_or(1)),
        };
        let stated = stated.filter(|_| custom.is_some());
        if let Some(runtime) = def.and_then(|d| version::min_runtime(d, version)) {
            self.runtime = Some(self.runtime.map_or(runtime, |r| version::newer(r, runtime)));
        }
        let codes = &mut self.codes;
        let number = *self.code_numbers.entry((builtin, custom, stated)).or_insert_with_key(|(builtin, custom, _)| {
            codes.push(Code { builtin: *builtin, custom: custom.clone(), version });
            codes.len() - 1
        });
        codes[number].version = codes[number].version.max(version);
        u32::try_from(number).ok()
    }

    pub(super) fn custom_options(&mut self, op: &Operation) -> Option<Vec<u8>> {
        if let Some(custom) = op.name.def().and_then(|d| d.custom) {
            return Some((custom.options)(op)).filter(|b| !b.is_empty());
        }
        if !op.is::<tfl::Custom>() {
            return None;
        }
        let bytes = op.attr("custom_option").and_then(custom::to_bytes);
        let named = op.attr("custom_code").and_then(Attr::as_str).is_some_and(|c| !c.is_empty());
        if bytes.is_none() || !named {
            self.error(
                "emit/attribute",
                &op.loc,
                "'tfl.custom' op needs a `custom_code` and a `custom_option` of bytes",
            );
        }
        bytes.filter(|b| !b.is_empty())
    }
}
