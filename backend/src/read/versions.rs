//! Versions of operators that a file states and that its operators do not need.

use ir::{Attr, Body, Module, OpId};

use super::codes::Code;
use crate::plan::VERSION;
use crate::version;
use crate::view::View;

/// The operators of a function, each with the number of its code.
pub(super) type Uses = Vec<(OpId, usize)>;

/// Marks the operators of a code with its version, where that is higher than the highest that one of them needs. Custom operators need 1.
pub(super) fn keep(codes: &[Code], module: &mut Module, uses: &[(OpId, Uses)]) {
    let mut needed = vec![1; codes.len()];
    for (func, uses) in uses {
        let Some(body) = module.body.op(*func).body(0) else { continue };
        for (op, code) in uses {
            needed[*code] = needed[*code].max(version_of(body, *op));
        }
    }
    for (func, uses) in uses {
        let Some(body) = module.func_body_mut(*func) else { continue };
        let is_kept = |number: usize| {
            let code = &codes[number];
            code.version > needed[number] || code.is_custom() && code.version != needed[number]
        };
        for (op, code) in uses.iter().filter(|(_, code)| is_kept(*code)) {
            body.op_mut(*op).attrs.set(VERSION, Attr::i32(codes[*code].version));
        }
    }
}

fn version_of(body: &Body, op: OpId) -> i32 {
    version::version(View { body, op: body.op(op), callees: &[] })
}
