//! Functions, in their short form.

use std::sync::Arc;

use super::operations::Draft;
use super::{Parser, Result};
use crate::attr::{Attr, Attrs};
use crate::body::{Body, OpName, Region};
use crate::dialect::builtin;
use crate::loc::Loc;
use crate::op::OpRow;
use crate::text::lexer::{Tok, Token};
use crate::types::{FunctionType, Type};

/// An argument of a function.
struct Argument {
    name: Option<Token>,
    ty: Type,
    attrs: Attrs,
    loc: Loc,
}

impl<'s> Parser<'s, '_> {
    /// `func.func private @f(%arg0: type {…}) -> (type {…}) attributes {…} {…}`
    pub(super) fn func_form(&mut self) -> Result<Draft<'s>> {
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

    /// `vhlo.func_v1 @f(%arg0: type) -> (type) {…} {…}`: upstream's form of functions whose properties are attributes of `vhlo`.
    pub(super) fn vhlo_func_form(&mut self, body: &mut Body, tok: Token) -> Result<Draft<'s>> {
        let name = self.op_name(tok.start, self.text(tok))?;
        self.bump();
        let mut draft = Draft::new(name);
        let symbol = Attr::Str(self.symbol_name()?);
        let args = self.arguments()?;
        let (results, _) = self.func_results()?;
        let ty =
            Type::Function(Arc::new(FunctionType { inputs: args.iter().map(|a| a.ty.clone()).collect(), results }));
        let region = body.add_region();
        let entry = body.add_block(region);
        self.region(body, region, Some(entry), |p, body| {
            for arg in args {
                let v = body.add_arg(entry, arg.ty, arg.loc);
                if let Some(name) = arg.name {
                    p.define(name, 0, v)?;
                }
            }
            Ok(())
        })?;
        draft.spec.regions.push(Region::Inline(region));
        draft.spec.props = self.optional_dict()?;
        draft.spec.props.set("sym_name", Attr::Opaque(format!("#vhlo.string_v1<{symbol}>").into()));
        draft.spec.props.set("function_type", Attr::Opaque(format!("#vhlo.type_v1<!vhlo.func_v1<{ty}>>").into()));
        Ok(draft)
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
