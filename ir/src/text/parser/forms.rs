//! Operations whose name is not in quotes: short forms.

use std::sync::Arc;

use super::operations::Draft;
use super::shapes::shape;
use super::{Parser, Result};
use crate::attr::{Attr, Attrs};
use crate::body::{At, BlockId, Body, OpName, OpSpec, Region, Value};
use crate::diag::Diagnostic;
use crate::dialect::{arith, builtin};
use crate::loc::Loc;
use crate::op::OpRow;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, FunctionType, Type};

/// An argument of a function.
struct Argument {
    name: Option<Token>,
    ty: Type,
    attrs: Attrs,
    loc: Loc,
}

impl<'s> Parser<'s, '_> {
    pub(super) fn custom(&mut self, body: &mut Body) -> Result<Draft<'s>> {
        let tok = self.tok;
        match self.text(tok) {
            "module" | "builtin.module" => self.module_form(),
            "func.func" => self.func_form(),
            "return" | "func.return" => self.return_form(),
            "call" | "func.call" => self.call_form(),
            "arith.constant" => self.constant_form(),
            "cf.br" => self.branch_form(tok),
            "cf.cond_br" => self.condition_form(tok),
            "tfl.control_node" => self.control_form(body, tok),
            name => match shape(name) {
                Some(shape) => self.shaped_form(tok, name, shape),
                None => self.row_form(body, tok, name),
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

    /// `arith.constant dense<…> : type`
    fn constant_form(&mut self) -> Result<Draft<'s>> {
        self.bump();
        self.value_form(Draft::new(OpName::Known(arith::Constant::DEF)))
    }

    /// `{…} dense<…> : type`
    pub(super) fn value_form(&mut self, mut draft: Draft<'s>) -> Result<Draft<'s>> {
        draft.spec.attrs = self.optional_dict()?;
        let (value, ty) = self.constant_attr()?;
        draft.spec.props.set("value", value);
        draft.spec.results.push(ty);
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

    // ---- branches ----

    /// `cf.br ^bb1(%0 : type)`
    fn branch_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        self.successor(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        Ok(draft)
    }

    /// `cf.cond_br %0, ^bb1(%1 : type), ^bb2`
    fn condition_form(&mut self, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        draft.uses.push(self.value_use()?);
        draft.types.push(Type::Scalar(Elem::BOOL));
        self.expect(Tok::Comma, "',' behind the condition")?;
        let yes = self.successor(&mut draft)?;
        self.expect(Tok::Comma, "',' between two blocks")?;
        let no = self.successor(&mut draft)?;
        draft.spec.attrs = self.optional_dict()?;
        draft.spec.props.set("operandSegmentSizes", Attr::DenseArray(Elem::I32, vec![1, yes, no]));
        Ok(draft)
    }

    /// `^bb1(%0, %1 : type, type)`: a block and the operands that are its arguments, which are counted.
    fn successor(&mut self, draft: &mut Draft<'s>) -> Result<i64> {
        draft.successors.push(self.expect(Tok::Caret, "the name of a block")?);
        let before = draft.uses.len();
        if self.eat(Tok::LParen) {
            self.typed_uses(draft, "':' and the types of a block's arguments")?;
            self.expect(Tok::RParen, "')' of a list of block arguments")?;
        }
        Ok((draft.uses.len() - before) as i64)
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

    // ---- functions ----

    /// `func.func private @f(%arg0: type {…}) -> (type {…}) attributes {…} {…}`
    fn func_form(&mut self) -> Result<Draft<'s>> {
        self.bump();
        let mut draft = Draft::new(OpName::Known(builtin::Func::DEF));
        let props = &mut draft.spec.props;
        if let Some(v) = ["public", "private", "nested"].into_iter().find(|v| self.at_word(v)) {
            self.bump();
            props.set("sym_visibility", Attr::str(v));
        }
        props.set("sym_name", Attr::Str(self.symbol_name()?));
        let args = self.arguments()?;
        let (results, res_attrs) = self.func_results()?;
        if let Some(a) = dicts(args.iter().map(|a| &a.attrs)) {
            props.set("arg_attrs", a);
        }
        if let Some(a) = dicts(&res_attrs) {
            props.set("res_attrs", a);
        }
        let ty = FunctionType { inputs: args.iter().map(|a| a.ty.clone()).collect(), results };
        props.set("function_type", Attr::Type(Type::Function(Arc::new(ty))));
        if self.eat_word("attributes") {
            draft.spec.attrs = self.dict()?;
        }
        let mut inner = Body::without_blocks();
        if self.at(Tok::LBrace) {
            self.func_body(&mut inner, args)?;
        }
        draft.spec.regions.push(Region::Isolated(Box::new(inner)));
        Ok(draft)
    }

    fn func_body(&mut self, inner: &mut Body, args: Vec<Argument>) -> Result<()> {
        let start = self.tok.start;
        // Arguments without names have them in the label of the first block.
        let named: Vec<(Token, Argument)> = args.into_iter().filter_map(|a| Some((a.name?, a))).collect();
        let entry = (!named.is_empty()).then(|| inner.add_block(inner.root()));
        self.isolated_region(inner, entry, |p, body| {
            for (name, arg) in named {
                let v = body.add_arg(body.entry(), arg.ty, arg.loc);
                p.define(name, 0, v)?;
            }
            if entry.is_some() && p.at(Tok::Caret) {
                return Err(p.expected("an operation: the first block has the function's arguments and no label"));
            }
            Ok(())
        })?;
        if inner.has_entry() { Ok(()) } else { Err(self.syntax(start, "expected a function body that is not empty")) }
    }

    fn arguments(&mut self) -> Result<Vec<Argument>> {
        self.expect(Tok::LParen, "'(' of a list of arguments")?;
        let mut args = Vec::new();
        self.list(Tok::RParen, "',' or ')' in a list of arguments", |p| {
            let start = p.tok.start;
            let name = p.at(Tok::Percent).then(|| p.bump());
            if args.first().is_some_and(|first: &Argument| first.name.is_some() != name.is_some()) {
                return Err(p.syntax(start, "either all arguments have names or none"));
            }
            if name.is_some() {
                p.expect(Tok::Colon, "':' and the type of an argument")?;
            }
            let ty = p.ty()?;
            let attrs = p.optional_dict()?;
            let loc = p.trailing_location(start)?;
            args.push(Argument { name, ty, attrs, loc });
            Ok(())
        })?;
        Ok(args)
    }

    fn func_results(&mut self) -> Result<(Vec<Type>, Vec<Attrs>)> {
        let (mut types, mut attrs) = (Vec::new(), Vec::new());
        if !self.eat(Tok::Arrow) {
            return Ok((types, attrs));
        }
        if self.eat(Tok::LParen) {
            self.list(Tok::RParen, "',' or ')' in a list of results", |p| {
                types.push(p.ty()?);
                attrs.push(p.optional_dict()?);
                Ok(())
            })?;
        } else {
            types.push(self.ty()?);
        }
        Ok((types, attrs))
    }
}

/// The attributes of arguments or results, if there are any.
fn dicts<'a>(all: impl IntoIterator<Item = &'a Attrs>) -> Option<Attr> {
    let all: Vec<Attr> = all.into_iter().map(|a| Attr::Dict(a.clone())).collect();
    all.iter().any(|a| a.as_dict().is_some_and(|d| !d.is_empty())).then_some(Attr::Array(all))
}
