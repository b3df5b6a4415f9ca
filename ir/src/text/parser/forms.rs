//! Operations whose name is not in quotes: short forms.

use std::sync::Arc;

use super::formats::format;
use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::Attr;
use crate::body::{At, BlockId, Body, OpName, OpSpec, Region, Value};
use crate::diag::Diagnostic;
use crate::dialect::builtin;
use crate::op::OpRow;
use crate::text::lexer::{Tok, Token};
use crate::types::Type;

/// Names that may stand without their dialect, because it is the one of the operation around.
const UNQUALIFIED: &[(&str, &str)] = &[
    ("call", "func.call"),
    ("call_indirect", "func.call_indirect"),
    ("constant", "func.constant"),
    ("module", "builtin.module"),
    ("return", "func.return"),
    ("unrealized_conversion_cast", "builtin.unrealized_conversion_cast"),
];

impl<'s> Parser<'s, '_> {
    pub(super) fn custom(&mut self, body: &mut Body) -> Result<Draft<'s>> {
        let tok = self.tok;
        let word = self.text(tok);
        let name = UNQUALIFIED.iter().find(|(short, _)| *short == word).map_or(word, |(_, full)| full);
        match name {
            "builtin.module" => self.module_form(),
            "func.func" => self.func_form(),
            "func.return" => self.return_form(),
            "func.call" => self.call_form(),
            "func.call_indirect" => self.indirect_call_form(tok, name),
            "cf.br" => self.branch_form(tok),
            "cf.cond_br" => self.condition_form(tok),
            "cf.switch" => self.switch_form(tok),
            "chlo.scan" => self.scan_form(body, tok),
            "stablehlo.custom_call" => self.custom_call_form(tok),
            "stablehlo.reduce" => self.reduce_form(body, tok),
            "stablehlo.while" => self.while_form(body, tok),
            "tfl.control_node" => self.control_form(body, tok),
            "vhlo.func_v1" => self.vhlo_func_form(body, tok),
            _ => match format(name) {
                Some(format) => self.formatted(body, tok, name, format),
                None => self.row_form(body, tok, word),
            },
        }
    }

    /// `tfl.add %0, %1 {…} : type`, or the generic form without quotes, for operations of registered dialects.
    fn row_form(&mut self, body: &mut Body, tok: Token, name: &'s str) -> Result<Draft<'s>> {
        let dialect = name.split_once('.').map(|(d, _)| d);
        if !self.registry.dialects().iter().any(|d| Some(d.name) == dialect) {
            let d = Diagnostic::error("parse/unregistered", format!("custom op '{name}' is unknown"));
            let d = match self.nearest(name) {
                Some(other) => d.help(format!("did you mean '{other}'?")),
                None => d.help("operations of other dialects are read in the generic form, with their name in quotes"),
            };
            let place = self.place(tok.start);
            return Err(self.emit(d.at(&place)));
        }
        let name = self.op_name(tok.start, name)?;
        self.bump();
        if self.at(Tok::LParen) {
            return self.generic(body, name);
        }
        let mut draft = Draft::new(name);
        self.uses(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        self.stated_types(&mut draft)?;
        Ok(draft)
    }

    /// `: (types) -> types`, or the one type of all operands and the result.
    pub(super) fn stated_types(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        self.expect(Tok::Colon, "':' and the type of the operation")?;
        match self.ty()? {
            Type::Function(f) => draft.typed(Arc::unwrap_or_clone(f)),
            ty => {
                draft.types = vec![ty.clone(); draft.uses.len()];
                draft.spec.results.push(ty);
            }
        }
        Ok(())
    }

    /// `module @name attributes {…} {…}`
    fn module_form(&mut self) -> Result<Draft<'s>> {
        self.bump();
        let mut draft = Draft::new(OpName::Known(builtin::ModuleOp::DEF));
        if self.at(Tok::At) {
            let name = self.symbol_name()?;
            draft.spec.props.set("sym_name", Attr::Str(name));
        }
        if self.eat_word("attributes") {
            draft.spec.attrs = self.dict()?;
        }
        let mut inner = Body::without_blocks();
        self.isolated_region(&mut inner, None, |_, _| Ok(()))?;
        if !inner.has_entry() {
            inner.add_block(inner.root());
        }
        draft.spec.regions.push(Region::Isolated(Box::new(inner)));
        Ok(draft)
    }

    /// `return %0, %1 : type, type`
    fn return_form(&mut self) -> Result<Draft<'s>> {
        self.bump();
        let mut draft = Draft::new(OpName::Known(builtin::Return::DEF));
        draft.spec.attrs = self.optional_dict()?;
        if self.at(Tok::Percent) {
            self.typed_uses(&mut draft, "':' and the types of what is returned")?;
        }
        Ok(draft)
    }

    /// `call @f(%0) : (type) -> type`
    fn call_form(&mut self) -> Result<Draft<'s>> {
        self.bump();
        let mut draft = Draft::new(OpName::Known(builtin::Call::DEF));
        draft.spec.props.set("callee", self.symbol_attr()?);
        self.expect(Tok::LParen, "'(' of a list of operands")?;
        self.list(Tok::RParen, "',' or ')' in a list of operands", |p| {
            draft.uses.push(p.value_use()?);
            Ok(())
        })?;
        draft.spec.attrs = self.optional_dict()?;
        self.expect(Tok::Colon, "':' and the type of the call")?;
        let ty = self.function_type()?;
        draft.typed(ty);
        Ok(draft)
    }

    /// `call_indirect %f(%0) : (type) -> type`
    fn indirect_call_form(&mut self, tok: Token, name: &str) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, name)?;
        self.bump();
        let mut draft = Draft::new(name);
        draft.uses.push(self.value_use()?);
        self.expect(Tok::LParen, "'(' of a list of operands")?;
        self.list(Tok::RParen, "',' or ')' in a list of operands", |p| {
            draft.uses.push(p.value_use()?);
            Ok(())
        })?;
        draft.spec.attrs = self.optional_dict()?;
        self.expect(Tok::Colon, "':' and the type of the call")?;
        let ty = self.function_type()?;
        draft.types.push(Type::Function(Arc::new(ty.clone())));
        draft.types.extend(ty.inputs);
        draft.spec.results = ty.results;
        Ok(draft)
    }

    /// `tfl.control_node(%0) controls "operation"(…) …`: the operation and a `tfl.yield` of its results are the region.
    fn control_form(&mut self, body: &mut Body, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        let control = Type::Opaque("!tfl.control".into());
        if self.eat(Tok::LParen) {
            self.list(Tok::RParen, "',' or ')' in a list of controls", |p| {
                draft.uses.push(p.value_use()?);
                draft.types.push(control.clone());
                Ok(())
            })?;
        }
        self.expect_word("controls")?;
        let region = body.add_region();
        let block = body.add_block(region);
        self.push_frame();
        let results = self.controlled(body, block)?;
        self.close_frame(body);
        draft.spec.results = results.iter().map(|v| body.ty(*v).clone()).chain([control]).collect();
        draft.spec.regions.push(Region::Inline(region));
        Ok(draft)
    }

    /// The operation behind `controls`, with its `tfl.yield`; its results.
    fn controlled(&mut self, body: &mut Body, block: BlockId) -> Result<Vec<Value>> {
        let tok = self.expect(Tok::Str, "an operation in quotes")?;
        let name = self.unescape(tok)?;
        let name = self.op_name(tok.start, &name)?;
        let mut draft = self.generic(body, name)?;
        draft.spec.loc = self.place(tok.start);
        self.settle(tok.start, &mut draft.spec)?;
        let op = self.make(body, block, draft, tok.start)?;
        let results = body.op(op).results().to_vec();
        let name = self.op_name(tok.start, "tfl.yield")?;
        body.insert(At::End(block), OpSpec::new(name, self.place(tok.start)).operands(&results));
        Ok(results)
    }

    /// `%0, %1 : type, type`
    pub(super) fn typed_uses(&mut self, draft: &mut Draft<'s>, colon: &str) -> Result<()> {
        self.uses(draft)?;
        self.expect(Tok::Colon, colon)?;
        self.types(draft)
    }

    /// The types of the operands.
    pub(super) fn types(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        loop {
            draft.types.push(self.ty()?);
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    /// `%0, %1`
    pub(super) fn uses(&mut self, draft: &mut Draft<'s>) -> Result<()> {
        loop {
            draft.uses.push(self.value_use()?);
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }
}
