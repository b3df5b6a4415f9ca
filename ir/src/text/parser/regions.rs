//! Regions and blocks, and what names mean in them.
//!
//! A name may be used before its value is defined: such an operation is made without operands, and gets them at the end of the region that
//! defines the name. So bodies never hold a value that nothing makes.

use std::collections::HashMap;

use super::{MAX_ERRORS, Parser, Result};
use crate::body::{BlockId, Body, OpId, RegionId, Successor, Value};
use crate::diag::{Diagnostic, Failed};
use crate::text::lexer::{Tok, Token};
use crate::types::Type;

/// A use of a value: `%0`, `%0#1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'s> {
    pub(super) name: &'s str,
    pub(super) index: u32,
    pub(super) pos: usize,
}

/// An operand, as far as it is known.
#[derive(Debug)]
pub(super) enum Operand<'s> {
    Known(Value),
    Unknown(Use<'s>, Type),
}

/// A name in a scope.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    Value(Value, usize),
    /// The operation that defines it has an error, which was reported.
    Broken(Failed),
}

/// The names of an isolated body. Those of a region are forgotten at its end.
#[derive(Debug, Default)]
pub(super) struct Scope<'s> {
    names: HashMap<(&'s str, u32), Meaning>,
    regions: Vec<Frame<'s>>,
}

#[derive(Debug, Default)]
struct Frame<'s> {
    defined: Vec<(&'s str, u32)>,
    blocks: HashMap<&'s str, BlockId>,
    operands: Vec<(OpId, Vec<Operand<'s>>)>,
    successors: Vec<(OpId, Vec<Token>)>,
}

/// How far the scopes are open, to come back to after an error.
#[derive(Clone, Copy)]
pub(super) struct Depths(usize, usize);

impl<'s> Parser<'s, '_> {
    // ---- names ----

    fn scope(&mut self) -> &mut Scope<'s> {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn frame(&mut self) -> &mut Frame<'s> {
        let scope = self.scope();
        if scope.regions.is_empty() {
            scope.regions.push(Frame::default());
        }
        let last = scope.regions.len() - 1;
        &mut scope.regions[last]
    }

    pub(super) fn depths(&self) -> Depths {
        Depths(self.scopes.len(), self.scopes.last().map_or(0, |s| s.regions.len()))
    }

    /// Leaves the scopes that an error kept open.
    pub(super) fn unwind(&mut self, to: Depths) {
        self.scopes.truncate(to.0);
        while self.scopes.last().is_some_and(|s| s.regions.len() > to.1) {
            self.pop_frame();
        }
    }

    fn pop_frame(&mut self) -> Frame<'s> {
        let scope = self.scope();
        let frame = scope.regions.pop().unwrap_or_default();
        for key in &frame.defined {
            scope.names.remove(key);
        }
        frame
    }

    fn set(&mut self, key: (&'s str, u32), meaning: Meaning) {
        self.scope().names.insert(key, meaning);
        self.frame().defined.push(key);
    }

    pub(super) fn define(&mut self, name: Token, index: u32, v: Value) -> Result<()> {
        let text = self.text(name);
        match self.scope().names.get(&(text, index)).copied() {
            Some(Meaning::Value(_, before)) => {
                let before = self.place(before);
                let d = Diagnostic::error("parse/redefinition", format!("redefinition of value '{text}'"));
                let d = d.at(&self.place(name.start)).note(&before, "it is defined here");
                return Err(self.emit(d));
            }
            Some(Meaning::Broken(failed)) => return Err(failed),
            None => {}
        }
        self.set((text, index), Meaning::Value(v, name.start));
        Ok(())
    }

    /// Uses of the name are no further errors. The count comes from the text, so it may be any number.
    pub(super) fn define_broken(&mut self, name: Token, count: u32, failed: Failed) {
        const MOST: u32 = 16;
        let text = self.text(name);
        for i in 0..count.min(MOST) {
            if !self.scope().names.contains_key(&(text, i)) {
                self.set((text, i), Meaning::Broken(failed));
            }
        }
    }

    /// A use with the type it states; `Unknown` as long as the name has no meaning.
    pub(super) fn operand(&mut self, body: &Body, u: Use<'s>, ty: Type) -> Result<Operand<'s>> {
        match self.scope().names.get(&(u.name, u.index)).copied() {
            None => Ok(Operand::Unknown(u, ty)),
            Some(Meaning::Broken(failed)) => Err(failed),
            Some(Meaning::Value(v, _)) if *body.ty(v) == ty => Ok(Operand::Known(v)),
            Some(Meaning::Value(v, defined)) => {
                let name = self.spell(u);
                let d = Diagnostic::error(
                    "parse/type",
                    format!("use of value '{name}' expects type {ty}, but it is of type {}", body.ty(v)),
                );
                let d = d.at(&self.place(u.pos)).note(&self.place(defined), "it is defined here");
                Err(self.emit(d))
            }
        }
    }

    fn spell(&self, u: Use<'s>) -> String {
        if u.index == 0 { u.name.to_owned() } else { format!("{}#{}", u.name, u.index) }
    }

    pub(super) fn defer_operands(&mut self, op: OpId, operands: Vec<Operand<'s>>) {
        self.frame().operands.push((op, operands));
    }

    pub(super) fn defer_successors(&mut self, op: OpId, blocks: Vec<Token>) {
        self.frame().successors.push((op, blocks));
    }

    // ---- regions ----

    /// A region with values from above in it: `{…}`.
    pub(super) fn inline_region(&mut self, body: &mut Body) -> Result<RegionId> {
        let region = body.add_region();
        self.region(body, region, None, |_, _| Ok(()))?;
        Ok(region)
    }

    /// A body of its own: `{…}`. `args` adds and names the arguments of the first block, if that is `entry`.
    pub(super) fn isolated_region(
        &mut self,
        body: &mut Body,
        entry: Option<BlockId>,
        args: impl FnOnce(&mut Self, &mut Body) -> Result<()>,
    ) -> Result<()> {
        self.scopes.push(Scope::default());
        self.region(body, body.root(), entry, args)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn region(
        &mut self,
        body: &mut Body,
        region: RegionId,
        entry: Option<BlockId>,
        args: impl FnOnce(&mut Self, &mut Body) -> Result<()>,
    ) -> Result<()> {
        self.deeper(|p| {
            p.expect(Tok::LBrace, "'{' of a region")?;
            p.push_frame();
            args(p, body)?;
            p.region_blocks(body, region, entry)?;
            p.expect(Tok::RBrace, "'}' at the end of a region")?;
            p.close_frame(body);
            Ok(())
        })
    }

    pub(super) fn push_frame(&mut self) {
        self.scope().regions.push(Frame::default());
    }

    fn region_blocks(&mut self, body: &mut Body, region: RegionId, entry: Option<BlockId>) -> Result<()> {
        if !matches!(self.tok.kind, Tok::Caret | Tok::RBrace) || entry.is_some() {
            let first = entry.unwrap_or_else(|| body.add_block(region));
            self.block(body, first)?;
        }
        while self.at(Tok::Caret) {
            let label = self.bump();
            let block = body.add_block(region);
            let name = self.text(label);
            if self.frame().blocks.insert(name, block).is_some() {
                self.error(label.start, "parse/redefinition", format!("redefinition of block '{name}'"));
            }
            if self.eat(Tok::LParen) {
                self.list(Tok::RParen, "',' or ')' in a list of block arguments", |p| p.block_arg(body, block))?;
            }
            self.expect(Tok::Colon, "':' behind the label of a block")?;
            self.block(body, block)?;
        }
        Ok(())
    }

    /// `%0: tensor<4xf32>`
    fn block_arg(&mut self, body: &mut Body, block: BlockId) -> Result<()> {
        let name = self.expect(Tok::Percent, "a block argument")?;
        self.expect(Tok::Colon, "':' and the type of a block argument")?;
        let ty = self.ty()?;
        let loc = self.trailing_location(name.start)?;
        let v = body.add_arg(block, ty, loc);
        self.define(name, 0, v)
    }

    /// The operations up to the next label or the end of the region.
    pub(super) fn block(&mut self, body: &mut Body, block: BlockId) -> Result<()> {
        while !matches!(self.tok.kind, Tok::RBrace | Tok::Caret | Tok::Eof) {
            let (start, depths) = (self.tok.start, self.depths());
            if let Err(failed) = self.operation(body, block) {
                if self.errors >= MAX_ERRORS {
                    return Err(failed);
                }
                self.unwind(depths);
                self.recover(start);
            }
        }
        Ok(())
    }

    /// Passes over what is left of a wrong operation that began at `start`: to the next line that may begin one outside of its brackets.
    pub(super) fn recover(&mut self, start: usize) {
        let mut depth = 0usize;
        loop {
            let tok = self.tok;
            let fresh = tok.start > start && depth == 0 && self.begins_line(tok);
            match tok.kind {
                Tok::Eof => return,
                Tok::RBrace
                | Tok::Caret
                | Tok::Percent
                | Tok::Str
                | Tok::Bare
                | Tok::Hash
                | Tok::Bang
                | Tok::FileStart
                    if fresh =>
                {
                    return;
                }
                Tok::LBrace | Tok::LParen | Tok::LSquare => depth += 1,
                Tok::RBrace | Tok::RParen | Tok::RSquare => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.bump();
        }
    }

    fn begins_line(&self, tok: Token) -> bool {
        let before = self.src[..tok.start].trim_end_matches([' ', '\t', '\r']);
        before.is_empty() || before.ends_with('\n')
    }

    /// The end of a region: what was used before it was defined is known now, or handed to the region around.
    pub(super) fn close_frame(&mut self, body: &mut Body) {
        let (operands, successors) = {
            let frame = self.frame();
            (std::mem::take(&mut frame.operands), std::mem::take(&mut frame.successors))
        };
        for (op, blocks) in successors {
            self.resolve_successors(body, op, &blocks);
        }
        let mut open = Vec::new();
        for (op, uses) in operands {
            // A wrong use was reported; the operation stays without operands.
            if let Ok(uses) = self.resolve_operands(body, op, uses)
                && !uses.is_empty()
            {
                open.push((op, uses));
            }
        }
        self.pop_frame();
        if self.scope().regions.is_empty() {
            for u in open.into_iter().flat_map(|(_, uses)| uses) {
                if let Operand::Unknown(u, _) = u {
                    let name = self.spell(u);
                    self.error(u.pos, "parse/undefined", format!("use of undefined value '{name}'"));
                }
            }
        } else {
            self.frame().operands.extend(open);
        }
    }

    /// Gives an operation its operands; those still unknown are handed back with the others.
    fn resolve_operands(&mut self, body: &mut Body, op: OpId, uses: Vec<Operand<'s>>) -> Result<Vec<Operand<'s>>> {
        let mut out = Vec::with_capacity(uses.len());
        for u in uses {
            out.push(match u {
                Operand::Unknown(u, ty) => self.operand(body, u, ty)?,
                known => known,
            });
        }
        let values: Option<Vec<Value>> = out
            .iter()
            .map(|u| match u {
                Operand::Known(v) => Some(*v),
                Operand::Unknown(..) => None,
            })
            .collect();
        match values {
            Some(values) => {
                body.set_operands(op, &values);
                Ok(Vec::new())
            }
            None => Ok(out),
        }
    }

    fn resolve_successors(&mut self, body: &mut Body, op: OpId, blocks: &[Token]) {
        for tok in blocks {
            let name = self.text(*tok);
            match self.frame().blocks.get(name).copied() {
                Some(block) => body.op_mut(op).successors.push(Successor { block, args: Vec::new() }),
                None => {
                    self.error(tok.start, "parse/undefined", format!("use of undefined block '{name}'"));
                }
            }
        }
    }
}
